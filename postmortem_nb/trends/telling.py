"""Lengths, medians and shares in words."""

from __future__ import annotations

import math

import pandas as pd

from postmortem_nb.times import format_duration
from postmortem_nb.trends.statistics import Summary


def length(minutes: float | None) -> str:
    """Print a length: ``26 min``, ``3 h 20 min``; to the minute from an hour on, to the second from a minute on.

    >>> length(200.4), length(0.5), length(None)
    ('3 h 20 min', '30 s', 'not known')
    """
    if minutes is None or math.isnan(minutes):
        return "not known"
    seconds = round(minutes * 60) if abs(minutes) < 10 else round(minutes) * 60
    return format_duration(pd.Timedelta(seconds=seconds))


def interval(lo: float | None, hi: float | None) -> str:
    """Print an interval of lengths; what is open says so; empty where nothing is known."""
    if lo is None and hi is None:
        return ""
    if hi is None:
        return f"at least {length(lo)}"
    return f"at most {length(hi)}" if lo is None else f"{length(lo)} to {length(hi)}"


def median_text(summary: Summary) -> str:
    """Print a median with its interval: ``median 64 min (56 min to 1 h 16 min, 95 %, n = 310)``."""
    if summary.n == 0:
        return "nothing is known"
    count = f"n = {summary.n}" + (f", {summary.open} open" if summary.open else "")
    if summary.median is None:
        return f"median beyond what is known ({count})"
    between = interval(summary.lo, summary.hi)
    return f"median {length(summary.median)} ({f'{between}, 95 %, ' if between else ''}{count})"


def percent(share: float | None) -> str:
    """Print a share: ``38 %``; ``not known`` of None."""
    if share is None or math.isnan(share):
        return "not known"
    return f"{share * 100:.0f} %" if share >= 0.1 or share == 0 else f"{share * 100:.2g} %"


def times(share: float) -> str:
    """Print how much of a budget was burned: ``38 %``, ``3.2 times``.

    >>> times(0.38), times(3.204), times(1234.5)
    ('38 %', '3.2 times', '1,234 times')
    """
    if share < 2:
        return percent(share)
    return f"{share:,.0f} times" if share >= 100 else f"{share:.3g} times"
