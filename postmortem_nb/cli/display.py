"""Results on stdout; progress on stderr: a bar on a terminal, plain lines anywhere else."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress

    from postmortem_nb.runner import Outcome


def print_result(text: str) -> None:
    """Print a result on stdout; a reader such as `head`, which has seen enough, changes nothing of what is done."""
    try:
        click.echo(text)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # what is still to come, and what Python flushes at its end
        os.close(nowhere)


class Display:
    """Shows how far a run of several incidents is.

    Parameters
    ----------
    total : int
        How many incidents there are.
    is_verbose : bool
        Whether to print the traceback behind a failure.
    """

    def __init__(self, total: int, *, is_verbose: bool = False) -> None:
        self.total = total
        self.done = 0
        self.is_verbose = is_verbose
        self.bar: Progress | None = _bar() if sys.stderr.isatty() else None

    def __enter__(self) -> Display:
        if self.bar is not None:
            self.bar.start()
            self.batch = self.bar.add_task("incidents", total=self.total, visible=self.total > 1)
            self.cells = self.bar.add_task("starting", total=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def step(self, what: str, done: int, total: int) -> None:
        """Show what is being done; without a terminal, nothing."""
        if self.bar is not None:
            self.bar.update(self.cells, description=what, completed=done, total=total or None, visible=True)

    def finished(self, outcome: Outcome) -> None:
        """Print one line on an incident that is done, and why if it failed."""
        self.done += 1
        self.say(f"{self._count()}{outcome.incident}: {outcome.status}, {outcome.seconds:.1f} s{_weak(outcome)}")
        if outcome.message:
            self.say(f"  {outcome.message}")
        if outcome.notebook is not None and not outcome.is_ok:
            self.say(f"  What was executed is kept in {shown(outcome.notebook)}")
        if self.is_verbose and outcome.detail:
            self.say(outcome.detail)
        if self.bar is not None:
            self.bar.update(self.batch, completed=self.done)

    def say(self, text: str) -> None:
        """Print a plain line above the bar."""
        if self.bar is not None:
            self.bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            click.echo(text, err=True)

    def _count(self) -> str:
        return f"[{self.done}/{self.total}] " if self.total > 1 else ""


def _bar() -> Progress:
    from rich import progress as p
    from rich.console import Console
    from rich.text import Text

    class _Rate(p.ProgressColumn):
        """Incidents a minute so far; nothing for the steps of one."""

        def render(self, task: p.Task) -> Text:
            is_batch = task.description == "incidents" and task.completed and task.elapsed
            return Text(f"{60 * task.completed / (task.elapsed or 1):.1f}/min" if is_batch else "")

    return p.Progress(
        p.TextColumn("{task.description}", markup=False),
        p.BarColumn(),
        p.MofNCompleteColumn(),
        _Rate(),
        p.TimeElapsedColumn(),
        p.TimeRemainingColumn(elapsed_when_finished=True),
        console=Console(stderr=True),
        transient=True,
    )


def _weak(outcome: Outcome) -> str:
    """Say how many findings there are: ``, 1 error, 2 warnings``."""
    counted = [f"{n} {severity}{'s' if n > 1 else ''}" for severity, n in outcome.findings.items() if n]
    return "".join(f", {text}" for text in counted)


def shown(path: Path) -> str:
    """Return a path as seen from here, if it is below here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
