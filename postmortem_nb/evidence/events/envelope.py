"""What lies around the records of an API's answer: taken off, and asked whether the answer is all there was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.documents import LISTS
from postmortem_nb.evidence.events.shape import Record, Shape, Unit, dig, has, said

WRAPS = (  # keys under which an answer holds its records, or its only one
    *LISTS,
    *("incidents", "log_entries", "scheduled_maintenances", "annotations", "deployments", "statuses", "releases"),
    *("workflow_runs", "pipelines", "commits", "issues", "AlarmHistoryItems", "Records", "Events", "monitors"),
    *(
        "states",
        "heartbeats",
        "heartbeatList",
        "history",
        "reports",
        "messages",
        "value",
        "incident",
        "event",
        "summary",
    ),
)
MORE = (  # paths that say that there is another page
    "more",
    "has_more",
    "paging.next",
    "links.next",
    "next",
    "NextToken",
    "nextToken",
    "pagination_meta.after",
    "pagination.next",
    "meta.next_page",
    "metadata.continue",
    "response_metadata.next_cursor",
)
TOTALS = (
    "total_count",
    "total",
    "meta.total_count",
    "meta.pagination.total_count",
    "pagination_meta.total_record_count",
)
DEEPEST = 3  # envelopes in one another


def unwrap(units: list[Unit], tally: Tally, is_record: Callable[[Record], bool]) -> tuple[list[Unit], list[Record]]:
    """Take records out of what is around them; an element of a list that is no object is rejected.

    Returns
    -------
    list of Unit
        The records; those of a list count as one line each.
    list of dict
        What was around them.
    """
    envelopes: list[Record] = []
    for _ in range(DEEPEST):
        is_one = len(units) == 1 and not tally.blank
        out: list[Unit] = []
        for unit in units:
            key = None if is_record(unit.record) else _key(unit.record)
            if key is None:
                out.append(unit)
                continue
            envelopes.append({k: v for k, v in unit.record.items() if k != key})
            inner = unit.record[key]
            listed = inner if isinstance(inner, list) else [inner]
            out += _elements(unit, listed, tally, is_one=is_one)
        if len(out) == len(units) and all(a is b for a, b in zip(out, units, strict=True)):
            break
        units = out
    return units, envelopes


def holds(record: Record, is_record: Callable[[Record], bool]) -> bool:
    """Whether a record is rather what lies around a list of records."""
    lists = (record[key] for key in LISTS if isinstance(record.get(key), list))
    return any(isinstance(item, dict) and is_record(item) for listed in lists for item in listed[:1])


def split(units: list[Unit], parts: str, tally: Tally) -> list[Unit]:
    """Make each object of a list in each record a unit of its own."""
    out = []
    for unit in units:
        listed = dig(unit.record, parts)
        if not isinstance(listed, list):
            out.append(unit)
            continue
        if not listed:
            tally.skipped += 1
            continue
        tally.lines += len(listed) - 1
        for i, part in enumerate(listed):
            if isinstance(part, dict):
                out.append(Unit(f"{unit.place}.{parts}[{i}]", unit.number, part))
            else:
                tally.reject(unit.number, f"({parts}[{i}] is no object) {json.dumps(part)}")
    return out


def notes(envelopes: Sequence[Record], units: int, shape: Shape) -> Iterator[str]:
    """Say where the answer of a tool may be only a part."""
    said_more = [more for envelope in envelopes if (more := _says_more(envelope)) is not None]
    if said_more and all(said_more):  # of several pages, the last one says that there is no other
        yield f"It is one page of several: {shape.source} says that there are more records. Fetch the rest."
        return
    totals = [
        int(total) for e in envelopes for path in TOTALS if (total := said(e, path)).isdecimal() and len(total) < 12
    ]
    if totals and max(totals) > units and len(envelopes) == 1:
        yield f"It holds {units:,} of {max(totals):,} records that {shape.source} counted. Fetch the rest."
    elif units in shape.full:
        yield f"It holds exactly {units:,} records, where {shape.source} cuts a list; there may be more."


def _says_more(envelope: Record) -> bool | None:
    """Whether an answer says that there is more; None if it does not speak of it."""
    told = [dig(envelope, path) not in (None, False, 0) for path in MORE if has(envelope, path)]
    return any(told) if told else None


def _key(record: Record) -> str | None:
    lists = (key for key in WRAPS if isinstance(record.get(key), list))
    return next(lists, next((key for key in WRAPS if isinstance(record.get(key), dict)), None))


def _elements(unit: Unit, listed: list[object], tally: Tally, *, is_one: bool) -> Iterator[Unit]:
    tally.lines += len(listed) - 1
    for number, element in enumerate(listed, 1):
        # one document counts its records; several documents, one a line, keep the number of the line
        place, count = (f"#{number}", number) if is_one else (f"{unit.place}#{number}", unit.number)
        if isinstance(element, dict):
            yield Unit(place, count, element)
        else:
            tally.reject(count, json.dumps(element))
