"""Impact windows that public messages state in prose: "On March 1st, 2024, between 14:17 UTC and 15:54 UTC …".

They are declared times, never measured ones. What a sentence leaves out (the date, the year, that the end is on the
next day) is taken so that the window lies nearest to the messages themselves; what it does say is taken as it stands,
so that a wrong date shows: a window far from the messages about it is a finding, with the slip that would explain it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from postmortem_nb.analysis.comparison import slips
from postmortem_nb.evidence.abbreviations import offset_at
from postmortem_nb.times import UTC, Instant, Interval

FAR = pd.Timedelta(hours=3)  # between a window and the messages about it: further is a slip, or told long afterwards
ZERO, MINUTE, DAY = pd.Timedelta(0), pd.Timedelta(minutes=1), pd.Timedelta(days=1)
ZONES = ("UTC", "GMT", "Z")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _date(n: int) -> str:
    month = rf"(?:{'|'.join(MONTHS)})[a-z]*\.?"
    return (
        rf"(?:[a-z]{{3,6}}day,?\s+)?(?:(?P<iso{n}>\d{{4}}-\d\d-\d\d)"
        rf"|(?P<month{n}>{month})\s+(?P<day{n}>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<year{n}>\d{{4}})\b)?"
        rf"|(?P<day{n}b>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month{n}b>{month})(?:,?\s+(?P<year{n}b>\d{{4}})\b)?)"
    )


def _time(n: int) -> str:
    return (
        rf"(?:at\s+)?\(?(?P<h{n}>\d{{1,2}}):(?P<m{n}>\d\d)(?::(?P<s{n}>\d\d))?\s?(?P<half{n}>[ap]\.?m\.?)?"
        rf"(?:\s?\(?(?P<zone{n}>(?-i:[A-Z]{{3,4}}|Z))\b\)?)?\)?"
    )


_WINDOW = re.compile(
    rf"(?:\bon\s+{_date(0)},?\s+)?\b(?:between|from)\s+(?:{_date(1)},?\s+)?{_time(1)}"
    rf"\s*(?:\band\b|\bto\b|\buntil\b|\btill\b|\bthrough\b|[-–—])\s*(?:{_date(2)},?\s+)?{_time(2)}(?:,?\s+on\s+{_date(3)})?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Stated:
    """A window that a message states.

    Parameters
    ----------
    start, end : Instant
        Declared, as exact as written: a minute, or a second.
    text : str
        The words that state it.
    evidence : str
        The file and line of the message, if it was read from one.
    """

    start: Instant
    end: Instant
    text: str
    evidence: str = ""

    @property
    def interval(self) -> Interval:
        """From the earliest start to the latest end."""
        return _known(self.start.lo), _known(self.end.hi)


class Unread(NamedTuple):
    """A window whose zone cannot be told for sure."""

    text: str
    zones: tuple[str, ...]


def readings(text: str, near: Interval, zone: str = UTC, evidence: str = "") -> Iterator[Stated | Unread]:
    """Yield what a text states, also what cannot be read; see `stated_windows`."""
    for match in _WINDOW.finditer(text):
        stated = _read(match, near, zone, evidence)
        unsettled = tuple(short for short in dict.fromkeys(_shorts(match.groupdict())) if short and short not in ZONES)
        if stated is not None:
            yield stated
        elif unsettled:
            yield Unread(" ".join(match[0].split()), unsettled)


def stated_windows(text: str, near: Interval, zone: str = UTC, evidence: str = "") -> tuple[Stated, ...]:
    """Return the windows that a text states.

    Parameters
    ----------
    text : str
        A message, such as the closing one of a status page.
    near : Interval
        First and last message about the incident, in UTC: what the text leaves open is taken so that it lies near.
    zone : str
        Zone of times that are written without one; it also settles an abbreviation such as PST.
    evidence : str
        Where the text stands.

    Returns
    -------
    tuple of Stated
        In the order of the text. A window in an abbreviated zone that neither means one offset everywhere nor is used
        by ``zone`` then is left out.

    Examples
    --------
    >>> near = pd.Timestamp("2024-03-01T14:39Z"), pd.Timestamp("2024-03-01T16:12Z")
    >>> stated_windows("Between 14:17 and 15:54 UTC jobs were late.", near)[0].start.lo
    Timestamp('2024-03-01 14:17:00+0000', tz='UTC')
    """
    return tuple(found for found in readings(text, near, zone, evidence) if isinstance(found, Stated))


def _read(match: re.Match[str], near: Interval, zone: str, evidence: str) -> Stated | None:
    part = match.groupdict()
    clock = [c for n in (1, 2) if (c := _clock(part, n)) is not None]
    if len(clock) < 2:
        return None
    dates = [_ymd(part, n) for n in range(4)]
    first = dates[1] or dates[0] or (dates[3] if dates[2] is None else None)
    last = dates[2] or dates[3] or first
    shorts = _shorts(part)
    best: tuple[bool, pd.Timedelta, pd.Timedelta, pd.Timestamp, pd.Timestamp] | None = None
    ends = [_instant(day + clock[1], shorts[1], zone) for day in _days(last, near)] if dates[2] or dates[3] else []
    for day in _days(first, near):
        start = _instant(day + clock[0], shorts[0], zone)
        own = ends or [_instant(day + clock[1] + later, shorts[1], zone) for later in (ZERO, DAY)]
        end = min((t for t in own if t is not None and start is not None and t > start), default=None)
        if start is None or end is None:
            continue
        middle = abs((start - near[0]) + (end - near[1]))
        choice = (start > near[1], gap_between((start, end), near), middle, start, end)  # what is told has begun
        best = choice if best is None or choice[:3] < best[:3] else best
    if best is None:
        return None
    width = [pd.Timedelta(seconds=1) if part[f"s{n}"] else MINUTE for n in (1, 2)]
    edges = [Instant(lo=t, at=t, hi=t + w, basis="declared") for t, w in zip(best[3:], width, strict=True)]
    return Stated(edges[0], edges[1], " ".join(match[0].split()), evidence)


def _shorts(part: dict[str, str | None]) -> tuple[str, str]:
    """Return the abbreviation behind each time; one that is written once is meant for both."""
    first, last = part["zone1"] or "", part["zone2"] or ""
    return first or last, last or first


def _instant(local: pd.Timestamp, short: str, zone: str) -> pd.Timestamp | None:
    """Return a local time in UTC; None if its abbreviation is not settled, or the clocks skip or repeat it."""
    if short in ZONES:
        return local.tz_localize(UTC)
    if short:
        offset = offset_at(local.to_pydatetime(), short, zone)
        return None if offset is None else (local - offset).tz_localize(UTC)
    try:
        return local.tz_localize(zone).tz_convert(UTC)
    except ValueError:
        return None


def _clock(part: dict[str, str | None], n: int) -> pd.Timedelta | None:
    hour, minute, second = (int(part[f"{k}{n}"] or 0) for k in "hms")
    if half := part[f"half{n}"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return pd.Timedelta(hours=hour, minutes=minute, seconds=second)


def _ymd(part: dict[str, str | None], n: int) -> tuple[int | None, int, int] | None:
    if iso := part[f"iso{n}"]:
        year, month, day = map(int, iso.split("-"))
        return year, month, day
    name, number = part[f"month{n}"] or part[f"month{n}b"], part[f"day{n}"] or part[f"day{n}b"]
    if name is None or number is None:
        return None
    written = part[f"year{n}"] or part[f"year{n}b"]
    return int(written) if written else None, MONTHS.index(name[:3].lower()) + 1, int(number)


def _days(date: tuple[int | None, int, int] | None, near: Interval) -> list[pd.Timestamp]:
    """Return the days that a date may mean: one, one of each year around, or any day of the messages."""
    first, last = (t.tz_convert(None).normalize() for t in near)
    if date is None:
        return list(pd.date_range(first - DAY, last + DAY)) if last - first < pd.Timedelta(days=40) else [first, last]
    year, month, day = date
    days = []
    for candidate in [year] if year else range(first.year - 1, last.year + 2):
        try:
            days.append(pd.Timestamp(year=candidate, month=month, day=day))
        except ValueError:
            continue  # 31 April, or a leap day
    return days


def gap_between(window: Interval, messages: Interval) -> pd.Timedelta:
    """Return how far a window lies from the messages about it; zero if they touch."""
    return max(ZERO, messages[0] - window[1], window[0] - messages[1])


def slip_of(window: Interval, near: Interval, zone: str = UTC) -> str:
    """Return which common slip explains why a window does not touch a stretch, in words; empty if none does."""
    for name, shift in slips(window[0], zone):
        if gap_between((window[0] + shift, window[1] + shift), near) <= ZERO:
            return name
    return ""


def _known(t: pd.Timestamp | None) -> pd.Timestamp:
    if t is None:
        raise ValueError("a stated window has both ends")
    return t
