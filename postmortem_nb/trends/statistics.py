"""Medians with intervals, and incidents that are still open: what can be said of so many lengths."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
LEVEL = 0.95
DRAWS = 2_000
SEED = 20_131_115  # any fixed number: the same incidents give the same bytes
FEWEST = 6  # below, no two of the values enclose the median with 95 % certainty
AT_ONCE = 2_000_000  # values drawn at once: a bound of memory
BOOTSTRAP = f"median; interval by percentile bootstrap, {DRAWS:,} draws"
SURVIVAL = "Kaplan–Meier median, open incidents as censored; interval from the log-log limits of the curve"
TOO_FEW = f"no interval: fewer than {FEWEST} incidents"


@dataclass(frozen=True)
class Summary:
    """What is known of one measure over some incidents, in its unit.

    Parameters
    ----------
    n, open : int
        Incidents that count, and how many of them have only a lower bound (they are still open).
    median, lo, hi : float or None
        Median and its interval (95 %). A bound is None where the open incidents, or too few, leave it open.
    q1, q3 : float or None
        Quartiles.
    most : float or None
        The longest that is known, or the highest lower bound where that is longer.
    how : str
        How median and interval were computed.
    mean, mean_lo, mean_hi : float or None
        Only where they were asked for, and no incident is open.
    """

    n: int
    open: int
    median: float | None = None
    lo: float | None = None
    hi: float | None = None
    q1: float | None = None
    q3: float | None = None
    most: float | None = None
    how: str = ""
    mean: float | None = None
    mean_lo: float | None = None
    mean_hi: float | None = None

    @classmethod
    def of_row(cls, row: Mapping[Any, Any]) -> Summary:
        """Return the one that a row of a frame holds, whatever else stands there; NaN is None."""
        values: dict[str, Any] = {k: row[k] for k in cls.__dataclass_fields__ if k in row}
        missing = {k: None for k, v in values.items() if isinstance(v, float) and np.isnan(v)}
        return cls(**(values | missing))


class Curve(NamedTuple):
    """The share that still lasts after each length, with its limits (95 %); step by step, downwards."""

    times: Floats
    share: Floats
    lo: Floats
    hi: Floats


def summarize(values: ArrayLike, at_least: ArrayLike, *, mean: bool = False) -> Summary:
    """Describe the lengths of some incidents.

    Parameters
    ----------
    values, at_least : array-like of float
        One entry an incident: its length, or NaN and how long it lasts at least; both NaN where nothing is known,
        which does not count.
    mean : bool
        Whether the mean is wanted too, with its interval (BCa bootstrap).
    """
    known, bounds = _split(values, at_least)
    n = len(known) + len(bounds)
    if n == 0:
        return Summary(0, 0)
    most = float(max([*known, *bounds]))
    if len(bounds):
        return _censored(known, bounds, n, most)
    q1, median, q3 = (float(q) for q in np.quantile(known, [0.25, 0.5, 0.75]))
    if n < FEWEST:
        average = float(known.mean()) if mean else None
        return Summary(n, 0, median, None, None, q1, q3, most, f"median; {TOO_FEW}", average)
    lo, hi = _bootstrap(known, np.median, "percentile")
    about_mean = (float(known.mean()), *_bootstrap(known, np.mean, "BCa")) if mean else (None, None, None)
    return Summary(n, 0, median, lo, hi, q1, q3, most, BOOTSTRAP, *about_mean)


def survival(values: ArrayLike, at_least: ArrayLike) -> Curve | None:
    """Return the Kaplan–Meier estimate of how long incidents last; None where no end is known.

    An open incident counts among those that still last up to its lower bound, and not afterwards. Limits are those of
    Kalbfleisch and Prentice (log-log), which stay within 0 and 1.
    """
    return _curve(*_split(values, at_least))


def _curve(known: Floats, bounds: Floats) -> Curve | None:
    from scipy import stats  # late: half a second

    if not len(known):
        return None
    sample = stats.CensoredData(uncensored=known, right=bounds)
    found = stats.ecdf(sample).sf
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # where nobody or everybody lasts, the formula has no limits
        limits = found.confidence_interval(LEVEL, method="log-log")
    lo, hi = (np.nan_to_num(np.asarray(c.probabilities), nan=0.0) for c in (limits.low, limits.high))
    steps = np.asarray(found.probabilities)
    hi = np.where(np.isnan(np.asarray(limits.high.probabilities)), steps, hi)
    return Curve(np.asarray(found.quantiles), steps, lo, hi)


def _split(values: ArrayLike, at_least: ArrayLike) -> tuple[Floats, Floats]:
    known, least = (np.asarray(a, dtype="float64") for a in (values, at_least))
    is_known = ~np.isnan(known)
    return known[is_known], least[~is_known & ~np.isnan(least)]


def _censored(known: Floats, bounds: Floats, n: int, most: float) -> Summary:
    curve = _curve(known, bounds)
    if curve is None:
        return Summary(n, len(bounds), most=most, how="all are still open")
    q1, median, q3 = (_first_below(curve.times, curve.share, share) for share in (0.75, 0.5, 0.25))
    if n < FEWEST:
        return Summary(n, len(bounds), median, None, None, q1, q3, most, f"{SURVIVAL.split(';')[0]}; {TOO_FEW}")
    lo, hi = (_first_below(curve.times, limit, 0.5) for limit in (curve.lo, curve.hi))
    return Summary(n, len(bounds), median, lo, hi, q1, q3, most, SURVIVAL)


def _first_below(times: Floats, share: Floats, level: float) -> float | None:
    """Return the first length after which no more than a share still lasts; None if it never falls so low."""
    below = np.flatnonzero(share <= level + 1e-12)
    return float(times[below[0]]) if len(below) else None


def _bootstrap(values: Floats, statistic: object, method: str) -> tuple[float, float]:
    from scipy import stats  # late: half a second

    if np.ptp(values) == 0:  # every draw is the same
        return float(values[0]), float(values[0])
    found = stats.bootstrap(
        (values,),
        statistic,
        n_resamples=DRAWS,
        batch=max(1, AT_ONCE // len(values)),
        confidence_level=LEVEL,
        method=method,
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return float(found.low), float(found.high)
