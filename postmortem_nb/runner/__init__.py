"""One incident: strict parameters, papermill, export, atomic outputs, and a record of what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from postmortem_nb.errors import SettingError, SourceError
from postmortem_nb.evidence import find_incident
from postmortem_nb.runner.job import Job, Progress
from postmortem_nb.runner.memory import parse_memory
from postmortem_nb.runner.outcome import STATUSES, NotebookStopped, Outcome
from postmortem_nb.runner.parameters import (
    INCIDENT,
    Parameter,
    Scalar,
    check_parameters,
    check_settings,
    read_parameters,
)
from postmortem_nb.times import parse_duration

__all__ = [
    "STATUSES",
    "NotebookStopped",
    "Outcome",
    "Parameter",
    "Progress",
    "check_settings",
    "find_notebook",
    "read_parameters",
    "run",
]

OUTPUT = Path("reports")
TIMEOUT = "10min"
NOTEBOOK = Path("notebooks", "postmortem.ipynb")


def run(
    name: str | Path,
    *,
    output: str | Path = OUTPUT,
    notebook: str | Path | None = None,
    settings: Mapping[str, Scalar] | None = None,
    timeout: str = TIMEOUT,
    memory: str | None = None,
    is_warm: bool = False,
    only_changed: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Turn one incident into ``<id>.ipynb``, ``<id>.html`` and ``<id>.json``.

    What is wrong with the declared facts is said before a kernel starts. Then papermill executes the notebook,
    the kernel hands over the analysis that it showed, which is the JSON, nbconvert exports the notebook, and the
    three files appear together. If anything fails, the files of an earlier good run stay as they are.

    Parameters
    ----------
    name : str or Path
        Name of an incident, found in ``data/incidents`` of this folder or a parent; or the path of its
        folder.
    output : path
        Folder for the results; made if missing.
    notebook : path, optional
        Another notebook than ``notebooks/postmortem.ipynb``; see `find_notebook`.
    settings : dict, optional
        Parameters of the notebook other than the incident.
    timeout : str
        Limit of the notebook's whole execution, such as ``"10min"``.
    memory : str, optional
        Limit of the kernel's private memory, such as ``"2GB"``: too much is an error of a cell. It has no
        effect on Windows.
    is_warm : bool
        Whether to fork the kernel from one process that has imported the stack, kept for further runs until
        `postmortem_nb.kernels.nursery.close`; where that is not possible, it is started from nothing.
    only_changed : bool
        Whether to leave a report as it is that an earlier run made of the same evidence, notebook, settings and
        software. What is told of it is the outcome ``unchanged``.
    progress : callable, optional
        Called with what is being done, steps done, and steps in all.

    Returns
    -------
    Outcome
        Also for a notebook that failed, ran too long or lost its kernel, and for an interrupted run.

    Raises
    ------
    SettingError
        For a parameter that is unknown, mistyped or senseless, and for an output folder that cannot be
        written to.
    SourceError
        If there is no such incident or notebook.
    IncidentError
        If what was declared cannot be read. Evidence that cannot be read is an outcome, with the sentence that
        says what is wrong with it.
    """
    folder = _folder_of(name)
    source = find_notebook(folder) if notebook is None else Path(notebook).absolute()
    values = _values(source, settings or {})
    parse_duration(timeout, "timeout")
    limit = None if memory is None else parse_memory(memory)
    job = Job(folder, source, values, Path(output).absolute(), timeout, progress or _silent, is_warm, limit)
    return (job.unchanged() if only_changed else None) or job.run()


def find_notebook(folder: Path) -> Path:
    """Return ``notebooks/postmortem.ipynb`` of the working folder or a parent of it, else of a parent of the
    incident.

    Raises
    ------
    SourceError
        If there is none; names where it looked.
    """
    here = Path.cwd()
    starts = [here, folder.resolve()]
    for start in starts:
        for parent in (start, *start.parents):
            if (parent / NOTEBOOK).is_file():
                return parent / NOTEBOOK
    raise SourceError(
        f"There is no {NOTEBOOK.as_posix()} in {here}, in {folder}, or in a folder above them. "
        "Run inside a copy of the project, or name a notebook."
    )


def _folder_of(name: str | Path) -> Path:
    """Find the folder of an incident; a number is refused by name, because papermill makes one of "007"."""
    if not isinstance(name, str | Path):
        raise SettingError(
            f'{INCIDENT}: {name!r} is not text; an incident is named by text, such as "2024-01-14-outage".'
        )
    return find_incident(str(name)).resolve()


def _values(source: Path, settings: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return every parameter of the notebook but the incident, checked."""
    declared = read_parameters(source)
    if INCIDENT not in declared:
        raise SourceError(f"{source.name}: the parameters cell has no `{INCIDENT}: str = …`.")
    if INCIDENT in settings:
        raise SettingError(f"{INCIDENT} is not a setting: name the incident itself.")
    values = check_parameters(declared, settings, source.name)
    return {name: value for name, value in values.items() if name != INCIDENT}


def _silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""
