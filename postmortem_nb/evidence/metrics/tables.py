"""A table of metrics, long or wide → the metrics frame: one row a sample, gaps kept as rows without a value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.clock import read_times
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.metrics.values import Numbers, in_one_unit, numbers_of, states_of
from postmortem_nb.evidence.table import PODS, SERVICES, TIMES, Table, check_roles, read_table, service_of
from postmortem_nb.frames import METRICS, conform

NAMES = ("metric", "metric_name", "name", "series")
VALUES = ("value", "val", "metric_value")
LABELS = ("labels", "tags")
# More names of the time in metrics, and what programs call an index that has no name: a last resort.
MORE_TIMES = ("_time", "date-time", "date time", "starttime", "checked_at", "interval start")
INDEXES = ("index", "unnamed: 0", "__index_level_0__", "column 1")
# Columns whose words are states of a probe even beside numbers.
STATES = (
    "up",
    "status",
    "state",
    "result",
    "success",
    "ok",
    "health",
    "healthy",
    "available",
    "is_up",
    "online",
    "alive",
)

_LABEL = re.compile(r'([A-Za-z_][\w.]*)\s*=\s*"?([^",}]*)"?')
_UTC = re.compile(r"\s*(?:[\[(]\s*(?:utc|gmt)\s*[\])])\s*$", re.IGNORECASE)


ROLES = ("time", "metric", "value", "service", "labels")


def read_csv(path: Path, how: How) -> pd.DataFrame:
    """Read a CSV file of metrics as its rule says."""
    tally = Tally(how.name)
    check_roles(how, ROLES)
    return from_table(read_table(path, how, tally), how, tally)


def from_table(table: Table, how: How, tally: Tally, name: str = "csv") -> pd.DataFrame:
    """Make the metrics frame of a table of texts; ``name`` is what its format is called."""
    if not table.columns:
        frame = METRICS.empty()
        frame.attrs["report"] = tally.report("empty")
        return frame
    column = time_column(table) or table.require("time", TIMES)
    if how.zone is None and _UTC.search(column):  # "Time (UTC)": the file says it itself
        how = replace(how, zone="UTC")
    texts = [text.strip() or None for text in table.columns[column]]
    times, zone = read_times(texts, table.lines, "any", how)
    metric, value = table.find("metric", NAMES), table.find("value", VALUES)
    is_long = how.format == "csv-long" or (how.format != "csv-wide" and bool(metric and value))
    if is_long:
        long = _long(table, table.require("metric", NAMES), table.require("value", VALUES))
    else:
        long = _wide(table, column, times.notna().to_numpy(), tally)
    shape = f"{name}-long" if is_long else f"{name}-wide"
    return _finish(long, times, table, shape if name == "csv" else name, zone, how, tally)


def _long(table: Table, metric: str, value: str) -> pd.DataFrame:
    used = {metric, value, *_time_columns(table)}
    numbers = numbers_of(table.columns[value], decimal_comma=table.separator == ";")
    if not numbers.is_numeric and (states := states_of(table.columns[value])):
        numbers = states
    rows = np.arange(len(table.lines))
    names = [name.strip() for name in table.columns[metric]]
    columns = {"row": rows, "metric": names, "value": numbers.values, "good": numbers.readable}
    return pd.DataFrame(columns | _with_units(_labels(table, used), numbers.units))


def _wide(table: Table, time: str, is_timed: np.ndarray, tally: Tally) -> pd.DataFrame:
    """Put the columns of numbers behind each other; a cell in them that is no number is counted, and missing."""
    times = _time_columns(table) | {time}
    texts = {table.named["service"]} if "service" in table.named else set()
    numeric = _numeric({name: cells for name, cells in table.columns.items() if name not in times | texts}, table)
    if not numeric and table.lines:
        raise Unreadable(
            f"{table.name}: no column beside {time!r} holds numbers; it has {_few(table.columns)}. "
            'A long file needs a column of names: `columns = {metric = "…", value = "…"}` in its [[evidence]] entry.'
        )
    size, stem = len(table.lines), Path(table.name).name.split(".")[0]
    for name, cells in numeric.items():
        bad = np.flatnonzero(~cells.readable & is_timed).tolist()
        tally.reject_cells([table.lines[row] for row in bad], name, [table.columns[name][row] for row in bad])
    # Metric after metric, each with all rows; a column that is called "value" says nothing, the file's name does.
    names = [stem if name.lower() in VALUES else name for name in numeric]
    labels: dict[str, Sequence[str]] = {
        name: list(values) * len(numeric) for name, values in _labels(table, times | set(numeric)).items()
    }
    units = [unit for cells in numeric.values() for unit in cells.units or [""] * size]
    values = np.concatenate([cells.values for cells in numeric.values()]) if numeric else np.empty(0)
    return pd.DataFrame(
        {
            "row": np.tile(np.arange(size), len(numeric)),
            "metric": np.repeat(np.array(names, dtype=object), size),
            "value": values,
            "good": True,
        }
        | _with_units(labels, units if any(units) else None)
    )


def _numeric(columns: Mapping[str, Sequence[str]], table: Table) -> dict[str, Numbers]:
    """Return the columns of numbers, and of states: those that are named so, or any where there are no numbers."""
    comma = table.separator == ";"
    read = {name: in_one_unit(numbers_of(cells, decimal_comma=comma)) for name, cells in columns.items()}
    numbers = {name for name, cells in read.items() if cells.is_numeric}
    has_numbers = any(not np.isnan(read[name].values).all() for name in numbers)
    for name, cells in columns.items():
        if name not in numbers and (not has_numbers or name.lower() in STATES) and (states := states_of(cells)):
            read[name] = states
            numbers.add(name)
    return {name: cells for name, cells in read.items() if name in numbers}


def _with_units(labels: Mapping[str, Sequence[str]], units: Sequence[str] | None) -> dict[str, Sequence[str]]:
    """Add the base unit that values were turned into to their labels."""
    if units is None:
        return dict(labels)
    held = labels.get("labels") or [""] * len(units)
    shown = [",".join(filter(None, (text, u and f"unit={u}"))) for text, u in zip(held, units, strict=True)]
    return {**labels, "labels": shown}


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
    frame["line"] = np.asarray(table.lines, dtype="int64")[frame["row"]]
    frame = frame[frame["good"]].sort_values(["time", "row"], kind="stable").drop(columns=["row", "good"])
    frame = conform(frame, METRICS, how.name)
    frame.attrs["report"] = tally.report(format, frame["time"], zone)
    return frame


# --- columns ----------------------------------------------------------------------------------------------------------


def time_column(table: Table) -> str | None:
    """Return the column of times; one without a name, or an index, only where no other is called so."""
    for names in ((*TIMES, *MORE_TIMES), [name for name in table.columns if _is_time(name)], INDEXES):
        if found := table.find("time", [name.lower() for name in names]):
            return found
    return None


def _is_time(name: str) -> bool:
    return _UTC.sub("", name).lower() in (*TIMES, *MORE_TIMES)


def _time_columns(table: Table) -> set[str]:
    """Return every column that is a time by its name: a second one (an epoch beside a text) is no metric."""
    named = {table.named["time"]} if "time" in table.named else set()
    return named | {name for name in table.columns if _is_time(name)}


def _few(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:12]) + (f" … ({len(names):,} columns)" if len(names) > 12 else "")


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
        except (ValueError, RecursionError, AttributeError):
            pass
    return {key: value.strip() for key, value in _LABEL.findall(text)}
