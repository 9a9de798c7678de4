"""Impact windows: a threshold with hysteresis and a hold time, half-open, with edges as intervals.

A window opens at the first of `RUN` rows in a row beyond ``enter`` and ends at the first row of a stretch that stays on
the good side of ``leave`` for the hold time. Unknown rows are never healthy: they widen the edge that they touch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from postmortem_nb.analysis.baseline import RETURN, SIGMAS, Baseline, calm, find_baseline, wilson_lower
from postmortem_nb.analysis.edges import edge_of_requests, edge_of_samples
from postmortem_nb.analysis.settings import Settings
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.errors import SettingError
from postmortem_nb.times import Instant, Window, format_window

RUN = 2  # rows beyond the threshold in a row that open a window


class Windows(tuple[Window, ...]):
    """Impact windows in time order."""

    def __repr__(self) -> str:
        return "\n".join(str(w) for w in self) or "no impact window"

    @property
    def frame(self) -> pd.DataFrame:
        """One row a window: edges with bounds (UTC), score, kind, share of missing samples."""
        rows = [
            {
                "onset": w.onset.at,
                "onset_lo": w.onset.lo,
                "onset_hi": w.onset.hi,
                "recovery": w.recovery.at,
                "recovery_lo": w.recovery.lo,
                "recovery_hi": w.recovery.hi,
                "score": w.score,
                "kind": w.kind,
                "unknown": w.unknown,
            }
            for w in self
        ]
        return pd.DataFrame(
            rows,
            columns=[
                "onset",
                "onset_lo",
                "onset_hi",
                "recovery",
                "recovery_lo",
                "recovery_hi",
                "score",
                "kind",
                "unknown",
            ],
        )


@dataclass(frozen=True)
class Measurement:
    """What was measured on one signal."""

    baseline: Baseline
    windows: Windows
    near_misses: Windows
    severe: float


def measure(series: SignalSeries, settings: Settings) -> Measurement:
    """Return the windows of a signal, and the runs that were too short to count."""
    baseline = find_baseline(series, settings)
    frame, side = series.frame, series.bad_side
    value = frame["value"].to_numpy(float)
    beyond = value * side >= baseline.enter * side
    healthy = value * side < baseline.leave * side
    if series.signal.kind == "ratio":  # counts: a bin is bad, or not yet healthy, only beyond what chance explains
        surely = wilson_lower(frame["bad"], frame["total"])
        beyond &= surely >= min(baseline.enter, 0.99)
        healthy |= surely < baseline.leave
    healthy |= (value == baseline.center) & ~beyond  # nothing lies below a baseline of exactly 0
    hold = max(settings.length("hold", pd.Timedelta(minutes=10)), 2 * series.step)
    long_enough = settings.length("min_length", RUN * series.step)
    found: list[Window] = []
    missed: list[Window] = []
    for first, last, ends in _runs(beyond, healthy, np.isnan(value), max(1, round(hold / series.step))):
        window = _window(series, baseline, first, last, ends)
        opens = _opens(beyond[first : last + 1])
        length = series.step * (last + 1 - first)
        (found if opens and (length >= long_enough or not ends) else missed).append(window)
    windows = _merged(found, settings.length("merge_gap", pd.Timedelta(minutes=5)))
    return Measurement(baseline, Windows(windows), Windows(missed), _severe(series, baseline, windows))


def find_windows(
    series: pd.Series, *, bad: str = "auto", sensitivity: float = 1.0, level: float = 0.90
) -> pd.DataFrame:
    """Find the stretches in which a plain series leaves its baseline.

    Parameters
    ----------
    series : Series
        Values on a zone-aware DatetimeIndex; a missing value, or a missing row, is unknown.
    bad : {"auto", "high", "low"}
        Which side is bad; ``auto`` looks at both.
    sensitivity : float
        1 opens a window beyond 6 robust standard deviations; 2 beyond 3, and so on.
    level : float
        Probability that the stated edges aim at: the set of change points near an edge that carries this much of the
        likelihood of a single change of mean.

    Returns
    -------
    DataFrame
        Best first: ``onset, onset_lo, onset_hi, recovery, recovery_lo, recovery_hi`` (UTC), ``score`` (mean distance
        from the baseline over the threshold's, times the square root of the number of samples), ``kind`` (high, low or
        missing). Empty where nothing stands out. The recovery of a window that touches the end of the record is NaT,
        its ``recovery_lo`` the end of the record.

    Raises
    ------
    SettingError
        For an index without zone, or a setting out of range.
    """
    if not isinstance(series.index, pd.DatetimeIndex) or series.index.tz is None:
        raise SettingError("find_windows: the series needs a zone-aware DatetimeIndex; use tz_localize first.")
    if bad not in ("auto", "high", "low") or not sensitivity > 0 or not 0 < level < 1:
        raise SettingError(
            f"find_windows: bad={bad!r}, sensitivity={sensitivity}, level={level}: "
            "bad is auto, high or low, sensitivity is above 0, level between 0 and 1."
        )
    grid, step = _regular(series)
    rows = [
        row
        for kind, side in (("high", 1), ("low", -1))
        if bad in ("auto", kind)
        for row in _excursions(grid, step, side, kind, SIGMAS / sensitivity, level)
    ]
    columns = ["onset", "onset_lo", "onset_hi", "recovery", "recovery_lo", "recovery_hi", "score", "kind"]
    frame = pd.DataFrame(rows, columns=columns).sort_values("score", ascending=False, ignore_index=True)
    return frame.astype({c: "datetime64[ns, UTC]" for c in columns[:6]})


def _regular(series: pd.Series) -> tuple[pd.Series, pd.Timedelta]:
    s = series.astype("float64").groupby(level=0).mean().sort_index().tz_convert("UTC")
    s.index = s.index.as_unit("ns")  # type: ignore[attr-defined]
    if len(s) < 2:
        return s, pd.Timedelta(minutes=1)
    step = pd.Timedelta(s.index.to_series().diff().median())
    return s.resample(step, origin=s.index[0]).mean(), step


def _excursions(
    s: pd.Series, step: pd.Timedelta, side: int, kind: str, sigmas: float, level: float
) -> Iterator[tuple[object, ...]]:
    x, index = s.to_numpy(float) * side, pd.DatetimeIndex(s.index)
    normal = x[calm(x, 1)]
    if len(normal) < 3:
        return
    center = float(np.median(normal))
    spread = 1.4826 * float(np.median(np.abs(normal - center)))
    spread = max(spread, 0.02 * float(np.ptp(np.quantile(normal, [0.1, 0.9]))), 0.005 * abs(center), 1e-12)
    beyond, missing = x >= center + sigmas * spread, np.isnan(x)
    for first, last, ends in _runs(beyond, x < center + RETURN * sigmas * spread, missing, 2):
        if not _opens(beyond[first : last + 1]):
            continue
        inside = x[first : last + 1]
        depth = float(np.nanmean(inside) - center) / (sigmas * spread)
        onset = edge_of_samples(index, x, first, "onset", level)
        recovery = edge_of_samples(index, x, last + 1, "recovery", level) if ends else None
        end = (recovery.at, recovery.lo, recovery.hi) if recovery else (pd.NaT, index[-1] + step, pd.NaT)
        yield (onset.at, onset.lo, onset.hi, *end, depth * float(np.sqrt(last + 1 - first)), kind)


def _runs(beyond: np.ndarray, healthy: np.ndarray, unknown: np.ndarray, hold: int) -> Iterator[tuple[int, int, bool]]:
    """Yield first and last row of each excursion, and whether it ends within the record.

    A run goes on until `hold` healthy rows stand in a row; unknown rows neither end nor prolong it. A healthy stretch
    that the end of the record cuts short counts from two rows on.
    """
    i, n = 0, len(beyond)
    while i < n:
        if not beyond[i]:
            i += 1
            continue
        first, last, calm_rows, j = i, i, 0, i + 1
        while j < n and calm_rows < hold:
            if healthy[j]:
                calm_rows += 1
            elif not unknown[j]:
                calm_rows, last = 0, j
            j += 1
        yield first, last, calm_rows >= min(hold, 2)
        i = j


def _opens(beyond: np.ndarray) -> bool:
    """Return whether `RUN` rows in a row are beyond the threshold."""
    return any(beyond[i : i + RUN].all() for i in range(len(beyond) - RUN + 1))


def _window(series: SignalSeries, baseline: Baseline, first: int, last: int, ends: bool) -> Window:
    frame = series.frame
    values = frame["value"].iloc[first : last + 1]
    reach = (values - baseline.center).abs().max() / max(abs(baseline.enter - baseline.center), 1e-12)
    onset = _edge(series, first, "onset")
    recovery = _edge(series, last + 1, "recovery") if ends else Instant(lo=series.span[1], basis="measured")
    kind = "traffic" if series.signal.kind == "traffic" else ("high" if series.bad_side > 0 else "low")
    return Window(onset, recovery, float(reach), kind, float(values.isna().mean()))


def _edge(series: SignalSeries, row: int, which: str) -> Instant:
    """Return the instant between the last row of one state and the first of the next."""
    frame = series.frame
    times, known = frame["time"], frame["value"].notna().to_numpy()
    here = row
    while which == "recovery" and here < len(known) - 1 and not known[here]:
        here += 1  # the first row that is known to be healthy
    before = row - 1
    while before >= 0 and not known[before]:
        before -= 1
    after = times.iloc[here]
    if not series.is_binned:
        lo = times.iloc[before] - series.smear if before >= 0 else None
        return Instant(lo, after, after, "measured")
    known_end = times.iloc[before] + series.step if before >= 0 else None
    if not series.requests.empty and known_end is not None:
        refined = edge_of_requests(series.requests, known_end - series.step, after + series.step, which)
        if refined is not None:
            return refined
    if which == "onset":  # the change lies within the first bad bin, or in the unknown stretch before it
        return Instant(known_end, after, after + series.step, "measured")
    return Instant(known_end - series.step if known_end is not None else None, after, after, "measured")


def _merged(windows: list[Window], gap: pd.Timedelta) -> list[Window]:
    merged: list[Window] = []
    for w in windows:
        previous = merged[-1] if merged else None
        if previous and w.span[0] - previous.span[1] < gap:
            share = max(previous.unknown, w.unknown)
            merged[-1] = Window(previous.onset, w.recovery, max(previous.score, w.score), w.kind, share)
        else:
            merged.append(w)
    return merged


def _severe(series: SignalSeries, baseline: Baseline, windows: list[Window]) -> float:
    """Return the level that parts severe from lesser impact: halfway from the baseline to the worst of the windows."""
    if not windows:
        return float("nan")
    time, side = series.frame["time"], series.bad_side
    inside = np.zeros(len(time), bool)
    for w in windows:
        inside |= ((time >= w.span[0] - series.step) & (time < w.span[1])).to_numpy()
    values = series.frame["value"].to_numpy(float)[inside]
    values = values[~np.isnan(values)] * side
    if not len(values):
        return float("nan")
    worst = float(np.quantile(values, 0.9)) * side
    halfway = baseline.center + 0.5 * (worst - baseline.center)
    return max(halfway * side, baseline.enter * side) * side


def describe(window: Window, zone: str) -> str:
    """Return a window as a sentence fragment with its zone."""
    return format_window(window.span, zone, is_open=window.is_open)
