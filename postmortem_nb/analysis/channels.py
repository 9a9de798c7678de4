"""By which channel each sign came, and who beat whom: "customers knew 7 min before the first alert"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from postmortem_nb.analysis.claims import Claim, iso
from postmortem_nb.analysis.detection import COUNTED, Sign, earliest
from postmortem_nb.analysis.inputs import CLAIM, Input, Trail
from postmortem_nb.findings import Finding
from postmortem_nb.times import UNKNOWN, Duration, Instant, between, format_duration, format_instant

ZERO = pd.Timedelta(0)
NAMES = {
    "alert": "an alert",
    "probe": "a synthetic probe",
    "customer": "customers",
    "support": "support",
    "third_party": "a third party",
    "engineer": "an engineer",
    "person": "a person",
}
_PROBE = r"\b(?:synthetics?|probes?|blackbox|uptime|pingdom|statuscake|uptimerobot|health ?checks?)\b"
_WHO = {  # words in who reported, else in what was said, the first that fits
    "probe": _PROBE,
    "alert": r"\b(?:monitoring|alert(?:ing|s|manager)?|alarms?)\b",
    "support": r"\b(?:support|help ?desk|service ?desk|call cent(?:re|er))\b",
    "customer": r"\b(?:customers?|clients?|users?|tenants?|shoppers?)\b",
    "third_party": r"\b(?:partners?|third part(?:y|ies)|suppliers?|vendors?|twitter|social media|press|downdetector)\b",
}


@dataclass(frozen=True)
class Lead:
    """When a channel first told of the incident, beside the first automatic signal.

    Parameters
    ----------
    channel : str
        Key of `NAMES`.
    instant : Instant
        Its first counted sign.
    lead : Duration
        How long before the first alert or probe that was; negative: after it. Unknown without one.
    """

    channel: str
    instant: Instant
    lead: Duration

    @property
    def text(self) -> str:
        """``customers knew 7 min before the first alert``."""
        name, lead = NAMES[self.channel], self.lead
        knew = "fired" if self.channel in ("alert", "probe") else "knew"
        if lead.lo is not None and lead.lo > ZERO:
            return f"{name} {knew} {_length(lead)} before the first automatic signal"
        if lead.hi is not None and lead.hi < ZERO:
            after = Duration(*(None if d is None else -d for d in (lead.hi, lead.value, lead.lo)))
            return f"{name} {knew} {_length(after)} after the first automatic signal"
        if lead.value is not None and abs(lead.value) < pd.Timedelta(minutes=1):
            return f"{name} {knew} within a minute of the first automatic signal"
        return f"whether {name} or the first automatic signal came first cannot be told"


def _length(duration: Duration) -> str:
    """Print a length for a sentence: one number where it is known well enough."""
    return format_duration(duration.value) if duration.is_sure and duration.value is not None else str(duration)


def channel_of(sign: Sign) -> str:
    """Return the channel of a sign, a key of `NAMES`; empty for a page, which is sent because of another sign.

    Who reported goes before what was said: "support: three customers wrote" is a report of support.
    """
    if sign.kind == "page":
        return ""
    if sign.kind == "alert":
        is_probe = re.search(_PROBE, f"{sign.who} {sign.text}", re.IGNORECASE)
        return "probe" if is_probe else "alert"
    if sign.kind == "detection":
        for said in (sign.who, sign.text):
            if found := next((c for c, words in _WHO.items() if re.search(words, said, re.IGNORECASE)), ""):
                return found
        return "engineer" if sign.who or not sign.is_declared else "person"  # a declared milestone does not say who
    return "engineer"


def leads(signs: Iterable[Sign]) -> tuple[Lead, ...]:
    """Return who told of the incident, the first one first."""
    firsts: dict[str, list[Instant]] = {}
    for sign in signs:
        if sign.role == COUNTED and (channel := channel_of(sign)):
            firsts.setdefault(channel, []).append(sign.instant)
    known = {channel: earliest(instants) for channel, instants in firsts.items()}
    signal = earliest([known[c] for c in ("alert", "probe") if c in known])
    unknown = Duration()
    rows = [Lead(c, i, between(i, signal) if signal.is_known else unknown) for c, i in known.items()]
    order = list(NAMES)
    return tuple(
        sorted(rows, key=lambda r: (r.instant.best or pd.Timestamp.max.tz_localize("UTC"), order.index(r.channel)))
    )


def channel_claims(found: tuple[Lead, ...], trail: Trail) -> Iterator[Claim]:
    """Yield who knew first, and for each channel when, and by how much it beat the first automatic signal."""
    definition = (
        "channel of the earliest counted sign: alert, synthetic probe, customer, support, third party, engineer, or a "
        "person of whom nothing is said"
    )
    known = found[0].instant.best if found else None
    tied = [r.channel for r in found if r.instant.best == known]
    text = " and ".join(NAMES[c] for c in tied) if tied else "not recorded"
    basis = found[0].instant.basis if found else ""
    inputs = tuple(trail.recorded(r.instant) for r in found if r.channel in tied)
    yield Claim("detected_first_by", text if tied else None, None, None, "channel", text, basis, definition, inputs)
    by = {r.channel: r for r in found}
    for channel, name in NAMES.items():
        row = by.get(channel)
        yield _first(channel, name, row.instant if row else UNKNOWN, trail)
        if channel != "alert":
            yield _lead(channel, name, row)


def _first(channel: str, name: str, instant: Instant, trail: Trail) -> Claim:
    definition = f"first counted sign by {name}"
    if not instant.is_known:
        why = _untold(channel, name)
        return Claim(f"first_{channel}", None, None, None, "instant", "not recorded", "", definition, (), why)
    inputs = (trail.recorded(instant),)
    at, lo, hi = (iso(t) for t in (instant.at, instant.lo, instant.hi))
    return Claim(f"first_{channel}", at, lo, hi, "instant", format_instant(instant), instant.basis, definition, inputs)


def _untold(channel: str, name: str) -> str:
    """Say why nothing is known of a channel."""
    if channel == "person":
        return "no sign by a person of whom nothing more is said; see the other channels"
    return f"no sign by {name} is recorded"


def _lead(channel: str, name: str, row: Lead | None) -> Claim:
    id_, definition = (
        f"lead_{channel}",
        f"from the first sign by {name} to the first automatic signal, negative if it came later",
    )
    if row is None or not row.lead.is_known:
        why = _untold(channel, name) if row is None else "no automatic signal is recorded to compare it with"
        return Claim(id_, None, None, None, "s", "not known", "", definition, (), why)
    value, lo, hi = (None if d is None else d.total_seconds() for d in (row.lead.value, row.lead.lo, row.lead.hi))
    inputs = (Input(CLAIM, f"first_{channel}", what=str(row.instant)), Input(CLAIM, "signalled"))
    return Claim(id_, value, lo, hi, "s", row.text, row.instant.basis, definition, inputs)


def channel_findings(found: tuple[Lead, ...]) -> Iterator[Finding]:
    """Yield a note where people knew before every automatic signal."""
    people = [r for r in found if r.channel not in ("alert", "probe") and r.lead.lo is not None and r.lead.lo > ZERO]
    if people:
        first = people[0]
        text = f"{first.text} ({format_instant(first.instant)})."
        fix = "An earlier alert would have been possible."
        yield Finding("noticed-before-signal", "note", "detection", text, fix)
