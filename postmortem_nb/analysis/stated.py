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
from postmortem_nb.analysis.stating import FIELDS, MONTHS, OFFSET, matches
from postmortem_nb.evidence.abbreviations import offset_at
from postmortem_nb.findings import Finding
from postmortem_nb.times import UTC, Instant, Interval

FAR = pd.Timedelta(hours=3)  # between a window and the messages about it: further is a slip, or told long afterwards
ZERO, MINUTE, DAY = pd.Timedelta(0), pd.Timedelta(minutes=1), pd.Timedelta(days=1)
ZONES = ("UTC", "GMT", "Z")


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


def unread_finding(unread: Unread, where: str) -> Finding:
    """Return what is said of a window in a zone that nothing settles."""
    return Finding(
        "stated-window-unread",
        "note",
        where or "messages",
        f"A window is stated, “{unread.text}”, in a zone that can not be told for sure: {', '.join(unread.zones)}.",
        "Declare the zone of the incident (`zone`), or the times as milestones.",
    )


def readings(text: str, near: Interval, zone: str = UTC, evidence: str = "") -> Iterator[Stated | Unread]:
    """Yield what a text states, also what cannot be read; see `stated_windows`."""
    for match in matches(text):
        part = dict.fromkeys(FIELDS) | match.groupdict()
        stated = _read(part, " ".join(match[0].split()), near, zone, evidence)
        unsettled = tuple(
            short
            for short in dict.fromkeys(_shorts(part))
            if short and short not in ZONES and not OFFSET.fullmatch(short)
        )
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


def _read(part: dict[str, str | None], text: str, near: Interval, zone: str, evidence: str) -> Stated | None:
    opens, closes, length = _clock(_halved(part), 1), _clock(part, 2), _length(part["length"])
    if opens is None or (closes is None and length is None):
        return None
    dates = [_ymd(part, n) for n in range(5)]
    first = dates[1] or dates[4] or dates[0] or (dates[3] if dates[2] is None else None)
    last = dates[2] or dates[3] or first
    shorts = _shorts(part)
    best: tuple[bool, pd.Timedelta, pd.Timedelta, pd.Timestamp, pd.Timestamp] | None = None
    ends: list[pd.Timestamp | None] = []
    days = _days(first, near)
    if closes is not None and (dates[2] or dates[3]):
        ends = [_instant(day + closes, shorts[1], zone) for day in _days(last, near)]
        if first is None:  # "starting at 22:45 and ending on 2 March at 00:48": the last such time before that
            days = [day - (ZERO if opens < closes else DAY) for day in _days(last, near)]
    for day in days:
        start = _instant(day + opens, shorts[0], zone)
        if closes is not None:
            own = ends or [_instant(day + closes + later, shorts[1], zone) for later in (ZERO, DAY)]
        else:
            own = [None if start is None or length is None else start + length]
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
    return Stated(edges[0], edges[1], text, evidence)


def _halved(part: dict[str, str | None]) -> dict[str, str | None]:
    """Let the first time have the half of the day that is written behind the second: "between 2:17 and 3:54 PM"."""
    first, last = int(part["h1"] or 0), int(part["h2"] or 0)
    if part["half1"] or not part["half2"] or not 1 <= first <= 12:
        return part
    return {**part, "half1": part["half2"] if first % 12 <= last % 12 else "am"}


def _shorts(part: dict[str, str | None]) -> tuple[str, str]:
    """Return the abbreviation or offset behind each time; one that is written once is meant for both."""
    first, last = (part[f"zone{n}"] or part[f"offset{n}"] or part[f"far{n}"] or "" for n in (1, 2))
    return first or last, last or first


def _is_military(part: dict[str, str | None], n: int) -> bool:
    """Whether a time is written as ``1405 UTC``, or as the first of ``1405 and 1510 UTC``."""
    is_whole = len(f"{part[f'h{n}']}{part[f'm{n}'] or ''}") == 4
    return is_whole and (part[f"zone{n}"] in ZONES or (n == 1 and not part["colon2"] and part["zone2"] in ZONES))


def _instant(local: pd.Timestamp, short: str, zone: str) -> pd.Timestamp | None:
    """Return a local time in UTC; None if its abbreviation is not settled, or the clocks skip or repeat it."""
    if short in ZONES:
        return local.tz_localize(UTC)
    if numeric := OFFSET.fullmatch(short):
        ahead = pd.Timedelta(hours=int(numeric[2]), minutes=int(numeric[3] or 0))
        return (local - ahead if numeric[1] == "+" else local + ahead).tz_localize(UTC)
    if short:
        offset = offset_at(local.to_pydatetime(), short, zone)
        return None if offset is None else (local - offset).tz_localize(UTC)
    try:
        return local.tz_localize(zone).tz_convert(UTC)
    except ValueError:
        return None


def _length(text: str | None) -> pd.Timedelta | None:
    return None if text is None else pd.Timedelta(re.sub(r"(?i)\band\b|,", " ", text).replace("hrs", "hours"))


def _clock(part: dict[str, str | None], n: int) -> pd.Timedelta | None:
    """Return a time of day; an hour alone is one only as am or pm, four digits only where a zone follows."""
    if part[f"h{n}"] is None or (not part[f"colon{n}"] and not part[f"half{n}"] and not _is_military(part, n)):
        return None
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
