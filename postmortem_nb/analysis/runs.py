"""Excursions of a signal as runs of rows: where one opens, what keeps it open, when it is over.

Rows are looked at all at once, so that a record of a million rows costs no more than its excursions ask for.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

RUN = 2  # rows beyond the threshold in a row that open a window


class Run(NamedTuple):
    """One excursion: its first and last row that is not healthy, the first healthy row after it, whether it counts."""

    first: int
    last: int
    after: int | None
    opens: bool

    @property
    def ends(self) -> bool:
        """Whether it is over before the record is."""
        return self.after is not None

    def of(self, rows: np.ndarray) -> Run:
        """Return the same run as numbers of these rows."""
        after = None if self.after is None else int(rows[self.after])
        return Run(int(rows[self.first]), int(rows[self.last]), after, self.opens)


def runs_of(beyond: np.ndarray, healthy: np.ndarray, hold: int, opening: int = RUN) -> list[Run]:
    """Return the excursions in order.

    One opens with `opening` rows beyond the threshold in a row (fewer stand alone and do not count) and goes on until
    `hold` healthy rows follow each other; a single row among them that is neither beyond nor healthy is noise. A
    healthy stretch that the end of the record cuts short counts from two rows on.
    """
    far = np.flatnonzero(beyond)
    if not len(far):
        return []
    n, healthy = len(beyond), healthy & ~beyond
    noise = np.concatenate([[False], healthy[:-1]]) & ~healthy & ~beyond
    kept_open = np.flatnonzero(~healthy & ~noise)  # after each of these the healthy rows are counted anew
    calm = healthy.cumsum()
    calm_after = np.diff(calm[kept_open], append=calm[-1])
    over = np.flatnonzero(calm_after >= hold)  # of `kept_open`: those that enough healthy rows follow
    runs: list[Run] = []
    i = 0
    while (k := int(np.searchsorted(far, i))) < len(far):
        i = int(far[k])
        if not (i + opening <= n and beyond[i : i + opening].all()):
            last = i + int(np.argmin([*beyond[i : i + opening], False])) - 1
            runs.append(Run(i, last, last + 1 if last + 1 < n else None, False))
            i = last + 1
            continue
        end = int(np.searchsorted(over, np.searchsorted(kept_open, i)))
        is_over = end < len(over)
        place = int(over[end]) if is_over else len(kept_open) - 1
        last = int(kept_open[place])
        runs.append(Run(i, last, last + 1 if calm_after[place] >= min(hold, 2) else None, True))
        i = int(np.searchsorted(calm, calm[last] + hold)) + 1 if is_over else n
    return runs


def merged(runs: list[Run], time: pd.DatetimeIndex, gap: pd.Timedelta) -> list[Run]:
    """Join runs with no more than `gap` of health between them."""
    joined: list[Run] = []
    for run in runs:
        before = joined[-1].after if joined else None
        if before is not None and time[run.first] - time[before] <= gap:
            run = run._replace(first=joined.pop().first)
        joined.append(run)
    return joined
