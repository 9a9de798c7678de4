"""Lines that a pattern cannot take apart: JSON and logfmt. A parser turns a line into values, or None if it cannot."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

Keys = Mapping[str, Sequence[str]]  # field → names that it has in different programs, best first
Values = tuple[str | None, ...]  # one for each field
Parser = Callable[[str], Values | None]

_DECODER = json.JSONDecoder(parse_float=str)  # an epoch keeps all its digits

# A key begins a word, so that a long word is passed over at once.
_PAIR = re.compile(r'(?<!\S)([A-Za-z_@][\w.@/-]{0,80})=(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^\s"]*))(?=\s|$)')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


def json_parser(keys: Keys, required: Sequence[str] = ()) -> Parser:
    """Return a parser of JSON lines.

    Parameters
    ----------
    keys : mapping
        Field → names of its key; a dot reaches into nested objects (``log.level``), a key with that dot comes first.
        A record without a time is refused; one without a message is its own message.
    required : sequence of str
        Keys that every record of the format has.
    """
    fields = list(keys)
    at_time, at_message = fields.index("time"), fields.index("message")
    paths = [[(name, name.split(".") if "." in name else None) for name in names] for names in keys.values()]

    def parse(line: str) -> Values | None:
        record = record_in(line)
        if record is None or any(key not in record for key in required):
            return None
        values = [_first(record, names) for names in paths]
        if not values[at_time]:
            return None
        if values[at_message] is None:
            values[at_message] = line.strip()
        return tuple(map(_writable, values)) if "\\u" in line else tuple(values)

    return parse


def record_in(line: str) -> dict[str, object] | None:
    """Return the JSON object that a line is, None if it is none; numbers with a point stay as they were written."""
    text = line.strip()
    if not text.startswith("{") or not text.endswith("}"):
        return None
    try:
        record = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def logfmt_parser(keys: Keys, required: Sequence[str] = ()) -> Parser:
    """Return a parser of logfmt, ``time=… level=info msg="a b" k=v``; of a key that stands twice, the first counts."""
    fields = list(keys)
    at_time, at_message = fields.index("time"), fields.index("message")

    def parse(line: str) -> Values | None:
        record: dict[str, str] = {}
        for key, quoted, bare in _PAIR.findall(line):
            record.setdefault(key, _unescape(quoted) if quoted else bare)
        if any(key not in record for key in required):
            return None
        values = [next((record[name] for name in names if name in record), None) for names in keys.values()]
        if not values[at_time]:
            return None
        if values[at_message] is None:
            values[at_message] = line.strip()
        return tuple(values)

    return parse


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), text) if "\\" in text else text


def _first(record: Mapping[str, object], names: Sequence[tuple[str, list[str] | None]]) -> str | None:
    """Return the first of the named values that is one value, as text."""
    for name, parts in names:
        if name in record:
            value = record[name]
        elif parts is not None and parts[0] in record:
            value = _nested(record, parts)
        else:
            continue
        text = value if type(value) is str else plain(value)
        if text:
            return text
    return None


def _nested(record: object, parts: Sequence[str]) -> object:
    for part in parts:
        if not isinstance(record, dict):
            return None
        record = record.get(part)
    return record


def plain(value: object) -> str | None:
    """Return a JSON value as text; None for objects, lists, truth values, nothing and empty text."""
    if isinstance(value, str):
        return _writable(value) or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(value) if abs(value) < 10**30 else None


def _writable(text: str | None) -> str | None:
    """Return a text without escaped halves of surrogate pairs, which nothing can write down again."""
    return text and text.encode("utf-8", "replace").decode("utf-8")


PARSERS: dict[str, Callable[[Keys, Sequence[str]], Parser]] = {"json": json_parser, "logfmt": logfmt_parser}
