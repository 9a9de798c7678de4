"""What holds for all rows of a timeline: where it stands, the zone of its times, the day of those that name none."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from postmortem_nb.evidence.abbreviations import EXAMPLES
from postmortem_nb.importing.document import Block, Document, Paragraph, Table, Text
from postmortem_nb.importing.draft import Reading
from postmortem_nb.importing.fields import Field
from postmortem_nb.importing.gathering import Gathered
from postmortem_nb.importing.headings import with_roles
from postmortem_nb.importing.naming import day_in
from postmortem_nb.importing.notations import Written, read_day
from postmortem_nb.importing.rows import Row, is_timeline, rows_of
from postmortem_nb.importing.settling import Settled
from postmortem_nb.importing.zones import stated_zones, zone_in_header, zone_named_by
from postmortem_nb.times import UTC

Blocks = Sequence[
    tuple[Block, Written | None]
]  # the blocks of a timeline, each with the day that its heading announces

_FIXED = re.compile(r"\ball\b|unless|otherwise", re.IGNORECASE)
_ON = re.compile(r"\b(?:on|date:?|of)\s+(?=\S)", re.IGNORECASE)
_AS_UTC = "Times stand as if they were UTC: durations hold, instants may be hours off."
_NAME_ZONE = "Name it: import again with --zone, or correct `zone` in incident.toml."


def timeline_blocks(document: Document) -> Iterator[tuple[Block, Written | None]]:
    """Yield the blocks of the timeline, each with the day that its heading announces."""
    parts = list(with_roles(document))
    chosen = [(part, True) for part, role in parts if role == "timeline"]
    if not any(is_timeline(b) or list(rows_of([b])) for part, _ in chosen for b in part.blocks):
        apart = ("actions", "stats", "people", "lessons", "factors")
        chosen += [(part, False) for part, role in parts if role not in ("timeline", *apart)]
    for part, is_whole in chosen:
        day = _day_in_heading(part.heading)
        for block in part.blocks:
            if is_whole or is_timeline(block):
                yield block, day


def _day_in_heading(heading: str) -> Written | None:
    for start in (0, *(m.end() for m in re.finditer(r"[\s(:–—-]+", heading))):
        found = read_day(heading[start:])
        if found:
            return found[0]
    return None


def rows_in(timeline: Blocks, found: Gathered) -> Iterator[Row]:
    """Yield the rows of the timeline; lines among them that are none are left out by name."""
    for block, day in timeline:
        rows = list(rows_of([block], day))
        for row in rows:
            if row.is_template:
                found.without(row.line, f"{row.time} {row.text}", "an example of the template, never filled in")
            elif not row.text:
                found.weak("row-without-text", row.line, f"{row.time!r} says nothing of what happened.")
                found.without(row.line, row.time, "it has no text")
            else:
                yield row
        if isinstance(block, Paragraph):
            lines = {row.line for row in rows}
            for text in block.lines:
                if text.line not in lines and not list(stated_zones(text.text)) and not read_day(text.text):
                    found.without(text.line, text.text, "it stands in the timeline and has no time")


def zone_of(
    document: Document,
    timeline: Blocks,
    fields: Iterable[Field],
    given: str | None,
    found: Gathered,
) -> str:
    """Return the zone of times that name none: as given, as the document says, else UTC with a finding."""
    if given is not None:
        found.comments["zone"] = "given when it was imported"
        return given
    words = [(one.value, one.line) for one in fields if one.name == "zone"]
    for block, _ in timeline:
        if isinstance(block, Table):
            words += [(word, h.line) for h in block.header if (word := zone_in_header(h.text))]
        elif isinstance(block, Paragraph):
            words += [(word, text.line) for text in block.lines for word in _zones_in(text)]
    for part, role in with_roles(document):
        if role == "timeline":
            words += [(word, part.line) for word in [*stated_zones(part.heading), zone_in_header(part.heading)] if word]
    if not words:
        words = [(word, n) for n, line in enumerate(document.lines, 1) for word in stated_zones(line)]
    own = Counter(row.zone for block, day in timeline for row in rows_of([block], day))
    if not words and own and (word := own.most_common(1)[0][0]):  # most rows name it themselves
        words = [(word, timeline[0][0].line)]
    names = list(dict.fromkeys(word for word, _ in words))
    for word, line in words[:1]:
        name, why = zone_named_by(word)
        if len(names) > 1:
            found.weak("two-zones", line, f"Times are said to be in {' and in '.join(names)}; {word} is taken.")
        if name:
            found.comments["zone"] = f"line {line}: {word}"
            found.readings.append(Reading(line, word, f"the zone {name}"))
            return name
        found.weak("zone-unsettled", line, f"Times are said to be in {word}: {why}. {_AS_UTC}", _NAME_ZONE)
        found.comments["zone"] = f"line {line} says {word}, which is not settled: correct this"
        return UTC
    if timeline:
        found.weak("no-zone", timeline[0][0].line, f"No zone of the times is stated. {_AS_UTC}", _NAME_ZONE)
        found.comments["zone"] = "not stated in the document: correct this"
    return UTC


def _zones_in(text: Text) -> list[str]:
    found = read_day(text.text)
    rest = found[1] if found else text.text
    words = list(stated_zones(rest))
    alone = zone_in_header(rest)
    return words or ([alone] if alone and len(rest) < 40 else [])


def day_of(
    document: Document,
    timeline: Blocks,
    fields: Iterable[Field],
    given: dt.date | None,
) -> tuple[dt.date | None, bool]:
    """Return the day of times that name none, and whether the document says that it holds for all of them."""
    if given is not None:
        return given, False
    for block, _ in timeline:
        if isinstance(block, Paragraph):
            whole = " ".join(line.text for line in block.lines)
            for match in _ON.finditer(whole):
                found = read_day(whole[match.end() :])
                if found and found[0].first and found[0].clock is None:
                    return found[0].first, bool(_FIXED.search(whole))
    for one in fields:
        if one.name in ("date", "started", "detected") and (found := read_day(one.value)) and found[0].first:
            return found[0].first, False
    title = next((part.heading for part, role in with_roles(document) if role == "title"), "")
    in_title = _day_in_heading(title)
    return (in_title.first if in_title and in_title.first else day_in(document.file)), False


def summer_findings(settled: Sequence[Settled], found: Gathered) -> None:
    """Say where the zone that is stated (CET) is not what its clocks showed on the day (CEST)."""
    word = found.comments.get("zone", "").rpartition(": ")[2]
    if word not in EXAMPLES:
        return
    zone = found.facts["zone"]
    other = [s for s in settled if s.instant.at is not None and s.instant.at.tz_convert(zone).tzname() != word]
    if other:
        shown = other[0].instant.at
        assert shown is not None, "it was just looked at"
        found.weak(
            "summer-time",
            other[0].row.line,
            f"Times are said to be in {word}, and on that day clocks of {zone} showed "
            f"{shown.tz_convert(zone).tzname()} ({len(other)} rows). They are read as clocks showed them.",
            "If the hour was really meant as stated, write these times with an offset.",
        )
