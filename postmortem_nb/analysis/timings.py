"""The times of an incident: one table defines each as two named moments, with its null rule.

Durations keep their bounds, nothing is clipped at zero and nothing missing is replaced: an incident without an
acknowledgement has no time to acknowledge, an open one has taken "at least" so long.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from postmortem_nb.analysis.definitions import LENGTHS, METRICS, ORDER, Length, Metric
from postmortem_nb.analysis.detection import TOLERANCE
from postmortem_nb.analysis.moments import DECLARED_AS, RECORD_ENDS, Moment, Moments
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Hypothesis, Incident
from postmortem_nb.times import Duration, Instant, Interval, between, clip, total, union

ZERO = pd.Timedelta(0)
FAILED = ("failed_deployment_recovery_time", "failed_deployment_recovery_from_start")
NO_FAILURE = "no failed deployment is declared (change_failed = true)"


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
    """Return every time of `METRICS` and `LENGTHS`."""
    facts = incident.facts
    lengths = _along(windows)
    lengths["time_lost"] = time_lost(facts.hypotheses, moments.at("engage"), moments.at("identify"))
    is_open = bool(windows) and windows[-1].is_open
    times = (_timing(m, moments) for m in METRICS)
    times = (
        t if facts.change_failed or t.id not in FAILED else replace(t, duration=Duration(), note=NO_FAILURE)
        for t in times
    )
    return (*times, *(_length(x, lengths[x.id], is_open) for x in LENGTHS))


def _length(length: Length, duration: Duration, is_open: bool) -> Timing:
    goes_on = is_open and duration.hi is None and length.id != "time_lost"
    note = length.missing.split(";")[0] if not duration.is_known else RECORD_ENDS if goes_on else ""
    return Timing(length.id, length.name, length.definition, None, None, duration, note)


def _timing(metric: Metric, moments: Moments) -> Timing:
    start, end, note = moments[metric.start], moments[metric.end], ""
    if metric.id == "time_to_acknowledge" and not start.instant.is_known and moments["signal"].instant.is_known:
        start, note = moments["signal"], "no page is recorded; counted from the first signal"
    last = end.instant
    if metric.id == "time_to_acknowledge" and not last.is_known and moments.at("recover").lo is not None:
        last, note = (
            Instant(lo=moments.at("recover").lo, basis="inferred"),
            "no acknowledgement is recorded before the recovery",
        )
    duration = between(start.instant, last) if start.instant.is_known and last.is_known else Duration()
    pending = next((m.note for m in (end, start) if m.is_pending), "")
    if str(duration) == "unknown":
        missing = [m.label for m in (start, end) if not m.instant.is_known]
        note = f"not recorded: {', '.join(missing)}" if missing else pending or "its ends are not known well enough"
        duration = Duration()
    elif pending:
        note = pending
    return Timing(metric.id, metric.name, metric.definition, start, end, duration, note)


def _along(windows: Windows) -> dict[str, Duration]:
    """Return the lengths that windows have; an open one has lasted "at least" so long."""
    if not windows:
        return dict.fromkeys(("impact_time", "impact_span", "first_relief"), Duration())
    parts = [w.duration for w in windows]
    lo = sum((max(d.lo, ZERO) for d in parts if d.lo is not None), ZERO)
    value = None if windows[-1].is_open else total(w.span for w in windows)
    hi = None
    if all(d.hi is not None for d in parts):
        hi = sum((d.hi for d in parts if d.hi is not None), ZERO)
    return {
        "impact_time": Duration(lo, value, hi),
        "impact_span": between(windows[0].onset, windows[-1].recovery),
        "first_relief": windows[0].duration,
    }


def time_lost(hypotheses: Iterable[Hypothesis], engage: Instant, identify: Instant) -> Duration:
    """Return the length of the union of refuted explanations within the diagnosis, with bounds.

    The shortest reading takes the latest start and earliest end of each and of the diagnosis, the longest one the
    opposite. Where a bound is open, the diagnosis cuts it; if that is open too, so is the result.
    """
    refuted = [h for h in hypotheses if h.verdict == "refuted" and h.start.is_known and h.end.is_known]
    if not refuted:
        return Duration()
    shortest = [(h.start.hi, h.end.lo) for h in refuted]
    best = [(h.start.at, h.end.at) for h in refuted]
    longest = [(h.start.lo or engage.lo, h.end.hi or identify.hi) for h in refuted]
    is_sure = not _lacks(engage, "hi") and not _lacks(identify, "lo")
    has_best = not any(None in s for s in best) and not _lacks(engage, "at") and not _lacks(identify, "at")
    return Duration(
        _union(shortest, engage.hi, identify.lo) if is_sure else ZERO,
        _union(best, engage.at, identify.at) if has_best else None,
        _union(longest, engage.lo, identify.hi) if not any(None in s for s in longest) else None,
    )


def _lacks(instant: Instant, bound: str) -> bool:
    """Return whether an instant is known, but not this side of it."""
    return instant.is_known and getattr(instant, bound) is None


def _union(
    spans: list[tuple[pd.Timestamp | None, pd.Timestamp | None]],
    start: pd.Timestamp | None,
    end: pd.Timestamp | None,
) -> pd.Timedelta:
    whole: list[Interval] = [(a, b) for a, b in spans if a is not None and b is not None and b > a]
    return total(clip(whole, start, end))


def _milestone(moment: Moment) -> str:
    return "detected" if moment.name == "detect" else DECLARED_AS[moment.name]


FIXES = {
    "closing_lag": (
        "resolved-too-early",
        "Keep the row in the timeline and put the final closing into `resolved`, or say why the measurement is wrong.",
    ),
    "time_to_detect": (
        "detected-before-start",
        "Check the onset and the zone of both times. A recorded alert that was a precursor, or unrelated, is left out "
        "by an [[ignored]] entry in incident.toml: text, role and why.",
    ),
    "latent_time": (
        "change-after-start",
        "A change cannot cause what began before it: check both times, or leave `changed` out.",
    ),
}


def timing_findings(timings: Iterable[Timing]) -> tuple[Finding, ...]:
    """Return what is impossible or doubtful about the times: an end before its start is shown, never clipped.

    By less than `TOLERANCE` it is a warning: a measured edge need not be the very first sign. Two declared ends in the
    wrong order are left to `postmortem_nb.analysis.consistency`, which names the milestones.
    """
    findings = []
    for t in timings:
        d = t.duration
        if t.start is None or t.end is None or d.hi is None:
            continue
        first, second = (f"{m.label} ({m.instant})" for m in (t.start, t.end))
        if d.hi < ZERO:
            if t.basis == "declared" and (_milestone(t.start), _milestone(t.end)) in ORDER:
                continue
            name, fix = FIXES.get(t.id, ("order", "Correct one of them; check zone and day."))
            severity = "error" if d.hi < -TOLERANCE else "warning"
            findings.append(Finding(name, severity, t.name, f"{second} is before {first}: {t.text}.", fix))
        elif d.lo is not None and d.lo < ZERO:
            text = f"the order of {first} and {second} cannot be told from what is known."
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
