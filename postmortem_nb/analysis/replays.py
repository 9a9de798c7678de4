"""Would a proposed alerting rule have fired, when, and how often when nothing was wrong?

A rule is evaluated over the whole record, as Prometheus would have done at each interval. When within its interval a
group is evaluated is chance (Prometheus spreads them by a hash), so that every rule is replayed at four phases: the
first is reported, the others give the bounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from postmortem_nb.incident import AlertRule
from postmortem_nb.replay import Grid, Vector, firings
from postmortem_nb.times import (
    UNKNOWN,
    Duration,
    Instant,
    Interval,
    between,
    clip,
    format_duration,
    format_time,
    parse_prometheus_duration,
    total,
    union,
)

PHASES = 4  # of the interval at which a rule is replayed
CHANCE = 0.05  # a firing that chance explains with this probability is said to be one
LEVEL = 0.9  # of the interval of a rate
EPOCH = pd.Timestamp(0, tz="UTC")
MS, ZERO, NONE = pd.Timedelta(milliseconds=1), pd.Timedelta(0), Duration()
COLUMNS = ["pending", "firing", "ended", "labels"]


@dataclass(frozen=True, eq=False)
class Replay:
    """What a rule would have done.

    Parameters
    ----------
    rule : AlertRule
        The rule.
    fired : {"yes", "no", "unsure", "unknown"}
        Whether it fires about the incident; unsure if that depends on the phase of its evaluation, unknown if it could
        not be replayed (``notes`` says why).
    first : Instant
        Its first firing that belongs to the incident; the bounds are those of an unknown phase.
    start, detected : Instant
        Start of impact and measured detection that the firing is held against.
    firings : DataFrame
        ``pending``, ``firing``, ``ended`` (UTC) and ``labels`` of every alert; `postmortem_nb.replay.firings`.
    quiet : int
        Firings in the baseline, those that overlap counted once.
    quiet_time : Timedelta
        Length of the baseline: the record outside of the impact windows and 5 minutes around them.
    evaluated_by : str
        ``Prometheus 2.42.0`` or ``built in``; empty if nothing was evaluated.
    notes : tuple of str
        What to bear in mind, or why nothing is known; sentences.
    """

    rule: AlertRule
    fired: Literal["yes", "no", "unsure", "unknown"]
    first: Instant = UNKNOWN
    start: Instant = UNKNOWN
    detected: Instant = UNKNOWN
    firings: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COLUMNS))
    quiet: int = 0
    quiet_time: pd.Timedelta = ZERO
    evaluated_by: str = ""
    notes: tuple[str, ...] = ()

    @property
    def time_to_detect(self) -> Duration:
        """From the start of impact to the first firing; unknown where one of them is."""
        return _between(self.start, self.first)

    @property
    def gain(self) -> Duration:
        """From the first firing to the measured detection; negative if the rule would have fired later."""
        return _between(self.first, self.detected)

    @property
    def per_day(self) -> tuple[float, float, float] | None:
        """Firings a day in the baseline, with the exact Poisson interval (90 %); None without a baseline."""
        days = self.quiet_time / pd.Timedelta(days=1)
        if self.fired == "unknown" or not days:
            return None
        low, high = poisson_bounds(self.quiet)
        return self.quiet / days, low / days, high / days

    @property
    def answer(self) -> str:
        """``fires at …``, ``does not fire``, or that this is not known."""
        words = {"no": "does not fire", "unknown": "not known"}
        if self.fired in words:
            return words[self.fired]
        doubt = ", or not at all: it depends on the phase of its evaluation" if self.fired == "unsure" else ""
        return f"fires at {self.first}{doubt}"

    def __repr__(self) -> str:
        gain = f", gain {self.gain}" if self.gain.is_known else ""
        quiet = f", {self.quiet} times in {format_duration(self.quiet_time)} of baseline" if self.evaluated_by else ""
        by = f" ({self.evaluated_by})" if self.evaluated_by else ""
        return f"<Replay of {self.rule.alert}: {self.answer}{gain}{quiet}{by}>"


def poisson_bounds(count: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact (Garwood) interval of a Poisson mean, given one count.

    >>> [round(x, 3) for x in poisson_bounds(0)]
    [0.0, 2.996]
    """
    tail, counts = (1 - level) / 2, np.arange(count + 1)
    factorials = np.r_[0.0, np.cumsum(np.log(counts[1:]))]  # their logarithms

    def at_most(k: int, mean: float) -> float:
        terms = counts[: k + 1] * math.log(mean) - mean - factorials[: k + 1]
        return float(np.exp(terms).sum())

    def solve(is_below: Callable[[float], bool]) -> float:
        low, high = 0.0, count + 10 * math.sqrt(count + 1) + 10
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if is_below(middle) else (low, middle)
        return (low + high) / 2

    lower = 0.0 if count == 0 else solve(lambda m: 1 - at_most(count - 1, m) < tail)
    return lower, solve(lambda m: at_most(count, m) > tail)


