"""The gate: what is about to be published is read as its readers would, and searched once more by the same rules."""

from __future__ import annotations

import base64
import binascii
import json
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl

from postmortem_nb.errors import LeakError
from postmortem_nb.redaction.engine import Redactor
from postmortem_nb.redaction.places import own_rules
from postmortem_nb.redaction.tokens import TOKEN

SHOWN = 3  # places of leaks that are named
PNG = b"\x89PNG\r\n\x1a\n"
DATA = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")
DRAWING = re.compile(r"data:image/svg\+xml(?:;charset=[\w-]+)?(;base64)?,(.*)", re.DOTALL)
# A token as it stands in markup, in an address, or shortened for a label.
WRITTEN = re.compile(rf"(?:&lt;|%3C|<)({TOKEN.pattern[1:-1]})(?:&gt;|%3E|>|…)|<[a-z-]*:?[0-9a-f]{{0,5}}…")
SILENT = {"style", "script"}
SHAPES = {"d", "class", "style", "points", "transform", "viewbox", "id", "for", "aria-labelledby"}
MARKUP = {"text/html", "image/svg+xml"}
IMAGES = {"image/png", "image/jpeg"}
PLACED = tuple[str, str]  # where a text stands, and the text


@dataclass(frozen=True)
class Leak:
    """What was found: by which rule, and where. What it says is not kept."""

    rule: str
    place: str

    def __str__(self) -> str:
        return f"{self.place} ({self.rule})"


def find_leaks(texts: dict[str, str], profile: str, folder: Path) -> list[Leak]:
    """Search finished files for what a profile replaces.

    Parameters
    ----------
    texts : dict
        Name of a file → its text: ``.html``, ``.svg``, ``.ipynb`` or ``.json``.
    profile : str
        See `postmortem_nb.redaction.rules.PROFILES`.
    folder : Path
        The incident, for the rules of its team.
    """
    redactor = Redactor(profile, b"only to see what would change", own_rules(folder))
    placed = [(place, WRITTEN.sub(_whole, one)) for name, text in texts.items() for place, one in read(name, text)]
    distinct = pl.Series(list(dict.fromkeys(text for _, text in placed)), dtype=pl.String)  # pages repeat themselves
    hits = set(distinct.filter(redactor.column(distinct) != distinct))
    leaks = []
    for place, text in placed:
        if text not in hits:
            continue
        redactor.counts.clear()
        redactor.text(text)
        leaks += [Leak(rule, place) for rule in redactor.counts]
    return list(dict.fromkeys(leaks))


def _whole(token: re.Match[str]) -> str:
    return f"<{token[1] or 'cut:000000'}>"


def refuse_leaks(texts: dict[str, str], profile: str, folder: Path) -> None:
    """Search what is about to be written for what should have been redacted; parameters as of `find_leaks`.

    Raises
    ------
    LeakError
        If there is any; names rules and places, and not what stands there.
    """
    leaks = find_leaks(texts, profile, folder)
    if leaks:
        more = f" and {len(leaks) - SHOWN} more places" if len(leaks) > SHOWN else ""
        raise LeakError(
            f"Nothing was published: what the profile {profile} redacts stands in "
            f"{'; '.join(str(leak) for leak in leaks[:SHOWN])}{more}. Take it out of where it comes from, or add a "
            "rule to redaction.toml."
        )


def read(name: str, text: str) -> Iterator[PLACED]:
    """Yield every text of a file that a reader can see or search, with its place."""
    if name.endswith((".html", ".svg")):
        yield from _of_markup(name, text)
    else:
        yield from _of_values(name, json.loads(text), "")


def _of_values(name: str, value: Any, path: str) -> Iterator[PLACED]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield f"{name}: {path}", key
            yield from _of_field(name, key, one, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for i, one in enumerate(value):
            yield from _of_values(name, one, f"{path}[{i}]")
    elif isinstance(value, str):
        yield f"{name}: {path}", value


def _of_field(name: str, key: str, value: Any, path: str) -> Iterator[PLACED]:
    whole = "".join(value) if isinstance(value, list) and all(isinstance(v, str) for v in value) else value
    if key in MARKUP and isinstance(whole, str):
        yield from _of_markup(f"{name}: {path}", whole)
    elif key in IMAGES and isinstance(whole, str):
        yield from _of_image(f"{name}: {path}", whole)
    elif key == "source" and isinstance(whole, str):
        yield f"{name}: {path}", whole
    else:
        yield from _of_values(name, value, path)


def _of_markup(name: str, text: str) -> Iterator[PLACED]:
    reader = _Reader(name)
    reader.feed(text)
    reader.close()
    yield from reader.found


def _of_image(place: str, text: str) -> Iterator[PLACED]:
    """Yield the texts in the metadata of a PNG."""
    try:
        content = base64.b64decode(text)
    except (ValueError, binascii.Error):
        return
    at = len(PNG)
    while content.startswith(PNG) and at + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        chunk = content[at + 8 : at + 8 + length]
        if kind in (b"tEXt", b"iTXt"):
            yield f"{place}: {kind.decode()}", chunk.replace(b"\0", b" ").decode("utf-8", "replace")
        elif kind == b"zTXt":
            _, _, packed = chunk.partition(b"\0")
            yield f"{place}: zTXt", zlib.decompressobj().decompress(packed[1:], 1 << 20).decode("latin-1")
        at += 12 + length


def _unpacked(packed: str, is_base64: bool) -> str:
    """Return the text of a drawing; what cannot be unpacked cannot be drawn either, and is read as it stands."""
    if not is_base64:
        return unquote(packed)
    try:
        return base64.b64decode(packed).decode("utf-8", "replace")
    except binascii.Error:
        return packed


class _Reader(HTMLParser):
    """Collects texts and values of attributes with their line."""

    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.name = name
        self.found: list[PLACED] = []
        self.silent = 0

    def _place(self) -> str:
        return f"{self.name}:{self.getpos()[0]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        for name, value in attrs:
            if not value:
                continue
            is_data = value.startswith("data:")
            image, drawing = (DATA.match(value), DRAWING.match(value)) if is_data else (None, None)
            if image:
                self.found += _of_image(self._place(), image[1])
            elif drawing:
                self.found += _of_markup(f"{self._place()}: drawing", _unpacked(drawing[2], bool(drawing[1])))
            elif name not in SHAPES and not is_data and not value.startswith("#"):
                self.found.append((f"{self._place()}: {name}", value))

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT and self.silent > 0

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.silent:
            self.found.append((self._place(), data))

    def handle_comment(self, data: str) -> None:
        self.found.append((f"{self._place()}: comment", data))
