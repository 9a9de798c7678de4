"""Files of a status page → its incidents, each with its messages: Statuspage, its kept histories, cState."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.clock import read_times
from postmortem_nb.evidence.documents import is_json, read_records
from postmortem_nb.evidence.events import cstate, statuspages
from postmortem_nb.evidence.events.envelope import unwrap
from postmortem_nb.evidence.events.shape import Record, Unit, dig, said
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.lines import blocks

OVER = ("resolved", "completed")  # words of messages that say that it is over
GOES_ON = ("investigating", "identified", "monitoring")  # words of messages that say that it is not over
UNKNOWN = (
    "it is no feed of a status page that is known: JSON of Statuspage (incidents with their messages), one object a "
    "line or one document, or a page of cState."
)
BEGUN = ("in progress", "verifying")  # words of planned work that has begun


@dataclass(frozen=True)
class Message:
    """What a status page said: when (UTC; None where that is not written), its word (``Resolved``) and its text."""

    at: pd.Timestamp | None
    status: str
    text: str
    evidence: str


@dataclass(frozen=True)
class Entry:
    """One incident, or planned work, as a status page has it.

    Parameters
    ----------
    id, title, url, severity : str
        As published; the id of a page of cState is the name of its file.
    services : tuple of str
        Components that it names.
    is_maintenance : bool
        Planned work, which is no incident.
    begin, end : Timestamp or None
        As the record itself states them, else the first message and the one that says that it is over. Of planned
        work the begin is when it began, not when it was announced.
    basis : {"record", "messages"}
        Which of the two.
    messages : tuple of Message
        In the order of time; those without a time stand as written.
    evidence : str
        File and line, or number of the record.
    unread : str
        Its begin or end as written, where that is no time that can be read.
    reopened : str
        Where the message stands that says that it goes on although it was over.
    """

    id: str
    title: str
    url: str
    severity: str
    services: tuple[str, ...]
    is_maintenance: bool
    begin: pd.Timestamp | None
    end: pd.Timestamp | None
    basis: str
    messages: tuple[Message, ...]
    evidence: str
    unread: str = ""
    reopened: str = ""

    @property
    def published(self) -> pd.Timestamp | None:
        """When the page first said something, where messages have times."""
        return min((m.at for m in self.messages if m.at is not None), default=None)


def is_page(path: Path) -> bool:
    """Whether a file is a page of cState: front matter with a date and what became of the incident."""
    lines = _lines(path, Tally(path.as_posix()))
    begin = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if not lines or not cstate.is_cstate(lines[begin]):
        return False
    end = next((i for i, line in enumerate(lines) if i > begin and line.strip() == cstate.FENCE), len(lines))
    keys = {line.partition(":")[0] for line in lines[begin + 1 : end]}
    return {"title", "date"} <= keys and bool({"resolvedWhen", "resolved", "affected"} & keys)


def read_entries(path: Path, how: How, tally: Tally) -> list[Entry]:
    """Return the incidents of one file.

    Raises
    ------
    Unreadable
        If it is of no known form.
    ReadError
        If a time has no zone and none was given; names file and line.
    """
    first = next((line for line in _lines(path, Tally(how.name)) if line and not line.isspace()), "")
    if cstate.is_cstate(first):
        return _of_pages(cstate.read_page(_lines(path, tally), tally), how)
    if not is_json(first):
        raise Unreadable(f"{how.name}: {UNKNOWN}")
    found = [Unit(*place) for place in read_records(path, tally, lists=())]
    units, _ = unwrap(found, tally, _is_incident)
    known = [unit for unit in units if _is_incident(unit.record)]
    if units and not known:
        raise Unreadable(f"{how.name}: {UNKNOWN}")
    places = {unit.place for unit in known}
    for unit in units:
        if unit.place not in places:
            tally.reject(unit.number, str(unit.record))
    return _of_records(known, how)


def _is_incident(record: Record) -> bool:
    return any(shape.knows(record) for shape in statuspages.SHAPES)


def _lines(path: Path, tally: Tally) -> list[str]:
    return [line for block in blocks(path, tally) for line in block]


def _of_records(units: Sequence[Unit], how: How) -> list[Entry]:
    updates = [(unit, list(_updates(unit))) for unit in units]
    own = ("started_at", "resolved_at", "scheduled_for")
    texts = [(said(unit.record, key) or None, unit.number) for unit in units for key in own]
    texts += [(text, unit.number) for unit, listed in updates for text, *_ in listed]
    times = _times(texts, how)
    stated = [dict(zip(own, (next(times) for _ in own), strict=True)) for _ in units]
    entries = []
    for (unit, listed), fields in zip(updates, stated, strict=True):
        place = f"{how.name}{unit.place}"
        messages = [Message(next(times), word, body, place + at) for _, word, body, at in listed]
        entries.append(_entry(unit.record, fields, messages, place))
    return entries


def _updates(unit: Unit) -> Iterator[tuple[str | None, str, str, str]]:
    """Yield when each message was shown, its word, its text and where it stands."""
    key = "incident_updates" if "incident_updates" in unit.record else "updates"
    for i, entry in statuspages.updates(unit.record):
        shown = said(entry, "display_at|at|created_at") or None
        yield shown, said(entry, "status").replace("_", " "), said(entry, "body|message"), f".{key}[{i}]"


def _entry(record: Record, fields: Mapping[str, pd.Timestamp | None], messages: Iterable[Message], place: str) -> Entry:
    told = sorted(messages, key=lambda m: (m.at is None, m.at))
    times = [m.at for m in told if m.at is not None]
    planned = statuspages.is_maintenance(record)
    over = next((m.at for m in reversed(told) if m.status.lower() in OVER), None)
    again = None if planned else _again(told)
    if over is not None and again is not None and again.at is not None and again.at > over:
        over = None
    begun = next((m.at for m in told if m.status.lower() in BEGUN), None)
    first = begun or fields["scheduled_for"] if planned else fields["started_at"]
    end = over if again is not None and over is None else fields["resolved_at"] or over
    return Entry(
        id=said(record, "id|shortlink|name|title"),
        title=said(record, "name|title"),
        url=said(record, "shortlink|url"),
        severity=said(record, "impact"),
        services=_services(record),
        is_maintenance=planned,
        begin=first or min(times, default=None),
        end=end,
        basis="record" if fields["started_at"] is not None and fields["resolved_at"] is not None else "messages",
        messages=tuple(told),
        evidence=place,
        reopened=again.evidence if again is not None else "",
    )


def _again(told: Iterable[Message]) -> Message | None:
    """Return the last message that says that it goes on after one that said that it was over."""
    over, again = None, None
    for message in told:
        if message.at is not None and message.status.lower() in OVER:
            over = over or message.at
        elif over is not None and message.at is not None and message.status.lower() in GOES_ON and message.at > over:
            again = message
    return again


def is_known(word: str) -> bool:
    """Whether the word of a message says whether it is over."""
    return word.lower() in (*OVER, *BEGUN, *GOES_ON)


def _services(record: Record) -> tuple[str, ...]:
    listed = dig(record, "components|affected_components|affected")
    named = (said(c, "name") if isinstance(c, dict) else str(c) for c in (listed if isinstance(listed, list) else ()))
    return tuple(dict.fromkeys(name for name in named if name))


def _of_pages(units: Sequence[Unit], how: How) -> list[Entry]:
    keys = ("date", "resolvedWhen")
    times = _times([(_written(unit.record.get(key)), unit.number) for unit in units for key in keys], how)
    entries = []
    for unit in units:
        record, begin, end = unit.record, next(times), next(times)
        odd = [text for key, t in zip(keys, (begin, end), strict=True) if (text := _written(record.get(key))) and not t]
        place = f"{how.name}{unit.place}"
        listed = [
            Message(None, label, text, f"{place} message {i}") for i, (label, text) in enumerate(record["messages"], 1)
        ]
        entries.append(
            Entry(
                id=str(record["page"]),
                title=str(record["title"]),
                url="",
                severity=str(record.get("severity") or ""),
                services=_services(record),
                is_maintenance=cstate.is_planned(record),
                begin=begin,
                end=end,
                basis="record",
                messages=tuple(listed),
                evidence=place,
                unread=", ".join(odd),
            )
        )
    return entries


def _written(value: Any) -> str | None:
    text = str(value or "").strip()
    return text or None


def _times(texts: Sequence[tuple[str | None, int]], how: How) -> Iterator[pd.Timestamp | None]:
    """Return the written times as instants, in their order; None where there is none, or none that can be read."""
    times, _ = read_times([text for text, _ in texts], [number for _, number in texts], "any", how)
    return iter([None if pd.isna(t) else t for t in times])