@dataclass(frozen=True)
class About:
    """What a rule is held against: the incident, as far as it is known.

    Parameters
    ----------
    start, end, detected : Instant
        Impact and the measured detection.
    near : (Timestamp or None, Timestamp or None)
        A firing within these bounds belongs to the incident; None is open.
    busy : list of Interval
        Stretches that are no baseline.
    """

    start: Instant = UNKNOWN
    end: Instant = UNKNOWN
    detected: Instant = UNKNOWN
    near: tuple[pd.Timestamp | None, pd.Timestamp | None] = (None, None)
    busy: tuple[Interval, ...] = ()


def grid_of(span: Interval, every: str) -> Grid:
    """Return the instants of all phases of a rule over a record: multiples of its interval, and between them."""
    interval = int(parse_prometheus_duration(every) / MS)
    step = interval // PHASES if interval % PHASES == 0 else interval
    first, last = ((t - EPOCH) // MS for t in span)
    start = -(-first // interval) * interval
    return Grid(start, step, max(0, (last - start) // step + 1))


def phases_of(vector: Vector, grid: Grid, rule: AlertRule) -> list[pd.DataFrame]:
    """Return the firings at each phase; `postmortem_nb.replay.firings`."""
    interval, hold, keep = (
        int(parse_prometheus_duration(text) / MS) for text in (rule.interval, rule.hold, rule.keep_firing_for)
    )
    apart = interval // grid.step
    found = []
    for phase in range(apart):
        part = Vector(vector.labels, vector.values[:, phase::apart], vector.known[:, phase::apart])
        own = Grid(grid.start + phase * grid.step, interval, part.known.shape[1])
        found.append(firings(part, own, hold, keep, rule.labels, rule.alert))
    return found


def concluded(
    rule: AlertRule, phases: list[pd.DataFrame], grid: Grid, about: About, by: str, notes: tuple[str, ...]
) -> Replay:
    """Return what the firings of a rule mean for an incident."""
    span = (_at(grid.start), _at(grid.start + grid.step * grid.count))
    firsts = [_first(frame, about) for frame in phases]
    hits = [t for t in firsts if t is not None]
    fired: Literal["yes", "no", "unsure"] = "no" if not hits else "yes" if len(hits) == len(firsts) else "unsure"
    first = UNKNOWN
    if hits:
        step = grid.step * MS if len(phases) > 1 else ZERO
        at = firsts[0] if firsts[0] is not None else hits[0]
        first = Instant(min(hits) - step, at, max(hits) + step, "measured", evidence=rule.file)
    if fired == "unsure":
        notes = (*notes, f"It fires at {len(hits)} of {len(phases)} phases of its evaluation only.")
    frame = phases[0]
    begun = [t for t, end in _episodes(frame, span[1])]
    quiet_parts = _without(span, about.busy)
    quiet = sum(any(a <= t < b for a, b in quiet_parts) for t in begun)
    if on := _on_since(frame, about.near[0]):
        notes = (*notes, f"An alert that fires since {format_time(on)} UTC was still firing when the incident began.")
    if first.at is not None and (share := _by_chance(quiet, total(quiet_parts), first.at - (about.near[0] or span[0]))):
        notes = (*notes, f"As often as it fires without impact, it fires by then by chance in {share:.0%} of cases.")
    return Replay(
        rule,
        fired,
        first,
        about.start,
        about.detected,
        frame,
        quiet,
        total(quiet_parts),
        by,
        notes,
    )


def _by_chance(quiet: int, quiet_time: pd.Timedelta, within: pd.Timedelta) -> float:
    """Return how probable a firing within a time is at the rate of the baseline; 0 where that is less than `CHANCE`."""
    share = 1 - math.exp(-quiet * (within / quiet_time)) if quiet_time else 0.0
    return share if share >= CHANCE else 0.0


def _between(start: Instant, end: Instant) -> Duration:
    return between(start, end) if start.is_known and end.is_known else NONE


def _at(milliseconds: int) -> pd.Timestamp:
    return pd.Timestamp(milliseconds, unit="ms", tz="UTC").as_unit("ns")


def _first(frame: pd.DataFrame, about: About) -> pd.Timestamp | None:
    """Return the first firing that belongs to the incident."""
    low, high = about.near
    if not about.start.is_known:
        return None
    times = frame["firing"].dropna()
    kept = times[(times >= low) if low is not None else times.notna()]
    kept = kept[(kept <= high) if high is not None else kept.notna()]
    return None if kept.empty else kept.min()


def _on_since(frame: pd.DataFrame, low: pd.Timestamp | None) -> pd.Timestamp | None:
    """Return since when an alert fires that is of before the incident and had not ended when it began."""
    if low is None:
        return None
    old = frame[(frame["firing"] < low) & ~(frame["ended"] <= low)]
    return None if old.empty else old["firing"].min()


def _episodes(frame: pd.DataFrame, end: pd.Timestamp) -> list[Interval]:
    """Return the stretches in which any alert of the rule fires."""
    fired = frame[frame["firing"].notna()]
    return union([(a, end if pd.isna(b) else b) for a, b in zip(fired["firing"], fired["ended"], strict=True)])


def _without(span: Interval, busy: tuple[Interval, ...]) -> list[Interval]:
    """Return what is left of a span outside of the busy stretches."""
    left, at = [], span[0]
    for start, end in clip(union(busy), *span):
        if start > at:
            left.append((at, start))
        at = max(at, end)
    return [*left, (at, span[1])] if at < span[1] else left
