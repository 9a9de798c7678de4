"""How sure an edge is: the change points near it that the evidence does not rule out.

Both functions compare every possible change point near an edge by likelihood (one change of a rate, or of a mean) and
return the most likely one with the set of those that together carry the wanted share of the likelihood.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from postmortem_nb.times import Instant

RESOLUTION = pd.Timedelta(seconds=1)  # of the times in an access log, which are those of the end of each request


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
    first, best, last = likely(log_likelihood, level)
    at = time.iloc[lo + best + 1]  # split i keeps requests 0..i on the left
    return Instant(time.iloc[lo + first] - RESOLUTION, at, time.iloc[lo + last + 1] + RESOLUTION, "measured")


def edge_of_samples(x: np.ndarray, start: int, end: int, level: float = 0.90) -> tuple[int, int, int] | None:
    """Place one change of mean between the samples of a stretch.

    Parameters
    ----------
    x : ndarray
        Values; NaN is unknown.
    start, end : int
        Rows ``[start, end)`` in which the mean changes once.
    level : float
        Share of the likelihood that the bounds carry.

    Returns
    -------
    tuple of int, or None
        First, best and last row that may be the first one after the change; None with fewer than 4 known samples.
    """
    start = max(0, start)
    rows = start + np.flatnonzero(~np.isnan(x[start:end]))
    if len(rows) < 4:
        return None
    values = x[rows]
    n = len(values)
    left, right = np.arange(1, n), n - np.arange(1, n)
    sum_left, square_left = values.cumsum()[:-1], (values**2).cumsum()[:-1]
    sum_right, square_right = values.sum() - sum_left, (values**2).sum() - square_left
    within = (square_left - sum_left**2 / left) + (square_right - sum_right**2 / right)
    likelihood = -0.5 * n * np.log(np.maximum(within, 1e-9 * max(1.0, float((values**2).sum()))))
    first, best, last = likely(likelihood, level)
    return int(rows[first + 1]), int(rows[best + 1]), int(rows[last + 1])


def _bernoulli(bad: np.ndarray, n: np.ndarray) -> np.ndarray:
    p = np.clip(bad / n, 1e-9, 1 - 1e-9)
    return bad * np.log(p) + (n - bad) * np.log(1 - p)


def likely(log_likelihood: np.ndarray, level: float) -> tuple[int, int, int]:
    """Return first, best and last change point of the smallest set that carries `level` of the likelihood."""
    weight = np.exp(log_likelihood - log_likelihood.max())
    order = np.argsort(-weight, kind="stable")
    kept = order[: int(np.searchsorted(weight[order].cumsum(), level * weight.sum())) + 1]
    return int(kept.min()), int(order[0]), int(kept.max())
