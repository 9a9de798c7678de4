"""What runs that were killed left behind: units that were whole are put into place, all else is removed.

A run works in a folder of its own, ``.part-<id>-…`` beside the results, on which it holds a lock as long as it lives.
When all of its files are written through to the disk it leaves a mark in the folder, and only then moves them into
place. So a folder without a living owner holds a unit that is complete, or nothing of use.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PREFIX = ".part-"
READY = "ready"  # the folder of its files
KERNEL = "kernel.log"  # what every folder for sockets holds
YOUNG_SECONDS = 2.0  # between making such a folder and locking it
MARK = "complete"  # holds the names of the files, in the order in which they appear


@contextlib.contextmanager
def owned(part: Path) -> Iterator[None]:
    """Hold the lock of a folder; a process that dies lets go of it."""
    descriptor = _locked(part)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def tidy(output: Path, incident: str = "") -> list[str]:
    """Finish or remove what runs without a living owner left in a folder.

    Parameters
    ----------
    output : Path
        Folder of the results.
    incident : str
        Only what was left of this one; of all by default.

    Returns
    -------
    list of str
        Names of the files that were put into place.
    """
    placed: list[str] = []
    for part in sorted(output.glob(f"{PREFIX}{_escaped(incident)}*")):
        if incident and part.name[len(PREFIX) :].rpartition("-")[0] != incident:
            continue
        if part.is_file():
            _remove_ended(part)
            continue
        descriptor = _locked(part)
        if descriptor is None:
            continue
        try:
            placed += finish(part, output)
            shutil.rmtree(part, ignore_errors=True)
        finally:
            os.close(descriptor)
    return placed


def sweep(place: Path, prefix: str) -> None:
    """Remove folders for the sockets of kernels whose owner is gone.

    Parameters
    ----------
    place : Path
        Where they are made, such as ``/tmp``.
    prefix : str
        With what their names begin; eight more characters follow.
    """
    if sys.platform == "win32":  # nothing tells there whether an owner lives
        return
    for folder in place.glob(f"{prefix}{'?' * 8}"):
        with contextlib.suppress(OSError):
            about = folder.lstat()
            is_ours = stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid()
            if not is_ours or time.time() - about.st_mtime < YOUNG_SECONDS or not (folder / KERNEL).exists():
                continue
            descriptor = _locked(folder)
            if descriptor is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(descriptor)


def finish(part: Path, output: Path) -> list[str]:
    """Move the files of a complete unit into place, those that are not there yet; the JSON last."""
    mark = part / MARK
    if not mark.is_file():
        return []
    placed = []
    for name in mark.read_text(encoding="utf-8").splitlines():
        if (ready := part / READY / name).is_file():
            ready.replace(output / name)
            placed.append(name)
    return placed


def _locked(part: Path) -> int | None:
    """Return a descriptor that holds the lock of a folder; None where another process has it."""
    if sys.platform == "win32":
        return os.open(os.devnull, os.O_RDONLY)
    import fcntl

    try:
        descriptor = os.open(part, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_ended(ready: Path) -> None:
    """Remove a file that was written by a process which is gone; its number is the end of the name."""
    number = ready.name.rpartition("-")[2]
    with contextlib.suppress(OSError, ValueError):
        try:
            os.kill(int(number), 0)
        except ProcessLookupError:
            ready.unlink()


def _escaped(text: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)
