"""One JSON object as text → a record, and its values as text."""

from __future__ import annotations

import json

from postmortem_nb.characters import writable

_DECODER = json.JSONDecoder(parse_float=str)  # an epoch keeps all its digits


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


def plain(value: object) -> str | None:
    """Return a JSON value as text; None for objects, lists, nothing and empty text.

    A list of bytes is text all the same: journald writes a message so that is not UTF-8.
    """
    if isinstance(value, str):
        return writable(value) or None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and value and all(isinstance(v, int) and 0 <= v < 256 for v in value):
        return bytes(value).decode("utf-8", "replace")
    if not isinstance(value, int | float):
        return None
    return str(value) if abs(value) < 10**30 else None
