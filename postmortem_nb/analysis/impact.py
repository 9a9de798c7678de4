"""How bad it was: failed and excess requests, peak and mean, against the baseline. Formulas in ``docs/timings.md``.

A mean ratio is bad over total, never the mean of ratios. What the evidence does not hold stays unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement


@dataclass(frozen=True)
class Quantity:
    """One measured quantity of the impact.

    Parameters
    ----------
    id, name : str
    value : float or None
        In ``unit``; None if the evidence does not hold it.
    unit : str
        ``requests``, ``share``, ``minutes``, or the signal's own.
    definition : str
        Formula in words, with numerator and denominator.
    note : str
        Why it is missing.
    """

    id: str
    name: str
    value: float | None
    unit: str
    definition: str
    note: str = ""


def measure_impact(series: SignalSeries, measurement: Measurement) -> tuple[Quantity, ...]:
    """Return the quantities that this kind of signal supports, over the union of the windows."""
    frame, windows, baseline = series.frame, measurement.windows, measurement.baseline
    unit = series.unit
    inside = _inside(series, measurement)
    part = frame[inside]
    worst = _worst(part["value"], series.bad_side)
    common = (
        Quantity(
            "baseline_value",
            "baseline",
            baseline.center,
            unit,
            f"{'bad over total' if series.signal.kind == 'ratio' else 'median'} in {baseline.how}",
        ),
        Quantity("threshold", "threshold", baseline.enter, unit, f"level at which a window opens: {baseline.rule}"),
        Quantity(
            "peak_value",
            "worst value",
            worst,
            unit,
            "worst single sample within the windows",
            "" if worst is not None else "no impact window is measured",
        ),
        Quantity(
            "unknown_share",
            "samples missing",
            float(part["value"].isna().mean()) if len(part) else None,
            "share",
            "share of rows within the windows without a sample",
        ),
    )
    if series.signal.kind != "ratio" or not windows:
        return common
    bad, total = float(part["bad"].sum()), float(part["total"].sum())
    excess = float(np.maximum(part["bad"] - baseline.center * part["total"], 0).sum())
    minutes = float((part["value"].fillna(0) * (series.step / pd.Timedelta(minutes=1))).sum())
    all_bad, all_total = float(frame["bad"].sum()), float(frame["total"].sum())
    return (
        Quantity(
            "failed_requests", "failed requests", bad, "requests", "requests that count as failed, within the windows"
        ),
        Quantity("total_requests", "requests", total, "requests", "all counted requests within the windows"),
        Quantity(
            "excess_failures",
            "failures above baseline",
            round(excess),
            "requests",
            "sum over samples of failed − baseline ratio × requests, where positive",
        ),
        Quantity(
            "error_ratio_mean",
            "mean failure ratio",
            bad / total if total else None,
            "share",
            f"{bad:,.0f} failed of {total:,.0f} requests within the windows",
            "" if total else "no request is recorded within the windows",
        ),
        Quantity(
            "error_ratio_peak",
            "worst failure ratio",
            worst,
            "share",
            f"worst single sample of {series.step / pd.Timedelta(seconds=1):g} s",
        ),
        Quantity(
            "outage_minutes",
            "full-outage equivalent",
            minutes,
            "minutes",
            "sum over samples of failure ratio × width: half of the requests failing for 60 min is 30",
        ),
        Quantity(
            "availability",
            "availability over the record",
            1 - all_bad / all_total if all_total else None,
            "share",
            f"1 − {all_bad:,.0f} failed of {all_total:,.0f} requests in the whole record",
        ),
        *common,
    )


def _inside(series: SignalSeries, measurement: Measurement) -> np.ndarray:
    """Return which rows lie within a window; a bin counts if it overlaps one."""
    time = series.frame["time"]
    inside = np.zeros(len(time), bool)
    width = series.step if series.is_binned else pd.Timedelta(nanoseconds=1)
    for w in measurement.windows:
        start, end = w.span
        inside |= ((time + width > start) & (time < end)).to_numpy()
    return inside


def _worst(values: pd.Series, bad_side: int) -> float | None:
    known = values.dropna()
    if known.empty:
        return None
    return float(known.max() if bad_side > 0 else known.min())
