"""The event model: what happened when, each moment from the best source there is, with its basis.

Measured beats a recorded event, an event beats what people declared; `postmortem_nb.analysis.comparison` keeps the
declared ones beside them. Definitions follow those in common use (Kehoe, GitLab, Datadog), see ``docs/timings.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd

from postmortem_nb.analysis.detection import (
    TOLERANCE,
    Sign,
    earliest,
    find_signs,
    first,
    ignored_findings,
    instant_of,
    sign_findings,
)
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement, Windows
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.times import UNKNOWN, Instant

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
RULES = {
    "change": "declared: when the change that is judged the trigger was complete",
    "start": "measured onset of the first impact window of the incident (windows further apart than `relapse_gap` do "
    "not belong together; those at the declared milestones count, else the largest); without a window declared",
    "signal": "first recorded alert about this incident, else declared; alerts more than 5 min before "
    "the earliest start are listed as precursors and not counted, nor are those named in `[[ignored]]`",
    "page": "first recorded notification of a responder, else declared",
    "aware": "the earliest of: declared detection, timeline rows of the kind detection, reports, first acknowledgement",
    "detect": "the earlier of first automatic signal and first person aware",
    "ack": "first recorded acknowledgement by a responder, else declared",
    "declare": "declared: when the incident was opened",
    "engage": "declared; else the first action in the timeline or the first explanation that was held",
    "identify": "declared; else when the last confirmed explanation was confirmed",
    "mitigate": "measured: end of the last sample beyond the severe level (halfway from the baseline to the 90th "
    "percentile of the impact); without a window declared",
    "recover": "measured end of the last impact window: first instant of a healthy stretch that lasts the hold time; "
    "without a window declared; still open: after the end of the record",
    "resolve": "declared; of an incident declared open: after the last recorded time",
    "public": "first recorded public message, else declared, else the first communication in the timeline",
    "close": "declared: when the review was finished",
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
RECORD_ENDS = "still open when the record ends"
STILL_OPEN = "still open at the last recorded time"


@dataclass(frozen=True)
class Moment:
    """One moment of the incident and where it is known from.

    Parameters
    ----------
    name : str
        Key of `NAMES`.
    instant : Instant
        When; of something that has not happened yet only the lower bound is known.
    note : str
        What to bear in mind.
    is_pending : bool
        It had not happened when the record ends: its times are "at least".
    """

    name: str
    instant: Instant
    note: str = ""
    is_pending: bool = False

    @property
    def label(self) -> str:
        """What the moment is called in the report."""
        return NAMES[self.name]


class Moments(dict[str, Moment]):
    """Moments by name; one that nobody recorded is unknown, never replaced by another.

    ``signs`` are the alerts, pages, acknowledgements and reports that they were drawn from, precursors included.
    """

    signs: tuple[Sign, ...] = ()

    def at(self, name: str) -> Instant:
        """Return the instant of a moment, unknown if there is none."""
        return self[name].instant if name in self else UNKNOWN

    def known(self) -> Iterator[Moment]:
        """Yield the moments that are known to have happened, in usual order."""
        return (self[name] for name in NAMES if self.at(name).is_known and not self[name].is_pending)

    @property
    def detected_by(self) -> str:
        """``an automatic signal``, ``a person``, or empty if no detection is recorded."""
        return self["detect"].note.removeprefix("by ") if "detect" in self else ""


def find_moments(
    incident: Incident, series: SignalSeries | None, measurement: Measurement | None
) -> tuple[Moments, tuple[Finding, ...]]:
    """Return the moments of an incident and what was odd about them."""
    windows = measurement.windows if measurement else Windows()
    declared = incident.facts.milestones
    moments = Moments()

    def put(name: str, *choices: Instant, note: str = "") -> None:
        chosen = next((c for c in choices if c.is_known), UNKNOWN)
        moments[name] = Moment(name, chosen, note)

    put("change", declared.get("changed"))
    put("start", windows[0].onset if windows else UNKNOWN, declared.get("started"))
    put("recover", windows[-1].recovery if windows else declared.get("recovered"))
    if windows and windows[-1].is_open:
        moments["recover"] = Moment("recover", windows[-1].recovery, RECORD_ENDS, is_pending=True)
    start, end = moments.at("start"), moments.at("recover")
    moments.signs = signs = find_signs(incident, start, end)
    for name, kind in (("signal", "alert"), ("page", "page"), ("ack", "acknowledgement")):
        put(name, first(signs, kind, declared=False), first(signs, kind, declared=True))
    put("aware", earliest([first(signs, "detection"), moments.at("ack")]))
    signal, aware = moments.at("signal"), moments.at("aware")
    detect = earliest([signal, aware])
    by_signal = signal.is_known and signal.best == detect.best
    put("detect", detect, note="by an automatic signal" if by_signal else "by a person" if aware.is_known else "")
    put("declare", declared.get("declared"))
    put("engage", declared.get("engaged"), _first_work(incident))
    put("identify", declared.get("identified"), _confirmed(incident))
    moments["mitigate"] = _mitigated(series, measurement) or Moment("mitigate", declared.get("mitigated"))
    put("resolve", declared.get("resolved"))
    put("public", first_public(incident, start), declared.get("published"), _told(incident))
    put("close", declared.get("closed"))
    for name in ("recover", "resolve"):
        if incident.facts.open and not moments.at(name).is_known:
            last = Instant(lo=_last_recorded(incident, series), basis="inferred")
            moments[name] = Moment(name, last, STILL_OPEN, is_pending=True)
    return moments, (*sign_findings(signs), *ignored_findings(incident))


def first_public(incident: Incident, start: Instant) -> Instant:
    """Return the first public message in a file of evidence, from shortly before the impact on."""
    events = incident.events[(incident.events["kind"] == "communication") & incident.events["time"].notna()]
    instants = [instant_of(row) for row in events.to_dict("records")]
    if start.lo is not None:
        instants = [i for i in instants if i.hi is None or i.hi >= start.lo - TOLERANCE]
    return earliest(instants)


def _told(incident: Incident) -> Instant:
    return earliest(r.at for r in incident.facts.timeline if r.kind == "communication")


def _first_work(incident: Incident) -> Instant:
    """Return the first diagnostic work: an action, or an explanation that somebody began to hold."""
    actions = [r.at for r in incident.facts.timeline if r.kind == "action"]
    return earliest([*actions, *(h.start for h in incident.facts.hypotheses)])


def _confirmed(incident: Incident) -> Instant:
    known = [h.end for h in incident.facts.hypotheses if h.verdict == "confirmed" and h.end.best is not None]
    return max(known, key=lambda i: i.best or pd.Timestamp.min.tz_localize("UTC"), default=UNKNOWN)


def _last_recorded(incident: Incident, series: SignalSeries | None) -> pd.Timestamp | None:
    """Return the last time that anything was recorded: an incident declared open was open until then."""
    milestones = [i.best for _, i in incident.facts.milestones]
    rows = [r.at.best for r in incident.facts.timeline]
    events = incident.events["time"].max() if len(incident.events) else None
    ends = [*milestones, *rows, None if pd.isna(events) else events, series.span[1] if series else None]
    return max((t for t in ends if t is not None), default=None)


def _mitigated(series: SignalSeries | None, measurement: Measurement | None) -> Moment | None:
    """Return the end of the last severe row; None where nothing was measured.

    From then on the signal stays on the better half of the way back. A missing row may be severe, so it widens the
    bounds. If the impact ended at once, it was mitigated when it was over.
    """
    if series is None or measurement is None or not measurement.windows or pd.isna(measurement.severe):
        return None
    last, side, frame = measurement.windows[-1], series.bad_side, series.frame
    time, value = frame["time"], frame["value"]
    inside = (time >= measurement.windows[0].span[0] - series.step) & (time < last.span[1])
    severe = frame.index[inside & (value * side > measurement.severe * side)]
    if severe.empty:
        return None
    calmer = frame.index[(frame.index > severe[-1]) & value.notna()]
    if calmer.empty and last.is_open:
        return Moment("mitigate", Instant(lo=time[severe[-1]], basis="measured"), RECORD_ENDS, is_pending=True)
    if calmer.empty or (not last.is_open and time[calmer[0]] >= last.span[1]):
        return Moment("mitigate", replace(last.recovery, evidence=""))
    lo, at = time[severe[-1]], time[calmer[0]]
    hi = at + series.step if series.is_binned else at
    if last.recovery.hi is not None:
        hi = max(at, min(hi, last.recovery.hi))  # nothing is mitigated after it is over
    return Moment("mitigate", Instant(lo - series.smear, at, hi, "measured"))
