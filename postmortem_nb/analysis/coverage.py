"""Checks on the cover by evidence: does the signal speak about the whole impact, and how far can it be believed?"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from postmortem_nb.analysis.settings import Settings
from postmortem_nb.analysis.signals import DECLARED, SignalSeries
from postmortem_nb.analysis.windows import Measurement, hold_time
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.times import Interval, Window, format_duration, format_time, format_window, parse_duration

EMPTY = 0.2  # below this share of the usual requests, a failure ratio says little
ZERO = pd.Timedelta(0)
SILENT = 5  # bins without any line, of a log that usually has as many lines a bin, are no accident


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
        findings.append(Finding("no-window", "warning", name, text, _advice(incident, series)))
    else:
        findings += [*_ends(incident, series, measurement, settings), *_relapses(incident, measurement, name)]
    silences = _silences(series, hold_time(series, settings))
    findings += [*_missing(series, measurement, name), *_silent(incident, series, silences, name)]
    return (*findings, *_empty(series, silences, name))


def note_findings(signals: Sequence[SignalSeries]) -> tuple[Finding, ...]:
    """Return what was decided or odd while drawing each signal; a ratio without any failure weakens everything."""
    return tuple(
        Finding("signal-note", "warning" if _never_fails(series) else "note", f"signal {series.name}", f"{text}.")
        for series in signals
        for text in series.notes
    )


def _never_fails(series: SignalSeries) -> bool:
    return series.signal.kind == "ratio" and not series.frame["bad"].gt(0).any()


def _advice(incident: Incident, series: SignalSeries) -> str:
    """Say what to do where no window was found: a record that is bad for most of its time takes that for normal."""
    fix = "Check the signal, or set threshold. If most of the record is bad, name a stretch in which all was well:"
    start, end = series.span
    began = incident.facts.milestones.get("started").lo
    if began is None or not start + 2 * series.step < began < end:
        return f'{fix} baseline = "from/to", both with Z or an offset.'
    return f'{fix} baseline = "{start:%Y-%m-%dT%H:%M:%SZ}/{began:%Y-%m-%dT%H:%M:%SZ}", until the declared start.'


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
    for w in measurement.windows[1:]:
        if resolved.hi is not None and w.onset.lo is not None and resolved.hi <= w.onset.lo:
            text = f"impact began again at {w.onset}, after the incident was declared resolved ({resolved})."
            fix = "Keep that closing in the timeline, put the final one into `resolved`; or open a second incident."
            yield Finding("relapse", "warning", name, text, fix)
    if measurement.others:
        gap = incident.facts.relapse_gap
        shown = "; ".join(_span(w) for w in measurement.others[:5])
        more = f" and {len(measurement.others) - 5} more" if len(measurement.others) > 5 else ""
        text = f"not counted: {shown}{more}, more than {format_duration(parse_duration(gap))} away from the incident's."
        both = sorted([*measurement.windows, *measurement.others], key=lambda w: w.span[0])
        widest = max(b.span[0] - a.span[1] for a, b in itertools.pairwise(both))
        fix = f'If they belong to it, set relapse_gap = "{math.ceil(widest / pd.Timedelta(minutes=1))}min" in '
        fix += "incident.toml; if they are other incidents, give each its own folder."
        yield Finding("other-windows", "warning", name, text, fix)


def _missing(series: SignalSeries, measurement: Measurement, name: str) -> Iterator[Finding]:
    fix = "Add the missing evidence if it exists elsewhere."
    for w in measurement.windows:
        if w.unknown > 0:
            text = f"{w.unknown * 100:.0f} % of the samples within {_span(w)} are missing"
            text = f"{text}; they count as unknown, not as healthy."
            yield Finding("missing-samples", "warning", name, text, fix)
    if series.is_binned:  # an empty bin of a log is `_empty`'s
        return
    gaps = _stretches(series, series.frame["value"].isna().to_numpy(), longer=series.step)
    inside = [w.span for w in measurement.windows]
    outside = [g for g in gaps if not any(a <= g[0] and g[1] <= b for a, b in inside)]
    if outside:
        longest = max(outside, key=lambda g: g[1] - g[0])
        text = f"has no sample in {len(outside)} stretches outside the windows, the longest {format_window(longest)}."
        text = text.replace("in 1 stretches", "in 1 stretch")
        yield Finding("gaps", "note", name, f"{text} Nothing is known about impact there.", fix)


def _silences(series: SignalSeries, hold: pd.Timedelta) -> list[Interval]:
    """Return the stretches within a busy log in which not a single line was counted."""
    if series.signal.kind != "ratio" or not series.is_binned:
        return []
    total = series.frame["total"].to_numpy(float)
    if not (total > 0).any() or np.median(total[total > 0]) < SILENT:
        return []
    shortest = max(SILENT * series.step, hold / 2)
    return [s for s in _stretches(series, total == 0) if s[1] - s[0] >= shortest]


def _silent(incident: Incident, series: SignalSeries, silences: list[Interval], name: str) -> Iterator[Finding]:
    """Report a log that fell silent, and how to measure that: a ratio cannot show an outage that logs nothing."""
    if not silences:
        return
    total = series.frame["total"].to_numpy(float)
    usual = f"{np.median(total[total > 0]):,.0f} lines every {format_duration(series.step)}"
    shown = "; ".join(f"{format_window(s)} ({format_duration(s[1] - s[0])})" for s in silences[:3])
    more = f" and {len(silences) - 3} more" if len(silences) > 3 else ""
    text = f"not a single line is recorded in {shown}{more}, usually {usual}: a failure ratio cannot show an outage "
    text += "that logs nothing."
    if any(s.kind == "traffic" for s in incident.facts.signals):
        yield Finding("no-requests", "warning", name, text, "Compare it with the signal of the kind traffic.")
        return
    which = {**series.signal.select, **(series.signal.total or {})}
    rows = ", ".join(f"{json.dumps(c)} = {json.dumps(v, ensure_ascii=False)}" for c, v in which.items())
    toml = '[[signals]]\nname = "requests"\nkind = "traffic"\nsource = "logs"'
    toml += f"\nselect = {{ {rows} }}" if rows else ""
    fix = (
        "If the log is incomplete, add the rest. If requests did not arrive, measure the traffic, as the first signal "
    )
    fix += f"or beside this one:\n{toml}"
    yield Finding("no-requests", "warning", name, text, fix)


def _empty(series: SignalSeries, silences: list[Interval], name: str) -> Iterator[Finding]:
    """A ratio is blind where hardly anything arrives; where nothing does, `_silent` says so."""
    if series.signal.kind != "ratio":
        return
    total = series.frame["total"].to_numpy(float)
    usual = float(np.nanmedian(total))
    low = total < EMPTY * usual
    low[[0, -1]] = False  # the record begins and ends within these bins
    stretches = _stretches(series, low, longer=series.step)
    stretches = [s for s in stretches if not any(s[0] <= a and b <= s[1] for a, b in silences)]
    if usual < 1 / EMPTY or not stretches:
        return
    shown = "; ".join(format_window(s) for s in stretches[:3])
    more = f" and {len(stretches) - 3} more" if len(stretches) > 3 else ""
    text = f"fewer than {EMPTY * 100:.0f} % of the usual requests are recorded in {shown}{more}"
    text = f"{text}: a failure ratio cannot show what was wrong then."
    fix = "If requests did not arrive, add a signal of the kind traffic; if the log is incomplete, add the rest."
    yield Finding("few-requests", "warning", name, text, fix)


def beyond_findings(
    incident: Incident, signals: Sequence[SignalSeries], measurements: Sequence[Measurement]
) -> Iterator[Finding]:
    """Yield where another declared signal is bad before or after the impact that was measured on the first one."""
    if not signals:
        return
    first, windows = signals[0], measurements[0].windows
    near = parse_duration(incident.facts.relapse_gap)
    for series, measurement in zip(signals[1:], measurements[1:], strict=True):
        name, slack = f"signal {series.name}", max(series.step, first.step) + series.smear
        fix = f"If users noticed it, declare it as the first signal, or set `signal` to {series.name!r}."
        if not windows and measurement.windows:
            shown = "; ".join(_span(w) for w in measurement.windows[:3])
            text = f"is bad {shown}; the measured signal, {first.name}, shows no impact."
            yield Finding("beyond-impact", "warning", name, text, fix)
        if not windows:
            continue
        start, end = windows[0].span[0], windows[-1].span[1]
        close = [w for w in measurement.windows if w.span[0] - end <= near and start - w.span[1] <= near]
        late = not windows[-1].is_open
        out = [w for w in close if w.span[0] < start - slack or (late and w.span[1] > end + slack)]
        if out:
            shown = "; ".join(_span(w) for w in out[:3]) + (f" and {len(out) - 3} more" if len(out) > 3 else "")
            text = f"is bad {shown}, beyond the measured impact ({format_window((start, end))})."
            yield Finding("beyond-impact", "warning", name, text, fix)


def _stretches(series: SignalSeries, rows: np.ndarray, longer: pd.Timedelta = ZERO) -> list[Interval]:
    """Return the stretches that marked rows stand for, those that are longer than this."""
    time = pd.DatetimeIndex(series.frame["time"])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]]).astype(int)))
    starts, ends = time[edges[::2]], time[edges[1::2] - 1] + series.step
    kept = ends - starts > longer
    return list(zip(starts[kept], ends[kept], strict=True))


def _span(w: Window) -> str:
    return format_window(w.span, is_open=w.is_open)
