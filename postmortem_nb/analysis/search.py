"""Windows in a plain series, without an incident: `find_windows`.

A stretch stands out if its mean lies further from normal than that of other stretches of the same length in the same
record: the score of a window is that ratio. It is taken on several readings of the series, each of which some incidents
show best: its level on either side, how often it spikes, and its scatter. Runs of missing samples compete with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from postmortem_nb.analysis.edges import edge_of_samples
from postmortem_nb.analysis.windows import runs_of
from postmortem_nb.errors import SettingError

COLUMNS = ("onset", "onset_lo", "onset_hi", "recovery", "recovery_lo", "recovery_hi", "score", "kind")
STANDS_OUT = 1.6  # score of a window that is reported at sensitivity 1
LEVELS = (1.5, 2, 3, 4, 6, 9, 13, 20)  # thresholds at which candidates are cut, in robust standard deviations
NEIGHBOURS = 9  # rows among which spikes are counted
SPIKE = 3.0  # robust standard deviations from which a row is one
MOST = 150  # candidates of a reading that are scored; in a long record the strongest
MOST_ROWS = 1_000_000
REACH = 24  # rows looked at outside an edge
CLIP = 30.0  # robust standard deviations beyond which further is not worse


class Candidate(NamedTuple):
    """A stretch of rows ``[first, end)`` on one reading of the series."""

    score: float
    first: int
    end: int
    kind: str


def find_windows(
    series: pd.Series, *, bad: str = "auto", sensitivity: float = 1.0, level: float = 0.90
) -> pd.DataFrame:
    """Find the stretches in which a plain series leaves its baseline.

    Parameters
    ----------
    series : Series
        Values on a zone-aware DatetimeIndex; a missing value, or a missing row, is unknown.
    bad : {"auto", "high", "low"}
        Which side is bad; ``auto`` looks at both, at bursts, scatter and missing samples.
    sensitivity : float
        At 1 a window is reported whose mean lies 1.6 times as far out as the 1-in-100 stretch of its length elsewhere
        in the record; at 2 half of that is enough, and so on.
    level : float
        Probability that the stated edges aim at: the set of change points near an edge that carries this much of the
        likelihood of a single change of mean, joined with the edges of the other candidates that score nearly as well.
        Measured at 0.90, on incidents drawn into real series: 9 of 10 onsets and 19 of 20 recoveries lie within; of
        slow ramps only half of the onsets do.

    Returns
    -------
    DataFrame
        Best first: ``onset, onset_lo, onset_hi, recovery, recovery_lo, recovery_hi`` (UTC), ``score`` and ``kind``
        (high, low, bursts, scatter or missing). Empty where nothing stands out. The recovery of a window that touches
        the end of the record is NaT, its ``recovery_lo`` the end of the record.

    Raises
    ------
    SettingError
        For an index without zone, a setting out of range, or a record of more than a million steps.
    """
    if not isinstance(series.index, pd.DatetimeIndex) or series.index.tz is None:
        raise SettingError("find_windows: the series needs a zone-aware DatetimeIndex; use tz_localize first.")
    if bad not in ("auto", "high", "low") or not sensitivity > 0 or not 0 < level < 1:
        raise SettingError(
            f"find_windows: bad={bad!r}, sensitivity={sensitivity}, level={level}: "
            "bad is auto, high or low, sensitivity is above 0, level between 0 and 1."
        )
    grid, step = _regular(series)
    z = _standardized(grid, step)
    found = _best(z, STANDS_OUT / sensitivity, bad) if np.isfinite(z).sum() >= 8 else []
    rows = [(*_edges(grid, step, z, w, near, level), w.score, w.kind) for w, near in found]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("score", ascending=False, ignore_index=True)
    return frame.astype({c: "datetime64[ns, UTC]" for c in COLUMNS[:6]})


def _regular(series: pd.Series) -> tuple[pd.Series, pd.Timedelta]:
    s = series.astype("float64").groupby(level=0).mean().sort_index().tz_convert("UTC")
    s.index = s.index.as_unit("ns")  # type: ignore[attr-defined]
    if len(s) < 2:
        return s, pd.Timedelta(minutes=1)
    step = pd.Timedelta(s.index.to_series().diff().median())
    if (s.index[-1] - s.index[0]) / step > MOST_ROWS:
        raise SettingError(
            f"find_windows: the record is over {MOST_ROWS:,} steps of {step} long. Resample it to a wider step first."
        )
    return s.resample(step, origin=s.index[0]).mean(), step


def _standardized(s: pd.Series, step: pd.Timedelta) -> np.ndarray:
    """Return the distance from normal in robust standard deviations; normal is that time of day where days repeat."""
    x = s.to_numpy(float)
    if np.isfinite(x).sum() < 8:
        return np.full(len(x), np.nan)
    filled = s.interpolate(limit_direction="both").to_numpy(float)
    normal = np.full(len(x), np.median(filled))
    day = round(pd.Timedelta(days=1) / step)
    if day >= 4 and len(x) >= 2.5 * day and np.corrcoef(filled[day:], filled[:-day])[0, 1] > 0.2:
        slot = np.arange(len(x)) % day
        normal = pd.Series(filled).groupby(slot).transform("median").to_numpy()
    low, high = np.quantile(filled, [0.1, 0.9])
    scale = max(
        _mad(filled - normal),
        _mad(np.diff(filled)) / np.sqrt(2),
        0.02 * (high - low),
        0.002 * abs(np.median(filled)),
    )
    return np.clip((x - normal) / (scale or float(np.std(filled)) or 1.0), -CLIP, CLIP)


def _mad(x: np.ndarray) -> float:
    return float(1.4826 * np.median(np.abs(x - np.median(x))))


def _readings(z: np.ndarray, bad: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yield kind and values of each reading of the series; in each of them high is unusual."""
    filled = pd.Series(z).interpolate(limit_direction="both").to_numpy()
    if bad != "low":
        yield "high", filled
    if bad != "high":
        yield "low", -filled
    if bad == "auto":
        yield (
            "bursts",
            10 * pd.Series(np.abs(filled) > SPIKE).rolling(NEIGHBOURS, center=True, min_periods=1).mean().to_numpy(),
        )
        wobble = pd.Series(np.abs(np.diff(filled, prepend=filled[0]))).rolling(7, center=True, min_periods=1).median()
        scatter = np.log(wobble.to_numpy() + 0.3)
        yield "scatter", (scatter - np.median(scatter)) / max(_mad(scatter), 0.25)


