"""The parts that the JSON of metrics APIs is put together from: lists of points, maps of labels, records that err."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from postmortem_nb.characters import writable
from postmortem_nb.evidence.account import Unreadable
from postmortem_nb.evidence.documents import Record
from postmortem_nb.evidence.metrics.samples import Samples

Points = Sequence[tuple[object, object]]  # (time, value)


@dataclass(frozen=True)
class Series:
    """One series as a source wrote it: name, labels, points, and what its values are (see `Samples.add`)."""

    metric: str
    labels: Mapping[str, object]
    points: Points
    type: str = ""


Reader = Callable[[Record, Samples], Iterator[Series]]


def pairs(times: object, values: object) -> Points:
    """Join two lists; what is no list has no points."""
    if not isinstance(times, list) or not isinstance(values, list):
        return []
    return list(zip(times, values, strict=False))


def points_in(points: object, *, swapped: bool = False) -> Points:
    """Take a list of [time, value], or of [value, time]."""
    good = [p for p in points if isinstance(p, list) and len(p) >= 2] if isinstance(points, list) else []
    return [(p[1], p[0]) if swapped else (p[0], p[1]) for p in good]


def dicts(items: object) -> list[Record]:
    """Return the objects in a list; none where it is no list."""
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def as_dict(item: object) -> Record:
    """Return an object as it is, and an empty one for anything else."""
    return item if isinstance(item, dict) else {}


def tags(items: object) -> Record:
    """Read tags that are written ``name:value`` as labels; a tag without a value is its own.

    >>> tags(["service:web", "canary"])
    {'service': 'web', 'canary': 'canary'}
    """
    if isinstance(items, str):
        items = items.split(",")
    if not isinstance(items, list):
        return {}
    split = [str(tag).partition(":") for tag in items if isinstance(tag, str) and tag not in ("", "*")]
    return {name: value or name for name, _, value in split}


def note(samples: Samples, text: str) -> None:
    """Add a note to the account, once."""
    if text not in samples.tally.notes:
        samples.tally.notes += (text,)


def refuse(file: str, said: object) -> Unreadable:
    """Return the error for a file that holds an error of a server and no data."""
    text = said if isinstance(said, str) else shown(said)
    return Unreadable(f"{file}: it holds an error of the server and no data ({text[:300]}). Ask again.")


def error_in(record: Record) -> object:
    """Return what a record says that went wrong, if it is an answer of nothing else; None otherwise."""
    for key in ("errors", "error", "message", "Error"):
        said = record.get(key)
        if said and (key != "message" or len(record) <= 4) and isinstance(said, str | list | dict):
            return said
    return None


def shown(value: object) -> str:
    """Return JSON as one line of text, for messages."""
    try:
        return writable(json.dumps(value, ensure_ascii=False))
    except (RecursionError, ValueError):
        return "…"
