"""How far out a stretch lies: its mean against those of the other stretches of its length in the same record."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Span = tuple[int, int]
COMPARED = 3  # other stretches with which one is compared: the worst, the second and the third worst
GROUP = 3.0  # how much more a stretch must stand out against the second worst, third worst: see `Excursions.score`
KEPT = 16  # stretches of a length that are remembered
PER_LENGTH = 8  # places looked at along a stretch of each length
FLOOR = 1.0  # robust standard deviations: less is never far out
WHOLE = 6  # rows from which a stretch counts in full: shorter ones are blips more often than incidents
SHORT = 0.4  # exponent of the discount


class Excursions:
    """The largest means of stretches of each length of one reading; worked out once a length, in one pass over it."""

    def __init__(self, x: np.ndarray, missing: np.ndarray) -> None:
        self.sums = np.concatenate([[0.0], np.where(missing, 0.0, x).cumsum()])
        self.known = np.concatenate([[0], (~missing).cumsum()]) if missing.any() else None
        self.worst_of: dict[int, tuple[int, list[tuple[int, float]]]] = {}

    def mean(self, first: int, end: int) -> float:
        """Return the mean of the known values of a stretch."""
        n = end - first if self.known is None else max(1, int(self.known[end] - self.known[first]))
        return float(self.sums[end] - self.sums[first]) / n

    def others(self, first: int, end: int, taken: Sequence[Span]) -> list[float]:
        """Return the largest means of other stretches of about this length, outside what is taken, largest first.

        Stretches that overlap are one. Lengths are rounded to eight steps an octave.
        """
        n = min(_rounded(end - first), len(self.sums) - 1)
        for is_second_look in (False, True):
            seen, worst = self.worst_of.get(n, (-1, []))
            if seen < 0 or (is_second_look and seen != len(taken)):
                worst = self._worst(n, taken)
                self.worst_of[n] = (len(taken), worst)
            spans = [(first, end), *taken]
            free = [size for at, size in worst if all(at + n <= a or at >= b for a, b in spans)]
            if len(free) >= COMPARED:
                break
        return free[:COMPARED]

    def score(self, first: int, end: int, taken: Sequence[Span] = ()) -> float:
        """Return how far out a stretch lies.

        The ratio of its mean to the worst other one; or, where the record holds two or three as bad, the ratio to the
        next one, of which a root is taken (the 5th, the 9th) because among more there is more chance of a gap.
        """
        size = self.mean(first, end)
        others = self.others(first, end, taken)
        if size <= 0 or len(others) < 2:
            return 0.0
        ratios = [(size / max(other, FLOOR)) ** (1 / (1 + GROUP * k)) for k, other in enumerate(others)]
        return max(ratios) * min(1.0, (end - first) / WHOLE) ** SHORT

    def _worst(self, n: int, taken: Sequence[Span]) -> list[tuple[int, float]]:
        step = max(1, n // PER_LENGTH)
        size = np.abs(self.sums[n::step] - self.sums[: len(self.sums) - n : step])
        if self.known is None:
            size /= n
        else:
            count = self.known[n::step] - self.known[: len(self.known) - n : step]
            size = np.where(count >= 0.5 * n, size / np.maximum(count, 1), -1.0)
        for a, b in taken:
            size[max(0, (a - n) // step + 1) : -(-b // step)] = -1.0
        per_block = max(1, n // step)
        blocks = -(-len(size) // per_block)
        padded = np.full(blocks * per_block, -1.0)
        padded[: len(size)] = size
        tops = padded.reshape(blocks, per_block).argmax(axis=1) + per_block * np.arange(blocks)
        best = padded[tops]
        some = np.argpartition(-best, min(blocks, 4 * KEPT) - 1)[: 4 * KEPT]
        found: list[tuple[int, float]] = []
        for i in some[np.argsort(-best[some], kind="stable")]:
            at = int(tops[i]) * step
            if best[i] < 0 or len(found) == KEPT:
                break
            if all(abs(at - other) >= n for other, _ in found):
                found.append((at, float(best[i])))
        return found


def _rounded(n: int) -> int:
    return max(1, round(2 ** (round(8 * np.log2(n)) / 8)))
