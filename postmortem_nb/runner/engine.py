"""papermill's engine of a run: cells as papermill runs them, and the result of the analysis that they made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.log import logger

from postmortem_nb.runner import harvest

NAME = "postmortem"


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


class RunEngine(NBClientEngine):
    """The engine of a run; its one own option is ``result``."""

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
        **kwargs: Any,
    ) -> None:
        """Execute the notebook of a papermill run in its place."""
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
        client.execute()


papermill_engines.register(NAME, RunEngine)
