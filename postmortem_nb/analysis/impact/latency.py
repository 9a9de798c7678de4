"""How slow it was: percentiles of raw durations, minute by minute and over the whole, never a mean of percentiles."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from postmortem_nb.analysis.baseline import LEVEL, SIGMAS
from postmortem_nb.analysis.impact.quantity import Quantity, missing, quantity
from postmortem_nb.analysis.impact.stretches import MINUTE, spans_of
from postmortem_nb.analysis.impact.users import within
from postmortem_nb.analysis.selection import rows_matching
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement
from postmortem_nb.incident import Incident
from postmortem_nb.times import parse_duration

LATENCY = ("latency_p95", "latency_p95_usual", "latency_minutes", "apdex")
FEW = 20  # requests a minute below which a 95th percentile says nothing
CALM = 10  # minutes outside of the impact from which a limit can be told
NO_DURATIONS = "needs log lines with the duration of requests, or a gauge of a latency percentile"
PERCENTILE = re.compile(r"(?i)p\d\d|latency|duration|response.?time")


class Limit(NamedTuple):
    """From how many seconds on a request is slow, whether people said so, and where it is from."""

    seconds: float
    is_declared: bool
    how: str


def measure_latency(
    incident: Incident,
    series: SignalSeries | None,
    signals: tuple[SignalSeries, ...],
    measurements: tuple[Measurement, ...],
) -> list[Quantity]:
    """Return the latency within the windows of the first measurement.

    Parameters
    ----------
    series : SignalSeries or None
        The ratio that counts requests: only its lines count, and those that failed are not taken for quick ones.
    """
    measurement = measurements[0]
    if not measurement.windows:
        return missing("", *LATENCY)
    lines = timed_lines(incident, series)
    if lines.empty:
        return _of_gauge(signals, measurements)
    busy = [*spans_of(measurement, "long", signals[0].span), *(w.span for w in measurement.others)]
    inside, calm = within(lines["time"], spans_of(measurement, "best")), ~within(lines["time"], busy)
    good = lines[~lines["bad"]]
    during, before = good[inside[good.index]], good[calm[good.index]]
    p95 = minutes_p95(good)
    limit = _limit(incident, p95[~within(p95.index.to_series(), busy)])
    found = [_percentile("latency_p95", during["seconds"]), _percentile("latency_p95_usual", before["seconds"])]
    if limit is None:
        return found + missing("needs a declared [latency] limit, or a calm part of the record", *LATENCY[2:])
    told = minutes_p95(during)
    if len(told):
        slow = int((told > limit.seconds).sum())
        said = f"{slow:,} of {len(told):,} minutes with {FEW} or more answered requests, limit {limit.how}"
        found.append(quantity("latency_minutes", slow, said, parts=(slow, len(told))))
    else:
        found += missing(f"no minute of the windows has {FEW} answered requests", "latency_minutes")
    every = lines[inside]
    if every.empty:
        return found + missing("no request with a duration lies within the windows", "apdex")
    return [*found, _apdex(every, lines[calm], limit)]


def timed_lines(incident: Incident, series: SignalSeries | None) -> pd.DataFrame:
    """Return ``time``, ``seconds`` and ``bad`` of the log lines with a duration, those of a ratio if it counts some."""
    logs = incident.logs
    if "seconds" not in logs:
        return pd.DataFrame({"time": [], "seconds": [], "bad": []})
    if series is not None and len(series.requests):
        lines = series.requests[["time", "bad"]].assign(seconds=logs["seconds"].loc[series.requests["row"]].to_numpy())
    else:
        chosen = logs
        if series is not None and series.is_binned:
            chosen = logs[rows_matching(logs, series.signal.select, f"signal {series.name!r}")]
        lines = chosen[["time", "seconds"]].assign(bad=False)
    known = lines[lines["seconds"].notna()].reset_index(drop=True)
    return known.astype({"bad": bool, "seconds": "float64"})


def minutes_p95(lines: pd.DataFrame) -> pd.Series:
    """Return the 95th percentile of the durations of every minute that has enough of them, by minute."""
    per_minute = lines["seconds"].groupby(lines["time"].dt.floor("1min"))
    return per_minute.quantile(0.95)[per_minute.size() >= FEW]


def _limit(incident: Incident, calm: pd.Series) -> Limit | None:
    if incident.facts.latency.limit:
        seconds = parse_duration(incident.facts.latency.limit) / pd.Timedelta(seconds=1)
        return Limit(seconds, True, f"{seconds:.3g} s, declared")
    if len(calm) < CALM:
        return None
    middle = float(calm.median())
    spread = 1.4826 * float((calm - middle).abs().median())
    seconds = middle + max(SIGMAS * spread, LEVEL * middle)
    return Limit(seconds, False, f"{seconds:.3g} s, {SIGMAS:g} robust standard deviations above its usual minutes")


def _percentile(id_: str, seconds: pd.Series) -> Quantity:
    if len(seconds) < FEW:
        return missing(f"fewer than {FEW} answered requests with a duration", id_)[0]
    return quantity(id_, float(np.quantile(seconds, 0.95)), f"of {len(seconds):,} answered requests")


def apdex_of(lines: pd.DataFrame, limit: float) -> float:
    """Return (satisfied + tolerating / 2) / all: up to the limit, up to four times it; a failed request is neither."""
    answered = ~lines["bad"]
    satisfied = (answered & (lines["seconds"] <= limit)).sum()
    tolerating = (answered & (lines["seconds"] > limit) & (lines["seconds"] <= 4 * limit)).sum()
    return float((satisfied + tolerating / 2) / len(lines))


def _apdex(during: pd.DataFrame, calm: pd.DataFrame, limit: Limit) -> Quantity:
    usual = f"; usually {apdex_of(calm, limit.seconds):.2f}" if len(calm) else ""
    said = f"limit {limit.how}, {len(during):,} requests{usual}"
    return quantity("apdex", apdex_of(during, limit.seconds), said)


def _of_gauge(signals: tuple[SignalSeries, ...], measurements: tuple[Measurement, ...]) -> list[Quantity]:
    """Count the samples of a recorded percentile beyond its threshold; another percentile cannot be made of them."""
    for series, measurement in zip(signals, measurements, strict=True):
        names = f"{series.name} {series.signal.select.get('metric', '')}"
        if series.signal.kind != "gauge" or series.bad_side < 0 or not PERCENTILE.search(names):
            continue
        inside = within(series.frame["time"], spans_of(measurements[0], "best"))
        value = series.frame["value"][inside].dropna()
        if value.empty:
            continue
        limit = measurement.baseline.enter
        minutes = float((value > limit).sum() * (series.step / MINUTE))
        said = f"“{series.name}” above {limit:.3g} {series.unit}".rstrip()
        said = f"{said} in {(value > limit).sum():,} of {len(value):,} samples"
        why = "needs the durations of single requests: percentiles cannot be averaged"
        return [
            *missing(why, "latency_p95", "latency_p95_usual"),
            replace(
                quantity("latency_minutes", minutes, said, parts=(minutes, len(value) * (series.step / MINUTE))),
                signals=(series.name,),
            ),
            *missing(why, "apdex"),
        ]
    return missing(NO_DURATIONS, *LATENCY)
