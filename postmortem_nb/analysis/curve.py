"""The measured signal in a few values, for a small drawing of many incidents side by side."""

from __future__ import annotations

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from postmortem_nb.analysis.claims import iso
from postmortem_nb.analysis.signals import SignalSeries

POINTS = 72  # the most values
DIGITS = 6  # significant ones


class CurveModel(BaseModel):
    """The measured signal: the worst value of each of some equal stretches of its record."""

    model_config = ConfigDict(extra="forbid")

    start: str = Field(description="ISO 8601, UTC")
    end: str
    bad_side: int = Field(description="+1 if high values are bad, -1 if low ones are")
    values: list[float | None] = Field(description="in the unit of the signal; null where nothing is known")


def curve_of(series: SignalSeries | None) -> CurveModel | None:
    """Return a signal as a curve of at most `POINTS` values; None without a signal or without a row.

    Parameters
    ----------
    series : SignalSeries or None
        What was measured.
    """
    if series is None or series.frame.empty:
        return None
    start, end = series.span
    times = series.frame["time"]
    n = min(POINTS, len(times))
    place = ((times - start) / (end - start) * n).astype(int).clip(upper=n - 1)
    worst = series.bad_side * (series.frame["value"] * series.bad_side).groupby(place).max()
    return CurveModel(
        start=str(iso(start)),
        end=str(iso(end)),
        bad_side=series.bad_side,
        values=[None if pd.isna(v) else float(f"{v:.{DIGITS}g}") for v in worst.reindex(range(n))],
    )
