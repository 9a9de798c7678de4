"""``batch.json``: what became of every incident, and per service the time between its failures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem_nb.analysis.timings import between_failures
from postmortem_nb.times import Interval

if TYPE_CHECKING:
    from postmortem_nb.batch import Batch


def as_record(batch: Batch, output: Path, *, is_finished: bool) -> dict[str, Any]:
    """Return a batch as JSON values; paths are relative to the output folder.

    Parameters
    ----------
    batch : Batch
        What was done so far.
    output : Path
        Where the record is written.
    is_finished : bool
        False while more incidents are to come; the record of a batch that was killed stays so.
    """
    ended = "interrupted" if batch.is_interrupted else "stopped" if batch.is_stopped else "finished"
    status = ended if is_finished else "running"
    return {
        "status": status,
        "seconds": round(batch.seconds, 2),
        "counts": batch.counts,
        "incidents": [outcome.to_dict(output) for outcome in batch.outcomes],
        "not_run": list(batch.not_run),
        "services": _services(batch) if is_finished else {},
    }


def _services(batch: Batch) -> dict[str, Any]:
    """Return what is known of the time between failures of each service.

    An incident without a known start and recovery has no place on the time axis: it is listed, and a gap in
    which it is known to have begun is not counted.
    """
    intervals: list[tuple[str, Interval]] = []
    left_out: dict[str, list[str]] = {}
    begun: dict[str, list[pd.Timestamp]] = {}
    results = [_needed(json.loads(o.json.read_text(encoding="utf-8"))) for o in batch.outcomes if o.json]
    for result in results:
        start, end = (_best(result, moment) for moment in ("start", "recover"))
        for service in result["services"]:
            if start is not None and end is not None and end >= start:
                intervals.append((service, (start, end)))
                continue
            left_out.setdefault(service, []).append(result["incident"])
            if start is not None:
                begun.setdefault(service, []).append(start)
    gaps: dict[str, list[dict[str, Any]]] = {}
    for row in between_failures(intervals).to_dict("records"):
        if not any(row["start"] - row["tbf"] <= t <= row["start"] for t in begun.get(row["service"], [])):
            gaps.setdefault(row["service"], []).append(_gap(row))
    names = sorted({service for result in results for service in result["services"]})
    return {
        service: {
            "incidents": sum(service in result["services"] for result in results),
            "left_out": left_out.get(service, []),
            "between_failures": gaps.get(service, []),
        }
        for service in names
    }


def _needed(result: dict[str, Any]) -> dict[str, Any]:
    """Return the little of a result that is looked at, so that thousands of them fit into memory."""
    return {name: result[name] for name in ("incident", "services", "moments")}


def _best(result: dict[str, Any], moment: str) -> pd.Timestamp | None:
    at = result["moments"].get(moment, {}).get("at")
    return None if at is None else pd.Timestamp(at)


def _gap(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        "start": row["start"].isoformat().replace("+00:00", "Z"),
        "tbf_seconds": row["tbf"].total_seconds(),
        "tbsi_seconds": row["tbsi"].total_seconds(),
    }
