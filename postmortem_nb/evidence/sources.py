"""Where bytes come from: a file here, or an address such as ``s3://bucket/app.log.gz`` through fsspec. Read only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from postmortem_nb.errors import SourceError

PIECE = 12 << 20  # bytes read at a time

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,20}://")

Place = str | Path


def is_remote(place: Place) -> bool:
    """Whether a place is an address and not a path."""
    return isinstance(place, str) and bool(_ADDRESS.match(place)) and not place.startswith("file://")


def name_of(place: Place) -> str:
    """Return how a place is called in frames and messages."""
    return place if isinstance(place, str) and is_remote(place) else Path(place).as_posix()


@contextmanager
def opened(place: Place) -> Iterator[BinaryIO]:
    """Open a place for reading bytes.

    Raises
    ------
    SourceError
        If an address needs a package that is not installed, or there is nothing there.
    """
    if not is_remote(place):
        with Path(place).open("rb") as file:
            yield file
        return
    import fsspec  # only here: a local file needs none of it

    try:
        remote: Any = fsspec.open(str(place), "rb").open()
    except ImportError as error:
        scheme = str(place).partition("://")[0]
        raise SourceError(
            f"{place}: reading {scheme}:// needs another package ({error}). For S3: pip install postmortem-nb[s3]."
        ) from error
    except (FileNotFoundError, ValueError) as error:
        raise SourceError(f"{place}: there is nothing to read ({error}). Correct the address.") from error
    with remote as file:
        yield file


def size_of(place: Place) -> int:
    """Return the size of a place in bytes."""
    if not is_remote(place):
        return Path(place).stat().st_size
    import fsspec

    system, path = fsspec.core.url_to_fs(str(place))
    return int(system.size(path) or 0)


def pieces(file: BinaryIO, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Yield the bytes of an open file from one offset to another, a piece at a time."""
    file.seek(start)
    left = None if stop is None else stop - start
    while left is None or left > 0:
        data = file.read(PIECE if left is None else min(PIECE, left))
        if not data:
            return
        if left is not None:
            left -= len(data)
        yield data