def _best(z: np.ndarray, threshold: float, bad: str) -> list[tuple[Candidate, list[Candidate]]]:
    """Return the windows that stand out, best first, each with the candidates for the same window that do nearly so."""
    gaps = _gaps(np.isnan(z)) if bad == "auto" else []
    taken = np.isnan(z)
    readings = dict(_readings(z, bad))
    spikes = np.flatnonzero(np.abs(z) > SPIKE)
    candidates = [(kind, a, b) for kind, x in readings.items() for a, b in _cuts(x)]
    candidates = [(k, *_trimmed(a, b, spikes)) if k == "bursts" else (k, a, b) for k, a, b in candidates]
    candidates = sorted(set(candidates))
    found: list[tuple[Candidate, list[Candidate]]] = [(c, [c]) for c in gaps if c.score >= threshold]
    while candidates:
        nulls = {kind: _Null(x, taken) for kind, x in readings.items()}
        scored = sorted((Candidate(nulls[k].score(a, b), a, b, k) for k, a, b in candidates), reverse=True)
        best = scored[0]
        if best.score < threshold:
            break
        found.append((best, [c for c in scored if c.score >= 0.9 * best.score and _overlap(c, best) > 0.5]))
        taken[best.first : best.end] = True  # no longer normal: what it hid may now stand out
        candidates = [
            (c.kind, c.first, c.end)
            for c in scored
            if c.score >= threshold / 2 and (c.end <= best.first or c.first >= best.end)
        ]
    nulls = {kind: _Null(x, taken) for kind, x in readings.items()}  # now that all of normal is known
    return [(c if c.kind == "missing" else c._replace(score=nulls[c.kind].score(c.first, c.end)), n) for c, n in found]


