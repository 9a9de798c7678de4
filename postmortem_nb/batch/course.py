"""The course of a batch: what became of its incidents so far, written down after each of them."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from postmortem_nb.batch.index import as_page
from postmortem_nb.batch.junit import as_junit
from postmortem_nb.batch.record import as_record
from postmortem_nb.runner import Outcome
from postmortem_nb.runner.publishing import as_json, write_whole

RECORD, INDEX, JUNIT = "batch.json", "index.html", "junit.xml"


@dataclass(frozen=True)
class Batch:
    """What became of many incidents.

    Parameters
    ----------
    outcomes : tuple of Outcome
        In the order in which the incidents were asked for.
    not_run : tuple of str
        Those that an interrupt left out, or cut off in a process of their own.
    path : Path or None
        The record that was written.
    seconds : float
        Wall time.
    is_stopped : bool
        Whether it ended at the first failure, as it was told to.
    """

    outcomes: tuple[Outcome, ...]
    not_run: tuple[str, ...]
    path: Path | None
    seconds: float
    is_stopped: bool = False

    @property
    def is_interrupted(self) -> bool:
        """Whether it was stopped before its end."""
        return (bool(self.not_run) and not self.is_stopped) or any(o.status == "interrupted" for o in self.outcomes)

    @property
    def is_ok(self) -> bool:
        """Whether every incident has its report."""
        return not self.not_run and all(o.is_ok for o in self.outcomes)

    @property
    def counts(self) -> dict[str, int]:
        """Status → how many."""
        return dict(Counter(o.status for o in self.outcomes))


class Course:
    """What became of each incident so far.

    Parameters
    ----------
    asked : list of str
        The incidents, in order.
    output : Path
        Folder of the results.
    is_recorded : bool
        Whether to write ``batch.json`` there after each incident, so that it is there if the batch is killed; and at
        the end a page of all incidents and ``junit.xml``.
    """

    def __init__(self, asked: list[str], output: Path, *, is_recorded: bool) -> None:
        self.asked = asked
        self.output = output
        self.is_recorded = is_recorded
        self.is_stopped = False
        self.done: dict[str, Outcome] = {}
        self.started = time.monotonic()

    def note(self, name: str, outcome: Outcome) -> None:
        """Note what became of an incident."""
        self.done[name] = outcome
        if self.is_recorded:
            self._write_record(self._so_far(None), is_finished=False)

    def end(self) -> Batch:
        """Return what became of all of them."""
        batch = self._so_far(self.output / RECORD if self.is_recorded else None)
        if self.is_recorded:
            write_whole(self.output / INDEX, as_page(batch, self.output, is_finished=True))
            write_whole(self.output / JUNIT, as_junit(batch))
            self._write_record(batch, is_finished=True)
        return batch

    def _so_far(self, path: Path | None) -> Batch:
        outcomes = tuple(self.done[name] for name in self.asked if name in self.done)
        not_run = tuple(Path(name).name for name in self.asked if name not in self.done)
        return Batch(outcomes, not_run, path, time.monotonic() - self.started, self.is_stopped)

    def _write_record(self, batch: Batch, *, is_finished: bool) -> None:
        write_whole(self.output / RECORD, as_json(as_record(batch, self.output, is_finished=is_finished)))
