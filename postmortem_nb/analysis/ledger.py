"""The ledger is written here: one claim for each window, moment, time, quantity and declared fact, with its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from postmortem_nb.analysis.claims import Claim, Claims, format_quantity, iso
from postmortem_nb.analysis.impact import QUANTITIES, Quantity
from postmortem_nb.analysis.inputs import CLAIM, SETTING, Input, Trail
from postmortem_nb.analysis.moments import DECLARED_AS, RULES, Moment, Moments
from postmortem_nb.analysis.settings import Settings
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.timings import Timing
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.incident import MILESTONES, Incident
from postmortem_nb.times import (
    UTC,
    Duration,
    Instant,
    between,
    format_instant,
    format_time,
    format_window,
    zone_label,
)

MEASURING = ("signal", "threshold", "baseline", "bucket", "hold", "merge_gap", "min_length")  # settings that move it
WITHIN = frozenset(  # quantities that are read off the rows within the windows; the others need those outside as well
    (
        "failed_requests",
        "total_requests",
        "error_ratio_mean",
        "error_ratio_peak",
        "peak_value",
        "unknown_share",
        "users_affected",
        "users_material",
        "user_minutes",
        "latency_p95",
        "apdex",
    )
)


@dataclass(frozen=True)
class _Known:
    """What the claims of one incident are drawn from."""

    incident: Incident
    trail: Trail
    signals: tuple[SignalSeries, ...]
    moments: Moments
    settings: tuple[Input, ...]
    zone: str

    def measured(self) -> tuple[Input, ...]:
        """Return all rows of the signal that the windows were measured on, and the settings that were chosen."""
        return (*self.trail.all_of(self.signals[0]), *self.settings) if self.signals else ()

    def instant(self, name: str) -> tuple[Input, ...]:
        """Return what a moment rests on: the rows around a measured edge, the record of a tool, the declared line."""
        instant = self.moments.at(name)
        if instant.basis == "measured" and self.signals:
            lo, hi = instant.lo or instant.best, instant.hi or instant.best
            if lo is None or hi is None:
                return self.measured()
            return (*self.trail.around(self.signals[0], lo, hi, "the rows around it"), *self.settings)
        return (self.trail.recorded(instant, DECLARED_AS.get(name, "detected")),)

    def quantity(self, q: Quantity) -> tuple[Input, ...]:
        """Return the rows that a quantity was counted on, and what people declared for it."""
        counted = [s for s in self.signals if s.name in q.signals] or list(self.signals[:1])
        rows = self.trail.within_windows if q.id in WITHIN else self.trail.all_of
        if q.group == "latency" and not q.signals:
            found = list(self.trail.timed_lines())
        else:
            found = [i for s in counted for i in rows(s)]
        facts = self.incident.facts
        if q.group == "money":
            found.append(self.trail.fact("value"))
        if q.group == "budget" and any(s.objective is not None for s in facts.signals):
            first = next(n for n, s in enumerate(facts.signals) if s.objective is not None)
            found.append(self.trail.fact("signals", first, "objective"))
        return (*found, *self.settings)


def build_claims(
    incident: Incident,
    zone: str,
    settings: Settings,
    signals: tuple[SignalSeries, ...],
    windows: Windows,
    moments: Moments,
    timings: tuple[Timing, ...],
    quantities: tuple[Quantity, ...],
) -> Claims:
    """Return the ledger.

    Parameters
    ----------
    zone : str
        Zone in which instants are printed beside UTC.
    settings : Settings
        Those that differ from the defaults and move what is measured are inputs of it.
    signals : tuple of SignalSeries
        The windows were measured on the first.
    """
    changed = {n: getattr(settings, n) for n in MEASURING if getattr(settings, n) != Settings.model_fields[n].default}
    chosen = tuple(Input(SETTING, name, what=str(value)) for name, value in changed.items())
    known = _Known(incident, Trail(incident, [w.span for w in windows]), signals, moments, chosen, zone)
    rows = [
        *_windows(windows, known.measured()),
        *(_moment(id_, name, known) for id_, name in MOMENT_CLAIMS.items()),
        *(_timing(t, known) for t in timings),
        *_share_lost(timings, moments),
        *(_quantity(q, known) for q in quantities),
        *_absent(quantities),
        *_declared(known),
    ]
    claims = Claims({c.id: c for c in rows})
    claims.zone = zone
    return claims


MOMENT_CLAIMS = {  # claim → the moment that it gives
    "changed": "change",
    "onset": "start",
    "signalled": "signal",
    "paged": "page",
    "first_aware": "aware",
    "detected": "detect",
    "acknowledged": "ack",
    "opened": "declare",
    "engaged": "engage",
    "identified": "identify",
    "mitigated": "mitigate",
    "recovery": "recover",
    "resolved": "resolve",
    "first_public": "public",
    "closed": "close",
}
_DEFINED = {
    "start": "measured start of the first impact window, else the declared start",
    "recover": "measured end of the last impact window, else the declared recovery",
    "detect": "the earlier of the first automatic signal and the first person aware",
    "ack": "first acknowledgement by a responder",
    "identify": "when the cause was identified",
    "mitigate": "when the impact was no longer severe",
    "resolve": "declared resolution",
}
_CLAIM_OF = {moment: claim for claim, moment in MOMENT_CLAIMS.items()}


def _seconds(d: pd.Timedelta | None) -> float | None:
    return None if d is None else d.total_seconds()


def _windows(windows: Windows, sources: tuple[Input, ...]) -> Iterator[Claim]:
    count = len(windows)
    yield Claim("windows", count, count, count, "windows", f"{count}", "measured", "number of impact windows", sources)
    if not windows:
        why = "no impact window is measured"
        yield Claim("window", None, None, None, "instant", "not known", "", "first onset to last recovery", (), why)
        return
    first, last = windows[0], windows[-1]
    start, end = first.span[0], last.span[1]
    text = format_window((start, end), is_open=last.is_open)
    yield Claim(
        "window",
        f"{iso(start)}/{iso(None if last.is_open else end) or '..'}",
        iso(first.onset.lo),
        iso(last.recovery.hi),
        "instant",
        text,
        "measured",
        "first onset to last recovery, half-open",
        sources,
    )


def _moment(id_: str, name: str, known: _Known) -> Claim:
    instant, definition = known.moments.at(name), _DEFINED.get(name, RULES[name])
    if not instant.is_known:
        return Claim(id_, None, None, None, "instant", "not recorded", "", definition)
    return _instant(id_, instant, definition, known.instant(name), known.zone)


def _instant(id_: str, instant: Instant, definition: str, inputs: tuple[Input, ...], zone: str) -> Claim:
    bounds = (iso(instant.at), iso(instant.lo), iso(instant.hi))
    return Claim(id_, *bounds, "instant", _local(instant, zone), instant.basis, definition, inputs)


def _local(instant: Instant, zone: str) -> str:
    """Print an instant in UTC and, behind it, in the zone of the incident: ``2013-05-01 01:26 UTC, 18:26 PDT``."""
    text, at = format_instant(instant), instant.best
    if zone == UTC or at is None:
        return text
    clock = format_time(at, zone, date=at.date() != at.tz_convert(zone).date())
    return f"{text}, {clock} {zone_label(at, zone)}"


def _timing(t: Timing, known: _Known) -> Claim:
    d = t.duration
    inputs = tuple(_end(m) for m in (t.start, t.end) if m is not None)
    if not inputs and d.is_known:
        held = range(len(known.incident.facts.hypotheses))
        declared = tuple(known.trail.fact("hypotheses", n) for n in held)
        inputs = declared if t.basis == "declared" else known.measured()
    return Claim(
        t.id, _seconds(d.value), _seconds(d.lo), _seconds(d.hi), "s", t.text, t.basis, t.definition, inputs, t.note
    )


def _end(moment: Moment) -> Input:
    """Return one end of a time as an input: the claim of that moment."""
    return Input(CLAIM, _CLAIM_OF[moment.name], what=str(moment.instant))


def _share_lost(timings: Iterable[Timing], moments: Moments) -> Iterator[Claim]:
    definition = (
        "time lost on misleading paths over the time from the start of diagnosis to the identification of the cause"
    )
    lost = next((t.duration for t in timings if t.id == "time_lost"), Duration())
    whole = between(moments.at("engage"), moments.at("identify"))
    share, lo, hi = (_ratio(a, b) for a, b in ((lost.value, whole.value), (lost.lo, whole.hi), (lost.hi, whole.lo)))
    if share is None and (lo is None or hi is None):
        why = "needs a refuted explanation, the start of diagnosis and the identification of the cause"
        yield Claim("time_lost_share", None, None, None, "share", "not known", "", definition, (), why)
        return
    text = f"{share:.0%}" if share is not None else f"{lo:.0%}–{hi:.0%}"
    if share is not None and lo is not None and hi is not None and not f"{lo:.0%}" == text == f"{hi:.0%}":
        text += f" ({lo * 100:.0f}–{hi:.0%})"
    inputs = (Input(CLAIM, "time_lost", what=str(lost)), _end(moments["engage"]), _end(moments["identify"]))
    basis = " + ".join(dict.fromkeys(("declared", moments.at("engage").basis, moments.at("identify").basis)))
    yield Claim("time_lost_share", share, lo, hi, "share", text.replace("%", " %"), basis, definition, inputs)


def _ratio(part: pd.Timedelta | None, whole: pd.Timedelta | None) -> float | None:
    if part is None or whole is None or whole <= pd.Timedelta(0):
        return None
    return min(1.0, part / whole)


def _bounded(q: Quantity) -> str:
    """Print a quantity with its bounds where they differ from it: ``1,234 (1,198–1,240)``."""
    if q.value is None:
        return "not known"
    text = format_quantity(q.value, q.unit)
    if q.lo is None:
        return text
    low = format_quantity(q.lo, q.unit)
    if q.hi is None:
        return f"at least {low}"
    high = format_quantity(q.hi, q.unit)
    if low == text == high:
        return text
    short = low.partition(" ")[0] if low.partition(" ")[2] == high.partition(" ")[2] else low
    return f"{text} ({short}–{high})"


def _quantity(q: Quantity, known: _Known) -> Claim:
    is_known = q.value is not None
    definition = f"{q.definition}: {q.detail}" if q.detail else q.definition
    inputs = known.quantity(q) if is_known else ()
    return Claim(
        q.id, q.value, q.lo, q.hi, q.unit, _bounded(q), q.basis if is_known else "", definition, inputs, q.note
    )


def _absent(known: Iterable[Quantity]) -> Iterator[Claim]:
    """Every quantity can be named in the narrative; one that this signal does not have says so."""
    ids = {q.id for q in known}
    for id_, formula in QUANTITIES.items():
        if id_ not in ids:
            yield Claim(id_, None, None, None, formula.unit, "not known", "", formula.definition, (), formula.missing)


def _declared(known: _Known) -> Iterator[Claim]:
    for name, label in MILESTONES.items():
        instant, id_ = known.incident.facts.milestones.get(name), f"declared_{name}"
        if instant.is_known:
            yield _instant(id_, instant, f"declared: {label}", (known.trail.fact("milestones", name),), known.zone)
        else:
            yield Claim(id_, None, None, None, "instant", "not recorded", "", f"declared: {label}")
