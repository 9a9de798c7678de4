"""Several readings of one series, each of which some incidents show best. In each of them high is unusual.

The level is read against the normal of that time of day (or of the week), and against the rows around it, which
follows a record that drifts; once as it is and once with what lies far out held down, so that a few lone spikes, which
belong to the record, hide no lasting shift. Beside the level stand how often it spikes, and its scatter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

CLIP = 30.0  # robust standard deviations beyond which further is not worse
SOFT = 3.0  # the same, of the readings in which only lasting shifts count
SPIKE = 3.0  # robust standard deviations from which a row is one
NEIGHBOURS = 9  # rows among which spikes are counted
AROUND = 97  # rows around one from which its local normal is taken
STRIDE = 8  # rows from one local normal to the next; between them it is drawn straight


class Reading(NamedTuple):
    """One reading: what it shows, its values, and the cuts of which other reading are its candidates."""

    kind: str
    values: np.ndarray
    cut_like: str


class Readings(NamedTuple):
    """All readings of a series, by name, and what they were made of.

    ``z`` is the distance from normal and ``local`` that from the rows around, both in robust standard deviations; a row
    is a spike if it lies far from the rows around; missing rows hold what lies between their neighbours and are flagged
    in ``missing``.
    """

    by_name: dict[str, Reading]
    z: np.ndarray
    local: np.ndarray
    is_spike: np.ndarray
    missing: np.ndarray

    def level(self, kind: str, name: str) -> np.ndarray:
        """Return the level on which the edges of a window are placed, high being unusual."""
        if kind in ("high", "low"):
            x = self.local if name.startswith("local") else self.z
            return x if kind == "high" else -x
        return self.z


def read(values: np.ndarray, rows_a_day: int, bad: str) -> Readings:
    """Make the readings of a series on a regular grid (NaN where missing)."""
    missing = np.isnan(values)
    filled = np.interp(np.arange(len(values)), np.flatnonzero(~missing), values[~missing])
    away = filled - _normal(filled, rows_a_day)
    z = _standardized(away, filled)
    local = _standardized(away - local_median(away), filled)
    is_spike = np.abs(local) > SPIKE
    out: dict[str, Reading] = {}
    for name, x in (("seasonal", z), ("local", local)):
        for kind, side in (("high", 1), ("low", -1)):
            if bad not in ("auto", kind):
                continue
            out[f"{name} {kind}"] = Reading(kind, side * x, f"{name} {kind}")
            out[f"{name} {kind} lasting"] = Reading(kind, np.clip(side * x, -SOFT, SOFT), f"{name} {kind}")
    if bad == "auto":
        out["bursts"] = Reading("bursts", 10 * _density(is_spike), "bursts")
        out["scatter"] = Reading("scatter", _scatter(z), "scatter")
    return Readings(out, z, local, is_spike, missing)


def _normal(filled: np.ndarray, day: int) -> np.ndarray:
    """Return the normal of each row: that time of the day, or of the week, where those repeat; else the median."""
    if day >= 4 and len(filled) >= 2.5 * day and (daily := _likeness(filled, day)) > 0.2:
        week = 7 * day
        is_weekly = len(filled) >= 2.5 * week and _likeness(filled, week) > daily + 0.05
        slot = np.arange(len(filled)) % (week if is_weekly else day)
        return pd.Series(filled).groupby(slot).transform("median").to_numpy()
    return np.full(len(filled), np.median(filled))


def _likeness(x: np.ndarray, lag: int) -> float:
    """Return the correlation with the same series a lag later; what lies far out, such as an incident, held down."""
    middle, spread = float(np.median(_some(x))), _mad(x)
    if spread > 0:
        x = np.clip(x, middle - SOFT * spread, middle + SOFT * spread)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.corrcoef(x[lag:], x[:-lag])[0, 1])


def _standardized(away: np.ndarray, filled: np.ndarray) -> np.ndarray:
    low, high = np.quantile(_some(filled), [0.1, 0.9])
    scale = max(
        _mad(away),
        _mad(np.diff(filled)) / np.sqrt(2),
        0.02 * (high - low),
        0.002 * abs(np.median(_some(filled))),
    )
    return np.clip(away / (scale or float(np.std(filled)) or 1.0), -CLIP, CLIP)


def _mad(x: np.ndarray) -> float:
    x = _some(x)
    return float(1.4826 * np.median(np.abs(x - np.median(x))))


def _some(x: np.ndarray) -> np.ndarray:
    """Return enough values of a long record to tell its spread, evenly spaced."""
    return x[:: max(1, len(x) // 50_000)]


def local_median(x: np.ndarray, around: int = AROUND, stride: int = STRIDE) -> np.ndarray:
    """Return the median of the rows around each; near the ends that of the first or last so many."""
    n = len(x)
    width = min(around, max(1, n // 3))
    at = np.unique(np.append(np.arange(0, n, stride), n - 1))
    starts = np.clip(at - width // 2, 0, n - width)
    windows = np.lib.stride_tricks.sliding_window_view(x, width)
    some = [np.median(windows[starts[i : i + 8192]], axis=1) for i in range(0, len(starts), 8192)]
    return np.interp(np.arange(n), at, np.concatenate(some))


def _density(is_hot: np.ndarray) -> np.ndarray:
    """Return the share of hot rows among the rows around each."""
    return pd.Series(is_hot.astype(float)).rolling(NEIGHBOURS, center=True, min_periods=1).mean().to_numpy()


def _scatter(z: np.ndarray) -> np.ndarray:
    steps = pd.Series(np.abs(np.diff(z, prepend=z[0]))).rolling(7, center=True, min_periods=1).median()
    scatter = np.log(steps.to_numpy() + 0.3)
    return (scatter - np.median(_some(scatter))) / max(_mad(scatter), 0.25)
