"""A log file → the logs frame, with an account of every line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import pandas as pd

from postmortem_nb.errors import SettingError
from postmortem_nb.evidence import formats, levels
from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.clock import read_times
from postmortem_nb.evidence.formats import Format
from postmortem_nb.evidence.how import How, existing
from postmortem_nb.evidence.lines import LINE_CAP, blocks, head
from postmortem_nb.evidence.logframe import Texts, derive, empty, finish
from postmortem_nb.evidence.parsers import Values, plain, record_in
from postmortem_nb.evidence.table import SERVICES, TIMES, check_roles, read_table, service_of

MESSAGES = ("message", "msg", "log", "text", "line", "body", "content")
FOUND = {  # what else a column of a CSV log may be → its usual names
    "level": ("level", "severity", "lvl", "loglevel"),
    "service": SERVICES,
    "host": ("host", "hostname", "node"),
    "trace": ("trace", "traceid", "trace_id", "request_id", "requestid"),
    "status": ("status",),
    "seconds": ("seconds",),
    "method": ("method",),
    "path": ("path",),
    "client": ("client",),
}


def read_logs(
    path: str | Path,
    *,
    timezone: str | None = None,
    year: int | None = None,
    format: str | None = None,
    columns: Mapping[str, str] | None = None,
    service: str | None = None,
    clock_change: str = "ask",
) -> pd.DataFrame:
    """Read a log file, plain or gzip, in any format of `postmortem_nb.evidence.formats`.

    Parameters
    ----------
    path : path
        The file.
    timezone : str, optional
        IANA zone of times that carry none; never guessed.
    year : int, optional
        Year of the first record, for syslog, which writes none.
    format : str, optional
        Name of the format, or ``csv``; found from the first lines otherwise.
    columns : mapping, optional
        For CSV: what a column is → its name, such as ``{"time": "Timestamp", "message": "Log"}``.
    service : str, optional
        Service of every line.
    clock_change : {"ask", "first", "second"}
        Which instant a local time means in the hour that a clock change repeats; "ask" is an error with both.

    Returns
    -------
    DataFrame
        Columns of `postmortem_nb.frames.LOGS`, in the order of the file; access logs add ``client``, ``method``,
        ``path``, ``status`` and, where it is written, ``seconds`` and ``trace``. ``attrs["report"]`` is the `Report`.

    Raises
    ------
    SourceError
        If there is no such file.
    ReadError
        If no format reads it, or its times have no zone or year and none was given.
    SettingError
        If the format has an unknown name.
    """
    how = How(
        name=Path(path).as_posix(),
        zone=timezone,
        year=year,
        format=format,
        change=clock_change,
        columns=columns or {},
        service=service,
    )
    return read(existing(path), how)


def read(path: Path, how: How) -> pd.DataFrame:
    """Read a log file as its rule says; see `read_logs`."""
    tally = Tally(how.name)
    if how.format == "csv" or (how.columns and how.format is None):
        return _from_table(path, how, tally)
    if how.columns:
        raise SettingError(
            f"{how.name}: `columns` are for csv, not for the format {how.format!r}. Leave one of them out."
        )
    tally.unused = how.drop
    stream = blocks(path, tally)
    first = head(stream)
    beginning = [line for block in first for line in block if line and not line.isspace()]
    if not beginning:
        tally.blank = tally.lines
        return empty(how, tally)
    if how.format is None and _is_table(beginning[0]):
        return _from_table(path, how, Tally(how.name))
    form = formats.named(how.format, how.name) if how.format else formats.choose(beginning, how.name)
    rows, numbers, more = _records(chain(first, stream), form, tally)
    columns = _columns(rows, form)
    _append(columns["message"], more)
    times, zone = read_times(columns.pop("time"), numbers, form.time, how)
    return finish(derive(columns, form), times, numbers, format=form.name, zone=zone, how=how, tally=tally)


def _records(
    stream: Iterable[list[str]], form: Format, tally: Tally
) -> tuple[list[Values], list[int], dict[int, list[str]]]:
    """Take lines apart; returns the records, their lines, and by record the lines that continue it."""
    parse, continues = form.parse, form.continues
    rows: list[Values] = []
    numbers: list[int] = []
    more: dict[int, list[str]] = {}
    number = 0
    for block in stream:
        for line in block:
            number += 1
            row = parse(line)
            if row is not None:
                rows.append(row)
                numbers.append(number)
            elif not line or line.isspace():
                tally.blank += 1
            elif rows and continues(line):
                tally.continued += 1
                more.setdefault(len(rows) - 1, []).append(line)
            else:
                tally.reject(number, line)
    return rows, numbers, more


def _columns(rows: list[Values], form: Format) -> dict[str, list[str | None]]:
    """Turn records into columns; ``level_`` is another place of ``level``."""
    out: dict[str, list[str | None]] = {}
    cells: Iterator[Sequence[str | None]] = zip(*rows, strict=True) if rows else iter([()] * len(form.fields))
    for name, values in zip(form.fields, cells, strict=True):
        base = name.rstrip("_")
        out[base] = [a or b for a, b in zip(out[base], values, strict=True)] if base in out else list(values)
    if "before" in out:  # a thread or logger between time and level stays with the message
        out["message"] = [(b or "") + (m or "") for b, m in zip(out.pop("before"), out["message"], strict=True)]
    if "request" in out:
        out["message"] = [f"{r or chr(34) * 2} {s or '-'}" for r, s in zip(out["request"], out["status"], strict=True)]
    return out


def _append(messages: list[str | None], more: Mapping[int, list[str]]) -> None:
    """Put continuation lines behind the message they belong to."""
    for row, lines in more.items():
        messages[row] = "\n".join([messages[row] or "", *lines])[:LINE_CAP]


# --- CSV --------------------------------------------------------------------------------------------------------------


def _is_table(line: str) -> bool:
    """Whether a line is the header of a table with a time and a message."""
    names = {cell.strip(' "').lower() for cell in re.split(r"[,;\t|]", line[:5000])}
    return bool(names & set(TIMES)) and bool(names & set(MESSAGES))


def _from_table(path: Path, how: How, tally: Tally) -> pd.DataFrame:
    check_roles(how, ("time", "message", *FOUND))
    table = read_table(path, how, tally)
    if not table.columns:
        return empty(how, tally)
    found = {role: table.find(role, names) for role, names in FOUND.items()}
    columns: dict[str, Texts] = {role: table.columns[column] for role, column in found.items() if column}
    if service := found["service"]:
        columns["service"] = service_of(service, table.columns[service])
    columns["message"] = [_unwrapped(text).rstrip() for text in table.columns[table.require("message", MESSAGES)]]
    said = columns.get("level") or [None] * len(table.lines)
    columns["level"] = [
        levels.normalise(own) or levels.in_text(message) for own, message in zip(said, columns["message"], strict=True)
    ]
    texts = table.columns[table.require("time", TIMES)]
    times, zone = read_times([text.strip() or None for text in texts], table.lines, "any", how)
    return finish(columns, times, table.lines, format="csv", zone=zone, how=how, tally=tally)


def _unwrapped(text: str) -> str:
    """Return the program's own line where a cell holds the record that a container engine made of it."""
    record = record_in(text) if text.startswith('{"log"') else None
    return plain(record.get("log")) or text if record else text
