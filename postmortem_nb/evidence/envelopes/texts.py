"""JSON text → its documents, one behind the other; of one that is torn, all up to its last whole record."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_GAP = re.compile(r"[ \t\r\n,]*")
_PART = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{}]', re.DOTALL)
_CLOSES = {"[": "]", "{": "}"}


def _integer(text: str) -> int | str:
    """Read a whole number; one of more digits than any count or time has stays text."""
    return int(text) if len(text) < 40 else text


_DECODER = json.JSONDecoder(parse_float=str)  # an epoch keeps all its digits
_CAREFUL = json.JSONDecoder(parse_float=str, parse_int=_integer)


@dataclass(frozen=True)
class Torn:
    """Text that is no JSON."""

    text: str


@dataclass
class Documents:
    """What a text holds: its documents, what stands behind them, and why that could not be read."""

    found: list[Any] = field(default_factory=list)
    rest: str = ""
    why: str = ""


def documents_in(text: str) -> Documents:
    """Read the documents of a text, up to the first that cannot be read."""
    out = Documents()
    at = 0
    while True:
        gap = _GAP.match(text, at)
        at = gap.end() if gap else at
        if at == len(text):
            return out
        try:
            value, at = _decoded(text, at)
        except ValueError as error:
            out.rest, out.why = text[at:], str(error)
            return out
        except RecursionError:
            out.rest, out.why = text[at:], "it is nested too deeply"
            return out
        out.found.append(value)


def _decoded(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a number with more digits than Python converts
        return _CAREFUL.raw_decode(text, at)


def mended(text: str, depth: int) -> tuple[Any, str] | None:
    """Close a document that is torn behind its last whole record.

    Parameters
    ----------
    text : str
        Of the document, which ends too early.
    depth : int
        How many lists its records lie in.

    Returns
    -------
    (document, text) or None
        The document and what was cut off; None if it is broken rather than torn, or holds no whole record.
    """
    cut = _last_record(text, depth)
    if cut is None:
        return None
    end, closing = cut
    try:
        return _decoded(text[:end] + closing, 0)[0], text[end:]
    except (ValueError, RecursionError):
        return None


def _last_record(text: str, depth: int) -> tuple[int, str] | None:
    """Return where the last record ends that is whole, and what closes all that is open there."""
    open_: list[str] = []
    lists = end = 0
    for part in _PART.finditer(text):
        char = part[0]
        if char == '"':  # a text that does not end
            break
        if char in _CLOSES:
            open_.append(_CLOSES[char])
            lists += char == "["
        elif char in "]}":
            if not open_ or open_.pop() != char:
                return None
            lists -= char == "]"
            if lists == depth and open_ and open_[-1] == "]":
                end = part.end()
    return (end, _closing(text, end)) if end else None


def _closing(text: str, end: int) -> str:
    """Return what closes all that is open at a place."""
    open_: list[str] = []
    for part in _PART.finditer(text, 0, end):
        if part[0] in _CLOSES:
            open_.append(_CLOSES[part[0]])
        elif part[0] in "]}":
            open_.pop()
    return "".join(reversed(open_))
