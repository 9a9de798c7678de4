"""Minutes with impact over time: overlaps count once, planned work not at all, periods cut windows."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pandas as pd

from postmortem_nb.times import Interval, union
from postmortem_nb.trends.statistics import Floats

MINUTE = pd.Timedelta(minutes=1)
FREQUENCIES = {"day": "D", "week": "W-MON", "month": "MS", "quarter": "QS", "year": "YS"}
# The longest period that is still cut so finely, in days.
FINEST = {"day": 45, "week": 200, "month": 6 * 366, "quarter": 15 * 366}


def minutes_between(windows: Iterable[Interval], edges: list[pd.Timestamp]) -> Floats:
    """Return the minutes of the union of windows within each stretch between two edges.

    Parameters
    ----------
    windows : iterable of (start, end)
        Half-open, UTC, in any order; they may overlap.
    edges : list of Timestamp
        Ascending.
    """
    merged = union(windows)
    at = np.array([e.value for e in edges], dtype="int64")
    if not merged:
        return np.zeros(len(at) - 1)
    starts = np.array([a.value for a, _ in merged], dtype="int64")
    lengths = np.array([b.value for _, b in merged], dtype="int64") - starts
    before = np.concatenate([[0], np.cumsum(lengths)])
    last = np.searchsorted(starts, at, side="right") - 1  # the window that began last before each edge
    inside = np.clip(at - starts[last.clip(0)], 0, lengths[last.clip(0)])
    passed = np.where(last < 0, 0, before[last.clip(0)] + inside)
    return np.diff(passed) / MINUTE.value


def edges_of(start: pd.Timestamp, end: pd.Timestamp, step: str) -> list[pd.Timestamp]:
    """Return where a period is cut: its ends and every round calendar edge (UTC) between them.

    Parameters
    ----------
    step : str
        Key of `FREQUENCIES`, or ``auto``: the finest that keeps the number of stretches readable.
    """
    inner = pd.date_range(start.floor("D"), end, freq=FREQUENCIES[step_of(start, end, step)])
    return [start, *(t for t in inner if start < t < end), end]


def step_of(start: pd.Timestamp, end: pd.Timestamp, step: str) -> str:
    """Return how a period is cut, where ``auto`` leaves it open."""
    if step != "auto":
        return step
    days = (end - start) / pd.Timedelta(days=1)
    return next((name for name, most in FINEST.items() if days <= most), "year")


def downtime(incidents: pd.DataFrame) -> list[Interval]:
    """Return the union of the windows of incidents; planned work is none."""
    return union(w for windows in incidents.loc[~incidents["is_maintenance"], "windows"] for w in windows)


def over_time(incidents: pd.DataFrame, edges: list[pd.Timestamp], objective: float) -> pd.DataFrame:
    """Return one row a stretch of the period.

    Parameters
    ----------
    incidents : DataFrame
        See `postmortem_nb.trends.frame.INCIDENTS`.
    edges : list of Timestamp
    objective : float
        Share of the time that should be without impact.

    Returns
    -------
    DataFrame
        ``from``, ``to`` (UTC), ``incidents`` (that began in it), ``impact`` (minutes with impact of any of them),
        ``budget`` (minutes that the objective allows), ``burned`` (impact over budget).
    """
    actual = incidents[~incidents["is_maintenance"]]
    lengths = np.array([(b - a) / MINUTE for a, b in pairwise(edges)])
    begun = pd.cut(actual["begin"], edges, right=False).cat.codes
    counts = begun[begun >= 0].value_counts().reindex(range(len(lengths)), fill_value=0)
    table = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "incidents": counts.to_numpy()})
    table["impact"] = minutes_between(downtime(actual), edges)
    table["budget"] = (1 - objective) * lengths
    table["burned"] = table["impact"] / table["budget"]
    return table
