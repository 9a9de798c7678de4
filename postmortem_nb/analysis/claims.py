"""The claim ledger: every computed value with unit, bounds, basis, definition and what it was computed from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from postmortem_nb.analysis.impact import QUANTITIES, Quantity
from postmortem_nb.analysis.moments import Moments
from postmortem_nb.analysis.timings import Timing
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.errors import SourceError, near
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


@dataclass(frozen=True)
class Claim:
    """One computed value.

    Parameters
    ----------
    id : str
        Name by which the narrative refers to it.
    value, lo, hi : str, float or None
        Instants as ISO 8601 in UTC, durations in seconds, other values in ``unit``; None where unknown or open.
    unit : str
        ``instant``, ``s``, ``requests``, ``share``, ``minutes``, or the signal's own.
    text : str
        As it is printed.
    basis : str
        ``measured``, ``declared``, ``system`` (a tool's stamp), ``estimated``, or several joined with ``+``.
    definition : str
        How it is defined.
    inputs : tuple of str
        What it was computed from: files, facts, settings.
    note : str
        Why it is missing, or what to bear in mind.
    """

    id: str
    value: str | float | None
    lo: str | float | None
    hi: str | float | None
    unit: str
    text: str
    basis: str
    definition: str
    inputs: tuple[str, ...] = ()
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the claim as JSON-ready values."""
        return {**self.__dict__, "inputs": list(self.inputs)}


class Claims(dict[str, Claim]):
    """Claims by id; asking for one that does not exist names the near ones."""

    def __missing__(self, key: str) -> Claim:
        raise SourceError(f"there is no claim {key!r}. {near(key, self)}")

    @property
    def frame(self) -> pd.DataFrame:
        """One row a claim: id, text, basis, definition, inputs."""
        return pd.DataFrame(
            [
                {
                    "id": c.id,
                    "value": c.text,
                    "basis": c.basis,
                    "definition": c.definition,
                    "inputs": "; ".join(c.inputs),
                }
                for c in self.values()
            ],
            columns=["id", "value", "basis", "definition", "inputs"],
        )


def build_claims(
    incident: Incident,
    zone: str,
    windows: Windows,
    moments: Moments,
    timings: tuple[Timing, ...],
    quantities: tuple[Quantity, ...],
    sources: tuple[str, ...],
) -> Claims:
    """Return the ledger.

    Parameters
    ----------
    zone : str
        Zone in which instants are printed beside UTC.
    sources : tuple of str
        Files that the measured signal was drawn from.
    """
    rows = [
        *_windows(windows, sources),
        *(_instant(i, moments.at(m), d, sources, zone) for i, m, d in _EDGES),
        *(_timing(t, sources) for t in timings),
        *_share_lost(timings, moments),
        *(_quantity(q, sources) for q in quantities),
        *_absent(quantities),
        *_declared(incident, zone),
    ]
    return Claims({c.id: c for c in rows})


_EDGES = (
    ("onset", "start", "measured start of the first impact window, else the declared start"),
    ("recovery", "recover", "measured end of the last impact window, else the declared recovery"),
    ("detected", "detect", "the earlier of the first automatic signal and the first person aware"),
    ("acknowledged", "ack", "first acknowledgement by a responder"),
    ("identified", "identify", "when the cause was identified"),
    ("mitigated", "mitigate", "when the impact was no longer severe"),
    ("resolved", "resolve", "declared resolution"),
)


def iso(t: pd.Timestamp | None) -> str | None:
    """Return an instant as ISO 8601 in UTC."""
    return None if t is None else t.tz_convert(UTC).isoformat().replace("+00:00", "Z")


def _seconds(d: pd.Timedelta | None) -> float | None:
    return None if d is None else d.total_seconds()


def _windows(windows: Windows, sources: tuple[str, ...]) -> Iterator[Claim]:
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


def _instant(id_: str, instant: Instant, definition: str, sources: tuple[str, ...], zone: str) -> Claim:
    if not instant.is_known:
        return Claim(id_, None, None, None, "instant", "not recorded", "", definition)
    inputs = sources if instant.basis == "measured" else (instant.evidence or "incident.toml",)
    text = _local(instant, zone)
    return Claim(
        id_, iso(instant.at), iso(instant.lo), iso(instant.hi), "instant", text, instant.basis, definition, inputs
    )


def _local(instant: Instant, zone: str) -> str:
    """Print an instant in UTC and, behind it, in the zone of the incident: ``2013-05-01 01:26 UTC, 18:26 PDT``."""
    text, at = format_instant(instant), instant.best
    if zone == UTC or at is None:
        return text
    clock = format_time(at, zone, date=at.date() != at.tz_convert(zone).date())
    return f"{text}, {clock} {zone_label(at, zone)}"


def _timing(t: Timing, sources: tuple[str, ...]) -> Claim:
    d = t.duration
    inputs = tuple(f"{m.name}: {m.instant}" for m in (t.start, t.end) if m is not None)
    inputs = inputs or (("incident.toml: hypotheses",) if t.basis == "declared" else sources)
    return Claim(
        t.id, _seconds(d.value), _seconds(d.lo), _seconds(d.hi), "s", t.text, t.basis, t.definition, inputs, t.note
    )


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
    inputs = ("time_lost", "engage", "identify")
    basis = " + ".join(dict.fromkeys(("declared", moments.at("engage").basis, moments.at("identify").basis)))
    yield Claim("time_lost_share", share, lo, hi, "share", text.replace("%", " %"), basis, definition, inputs)


def _ratio(part: pd.Timedelta | None, whole: pd.Timedelta | None) -> float | None:
    if part is None or whole is None or whole <= pd.Timedelta(0):
        return None
    return min(1.0, part / whole)


def format_quantity(value: float, unit: str) -> str:
    """Print a number with its unit and no more digits than it deserves.

    >>> format_quantity(0.4715, "share"), format_quantity(1234.0, "requests"), format_quantity(0.999996, "share")
    ('47 %', '1,234', '99.9996 %')
    """
    if unit.startswith("share"):
        percent = value * 100
        if 99 < percent < 100:  # as many nines as it has, and never rounded up to perfection
            digits = next((d for d in (2, 3, 4) if f"{percent:.{d}f}" != f"{100:.{d}f}"), 0)
            return f"{percent:.{digits}f} %" if digits else "over 99.9999 %"
        return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.2g} %"
    if unit in ("requests", "windows"):
        return f"{value:,.0f}"
    if unit == "minutes":
        return f"{value:,.1f} min" if value < 10 else f"{value:,.0f} min"
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{number} {unit}".rstrip()


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


