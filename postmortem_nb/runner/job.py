"""One run, once everything about it is checked: read the facts, execute, export, publish."""

from __future__ import annotations

import contextlib
import json
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postmortem_nb.analysis import Settings
from postmortem_nb.errors import LeakError, SourceError
from postmortem_nb.evidence import find_incident
from postmortem_nb.evidence.declared import read_facts
from postmortem_nb.evidence.loading import AUTO, DEFAULT
from postmortem_nb.findings import SEVERITIES
from postmortem_nb.incident import FACTS
from postmortem_nb.runner import inputs, leftover, publishing
from postmortem_nb.runner.interruption import OverdueError, bounded, terminable
from postmortem_nb.runner.outcome import NotebookStopped, NotStartedError, Outcome
from postmortem_nb.runner.parameters import INCIDENT, Scalar
from postmortem_nb.sparing import without_grammar
from postmortem_nb.times import parse_duration

if TYPE_CHECKING:
    from nbformat import NotebookNode

REST_SECONDS = 600.0  # for all of a run that is not its notebook: start, hashes, export, writing

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many steps are done, and how many there are (0: not known)."""


@dataclass(frozen=True)
class Job:
    """What to make of what, and where.

    Parameters
    ----------
    folder, source : Path
        The incident and the notebook.
    values : dict
        Every parameter of the notebook but the incident.
    output : Path
        Folder for the results.
    timeout : str
        Limit of the notebook's execution.
    progress : callable
        Told of every step.
    is_warm : bool
        Whether to fork the kernel from the nursery of this process, where that is possible.
    memory : int or None
        Limit of the kernel's private memory in bytes.
    """

    folder: Path
    source: Path
    values: Mapping[str, Scalar]
    output: Path
    timeout: str
    progress: Progress
    is_warm: bool = False
    memory: int | None = None

    def run(self) -> Outcome:
        """Do it; an error of the evidence is raised, a failure of the notebook is an outcome."""
        name, started = self.folder.name, time.monotonic()
        found: dict[str, int] = {}

        def outcome(status: str, message: str = "", detail: str = "", **paths: Path | None) -> Outcome:
            seconds = time.monotonic() - started
            about: dict[str, Any] = {**paths, "findings": found, "seconds": seconds, "detail": detail}
            return Outcome(name, status, message, **about)

        try:
            with terminable(), bounded(longest(self.timeout)):
                self.progress("reading the facts", 0, 0)
                read_facts(self.folder / FACTS)  # what is wrong with them is said before a kernel starts
                with publishing.part_folder(self.output, name) as part:
                    try:
                        made_from = inputs.made_from(self.folder, self.source, self.values)
                        executed, result = self.execute(part)
                        found = counted(result)
                        paths = self.publish(part, executed, result, made_from)
                        return outcome("ok", "", "", **paths)
                    except NotebookStopped as stopped:
                        kept = self.keep_failed(part)
                        return outcome(stopped.status, str(stopped), stopped.detail, notebook=kept)
                    except LeakError as error:
                        return outcome("failed", str(error))
                    except OSError as error:
                        reason = error.strerror or str(error)
                        message = f"The report could not be written ({reason}). Nothing was changed."
                        return outcome("failed", message, traceback.format_exc())
        except OverdueError:
            message = f"It did not finish within {self.timeout}, nor much later; it was stopped outside its notebook."
            return outcome("timeout", message, traceback.format_exc())
        except KeyboardInterrupt:
            return outcome("interrupted", "It was interrupted; nothing was published.")

    def unchanged(self) -> Outcome | None:
        """Return what an earlier run made, if it was of the same inputs and all of it is there."""
        leftover.tidy(self.output, self.folder.name)
        paths = {kind: self.output / f"{self.folder.name}.{end}" for kind, end in publishing.ENDINGS.items()}
        if not all(path.is_file() for path in paths.values()):
            return None
        if inputs.recorded(paths["notebook"]) != inputs.made_from(self.folder, self.source, self.values):
            return None
        result = json.loads(paths["json"].read_text(encoding="utf-8"))
        about: dict[str, Any] = {"findings": counted(result), **paths}
        return Outcome(self.folder.name, "unchanged", **about)

    def execute(self, part: Path) -> tuple[NotebookNode, dict[str, Any]]:
        """Run the notebook in a kernel, with its record in a folder; return it and the result.

        The result is of the postmortem that the notebook made. Where it made none, or several, the evidence is
        analysed here.
        """
        try:
            executed = self.execute_in_kernel(part, is_warm=self.is_warm)
        except NotStartedError:
            if not self.is_warm:
                raise
            # Should a forked kernel ever hang in what it was forked with, this run does not depend on it.
            executed = self.execute_in_kernel(part, is_warm=False)
        return executed, read_result(part) or self.investigate()

    def execute_in_kernel(self, part: Path, *, is_warm: bool) -> NotebookNode:
        """Run the notebook in a kernel that is forked or started from nothing."""
        without_grammar()
        from postmortem_nb.runner.execution import execute  # late: papermill takes a second to import

        name, cwd = _address(self.folder, self.source)
        with publishing.short_folder() as sockets:
            return execute(
                self.source,
                part,
                {INCIDENT: name, **self.values},
                cwd=cwd,
                sockets=sockets,
                timeout=self.timeout,
                is_warm=is_warm,
                memory=self.memory,
                progress=self.progress,
            )

    def investigate(self) -> dict[str, Any]:
        """Read and analyse in this process; return the JSON result."""
        self.progress("reading the evidence", 0, 0)
        from postmortem_nb.sections import investigate  # late: matplotlib takes a second to import

        settings = {name: value for name, value in self.values.items() if name in Settings.model_fields}
        return investigate(str(self.folder), **settings).analysis.to_dict()

    def publish(
        self, part: Path, executed: NotebookNode, result: Mapping[str, Any], made_from: Mapping[str, str]
    ) -> dict[str, Path]:
        """Export and publish; return the path of each kind of file."""
        self.progress("exporting the report", 0, 0)
        without_grammar()
        from postmortem_nb.runner.record import as_html, as_text, clean  # late: nbformat, nbconvert

        name = self.folder.name
        notebook = clean(executed, f"{name}.ipynb", self.source.name, made_from)
        texts = {
            "notebook": as_text(notebook),
            "html": as_html(notebook, name),
            "json": publishing.as_json(result),
        }
        profile = str(result["redaction"]["profile"])
        self.refuse_name(str(result["incident"]), profile)
        self.refuse_leaks(texts, profile)
        return publishing.publish(part, self.output, name, texts)

    def refuse_name(self, redacted: str, profile: str) -> None:
        """Look whether the name of the folder is secret: files are called so, and the notebook was run with it.

        Raises
        ------
        LeakError
            If redaction replaced some of it.
        """
        from postmortem_nb.redaction.tokens import TOKEN  # late: polars, by its package

        if TOKEN.search(redacted) and redacted != self.folder.name:
            raise LeakError(
                f"Nothing was published: the profile {profile} redacts the name of the incident's folder, and results "
                "are called so. Rename the folder."
            )

    def refuse_leaks(self, texts: Mapping[str, str], profile: str) -> None:
        """Search what is about to be written for what should have been redacted; a `LeakError` if there is any."""
        from postmortem_nb.redaction import refuse_leaks  # late: polars

        name = self.folder.name
        files = {f"{name}.{publishing.ENDINGS[kind]}": text for kind, text in texts.items()}
        refuse_leaks(files, profile, self.folder)

    @property
    def profile(self) -> str:
        """The profile of redaction that is asked for: of the parameters, else of the incident, else the default."""
        declared = read_facts(self.folder / FACTS).settings.get("redact", AUTO)
        return next((str(name) for name in (self.values.get("redact", AUTO), declared) if name != AUTO), DEFAULT)

    def keep_failed(self, part: Path) -> Path | None:
        """Keep what was executed of a failed run; return where."""
        from postmortem_nb.runner.record import as_text, clean, read_record  # late: nbformat

        target = publishing.failed_copy(self.output, self.folder.name)
        notebook = read_record(part)
        if notebook is None:
            return None
        text = as_text(clean(notebook, target.name, self.source.name))
        try:
            self.refuse_leaks({"notebook": text}, self.profile)
        except LeakError:
            return None
        return publishing.keep_failed(part, self.output, self.folder.name, text)


def longest(timeout: str) -> float:
    """Return the seconds that all of a run may take whose notebook has this limit."""
    return parse_duration(timeout, "timeout").total_seconds() + REST_SECONDS


def read_result(part: Path) -> dict[str, Any] | None:
    """Return what the kernel wrote as its result; None if it wrote nothing."""
    from postmortem_nb.runner.record import RESULT  # late: nbformat

    path = part / RESULT
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def counted(result: Mapping[str, Any]) -> dict[str, int]:
    """Return the number of findings of a result by severity."""
    found = Counter(finding["severity"] for finding in result["findings"])
    return {severity: found[severity] for severity in SEVERITIES}


def _address(folder: Path, notebook: Path) -> tuple[str, Path]:
    """Return what to call the incident in the notebook, and the folder in which the kernel finds it by that.

    It is its name wherever that is enough, so that no path of this machine gets into a report; and the folder
    is the notebook's own, as in JupyterLab, wherever that leads to the same incident.
    """
    with contextlib.suppress(SourceError):
        if find_incident(folder.name, notebook.parent).resolve() == folder:
            return folder.name, notebook.parent
    if folder.parent.name == "incidents" and folder.parent.parent.name == "data":
        return folder.name, folder.parents[2]
    outside = folder.parents[min(1, len(folder.parents) - 1)]
    return folder.relative_to(outside).as_posix(), outside
