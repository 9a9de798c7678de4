"""``incident.toml`` and ``narrative.md`` → facts and text; an error names the line of the key that it is about."""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from postmortem_nb.errors import IncidentError, near
from postmortem_nb.incident import (
    Accepted,
    Action,
    Decision,
    EvidenceRule,
    Facts,
    Hypothesis,
    Language,
    Lessons,
    Milestones,
    Signal,
    TimelineRow,
    Version,
)
from postmortem_nb.incident.conversation import Chat
from postmortem_nb.incident.facts import Ignored
from postmortem_nb.incident.origin import Origin, Place

MODELS: dict[str, type[BaseModel]] = {  # key in incident.toml → the model of what stands below it
    "milestones": Milestones,
    "versions": Version,
    "signals": Signal,
    "timeline": TimelineRow,
    "chat": Chat,
    "ignored": Ignored,
    "hypotheses": Hypothesis,
    "lessons": Lessons,
    "actions": Action,
    "decisions": Decision,
    "accepted": Accepted,
    "language": Language,
    "evidence": EvidenceRule,
}
_ABOVE = "A key of the incident itself stands above the first [table]."
_UNION = re.compile(
    r"(?:constrained-)?str|int|float|bool|list\[.*\]|dict\[.*\]"
)  # what pydantic adds where several kinds are allowed
_BARE_TIME = re.compile(r"=\s*([~<>]?\s*(?:\d{4}-\d{2}-\d{2}[Tt ])?\d{1,2}:\d{2}[^\s#,}]*)")
_TABLE = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")


def read_text(path: Path) -> str:
    """Return a text that people wrote.

    Raises
    ------
    IncidentError
        If it is not UTF-8; names the line.
    """
    return _decoded(path.read_bytes(), path.name)


