"""Sums of metric samples: several hosts, running totals, failures that are only recorded where there are some.

The sums stand on the times of the steadiest series of all requests; what others sampled a few seconds off is moved to
the nearest of them. Half a sum is no collapse: where fewer series than usual have a sample, the sum is unknown.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

import numpy as np
import pandas as pd

from postmortem_nb.analysis.selection import rows_matching
from postmortem_nb.errors import IncidentError
from postmortem_nb.incident import Filter, Signal

ENOUGH = 10  # samples that tell a running total from counts
RESETS = 0.1  # a running total falls in no larger share of its steps, each time to start again
STEADY = 0.8  # a steady series keeps its usual step, within a tenth of it, in this share of its steps


class Counted(NamedTuple):
    """Counts on their grid.

    Parameters
    ----------
    frame : DataFrame
        ``time``, ``value``, ``bad``, ``total``; NaN is unknown.
    step : Timedelta
    notes : tuple of str
        What was assumed about the samples.
    used : DataFrame
        The samples that were counted, as they stand in the metrics frame.
    """

    frame: pd.DataFrame
    step: pd.Timedelta
    notes: tuple[str, ...]
    used: pd.DataFrame


def count_samples(metrics: pd.DataFrame, signal: Signal, where: str) -> Counted:
    """Sum the series that a ratio or traffic signal selects.

    Raises
    ------
    IncidentError
        If no sample matches.
    """
    total_rows = matching_samples(metrics, {**signal.select, **(signal.total or {})}, where)
    bad_rows = total_rows.iloc[:0]
    if signal.kind == "ratio":
        bad_rows = matching_samples(metrics, {**signal.select, **(signal.bad or {})}, where)
    used = pd.concat([total_rows, bad_rows.loc[bad_rows.index.difference(total_rows.index)]])
    notes: list[str] = []
    total_parts, bad_parts = _series(total_rows), _series(bad_rows)
    is_named = bool(total_rows["metric"].str.endswith(("_total", "_count")).all())
    if _are_totals(total_parts, is_named):
        notes.append("its samples only grow: they are read as running totals, and the differences between them counted")
        total_parts = [d for s in total_parts if len(d := _differences(s))]
        bad_parts = [d for s in bad_parts if len(d := _differences(s) if _falls(s) <= RESETS * len(s) else s)]
    grid, step = gridded(_steadiest(total_parts))
    time = pd.DatetimeIndex(grid["time"])
    total, partial = _sum(total_parts, time, step)
    if partial:
        notes.append(f"{partial} of its {len(time)} samples lack a series that is usually there and count as unknown")
    if signal.kind == "traffic":
        frame = pd.DataFrame({"time": time, "value": total, "bad": 0.0, "total": total})
        return Counted(frame, step, tuple(notes), used)
    is_sparse = not any((s == 0).any() for s in bad_parts)
    bad, _ = _sum(bad_parts, time, step, is_sparse=is_sparse)
    filled = np.isnan(bad) & ~np.isnan(total) & ~_stands_empty(bad_parts, time, step)
    if is_sparse and filled.any():
        bad = np.where(filled, 0.0, bad)
        text = "no sample of its failures is 0, so they are recorded only where there are some: in the "
        notes.append(f"{text}{filled.sum()} samples in which only all requests are recorded, 0 failures are counted")
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(total > 0, bad / total, np.nan)
    frame = pd.DataFrame({"time": time, "value": value, "bad": bad, "total": total})
    return Counted(frame, step, tuple(notes), used)


def matching_samples(metrics: pd.DataFrame, select: Filter, where: str) -> pd.DataFrame:
    """Return the samples that a filter selects, those beyond the last bucket of a histogram as unknown.

    Raises
    ------
    IncidentError
        If there are none.
    """
    chosen = metrics[rows_matching(metrics, select, where)]
    if chosen.empty:
        raise IncidentError(f"{where}: no sample matches {select}. Check its names against the evidence in metrics/.")
    return chosen.assign(value=chosen["value"].replace([np.inf, -np.inf], np.nan))


def gridded(values: pd.Series) -> tuple[pd.DataFrame, pd.Timedelta]:
    """Keep each sample at its own time and put a NaN wherever one is missing; return them with their step."""
    samples = values.sort_index().rename_axis("time").reset_index(name="value")
    if len(samples) < 2:
        return samples, pd.Timedelta(minutes=1)
    times = samples["time"]
    steps = times.diff().dropna()
    step = steps.median()
    missing: list[pd.Timestamp] = []
    for i in np.flatnonzero((steps > 1.5 * step).to_numpy()):
        count = min(round((times[i + 1] - times[i]) / step) - 1, 100_000)
        missing += [times[i] + step * (k + 1) for k in range(count)]
    if missing:
        gaps = pd.DataFrame({"time": pd.DatetimeIndex(missing).as_unit("ns"), "value": np.nan})
        samples = pd.concat([samples, gaps]).sort_values("time", ignore_index=True)
    return samples, pd.Timedelta(step)


def _series(rows: pd.DataFrame) -> list[pd.Series]:
    """Return each series by time: rows that agree in all but time, value and file; in file too if times repeat."""
    keys: list[Hashable] = [c for c in rows.columns if c not in ("time", "value", "file", "line")]
    series: list[pd.Series] = []
    for _, one in rows.groupby(keys, dropna=False, sort=True):
        parts = [p for _, p in one.groupby("file")] if one["time"].duplicated().any() else [one]
        series += [p.groupby("time")["value"].sum(min_count=1) for p in parts]
    return series


def _falls(s: pd.Series) -> int:
    return int((s.dropna().diff() < 0).sum())


def _are_totals(series: list[pd.Series], is_named: bool) -> bool:
    """Return whether most samples belong to running totals.

    Their name alone does not tell: exports of counts per minute are often called ``_total`` too. Counts fall about as
    often as they rise; a running total rises, and falls only where its process starts anew. With such a name, one that
    rises seldom, because little happens, is one too if it never falls.
    """
    growing = 0
    for s in series:
        known = s.dropna()
        rises = int((known.diff() > 0).sum())
        often = 3 if is_named and not _falls(s) else max(3, len(known) / 4)
        is_long = len(known) >= ENOUGH and rises >= often
        growing += len(known) if is_long and _falls(s) <= RESETS * rises else 0
    return growing > 0.5 * sum(len(s.dropna()) for s in series)


def _differences(s: pd.Series) -> pd.Series:
    """Return what a running total grew by since the sample before; one that fell began again at 0."""
    known = s.dropna()
    grown = known.diff()
    return grown.where(~(grown < 0), known).reindex(s.index).iloc[1:]


def _steadiest(series: list[pd.Series]) -> pd.Series:
    """Return the series whose times the sums stand on: of the steady long ones that with the widest step, else longest.

    Long is what covers at least half of what the longest series covers.
    """
    steps = [pd.Series(s.index).diff().dropna().dt.total_seconds().to_numpy(float) for s in series]

    def rank(i: int) -> tuple[float, int]:
        step = float(np.median(steps[i])) if len(steps[i]) else 0.0
        is_steady = (np.abs(steps[i] - step) <= 0.1 * step).sum() >= STEADY * len(steps[i])
        is_long = 2 * steps[i].sum() >= max(d.sum() for d in steps)
        return step if is_steady and is_long else 0.0, len(series[i])

    return series[max(range(len(series)), key=rank)]


def _ticks(s: pd.Series, time: pd.DatetimeIndex, step: pd.Timedelta) -> np.ndarray:
    """Return the row of the grid that each sample belongs to, −1 for none: the nearest, once its offset is undone."""
    at = ((pd.DatetimeIndex(s.index) - time[0]) / step).to_numpy(float)
    grid = ((time - time[0]) / step).to_numpy(float)

    def nearest(x: np.ndarray) -> np.ndarray:
        after = np.searchsorted(grid, x).clip(1, len(grid) - 1)
        return np.where(x - grid[after - 1] <= grid[after] - x, after - 1, after)

    if len(grid) < 2:
        return np.where(np.abs(at) <= 0.5, 0, -1)
    away = at - grid[nearest(at)]
    turn = np.exp(2j * np.pi * away).mean()  # a mean on the circle: just before a sample is near just after it
    shifted = at - np.angle(turn) / (2 * np.pi)
    rows = nearest(shifted)
    return np.where(np.abs(shifted - grid[rows]) <= 0.5 + 1e-9, rows, -1)


def _sum(
    series: list[pd.Series], time: pd.DatetimeIndex, step: pd.Timedelta, *, is_sparse: bool = False
) -> tuple[np.ndarray, int]:
    """Return the sum on each row of the grid, and on how many rows it is unknown because a series is missing there."""
    sums, present = np.zeros(len(time)), np.zeros(len(time), int)
    for s in series:
        rows, values = _ticks(s, time, step), s.to_numpy(float)
        fits = (rows >= 0) & ~np.isnan(values)
        np.add.at(sums, rows[fits], values[fits])
        present[np.unique(rows[fits])] += 1
    usual = 1 if is_sparse or not present.any() else float(np.median(present[present > 0]))
    return np.where(present >= usual, sums, np.nan), int(((present > 0) & (present < usual)).sum())


def _stands_empty(series: list[pd.Series], time: pd.DatetimeIndex, step: pd.Timedelta) -> np.ndarray:
    """Return the rows of the grid at which a sample is recorded without a value: unknown, and not 0."""
    empty = np.zeros(len(time), bool)
    for s in series:
        rows = _ticks(s, time, step)[s.isna().to_numpy()]
        empty[rows[rows >= 0]] = True
    return empty
