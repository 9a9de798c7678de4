"""Durations: lengths of time known within bounds; how they follow from instants, are read and printed."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from dataclasses import dataclass

import pandas as pd

from postmortem_nb.errors import SettingError
from postmortem_nb.times.instants import Instant
from postmortem_nb.times.printing import format_duration, format_range

ZERO = pd.Timedelta(0)
NARROW = 0.2  # an interval wider than this share of the value is printed alone, without one number


@dataclass(frozen=True)
class Duration:
    """A length of time known within ``[lo, hi]``.

    Parameters
    ----------
    lo, hi : Timedelta or None
        Bounds; an open ``hi`` means "still running" or "not known to have ended". NaT becomes None.
    value : Timedelta or None
        The best single value, where both ends have one.

    Raises
    ------
    ValueError
        If the values are not in the order lo, value, hi.
    """

    lo: pd.Timedelta | None = None
    value: pd.Timedelta | None = None
    hi: pd.Timedelta | None = None

    def __post_init__(self) -> None:
        for name in ("lo", "value", "hi"):
            if pd.isna(getattr(self, name)):
                object.__setattr__(self, name, None)
        known = [t for t in (self.lo, self.value, self.hi) if t is not None]
        if any(a > b for a, b in itertools.pairwise(known)):
            raise ValueError(f"a duration is not in the order lo, value, hi: {[str(t) for t in known]}")

    @classmethod
    def exact(cls, value: pd.Timedelta) -> Duration:
        """Return a duration without uncertainty."""
        return cls(value, value, value)

    @property
    def is_known(self) -> bool:
        """Whether anything at all is known about it."""
        return self.lo is not None or self.hi is not None

    @property
    def is_sure(self) -> bool:
        """Whether the interval is narrow enough (20 % of the value) to print one number."""
        if self.value is None or self.lo is None or self.hi is None:
            return False
        return self.hi - self.lo <= NARROW * abs(self.value)

    def __str__(self) -> str:
        return format_bounds(self)


def between(start: Instant, end: Instant) -> Duration:
    """Return how long it took from one instant to another, with bounds; negative if the other came first.

    >>> day = "2024-01-14T{}:00Z"
    >>> a, b = (pd.Timestamp(day.format(t)) for t in ("11:23", "11:51"))
    >>> minute = pd.Timedelta("1min")
    >>> print(between(Instant(a, a, a + minute), Instant(b, b, b + minute)))
    28 min (27–29)
    """
    lo = None if end.lo is None or start.hi is None else end.lo - start.hi
    hi = None if end.hi is None or start.lo is None else end.hi - start.lo
    value = None if end.at is None or start.at is None else end.at - start.at
    return Duration(lo, value, hi)


def format_bounds(duration: Duration) -> str:
    """Print a duration with its interval, or the interval alone where it is too wide for one number.

    ``28 min (27–29)``, ``5–9 min``, ``at least 45 min``; an interval that straddles zero says only
    ``at most 2 min``, a negative one is printed with its sign: ``−12 min (−13 to −11)``.
    """
    lo, value, hi = duration.lo, duration.value, duration.hi
    if lo is None and hi is None:
        return "unknown"
    if hi is None:
        # That it may be negative and may be endless tells nothing.
        return "unknown" if lo is None or lo < ZERO else f"at least {format_duration(lo)}"
    if lo is None or lo < ZERO < hi:
        return f"at most {format_duration(hi)}"
    if format_duration(lo) == format_duration(hi):
        return format_duration(lo)
    if value is not None and duration.is_sure:
        return f"{format_duration(value)} ({format_range(lo, hi, beside=value)})"
    return format_range(lo, hi)


UNITS = {
    "ms": ("ms", "millisecond", "milliseconds"),
    "s": ("s", "sec", "second", "seconds"),
    "min": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hour", "hours"),
    "D": ("d", "day", "days"),
    "W": ("w", "week", "weeks"),
}
_UNIT = {name: unit for unit, names in UNITS.items() for name in names}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)", re.ASCII)


def parse_duration(text: object, where: str = "duration", *, signed: bool = False) -> pd.Timedelta:
    """Read a duration with a unit: ``"90s"``, ``"10min"``, ``"1h 30min"``, ``"2 days"``.

    Parameters
    ----------
    text : str or timedelta
        A bare number is refused: its unit would be a guess.
    where : str
        Named in the error.
    signed : bool
        Whether ``-37s`` and ``+37s`` are allowed, as for the offset of a clock.

    Raises
    ------
    SettingError
        If it has no unit, is negative, or is not a duration.
    """
    if isinstance(text, dt.timedelta):
        value = pd.Timedelta(text)
        if signed or value >= ZERO:
            return value
    elif isinstance(text, str):
        sign = text.strip()[:1] if signed else ""
        sign = sign if sign in ("-", "−", "+") else ""
        length = _length(text.strip().removeprefix(sign))
        if length is not None:
            return length if sign in ("", "+") else -length
    example = '"10min", "1h 30min" or "-37s"' if signed else '"10min" or "1h 30min"'
    raise SettingError(f"{where}: {text!r} is not a duration. Write for example {example}.")


def _length(text: str) -> pd.Timedelta | None:
    """Add up the parts of a written length; None if something is left over or a unit is unknown."""
    total, position = ZERO, 0
    while match := _PART.match(text, position):
        number, unit = match.groups()
        if unit == "M" or unit.lower() not in _UNIT:  # M is a month to some readers
            return None
        try:
            total += pd.Timedelta(f"{number}{_UNIT[unit.lower()]}")
        except (OverflowError, ValueError):  # longer than nanoseconds can count
            return None
        position = match.end()
    return total if position and position == len(text) else None
