"""A table of metrics, long or wide → the metrics frame: one row a sample, gaps kept as rows without a value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.clock import read_times
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.table import PODS, SERVICES, TIMES, Table, check_roles, read_table, service_of
from postmortem_nb.frames import METRICS, conform

NAMES = ("metric", "metric_name", "name", "series")
VALUES = ("value", "val")
LABELS = ("labels", "tags")
MISSING = ("", "nan", "null", "none", "n/a", "na", "-")  # how files write that there is no value

# A unit behind a number → what one is in the base unit: seconds, bytes, or as it is.
UNITS = {
    **{"ns": 1e-9, "µs": 1e-6, "μs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "mins": 60.0},
    **{"hour": 3600.0, "hours": 3600.0, "day": 86400.0, "days": 86400.0, "week": 604800.0, "weeks": 604800.0},
    **{"B": 1.0, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40},
    **{"kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "K": 1e3, "Mil": 1e6, "Bil": 1e9},
}
_WITH_UNIT = re.compile(r"(-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s?(%|[A-Za-zµμ/]{1,8})?")
_LABEL = re.compile(r'([A-Za-z_][\w.]*)\s*=\s*"?([^",}]*)"?')


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
    column = table.require("time", TIMES)
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
    """Return the number in each cell, and whether it is one or says that there is none.

    A unit behind a number, as Grafana writes it, is taken into account: ``350 ms`` is 0.35 (seconds), ``1.5 GiB`` so
    many bytes, ``45 %`` stays 45.
    """
    texts = [cell.strip() for cell in cells]
    numbers = np.array(pd.to_numeric(np.array(texts, dtype=object), errors="coerce"), dtype="float64")
    is_missing = np.array([text.lower() in MISSING for text in texts], dtype=bool)
    for row in np.flatnonzero(np.isnan(numbers) & ~is_missing).tolist():
        if found := _WITH_UNIT.fullmatch(texts[row]):
            numbers[row] = float(found[1].replace(",", "")) * UNITS.get(found[2] or "", 1.0)
    return numbers, ~np.isnan(numbers) | is_missing


def _is_numeric(numbers: np.ndarray, readable: np.ndarray) -> bool:
    """Whether a column holds numbers: at least half of what it states, or it states nothing at all."""
    stated = int((~np.isnan(numbers)).sum()) + int((~readable).sum())
    return stated == 0 or bool((~np.isnan(numbers)).sum() >= 0.5 * stated)
