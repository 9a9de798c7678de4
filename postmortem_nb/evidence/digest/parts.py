"""The digest of one stretch of one file, and how two are put together: this is what is done anywhere, for each task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import polars as pl

from postmortem_nb.evidence.account import Report
from postmortem_nb.evidence.deriving import completed
from postmortem_nb.evidence.formats import Format
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.logs import is_lines, read, to_pandas
from postmortem_nb.evidence.masking import count_patterns
from postmortem_nb.evidence.scanning import Scan
from postmortem_nb.evidence.seeking import Span, Window
from postmortem_nb.evidence.sources import Place

MOST_PATTERNS = 200_000  # distinct patterns that are kept; the rarest beyond are counted as one
BEYOND = "(rarer patterns)"

COUNTS: dict[str, Any] = {"minute": pl.Datetime("ns"), "level": pl.String, "count": pl.UInt64}
PATTERNS: dict[str, Any] = {"pattern": pl.String, "count": pl.UInt64}


@dataclass(frozen=True)
class Part:
    """The digest of one stretch of one file; ``a.then(b)`` is associative."""

    counts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=COUNTS))
    patterns: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PATTERNS))
    rows: tuple[pd.DataFrame, ...] = ()
    reports: tuple[Report, ...] = ()

    def then(self, other: Part) -> Part:
        """Return the digest of this and what follows it."""
        counts = pl.concat([self.counts, other.counts]).group_by("minute", "level").agg(pl.col("count").sum())
        patterns = pl.concat([self.patterns, other.patterns]).group_by("pattern").agg(pl.col("count").sum())
        reports, rows = list(self.reports), list(self.rows)
        later = other.reports
        if reports and later and reports[-1].file == later[0].file:
            rows += [_shifted(frame, later[0].file, reports[-1].lines) for frame in other.rows]
            reports[-1:] = [_continued(reports[-1], later[0])]
            later = later[1:]
        else:
            rows += other.rows
        return Part(counts, _kept(patterns), tuple(rows), (*reports, *later))


@dataclass(frozen=True)
class Task:
    """One stretch of one file to digest: everything a process elsewhere needs to know."""

    place: Place
    how: How
    span: Span | None
    form: Format | None
    window: Window | None
    workers: int


def digest_task(task: Task) -> Part:
    """Digest one stretch of one file."""
    scan = Scan(task.place, task.how, task.span, task.form, task.workers, aside=_patterns)
    if task.span is None and not is_lines(scan.beginning, task.how):
        return _of_frame(read(task.place, task.how), task.window)
    counts: list[pl.DataFrame] = []
    patterns: list[pl.DataFrame] = []
    rows: list[pl.DataFrame] = []
    first = last = None
    for frame, counted in scan.with_aside():
        level = pl.col("level").fill_null("")
        minute = pl.col("time").dt.truncate("1m")
        counts.append(frame.group_by(minute=minute, level=level).agg(count=pl.len()))
        patterns += [] if counted is None else [counted]
        if len(patterns) >= 32:
            counts, patterns = [_summed(counts, "minute", "level")], [_kept(_summed(patterns, "pattern"))]
        low, high = frame["time"].min(), frame["time"].max()
        first, last = min(first or low, low), max(last or high, high)  # type: ignore[type-var]
        if task.window is not None:
            a, b = (t.as_unit("ns").value for t in task.window)
            ns = frame["time"].to_physical()  # as a datetime, an end of the range would lose its nanoseconds
            found = frame.filter((ns >= a) & (ns < b))
            rows += [found] if len(found) else []
    form = scan.form.name if scan.form is not None else "empty"
    report = replace(
        scan.tally.report(form, None, scan.zone),
        first=None if first is None else pd.Timestamp(first).tz_localize("UTC"),  # type: ignore[arg-type]
        last=None if last is None else pd.Timestamp(last).tz_localize("UTC"),  # type: ignore[arg-type]
    )
    held = (to_pandas(completed(pl.concat(rows, how="diagonal_relaxed")), task.how),) if rows else ()
    return Part(
        _summed([pl.DataFrame(schema=COUNTS), *counts], "minute", "level"),
        _kept(_summed([pl.DataFrame(schema=PATTERNS), *patterns], "pattern")),
        held,
        (report,),
    )


def _of_frame(frame: pd.DataFrame, window: Window | None) -> Part:
    """Digest what must be read as a whole: a table, or an export that is one document."""
    texts = {
        name: pl.Series(frame[name].astype(object).where(frame[name].notna(), None).to_list(), dtype=pl.String)
        for name in ("level", "message")
    }
    time = pl.Series("time", frame["time"].dt.tz_localize(None).to_numpy(), dtype=pl.Datetime("ns"))
    known = pl.DataFrame({"time": time, **texts})
    minute, level = pl.col("time").dt.truncate("1m"), pl.col("level").fill_null("")
    counts = known.group_by(minute=minute, level=level).agg(count=pl.len())
    rows = frame if window is None else frame[(frame["time"] >= window[0]) & (frame["time"] < window[1])]
    return Part(
        _summed([pl.DataFrame(schema=COUNTS), counts], "minute", "level"),
        _summed([pl.DataFrame(schema=PATTERNS), count_patterns(texts["message"])], "pattern"),
        (rows.reset_index(drop=True),) if window is not None and len(rows) else (),
        (frame.attrs["report"],),
    )


def _patterns(frame: pl.DataFrame) -> pl.DataFrame:
    return count_patterns(frame["message"])


# --- putting together -------------------------------------------------------------------------------------------------


def _summed(frames: Sequence[pl.DataFrame], *by: str) -> pl.DataFrame:
    whole = pl.concat([frame.with_columns(pl.col("count").cast(pl.UInt64)) for frame in frames])
    return whole.group_by(*by).agg(pl.col("count").sum())


def _kept(patterns: pl.DataFrame) -> pl.DataFrame:
    """Keep memory bounded: the rarest of very many patterns are counted as one."""
    if len(patterns) <= 2 * MOST_PATTERNS:
        return patterns
    ordered = patterns.sort(["count", "pattern"], descending=[True, False])
    rest = ordered.slice(MOST_PATTERNS)["count"].sum()
    beyond = pl.DataFrame({"pattern": [BEYOND], "count": [rest]}, schema=PATTERNS)
    return _summed([ordered.head(MOST_PATTERNS), beyond], "pattern")


def _shifted(frame: pd.DataFrame, file: str, lines: int) -> pd.DataFrame:
    """Return rows of a later part of a file with the numbers that their lines have in it."""
    return frame.assign(line=frame["line"].where(frame["file"] != file, frame["line"] + lines))


def _continued(one: Report, other: Report) -> Report:
    """Return one account of two stretches of a file."""
    counts = ("lines", "read", "continued", "blank", "skipped", "rejected", "odd", "clipped")
    samples = sorted((*one.samples, *((line + one.lines, text) for line, text in other.samples)))
    return replace(
        one,
        **{name: getattr(one, name) + getattr(other, name) for name in counts},
        samples=tuple(samples[: max(len(one.samples), len(other.samples))]),
        formats=tuple(dict.fromkeys((*one.formats, *other.formats))),
        truncated=one.truncated or other.truncated,
        first=min((t for t in (one.first, other.first) if t is not None), default=None),
        last=max((t for t in (one.last, other.last) if t is not None), default=None),
        zone=one.zone if one.zone != "" else other.zone,
    )
