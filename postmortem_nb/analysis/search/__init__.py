"""Windows in a plain series, without an incident: `find_windows`.

A stretch stands out if its mean lies further from normal than that of every other stretch of the same length in the
same record: the score of a window is that ratio. It is taken on several `readings` of the series; `cutting` proposes
stretches, `excursions` compares them, `bounds` says how sure their edges are. Runs of missing samples compete with
them. The cost grows linearly with the length of the record.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from postmortem_nb.analysis.search.bounds import edges
from postmortem_nb.analysis.search.cutting import cuts, refined, trimmed
from postmortem_nb.analysis.search.excursions import FLOOR, Excursions, Span
from postmortem_nb.analysis.search.readings import AROUND, SOFT, Readings, read
from postmortem_nb.errors import SettingError

TIMES = ("onset", "onset_lo", "onset_hi", "recovery", "recovery_lo", "recovery_hi")
COLUMNS = (*TIMES, "score", "kind", "why")
STANDS_OUT = 1.39  # score of a window that is reported at sensitivity 1
NEAR_MISS = 0.8  # share of it from which a stretch is listed as a near-miss
MOST_ROWS = 10_000_000
MOST_WINDOWS = 12
FEWEST = 8  # known samples
REFINED = 100  # best candidates whose edges are looked at again
ALIKE = 0.97  # share of the best score from which another candidate's edges may be the window's

NAMES = {"high": "above", "low": "below"}


class Candidate(NamedTuple):
    """A stretch of rows ``[first, end)`` on one reading of the series."""

    score: float
    first: int
    end: int
    name: str


def find_windows(
    series: pd.Series, *, bad: str = "auto", sensitivity: float = 1.0, level: float = 0.90
) -> pd.DataFrame:
    """Find the stretches in which a plain series leaves its baseline.

    Parameters
    ----------
    series : Series
        Values on a zone-aware DatetimeIndex; a missing value, or a missing row, is unknown.
    bad : {"auto", "high", "low"}
        Which side is bad; ``auto`` looks at both, at bursts, scatter and missing samples.
    sensitivity : float
        At 1 a window is reported that lies 1.39 times as far out as every other stretch of its length in the record
        (or, where it has two or three as bad, much further than the next); at 2 half of that is enough, and so on.
    level : float
        Probability that the stated edges aim at. ``docs/detection.md`` has the share of true edges that lay within.

    Returns
    -------
    DataFrame
        Best first: ``onset, onset_lo, onset_hi, recovery, recovery_lo, recovery_hi`` (UTC), ``score``, ``kind``
        (high, low, bursts, scatter or missing) and ``why``, the score in words. Empty where nothing stands out. The
        recovery of a window that touches the end of the record is NaT, its ``recovery_lo`` the end of the record.
        ``attrs["near_misses"]`` is a list of dicts of the same columns: stretches that do nearly stand out.

    Raises
    ------
    SettingError
        For an index without zone, a setting out of range, or a record of more than ten million steps.
    """
    if not isinstance(series.index, pd.DatetimeIndex) or series.index.tz is None:
        raise SettingError("find_windows: the series needs a zone-aware DatetimeIndex; use tz_localize first.")
    if bad not in ("auto", "high", "low") or not sensitivity > 0 or not 0 < level < 1:
        raise SettingError(
            f"find_windows: bad={bad!r}, sensitivity={sensitivity}, level={level}: "
            "bad is auto, high or low, sensitivity is above 0, level between 0 and 1."
        )
    grid, step = _regular(series)
    values = grid.to_numpy(float)
    if np.isfinite(values).sum() < FEWEST:
        return _frame([])
    search = _Search(read(values, round(pd.Timedelta(days=1) / step), bad), STANDS_OUT / sensitivity, bad)
    found, missed = search.windows()
    rows = [search.row(grid.index[0], step, window, near, level) for window, near in found]
    frame = _frame(rows)
    frame.attrs["near_misses"] = [search.row(grid.index[0], step, window, near, level) for window, near in missed]
    return frame


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("score", ascending=False, ignore_index=True)
    types = dict.fromkeys(TIMES, "datetime64[ns, UTC]") | {"score": "float64", "kind": "str", "why": "str"}
    return frame.astype(types)


def _regular(series: pd.Series) -> tuple[pd.Series, pd.Timedelta]:
    """Put the series on its median step, in UTC; what several samples share a step is their mean."""
    s = series.astype("float64").tz_convert("UTC")
    s.index = s.index.as_unit("ns")  # type: ignore[attr-defined]
    if not s.index.is_monotonic_increasing:
        s = s.sort_index(kind="stable")
    if s.index.has_duplicates:
        s = s.groupby(level=0).mean()
    if len(s) < 2:
        return s, pd.Timedelta(minutes=1)
    steps = np.diff(s.index.asi8)  # type: ignore[attr-defined]
    step = pd.Timedelta(int(np.median(steps)), unit="ns")
    if (steps == step.value).all():
        return s, step
    if (s.index[-1] - s.index[0]) / step > MOST_ROWS:
        raise SettingError(
            f"find_windows: the record is over {MOST_ROWS:,} steps of {step} long. Resample it to a wider step first."
        )
    return s.resample(step, origin=s.index[0]).mean(), step


class _Search:
    """The readings of one series, and the stretches of it that stand out."""

    def __init__(self, readings: Readings, threshold: float, bad: str) -> None:
        self.readings, self.threshold, self.bad = readings, threshold, bad
        self.excursions = {n: Excursions(r.values, readings.missing) for n, r in readings.by_name.items()}
        self.taken: list[Span] = []

    def windows(self) -> tuple[list[tuple[Candidate, list[Span]]], list[tuple[Candidate, list[Span]]]]:
        """Return windows, and stretches that nearly are, each with the edges of candidates that do as well."""
        gaps = _gaps(self.readings.missing) if self.bad == "auto" else []
        found: list[tuple[Candidate, list[Span]]] = [(c, []) for c in gaps if c.score >= self.threshold]
        missed: list[tuple[Candidate, list[Span]]] = []
        self.taken = [(c.first, c.end) for c, _ in found]
        left = self._candidates()
        while left and len(found) + len(missed) < MOST_WINDOWS:
            scored = sorted((self._scored(c) for c in left), reverse=True)
            best = scored[0]
            if best.score < NEAR_MISS * self.threshold:
                break
            near = [(c.first, c.end) for c in scored if c.score >= ALIKE * best.score and _overlap(c, best) > 0.5]
            if best.score >= self.threshold:
                found.append((best, near))
                self.taken.append((best.first, best.end))  # no longer normal: what it hid may now stand out
            else:
                missed.append((best, near))
            left = [c for c in scored if c.score >= self.threshold / 2 and not self._is_explained(c, best)]
        again = [(c if c.name == "missing" else self._scored(c), near) for c, near in found]  # all of normal is known
        return [(c, near) for c, near in again if c.score >= self.threshold], missed

    def row(
        self, begin: pd.Timestamp, step: pd.Timedelta, window: Candidate, near: list[Span], level: float
    ) -> dict[str, object]:
        """Return a window as a row of the frame."""
        first, end, n = window.first, window.end, len(self.readings.z)
        onset, recovery = (first, first), (end, end)
        if window.name != "missing":
            free_from = max((b for _, b in self.taken if b <= first), default=0)
            first, onset, recovery = edges(self.readings, window.name, first, end, near, level, free_from)
        ends = (end, recovery[0] - 1, recovery[1]) if end < n else (None, n, None)
        moments = [None if r is None else begin + step * r for r in (first, onset[0] - 1, onset[1], *ends)]
        kind = self.readings.by_name[window.name].kind if window.name != "missing" else "missing"
        return dict(zip(TIMES, moments, strict=True)) | {
            "score": window.score,
            "kind": kind,
            "why": self._why(window, kind),
        }

    def _candidates(self) -> list[Candidate]:
        """Return the stretches to be compared: cut at thresholds, and the best of them with refined edges."""
        spikes = np.flatnonzero(self.readings.is_spike)
        cut = {n: cuts(r.values) for n, r in self.readings.by_name.items() if r.cut_like == n}
        spans = set()
        for name, reading in self.readings.by_name.items():
            for first, end in cut[reading.cut_like].tolist():
                spans.add((name, *(trimmed(first, end, spikes) if name == "bursts" else (first, end))))
        scored = sorted(
            (self._scored(Candidate(0.0, a, b, n)) for n, a, b in spans if self._is_free(a, b)), reverse=True
        )
        kept = [c for c in scored if c.score >= NEAR_MISS * self.threshold / 2]
        again = {
            (c.name, *refined(self.readings, c.name, c.first, c.end))
            for c in kept[:REFINED]
            if c.score >= NEAR_MISS * self.threshold
        }
        return kept + [Candidate(0.0, a, b, n) for n, a, b in sorted(again - spans) if self._is_free(a, b)]

    def _scored(self, c: Candidate) -> Candidate:
        others = [span for span in self.taken if span != (c.first, c.end)]
        return c._replace(score=self.excursions[c.name].score(c.first, c.end, others))

    def _is_explained(self, c: Candidate, window: Candidate) -> bool:
        """Whether a stretch is part of a window, or only looks shifted because its local normal holds the window."""
        if c.first < window.end and window.first < c.end:
            return True
        kinds = {self.readings.by_name[name].kind for name in (c.name, window.name)}
        is_near = c.first - window.end < AROUND // 2 and window.first - c.end < AROUND // 2
        return c.name.startswith(("local", "bursts")) and is_near and (kinds == {"high", "low"} or "bursts" in kinds)

    def _is_free(self, first: int, end: int) -> bool:
        return all(end <= a or first >= b for a, b in self.taken)

    def _why(self, window: Candidate, kind: str) -> str:
        rows = window.end - window.first
        if kind == "missing":
            return f"{rows} samples in a row are missing, {window.score:.1f} × the longest other gap (of 2 at least)"
        excursions = self.excursions[window.name]
        others = [span for span in self.taken if span != (window.first, window.end)]
        size = excursions.mean(window.first, window.end)
        worst = max(FLOOR, *excursions.others(window.first, window.end, others))
        what = {
            "bursts": f"{size * 10:.0f} % of its {rows} samples are spikes",
            "scatter": f"its {rows} samples scatter {size:.1f} robust standard deviations more than usual",
        }.get(kind, f"its {rows} samples lie {size:.1f} robust standard deviations {NAMES.get(kind, '')} normal")
        where = " of the rows around" if window.name.startswith("local") else ""
        where += f" (none counted as more than {SOFT:g})" if window.name.endswith("lasting") else ""
        return f"{what}{where}, {size / worst:.1f} × the furthest other stretch of that length"


def _gaps(missing: np.ndarray) -> list[Candidate]:
    """Return runs of missing rows, scored against the longest other one."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(int)))
    runs = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    first, second = [*sorted((b - a for a, b in runs), reverse=True), 0, 0][:2]
    return [Candidate((b - a) / max(second if b - a == first else first, 2), a, b, "missing") for a, b in runs]


def _overlap(a: Candidate, b: Candidate) -> float:
    both = min(a.end, b.end) - max(a.first, b.first)
    return both / (max(a.end, b.end) - min(a.first, b.first))
