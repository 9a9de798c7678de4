"""What a value was computed from: rows of evidence files with their lines, declared facts, other claims, settings.

Each input names its file with the hash that it had, so that a value whose evidence has changed can be told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from postmortem_nb.analysis.impact.users import within
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.incident import FACTS, Incident, Signal
from postmortem_nb.times import Instant, Interval

FILE, CLAIM, SETTING, TOOL = "file", "claim", "setting", "tool"


@dataclass(frozen=True)
class Input:
    """One thing that a value was computed from.

    Parameters
    ----------
    kind : {"file", "claim", "setting", "tool"}
        A file of the incident's folder, another claim, a setting, or a program that computed.
    name : str
        File relative to the folder, id of the claim, name of the setting, name and version of the tool.
    first, last : int or None
        First and last line (from 1) of the file that were used; None where the reader keeps no lines.
    rows : int or None
        How many of its rows were used.
    what : str
        Which rows they are; the value of a claim or setting.
    sha256 : str
        Hash of the file.
    unit : {"line", "record"}
        What ``first`` and ``last`` count; records where the file is one document.
    """

    kind: str
    name: str
    first: int | None = None
    last: int | None = None
    rows: int | None = None
    what: str = ""
    sha256: str = ""
    unit: str = "line"

    @property
    def place(self) -> str:
        """File and lines: ``logs/access.log:12–48``; ``events/alerts.json#1`` where records are counted."""
        if self.first is None:
            return self.name
        until = "" if self.first == self.last else f"–{self.last}"
        return f"{self.name}{'#' if self.unit == 'record' else ':'}{self.first}{until}"

    def __str__(self) -> str:
        parts = [f"{self.rows:,} rows" if self.rows is not None else "", self.what]
        said = ", ".join(p for p in parts if p)
        return f"{self.place} ({said})" if said else self.place


class Trail:
    """Finds the inputs of the values of one incident.

    Parameters
    ----------
    incident : Incident
    spans : iterable of (Timestamp, Timestamp)
        The impact windows.
    """

    def __init__(self, incident: Incident, spans: Iterable[Interval] = ()) -> None:
        self._incident = incident
        self._spans = list(spans)
        self._found: dict[tuple[str, str], tuple[Input, ...]] = {}  # many values rest on the same rows

    @cached_property
    def _hashes(self) -> dict[str, str]:
        files = self._incident.files
        return dict(zip(files["file"], files["sha256"], strict=True)) | {FACTS: self._incident.origin.sha256}

    def file(self, name: str, line: int | None = None, what: str = "", unit: str = "line") -> Input:
        """Return a file, or one line or record of it."""
        return Input(FILE, name, line, line, None, what, self._hashes.get(name, ""), unit)

    def series(self) -> tuple[Input, ...]:
        """Return every file that logs and metrics were read from."""
        files = self._incident.files
        return tuple(self.file(name) for name in files["file"][files["kind"].isin(("logs", "metrics"))])

    def fact(self, *place: str | int) -> Input:
        """Return the line of ``incident.toml`` on which a fact stands."""
        return self.file(FACTS, self._incident.origin.line(*place))

    def place(self, text: str) -> Input:
        """Return a place as readers write it: ``events/pages.jsonl:2``, ``events/alerts.json#1``, a file or a word."""
        for mark, unit in ((":", "line"), ("#", "record")):
            name, _, number = text.rpartition(mark)
            if name and number.isdecimal():
                return self.file(name, int(number), unit=unit)
        return self.file(text)

    def recorded(self, instant: Instant, milestone: str = "detected") -> Input:
        """Return the record of a tool that an instant was taken from, else the line on which people declared it."""
        if instant.evidence:
            return self.place(instant.evidence)
        facts = self._incident.facts
        if facts.milestones.get(milestone) == instant:
            return self.fact("milestones", milestone)
        rows = ((("timeline", n), r.at) for n, r in enumerate(facts.timeline))
        held = ((("hypotheses", n), t) for n, h in enumerate(facts.hypotheses) for t in (h.start, h.end))
        return next((self.fact(*place) for place, t in (*rows, *held) if t == instant), self.fact("milestones"))

    def all_of(self, series: SignalSeries) -> tuple[Input, ...]:
        """Return every row that a signal counted, file by file."""
        return self._once("all", series.name, lambda: self._rows(series.used, described(series.signal)))

    def within_windows(self, series: SignalSeries) -> tuple[Input, ...]:
        """Return the rows of a signal that lie in the impact windows, file by file."""
        return self._once("within", series.name, lambda: self._within(series))

    def _within(self, series: SignalSeries) -> tuple[Input, ...]:
        inside = _places(series.used)[within(series.used["time"], self._spans)]
        return self._rows(inside, f"{described(series.signal)}; within the windows".removeprefix("; "))

    def around(self, series: SignalSeries, lo: pd.Timestamp, hi: pd.Timestamp, what: str) -> tuple[Input, ...]:
        """Return the rows of a signal from one step before `lo` to one step after `hi`."""
        time = series.used["time"]
        near = _places(series.used)[(time >= lo - series.step) & (time <= hi + series.step)]
        return self._rows(near, what)

    def timed_lines(self) -> tuple[Input, ...]:
        """Return the log lines that carry the duration of a request, file by file."""
        return self._once("timed", "", self._timed)

    def _timed(self) -> tuple[Input, ...]:
        logs = self._incident.logs
        if "seconds" not in logs:
            return ()
        return self._rows(_places(logs)[logs["seconds"].notna()], "lines with a duration")

    def _once(self, kind: str, name: str, find: Callable[[], tuple[Input, ...]]) -> tuple[Input, ...]:
        if (kind, name) not in self._found:
            self._found[kind, name] = find()
        return self._found[kind, name]

    def _rows(self, rows: pd.DataFrame, what: str) -> tuple[Input, ...]:
        found = []
        for name, part in _places(rows).groupby("file", sort=True):
            lines = part["line"] if "line" in part else pd.Series(dtype="int64")
            first, last = (int(lines.min()), int(lines.max())) if len(lines) and lines.notna().all() else (None, None)
            found.append(Input(FILE, str(name), first, last, len(part), what, self._hashes.get(str(name), "")))
        return tuple(found)


def _places(rows: pd.DataFrame) -> pd.DataFrame:
    """Return only where rows stand: choosing among rows takes its time for each column."""
    return rows[[column for column in ("file", "line") if column in rows]]


def described(signal: Signal) -> str:
    """Say which rows a signal counts: ``select metric = "http_requests_total"; bad status = ">=500"``."""
    parts = (("select", signal.select), ("bad", signal.bad), ("of", signal.total))
    return "; ".join(
        f"{name} {', '.join(f'{c} = {json.dumps(v, ensure_ascii=False)}' for c, v in filter_.items())}"
        for name, filter_ in parts
        if filter_
    )
