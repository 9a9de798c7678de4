"""`Outcome`: what became of one run, as a value that can be printed, compared and written down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postmortem_nb.errors import RunError

STATUSES = ("ok", "unchanged", "failed", "timeout", "died", "interrupted")


class NotebookStopped(RunError):
    """A notebook did not run to its end.

    Parameters
    ----------
    status : str
        One of `STATUSES`, never ``ok`` or ``unchanged``.
    message : str
        What happened in which cell.
    detail : str
        Traceback of the cell, or the last words of the kernel; empty if there is none.
    """

    def __init__(self, status: str, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.detail = detail


class NotStartedError(NotebookStopped):
    """Its kernel never answered: nothing of the notebook was executed."""


@dataclass(frozen=True)
class Outcome:
    """What became of one run.

    Parameters
    ----------
    incident : str
        Its id, the name of its folder; as it was asked for, if no folder was found.
    status : {"ok", "unchanged", "failed", "timeout", "died", "interrupted"}
        ``unchanged``: the report of an earlier run is there, of the same inputs. ``timeout``: the run took longer
        than it may. ``died``: the kernel, or the process around it, was killed.
    message : str
        Why it is not ok, in one or two sentences; empty if it is.
    notebook, html, json : Path or None
        What was written. A run that is not ok has at most a notebook, ``<id>.failed.ipynb``.
    seconds : float
        Wall time.
    findings : dict
        Severity → how many findings of it the analysis made.
    detail : str
        Traceback for those who ask for it.
    """

    incident: str
    status: str
    message: str = ""
    notebook: Path | None = None
    html: Path | None = None
    json: Path | None = None
    seconds: float = 0.0
    findings: Mapping[str, int] = field(default_factory=dict)
    detail: str = field(default="", repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"status {self.status!r} is none of {STATUSES}")

    @property
    def is_ok(self) -> bool:
        """Whether there is a report of these inputs."""
        return self.status in ("ok", "unchanged")

    def to_dict(self, relative_to: Path) -> dict[str, Any]:
        """Return it as JSON values, with paths as seen from a folder and ``/`` between their parts."""
        return {
            "incident": self.incident,
            "status": self.status,
            "message": self.message,
            "seconds": round(self.seconds, 2),
            "findings": dict(self.findings),
            "notebook": _seen_from(relative_to, self.notebook),
            "html": _seen_from(relative_to, self.html),
            "json": _seen_from(relative_to, self.json),
        }


def _seen_from(folder: Path, path: Path | None) -> str | None:
    return None if path is None else Path(os.path.relpath(path, folder)).as_posix()
