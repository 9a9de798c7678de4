"""Many incidents: each contained, in this process, in several, or on a cluster, with one record of all of them."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from postmortem_nb.batch.cluster import run_in_executor
from postmortem_nb.batch.course import Batch, Course
from postmortem_nb.batch.pool import run_in_processes
from postmortem_nb.errors import PostmortemError, SettingError, SourceError
from postmortem_nb.evidence import find_incident
from postmortem_nb.kernels import nursery
from postmortem_nb.kernels.kernel import environment
from postmortem_nb.runner import OUTPUT, TIMEOUT, Outcome, Progress, check_settings, find_notebook, leftover, run
from postmortem_nb.runner.interruption import terminable
from postmortem_nb.runner.memory import parse_memory
from postmortem_nb.runner.parameters import Scalar
from postmortem_nb.runner.publishing import make_folder
from postmortem_nb.times import parse_duration

__all__ = ["Batch", "attempt", "run_all"]


def attempt(name: str | Path, **options: Any) -> Outcome:
    """Run one incident and return an `Outcome` whatever happens.

    Parameters
    ----------
    name : str or Path
        As in `postmortem_nb.runner.run`, which takes the other arguments.
    """
    started = time.monotonic()

    def outcome(status: str, message: str) -> Outcome:
        seconds, detail = time.monotonic() - started, traceback.format_exc()
        return Outcome(Path(name).name, status, message, seconds=seconds, detail=detail)

    try:
        return run(name, **options)
    except KeyboardInterrupt:
        return outcome("interrupted", "It was interrupted; nothing was published.")
    except PostmortemError as error:
        return outcome("failed", str(error))
    except Exception as error:  # a fault of ours in one incident must not cost the others
        return outcome("failed", f"Unexpected {type(error).__name__}: {error}")


def run_all(
    names: Iterable[str | Path],
    *,
    output: str | Path = OUTPUT,
    notebook: str | Path | None = None,
    settings: Mapping[str, Scalar] | None = None,
    timeout: str = TIMEOUT,
    memory: str | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
    is_warm: bool = True,
    only_changed: bool = False,
    keep_going: bool = True,
    record: bool = True,
    on_outcome: Callable[[Outcome], None] | None = None,
    progress: Progress | None = None,
) -> Batch:
    """Run incidents one after the other, or several at a time; a failure of one leaves the others alone.

    Parameters
    ----------
    names : iterable of str or Path
        Incidents, as in `postmortem_nb.runner.run`; named twice is run once.
    output, notebook, settings, timeout, memory
        As in `postmortem_nb.runner.run`.
    jobs : int
        How many at a time. More than one are run in processes of their own; each takes some seconds to start,
        so that it pays only for more than a handful of incidents.
    executor : Executor, optional
        Who runs them instead: any `concurrent.futures.Executor`, such as ``Client(…).get_executor(pure=False)`` of
        Dask, whose workers see the same folders. ``jobs`` is not looked at then.
    is_warm : bool
        Whether kernels are forked from a process that has imported the stack (one for each worker), where
        that is possible and there is more than one incident.
    only_changed : bool
        As in `postmortem_nb.runner.run`.
    keep_going : bool
        Whether to go on after an incident that failed.
    record : bool
        Whether to write ``batch.json`` into the output folder: after each incident, so that it is there if
        the batch is killed; and at the end a page of all incidents, ``index.html``, and ``junit.xml``.
    on_outcome : callable, optional
        Told of every incident that is done.
    progress : callable, optional
        Told of every step, where only one incident runs at a time.

    Returns
    -------
    Batch
        Also after Ctrl-C or SIGTERM: what was done by then.

    Raises
    ------
    SettingError
        For a wrong setting, timeout or output folder, or two incidents whose results would have the same name.
    SourceError
        If no incident has a notebook.
    """
    asked = _distinct(names)
    options = _checked(output, notebook, settings, timeout, memory) | {"only_changed": only_changed}
    options["is_warm"] = is_warm and len(asked) > 1
    _need_notebook(asked, notebook)
    course = Course(asked, options["output"], is_recorded=record)
    results = _results(asked, options, jobs, executor, progress)
    with contextlib.suppress(KeyboardInterrupt), terminable(), contextlib.closing(results):
        for name, outcome in results:
            course.note(name, outcome)
            if on_outcome is not None:
                on_outcome(outcome)
            if not (keep_going or outcome.is_ok):
                course.is_stopped = True
                break
    return course.end()


def _checked(
    output: str | Path,
    notebook: str | Path | None,
    settings: Mapping[str, Scalar] | None,
    timeout: str,
    memory: str | None,
) -> dict[str, Any]:
    """Return what `run` takes, after a look at each; make the output folder, and clean up what earlier runs left."""
    check_settings(settings or {})
    parse_duration(timeout, "timeout")
    if memory is not None:
        parse_memory(memory)
    output = Path(output).absolute()
    make_folder(output)
    leftover.tidy(output)
    return {"output": output, "notebook": notebook, "settings": settings, "timeout": timeout, "memory": memory}


def _results(
    names: list[str], options: dict[str, Any], jobs: int, executor: Executor | None, progress: Progress | None
) -> Generator[tuple[str, Outcome]]:
    if executor is not None:
        return run_in_executor(names, options, executor)
    return run_in_processes(names, options, jobs) if jobs > 1 else _one_by_one(names, options, progress)


def _one_by_one(names: list[str], options: dict[str, Any], progress: Progress | None) -> Generator[tuple[str, Outcome]]:
    with nursery.opened(environment(Path())) if options["is_warm"] else contextlib.nullcontext():
        for name in names:
            outcome = attempt(name, **options, progress=progress)
            yield name, outcome
            if outcome.status == "interrupted":
                return


def _folder(name: str) -> Path | None:
    """Return where an incident really is; None if there is none of this name, which its run will say."""
    with contextlib.suppress(SourceError):
        return find_incident(name).resolve()
    return None


def _need_notebook(names: Iterable[str], notebook: str | Path | None) -> None:
    """Raise a `SourceError` if none of the incidents has a notebook to be run with: that is no fault of one of them."""
    folders = [folder for folder in map(_folder, names) if folder is not None]
    if notebook is not None or not folders:
        return
    for folder in folders:
        with contextlib.suppress(SourceError):
            find_notebook(folder)
            return
    find_notebook(folders[0])


def _distinct(names: Iterable[str | Path]) -> list[str]:
    """Return the names without repeats; two paths with one last part would overwrite each other's results."""
    by_folder: dict[Path | str, str] = {}
    for name in map(str, names):
        by_folder.setdefault(_folder(name) or name, name)  # a link to an incident is that incident
    asked = list(by_folder.values())
    for last, number in Counter((_folder(name) or Path(name)).name for name in asked).items():
        if number > 1:
            raise SettingError(
                f"{number} of the incidents are called {last!r}, and their results would be too. "
                "Run them separately, each with its own output folder."
            )
    return asked
