"""Dates in sentences: ``Tuesday, 14 January 2024``, ``2024-01-14``, ``14/01/2024``, ``January 14th (a Sunday)``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from postmortem_nb.times import Interval

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = r"mon(?:day)?|tue(?:s(?:day)?)?|wed(?:s|nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
_MONTH = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?"
)
_DATE = re.compile(
    rf"(?<![\w./-])(?:(?P<before>{_DAY})\b(?:(?<=\b[a-z]{{3}})\.)?,?\s+(?:the\s+)?)?(?:"
    r"(?P<iso>\d{4}-\d\d-\d\d)(?!\d)"
    r"|(?P<one>\d{1,2})(?P<sep>[-/.])(?P<two>\d{1,2})(?P=sep)(?P<last>\d{4})(?!\d)"
    rf"|(?P<m1>{_MONTH})\.?\s+(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<y1>\d{{4}})(?!\d))?"
    rf"|(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m2>{_MONTH})\b\.?(?:,?\s+(?P<y2>\d{{4}})(?!\d))?"
    rf")(?:,?\s*\(?(?:a\s+)?(?P<after>{_DAY})\b\)?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class WrittenDate:
    """A date as it stands in a text.

    Parameters
    ----------
    text : str
        The words.
    weekday : int or None
        Day of the week that is written beside it, Monday being 0.
    year, month, day : int
        As they are written; `year` is 0 where none is. Of 04/09/2021 the first number is `day`.
    is_numeric, is_iso : bool
        Whether it may be read with day and month swapped; whether it is written year first, which settles the order.
    """

    text: str
    weekday: int | None
    year: int
    month: int
    day: int
    is_numeric: bool = False
    is_iso: bool = False

    @property
    def has_year(self) -> bool:
        """Whether its year is written."""
        return self.year > 0

    @property
    def order(self) -> str:
        """``day`` or ``month``: which comes first in a numeric date that can be read in one way only; else empty."""
        if not self.is_numeric or (self._plain is None) == (self.swapped is None):
            return ""
        return "month" if self._plain is None else "day"

    @cached_property
    def _plain(self) -> pd.Timestamp | None:
        return _day(self.year, self.month, self.day)

    @cached_property
    def swapped(self) -> pd.Timestamp | None:
        """The date with day and month swapped; None if there is none, or months are written as words."""
        numbers = self.is_numeric or self.is_iso
        return _day(self.year, self.day, self.month) if numbers and self.day != self.month else None

    def readings(self, near: Interval | None) -> list[pd.Timestamp]:
        """Return the days that it may mean; without a year the one nearest to `near`, none if that is not known."""
        if self.has_year:
            both = (self._plain, self.swapped if self.is_numeric else None)
            return [d for d in both if d is not None]
        if near is None:
            return []
        middle = near[0].tz_convert(None)
        days = [_day(middle.year + n, self.month, self.day) for n in (-1, 0, 1)]
        return sorted((d for d in days if d is not None), key=lambda d: abs(d - middle))[:1]


def _day(year: int, month: int, day: int) -> pd.Timestamp | None:
    try:
        return pd.Timestamp(year=year, month=month, day=day)
    except ValueError:  # 31 April
        return None


def written_dates(text: str) -> Iterator[WrittenDate]:
    """Yield the dates of a text that have a year or a day of the week; others tell too little to be checked."""
    for match in _DATE.finditer(text):
        date = _read(match)
        if date is not None and (date.has_year or date.weekday is not None):
            yield date


def _read(match: re.Match[str]) -> WrittenDate | None:
    part = match.groupdict()
    name = part["before"] or part["after"]
    weekday = DAYS.index(name[:3].lower()) if name else None
    text = " ".join(match[0].split())
    if part["iso"]:
        year, month, day = (int(x) for x in part["iso"].split("-"))
        found = WrittenDate(text, weekday, year, month, day, is_iso=True)
    elif part["one"]:
        found = WrittenDate(text, weekday, int(part["last"]), int(part["two"]), int(part["one"]), is_numeric=True)
    else:
        n = 1 if part["m1"] else 2
        month = MONTHS.index(part[f"m{n}"][:3].lower()) + 1
        found = WrittenDate(text, weekday, int(part[f"y{n}"] or 0), month, int(part[f"d{n}"]))
    return found
