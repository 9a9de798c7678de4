"""What stretch of time a figure shows, and where its ticks stand."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from postmortem_nb.analysis import Analysis
from postmortem_nb.charts.points import Floats
from postmortem_nb.times import Instant, format_time

_SECONDS = (1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
DAY = 86400
SHORTEST = pd.Timedelta(minutes=1)
SHOWN = ("change", "start", "detect", "ack", "declare", "engage", "identify", "mitigate", "recover", "resolve")
"""Moments that a figure may stretch to show, as long as they are not far from the impact."""


@dataclass(frozen=True)
class View:
    """A stretch of time as an axis: seconds since its start.

    Parameters
    ----------
    start, end : Timestamp
        UTC.
    """

    start: pd.Timestamp
    end: pd.Timestamp

    @property
    def seconds(self) -> float:
        """Length of the axis."""
        return (self.end - self.start).total_seconds()

    def x(self, t: pd.Timestamp) -> float:
        """Return where an instant stands, held to the ends of the axis."""
        return float(min(max((t - self.start).total_seconds(), 0.0), self.seconds))

    def xs(self, times: pd.Series) -> Floats:
        """Return where the instants of a column stand; some may lie outside."""
        return np.asarray((times - self.start) / pd.Timedelta(seconds=1), dtype="float64")

    def holds(self, t: pd.Timestamp | None) -> bool:
        """Whether an instant lies on the axis."""
        return t is not None and self.start <= t <= self.end

    def step(self, most: int) -> int:
        """Return the distance between ticks in seconds so that there are at most so many."""
        longer = (_SECONDS[-1] * 2**n for n in itertools.count(1))
        return next(s for s in itertools.chain(_SECONDS, longer) if self.seconds / s <= most)

    def ticks(self, most: int) -> list[pd.Timestamp]:
        """Return ticks on round clock times (UTC)."""
        step = pd.Timedelta(seconds=self.step(most))
        return list(pd.date_range(self.start.ceil(step), self.end, freq=step))


def choose_view(analysis: Analysis) -> View | None:
    """Return the stretch around the impact that all figures of a report share; None if nothing has a time.

    The whole record if it is not much longer than the impact with its surroundings.
    """
    record = _record(analysis)
    instants = [m.instant for m in analysis.moments.known() if m.name in SHOWN]
    core = _hull([t for w in analysis.windows for t in (*_bounds(w.onset), *_bounds(w.recovery), *w.span)])
    response = [m.instant for m in analysis.moments.known() if m.name in SHOWN and m.name not in ("change", "resolve")]
    core = core or _hull([t for i in response for t in _bounds(i)]) or record
    if core is None:
        return None
    length = max(core[1] - core[0], SHORTEST)
    reach = max(length, pd.Timedelta(minutes=30))
    near = [t for i in instants for t in _bounds(i) if core[0] - reach <= t <= core[1] + reach]
    first, last = min([core[0], *near]), max([core[1], *near])
    before, after = max(0.6 * length, 20 * SHORTEST), max(0.4 * length, 15 * SHORTEST)
    start, end = first - before, last + after
    if record is not None:
        start, end = min(max(start, record[0]), first), max(min(end, record[1]), last)
        if record[1] - record[0] <= 1.6 * (end - start):
            start, end = min(start, record[0]), max(end, record[1])
    unit = "s" if end - start < 5 * SHORTEST else "min"
    start, end = start.floor(unit), end.ceil(unit)
    return View(start, max(end, start + SHORTEST))


def span_of(times: Iterable[pd.Timestamp | None], margin: float = 0.04) -> View | None:
    """Return a view that holds all known times, with a margin on either side."""
    hull = _hull([t for t in times if t is not None and not pd.isna(t)])
    if hull is None:
        return None
    pad = max(hull[1] - hull[0], SHORTEST) * margin
    return View(hull[0] - pad, hull[1] + pad)


def clock(instant: Instant, view: View) -> str:
    """Print an instant for a flag: as short as it can be without saying more than is known."""
    lo, at, hi = instant.lo, instant.at, instant.hi
    if lo is None and hi is not None:
        return f"before {clock_time(hi, view)}"
    if hi is None and at is None and lo is not None:
        return f"after {clock_time(lo, view)}"
    if at is None and lo is not None and hi is not None:
        return f"{clock_time(lo, view)}–{clock_time(hi, view)}"
    about = "~" if instant.text.startswith("~") else ""
    best = instant.best
    assert best is not None, "a flag has a time"
    return about + clock_time(best, view)


def clock_time(t: pd.Timestamp, view: View) -> str:
    """Print a time of day, with month and day where the axis is longer than a day and a half."""
    text = format_time(t, date=False)
    return f"{t:%m-%d} {text}" if view.seconds > 1.5 * DAY else text


def _record(analysis: Analysis) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    if analysis.signal is not None and len(analysis.signal.frame):
        return analysis.signal.span
    incident = analysis.incident
    times = [f["time"] for f in (incident.metrics, incident.logs, incident.events) if len(f)]
    return _hull([t for column in times for t in (column.min(), column.max()) if not pd.isna(t)])


def _bounds(instant: Instant) -> list[pd.Timestamp]:
    return [t for t in (instant.lo, instant.at, instant.hi) if t is not None]


def _hull(times: list[pd.Timestamp]) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    return (min(times), max(times)) if times else None
