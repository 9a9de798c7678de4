"""The built-in evaluator: an expression over series, at every step of a grid at once.

Semantics are those of Prometheus: an instant selector looks back 5 minutes, a stretch is open on the left (version 3)
or closed on both sides (version 2). Tests hold it equal to Prometheus itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from postmortem_nb.replay import ranges, vectors
from postmortem_nb.replay.expression import Aggregate, Binary, Call, Matching, Negative, Node, Number, Selector
from postmortem_nb.replay.grammar import SETS, kind_of
from postmortem_nb.replay.parsing import parse_expression
from postmortem_nb.replay.series import Labels, Series, labels_of
from postmortem_nb.replay.vectors import NAME, Vector, nameless

MOST = 10_000  # steps at once: memory holds those of every series
LOOKBACK = 300_000  # ms: an older sample is no longer the current value


@dataclass(frozen=True)
class Grid:
    """Instants at which a rule is evaluated: ``count`` of them, ``step`` apart, the first at ``start`` (ms)."""

    start: int
    step: int
    count: int

    @property
    def times(self) -> np.ndarray:
        """The instants in milliseconds, int64, shape (count,)."""
        return self.start + self.step * np.arange(self.count, dtype=np.int64)


def evaluate(text: str, series: Sequence[Series], grid: Grid, *, version: tuple[int, int] = (3, 0)) -> Vector:
    """Return what an expression gives at every step.

    Parameters
    ----------
    text : str
        In PromQL.
    series : sequence of Series
        What there is.
    grid : Grid
        When to evaluate.
    version : (int, int)
        Version of Prometheus whose rules for stretches are meant.

    Returns
    -------
    Vector
        A number becomes a series without labels, as in an alerting rule.

    Raises
    ------
    UnreadableExpression
        If the evaluator cannot read it; names the place.
    IncidentError
        If Prometheus would refuse it on these series, as labels match several times.
    """
    node = parse_expression(text)
    parts = [_part(node, series, grid.times[i : i + MOST], version) for i in range(0, grid.count, MOST)]
    return vectors.in_a_row(parts) if parts else vectors.empty(0)


def _part(node: Node, series: Sequence[Series], times: np.ndarray, version: tuple[int, int]) -> Vector:
    run = _Run(series, times, version)
    if kind_of(node) == "S":
        return Vector([()], run.number(node)[None, :], np.ones((1, len(times)), bool))
    return run.vector(node)


class _Run:
    """One evaluation: the series, the steps, the version."""

    def __init__(self, series: Sequence[Series], times: np.ndarray, version: tuple[int, int]) -> None:
        self.series, self.times, self.version = series, times, version

    def number(self, node: Node) -> np.ndarray:
        """Return a scalar at every step, shape (T,)."""
        if isinstance(node, Number):
            return np.full(len(self.times), node.value)
        if isinstance(node, Negative):
            return -self.number(node.inner)
        if isinstance(node, Binary):
            return vectors.scalars(node.sign, self.number(node.left), self.number(node.right))
        assert isinstance(node, Call)
        if node.function == "time":
            return self.times / 1000
        given = self.vector(node.arguments[0])  # scalar(): the value of the only series, else NaN
        alone = given.known.sum(axis=0) == 1
        return np.where(alone, np.where(given.known, given.values, 0.0).sum(axis=0), np.nan)

    def vector(self, node: Node) -> Vector:
        """Return an instant vector at every step."""
        if isinstance(node, Selector):
            return self.instant(node)
        if isinstance(node, Negative):
            inner = self.vector(node.inner)
            return Vector(inner.labels, -inner.values, inner.known).renamed(nameless)
        if isinstance(node, Aggregate):
            return vectors.aggregated(self.vector(node.inner), node.operation, node.labels, node.without)
        if isinstance(node, Binary):
            return self.binary(node)
        assert isinstance(node, Call)
        return self.call(node)

    def binary(self, node: Binary) -> Vector:
        if kind_of(node.left) == "S":
            return vectors.with_scalar(node.sign, self.vector(node.right), self.number(node.left), True, node.is_bool)
        if kind_of(node.right) == "S":
            return vectors.with_scalar(node.sign, self.vector(node.left), self.number(node.right), False, node.is_bool)
        left, right = self.vector(node.left), self.vector(node.right)
        if node.sign in SETS:
            return vectors.joined(node.sign, left, right, node.matching or Matching())
        return vectors.one_to_one(node.sign, left, right, node.matching, node.is_bool)

    def call(self, node: Call) -> Vector:
        name, arguments = node.function, node.arguments
        if name == "vector":
            return Vector([()], self.number(arguments[0])[None, :], np.ones((1, len(self.times)), bool))
        if name in ("absent", "absent_over_time"):
            given = self.vector(arguments[0]) if name == "absent" else self.ranged("present_over_time", arguments[0])
            missing = ~np.logical_or.reduce(given.known, axis=0)
            return Vector([_labels_of_absent(arguments[0])], np.ones((1, len(self.times))), missing[None, :])
        if isinstance(arguments[0], Selector) and arguments[0].range is not None:
            return self.ranged(name, arguments[0])
        given = self.vector(arguments[0])
        others = [self.number(a)[None, :] for a in arguments[1:]]
        with np.errstate(all="ignore"):
            values = _ELEMENTWISE[name](given.values, *others)
        known = given.known
        if name == "clamp":
            known = known & ~(others[0] > others[1])
        return Vector(given.labels, values, known).renamed(nameless)

    def matched(self, selector: Selector) -> list[Series]:
        kept = list(self.series)
        for matcher in selector.matchers:
            held = [dict(s.labels).get(matcher.label, "") for s in kept]
            kept = [s for s, is_in in zip(kept, matcher.takes(held), strict=True) if is_in]
        return kept

    def instant(self, selector: Selector) -> Vector:
        """Return the last sample of each series, where it is not too old."""
        chosen, at = self.matched(selector), self.times - selector.offset
        rows = []
        for series in chosen:
            last = np.searchsorted(series.times, at, side="right") - 1
            age = at - series.times[np.maximum(last, 0)]
            fresh = age <= LOOKBACK if self.version < ranges.LEFT_OPEN else age < LOOKBACK
            rows.append((series.values[np.maximum(last, 0)], (last >= 0) & fresh))
        return self.stacked([s.labels for s in chosen], rows)

    def ranged(self, function: str, selector: Node) -> Vector:
        assert isinstance(selector, Selector) and selector.range is not None
        chosen, at = self.matched(selector), self.times - selector.offset
        rows = [ranges.apply(function, ranges.stretches(s, at, selector.range, self.version)) for s in chosen]
        found = self.stacked([s.labels for s in chosen], rows)
        return found if function == "last_over_time" else found.renamed(nameless)

    def stacked(self, labels: list[Labels], rows: list[ranges.Result]) -> Vector:
        if not rows:
            return vectors.empty(len(self.times))
        return Vector(labels, np.stack([v for v, _ in rows]), np.stack([k for _, k in rows]))


def _labels_of_absent(node: Node) -> Labels:
    """Return what absent() knows of the series that is missing: the labels that were asked for with ``=``, once."""
    if not isinstance(node, Selector):
        return ()
    found: dict[str, str] = {}
    seen: set[str] = set()
    for m in node.matchers:
        if m.label == NAME:
            continue
        if m.sign == "=" and m.label not in seen:
            found[m.label] = m.value
            seen.add(m.label)
        else:
            found.pop(m.label, None)
    return labels_of(found.items())


def _round(values: np.ndarray, to: np.ndarray | float = 1.0) -> np.ndarray:
    inverse = 1.0 / np.asarray(to)
    return np.floor(values * inverse + 0.5) / inverse


_ELEMENTWISE: dict[str, Callable[..., np.ndarray]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "floor": np.floor,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "ln": np.log,
    "round": _round,
    "clamp": lambda v, least, most: np.maximum(least, np.minimum(most, v)),
    "clamp_min": np.maximum,
    "clamp_max": np.minimum,
}
