"""Many incidents in one notebook: ``notebooks/trends.ipynb`` through papermill and nbconvert, published as one unit."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from postmortem_nb.errors import LeakError, SourceError
from postmortem_nb.runner import publishing
from postmortem_nb.runner.interruption import OverdueError, bounded, terminable
from postmortem_nb.runner.job import Progress, counted, longest, read_result
from postmortem_nb.runner.outcome import NotebookStopped, Outcome
from postmortem_nb.runner.parameters import Scalar, check_parameters, read_parameters
from postmortem_nb.sparing import without_grammar

NAME = "trends"
NOTEBOOK = Path("notebooks", "trends.ipynb")
PROFILE = "internal"  # of the search for credentials: the results were redacted when they were made, feeds were not


def run_trends(
    values: Mapping[str, Scalar],
    *,
    output: str | Path = "reports",
    notebook: str | Path | None = None,
    timeout: str = "10min",
    progress: Progress | None = None,
) -> Outcome:
    """Turn results and feeds into ``trends.ipynb``, ``trends.html`` and ``trends.json``, all of them or none.

    Parameters
    ----------
    values : dict
        Parameters of the notebook. Paths are as seen from the folder of this process.
    output : path
        Folder for the three; made if missing.
    notebook : path, optional
        Another notebook than ``notebooks/trends.ipynb`` of this folder or a parent.
    timeout : str
        Limit of the notebook's whole execution.
    progress : callable, optional
        Called with what is being done, steps done, and steps in all.

    Returns
    -------
    Outcome
        Also of a notebook that failed, was cut off or interrupted; the files of an earlier run stay then.

    Raises
    ------
    SettingError
        For a parameter that the notebook does not have or that is of another type; for a folder that cannot be written.
    SourceError
        If there is no notebook.
    """
    source = find_notebook() if notebook is None else Path(notebook).absolute()
    checked = check_parameters(read_parameters(source), values, source.name)
    folder, started = Path(output).absolute(), time.monotonic()

    def outcome(status: str, message: str = "", detail: str = "", **about: Any) -> Outcome:
        return Outcome(NAME, status, message, detail=detail, seconds=time.monotonic() - started, **about)

    try:
        with terminable(), bounded(longest(timeout)), publishing.part_folder(folder, NAME) as part:
            try:
                result, paths = _make(source, checked, part, folder, timeout, progress or _silent)
                about: dict[str, Any] = {**paths, "findings": counted(result)}
                return outcome("ok", **about)
            except NotebookStopped as stopped:
                return outcome(stopped.status, str(stopped), stopped.detail)
            except LeakError as error:
                return outcome("failed", str(error))
            except OSError as error:
                said = f"The report could not be written ({error.strerror or error}). Nothing was changed."
                return outcome("failed", said, traceback.format_exc())
    except OverdueError:
        said = f"It did not finish within {timeout}, nor much later; it was stopped outside its notebook."
        return outcome("timeout", said, traceback.format_exc())
    except KeyboardInterrupt:
        return outcome("interrupted", "It was interrupted; nothing was published.")


def find_notebook() -> Path:
    """Return ``notebooks/trends.ipynb`` of the working folder or a parent of it.

    Raises
    ------
    SourceError
        If there is none.
    """
    here = Path.cwd()
    found = next((p / NOTEBOOK for p in (here, *here.parents) if (p / NOTEBOOK).is_file()), None)
    if found is None:
        raise SourceError(
            f"There is no {NOTEBOOK.as_posix()} in {here} or in a folder above it. Run inside a copy of the "
            "project, or name a notebook."
        )
    return found


def _make(
    source: Path, values: Mapping[str, Scalar], part: Path, output: Path, timeout: str, progress: Progress
) -> tuple[dict[str, Any], dict[str, Path]]:
    without_grammar()
    from postmortem_nb.redaction import refuse_leaks
    from postmortem_nb.runner.execution import execute  # late: papermill, nbformat and nbconvert take seconds
    from postmortem_nb.runner.record import as_html, as_text, clean

    with publishing.short_folder() as sockets:
        executed = execute(source, part, values, cwd=Path.cwd(), sockets=sockets, timeout=timeout, progress=progress)
    result = read_result(part)
    if result is None:
        raise NotebookStopped(
            "failed", f"{source.name} made no comparison of incidents (`pnb.read_trends`), or several."
        )
    progress("exporting the report", 0, 0)
    notebook = clean(executed, f"{NAME}.ipynb", source.name)
    texts = {"notebook": as_text(notebook), "html": as_html(notebook, NAME), "json": publishing.as_json(result)}
    files = {f"{NAME}.{publishing.ENDINGS[kind]}": text for kind, text in texts.items()}
    refuse_leaks(files, PROFILE, Path.cwd())
    return result, publishing.publish(part, output, NAME, texts)


def _silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""
