"""How bad it was: failed and excess requests, peak and mean, against the baseline. Formulas in ``docs/timings.md``.

A mean ratio is bad over total, never the mean of ratios. What the evidence does not hold stays unknown. The bounds of a
count are those of the windows: once with every window as short, once as long as its edges allow. Requests are counted
one by one in every reading; of a bin that an edge cuts, only what lies within the window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement
from postmortem_nb.times import Interval, clip, total, union

READINGS = ("best", "short", "long")  # of windows whose edges are uncertain


class Formula(NamedTuple):
    """Definition of one quantity: its formula in words, and what its absence means."""

    name: str
    unit: str
    definition: str
    missing: str


NO_COUNTS = "needs a measured window of a signal that counts failed and all requests"
NO_SIGNAL = "needs a signal"
QUANTITIES = {
    "failed_requests": Formula(
        "failed requests", "requests", "requests that count as failed, within the windows", NO_COUNTS
    ),
    "total_requests": Formula("requests", "requests", "all counted requests within the windows", NO_COUNTS),
    "excess_failures": Formula(
        "failures above baseline",
        "requests",
        "sum over samples of failed − baseline ratio × requests, where positive",
        NO_COUNTS,
    ),
    "lost_requests": Formula(
        "requests that never came",
        "requests",
        "sum over samples of baseline − requests, where positive; an estimate that knows nothing of the time of day",
        "needs a measured window of a signal that counts traffic",
    ),
    "error_ratio_mean": Formula(
        "mean failure ratio", "share", "failed over all requests within the windows", NO_COUNTS
    ),
    "error_ratio_peak": Formula("worst failure ratio", "share", "worst single sample within the windows", NO_COUNTS),
    "outage_minutes": Formula(
        "full-outage equivalent",
        "minutes",
        "sum over samples of failure ratio × width: half of the requests failing for 60 min is 30",
        NO_COUNTS,
    ),
    "availability": Formula(
        "availability over the record",
        "share",
        "1 − failed over all requests of the whole record, which is shorter than the period of an objective",
        NO_COUNTS,
    ),
    "availability_time": Formula(
        "time without impact",
        "share",
        "1 − impact time over the length of the record, which is shorter than the period of an objective",
        "needs a signal",
    ),
    "baseline_value": Formula("baseline", "", "bad over total, or median, of what is taken as normal", NO_SIGNAL),
    "threshold": Formula("threshold", "", "level at which a window opens", NO_SIGNAL),
    "peak_value": Formula("worst value", "", "worst single sample within the windows", "needs a measured window"),
    "unknown_share": Formula(
        "samples missing",
        "share",
        "share of the samples within the windows that are missing",
        "needs a measured window",
    ),
}


@dataclass(frozen=True)
class Quantity:
    """One measured quantity of the impact.

    Parameters
    ----------
    id, name : str
    value, lo, hi : float or None
        In ``unit``, with bounds where the edges of the windows matter; None if the evidence does not hold it.
    unit : str
        ``requests``, ``share``, ``minutes``, or the signal's own.
    definition : str
        Formula in words, with numerator and denominator.
    note : str
        Why it is missing.
    basis : {"measured", "estimated", "declared"}
    """

    id: str
    name: str
    value: float | None
    unit: str
    definition: str
    note: str = ""
    lo: float | None = None
    hi: float | None = None
    basis: str = "measured"


def measure_impact(series: SignalSeries, measurement: Measurement) -> tuple[Quantity, ...]:
    """Return the quantities that this kind of signal supports, over the union of the windows."""
    windows, is_ratio = measurement.windows, series.signal.kind == "ratio"
    parts = _counted(series, measurement) if windows and is_ratio else []
    lost = [_lost(series, measurement)] if windows and series.signal.kind == "traffic" else []
    return (*parts, *lost, *_levels(series, measurement))


def quantity(
    id_: str,
    value: float | None,
    detail: str = "",
    unit: str | None = None,
    *,
    lo: float | None = None,
    hi: float | None = None,
    basis: str = "measured",
) -> Quantity:
    """Return a quantity with its name, unit and formula; a value that is not finite is missing."""
    formula = QUANTITIES[id_]
    known = value is not None and math.isfinite(value)
    definition = f"{formula.definition}: {detail}" if detail else formula.definition
    return Quantity(
        id_,
        formula.name,
        value if known else None,
        formula.unit if unit is None else unit,
        definition,
        "" if known else formula.missing,
        lo if known else None,
        hi if known else None,
        basis,
    )


def _levels(series: SignalSeries, measurement: Measurement) -> tuple[Quantity, ...]:
    frame, baseline, unit = series.frame, measurement.baseline, series.unit
    inside = frame["value"][_inside(series, _spans(measurement, "best"))]
    worst = (inside.max() if series.bad_side > 0 else inside.min()) if len(inside) else None
    start, end = series.span
    up = {how: 1 - total(clip(_spans(measurement, how, series.span), start, end)) / (end - start) for how in READINGS}
    return (
        quantity("availability_time", up["best"], lo=up["long"], hi=up["short"]),
        quantity("baseline_value", baseline.center, baseline.how, unit),
        quantity("threshold", baseline.enter, baseline.rule, unit, basis="declared" if baseline.is_set else "measured"),
        quantity("peak_value", worst, "", unit),
        quantity("unknown_share", float(inside.isna().mean()) if len(inside) else None),
    )


def _counted(series: SignalSeries, measurement: Measurement) -> tuple[Quantity, ...]:
    frame, center = series.frame, measurement.baseline.center
    best, short, long = (_Counts.of(series, _spans(measurement, how, series.span), center) for how in READINGS)
    is_whole = _is_whole(series, measurement)
    known = frame[frame["bad"].notna() & (frame["total"] > 0)]
    all_bad, all_total = float(known["bad"].sum()), float(known["total"].sum())

    def bounded(id_: str, name: str) -> Quantity:
        read = [getattr(counts, name) for counts in (best, short, long)]  # a longer window may hold less excess
        return quantity(id_, read[0], lo=min(read), hi=max(read) if is_whole else None)

    width = series.step / pd.Timedelta(seconds=1)
    return (
        bounded("failed_requests", "bad"),
        bounded("total_requests", "total"),
        bounded("excess_failures", "excess"),
        quantity("error_ratio_mean", best.ratio, f"{best.bad:,.0f} failed of {best.total:,.0f} requests"),
        quantity("error_ratio_peak", best.worst, f"samples of {width:g} s"),
        bounded("outage_minutes", "minutes"),
        quantity(
            "availability",
            1 - all_bad / all_total if all_total else None,
            f"{all_bad:,.0f} failed of {all_total:,.0f} requests",
        ),
    )


def _lost(series: SignalSeries, measurement: Measurement) -> Quantity:
    center = measurement.baseline.center

    def lost(how: str) -> float:
        part = series.frame["value"][_inside(series, _spans(measurement, how, series.span))]
        return float((center - part).clip(lower=0).sum())

    hi = lost("long") if _is_whole(series, measurement) else None
    return quantity("lost_requests", lost("best"), lo=lost("short"), hi=hi, basis="estimated")


def _is_whole(series: SignalSeries, measurement: Measurement) -> bool:
    """Return whether the record holds all of the impact; else what is counted in it is "at least" so much.

    A bin without a line is a gap in the log only where lines usually are.
    """
    windows, usual = measurement.windows, float(series.frame["total"].median())
    has_gaps = any(w.unknown > 0 for w in windows) and (usual >= 5 or not series.is_binned)
    return windows[0].onset.lo is not None and not windows[-1].is_open and not has_gaps


class _Counts(NamedTuple):
    """Sums over some stretches of the record, all four of the same requests."""

    bad: float
    total: float
    excess: float
    minutes: float
    worst: float

    @property
    def ratio(self) -> float | None:
        return self.bad / self.total if self.total else None

    @classmethod
    def of(cls, series: SignalSeries, spans: list[Interval], center: float) -> _Counts:
        whole = series.frame[_inside(series, spans)]
        part = _cut(series, spans) if len(series.requests) else whole.assign(width=series.step)
        part = part[part["bad"].notna() & (part["total"] > 0)]
        excess = np.maximum(part["bad"] - center * part["total"], 0).sum()
        minutes = (part["bad"] / part["total"] * part["width"].dt.total_seconds() / 60).sum()
        sums = (part["bad"].sum(), part["total"].sum(), excess, minutes, whole["value"].max())
        return cls(*(float(n) for n in sums))


def _cut(series: SignalSeries, spans: list[Interval]) -> pd.DataFrame:
    """Count the single requests within these stretches, bin by bin: of a bin that an edge cuts only what lies inside.

    Returns
    -------
    DataFrame
        One row a bin and stretch with requests: ``bad``, ``total``, ``width`` (Timedelta that the stretch covers).
    """
    time, parts = series.requests["time"], [pd.DataFrame({"bad": [], "total": [], "width": pd.TimedeltaIndex([])})]
    for start, end in spans:
        requests = series.requests.iloc[time.searchsorted(start) : time.searchsorted(end)]
        counts = requests.groupby(requests["time"].dt.floor(series.step))["bad"].agg(["sum", "size"])
        width = [min(t + series.step, end) - max(t, start) for t in counts.index]
        parts.append(pd.DataFrame({"bad": counts["sum"], "total": counts["size"], "width": pd.TimedeltaIndex(width)}))
    return pd.concat(parts[1:] or parts, ignore_index=True)


def _spans(measurement: Measurement, how: str, record: Interval | None = None) -> list[Interval]:
    """Return the windows at their best, as short or as long as their edges allow; open ends are those of the record."""
    spans = []
    for w in measurement.windows:
        start, end = w.span
        if how == "short":
            start, end = w.onset.hi or start, w.recovery.lo or end
        elif how == "long":
            first, last = record or (start, end)
            start, end = w.onset.lo or first, w.recovery.hi or last
        spans.append((start, end))
    return union(spans)


def _inside(series: SignalSeries, spans: list[Interval]) -> np.ndarray:
    """Return which rows lie within these stretches; a bin counts if it overlaps one."""
    time = series.frame["time"]
    inside = np.zeros(len(time), bool)
    width = series.step if series.is_binned else pd.Timedelta(nanoseconds=1)
    for start, end in spans:
        inside |= ((time + width > start) & (time < end)).to_numpy()
    return inside
