"""Windows: measured impact windows, and the algebra of half-open intervals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from postmortem_nb.times.durations import Duration, between
from postmortem_nb.times.instants import Instant
from postmortem_nb.times.printing import format_pair, format_time, same_day
from postmortem_nb.times.zones import UTC, zone_label

Interval = tuple[pd.Timestamp, pd.Timestamp]  # half-open [start, end)


@dataclass(frozen=True)
class Window:
    """One measured impact window ``[onset, recovery)``.

    Parameters
    ----------
    onset, recovery : Instant
        Measured edges. A window that has not ended has no ``at`` and no ``hi`` of recovery; its ``lo`` is
        the end of the record.
    score : float
        Peak of the signal over the level at which a window opens; 1 is just on it.
    kind : str
        ``high``, ``low`` or ``traffic``: how the signal left its baseline.
    unknown : float
        Share of the window in which the signal has no sample.
    """

    onset: Instant
    recovery: Instant
    score: float = 1.0
    kind: str = "high"
    unknown: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the record ends before the window does."""
        return self.recovery.at is None

    @property
    def span(self) -> Interval:
        """Best half-open interval; an open window ends where the record ends."""
        start, end = self.onset.best, self.recovery.best
        assert start is not None and end is not None, "a measured window has both edges or the end of the record"
        return start, end

    @property
    def duration(self) -> Duration:
        """How long it lasted, with bounds."""
        return between(self.onset, self.recovery)

    def __str__(self) -> str:
        return f"{format_window(self.span, is_open=self.is_open)}, {self.duration}"


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Merge half-open intervals that overlap or touch; empty ones vanish.

    >>> t = pd.Timestamp
    >>> union([(t(1), t(3)), (t(2), t(5)), (t(7), t(7))])
    [(Timestamp('1970-01-01 00:00:00.000000001'), Timestamp('1970-01-01 00:00:00.000000005'))]
    """
    merged: list[Interval] = []
    for start, end in sorted(i for i in intervals if i[1] > i[0]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def total(intervals: Iterable[Interval]) -> pd.Timedelta:
    """Return the length of the union: overlapping stretches count once."""
    return sum((end - start for start, end in union(intervals)), pd.Timedelta(0))


def clip(intervals: Iterable[Interval], start: pd.Timestamp | None, end: pd.Timestamp | None) -> list[Interval]:
    """Cut intervals to a period; a missing bound does not cut."""
    cut = ((a if start is None else max(a, start), b if end is None else min(b, end)) for a, b in intervals)
    return [(a, b) for a, b in cut if b > a]


def format_window(interval: Interval, zone: str = UTC, *, is_open: bool = False) -> str:
    """Print a half-open window: ``2024-01-14 02:05–02:53 UTC``.

    An open one ends with the record: ``2024-01-14 02:05 UTC, still open at 02:53``.
    """
    start, end = interval
    label = zone_label(start, zone)
    if is_open:
        last = format_time(end, zone, date=not same_day(start, end, zone))
        return f"{format_time(start, zone)} {label}, still open at {last}"
    return f"{format_pair(start, end, zone)} {label}"
