"""Requests that never came: what was counted against what the same hours of other weeks, or days, make likely.

A *reference* is the same stretch at another time: the same weekday and time of earlier weeks, else the same time of
earlier days of its kind, else the neighbourhood of the impact. Whole stretches are compared, not minutes: the sum over
minutes of (expected − counted)+ takes every dip of the noise for a loss, and a surplus that comes back within the
window for none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from postmortem_nb.analysis.impact.quantity import Range
from postmortem_nb.analysis.impact.stretches import has_lines, inside
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.times import Interval, union

FEWEST = 3  # references below which nothing is said about weeks or days
WEEKS, DAYS, NEAR = 8, 7, 6  # references at most: older ones tell of another time
FAR = 12  # lengths of the stretch within which its neighbourhood ends
ROWS = 5  # rows of the grid that a reference spans at least
KNOWN = 0.8  # share of a reference that must have been recorded
NORMAL = 1.645  # the same of the normal distribution
PARTS = ((2, "half its length"), (4, "a quarter of its length"), (1, "its length"))  # near the impact, short ones first
T95 = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895)  # Student's t, 95 % one-sided, by degrees of freedom from 1 on


class Count(NamedTuple):
    """Requests within a stretch: how many, in how many rows of the grid, and which share of these is known."""

    requests: float
    rows: float
    known: float

    @property
    def rate(self) -> float:
        """Requests per row that is known."""
        return self.requests / (self.rows * self.known)


class Reference(NamedTuple):
    """The same stretch at another time: its middle in seconds, and its requests per row of the grid."""

    at: float
    rate: float


@dataclass(frozen=True)
class Demand:
    """Demand of some stretches.

    Parameters
    ----------
    expected : Range
        Requests that were to be expected where something is known, with the 90 % interval of the references.
    counted : float
        Requests that came.
    lost, surplus : Range
        Expected minus counted, and the other way round, where positive, summed over the stretches.
    how : str
        Which references, for readers.
    """

    expected: Range
    counted: float
    lost: Range
    surplus: Range
    how: str


class Meter:
    """How many requests a signal counts in any stretch of its record."""

    def __init__(self, series: SignalSeries) -> None:
        self.series = series
        frame = series.frame
        lost_lines = (frame["total"] == 0) & has_lines(series) & (series.signal.kind == "ratio") & series.is_binned
        self.known = (frame["total"].notna() & ~lost_lines).to_numpy()
        self.total = frame["total"].to_numpy(float)
        self.grid = frame["time"]
        self.width = series.step if series.is_binned else pd.Timedelta(nanoseconds=1)  # of a row, as in `inside`
        self.time = series.requests["time"] if len(series.requests) else None
        self.record = series.span if self.time is None else (self.time.iloc[0], self.time.iloc[-1])

    def count(self, start: pd.Timestamp, end: pd.Timestamp) -> Count | None:
        """Count within ``[start, end)``; None where the record does not reach or nothing is known."""
        if end <= start or start < self.record[0] or end > self.record[1]:
            return None
        rows = slice(self.grid.searchsorted(start - self.width, side="right"), self.grid.searchsorted(end))
        if not self.known[rows].any():
            return None
        known = float(self.known[rows].mean())
        if self.time is not None:
            found = self.time.searchsorted(end) - self.time.searchsorted(start)
            return Count(float(found), (end - start) / self.series.step, known)
        return Count(float(self.total[rows][self.known[rows]].sum()), float(rows.stop - rows.start), known)

    def rates(self, busy: list[Interval]) -> np.ndarray:
        """Return the requests of every known row outside of some stretches; the cut rows at the ends do not count."""
        rows = self.known & ~inside(self.series, busy)
        if self.series.is_binned:
            rows[[0, -1]] = False
        return self.total[rows]


def expect(meter: Meter, spans: list[Interval], busy: list[Interval], zone: str) -> Demand | None:
    """Return the demand of some stretches against the best references that the record holds.

    Parameters
    ----------
    spans : list of intervals
        The stretches that are asked about.
    busy : list of intervals
        Where demand was not normal: no reference may touch it.
    zone : str
        People keep to the clock on the wall, so weeks and days are counted in this zone.
    """
    counts = [meter.count(*span) for span in spans]
    if not spans or any(c is None for c in counts):
        return None
    here = [c for c in counts if c is not None]
    for unit, days, most in (("weeks", 7, WEEKS), ("days", 1, DAYS)):
        found = [_recorded(meter, _earlier(span, days, most, zone), busy) for span in spans]
        k = min(len(r) for r in found)
        if k >= FEWEST:
            bands = [_band(r, c.rows) for r, c in zip(found, here, strict=True)]
            return _demand(here, bands, _how(unit, k, _is_working(spans[0][0], zone)))
    for part, length in PARTS:
        near = [_recorded(meter, _beside(span, busy, part, meter), busy)[:NEAR] for span in spans]
        k = min(len(r) for r in near)
        if k > FEWEST:
            how = f"a straight line through {k} stretches of {length} near it, as the record holds too few earlier days"
            lines = [_line(r, _middle(span), c.rows) for r, span, c in zip(near, spans, here, strict=True)]
            return _demand(here, lines, how)
    around = meter.rates(busy)
    if len(around) < 10:
        return None
    lo, middle, hi = np.quantile(around, [0.05, 0.5, 0.95])
    how = "the level of the rest of the record, which is too short for more"
    return _demand(here, [Range(float(lo), float(middle), float(hi))] * len(here), how)


def _how(unit: str, k: int, is_working: bool) -> str:
    if unit == "weeks":
        return f"the same weekday and time of {k} earlier weeks"
    return f"the same time of {k} earlier {'working days' if is_working else 'days of weekends'}"


def _recorded(meter: Meter, stretches: Iterable[Interval], busy: list[Interval]) -> list[Reference]:
    """Return the stretches that are recorded and free of anything unusual."""
    references = []
    for start, end in stretches:
        if any(start < b and a < end for a, b in busy):
            continue
        found = meter.count(start, end)
        if found is not None and found.known >= KNOWN:
            references.append(Reference(_middle((start, end)), found.rate))
    return references


def _middle(span: Interval) -> float:
    """Return the middle of a stretch in seconds."""
    return (span[0].value + span[1].value) / 2e9


def _is_working(t: pd.Timestamp, zone: str) -> bool:
    return bool(t.tz_convert(zone).weekday() < 5)


def _earlier(span: Interval, days: int, most: int, zone: str) -> Iterator[Interval]:
    """Yield the same stretch of earlier days by the clock on the wall: of working days to one, of weekends to another.

    Its length stays, whatever the clock does meanwhile.
    """
    start, end = span
    wall = start.tz_convert(zone).tz_localize(None)
    alike = (wall - pd.Timedelta(days=days * n) for n in range(1, 2 * most + 1))
    same = [t for t in alike if (t.weekday() < 5) == (wall.weekday() < 5)]
    for t in same[:most]:
        shifted = t.tz_localize(zone, ambiguous=False, nonexistent="shift_forward")
        first = shifted.tz_convert("UTC")
        yield first, first + (end - start)


def _beside(span: Interval, busy: list[Interval], part: int, meter: Meter) -> Iterator[Interval]:
    """Yield stretches of a part of the length before and after what is busy, nearest first; none of too few rows."""
    length = (span[1] - span[0]) / part // meter.series.step * meter.series.step
    start, end = next((b for b in union(busy) if b[0] < span[1] and span[0] < b[1]), span)
    if length < (ROWS if part > 1 else 1) * meter.series.step:
        return
    for n in range(FAR * part):
        yield start - (n + 1) * length, start - n * length
        yield end + n * length, end + (n + 1) * length


def _chance(rate: float, rows: float) -> float:
    """Return how far requests that come by chance stray in 90 % of all stretches of so many rows, per row."""
    return NORMAL * (max(rate, 0.0) / rows) ** 0.5


def _band(references: list[Reference], rows: float) -> Range:
    """Return the median and the 90 % prediction interval of one more stretch like these, ``rows`` long.

    Student's t, because three weeks tell little about how weeks differ: their minimum and maximum hold the next one in
    half of all cases only. The variance of a median is π/2k of that of one reference. References that happen to agree
    do not make it narrower than chance would.
    """
    rates = [r.rate for r in references]
    k = len(rates)
    middle = float(np.median(rates))
    half = max(T95[k - 2] * float(np.std(rates, ddof=1)), _chance(middle, rows)) * (1 + np.pi / (2 * k)) ** 0.5
    return Range(max(middle - half, 0.0), middle, middle + half)


def _line(references: list[Reference], at: float, rows: float) -> Range:
    """Return the rate at an instant on the straight line through references, with its 90 % prediction interval.

    Demand rises and falls over the day; where references stand on one side only, the interval grows with the distance.
    """
    k = len(references)
    x = np.array([r.at for r in references]) - at
    y = np.array([r.rate for r in references])
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * y).sum()) / spread
    there = float(y.mean() - slope * x.mean())
    error = float(((y - there - slope * x) ** 2).sum() / (k - 2)) ** 0.5
    half = max(T95[k - 3] * error, _chance(there, rows)) * (1 + 1 / k + float(x.mean()) ** 2 / spread) ** 0.5
    return Range(max(there - half, 0.0), max(there, 0.0), max(there + half, 0.0))


def _demand(here: list[Count], bands: list[Range], how: str) -> Demand:
    expected, lost, surplus = np.zeros(3), np.zeros(3), np.zeros(3)
    for count, band in zip(here, bands, strict=True):
        rates = np.array(band, float)
        known = rates * count.rows * count.known
        whole = np.array([*known[:2], rates[2] * count.rows])  # what is not recorded may all have been lost
        expected += known
        lost += np.maximum(whole - count.requests, 0)
        surplus += np.maximum(count.requests - known[::-1], 0)
    return Demand(
        Range(*map(float, expected)),
        float(sum(c.requests for c in here)),
        Range(*map(float, lost)),
        Range(*map(float, surplus)),
        how,
    )
