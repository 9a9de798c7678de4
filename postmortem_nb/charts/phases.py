"""The stretches between the moments of an incident: what each is called and how long it took, within bounds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from postmortem_nb.analysis import Analysis
from postmortem_nb.charts.style import PHASES
from postmortem_nb.incident import Hypothesis
from postmortem_nb.times import UNKNOWN, Duration, Instant, Interval, between, format_duration

STEPS = (
    ("start", ""),
    ("detect", "undetected"),
    ("ack", "unacknowledged"),
    ("identify", "diagnosing"),
    ("mitigate", "mitigating"),
    ("recover", "recovering"),
)
WITHOUT_DETECTION = {"ack": "unacknowledged", "identify": "undiagnosed", "mitigate": "severe", "recover": "impaired"}
COLORS = dict(zip((name for _, name in STEPS[1:]), PHASES, strict=True))
JOIN = ", "  # between the names of phases that are told as one
MOST_PATHS = 6
LEAST = pd.Timedelta(seconds=1)  # a shorter phase is not drawn


@dataclass(frozen=True)
class Phase:
    """One stretch of the response between two neighbouring known moments; one that goes on ends with the record."""

    name: str
    start: Instant
    end: Instant
    goes_on: bool = False

    @property
    def span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Best values of both ends."""
        assert self.start.best is not None and self.end.best is not None, "a phase lies between known moments"
        return self.start.best, self.end.best

    @property
    def length(self) -> pd.Timedelta:
        """How long it is drawn."""
        return self.span[1] - self.span[0]

    @property
    def duration(self) -> Duration:
        """How long it took, within bounds."""
        return length_of(self.start, self.end, goes_on=self.goes_on)

    @property
    def color(self) -> str:
        """Colour of what it ends with."""
        return COLORS.get(self.name.rpartition(JOIN)[2], PHASES[0])

    def __str__(self) -> str:
        return f"{self.name} {printed(self.duration)}"


def length_of(start: Instant, end: Instant, *, goes_on: bool = False) -> Duration:
    """Return how long it took between two moments; what goes on has taken at least as long as is on record."""
    whole = between(start, end)
    return Duration(lo=whole.lo) if goes_on else whole


def printed(duration: Duration, *, brief: bool = False) -> str:
    """Print a length as the tables do; in brief without the bounds of one that is nearly sure.

    >>> print(printed(Duration(*map(pd.Timedelta, ("27min", "28min", "29min"))), brief=True))
    28 min
    """
    if brief and duration.is_sure:
        return format_duration(duration.value)
    text = str(duration)
    return "of unknown length" if text == "unknown" else text


def healthy_gaps(analysis: Analysis) -> list[Interval]:
    """Return the stretches between two impact windows, in which the service was healthy."""
    spans = [w.span for w in analysis.windows]
    return [(a[1], b[0]) for a, b in itertools.pairwise(spans) if b[0] > a[1]]


def find_phases(analysis: Analysis) -> tuple[list[Phase], list[str]]:
    """Return the phases between known moments, and the names of moments that are out of order.

    The longest run of moments in usual order counts; a phase whose end nobody recorded is joined with the next one.
    """
    happened = {m.name: m.instant for m in analysis.moments.known()}
    last = analysis.moments["recover"]
    if last.is_pending and last.instant.lo is not None:  # until the end of the record, at least
        happened["recover"] = Instant.exact(last.instant.lo, "measured")
    known = [(name, word, happened.get(name, UNKNOWN)) for name, word in STEPS]
    dated = [k for k in known if k[2].best is not None]
    best = max(
        (c for n in range(len(dated), 0, -1) for c in itertools.combinations(dated, n) if _in_order(c)),
        key=lambda c: (len(c), [name in ("start", "recover", "mitigate", "detect") for name, _, _ in c].count(True)),
        default=(),
    )
    phases = [
        Phase(_name(a, b, goes_on=last.is_pending), start, end, b == "recover" and last.is_pending)
        for (a, _, start), (b, _, end) in itertools.pairwise(best)
    ]
    kept = {name for name, _, _ in best}
    return [p for p in phases if p.length >= LEAST], [name for name, _, _ in dated if name not in kept]


def _name(first: str, last: str, *, goes_on: bool) -> str:
    """Return what the stretch between two moments is called, whatever was not recorded between them."""
    if last == "recover" and goes_on:
        return "not recovered"
    if first == "start" and last in WITHOUT_DETECTION:
        return WITHOUT_DETECTION[last]
    order = [name for name, _ in STEPS]
    between_them = STEPS[order.index(first) + 1 : order.index(last) + 1]
    return JOIN.join(word for name, word in between_them if name in (last, "identify", "mitigate"))


def _in_order(steps: Sequence[tuple[str, str, Instant]]) -> bool:
    times = [s[2].best for s in steps]
    return all(a <= b for a, b in itertools.pairwise(times) if a is not None and b is not None)


def wrong_paths(analysis: Analysis, most: int | None = MOST_PATHS) -> list[Hypothesis]:
    """Return the refuted hypotheses whose ends are known, the first ones in time order."""
    refuted = [
        h
        for h in analysis.incident.facts.hypotheses
        if h.verdict == "refuted" and h.start.best is not None and h.end.best is not None and h.end.best > h.start.best
    ]
    return sorted(refuted, key=lambda h: (h.start.best, h.end.best))[:most]
