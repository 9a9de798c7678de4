"""Onset and recovery of a window as intervals: the edges that its rows do not rule out."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from postmortem_nb.analysis.edges import edge_of_samples, likely
from postmortem_nb.analysis.search.cutting import row_evidence
from postmortem_nb.analysis.search.readings import Readings

REACH = 24  # rows looked at outside an edge
TEMPER = 0.6  # of the evidence of a row: neighbouring rows are no independent witnesses
RISING = 0.97  # a slow rise is preferred to a step if it leaves less than this share of the step's squares
SIDED = 2.0  # robust standard deviations of its median from which a burst is also read as a shift
SLACK = 3.0  # on the squares of a slow rise: neighbouring rows are no independent witnesses
DEEPEST = -6.0  # robust standard deviations below which a row says no more


def edges(
    readings: Readings, name: str, first: int, end: int, near: Iterable[tuple[int, int]], level: float, free_from: int
) -> tuple[int, tuple[int, int], tuple[int, int]]:
    """Return the first row, and the rows between which onset and recovery lie.

    Parameters
    ----------
    readings : Readings
        Readings of the series.
    name : str
        Reading on which the window was found.
    first, end : int
        The window: rows ``[first, end)``.
    near : iterable of (int, int)
        Other candidates for the same window that stand out nearly as far.
    level : float
        Probability that the bounds aim at.
    free_from : int
        Row from which a slow rise towards this window may begin: the end of the window before.

    Returns
    -------
    tuple
        First row, (earliest, latest) row of the onset, (earliest, latest) of the recovery.
    """
    kind = readings.by_name[name].kind
    starts, ends = {first, *(a for a, _ in near)}, {end, *(b for _, b in near)}
    middle, n = (first + end) // 2, len(readings.z)
    if kind in ("high", "low"):
        x = readings.level(kind, name)
        starts |= set(edge_of_samples(x, first - REACH, middle + 1, level) or ())
        ends |= set(edge_of_samples(x, middle, min(n, end + REACH), level) or ())
    else:
        begin = max(0, first - REACH)
        sums = TEMPER * np.concatenate([[0.0], row_evidence(readings, name, first, end, REACH).cumsum()])
        split = middle - begin + 1
        starts |= {begin + row for row in likely(-sums[:split], level)}
        ends |= {middle + 1 + row for row in likely(sums[split:], level)}
        x = readings.z * np.sign(np.median(readings.z[first:end]))
    begin = max(0, first - REACH)
    if kind != "scatter":  # since the row last at its normal, the series may have been on its way
        starts |= {begin + int(row) + 1 for row in np.flatnonzero(x[begin:first] <= 0)[-1:]}
    if kind in ("high", "low") or (kind == "bursts" and np.median(x[first:end]) > SIDED):
        rise = rising(x, first, end, free_from)
        if rise is not None:
            is_better, row, fitting = rise
            starts |= fitting
            if is_better and row < first:
                first = row
                starts.add(row)
    return first, (min(starts), max(starts)), (min(ends), max(ends))


def rising(x: np.ndarray, first: int, end: int, free_from: int) -> tuple[bool, int, set[int]] | None:
    """Fit a slow rise, from normal to its peak at the end of a window.

    Returns
    -------
    tuple or None
        Whether it fits better than a step does, its first row, and the first and last row from which rises begin that
        fit nearly as well as the better of both; None where the window is too short.
    """
    n = end - first
    if n < 3:
        return None
    begin = max(free_from, first - 2 * n - 4)
    before = x[max(free_from, begin - 2 * n - 6) : begin]
    normal = float(np.median(before)) if len(before) > 3 else float(np.median(x))
    y = np.maximum(x[begin:end], DEEPEST) - normal
    rows = np.arange(len(y), dtype=float)
    count, ys = _from_each(np.ones(len(y))), _from_each(y)
    step = ys**2 / count
    shift = rows - 1
    slope = _from_each(rows * y) - shift * ys
    norm = _from_each(rows**2) - 2 * shift * _from_each(rows) + shift**2 * count
    rise = (slope**2 / np.maximum(norm, 1e-9))[:-3]
    if not len(rise):
        return None
    squares = float((y**2).sum())
    by_rise, by_step = squares - float(rise.max()), squares - float(step[:-3].max())
    allowed = min(by_rise, by_step) * (1 + SLACK * 2.7 / len(y))  # 2.7: 90 % of chi-square, one degree
    fitting = begin + np.flatnonzero(squares - rise <= allowed)
    return (
        by_rise < RISING * by_step,
        begin + int(rise.argmax()),
        set(fitting[[0, -1]].tolist()) if len(fitting) else set(),
    )


def _from_each(values: np.ndarray) -> np.ndarray:
    """Return the sum of the values from each row to the last."""
    return values[::-1].cumsum()[::-1]
