"""Values in lines of JSON by the path of their keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any


def values_at(text: str, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each value at one of the paths, as it is written in the text, and what it says.

    Parameters
    ----------
    text : str
        A JSON object; anything else has no fields.
    paths : sequence of str
        Keys joined by dots, such as ``user.email``; ``*`` stands for any key or place in a list.
    """
    if not text.lstrip().startswith("{"):
        return
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    for path in paths:
        for value in _below(document, path.split(".")):
            for literal in (json.dumps(value, ensure_ascii=False), json.dumps(value)):
                if literal in text:
                    yield literal, value if isinstance(value, str) else literal
                    break


def _below(value: Any, path: Sequence[str]) -> Iterator[Any]:
    if not path:
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            yield value
    elif isinstance(value, list):
        for one in value:
            yield from _below(one, path[1:] if path[0] == "*" else path)
    elif isinstance(value, dict):
        for key, one in value.items():
            if path[0] in (key, "*"):
                yield from _below(one, path[1:])
