"""Fields of log lines as written → typed columns: one scale of levels, requests taken apart, durations in seconds."""

from __future__ import annotations

import polars as pl

from postmortem_nb.evidence import levels
from postmortem_nb.evidence.clock import read_stamps
from postmortem_nb.evidence.formats import Format

EXTRA = {  # columns that follow those of the contract where a file has them
    "status": pl.Int64,
    "seconds": pl.Float64,
    "method": pl.String,
    "path": pl.String,
    "client": pl.String,
    "user": pl.String,
    "trace": pl.String,
}
OPTIONAL = ("service", "host", "client", "user", "trace", "method", "path")
TEXTS = ("level", "service", "host", "message", "method", "path", "client", "user", "trace")

REQUEST = r"^([A-Za-z]+) ([^ ]*)"
QUOTED_TAIL = r'^\s*"[^"\\]*(?:\\.[^"\\]*)*" "[^"\\]*(?:\\.[^"\\]*)*"'  # referrer and browser
SECONDS = r'(?:^|\s)(?:[\w$]+[=:])?"?(\d+\.\d+)(?:["\s,]|$)'
TRACE = r"(?:^|[^\w.-])([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:[^\w.-]|$)"


RAW = {"request": pl.String, "tail": pl.String, "status": pl.String, "seconds": pl.String}


def derive(found: pl.DataFrame, form: Format) -> pl.DataFrame:
    """Work out time, level and message from the fields of a format.

    Parameters
    ----------
    found : DataFrame
        ``row`` and the fields, as a plan gives them.
    form : Format
        Says what they mean.

    Returns
    -------
    DataFrame
        ``row``, ``stamp`` (the time as written), ``ns``, ``open`` and perhaps ``zone`` (see `read_stamps`), ``level``,
        ``service``, ``host``, ``message``, ``client``, ``user``, ``trace``, ``method``, ``path``, and as written the
        fields that `completed` makes columns of, for the rows that are wanted.
    """
    frame = _joined(found)
    columns = {"row": frame["row"], "stamp": frame["time"]}
    stamps = read_stamps(frame["time"], form.time)
    columns |= {name: stamps[name] for name in stamps.columns}
    columns["level"] = _levels(frame, form)
    columns |= {name: frame[name] for name in OPTIONAL if name in frame}
    columns["message"] = frame["message"].fill_null("")
    columns |= {name: frame[name] for name in RAW if name in frame.columns}
    if "seconds" in columns and form.seconds_per != 1:
        columns["seconds"] = columns["seconds"].cast(pl.Float64, strict=False) * form.seconds_per
    return pl.DataFrame(columns)


def completed(frame: pl.DataFrame) -> pl.DataFrame:
    """Take requests apart and find durations and traces: what not every reader of a log needs of every line.

    Parameters
    ----------
    frame : DataFrame
        Rows of `derive`.

    Returns
    -------
    DataFrame
        The same with the columns of `EXTRA` that its fields give, and without these fields.
    """
    frame = frame.with_columns(pl.col("message").str.strip_chars_end())
    for name in OPTIONAL:
        if name in frame.columns:
            frame = frame.with_columns(pl.when(frame[name] != "-").then(frame[name]).alias(name))
    if "request" in frame.columns:
        parts = frame["request"].str.extract_groups(REQUEST).struct
        frame = frame.with_columns(method=parts.field("1"), path=parts.field("2"))
    if "status" in frame.columns:
        status = frame["status"].cast(pl.Int64, strict=False)
        frame = frame.with_columns(status=pl.select(pl.when(status.is_between(0, 999)).then(status)).to_series())
    own: pl.Series | None = None
    if "seconds" in frame.columns:
        seconds = frame["seconds"].cast(pl.Float64, strict=False)
        own = pl.select(pl.when(seconds.is_finite()).then(seconds).alias("seconds")).to_series()
    if "tail" in frame.columns:
        tail = frame["tail"].str.replace(QUOTED_TAIL, "")
        found = tail.str.extract(SECONDS).cast(pl.Float64, strict=False)
        own = found if own is None else pl.select(pl.coalesce(own, found)).to_series()
        traces = tail.str.extract(TRACE)
        known = [pl.col("trace")] if "trace" in frame.columns else []
        frame = frame.with_columns(trace=pl.coalesce(*known, traces))
    if own is not None:
        frame = frame.with_columns(seconds=own)
    return frame.drop("request", "tail", strict=False)


def _joined(frame: pl.DataFrame) -> pl.DataFrame:
    """Join the places of a field: ``level_`` is another place of ``level``; thread and logger stay with the message."""
    for name in [name for name in frame.columns if name.endswith("_")]:
        base = name.rstrip("_")
        both = [frame[base], frame[name]] if base in frame.columns else [frame[name]]
        cells = [pl.when(cell != "").then(cell) for cell in both]
        frame = frame.drop(name).with_columns(pl.select(pl.coalesce(cells)).to_series().alias(base))
    if "date" in frame.columns:
        whole = pl.concat_str("date", pl.lit(" "), "time")
        frame = frame.with_columns(time=pl.when(pl.col("date").is_not_null()).then(whole).otherwise("time"))
    if "message" not in frame.columns:
        frame = frame.with_columns(message=pl.lit(None, pl.String))
    if "before" in frame.columns:
        before, message = pl.col("before").fill_null(""), pl.col("message").fill_null("")
        frame = frame.with_columns(message=pl.concat_str(before, message))
    if "request" in frame.columns:
        request = pl.when(pl.col("request") != "").then("request").otherwise(pl.lit('""'))
        status = pl.col("status").fill_null("-") if "status" in frame.columns else pl.lit("-")
        is_request = pl.col("request").is_not_null()
        frame = frame.with_columns(
            message=pl.when(is_request).then(pl.concat_str(request, pl.lit(" "), status)).otherwise("message")
        )
    return frame


def _levels(frame: pl.DataFrame, form: Format) -> pl.Series:
    """Return the level that each line states, else what its format says it can be told from."""
    level = pl.lit(None, pl.String)
    if "level" in frame.columns:
        level = pl.col("level").replace_strict(*_scale(frame["level"], form), default=None, return_dtype=pl.String)
    if form.level_from == "status" and "status" in frame.columns:
        level = pl.coalesce(level, levels.of_status(pl.col("status")))
    elif form.level_from == "pri" and "pri" in frame.columns:
        level = pl.coalesce(level, levels.of_priority(pl.col("pri")))
    elif form.level_from == "message":
        level = pl.coalesce(level, levels.in_texts(frame["message"]))
    for word, pattern in form.level_if.items():
        level = pl.coalesce(level, pl.when(pl.col("message").str.contains(pattern)).then(pl.lit(word)))
    if form.level is not None:
        level = pl.coalesce(level, pl.lit(form.level))
    return frame.with_columns(level=level)["level"]


def _scale(said: pl.Series, form: Format) -> tuple[list[str], list[str | None]]:
    words = [word for word in said.unique().to_list() if word is not None]
    return words or [""], [levels.normalise(word, form.levels) for word in words] or [None]
