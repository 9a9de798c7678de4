"""RSS and Atom: the history feed of a status page. Declarations of entities are refused, not expanded."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.events.shape import Row, Shape, Unit, row_of
from postmortem_nb.evidence.events.statuspages import SOURCE
from postmortem_nb.evidence.parsers import plain

NAME = "feed"
CAP = 64 << 20  # characters
SHAPE = Shape(NAME, SOURCE, ("title",), full=(25, 50))  # entries at which status pages cut a feed

_TAG = re.compile(r"<[^<>]{0,2000}>")
_SPACE = re.compile(r"\s+")
_PLANNED = re.compile(r"scheduled|maintenance", re.IGNORECASE)


def is_feed(line: str) -> bool:
    """Whether a file that begins with this line is XML."""
    return line.lstrip("\ufeff \t").startswith(("<?xml", "<rss", "<feed"))


def read_feed(text: str, tally: Tally) -> list[Unit]:
    """Return the entries of a feed.

    Raises
    ------
    Unreadable
        If it is no feed, declares a document type, or is too long.
    """
    if len(text) > CAP:
        raise Unreadable(f"{tally.file}: it is XML of more than {CAP:,} characters. Split it.")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unreadable(f"{tally.file}: its XML declares a document type, which no feed needs. Remove that.")
    try:
        root = ElementTree.fromstring(text.lstrip("\ufeff \t\r\n"))
    except (ElementTree.ParseError, ValueError) as error:
        raise Unreadable(f"{tally.file}: it is not XML ({error}).") from error
    entries = [e for e in root.iter() if _name(e) in ("item", "entry")]
    if _name(root) not in ("rss", "feed", "RDF"):
        raise Unreadable(f"{tally.file}: its XML is <{_name(root)}>, which is not read; known are RSS and Atom.")
    tally.lines, tally.continued, tally.blank = len(entries), 0, 0
    return [Unit(f"#{number}", number, _record(entry)) for number, entry in enumerate(entries, 1)]


def rows(units: list[Unit]) -> Iterator[Row]:
    """Yield the entries of a feed."""
    for unit in units:
        record = unit.record
        title = plain_text(record.get("title", ""))
        body = plain_text(next((record[k] for k in ("description", "content", "summary") if record.get(k)), ""))
        time = next((record[k] for k in ("published", "pubDate", "date", "updated") if record.get(k)), None)
        kind = "maintenance" if _PLANNED.search(title) else "communication"
        text = ": ".join(part for part in (title, body) if part)
        yield row_of(unit, kind, iso_time(time), text, source=SOURCE, basis="system")


def iso_time(text: object) -> str | None:
    """Return a time as mail writes it (``Sun, 14 Jan 2024 02:05:00 GMT``) in ISO; another one stays as it is."""
    text = text if isinstance(text, str) else plain(text)
    if not text or not text.strip():
        return None
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError, TypeError):
        return text.strip()
    if found.tzinfo is None and text.strip().endswith("-0000"):
        found = found.replace(tzinfo=UTC)
    return found.isoformat(sep="T")


def plain_text(markup: str) -> str:
    """Return what markup says, on one line."""
    return _SPACE.sub(" ", html.unescape(_TAG.sub(" ", html.unescape(markup)))).strip()


def _record(entry: ElementTree.Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in entry:
        found.setdefault(_name(part), "".join(part.itertext()).strip())
    return found


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
