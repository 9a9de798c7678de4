"""Executing one notebook, and judging whether it really ran.

papermill records a timeout or a dead kernel as completed cells without exception, so its output file is never
the judge. A run is good only if papermill raised nothing and every code cell has an execution count and no
error.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.engines import NotebookExecutionManager
from papermill.exceptions import PapermillExecutionError

from postmortem_nb import errors
from postmortem_nb.kernels.kernel import KERNEL_NAME, Kernel
from postmortem_nb.runner import engine
from postmortem_nb.runner.outcome import NotebookStopped, NotStartedError
from postmortem_nb.runner.record import RECORD, RESULT, as_text, code_cells, read_record, stopped_cell
from postmortem_nb.times import format_duration, parse_duration

START_SECONDS = 60.0  # a kernel that has not answered by then never will
GRACE_SECONDS = 15.0  # nbclient ends a run at its limit; if it has not by then, the kernel is killed
OURS = {
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.PostmortemError)
}

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many steps are done, and how many there are."""


def execute(
    notebook: Path,
    part: Path,
    parameters: Mapping[str, Any],
    *,
    cwd: Path,
    sockets: Path,
    timeout: str,
    is_warm: bool = False,
    memory: int | None = None,
    progress: Progress | None = None,
) -> NotebookNode:
    """Execute a notebook with papermill and return it.

    Where it made one postmortem, its result is in `RESULT` in the folder of the record afterwards.

    papermill works in a thread of its own, so that an interrupt reaches us at once and ends the kernel.

    Parameters
    ----------
    notebook, part : Path
        What to execute, and the folder in which papermill keeps its record meanwhile.
    parameters : dict
        Checked values, from `postmortem_nb.runner.parameters.check_parameters`.
    cwd : Path
        Where the kernel works. The folder of this process is not changed.
    sockets : Path
        Empty folder with a short path for the kernel's own files.
    timeout : str
        Limit of the whole run, such as ``"10min"``.
    is_warm : bool
        Whether to fork the kernel from the nursery of this process.
    memory : int, optional
        Limit of the kernel's private memory in bytes.
    progress : callable, optional
        Told of every finished cell.

    Raises
    ------
    NotebookStopped
        If it did not run to its end; the status says how. `NotStartedError` if it did not even begin.
    KeyboardInterrupt
        If it came while the notebook was running; the kernel is gone by then.
    """
    deadline = Deadline(timeout)
    kernel = Kernel.in_folder(sockets, is_warm=is_warm, memory=memory)
    managers: list[NotebookExecutionManager] = []
    options = {
        "result": part / RESULT,
        "on_manager": managers.append,
        "kernel_manager_class": kernel,
        "timeout_func": lambda cell: max(deadline.left, 0.01),
        "execution_timeout": deadline.seconds,  # of what is no cell
        "start_timeout": int(min(START_SECONDS, deadline.seconds + 1)),
        "shutdown_kernel": "immediate",
        "resources": {"metadata": {"path": str(cwd)}},
    }
    if progress is not None:
        options |= _reporting(notebook, progress)
    run = _Run(lambda: _papermill(notebook, part / RECORD, parameters, options))
    with _quiet():
        run.start()
        try:
            run.wait(deadline.seconds + GRACE_SECONDS)
        finally:
            kernel.kill()
            run.wait(GRACE_SECONDS)
    if run.error is None and run.notebook is not None:
        judge(run.notebook)
        return run.notebook
    if not run.is_done.is_set():
        _write_record(managers)
    raise _explained(run.error, part, kernel, deadline)


def _write_record(managers: list[NotebookExecutionManager]) -> None:
    """Write what papermill holds in memory, where it has not come back by itself."""
    for manager in managers:
        with contextlib.suppress(OSError):
            NotebookExecutionManager.save(manager)


class Deadline:
    """The end of the time that a whole run may take."""

    def __init__(self, timeout: str) -> None:
        self.length = parse_duration(timeout, "timeout")
        self.seconds = self.length.total_seconds()
        self.end = time.monotonic() + self.seconds

    @property
    def left(self) -> float:
        """Seconds left; negative afterwards."""
        return self.end - time.monotonic()

    @property
    def has_passed(self) -> bool:
        """Whether no time is left."""
        return self.left <= 0

    def __str__(self) -> str:
        return format_duration(self.length)