def _trimmed(first: int, end: int, spikes: np.ndarray) -> tuple[int, int]:
    """Return a stretch from its first to its last spike: a reading of a neighbourhood blurs its edges."""
    half = NEIGHBOURS // 2
    inside = spikes[np.searchsorted(spikes, first - half) : np.searchsorted(spikes, end + half)]
    return (int(inside[0]), int(inside[-1]) + 1) if len(inside) > 1 else (first, end)


def _cuts(x: np.ndarray) -> set[tuple[int, int]]:
    """Return the stretches above each of several thresholds, small gaps closed."""
    cuts: set[tuple[int, int]] = set()
    for t in LEVELS:
        for hold in (2, 6):
            runs = runs_of(x >= t, x < t / 2, hold)
            cuts |= {(r.first, r.after if r.after is not None else len(x)) for r in runs if r.opens}
    return set(sorted(cuts, key=lambda c: x[c[0] : c[1]].sum(), reverse=True)[:MOST])


class _Null:
    """How far the mean of a stretch of any length lies out elsewhere in the record, outside what is taken."""

    def __init__(self, x: np.ndarray, taken: np.ndarray) -> None:
        self.whole = np.concatenate([[0.0], x.cumsum()])
        self.sums = np.concatenate([[0.0], np.where(taken, 0.0, x).cumsum()])
        self.counts = np.concatenate([[0], (~taken).cumsum()])
        self.means: dict[int, np.ndarray] = {}

    def score(self, first: int, end: int) -> float:
        n = end - first
        if n not in self.means:
            counts = self.counts[n:] - self.counts[:-n]
            with np.errstate(invalid="ignore", divide="ignore"):
                means = np.abs(self.sums[n:] - self.sums[:-n]) / counts
            self.means[n] = np.where(counts >= 0.5 * n, means, np.nan)
        others = np.concatenate([self.means[n][: max(0, first - n + 1)], self.means[n][end:]])
        others = others[np.isfinite(others)]
        if len(others) < n:
            return 0.0
        return float((self.whole[end] - self.whole[first]) / n / max(np.quantile(others, 0.99), 1.0))


def _gaps(missing: np.ndarray) -> list[Candidate]:
    """Return runs of missing rows, scored against the longest other one."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(int)))
    runs = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    first, second = [*sorted((b - a for a, b in runs), reverse=True), 0, 0][:2]
    return [Candidate((b - a) / max(second if b - a == first else first, 2), a, b, "missing") for a, b in runs]


def _overlap(a: Candidate, b: Candidate) -> float:
    both = min(a.end, b.end) - max(a.first, b.first)
    return both / (max(a.end, b.end) - min(a.first, b.first))


def _edges(
    s: pd.Series, step: pd.Timedelta, z: np.ndarray, w: Candidate, near: Iterable[Candidate], level: float
) -> tuple[object, ...]:
    """Return onset and recovery with bounds: change points that the series does not rule out, and near candidates."""
    begin, n = s.index[0], len(s)
    x = z * (-1 if w.kind == "low" else 1)
    middle = (w.first + w.end) // 2
    starts, ends = {c.first for c in near}, {c.end for c in near}
    if w.kind != "missing":
        starts |= set(edge_of_samples(x, w.first - REACH, middle + 1, level) or ())
        ends |= set(edge_of_samples(x, middle, w.end + REACH, level) or ())
        outside = max(0, w.first - REACH)  # since the row last at its normal, the series may have been on its way
        starts |= {outside + int(r) + 1 for r in np.flatnonzero(x[outside : w.first] <= 0)[-1:]}
    onset = [begin + step * r for r in (w.first, min(starts) - 1, max(starts))]
    if w.end >= n:
        return (*onset, None, begin + step * n, None)
    return (*onset, *(begin + step * r for r in (w.end, min(ends) - 1, max(ends))))
