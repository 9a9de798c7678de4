"""papermill's engine of a run: cells as papermill runs them, and the result of the analysis that they made."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.log import logger

from postmortem_nb.runner import harvest

NAME = "postmortem"
SAVE_SECONDS = 10.0  # between writings of papermill's record while cells run


class Client(PapermillNotebookClient):
    """papermill's client, which asks the kernel for the result when every cell has run.

    Parameters
    ----------
    result : Path or None
        Where the kernel writes it.
    """

    result: Path | None = None

    def papermill_execute_cells(self) -> None:
        """Run the cells, then take the result unless one of them failed."""
        super().papermill_execute_cells()
        if self.result is None or self.nb.metadata.get("papermill", {}).get("exception"):
            return
        message = self.kc.execute(harvest.request(self.result), silent=True, store_history=False)
        answer = self.wait_for_reply(message)
        if answer["content"]["status"] != "ok":
            content = answer["content"]
            raise HarvestError(f"{content.get('ename')}: {content.get('evalue')}")


class HarvestError(Exception):
    """The kernel could not write its result."""


@contextlib.contextmanager
def saved_seldom(manager: NotebookExecutionManager) -> Iterator[None]:
    """Let papermill write its record now and then instead of all of it before and after each cell.

    It writes it once more at the end, however that comes.
    """
    save = manager.save

    def save_if_due(**kwargs: Any) -> None:
        if (manager.now() - manager.last_save_time).total_seconds() >= SAVE_SECONDS:
            save(**kwargs)

    manager.save = save_if_due
    try:
        yield
    finally:
        manager.save = save


class RunEngine(NBClientEngine):
    """The engine of a run; its own options are ``result``, and ``on_manager``, which is given what holds the record."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: int = 60,
        execution_timeout: float | None = None,
        result: Path | None = None,
        on_manager: Callable[[NotebookExecutionManager], None] | None = None,
        **kwargs: Any,
    ) -> None:
        """Execute the notebook of a papermill run in its place."""
        if on_manager is not None:
            on_manager(nb_man)
        options = {k: v for k, v in kwargs.items() if k not in ("input_path", "timeout", "startup_timeout")}
        client = Client(
            nb_man,
            timeout=execution_timeout,
            startup_timeout=start_timeout,
            kernel_name=kernel_name,
            log=logger,
            log_output=log_output,
            stdout_file=stdout_file,
            stderr_file=stderr_file,
            **options,
        )
        client.result = result
        with saved_seldom(nb_man):
            client.execute()


papermill_engines.register(NAME, RunEngine)
