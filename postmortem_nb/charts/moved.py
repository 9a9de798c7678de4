"""Which metrics to show: those that moved most while users were affected, in units of their own usual spread."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from postmortem_nb.analysis import Analysis
from postmortem_nb.analysis.selection import rows_matching
from postmortem_nb.charts.view import View

MOST = 8
UNMOVED = 4  # how many are shown where none stands out
STOOD_OUT = 6.0  # robust standard deviations
SHARE = 0.04  # of its whole range: the least that counts as the usual spread of a series
FEW = 5  # samples before the impact, below which nothing is known about a series' usual spread
_COUNTER = re.compile(r"_(?:total|count|sum|bucket)$")


@dataclass(frozen=True, eq=False)
class Series:
    """One series to draw.

    Parameters
    ----------
    name : str
        Service and metric, or the name of a signal.
    frame : DataFrame
        ``time`` and ``value`` within the view, ascending; NaN is unknown.
    step : Timedelta
        Usual distance of its samples.
    score : float
        How far it moved; 0 if that cannot be told.
    before, during : float
        Medians before the first window and within the windows; NaN if there is no sample.
    unit : str
        Empty if unknown.
    is_signal : bool
        Whether it is a declared signal.
    """

    name: str
    frame: pd.DataFrame
    step: pd.Timedelta
    score: float
    before: float
    during: float
    unit: str = ""
    is_signal: bool = False


def choose_series(analysis: Analysis, view: View) -> list[Series]:
    """Return what to draw: other declared signals, then the metrics that moved most, never the measured signal again.

    How far a metric moved is the distance of its median within the windows from its median before them, in robust
    standard deviations (at least 2 % of the median and 4 % of all that the series ever covers, so that one that is
    nearly always zero does not come first). Equal ones keep the order of their names.
    """
    signals = [_signal(analysis, n, view) for n in range(1, len(analysis.signals))]
    ranked = rank_metrics(analysis)
    moved = ranked[ranked["score"] >= STOOD_OUT]
    ranked = moved if len(moved) else ranked.head(UNMOVED)
    chosen = [s for s in signals if s.frame["value"].notna().any()][: MOST - 2]
    for row in ranked.to_dict("records"):
        if len(chosen) == MOST:
            break
        series = _metric(analysis, view, row)
        if series.frame["value"].notna().any():
            chosen.append(series)
    return chosen


def rank_metrics(analysis: Analysis) -> pd.DataFrame:
    """Return one row a series of the metrics, most moved first: service, metric, before, during, score.

    Series that a declared signal draws on are left out.
    """
    columns = ["service", "metric", "before", "during", "score"]
    metrics = _unused(analysis)
    if metrics.empty:
        return pd.DataFrame(columns=columns)
    metrics = _as_rates(metrics)
    early = pd.Series(True, index=metrics.index)
    if analysis.windows:
        early &= metrics["time"] < (analysis.windows[0].onset.lo or analysis.windows[0].span[0])
    by = ["service", "metric"]
    groups = metrics[early].groupby(by)["value"]
    table = pd.DataFrame({"before": groups.median(), "samples": groups.count()})
    deviation = (metrics["value"] - groups.transform("median")).abs()[early]
    table["spread"] = 1.4826 * deviation.groupby([metrics.loc[early, c] for c in by]).median()
    inside = within(metrics["time"], analysis)
    during = metrics[inside].groupby(by)["value"].median()
    table = table.join(during.rename("during"), how="outer")
    reach = metrics.groupby(by)["value"].agg(lambda v: v.max() - v.min())
    usual = pd.concat([table["spread"], 0.02 * table["before"].abs(), SHARE * reach], axis=1).max(axis=1)
    score = (table["during"] - table["before"]).abs() / usual.where(usual > 0)
    table["score"] = score.where(table["samples"] >= FEW, 0.0).fillna(0.0)
    table = table.reset_index().sort_values(["service", "metric"], kind="stable")
    return table.sort_values("score", ascending=False, kind="stable", ignore_index=True)[columns]


def within(time: pd.Series, analysis: Analysis) -> pd.Series:
    """Return which instants lie within an impact window."""
    inside = pd.Series(False, index=time.index)
    for window in analysis.windows:
        inside |= (time >= window.span[0]) & (time < window.span[1])
    return inside


def _unused(analysis: Analysis) -> pd.DataFrame:
    metrics = analysis.incident.metrics.assign(service=lambda d: d["service"].fillna(""))
    used = pd.Series(False, index=metrics.index)
    for series in analysis.signals:
        signal = series.signal
        if signal.source == "metrics" and signal.select:
            for rows in (signal.bad or {}, signal.total or {}):
                used |= rows_matching(metrics, {**signal.select, **rows}, f"signal {signal.name!r}")
    return metrics[~used & metrics["value"].notna()].sort_values("time", kind="stable")


def _as_rates(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the metrics with counters, which only ever grow, as growth per second."""
    named = metrics["metric"].str.contains(_COUNTER)
    if not named.any():
        return metrics
    groups = metrics[named].groupby(["service", "metric"])
    growth = groups["value"].diff()
    seconds = groups["time"].diff().dt.total_seconds()
    falls = (growth < 0).groupby([metrics.loc[named, c] for c in ("service", "metric")]).transform("mean")
    is_counter = falls < 0.02  # a restart sets it to zero now and then
    rate = (growth / seconds).where(growth >= 0)
    value = metrics["value"].copy()
    rows = is_counter.index[is_counter]
    value[rows] = rate[rows]
    return metrics.assign(value=value)


def _metric(analysis: Analysis, view: View, ranked: dict[Hashable, Any]) -> Series:
    """Return the series of one row of `rank_metrics`."""
    metrics, service, metric = analysis.incident.metrics, str(ranked["service"]), str(ranked["metric"])
    score, before, during = (float(ranked[c]) for c in ("score", "before", "during"))
    rows = (metrics["metric"] == metric) & (metrics["service"].fillna("") == service)
    part = _as_rates(metrics[rows].assign(service=service).sort_values("time", kind="stable"))
    part = part.groupby("time")["value"].mean().reset_index()
    seconds = part["time"].diff().dt.total_seconds().median()
    step = pd.Timedelta(minutes=1) if np.isnan(seconds) else pd.Timedelta(seconds=seconds)
    part = part[(part["time"] >= view.start - step) & (part["time"] <= view.end)].reset_index(drop=True)
    name = f"{service}/{metric}" if service else metric
    return Series(name, _broken(part, step), step, score, before, during)


def _broken(part: pd.DataFrame, step: pd.Timedelta) -> pd.DataFrame:
    """Put an unknown value behind every sample that the next one does not follow soon: no line is drawn there."""
    late = part["time"].diff().shift(-1) > 2.5 * step
    holes = pd.DataFrame({"time": part.loc[late, "time"] + step, "value": np.nan})
    return pd.concat([part, holes]).sort_values("time", kind="stable", ignore_index=True) if len(holes) else part


def _signal(analysis: Analysis, n: int, view: View) -> Series:
    series = analysis.signals[n]
    time, value = series.frame["time"], series.frame["value"]
    shown = (time >= view.start) & (time <= view.end)
    inside = within(time, analysis)
    early = time < analysis.windows[0].span[0] if analysis.windows else ~inside
    frame = series.frame.loc[shown, ["time", "value"]].reset_index(drop=True)
    return Series(
        series.name,
        frame,
        series.step,
        np.inf,
        value[early].median(),
        value[inside].median(),
        series.unit,
        is_signal=True,
    )
