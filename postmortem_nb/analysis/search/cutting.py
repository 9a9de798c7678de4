"""Candidates: the stretches above each of several thresholds, and the edges that explain the rows best."""

from __future__ import annotations

import numpy as np

from postmortem_nb.analysis.search.readings import Readings, local_median

LEVELS = (1.5, 2, 3, 4, 6, 9, 13, 20)  # thresholds at which candidates are cut, in robust standard deviations
HOLDS = (2, 6)  # rows below half the threshold that end a stretch
MOST = 60  # candidates of a reading that are scored; the strongest
HALF = 4  # rows by which the count of spikes among neighbours reaches over the edge of a burst
LONGEST = 4096  # rows of a stretch whose edges are looked at again


def cuts(x: np.ndarray) -> np.ndarray:
    """Return the strongest stretches above each threshold, small gaps closed: rows of ``first, end``.

    A stretch opens at the threshold and closes where the values stay below half of it.
    """
    total = np.concatenate([[0.0], x.cumsum()])
    found = [np.empty((0, 2), dtype="int64")]
    for level in LEVELS:
        hot = np.flatnonzero(x >= level)
        if not len(hot):
            break
        flips = np.flatnonzero(np.diff(np.concatenate([[False], x < level / 2, [False]]).astype("int8")))
        cold, warm = flips[::2], flips[1::2]
        for hold in HOLDS:
            closing = cold[warm - cold >= hold]
            segment = np.searchsorted(closing, hot, "right")
            firsts = hot[np.flatnonzero(np.diff(segment, prepend=-1))]
            ends = np.append(closing, len(x))[np.searchsorted(closing, firsts, "right")]
            found.append(_strongest(np.column_stack([firsts, ends]), total))
    return _strongest(np.unique(np.concatenate(found), axis=0), total)


def _strongest(spans: np.ndarray, total: np.ndarray) -> np.ndarray:
    weight = total[spans[:, 1]] - total[spans[:, 0]]
    if len(spans) > MOST:
        some = np.sort(np.argpartition(-weight, MOST - 1)[:MOST])  # in time order, so that ties are settled by it
        spans, weight = spans[some], weight[some]
    return spans[np.argsort(-weight, kind="stable")]


def trimmed(first: int, end: int, spikes: np.ndarray) -> tuple[int, int]:
    """Return a stretch from its first to its last spike: a reading of a neighbourhood blurs its edges."""
    inside = spikes[np.searchsorted(spikes, first - HALF) : np.searchsorted(spikes, end + HALF)]
    return (int(inside[0]), int(inside[-1]) + 1) if len(inside) > 1 else (first, end)


def refined(readings: Readings, name: str, first: int, end: int) -> tuple[int, int]:
    """Return the edges near those of a stretch that explain the rows best."""
    for _ in range(2):
        if end - first > LONGEST:
            break
        reach = max(6, end - first)
        start, middle = max(0, first - reach), (first + end) // 2
        gain = row_evidence(readings, name, first, end, reach)
        sums = np.concatenate([[0.0], gain.cumsum()])
        new_first = start + int(np.argmin(sums[: middle - start + 1]))
        new_end = middle + 1 + int(np.argmax(sums[middle - start + 1 :]))
        if (new_first, new_end) == (first, end) or new_end - new_first < 2:
            break
        first, end = new_first, new_end
    return first, end


def row_evidence(readings: Readings, name: str, first: int, end: int, reach: int) -> np.ndarray:
    """Return, for each row of a stretch and `reach` rows around it, by how much it speaks for the incident.

    The logarithm of the likelihood ratio of two models, of which the stretch and what surrounds it are the samples:
    two levels (relative, in half distances), two rates of spikes, or two standard deviations.
    """
    z = readings.z
    start, stop = max(0, first - reach), min(len(z), end + reach)
    kind = readings.by_name[name].kind
    if kind in ("high", "low"):
        x = readings.by_name[name].values
        inside, outside = float(np.median(x[first:end])), _outside(x, start, first, end, stop)
        normal = float(np.median(outside)) if len(outside) > 2 else 0.0
        distance = max(inside - normal, 1e-9)
        return np.clip(x[start:stop] - (normal + inside) / 2, -distance, distance)
    if kind == "bursts":
        hot = readings.is_spike
        outside = _outside(hot, start, first, end, stop)
        rate = float(np.clip(hot[first:end].mean(), 0.1, 0.95))
        normal = float(np.clip(outside.mean() if len(outside) else 0.01, 0.01, 0.9 * rate))
        for_it, against = float(np.log(rate / normal)), float(np.log((1 - rate) / (1 - normal)))
        return np.where(hot[start:stop], for_it, against)
    around = slice(max(0, start - 13), min(len(z), stop + 13))
    near = z[around] - local_median(z[around], 13, 1)
    away = near[start - around.start : len(near) - (around.stop - stop)]
    outside = np.concatenate([away[: first - start], away[end - start :]])
    normal = max(1.4826 * float(np.median(np.abs(outside))) if len(outside) > 2 else 1.0, 0.1)
    spread = max(float(np.sqrt(np.mean(away[first - start : end - start] ** 2))), 1.2 * normal)
    squares = np.minimum(away**2, (4 * spread) ** 2)
    return 0.5 * squares * (normal**-2 - spread**-2) - np.log(spread / normal)


def _outside(x: np.ndarray, start: int, first: int, end: int, stop: int) -> np.ndarray:
    return np.concatenate([x[start:first], x[end:stop]])
