"""Fields of log lines as written → the logs frame: one scale of levels, requests taken apart, typed columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from postmortem_nb.evidence import levels
from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.formats import Format
from postmortem_nb.evidence.how import How
from postmortem_nb.frames import LOGS, conform

Texts = Sequence[str | None]
EXTRA = {  # columns that follow those of the contract where a file has them
    "status": "count",
    "seconds": "number",
    "method": "text",
    "path": "text",
    "client": "text",
    "trace": "text",
}

_SECONDS = re.compile(r'(?:^|\s)(?:[\w$]+[=:])?"?(\d+\.\d+)(?=["\s,]|$)')
_TRACE = re.compile(r"(?<![\w.-])([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w.-])")


def derive(columns: Mapping[str, Texts], form: Format) -> dict[str, Texts]:
    """Work out level, request, duration and trace from the fields of a format."""
    out = {name: values for name, values in columns.items() if name not in ("pri", "tail", "request")}
    out["level"] = _levels(columns, form)
    out["message"] = [(text or "").rstrip() for text in columns["message"]]
    if "request" in columns:
        parts = [(text or "").split(" ") for text in columns["request"]]
        whole = [len(part) >= 2 and part[0].isalpha() for part in parts]
        out["method"] = [part[0] if ok else None for part, ok in zip(parts, whole, strict=True)]
        out["path"] = [part[1] if ok else None for part, ok in zip(parts, whole, strict=True)]
    if "tail" in columns:
        tails = columns["tail"]
        out["seconds"] = [found[1] if t and (found := _SECONDS.search(t)) else None for t in tails]
        out["trace"] = [found[1] if t and (found := _TRACE.search(t)) else None for t in tails]
    if "seconds" in columns and form.seconds_per != 1:
        out["seconds"] = [None if t is None else str(float(t) * form.seconds_per) for t in columns["seconds"]]
    return out


def _levels(columns: Mapping[str, Texts], form: Format) -> Texts:
    """Return the level that each line states, else what its format says it can be told from."""
    said = columns.get("level") or [None] * len(columns["message"])
    known = {text: levels.normalise(text, form.levels) for text in set(said)}
    if form.level_from == "status":
        other: Texts = [levels.of_status(text) for text in columns["status"]]
    elif form.level_from == "pri":
        other = [levels.of_priority(text) for text in columns["pri"]]
    elif form.level_from == "message":
        other = [levels.in_text(text) for text in columns["message"]]
    else:
        return [known[text] for text in said]
    return [known[text] or fallback for text, fallback in zip(said, other, strict=True)]


def finish(
    columns: Mapping[str, Texts],
    times: pd.Series,
    numbers: Sequence[int],
    *,
    format: str,
    zone: str,
    how: How,
    tally: Tally,
) -> pd.DataFrame:
    """Build the frame, in the order of the file; lines whose time is none are rejected.

    Parameters
    ----------
    columns : mapping
        Field → one text a line.
    times : Series
        UTC instants, missing where a line has none.
    numbers : sequence of int
        Line of each record.
    format, zone : str
        What was found, for the report.
    how, tally
        The rule of the file, and its account so far.
    """
    known = [name for name in (*LOGS.columns, *EXTRA) if name in columns]
    frame = pd.DataFrame({name: list(columns[name]) for name in known}, index=range(len(numbers)))
    frame = frame.assign(time=times, line=list(numbers), file=how.name)
    for name in ("host", "service"):
        values = frame[name] if name in frame else pd.Series(index=frame.index, dtype="str")
        frame[name] = values.where(values != "-")  # how logs write "none"
    frame["service"] = how.service if how.service is not None else frame["service"].fillna("")
    lost = frame["time"].isna()
    for number, message in zip(frame.loc[lost, "line"], frame.loc[lost, "message"], strict=True):
        tally.reject(int(number), f"(its time cannot be read) {message}")
    frame = _typed(frame[~lost])
    frame = conform(frame, LOGS, how.name)
    frame.attrs["report"] = tally.report(format, frame["time"], zone)
    return frame


def empty(how: How, tally: Tally) -> pd.DataFrame:
    """Return the frame of a file that holds no line."""
    frame = LOGS.empty()
    frame.attrs["report"] = tally.report("empty")
    return frame


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the columns beyond the contract their kinds; one without any value goes."""
    frame = frame.copy()
    for name, kind in EXTRA.items():
        if name not in frame:
            continue
        values = frame.pop(name)
        if kind != "text":
            values = pd.to_numeric(values, errors="coerce").astype("float64")
        if not values.notna().any():
            continue
        if kind == "count":
            frame[name] = values.where(values.between(0, 999)).astype("Int64")
        else:
            frame[name] = values if kind == "number" else values.astype("str").where(values.notna())
    return frame
