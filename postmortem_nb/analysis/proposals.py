"""Signals for an incident that declares none: candidates from the evidence, ranked by what they say and what they show.

A candidate that stands out somewhere in its record comes before one that does not; among those the one that is nearest
to what users notice. Nothing is added up: each is looked at by itself, on the side that is bad.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import pandas as pd

from postmortem_nb.analysis.search import find_windows
from postmortem_nb.errors import PostmortemError
from postmortem_nb.incident import Incident, Signal
from postmortem_nb.times import format_time

if TYPE_CHECKING:
    from postmortem_nb.analysis.signals import SignalSeries

MOST = 8  # metrics that are looked at

# Names of metrics that speak for users, in the order in which they are tried.
NAMES: tuple[tuple[str, Literal["high", "low"]], ...] = (
    (r"(?i)success.?rate|availability|uptime", "low"),
    (r"(?i)error.?(?:rate|ratio|percent)|failure.?(?:rate|ratio)|5xx.?(?:rate|ratio)", "high"),
    (r"(?i)(?:latency|duration|response).*(?:p9\d|90|95|99)", "high"),
)


def propose(incident: Incident, draw: Callable[[Signal], SignalSeries]) -> SignalSeries | None:
    """Return the best candidate, with why it was chosen and what was not taken; None if the evidence offers none.

    Parameters
    ----------
    incident : Incident
        The evidence.
    draw : callable
        Makes the series of a signal. A candidate that it refuses is left out.
    """
    looked = []
    for signal, why in _candidates(incident):
        try:
            series = draw(signal)
        except PostmortemError:
            continue
        looked.append((series, why, _standing_out(series)))
    looked.sort(key=lambda found: not found[2])  # stable: the nearest to users stays first among its like
    if not looked:
        return None
    series, why, shown = looked[0]
    said = f"none is declared; {why}; {shown or 'nothing in it stands out'}"
    rest = [f"{s.name} ({shown or 'nothing stands out'})" for s, _, shown in looked[1:]]
    return replace(series, why=f"{said}; not taken: {', '.join(rest)}" if rest else said)


def _standing_out(series: SignalSeries) -> str:
    """Describe the window that stands out most, of those on the bad side; empty if none does."""
    try:
        bad = "high" if series.bad_side > 0 else "low"
        found = find_windows(series.frame.set_index("time")["value"], bad=bad)
    except PostmortemError:  # too long a record for its step: not looked at
        return ""
    if found.empty:
        return ""
    best = found.iloc[0]
    return f"it stands out at {format_time(best['onset'])} UTC: {best['why']}"


def _candidates(incident: Incident) -> Iterator[tuple[Signal, str]]:
    """Yield signals, nearest to users first, and why each may speak for them."""
    logs, metrics = incident.logs, incident.metrics
    has_status = "status" in logs and logs["status"].notna().any()
    if has_status:
        yield (
            Signal(
                name="failed requests", kind="ratio", source="logs", bad={"status": ">=500"}, total={"status": ">=100"}
            ),
            "the access log has status codes, so requests answered with 5xx count as failed",
        )
    names = pd.Series(sorted(metrics["metric"].dropna().unique()) if len(metrics) else [], dtype="str")
    offered = [(name, side) for pattern, side in NAMES for name in names[names.str.contains(pattern)]]
    for name, side in list(dict(offered).items())[:MOST]:
        services = metrics.loc[metrics["metric"] == name, "service"].dropna().unique()
        select = {"metric": name} | ({"service": str(services[0])} if len(services) else {})
        yield (
            Signal(name=name, kind="gauge", select=select, direction=side),
            f"of the metrics, {name} comes close to what users notice",
        )
    if logs["level"].isin(["ERROR", "CRITICAL"]).any():
        yield (
            Signal(name="error lines", kind="ratio", source="logs", bad={"level": ["ERROR", "CRITICAL"]}),
            "the share of log lines at ERROR or above rises when something fails",
        )
    if has_status:
        yield (
            Signal(name="requests", kind="traffic", source="logs", total={"status": ">=100"}),
            "the number of requests falls where users are kept away",
        )
