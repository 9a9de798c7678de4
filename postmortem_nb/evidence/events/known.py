"""Every shape that is known, and which one the records of a file have."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from postmortem_nb.evidence import alerts, chat
from postmortem_nb.evidence.account import Unreadable
from postmortem_nb.evidence.eventframe import has_time
from postmortem_nb.evidence.events import aws, chats, cstate, delivery, feeds, incidents, kubernetes, monitoring, paging
from postmortem_nb.evidence.events import statuspages as pages
from postmortem_nb.evidence.events.shape import Record, Shape, Unit
from postmortem_nb.evidence.how import How

CSV, JSON = "csv", "json"
KEYS_SHOWN = 12


def cast(path: Path, how: How) -> chat.Cast:
    """Return who is who in the export that a day's file belongs to."""
    return how.cast if isinstance(how.cast, chat.Cast) else chat.cast_of(chat.export_of(path))


def _is_message(record: Record) -> bool:
    return record["type"] == "message"


# Of two shapes that know as many records, the earlier one counts.
SHAPES: tuple[Shape, ...] = (
    Shape(
        "alertmanager-webhook",
        "alertmanager",
        ("alerts",),
        rows=lambda units, path, how: alerts.webhook_rows(units),
        test=alerts.is_webhook,
        parts="alerts",
        cut="truncatedAlerts",
        has_people=False,
    ),
    Shape(
        "alertmanager-api",
        "alertmanager",
        ("startsAt",),
        rows=lambda units, path, how: alerts.api_rows(units),
        test=alerts.is_api,
        has_people=False,
    ),
    Shape(
        "slack",
        "slack",
        ("type", "ts"),
        rows=lambda units, path, how: chat.rows(units, chat.channel_of(path), cast(path, how)),
        test=_is_message,
        has_people=False,
    ),
    *paging.SHAPES,
    *incidents.SHAPES,
    *pages.SHAPES,
    *kubernetes.SHAPES,
    *aws.SHAPES,
    *delivery.SHAPES,
    *monitoring.SHAPES,
    *chats.SHAPES,
)
BY_NAME = {shape.name: shape for shape in SHAPES}
FORMATS = (CSV, JSON, *BY_NAME, feeds.NAME, cstate.NAME)


def is_known(record: Record) -> bool:
    """Whether a record is one of any system."""
    return any(shape.knows(record) for shape in _with_keys(frozenset(record)))


@lru_cache(maxsize=1024)  # the records of a file have few sets of keys
def _with_keys(keys: frozenset[str]) -> tuple[Shape, ...]:
    return tuple(shape for shape in SHAPES if shape.may_know(keys))


def choose(units: Sequence[Unit], how: How, *, is_table: bool = False) -> Shape | None:
    """Return the shape that knows most records; None for records with ordinary names.

    Raises
    ------
    Unreadable
        If no record is of a known shape and none has a time.
    """
    if how.columns:
        return None
    counts = dict.fromkeys(BY_NAME, 0)
    ordinary = 0
    for unit in units:
        knowing = [
            s.name for s in _with_keys(frozenset(unit.record)) if (s.is_table or not is_table) and s.knows(unit.record)
        ]
        for name in knowing:
            counts[name] += 1
        ordinary += not knowing and has_time(unit.record, how)
    best = max(counts, key=lambda name: counts[name])
    if counts[best] and counts[best] >= ordinary:
        return BY_NAME[best]
    if not ordinary and not is_table:
        keys = sorted({key for unit in units for key in unit.record})
        shown = ", ".join(keys[:KEYS_SHOWN]) + (" …" if len(keys) > KEYS_SHOWN else "")
        raise Unreadable(
            f"{how.name}: its JSON is of no known shape and has no time; its keys are {shown or 'none'}. "
            f"Known shapes: {', '.join(BY_NAME)}. Name its time and text with `columns` in its [[evidence]] entry, "
            "or convert it."
        )
    return None
