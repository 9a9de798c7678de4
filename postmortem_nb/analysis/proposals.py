"""Signals for an incident that declares none: candidates from the evidence, ranked by what they say and what they show.

A candidate that stands out somewhere in its record comes before one that does not; among those the one that is nearest
to what users notice. Nothing is added up: each is looked at by itself, on the side that is bad.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from postmortem_nb.analysis.search import find_windows
from postmortem_nb.errors import PostmortemError
from postmortem_nb.incident import Incident, Signal
from postmortem_nb.times import format_time

MOST = 8  # metrics that are looked at

# Names of metrics that speak for users, in the order in which they are tried.
NAMES: tuple[tuple[str, Literal["high", "low"]], ...] = (
    (r"(?i)success.?rate|availability|uptime", "low"),
    (r"(?i)error.?(?:rate|ratio|percent)|failure.?(?:rate|ratio)|5xx.?(?:rate|ratio)", "high"),
    (r"(?i)(?:latency|duration|response).*(?:p9\d|90|95|99)", "high"),
)


@dataclass(frozen=True)
class Proposal:
    """A signal that the evidence offers.

    Parameters
    ----------
    signal : Signal
        Its declaration, ready for ``incident.toml``.
    why : str
        Why it was proposed, what it shows, and what else there was; a half sentence for readers.
    score : float
        How far it stands out: of the best window of `find_windows` on its bad side, 0 without one.
    """

    signal: Signal
    why: str
    score: float


def propose(incident: Incident, draw: Callable[[Signal], pd.DataFrame]) -> tuple[Proposal, ...]:
    """Return the candidates, best first.

    Parameters
    ----------
    incident : Incident
        The evidence.
    draw : callable
        Makes the series of a signal: a frame with ``time`` and ``value``. A candidate that it refuses is left out.
    """
    looked = []
    for rank, (signal, why) in enumerate(_candidates(incident)):
        try:
            frame = draw(signal)
        except PostmortemError:
            continue
        looked.append((rank, signal, why, *_standing_out(frame, signal)))
    looked.sort(key=lambda found: (found[3] == 0, found[0]))
    rest = [f"{signal.name} ({shown or 'nothing stands out'})" for _, signal, _, _, shown in looked[1:]]
    others = f"; not taken: {', '.join(rest)}" if rest else ""
    proposals = []
    for number, (_, signal, why, score, shown) in enumerate(looked):
        said = f"none is declared; {why}; {shown or 'nothing in it stands out'}"
        proposals.append(Proposal(signal, said + (others if number == 0 else ""), score))
    return tuple(proposals)


def _standing_out(frame: pd.DataFrame, signal: Signal) -> tuple[float, str]:
    """Return score and description of the window that stands out most, of those on the bad side."""
    is_low = signal.kind in ("traffic", "probe") or signal.direction == "low"
    try:
        found = find_windows(frame.set_index("time")["value"], bad="low" if is_low else "high")
    except PostmortemError:  # too long a record for its step: not looked at
        return 0.0, ""
    if found.empty:
        return 0.0, ""
    best = found.iloc[0]
    return float(best["score"]), f"it stands out at {format_time(best['onset'])} UTC: {best['why']}"


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
