"""Zones: their names, the two instants that a local time can mean, naive columns into UTC."""

from __future__ import annotations

import datetime as dt
import difflib
import zoneinfo

import pandas as pd

from postmortem_nb.errors import IncidentError, ReadError, SettingError

UTC = "UTC"
SIDES = ("ask", "first", "second")


def zone_named(name: str, where: str = "zone") -> zoneinfo.ZoneInfo:
    """Return an IANA zone.

    Abbreviations such as PST or IST mean different zones to different people and are refused.

    Raises
    ------
    IncidentError
        If it is not the name of a zone; offers near names.
    """
    try:
        if name != UTC and "/" not in name:
            raise zoneinfo.ZoneInfoNotFoundError(name)
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        close = difflib.get_close_matches(name, sorted(zoneinfo.available_timezones()), n=1, cutoff=0.8)
        hint = f"Did you mean {close[0]}?" if close and "/" in close[0] else ""
        raise IncidentError(
            f"{where}: {name!r} is not an IANA zone. "
            + (hint or "Write one such as UTC, Europe/Berlin or America/Los_Angeles.")
        ) from error


def candidates(naive: pd.Timestamp | dt.datetime, tz: zoneinfo.ZoneInfo) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the two UTC instants that a local time can mean; they are equal outside a clock change.

    The first is read with the offset before the change, the second with the one after it. In a repeated hour
    the first is therefore the earlier one, in a skipped hour the later one.
    """
    naive = pd.Timestamp(naive)
    nanoseconds = pd.Timedelta(naive.nanosecond, "ns")
    both = (naive.to_pydatetime(warn=False).replace(tzinfo=tz, fold=fold) for fold in (0, 1))
    first, second = (pd.Timestamp(t.astimezone(dt.UTC)).as_unit("ns") + nanoseconds for t in both)
    return first, second


def is_skipped(first: pd.Timestamp, second: pd.Timestamp) -> bool:
    """Whether two `candidates` are of a local time that does not exist: a clock moved forward over it."""
    return first > second


def localize(times: pd.Series, zone: str | None, where: str, *, side: str = "ask") -> pd.Series:
    """Turn naive local times into UTC.

    Parameters
    ----------
    times : Series of naive datetimes
        Missing values stay missing.
    zone : str or None
        IANA zone that they were written in. None is an error: a zone is never guessed.
    where : str
        File (and line or column) for the error.
    side : {"ask", "first", "second"}
        Which of two candidates to take in the hour that a clock change repeats or skips: ``first`` reads the
        time with the offset before the change and ``second`` with the one after it.

    Returns
    -------
    Series
        ``datetime64[ns, UTC]``.

    Raises
    ------
    ReadError
        Without a zone; for a local time that exists twice or never while ``side`` is "ask" (names both
        candidates); for a year that nanoseconds cannot count.
    """
    if side not in SIDES:
        raise SettingError(f"{where}: clock_change is {side!r}. Write one of {', '.join(SIDES)}.")
    if zone is None:
        example = next((f" ({t})" for t in times.dropna().head(1)), "")
        raise ReadError(
            f"{where}: its times carry no zone{example}. Declare one: `zone` in an [[evidence]] entry of "
            "incident.toml; --timezone of `trends` or `digest`, --zone of `import`; or timezone= when calling a reader."
        )
    tz = zone_named(zone, where)
    try:
        naive = times.dt.as_unit("ns")
    except pd.errors.OutOfBoundsDatetime as error:
        raise ReadError(f"{where}: has times outside the years 1678 to 2261 ({error}).") from error
    utc = naive.dt.tz_localize(tz, ambiguous="NaT", nonexistent="NaT").dt.tz_convert(UTC)
    doubtful = utc.isna() & naive.notna()
    if not doubtful.any():
        return utc
    if side == "ask":
        raise ReadError(f"{where}: {_doubt(naive[doubtful].iloc[0], tz)}")
    fold = SIDES.index(side) - 1
    chosen = [candidates(t, tz)[fold] for t in naive[doubtful]]
    utc[doubtful] = pd.Series(chosen, index=utc.index[doubtful], dtype=utc.dtype)
    return utc


def _doubt(local: pd.Timestamp, tz: zoneinfo.ZoneInfo) -> str:
    """Say which two instants a local time may mean, the earlier one first, and how to choose."""
    first, second = candidates(local, tz)
    if is_skipped(first, second):
        return (
            f"{local} in {tz.key} does not exist: the clocks are moved over it that night. It may mean "
            f"{second:%Y-%m-%dT%H:%M:%SZ} or {first:%Y-%m-%dT%H:%M:%SZ}. "
            'Choose with `clock_change = "second"` (the earlier one) or "first" in its [[evidence]] entry.'
        )
    return (
        f"{local} in {tz.key} falls into a clock change and may be {first:%Y-%m-%dT%H:%M:%SZ} or "
        f'{second:%Y-%m-%dT%H:%M:%SZ}. Choose with `clock_change = "first"` or "second" in its [[evidence]] entry.'
    )


def zone_label(t: pd.Timestamp | None, zone: str = UTC) -> str:
    """Return the short name of a zone at an instant, with the offset where the name is not UTC.

    >>> zone_label(pd.Timestamp("2013-05-01T01:26Z"), "America/Los_Angeles")
    'PDT (UTC-7)'
    """
    if zone == UTC or t is None or pd.isna(t):
        return zone
    local = t.tz_convert(zone)
    offset = local.utcoffset() or dt.timedelta(0)
    minutes = int(offset.total_seconds() // 60)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    shift = f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")
    name = local.strftime("%Z")
    return f"{name} ({shift})" if name and name[0].isalpha() else shift
