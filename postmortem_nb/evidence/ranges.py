"""Only the rows of a declared time range: found in a long log without reading all of it, and said in the account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pandas as pd
import polars as pl

from postmortem_nb.errors import SettingError
from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.how import EVER, How, Window
from postmortem_nb.evidence.scanning import Scan
from postmortem_nb.evidence.seeking import find_span
from postmortem_nb.evidence.sources import Place, size_of
from postmortem_nb.times import format_time


def range_of(start: pd.Timestamp | str, end: pd.Timestamp | str, where: str) -> Window:
    """Return the half-open range between two instants.

    Raises
    ------
    SettingError
        If one cannot be read or names no zone, or the range ends before it begins.
    """
    out = []
    for value in (start, end):
        try:
            time = pd.Timestamp(value)
        except (ValueError, TypeError) as error:
            raise SettingError(f'{where}: {value!r} is no time. Write one such as "2024-01-14T02:05Z".') from error
        if pd.isna(time) or time.tzinfo is None:
            raise SettingError(f"{where}: {value!r} names no zone. Add Z or an offset.")
        out.append(time.tz_convert("UTC").as_unit("ns"))
    if out[1] <= out[0]:
        raise SettingError(f"{where}: the range ends ({out[1]}) before it begins ({out[0]}). Give its start first.")
    return out[0], out[1]


def narrowed(scan: Scan, path: Place, how: How) -> Scan:
    """Return a scan of the stretch of a log that holds the declared range, where that can be found; else the same."""
    if how.window is None or not scan.beginning:
        return scan
    form = scan.choose()
    span = find_span(path, form, how, how.window)
    if span is None:
        return scan
    part = Scan(path, how, span, form)
    part.tally.notes += (
        f"Only bytes {span.start:,} to {span.stop or 0:,} of its {size_of(path):,} were read, from line {span.first:,} "
        f"on: the range {_said(how.window)} lies there.",
    )
    return part


def within(frames: Iterable[pl.DataFrame], how: How, tally: Tally) -> Iterator[pl.DataFrame]:
    """Yield the records that lie in the declared range; the lines of others count as skipped."""
    if how.window is None:
        yield from frames
        return
    start, end = (time.as_unit("ns").value for time in how.window)
    left_out = 0
    for frame in frames:
        ns = frame["time"].to_physical()  # as a datetime, an end of the range would lose its nanoseconds
        inside = frame.filter((ns >= start) & (ns < end))
        left_out += len(frame) - len(inside)
        tally.skipped += len(frame) - len(inside)
        if len(inside):
            yield inside
    if left_out:
        tally.notes += (f"{left_out:,} of its records lie outside of the range {_said(how.window)} and are left out.",)


def only(frame: pd.DataFrame, how: How) -> pd.DataFrame:
    """Return the rows of metrics or events that lie in the declared range, the others noted in the account."""
    if how.window is None:
        return frame
    inside = frame[(frame["time"] >= how.window[0]) & (frame["time"] < how.window[1])].reset_index(drop=True)
    report = frame.attrs["report"]
    if left_out := len(frame) - len(inside):
        note = f"{left_out:,} of its rows lie outside of the range {_said(how.window)} and are left out."
        report = replace(report, notes=(*report.notes, note))
    times = inside["time"].dropna()
    first, last = (times.min(), times.max()) if len(times) else (None, None)
    inside.attrs = frame.attrs | {"report": replace(report, first=first, last=last)}
    return inside


def _said(window: Window) -> str:
    start, end = window
    if start == EVER[0]:
        return f"before {format_time(end)} UTC"
    if end == EVER[1]:
        return f"from {format_time(start)} UTC on"
    return f"from {format_time(start)} to {format_time(end)} UTC"
