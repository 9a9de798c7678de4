"""Packed bytes → bytes: gzip, zstandard, bzip2 and xz, found by their first bytes, within limits.

What was unpacked before the data break is kept, and the tally says where they broke.
"""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from postmortem_nb.evidence.account import Tally

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHUNK = 1 << 20  # bytes unpacked at a time
RATIO_FREE = 64 << 20  # bytes unpacked before the ratio is looked at
RATIO_CAP = 200  # logs reach 20 to 100; only a bomb reaches this
UNPACKED_CAP = 1 << 37  # bytes that one file may unpack to


class Member(Protocol):
    """One packed member: the decompressor objects of the standard library have this form."""

    @property
    def eof(self) -> bool:
        """Whether the member has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without more input."""

    @property
    def unused_data(self) -> bytes:
        """Bytes behind the end of the member."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Unpack some bytes, at most so many."""


class _Gzip:
    """Gives zlib's decompressor the form of the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail and not self._full

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self._full = len(out) == max_length  # more may wait inside
        return out


MAGIC: dict[bytes, tuple[str, Callable[[], Member]]] = {
    b"\x1f\x8b": ("gzip", _Gzip),
    b"\x28\xb5\x2f\xfd": ("zstandard", zstd.ZstdDecompressor),
    b"BZh": ("bzip2", bz2.BZ2Decompressor),
    b"\xfd7zXZ\x00": ("xz", lzma.LZMADecompressor),
}
BROKEN = (zlib.error, OSError, lzma.LZMAError, zstd.ZstdError, ValueError, EOFError)


def packing(start: bytes) -> str:
    """Return how bytes that begin so are packed; empty if they are not."""
    return next((name for magic, (name, _) in MAGIC.items() if start.startswith(magic)), "")


def unpack(chunks: Iterator[bytes], name: str, tally: Tally) -> Iterator[bytes]:
    """Unpack one member after the other; what was read before they break is kept and said."""
    new = next(make for known, make in MAGIC.values() if known == name)
    packed = unpacked = 0
    member = new()
    is_begun = False  # whether this member has begun
    for chunk in chunks:
        packed += len(chunk)
        data = chunk
        while data or not member.needs_input:
            is_begun = True
            try:
                out = member.decompress(data, CHUNK)
            except BROKEN as error:
                tally.truncated = f"its {name} data are broken after {unpacked:,} bytes ({error})"
                return
            unpacked += len(out)
            if unpacked > UNPACKED_CAP or (unpacked > RATIO_FREE and unpacked > RATIO_CAP * packed):
                tally.truncated = f"it unpacks to more than {unpacked:,} bytes, from {packed:,} read so far"
                return
            if out:
                yield out
            data = b""
            if member.eof:
                data = member.unused_data.lstrip(b"\0")  # padding between or behind members
                member, is_begun = new(), False
                if not data:
                    break
    if is_begun:
        tally.truncated = f"its {name} data end early, after {unpacked:,} bytes"
