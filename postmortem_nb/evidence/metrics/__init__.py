"""A metrics file → the metrics frame: tables, answers of APIs and exporters' text, told apart by their content.

A gap stays a gap: a sample without a value keeps its row without one, and nothing is filled in. One module reads one
family: `tables`, `records` (JSON, Parquet), `annotated` (Flux), `console` (CloudWatch), `loadtests`, `exposition`, and
`answers` with a module for each kind of server. `values` reads single cells, `samples` makes the frame, `rates` makes
rates of counters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import pandas as pd

from postmortem_nb.errors import SettingError, near
from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.documents import is_json, read_records
from postmortem_nb.evidence.how import How, existing
from postmortem_nb.evidence.lines import blocks
from postmortem_nb.evidence.metrics.annotated import is_annotated, read_annotated
from postmortem_nb.evidence.metrics.answers import ANSWERS, SAME, read_answers
from postmortem_nb.evidence.metrics.console import is_console, read_console
from postmortem_nb.evidence.metrics.exposition import is_exposition, read_exposition
from postmortem_nb.evidence.metrics.loadtests import is_apachebench, is_jmeter, read_apachebench, read_jmeter
from postmortem_nb.evidence.metrics.rates import is_counter, rates
from postmortem_nb.evidence.metrics.records import read_parquet, read_records_table
from postmortem_nb.evidence.metrics.tables import ROLES, from_table, read_csv
from postmortem_nb.evidence.table import check_roles, read_table

__all__ = ["FORMATS", "is_counter", "rates", "read", "read_metrics"]

TABLES = ("csv", "csv-long", "csv-wide")
TEXTS = ("exposition", "influx-csv", "cloudwatch-csv", "jmeter", "apachebench")
SYSTEMS = tuple(dict.fromkeys(SAME.get(name, name) for name in ANSWERS))
FORMATS = (*TABLES, "json", "parquet", *TEXTS, *SYSTEMS)


def read_metrics(
    path: str | Path,
    *,
    timezone: str | None = None,
    format: str | None = None,
    columns: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
    service: str | None = None,
    clock_change: str = "ask",
    at: str | pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Read a file of metrics: CSV, Parquet, JSON lines, the answer of a metrics API, or what an exporter shows.

    Long tables have a column ``metric`` and a column ``value``; wide ones have a column for each metric. The time
    column is ``time``, ``timestamp``, ``ts``, ``date``, ``datetime`` or ``@timestamp``: ISO, Go's form, or an epoch in
    s, ms, us or ns. docs/formats.md lists every format.

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
    at : str or Timestamp, optional
        Instant, with its zone, of samples that carry no time: a snapshot of an exporter, the summary of a load test.

    Returns
    -------
    DataFrame
        Columns of `postmortem_nb.frames.METRICS`, in time order. A sample that the file leaves empty has a missing
        value; so has a cell that is no number in a wide file's column of numbers, and a step that a range query lacks.
        Behind them, where the file says so: ``labels`` (``a=b,c=d``; ``unit=s`` where values had a unit and are in its
        base unit), and ``type`` (``counter``, ``gauge``, or ``change``: what was added since the sample before).
        Counters stay counters; `rates` turns them into rates. ``attrs["report"]`` is the `Report`.

    Raises
    ------
    SourceError
        If there is no such file.
    ReadError
        If it has no time or no number, its times have no zone and none was given, it is JSON of no known shape, or it
        holds the error of a server.
    SettingError
        If the format has an unknown name, or ``at`` is no instant.
    """
    how = How(
        name=Path(path).as_posix(),
        zone=timezone,
        change=clock_change,
        format=format,
        columns=columns or {},
        drop=tuple(drop),
        service=service,
        at=_instant(at, Path(path).as_posix()),
    )
    return read(existing(path), how)


def read(path: Path, how: How) -> pd.DataFrame:
    """Read a metrics file as its rule says; see `read_metrics`."""
    if how.format not in (None, *FORMATS):
        raise SettingError(
            f"{how.name}: there is no metrics format {how.format!r}. {near(str(how.format), FORMATS)} "
            f"Known: {', '.join(FORMATS)}."
        )
    with path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    if is_parquet or how.format == "parquet":
        return read_parquet(path, how)
    first = _first_lines(path, how)
    kind = how.format or _told(first, how)
    tally = Tally(how.name)
    if kind in TABLES:
        return read_csv(path, how)
    if kind == "json" or kind in SYSTEMS:
        return _from_json(path, how, tally)
    if kind == "jmeter":
        check_roles(how, ROLES)
        return read_jmeter(read_table(path, how, tally), tally).frame(kind, how)
    lines = list(chain.from_iterable(blocks(path, tally, encoding=how.encoding)))
    if kind == "cloudwatch-csv":
        return from_table(read_console(lines, how, tally), how, tally, kind)
    if kind == "influx-csv":
        return read_annotated(lines, tally).frame(kind, how)
    if kind == "apachebench":
        return read_apachebench(lines, how, tally).frame(kind, how)
    return read_exposition(lines, tally, how).frame("exposition", how)


def _told(first: Sequence[str], how: How) -> str:
    """Return the family that a file's first lines tell; a table, where they tell none."""
    if not first:
        return "csv"
    if is_json(first[0]):
        return "json"
    if how.columns:  # only a table has columns that could be named
        return "csv"
    if is_annotated(first):
        return "influx-csv"
    if is_exposition(first):
        return "exposition"
    if is_apachebench(first):
        return "apachebench"
    if is_console(first):
        return "cloudwatch-csv"
    return "jmeter" if is_jmeter(first[0]) else "csv"


def _first_lines(path: Path, how: How) -> list[str]:
    """Return the first lines that hold anything."""
    block = next(blocks(path, Tally(how.name), encoding=how.encoding), [])
    return [line for line in block if line and not line.isspace()][:50]


def _from_json(path: Path, how: How, tally: Tally) -> pd.DataFrame:
    """Read an answer of an API, or a list or lines of records that are a table."""
    records = read_records(path, tally, ())
    wanted = None if how.format in (None, "json") else how.format
    found = None if how.format == "json" else read_answers(records, tally, wanted)
    if found is not None:
        tally.unused = how.drop  # an answer has no columns
        return found[1].frame(found[0], how)
    if wanted is not None:
        raise Unreadable(f"{how.name}: it is no answer of {wanted}, which its format says. Correct or remove `format`.")
    return read_records_table(records, how, tally)


def _instant(at: str | pd.Timestamp | None, where: str) -> pd.Timestamp | None:
    """Read a declared instant, which must say its zone."""
    if at is None:
        return None
    try:
        instant = pd.Timestamp(at)
    except (ValueError, TypeError) as error:
        raise SettingError(f"{where}: at = {at!r} is no time. Write one such as 2024-01-14T02:05:00Z.") from error
    if pd.isna(instant) or instant.tzinfo is None:
        raise SettingError(f"{where}: at = {str(at)!r} has no zone. Write one such as 2024-01-14T02:05:00Z.")
    return instant.tz_convert("UTC")
