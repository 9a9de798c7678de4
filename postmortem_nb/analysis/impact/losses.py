"""What was not served: requests that never came, those that came later, what both are of the demand, and in money."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from postmortem_nb.analysis.impact.counts import excess_failures, read_counts
from postmortem_nb.analysis.impact.demand import Demand, Meter, expect
from postmortem_nb.analysis.impact.quantity import Quantity, Range, missing, quantity
from postmortem_nb.analysis.impact.stretches import READINGS, spans_of
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement
from postmortem_nb.errors import IncidentError, near
from postmortem_nb.incident import Facts
from postmortem_nb.times import Interval

LEAST = pd.Timedelta("30min")  # time after a recovery in which deferred demand is looked for
DEMAND = ("expected_requests", "lost_requests", "deferred_requests", "affected_demand", "unserved_requests")
NONE = Range(0.0, 0.0, 0.0)


class Losses(NamedTuple):
    """Demand within the windows and after them."""

    within: Demand
    lost: Range
    later: Range | None
    after: Demand | None
    why_not_later: str

    def unserved(self, excess: Range) -> Range:
        """Return failures + lost − deferred, where positive."""
        later = self.later or NONE
        lo = (excess.lo or 0) + (self.lost.lo or 0) - (later.hi or 0)
        value = (excess.value or 0) + (self.lost.value or 0) - (later.value or 0)
        hi = None
        if excess.hi is not None and self.lost.hi is not None:
            hi = max(excess.hi + self.lost.hi - (later.lo or 0), 0.0)
        return Range(max(lo, 0.0), max(value, 0.0), hi)


def find_losses(series: SignalSeries, measurement: Measurement, zone: str) -> Losses | None:
    """Return what a signal that counts requests lost within the windows; None if there is nothing to compare with."""
    meter = Meter(series)
    spans = {how: _recorded(spans_of(measurement, how, series.span), meter) for how in READINGS}
    others = [w.span for w in measurement.others]
    after = _after(measurement, meter)
    busy = [*spans["long"], *others, *([after] if after else [])]
    best, short, long = (expect(meter, spans[how], busy, zone) for how in READINGS)
    if best is None:
        return None
    low, high = short or best, long or best
    first, last = measurement.windows[0], measurement.windows[-1]
    is_covered = meter.record[0] <= first.span[0] and last.span[1] <= meter.record[1]
    whole = is_covered and first.onset.lo is not None and not last.is_open  # gaps are in the bounds of the demand
    lost = Range(
        min(low.lost.lo or 0, best.lost.lo or 0),
        best.lost.value,
        max(high.lost.hi or 0, best.lost.hi or 0) if whole else None,
    )
    if after is None or (found := expect(meter, [after], busy, zone)) is None:
        why = "the record does not reach far enough beyond the recovery"
        return Losses(best, lost, None, None, why)
    is_seen = (found.surplus.lo or 0) > 0
    later = found.surplus if is_seen else found.surplus._replace(value=0.0)
    return Losses(best, lost, later, found, "")


def demand_quantities(losses: Losses, excess: Range | None) -> list[Quantity]:
    """Return the losses as quantities; without `excess` the signal does not tell which requests failed."""
    demand, expected = losses.within, losses.within.expected
    counted = f"{expected.value:,.0f} expected, {demand.counted:,.0f} counted"
    rows = [
        quantity("expected_requests", expected, demand.how, basis="estimated"),
        quantity("lost_requests", losses.lost, counted, basis="estimated"),
    ]
    if losses.later is None or losses.after is None:
        rows += missing(losses.why_not_later, "deferred_requests")
    else:
        then = losses.after
        said = f"{then.expected.value:,.0f} expected, {then.counted:,.0f} counted"
        rows.append(quantity("deferred_requests", losses.later, said, basis="estimated"))
    failed = excess or NONE
    blind = "" if excess else "; the signal does not tell which requests failed, so only those that never came count"
    if expected.value:
        share, part = _affected(demand, losses.lost, failed), (failed.value or 0) + (losses.lost.value or 0)
        said = f"{part:,.0f} of {expected.value:,.0f} expected requests{blind}"
        parts = (part, expected.value)
        rows.append(quantity("affected_demand", share, said, basis="estimated", parts=parts))
    else:
        rows += missing("no request was to be expected", "affected_demand")
    said = (
        f"{failed.value or 0:,.0f} + {losses.lost.value or 0:,.0f} − {(losses.later or NONE).value or 0:,.0f} requests"
        + blind
    )
    return [*rows, quantity("unserved_requests", losses.unserved(failed), said, basis="estimated")]


def revenue(
    facts: Facts,
    signals: tuple[SignalSeries, ...],
    measurements: tuple[Measurement, ...],
    losses: Losses | None,
    excess: Range | None,
    zone: str,
) -> list[Quantity]:
    """Return demand not served × the declared value of a request, with the range of both.

    Raises
    ------
    IncidentError
        If ``[value] signal`` names none that counts requests.
    """
    declared = facts.value
    if declared is None:
        return missing("", "revenue_lost")
    what = "request"
    if declared.signal:
        counting = {s.name: n for n, s in enumerate(signals) if "total" in s.frame}
        if declared.signal not in counting:
            raise IncidentError(
                f"[value] signal: {declared.signal!r} counts no requests. {near(declared.signal, counting)}"
            )
        at, measurement = counting[declared.signal], measurements[0]
        series, what = signals[at], f"request of “{declared.signal}”"
        losses = find_losses(series, measurement, zone) if measurement.windows else None
        excess = None
        if series.signal.kind == "ratio" and measurement.windows:
            read = read_counts(series, measurement, measurements[at].baseline.center)
            excess = excess_failures(read, series, measurement)
    if losses is None:
        return missing("needs demand outside of the impact to compare with", "revenue_lost")
    unserved = losses.unserved(excess or NONE)
    low, each, high = declared.low, declared.per_request, declared.high
    lost = Range(
        (unserved.lo or 0) * (each if low is None else low),
        (unserved.value or 0) * each,
        None if unserved.hi is None else unserved.hi * (each if high is None else high),
    )
    ends = (each if x is None else x for x in (low, high))
    margin = "" if low is None and high is None else f" ({'–'.join(f'{x:g}' for x in ends)})"
    said = f"{unserved.value:,.0f} × {each:g}{margin} {declared.currency} a {what}, declared"
    return [quantity("revenue_lost", lost, said, declared.currency, basis="estimated")]


def _affected(demand: Demand, lost: Range, failed: Range) -> Range:
    """Return (failed + lost) / expected over all that was to be expected.

    For a demand E above what came, N, it grows with E; below N nothing was lost and it falls. So its least value lies
    at N, or at the bound nearest to it.
    """
    lo, value, hi = (x or 0.0 for x in demand.expected)
    nearest = min(max(demand.counted, lo), hi)

    def share(failures: float, of: float) -> float:
        return (failures + max(of - demand.counted, 0.0)) / of if of > 0 else 0.0

    best = ((failed.value or 0) + (lost.value or 0)) / value
    least = min(share(failed.lo or 0, nearest), best)
    if failed.hi is None or lost.hi is None:
        return Range(least, best, None)
    return Range(least, best, max(share(failed.hi, e) for e in (lo, hi) if e > 0) if hi else best)


def _recorded(spans: list[Interval], meter: Meter) -> list[Interval]:
    """Cut stretches to what was recorded."""
    cut = ((max(start, meter.record[0]), min(end, meter.record[1])) for start, end in spans)
    return [(start, end) for start, end in cut if start < end]


def _after(measurement: Measurement, meter: Meter) -> Interval | None:
    """Return the stretch in which demand may have come later; None unless most of it is recorded."""
    if measurement.windows[-1].is_open:
        return None
    recovery = measurement.windows[-1].recovery
    start = recovery.hi or measurement.windows[-1].span[1]
    wanted = max(start - measurement.windows[0].span[0], LEAST)
    end = min(start + wanted, meter.record[1], *(w.span[0] for w in measurement.others if w.span[0] >= start))
    return (start, end) if end - start >= wanted / 2 else None
