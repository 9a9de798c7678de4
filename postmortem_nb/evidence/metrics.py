"""A metrics file → the metrics frame: one row a sample, gaps kept as rows without a value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from postmortem_nb.errors import SettingError
from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.clock import read_times
from postmortem_nb.evidence.how import How, existing
from postmortem_nb.evidence.table import PODS, SERVICES, TIMES, Table, check_roles, read_table, service_of
from postmortem_nb.frames import METRICS, conform

NAMES = ("metric", "metric_name", "name", "series")
VALUES = ("value", "val")
LABELS = ("labels", "tags")
MISSING = ("", "nan", "null", "none", "n/a", "na", "-")  # how files write that there is no value
FORMATS = ("csv", "csv-long", "csv-wide")

_LABEL = re.compile(r'([A-Za-z_][\w.]*)\s*=\s*"?([^",}]*)"?')


def read_metrics(
    path: str | Path,
    *,
    timezone: str | None = None,
    columns: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
    service: str | None = None,
    clock_change: str = "ask",
) -> pd.DataFrame:
    """Read a CSV file of metrics, plain or gzip, long or wide.

    Long files have a column ``metric`` and a column ``value``; wide ones have a column for each metric. The time column
    is ``time``, ``timestamp``, ``ts``, ``date``, ``datetime`` or ``@timestamp``: ISO, Go's form, or an epoch in s, ms,
    us or ns.

    Parameters
    ----------
    path : path
        The file.
    timezone : str, optional
        IANA zone of times that carry none; never guessed.
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
        value; so has a cell that is no number in a wide file's column of numbers. Other text columns are joined into
        ``labels``. ``attrs["report"]`` is the `Report`.

    Raises
    ------
    SourceError
        If there is no such file.
    ReadError
        If it has no time or no number, or its times have no zone and none was given.
    """
    how = How(
        name=Path(path).as_posix(),
        zone=timezone,
        change=clock_change,
        columns=columns or {},
        drop=tuple(drop),
        service=service,
    )
    return read(existing(path), how)


def read(path: Path, how: How) -> pd.DataFrame:
    """Read a metrics file as its rule says; see `read_metrics`."""
    if how.format not in (None, *FORMATS):
        raise SettingError(f"{how.name}: there is no metrics format {how.format!r}. Known: {', '.join(FORMATS)}.")
    tally = Tally(how.name)
    check_roles(how, ("time", "metric", "value", "service", "labels"))
    table = read_table(path, how, tally)
    if not table.columns:
        frame = METRICS.empty()
        frame.attrs["report"] = tally.report("empty")
        return frame
    column = table.require("time", TIMES)
    texts = [text.strip() or None for text in table.columns[column]]
    times, zone = read_times(texts, table.lines, "any", how)
    metric, value = table.find("metric", NAMES), table.find("value", VALUES)
    is_long = how.format == "csv-long" or (how.format != "csv-wide" and bool(metric and value))
    if is_long:
        long = _long(table, table.require("metric", NAMES), table.require("value", VALUES))
    else:
        long = _wide(table, column, times.notna().to_numpy(), tally)
    return _finish(long, times, table, "csv-long" if is_long else "csv-wide", zone, how, tally)


def _long(table: Table, metric: str, value: str) -> pd.DataFrame:
    used = {metric, value, *_time_columns(table)}
    numbers, is_good = _numbers(table.columns[value])
    rows = np.arange(len(table.lines))
    names = [name.strip() for name in table.columns[metric]]
    return pd.DataFrame({"row": rows, "metric": names, "value": numbers, "good": is_good} | _labels(table, used))


def _wide(table: Table, time: str, is_timed: np.ndarray, tally: Tally) -> pd.DataFrame:
    """Put the columns of numbers behind each other; a cell in them that is no number is counted, and missing."""
    times = _time_columns(table) | {time}
    texts = {table.named["service"]} if "service" in table.named else set()
    read = {name: _numbers(v) for name, v in table.columns.items() if name not in times | texts}
    numeric = {name: cells for name, cells in read.items() if _is_numeric(*cells)}
    if not numeric and table.lines:
        raise Unreadable(
            f"{table.name}: no column beside {time!r} holds numbers; it has {', '.join(table.columns)}. "
            'A long file needs a column of names: `columns = {metric = "…", value = "…"}` in its [[evidence]] entry.'
        )
    size, stem = len(table.lines), Path(table.name).name.split(".")[0]
    for name, (_, readable) in numeric.items():
        bad = np.flatnonzero(~readable & is_timed).tolist()
        tally.reject_cells([table.lines[row] for row in bad], name, [table.columns[name][row] for row in bad])
    # Metric after metric, each with all rows; a column that is called "value" says nothing, the file's name does.
    names = [stem if name.lower() in VALUES else name for name in numeric]
    labels = {name: list(values) * len(numeric) for name, values in _labels(table, times | set(numeric)).items()}
    values = np.concatenate([numbers for numbers, _ in numeric.values()]) if numeric else np.empty(0)
    return pd.DataFrame(
        {
            "row": np.tile(np.arange(size), len(numeric)),
            "metric": np.repeat(np.array(names, dtype=object), size),
            "value": values,
            "good": True,
        }
        | labels
    )


def _finish(
    long: pd.DataFrame, times: pd.Series, table: Table, format: str, zone: str, how: How, tally: Tally
) -> pd.DataFrame:
    """Give every sample its time; lines whose time or number cannot be read are rejected."""
    frame = long.assign(time=times.reindex(long["row"]).array, file=how.name)
    frame["good"] &= frame["time"].notna() & (frame["metric"] != "")
    for row in sorted(frame.loc[~frame["good"], "row"].unique()):
        tally.reject(table.lines[row], ",".join(values[row] for values in table.columns.values()))
    if how.service is not None:
        frame["service"] = how.service
    frame = frame[frame["good"]].sort_values(["time", "row"], kind="stable").drop(columns=["row", "good"])
    frame = conform(frame, METRICS, how.name)
    frame.attrs["report"] = tally.report(format, frame["time"], zone)
    return frame


# --- columns ----------------------------------------------------------------------------------------------------------


def _time_columns(table: Table) -> set[str]:
    """Return every column that is a time by its name: a second one (an epoch beside a text) is no metric."""
    named = {table.named["time"]} if "time" in table.named else set()
    return named | {name for name in table.columns if name.lower() in TIMES}


def _labels(table: Table, used: Iterable[str]) -> dict[str, Sequence[str]]:
    """Return the service of each row, and what else its text columns say as ``labels``."""
    used = set(used)
    rest = [name for name in table.columns if name not in used]
    written = table.find("labels", LABELS)
    label_maps = [_label_map(text) for text in table.columns[written]] if written in rest and written else []
    service = table.find("service", SERVICES)
    if service in used:
        service = None
    others = [name for name in rest if name != written and (name != service or name.lower() in PODS)]
    out: dict[str, Sequence[str]] = {}
    if service is not None:
        out["service"] = service_of(service, table.columns[service])
    elif label_maps:
        out["service"] = [next((m[k] for k in ("service", "app", "job") if k in m), "") for m in label_maps]
    else:
        out["service"] = [""] * len(table.lines)
    if others or label_maps:
        maps = label_maps or [{} for _ in table.lines]
        for name in others:
            for labels, value in zip(maps, table.columns[name], strict=True):
                if value.strip():
                    labels[name] = value.strip()
        out["labels"] = [",".join(f"{k}={v}" for k, v in sorted(labels.items())) for labels in maps]
    return out


def _label_map(text: str) -> dict[str, str]:
    """Read labels as JSON, as Prometheus writes them, or as ``a=b,c=d``."""
    if text.lstrip().startswith("{") and ":" in text:
        try:
            raw = json.loads(text)
            return {str(k): str(v) for k, v in raw.items()}
        except ValueError:
            pass
    return {key: value.strip() for key, value in _LABEL.findall(text)}


def _numbers(cells: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the number in each cell, and whether it is one or says that there is none."""
    texts = [cell.strip() for cell in cells]
    numbers = np.asarray(pd.to_numeric(np.array(texts, dtype=object), errors="coerce"), dtype="float64")
    is_missing = np.array([text.lower() in MISSING for text in texts], dtype=bool)
    return numbers, ~np.isnan(numbers) | is_missing


def _is_numeric(numbers: np.ndarray, readable: np.ndarray) -> bool:
    """Whether a column holds numbers: at least half of what it states, or it states nothing at all."""
    stated = int((~np.isnan(numbers)).sum()) + int((~readable).sum())
    return stated == 0 or bool((~np.isnan(numbers)).sum() >= 0.5 * stated)