def _decoded(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise IncidentError(f"{name}:{line}: it is not UTF-8 text. Save it as UTF-8.") from error


def read_facts(path: Path) -> Facts:
    """Read and check ``incident.toml``.

    Raises
    ------
    IncidentError
        If it is not TOML, or facts make no sense: one sentence for each, with its line.
    """
    text = read_text(path)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise IncidentError(_not_toml(text, path.name, str(error))) from error
    for key, kind, example in (("zone", str, '"Europe/Berlin"'), ("date", dt.date, "2024-01-14")):
        if key in raw and type(raw[key]) is not kind:  # every other time is read with these two
            line = locate(text, (key,))
            said = f"{raw[key]!r} is not a {key}. Write for example {key} = {example}."
            raise IncidentError(f"{path.name}:{line}: {key}: {said}")
    try:
        return Facts.from_dict(raw)
    except ValidationError as error:
        sentences = sorted({_sentence(detail, text, path.name) for detail in error.errors()})
        raise IncidentError("\n".join(sentence for _, sentence in sentences)) from error


def read_origin(path: Path) -> Origin:
    """Return where each fact of an ``incident.toml`` stands, its text and hash; for a file that is read already."""
    raw = path.read_bytes()
    text = _decoded(raw, path.name)
    return Origin(hashlib.sha256(raw).hexdigest(), places(text), text)


def _not_toml(text: str, file: str, error: str) -> str:
    """Say on which line a text stops being TOML, with a hint where a time stands there that TOML does not know."""
    found = re.search(r"\(at line (\d+), column \d+\)", error)
    line = int(found[1]) if found else text.count("\n") + 1
    said = re.sub(r"\s*\(at .*\)", "", error)
    bare = _BARE_TIME.search(text.split("\n")[line - 1])
    hint = f' A time is quoted or has seconds: write "{bare[1]}".' if bare else ""
    return f"{file}:{line}: it is not TOML: {said[:1].lower()}{said[1:]}.{hint}"


def locate(text: str, place: Sequence[str | int]) -> int:
    r"""Return the line on which a key stands, or the nearest table or key above it; 1 if there is nothing of it.

    >>> locate('title = "x"\n[milestones]\ndetected = "soon"\n', ("milestones", "detected"))
    3
    """
    best, line = 0, 1
    for number, path in _keys(text):
        common = 0
        while common < min(len(path), len(place)) and path[common] == place[common]:
            common += 1
        if common > best and common == len(path):  # an equal one later on adds nothing
            best, line = common, number
    return line


def places(text: str) -> dict[Place, int]:
    r"""Return the line of every table and key.

    >>> places('title = "x"\n[[actions]]\ntext = "y"\n')
    {('title',): 1, ('actions', 0): 2, ('actions', 0, 'text'): 3}
    """
    return {path: line for line, path in _keys(text)}


def _keys(text: str) -> Iterator[tuple[int, Place]]:
    """Yield the line and the whole path of every table and key; texts over several lines are passed over."""
    table: Place = ()
    counts: dict[Place, int] = {}
    quotes = ""
    for number, line in enumerate(text.split("\n"), 1):
        if quotes:
            quotes = "" if line.count(quotes) % 2 else quotes
            continue
        if head := _TABLE.fullmatch(line):
            table = _path(head[2], counts)
            if head[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield number, table
        elif key := _KEY.match(line):
            yield number, (*table, *_parts(key[1]))
        quotes = next((q for q in ('"""', "'''") if line.count(q) % 2), "")


def _path(name: str, counts: dict[Place, int]) -> Place:
    """Return the path of a table; ``[versions.milestones]`` is below the last of the ``[[versions]]``."""
    path: Place = ()
    parts = _parts(name)
    for i, part in enumerate(parts):
        path = (*path, part)
        if path in counts and i < len(parts) - 1:
            path = (*path, counts[path])
    return path


def _parts(name: str) -> list[str]:
    return [part.strip().strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", name)]


def _sentence(detail: ErrorDetails, text: str, file: str) -> tuple[int, str]:
    """Say what is wrong with one value, and where; the line comes first, to sort by."""
    place = detail["loc"]
    while len(place) > 1 and isinstance(place[-1], str) and _UNION.fullmatch(place[-1]):
        place = place[:-1]
    value = detail["input"]
    if place == ("signals",) and (second := _second_of_a_name(value)) is not None:
        place = ("signals", second, "name")
    line = locate(text, place)
    name = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    message = detail["msg"].removeprefix("Value error, ").rstrip(".")
    if detail["type"] == "extra_forbidden":
        said = f"there is no such key. {_instead(place)}"
    elif detail["type"] == "missing":
        said = "it is missing. Write it."
    elif detail["type"] == "value_error":
        said = f"{message.removeprefix(f'{place[-1]}: ' if place else '')}."
    else:
        is_plain = isinstance(value, str | int | float | dt.date)
        shown = repr(value)[:80] if is_plain else f"this {type(value).__name__}"
        one_of_several = place != detail["loc"]  # each kind that is allowed would say its own
        said = f"{shown} is of no kind that is allowed here." if one_of_several else f"{shown}: {message}."
        if place[0] == "settings" and len(place) == 2 and place[1] in Facts.model_fields:
            said += f" {_ABOVE}"
    return line, f"{file}:{line}: {name}: {said}" if name else f"{file}:{line}: {said}"


def _second_of_a_name(signals: Any) -> int | None:
    """Return the place of the first signal whose name another one before it has; None if each has its own."""
    names = [signal.get("name") for signal in signals] if isinstance(signals, list) else []
    return next((i for i, name in enumerate(names) if name is not None and name in names[:i]), None)


def _instead(place: Sequence[str | int]) -> str:
    """Say what may be meant by an unknown key: one of a near name, or one of the incident that stands too low."""
    name, known = str(place[-1]), _known(place)
    if len(place) == 1 or name not in Facts.model_fields or name in MODELS:
        return near(name, known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
    return f"Did you mean {close[0]}? {_ABOVE}" if close else _ABOVE


def _known(place: Sequence[str | int]) -> list[str]:
    """Return the keys that may stand where an unknown one does."""
    above = [part for part in place[:-1] if isinstance(part, str)]
    model = MODELS.get(above[-1], Facts) if above else Facts
    return [field.alias or name for name, field in model.model_fields.items()]
