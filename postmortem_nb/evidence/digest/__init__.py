"""Logs that need not fit into memory → a digest: counts by minute and level, patterns, and the rows of a time range.

A digest of two parts is the digest of the first, then the second: long files are cut where records begin, the parts
are digested anywhere (here, in a pool of processes, on a Dask cluster) and put together in order.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import pairwise

import pandas as pd
import polars as pl

from postmortem_nb.evidence.account import Report
from postmortem_nb.evidence.clock import Open, read_stamps
from postmortem_nb.evidence.digest.parts import Part, Task, digest_task
from postmortem_nb.evidence.digest.spreading import in_processes, with_executor
from postmortem_nb.evidence.how import How, located
from postmortem_nb.evidence.logs import is_lines
from postmortem_nb.evidence.ranges import range_of
from postmortem_nb.evidence.scanning import WORKERS, Scan
from postmortem_nb.evidence.seeking import Span, Window, can_seek, cuts
from postmortem_nb.evidence.sources import Place, name_of, size_of
from postmortem_nb.frames import LOGS

PART = 128 << 20  # bytes of a file that one task digests, about


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
    wanted = None if window is None else range_of(*window, "window")
    return digest(hows, window=wanted, jobs=jobs, executor=executor)


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
        return _whole(with_executor(executor, tasks))
    total = sum(size_of(place) for place, _ in files)
    cores = os.cpu_count() or 1
    jobs = jobs or (cores if cores > WORKERS else 1)  # threads serve a few cores as well, and start at once
    if jobs == 1 or total < 2 * part:
        tasks = [task for place, how in files for task in plan(place, how, window, None, WORKERS)]
        return _whole(map(digest_task, tasks))
    tasks = [task for place, how in files for task in plan(place, how, window, part, 1)]
    return _whole(in_processes(tasks, jobs))


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
