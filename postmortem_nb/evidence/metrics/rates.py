"""Counters → rates: a counter that falls began again at zero, and no rate reaches over a gap."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

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
        A metrics frame.
    counter : callable
        Name of a metric → whether it is a counter.

    Returns
    -------
    DataFrame
        The same columns, in time order. The rate at a sample is the increase since the sample before it, by the
        seconds between them. Where the counter fell it began again at zero: the increase is the new value, which is
        the least that it can have been. The first sample of a series has no rate and no row. Across more than three
        times the usual step of a series the rate is missing: the row stays, without a value.
    """
    counts = frame["metric"].map(counter).astype(bool)
    keys = [name for name in ("file", "service", "metric", "labels") if name in frame]
    own = frame[counts].sort_values("time", kind="stable")
    if own.empty:
        return frame.copy()
    groups = own.groupby(keys, dropna=False, sort=False)
    step = groups["time"].diff().dt.total_seconds()
    change = groups["value"].diff()
    increase = change.where(change >= 0, own["value"]).where(change.notna())
    usual = step.where(step > 0).groupby([own[key] for key in keys], dropna=False, sort=False).transform("median")
    rate = (increase / step).where((step > 0) & (step <= GAP * usual))
    out = own.assign(value=rate)[step.notna()]
    whole = pd.concat([frame[~counts], out]).sort_values("time", kind="stable", ignore_index=True)
    whole.attrs = dict(frame.attrs)
    return whole
