"""Requests with known impact: when they arrive, how long they take, which of them fail."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from postmortem_nb import times
from postmortem_nb.errors import SettingError

Kind = Literal["errors", "latency", "collapse", "ramp"]
SECOND = 1_000_000_000  # nanoseconds


@dataclass(frozen=True)
class Impact:
    """One stretch in which something is wrong, half-open ``[onset, recovery)``.

    Parameters
    ----------
    onset : Timestamp
        When it begins, UTC.
    recovery : Timestamp or None
        When it is over, UTC; None lasts beyond the end of the record.
    kind : {"errors", "latency", "collapse", "ramp"}
        ``errors`` fails a share of the requests, ``latency`` multiplies their duration, ``collapse`` keeps a
        share of them from arriving at all, ``ramp`` multiplies the duration by a factor that grows from 1 at
        the onset to its full size at the recovery.
    size : float
        Share of requests (``errors``, ``collapse``: at most 1) or factor of the duration (``latency``,
        ``ramp``: over 1).
    status : int
        What a failed request answers.
    """

    onset: pd.Timestamp
    recovery: pd.Timestamp | None
    kind: Kind = "errors"
    size: float = 0.9
    status: int = 500

    def __post_init__(self) -> None:
        if self.recovery is not None and self.recovery <= self.onset:
            raise SettingError(f"impact: recovery {self.recovery} is not after onset {self.onset}. Swap them.")
        is_share = self.kind in ("errors", "collapse")
        fits = 0 < self.size <= 1 if is_share else self.size > 1
        if not fits:
            right = "a share over 0 and at most 1" if is_share else "a factor over 1"
            raise SettingError(f"impact: size {self.size} of kind {self.kind!r} must be {right}.")

    def strength(self, at: NDArray[np.int64], end: pd.Timestamp) -> NDArray[np.float64]:
        """Return the size at each instant (epoch nanoseconds); outside it is 0 (a share) or 1 (a factor)."""
        first = self.onset.value
        last = (self.recovery or end).value
        inside = (at >= first) & (at < last)
        if self.kind in ("errors", "collapse"):
            return np.where(inside, self.size, 0.0)
        grown = (at - first) / (last - first) if self.kind == "ramp" else np.ones(len(at))
        return np.where(inside, 1 + (self.size - 1) * grown, 1.0)


@dataclass(frozen=True)
class Page:
    """Something that is asked for: how often (a weight), bytes of the answer, duration against the median."""

    path: str
    weight: float = 1.0
    size: int = 8_000
    slowness: float = 1.0
    method: str = "GET"


SHOP = (
    Page("/", 10, 14_200),
    Page("/products", 8, 22_900, 1.3),
    Page("/products/142", 6, 9_800),
    Page("/products/87", 5, 9_650),
    Page("/search?q=lamp", 4, 17_300, 1.9),
    Page("/cart", 3, 5_100),
    Page("/checkout", 2, 6_400, 1.6, "POST"),
    Page("/api/v1/stock", 6, 840, 0.5),
    Page("/healthz", 2, 15, 0.05),
)


@dataclass(frozen=True)
class Traffic:
    """What to draw.

    Parameters
    ----------
    start, end : Timestamp
        The record ``[start, end)``, UTC.
    rate : float
        Requests a second at the daily mean.
    daily : float
        Share by which the rate swings over the day; highest at 14:00 UTC.
    background : float
        Share of requests that fail with nothing wrong.
    seconds : float
        Median duration of a request with nothing wrong.
    impacts : tuple of Impact
        What goes wrong, and when.
    pages : tuple of Page
        What is asked for.
    clients : int
        How many clients ask; a few ask most.
    seed : int
        The same seed draws the same requests.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    rate: float = 5.0
    daily: float = 0.2
    background: float = 0.001
    seconds: float = 0.12
    impacts: tuple[Impact, ...] = ()
    pages: tuple[Page, ...] = SHOP
    clients: int = 180
    seed: int = 0

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise SettingError(f"traffic: end {self.end} is not after start {self.start}. Swap them.")


