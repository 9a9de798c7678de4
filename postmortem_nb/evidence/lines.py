"""Bytes of a file → lines of text, within limits: gzip found by its first bytes, broken text repaired and counted.

Lines end at a line feed only: a vertical tab or a Unicode separator inside a message does not end it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from postmortem_nb.evidence.account import Tally, Unreadable

CHUNK = 1 << 20  # bytes read at a time
LINE_CAP = 1_000_000  # characters of a line that are kept
UNPACKED_CAP = 1 << 30  # bytes that one compressed file may unpack to
RATIO_FREE = 64 << 20  # bytes unpacked before the ratio is looked at
RATIO_CAP = 200  # logs reach 20 to 100; only a bomb reaches this

GZIP = b"\x1f\x8b"
OTHERS = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf": "7z",
    b"PAR1": "Parquet",
}
UTF16 = (b"\xff\xfe", b"\xfe\xff")

_ANSI = re.compile(r"\x1b(?:\[[0-?]{0,40}[ -/]{0,5}[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|[@-Z\\^_])")


def blocks(path: Path, tally: Tally) -> Iterator[list[str]]:
    """Yield the lines of a file, many at a time, without their ends; counts them and what was odd in ``tally``."""
    carry, skipping, first = b"", False, True
    for chunk in _unpacked(path, tally):
        if skipping:  # the rest of a line that is too long
            end = chunk.find(b"\n")
            if end < 0:
                continue
            chunk, skipping = chunk[end:], False
        data = carry + chunk
        cut = data.rfind(b"\n") + 1
        whole, carry = data[:cut], data[cut:]
        if len(carry) > 4 * LINE_CAP:  # a character has at most four bytes
            carry, skipping = carry[: 4 * LINE_CAP].decode("utf-8", "ignore").encode(), True
        if whole:
            yield _lines(whole[:-1], tally, first)
            first = False
    if carry:
        yield _lines(carry, tally, first)


def head(stream: Iterator[list[str]], wanted: int = 200) -> list[list[str]]:
    """Take blocks until they hold enough lines to look at; fewer only where the file ends."""
    taken: list[list[str]] = []
    found = 0
    while found < wanted and (block := next(stream, None)) is not None:
        taken.append(block)
        found += sum(bool(line) and not line.isspace() for line in block)
    return taken


def _lines(data: bytes, tally: Tally, first: bool) -> list[str]:
    """Decode complete lines."""
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        lines = [_decode(raw, tally) for raw in data.split(b"\n")]
    tally.lines += len(lines)
    if first and lines[0].startswith("\ufeff"):
        lines[0] = lines[0][1:]
    if b"\x00" in data:  # a log cut while it was written to starts with a hole of NULs
        tally.odd += sum("\0" in line for line in lines)
        lines = [line.lstrip("\0").replace("\0", "\ufffd") if "\0" in line else line for line in lines]
    if b"\x1b" in data:
        lines = [_ANSI.sub("", line) if "\x1b" in line else line for line in lines]
    if b"\r" in data:
        lines = [line[:-1] if line.endswith("\r") else line for line in lines]
    if len(data) > LINE_CAP:
        tally.clipped += sum(len(line) > LINE_CAP for line in lines)
        lines = [line[:LINE_CAP] for line in lines]
    return lines


def _decode(raw: bytes, tally: Tally) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        tally.odd += 1
        return raw.decode("utf-8", "replace")


def _unpacked(path: Path, tally: Tally) -> Iterator[bytes]:
    """Yield the bytes of a file, unpacked if it is gzip, whatever its name says."""
    with path.open("rb") as file:
        start = file.read(8)
        file.seek(0)
        for magic, name in OTHERS.items():
            if start.startswith(magic):
                raise Unreadable(f"{tally.file}: it is {name}, which is not read. Unpack or convert it first.")
        if start.startswith(UTF16):
            raise Unreadable(f"{tally.file}: it is UTF-16 text. Convert it to UTF-8 first.")
        chunks = iter(lambda: file.read(CHUNK), b"")
        yield from _gunzip(chunks, tally) if start.startswith(GZIP) else chunks


def _gunzip(chunks: Iterator[bytes], tally: Tally) -> Iterator[bytes]:
    """Unpack gzip, one member after the other; what was read before it breaks is kept and said."""
    packed = unpacked = 0
    member = zlib.decompressobj(wbits=31)
    fed = False  # whether this member has begun
    for chunk in chunks:
        packed += len(chunk)
        rest = chunk
        while rest:
            try:
                data = member.decompress(rest, CHUNK)
            except zlib.error as error:
                tally.truncated = f"its gzip data are broken after {unpacked:,} bytes ({error})"
                return
            fed = True
            unpacked += len(data)
            if unpacked > UNPACKED_CAP or (unpacked > RATIO_FREE and unpacked > RATIO_CAP * packed):
                tally.truncated = f"it unpacks to more than {unpacked:,} bytes, from {packed:,} read so far"
                return
            if data:
                yield data
            rest = member.unconsumed_tail
            if member.eof:
                rest = member.unused_data.lstrip(b"\0")  # padding between or behind members
                member, fed = zlib.decompressobj(wbits=31), False
    if fed:
        if rest_of_it := member.flush():
            unpacked += len(rest_of_it)
            yield rest_of_it
        if not member.eof:
            tally.truncated = f"its gzip data end early, after {unpacked:,} bytes"
