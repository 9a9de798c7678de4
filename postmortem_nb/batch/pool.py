"""Several incidents at a time, each in one of a few worker processes; a worker that is killed costs nobody else, and
one that hangs holds nobody up.

Each worker has a wire of its own: there is no lock that a killed one could take with it, and whose wire ends tells
which incident was lost. Every wait has a bound: a worker that is beyond its time is killed.

Workers are spawned, never forked: a fork would copy sockets and threads of the kernels that run meanwhile. Each has a
nursery of its own for warm kernels, which begins to import while the worker does.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Generator, Mapping
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType
from typing import Any

from postmortem_nb.kernels import nursery
from postmortem_nb.kernels.kernel import environment
from postmortem_nb.runner import Outcome, job
from postmortem_nb.times import format_duration, parse_duration

CLEANING_SECONDS = 45.0  # for a worker that was told to end; the runner's own waits for a kernel are shorter
REST_SECONDS = job.REST_SECONDS + CLEANING_SECONDS  # a worker that can still end its run itself does so before
STEP_SECONDS = 0.5  # polars takes SIGINT over so that a wait without end begins again instead of ending


def run_in_processes(names: list[str], options: Mapping[str, Any], jobs: int) -> Generator[tuple[str, Outcome]]:
    """Yield name and outcome of each incident as it is done.

    An incident whose worker was killed is tried once more, for memory may have run out because of its neighbours;
    where that worker is killed too, it has died. One that does not end is not tried again.

    Parameters
    ----------
    names : list of str
        Incidents.
    options : dict
        Of `postmortem_nb.batch.attempt`.
    jobs : int
        How many workers.
    """
    waiting, lost = deque(names), set[str]()
    crew: list[Worker] = []
    try:
        while waiting or any(worker.name for worker in crew):
            _hand_out(waiting, crew, options, jobs)
            ready = wait([worker.wire for worker in crew], timeout=STEP_SECONDS)
            for worker in [worker for worker in crew if worker.wire in ready or worker.is_late]:
                name, outcome = worker.name, worker.answer() if worker.wire in ready else worker.give_up()
                worker.name = ""
                if worker.process is None:
                    crew.remove(worker)
                if name and outcome is None and name not in lost:
                    lost.add(name)
                    waiting.append(name)
                elif name:
                    killed = Outcome(Path(name).name, "died", "The process that ran it was killed, twice.")
                    yield name, outcome or killed
    except BaseException:  # above all an interrupt: workers clean up and end when they are told to
        for worker in crew:
            worker.tell_to_end()
        raise
    finally:
        _dismiss(crew)


class Worker:
    """A process that runs incidents one after the other, as seen by the one that hands them out.

    Parameters
    ----------
    options : dict
        Of `postmortem_nb.batch.attempt`.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        context = multiprocessing.get_context("spawn")
        self.timeout = parse_duration(options["timeout"], "timeout")
        self.limit = self.timeout.total_seconds() + REST_SECONDS
        self.wire, theirs = context.Pipe()
        self.name = ""  # of the incident that it runs
        self.began = 0.0
        with theirs:
            process = context.Process(target=serve, args=(theirs, dict(options)))
            process.start()
        self.process: Any = process  # None when it is gone

    def take(self, name: str) -> None:
        """Give it an incident; that it is gone shows when it should answer."""
        self.name, self.began = name, time.monotonic()
        with contextlib.suppress(OSError):
            self.wire.send(name)

    @property
    def is_late(self) -> bool:
        """Whether it had more time for its incident than one can need."""
        return bool(self.name) and time.monotonic() > self.began + self.limit

    def answer(self) -> Outcome | None:
        """Return what became of its incident; None if it lost its life over it."""
        try:
            outcome: Outcome = self.wire.recv()
        except (EOFError, OSError):
            self.end(0)
            return None
        return outcome

    def give_up(self) -> Outcome:
        """Kill it, and return what there is to say of its incident."""
        seconds = time.monotonic() - self.began
        self.end(0)
        within = format_duration(self.timeout)
        message = f"It did not finish within {within}, nor much later; the process that ran it was killed."
        return Outcome(Path(self.name).name, "timeout", message, seconds=seconds)

    def tell_to_end(self) -> None:
        """Let it clean up and end."""
        if self.process is not None:
            self.process.terminate()

    def end(self, seconds: float) -> None:
        """Wait so long for its end, then kill it; what it started ends with it."""
        self.wire.close()
        if self.process is not None:
            self.process.join(seconds)
            if self.process.is_alive():
                self.process.kill()
                self.process.join(CLEANING_SECONDS)
            self.process = None


def _hand_out(waiting: deque[str], crew: list[Worker], options: Mapping[str, Any], jobs: int) -> None:
    """Give every idle worker an incident, and start workers as long as there are both places and incidents."""
    idle = [worker for worker in crew if not worker.name]
    for _ in range(min(jobs - len(crew), len(waiting) - len(idle))):
        idle.append(Worker(options))
        crew.append(idle[-1])
    for worker in idle[: len(waiting)]:
        worker.take(waiting.popleft())


def _dismiss(crew: list[Worker]) -> None:
    """End all workers: one that waits for work ends when its wire does."""
    end = time.monotonic() + CLEANING_SECONDS
    for worker in crew:
        worker.wire.close()
    for worker in crew:
        worker.end(max(end - time.monotonic(), 0))


def serve(wire: Connection, options: Mapping[str, Any]) -> None:
    """Run one incident after the other, until the wire ends or this process is told to.

    Parameters
    ----------
    wire : Connection
        Brings names and takes outcomes.
    options : dict
        Of `postmortem_nb.batch.attempt`.
    """
    from postmortem_nb.batch import attempt

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    signal.signal(signal.SIGTERM, _interrupt_once)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt, EOFError, OSError), wire:
        if options["is_warm"]:
            with contextlib.suppress(nursery.NoNurseryError):
                nursery.shared(environment(Path()))
        while (outcome := attempt(wire.recv(), **options)).status != "interrupted":
            wire.send(outcome)
    nursery.close()


def _interrupt_once(number: int, frame: FrameType | None) -> None:
    """Clean up and end, undisturbed by a second signal; where that takes too long, end at once."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    limit = threading.Timer(CLEANING_SECONDS, os._exit, (1,))
    limit.daemon = True
    limit.start()
    raise KeyboardInterrupt("terminated")


def _end_with_parent() -> None:
    """End when the parent does, even if that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
