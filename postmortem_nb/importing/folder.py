"""A draft → an incident folder: all of it at once or nothing, and never over one that exists."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from postmortem_nb.errors import IncidentError, SettingError
from postmortem_nb.evidence.declared import read_facts
from postmortem_nb.importing.draft import Draft
from postmortem_nb.importing.writing import facts_text, report_json, report_text


def write_folder(draft: Draft, home: Path, *, name: str | None = None) -> Path:
    """Write the folder of an imported incident.

    Parameters
    ----------
    draft : Draft
    home : Path
        The folder that holds incidents; made if it is not there.
    name : str, optional
        Of the new folder, instead of the one that the draft has.

    Returns
    -------
    Path
        The new folder.

    Raises
    ------
    SettingError
        If it exists already, or cannot be written.
    """
    target = home / (name or draft.name)
    if target.exists() or target.is_symlink():
        raise SettingError(f"{target.as_posix()} exists already and is not changed. Give another name with --name.")
    try:
        home.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".part-{target.name}-", dir=home))
    except OSError as error:
        raise SettingError(f"{home.as_posix()}: cannot be written ({error.strerror}). Name another folder.") from error
    try:
        _fill(part, draft)
        part.chmod(0o777 & ~_umask())
        part.rename(target)
    except OSError as error:
        raise SettingError(f"{target.as_posix()}: cannot be written ({error.strerror}).") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _fill(part: Path, draft: Draft) -> None:
    files = {
        "incident.toml": facts_text(draft).encode(),
        "narrative.md": draft.narrative.encode(),
        "import.md": report_text(draft).encode(),
        "import.json": report_json(draft).encode(),
        draft.file: draft.original,
    }
    for name, content in files.items():
        path = part / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    try:
        read_facts(part / "incident.toml")
    except IncidentError as error:
        raise IncidentError(f"{draft.source}: what was read of it makes no sense together: {error}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