def stream(seed: int, name: str) -> np.random.Generator:
    """Return a generator of its own for each purpose: drawing more of one thing leaves the others alone."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def draw_requests(traffic: Traffic) -> pd.DataFrame:
    """Draw requests.

    Parameters
    ----------
    traffic : Traffic
        Period, rate, what goes wrong, seed.

    Returns
    -------
    DataFrame
        One row a request in the order in which they ended: ``arrived`` and ``time`` (its end, as nginx logs
        it; both UTC), ``seconds`` (to the millisecond), ``status``, ``client`` and ``page`` (numbers),
        ``bytes``, ``failed``. Requests that end after the record are not in it.
    """
    arrived = _arrivals(traffic)
    n = len(arrived)
    rng = stream(traffic.seed, "requests")
    weights = np.array([page.weight for page in traffic.pages])
    page = rng.choice(len(weights), size=n, p=weights / weights.sum())
    popularity = 1 / np.arange(1, traffic.clients + 1) ** 0.8
    client = rng.choice(traffic.clients, size=n, p=popularity / popularity.sum())

    factor: NDArray[np.float64] = np.ones(n)
    failing: NDArray[np.float64] = np.full(n, traffic.background)
    status = np.full(n, 500)
    for impact in traffic.impacts:
        strength = impact.strength(arrived, traffic.end)
        if impact.kind in ("latency", "ramp"):
            factor = factor * strength
        elif impact.kind == "errors":
            failing = 1 - (1 - failing) * (1 - strength)
            status = np.where(strength > 0, impact.status, status)
    failed = rng.random(n) < failing

    relative = np.array([p.slowness for p in traffic.pages])[page]
    wanted = traffic.seconds * relative * factor * rng.lognormal(0, 0.45, n)
    seconds = np.round(np.where(failed, np.minimum(wanted, 0.2) * 0.3, wanted), 3)  # failing is quick
    size = np.array([p.size for p in traffic.pages])[page] + rng.integers(0, 64, n) * 8
    frame = pd.DataFrame(
        {
            "arrived": _utc(arrived),
            "time": _utc(arrived + np.round(seconds * 1000).astype("int64") * 1_000_000),
            "seconds": seconds,
            "status": np.where(failed, status, 200),
            "client": client,
            "page": page,
            "bytes": np.where(failed, 580, size),
            "failed": failed,
        }
    )
    ended = frame[frame["time"] < traffic.end]
    return ended.sort_values("time", kind="stable").reset_index(drop=True)


def _arrivals(traffic: Traffic) -> NDArray[np.int64]:
    """Return sorted epoch nanoseconds of a Poisson process whose rate follows the day and its collapses."""
    rng = stream(traffic.seed, "arrivals")
    second = np.arange(traffic.start.value, traffic.end.value, SECOND, dtype="int64")
    hour = second / (3600 * SECOND) % 24
    rate = traffic.rate * (1 + traffic.daily * np.cos((hour - 14) / 24 * 2 * np.pi))
    counts = rng.poisson(rate)
    arrived = np.repeat(second, counts) + np.floor(rng.random(counts.sum()) * SECOND).astype("int64")
    kept = np.ones(len(arrived), dtype=bool)
    for impact in traffic.impacts:  # thinned one by one, so that a collapse may begin within a second
        if impact.kind == "collapse":
            kept &= rng.random(len(arrived)) >= impact.strength(arrived, traffic.end)
    return np.sort(arrived[kept])


def impact_windows(impacts: Sequence[Impact], end: pd.Timestamp) -> list[times.Interval]:
    """Return the true windows: impacts that touch are one; one without a recovery ends at ``end``."""
    return times.union((impact.onset, impact.recovery or end) for impact in impacts)


def _utc(nanoseconds: NDArray[np.int64]) -> pd.Series:
    return pd.Series(pd.to_datetime(nanoseconds, unit="ns", utc=True)).dt.as_unit("ns")
