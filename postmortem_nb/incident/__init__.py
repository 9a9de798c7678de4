"""The `Incident`: the declared facts and the evidence, as they were given. No input or output here.

`postmortem_nb.evidence.load` reads the folder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from postmortem_nb.findings import Finding
from postmortem_nb.frames import EVENTS, FILES, LOGS, METRICS
from postmortem_nb.incident.alerting import AlertRule, RecordingRule
from postmortem_nb.incident.facts import (
    MILESTONES,
    EvidenceRule,
    Facts,
    Filter,
    Hypothesis,
    Lessons,
    Milestones,
    Signal,
    TimelineRow,
    Version,
)
from postmortem_nb.incident.following import Accepted, Action, Decision, Language
from postmortem_nb.incident.origin import FACTS, Origin

__all__ = [
    "FACTS",
    "MILESTONES",
    "Accepted",
    "Action",
    "AlertRule",
    "Decision",
    "EvidenceRule",
    "Facts",
    "Filter",
    "Hypothesis",
    "Incident",
    "Language",
    "Lessons",
    "Milestones",
    "Origin",
    "RecordingRule",
    "Redaction",
    "Signal",
    "TimelineRow",
    "Version",
]


@dataclass(frozen=True)
class Redaction:
    """What was replaced in an incident: the profile, and how often by each rule, of distinct texts."""

    profile: str = "none"
    counts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, eq=False)
class Incident:
    """What we were given: the declared facts and the evidence, apart from each other.

    Parameters
    ----------
    id : str
        Name of the folder.
    folder : Path
        Where it was read from.
    facts : Facts
        What people declared.
    narrative : str
        Text of ``narrative.md``; empty if there is none.
    logs, metrics, events : DataFrame
        Evidence, in time order; columns in `postmortem_nb.frames`, all instants UTC.
    files : DataFrame
        One row an evidence file: what it is, its hash, rows read and rejected, first and last time. Files of alerting
        rules (kind ``rules``) and originals that facts were imported from (``source``) stand among them, as reported
        numbers rest on them.
    findings : tuple of Finding
        What was weak or wrong while reading.
    rules : tuple of AlertRule
        Alerting rules that are proposed: of ``rules/``, and of the files that actions name.
    recordings : tuple of RecordingRule
        Recording rules of the same files.
    origin : Origin
        Where the facts stand: text, lines and hash of ``incident.toml``.
    redaction : Redaction
        What was replaced by tokens when it was loaded.
    """

    id: str
    folder: Path
    facts: Facts
    narrative: str = ""
    logs: pd.DataFrame = field(default_factory=LOGS.empty)
    metrics: pd.DataFrame = field(default_factory=METRICS.empty)
    events: pd.DataFrame = field(default_factory=EVENTS.empty)
    files: pd.DataFrame = field(default_factory=FILES.empty)
    findings: tuple[Finding, ...] = ()
    rules: tuple[AlertRule, ...] = ()
    recordings: tuple[RecordingRule, ...] = ()
    origin: Origin = field(default_factory=Origin)
    redaction: Redaction = Redaction()

    def __repr__(self) -> str:
        files = (~self.files["kind"].isin(["rules", "source"])).sum()
        return (
            f"<Incident {self.id}: {files} evidence files, {len(self.logs):,} log lines, "
            f"{len(self.metrics):,} samples, {len(self.events):,} events>"
        )
