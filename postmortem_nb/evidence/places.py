"""Where incidents are: a name is looked up in ``data/incidents`` of the current folder or one above it."""

from __future__ import annotations

from pathlib import Path

from postmortem_nb.errors import SourceError, near
from postmortem_nb.incident import FACTS

INCIDENTS = Path("data") / "incidents"


def list_incidents(root: str | Path | None = None) -> list[str]:
    """Return the names of all incidents, in order.

    Parameters
    ----------
    root : path, optional
        Folder that holds them; else ``data/incidents`` of the current folder or the nearest folder above that has one.

    Raises
    ------
    SourceError
        If ``root`` is not a folder.
    """
    if root is not None and not Path(root).is_dir():
        raise SourceError(f"There is no folder {Path(root).as_posix()}.")
    homes = [Path(root)] if root is not None else _homes(Path.cwd())[:1]
    return sorted(facts.parent.name for home in homes for facts in home.glob(f"*/{FACTS}"))


def find_incident(name: str | Path, start: str | Path | None = None) -> Path:
    """Return the folder of an incident.

    Parameters
    ----------
    name : str or path
        Name of the folder, or a path to it.
    start : path, optional
        Where to begin to look for ``data/incidents``; the current folder otherwise. The nearest one that has it counts.

    Raises
    ------
    SourceError
        If there is none; says where it looked and offers near names.
    """
    if not isinstance(name, (str, Path)) or not str(name).strip():
        raise SourceError(f"{name!r} is not the name of an incident. Give the name of its folder as text.")
    begin = Path.cwd() if start is None else Path(start).resolve()
    as_path = Path(name)
    is_path = as_path.is_absolute() or len(as_path.parts) != 1 or ".." in as_path.parts
    homes = _homes(begin)
    here = as_path if start is None else begin / as_path
    tried = [here] if is_path else [*(home / name for home in homes), here]
    for folder in tried:
        if (folder / FACTS).is_file():
            return folder
    for folder in tried:
        if folder.is_dir():
            raise SourceError(
                f"{folder.as_posix()} has no {FACTS}. Write one, or start with `postmortem-nb new {folder.name}`."
            )
    looked = [folder.parent.as_posix() for folder in tried[:-1]] or [(begin / INCIDENTS).as_posix()]
    known = sorted({facts.parent.name for home in homes for facts in home.glob(f"*/{FACTS}")})
    where = as_path.parent.as_posix() if is_path else " or ".join(looked)
    above = "" if homes or is_path else " or in a folder above it"
    raise SourceError(f"There is no incident {as_path.name!r} in {where}{above}. {near(as_path.name, known)}")


def _homes(begin: Path) -> list[Path]:
    """Return every ``data/incidents`` from a folder upwards, the nearest first."""
    return [folder / INCIDENTS for folder in (begin, *begin.parents) if (folder / INCIDENTS).is_dir()]
