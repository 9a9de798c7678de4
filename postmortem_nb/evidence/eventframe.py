"""Rows of events, wherever they were read → the events frame: one word for each kind, times with their precision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem_nb.errors import IncidentError, ReadError
from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.clock import precision, read_times
from postmortem_nb.evidence.eventaccount import Account
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.parsers import plain
from postmortem_nb.frames import EVENTS, conform
from postmortem_nb.times import UTC, Instant, parse_instant

if TYPE_CHECKING:
    from postmortem_nb.evidence.events.people import People

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
EXTRA = ("service", "marks", "thread")  # columns behind those of the contract, where a file has them
NO_END = ("", "null", "none", "-", "n/a", "ongoing", "open")

_NONE = pd.Timedelta(0)


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


def has_time(record: Mapping[str, Any], how: How) -> bool:
    """Whether a record has a key that may be its time."""
    names = (how.columns["time"].lower(),) if "time" in how.columns else ROLES["time"]
    return any(key.lower() in names for key in record)


def finish(
    rows: Iterable[dict[str, Any]],
    format: str,
    how: How,
    tally: Tally,
    people: People | None = None,
    units: Iterable[tuple[str, int, Any]] = (),
) -> pd.DataFrame:
    """Build the frame, in time order, and account for every record.

    Parameters
    ----------
    rows : iterable of dict
        ``place``, ``number``, ``kind``, ``time``, ``text`` and perhaps ``end`` or ``lasts``, ``shift`` (added to the
        time), ``actor`` or ``person``, ``source``, ``service``, ``basis``, ``marks``, ``thread``, ``note``. Those of
        one record share a ``unit``; ``skip`` marks a record that is known to be no event.
    format : str
        Name of the format.
    how : How
    tally : Tally
        A record is rejected if it gives no row and one of its rows lacks a time or a text.
    people : People, optional
        Who is who: rows name a ``person``, the frame a role.
    units : iterable of (str, int, dict)
        All records; one that gave no row at all is rejected.
    """
    account = Account(tally)
    kept = []
    for row in rows:
        if row.get("skip"):
            account.skip(row)
        else:
            kept.append(row)
    texts = [None if row.get("time") is None else str(row["time"]).strip() or None for row in kept]
    numbers = [row["number"] for row in kept]
    times, zone = read_times(texts, numbers, "any", how)
    ends, _ = read_times([_end(row.get("end")) for row in kept], numbers, "any", how)
    found = []
    for row, text, time, end in zip(kept, texts, times, ends, strict=True):
        when = _when(text, time, how, row["number"])
        if why := _why_not(row, when, end):
            account.reject(row, why)
        elif when is not None:
            account.read(row, is_backwards=when.best is not None and end < when.best)
            when = when.shifted(row.get("shift", _NONE))
            found.append((row, when, _lasting(row, when, end)))
    account.close(units)
    if people is not None:
        people.give_roles(row["person"] for row, *_ in sorted(found, key=_by_time) if row.get("person") is not None)
    out = [_row(row, when, end, how, people) for row, when, end in found]
    frame = pd.DataFrame(out, columns=[*EVENTS.columns, *EXTRA])
    frame = frame.drop(columns=[column for column in EXTRA if not any(row[column] for row in out)])
    for column in ("time", "time_lo", "time_hi", "end"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    frame = conform(frame.sort_values("time", kind="stable"), EVENTS, how.name)
    frame.attrs["report"] = tally.report(format, frame["time"], zone)
    return frame


def _lasting(row: Mapping[str, Any], when: Instant, end: Any) -> Any:
    """Return the end of a row; of one that says how long it lasts, told from that."""
    return when.best + row["lasts"] if row.get("lasts") is not None and when.best is not None else end


def _by_time(found: tuple[dict[str, Any], Instant, Any]) -> tuple[bool, Any, str, str]:
    row, when, _ = found
    return when.best is None, when.best, str(row["text"]), str(row.get("person"))


def _why_not(row: Mapping[str, Any], when: Instant | None, end: Any) -> str:
    """Return why a row is no event; empty if it is one."""
    if when is None:
        return "its time cannot be read"
    if pd.isna(end) and _end(row.get("end")) is not None:
        return "its end cannot be read"
    return "" if row.get("text") else "it has no text"


def _row(row: Mapping[str, Any], when: Instant, end: pd.Timestamp, how: How, people: People | None) -> dict[str, Any]:
    text, actor = row["text"], row.get("actor") or ""
    if people is not None:
        text, actor = people.without_names(text), people.role(row.get("person"), actor)
    kind, basis = kind_of(str(row["kind"])), str(row.get("basis")).lower()
    return {
        "time": when.best,
        "time_lo": when.lo,
        "time_hi": when.hi,
        "end": end,
        "kind": kind,
        "source": row.get("source"),
        "actor": actor,
        "text": text,
        "basis": basis if basis in BASES else "system" if kind in SYSTEM else "declared",
        "evidence": f"{how.name}{row['place']}",
        "service": how.service or row.get("service") or None,
        "marks": row.get("marks"),
        "thread": row.get("thread"),
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
