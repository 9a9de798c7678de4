"""One time as written → a `Stamp`. A shape is a pattern and how its groups are read; a form is a list of shapes.

Nothing is guessed: a stamp says what its text leaves open (zone, year, date), and `settle` asks for it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from postmortem_nb.evidence import abbreviations

SECOND = 10**9  # nanoseconds
DAY = 86_400 * SECOND
UNITS = {"s": SECOND, "ms": 10**6, "us": 10**3, "ns": 1}  # nanoseconds in each
LEAP_YEAR = 2000  # stands for the year of a stamp that has none
EPOCH = dt.date(1970, 1, 1).toordinal()
LATEST = 7_258_118_400  # seconds from 1970 to 2200
NO_DATE = 0  # day that stands for the date of a stamp that has none


class Open(IntEnum):
    """What a stamp leaves open."""

    NO_TIME = 0  # the text is no time
    NOTHING = 1  # an instant
    ZONE = 2  # a local time
    YEAR = 3  # a local time in a year that is not written
    DATE = 4  # a time of day
    S = 5  # an instant, as a number of seconds …
    MS = 6
    US = 7
    NS = 8  # … or of nanoseconds since 1970


class Stamp(NamedTuple):
    """Nanoseconds since 1970, UTC or local as ``open`` says, and the abbreviation of a zone that must be settled."""

    ns: int
    open: Open
    zone: str = ""


_ENGLISH = "jan feb mar apr may jun jul aug sep oct nov dec"
_OTHERS = (  # French, German, Spanish, Italian, Portuguese, Dutch: as date(1) and syslog write them
    "janv févr mars avr mai juin juil août sept oct nov déc",
    "jan fév mär avr mai juin jui aoû sep okt nov dez",
    "ene feb mrz abr may jun jul ago sep oct nov dic",
    "gen fev mar apr mag giu lug ago set ott nov dic",
    "jan fev mrt abr mei jun jul ago set out nov dez",
)
MONTHS: Mapping[str, int] = {
    name: number for names in (*_OTHERS, _ENGLISH) for number, name in enumerate(names.split(), 1)
} | {
    name: number
    for number, name in enumerate(
        [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ],
        1,
    )
}

_H = r"(?P<h>\d{1,2}):(?P<mi>\d{1,2})"
_CLOCK = rf"{_H}:(?P<s>\d{{1,2}})(?:(?P<sign>[.,:])(?P<f>\d{{1,12}}))?"
_HALF = r"(?:\s?(?P<half>[AaPp])\.?[Mm]\.?)?"
_ZONE = (
    r"(?:\s?(?P<z>[Zz]|(?:UTC|GMT)?[+-]\d{2}:?\d{2}(?::?00)?|(?:UTC|GMT)?[+-]\d{2}|UTC|GMT)"
    rf"(?:\s\([^()]{{1,60}}\)|\s[A-Z]{{1,5}})?|\s?(?P<short>{abbreviations.PATTERN}))?"
)
_ZONE_2 = _ZONE.replace("<z>", "<z2>").replace("<short>", "<short2>")
_MONTH = r"(?P<name>[^\W\d_]{3,9})\.?"
_WEEKDAY = r"(?:[^\W\d_]{2,9}\.?,?\s)?"

SHAPES: dict[str, str] = {
    "iso": r"(?P<y>\d{4})(?P<sep>[-/.])(?P<mo>\d{1,2})(?P=sep)(?P<d>\d{1,2})"
    rf"(?:(?:[Tt,_-]|\s)\s?{_CLOCK}{_HALF}{_ZONE}"
    r"(?:\sm=[+-][\d.]{1,30})?)?",  # Go prints its monotonic clock behind the time
    "iso minutes": rf"(?P<y>\d{{4}})[-/](?P<mo>\d{{2}})[-/](?P<d>\d{{2}})[Tt ]{_H}{_ZONE}",
    "iso dots": r"(?P<y>\d{4})-(?P<mo>\d{2})-(?P<d>\d{2})[-T ](?P<h>\d{2})[.-](?P<mi>\d{2})[.-](?P<s>\d{2})"
    r"(?:[.,](?P<f>\d{1,12}))?",
    "day of year": rf"(?P<y>\d{{4}})-(?P<yday>\d{{3}})[T ]{_CLOCK}{_ZONE}",
    "compact": rf"(?P<y>(?:19|20)\d{{2}})(?P<mo>\d{{2}})(?P<d>\d{{2}})(?:(?:[T _-]|:){_CLOCK}{_ZONE})",
    "compact all": r"(?P<y>(?:19|20)\d{2})(?P<mo>\d{2})(?P<d>\d{2})T?(?P<h>\d{2})(?P<mi>\d{2})(?P<s>\d{2})"
    r"(?:[.,](?P<f>\d{1,12}))?(?P<z>Z|[+-]\d{4})?",
    "clf": rf"(?P<d>\d{{1,2}})/(?P<name>[A-Za-z]{{3}})/(?P<y>\d{{4}})[: -]{_CLOCK}{_HALF}{_ZONE}",
    "ctime": rf"{_WEEKDAY}{_MONTH}\s{{1,2}}(?P<d>\d{{1,2}})\s{_CLOCK}{_HALF}{_ZONE}\s(?P<y>\d{{4}}){_ZONE_2}",
    "month day year": rf"{_WEEKDAY}{_MONTH}\s{{1,2}}(?P<d>\d{{1,2}}),?\s(?P<y>\d{{4}})(?:,|\s@|\sat)?"
    rf"\s{_CLOCK}{_HALF}{_ZONE}",
    "day month year": rf"{_WEEKDAY}(?P<d>\d{{1,2}})[\s/.-]{_MONTH}[\s/.-](?P<y>\d{{4}})"
    rf"[:,]?\s?{_CLOCK}{_HALF}{_ZONE}",
    "year month day": rf"(?P<y>\d{{4}})[\s-]{_MONTH}[\s-]{{1,2}}(?P<d>\d{{1,2}})\s{_CLOCK}{_ZONE}",
    "month day": rf"{_WEEKDAY}{_MONTH}\s{{1,2}}(?P<d>\d{{1,2}})\s{_CLOCK}{_ZONE}",
    "day month": rf"(?P<d>\d{{1,2}})[\s-]{_MONTH}\s{_CLOCK}{_ZONE}",
    "two-digit year": r"(?P<yy>\d{2})(?P<sep>[-/.]?)(?P<mo>\d{2})(?P=sep)(?P<d>\d{2})"
    rf"(?:[ T]\s?{_CLOCK}|[ T](?P<h2>\d{{2}})(?P<mi2>\d{{2}})(?P<s2>\d{{2}})){_ZONE}",
    "month-day": rf"(?P<mo>\d{{2}})[-./]?(?P<d>\d{{2}})[ T]{_CLOCK}",
    "us": r"(?P<mo>\d{1,2})[/.-](?P<d>\d{1,2})[/.-](?P<y>\d{4})[,:-]?\s?@?\s?" + _CLOCK + _HALF + _ZONE,
    "european": r"(?P<d>\d{1,2})[/.-](?P<mo>\d{1,2})[/.-](?P<y>\d{4})[,:-]?\s?" + _CLOCK + _HALF + _ZONE,
    "clock": _CLOCK,
}
_TAI = re.compile(r"@?(4[0-9a-f]{15})([0-9a-f]{8})?(?:[0-9a-f]{8})?", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,20}(?:\.\d{1,20})?(?:[eE]\+?\d{1,2})?")
TAI_AHEAD = 10  # seconds by which the label of TAI64 is ahead of Unix time, as its tools write it

FORMS: dict[str, tuple[str, ...]] = {
    "iso": ("iso", "iso dots", "day of year", "compact", "iso minutes", "compact all", "year month day"),
    "clf": ("clf",),
    "ctime": ("ctime", "month day year"),
    "rfc2822": ("day month year",),
    "bsd": ("month day", "day month", "month day year", "ctime", "year month day"),
    "ymd": ("two-digit year",),
    "mmdd": ("month-day",),
    "mdy": ("us",),
    "dmy": ("european",),
    "glog": ("compact", "month-day"),
    "mysql": ("iso", "two-digit year"),
    "epoch": (),
    "tai64n": (),
    "clock": ("clock",),
    "strace": ("clock",),
    "any": (
        *("iso", "clf", "ctime", "month day year", "day month year", "iso dots", "day of year", "compact"),
        *("iso minutes", "compact all", "year month day", "month day", "day month"),
    ),
}


def stamp(text: str, form: str) -> Stamp | None:
    """Read one time; None if the text is none of the form's shapes.

    >>> stamp("2024-01-15 10:32:11", "iso").open.name, stamp("Jan  5 10:32:11", "bsd").open.name
    ('ZONE', 'YEAR')
    """
    text = text.strip()
    if len(text) > 100:
        return None
    if form in ("any", "epoch", "strace") and (found := _NUMBER.fullmatch(text)):
        return epoch(found[0]) or (_shaped(text, FORMS[form]) if len(text) == 14 else None)
    if form in ("any", "tai64n") and (found := _TAI.fullmatch(text)):
        seconds = int(found[1], 16) - (1 << 62) - TAI_AHEAD
        nanoseconds = int(found[2] or "0", 16)
        is_sane = 0 <= seconds < LATEST and nanoseconds < SECOND
        return Stamp(seconds * SECOND + nanoseconds, Open.NOTHING) if is_sane else None
    return _shaped(text, FORMS[form])


@cache
def _pattern(shape: str) -> re.Pattern[str]:
    """Return a shape as a pattern; compiling all of them would be felt at the start of every command."""
    return re.compile(SHAPES[shape], re.IGNORECASE)


def _shaped(text: str, shapes: Sequence[str]) -> Stamp | None:
    for name in shapes:
        if (found := _pattern(name).fullmatch(text)) and (read := _read(found.groupdict())):
            return read
    return None


def epoch(text: str) -> Stamp | None:
    """Read a number as an instant between 1990 and 2100, in the unit that its size shows."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    for unit, name in ((Open.S, "s"), (Open.MS, "ms"), (Open.US, "us"), (Open.NS, "ns")):
        if 631_152_000 * SECOND <= value * UNITS[name] < 4_102_444_800 * SECOND:  # the units' ranges do not overlap
            return Stamp(int(value * UNITS[name]), unit)
    return None


