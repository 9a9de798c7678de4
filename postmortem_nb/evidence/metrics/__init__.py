"""A metrics file → the metrics frame: tables, answers of APIs and exporters' text, told apart by their content.

A gap stays a gap: what has no sample gets no row, and a sample without a value keeps its row without one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import pandas as pd

from postmortem_nb.errors import SettingError
from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.documents import Record, is_json, read_records
from postmortem_nb.evidence.how import How, existing
from postmortem_nb.evidence.lines import blocks
from postmortem_nb.evidence.metrics.answers import ANSWERS, answer_of
from postmortem_nb.evidence.metrics.exposition import is_exposition, read_exposition
from postmortem_nb.evidence.metrics.rates import is_counter, rates
from postmortem_nb.evidence.metrics.samples import Samples
from postmortem_nb.evidence.metrics.tables import ROLES, from_table, read_csv
from postmortem_nb.evidence.parsers import writable
from postmortem_nb.evidence.table import Table, check_roles

__all__ = ["FORMATS", "is_counter", "rates", "read", "read_metrics"]

FORMATS = (
    *("csv", "csv-long", "csv-wide", "json", "parquet", "exposition"),
    *(name for name in ANSWERS if name != "prometheus-error"),
)


def read_metrics(
    path: str | Path,
    *,
    timezone: str | None = None,
    format: str | None = None,
    columns: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
    service: str | None = None,
    clock_change: str = "ask",
) -> pd.DataFrame:
    """Read a file of metrics: CSV, Parquet, JSON lines, the answer of a metrics API, or what an exporter shows.

    Long tables have a column ``metric`` and a column ``value``; wide ones have a column for each metric. The time
    column is ``time``, ``timestamp``, ``ts``, ``date``, ``datetime`` or ``@timestamp``: ISO, Go's form, or an epoch in
    s, ms, us or ns. docs/formats.md lists the APIs.

    Parameters
    ----------
    path : path
        The file; text may be packed.
    timezone : str, optional
        IANA zone of times that carry none; never guessed.
    format : str, optional
        One of `FORMATS`; told from the content otherwise.
    columns : mapping, optional
        What a column is (``time``, ``metric``, ``value``, ``service``, ``labels``) → its name.
    drop : sequence of str
        Columns to leave out.
    service : str, optional
        Service of every sample.
    clock_change : {"ask", "first", "second"}
        Which instant a local time means in the hour that a clock change repeats; "ask" is an error with both.

    Returns
    -------
    DataFrame
        Columns of `postmortem_nb.frames.METRICS`, in time order. A sample that the file leaves empty has a missing
        value; so has a cell that is no number in a wide file's column of numbers. Labels and other text columns are
        joined into ``labels``. Counters stay counters; `rates` turns them into rates. ``attrs["report"]`` is the
        `Report`.

    Raises
    ------
    SourceError
        If there is no such file.
    ReadError
        If it has no time or no number, its times have no zone and none was given, or it is JSON of no known shape.
    SettingError
        If the format has an unknown name.
    """
    how = How(
        name=Path(path).as_posix(),
        zone=timezone,
        change=clock_change,
        format=format,
        columns=columns or {},
        drop=tuple(drop),
        service=service,
    )
    return read(existing(path), how)


def read(path: Path, how: How) -> pd.DataFrame:
    """Read a metrics file as its rule says; see `read_metrics`."""
    if how.format not in (None, *FORMATS):
        raise SettingError(f"{how.name}: there is no metrics format {how.format!r}. Known: {', '.join(FORMATS)}.")
    with path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    if is_parquet:
        return _from_parquet(path, how)
    if how.format in (None, "exposition", "json", *ANSWERS) and not how.columns:
        tally = Tally(how.name, unused=how.drop)
        first = _first_lines(path, how)
        if first and is_json(first[0]):
            return _from_json(path, how, tally)
        if is_exposition(first):
            lines = list(chain.from_iterable(blocks(path, tally, encoding=how.encoding)))
            return read_exposition(lines, tally).frame("exposition", how)
    if how.columns and (first := _first_lines(path, how)) and is_json(first[0]):
        return _from_json(path, how, Tally(how.name))
    return read_csv(path, how)


def _first_lines(path: Path, how: How) -> list[str]:
    """Return the first lines that hold anything."""
    block = next(blocks(path, Tally(how.name), encoding=how.encoding), [])
    return [line for line in block if line and not line.isspace()][:50]


def _from_json(path: Path, how: How, tally: Tally) -> pd.DataFrame:
    """Read an answer of an API, or a list or lines of records that are a table."""
    records = read_records(path, tally, ())
    known = {name for _, _, record in records if (name := answer_of(record))}
    if how.format in ANSWERS:
        known = {how.format}
    if len(known) > 1:
        raise Unreadable(f"{how.name}: its records are of {' and '.join(sorted(known))}. Give each a file of its own.")
    if not known:
        return _from_records(records, how, tally)
    (name,) = known
    samples = Samples(tally)
    for _, number, record in records:
        for metric, labels, points in ANSWERS[name][1](record, samples):
            samples.add(metric, labels, points, number)
    return samples.frame(name, how)


def _from_records(records: Sequence[tuple[str, int, Record]], how: How, tally: Tally) -> pd.DataFrame:
    """Read records that are the rows of a table."""
    check_roles(how, ROLES)
    records = [(place, number, {writable(key): value for key, value in r.items()}) for place, number, r in records]
    names = list(dict.fromkeys(key for _, _, record in records for key in record))
    if records and not any(isinstance(v, str | int | float) for _, _, record in records for v in record.values()):
        shown = ", ".join(names[:8])
        raise Unreadable(
            f"{how.name}: it is JSON of no known shape; its keys are {shown}. Known: {', '.join(ANSWERS)}."
        )
    columns = {name: [_cell(record.get(name)) for _, _, record in records] for name in names}
    tally.unused = tuple(name for name in how.drop if name not in columns)
    for name in how.drop:
        columns.pop(name, None)
    table = Table(how.name, columns, [number for _, number, _ in records], how.columns)
    return from_table(table, how, tally, "json")


def _cell(value: object) -> str:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, dict | list) else writable(str(value))


def _from_parquet(path: Path, how: How) -> pd.DataFrame:
    """Read a Parquet file; its rows count as lines."""
    import polars as pl

    tally = Tally(how.name)
    check_roles(how, ROLES)
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise Unreadable(f"{how.name}: its Parquet data cannot be read ({error}). Export it again.") from error
    columns: dict[str, list[str]] = {}
    for name, dtype in frame.schema.items():
        column = frame[name]
        if isinstance(dtype, pl.Datetime):
            shown = column.dt.convert_time_zone("UTC") if dtype.time_zone else column
            column = shown.dt.to_string("%Y-%m-%dT%H:%M:%S%.9f") + ("Z" if dtype.time_zone else "")
        elif dtype.is_nested() or dtype == pl.Binary:
            continue
        columns[name] = column.cast(pl.String, strict=False).fill_null("").to_list()
    tally.lines = len(frame)
    tally.unused = tuple(name for name in how.drop if name not in columns)
    for name in how.drop:
        columns.pop(name, None)
    return from_table(Table(how.name, columns, list(range(1, len(frame) + 1)), how.columns), how, tally, "parquet")
