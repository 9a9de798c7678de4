"""Documents of an export → rows of a log, through the code that reads all other logs.

A file of one document, or of several over many lines, is held as a whole. Where every line is a document, only a part
of the file is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import polars as pl

from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.clock import Clock
from postmortem_nb.evidence.deriving import completed, derive
from postmortem_nb.evidence.documents import DOCUMENT_CAP
from postmortem_nb.evidence.envelopes.envelope import Pages
from postmortem_nb.evidence.envelopes.inner import with_inner
from postmortem_nb.evidence.envelopes.kinds import Enveloped, Kind, kind_of
from postmortem_nb.evidence.envelopes.texts import Torn, documents_in, mended
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.lines import clean, raw_blocks, whole_text
from postmortem_nb.evidence.sources import Place

LOOK_AT = 200  # documents from which the kind of an export is told
DEEPEST = 3  # lists that records of any export lie in


@dataclass(frozen=True)
class Export:
    """The records of an export: their name and their rows, as those of a `Scan`, and the zone of naive times."""

    name: str
    frame: pl.DataFrame
    zone: str


def read_export(place: Place, how: How, tally: Tally) -> Export:
    """Read the records of an export; the tally counts records as lines.

    Raises
    ------
    Unreadable
        If it is of no known kind, no JSON at all, or too long to be held.
    """
    lines = _lines(place, how, tally)
    head = next(lines, [])
    first = next((text for text in head if text and not text.isspace()), "")
    if isinstance(_on_one_line(first), dict | list):
        return _Reader(how, tally).read([_on_one_line(text) for text in part] for part in chain([head], lines))
    return _Reader(how, tally).read(_whole(place, how, tally))


def _lines(place: Place, how: How, tally: Tally) -> Iterator[list[str]]:
    """Yield the lines of a file, a block at a time; they are counted as what they hold."""
    for block in raw_blocks(place, tally, encoding=how.encoding):
        lines = clean(block)
        tally.odd += lines.odd
        tally.clipped += lines.clipped
        yield lines.text.to_list()


def _on_one_line(text: str) -> Any:
    read = documents_in(text)
    return read.found[0] if len(read.found) == 1 and not read.rest else Torn(text)


def _whole(place: Place, how: How, tally: Tally) -> Iterator[list[Any]]:
    """Yield the documents of a file that go over several lines, and what is left of one that is torn."""
    tally.odd = tally.clipped = 0  # of what was looked at line by line
    text = whole_text(place, tally, DOCUMENT_CAP, encoding=how.encoding)
    if text is None:
        raise Unreadable(
            f"{how.name}: it is a JSON document of more than {DOCUMENT_CAP >> 20} MiB. Export it in parts, or as JSON "
            "lines, one record a line."
        )
    read = documents_in(text)
    del text
    documents = read.found
    if read.rest:
        torn, rest = _mended(read.rest, how)
        documents += torn
        if not documents:
            raise Unreadable(f"{how.name}: it is not JSON ({read.why}). Export it again, or as JSON lines.")
        if torn or read.rest[0] in "{[":
            tally.truncated = tally.truncated or f"its JSON ends in the middle ({read.why})"
        documents.append(Torn(rest))
    yield documents


def _mended(rest: str, how: How) -> tuple[list[Any], str]:
    """Return what can be read of a torn document, where its kind says how deep its records lie; and what cannot."""
    for depth in range(DEEPEST, 0, -1):
        if (found := mended(rest, depth)) is None:
            continue
        document, cut = found
        try:
            kind = kind_of(_flat([document]), how)
        except Unreadable:
            continue
        # A list of records that are envelopes themselves lies no deeper than they do.
        if kind.depth == depth or (isinstance(document, list) and depth == 1):
            return [document], cut
    return [], rest


def _flat(documents: list[Any]) -> list[Any]:
    """Return documents with those of lists beside each other."""
    return [item for document in documents for item in (document if isinstance(document, list) else [document])]


class _Reader:
    """Reads the records of one file, part after part.

    Parameters
    ----------
    how : How
        What was declared about the file.
    tally : Tally
        The account of its records.
    """

    def __init__(self, how: How, tally: Tally) -> None:
        self.how = how
        self.tally = tally
        self.clock = Clock(how)
        self._pages = Pages()
        self._number = 0

    def read(self, parts: Iterator[list[Any]]) -> Export:
        """Read all parts."""
        kind: Kind | None = None
        frames: list[pl.DataFrame] = []
        early: list[Any] = []  # before the kind is known
        for part in parts:
            if kind is None:
                early += part
                known = [d for d in _flat(early[:LOOK_AT]) if isinstance(d, dict)]
                if not known and not _flat(early):
                    continue
                kind, part = kind_of(known, self.how), early
            frames.append(self._rows(part, kind))
        if kind is None:
            kind = kind_of([], self.how)
        tally = self.tally
        tally.lines = self._number
        if tally.truncated and not sum(map(len, frames)) and tally.rejected <= 1:
            raise Unreadable(f"{self.how.name}: {tally.truncated}, before its first record. Export it again.")
        self._pages.held = self._number - tally.blank - tally.rejected
        if not tally.truncated:  # what is missing is said then
            tally.notes += self._pages.notes(kind.limits)
        tally.notes += self.clock.notes
        return Export(kind.name, pl.concat(frames, how="diagonal_relaxed"), self.clock.zone)

    def _rows(self, documents: list[Any], kind: Kind) -> pl.DataFrame:
        """Return the records of some documents that have a time."""
        records, numbers = [], []
        for document in _flat(documents):
            before = self._number
            if isinstance(document, Torn):
                self._number += 1
                if document.text.strip():
                    self.tally.reject(self._number, document.text)
                else:
                    self.tally.blank += 1
                continue
            for record in kind.records(document, self._pages):
                self._number += 1
                records.append(record)
                numbers.append(self._number)
            if self._number == before and not _is_empty(document, kind):
                self._number += 1
                self.tally.reject(self._number, f"(not of {kind.name}) {_shown(document)}")
        return self._timed(records, numbers, kind)

    def _timed(self, records: list[Any], numbers: list[int], kind: Kind) -> pl.DataFrame:
        """Read records on as the lines of any log."""
        fields = kind.frame(records)
        frame = derive(fields, kind.form) if "time" in fields.columns else fields.select("row")
        frame = with_inner(frame, self.how.formats) if isinstance(kind, Enveloped) else frame
        lines = pl.Series("line", numbers, dtype=pl.Int64)
        frame = frame.with_columns(line=lines.gather(frame["row"]))
        for row in sorted(set(range(len(records))) - set(frame["row"].to_list())):
            self.tally.reject(numbers[row], f"(it has no time) {_shown(records[row])}")
        if not len(frame):
            return completed(_empty())
        stamps = frame["stamp"]
        times = self.clock.settle(frame, frame["line"].to_numpy(), lambda row: str(stamps[int(row)]))
        frame = frame.with_columns(time=pl.Series(times, dtype=pl.Datetime("ns")))
        lost = frame["time"].is_null()
        for number, stamp, text in frame.filter(lost).select("line", "stamp", "message").iter_rows():
            self.tally.reject(number, f"(its time cannot be read) {stamp} {text}")
        return completed(frame.filter(~lost)).drop("row", "stamp", "ns", "open", "zone", strict=False)


def _is_empty(document: Any, kind: Kind) -> bool:
    """Whether a document that gave no record is an answer without any, rather than something else."""
    return isinstance(kind, Enveloped) and isinstance(document, dict) and kind.envelope.knows(document)


def _empty() -> pl.DataFrame:
    return pl.DataFrame(schema={"line": pl.Int64, "time": pl.Datetime("ns"), "message": pl.String})


def _shown(record: Any) -> str:
    """Return a record as it is shown where it could not be read."""
    try:
        return json.dumps(record)[:200]
    except RecursionError:
        return "(nested too deeply)"
