"""Instant vectors over a grid of steps, and what operators do to them: the semantics of Prometheus, step by step.

A vector holds for each of its ``n`` label sets and ``T`` steps a value and whether there is one: NaN is a value.
https://prometheus.io/docs/prometheus/latest/querying/operators/
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from postmortem_nb.errors import IncidentError
from postmortem_nb.replay.expression import Matching
from postmortem_nb.replay.series import Labels

NAME = "__name__"


@dataclass(frozen=True, eq=False)
class Vector:
    """Label sets with a value, or none, at each step.

    Parameters
    ----------
    labels : list of Labels
        All different.
    values : float64 array, shape (n, T)
    known : bool array, shape (n, T)
        Where there is a value.
    """

    labels: list[Labels]
    values: np.ndarray
    known: np.ndarray

    def __repr__(self) -> str:
        return f"<Vector: {len(self.labels)} series at {self.values.shape[1]} steps>"

    def renamed(self, change: Callable[[Labels], Labels]) -> Vector:
        """Return the vector under other labels."""
        return gathered([change(x) for x in self.labels], self.values, self.known)


def gathered(labels: Sequence[Labels], values: np.ndarray, known: np.ndarray) -> Vector:
    """Return a vector whose rows of equal labels are one; two values at one step are an error, as in Prometheus."""
    if len(set(labels)) == len(labels):
        return Vector(list(labels), values, known)
    rows: dict[Labels, list[int]] = {}
    for row, x in enumerate(labels):
        rows.setdefault(x, []).append(row)
    merged = [_one(values[r], known[r], "Two series have the same labels") for r in rows.values()]
    return Vector(list(rows), np.stack([v for v, _ in merged]), np.stack([k for _, k in merged]))


def _one(values: np.ndarray, known: np.ndarray, trouble: str) -> tuple[np.ndarray, np.ndarray]:
    """Return several rows that are never known at the same step as one row."""
    if (known.sum(axis=0) > 1).any():
        raise IncidentError(f"{trouble}: Prometheus refuses the rule. Aggregate, or match by more labels.")
    return np.where(known, values, 0.0).sum(axis=0), np.logical_or.reduce(known, axis=0)


def empty(steps: int) -> Vector:
    """Return a vector without any series."""
    return Vector([], np.empty((0, steps)), np.empty((0, steps), bool))


def in_a_row(parts: Sequence[Vector]) -> Vector:
    """Return vectors over neighbouring grids as one; rows that have no value anywhere are left out."""
    rows: dict[Labels, int] = {}
    for part in parts:
        for labels, known in zip(part.labels, part.known, strict=True):
            if known.any():
                rows.setdefault(labels, len(rows))
    steps = sum(part.known.shape[1] for part in parts)
    values, known, at = np.zeros((len(rows), steps)), np.zeros((len(rows), steps), bool), 0
    for part in parts:
        here = slice(at, at + part.known.shape[1])
        for row, labels in enumerate(part.labels):
            if labels in rows:
                values[rows[labels], here], known[rows[labels], here] = part.values[row], part.known[row]
        at = here.stop
    return Vector(list(rows), values, known)


def nameless(labels: Labels) -> Labels:
    """Return labels without the name of the metric."""
    return tuple(p for p in labels if p[0] != NAME)


def only(labels: Labels, names: Sequence[str]) -> Labels:
    """Return the labels of these names."""
    return tuple(p for p in labels if p[0] in names)


def without(labels: Labels, names: Sequence[str]) -> Labels:
    """Return the labels but those of these names."""
    return tuple(p for p in labels if p[0] not in names)


def aggregated(vector: Vector, operation: str, names: Sequence[str], is_without: bool) -> Vector:
    """Return one row a group of label sets; what a group is, the labels named say."""
    groups: dict[Labels, list[int]] = {}
    for row, labels in enumerate(vector.labels):
        key = without(labels, (*names, NAME)) if is_without else only(labels, names)
        groups.setdefault(key, []).append(row)
    if not groups:
        return vector
    rows = [_AGGREGATE[operation](vector.values[r], vector.known[r]) for r in groups.values()]
    return Vector(list(groups), np.stack(rows), np.stack([vector.known[r].any(axis=0) for r in groups.values()]))


def _sum(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.where(known, values, 0.0).sum(axis=0)


def _mean(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    return _sum(values, known) / np.maximum(known.sum(axis=0), 1)


def _least(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.fmin.reduce(np.where(known, values, np.nan), axis=0)  # NaN only where nothing else is


def _most(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.fmax.reduce(np.where(known, values, np.nan), axis=0)


_AGGREGATE: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "sum": _sum,
    "avg": _mean,
    "min": _least,
    "max": _most,
    "count": lambda _, known: known.sum(axis=0).astype(float),
    "group": lambda _, known: known.any(axis=0).astype(float),
}
ARITHMETIC: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
}
COMPARE: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def scalars(sign: str, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return an operation on two numbers; a comparison gives 1 or 0."""
    with np.errstate(all="ignore"):
        return ARITHMETIC[sign](left, right) if sign in ARITHMETIC else COMPARE[sign](left, right).astype(float)


