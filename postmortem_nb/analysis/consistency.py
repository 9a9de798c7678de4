"""Checks on what was declared: impossible order, missing owners, evidence that does not cover the window."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement
from postmortem_nb.findings import Finding
from postmortem_nb.incident import MILESTONES, Incident
from postmortem_nb.times import between, format_duration, format_instant, format_time, format_window

# Pairs that cannot be the other way round. Others (declared before acknowledged, say) are merely unusual.
ORDER = (
    ("started", "mitigated"),
    ("started", "recovered"),
    ("started", "resolved"),
    ("started", "detected"),
    ("signalled", "paged"),
    ("paged", "acknowledged"),
    ("detected", "identified"),
    ("detected", "resolved"),
    ("declared", "resolved"),
    ("mitigated", "resolved"),
    ("changed", "recovered"),
    ("resolved", "closed"),
)
FAR = pd.Timedelta(days=3)


def consistency_findings(
    incident: Incident, series: SignalSeries | None, measurement: Measurement | None
) -> tuple[Finding, ...]:
    """Return what is impossible, missing or weak in the declared facts and in their cover by evidence."""
    return tuple(
        finding
        for check in (_order, _hypotheses, _rows, _actions, _openness, _narrative)
        for finding in check(incident)
    ) + tuple(_coverage(incident, series, measurement))


def _order(incident: Incident) -> Iterator[Finding]:
    versions = [("", incident.facts.milestones)] + [
        (f" of the {v.name}", v.milestones) for v in incident.facts.versions
    ]
    for whose, milestones in versions:
        for first, second in ORDER:
            gap = between(milestones.get(first), milestones.get(second))
            if gap.hi is not None and gap.hi < pd.Timedelta(0):
                early, late = (format_instant(milestones.get(m)) for m in (second, first))
                text = f"{second} ({early}) is before {first} ({late})"
                yield Finding(
                    "order",
                    "error",
                    f"incident.toml: milestones{whose}",
                    f"{text}.",
                    "Correct one of them; check zone and day.",
                )


def _hypotheses(incident: Incident) -> Iterator[Finding]:
    for n, h in enumerate(incident.facts.hypotheses, 1):
        where = f"incident.toml: hypothesis {n}"
        gap = between(h.start, h.end)
        if gap.hi is not None and gap.hi < pd.Timedelta(0):
            yield Finding(
                "order",
                "error",
                where,
                f"“{h.text}” ends ({h.end}) before it begins ({h.start}).",
                "Correct `from` or `to`.",
            )
        if h.verdict == "refuted" and not h.refuted_by:
            yield Finding(
                "hypothesis-unexplained", "note", where, f"nothing says what refuted “{h.text}”.", "Add `refuted_by`."
            )


def _rows(incident: Incident) -> Iterator[Finding]:
    """Timeline rows days away from everything else are usually a slip in the date."""
    known = [i.best for _, i in incident.facts.milestones if i.best is not None]
    if not known:
        return
    first, last = min(known) - FAR, max(known) + FAR
    for row in incident.facts.timeline:
        if row.at.best is not None and not first <= row.at.best <= last:
            text = f"“{row.text}” is at {row.at}, more than {format_duration(FAR)} away from every milestone."
            yield Finding("far-away", "warning", "incident.toml: timeline", text, "Check its date.")


def _actions(incident: Incident) -> Iterator[Finding]:
    for n, action in enumerate(incident.facts.actions, 1):
        missing = [name for name, value in (("owner", action.owner), ("due", action.due)) if not value]
        if missing and action.status == "open":
            text = f"“{action.text}” has no {' and no '.join(missing)}."
            yield Finding(
                "weak-action", "warning", f"incident.toml: action {n}", text, "Name a role and a date, or reject it."
            )


def _openness(incident: Incident) -> Iterator[Finding]:
    facts = incident.facts
    if facts.open and facts.milestones.resolved is not None:
        text = f"the incident is open but resolved at {facts.milestones.resolved}."
        yield Finding("open-and-resolved", "error", "incident.toml", text, "Remove `open`, or leave `resolved` out.")


def _narrative(incident: Incident) -> Iterator[Finding]:
    if not incident.narrative.strip() and incident.facts.status != "draft":
        yield Finding(
            "no-narrative",
            "error",
            "narrative.md",
            f"the postmortem is {incident.facts.status} but has no narrative.",
            "Write narrative.md.",
        )
    if not list(incident.facts.milestones):
        yield Finding(
            "no-milestones",
            "warning",
            "incident.toml",
            "no milestone is declared.",
            f"Add [milestones]: {', '.join(list(MILESTONES)[:7])} …",
        )


def _coverage(incident: Incident, series: SignalSeries | None, measurement: Measurement | None) -> Iterator[Finding]:
    if series is None or measurement is None:
        if len(incident.logs) or len(incident.metrics):
            yield Finding(
                "no-signal",
                "warning",
                "incident.toml",
                "no signal is declared and none could be proposed.",
                "Declare one in [[signals]].",
            )
        return
    if series.why != "declared in incident.toml":
        yield Finding(
            "signal-proposed",
            "note",
            f"signal {series.name}",
            f"{series.why}.",
            "Declare the signal in [[signals]] to make the choice yours.",
        )
    name, windows = f"signal {series.name}", measurement.windows
    if not windows:
        missed = (
            f"; near misses: {'; '.join(str(w) for w in measurement.near_misses)}" if measurement.near_misses else ""
        )
        text = f"never leaves its baseline for long enough (threshold {measurement.baseline.enter:.4g}){missed}."
        yield Finding("no-window", "warning", name, text, "Check the signal, or set threshold or baseline.")
        return
    start, end = series.span
    first, last = windows[0], windows[-1]
    if first.onset.lo is None:
        text = f"the record begins at {format_time(start)} UTC, within the impact: the onset may be earlier."
        yield Finding("record-begins-late", "warning", name, text, "Add evidence from before the impact.")
    if last.is_open and not incident.facts.open:
        text = f"the record ends at {format_time(end)} UTC, before the impact does."
        yield Finding(
            "record-ends-early",
            "warning",
            name,
            text,
            "Add later evidence, or mark the incident `open = true`.",
        )
    if incident.facts.open and not last.is_open:
        text = f"the incident is declared open, but the signal recovered at {last.recovery}."
        yield Finding(
            "open-but-recovered", "warning", name, text, "Declare the recovery, or another signal that is still bad."
        )
    for w in windows:
        if w.unknown > 0:
            when = format_window(w.span, is_open=w.is_open)
            text = f"{w.unknown:.0%} of the samples within {when} are missing; they count as unknown, not as healthy."
            yield Finding("missing-samples", "warning", name, text, "Add the missing evidence if it exists elsewhere.")
    resolved = incident.facts.milestones.get("resolved")
    for w in windows[1:]:
        if resolved.hi is not None and w.onset.lo is not None and resolved.hi <= w.onset.lo:
            text = f"impact began again at {w.onset}, after the incident was declared resolved ({resolved})."
            yield Finding("relapse", "warning", name, text, "Move the resolution, or open a second incident.")
