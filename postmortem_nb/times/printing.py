"""How one clock time, one pair of clock times and one length of time are printed."""

from __future__ import annotations

import pandas as pd

from postmortem_nb.times.zones import UTC


def format_time(t: pd.Timestamp | None, zone: str = UTC, *, date: bool = True, seconds: bool | None = None) -> str:
    """Print an instant in a zone, to the minute unless it has seconds.

    >>> format_time(pd.Timestamp("2024-01-14T02:05:00Z"))
    '2024-01-14 02:05'
    """
    if t is None or pd.isna(t):
        return "unknown"
    local = t.tz_convert(zone)
    with_seconds = (local.second != 0) if seconds is None else seconds
    return local.strftime(("%Y-%m-%d " if date else "") + ("%H:%M:%S" if with_seconds else "%H:%M"))


def same_day(a: pd.Timestamp, b: pd.Timestamp, zone: str = UTC) -> bool:
    """Whether two instants fall on one day in a zone."""
    return a.tz_convert(zone).date() == b.tz_convert(zone).date()


def format_pair(start: pd.Timestamp, end: pd.Timestamp, zone: str = UTC, *, date: bool = True) -> str:
    """Print two instants with equal precision: ``2024-01-14 02:04:30–02:05:00``.

    The second one's day is printed where it is another one, whatever ``date`` says.
    """
    seconds = start.second != 0 or end.second != 0
    first = format_time(start, zone, date=date, seconds=seconds)
    return f"{first}–{format_time(end, zone, date=not same_day(start, end, zone), seconds=seconds)}"


def format_duration(value: pd.Timedelta | None) -> str:
    """Print a duration in at most two units: ``45 s``, ``9 min 30 s``, ``48 min``, ``1 h 32 min``, ``2 d``.

    >>> format_duration(pd.Timedelta("1h32min"))
    '1 h 32 min'
    """
    if value is None or pd.isna(value):
        return "unknown"
    seconds = round(abs(value).total_seconds())
    sign = "−" if seconds and value < pd.Timedelta(0) else ""
    if seconds < 60:
        return f"{sign}{seconds} s"
    if seconds < 600:
        return sign + _units(seconds, 60, "min", "s")
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{sign}{minutes} min"
    if minutes < 1440:
        return sign + _units(minutes, 60, "h", "min")
    return sign + _units(round(seconds / 3600), 24, "d", "h")


def _units(count: int, size: int, big: str, small: str) -> str:
    whole, rest = divmod(count, size)
    return f"{whole} {big} {rest} {small}" if rest else f"{whole} {big}"


def format_range(lo: pd.Timedelta, hi: pd.Timedelta, *, beside: pd.Timedelta | None = None) -> str:
    """Print two durations: ``27–29 min``; both in full where their units differ: ``1 h 31 min – 1 h 33 min``.

    Beside a printed value that has the same unit, the unit is not repeated: ``27–29``.
    """
    first, second = format_duration(lo), format_duration(hi)
    (a, _, unit), (b, _, unit_b) = first.partition(" "), second.partition(" ")
    negative = first.startswith("−")
    if unit != unit_b or " " in unit:
        return f"{first} to {second}" if negative else f"{first} – {second}"
    numbers = f"{a} to {b}" if negative else f"{a}–{b}"
    return numbers if format_duration(beside).partition(" ")[2] == unit else f"{numbers} {unit}"
