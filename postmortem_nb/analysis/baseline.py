"""What normal is: a stretch of the record, its centre and spread, and the level at which a window opens."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from postmortem_nb.analysis.settings import AUTO, Settings
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.errors import SettingError
from postmortem_nb.times import format_window

FACTOR = 5.0  # a ratio is abnormal above this many times its baseline
SIGMAS = 6.0  # a gauge is abnormal beyond this many robust standard deviations
WITHOUT_OBJECTIVE = 0.01  # share of failed requests that opens a window where no objective is declared
LEVEL = 0.02  # but a deviation of less than this share of its baseline is not
RANGE = 0.05  # where the baseline is 0 and never moves: share of the worst value instead
COLLAPSE = 0.5  # traffic is abnormal below this share of its baseline
NOISE = 2.0  # robust standard deviations within which a signal is healthy, whatever the threshold
RETURN = 0.5  # a window closes when the signal is back within this share of the way to the threshold

CHOSEN = ("as set", "declared with the signal")


@dataclass(frozen=True)
class Baseline:
    """Normal values of a signal and the two levels of the hysteresis.

    Parameters
    ----------
    center, spread : float
        Median (for ratios: bad over total) and robust standard deviation, in the unit of the signal.
    enter, leave : float
        A window opens beyond ``enter`` and closes on the good side of ``leave``.
    samples : int
        How many rows it was taken from.
    how, rule : str
        Which stretch was taken as normal, and how ``enter`` was set; both are printed.
    """

    center: float
    spread: float
    enter: float
    leave: float
    samples: int
    how: str
    rule: str

    @property
    def is_set(self) -> bool:
        """Whether people chose the threshold, as against deriving it from the baseline."""
        return self.rule in CHOSEN


def find_baseline(series: SignalSeries, settings: Settings) -> Baseline:
    """Return the baseline of a signal.

    Without a declared interval, the calm part of the whole record is used: values are clipped again and again to those
    near the median of the good half, so that an incident that fills up to about half of the record does not become
    normal.

    Raises
    ------
    SettingError
        If the declared interval holds no sample.
    """
    frame = series.frame
    interval = settings.baseline_interval
    if interval is None:
        chosen = frame[_calm_rows(series)]
        how = "the calm part of the whole record"
    else:
        inside = (frame["time"] >= interval[0]) & (frame["time"] < interval[1])
        chosen = frame[inside & frame["value"].notna()]
        how = f"{format_window(interval)}, as set"
        if chosen.empty:
            raise SettingError(f"baseline: the signal {series.name!r} has no sample in {format_window(interval)}.")
    values = chosen["value"].to_numpy(float)
    center, spread = _center(values), _spread(values)
    if series.signal.kind == "ratio" and chosen["total"].sum() > 0:
        center = float(chosen["bad"].sum() / chosen["total"].sum())
    if series.signal.kind == "probe":
        center = 1.0  # up is normal, however long it was down
    enter, rule = _threshold(series, center, spread, settings)
    leave = _leave(center, spread, enter, series.bad_side)
    return Baseline(center, spread, enter, leave, len(chosen), how, rule)


def with_threshold(baseline: Baseline, enter: float, bad_side: int) -> Baseline:
    """Return the same baseline with another level at which a window opens."""
    leave = _leave(baseline.center, baseline.spread, enter, bad_side)
    return replace(baseline, enter=enter, leave=leave, rule=CHOSEN[0])


def _leave(center: float, spread: float, enter: float, side: int) -> float:
    room = max(RETURN * (enter - center) * side, NOISE * spread)  # noise alone must not keep a window open
    return side * min((center + side * room) * side, enter * side)


def _calm_rows(series: SignalSeries) -> np.ndarray:
    frame = series.frame
    if series.signal.kind != "ratio":
        return calm(frame["value"].to_numpy(float), series.bad_side)
    return calm_counts(frame["bad"].to_numpy(float), frame["total"].to_numpy(float))


def calm_counts(bad: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return which bins of a ratio belong to normal operation.

    Counts need their own rule: where few requests fail, most bins hold no failure at all and a bin with one is no
    outlier. A bin stays while its failures are what chance makes of the pooled ratio (mean + 4 standard deviations).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        value = bad / total
    known = (total > 0) & ~np.isnan(bad)
    if not known.any():
        return known
    kept = known & (value <= np.median(value[known]))
    for _ in range(20):
        expected = total * (bad[kept].sum() + 0.5) / total[kept].sum()
        grown = known & (bad <= expected + 4 * np.sqrt(expected) + 1)
        if (grown == kept).all():
            break
        kept = grown
    return kept


def calm(values: np.ndarray, bad_side: int) -> np.ndarray:
    """Return which values belong to normal operation (False where missing)."""
    known = ~np.isnan(values)
    if not known.any():
        return known
    x = values * bad_side  # high is bad from here on
    kept = known & (x <= np.median(x[known]))
    for _ in range(20):
        center = float(np.median(x[kept]))
        below = x[known & (x <= center)]
        spread = max(1.4826 * float(np.median(center - below)), 1e-9 + 0.01 * abs(center))
        grown = known & (x <= center + 4 * spread)
        if (grown == kept).all():
            break
        kept = grown
    return kept


def _center(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _spread(values: np.ndarray) -> float:
    return float(1.4826 * np.median(np.abs(values - np.median(values)))) if len(values) else float("nan")


def _threshold(series: SignalSeries, center: float, spread: float, settings: Settings) -> tuple[float, str]:
    signal, side = series.signal, series.bad_side
    chosen = settings.threshold if settings.threshold != AUTO else signal.threshold
    if chosen is not None:
        return float(chosen), CHOSEN[0 if settings.threshold != AUTO else 1]
    if signal.kind == "ratio":
        floor = 1 - signal.objective if signal.objective is not None else WITHOUT_OBJECTIVE
        name = f"1 − objective ({floor:.3g})" if signal.objective is not None else f"{WITHOUT_OBJECTIVE * 100:g} %"
        rule = f"the larger of {FACTOR:g} × baseline and {name}"
        level, most = max(FACTOR * center, floor), (1 + center) / 2
        return (level, rule) if level <= most else (most, f"{rule}, but at most halfway from the baseline to 1")
    if signal.kind == "probe":
        return 0.5, "halfway between up (1) and down (0)"
    if signal.kind == "traffic":
        return COLLAPSE * center, f"{COLLAPSE * 100:g} % of the baseline"
    sign = "+" if side > 0 else "−"
    margin, rule = SIGMAS * spread, f"baseline {sign} {SIGMAS:g} robust standard deviations"
    if margin < LEVEL * abs(center):
        margin, rule = LEVEL * abs(center), f"baseline {sign} {LEVEL * 100:g} % of it"
    if margin == 0:  # it is 0 throughout normal operation
        reach = float(np.nanmax((series.frame["value"] - center) * side, initial=0))
        margin, rule = RANGE * reach or 1.0, f"baseline {sign} {RANGE * 100:g} % of the worst value"
    return center + side * margin, rule


def wilson_lower(bad: pd.Series, total: pd.Series, z: float = 2.326) -> np.ndarray:
    """Return the lower end of the Wilson score interval of bad/total (NaN where total is 0).

    With z = 2.326 the true share lies above it in 99 of 100 cases, so that 1 failure in 3 requests at night does not
    read as an outage.
    """
    n = total.to_numpy(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = bad.to_numpy(float) / n
        middle = p + z * z / (2 * n)
        half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return np.where(n > 0, (middle - half) / (1 + z * z / n), np.nan)
