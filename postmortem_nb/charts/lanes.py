"""What belongs into which lane of the timeline, and how long nobody did anything."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from postmortem_nb.analysis import Analysis
from postmortem_nb.incident import MILESTONES
from postmortem_nb.times import Interval

LANES = {
    "alerts": ("alert", "page"),
    "changes": ("change", "deploy", "deployment", "rollback", "config", "flag"),
    "people": (
        "detection",
        "acknowledgement",
        "action",
        "escalation",
        "communication",
        "decision",
        "observation",
        "report",
        "hypothesis",
        "refuted",
        "confirmed",
        "milestone",
        "status",
    ),
    "impact": (),
}
STEPS = ("detected", "acknowledged", "declared", "engaged", "identified", "resolved", "published", "closed")
DONE = {MILESTONES[name].capitalize() for name in STEPS}


@dataclass(frozen=True)
class Mark:
    """One event in its lane."""

    lane: str
    time: pd.Timestamp
    lo: pd.Timestamp
    hi: pd.Timestamp
    end: pd.Timestamp | None
    kind: str
    text: str
    basis: str
    busy: Interval | None
    """How long a person was at it, as far as is on record; None for what tools do."""


def find_marks(analysis: Analysis) -> list[Mark]:
    """Return the rows of the timeline that belong into a lane, in time order.

    Of the declared milestones only those that are something people did: impact has a lane of its own.
    """
    lane_of = {kind: lane for lane, kinds in LANES.items() for kind in kinds}
    tools = {str(s) for s in analysis.timeline["source"]}
    marks = []
    for row in analysis.timeline.to_dict("records"):
        lane = lane_of.get(str(row["kind"]))
        is_impact = row["kind"] == "milestone" and row["text"] not in DONE
        if lane is None or is_impact or pd.isna(row["time"]):
            continue
        lo, hi = (row["time"] if pd.isna(row[c]) else row[c] for c in ("time_lo", "time_hi"))
        end = None if pd.isna(row["end"]) or row["kind"] == "hypothesis" else row["end"]
        # whoever is not known to be a tool may be a person: a silence must not hide what somebody did
        is_person = lane == "people" or (lane == "changes" and str(row["actor"]) not in tools)
        busy = (row["time"], row["time"] if pd.isna(row["end"]) else row["end"]) if is_person else None
        kind, text, basis = (str(row[c]) for c in ("kind", "text", "basis"))
        marks.append(Mark(lane, row["time"], lo, hi, end, kind, text, basis, busy))
    return marks


def longest_silence(marks: list[Mark], analysis: Analysis) -> Interval | None:
    """Return the longest stretch within an impact window in which nobody is on record as doing anything.

    None where people are not on record at all, or busy all the time. What has an end, such as an explanation that
    was held, lasts until then.
    """
    busy = sorted(m.busy for m in marks if m.busy)
    if not any(m.lane == "people" for m in marks):
        return None
    gaps = [gap for window in analysis.windows for gap in _gaps(busy, window.span)]
    return max(gaps, key=lambda gap: (gap[1] - gap[0], -gap[0].value), default=None)


def _gaps(busy: list[Interval], span: Interval) -> list[Interval]:
    """Return the parts of a stretch between sorted ones."""
    gaps, free = [], span[0]
    for start, end in busy:
        gaps.append((free, min(start, span[1])))
        free = max(free, end)
    return [(a, b) for a, b in [*gaps, (free, span[1])] if b > a]
