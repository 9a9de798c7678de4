"""A log file → the logs frame, with an account of every line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import polars as pl

from postmortem_nb.errors import SettingError
from postmortem_nb.evidence import levels
from postmortem_nb.evidence.account import Report, Tally
from postmortem_nb.evidence.clock import read_times
from postmortem_nb.evidence.deriving import EXTRA, TEXTS, completed
from postmortem_nb.evidence.envelopes import is_export, read_export
from postmortem_nb.evidence.how import How, located
from postmortem_nb.evidence.parsers import plain, record_in
from postmortem_nb.evidence.ranges import narrowed, range_of, within
from postmortem_nb.evidence.scanning import Scan
from postmortem_nb.evidence.sources import Place, is_remote, name_of
from postmortem_nb.evidence.table import SERVICES, TIMES, check_roles, read_table, service_of
from postmortem_nb.frames import LOGS, conform

Texts = Sequence[str | None]
STAMPS = (*TIMES, "_time")
MESSAGES = ("message", "@message", "_raw", "msg", "log", "text", "line", "body", "content")
FOUND = {  # what else a column of a CSV log may be → its usual names
    "level": ("level", "log.level", "severity", "lvl", "loglevel"),
    "service": ("service.name", *SERVICES),
    "host": ("host", "host.name", "hostname", "node", "@logstream"),
    "trace": ("trace", "trace.id", "traceid", "trace_id", "request_id", "requestid"),
    "status": ("status", "http.response.status_code"),
    "seconds": ("seconds",),
    "method": ("method", "http.request.method"),
    "path": ("path", "url.path"),
    "client": ("client", "client.ip", "source.ip"),
    "user": ("user", "user_id", "user.id", "userid"),
}


def read_logs(
    path: Place,
    *,
    timezone: str | None = None,
    year: int | None = None,
    date: dt.date | str | None = None,
    format: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    service: str | None = None,
    clock_change: str = "ask",
    window: tuple[pd.Timestamp | str, pd.Timestamp | str] | None = None,
) -> pd.DataFrame:
    """Read a log file, plain or packed, in any format of `postmortem_nb.evidence.formats`.

    Parameters
    ----------
    path : path or address
        The file; gzip, zstandard, bzip2 and xz are unpacked. An address such as ``s3://bucket/app.log`` is read through
        fsspec.
    timezone : str, optional
        IANA zone of times that carry none; never guessed.
    year : int, optional
        Year of the first record, for syslog, which writes none.
    date : date or str, optional
        Date of the first record, for logs that write only a time of day. Without it the day on which the file was last
        changed is taken, and the report says so in its notes.
    format : str, optional
        Name of the format, or ``csv``; found from the first lines otherwise.
    encoding : str, optional
        Encoding of the text; UTF-8 otherwise, or UTF-16 where the bytes show it.
    columns : mapping, optional
        For CSV: what a column is → its name, such as ``{"time": "Timestamp", "message": "Log"}``.
    service : str, optional
        Service of every line.
    clock_change : {"ask", "first", "second"}
        Which instant a local time means in the hour that a clock change repeats; "ask" is an error with both.
    window : (start, end), optional
        Half-open range whose rows are wanted; times with their zone. A long file that is not packed and whose lines
        stand in the order of time is entered there.

    Returns
    -------
    DataFrame
        Columns of `postmortem_nb.frames.LOGS`, in the order of the file; access logs add ``client``, ``user``,
        ``method``, ``path``, ``status`` and, where it is written, ``seconds`` and ``trace``. ``attrs["report"]`` is
        the `Report`.

    Raises
    ------
    SourceError
        If there is no such file.
    ReadError
        If no format reads it, or its times have no zone, year or date and none was given.
    SettingError
        If the format has an unknown name, or the range names no zone or ends before it begins.
    """
    name = name_of(path)
    how = How(
        name=name,
        zone=timezone,
        year=year,
        date=dt.date.fromisoformat(date) if isinstance(date, str) else date,
        changed=None if is_remote(path) or not Path(path).is_file() else changed_on(Path(path)),
        format=format,
        encoding=encoding,
        change=clock_change,
        columns=columns or {},
        service=service,
        window=None if window is None else range_of(*window, f"{name}: window"),
    )
    return read(located(path), how)


def changed_on(path: Path) -> dt.date:
    """Return the day, in UTC, on which a file was last changed."""
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).date()


def read(path: Place, how: How) -> pd.DataFrame:
    """Read a log file as its rule says; see `read_logs`."""
    if how.format == "csv" or (how.columns and how.format is None):
        return _from_table(path, how, Tally(how.name))
    if how.columns:
        raise SettingError(
            f"{how.name}: `columns` are for csv, not for the format {how.format!r}. Leave one of them out."
        )
    scan = Scan(path, how)
    if how.format is None and scan.beginning and _is_table(scan.beginning[0]):
        return _from_table(path, how, Tally(how.name))
    if is_export(scan.beginning, how):
        return _from_document(path, how, Tally(how.name))
    scan = narrowed(scan, path, how)
    scan.tally.unused = how.drop
    return finish(scan, within(scan, how, scan.tally), how)


def is_lines(beginning: Sequence[str], how: How) -> bool:
    """Whether a file that begins so is a log of lines: no table, and no export that is one document."""
    if how.format == "csv" or how.columns or is_export(beginning, how):
        return False
    return how.format is not None or not beginning or not _is_table(beginning[0])


def _from_document(path: Place, how: How, tally: Tally) -> pd.DataFrame:
    """Read an export that is a JSON document; its records take the way of all other lines."""
    export = read_export(path, how, tally)
    held = list(within([export.frame], how, tally))
    whole = to_pandas(held[0], how) if held and len(held[0]) else LOGS.empty()
    whole.attrs["report"] = tally.report(export.name, whole["time"], export.zone)
    return whole


def finish(scan: Scan, frames: Iterable[pl.DataFrame], how: How) -> pd.DataFrame:
    """Return frames of a scan as the logs frame of its file."""
    held = list(frames)
    if not held:
        frame = LOGS.empty()
        form = scan.form.name if scan.form is not None else "empty"
        frame.attrs["report"] = scan.tally.report(form, None, scan.zone if how.window else "")
        return frame
    whole = to_pandas(completed(pl.concat(held, how="diagonal_relaxed")), how)
    report: Report = scan.tally.report(scan.choose().name, whole["time"], scan.zone)
    whole.attrs["report"] = report
    return whole


def to_pandas(frame: pl.DataFrame, how: How) -> pd.DataFrame:
    """Return records as a logs frame: typed columns, those of the contract first, none without any value behind."""
    out: dict[str, object] = {}
    for name in ("time", *TEXTS, "line", "status", "seconds"):
        if name not in frame.columns:
            continue
        values = frame[name]
        if name in EXTRA and not values.is_not_null().any():
            continue
        if name in TEXTS:
            out[name] = pd.Series(values.to_arrow(), dtype="str") if len(values) else pd.Series(dtype="str")
        elif name == "time":
            out[name] = pd.Series(values.to_numpy()).dt.tz_localize("UTC")
        else:
            out[name] = pd.Series(values.to_pandas(), dtype="Int64" if name == "status" else None)
    pandas = pd.DataFrame(out)
    named = pandas["service"].fillna("") if "service" in pandas else ""
    pandas["service"] = how.service if how.service is not None else named
    pandas["file"] = how.name
    return conform(pandas, LOGS, how.name)


# --- CSV --------------------------------------------------------------------------------------------------------------


def _is_table(line: str) -> bool:
    """Whether a line is the header of a table with a time and a message."""
    names = {cell.strip(' "').lower() for cell in re.split(r"[,;\t|]", line[:5000])}
    return bool(names & set(STAMPS)) and bool(names & set(MESSAGES))


def _from_table(path: Place, how: How, tally: Tally) -> pd.DataFrame:
    check_roles(how, ("time", "message", *FOUND))
    table = read_table(path, how, tally)
    if not table.columns:
        nothing = LOGS.empty()
        nothing.attrs["report"] = tally.report("empty")
        return nothing
    found = {role: table.find(role, names) for role, names in FOUND.items()}
    columns: dict[str, Texts] = {role: table.columns[column] for role, column in found.items() if column}
    if service := found["service"]:
        columns["service"] = service_of(service, table.columns[service])
    columns["message"] = [_unwrapped(text).rstrip() for text in table.columns[table.require("message", MESSAGES)]]
    said = columns.get("level") or [None] * len(table.lines)
    in_text = levels.in_texts(pl.Series(columns["message"], dtype=pl.String)).to_list()
    columns["level"] = [levels.normalise(own) or other for own, other in zip(said, in_text, strict=True)]
    texts = table.columns[table.require("time", STAMPS)]
    times, zone = read_times([text.strip() or None for text in texts], table.lines, "any", how)
    frame = pl.DataFrame({name: pl.Series(list(values), dtype=pl.String) for name, values in columns.items()})
    for name in ("status", "seconds"):
        if name in frame.columns:
            numbers = frame[name].str.strip_chars().cast(pl.Float64, strict=False)
            frame = frame.with_columns(numbers.cast(EXTRA[name], strict=False).alias(name))
    for name in ("host", "service", "client", "user", "trace", "method", "path"):
        if name in frame.columns:
            frame = frame.with_columns(pl.when(~pl.col(name).is_in(["-", ""])).then(name).alias(name))
    naive = times.dt.tz_localize(None).to_numpy()
    frame = frame.with_columns(
        line=pl.Series(table.lines, dtype=pl.Int64), time=pl.Series(naive, dtype=pl.Datetime("ns"))
    )
    for number, message in frame.filter(pl.col("time").is_null()).select("line", "message").iter_rows():
        tally.reject(number, f"(its time cannot be read) {message}")
    timed = list(within([frame.filter(pl.col("time").is_not_null())], how, tally))
    whole = to_pandas(timed[0], how) if timed else LOGS.empty()
    whole.attrs["report"] = tally.report("csv", whole["time"], zone)
    return whole


def _unwrapped(text: str) -> str:
    """Return the program's own line where a cell holds the record that a container engine made of it."""
    record = record_in(text) if text.startswith('{"log"') else None
    return plain(record.get("log")) or text if record else text
