"""Shared fixtures: incidents drawn with known truth, without a folder."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from sample_reports import reports  # noqa: F401 - a fixture of the session

from postmortem_nb.example import Impact, Traffic, Truth, draw_requests, minute_metrics
from postmortem_nb.frames import EVENTS, LOGS, METRICS, conform
from postmortem_nb.incident import Facts, Incident

settings.register_profile("untimed", deadline=None)  # how long an example takes says more of the machine
settings.load_profile("untimed")

MINUTE = pd.Timedelta(minutes=1)
START = pd.Timestamp("2024-01-14T15:00Z").as_unit("ns")
SIGNALS = {
    "errors": {"name": "failed requests", "kind": "ratio", "source": "logs", "bad": {"status": ">=500"}},
    "latency": {"name": "latency p95", "kind": "gauge", "select": {"metric": "latency_p95"}, "smear": "1min"},
    "collapse": {"name": "requests", "kind": "traffic", "source": "logs"},
}
SIGNALS["ramp"] = SIGNALS["latency"]


@pytest.fixture(scope="session")
def bin_folder() -> Path:
    """Where this environment keeps its commands."""
    return Path(sys.executable).parent


def at(minutes: float) -> pd.Timestamp:
    """An instant so many minutes into the record."""
    return START + pd.Timedelta(minutes=minutes)


def logs_of(requests: pd.DataFrame) -> pd.DataFrame:
    """The logs frame that a reader would make of drawn requests."""
    rows = pd.DataFrame(
        {
            "time": requests["time"],
            "level": None,
            "service": "web",
            "host": None,
            "message": "GET / " + requests["status"].astype("str"),
            "file": "logs/access.log",
            "line": range(1, len(requests) + 1),
            "status": requests["status"],
        }
    )
    return conform(rows, LOGS)


def events_of(*rows: tuple[pd.Timestamp, str, str]) -> pd.DataFrame:
    """An events frame of (time, kind, text), stamped by a tool."""
    frame = pd.DataFrame(rows, columns=["time", "kind", "text"])
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    return conform(frame.assign(source="tool", actor="", basis="system", evidence="events/tool.csv:1"), EVENTS)


def with_facts(incident: Incident, **facts: object) -> Incident:
    """The same incident with other declared facts."""
    old = {"title": incident.facts.title, "signals": [s.model_dump() for s in incident.facts.signals]}
    return dataclasses.replace(incident, facts=Facts.from_dict({**old, **facts}))


def draw(
    *impacts: Impact,
    length: float = 180,
    seed: int = 0,
    rate: float = 5.0,
    background: float = 0.001,
    gaps: tuple[tuple[pd.Timestamp, pd.Timestamp], ...] = (),
    events: pd.DataFrame | None = None,
    **facts: object,
) -> tuple[Incident, Truth]:
    """Draw an incident in memory and its truth; the signal follows the kind of the first impact."""
    traffic = Traffic(START, at(length), rate=rate, background=background, impacts=impacts, seed=seed)
    requests = draw_requests(traffic)
    seen = requests
    for start, end in gaps:
        seen = seen[(seen["time"] < start) | (seen["time"] >= end)]
    kind = impacts[0].kind if impacts else "errors"
    metrics = minute_metrics(requests, traffic.start, traffic.end, seed=seed, gaps=gaps).assign(file="metrics/web.csv")
    facts = {"title": "drawn", "signals": [SIGNALS[kind]], **facts}
    incident = Incident(
        "drawn",
        Path("drawn"),
        Facts.from_dict(facts),
        logs=logs_of(seen),
        metrics=conform(metrics, METRICS),
        events=EVENTS.empty() if events is None else events,
    )
    return incident, Truth.of(requests, traffic)


def gauge(values, *, step="1min", direction="high", kind="gauge", events=None, facts=None, **signal) -> Incident:
    """An incident whose evidence is one metric ``m`` from `START` on."""
    times = pd.date_range(START, periods=len(values), freq=step)
    rows = pd.DataFrame({"time": times, "service": "web", "metric": "m", "value": values, "file": "metrics/m.csv"})
    declared = {"name": "m", "kind": kind, "select": {"metric": "m"}, "direction": direction, **signal}
    return Incident(
        "drawn",
        Path("drawn"),
        Facts.from_dict({"title": "drawn", "signals": [declared], **(facts or {})}),
        metrics=conform(rows, METRICS),
        events=EVENTS.empty() if events is None else events,
    )


def steps(*parts: tuple[float, int]) -> np.ndarray:
    """Values of (level, rows) after each other, with a little repeatable noise."""
    values = np.concatenate([np.full(rows, float(level)) for level, rows in parts])
    return values * (1 + 0.01 * np.sin(np.arange(len(values)) * 2.4))


def declared_only(**facts: object) -> Incident:
    """An incident without evidence: day and zone of `START` for times that carry none."""
    return Incident("declared", Path("declared"), Facts.from_dict({"title": "declared", "date": START.date(), **facts}))


@pytest.fixture(scope="session")
def outage() -> tuple[Incident, Truth]:
    """Sixty percent of the requests fail from minute 90.4 to 126.7."""
    return draw(Impact(at(90.4), at(126.7), "errors", 0.6))
