"""Several incidents at a time, each in one of a few worker processes; a worker that is killed costs nobody
else.

Workers are spawned, never forked: a fork would copy sockets and threads of the kernels that run meanwhile. Each has a
nursery of its own for warm kernels, which begins to import while the worker does.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import FrameType
from typing import Any

from postmortem_nb.kernels import nursery
from postmortem_nb.kernels.kernel import environment
from postmortem_nb.runner import Outcome


def run_in_processes(names: list[str], options: dict[str, Any], jobs: int) -> Generator[tuple[str, Outcome]]:
    """Yield name and outcome of each incident as it is done.

    When a worker is killed, the pool is lost and nobody can tell which incident did it: those that were under
    way are tried again, each in a pool of its own, and one that loses its worker twice has died.
    """
    waiting = deque(names)
    while waiting:
        lost: list[str] = []
        for name, outcome in _through_pool(waiting, options, jobs):
            if outcome is None:
                lost.append(name)
            else:
                yield name, outcome
        for name in lost:
            (_, outcome), *_ = _through_pool(deque([name]), options, 1)
            killed = Outcome(Path(name).name, "died", "The process that ran it was killed, twice.")
            yield name, outcome or killed


def _through_pool(waiting: deque[str], options: dict[str, Any], jobs: int) -> Iterator[tuple[str, Outcome | None]]:
    """Take names from the queue until it is empty or the pool is lost; None stands for a lost worker."""
    running: dict[Future[Outcome], str] = {}
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(min(jobs, len(waiting)), context, _prepare_worker, (options["is_warm"],))
    is_whole = True
    try:
        while (waiting and is_whole) or running:
            while waiting and is_whole and len(running) < jobs:
                try:
                    future = pool.submit(_work, waiting[0], options)
                except BrokenProcessPool:
                    is_whole = False
                else:
                    running[future] = waiting.popleft()
            # In steps: polars takes SIGINT over so that a wait without end begins again instead of ending.
            for future in wait(running, timeout=0.5, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                try:
                    yield name, future.result()
                except BrokenProcessPool:
                    is_whole = False
                    yield name, None
    except BaseException:  # above all an interrupt: workers clean up and end when they are told to
        for worker in set(multiprocessing.active_children()) - others:
            worker.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _prepare_worker(is_warm: bool) -> None:
    """Leave Ctrl-C to the parent, and end when the parent does, even if that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if is_warm:
        with contextlib.suppress(nursery.NoNurseryError):
            nursery.shared(environment(Path()))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _work(name: str, options: dict[str, Any]) -> Outcome:
    """Run one incident in a worker; told to end, clean up first and then do so."""
    from postmortem_nb.batch import attempt

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt("terminated")

    signal.signal(signal.SIGTERM, interrupt)
    outcome = attempt(name, **options)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if outcome.status == "interrupted":
        signal.raise_signal(signal.SIGTERM)
    return outcome
