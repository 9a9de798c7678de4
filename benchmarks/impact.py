"""How far requests that never came are from the truth, and how often their interval holds it.

Every case draws the demand of some weeks by the minute, with busier and quieter days, and keeps a share of the requests
of 20 to 120 minutes away; in every fourth case nobody is kept away. What would have come is known. The windows are
given, which measures the estimate alone. Beside it stand the formula minute by minute, with the median of the same
minutes, and one level for all.

    python -m benchmarks.impact
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np
import pandas as pd

from postmortem_nb.analysis.baseline import Baseline
from postmortem_nb.analysis.impact.losses import find_losses
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement, Windows
from postmortem_nb.example import draw_demand
from postmortem_nb.incident import Signal
from postmortem_nb.times import Instant, Window

WEEK, DAY, MINUTE = pd.Timedelta(days=7), pd.Timedelta(days=1), pd.Timedelta(minutes=1)
END = pd.Timestamp("2024-03-11T00:00Z").as_unit("ns")  # a Monday
HISTORY = {
    "8 weeks": 8 * WEEK,
    "4 weeks": 4 * WEEK,
    "3 weeks": 3 * WEEK,
    "10 days": 10 * DAY,
    "5 days": 5 * DAY,
    "12 h": DAY / 2,
    "6 h": DAY / 4,
}
HEAD = (
    "record before",
    "coverage of the 90 % interval",
    "its width",
    "error",
    "by minute",
    "flat",
    "said to be lost of nothing",
    "by minute",
)


class Case(NamedTuple):
    """One drawn incident: what was lost, and what is said about it; shares of the demand of its window."""

    lost: float
    said: float
    lo: float
    hi: float
    by_minute: float
    flat: float


def draw_case(seed: int, history: pd.Timedelta, spread: float, rate: float) -> Case | None:
    """Draw one incident in the last week of the record and estimate what it cost."""
    rng = np.random.default_rng([seed, int(history / MINUTE)])
    length = int(rng.integers(20, 121)) * MINUTE
    onset = END - 6 * DAY + int(rng.integers(0, 5 * 24 * 60)) * MINUTE
    recovery = onset + length
    share = 0.0 if seed % 4 == 0 else float(rng.uniform(0.2, 1.0))
    start = onset - history - 3 * length
    demand = draw_demand(
        start, recovery + DAY / 8, rate=rate, spread=spread, impact=(onset, recovery), lost=share, seed=seed
    )
    time, came = demand["time"], demand["came"].to_numpy(float)
    frame = pd.DataFrame({"time": time, "value": came, "bad": 0.0, "total": came})
    series = SignalSeries(Signal(name="requests", kind="traffic"), frame, MINUTE, "drawn")
    windows = Windows([Window(*(Instant.exact(t, "measured") for t in (onset, recovery)), kind="traffic")])
    level = float(np.median(came))
    baseline = Baseline(level, 0.0, level / 2, level / 2, len(came), "", "")
    losses = find_losses(series, Measurement(baseline, windows, Windows(), 0.0), "UTC")
    if losses is None or losses.lost.value is None:
        return None
    inside = ((time >= onset) & (time < recovery)).to_numpy()
    wanted = float(demand["wanted"][inside].sum())
    usual = [came[np.roll(inside, -int(d * DAY / MINUTE))] for d in _days(history)]
    by_minute = float(np.maximum(np.median(usual, axis=0) - came[inside], 0).sum()) if usual else np.nan
    flat = float(np.maximum(level - came[inside], 0).sum())
    lost = wanted - came[inside].sum()
    told = (lost, losses.lost.value, losses.lost.lo or 0.0, losses.lost.hi or 0.0, by_minute, flat)
    return Case(*(float(x / wanted) for x in told))


def _days(history: pd.Timedelta) -> range:
    """Return the days before, of which the minute-wise formula takes its median: of weeks, else of days."""
    weeks, days = int(history / WEEK), int(history / DAY)
    return range(7, 7 * min(weeks, 8) + 1, 7) if weeks >= 3 else range(1, min(days, 7) + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--spread", type=float, default=0.03, help="how much days of one kind differ, as a share")
    parser.add_argument("--rate", type=float, default=300.0, help="requests a minute")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first case")
    chosen = parser.parse_args()
    print(f"{chosen.cases} cases each, {chosen.rate:g} requests a minute, days differ by {chosen.spread:.0%}\n")
    print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}")
    seeds = range(chosen.seed, chosen.seed + chosen.cases)
    for name, history in HISTORY.items():
        drawn = [draw_case(seed, history, chosen.spread, chosen.rate) for seed in seeds]
        cases = pd.DataFrame([c for c in drawn if c is not None])
        held = ((cases["lo"] - 1e-12 <= cases["lost"]) & (cases["lost"] <= cases["hi"] + 1e-12)).mean()
        some, none = cases[cases["lost"] > 0], cases[cases["lost"] == 0]
        error = [f"{(some[c] - some['lost']).abs().median():.2%}" for c in ("said", "by_minute", "flat")]
        nothing = [f"{none[c].mean():.2%}" for c in ("said", "by_minute")]
        row = [name, f"{held:.1%} of {len(cases)}", f"{(cases['hi'] - cases['lo']).median():.2%}", *error, *nothing]
        print(f"| {' | '.join(row)} |".replace("nan%", "–"))


if __name__ == "__main__":
    main()
