"""Where tasks are worked on: with an executor of any kind, or in a pool of processes that may lose some of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from postmortem_nb.evidence.digest.parts import Part, Task, digest_task

TRIES = 3  # times that a pool of processes is made anew after one of them was killed


def with_executor(executor: Executor, tasks: Sequence[Task]) -> Iterator[Part]:
    """Digest with an executor, whatever it is; parts come in the order of the tasks."""
    futures: list[Future[Part]] = [executor.submit(digest_task, task) for task in tasks]
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def in_processes(tasks: Sequence[Task], jobs: int) -> Iterator[Part]:
    """Digest in a pool of processes; after one was killed, what is missing is done again in a new pool."""
    done: dict[int, Part] = {}
    for attempt in range(TRIES):
        try:
            with ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=get_context("spawn")) as pool:
                futures = {
                    number: pool.submit(digest_task, task) for number, task in enumerate(tasks) if number not in done
                }
                for number, future in futures.items():
                    done[number] = future.result()
        except BrokenProcessPool:
            if attempt == TRIES - 1:
                raise
            continue
        break
    return (done[number] for number in range(len(tasks)))
