"""Incidents of known place drawn into real series that hold none: backgrounds, kinds, sizes, seeds.

Backgrounds are the longest stretch of each file of the Numenta Anomaly Benchmark outside its labelled windows, the
incident-free recordings of PetShop, and any ``series/*.csv`` (``timestamp,value``) below the data folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

KINDS = ("level up", "level up", "level down", "drop to zero", "ramp", "burst", "variance", "missing")
LENGTHS = (6, 12, 24, 48, 72)  # rows
SIZES = (4.0, 8.0, 16.0)  # times the robust noise of the background
CONTROLS = 0.25  # share of cases without an incident
LONGEST = 2016  # rows of a background: a week of 5 minutes


class Case(NamedTuple):
    """A series, and the rows ``[first, end)`` of the incident drawn into it; None in a control."""

    background: str
    series: pd.Series
    truth: tuple[int, int] | None
    kind: str
    size: float

    @property
    def step(self) -> pd.Timedelta:
        """Distance between rows."""
        return self.series.index[1] - self.series.index[0]

    @property
    def days(self) -> float:
        """Length of the record."""
        return len(self.series) * self.step / pd.Timedelta(days=1)


def on_grid(times: pd.Series | pd.Index, values: pd.Series) -> pd.Series:
    """Put samples on their median step; rows without one are NaN."""
    series = pd.Series(values.to_numpy(float), pd.DatetimeIndex(pd.to_datetime(times, utc=True)))
    series = series.groupby(level=0).mean().sort_index()
    return series.resample(series.index.to_series().diff().median()).mean()


def labelled(root: Path) -> Iterator[tuple[str, pd.Series, list[tuple[pd.Timestamp, pd.Timestamp]]]]:
    """Yield name, series and labelled windows of each file of NAB."""
    labels = root / "nab" / "labels" / "windows.json"
    if not labels.exists():
        return
    windows = json.loads(labels.read_text(encoding="utf-8"))
    for path in sorted((root / "nab" / "data").rglob("*.csv")):
        name = f"{path.parent.name}/{path.name}"
        read = pd.read_csv(path)
        spans = [(pd.Timestamp(a, tz="UTC"), pd.Timestamp(b, tz="UTC")) for a, b in windows.get(name, [])]
        yield f"nab/{name}", on_grid(read["timestamp"], read["value"]), spans


def backgrounds(root: Path) -> Iterator[tuple[str, pd.Series]]:
    """Yield name and series of every background that is long and lively enough."""
    for name, series in _all(root):
        is_usable = len(series) >= 500 and series.isna().mean() < 0.1 and series.nunique() > 10
        if is_usable and series.std() > 0:
            yield name, series


def _all(root: Path) -> Iterator[tuple[str, pd.Series]]:
    for name, series, spans in labelled(root):
        is_free = np.ones(len(series), dtype=bool)
        for start, end in spans:
            is_free &= (series.index < start) | (series.index > end)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], is_free, [False]]).astype(int)))
        first, end_row = max(zip(edges[::2], edges[1::2], strict=True), key=lambda run: run[1] - run[0])
        yield name, series.iloc[first : min(end_row, first + LONGEST)]
    for path in sorted(root.glob("petshop/*/noissue/metrics.csv")):
        table = pd.read_csv(path, header=[0, 1, 2], index_col=0)
        times = pd.to_datetime(table.index.astype(float), unit="s")
        for column in table.columns:
            if column[1:] in (("latency", "Average"), ("latency", "p90"), ("requests", "Sum")):
                yield f"petshop/{path.parts[-3]}/{'/'.join(column)}", on_grid(times, table[column]).iloc[:LONGEST]
    for path in sorted(root.glob("series/*.csv")):
        read = pd.read_csv(path)
        yield f"series/{path.stem}", on_grid(read["timestamp"], read["value"]).iloc[:LONGEST]


def cases(root: Path, seed: int, count: int) -> Iterator[Case]:
    """Yield cases; every family of backgrounds has the same number of them."""
    families: dict[str, list[tuple[str, pd.Series]]] = {}
    for name, series in backgrounds(root):
        families.setdefault(name.split("/")[0], []).append((name, series))
    groups = list(families.values())
    for number in range(count):
        group, turn = groups[number % len(groups)], number // len(groups)
        name, series = group[turn % len(group)]
        place = int(hashlib.sha1(name.encode()).hexdigest()[:8], 16)
        rng = np.random.default_rng([seed, turn // len(group), place])
        yield Case(name, series, None, "control", 0.0) if rng.random() < CONTROLS else _drawn(name, series, rng)


def _drawn(name: str, series: pd.Series, rng: np.random.Generator) -> Case:
    values = series.to_numpy(float).copy()
    noise = noise_of(values)
    kind, length, size = str(rng.choice(KINDS)), int(rng.choice(LENGTHS)), float(rng.choice(SIZES))
    first = int(rng.integers(len(values) // 6, len(values) - length - len(values) // 8))
    part = slice(first, first + length)
    if kind == "drop to zero" and np.nanmedian(values) < 4 * noise:
        kind = "level up"  # it is near zero already
    if kind == "burst":
        is_on = rng.random(length) < 0.4
        is_on[[0, -1]] = True
        values[part] += size * noise * is_on
    elif kind == "drop to zero":
        values[part] *= 0.05
    elif kind == "missing":
        values[part] = np.nan
    elif kind == "variance":
        values[part] += size * noise * 0.5 * rng.standard_normal(length)
    else:
        shape = {"level up": np.ones(length), "level down": -np.ones(length)}
        values[part] += size * noise * shape.get(kind, np.linspace(1 / length, 1, length))
    return Case(name, pd.Series(values, series.index), (first, first + length), kind, size)


def noise_of(values: np.ndarray) -> float:
    """Return the robust noise of a background: of what its running median leaves, or of its steps."""
    x = pd.Series(values).interpolate(limit_direction="both")
    rest = (x - x.rolling(25, center=True, min_periods=1).median()).to_numpy()
    low, high = np.quantile(x, [0.1, 0.9])
    found = max(mad(rest), mad(np.diff(x)) / np.sqrt(2), 0.02 * (high - low), 0.002 * abs(float(np.median(x))))
    return found or float(x.std())


def mad(x: np.ndarray) -> float:
    """Return the median absolute deviation, scaled to a standard deviation."""
    return float(1.4826 * np.median(np.abs(x - np.median(x))))
