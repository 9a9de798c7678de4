"""Fewer points, same picture: what a drawing and the table behind it keep of a long series."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MOST = 2_000  # points that are drawn as they are
COLUMNS = 720  # pixel columns of a full-width figure
ROWS = 60  # of the table behind a chart

Floats = NDArray[np.float64]
Parts = NDArray[np.int_]


def decimate(times: Floats, values: Floats, columns: int = COLUMNS) -> tuple[Floats, Floats]:
    """Keep the lowest and the highest value of every pixel column, in their order, so that every spike survives.

    Parameters
    ----------
    times : ndarray
        Any even scale, ascending.
    values : ndarray
        NaN is unknown; a column that holds nothing else keeps one, so that the line stays broken there.
    columns : int
        How many pixel columns there are.

    Returns
    -------
    times, values : ndarray
        At most two points a column and the first and last of all; as given if there are no more than that.
    """
    n = len(times)
    if n <= 2 * columns or times[-1] <= times[0]:
        return times, values
    column = np.minimum((times - times[0]) / (times[-1] - times[0]) * columns, columns - 1).astype(int)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    low = np.minimum.reduceat(np.where(np.isnan(values), np.inf, values), starts)
    high = np.maximum.reduceat(np.where(np.isnan(values), -np.inf, values), starts)
    kept = {0, n - 1}
    for start, end, lo, hi in zip(starts, [*starts[1:], n], low, high, strict=True):
        part = values[start:end]
        if np.isinf(lo):  # nothing is known in this column
            kept.add(int(start))
            continue
        kept.add(int(start + np.flatnonzero(part == lo)[0]))
        kept.add(int(start + np.flatnonzero(part == hi)[0]))
    rows = np.array(sorted(kept))
    return times[rows], values[rows]


def parts_of(count: int, rows: int = ROWS) -> Parts:
    """Return for each of so many bins the row of a table that it goes into, equally many bins a row.

    >>> parts_of(5, rows=3).tolist()
    [0, 0, 1, 1, 2]
    """
    return np.arange(count) // max(1, -(-count // rows))


def condense(
    frame: pd.DataFrame, value: str = "value", rows: int = ROWS, width: pd.Timedelta | None = None
) -> pd.DataFrame:
    """Return a series as a table of at most so many rows: each stands for a stretch with its lowest and highest value.

    Parameters
    ----------
    frame : DataFrame
        ``time`` (UTC, ascending) and the value column.
    value : str
        Name of the value column.
    rows : int
        How many rows at the most; each stands for equally many, but the last one for what is left.
    width : Timedelta, optional
        How far a row reaches: the width of bins, nothing for samples.

    Returns
    -------
    DataFrame
        ``from``, ``to`` (where the last row of the stretch ends), ``lowest``, ``highest``; NaN where nothing is known.
    """
    if frame.empty:
        return pd.DataFrame({"from": [], "to": [], "lowest": [], "highest": []})
    groups = frame.groupby(parts_of(len(frame), rows))
    table = pd.DataFrame(
        {
            "from": groups["time"].first(),
            "to": groups["time"].last() + (width or pd.Timedelta(0)),
            "lowest": groups[value].min(),
            "highest": groups[value].max(),
        }
    )
    return table.reset_index(drop=True)
