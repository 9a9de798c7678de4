"""Feeds of status pages → rows of the same frame."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from postmortem_nb.findings import Finding
from postmortem_nb.importing import read_status_feed
from postmortem_nb.importing.status import files_of
from postmortem_nb.times import Interval
from postmortem_nb.trends.downtime import MINUTE
from postmortem_nb.trends.frame import LEAST
from postmortem_nb.trends.results import Read, Row, place_of

MEASURED_ON = ("impact", "time_to_recover", "time_to_resolve")  # what has no length while an incident is open


def read_feeds(paths: Sequence[Path], timezone: str) -> Read:
    """Return the incidents and planned works of feeds.

    What a feed cannot say stays missing: channel, factors, detection, wrong paths, actions. A record whose end is not
    known lasts at least as long as the feed goes on.

    Parameters
    ----------
    paths : sequence of Path
    timezone : str
        IANA zone of times that carry none; empty where all have one.

    Raises
    ------
    SourceError, ReadError
        As `postmortem_nb.read_status_feed` does.
    """
    feed = read_status_feed(paths, timezone=timezone or None)
    last = _last(feed)
    rows = [_row(entry, last) for entry in feed[feed["begin"].notna()].to_dict("records")]
    findings = [_shortened(f) for f in feed.attrs["findings"]]
    sources = [(place_of(p), hashlib.sha256(p.read_bytes()).hexdigest()) for p in files_of(paths)]
    return Read(rows, [], findings, sources)


def _shortened(finding: Finding) -> Finding:
    where = place_of(Path(finding.where))
    return Finding(finding.id, finding.severity, where, finding.text, finding.fix)


def _last(feed: pd.DataFrame) -> pd.Timestamp:
    """Return the last time that a feed knows of."""
    spoken = [m.at for messages in feed["messages"] for m in messages if m.at is not None]
    return max([*feed["begin"].dropna(), *feed["end"].dropna(), *spoken])


def _row(entry: Mapping[Any, Any], last: pd.Timestamp) -> Row:
    begin, windows = entry["begin"], entry["windows"]
    end = None if pd.isna(entry["end"]) else entry["end"]
    is_open = bool(entry["is_open"]) and not windows
    seen = last if is_open else max([begin, *(b for _, b in windows)] + ([end] if end is not None else []))
    if is_open and not entry["is_maintenance"] and last > begin:
        windows = ((begin, last),)
    row: Row = {
        "id": entry["id"],
        "title": entry["title"],
        "severity": entry["severity"],
        "begin": windows[0][0] if windows else begin,
        "end": windows[-1][1] if windows and not is_open else end,
        "seen_until": seen,
        "time_to_communicate": entry["minutes_to_communicate"],
        "basis": entry["basis"] or "record",
        "evidence": place_of(Path(entry["evidence"])),
        "services": entry["services"],
        "factors": (),
        "windows": windows,
        "is_open": is_open,
        "is_maintenance": entry["is_maintenance"],
        "is_synthetic": False,
    }
    if row["end"] is not None and row["end"] < row["begin"]:
        row["end"] = None
    return row if entry["is_maintenance"] else {**row, **_lengths(entry, windows, end, is_open)}


def _lengths(entry: Mapping[Any, Any], windows: Sequence[Interval], end: pd.Timestamp | None, is_open: bool) -> Row:
    """Return the measures of an incident: stated impact ends with recovery, the record with resolution."""
    if is_open:
        return {f"{name}{LEAST}": (b - a) / MINUTE for name in MEASURED_ON for a, b in windows[:1]}
    row: Row = {"impact": entry["minutes"]}
    if windows and entry["basis"] == "stated":
        row["time_to_recover"] = (windows[-1][1] - windows[0][0]) / MINUTE
    start = windows[0][0] if windows else entry["begin"]
    if end is not None and end >= start:
        row["time_to_resolve"] = (end - start) / MINUTE
    return row
