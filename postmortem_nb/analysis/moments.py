"""The event model: what happened when, each moment from the best source there is, with its basis.

Measured beats a tool's stamp, a stamp beats what people declared; the others are kept for comparison and never lost.
Definitions follow the event model in common use (Kehoe, GitLab, Datadog; see ``docs/timings.md``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement, Windows
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.times import UNKNOWN, Instant, format_time

TOLERANCE = pd.Timedelta(minutes=5)  # an alert may precede the measured onset by this much and still be about it

NAMES = {
    "change": "triggering change completed",
    "start": "impact began",
    "signal": "first automatic signal",
    "page": "first responder notified",
    "aware": "first person aware",
    "detect": "incident detected",
    "ack": "first acknowledgement",
    "declare": "incident declared",
    "engage": "diagnosis began",
    "identify": "cause identified",
    "mitigate": "impact no longer severe",
    "recover": "service recovered",
    "resolve": "incident resolved",
    "public": "first public message",
    "close": "review finished",
}
DECLARED_AS = {
    "change": "changed",
    "start": "started",
    "signal": "signalled",
    "page": "paged",
    "aware": "detected",
    "ack": "acknowledged",
    "declare": "declared",
    "engage": "engaged",
    "identify": "identified",
    "mitigate": "mitigated",
    "recover": "recovered",
    "resolve": "resolved",
    "public": "published",
    "close": "closed",
}


@dataclass(frozen=True)
class Moment:
    """One moment of the incident and where it is known from."""

    name: str
    instant: Instant
    note: str = ""

    @property
    def label(self) -> str:
        """What the moment is called in the report."""
        return NAMES[self.name]


class Moments(dict[str, Moment]):
    """Moments by name; one that nobody recorded is unknown, never replaced by another."""

    def at(self, name: str) -> Instant:
        """Return the instant of a moment, unknown if there is none."""
        return self[name].instant if name in self else UNKNOWN

    def known(self) -> Iterator[Moment]:
        """Yield the moments that are known, in usual order."""
        return (self[name] for name in NAMES if self.at(name).is_known)


def find_moments(
    incident: Incident, series: SignalSeries | None, measurement: Measurement | None
) -> tuple[Moments, tuple[Finding, ...]]:
    """Return the moments of an incident and what was odd about them."""
    windows = measurement.windows if measurement else Windows()
    declared = incident.facts.milestones
    findings: list[Finding] = []
    moments = Moments()

    def put(name: str, *choices: Instant, note: str = "") -> None:
        chosen = next((c for c in choices if c.is_known), UNKNOWN)
        moments[name] = Moment(name, chosen, note)

    put("change", declared.get("changed"))
    put("start", windows[0].onset if windows else UNKNOWN, declared.get("started"))
    start, end = moments.at("start"), windows[-1].recovery if windows else declared.get("recovered")
    alerts, early = _signals(incident.events, start, end)
    findings += early
    put("signal", _first(alerts), declared.get("signalled"))
    put("page", _first(_around(incident.events, ("page",), start)), declared.get("paged"))
    put("ack", _first(_around(incident.events, ("acknowledgement",), start)), declared.get("acknowledged"))
    noticed = [r.at for r in incident.facts.timeline if r.kind == "detection"]
    noticed += [_instant(e) for e in _around(incident.events, ("detection",), start)]
    put("aware", earliest([declared.get("detected"), moments.at("ack"), *noticed]))
    put("detect", earliest([moments.at("signal"), moments.at("aware")]))
    put("declare", declared.get("declared"))
    put(
        "engage",
        declared.get("engaged"),
        earliest(r.at for r in incident.facts.timeline if r.kind == "action"),
    )
    confirmed = [h.end for h in incident.facts.hypotheses if h.verdict == "confirmed"]
    put("identify", declared.get("identified"), confirmed[-1] if confirmed else UNKNOWN)
    put("mitigate", _mitigated(series, measurement), declared.get("mitigated"))
    is_over = not (windows and windows[-1].is_open)
    put(
        "recover",
        windows[-1].recovery if windows and is_over else UNKNOWN,
        declared.get("recovered") if not windows else UNKNOWN,
    )
    put("resolve", declared.get("resolved"))
    told = [r.at for r in incident.facts.timeline if r.kind == "communication"]
    told += [_instant(e) for e in _around(incident.events, ("communication",), start)]
    put("public", declared.get("published"), earliest(told))
    put("close", declared.get("closed"))
    return moments, tuple(findings)


def earliest(instants: Iterable[Instant]) -> Instant:
    """Return the instant that is known to be first, by its best value; unknown if none is known."""
    known = [i for i in instants if i.is_known]
    return min(known, key=lambda i: i.best or pd.Timestamp.max.tz_localize("UTC")) if known else UNKNOWN


Row = dict[str, Any]  # one event, as a dict of its columns


def _instant(row: Row) -> Instant:
    time = row["time"]
    lo: Any = time if pd.isna(row["time_lo"]) else row["time_lo"]
    hi: Any = time if pd.isna(row["time_hi"]) else row["time_hi"]
    return Instant(lo, time, hi, str(row["basis"]), evidence=str(row["evidence"]))


def _rows(events: pd.DataFrame) -> list[Row]:
    return [{str(k): v for k, v in row.items()} for row in events.to_dict("records")]


def _first(rows: list[Row]) -> Instant:
    return earliest(_instant(r) for r in rows)


def _around(events: pd.DataFrame, kinds: tuple[str, ...], start: Instant) -> list[Row]:
    """Return events of these kinds that are not long before the incident."""
    chosen = events[events["kind"].isin(kinds) & events["time"].notna()]
    if start.best is not None:
        chosen = chosen[chosen["time"] >= (start.lo or start.best) - TOLERANCE]
    return _rows(chosen)


def _signals(events: pd.DataFrame, start: Instant, end: Instant) -> tuple[list[Row], list[Finding]]:
    """Split alerts into those about this incident and earlier ones, which are listed and not counted."""
    alerts = events[(events["kind"] == "alert") & events["time"].notna()]
    if start.best is None:
        return _rows(alerts), []
    first = (start.lo or start.best) - TOLERANCE
    about = alerts[alerts["time"] >= first]
    if end.best is not None:
        about = about[about["time"] <= end.best]
    early = alerts[alerts["time"] < first]
    findings = [
        Finding(
            "early-alert",
            "note",
            str(row["evidence"]),
            f"the alert “{row['text']}” fired at {format_time(row['time'])} UTC, more than 5 min before the impact "
            "began, and is not counted as its detection.",
            "If it was a precursor, say so in the timeline.",
        )
        for row in _rows(early)
    ]
    return _rows(about), findings


def _mitigated(series: SignalSeries | None, measurement: Measurement | None) -> Instant:
    """Return the end of the last severe row: from then on the signal stays on the better half of the way back."""
    if series is None or measurement is None or not measurement.windows or pd.isna(measurement.severe):
        return UNKNOWN
    last = measurement.windows[-1]
    time, value, side = series.frame["time"], series.frame["value"], series.bad_side
    start, end = measurement.windows[0].span[0], last.span[1]
    severe = series.frame[(time >= start - series.step) & (time < end) & (value * side > measurement.severe * side)]
    if severe.empty:
        return UNKNOWN
    edge = severe["time"].iloc[-1]
    upper = edge + series.step
    if upper >= end and not last.is_open:  # it ended at once: mitigated is recovered
        return replace(last.recovery, evidence="")
    if last.is_open and upper >= series.span[1]:
        return UNKNOWN
    return Instant(edge, upper, upper + (series.step if series.is_binned else pd.Timedelta(0)), "measured")
