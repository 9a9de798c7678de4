"""Checks on the cover by evidence: does the signal speak about the whole impact, and how far can it be believed?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from postmortem_nb.analysis.settings import Settings
from postmortem_nb.analysis.signals import DECLARED, SignalSeries
from postmortem_nb.analysis.windows import Measurement, hold_time
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.times import Interval, Window, format_duration, format_time, format_window

RELAPSE = pd.Timedelta(hours=1)  # windows further apart than this are perhaps two incidents
EMPTY = 0.2  # below this share of the usual requests, a failure ratio says little


def coverage_findings(
    incident: Incident, series: SignalSeries | None, measurement: Measurement | None, settings: Settings
) -> tuple[Finding, ...]:
    """Return what is missing or weak in the evidence for the windows."""
    if series is None or measurement is None:
        if incident.logs.empty and incident.metrics.empty:
            return ()
        text = "no signal is declared and none could be proposed."
        return (Finding("no-signal", "warning", "incident.toml", text, "Declare one in [[signals]]."),)
    name, windows = f"signal {series.name}", measurement.windows
    findings: list[Finding] = []
    if series.why != DECLARED:
        fix = "Declare the signal in [[signals]] to make the choice yours."
        findings.append(Finding("signal-proposed", "note", name, f"{series.why}.", fix))
    if not windows:
        misses = "; ".join(str(w) for w in measurement.near_misses)
        text = f"never leaves its baseline for long enough (threshold {measurement.baseline.enter:.4g})"
        text += f"; near misses: {misses}." if misses else "."
        findings.append(Finding("no-window", "warning", name, text, "Check the signal, or set threshold or baseline."))
    else:
        findings += [*_ends(incident, series, measurement, settings), *_relapses(incident, measurement, name)]
    return (*findings, *_missing(series, measurement, name), *_empty(series, name))


def _ends(incident: Incident, series: SignalSeries, measurement: Measurement, settings: Settings) -> Iterator[Finding]:
    name = f"signal {series.name}"
    (start, end), first, last = series.span, measurement.windows[0], measurement.windows[-1]
    if first.onset.lo is None:
        text = f"the record begins at {format_time(start)} UTC, within the impact: the onset may be earlier."
        yield Finding("record-begins-late", "warning", name, text, "Add evidence from before the impact.")
    if last.is_open and not incident.facts.open:
        text = f"the record ends at {format_time(end)} UTC, before the impact does."
        fix = "Add later evidence, or mark the incident `open = true`."
        yield Finding("record-ends-early", "warning", name, text, fix)
    if last.is_open:
        return
    hold = hold_time(series, settings)
    if end - last.span[1] < hold:
        after = format_duration(end - last.span[1])
        text = f"the record ends {after} after the recovery, sooner than the {format_duration(hold)} that confirm one."
        yield Finding("recovery-unconfirmed", "warning", name, text, "Add later evidence, or set a shorter hold.")
    if incident.facts.open:
        text = f"the incident is declared open, but the signal recovered at {last.recovery}."
        fix = "Declare the recovery, or another signal that is still bad."
        yield Finding("open-but-recovered", "warning", name, text, fix)


def _relapses(incident: Incident, measurement: Measurement, name: str) -> Iterator[Finding]:
    resolved = incident.facts.milestones.get("resolved")
    for before, w in zip(measurement.windows, measurement.windows[1:], strict=False):
        if resolved.hi is not None and w.onset.lo is not None and resolved.hi <= w.onset.lo:
            text = f"impact began again at {w.onset}, after the incident was declared resolved ({resolved})."
            yield Finding("relapse", "warning", name, text, "Move the resolution, or open a second incident.")
        gap = w.span[0] - before.span[1]
        if gap > RELAPSE:
            text = (
                f"was healthy for {format_duration(gap)} between {_span(before)} and {_span(w)}; both are counted here."
            )
            yield Finding("far-apart", "note", name, text, "If they are two incidents, give each its own folder.")


def _missing(series: SignalSeries, measurement: Measurement, name: str) -> Iterator[Finding]:
    fix = "Add the missing evidence if it exists elsewhere."
    for w in measurement.windows:
        if w.unknown > 0:
            text = f"{w.unknown * 100:.0f} % of the samples within {_span(w)} are missing"
            text = f"{text}; they count as unknown, not as healthy."
            yield Finding("missing-samples", "warning", name, text, fix)
    if series.is_binned:  # an empty bin of a log is `_empty`'s
        return
    gaps = [g for g in _stretches(series, series.frame["value"].isna().to_numpy()) if g[1] - g[0] > series.step]
    outside = [g for g in gaps if not any(a <= g[0] and g[1] <= b for a, b in (w.span for w in measurement.windows))]
    if outside:
        longest = max(outside, key=lambda g: g[1] - g[0])
        text = f"has no sample in {len(outside)} stretches outside the windows, the longest {format_window(longest)}."
        text = text.replace("in 1 stretches", "in 1 stretch")
        yield Finding("gaps", "note", name, f"{text} Nothing is known about impact there.", fix)


def _empty(series: SignalSeries, name: str) -> Iterator[Finding]:
    """A ratio is blind where hardly anything arrives: an outage in front of the server logs nothing."""
    if series.signal.kind != "ratio":
        return
    total = series.frame["total"].to_numpy(float)
    usual = float(np.nanmedian(total))
    low = total < EMPTY * usual
    low[[0, -1]] = False  # the record begins and ends within these bins
    stretches = [s for s in _stretches(series, low) if s[1] - s[0] > series.step]
    if usual < 1 / EMPTY or not stretches:
        return
    shown = "; ".join(format_window(s) for s in stretches[:3])
    more = f" and {len(stretches) - 3} more" if len(stretches) > 3 else ""
    text = f"fewer than {EMPTY * 100:.0f} % of the usual requests are recorded in {shown}{more}"
    text = f"{text}: a failure ratio cannot show what was wrong then."
    fix = "If requests did not arrive, add a signal of the kind traffic; if the log is incomplete, add the rest."
    yield Finding("few-requests", "warning", name, text, fix)


def _stretches(series: SignalSeries, rows: np.ndarray) -> list[Interval]:
    """Return the stretches that marked rows stand for."""
    time = series.frame["time"].tolist()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]]).astype(int)))
    return [(time[a], time[b - 1] + series.step) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _span(w: Window) -> str:
    return format_window(w.span, is_open=w.is_open)
