"""Lines inside of records: an export often wraps lines of a known format, which say what the envelope does not."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from postmortem_nb.evidence.deriving import completed, derive
from postmortem_nb.evidence.envelopes.envelope import Fields, at
from postmortem_nb.evidence.formats import Format, all_formats
from postmortem_nb.evidence.formats.choosing import LOOK_AT, others
from postmortem_nb.evidence.formats.keyed import Json, Logfmt
from postmortem_nb.evidence.parsers import record_in

# What a line may add to its record; its time and its text are those of the record.
ADDED = ("level", "service", "host", "client", "user", "trace", "method", "path", "status", "seconds")
_JSON = r"^\s*\{.*\}\s*$"


def with_inner(frame: pl.DataFrame, more: Iterable[Format] = ()) -> pl.DataFrame:
    """Fill in what records leave open and the lines in their messages say: level, status, request, trace …

    Parameters
    ----------
    frame : DataFrame
        Rows of `derive`.
    more : iterable of Format
        Formats that the incident brings.
    """
    rest = frame.select("row", text="message").filter(pl.col("text") != "")
    if not len(rest):
        return frame
    sample = rest.gather_every(max(1, len(rest) // LOOK_AT)).head(LOOK_AT)
    for form in others(sample, (), more):
        found = derive(form.plan(rest), form)
        frame = _filled(frame, completed(found))
        rest = rest.join(found.select("row"), on="row", how="anti", maintain_order="left")
    for found in (_objects(rest), _pairs(rest)):
        frame = _filled(frame, found)
    return frame


def _filled(frame: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    added = [name for name in ADDED if name in found.columns]
    if not len(found) or not added:
        return frame
    own = found.select("row", *(pl.col(name).cast(pl.String).alias(f"inner {name}") for name in added))
    frame = frame.join(own.unique("row", keep="first"), on="row", how="left", maintain_order="left")
    held = [name for name in added if name in frame.columns]
    known = {name: pl.coalesce(pl.col(name).cast(pl.String), f"inner {name}") for name in held}
    known |= {name: pl.col(f"inner {name}") for name in added if name not in held}
    return frame.with_columns(**known).drop([f"inner {name}" for name in added])


def _objects(lines: pl.DataFrame) -> pl.DataFrame:
    """Read JSON objects without a time of their own, such as those of functions whose platform adds it."""
    form = all_formats()["json"]
    plan = form.plan
    texts = lines.filter(pl.col("text").str.contains(_JSON))
    if not isinstance(plan, Json) or not len(texts):
        return pl.DataFrame()
    keys = {name: names for name, names in plan.keys.items() if name in ADDED}
    rows: list[Fields] = []
    for text in texts["text"]:
        record = record_in(text)
        rows.append({name: at(record, *names) for name, names in keys.items()} if record else {})
    columns = {name: pl.Series([row.get(name) for row in rows], dtype=pl.String) for name in keys}
    nothing = pl.Series([None] * len(rows), dtype=pl.String)
    return completed(derive(pl.DataFrame({"row": texts["row"], "time": nothing, **columns}), form))


def _pairs(lines: pl.DataFrame) -> pl.DataFrame:
    """Read the level of ``level=error msg=…`` without a time of its own."""
    form = all_formats()["logfmt"]
    if not isinstance(form.plan, Logfmt):
        return pl.DataFrame()
    names = "|".join(map(re.escape, form.plan.keys["level"]))
    level = lines["text"].str.extract(rf'(?:^|\s)(?:{names})="?([A-Za-z]+)"?(?:\s|$)')
    nothing = pl.Series([None] * len(lines), dtype=pl.String)
    return derive(pl.DataFrame({"row": lines["row"], "time": nothing, "level": level}), form)
