"""An events file → the events frame: CSV, JSON lines, a JSON document, Alertmanager, a Slack export.

A shape says by what its records are known and how they become rows; to read another system, add one to `SHAPES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from postmortem_nb.errors import SettingError, near
from postmortem_nb.evidence import alerts, chat
from postmortem_nb.evidence.account import Tally, joined
from postmortem_nb.evidence.documents import is_json, read_records
from postmortem_nb.evidence.eventframe import ROLES, finish, generic
from postmortem_nb.evidence.how import How, existing
from postmortem_nb.evidence.lines import blocks, head
from postmortem_nb.evidence.table import check_roles, read_table
from postmortem_nb.frames import EVENTS

Row = dict[str, Any]
Places = Sequence[tuple[str, int, dict[str, Any]]]  # place, number and record, as `read_records` gives them


@dataclass(frozen=True)
class Shape:
    """What the records of one system look like, and how they become rows."""

    name: str
    known: Callable[[Sequence[Mapping[str, Any]]], bool]
    rows: Callable[[Places, Path, How], Iterable[Row]]


SHAPES = (
    Shape("alertmanager-webhook", alerts.is_webhook, lambda places, path, how: alerts.webhook_rows(places)),
    Shape("alertmanager-api", alerts.is_api, lambda places, path, how: alerts.api_rows(places)),
    Shape("slack", chat.is_chat, lambda places, path, how: chat.rows(places, path, _cast(path, how))),
    Shape("json", lambda records: True, lambda places, path, how: generic(places, how)),
)
FORMATS = ("csv", *(shape.name for shape in SHAPES))


def read_events(
    path: str | Path,
    *,
    timezone: str | None = None,
    columns: Mapping[str, str] | None = None,
    clock_change: str = "ask",
) -> pd.DataFrame:
    """Read events: CSV, JSON lines, a JSON list, Alertmanager (webhook or API), a Slack day or a whole Slack export.

    Parameters
    ----------
    path : path
        The file, plain or gzip; for a Slack export its folder.
    timezone : str, optional
        IANA zone of times that carry none; never guessed.
    columns : mapping, optional
        What a column or key is (``time``, ``kind``, ``text``, ``actor``, ``source``, ``end`` …) → its name.
    clock_change : {"ask", "first", "second"}
        Which instant a local time means in the hour that a clock change repeats; "ask" is an error with both.

    Returns
    -------
    DataFrame
        Columns of `postmortem_nb.frames.EVENTS`, in time order; alerts add ``service``. ``attrs["report"]`` is the
        `Report`; of a folder, ``attrs["reports"]`` holds one for each file.

    Raises
    ------
    SourceError
        If there is no such file.
    ReadError
        If it is neither CSV nor JSON, or its times have no zone and none was given.
    """
    path = existing(path, folder=True)
    how = How(name=path.as_posix(), zone=timezone, change=clock_change, columns=columns or {})
    return _read_export(path, how) if path.is_dir() else read(path, how)


def read(path: Path, how: How) -> pd.DataFrame:
    """Read an events file as its rule says; see `read_events`."""
    if how.format not in (None, *FORMATS):
        raise SettingError(f"{how.name}: there is no events format {how.format!r}. {near(str(how.format), FORMATS)}")
    check_roles(how, tuple(ROLES))
    tally = Tally(how.name)
    looked = head(blocks(path, Tally(how.name)), 1)
    first = next((line for block in looked for line in block if line and not line.isspace()), "")
    if how.format == "csv" or (how.format is None and not is_json(first)):
        return _from_table(path, how, tally)
    tally.unused = how.drop
    places = read_records(path, tally)
    if not places:
        return _empty(tally, "json")
    records = [record for _, _, record in places]
    shape = next(s for s in SHAPES if (s.name == how.format if how.format else s.known(records)))
    if shape.name == "slack":  # torn text cannot be freed of names
        tally.samples = [(number, "(a torn message)") for number, _ in tally.samples]
    return finish(shape.rows(places, path, how), shape.name, how, tally)


def _from_table(path: Path, how: How, tally: Tally) -> pd.DataFrame:
    table = read_table(path, how, tally)
    if not table.columns:
        return _empty(tally, "empty")
    table.require("time", ROLES["time"])
    for role in how.columns:
        table.find(role)  # a declared column that is not there is an error
    names = list(table.columns)
    records = [dict(zip(names, cells, strict=True)) for cells in zip(*table.columns.values(), strict=True)]
    places = [(f":{line}", line, record) for line, record in zip(table.lines, records, strict=True)]
    return finish(generic(places, how), "csv", how, tally)


def _empty(tally: Tally, format: str) -> pd.DataFrame:
    frame = EVENTS.empty()
    frame.attrs["report"] = tally.report(format)
    return frame


def _cast(path: Path, how: How) -> chat.Cast:
    """Return who is who in the export that a day's file belongs to."""
    return how.cast if isinstance(how.cast, chat.Cast) else chat.cast_of(chat.export_of(path))


def _read_export(folder: Path, how: How) -> pd.DataFrame:
    """Read every day of a Slack export."""
    cast = chat.cast_of(folder)
    frames = []
    for day in chat.days_of(folder):
        own = How(name=day.as_posix(), zone=how.zone, change=how.change, offset=how.offset, cast=cast, format="slack")
        frames.append(read(day, own))
    if not frames:
        raise SettingError(f"{how.name}: there is no YYYY-MM-DD.json in it or its folders, as a Slack export has.")
    reports = tuple(frame.attrs["report"] for frame in frames)
    whole = pd.concat(frames, ignore_index=True).sort_values("time", kind="stable", ignore_index=True)
    whole.attrs = {"report": joined(how.name, reports), "reports": reports}
    return whole
