"""Status pages: what customers were told, and when it was said that it began."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from postmortem_nb.evidence.events.shape import Row, Shape, Unit, dig, fill, items, row_of, said
from postmortem_nb.evidence.how import How

SOURCE = "status page"
MAINTENANCE = "maintenance"
SET = "are shown at another time than they were written"
PLANNED = ("scheduled", "in progress", "in_progress", "verifying", "completed")  # words that only maintenance has


def is_maintenance(record: Row) -> bool:
    """Whether an entry of a status page is planned work, which is no incident."""
    words = {said(entry, "status").lower() for _, entry in updates(record)}
    return (
        said(record, "impact|type").lower() in (MAINTENANCE, "scheduled")
        or bool(dig(record, "scheduled_for"))
        or said(record, "status").lower() in PLANNED
        or bool(words & {"scheduled", "in_progress", "in progress"})
    )


def updates(record: Row) -> list[tuple[int, Row]]:
    """Return the messages of an entry, with their places in its list."""
    return items(record, "incident_updates|updates")


def _rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    for unit in units:
        record = unit.record
        planned, title = is_maintenance(record), said(record, "name|title")
        more: Row = {"source": SOURCE, "basis": "declared"}
        if planned and dig(record, "scheduled_for") is not None:
            begin, end = dig(record, "scheduled_for"), dig(record, "scheduled_until")
            yield row_of(unit, MAINTENANCE, begin, f"planned: {title}", end=end, **more)
        elif not planned and dig(record, "started_at") is not None:
            begin, end = dig(record, "started_at"), dig(record, "resolved_at")
            yield row_of(unit, "impact", begin, fill("{name} (impact {impact})", record), end=end, **more)
        key = "incident_updates" if "incident_updates" in record else "updates"
        for i, entry in updates(record):
            yield _update(unit, entry, f".{key}[{i}]", title, MAINTENANCE if planned else "communication")


def _update(unit: Unit, entry: Row, at: str, title: str, kind: str) -> Row:
    """Return what was published, at the time that readers were shown; people may set that back."""
    stamped, shown = said(entry, "created_at"), said(entry, "display_at|at")
    word, body = said(entry, "status").replace("_", " "), said(entry, "body|message")
    text = ": ".join(part for part in (title, word, body) if part)
    is_stamp = bool(stamped) and shown in ("", stamped)
    is_set = bool(stamped) and not is_stamp
    return row_of(
        unit,
        kind,
        shown or stamped or None,
        f"{text} [shown as {shown}, written {stamped}]" if is_set else text,
        at=at,
        source=SOURCE,
        basis="system" if is_stamp else "declared",
        note=SET if is_set else None,
    )


def _is_incident(record: Row) -> bool:
    listed = dig(record, "incident_updates|updates")
    return isinstance(listed, list) and (not listed or isinstance(listed[0], dict))


def _is_history(record: Row) -> bool:
    return _is_incident(record) and any("at" in e and "status" in e for _, e in items(record, "updates"))


SHAPES = (
    Shape("statuspage", SOURCE, ("name", "incident_updates"), rows=_rows, test=_is_incident, full=(50,)),
    Shape("status-history", SOURCE, ("title", "updates"), rows=_rows, test=_is_history),
)
