"""Demand by the minute over weeks: days and weekends, days that are busier than others, what an impact kept away."""

from __future__ import annotations

import numpy as np
import pandas as pd

from postmortem_nb.errors import SettingError
from postmortem_nb.example.traffic import stream
from postmortem_nb.times import Interval

MINUTE = pd.Timedelta(minutes=1)


def draw_demand(
    start: pd.Timestamp,
    end: pd.Timestamp,
    *,
    rate: float = 300.0,
    daily: float = 0.5,
    weekend: float = 0.7,
    spread: float = 0.03,
    impact: Interval | None = None,
    lost: float = 0.8,
    returning: float = 0.0,
    seed: int = 0,
) -> pd.DataFrame:
    """Draw how many requests came in each minute, and how many would have come.

    Parameters
    ----------
    start, end : Timestamp
        Period, UTC, on full minutes.
    rate : float
        Requests a minute at the mean of a working day.
    daily : float
        Share by which the rate swings over the day; highest at 14:00 UTC.
    weekend : float
        Factor of Saturdays and Sundays.
    spread : float
        Standard deviation, as a share, of how busy a day is against others of its kind.
    impact : (Timestamp, Timestamp), optional
        Half-open stretch, on full minutes, in which requests are kept away.
    lost : float
        Share that is kept away.
    returning : float
        Share of these that come after all, spread evenly over as much time after the impact as it lasted.
    seed : int
        The same seed draws the same requests.

    Returns
    -------
    DataFrame
        One row a minute: ``time`` (UTC), ``wanted`` (what would have come), ``came``, ``returned`` (of what came, those
        that were kept away before).

    Raises
    ------
    SettingError
        If a share is not between 0 and 1.
    """
    for name, share in (("lost", lost), ("returning", returning)):
        if not 0 <= share <= 1:
            raise SettingError(f"demand: {name} {share} is not a share between 0 and 1.")
    time = pd.date_range(start, end, freq="1min", inclusive="left").as_unit("ns")
    rng = stream(seed, "demand")
    day = ((time - time[0].normalize()) // pd.Timedelta(days=1)).to_numpy()
    level = np.exp(rng.normal(0, spread, day.max() + 1))[day] if spread else np.ones(len(time))
    hour = (time.hour + time.minute / 60).to_numpy()
    shape = (1 + daily * np.cos((hour - 14) / 24 * 2 * np.pi)) * np.where(time.day_of_week >= 5, weekend, 1.0)
    wanted = rng.poisson(rate * shape * level)
    returned = np.zeros(len(time), dtype="int64")
    kept_away = np.zeros(len(time), dtype="int64")
    if impact is not None:
        inside = (time >= impact[0]) & (time < impact[1])
        kept_away[inside] = rng.binomial(wanted[inside], lost)
        after = (time >= impact[1]) & (time < impact[1] + (impact[1] - impact[0]))
        back = rng.binomial(kept_away.sum(), returning) if after.any() else 0
        returned[after] = rng.multinomial(back, np.full(after.sum(), 1 / max(after.sum(), 1)))
    return pd.DataFrame({"time": time, "wanted": wanted, "came": wanted - kept_away + returned, "returned": returned})
