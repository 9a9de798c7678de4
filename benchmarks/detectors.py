"""The same question asked of other detectors: windows of a plain series, each with the bound that its authors or
`docs/detection.md` give. A detector is a function of a series on a regular grid; it returns rows ``(first, end)``, best
first. Those whose library is not installed are left out.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd

from benchmarks.backgrounds import mad

Detector = Callable[[pd.Series], list[tuple[int, int]]]


def detectors() -> dict[str, Detector]:
    """Return the detectors that can be run here, by name."""
    found: dict[str, Detector] = {"time-of-day median and MAD": time_of_day, "rolling median and MAD": rolling}
    found["BOCPD (Gaussian, hazard 1/500)"] = bocpd
    if importlib.util.find_spec("ruptures"):
        found["PELT, L2 (ruptures)"] = pelt
    if importlib.util.find_spec("otava"):
        found["otava (E-divisive, split)"] = otava
    return found


def _filled(series: pd.Series) -> np.ndarray:
    return series.interpolate(limit_direction="both").to_numpy(float)


def _runs(z: np.ndarray, enter: float = 4.0, leave: float = 2.0) -> list[tuple[int, int]]:
    """Return runs beyond a threshold, closed where it stays below half of it for 3 rows; the largest first."""
    found: list[tuple[float, int, int]] = []
    first, quiet = -1, 0
    size = np.abs(z)
    for row, value in enumerate(np.append(size, [0.0, 0.0, 0.0])):
        if first < 0 and value >= enter:
            first, quiet = row, 0
        elif first >= 0:
            quiet = quiet + 1 if value < leave else 0
            if quiet == 3:
                end = min(row - 2, len(size))
                found.append((float(size[first:end].sum()), first, end))
                first = -1
    return [(a, b) for _, a, b in sorted(found, reverse=True)]


def time_of_day(series: pd.Series) -> list[tuple[int, int]]:
    """Distance from the median of that time of day, in robust standard deviations."""
    x = _filled(series)
    day = max(1, round(pd.Timedelta(days=1) / (series.index[1] - series.index[0])))
    slots = pd.Series(x).groupby(np.arange(len(x)) % day).transform("median").to_numpy()
    away = x - (slots if len(x) >= 2 * day else np.median(x))
    return _runs(away / (mad(away) or float(np.std(away)) or 1.0))


def rolling(series: pd.Series) -> list[tuple[int, int]]:
    """Distance from the median of the day around, in robust standard deviations."""
    x = pd.Series(_filled(series))
    day = max(5, round(pd.Timedelta(days=1) / (series.index[1] - series.index[0])))
    away = (x - x.rolling(day, center=True, min_periods=1).median()).to_numpy()
    return _runs(away / (mad(away) or float(np.std(away)) or 1.0))


def _between(series: pd.Series, points: list[int]) -> list[tuple[int, int]]:
    """Return the segments between change points whose mean lies out, furthest first."""
    x = _filled(series)
    z = (x - np.median(x)) / (mad(x) or float(np.std(x)) or 1.0)
    edges = sorted({0, *points, len(x)})
    spans = [(abs(float(z[a:b].mean())), a, b) for a, b in pairwise(edges)]
    return [(a, b) for size, a, b in sorted(spans, reverse=True) if size >= 2 and b - a <= len(x) // 3]


def pelt(series: pd.Series) -> list[tuple[int, int]]:
    """PELT with a squared loss, penalty 3 log(n) of the standardized series (ruptures' KernelCPD, linear kernel)."""
    import ruptures

    x = _filled(series)
    z = (x - np.median(x)) / (mad(np.diff(x)) / np.sqrt(2) or mad(x) or float(np.std(x)) or 1.0)
    found = ruptures.KernelCPD(kernel="linear", min_size=2).fit(z.reshape(-1, 1)).predict(pen=3 * np.log(len(z)) * 4)
    return _between(series, found)


def otava(series: pd.Series) -> list[tuple[int, int]]:
    """Split E-divisive of Apache Otava, at its own defaults."""
    from otava.analysis import compute_change_points

    try:
        points, _ = compute_change_points(_filled(series).tolist())  # an array makes it compare with nothing
    except ValueError:  # it cannot compare means of which one is 0
        return []
    return _between(series, [int(point.index) for point in points])


def bocpd(series: pd.Series, hazard: float = 1 / 500, kept: int = 600) -> list[tuple[int, int]]:
    """Bayesian online change points (Adams and MacKay 2007) with a Gaussian of unknown mean; run lengths are pruned."""
    x = _filled(series)
    z = np.clip((x - np.median(x)) / (mad(np.diff(x)) / np.sqrt(2) or mad(x) or float(np.std(x)) or 1.0), -30, 30)
    weight, mean, precision = np.array([1.0]), np.array([0.0]), np.array([0.01])
    points, before = [], 0
    for row, value in enumerate(z):
        variance = 1 + 1 / precision
        fit = weight * np.exp(-0.5 * (value - mean) ** 2 / variance) / np.sqrt(variance)
        grown, new = fit * (1 - hazard), fit.sum() * hazard
        weight = np.concatenate([[new], grown])
        weight /= weight.sum() or 1.0
        mean = np.concatenate([[0.0], (precision * mean + value) / (precision + 1)])
        precision = np.concatenate([[0.01], precision + 1])
        weight, mean, precision = weight[:kept], mean[:kept], precision[:kept]
        length = int(weight.argmax())
        if length < before - 1 and row - length > 0:
            points.append(row - length + 1)
        before = length
    return _between(series, points)
