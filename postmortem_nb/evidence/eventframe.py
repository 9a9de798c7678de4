"""Rows of events, wherever they were read → the events frame: one word for each kind, times with their precision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from postmortem_nb.errors import IncidentError, ReadError
from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.clock import precision, read_times
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.parsers import plain
from postmortem_nb.frames import EVENTS, conform
from postmortem_nb.times import UTC, Instant, parse_instant

ROLES = {  # what a column or key may be → its usual names, best first
    "time": ("time", "timestamp", "ts", "at", "date", "datetime", "@timestamp", "created_at", "started_at", "start"),
    "end": ("end", "ended", "ended_at", "until", "end_time", "resolved_at"),
    "kind": ("kind", "type", "event", "category"),
    "text": ("text", "message", "msg", "description", "summary", "title", "note", "body"),
    "actor": ("actor", "role", "owner"),
    "source": ("source", "system", "tool", "channel"),
    "basis": ("basis",),
    "service": ("service", "app", "component"),
}
_KINDS = {
    "alert": "alerts alarm alarms firing",
    "page": "pages paged notification notify notified",
    "acknowledgement": "ack acked acks acknowledge acknowledged acknowledgements acknowledgment",
    "change": "changes deploy deploys deployment deployments release releases rollout rollback config configuration "
    "flag restart migration",
    "chat": "chats slack conversation",
    "communication": "communications status status_update status-update statuspage announcement update updates",
    "detection": "detections detected report reported",
    "escalation": "escalations escalate escalated",
    "action": "actions command commands mitigation remediation fix",
    "decision": "decisions",
    "observation": "observations note notes",
}
KINDS = {word: kind for kind, words in _KINDS.items() for word in (kind, *words.split())}
SYSTEM = ("alert", "page", "acknowledgement", "change", "chat")  # kinds whose time a tool stamped
BASES = ("declared", "system", "measured")
NO_END = ("", "null", "none", "-", "n/a", "ongoing", "open")


def kind_of(word: str) -> str:
    """Return the one word for a kind of event; one that is not known stays as it is.

    >>> kind_of("Deployment"), kind_of("failover")
    ('change', 'failover')
    """
    return KINDS.get(word.strip().lower(), word.strip().lower())


def generic(places: Sequence[tuple[str, int, Mapping[str, Any]]], how: How) -> Iterator[dict[str, Any]]:
    """Yield rows from records with ordinary names; the kind that no column states is told from the file's name."""
    stem = Path(how.name).name.split(".")[0]
    for place, number, record in places:
        lower = {key.lower(): value for key, value in reversed(list(record.items()))}
        row: dict[str, Any] = {"place": place, "number": number, "raw": record}
        for role, names in ROLES.items():
            wanted = (how.columns[role].lower(),) if role in how.columns else names
            row[role] = next((text for name in wanted if (text := plain(lower.get(name)))), None)
        row["kind"] = row["kind"] or KINDS.get(stem.lower()) or "observation"
        row["source"] = row["source"] or stem
        yield row


def finish(rows: Iterable[dict[str, Any]], format: str, how: How, tally: Tally) -> pd.DataFrame:
    """Build the frame, in time order; rows without a time or a text are rejected, those marked ``skip`` are counted."""
    kept = []
    for row in rows:
        if row.get("skip"):
            tally.skipped += 1
        else:
            kept.append(row)
    texts = [None if row.get("time") is None else str(row["time"]).strip() or None for row in kept]
    numbers = [row["number"] for row in kept]
    times, zone = read_times(texts, numbers, "any", how)
    ends, _ = read_times([_end(row.get("end")) for row in kept], numbers, "any", how)
    out = []
    for row, text, time, end in zip(kept, texts, times, ends, strict=True):
        when = _when(text, time, how, row["number"])
        if why := _why_not(row, when, end):
            said = row.get("raw", row)
            tally.reject(row["number"], f"({why}) {', '.join(str(v) for v in said.values() if v is not None)}")
        elif when is not None:
            out.append(_row(row, when, end, how))
    frame = pd.DataFrame(out, columns=[*EVENTS.columns, "service"])
    if frame["service"].isna().all():
        frame = frame.drop(columns="service")
    for column in ("time", "time_lo", "time_hi", "end"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    frame = conform(frame.sort_values("time", kind="stable"), EVENTS, how.name)
    frame.attrs["report"] = tally.report(format, frame["time"], zone)
    return frame


def _why_not(row: Mapping[str, Any], when: Instant | None, end: Any) -> str:
    """Return why a row is no event; empty if it is one."""
    if when is None:
        return "its time cannot be read"
    if pd.isna(end) and _end(row.get("end")) is not None:
        return "its end cannot be read"
    return "" if row.get("text") else "it has no text"


def _row(row: Mapping[str, Any], when: Instant, end: pd.Timestamp, how: How) -> dict[str, Any]:
    kind, basis = kind_of(str(row["kind"])), str(row.get("basis")).lower()
    return {
        "time": when.best,
        "time_lo": when.lo,
        "time_hi": when.hi,
        "end": end,
        "kind": kind,
        "source": row.get("source"),
        "actor": row.get("actor") or "",
        "text": row["text"],
        "basis": basis if basis in BASES else "system" if kind in SYSTEM else "declared",
        "evidence": f"{how.name}{row['place']}",
        "service": how.service or row.get("service"),
    }


def _end(value: object) -> str | None:
    """Return a written end, None where it says that there is none yet."""
    text = "" if value is None else str(value).strip()
    return None if text.lower() in NO_END or text.startswith("0001-") else text


def _when(text: str | None, time: Any, how: How, number: int) -> Instant | None:
    """Return the instant that was written, with what its precision or uncertainty leaves open; None if it is none."""
    if text is None:
        return None
    if not pd.isna(time):
        return Instant(time, time, time + precision(text), text=text)
    where = f"{how.name}:{number}"
    try:
        return parse_instant(text, zone=how.zone, where=where).shifted(how.offset)
    except IncidentError as error:
        if how.zone is None and _needs_zone(text):
            raise ReadError(str(error)) from error
        return None


def _needs_zone(text: str) -> bool:
    try:
        return parse_instant(text, zone=UTC).is_known
    except IncidentError:
        return False
