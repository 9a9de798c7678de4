"""How sure an edge is: the change points near it that the evidence does not rule out.

Both functions compare every possible change point near an edge by likelihood (one change of a rate, or of a mean) and
return the most likely one with the set of those that together carry the wanted share of the likelihood.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from postmortem_nb.times import Instant

REACH = 24  # samples looked at on either side of an edge


def edge_of_requests(
    requests: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, which: str, level: float = 0.90
) -> Instant | None:
    """Place an edge between single requests.

    Parameters
    ----------
    requests : DataFrame
        ``time`` and ``bad`` of each request, in time order.
    start, end : Timestamp
        Stretch around the edge in which the rate of failure changes once.
    which : {"onset", "recovery"}
        An onset lies in (last request before, first request after] the change; a recovery likewise.
    level : float
        Share of the likelihood that the bounds carry.

    Returns
    -------
    Instant or None
        None if the stretch holds too few requests or the failures do not change in the right direction.
    """
    time = requests["time"]
    lo, hi = time.searchsorted(start), time.searchsorted(end)
    bad = requests["bad"].to_numpy(bool)[lo:hi].astype(float)
    n = len(bad)
    if n < 4:
        return None
    left, right = np.arange(1, n), n - np.arange(1, n)
    bad_left = bad.cumsum()[:-1]
    bad_right = bad.sum() - bad_left
    rises = bad_right / right > bad_left / left
    fits = rises if which == "onset" else (bad_right / right < bad_left / left)
    if not fits.any():
        return None
    log_likelihood = _bernoulli(bad_left, left) + _bernoulli(bad_right, right)
    log_likelihood[~fits] = -np.inf
    first, best, last = _likely(log_likelihood, level)
    at = time.iloc[lo + best + 1]  # split i keeps requests 0..i on the left
    return Instant(time.iloc[lo + first], at, time.iloc[lo + last + 1], "measured")


def edge_of_samples(index: pd.DatetimeIndex, x: np.ndarray, row: int, which: str, level: float = 0.90) -> Instant:
    """Place an edge between samples: in (last sample before, first sample after] the change.

    Parameters
    ----------
    index : DatetimeIndex
        Times of the samples.
    x : ndarray
        Values, high is bad; NaN is unknown.
    row : int
        First row after the edge as the threshold sees it.
    which : {"onset", "recovery"}
    level : float
        Share of the likelihood that the bounds carry.
    """
    lo, hi = max(0, row - REACH), min(len(x), row + REACH)
    part = x[lo:hi]
    rows = np.flatnonzero(~np.isnan(part))
    step = index[1] - index[0] if len(index) > 1 else pd.Timedelta(minutes=1)
    near = Instant(index[row] - step if row else index[0], index[row], index[row], "measured") if row < len(x) else None
    if len(rows) < 4 or near is None:
        return near or Instant.exact(index[-1] + step)
    values = part[rows]
    n = len(values)
    left, right = np.arange(1, n), n - np.arange(1, n)
    sum_left, square_left = values.cumsum()[:-1], (values**2).cumsum()[:-1]
    sum_right, square_right = values.sum() - sum_left, (values**2).sum() - square_left
    within = np.maximum((square_left - sum_left**2 / left) + (square_right - sum_right**2 / right), 1e-12)
    log_likelihood = -0.5 * n * np.log(within)
    first, _, last = _likely(log_likelihood, level)
    lower, upper = index[lo + rows[first]], index[lo + rows[last + 1]]
    return Instant(min(lower, index[row] - step), index[row], max(upper, index[row]), "measured")


def _bernoulli(bad: np.ndarray, n: np.ndarray) -> np.ndarray:
    p = np.clip(bad / n, 1e-9, 1 - 1e-9)
    return bad * np.log(p) + (n - bad) * np.log(1 - p)


def _likely(log_likelihood: np.ndarray, level: float) -> tuple[int, int, int]:
    """Return first, best and last change point of the smallest set that carries `level` of the likelihood."""
    weight = np.exp(log_likelihood - log_likelihood.max())
    order = np.argsort(-weight, kind="stable")
    kept = order[: int(np.searchsorted(weight[order].cumsum(), level * weight.sum())) + 1]
    return int(kept.min()), int(order[0]), int(kept.max())
