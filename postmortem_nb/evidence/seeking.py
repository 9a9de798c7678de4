"""Where in a long log a time range lies: found by bisection on its bytes, where its lines stand in the order of time.

What it costs follows the range and not the file, but for counting the lines before it. A file that is packed, or whose
lines are not in order at the places looked at, is read whole. A line that stands much farther from its place in time
than any line seen there (four times, and a minute at least, is allowed for) is missed, as only reading all can find it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import BinaryIO

import numpy as np
import pandas as pd

from postmortem_nb.errors import ReadError
from postmortem_nb.evidence.clock import Clock, Open
from postmortem_nb.evidence.deriving import derive
from postmortem_nb.evidence.formats import Format
from postmortem_nb.evidence.formats.directives import Directives
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.how import Window as Window
from postmortem_nb.evidence.lines import CACHED, MARKS, Block, clean, count_ends
from postmortem_nb.evidence.packed import packing
from postmortem_nb.evidence.sources import Place, opened, pieces, size_of

PROBE = 1 << 15  # bytes looked at in one place
FARTHEST = 128  # probes read on from a place in search of a record
PLACES = 48  # places at which the order is checked
SLACK = pd.Timedelta(minutes=1)  # by how much lines may stand out of order, at least
MOST_SLACK = pd.Timedelta(minutes=10)  # lines that step back farther are not in order
REPEATED = pd.Timedelta(hours=2)  # by how much local times may step back in a clock change that was declared, at most
NEW_YEAR = pd.Timedelta(days=3)  # so near to it, years that are not written cannot be told in the middle of a file


@dataclass
class Span:
    """A stretch of a file that is not packed: offsets at the beginnings of lines, and the number of the first line."""

    start: int = 0
    stop: int | None = None
    first: int = 1
    unit: int | None = None  # of epochs, where the beginning of the file shows it


@dataclass
class Probe:
    """Looks into a file in single places.

    Parameters
    ----------
    file : binary file
        Open for reading.
    form : Format
        Of the file.
    how : How
        What was declared about it.

    Attributes
    ----------
    back : Timedelta
        How far times step back in what was seen, at most.
    leaves : set of int
        What the stamps seen leave open, see `Open`.
    unit : int or None
        Of epochs; that of the first place that was looked at.
    is_lost : bool
        Whether a search for a record was given up.
    """

    file: BinaryIO
    form: Format
    how: How
    back: pd.Timedelta = field(default_factory=lambda: pd.Timedelta(0))
    leaves: set[int] = field(default_factory=set)
    unit: int | None = None
    is_lost: bool = False

    def record_at(self, offset: int, stop: int) -> tuple[int, pd.Timestamp | None]:
        """Return where the first record at or behind an offset begins, and its time.

        The offset need not be the beginning of a line. Where there is no record before ``stop``, that and None.
        """
        at = offset
        for _ in range(FARTHEST):
            if at >= stop:
                return stop, None
            origin = max(0, at - 1)
            self.file.seek(origin)
            data = self.file.read(PROBE)
            begin = 0 if at == 0 else data.find(b"\n") + 1
            end = data.rfind(b"\n") + 1 if len(data) == PROBE else len(data)
            if at > 0 and begin == 0:  # within a long line
                at = origin + PROBE if len(data) == PROBE else stop
                continue
            found = self._first(data[begin:end])
            if found is not None:
                row, time = found
                place = origin + begin + _nth_line(data[begin:end], row)
                return (place, time) if place < stop else (stop, None)
            at = max(at + 1, origin + end) if len(data) == PROBE else stop
        self.is_lost = self.is_lost or at < stop
        return stop, None

    def _first(self, data: bytes) -> tuple[int, pd.Timestamp] | None:
        """Return line and time of the first record; notes how far times step back."""
        if not data:
            return None
        lines = clean(Block(data, 1)).text.to_frame().with_row_index("row")
        frame = derive(self.form.plan(lines), self.form).sort("row")
        self.leaves |= set(frame["open"].unique().to_list())
        clock = Clock(self.how, self.unit)
        stamps = frame["stamp"]
        rows = frame["row"].to_numpy()
        try:
            times = clock.settle(frame, rows, lambda row: str(stamps[int(row)]))
        except ReadError:  # reading the file will say it, with the right line
            return None
        self.unit = clock.unit
        is_read = ~np.isnat(times)
        if not is_read.any():
            return None
        good = times[is_read]
        behind = np.maximum.accumulate(good) - good
        self.back = max(self.back, pd.Timedelta(behind.max()))
        return int(rows[is_read][0]), pd.Timestamp(good[0]).tz_localize("UTC")


def _nth_line(data: bytes, number: int) -> int:
    """Return the offset of a line in bytes."""
    at = 0
    for _ in range(number):
        at = data.index(b"\n", at) + 1
    return at


def can_seek(place: Place, form: Format, how: How) -> bool:
    """Whether single places of a file can be read by themselves."""
    if isinstance(form.plan, Directives) or how.encoding is not None:
        return False
    with opened(place) as file:
        head = file.read(512)
    is_wide = any(head.startswith(mark) for mark, name in MARKS.items() if name != "utf-8")
    return not packing(head) and not is_wide and b"\0" not in head


def find_span(place: Place, form: Format, how: How, window: Window) -> Span | None:
    """Return the stretch of a file that holds a time range.

    Parameters
    ----------
    place, form, how
        The file, its format, and what was declared about it.
    window : (Timestamp, Timestamp)
        Half-open range, UTC.

    Returns
    -------
    Span or None
        Every line of the range lies in it; lines around it may, too. None where the file must be read whole: it is
        packed, or its times are not in order.
    """
    if not can_seek(place, form, how):
        return None
    size = size_of(place)
    if size < 16 * PROBE:
        return None
    with opened(place) as file:
        probe = Probe(file, form, how)
        offsets = np.linspace(0, size - PROBE, PLACES).astype("int64").tolist()  # the last one shows the end
        seen = [probe.record_at(offset, size)[1] for offset in offsets]
        times = pd.Series([time for time in seen if time is not None])
        if times.empty or not _is_plain(probe, times):
            return None
        between = (times.cummax() - times).max()
        if max(probe.back, between) > MOST_SLACK:
            return None
        slack = max(SLACK, 4 * probe.back, 4 * between) + (pd.Timedelta(0) if how.change == "ask" else REPEATED)
        start, _ = _bisect(probe, size, window[0] - slack)
        _, stop = _bisect(probe, size, window[1] + slack)
        if probe.is_lost or 2 * probe.back > slack:  # on the way, lines were seen that are less in order than thought
            return None
        first = 1 + count_lines(file, start)
    return Span(start, max(start, stop), first, probe.unit)


def _is_plain(probe: Probe, times: pd.Series) -> bool:
    """Whether each time is known from its own line, and from nothing that stands before it."""
    if int(Open.DATE) in probe.leaves:
        return False
    if int(Open.YEAR) not in probe.leaves:
        return True
    around = pd.Series([*(times - NEW_YEAR), *(times + NEW_YEAR)]).dt.year
    return around.nunique() == 1


def _bisect(probe: Probe, size: int, time: pd.Timestamp) -> tuple[int, int]:
    """Return two beginnings of records near each other: no record before the first is as late as a time, and none
    behind the second is earlier.
    """
    low, high = 0, size
    while high - low > PROBE:
        middle = (low + high) // 2
        at, found = probe.record_at(middle, high)
        if found is None or found >= time:
            high = middle
        else:
            low = at
    return low, probe.record_at(high, size)[0]


def count_lines(file: BinaryIO, stop: int) -> int:
    """Count the line ends before an offset; in a local file with a thread a core, in pieces that stay in its cache."""
    try:
        number = file.fileno()
    except (AttributeError, OSError):  # a remote file has none
        number = -1
    if number < 0 or not hasattr(os, "preadv"):
        return sum(count_ends(data) for data in pieces(file, 0, stop))
    workers = min(8, os.cpu_count() or 1)
    edges = np.linspace(0, stop, workers + 1, dtype="int64").tolist()
    with ThreadPoolExecutor(workers) as threads:
        return sum(threads.map(lambda span: _count_between(number, *span), pairwise(edges)))


def _count_between(number: int, at: int, stop: int) -> int:
    held, count = memoryview(bytearray(CACHED)), 0
    while at < stop and (size := os.preadv(number, [held[: stop - at]], at)):
        count += count_ends(held[:size])
        at += size
    return count


def cuts(place: Place, form: Format, how: How, size: int, part: int) -> Iterator[int]:
    """Yield offsets at which records begin, about ``part`` bytes apart, the first being 0."""
    yield 0
    last = 0
    with opened(place) as file:
        probe = Probe(file, form, how)
        for offset in range(part, size, part):
            at, time = probe.record_at(offset, size)
            if time is not None and at > last:
                last = at
                yield at
