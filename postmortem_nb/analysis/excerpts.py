"""The few rows of evidence that show each moment: around a measured edge, or the record of a tool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from postmortem_nb.analysis.ledger import MOMENT_CLAIMS
from postmortem_nb.analysis.moments import Moments
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.incident import Incident
from postmortem_nb.times import Instant

FEW = 3  # rows shown on each side of an edge
COLUMNS = ["claim", "time", "place", "text", "note"]
SHOWN = ("time", "file", "line", "message", "service", "metric", "value")  # of a row


def build_excerpts(incident: Incident, signals: tuple[SignalSeries, ...], moments: Moments) -> pd.DataFrame:
    """Return the rows that the moments rest on.

    Returns
    -------
    DataFrame
        ``claim`` (id of the claim that gives the moment), ``time`` (UTC), ``place`` (file, and line or record where it
        is kept), ``text`` (as read), ``note`` (what it counts as). Declared moments have none: their claims name the
        line of ``incident.toml``.
    """
    rows: list[dict[str, object]] = []
    for claim, name in MOMENT_CLAIMS.items():
        instant = moments.at(name)
        if not instant.is_known or moments[name].is_pending:
            continue
        found = _edge(incident, signals[0], instant) if instant.basis == "measured" and signals else ()
        found = found or _recorded(incident, instant)
        rows += [{"claim": claim, **row} for row in found]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype({"time": "datetime64[ns, UTC]"})


def _recorded(incident: Incident, instant: Instant) -> list[dict[str, object]]:
    """Return the event that an instant was taken from."""
    events = incident.events
    found = events[(events["evidence"] == instant.evidence) & (events["time"] == instant.best)].head(1)
    return [_row(r["time"], r["evidence"], r["text"], r["kind"]) for r in found.to_dict("records")]


def _edge(incident: Incident, series: SignalSeries, instant: Instant) -> list[dict[str, object]]:
    """Return the last rows before an edge and the first ones after it; of counted lines, those that changed sides."""
    at = instant.best
    lo, hi = instant.lo or at, instant.hi or at
    if at is None or lo is None or hi is None:
        return []
    used = series.used[[column for column in SHOWN if column in series.used]]
    near = used[(used["time"] >= lo - 3 * series.step) & (used["time"] <= hi + 3 * series.step)]
    near = near.sort_values("time", kind="stable")
    if len(series.requests):
        return list(_lines(incident, series, near, at))
    before, after = near[near["time"] < at].tail(FEW), near[near["time"] >= at].head(FEW)
    return [_sample(r) for r in pd.concat([before, after]).to_dict("records")]


def _lines(
    incident: Incident, series: SignalSeries, near: pd.DataFrame, at: pd.Timestamp
) -> Iterator[dict[str, object]]:
    is_bad = pd.Series(near.index.isin(series.requests.loc[series.requests["bad"], "row"]), index=near.index)
    past = near["time"] < at
    # what prevails after the edge is what changed; the other side shows what it was before
    turned_bad = bool(is_bad[~past].mean() > is_bad[past].mean()) if (~past).any() and past.any() else True
    before = near[past & (is_bad != turned_bad)].tail(FEW)
    after = near[~past & (is_bad == turned_bad)].head(FEW)
    shown = pd.concat([before, after])
    for row in shown.assign(failed=is_bad[shown.index]).to_dict("records"):
        note = ("failed" if row["failed"] else "served") if series.signal.kind == "ratio" else ""
        yield _row(row["time"], f"{row['file']}:{row['line']}", row["message"], note)


def _sample(row: dict[Any, Any]) -> dict[str, object]:
    line = row.get("line", float("nan"))
    place = f"{row['file']}:{line:.0f}" if not pd.isna(line) else str(row["file"])
    name = f"{row['service']}/{row['metric']}" if not pd.isna(row["service"]) else str(row["metric"])
    value = row["value"]
    return _row(row["time"], place, f"{name} = {'no value' if pd.isna(value) else format(value, '.4g')}", "")


def _row(time: Any, place: Any, text: Any, note: Any) -> dict[str, object]:
    return {"time": time, "place": str(place), "text": str(text), "note": "" if pd.isna(note) else str(note)}
