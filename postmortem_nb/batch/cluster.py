"""Incidents on whatever has the interface of `concurrent.futures`, above all on a Dask cluster of several machines.

The unit is the same as here: one incident, contained, with its own kernel and its own folder beside the results. All
machines see the folders of incidents and results under the same paths. A unit that is started anew, because its worker
was lost, finds what that one left.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from pathlib import Path
from typing import Any

from postmortem_nb.batch.pool import REST_SECONDS, STEP_SECONDS
from postmortem_nb.errors import PostmortemError
from postmortem_nb.evidence import find_incident
from postmortem_nb.runner import Outcome, find_notebook
from postmortem_nb.times import parse_duration


def run_in_executor(names: list[str], options: Mapping[str, Any], executor: Executor) -> Generator[tuple[str, Outcome]]:
    """Yield name and outcome of each incident as it is done.

    Every unit has a bound, so that one of those that run must end within it. Where none does, nobody works on them any
    more (no worker is left, or the scheduler is gone), and the rest has died.

    Parameters
    ----------
    names : list of str
        Incidents.
    options : dict
        Of `postmortem_nb.batch.attempt`.
    executor : Executor
        Runs them. How often it starts a unit anew whose worker was lost is its own matter.
    """
    longest = parse_duration(options["timeout"], "timeout").total_seconds() + REST_SECONDS
    running: dict[Future[Outcome], str] = {}
    for name in names:
        place, own = _addressed(name, options)
        running[executor.submit(attempt_here, place, own)] = name
    heard = time.monotonic()
    try:
        while running:
            done = wait(running, timeout=STEP_SECONDS, return_when=FIRST_COMPLETED).done
            for future in done:
                name = running.pop(future)
                yield name, _outcome(name, future)
                heard = time.monotonic()
            if time.monotonic() > heard + longest:
                message = f"No worker of the cluster ended a unit in {longest:.0f} s."
                for name in running.values():
                    yield name, Outcome(Path(name).name, "died", message)
                return
    finally:
        for future in running:
            future.cancel()


def attempt_here(name: str, options: Mapping[str, Any]) -> Outcome:
    """Run one incident on the worker that this is called on; its results are seen from everywhere."""
    from postmortem_nb.batch import attempt

    return attempt(name, **options)


def _addressed(name: str, options: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the incident and its notebook by whole paths: a worker stands in another folder."""
    own = dict(options)
    with contextlib.suppress(PostmortemError):  # what is not found is said by the unit
        folder = find_incident(name).resolve()
        own["notebook"] = Path(options["notebook"] or find_notebook(folder)).absolute()
        return str(folder), own
    return name, own


def _outcome(name: str, future: Future[Outcome]) -> Outcome:
    """Return what became of a unit, also where its workers were lost so often that the executor gave it up."""
    try:
        return future.result()
    except CancelledError:
        return Outcome(Path(name).name, "died", "The cluster lost it.")
    except Exception as error:
        return Outcome(Path(name).name, "died", f"The cluster gave it up: {type(error).__name__}: {error}".strip())
