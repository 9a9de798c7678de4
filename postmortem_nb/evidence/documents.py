"""JSON → records with their places: one document, or one object a line; what is torn is counted, not fatal."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.lines import blocks
from postmortem_nb.evidence.parsers import record_in

Record = dict[str, Any]
LISTS = ("events", "items", "data", "results")  # keys under which programs wrap a list

DOCUMENT_CAP = 256 << 20  # bytes of a document that is held at once

_LIST = re.compile(r'\s*(?:\{[^\[]{0,2000}?"\w{1,40}"\s*:\s*)?\[')
_GAP = re.compile(r"[ \t\r\n,]*")
_DECODER = json.JSONDecoder(parse_float=str)


def is_json(line: str) -> bool:
    """Whether a file that begins with this line is JSON."""
    return line.lstrip()[:1] in ("{", "[")


def read_records(path: Path, tally: Tally, lists: Sequence[str] = LISTS) -> list[tuple[str, int, Record]]:
    """Read the objects of a JSON file.

    Parameters
    ----------
    path : path
    tally : Tally
        Counts what was read.
    lists : sequence of str
        Keys of a document under which its records may lie in a list; none to get the document itself.

    Returns
    -------
    list of (str, int, dict)
        Place (``:12`` for a line, ``#3`` for the third object of a document), its number, and the object. Numbers with
        a point stay text. A document counts its objects as lines.
    """
    lines = list(chain.from_iterable(blocks(path, tally)))
    if tally.clipped and (text := _unclipped(path)) is not None:  # an answer of an API is often one line
        lines, tally.clipped = text.split("\n"), 0
        tally.lines = len(lines)
    return records_of(lines, tally, lists)


def records_of(lines: Sequence[str], tally: Tally, lists: Sequence[str] = LISTS) -> list[tuple[str, int, Record]]:
    """Read the objects of JSON text that is at hand; see `read_records`."""
    first = next((line for line in lines if line and not line.isspace()), "")
    if record_in(first) is not None:
        return _from_lines(lines, tally)
    records, rest = _document("\n".join(lines), tally.file, lists)
    tally.lines = len(records) + (rest is not None)
    if rest is not None:
        tally.truncated = tally.truncated or f"its JSON ends in the middle, after {len(records):,} objects"
        tally.reject(len(records) + 1, rest)
    out = []
    for number, record in enumerate(records, 1):
        if isinstance(record, dict):
            out.append((f"#{number}", number, record))
        else:
            tally.reject(number, json.dumps(record))
    return out


def _unclipped(path: Path) -> str | None:
    """Return the whole text of a file whose lines are longer than those of a log; None if it is too long for JSON."""
    with path.open("rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if is_packed else path.open("rb") as file:
            data = file.read(DOCUMENT_CAP + 1)
    except (OSError, EOFError, zlib.error):
        return None
    return None if len(data) > DOCUMENT_CAP else data.decode("utf-8-sig", "replace")


def _from_lines(lines: Sequence[str], tally: Tally) -> list[tuple[str, int, Record]]:
    out: list[tuple[str, int, Record]] = []
    for number, line in enumerate(lines, 1):
        if not line or line.isspace():
            tally.blank += 1
        elif (record := record_in(line)) is None:
            tally.reject(number, line)
        else:
            out.append((f":{number}", number, record))
    return out


def _document(text: str, file: str, lists: Sequence[str]) -> tuple[list[Any], str | None]:
    """Read a document as its list of objects; of a list that is torn, those before the tear, and the text behind."""
    try:
        document = json.loads(text, parse_float=str)
    except RecursionError as error:
        raise Unreadable(f"{file}: its JSON is nested too deeply to be read.") from error
    except ValueError as error:
        records, rest = _before_tear(text)
        if not records:
            raise Unreadable(f"{file}: it is not JSON ({error}).") from error
        return records, rest
    if isinstance(document, dict):
        wrapped = next((document[key] for key in lists if isinstance(document.get(key), list)), None)
        document = [document] if wrapped is None else wrapped
    return (document, None) if isinstance(document, list) else ([document], None)


def _before_tear(text: str) -> tuple[list[Any], str | None]:
    """Read objects one by one, up to the first that is torn.

    They are those of a list, those of a list below a key, or documents one behind the other, as programs that watch
    write them: only these may end where the text does.
    """
    begins = _LIST.match(text)
    if text.lstrip()[:1] == "{":
        records, rest = _one_by_one(text, 0)
        if records:
            return records, rest or None
    return _one_by_one(text, begins.end()) if begins else ([], text)


def _one_by_one(text: str, at: int) -> tuple[list[Any], str]:
    """Read values from a place on; returns them and what could not be read."""
    records: list[Any] = []
    while True:
        found = _GAP.match(text, at)
        at = found.end() if found else at
        try:
            record, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return records, text[at:]
        records.append(record)
