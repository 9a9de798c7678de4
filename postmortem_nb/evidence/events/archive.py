"""A ZIP is read where it lies: never unpacked to disk, within limits, and refused if it is made to do harm."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from postmortem_nb.evidence.account import Unreadable

MAGIC = b"PK\x03\x04"
MEMBERS = 20_000  # files in one archive
UNPACKED = 256 << 20  # bytes of all of them together
RATIO_FREE = 64 << 20  # bytes unpacked before the ratio is looked at
RATIO = 200  # text packs 5 to 30 times; only a bomb reaches this
CHUNK = 1 << 20


def is_zip(path: Path) -> bool:
    """Whether a file is a ZIP, whatever its name says."""
    with path.open("rb") as file:
        return file.read(4) == MAGIC


class Archive:
    """The files of an open ZIP, by name; what reading them costs is counted."""

    def __init__(self, zipped: zipfile.ZipFile, packed: int, name: str) -> None:
        self.name = name
        self._zip = zipped
        self._packed = max(packed, 1)
        self._unpacked = 0
        infos = zipped.infolist()
        if len(infos) > MEMBERS:
            raise Unreadable(f"{name}: it holds {len(infos):,} files, more than {MEMBERS:,}. Pack fewer.")
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            self._check(info)
            if not info.is_dir():
                self._members[info.filename] = info

    @property
    def names(self) -> list[str]:
        """Names of the files, sorted."""
        return sorted(self._members)

    def read(self, member: str) -> bytes:
        """Return the bytes of one file.

        Raises
        ------
        Unreadable
            If it is broken, or the archive unpacks to more than it may.
        """
        found = bytearray()
        try:
            with self._zip.open(self._members[member]) as file:
                while chunk := file.read(CHUNK):  # what the archive says of its sizes is not believed
                    found += chunk
                    self._unpacked += len(chunk)
                    is_bomb = self._unpacked > RATIO_FREE and self._unpacked > RATIO * self._packed
                    if self._unpacked > UNPACKED or is_bomb:
                        raise Unreadable(
                            f"{self.name}: it unpacks to more than {self._unpacked:,} bytes, from {self._packed:,}. "
                            "Unpack it by hand if you trust it."
                        )
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            raise Unreadable(f"{self.name}: {member} in it cannot be unpacked ({error}).") from error
        return bytes(found)

    def _check(self, info: zipfile.ZipInfo) -> None:
        name, path = info.filename, PurePosixPath(info.filename)
        why = ""
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name.split("/")[0] or "\0" in name:
            why = "has a name that leaves the archive"
        elif stat.S_ISLNK(info.external_attr >> 16):
            why = "is a link"
        elif info.flag_bits & 1:
            why = "is encrypted"
        elif name in self._members:
            why = "stands in it twice"
        if why:
            raise Unreadable(f"{self.name}: {name[:200]!r} in it {why}. Pack it again without that.")


@contextmanager
def opened(path: Path, name: str) -> Iterator[Archive]:
    """Open a ZIP to read it.

    Raises
    ------
    Unreadable
        If it is broken, too large, or made to do harm.
    """
    try:
        zipped = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError) as error:
        raise Unreadable(f"{name}: its ZIP data are broken ({error}).") from error
    with zipped:
        yield Archive(zipped, path.stat().st_size, name)
