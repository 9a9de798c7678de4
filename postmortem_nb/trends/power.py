"""What difference could so many incidents show? By simulation from the lengths themselves.

Two periods with as many incidents as this one are drawn from it, with replacement; in the second every length is
shorter by a share. A reduction counts as seen where the rank-sum test (Mann–Whitney, two-sided) rejects at 5 %. The
smallest reduction that is seen in 80 % of the draws is what so many incidents can show. Beside it stands how often a
true reduction of 10 % would not even lower the median: what a comparison of two medians is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from postmortem_nb.trends.statistics import SEED, Floats

ALPHA, POWER = 0.05, 0.8
LIMIT = NormalDist().inv_cdf(1 - ALPHA / 2)  # standard deviations
PAIRS = 1_000  # pairs of periods that are drawn
SMALL = 0.1
SHARES = tuple(round(0.05 * i, 2) for i in range(1, 20))
FEWEST = 8  # below, the lengths say too little of how lengths are spread
LARGEST = 2_000_000  # values drawn at once: very many incidents are compared in fewer pairs
FEW = 4  # a part of the pairs, one in so many, on which the share is sought before all of them settle it


@dataclass(frozen=True)
class Power:
    """What two periods of so many incidents could show.

    Parameters
    ----------
    n : int
        Incidents in each of the two.
    smallest : float or None
        Smallest reduction (a share, in steps of 0.05) that is seen with 80 % power; None if not even 95 % is.
    unseen : float
        How often a true reduction of 10 % leaves the median no lower.
    pairs : int
        How many pairs were drawn for each.
    """

    n: int
    smallest: float | None
    unseen: float
    pairs: int


def power_of(values: Floats, n: int | None = None, *, seed: int = SEED) -> Power | None:
    """Return what the comparison of two periods like this one could show; None of fewer than 8 incidents.

    Parameters
    ----------
    values : ndarray
        Lengths of incidents that are over, without NaN.
    n : int, optional
        Incidents a period; as many as there are values by default.
    """
    if len(values) < FEWEST:
        return None
    n = len(values) if n is None else n
    pairs = int(min(PAIRS, max(200, LARGEST // n)))
    draws = np.random.default_rng(seed)
    one, other = (draws.choice(values, (pairs, n)) for _ in range(2))
    medians = np.median(one, axis=1), np.median(other * (1 - SMALL), axis=1)
    unseen = float(np.mean(medians[1] >= medians[0]))
    return Power(n, _smallest(one, other), unseen, pairs)


def _smallest(one: Floats, other: Floats) -> float | None:
    """Return the first share of `SHARES` that is seen often enough; power grows with it, so that halving finds it.

    It is sought on a part of the pairs. All of them settle it: chance moves the share by a step at most.
    """
    one, other = np.sort(one, axis=1), np.sort(other, axis=1)  # sorted rows are merged quickly, share after share

    def is_seen(n: int, step: int) -> bool:
        return seen(one[::step], other[::step] * (1 - SHARES[n])) >= POWER

    low, high = 0, len(SHARES)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_seen(middle, FEW) else (middle + 1, high)
    while low > 0 and is_seen(low - 1, 1):
        low -= 1
    while low < len(SHARES) and not is_seen(low, 1):
        low += 1
    return SHARES[low] if low < len(SHARES) else None


def seen(one: Floats, other: Floats) -> float:
    """Return in which share of pairs (rows) the rank-sum test sees a difference.

    The test is Mann–Whitney's, two-sided, by its normal approximation with corrections for continuity and for ties, as
    `scipy.stats.mannwhitneyu` has it.
    """
    n, m = one.shape[1], other.shape[1]
    both = np.concatenate([one, other], axis=1)
    order = np.argsort(both, axis=1, kind="stable")
    values = np.take_along_axis(both, order, axis=1)
    begins = np.ones(values.shape, dtype=bool)  # of a run of equal values
    begins[:, 1:] = values[:, 1:] != values[:, :-1]
    starts = np.flatnonzero(begins)
    sizes = np.diff(starts, append=begins.size).astype("float64")
    ranks = np.repeat(starts % (n + m) + (sizes + 1) / 2, sizes.astype("int64")).reshape(values.shape)
    u = np.where(order < n, ranks, 0.0).sum(axis=1) - n * (n + 1) / 2
    ties = np.add.reduceat(sizes**3 - sizes, np.flatnonzero(starts % (n + m) == 0))
    spread = np.sqrt(n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))
    with np.errstate(divide="ignore"):  # where all are equal, nothing is seen
        distance = (np.maximum(u, n * m - u) - n * m / 2 - 0.5) / spread
    return float(np.mean(distance > LIMIT))
