"""The rows of a timeline, be it a table, a list or lines of text: their time as written, and what happened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from postmortem_nb.importing.document import Block, List, Table, Text
from postmortem_nb.importing.notations import Written, looks_like_time, read_day, read_written
from postmortem_nb.importing.zones import cities, zone_in_header

MANY = 3  # rows that begin with a time, from which on a list outside of any timeline is one

_TIME = re.compile(r"\b(?:time|when|date|timestamp|hour|start|begin|utc|gmt|at)\b|^\W*[A-Z]{3,4}T\W*$", re.IGNORECASE)
_END = re.compile(r"^(?:end|until|to|finish)", re.IGNORECASE)
_ACTOR = re.compile(
    r"^(?:who|actor|by|owner|person|role|responder|(?:posted|reported|done) by|author)\b", re.IGNORECASE
)
_TEMPLATE = re.compile(
    r"^(?:(?:short )?event description\.?|description of (?:the )?event\.?|<[^>]+>|\.\.\.|…|lorem ipsum.*)$",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(?P<city>[A-Z][A-Za-z]+(?: [A-Z][a-z]+)?)(?:\s+time)?\s*[:\-–—|]\s+(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True)
class Row:
    """One row as it stands.

    Parameters
    ----------
    time : str
        As written; empty where none is.
    text : str
    line : int
    written : Written or None
        The time, read; None where it cannot be read.
    day : Written or None
        The day that a heading or line above it announces.
    actor : str
    zone : str
        Of its column or its own, as it stands.
    """

    time: str
    text: str
    line: int
    written: Written | None = None
    day: Written | None = None
    actor: str = ""
    zone: str = ""

    @property
    def is_template(self) -> bool:
        """Whether it is the example of the template, never filled in."""
        is_blank = self.written is None or (self.written.is_blank or self.written.clock is None)
        return is_blank and bool(_TEMPLATE.match(self.text))


def rows_of(blocks: Iterable[Block], day: Written | None = None) -> Iterator[Row]:
    """Yield the rows of what stands below the heading of a timeline.

    Parameters
    ----------
    blocks : iterable
    day : Written, optional
        The day that the heading announces.
    """
    for block in blocks:
        if isinstance(block, Table):
            yield from _of_table(block, day)
        elif isinstance(block, List):
            yield from _of_list(block, day)
        else:
            for line in block.lines:
                found = read_written(line.text)
                if found and found[0].has_day and found[0].clock is None and not found[0].is_blank:
                    day = found[0]  # a line that is only a day, and perhaps its zone
                elif (found and found[1]) or looks_like_time(line.text):
                    yield _row(line.text, line.line, day)


def is_timeline(block: Block) -> bool:
    """Whether a block that stands below no telling heading is a timeline: most of it begins with a time."""
    if isinstance(block, Table):
        return bool(_time_columns(block)) and len(block.rows) >= MANY
    texts = [i.text for i in block.items] if isinstance(block, List) else list(block.lines)
    timed = sum(1 for t in texts if (found := read_written(t.text)) and found[0].clock is not None)
    return timed >= MANY and timed * 2 >= len(texts)


def _row(said: str, line: int, day: Written | None) -> Row:
    """Read a row that is one text, its time first."""
    found = read_written(said)
    if found is None:
        head, _, rest = said.partition(" ") if looks_like_time(said) else ("", "", said)
        return Row(head, rest.strip(" :-–—|") or said, line, None, day)
    written, text = found
    zone = written.zone
    place = _PLACE.match(text)
    if place and not zone and place["city"].lower() in cities():
        zone, text = place["city"], place["rest"].strip()
    return Row(written.text, text, line, written, day, zone=zone)


def _of_list(block: List, day: Written | None) -> Iterator[Row]:
    """Yield the points of a list; a point within one that has no time of its own belongs to that."""
    last: Row | None = None
    for item in block.items:
        said = item.text.text
        found = read_day(said)
        if found and found[0].clock is None and not found[0].is_blank and not found[1].strip(" :()"):
            if last is not None:
                yield last
            last, day = None, found[0]
            continue
        row = _row(said, item.text.line, day)
        if last is not None and item.depth > 0 and row.written is None and not row.time:
            last = Row(last.time, f"{last.text}; {said}", last.line, last.written, last.day, last.actor, last.zone)
            continue
        if last is not None:
            yield last
        last = row
    if last is not None:
        yield last


def _of_table(table: Table, day: Written | None) -> Iterator[Row]:
    times = _time_columns(table)
    if not times:
        return
    names = [h.text for h in table.header]
    zone = next((found for i in times if i < len(names) and (found := zone_in_header(names[i]))), "")
    ends = [i for i, name in enumerate(names) if _END.match(name) and i not in times]
    actors = [i for i, name in enumerate(names) if _ACTOR.match(name)]
    apart = {*times, *ends, *actors}
    for cells in table.rows:
        if not any(cell.text for cell in cells):
            continue
        time = _cells(cells, times)
        end = _cells(cells, ends)
        text = " – ".join(c.text for i, c in enumerate(cells) if i not in apart and c.text)
        read = read_written(f"{time} - {end}" if end else time)
        written, rest = read if read is not None else (None, "")
        if looks_like_time(rest):  # what is behind the time is a second one that cannot be read
            written, rest = None, ""
        own = written.zone if written is not None else ""
        if rest.lower() in cities():
            own, rest = rest, ""
        said = f"{rest} {text}".strip()
        yield Row(time, said, cells[0].line, written, day, _cells(cells, actors), own or zone)


def _cells(cells: tuple[Text, ...], places: list[int]) -> str:
    return " ".join(cells[i].text for i in places if i < len(cells) and cells[i].text)


def _time_columns(table: Table) -> list[int]:
    """Return the columns that hold times: by their header if their cells agree, else by their cells alone."""
    found: list[int] = []
    for i, header in enumerate(table.header):
        cells = [row[i].text for row in table.rows if i < len(row) and row[i].text]
        timed = sum(1 for cell in cells if read_written(cell) or looks_like_time(cell))
        is_named = bool(_TIME.search(header.text)) and not _END.match(header.text)
        if cells and timed * 2 >= len(cells) and (is_named or (timed == len(cells) and not found)):
            found.append(i)
    return found
