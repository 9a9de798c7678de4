"""Impact windows: a threshold with hysteresis and a hold time, half-open, with edges as intervals.

A window opens at the first of `RUN` rows in a row beyond ``enter`` and ends at the first row of a stretch that stays on
the good side of ``leave`` for the hold time. Unknown rows are never healthy: they widen the edge that they touch.
Windows with a short gap between them are joined, short ones are listed as near misses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from postmortem_nb.analysis.baseline import Baseline, find_baseline, wilson_lower
from postmortem_nb.analysis.edges import edge_of_requests
from postmortem_nb.analysis.settings import AUTO, HOLD, MERGE_GAP, Settings
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.incident import Facts
from postmortem_nb.times import Instant, Interval, Window, parse_duration

RUN = 2  # rows beyond the threshold in a row that open a window
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
    frame, side = series.frame, series.bad_side
    value = frame["value"].to_numpy(float)
    beyond = value * side >= baseline.enter * side
    healthy = value * side < baseline.leave * side
    if series.signal.kind == "ratio":  # counts: a bin is bad, or not yet healthy, only beyond what chance explains
        surely = wilson_lower(frame["bad"], frame["total"])
        beyond &= surely >= min(baseline.enter, 0.99)
        healthy |= surely < baseline.leave
    healthy = (healthy | (value == baseline.center)) & ~beyond  # nothing lies below a baseline of exactly 0
    step = series.step
    hold = hold_time(series, settings)
    shortest = settings.length("min_length", RUN * step)
    known = np.flatnonzero(~np.isnan(value))  # unknown rows neither open, end nor prolong anything
    runs = runs_of(beyond[known], healthy[known], max(1, round(hold / step)), RUN if shortest > step else 1)
    runs = [run.of(known) for run in runs]
    gap, time = settings.length("merge_gap", pd.Timedelta(MERGE_GAP)), frame["time"]
    joined = _merged([r for r in runs if r.opens], time, gap)
    long = [r for r in joined if not r.ends or time[r.last] + step - time[r.first] >= shortest]
    missed = sorted([r for r in joined if r not in long] + [r for r in runs if not r.opens])
    windows = Windows(_window(series, baseline, r) for r in long)
    near_misses = Windows(_window(series, baseline, r) for r in missed)
    return Measurement(baseline, windows, near_misses, _severe(series, baseline, windows))


def hold_time(series: SignalSeries, settings: Settings) -> pd.Timedelta:
    """Return how long the signal must stay healthy to count as recovered: at least two samples."""
    return max(settings.length("hold", pd.Timedelta(HOLD)), 2 * series.step)


class Run(NamedTuple):
    """One excursion: its first and last row that is not healthy, the first healthy row after it, whether it counts."""

    first: int
    last: int
    after: int | None
    opens: bool

    @property
    def ends(self) -> bool:
        """Whether it is over before the record is."""
        return self.after is not None

    def of(self, rows: np.ndarray) -> Run:
        """Return the same run as numbers of these rows."""
        after = None if self.after is None else int(rows[self.after])
        return Run(int(rows[self.first]), int(rows[self.last]), after, self.opens)


def runs_of(beyond: np.ndarray, healthy: np.ndarray, hold: int, opening: int = RUN) -> list[Run]:
    """Return the excursions in order.

    One opens with `opening` rows beyond the threshold in a row (fewer stand alone and do not count) and goes on until
    `hold` healthy rows follow each other; a single row among them that is neither beyond nor healthy is noise. A
    healthy stretch that the end of the record cuts short counts from two rows on.
    """
    runs: list[Run] = []
    i, n = 0, len(beyond)
    while i < n:
        if not beyond[i]:
            i += 1
            continue
        if not (i + opening <= n and beyond[i : i + opening].all()):
            last = i + int(np.argmin([*beyond[i : i + opening], False])) - 1
            runs.append(Run(i, last, last + 1 if last + 1 < n else None, False))
            i = last + 1
            continue
        last, calm, j = i, 0, i + 1
        while j < n and calm < hold:
            is_stray = calm > 0 and healthy[j - 1] and not beyond[j]
            if healthy[j]:
                calm += 1
            elif not is_stray:
                last, calm = j, 0
            j += 1
        runs.append(Run(i, last, last + 1 if calm >= min(hold, 2) else None, True))
        i = j
    return runs


def _merged(runs: list[Run], time: pd.Series, gap: pd.Timedelta) -> list[Run]:
    """Join runs with no more than `gap` of health between them."""
    merged: list[Run] = []
    for run in runs:
        before = merged[-1].after if merged else None
        if before is not None and time[run.first] - time[before] <= gap:
            run = run._replace(first=merged.pop().first)
        merged.append(run)
    return merged


def _window(series: SignalSeries, baseline: Baseline, run: Run) -> Window:
    value, side = series.frame["value"].to_numpy(float), series.bad_side
    after = int(np.flatnonzero(~np.isnan(value))[-1]) + 1 if run.after is None else run.after
    reach = np.nanmax((value[run.first : run.last + 1] - baseline.center) * side)
    reach /= max((baseline.enter - baseline.center) * side, 1e-12)
    onset = _edge(series, baseline, run.first, "onset")
    recovery = Instant(lo=series.span[1], basis="measured")  # unless it is over before the record is
    if run.after is not None:
        recovery = _edge(series, baseline, run.after, "recovery")
    kind = "traffic" if series.signal.kind == "traffic" else ("high" if side > 0 else "low")
    return Window(onset, recovery, float(reach), kind, float(np.isnan(value[run.first : after]).mean()))


def _edge(series: SignalSeries, baseline: Baseline, row: int, which: str) -> Instant:
    """Return the instant between the last row that was surely in one state and `row`, the first one in the next.

    Before an onset that is a row at the baseline or better: between it and the threshold the signal may have been on
    its way. What lies between two samples, or is missing between them, is not known; a bin may hold both states.
    """
    time, value, side = series.frame["time"], series.frame["value"].to_numpy(float), series.bad_side
    known = np.flatnonzero(~np.isnan(value[:row]))
    last = known[-1] if len(known) else None
    if which == "onset" and last is not None:
        near = known[known >= min(row - LOOKBACK, last)]
        calm = near[(value[near] - baseline.center) * side <= 0]
        last = calm[-1] if len(calm) else near[0]
    before = None if last is None else time[last]
    at = time[row]
    if not series.is_binned:
        return Instant(None if before is None else before - series.smear, at, at, "measured")
    if series.signal.kind == "ratio" and before is not None:
        refined = edge_of_requests(series.requests, before, at + series.step, which)
        if refined is not None:
            return refined
    return Instant(before, at, at + series.step, "measured")


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
    """Return the measurement with only those windows that belong to one incident; the rest become its `others`.

    Windows belong together if they are no further apart than ``relapse_gap``. Of several such groups the one counts
    that overlaps `about` or lies nearest to it, of these the one with the largest impact.

    Parameters
    ----------
    about : (Timestamp, Timestamp) or None
        When the incident is known to have been, such as `declared_span`; None if nothing is known.
    """
    gap = parse_duration(facts.relapse_gap)
    groups: list[list[Window]] = []
    for w in measurement.windows:
        if not groups or w.span[0] - groups[-1][-1].span[1] > gap:
            groups.append([])
        groups[-1].append(w)
    if len(groups) < 2:
        return measurement

    def far(group: list[Window]) -> pd.Timedelta:
        if about is None:
            return pd.Timedelta(0)
        return max(group[0].span[0] - about[1], about[0] - group[-1].span[1], pd.Timedelta(0))

    chosen = min(groups, key=lambda g: (far(g), -_harm(series, measurement.baseline, g)))
    windows, others = Windows(chosen), Windows(w for w in measurement.windows if w not in chosen)
    severe = _severe(series, measurement.baseline, windows)
    return replace(measurement, windows=windows, others=others, severe=severe)


def declared_span(facts: Facts) -> Interval | None:
    """Return the hull of the milestones that lie within an incident; those of its causes and its paperwork do not."""
    known = [i.best for name, i in facts.milestones if name not in OUTSIDE and i.best is not None]
    return (min(known), max(known)) if known else None


def _harm(series: SignalSeries, baseline: Baseline, windows: Iterable[Window]) -> float:
    """Return the sum of all distances from the baseline: of a ratio, the bad requests beyond the usual ones."""
    frame = series.frame
    beyond = (frame["value"] - baseline.center) * series.bad_side
    if series.signal.kind == "ratio":
        beyond = beyond * frame["total"]
    inside = [(frame["time"] >= w.span[0] - series.step) & (frame["time"] < w.span[1]) for w in windows]
    return float(sum(beyond[rows].sum() for rows in inside))


def _severe(series: SignalSeries, baseline: Baseline, windows: Windows) -> float:
    """Return the level that parts severe from lesser impact: halfway from the baseline to the worst of the windows."""
    if not windows:
        return float("nan")
    time, side = series.frame["time"], series.bad_side
    inside = np.zeros(len(time), bool)
    for w in windows:
        inside |= ((time >= w.span[0] - series.step) & (time < w.span[1])).to_numpy()
    values = series.frame["value"].to_numpy(float)[inside]
    values = values[~np.isnan(values)] * side
    if not len(values):
        return float("nan")
    worst = float(np.quantile(values, 0.9)) * side
    halfway = baseline.center + 0.5 * (worst - baseline.center)
    return max(halfway * side, baseline.enter * side) * side
