"""A published postmortem in Markdown → the draft of an incident."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from pathlib import Path

from postmortem_nb.errors import ReadError
from postmortem_nb.importing.choosing import Choice, choose
from postmortem_nb.importing.context import day_of, rows_in, summer_findings, timeline_blocks, zone_of
from postmortem_nb.importing.declaring import (
    declare_lists,
    declare_milestones,
    declare_stated,
    declare_tasks,
    declare_timeline,
    stated_lengths,
)
from postmortem_nb.importing.document import Document, read_document
from postmortem_nb.importing.draft import Draft, Reading
from postmortem_nb.importing.fields import MILESTONES, Field, fields_of, is_nothing
from postmortem_nb.importing.gathering import Gathered
from postmortem_nb.importing.headings import is_label, is_lesson, with_roles
from postmortem_nb.importing.lengths import lengths_told
from postmortem_nb.importing.naming import IMPORTED, day_in, name_of
from postmortem_nb.importing.notations import read_day
from postmortem_nb.importing.people import people_of
from postmortem_nb.importing.prose import first_line, first_sentences, narrative_of
from postmortem_nb.importing.settling import Settled, Settler
from postmortem_nb.times import zone_named

_GENRE = re.compile(r"^(?:post-?\s?mortem|incident(?: report| review)?|rca)\s*[:–—-]\s+", re.IGNORECASE)
AS_TIMES = frozenset(name for name, _ in MILESTONES)
LEFT_OUT = {
    "people": "people are not named in reports; write their roles",
    "status": "an import is a draft until it was reviewed here",
    "channel": "there is no place for it",
}
PROSE = ("summary", "impact", "cause", "trigger")  # short facts that are told in the prose as well


def read_postmortem(path: Path, *, zone: str | None = None, date: dt.date | None = None) -> Draft:
    """Read a postmortem as teams publish them: in the layouts that docs/importing.md names, and near kin.

    Parameters
    ----------
    path : Path
        A Markdown file.
    zone : str, optional
        IANA zone of times that name none; goes before what the document says.
    date : date, optional
        Day of times that name none.

    Returns
    -------
    Draft
        What was not understood is in its findings, with file and line; nothing is dropped.

    Raises
    ------
    ReadError
        If it is no text, or no part of it is one of a postmortem.
    IncidentError
        If ``zone`` is no zone.
    """
    if zone is not None:
        zone_named(zone)
    original = path.read_bytes()
    document = read_document(_decoded(original, path), path.name, is_label, is_lesson)
    found = Gathered(path.name)
    fields = list(fields_of(document))
    people = people_of(document, fields)
    _check(document, fields, path)
    _plain_facts(document, fields, found)
    settled, settler = _settled(document, fields, found, zone, date)
    lengths = stated_lengths([*fields, *lengths_told(document)], found)
    choice = choose(settled, {name: length for name, (length, _, _) in lengths.items()})
    declare_milestones(settled, choice, fields, settler, found)
    declare_stated(lengths, settled, choice, found)
    declare_timeline(settled, choice, people, found)
    declare_lists(document, found)
    declare_tasks(document, people, found)
    day = _first_day(settled, choice, found.facts["zone"]) or settler.day or day_in(path.stem)
    if day is not None:
        found.facts["date"] = day
    return Draft(
        name=name_of(day, found.facts["title"], path.stem),
        source=path.name,
        file=f"{IMPORTED}/{path.name}",
        original=original,
        facts=found.facts,
        comments=found.comments,
        narrative=narrative_of(document, found.used),
        findings=tuple(found.findings),
        readings=tuple(sorted(found.readings, key=lambda r: r.line)),
        left_out=tuple(sorted(found.left_out, key=lambda r: r.line)),
    )


def read_rows(path: Path, *, zone: str | None = None, date: dt.date | None = None) -> list[Settled]:
    """Read only the rows of the timeline of a postmortem, with their instants; see `read_postmortem`."""
    document = read_document(_decoded(path.read_bytes(), path), path.name, is_label, is_lesson)
    found = Gathered(path.name)
    return _settled(document, list(fields_of(document)), found, zone, date)[0]


def _check(document: Document, fields: list[Field], path: Path) -> None:
    roles = {role for _, role in with_roles(document)}
    if not fields and not roles - {"", "title", "sources"} and not list(timeline_blocks(document)):
        raise ReadError(
            f"{path.as_posix()}: it has no timeline, no statistics and no heading that a postmortem has. "
            "Name a Markdown file with headings such as Summary, Timeline and Action items."
        )


def _settled(
    document: Document, fields: list[Field], found: Gathered, zone: str | None, date: dt.date | None
) -> tuple[list[Settled], Settler]:
    """Return the rows of the timeline with their instants, and what settles times that stand elsewhere."""
    timeline = list(timeline_blocks(document))
    found.facts["zone"] = zone_of(document, timeline, fields, zone, found)
    day, is_fixed = day_of(document, timeline, fields, date)
    settler = Settler(document.file, found.facts["zone"], day, is_fixed)
    settled, odd = settler.settle(rows_in(timeline, found))
    if not settled:
        found.weak("no-timeline", 1, "No timeline was found: nothing begins with times, below any heading.")
    found.findings += odd
    summer_findings(settled, found)
    return settled, settler


def _first_day(settled: list[Settled], choice: Choice, zone: str) -> dt.date | None:
    """Return the local day on which it started, else the first of the timeline."""
    known = [s.instant.best for s in settled if s.instant.best is not None]
    started = choice.rows["started"].moment if "started" in choice.rows else min(known, default=None)
    return None if started is None else started.tz_convert(zone).date()


def _decoded(original: bytes, path: Path) -> str:
    try:
        return original.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = original[: error.start].count(b"\n") + 1
        raise ReadError(f"{path.as_posix()}:{line}: it is not UTF-8 text. Save it as UTF-8.") from error


def _title(declared: str, document: Document, found: Gathered) -> str:
    """Return the title: as declared, the first heading, a first line by itself, else the name of the file."""
    whole = declared or next((p.heading for p, role in with_roles(document) if role == "title" and p.heading), "")
    if not whole and (line := first_line(document)) is not None:
        whole = line.text
        found.used[line.line] = "title"
        found.readings.append(Reading(line.line, line.text, "title"))
    whole = whole or Path(document.file).stem.replace("-", " ")
    dated = read_day(whole)
    if dated and dated[0].clock is None and dated[1]:  # "2024-05-21: builds were stuck"
        whole = dated[1]
    return _GENRE.sub("", whole) or whole


def _with_noun(one: Field) -> str:
    """Return who was affected, a bare number with what it counts: ``Customers affected: 1,204``."""
    noun = re.search(r"users|customers|clients|tenants", one.key, re.IGNORECASE)
    return f"{one.value} {noun[0].lower()}" if noun and re.fullmatch(r"[\W\d]+", one.value) else one.value


def _plain_facts(document: Document, fields: Iterable[Field], found: Gathered) -> None:
    said: dict[str, Field] = {}
    for one in fields:
        if one.name in LEFT_OUT:
            found.without(one.line, f"{one.key}: {one.value}", LEFT_OUT[one.name])
            found.used.setdefault(one.line, one.name)
        elif one.name and not is_nothing(one.value):
            if one.name in said and said[one.name].value != one.value:
                text = f"{one.key}: {one.value!r} stands beside {said[one.name].value!r} (line {said[one.name].line})."
                found.weak("stated-twice", one.line, f"{text} The first one is taken.")
            said.setdefault(one.name, one)
        elif not one.name:
            found.without(one.line, f"{one.key}: {one.value}", "there is no place for it")
        else:
            found.readings.append(Reading(one.line, f"{one.key}: {one.value}", "not known, so nothing is declared"))
    for one in said.values():
        if one.name not in PROSE and one.name not in AS_TIMES:
            found.used[one.line] = one.name
    own = said.get("title")
    found.facts["title"] = _title(own.value if own else "", document, found)
    found.facts["status"] = "draft"
    for name in ("date", "title"):
        if name in said:
            found.readings.append(Reading(said[name].line, f"{said[name].key}: {said[name].value}", name))
    for name in ("severity", "impact", "cause", "trigger"):
        if name in said:
            found.facts[name] = said[name].value
            found.readings.append(Reading(said[name].line, f"{said[name].key}: {said[name].value}", name))
    if "affected" in said:
        one = said["affected"]
        found.facts["affected"] = _with_noun(one)
        found.readings.append(Reading(one.line, f"{one.key}: {one.value}", "affected"))
    if "number" in said:
        one = said["number"]
        found.facts["sources"] = [f"{one.key}: {one.value}"]
        found.readings.append(Reading(one.line, f"{one.key}: {one.value}", "sources"))
    if "services" in said:
        listed_ones = [part.strip() for part in re.split(r"[,;]|\band\b", said["services"].value) if part.strip()]
        found.facts["services"] = listed_ones
        found.readings.append(Reading(said["services"].line, said["services"].value, "services"))
    summary = said["summary"].value if "summary" in said else first_sentences(document, found.used)
    if summary:
        found.facts["summary"] = summary
