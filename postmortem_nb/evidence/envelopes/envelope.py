"""What an envelope is, what its pages say about records that they do not hold, and how values are taken out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from postmortem_nb.evidence.parsers import plain

Record = dict[str, Any]
Fields = dict[str, str | None]


@dataclass
class Pages:
    """What the documents of one export say about the records that it does not hold.

    Parameters
    ----------
    held : int
        Records that it holds.
    total : int or None
        Records that its query found.
    at_least : bool
        Whether the query found more than it counted.
    more : str
        Key by which the last document says that another one follows.
    said : list of str
        What else should be known.
    """

    held: int = 0
    total: int | None = None
    at_least: bool = False
    more: str = ""
    said: list[str] = field(default_factory=list)

    def notes(self, limits: Iterable[int] = ()) -> tuple[str, ...]:
        """Return what a reader should know; ``limits`` are counts at which such exports usually end."""
        out = list(dict.fromkeys(self.said))
        beyond = self.total is not None and self.total > self.held
        if self.more:
            out.append(f"It is one page of several ({self.more}): there are more records than these {self.held:,}.")
        elif self.held and (beyond or self.at_least):
            found = f"{self.total or 0:,}{' or more' if self.at_least else ''}"
            out.append(f"It holds {self.held:,} of {found} records that its query found: the export was cut.")
        elif self.held in limits:
            out.append(f"It holds exactly {self.held:,} records, which is a usual limit: there may be more.")
        return tuple(out)


@dataclass(frozen=True)
class Envelope:
    """One kind of export.

    Parameters
    ----------
    keys : tuple of tuple of str
        Keys by which it is known, all of one of these groups: ``a.b`` is b inside of a, ``a[].b`` inside of the first
        item of the list a.
    depth : int
        How many lists a record lies in.
    records : callable
        Document → its records as fields; notes what its pages say.
    levels : mapping
        Words or numbers → level, where they are not those of most programs.
    limits : tuple of int
        Counts of records at which such exports usually end.
    """

    keys: tuple[tuple[str, ...], ...]
    depth: int
    records: Callable[[Record, Pages], Iterator[Fields]]
    levels: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[int, ...] = ()

    def knows(self, record: object) -> bool:
        """Whether a document has its keys."""
        return any(all(has(record, key) for key in group) for group in self.keys)


def has(record: object, path: str) -> bool:
    """Whether a document has a key; an empty list may be one of anything.

    >>> has({"a": [{"b": 1}]}, "a[].b"), has({"a": []}, "a[].b"), has({"a": 1}, "a[].b")
    (True, True, False)
    """
    head, _, rest = path.partition(".")
    key, lists = head.rstrip("[]"), head.count("[]")
    if not isinstance(record, dict) or key not in record:
        return False
    value = record[key]
    for _ in range(lists):
        if not isinstance(value, list):
            return False
        if not value:
            return True
        value = value[0]
    return not rest or has(value, rest)


def record(item: object) -> Record:
    """Return an object, empty if it is none."""
    return item if isinstance(item, dict) else {}


def items(value: object) -> list[Any]:
    """Return a list, empty if it is none."""
    return value if isinstance(value, list) else []


def at(found: object, *paths: str) -> str | None:
    """Return the first of some places that holds a value, as text; a key with dots comes before a nested one."""
    if not isinstance(found, dict):
        return None
    for path in paths:
        if (value := found.get(path)) is not None and (text := plain(value)):
            return text
        if "." in path and (value := inside(found, path)) is not None and (text := plain(value)):
            return text
    return None


def inside(found: object, path: str) -> Any:
    """Return what lies at a nested place; None if there is nothing."""
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def number(value: object) -> int | None:
    """Return a count that a document states, as a number or as text; None if it is none."""
    text = plain(value) or ""
    whole = text.partition(".")[0]
    return int(whole) if whole.isascii() and whole.isdigit() and len(whole) < 16 else None


def seconds(value: str | None, unit: float) -> str | None:
    """Return a duration in seconds, of one that counts another unit."""
    try:
        return None if value is None else repr(float(value) * unit)
    except ValueError:
        return None


def as_text(value: object) -> str | None:
    """Return a value as text; objects and lists as JSON, None for what is empty."""
    if value is None or value == "" or value == {} or value == []:
        return None
    try:
        return plain(value) or plain(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return None
