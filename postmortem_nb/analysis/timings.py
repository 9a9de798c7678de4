"""The times of an incident: one table defines each as two named moments, with its null rule.

Durations keep their bounds, nothing is clipped at zero and nothing missing is replaced: an incident without an
acknowledgement has no time to acknowledge, an open one has taken "at least" so long.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from postmortem_nb.analysis.definitions import METRICS, Metric
from postmortem_nb.analysis.moments import NAMES, Moment, Moments
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.times import Duration, Instant, Interval, between, clip, total, union


@dataclass(frozen=True)
class Timing:
    """One time of one incident.

    Parameters
    ----------
    id, name, definition : str
        Which time it is and how it is defined; printed beside the value.
    start, end : Moment or None
        Its two ends, with their bases; None for lengths that are no difference of two moments.
    duration : Duration
        With bounds; unknown where an end is missing.
    note : str
        Why it is missing, or what to bear in mind.
    """

    id: str
    name: str
    definition: str
    start: Moment | None
    end: Moment | None
    duration: Duration
    note: str = ""

    @property
    def basis(self) -> str:
        """Bases of its two ends: ``measured``, ``declared``, ``system``, or several joined with ``+``."""
        if not self.duration.is_known:
            return ""
        if self.start is None and self.end is None:
            return "declared" if self.id.startswith("time_lost") else "measured"
        bases = [m.instant.basis for m in (self.start, self.end) if m is not None and m.instant.is_known]
        return " + ".join(dict.fromkeys(bases))

    @property
    def text(self) -> str:
        """The value as it is printed, or why there is none."""
        return str(self.duration) if self.duration.is_known else "not known"


def compute_timings(incident: Incident, moments: Moments, windows: Windows) -> tuple[Timing, ...]:
    """Return every time of `METRICS` and the lengths that come from windows and hypotheses."""
    return (
        *(_timing(metric, incident, moments, windows) for metric in METRICS),
        *_lengths(windows, moments),
        *_lost(incident, moments),
    )


def _timing(metric: Metric, incident: Incident, moments: Moments, windows: Windows) -> Timing:
    start, end, note = moments[metric.start], moments[metric.end], ""
    if metric.id == "time_to_acknowledge" and not start.instant.is_known:
        start, note = moments["signal"], "no page is recorded; counted from the first signal"
    duration = Duration()
    if start.instant.is_known and end.instant.is_known:
        duration = between(start.instant, end.instant)
    elif metric.end in ("recover", "ack", "mitigate") and start.instant.is_known:
        last, why = _censored(metric, incident, moments, windows)
        if last is not None and start.instant.hi is not None:
            duration, note = Duration(lo=last - start.instant.hi), why
    if not duration.is_known:
        note = metric.missing
    return Timing(metric.id, metric.name, metric.definition, start, end, duration, note)


def _censored(
    metric: Metric, incident: Incident, moments: Moments, windows: Windows
) -> tuple[pd.Timestamp | None, str]:
    """Return until when something is known not to have happened yet, and why."""
    if metric.end == "ack":
        return moments.at("recover").lo, "not acknowledged before the service recovered"
    if windows and windows[-1].is_open:
        return windows[-1].recovery.lo, "still open when the record ends"
    if incident.facts.open and not windows and len(incident.events):
        return incident.events["time"].max(), "still open at the last recorded event"
    return None, ""


def _lengths(windows: Windows, moments: Moments) -> list[Timing]:
    definition = {
        "impact_time": ("impact time", "total length of the union of the impact windows"),
        "impact_span": ("span of impact", "from the first onset to the last recovery, healthy gaps included"),
        "first_relief": ("first relief", "from the start of impact to the end of the first window"),
    }
    if not windows:
        none = "no impact window is measured"
        return [Timing(i, n, d, None, None, Duration(), none) for i, (n, d) in definition.items()]
    parts = [w.duration for w in windows]
    lo = sum((d.lo for d in parts if d.lo is not None), pd.Timedelta(0))
    his = [d.hi for d in parts]
    hi = None if any(h is None for h in his) else sum((h for h in his if h is not None), pd.Timedelta(0))
    value = None if windows[-1].is_open else total(w.span for w in windows)
    note = "still open when the record ends" if windows[-1].is_open else ""
    durations = (
        Duration(lo, value, hi),
        between(windows[0].onset, windows[-1].recovery),
        windows[0].duration,
    )
    return [
        Timing(i, n, d, None, None, duration, note)
        for (i, (n, d)), duration in zip(definition.items(), durations, strict=True)
    ]


def _lost(incident: Incident, moments: Moments) -> list[Timing]:
    """Time spent on explanations that turned out wrong, within the response."""
    name, definition = (
        "time lost on misleading paths",
        ("length of the union of refuted hypotheses from the start of diagnosis to the identification of the cause"),
    )
    refuted = [h for h in incident.facts.hypotheses if h.verdict == "refuted" and h.start.best and h.end.best]
    if not refuted:
        return [Timing("time_lost", name, definition, None, None, Duration(), "no refuted hypothesis is recorded")]
    start, end = moments.at("engage"), moments.at("identify")

    def length(pick: str) -> pd.Timedelta:
        spans: list[Interval] = []
        for h in refuted:
            a, b = _pick(h.start, h.end, pick)
            if b > a:
                spans.append((a, b))
        return total(clip(spans, start.best, end.best))

    value = length("at")
    duration = Duration(min(length("lo"), value), value, max(length("hi"), value))
    return [Timing("time_lost", name, definition, None, None, duration, "")]


def _pick(start: Instant, end: Instant, which: str) -> Interval:
    """Return the shortest (lo), best (at) or longest (hi) reading of a stretch between two uncertain times."""
    a = {"lo": start.hi, "at": start.at, "hi": start.lo}[which] or start.best
    b = {"lo": end.lo, "at": end.at, "hi": end.hi}[which] or end.best
    assert a is not None and b is not None, "callers pass stretches whose ends are known"
    return a, b


def timing_findings(timings: Iterable[Timing]) -> tuple[Finding, ...]:
    """Return what is impossible or doubtful about the times: an end before its start is shown, never clipped."""
    findings = []
    zero = pd.Timedelta(0)
    for t in timings:
        d = t.duration
        if d.hi is not None and d.hi < zero and t.start and t.end:
            ends = f"{NAMES[t.end.name]} ({t.end.instant}) is before {NAMES[t.start.name]} ({t.start.instant})"
            name, fix = {
                "closing_lag": (
                    "resolved-too-early",
                    "Move the resolution behind the measured recovery, or say why the measured one is wrong.",
                ),
                "time_to_detect": (
                    "detected-before-start",
                    "If it was a precursor, mark it in the timeline; else check the onset and the zone of both times.",
                ),
            }.get(t.id, ("order", "Correct one of them; check zone and day."))
            severity = "note" if "latent" in t.id else "error"
            findings.append(Finding(name, severity, t.name, f"{ends}.", fix))
        elif d.lo is not None and d.hi is not None and d.lo < zero <= d.hi and t.start and t.end:
            ends = f"{NAMES[t.start.name]} ({t.start.instant}) and {NAMES[t.end.name]} ({t.end.instant})"
            text = f"the order of {ends} cannot be told from what is known."
            findings.append(
                Finding("order-unsure", "note", t.name, text, "A more exact time for either would settle it.")
            )
    return tuple(findings)


def between_failures(incidents: Iterable[tuple[str, Interval]]) -> pd.DataFrame:
    """Return the time between failures of each service.

    Parameters
    ----------
    incidents : iterable of (service, (start, recovery))
        Impact of each incident, in any order; overlapping ones of a service are joined first.

    Returns
    -------
    DataFrame
        One row a pair of neighbours: ``service``, ``start`` (of the later one), ``tbf`` (recovery to next start) and
        ``tbsi`` (start to next start). The time before the first and after the last incident is censored and not
        counted (ITIL: MTBF and MTBSI are means of these columns; print them with n).
    """
    services: dict[str, list[Interval]] = {}
    for service, interval in incidents:
        services.setdefault(service, []).append(interval)
    rows = []
    for service, intervals in sorted(services.items()):
        merged = union(intervals)
        for (a0, b0), (a1, _) in itertools.pairwise(merged):
            rows.append({"service": service, "start": a1, "tbf": a1 - b0, "tbsi": a1 - a0})
    return pd.DataFrame(rows, columns=["service", "start", "tbf", "tbsi"])
