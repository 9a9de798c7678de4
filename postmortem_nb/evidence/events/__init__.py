"""An events file → the events frame: what tools export of alerts, pages, changes, incidents and status pages.

A shape says by what its records are known and how they become rows; to read another system, add one to the module of
its kind (`paging`, `incidents`, `statuspages`, `delivery`, `monitoring` …). Files are told apart by what is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pandas as pd

from postmortem_nb.errors import SettingError, near
from postmortem_nb.evidence import chat
from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.documents import is_json, read_records
from postmortem_nb.evidence.eventframe import ROLES, finish, generic, has_time
from postmortem_nb.evidence.events import cstate, feeds, puppet
from postmortem_nb.evidence.events.archive import is_zip
from postmortem_nb.evidence.events.envelope import holds, notes, split, unwrap
from postmortem_nb.evidence.events.exports import hide_torn, joined_frames, read_zip
from postmortem_nb.evidence.events.incidents import noted
from postmortem_nb.evidence.events.known import BY_NAME, CSV, FORMATS, JSON, cast, choose, is_known
from postmortem_nb.evidence.events.people import People
from postmortem_nb.evidence.events.shape import Record, Shape, Unit, rows_of, said
from postmortem_nb.evidence.how import How, existing
from postmortem_nb.evidence.lines import blocks, head
from postmortem_nb.evidence.table import check_roles, read_table
from postmortem_nb.frames import EVENTS

__all__ = ["FORMATS", "read", "read_events"]


def read_events(
    path: str | Path,
    *,
    timezone: str | None = None,
    columns: Mapping[str, str] | None = None,
    clock_change: str = "ask",
    format: str | None = None,
) -> pd.DataFrame:
    """Read events: what a tool exported, or CSV, JSON lines or a JSON list with ordinary names.

    Parameters
    ----------
    path : path
        The file, plain or gzip; for a Slack export its folder or its ZIP.
    timezone : str, optional
        IANA zone of times that carry none; never guessed.
    columns : mapping, optional
        What a column or key is (``time``, ``kind``, ``text``, ``actor``, ``source``, ``end`` …) → its name.
    clock_change : {"ask", "first", "second"}
        Which instant a local time means in the hour that a clock change repeats; "ask" is an error with both.
    format : str, optional
        A name of `FORMATS`; else it is told from what is in the file.

    Returns
    -------
    DataFrame
        Columns of `postmortem_nb.frames.EVENTS`, in time order; behind them ``service``, and for chat ``marks``
        (reactions and pins) and ``thread``, where a file has them. ``attrs["report"]`` is the `Report`; of an export,
        ``attrs["reports"]`` holds one for each day.

    Raises
    ------
    SourceError
        If there is no such file.
    ReadError
        If it is of no known form, or its times have no zone and none was given.
    """
    path = existing(path, folder=True)
    how = How(name=path.as_posix(), zone=timezone, change=clock_change, columns=columns or {}, format=format)
    return _read_folder(path, how) if path.is_dir() else read(path, how)


def read(path: Path, how: How) -> pd.DataFrame:
    """Read an events file as its rule says; see `read_events`."""
    if how.format not in (None, *FORMATS):
        raise SettingError(f"{how.name}: there is no events format {how.format!r}. {near(str(how.format), FORMATS)}")
    check_roles(how, tuple(ROLES))
    if is_zip(path):
        return read_zip(path, how)
    tally = Tally(how.name)
    looked = head(blocks(path, Tally(how.name)), 1)
    first = next((line for block in looked for line in block if line and not line.isspace()), "")
    if how.format == feeds.NAME or (how.format is None and feeds.is_feed(first)):
        units = feeds.read_feed(_text(path, tally), tally)
        tally.notes += tuple(notes([], len(units), feeds.SHAPE))
        return finish(feeds.rows(units), feeds.NAME, how, tally)
    if how.format == cstate.NAME or (how.format is None and cstate.is_cstate(first)):
        return finish(cstate.rows(cstate.read_page(_text(path, tally).split("\n"), tally)), cstate.NAME, how, tally)
    if puppet.is_report(first):
        return _from_units(puppet.read_report(_text(path, tally), tally), BY_NAME["puppet"], [], path, how, tally)
    if how.format == CSV or not is_json(first):
        return _from_table(path, how, tally)
    return _from_json(path, how, tally)


def _text(path: Path, tally: Tally) -> str:
    return "\n".join(chain.from_iterable(blocks(path, tally)))


def _from_json(path: Path, how: How, tally: Tally) -> pd.DataFrame:
    tally.unused = how.drop
    found = [Unit(*place) for place in read_records(path, tally, lists=())]
    named = None if how.format in (None, JSON) else BY_NAME.get(str(how.format))

    def is_one(record: Record) -> bool:
        return has_time(record, how) or is_known(record)

    def is_record(record: Record) -> bool:
        if named:
            return named.knows(record)
        return (has_time(record, how) and not holds(record, is_one)) or is_known(record)

    units, envelopes = unwrap(found, tally, is_record)
    if not units:
        return _empty(tally, JSON)
    shape = named if named or how.format == JSON else choose(units, how)
    return _from_units(units, shape, envelopes, path, how, tally)


def _from_table(path: Path, how: How, tally: Tally) -> pd.DataFrame:
    table = read_table(path, how, tally)
    if not table.columns:
        return _empty(tally, "empty")
    names = list(table.columns)
    records = [dict(zip(names, cells, strict=True)) for cells in zip(*table.columns.values(), strict=True)]
    units = [Unit(f":{line}", line, record) for line, record in zip(table.lines, records, strict=True)]
    named = BY_NAME.get(str(how.format))
    shape = named or (None if how.format == CSV else choose(units, how, is_table=True))
    if shape is not None:
        return _from_units(units, shape, [], path, how, tally)
    table.require("time", ROLES["time"])
    for role in how.columns:
        table.find(role)  # a declared column that is not there is an error
    return finish(generic(units, how), CSV, how, tally)


def _from_units(
    units: list[Unit], shape: Shape | None, envelopes: list[Record], path: Path, how: How, tally: Tally
) -> pd.DataFrame:
    """Turn the records of a file into its frame; those of another shape are rejected."""
    if shape is None:
        return finish(generic(units, how), JSON, how, tally)
    tally.notes += tuple(notes(envelopes, len(units), shape))
    known = units if shape.name == "slack" else [unit for unit in units if shape.knows(unit.record)]
    people = People(unit.record for unit in known) if shape.has_people else None
    places = {unit.place for unit in known}
    for unit in units:
        if unit.place not in places:
            tally.reject(unit.number, f"(it is no record of {shape.name}) keys: {', '.join(unit.record)}")
    cut = sum(int(left) for unit in known if shape.cut and (left := said(unit.record, shape.cut)).isdecimal())
    if cut:
        tally.notes += (f"{shape.source} left out {cut:,} records of what it sent.",)
    if shape.parts:
        known = split(known, shape.parts, tally)
    hide_torn(tally)
    is_given = bool(shape.zone) and how.zone is None
    how = replace(how, zone=shape.zone) if is_given else how
    rows = shape.rows(known, path, how) if shape.rows else rows_of(shape.facts, shape.source, known)
    if shape.opened:
        rows = noted(rows, known, shape.opened)
    frame = finish(rows, shape.name, how, tally, people, units=known)
    report = frame.attrs["report"]
    if is_given and report.zone == shape.zone:
        note = f"Times without a mark are {shape.zone}: {shape.source} writes no other."
        frame.attrs["report"] = replace(report, notes=(*report.notes, note))
    return frame


def _empty(tally: Tally, format: str) -> pd.DataFrame:
    frame = EVENTS.empty()
    frame.attrs["report"] = tally.report(format)
    return frame


def _read_folder(folder: Path, how: How) -> pd.DataFrame:
    """Read every day of a Slack export."""
    known = cast(folder / "users.json", how)
    days = [replace(how, name=day.as_posix(), cast=known, format="slack") for day in chat.days_of(folder)]
    return joined_frames(how, [read(Path(day.name), day) for day in days])
