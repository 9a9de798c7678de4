"""Times as machines write them → UTC instants, many at once; each distinct text is read once.

Declared times, which may be uncertain, are `postmortem_nb.times.parse_instant`; zones and clock changes are
`postmortem_nb.times.localize`. Here the text of a stamp is taken apart and nothing is guessed: no zone, no year,
no unit of an epoch that another line contradicts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

import numpy as np
import pandas as pd

from postmortem_nb.errors import ReadError
from postmortem_nb.evidence import abbreviations
from postmortem_nb.evidence.account import AS_WRITTEN
from postmortem_nb.evidence.how import How
from postmortem_nb.frames import TIME
from postmortem_nb.times import candidates, localize, zone_named

Stamp = tuple[str, int | None]  # "2024-01-14T02:05:00.123456789" and the offset in minutes, None if it has none

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: f"{number:02d}" for number, name in enumerate(_NAMES, 1)}
UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}  # nanoseconds in each

_CLOCK = r"(\d{2}:\d{2}:\d{2})(?:[.,](\d{1,12}))?"
_ISO = re.compile(
    r"(\d{4})[-/](\d{2})[-/](\d{2})"
    r"(?:[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?"
    r"\s?([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?(?:\s[A-Z]{1,5})?)?"
    r"(?:\sm=[+-][\d.]{1,30})?)?",  # Go prints its monotonic clock behind the time
    re.ASCII,
)
_CLF = re.compile(r"(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{4})", re.ASCII)
_CTIME = re.compile(rf"[A-Z][a-z]{{2}} ([A-Z][a-z]{{2}}) {{1,2}}(\d{{1,2}}) {_CLOCK} (\d{{4}})", re.ASCII)
_BSD = re.compile(rf"(?:(\d{{4}}) )?([A-Z][a-z]{{2}}) {{1,2}}(\d{{1,2}}) (?:(\d{{4}}) )?{_CLOCK}", re.ASCII)
_EPOCH = re.compile(r"\d{1,19}(?:\.\d{1,12})?(?:[eE]\+?\d{1,2})?", re.ASCII)


def read_times(texts: Sequence[str | None], lines: Sequence[int], form: str, how: How) -> tuple[pd.Series, str]:
    """Read the times of one file.

    Parameters
    ----------
    texts : sequence of str or None
        As written.
    lines : sequence of int
        Line of each, for messages.
    form : str
        ``iso``, ``clf`` (access logs), ``ctime`` (Apache errors), ``bsd`` (syslog, without a year), or ``any``: all of
        these and epochs in s, ms, us or ns, told apart by their size.
    how : How
        Zone, year and clock change that were declared; its offset is added.

    Returns
    -------
    times : Series
        ``datetime64[ns, UTC]``; missing where a text is not a time, and where an epoch has another unit than most.
    zone : str
        The zone that naive times were read in, or ``as written``.

    Raises
    ------
    ReadError
        For times without a zone or year when none was declared, for a local time in a clock change, and for an
        abbreviation such as PST that the declared zone does not use then.
    """
    if form == "bsd":
        texts = _with_years(texts, lines, how)
    codes, distinct = pd.factorize(np.array(texts, dtype=object))
    instants = np.full(len(distinct) + 1, np.datetime64("NaT", "ns"))  # the last one stands for code -1, missing
    zone = AS_WRITTEN
    stamps = [FORMS[form](text) for text in distinct]
    if short := _abbreviated(distinct.tolist(), stamps, form):
        clocks, firsts = _naive([stamp for stamp, _ in short.values()]), _first_lines(codes, lines, list(short))
        ahead = abbreviations.offsets(clocks, [name for _, name in short.values()], firsts, how)
        instants[list(short)] = clocks - ahead
        zone = how.zone or zone
    if written := [i for i, stamp in enumerate(stamps) if stamp is not None and stamp[1] is not None]:
        offsets = np.array([stamps[i][1] for i in written], dtype="timedelta64[m]")  # type: ignore[index]
        instants[written] = _naive([stamps[i] for i in written]) - offsets
    if local := [i for i, stamp in enumerate(stamps) if stamp is not None and stamp[1] is None]:
        naive = pd.Series(_naive([stamps[i] for i in local]))
        firsts = _first_lines(codes, lines, local)
        instants[local] = _localize(naive, firsts, how).dt.tz_localize(None).to_numpy()
        zone = how.zone or zone if naive.notna().any() else zone
    if form == "any":
        epochs = [i for i, stamp in enumerate(stamps) if stamp is None and _EPOCH.fullmatch(distinct[i])]
        instants[epochs] = _epochs([distinct[i] for i in epochs], np.bincount(codes[codes >= 0], minlength=1)[epochs])
    times = pd.Series(instants[codes]).dt.tz_localize("UTC").astype(TIME)
    return times + how.offset, zone


def precision(text: str) -> pd.Timedelta:
    """Return how long the stretch is that a written time leaves open: a day, a minute, a second, or nothing."""
    found = _ISO.fullmatch(text.strip())
    if found and found[4] is None:
        return pd.Timedelta(days=1)
    if found and found[5] is None:
        return pd.Timedelta(minutes=1)
    return pd.Timedelta(0) if re.search(r"[.,]\d", text) or text.isdigit() else pd.Timedelta(seconds=1)


# --- one text ---------------------------------------------------------------------------------------------------------


def _join(year: str, month: str | None, day: str, clock: str, fraction: str | None) -> str | None:
    return f"{year}-{month}-{int(day):02d}T{clock}.{(fraction or '0')[:9]:0<9}" if month else None


def _offset(text: str) -> int:
    """Read ``+02:00``, ``-0500`` or ``+09`` as minutes."""
    hours, minutes = int(text[1:3]), text[3:].lstrip(":")[:2]
    total = 60 * hours + (int(minutes) if minutes.isdigit() else 0)
    return -total if text[0] == "-" else total


def _iso(text: str) -> Stamp | None:
    found = _ISO.fullmatch(text.strip())
    if not found:
        return None
    year, month, day, clock, second, fraction, offset = found.groups()
    naive = _join(year, month, day, f"{clock or '00:00'}:{second or '00'}", fraction)
    assert naive is not None, "the month of an ISO time is a number"
    return naive, None if offset is None else 0 if offset[0] in "ZzUG" else _offset(offset)


def _clf(text: str) -> Stamp | None:
    found = _CLF.fullmatch(text)
    if not found:
        return None
    day, month, year, clock, offset = found.groups()
    naive = _join(year, MONTHS.get(month), day, clock, None)
    return (naive, _offset(offset)) if naive else None


def _ctime(text: str) -> Stamp | None:
    found = _CTIME.fullmatch(text)
    if not found:
        return None
    month, day, clock, fraction, year = found.groups()
    naive = _join(year, MONTHS.get(month), day, clock, fraction)
    return (naive, None) if naive else None


def _bsd(text: str) -> Stamp | None:
    found = _BSD.fullmatch(text)
    if not found or not (found[4] or found[1]):
        return None
    naive = _join(found[4] or found[1], MONTHS.get(found[2]), found[3], found[5], found[6])
    return (naive, None) if naive else None


def _any(text: str) -> Stamp | None:
    return _iso(text) or _clf(text) or _ctime(text) or _bsd(text)


FORMS: dict[str, Callable[[str], Stamp | None]] = {
    "iso": _iso,
    "clf": _clf,
    "ctime": _ctime,
    "bsd": _bsd,
    "any": _any,
}


# --- many at once -----------------------------------------------------------------------------------------------------


def _naive(stamps: Sequence[Stamp | None]) -> np.ndarray:
    """Return datetimes without a zone; what no calendar has (31 February, 25:00) is missing."""
    texts = pd.Series([stamp[0] for stamp in stamps if stamp is not None], dtype=object)
    read = pd.to_datetime(texts, format="ISO8601", errors="coerce")
    return read.where(read.dt.year.between(1970, 2200)).dt.as_unit("ns").to_numpy()


def _abbreviated(distinct: Sequence[str], stamps: Sequence[Stamp | None], form: str) -> dict[int, tuple[Stamp, str]]:
    """Return the naive times that have an abbreviation of a zone behind them, by their places, with it."""
    out = {}
    for i, (text, stamp) in enumerate(zip(distinct, stamps, strict=True)):
        if stamp is None and (parts := abbreviations.split(text)):
            front = FORMS[form](parts[0])
            if front is not None and front[1] is None:
                out[i] = (front, parts[1])
    return out


def _first_lines(codes: np.ndarray, lines: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """Return the first line on which each of the wanted distinct texts stands."""
    first = np.zeros(codes.max() + 1, dtype="int64")
    first[codes[::-1]] = np.asarray(lines)[::-1]  # the earliest is written last
    return [int(first[i]) for i in wanted]


def _localize(naive: pd.Series, lines: Sequence[int], how: How) -> pd.Series:
    """Turn distinct naive times into UTC; an error names the line of the time it is about."""
    read = naive.notna()
    if not read.any():
        return pd.Series(pd.NaT, index=naive.index, dtype=TIME)
    if how.zone is not None and how.change == "ask":
        tz = zone_named(how.zone, how.name)
        try:
            return localize(naive, how.zone, how.name)
        except ReadError:
            bad = [i for i in naive.index[read] if len(set(candidates(naive[i], tz))) > 1]
            worst = min(bad, key=lambda i: lines[i])
            localize(naive.loc[[worst]], how.zone, f"{how.name}:{lines[worst]}")  # the same error, with its line
            raise
    earliest = min(naive.index[read], key=lambda i: lines[i])
    return localize(
        naive.loc[[earliest]] if how.zone is None else naive,
        how.zone,
        f"{how.name}:{lines[earliest]}",
        side=how.change,
    )


def _epochs(texts: Sequence[str], counts: np.ndarray) -> np.ndarray:
    """Return epochs as datetimes in the one unit that most lines have; the others are missing."""
    values = [Decimal(text) for text in texts]
    units = [next((u for u in UNITS if _fits(value, u)), None) for value in values]
    weight = {u: sum(int(n) for n, unit in zip(counts, units, strict=True) if unit == u) for u in UNITS}
    usual = max(weight, key=lambda u: weight[u])
    out = np.full(len(texts), np.datetime64("NaT", "ns"))
    for i, (value, unit) in enumerate(zip(values, units, strict=True)):
        if unit == usual:
            out[i] = np.datetime64(int(value * UNITS[usual]), "ns")
    return out


def _fits(value: Decimal, unit: str) -> bool:
    """Whether a number is an instant between 1990 and 2100 in a unit; the units' ranges do not overlap."""
    return 631_152_000 <= value * UNITS[unit] / 10**9 < 4_102_444_800


def _with_years(texts: Sequence[str | None], lines: Sequence[int], how: How) -> list[str | None]:
    """Put a year before times that have none: that of the first record, then rolling over New Year.

    A step back of two months or more is a new year; a step from January to December is a late line of the old one.
    """
    found = [_BSD.fullmatch(text) if text else None for text in texts]
    bare = [i for i, f in enumerate(found) if f is not None and f[4] is None and f[2] in MONTHS]
    if not bare:
        return list(texts)
    if how.year is None:
        raise ReadError(
            f"{how.name}:{lines[bare[0]]}: its times carry no year ({texts[bare[0]]}). Give the year of the first "
            "record: `year` in an [[evidence]] entry of incident.toml, or year= when calling the reader."
        )
    months = np.array([int(MONTHS[found[i][2]]) for i in bare])  # type: ignore[index]
    step = np.diff(months, prepend=months[0])
    years = how.year + np.cumsum(np.where(step <= -2, 1, np.where(step == 11, -1, 0)))
    out = list(texts)
    for i, year in zip(bare, years, strict=True):
        out[i] = f"{year} {texts[i]}"
    return out
