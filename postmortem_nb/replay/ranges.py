"""What functions make of the samples of a stretch, at every step at once; formulas of Prometheus' ``functions.go``.

Each function takes one series and, for every step, the half-open run of its samples that lies in the stretch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from postmortem_nb.replay.series import Series

LEFT_OPEN = (3, 0)  # from here on a sample at the very start of a stretch, or as old as the look-back, does not count
ZERO_LAST = (2, 52)  # from here on the limit to zero shortens what was already cut to half a step (prometheus#13725)


@dataclass(frozen=True, eq=False)
class Stretches:
    """The samples of one series that lie in each step's stretch.

    Parameters
    ----------
    series : Series
    first, stop : int array, shape (T,)
        Samples ``first`` to ``stop - 1`` lie in it.
    start, end : int64 array, shape (T,)
        Ends of the stretch in milliseconds.
    version : (int, int)
        Version of Prometheus whose formulas are meant.
    """

    series: Series
    first: np.ndarray
    stop: np.ndarray
    start: np.ndarray
    end: np.ndarray
    version: tuple[int, int] = (3, 0)

    @property
    def count(self) -> np.ndarray:
        """Samples in each stretch."""
        return self.stop - self.first


def stretches(series: Series, ends: np.ndarray, length: int, version: tuple[int, int]) -> Stretches:
    """Return the stretches of a length (ms) that end at each step; version 2 counts a sample at the very start."""
    starts = ends - length
    side: str = "left" if version < LEFT_OPEN else "right"
    first = np.searchsorted(series.times, starts, side=side)  # type: ignore[call-overload]
    return Stretches(series, first, np.searchsorted(series.times, ends, side="right"), starts, ends, version)


Result = tuple[np.ndarray, np.ndarray]  # value and whether there is one, each of shape (T,)


def apply(function: str, given: Stretches) -> Result:
    """Return the value of a function at every step, and where it has one."""
    with np.errstate(all="ignore"):
        return _FUNCTIONS[function](given)


def _extrapolated(given: Stretches, *, is_counter: bool, is_rate: bool) -> Result:
    """Return rate(), increase() or delta().

    The change from the first to the last sample is stretched to the whole length, where samples lie close enough to its
    ends to have gone on; a counter is not stretched to below zero.
    """
    known = given.count >= 2
    i, j = np.where(known, given.first, 0), np.where(known, given.stop - 1, 0)
    times, values = given.series.times, given.series.values
    change = values[j] - values[i]
    if is_counter:
        lost = np.r_[0.0, np.where(values[1:] < values[:-1], values[:-1], 0.0)]  # what a reset to zero took away
        change = change + _over(np.add, lost, given.first + 1, given.stop, known)
    sampled = (times[j] - times[i]) / 1000
    before, after = (times[i] - given.start) / 1000, (given.end - times[j]) / 1000
    usual = sampled / np.maximum(given.count - 1, 1)
    near = usual * 1.1
    until_zero = np.where((change > 0) & (values[i] >= 0), sampled * (values[i] / change), np.inf)
    if is_counter and given.version < ZERO_LAST:
        before = np.minimum(before, until_zero)
    before = np.where(before < near, before, usual / 2)
    if is_counter and given.version >= ZERO_LAST:
        before = np.minimum(before, until_zero)
    after = np.where(after < near, after, usual / 2)
    factor = (sampled + before + after) / sampled
    if is_rate:
        factor = factor / ((given.end - given.start) / 1000)
    return (change * factor).astype(float), known


def _last_two(given: Stretches, *, is_rate: bool) -> Result:
    """Return irate() or idelta(): from the last sample but one to the last."""
    known = given.count >= 2
    j = np.where(known, given.stop - 1, 1 if len(given.series.times) > 1 else 0)
    before, last = given.series.values[j - 1], given.series.values[j]
    if not is_rate:
        return last - before, known
    seconds = (given.series.times[j] - given.series.times[j - 1]) / 1000
    return np.where(last < before, last, last - before) / seconds, known


def _reduced(ufunc: np.ufunc, given: Stretches) -> Result:
    """Return a running reduction of the samples; sums are taken with more digits, as Prometheus compensates them."""
    known = given.count > 0
    return _over(ufunc, given.series.values, given.first, given.stop, known).astype(float), known


def _over(ufunc: np.ufunc, values: np.ndarray, first: np.ndarray, stop: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the reduction of ``values[first:stop]`` at each known step, else 0; with the digits of a long double."""
    out = np.zeros(len(known), np.longdouble)
    if known.any():
        padded = np.append(values.astype(np.longdouble), 0)  # an end may lie behind the last sample
        out[known] = ufunc.reduceat(padded, np.stack([first[known], stop[known]], axis=1).ravel())[::2]
    return out


def _average(given: Stretches) -> Result:
    known = given.count > 0
    whole = _over(np.add, given.series.values, given.first, given.stop, known)
    return (whole / np.maximum(given.count, 1)).astype(float), known


def _steps_that(given: Stretches, compare: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Result:
    """Return how many neighbours within the stretch compare so."""
    known = given.count > 0
    values = given.series.values
    so_far = np.r_[0.0, np.cumsum(compare(values[1:], values[:-1]))]
    i, j = np.where(known, given.first, 0), np.where(known, given.stop - 1, 0)
    return so_far[j] - so_far[i], known


def _last(given: Stretches) -> Result:
    known = given.count > 0
    return given.series.values[np.where(known, given.stop - 1, 0)], known


_FUNCTIONS: dict[str, Callable[[Stretches], Result]] = {
    "rate": lambda given: _extrapolated(given, is_counter=True, is_rate=True),
    "increase": lambda given: _extrapolated(given, is_counter=True, is_rate=False),
    "delta": lambda given: _extrapolated(given, is_counter=False, is_rate=False),
    "irate": lambda given: _last_two(given, is_rate=True),
    "idelta": lambda given: _last_two(given, is_rate=False),
    "changes": lambda given: _steps_that(given, lambda a, b: (a != b) & ~(np.isnan(a) & np.isnan(b))),
    "resets": lambda given: _steps_that(given, np.less),
    "avg_over_time": _average,
    "min_over_time": lambda given: _reduced(np.fmin, given),
    "max_over_time": lambda given: _reduced(np.fmax, given),
    "sum_over_time": lambda given: _reduced(np.add, given),
    "count_over_time": lambda given: (given.count.astype(float), given.count > 0),
    "last_over_time": _last,
    "present_over_time": lambda given: (np.ones(len(given.count)), given.count > 0),
}
