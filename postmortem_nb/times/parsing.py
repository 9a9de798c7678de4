"""Declared times as people write them, with the uncertainty that they mean."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import pandas as pd

from postmortem_nb.errors import IncidentError, SettingError
from postmortem_nb.times.durations import parse_duration
from postmortem_nb.times.instants import ABOUT, UNKNOWN, Instant
from postmortem_nb.times.zones import candidates, is_skipped, zone_named

_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?")
_FULL = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?"
)
_MARGIN = re.compile(r"±|\+/?-")


def parse_instant(
    value: object,
    *,
    zone: str | None = None,
    date: dt.date | None = None,
    where: str = "time",
    basis: str = "declared",
) -> Instant:
    """Read a declared time, which may be uncertain.

    Parameters
    ----------
    value : str, datetime, time or Instant
        ``"2024-01-14T02:05Z"``, ``"2024-01-14 02:05"`` (needs ``zone``), ``"02:05"`` (needs ``zone`` and
        ``date``); ``"~10:15"`` (about: ±5 min, or ``"~10:15±2min"``), ``"10:10/10:20"`` (between),
        ``"<10:15"``, ``">=10:15"``, ``"unknown"``.
        To the minute means ``[10:15:00, 10:16:00)``; to the second ``[10:15:30, 10:15:31)``.
    zone : str, optional
        IANA zone of times that carry none.
    date : date, optional
        Day of times that carry none.
    where, basis : str
        Named in the error; stored in the result.

    Returns
    -------
    Instant
        UTC.

    Raises
    ------
    IncidentError
        If it cannot be read, has no zone, or falls into a clock change.

    Examples
    --------
    >>> print(parse_instant("10:10/10:20", zone="UTC", date=dt.date(2024, 1, 14)))
    2024-01-14 10:10–10:20 UTC
    >>> parse_instant("<10:15", zone="UTC", date=dt.date(2024, 1, 14)).lo is None
    True
    """
    if isinstance(value, Instant):
        return value
    if isinstance(value, dt.datetime) or (isinstance(value, dt.time) and value.tzinfo is None):
        value = value.isoformat()
    if not isinstance(value, str):
        raise IncidentError(f'{where}: {value!r} is not a time. Write for example "2024-01-14T02:05Z" or "~10:15".')
    text = value.strip()

    def point(part: str) -> tuple[pd.Timestamp, pd.Timestamp]:
        return _point(part.strip(), zone, date, where)

    def known(lo: pd.Timestamp | None, at: pd.Timestamp | None, hi: pd.Timestamp | None) -> Instant:
        return Instant(lo, at, hi, basis, text)

    if text.lower() == "unknown":
        return replace(UNKNOWN, basis=basis)
    if text.startswith("~"):
        middle, *margin = _MARGIN.split(text[1:], maxsplit=1)
        at, _ = point(middle)
        around = _margin(margin[0], where) if margin else ABOUT
        return known(at - around, at, at + around)
    if "/" in text:
        first, second = text.split("/", 1)
        (lo, _), (hi, _) = point(first), point(_with_day_of(first.strip(), second.strip()))
        if hi < lo:
            raise IncidentError(
                f"{where}: {text!r} ends before it begins. Write the earlier time first, "
                "and the day too where it crosses midnight."
            )
        return known(lo, lo + (hi - lo) / 2, hi)
    if text.startswith("<="):
        return known(None, None, point(text[2:])[1])  # at 10:15:59 it is still 10:15
    if text.startswith("<"):
        return known(None, None, point(text[1:])[0])
    if text.startswith(">"):
        return known(point(text.removeprefix(">").removeprefix("="))[0], None, None)
    lo, hi = point(text)
    return known(lo, lo, hi)


def _margin(text: str, where: str) -> pd.Timedelta:
    try:
        return parse_duration(text, where)
    except SettingError as error:
        raise IncidentError(str(error)) from error


def _with_day_of(first: str, second: str) -> str:
    """Complete a clock time behind a slash with the day and offset before it: ``2024-01-14T10:10Z/10:20``."""
    full = _FULL.fullmatch(first)
    if full and _CLOCK.fullmatch(second):
        return f"{full[1]}T{second}{full[6] or ''}"
    return second


def _point(text: str, zone: str | None, date: dt.date | None, where: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Read one written time as the stretch that its precision leaves open."""
    if _CLOCK.match(text) and (date is None or not _CLOCK.fullmatch(text)):
        raise IncidentError(
            f"{where}: {text!r} has no day. Write the date too"
            + (", or set `date` in incident.toml." if date is None else ": the offset does not say which.")
        )
    full = _FULL.fullmatch(f"{date}T{text}" if _CLOCK.fullmatch(text) else text)
    if not full:
        raise IncidentError(
            f'{where}: {text!r} is not a time. Write for example "2024-01-14T02:05Z", "10:15", "~10:15", '
            '"10:10/10:20", "<10:15" or "unknown".'
        )
    day, hour, minute, second, fraction, offset = full.groups()
    try:
        midnight = dt.datetime.combine(dt.date.fromisoformat(day), dt.time())
        naive = midnight.replace(hour=int(hour), minute=int(minute), second=int(second or 0))
        t = _utc(naive, offset, zone, text, where)
    except IncidentError:
        raise
    except (ValueError, OverflowError) as error:
        raise IncidentError(f"{where}: {text!r} is not a time ({error}).") from error
    if fraction:
        t += pd.Timedelta(int(fraction.ljust(9, "0")), "ns")
        return t, t
    return t, t + (pd.Timedelta(seconds=1) if second else pd.Timedelta(minutes=1))


def _utc(naive: dt.datetime, offset: str | None, zone: str | None, text: str, where: str) -> pd.Timestamp:
    """Return the instant that a local time means; the offset in the text goes before the declared zone."""
    if offset in ("Z", "UTC"):
        return pd.Timestamp(naive, tz="UTC").as_unit("ns")
    if offset:
        hours, minutes = int(offset[1:3]), int(offset[-2:])
        shift = dt.timedelta(hours=hours, minutes=minutes)
        aware = naive.replace(tzinfo=dt.timezone(-shift if offset[0] == "-" else shift))
        return pd.Timestamp(aware).tz_convert("UTC").as_unit("ns")
    if zone is None:
        raise IncidentError(f"{where}: {text!r} has no zone. Add Z or an offset, or set `zone` in incident.toml.")
    t, other = candidates(naive, zone_named(zone, where))
    if is_skipped(t, other):
        raise IncidentError(
            f"{where}: {text!r} in {zone} does not exist: the clocks are moved over it that night. It may mean "
            f"{other:%Y-%m-%dT%H:%MZ} or {t:%Y-%m-%dT%H:%MZ}. Write the one that is meant, with Z."
        )
    if t != other:
        raise IncidentError(
            f"{where}: {text!r} in {zone} falls into a clock change: it may be {t:%Y-%m-%dT%H:%MZ} or "
            f"{other:%Y-%m-%dT%H:%MZ}. Write the one that is meant, with Z."
        )
    return t
