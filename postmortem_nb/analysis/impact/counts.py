"""Failed and excess requests, peak and mean: counted, one by one where single requests are known.

A mean ratio is bad over total, never the mean of ratios. The bounds of a count are those of the windows: once with
every window as short, once as long as its edges allow. Of a bin that an edge cuts, only what lies within counts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from postmortem_nb.analysis.impact.quantity import Quantity, Range, missing, quantity
from postmortem_nb.analysis.impact.stretches import READINGS, inside, is_whole, spans_of
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement
from postmortem_nb.times import Interval

COUNTED = (
    "failed_requests",
    "total_requests",
    "excess_failures",
    "error_ratio_mean",
    "error_ratio_peak",
    "outage_minutes",
)


class Counts(NamedTuple):
    """Sums over some stretches of the record, all of the same requests."""

    bad: float
    total: float
    excess: float
    minutes: float
    worst: float

    @classmethod
    def of(cls, series: SignalSeries, spans: list[Interval], center: float) -> Counts:
        """Count within these stretches; ``center`` is the ratio of normal operation."""
        whole = series.frame[inside(series, spans)]
        part = _cut(series, spans) if len(series.requests) else whole.assign(width=series.step)
        part = part[part["bad"].notna() & (part["total"] > 0)]
        excess = np.maximum(part["bad"] - center * part["total"], 0).sum()
        minutes = (part["bad"] / part["total"] * part["width"].dt.total_seconds() / 60).sum()
        sums = (part["bad"].sum(), part["total"].sum(), excess, minutes, whole["value"].max())
        return cls(*(float(n) for n in sums))


def read_counts(series: SignalSeries, measurement: Measurement, center: float) -> tuple[Counts, ...]:
    """Count within the windows at their best, as short and as long as their edges allow (`READINGS`)."""
    return tuple(Counts.of(series, spans_of(measurement, how, series.span), center) for how in READINGS)


def excess_failures(read: tuple[Counts, ...], series: SignalSeries, measurement: Measurement) -> Range:
    """Return the failures beyond the usual ones, with the bounds that the edges leave."""
    excess = [counts.excess for counts in read]
    return Range(min(excess), excess[0], max(excess) if is_whole(series, measurement) else None)


def count_failures(read: tuple[Counts, ...], series: SignalSeries, measurement: Measurement) -> list[Quantity]:
    """Return what is counted within the windows, on the signal that counts failed and all requests."""
    best = read[0]
    if not best.total:
        return missing(f"“{series.name}” counts no request within the windows", *COUNTED)
    whole = is_whole(series, measurement)

    def bounded(id_: str, name: str) -> Quantity:
        values = [getattr(counts, name) for counts in read]  # a longer window may hold less excess
        return quantity(id_, Range(min(values), values[0], max(values) if whole else None))

    width = series.step / pd.Timedelta(seconds=1)
    said = f"{best.bad:,.0f} failed of {best.total:,.0f} requests"
    return [
        bounded("failed_requests", "bad"),
        bounded("total_requests", "total"),
        bounded("excess_failures", "excess"),
        quantity("error_ratio_mean", best.bad / best.total, said, parts=(best.bad, best.total)),
        quantity("error_ratio_peak", best.worst, f"samples of {width:g} s"),
        bounded("outage_minutes", "minutes"),
    ]


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
