"""Availability by requests and by time, the error budget that was burned, and how fast; the period is always said."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from postmortem_nb.analysis.impact.counts import Counts
from postmortem_nb.analysis.impact.demand import Meter
from postmortem_nb.analysis.impact.quantity import Quantity, Range, missing, quantity
from postmortem_nb.analysis.impact.stretches import MINUTE, downtime, inside, spans_of
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement
from postmortem_nb.incident import Facts
from postmortem_nb.times import Interval, format_duration, parse_duration

BURN_WINDOWS = {"burn_rate_1h": "1h", "burn_rate_6h": "6h", "burn_rate_3d": "3d"}
BURN = ("burn_rate_mean", "burn_rate_peak", *BURN_WINDOWS)
REQUESTS = ("availability", "availability_slo", "budget_requests", *BURN)
NO_OBJECTIVE = "needs an objective: declare one with the signal or in [slo]"


class Target(NamedTuple):
    """The objective, the period that it is for, and both in words."""

    objective: float
    period: pd.Timedelta

    @property
    def allowed(self) -> float:
        """Share that may fail."""
        return 1 - self.objective

    def __str__(self) -> str:
        return f"{self.objective * 100:.6g} % over {format_duration(self.period)}"


def target_of(facts: Facts, series: SignalSeries | None) -> Target | None:
    """Return the objective of a ratio signal, else that of ``[slo]``."""
    own = series.signal.objective if series is not None and series.signal.kind == "ratio" else None
    objective = own if own is not None else facts.slo.objective
    return None if objective is None else Target(objective, parse_duration(facts.slo.window))


def measure_time(series: SignalSeries, measurement: Measurement, target: Target | None) -> list[Quantity]:
    """Return availability and budget by time, on the signal that the windows were measured on."""
    record = series.span
    down = downtime(measurement, record)
    length = (record[1] - record[0]) / MINUTE
    long = length if down.hi is None else down.hi
    best = down.value or 0.0
    up = Range(1 - long / length, 1 - best / length, 1 - (down.lo or 0.0) / length)
    said = f"{best:,.4g} of {length:,.5g} minutes with impact"
    rows = [quantity("availability_time", up, said, parts=(length - best, length))]
    if target is None:
        return rows + missing(NO_OBJECTIVE, "availability_time_slo", "budget_minutes")
    period, budget = target.period / MINUTE, target.allowed * (target.period / MINUTE)
    basis = "measured" if period <= length else "estimated"
    rest = "" if period <= length else ", if there was no impact outside of the record"
    up = Range(None if down.hi is None else 1 - down.hi / period, 1 - best / period, 1 - (down.lo or 0.0) / period)
    if up.lo is None:  # still open: at most so much
        up = Range(0.0, up.value, up.hi)
    return [
        *rows,
        quantity(
            "availability_time_slo",
            up,
            f"{best:,.4g} of {period:,.6g} minutes with impact{rest}",
            basis=basis,
            parts=(period - best, period),
        ),
        quantity(
            "budget_minutes",
            down.over(budget),
            f"{best:,.4g} minutes of impact, {budget:,.4g} allowed by {target}",
            parts=(best, budget),
        ),
    ]


def measure_requests(
    series: SignalSeries, measurement: Measurement, center: float, excess: Range, target: Target | None
) -> list[Quantity]:
    """Return availability, budget and burn rates by requests, on the signal that counts failed and all requests."""
    frame = series.frame
    known = frame[frame["bad"].notna() & (frame["total"] > 0)]
    bad, total = float(known["bad"].sum()), float(known["total"].sum())
    if not total:
        return missing(f"“{series.name}” counts no request", *REQUESTS)
    said = f"{bad:,.0f} failed of {total:,.0f} requests"
    rows = [quantity("availability", 1 - bad / total, said, parts=(total - bad, total))]
    if target is None:
        return rows + missing(NO_OBJECTIVE, *REQUESTS[1:])
    record = series.span[1] - series.span[0]
    basis, word = "measured", ""
    if record >= target.period:
        last = known[known["time"] >= series.span[1] - target.period]
        in_period, failed = float(last["total"].sum()), float(last["bad"].sum())
    else:
        basis = "estimated"
        word = f", extrapolated from the calm part of a record of {format_duration(record)}"
        busy = [*spans_of(measurement, "long", series.span), *(w.span for w in measurement.others)]
        calm = Meter(series).rates(busy)
        if not len(calm):
            return rows + missing("the record holds no calm part to extrapolate from", *REQUESTS[1:])
        rest = float(calm.mean()) * ((target.period - record) / series.step)
        in_period, failed = total + rest, bad + center * rest
    budget = target.allowed * in_period
    allowed = f"{budget:,.0f} allowed by {target}, of {in_period:,.0f} requests{word}"
    burned = missing("needs a measured window", "budget_requests")
    if excess.value is not None:
        spent = f"{excess.value:,.0f} failures above the baseline, {allowed}"
        parts = (excess.value, budget)
        burned = [quantity("budget_requests", excess.over(budget), spent, basis=basis, parts=parts)]
    period = f"{failed:,.0f} failed of {in_period:,.0f} requests in {format_duration(target.period)}{word}"
    up = 1 - failed / in_period
    return [
        *rows,
        quantity("availability_slo", up, period, basis=basis, parts=(in_period - failed, in_period)),
        *burned,
        *burn_rates(series, measurement, target),
    ]


def burn_rates(series: SignalSeries, measurement: Measurement, target: Target) -> list[Quantity]:
    """Return how many times faster than allowed the budget was burned: mean, worst sample, worst 1 h, 6 h and 3 d."""
    if not measurement.windows:
        return missing("", *BURN)
    spans = spans_of(measurement, "best")
    counts = Counts.of(series, spans, 0.0)
    if not counts.total:
        return missing(f"“{series.name}” counts no request within the windows", *BURN)
    mean, peak = counts.bad / counts.total, counts.worst
    allowed = f"{target.allowed * 100:.4g} % allowed"
    found = [
        quantity("burn_rate_mean", mean / target.allowed, f"{mean * 100:.3g} % failed, {allowed}"),
        quantity("burn_rate_peak", peak / target.allowed, f"{peak * 100:.3g} % failed, {allowed}"),
    ]
    for id_, width in BURN_WINDOWS.items():
        worst = worst_ratio(series, parse_duration(width), spans)
        if worst is None:
            found += missing(
                f"needs a record of at least {format_duration(parse_duration(width))} around the impact", id_
            )
            continue
        found.append(quantity(id_, worst / target.allowed, f"{worst * 100:.3g} % failed, {allowed}"))
    return found


def worst_ratio(series: SignalSeries, width: pd.Timedelta, spans: list[Interval]) -> float | None:
    """Return the worst failed over all requests of any stretch of this width that touches the impact.

    None if no such stretch is recorded, or at least half of its rows are unknown in each.
    """
    n = round(width / series.step)
    if n < 1 or n > len(series.frame):
        return None
    known = (series.frame["bad"].notna() & (series.frame["total"] > 0)).to_numpy()
    touched = inside(series, spans)

    def sums(values: np.ndarray) -> np.ndarray:
        running = np.concatenate([[0.0], np.cumsum(values)])
        return np.asarray(running[n:] - running[:-n])

    bad = sums(np.where(known, series.frame["bad"], 0.0))
    total = sums(np.where(known, series.frame["total"], 0.0))
    fits = (sums(known) > n / 2) & (sums(touched) > 0) & (total > 0)
    return float((bad[fits] / total[fits]).max()) if fits.any() else None
