"""CSV that the CloudWatch console downloads: heading rows that name each column, then a row for each time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.metrics.records import dropped
from postmortem_nb.evidence.table import Table, records_in, stripped_cells

# How heading rows begin; anything else in their column is a time.
HEADINGS = frozenset(
    (
        *("full label", "label", "id", "account", "accountid", "region", "namespace", "metric", "metricname"),
        *("statistic", "period", "unit", "dimensions", "expression", "timestamp", "time"),
    )
)


def is_console(lines: Sequence[str]) -> bool:
    """Whether these first lines are heading rows: at least two, one of them a label."""
    first = [cells[0].lower() for line in lines[:3] if (cells := stripped_cells(line)) and len(cells) > 1]
    return (
        len(first) > 1 and first[0] in HEADINGS and first[1] in HEADINGS and bool({"label", "full label"} & set(first))
    )


def read_console(lines: Iterable[str], how: How, tally: Tally) -> Table:
    """Read the file as a wide table; a column is called as its label, else its full label or its id."""
    headings: dict[str, list[str]] = {}
    rows: list[list[str]] = []
    numbers: list[int] = []
    for number, text, span in records_in(iter(lines)):
        cells = stripped_cells(text)
        if not text.strip():
            tally.blank += span
            continue
        tally.continued += span - 1
        if cells and cells[0].lower() in HEADINGS and not rows:
            tally.skipped += 1
            headings[cells[0].lower()] = cells[1:]
            continue
        width = 1 + max(map(len, headings.values()), default=0)
        if not cells or len(cells) > width:
            tally.reject(number, text)
        else:
            rows.append(cells + [""] * (width - len(cells)))
            numbers.append(number)
    width = max(map(len, headings.values()), default=0)
    columns = {"time": [row[0] for row in rows]}
    for place in range(width):
        name = next((h[place] for key in ("label", "full label", "id") if len(h := headings.get(key, [])) > place), "")
        name = name or f"column {place + 2}"
        if name in columns:  # two columns of one label: the full one tells them apart
            full = headings.get("full label", [])
            name = full[place] if len(full) > place and full[place] not in columns else f"{name} {place + 2}"
        columns[name] = [row[place + 1] for row in rows]
    return Table(how.name, dropped(columns, how, tally), numbers, how.columns)