def _read(part: dict[str, str | None]) -> Stamp | None:
    """Turn the groups of a shape into a stamp; None for what no calendar or clock has (31 February, 25:00)."""
    day, leaves = _day(part)
    if day is None:
        return None
    hour, minute, second = (int(part.get(k) or part.get(f"{k}2") or 0) for k in ("h", "mi", "s"))
    if half := part.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "Pp" else 0)
    if hour > 23 or minute > 59 or second > 60:
        return None
    digits = part.get("f") or "0"
    # Behind a colon stands a number of milliseconds, behind a point a decimal fraction.
    fraction = int(digits) * 10**6 if part.get("sign") == ":" else int(f"{digits:0<9}"[:9])
    if fraction >= SECOND:
        return None
    ns = day * DAY + (hour * 3600 + minute * 60 + second) * SECOND + fraction
    short = part.get("short") or part.get("short2")
    if leaves is Open.NOTHING:
        written = part.get("z") or part.get("z2")
        if written is None:
            return Stamp(ns, Open.ZONE, (short or "").upper())
        return Stamp(ns - offset(written) * 60 * SECOND, Open.NOTHING)
    return Stamp(ns, leaves, (short or "").upper())


def _day(part: dict[str, str | None]) -> tuple[int | None, Open]:
    """Return the day since 1970 and what is open beside the zone."""
    year_text, two = part.get("y"), part.get("yy")
    year = int(year_text) if year_text else 2000 + int(two) - (100 if int(two) >= 70 else 0) if two else None
    if year is not None and not 1970 <= year <= 2200:
        return None, Open.NO_TIME
    if part.get("yday"):
        number = int(part["yday"] or 0)
        return _day_of_year(year or LEAP_YEAR, number), Open.NOTHING
    if part.get("d") is None:
        return NO_DATE, Open.DATE
    name = part.get("name")
    month = MONTHS.get(name.lower().rstrip(".")) if name else int(part.get("mo") or 0)
    if not month:
        return None, Open.NO_TIME
    try:
        return dt.date(year or LEAP_YEAR, month, int(part["d"] or 0)).toordinal() - EPOCH, (
            Open.YEAR if year is None else Open.NOTHING
        )
    except ValueError:
        return None, Open.NO_TIME


def _day_of_year(year: int, number: int) -> int | None:
    days = (dt.date(year + 1, 1, 1) - dt.date(year, 1, 1)).days
    return dt.date(year, 1, 1).toordinal() + number - 1 - EPOCH if 1 <= number <= days else None


def offset(text: str) -> int:
    """Read ``+02:00``, ``-0500``, ``+09``, ``GMT+0100`` or ``Z`` as minutes."""
    text = text.upper().removeprefix("UTC").removeprefix("GMT")
    if text in ("", "Z"):
        return 0
    hours, minutes = int(text[1:3]), text[3:].lstrip(":")[:2]
    total = 60 * hours + (int(minutes) if minutes.isdigit() else 0)
    return -total if text[0] == "-" else total


def precision(text: str) -> dt.timedelta:
    """Return how long the stretch is that a written time leaves open: a day, a minute, a second, or nothing."""
    text = text.strip()
    found = _pattern("iso").fullmatch(text)
    if found and found["h"] is None:
        return dt.timedelta(days=1)
    if not found and _pattern("iso minutes").fullmatch(text):
        return dt.timedelta(minutes=1)
    return dt.timedelta(0) if re.search(r"\d[.,]\d", text) or text.isdigit() else dt.timedelta(seconds=1)