class _Run(threading.Thread):
    """papermill in a thread, with what it returned or raised."""

    def __init__(self, work: Callable[[], NotebookNode]) -> None:
        super().__init__(name="papermill", daemon=True)
        self.work = work
        self.notebook: NotebookNode | None = None
        self.error: BaseException | None = None
        self.is_done = threading.Event()

    def run(self) -> None:
        try:
            self.notebook = self.work()
        except BaseException as error:
            self.error = error
        finally:
            _close_loop()
            self.is_done.set()

    def wait(self, seconds: float) -> None:
        """Wait for the end, in steps that let a signal in on every system."""
        end = time.monotonic() + seconds
        while not self.is_done.wait(0.5) and time.monotonic() < end:
            pass


def _close_loop() -> None:
    """Close the loop that nbclient left in this thread, with what still waits in it."""
    with contextlib.suppress(RuntimeError):
        loop = asyncio.get_event_loop()
        waiting = asyncio.all_tasks(loop)
        for task in waiting:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
        loop.close()


def _papermill(notebook: Path, target: Path, parameters: Mapping[str, Any], options: dict[str, Any]) -> NotebookNode:
    return papermill.execute_notebook(
        _literal(notebook),
        _literal(target),
        dict(parameters),
        engine_name=engine.NAME,
        kernel_name=KERNEL_NAME,
        language="python",
        progress_bar=False,
        **options,
    )


def _literal(path: Path) -> str:
    """Return a path that survives papermill's ``str.format``."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _reporting(notebook: Path, progress: Progress) -> dict[str, Any]:
    total = len(nbformat.read(notebook, as_version=4).cells) + 1  # papermill adds the injected one

    def on_cell_complete(cell: NotebookNode, cell_index: int) -> None:
        progress("running the notebook", cell_index + 1, total)

    return {"on_cell_complete": on_cell_complete}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep papermill's and the client's remarks off standard error: what matters is in the error that we
    raise.
    """
    loggers = [logging.getLogger(name) for name in ("papermill", "traitlets", "asyncio")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def judge(notebook: NotebookNode) -> None:
    """Check that every code cell ran and none failed.

    Raises
    ------
    NotebookStopped
        With the first cell for which that is not so.
    """
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                raise NotebookStopped("failed", _failure(cell, output.ename, output.evalue), _plain(output.traceback))
        if cell.execution_count is None:
            raise NotebookStopped("failed", f"The cell {_quoted(cell)} was not executed.")


def _explained(error: BaseException | None, part: Path, kernel: type[Kernel], deadline: Deadline) -> Exception:
    """Turn what stopped papermill into one sentence, and correct the record it left in the file."""
    if isinstance(error, PapermillExecutionError):
        cell = NotebookNode(source=error.source)
        return NotebookStopped("failed", _failure(cell, error.ename, error.evalue), _plain(error.traceback))
    if isinstance(error, OSError) and not isinstance(error, CellTimeoutError):
        return error  # a full disk is not the notebook's failure
    where = _stopped_in(part)
    is_late = isinstance(error, (CellTimeoutError, RuntimeError)) and not isinstance(error, DeadKernelError)
    if error is None or (is_late and deadline.has_passed):
        return NotebookStopped("timeout", f"It did not finish within {deadline}; it stopped {where}.")
    if isinstance(error, DeadKernelError):
        return NotebookStopped("died", f"The kernel ended {where}: {kernel.death()}.", kernel.last_words())
    if isinstance(error, RuntimeError) and not where.startswith("in"):
        return NotStartedError("died", f"The kernel did not start: {error}.", kernel.last_words())
    detail = "".join(traceback.format_exception(error))
    return NotebookStopped("failed", f"It stopped {where}: {type(error).__name__}: {error}", detail)


def _stopped_in(part: Path) -> str:
    """Say in which cell a run was cut off, and correct the record."""
    notebook = read_record(part)
    cell = stopped_cell(notebook) if notebook else None
    if notebook is None or cell is None:
        return "before its first cell"
    with contextlib.suppress(OSError):
        (part / RECORD).write_text(as_text(notebook), encoding="utf-8")
    return f"in the cell {_quoted(cell)}"


def _failure(cell: NotebookNode, kind: str, message: str) -> str:
    """Say what a cell raised; our own errors are sentences already."""
    if kind in OURS:
        return message
    return f"The cell {_quoted(cell)} raised {kind}{': ' if message else ''}{message}".rstrip(".") + "."


def _quoted(cell: NotebookNode) -> str:
    first, *more = cell.source.strip().splitlines()
    return f"`{first[:60]}{' …' if more or len(first) > 60 else ''}`"


def _plain(lines: list[str]) -> str:
    """Return a traceback without the colours of a terminal."""
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(lines))