def with_scalar(sign: str, vector: Vector, scalar: np.ndarray, is_left: bool, is_bool: bool) -> Vector:
    """Return an operation on a vector and a number (on its left if ``is_left``); a comparison filters the vector."""
    left, right = (scalar[None, :], vector.values) if is_left else (vector.values, scalar[None, :])
    with np.errstate(all="ignore"):
        if sign in ARITHMETIC:
            return Vector(vector.labels, ARITHMETIC[sign](left, right), vector.known).renamed(nameless)
        true = COMPARE[sign](left, right)
    if is_bool:
        return Vector(vector.labels, true.astype(float), vector.known).renamed(nameless)
    return Vector(vector.labels, vector.values, vector.known & true)


def _signature(labels: Labels, matching: Matching) -> Labels:
    return only(labels, matching.labels) if matching.on else without(labels, (*matching.labels, NAME))


def _by_signature(vector: Vector, matching: Matching) -> dict[Labels, list[int]]:
    rows: dict[Labels, list[int]] = {}
    for row, labels in enumerate(vector.labels):
        rows.setdefault(_signature(labels, matching), []).append(row)
    return rows


def one_to_one(sign: str, left: Vector, right: Vector, matching: Matching, is_bool: bool) -> Vector:
    """Return an operation on the pairs of two vectors; at each step a label set has at most one partner."""
    ours, theirs = _by_signature(left, matching), _by_signature(right, matching)
    asked = left.known.any(axis=0)  # Prometheus looks for doubles only where there is something to match
    labels, values, known = [], [], []
    for key, rows in theirs.items():
        partner, has_partner = _one(
            right.values[rows], right.known[rows] & asked, "Several series on the right match one on the left"
        )
        kept = np.zeros(left.known.shape[1], int)
        for row in ours.get(key, ()):
            both = left.known[row] & has_partner
            value = left.values[row]
            with np.errstate(all="ignore"):
                if sign in ARITHMETIC:
                    value = ARITHMETIC[sign](value, partner)
                elif is_bool:
                    value = COMPARE[sign](value, partner).astype(float)
                else:
                    both = both & COMPARE[sign](value, partner)
            kept += both
            drops = sign in ARITHMETIC or is_bool
            shown = nameless(left.labels[row]) if drops else left.labels[row]
            labels.append(only(shown, matching.labels) if matching.on else without(shown, matching.labels))
            values.append(value)
            known.append(both)
        if (kept > 1).any():
            raise IncidentError(
                "Several series on the left match one on the right: Prometheus refuses the rule. "
                "Aggregate, or match by more labels."
            )
    return gathered(labels, np.stack(values), np.stack(known)) if labels else empty(left.known.shape[1])


def joined(sign: str, left: Vector, right: Vector, matching: Matching) -> Vector:
    """Return ``and``, ``or`` or ``unless`` of two vectors."""
    ours, theirs = _by_signature(left, matching), _by_signature(right, matching)
    if sign == "or":
        free = right.known.copy()
        for key, rows in ours.items():
            if key in theirs:
                free[theirs[key]] &= ~left.known[rows].any(axis=0)
        values, known = np.concatenate([left.values, right.values]), np.concatenate([left.known, free])
        return gathered([*left.labels, *right.labels], values, known)
    known = left.known.copy()
    for key, rows in ours.items():
        there = right.known[theirs[key]].any(axis=0) if key in theirs else np.zeros(known.shape[1], bool)
        known[rows] &= there if sign == "and" else ~there
    return Vector(left.labels, left.values, known)
