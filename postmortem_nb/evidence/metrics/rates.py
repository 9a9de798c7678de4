"""Counters → rates: a counter that falls began again at zero, and no rate reaches over a gap."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from postmortem_nb.evidence.metrics.samples import COUNTER

SUFFIXES = ("_total", "_count", "_sum", "_bucket")
GAP = 3  # usual steps after which two samples of a counter are too far apart for a rate


def is_counter(metric: str) -> bool:
    """Whether a metric is a counter by its name, as Prometheus names them."""
    return metric.endswith(SUFFIXES)


def rates(frame: pd.DataFrame, *, counter: Callable[[str], bool] = is_counter) -> pd.DataFrame:
    """Turn counters into rates a second; other metrics stay as they are.

    Parameters
    ----------
    frame : DataFrame
        A metrics frame. Where it has a column ``type``, what the file says there counts: only ``counter`` is one.
    counter : callable
        Name of a metric → whether it is a counter, where the file does not say.

    Returns
    -------
    DataFrame
        The same columns, in time order. The rate at a sample is the increase since the known sample before it, by the
        seconds between them. Where the counter fell it began again at zero: the increase of the interval that contains
        the reset is the new value, which is the least that it can have been. The first sample of a series has no rate
        and no row. A sample without a value keeps its row without one; so does one that lies more than three times the
        usual step of its series behind the known sample before it, or at the same time as it.
    """
    named = frame["metric"].map(counter).astype(bool)
    said = frame["type"].fillna("") if "type" in frame else pd.Series("", index=frame.index)
    counts = (said == COUNTER) | ((said == "") & named)
    keys = [name for name in ("file", "service", "metric", "labels") if name in frame]
    own = frame[counts].reset_index(drop=True).sort_values("time", kind="stable", ignore_index=True)
    if own.empty:
        return frame.copy()
    series = own.groupby(keys, dropna=False, sort=False).ngroup()
    known = own[own["value"].notna()]
    groups = known.groupby(series[known.index], sort=False)
    step = groups["time"].diff().dt.total_seconds()
    change = groups["value"].diff()
    increase = change.where(~(change < 0), known["value"])
    usual = step.where(step > 0).groupby(series[known.index], sort=False).transform("median")
    rate = (increase / step).where((step > 0) & (step <= GAP * usual))
    out = own.assign(value=rate.reindex(own.index))[series.duplicated()]
    whole = pd.concat([frame[~counts], out]).sort_values("time", kind="stable", ignore_index=True)
    whole.attrs = dict(frame.attrs)
    return whole
