"""Times as people write them into timelines → day, time of day, zone, and what is left open.

Nothing is settled here: which day a bare ``10:15`` is of, and what its zone means, is `settling`'s business.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
HOUR, DAY = 3600, 86400  # seconds

_HYPHENS = {0x2010: "-", 0x2011: "-"}  # what word processors make of one
_MONTH = rf"(?:{'|'.join(MONTHS)})[a-z]*"
_GAP = r"(?:[-/x?]{2}|dd|mm)"
_DATES = (
    re.compile(rf"(?P<y>\d{{4}})(?P<sep>[-/.])(?P<m>\d{{1,2}}|{_GAP})(?P=sep)(?P<d>\d{{1,2}}|{_GAP})(?![\d])", re.I),
    re.compile(r"(?P<a>\d{1,2})(?P<sep>[/.])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4})(?!\d)"),
    re.compile(
        rf"(?:[a-z]{{3,9}}day\b,?\s+|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{{0,3}}\b\.?,?\s+)?"
        rf"(?:(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\.?\s+(?:of\s+)?(?P<name>{_MONTH})\b\.?"
        rf"|(?P<name2>{_MONTH})\b\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:))"
        rf"(?:,?\s+(?P<y>\d{{4}})\b(?!:\d))?",
        re.I,
    ),
)
_CLOCK = re.compile(
    r"(?P<h>\d{1,2})(?P<sep>[:.h])(?P<m>\d{2})(?!\d)(?::(?P<s>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?\s?m\b\.?)?"
    r"|(?P<h2>\d{1,2})\s*(?P<half2>[ap]\.?m\b\.?)"
    r"|(?P<h3>\d{2})(?P<m3>\d{2})(?=\s?(?:Z|UTC|GMT|hrs?)\b)",
    re.I,
)
_OPEN = re.compile(r"(?P<h>\d{1,2}):(?:[?x_-]{1,2}|mm)(?!\w)", re.I)  # the minutes are not known
_BLANK = re.compile(r"(?:hh:mm(?::ss)?|[-?x_]{1,2}:[-?x_]{1,2}(?::[-?x_]{1,2})?|tbd|tba|n/?a|unknown|\?+)(?!\w)", re.I)
_ZONE = re.compile(
    r"\s?\(?(?P<zone>(?:UTC|GMT)\s?[+-]\d{1,2}(?::?\d{2})?|UTC|GMT|Z\b|[+-]\d{2}:?(?:00|15|30|45)(?!\d)"
    r"|(?:Pacific|Mountain|Central|Eastern)(?:\s(?:Standard\s|Daylight\s)?Time)?|[PMCE]T\b|[A-Z]{2,4}T\b|MSK\b"
    r"|[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+)\)?(?![\w+-])"
)
_ABOUT = re.compile(r"(?:~|≈|about|around|approx(?:\.|imately)?|circa|ca\.?|c\.)\s*", re.I)
_AFTER_ABOUT = re.compile(r"\s*(?:~|-?ish\b|\(?approx(?:\.|imately)?\)?)", re.I)
_SIDE = re.compile(r"(?P<before><=?|before\b|by\b|until\b)\s*|(?P<after>>=?|after\b|since\b)\s*", re.I)
_TO = re.compile(r"\s*(?:-|–|—|→|->|=>|\bto\b|\buntil\b|\btill\b|/)\s*", re.I)
_BEGIN = re.compile(r"[\s\[(*_]*(?:(?:on|at)\s+(?=[\d~≈]|about))?", re.I)
_BEHIND = re.compile(r"[\s\])*_]*(?:[:\-–—|→>]+\s*|,\s+)?")
_LIKE = re.compile(r"[\d?~<>][\d?:./-]{3,}|\d{1,2}[:h.]\d{2}|(?:hh|--):", re.I)


@dataclass(frozen=True)
class Written:
    """One written time.

    Parameters
    ----------
    text : str
        As it stands.
    first, last : date or None
        The day, or the first and the last that it may be; None where it carries no date.
    month_day : (int, int) or None
        A date without its year.
    slashed : (int, int, int) or None
        A date as ``1/2/2024``: which of the first two is the month is not said.
    clock : (int, int) or None
        Seconds of the day: from, and up to (not with) which it may be; None where it carries no time of day.
    is_blank : bool
        A placeholder (``HH:mm``, ``??:??``) stands for the time of day.
    zone : str
        Behind it, as it stands.
    side : str
        ``~`` for about, ``<`` for before, ``>`` for after; else empty.
    end : Written or None
        Where it is a stretch: when it ended.
    notes : tuple of str
        What is odd about how it is written.
    """

    text: str
    first: dt.date | None = None
    last: dt.date | None = None
    month_day: tuple[int, int] | None = None
    slashed: tuple[int, int, int] | None = None
    clock: tuple[int, int] | None = None
    is_blank: bool = False
    zone: str = ""
    side: str = ""
    end: Written | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def has_day(self) -> bool:
        """Whether a date was written, whatever it leaves open."""
        return self.first is not None or self.month_day is not None or self.slashed is not None


def read_written(text: str) -> tuple[Written, str] | None:
    """Read the time at the begin of a text.

    Returns
    -------
    (Written, str) or None
        The time, and the text behind it; None if the text does not begin with a time.

    Examples
    --------
    >>> read_written("10:15 UTC - Alert fired")[1]
    'Alert fired'
    >>> read_written("Alert fired at 10:15") is None
    True
    """
    text = text.translate(_HYPHENS)
    begin = _BEGIN.match(text)
    start = begin.end() if begin else 0
    found = _one(text, start)
    if found is None:
        return None
    written, at = found
    to = _TO.match(text, at)
    if to and (second := _one(text, to.end())) is not None and (second[0].clock or second[0].has_day):
        end, at = second
        written = replace(written, end=end, zone=written.zone or end.zone, text=text[start:at].strip())
    behind = _BEHIND.match(text, at)
    return written, text[behind.end() if behind else at :].strip()


def looks_like_time(text: str) -> bool:
    """Whether a text begins as a time would, be it readable or not: ``20202-01-16``, ``2021/22-??-??``."""
    begin = _BEGIN.match(text)
    return bool(_LIKE.match(text, begin.end() if begin else 0))


def read_day(text: str) -> tuple[Written, str] | None:
    """Read a date at the begin of a text; None if there is none."""
    found = read_written(text)
    return found if found is not None and found[0].has_day else None


def _one(text: str, start: int) -> tuple[Written, int] | None:
    """Read one time from a place on, with what stands before and behind it; None if there is none."""
    at, side = start, ""
    if about := _ABOUT.match(text, at):
        at, side = about.end(), "~"
    elif (beside := _SIDE.match(text, at)) and _begins(text, beside.end()):
        at, side = beside.end(), "<" if beside["before"] else ">"
    written = Written("")
    at, written = _day(text, at, written)
    had_day = written.has_day
    gap = re.compile(r"(?:T(?=\d)|,?\s*(?:at\s+)?|\s+)").match(text, at) if had_day else None
    next_at = gap.end() if gap else at
    if about := _ABOUT.match(text, next_at) if had_day else None:
        next_at, side = about.end(), "~"
    at_clock, written = _time(text, next_at, written)
    if at_clock == next_at and not had_day:
        return None
    at = at_clock if at_clock != next_at else at
    if behind := _AFTER_ABOUT.match(text, at):
        said = f"what stands behind it ({behind[0].strip()}) is read as “about”"
        at, side, written = behind.end(), "~", replace(written, notes=(*written.notes, said))
    if written.clock and (zone := _ZONE.match(text, at)) and not _is_range(text[start:at], zone[0], written):
        at, written = zone.end(), replace(written, zone=zone["zone"])
        if not had_day and (gap := re.compile(r",?\s+(?:on\s+)?").match(text, at)):  # "10:15 UTC, 14 January"
            later, dated = _day(text, gap.end(), written)
            at, written = (later, dated) if dated.has_day else (at, written)
    return replace(written, text=text[start:at].strip(), side=side), at


def _is_range(before: str, zone: str, written: Written) -> bool:
    """Whether what may be an offset (``10:10-10:30``) is rather the end of a stretch."""
    if not zone.startswith("-") or "T" in before or written.clock is None:
        return False
    ends = int(zone[1:3]) * HOUR + int(zone[-2:]) * 60
    return ends > written.clock[0] or not written.has_day


def _begins(text: str, at: int) -> bool:
    return any(p.match(text, at) for p in (*_DATES, _CLOCK, _OPEN))


def _day(text: str, at: int, written: Written) -> tuple[int, Written]:
    iso, slashed, named = (pattern.match(text, at) for pattern in _DATES)
    if iso:
        first, last = _stretch(int(iso["y"]), _number(iso["m"]), _number(iso["d"]))
        notes = written.notes if first == last else (*written.notes, "it leaves the day open")
        return (iso.end(), replace(written, first=first, last=last, notes=notes)) if first else (at, written)
    if slashed:
        one, two, year = int(slashed["a"]), int(slashed["b"]), int(slashed["y"])
        if slashed["sep"] == ".":
            first, last = _stretch(year, two, one)
            return (slashed.end(), replace(written, first=first, last=last)) if first else (at, written)
        return slashed.end(), replace(written, slashed=(one, two, year))
    if named:
        month = MONTHS.index((named["name"] or named["name2"])[:3].lower()) + 1
        day = int(named["d"] or named["d2"])
        if not named["y"]:
            return named.end(), replace(written, month_day=(month, day))
        first, last = _stretch(int(named["y"]), month, day)
        return (named.end(), replace(written, first=first, last=last)) if first else (at, written)
    return at, written


def _time(text: str, at: int, written: Written) -> tuple[int, Written]:
    if clock := _CLOCK.match(text, at):
        hour = int(clock["h"] or clock["h2"] or clock["h3"])
        minute, second = int(clock["m"] or clock["m3"] or 0), int(clock["s"] or 0)
        half = clock["half"] or clock["half2"]
        if half and 1 <= hour <= 12:
            hour = hour % 12 + (12 if half[0] in "pP" else 0)
        elif half or hour > 23 or minute > 59 or second > 59:
            return at, written
        lo = hour * HOUR + minute * 60 + second
        notes = written.notes
        if clock["h"] and len(clock["h"]) == 1 and not half:
            notes = (*notes, "its hour has one digit")
        return clock.end(), replace(written, clock=(lo, lo + (1 if clock["s"] else 60)), notes=notes)
    if (open_ := _OPEN.match(text, at)) and int(open_["h"]) < 24:
        lo = int(open_["h"]) * HOUR
        said = "a placeholder stands for its minutes"
        return open_.end(), replace(written, clock=(lo, lo + HOUR), notes=(*written.notes, said))
    if blank := _BLANK.match(text, at):
        said = f"a placeholder ({blank[0]}) stands for its time of day"
        return blank.end(), replace(written, is_blank=True, notes=(*written.notes, said))
    return at, written


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def _stretch(year: int, month: int | None, day: int | None) -> tuple[dt.date | None, dt.date | None]:
    """Return the first and last day that a date may mean; None for one that no calendar has."""
    try:
        if month is None:
            return dt.date(year, 1, 1), dt.date(year, 12, 31)
        if day is None:
            after = dt.date(year + month // 12, month % 12 + 1, 1)
            return dt.date(year, month, 1), after - dt.timedelta(days=1)
        return dt.date(year, month, day), dt.date(year, month, day)
    except ValueError:
        return None, None
