"""What the records of one system look like, and how they become rows: data where they are only names of fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.parsers import plain

Record = dict[str, Any]
Row = dict[str, Any]

_FIELD = re.compile(r"\{([^{}]+)\}")
_UNITS = {"ms": 10**6, "s": 10**9}
_LONGEST = pd.Timedelta(days=3660)  # a duration in a record; more is a mistake of unit


class Unit(NamedTuple):
    """One record with where it stands: ``:12`` for a line, ``#3`` for the third object of a document."""

    place: str
    number: int
    record: Record


@dataclass(frozen=True)
class Fact:
    """One row of a record. A path is ``service.summary``; ``a|b`` takes the first that is there.

    Parameters
    ----------
    kind : str
        The kind of event, or a text with ``{path}`` in it.
    time : str
        Path of its time. A record that has no such time has no such row.
    text : str
        What it says, with ``{path}`` where a value belongs.
    end : str
        Path of its end.
    person : str
        Path of the person who did it; rows tell a role.
    actor : str
        Role or tool that did it, where it is no person.
    service : str
        Path of the service.
    after, unit : str
        Path of a duration to be added to the time, and its unit.
    basis : str
        ``declared`` where people typed the time, ``system`` where a tool stamped it; empty to tell from the kind.
    """

    kind: str
    time: str
    text: str
    end: str = ""
    person: str = ""
    actor: str = ""
    service: str = ""
    after: str = ""
    unit: str = "s"
    basis: str = ""


@dataclass(frozen=True)
class Shape:
    """The records of one system.

    Parameters
    ----------
    name : str
        Of the format.
    source : str
        Name of the system in rows.
    keys : tuple of str
        Paths that every record has, perhaps with no value; ``a|b`` is one of them.
    facts : tuple of Fact
        Its rows, where they are only names of fields.
    rows : callable, optional
        Units, path and `How` → rows, where they are not.
    test : callable, optional
        What a record must be beyond having these keys.
    parts : str
        Key of a list in each record that holds what counts as one record each.
    opened : str
        Paths of when a record was opened, where the system fills in other times with that.
    zone : str
        Zone of times without a mark, where the system is known to write no other.
    full : tuple of int
        Numbers of records at which the system cuts a list.
    cut : str
        Path of how many parts of a record the system left out.
    is_table : bool
        Whether it is exported as CSV as well.
    has_people : bool
        Whether names of people stand in its records; False where `rows` takes them out.
    """

    name: str
    source: str
    keys: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    rows: Callable[[list[Unit], Path, How], Iterable[Row]] | None = None
    test: Callable[[Record], bool] | None = None
    parts: str = ""
    opened: str = ""
    zone: str = ""
    full: tuple[int, ...] = ()
    cut: str = ""
    is_table: bool = False
    has_people: bool = True

    def may_know(self, keys: frozenset[str]) -> bool:
        """Whether a record with these keys, whatever they hold, may be one of this system."""
        return all(any(p in keys or p.partition(".")[0] in keys for p in paths.split("|")) for paths in self.keys)

    def knows(self, record: Record) -> bool:
        """Whether a record is one of this system."""
        return all(has(record, key) for key in self.keys) and (self.test is None or self.test(record))


def has(record: Mapping[str, Any], paths: str) -> bool:
    """Whether a record has a key, with or without a value."""
    return any(_find(record, path)[0] for path in paths.split("|"))


def dig(record: Any, paths: str) -> Any:
    """Return the first value that is there; None if there is none.

    >>> dig({"service": {"summary": "cart"}}, "service.name|service.summary")
    'cart'
    """
    for path in paths.split("|"):
        found, value = _find(record, path)
        if found and value not in (None, ""):
            return value
    return None


def said(record: Any, paths: str) -> str:
    """Return the first value that is there as text; empty if there is none."""
    return next((text for path in paths.split("|") if (text := plain(dig(record, path)))), "")


def items(record: Any, path: str) -> list[tuple[int, Record]]:
    """Return the objects of a list in a record, with their places in it."""
    value = dig(record, path)
    return [(i, item) for i, item in enumerate(value) if isinstance(item, dict)] if isinstance(value, list) else []


def fill(template: str, record: Mapping[str, Any]) -> str:
    """Put values into a text; what stood around missing ones is tidied away.

    >>> fill("{key}: {title} ({state})", {"key": "A", "title": "down"})
    'A: down'
    """
    text = _FIELD.sub(lambda m: said(record, m[1]), template) if "{" in template else template
    return text.replace("()", "").strip(" :,;→–")


def row_of(unit: Unit, kind: str, time: object, text: str, *, at: str = "", **more: Any) -> Row:
    """Return one row of a unit; ``at`` is where in the record it stands, such as ``.updates[2]``."""
    known = time if isinstance(time, str) else plain(time)
    return {
        "unit": unit.place,
        "place": unit.place + at,
        "number": unit.number,
        "kind": kind,
        "time": known,
        "text": text,
        **more,
    }


def rows_of(facts: Iterable[Fact], source: str, units: Iterable[Unit]) -> Iterator[Row]:
    """Yield the rows that facts find in records."""
    for unit in units:
        for fact in facts:
            if row := fact_row(fact, source, unit):
                yield row


def fact_row(fact: Fact, source: str, unit: Unit) -> Row | None:
    """Return the row of one fact in one record; None if the record has no such time."""
    record = unit.record
    if dig(record, fact.time) is None:
        return None
    row = row_of(
        unit,
        fill(fact.kind, record),
        dig(record, fact.time),
        fill(fact.text, record),
        end=said(record, fact.end) if fact.end else None,
        person=dig(record, fact.person) if fact.person else None,
        actor=fact.actor,
        service=said(record, fact.service) if fact.service else None,
        source=source,
        basis=fact.basis,
    )
    if fact.after:
        shift = duration(dig(record, fact.after), fact.unit)
        if shift is None:
            return None
        row["shift"] = shift
    return row


def duration(value: object, unit: str) -> pd.Timedelta | None:
    """Return a number of seconds or milliseconds as a duration; None if it is none."""
    try:
        number = float(plain(value) or "")
        length = pd.Timedelta(int(number * _UNITS[unit]), "ns") if abs(number) < 1e12 else None
    except (ValueError, OverflowError):
        return None
    return length if length is not None and pd.Timedelta(0) <= length <= _LONGEST else None


def _find(record: Any, path: str) -> tuple[bool, Any]:
    """Return whether a path leads anywhere, and to what."""
    if isinstance(record, dict) and path in record:
        return True, record[path]
    value = record
    for part in path.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return False, None
    return True, value
