"""Impact windows: a threshold with hysteresis and a hold time, half-open, with edges as intervals.

A window opens at the first of `RUN` rows in a row beyond ``enter`` and ends at the first row of a stretch that stays on
the good side of ``leave`` for the hold time. Unknown rows are never healthy: they widen the edge that they touch.
Windows with a short gap between them are joined, short ones are listed as near misses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from postmortem_nb.analysis.baseline import Baseline, find_baseline, wilson_lower
from postmortem_nb.analysis.edges import edge_of_requests
from postmortem_nb.analysis.runs import RUN, Run, merged, runs_of
from postmortem_nb.analysis.settings import AUTO, HOLD, MERGE_GAP, Settings
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.incident import Facts
from postmortem_nb.times import Instant, Interval, Window, parse_duration

OUTSIDE = ("changed", "published", "closed")  # milestones that may be days away from the impact
LOOKBACK = 10  # rows before an onset among which the signal was last seen at its baseline
COLUMNS = ("onset", "onset_lo", "onset_hi", "recovery", "recovery_lo", "recovery_hi", "score", "kind", "unknown")


class Windows(tuple[Window, ...]):
    """Impact windows in time order."""

    def __repr__(self) -> str:
        return "\n".join(str(w) for w in self) or "no impact window"

    @property
    def frame(self) -> pd.DataFrame:
        """One row a window: edges with bounds (UTC), score, kind, share of missing samples."""
        edges = [(*_three(w.onset), *_three(w.recovery), w.score, w.kind, w.unknown) for w in self]
        frame = pd.DataFrame(edges, columns=list(COLUMNS))
        return frame.astype({c: "datetime64[ns, UTC]" for c in COLUMNS[:6]})


def _three(edge: Instant) -> tuple[object, object, object]:
    return edge.at, edge.lo, edge.hi


@dataclass(frozen=True)
class Measurement:
    """What was measured on one signal."""

    baseline: Baseline
    windows: Windows
    near_misses: Windows
    severe: float
    others: Windows = field(default_factory=Windows)  # too far from the incident's to belong to it


def measure(series: SignalSeries, settings: Settings) -> Measurement:
    """Return the windows of a signal, and the excursions that were too short to count."""
    baseline = find_baseline(series, settings)
    rows = _Rows.of(series)
    long, missed = _runs(series, baseline, settings, rows)
    windows = Windows(_window(series, baseline, r, rows) for r in long)
    near_misses = Windows(_window(series, baseline, r, rows) for r in missed)
    return Measurement(baseline, windows, near_misses, _severe(series, baseline, windows))


def windows_beyond(series: SignalSeries, baseline: Baseline, settings: Settings) -> Windows:
    """Return the windows of a signal beyond a baseline that is known already."""
    rows = _Rows.of(series)
    return Windows(_window(series, baseline, r, rows) for r in _runs(series, baseline, settings, rows)[0])


class _Rows(NamedTuple):
    """The rows of a signal as plain arrays, so that what is done for each window does not go through all of them."""

    value: np.ndarray
    known: np.ndarray  # numbers of the rows that have a value
    time: pd.DatetimeIndex
    smear: pd.Timedelta

    @classmethod
    def of(cls, series: SignalSeries) -> _Rows:
        value = series.frame["value"].to_numpy(float)
        return cls(value, np.flatnonzero(~np.isnan(value)), pd.DatetimeIndex(series.frame["time"]), series.smear)

    def known_before(self, row: int, most: int) -> np.ndarray:
        """Return the last `most` known rows before one."""
        end = int(np.searchsorted(self.known, row))
        return self.known[max(0, end - most) : end]


def _runs(series: SignalSeries, baseline: Baseline, settings: Settings, rows: _Rows) -> tuple[list[Run], list[Run]]:
    """Return the excursions that are windows, and those that are not; each in order."""
    frame, side, step, value = series.frame, series.bad_side, series.step, rows.value
    beyond = value * side >= baseline.enter * side
    healthy = value * side < baseline.leave * side
    if series.signal.kind == "ratio":  # counts: a bin is bad, or not yet healthy, only beyond what chance explains
        surely = wilson_lower(frame["bad"], frame["total"])
        beyond &= surely >= min(baseline.enter, 0.99)
        healthy |= surely < baseline.leave
    healthy = (healthy | (value == baseline.center)) & ~beyond  # nothing lies below a baseline of exactly 0
    shortest = settings.length("min_length", RUN * step)
    known = rows.known  # unknown rows neither open, end nor prolong anything
    hold = max(1, round(hold_time(series, settings) / step))
    runs = [r.of(known) for r in runs_of(beyond[known], healthy[known], hold, RUN if shortest > step else 1)]
    gap, time = settings.length("merge_gap", pd.Timedelta(MERGE_GAP)), rows.time
    joined = merged([r for r in runs if r.opens], time, gap)
    long = joined  # two rows are enough by themselves, however far apart: some probes are only written at changes
    if settings.min_length != AUTO:
        long = [r for r in joined if not r.ends or time[r.last] + step - time[r.first] >= shortest]
    counted = set(long)
    return long, sorted([r for r in joined if r not in counted] + [r for r in runs if not r.opens])


def hold_time(series: SignalSeries, settings: Settings) -> pd.Timedelta:
    """Return how long the signal must stay healthy to count as recovered: at least two samples."""
    return max(settings.length("hold", pd.Timedelta(HOLD)), 2 * series.step)


def _window(series: SignalSeries, baseline: Baseline, run: Run, rows: _Rows) -> Window:
    value, side = rows.value, series.bad_side
    after = int(rows.known[-1]) + 1 if run.after is None else run.after
    reach = np.nanmax((value[run.first : run.last + 1] - baseline.center) * side)
    reach /= max((baseline.enter - baseline.center) * side, 1e-12)
    onset = _edge(series, baseline, run.first, "onset", rows)
    if run.after is None:  # the record is over first
        recovery = Instant(lo=series.span[1], basis="measured")
    else:
        recovery = _edge(series, baseline, run.after, "recovery", rows)
    kind = "traffic" if series.signal.kind == "traffic" else ("high" if side > 0 else "low")
    return Window(onset, recovery, float(reach), kind, float(np.isnan(value[run.first : after]).mean()))


def _edge(series: SignalSeries, baseline: Baseline, row: int, which: str, rows: _Rows) -> Instant:
    """Return the instant between the last row that was surely in one state and `row`, the first one in the next.

    Before an onset that is a row at the baseline or better: between it and the threshold the signal may have been on
    its way. What lies between two samples, or is missing between them, is not known; a bin may hold both states.
    """
    time, value, side = rows.time, rows.value, series.bad_side
    before = rows.known_before(row, LOOKBACK)
    last = before[-1] if len(before) else None
    if which == "onset" and last is not None:
        near = before[before >= min(row - LOOKBACK, last)]
        calm = near[(value[near] - baseline.center) * side <= 0]
        last = calm[-1] if len(calm) else near[0]
    since = None if last is None else time[last]
    at = time[row]
    if not series.is_binned:
        return Instant(None if since is None else since - rows.smear, at, at, "measured")
    if series.signal.kind == "ratio" and since is not None:
        refined = edge_of_requests(series.requests, since, at + series.step, which)
        if refined is not None:
            return refined
    return Instant(since, at, at + series.step, "measured")


def measure_all(signals: Sequence[SignalSeries], settings: Settings, facts: Facts) -> tuple[Measurement, ...]:
    """Measure every signal of an incident, each with the windows that belong to it.

    The threshold that is set is in the unit of the first signal and applies to it alone; so does a baseline in which
    another signal has no sample.
    """
    about, measured = declared_span(facts), []
    for n, series in enumerate(signals):
        own = settings if n == 0 else settings.model_copy(update={"threshold": AUTO})
        interval = own.baseline_interval
        if n and interval is not None:
            inside = series.frame["time"].between(*interval, inclusive="left") & series.frame["value"].notna()
            own = own if inside.any() else own.model_copy(update={"baseline": AUTO})
        found = of_incident(series, measure(series, own), facts, about)
        if n == 0 and found.windows:
            about = (found.windows[0].span[0], found.windows[-1].span[1])
        measured.append(found)
    return tuple(measured)


def of_incident(series: SignalSeries, measurement: Measurement, facts: Facts, about: Interval | None) -> Measurement:
    """Return the measurement with only those windows that belong to one incident; the rest become its `others`."""
    windows = group_of_incident(series, measurement.baseline, measurement.windows, facts, about)
    if windows == measurement.windows:
        return measurement
    first, last = windows[0].span[0], windows[-1].span[0]
    others = Windows(w for w in measurement.windows if not first <= w.span[0] <= last)
    return replace(measurement, windows=windows, others=others, severe=_severe(series, measurement.baseline, windows))


def group_of_incident(
    series: SignalSeries, baseline: Baseline, windows: Windows, facts: Facts, about: Interval | None
) -> Windows:
    """Return those windows that belong to one incident.

    Windows belong together if they are no further apart than ``relapse_gap``. Of several such groups the one counts
    that overlaps `about` or lies nearest to it, of these the one with the largest impact.

    Parameters
    ----------
    about : (Timestamp, Timestamp) or None
        When the incident is known to have been, such as `declared_span`; None if nothing is known.
    """
    gap = parse_duration(facts.relapse_gap)
    groups: list[list[Window]] = []
    for w in windows:
        if not groups or w.span[0] - groups[-1][-1].span[1] > gap:
            groups.append([])
        groups[-1].append(w)
    if len(groups) < 2:
        return windows

    def far(group: list[Window]) -> pd.Timedelta:
        if about is None:
            return pd.Timedelta(0)
        return max(group[0].span[0] - about[1], about[0] - group[-1].span[1], pd.Timedelta(0))

    nearest = min(far(g) for g in groups)
    near = [g for g in groups if far(g) == nearest]
    if len(near) < 2:
        return Windows(near[0])
    harm = _harm(series, baseline, [w for group in near for w in group])
    ends = np.cumsum([len(group) for group in near])
    sums = [float(part.sum()) for part in np.split(harm, ends[:-1])]
    return Windows(near[int(np.argmax(sums))])


def declared_span(facts: Facts) -> Interval | None:
    """Return the hull of the milestones that lie within an incident; those of its causes and its paperwork do not."""
    known = [i.best for name, i in facts.milestones if name not in OUTSIDE and i.best is not None]
    return (min(known), max(known)) if known else None


def _harm(series: SignalSeries, baseline: Baseline, windows: Sequence[Window]) -> np.ndarray:
    """Return for each window the sum of all distances from the baseline: of a ratio, its bad requests beyond usual."""
    frame = series.frame
    beyond = (frame["value"].to_numpy(float) - baseline.center) * series.bad_side
    if series.signal.kind == "ratio":
        beyond = beyond * frame["total"].to_numpy(float)
    beyond = np.where(np.isnan(beyond), 0.0, beyond)
    return np.array([beyond[rows].sum() for rows in _inside(series, windows)])


def _inside(series: SignalSeries, windows: Iterable[Window]) -> Iterator[slice]:
    """Yield the rows of each window, the one before its onset too, in which it may have begun."""
    time = pd.DatetimeIndex(series.frame["time"])
    for w in windows:
        yield slice(int(time.searchsorted(w.span[0] - series.step)), int(time.searchsorted(w.span[1])))


def _severe(series: SignalSeries, baseline: Baseline, windows: Windows) -> float:
    """Return the level that parts severe from lesser impact: halfway from the baseline to the worst of the windows."""
    if not windows:
        return float("nan")
    side, value = series.bad_side, series.frame["value"].to_numpy(float)
    inside = np.zeros(len(value), bool)
    for rows in _inside(series, windows):
        inside[rows] = True
    values = value[inside]
    values = values[~np.isnan(values)] * side
    if not len(values):
        return float("nan")
    worst = float(np.quantile(values, 0.9)) * side
    halfway = baseline.center + 0.5 * (worst - baseline.center)
    return max(halfway * side, baseline.enter * side) * side
