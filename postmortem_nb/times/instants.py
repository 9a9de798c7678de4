"""Instants: points in time known within bounds, and how they are printed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import pandas as pd

from postmortem_nb.times.printing import format_pair, format_time, same_day
from postmortem_nb.times.zones import UTC, zone_label

ABOUT = pd.Timedelta(minutes=5)  # what "~10:15" means unless it says "~10:15±2min"
BASES = ("measured", "declared", "system", "inferred")
FINE = pd.Timedelta(seconds=1)  # bounds as near as this are not worth printing


@dataclass(frozen=True)
class Instant:
    """A point in time known within ``[lo, hi]``.

    Parameters
    ----------
    lo, hi : Timestamp or None
        UTC bounds; None (or NaT, which becomes None) is an open end.
    at : Timestamp or None
        The best single value, where one makes sense: what was written, the middle of "between",
        a measured edge.
    basis : {"measured", "declared", "system", "inferred"}
        Where it comes from: data, people, a tool's own stamp, or reasoning.
    text : str
        As it was written.
    evidence : str
        File, file:line or query that supports it; empty if there is none.

    Raises
    ------
    ValueError
        If a value has no zone, the values are not in the order lo, at, hi, or the basis is unknown.
    """

    lo: pd.Timestamp | None = None
    at: pd.Timestamp | None = None
    hi: pd.Timestamp | None = None
    basis: str = "declared"
    text: str = ""
    evidence: str = ""

    def __post_init__(self) -> None:
        for name in ("lo", "at", "hi"):
            if pd.isna(getattr(self, name)):
                object.__setattr__(self, name, None)
        known = [t for t in (self.lo, self.at, self.hi) if t is not None]
        if any(t.tzinfo is None for t in known):
            raise ValueError(f"an instant has no zone: {known}")
        if any(a > b for a, b in itertools.pairwise(known)):
            raise ValueError(f"an instant is not in the order lo, at, hi: {[str(t) for t in known]}")
        if self.basis not in BASES:
            raise ValueError(f"basis {self.basis!r} is none of {BASES}")

    @classmethod
    def exact(cls, t: pd.Timestamp, basis: str = "measured", evidence: str = "") -> Instant:
        """Return an instant without uncertainty."""
        t = pd.Timestamp(t)
        return cls(t, t, t, basis, evidence=evidence)

    @property
    def is_known(self) -> bool:
        """Whether anything at all is known about it."""
        return self.lo is not None or self.hi is not None

    @property
    def best(self) -> pd.Timestamp | None:
        """``at``, or the one bound that is known: for ordering and drawing, never for arithmetic."""
        return next((t for t in (self.at, self.lo, self.hi) if t is not None), None)

    def shifted(self, by: pd.Timedelta) -> Instant:
        """Return the same instant moved by a duration; open ends stay open."""
        lo, at, hi = (None if t is None else t + by for t in (self.lo, self.at, self.hi))
        return replace(self, lo=lo, at=at, hi=hi)

    def __str__(self) -> str:
        return format_instant(self)


UNKNOWN = Instant(text="unknown")


def format_instant(instant: Instant, zone: str = UTC, *, date: bool = True) -> str:
    """Print an instant with its uncertainty and zone.

    ``2024-01-14 10:15 UTC`` as it was written, ``about 10:15 UTC``, ``10:10–10:20 UTC``,
    ``before 10:15 UTC``; a measured edge with its bounds: ``02:05 UTC (02:04:30–02:05:30)``.

    Parameters
    ----------
    instant : Instant
        What to print.
    zone : str
        IANA zone to print it in.
    date : bool
        Whether to print the day; the day of a bound that falls on another one is always printed.
    """
    lo, at, hi = instant.lo, instant.at, instant.hi
    label = zone_label(instant.best, zone)
    if lo is None and hi is None:
        return "unknown"
    if lo is None:
        return f"before {format_time(hi, zone, date=date)} {label}"
    if hi is None:
        return f"after {format_time(lo, zone, date=date)} {label}"
    if at is None or "/" in instant.text:
        both = format_time(lo, zone, date=date) if lo == hi else format_pair(lo, hi, zone, date=date)
        return f"{both} {label}"
    point = f"{format_time(at, zone, date=date)} {label}"
    if instant.text.startswith("~"):
        return f"about {point}" if hi - lo == 2 * ABOUT else f"about {point} ({_bounds(lo, at, hi, zone)})"
    if instant.text or hi - lo <= FINE:  # written so: the precision shows how sure it is
        return point
    return f"{point} ({_bounds(lo, at, hi, zone)})"


def _bounds(lo: pd.Timestamp, at: pd.Timestamp, hi: pd.Timestamp, zone: str) -> str:
    """Print bounds beside a printed time: with a day only where it is not the day of that time."""
    return format_pair(lo, hi, zone, date=not (same_day(lo, at, zone) and same_day(at, hi, zone)))
