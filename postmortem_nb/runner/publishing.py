"""Writing a run's files so that they appear together and whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from postmortem_nb.errors import SettingError
from postmortem_nb.runner import leftover
from postmortem_nb.runner.interruption import undisturbed

SOCKETS = "pnb-"  # begin of the name of a folder for sockets
# Kind of result → its ending, in the order in which they appear: the JSON last, as the mark of a complete
# run.
ENDINGS = {"notebook": "ipynb", "html": "html", "json": "json"}


def make_folder(output: Path) -> None:
    """Make the output folder, unless it is there.

    Raises
    ------
    SettingError
        If it cannot be made or written to.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        if not os.access(output, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise SettingError(f"output: cannot write to {output} ({error.strerror}). Name another folder.") from error


@contextlib.contextmanager
def part_folder(output: Path, incident: str) -> Iterator[Path]:
    """Make a folder beside the results, on the same disk, and remove it whatever happens.

    What an earlier run of the incident left there, because it was killed, is finished or removed first.
    """
    make_folder(output)
    leftover.tidy(output, incident)
    part = Path(tempfile.mkdtemp(prefix=f"{leftover.PREFIX}{incident}-", dir=output))
    with leftover.owned(part):
        try:
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """Make a private folder with a path short enough for sockets, and remove it whatever happens.

    What runs that were killed left of theirs is removed first.
    """
    leftover.sweep(Path(tempfile.gettempdir()), SOCKETS)
    folder = Path(tempfile.mkdtemp(prefix=SOCKETS))
    with leftover.owned(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def publish(part: Path, output: Path, incident: str, texts: Mapping[str, str]) -> dict[str, Path]:
    """Write the files of a good run and move them into place.

    Parameters
    ----------
    part, output : Path
        Where they are prepared, and where they go.
    incident : str
        Their name without ending.
    texts : dict
        Text of each of `ENDINGS`.

    Returns
    -------
    dict
        Kind → path. A failed copy of an earlier run is gone.

    Raises
    ------
    OSError
        If there is no room, or a folder is in the way; what was there before is as it was.
    """
    targets = {kind: output / f"{incident}.{ending}" for kind, ending in ENDINGS.items()}
    for target in targets.values():
        if target.is_dir():
            raise IsADirectoryError(f"{target} is a folder; a result must be written there.")
    (part / leftover.READY).mkdir()
    for kind, target in targets.items():
        _written(part / leftover.READY / target.name, texts[kind])
    _sync(part / leftover.READY)
    mark = _written(part / "mark", "".join(f"{target.name}\n" for target in targets.values()))
    with undisturbed():
        mark.replace(part / leftover.MARK)  # from here on the unit is complete, whatever happens
        _sync(part)
        leftover.finish(part, output)
        failed_copy(output, incident).unlink(missing_ok=True)
        _sync(output)
    return targets


def keep_failed(part: Path, output: Path, incident: str, text: str) -> Path | None:
    """Keep the notebook of a failed run beside the results; None if there is no room for it."""
    target = failed_copy(output, incident)
    try:
        _written(part / "ready-failed", text).replace(target)
    except OSError:
        return None
    return target


def failed_copy(output: Path, incident: str) -> Path:
    """Return where the notebook of a failed run is kept."""
    return output / f"{incident}.failed.ipynb"


def as_json(result: Mapping[str, Any]) -> str:
    """Return a result as JSON whose bytes depend on nothing but its values.

    Raises
    ------
    ValueError
        If it holds NaN or infinity, which JSON does not have.
    """
    return json.dumps(result, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_whole(path: Path, text: str | bytes) -> None:
    """Replace a file in one step."""
    ready = path.with_name(f"{leftover.PREFIX}{path.name}-{os.getpid()}")
    try:
        _written(ready, text).replace(path)
    finally:
        ready.unlink(missing_ok=True)


def write_new(path: Path, text: str) -> None:
    """Write a file that does not exist yet, whole or not at all.

    Raises
    ------
    SettingError
        If there is one by now, or it cannot be written.
    """
    ready = path.with_name(f"{leftover.PREFIX}{path.name}-{os.getpid()}")
    try:
        os.link(_written(ready, text), path)  # unlike a renaming, it never replaces a file
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingError(f"{path}: it cannot be written ({reason}). Name another file.") from error
    finally:
        ready.unlink(missing_ok=True)


def _written(path: Path, text: str | bytes) -> Path:
    """Write a file through to the disk."""
    with path.open("wb") as file:
        file.write(text.encode() if isinstance(text, str) else text)
        file.flush()
        os.fsync(file.fileno())
    return path


def _sync(folder: Path) -> None:
    """Write renames through to the disk, where the system can do that."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
