"""Bytes → blocks of clean lines, within limits: broken text repaired and counted, colours taken out, long lines cut.

Lines end at a line feed only: a vertical tab or a Unicode separator inside a message does not end it. A block holds
whole lines and knows the number of its first one, so that blocks can be worked on side by side.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.packed import packing, unpack
from postmortem_nb.evidence.sources import Place, opened, pieces

BLOCK = 12 << 20  # bytes of whole lines in a block, about
FIRST_BLOCK = 1 << 18  # the first one is small: the format is told from it
LINE_FEED = 10
CACHED = 1 << 20  # bytes in which line ends are counted at a time
LINE_CAP = 1_000_000  # characters of a line that are kept

OTHERS = {b"PK\x03\x04": "zip", b"7z\xbc\xaf": "7z", b"PAR1": "Parquet", b"Rar!": "rar"}
TAR = slice(257, 262)  # where a tar archive says so
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Colours, cursor moves, titles and links of terminals.
ANSI = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])"


@dataclass(frozen=True)
class Block:
    """Whole lines of a file, as bytes, and the number of the first of them."""

    data: bytes
    first: int


@dataclass(frozen=True)
class Lines:
    """The lines of a block as text without their ends, and how many were odd or cut."""

    text: pl.Series
    first: int
    odd: int = 0
    clipped: int = 0

    def add_to(self, tally: Tally) -> None:
        """Count these lines in the account of their file."""
        tally.lines += len(self.text)
        tally.odd += self.odd
        tally.clipped += self.clipped


def raw_blocks(
    place: Place, tally: Tally, *, encoding: str | None = None, start: int = 0, stop: int | None = None, first: int = 1
) -> Iterator[Block]:
    """Yield the lines of a file as blocks of UTF-8 bytes, unpacked if it is packed, whatever its name says.

    Parameters
    ----------
    place : path or address
        What to read.
    tally : Tally
        Says afterwards why the file ended early, if it did.
    encoding : str, optional
        Encoding that was declared. UTF-8 otherwise, or UTF-16 and UTF-32 where the bytes show it.
    start, stop : int
        Offsets between which to read; both stand at the beginning of a line, in a file that is not packed.
    first : int
        Number of the line at ``start``.

    Raises
    ------
    Unreadable
        If it is an archive, or an encoding has an unknown name.
    """
    with opened(place) as file:
        head = file.read(512)
        _refuse(head, tally.file)
        chunks = pieces(file, start, stop)
        if kind := packing(head):
            chunks = unpack(chunks, kind, tally)
        yield from _cut(_as_utf8(chunks, encoding, tally.file), first)


def _refuse(head: bytes, file: str) -> None:
    kind = next((name for magic, name in OTHERS.items() if head.startswith(magic)), "")
    if head[TAR] == b"ustar":
        kind = "a tar archive"
    if kind:
        raise Unreadable(f"{file}: it is {kind}, which is not read. Unpack or convert it first.")


def _as_utf8(chunks: Iterator[bytes], encoding: str | None, file: str) -> Iterator[bytes]:
    """Turn chunks of another encoding into UTF-8."""
    head = next(chunks, b"")
    if head[TAR] == b"ustar":
        raise Unreadable(f"{file}: it is a packed tar archive, which is not read. Unpack it first.")
    mark = next((mark for mark in MARKS if head.startswith(mark)), b"")
    name = encoding or (MARKS[mark] if mark else _without_mark(head[:2000]))
    try:
        utf8 = codecs.lookup(name).name == "utf-8"
    except LookupError as error:
        raise Unreadable(f"{file}: there is no encoding {name!r}. Write one such as cp1252 or utf-16.") from error
    if utf8:
        yield head.removeprefix(codecs.BOM_UTF8)
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(name)(errors="replace")
    yield decoder.decode(head).encode("utf-8", "replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _without_mark(head: bytes) -> str:
    """Return UTF-16 where every other byte of a beginning is zero, as in English text; UTF-8 otherwise."""
    pairs = len(head) // 2
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if pairs >= 8 and odd > 0.7 * pairs and even < 0.1 * pairs:
        return "utf-16-le"
    return "utf-16-be" if pairs >= 8 and even > 0.7 * pairs and odd < 0.1 * pairs else "utf-8"


def _cut(chunks: Iterator[bytes], number: int) -> Iterator[Block]:
    """Put chunks together and cut them behind a line feed; of a line that is too long the beginning is kept."""
    held: list[bytes | memoryview] = []
    size, wanted, skipping = 0, FIRST_BLOCK, False
    for chunk in chunks:
        if skipping:  # the rest of a line that is too long
            end = chunk.find(b"\n")
            if end < 0:
                continue
            chunk, skipping = chunk[end:], False
        size += len(chunk)
        cut = chunk.rfind(b"\n") + 1 if size >= wanted else 0
        if not cut:
            held.append(chunk)
        else:
            whole = b"".join((*held, memoryview(chunk)[:cut]))
            yield Block(whole, number)
            number += count_ends(whole)
            wanted = BLOCK
            held = [chunk[cut:]]
            size = len(chunk) - cut
        if size > 4 * LINE_CAP and (size >= wanted or len(held) > 1):  # a character has at most four bytes
            rest = b"".join(held)
            last = rest.rfind(b"\n") + 1
            if len(rest) - last > 4 * LINE_CAP:
                rest = rest[: last + 4 * LINE_CAP].decode("utf-8", "ignore").encode()
                skipping = True
            held, size = [rest], len(rest)
    if data := b"".join(held):
        yield Block(data, number)


def count_ends(data: bytes | memoryview) -> int:
    """Count the line ends in bytes, in pieces that stay in the cache; faster than `bytes.count`, and without holding
    other threads up.
    """
    held, is_end, count = np.frombuffer(data, dtype="uint8"), np.empty(CACHED, dtype=bool), 0
    for at in range(0, len(held), CACHED):
        part = held[at : at + CACHED]
        np.equal(part, LINE_FEED, out=is_end[: len(part)])
        count += int(np.count_nonzero(is_end[: len(part)]))
    return count


def clean(block: Block) -> Lines:
    """Return the lines of a block as text."""
    data, odd = block.data, 0
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            lines = data.split(b"\n")
            texts = [line.decode("utf-8", "replace").encode() for line in lines]
            odd = sum(a != b for a, b in zip(lines, texts, strict=True))
            data = b"\n".join(texts)
    text = pl.read_lines(data).to_series()
    if b"\x00" in data:  # a log cut while it was written to starts with a hole of NULs
        odd += int(text.str.contains("\0", literal=True).sum())
        text = text.str.strip_chars_start("\0").str.replace_all("\0", "\ufffd", literal=True)
    if b"\x1b" in data:
        text = text.str.replace_all(ANSI, "")
    if b"\r" in data:
        text = text.str.strip_chars_end("\r")
    clipped = 0
    if len(data) > LINE_CAP and bool((text.str.len_bytes() > LINE_CAP).any()):
        clipped = int((text.str.len_chars() > LINE_CAP).sum())
        if clipped:
            text = text.str.head(LINE_CAP)
    return Lines(text.alias("text"), block.first, odd, clipped)


def whole_text(place: Place, tally: Tally, most: int, *, encoding: str | None = None) -> str | None:
    """Return all of a file as text, however long its lines; None if it has more bytes than a reader can hold."""
    held, size = [], 0
    with opened(place) as file:
        head = file.read(512)
        _refuse(head, tally.file)
        chunks = pieces(file)
        if kind := packing(head):
            chunks = unpack(chunks, kind, tally)
        for chunk in _as_utf8(chunks, encoding, tally.file):
            size += len(chunk)
            if size > most:
                return None
            held.append(chunk)
    data = b"".join(held)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        lines = data.split(b"\n")
        texts = [line.decode("utf-8", "replace") for line in lines]
        tally.odd += sum(line != text.encode() for line, text in zip(lines, texts, strict=True))
        return "\n".join(texts)


def blocks(place: Place, tally: Tally, *, encoding: str | None = None) -> Iterator[list[str]]:
    """Yield the lines of a file, many at a time, for readers that go line by line; counts them in ``tally``."""
    for block in raw_blocks(place, tally, encoding=encoding):
        lines = clean(block)
        lines.add_to(tally)
        yield lines.text.to_list()


def head(stream: Iterator[list[str]], wanted: int = 200) -> list[list[str]]:
    """Take blocks until they hold enough lines to look at; fewer only where the file ends."""
    taken: list[list[str]] = []
    found = 0
    while found < wanted and (block := next(stream, None)) is not None:
        taken.append(block)
        found += sum(bool(line) and not line.isspace() for line in block)
    return taken
