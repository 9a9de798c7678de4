"""How bad it was: requests, time and error budget, users, latency, money. Formulas in ``docs/timings.md``.

What is counted is measured, what rests on an assumption about what would have been is estimated, and both keep their
bounds. What the evidence does not hold stays unknown, with its reason.
"""

from __future__ import annotations

from dataclasses import replace

from postmortem_nb.analysis.impact.budget import REQUESTS, measure_requests, measure_time, target_of
from postmortem_nb.analysis.impact.counts import COUNTED, count_failures, excess_failures, read_counts
from postmortem_nb.analysis.impact.definitions import GROUPS, NO_COUNTS, NO_TRAFFIC, QUANTITIES, Formula
from postmortem_nb.analysis.impact.latency import measure_latency
from postmortem_nb.analysis.impact.losses import DEMAND, demand_quantities, find_losses, revenue
from postmortem_nb.analysis.impact.quantity import NOTHING, Quantity, missing, quantity
from postmortem_nb.analysis.impact.stretches import inside, spans_of
from postmortem_nb.analysis.impact.users import measure_users
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement
from postmortem_nb.incident import Incident

__all__ = ["GROUPS", "QUANTITIES", "Formula", "Quantity", "measure_impact", "quantity"]


def measure_impact(
    incident: Incident, signals: tuple[SignalSeries, ...], measurements: tuple[Measurement, ...], zone: str
) -> tuple[Quantity, ...]:
    """Return every quantity of the impact, in the order of their definitions.

    Parameters
    ----------
    signals, measurements : tuples of equal length
        The windows are those of the first. Requests are counted on the first that counts failed and all requests,
        demand on the first that counts requests at all.
    zone : str
        Zone in which days and weeks of demand are compared.

    Returns
    -------
    tuple of Quantity
        Empty without a signal.
    """
    if not signals:
        return ()
    series, measurement = signals[0], measurements[0]
    at = next((n for n, s in enumerate(signals) if s.signal.kind == "ratio"), None)
    ratio = None if at is None else signals[at]
    traffic = next((s for s in signals if s.signal.kind in ("ratio", "traffic")), None)
    target = target_of(incident.facts, ratio)
    has_windows = bool(measurement.windows)
    found: list[Quantity] = []
    excess = None
    if ratio is not None and at is not None:
        center = measurements[at].baseline.center
        if has_windows:
            read = read_counts(ratio, measurement, center)
            excess = excess_failures(read, ratio, measurement)
            found += _counted_on(ratio, count_failures(read, ratio, measurement))
        else:
            found += missing("", *COUNTED)
        requests = measure_requests(ratio, measurement, center, excess or NOTHING, target)
        found += _counted_on(ratio, requests)
    else:
        found += missing(NO_COUNTS, *COUNTED, *REQUESTS)
    losses = find_losses(traffic, measurement, zone) if traffic is not None and has_windows else None
    failed = excess if traffic is ratio else None  # of the same requests
    why = "" if traffic is not None and has_windows else NO_TRAFFIC
    demand = missing(why, *DEMAND) if losses is None else demand_quantities(losses, failed)
    found += _counted_on(traffic, demand)
    found += measure_time(series, measurement, target)
    found += _counted_on(ratio, measure_users(incident, ratio, measurement))
    timed = ratio if ratio is not None and len(ratio.requests) else None
    found += _counted_on(timed, measure_latency(incident, ratio, signals, measurements))
    found += _counted_on(traffic, revenue(incident.facts, signals, measurements, losses, failed, zone))
    found += _levels(series, measurement)
    by_id = {q.id: q for q in found}
    return tuple(by_id[id_] for id_ in QUANTITIES)


def _counted_on(series: SignalSeries | None, quantities: list[Quantity]) -> list[Quantity]:
    """Return the quantities with the name of the signal that they were counted on, where they have none yet."""
    if series is None:
        return quantities
    return [q if q.signals else replace(q, signals=(series.name,)) for q in quantities]


def _levels(series: SignalSeries, measurement: Measurement) -> list[Quantity]:
    """Return what the signal itself says, in its own unit."""
    baseline, unit = measurement.baseline, series.unit
    values = series.frame["value"][inside(series, spans_of(measurement, "best"))]
    worst = (values.max() if series.bad_side > 0 else values.min()) if len(values) else None
    return [
        quantity("baseline_value", baseline.center, baseline.how, unit),
        quantity("threshold", baseline.enter, baseline.rule, unit, basis="declared" if baseline.is_set else "measured"),
        quantity("peak_value", worst, "", unit),
        quantity("unknown_share", float(values.isna().mean()) if len(values) else None),
    ]
