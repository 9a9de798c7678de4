"""Which rows and requests lie within the windows, read at their best, as short and as long as their edges allow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from postmortem_nb.analysis.impact.quantity import Range
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement
from postmortem_nb.times import Interval, clip, total, union

READINGS = ("best", "short", "long")  # of windows whose edges are uncertain
USUAL = 5  # lines a bin from which on a bin without any is a gap in the log
MINUTE = pd.Timedelta(minutes=1)


def spans_of(measurement: Measurement, how: str, record: Interval | None = None) -> list[Interval]:
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


def downtime(measurement: Measurement, record: Interval) -> Range:
    """Return the minutes of the union of the windows within the record; no upper bound while one is open."""
    short, best, long = (total(clip(spans_of(measurement, how, record), *record)) for how in ("short", "best", "long"))
    is_open = bool(measurement.windows) and measurement.windows[-1].is_open
    return Range(short / MINUTE, best / MINUTE, None if is_open else long / MINUTE)


def inside(series: SignalSeries, spans: list[Interval]) -> np.ndarray:
    """Return which rows lie within these stretches; a bin counts if it overlaps one."""
    time = series.frame["time"]
    rows = np.zeros(len(time), bool)
    width = series.step if series.is_binned else pd.Timedelta(nanoseconds=1)
    for start, end in spans:
        rows |= ((time + width > start) & (time < end)).to_numpy()
    return rows


def has_lines(series: SignalSeries) -> bool:
    """Return whether lines usually fall into every bin, so that a bin without one is a gap and not a quiet minute."""
    return float(series.frame["total"].median()) >= USUAL or not series.is_binned


def is_whole(series: SignalSeries, measurement: Measurement) -> bool:
    """Return whether the record holds all of the impact; else what is counted in it is "at least" so much.

    A bin without a line is a gap in the log only where lines usually are.
    """
    windows = measurement.windows
    start, end = series.span
    has_gaps = any(w.unknown > 0 for w in windows) and has_lines(series)
    is_covered = start <= windows[0].span[0] and windows[-1].span[1] <= end
    return is_covered and windows[0].onset.lo is not None and not windows[-1].is_open and not has_gaps
