"""Logs that need not fit into memory → a digest: counts by minute and level, patterns, and the rows of a time range.

A digest of two parts is the digest of the first, then the second: long files are cut where records begin, the parts
are digested anywhere (here, in a pool of processes, on a Dask cluster) and put together in order.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from itertools import pairwise
from multiprocessing import get_context
from typing import Any

import pandas as pd
import polars as pl

from postmortem_nb.evidence.account import Report
from postmortem_nb.evidence.clock import Open, read_stamps
from postmortem_nb.evidence.deriving import completed
from postmortem_nb.evidence.formats import Format
from postmortem_nb.evidence.how import How, located
from postmortem_nb.evidence.logs import is_lines, read, to_pandas
from postmortem_nb.evidence.masking import count_patterns
from postmortem_nb.evidence.scanning import WORKERS, Scan
from postmortem_nb.evidence.seeking import Span, Window, can_seek, cuts
from postmortem_nb.evidence.sources import Place, name_of, size_of
from postmortem_nb.frames import LOGS

PART = 128 << 20  # bytes of a file that one task digests, about
MOST_PATTERNS = 200_000  # distinct patterns that are kept; the rarest beyond are counted as one
BEYOND = "(rarer patterns)"
TRIES = 3  # times that a pool of processes is made anew after one of them was killed

COUNTS: dict[str, Any] = {"minute": pl.Datetime("ns"), "level": pl.String, "count": pl.UInt64}
PATTERNS: dict[str, Any] = {"pattern": pl.String, "count": pl.UInt64}


@dataclass(frozen=True)
class Digest:
    """What logs hold, in a form that stays small.

    Parameters
    ----------
    counts : DataFrame
        ``minute`` (UTC), ``level`` (empty where a line states none), ``count``; sorted.
    patterns : DataFrame
        ``pattern``, ``count``; the most frequent first.
    rows : DataFrame
        Logs frame of the time range that was asked for, in the order of files and lines.
    reports : tuple of Report
        The account of each file, in order.
    """

    counts: pd.DataFrame
    patterns: pd.DataFrame
    rows: pd.DataFrame
    reports: tuple[Report, ...]


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


def digest_logs(
    paths: Place | Iterable[Place],
    *,
    window: tuple[pd.Timestamp | str, pd.Timestamp | str] | None = None,
    timezone: str | None = None,
    year: int | None = None,
    format: str | None = None,
    encoding: str | None = None,
    service: str | None = None,
    clock_change: str = "ask",
    jobs: int | None = None,
    executor: Executor | None = None,
) -> Digest:
    """Digest log files of any length.

    Parameters
    ----------
    paths : path, address, or several
        The files; see `read_logs`.
    window : (start, end), optional
        Half-open range whose rows are wanted; times with their zone.
    timezone, year, format, encoding, service, clock_change
        As for `read_logs`, for every file.
    jobs : int, optional
        Processes; by default one for each core where there are more than four, and none beside this one for what is
        small.
    executor : Executor, optional
        Where to work instead: any `concurrent.futures.Executor`, such as ``Client(…).get_executor(pure=False)`` of
        Dask. A pool of processes must be started with ``spawn``: a forked one waits for ever for threads it lacks.

    Returns
    -------
    Digest
        The same, whatever did the work.

    Raises
    ------
    SourceError, ReadError, SettingError
        As `read_logs`.
    """
    places = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    how = How("", zone=timezone, year=year, format=format, encoding=encoding, service=service, change=clock_change)
    hows = [(located(place), replace(how, name=name_of(place))) for place in places]
    return digest(hows, window=_window(window), jobs=jobs, executor=executor)


def digest(
    files: Sequence[tuple[Place, How]],
    *,
    window: Window | None = None,
    jobs: int | None = None,
    executor: Executor | None = None,
    part: int = PART,
) -> Digest:
    """Digest files that are each read in their own way; see `digest_logs`."""
    if executor is not None:
        tasks = [task for place, how in files for task in plan(place, how, window, part, 1)]
        return _whole(_with(executor, tasks))
    total = sum(size_of(place) for place, _ in files)
    cores = os.cpu_count() or 1
    jobs = jobs or (cores if cores > WORKERS else 1)  # threads serve a few cores as well, and start at once
    if jobs == 1 or total < 2 * part:
        tasks = [task for place, how in files for task in plan(place, how, window, None, WORKERS)]
        return _whole(map(digest_task, tasks))
    tasks = [task for place, how in files for task in plan(place, how, window, part, 1)]
    return _whole(_in_processes(tasks, jobs))


def plan(place: Place, how: How, window: Window | None, part: int | None, workers: int) -> list[Task]:
    """Return the tasks of one file: one, or several where its records can be read from anywhere."""
    whole = Task(place, how, None, None, window, workers)
    size = size_of(place)
    if part is None or size < 2 * part:
        return [whole]
    scan = Scan(place, how)
    if not scan.beginning or not is_lines(scan.beginning, how):
        return [whole]
    form = scan.choose()
    lines = pl.DataFrame({"text": scan.beginning}).with_row_index("row")
    times = form.plan(lines)
    leaves = read_stamps(times["time"], form.time)["open"] if "time" in times.columns else pl.Series([], dtype=pl.UInt8)
    if not len(leaves) or leaves.is_in([int(Open.YEAR), int(Open.DATE)]).any() or not can_seek(place, form, how):
        return [whole]
    epochs = leaves.filter(leaves >= int(Open.S))
    unit = int(epochs.mode()[0]) if len(epochs) else None
    starts = [*cuts(place, form, how, size, part), size]
    spans = [Span(a, b, 1, unit) for a, b in pairwise(starts)]
    return [replace(whole, span=span, form=form) for span in spans]


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
            a, b = (t.tz_localize(None) for t in task.window)
            found = frame.filter((pl.col("time") >= a) & (pl.col("time") < b))
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


# --- where the work is done -------------------------------------------------------------------------------------------


def _with(executor: Executor, tasks: Sequence[Task]) -> Iterator[Part]:
    futures: list[Future[Part]] = [executor.submit(digest_task, task) for task in tasks]
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def _in_processes(tasks: Sequence[Task], jobs: int) -> Iterator[Part]:
    """Digest in a pool of processes; after one was killed, what is missing is done again in a new pool."""
    done: dict[int, Part] = {}
    for attempt in range(TRIES):
        try:
            with ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=get_context("spawn")) as pool:
                futures = {
                    number: pool.submit(digest_task, task) for number, task in enumerate(tasks) if number not in done
                }
                for number, future in futures.items():
                    done[number] = future.result()
        except BrokenProcessPool:
            if attempt == TRIES - 1:
                raise
            continue
        break
    return (done[number] for number in range(len(tasks)))


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


def _whole(parts: Iterable[Part]) -> Digest:
    whole = Part()
    for part in parts:
        whole = whole.then(part)
    counts = whole.counts.sort("minute", "level").to_pandas()
    counts["minute"] = counts["minute"].dt.tz_localize("UTC").astype("datetime64[ns, UTC]")
    patterns = whole.patterns.sort(["count", "pattern"], descending=[True, False]).to_pandas()
    held = [frame for frame in whole.rows if len(frame)]
    for frame in held:
        frame.attrs = {}
    rows = pd.concat(held, ignore_index=True) if held else LOGS.empty()
    return Digest(counts, patterns, rows, whole.reports)


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


def _window(window: tuple[pd.Timestamp | str, pd.Timestamp | str] | None) -> Window | None:
    if window is None:
        return None
    start, end = (pd.Timestamp(t) for t in window)
    return (
        start.tz_localize("UTC") if start.tzinfo is None else start.tz_convert("UTC"),
        end.tz_localize("UTC") if end.tzinfo is None else end.tz_convert("UTC"),
    )
