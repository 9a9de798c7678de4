"""JSON records and rows of Parquet → a table of texts: nested objects become columns with a dot in their name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from postmortem_nb.characters import writable
from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.documents import Record
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.metrics.answers import unknown
from postmortem_nb.evidence.metrics.shapes import shown
from postmortem_nb.evidence.metrics.tables import ROLES, from_table, time_column
from postmortem_nb.evidence.table import Table, check_roles

DEEPEST = 8  # objects in each other that are taken apart
MOST = 20_000_000  # cells of a table


def read_records_table(records: Sequence[tuple[str, int, Record]], how: How, tally: Tally) -> pd.DataFrame:
    """Read records that are the rows of a table.

    Raises
    ------
    Unreadable
        If no record has a value that could stand in a cell, or they have too many keys between them.
    """
    check_roles(how, ROLES)
    rows = [(number, dict(_flat(record))) for _, number, record in records]
    names = list(dict.fromkeys(key for _, row in rows for key in row))
    if records and not names:
        raise unknown(records, how.name)
    if len(names) * len(rows) > MOST:
        raise Unreadable(
            f"{how.name}: its {len(rows):,} records have {len(names):,} keys between them, too many for a table. "
            "Write a record for each sample, with the keys time, metric and value."
        )
    columns = {name: [row.get(name, "") for _, row in rows] for name in names}
    table = Table(how.name, dropped(columns, how, tally), [number for number, _ in rows], how.columns)
    if records and time_column(table) is None:
        raise unknown(records, how.name)
    return from_table(table, how, tally, "json")


def read_parquet(path: Path, how: How) -> pd.DataFrame:
    """Read a Parquet file, long or wide; its rows count as lines.

    Raises
    ------
    Unreadable
        If its data are broken.
    """
    import polars as pl  # only here: most files are none

    tally = Tally(how.name)
    check_roles(how, ROLES)
    try:
        frame = pl.read_parquet(path)
    except BaseException as error:  # a panic of the engine, which hostile bytes may cause, is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        said = str(error).partition("\n")[0][:200]
        raise Unreadable(f"{how.name}: its Parquet data cannot be read ({said}). Export it again.") from error
    columns: dict[str, list[str]] = {}
    for name, dtype in frame.schema.items():
        column = frame[name]
        if isinstance(dtype, pl.Datetime):
            shown_in_utc = column.dt.convert_time_zone("UTC") if dtype.time_zone else column
            column = shown_in_utc.dt.to_string("%Y-%m-%dT%H:%M:%S%.9f") + ("Z" if dtype.time_zone else "")
        elif isinstance(dtype, pl.Duration):
            column = column.dt.total_nanoseconds() / 1e9  # the base unit, as in text files
        elif dtype.is_nested() or dtype in (pl.Binary, pl.Object):
            tally.notes += (f"The column {name} holds no single values and was left out.",)
            continue
        columns[name] = column.cast(pl.String, strict=False).fill_null("").to_list()
    tally.lines = len(frame)
    lines = list(range(1, len(frame) + 1))
    return from_table(Table(how.name, dropped(columns, how, tally), lines, how.columns), how, tally, "parquet")


def dropped(columns: dict[str, list[str]], how: How, tally: Tally) -> dict[str, list[str]]:
    """Return the columns without those that are to be left out; counts those of them that are not there."""
    tally.unused = tuple(name for name in how.drop if name not in columns)
    return {name: cells for name, cells in columns.items() if name not in how.drop}


def _flat(record: Record, above: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    for key, value in record.items():
        name = f"{above}{writable(str(key))}"
        if isinstance(value, dict) and depth < DEEPEST and not above.endswith("labels."):
            yield from (((name, shown(value)),) if key in ("labels", "tags") else _flat(value, f"{name}.", depth + 1))
        elif value is None:
            yield name, ""
        else:
            yield name, shown(value) if isinstance(value, dict | list) else writable(str(value))
