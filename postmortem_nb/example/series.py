"""Metrics: computed from drawn requests, so that logs and metrics tell one story, or drawn as a gauge."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from postmortem_nb.example.traffic import SECOND, stream
from postmortem_nb.times import Interval

MINUTE = 60 * SECOND
COLUMNS = ["time", "service", "metric", "value"]


def minute_metrics(
    requests: pd.DataFrame,
    start: pd.Timestamp,
    end: pd.Timestamp,
    *,
    service: str = "web",
    seed: int = 0,
    gaps: Iterable[Interval] = (),
) -> pd.DataFrame:
    """Compute what a monitoring system would have stored of these requests, once a minute.

    Parameters
    ----------
    requests : DataFrame
        As `draw_requests` returns it.
    start, end : Timestamp
        Period, UTC, on full minutes.
    service : str
        Name of the service.
    seed : int
        For the noise of the processor use, the one metric that requests do not determine.
    gaps : iterable of (Timestamp, Timestamp)
        Stretches ``[start, end)`` without samples: the collector was away.

    Returns
    -------
    DataFrame
        Long: ``time``, ``service``, ``metric``, ``value``. A sample at ``time`` covers the minute before it,
        as a rate over one minute does. Metrics: ``requests``, ``errors`` (both a minute), ``request_rate`` (a
        second), ``error_ratio`` (share), ``latency_p50``, ``latency_p95`` (seconds), ``cpu`` (share of the
        cores). A minute without a request has no ratio and no latency.
    """
    count = (end.value - start.value) // MINUTE
    stamp = pd.date_range(start + pd.Timedelta(minutes=1), periods=count, freq="1min").as_unit("ns")
    index = (requests["time"].astype("int64").to_numpy() - start.value) // MINUTE
    minute = requests.groupby(index)
    total = minute.size().reindex(range(count), fill_value=0).astype("float64")
    errors = minute["failed"].sum().reindex(range(count), fill_value=0).astype("float64")
    load = total / max(total.median(), 1)
    noise = stream(seed, f"cpu {service}").normal(0, 0.015, count)
    values = {
        "requests": total,
        "errors": errors,
        "request_rate": total / 60,
        "error_ratio": errors / total.where(total > 0),
        "latency_p50": minute["seconds"].quantile(0.5).reindex(range(count)),
        "latency_p95": minute["seconds"].quantile(0.95).reindex(range(count)),
        "cpu": (0.08 + 0.27 * (load - 0.6 * errors / max(total.median(), 1)) + noise).clip(0.01, 1),
    }
    wide = pd.DataFrame({name: column.to_numpy() for name, column in values.items()}, index=stamp)
    return _without(_long(wide, service), gaps)


def draw_gauge(
    start: pd.Timestamp,
    end: pd.Timestamp,
    *,
    metric: str,
    points: list[tuple[pd.Timestamp, float]],
    noise: float = 0.01,
    service: str = "web",
    seed: int = 0,
    gaps: Iterable[Interval] = (),
) -> pd.DataFrame:
    """Draw a metric that runs straight from point to point, once a minute.

    Parameters
    ----------
    start, end : Timestamp
        Period, UTC, on full minutes.
    metric, service : str
        Names.
    points : list of (Timestamp, float)
        Instants and values, in time order; flat before the first and after the last. Two points at one
        instant are a step.
    noise : float
        Standard deviation as a share of the value.
    seed : int
        The same seed draws the same noise.
    gaps : iterable of (Timestamp, Timestamp)
        Stretches without samples.

    Returns
    -------
    DataFrame
        Long, as `minute_metrics` returns it.
    """
    count = (end.value - start.value) // MINUTE
    stamp = pd.date_range(start + pd.Timedelta(minutes=1), periods=count, freq="1min").as_unit("ns")
    at, level = [t.value for t, _ in points], [value for _, value in points]
    value = np.interp(stamp.astype("int64").to_numpy(), at, level)
    value = value * (1 + stream(seed, f"{service} {metric}").normal(0, noise, count))
    return _without(_long(pd.DataFrame({metric: value}, index=stamp), service), gaps)


def metrics_csv(frame: pd.DataFrame, *, wide: bool = False) -> str:
    """Print metrics as CSV: long (``time,service,metric,value``) or wide (``time`` and one column a metric).

    Times end in ``Z``; values have six significant digits. The wide form is for one service.
    """
    text = frame.assign(
        time=frame["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        value=[f"{value:.6g}" for value in frame["value"]],
    )
    if not wide:
        return text[COLUMNS].to_csv(index=False, lineterminator="\n")
    order = list(dict.fromkeys(text["metric"]))
    table = text.pivot(index="time", columns="metric", values="value")[order]
    return table.reset_index().to_csv(index=False, lineterminator="\n")


def _long(wide: pd.DataFrame, service: str) -> pd.DataFrame:
    """Turn one column a metric into one row a sample, in time order; absent values leave no row."""
    order = {name: i for i, name in enumerate(wide.columns)}
    long = wide.rename_axis("time").reset_index().melt("time", var_name="metric", value_name="value")
    long = long.dropna(subset="value").assign(service=service)
    long["order"] = long["metric"].map(order)
    return long.sort_values(["time", "order"], kind="stable")[COLUMNS].reset_index(drop=True)


def _without(frame: pd.DataFrame, gaps: Iterable[Interval]) -> pd.DataFrame:
    for start, end in gaps:
        frame = frame[(frame["time"] < start) | (frame["time"] >= end)]
    return frame.reset_index(drop=True)