def _quantity(q: Quantity, sources: tuple[str, ...]) -> Claim:
    inputs = () if q.value is None else ("incident.toml",) if q.basis == "declared" else sources
    basis = "" if q.value is None else q.basis
    definition = f"{q.definition}: {q.detail}" if q.detail else q.definition
    return Claim(q.id, q.value, q.lo, q.hi, q.unit, _bounded(q), basis, definition, inputs, q.note)


def _absent(known: Iterable[Quantity]) -> Iterator[Claim]:
    """Every quantity can be named in the narrative; one that this signal does not have says so."""
    ids = {q.id for q in known}
    for id_, formula in QUANTITIES.items():
        if id_ not in ids:
            yield Claim(id_, None, None, None, formula.unit, "not known", "", formula.definition, (), formula.missing)


def _declared(incident: Incident, zone: str) -> Iterator[Claim]:
    for name, label in MILESTONES.items():
        instant = incident.facts.milestones.get(name)
        definition = f"declared: {label}"
        if not instant.is_known:
            yield Claim(f"declared_{name}", None, None, None, "instant", "not recorded", "", definition)
            continue
        text = _local(instant, zone)
        yield Claim(
            f"declared_{name}",
            iso(instant.at),
            iso(instant.lo),
            iso(instant.hi),
            "instant",
            text,
            "declared",
            definition,
            ("incident.toml",),
        )
