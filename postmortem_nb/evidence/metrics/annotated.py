"""Annotated CSV of InfluxDB 2 (Flux): several tables in one file, each with its own types and header."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.metrics.samples import Samples
from postmortem_nb.evidence.metrics.shapes import refuse
from postmortem_nb.evidence.table import records_in, stripped_cells

ANNOTATIONS = ("#datatype", "#group", "#default")
ABOUT = ("", "result", "table", "_start", "_stop", "_time", "_value", "_field", "_measurement")
NUMBERS = ("double", "long", "unsignedLong", "boolean")


def is_annotated(lines: Sequence[str]) -> bool:
    """Whether these first lines are annotated CSV, with its annotations or without."""
    first = stripped_cells(next((line for line in lines if line.strip()), "")) or [""]
    return first[0] in ANNOTATIONS or {"result", "table", "_time"} <= set(first)


def read_annotated(lines: Iterable[str], tally: Tally) -> Samples:
    """Read the tables of a file, one behind the other.

    Raises
    ------
    Unreadable
        If it holds the table of an error.
    """
    samples = Samples(tally)
    types: list[str] = []
    defaults: list[str] = []
    header: list[str] | None = None
    for number, text, span in records_in(iter(lines)):
        if not text.strip():
            tally.blank += span
            header, types, defaults = None, [], []
            continue
        tally.continued += span - 1
        cells = stripped_cells(text)
        if not cells:
            tally.reject(number, text)
        elif cells[0] in ANNOTATIONS:
            tally.skipped += 1
            types = cells if cells[0] == "#datatype" else types
            defaults = ["", *cells[1:]] if cells[0] == "#default" else defaults
            header = None
        elif header is None or cells == header:
            tally.skipped += 1
            header = cells
        elif "error" in header and "_time" not in header:
            raise refuse(tally.file, ", ".join(filter(None, cells)))
        elif len(cells) != len(header) or "_time" not in header:
            tally.reject(number, f"({len(cells)} instead of {len(header)} cells) {text}")
        else:
            filled = [c or (defaults[i] if i < len(defaults) else "") for i, c in enumerate(cells)]
            if not _add(
                samples, dict(zip(header, filled, strict=True)), dict(zip(header, types, strict=False)), number
            ):
                tally.reject(number, text)
    return samples


def _add(samples: Samples, row: dict[str, str], types: dict[str, str], number: int) -> bool:
    """Add the sample of a row, or one for each column of numbers where fields were pivoted; False if there is none."""
    kinds = {name: types.get(name, "") for name in row if name not in ABOUT}
    if "_value" in row:
        names, labels = ["_value"], {name: row[name] for name in kinds if row[name]}
    else:
        names = [name for name, kind in kinds.items() if kind in NUMBERS or (not kind and _is_number(row[name]))]
        labels = {name: row[name] for name in kinds if name not in names and row[name]}
    for name in names:
        field = row.get("_field", "value") if name == "_value" else name
        metric = ".".join(filter(None, (row.get("_measurement", ""), field)))
        value = {"true": "1", "false": "0"}.get(row[name].lower(), row[name])
        samples.add(metric, labels, [(row["_time"], value)], number)
    return bool(names)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
