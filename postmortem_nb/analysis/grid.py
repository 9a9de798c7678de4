"""How far onset, recovery and impact time move across reasonable settings: the grid, and its ranges as claims."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from postmortem_nb.analysis.baseline import Baseline, with_threshold
from postmortem_nb.analysis.claims import Claim, iso
from postmortem_nb.analysis.inputs import Input
from postmortem_nb.analysis.settings import AUTO, MERGE_GAP, Settings
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Windows, declared_span, group_of_incident, windows_beyond
from postmortem_nb.incident import Facts
from postmortem_nb.times import format_duration, format_time, total

ACROSS = "across settings of threshold and merge gap"
DEFINITIONS = {
    "onset_range": f"earliest and latest onset of the first window {ACROSS}",
    "recovery_range": f"earliest and latest recovery of the last window {ACROSS}",
    "impact_time_range": f"shortest and longest impact time {ACROSS}",
}


def sensitivity(
    series: SignalSeries | None, settings: Settings, baseline: Baseline | None, facts: Facts | None = None
) -> pd.DataFrame:
    """Return how the windows move with the two choices that move them most: the threshold and the merge gap.

    With `facts` only the windows of the incident are meant, not those that lie too far from it.

    Returns
    -------
    DataFrame
        One row a choice: ``threshold`` (half, one and two times as far from the baseline), ``merge_gap``, ``windows``
        (how many), ``onset`` and ``recovery`` (UTC, NaT where there is none yet), ``impact_time`` (Timedelta). No row
        without a signal.
    """
    if series is None or baseline is None:
        return _grid([])
    rows: list[tuple[object, ...]] = []
    current = MERGE_GAP if settings.merge_gap == AUTO else settings.merge_gap
    for factor in (0.5, 1.0, 2.0):
        threshold = baseline.center + factor * (baseline.enter - baseline.center)
        moved = with_threshold(baseline, threshold, series.bad_side)
        for gap in dict.fromkeys(("0s", current, "30min")):
            tried = settings.model_copy(update={"threshold": threshold, "merge_gap": gap})
            windows = windows_beyond(series, moved, tried)
            windows = group_of_incident(series, moved, windows, facts, declared_span(facts)) if facts else windows
            edges = (windows[0].onset.at, windows[-1].recovery.at) if windows else (None, None)
            rows.append((threshold, gap, len(windows), *edges, total(w.span for w in windows)))
    return _grid(rows)


def _grid(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["threshold", "merge_gap", "windows", "onset", "recovery", "impact_time"])
    return frame.astype({c: "datetime64[ns, UTC]" for c in ("onset", "recovery")})


def grid_claims(grid: pd.DataFrame, windows: Windows, sources: tuple[Input, ...]) -> Iterator[Claim]:
    """Yield the range of each edge and of the impact time over the settings of the grid that find a window.

    Parameters
    ----------
    grid : DataFrame
        From `postmortem_nb.analysis.grid.sensitivity`.
    windows : Windows
        Windows of the incident under the chosen settings; without one, or where one is open, a claim says so.
    sources : tuple of Input
        Rows that the signal was drawn from.
    """
    found = grid[grid["windows"] > 0]
    lost = len(grid) - len(found)
    note = f"of {len(grid)} settings" + (f"; in {lost} of them no window is left" if lost else "")
    chosen = (windows[0].onset, windows[-1].recovery) if windows else (None, None)
    for name, now in zip(("onset", "recovery"), chosen, strict=True):
        times, id_ = found[name].dropna(), f"{name}_range"
        if now is None or now.at is None or times.empty:
            yield _absent(id_, "instant", windows)
            continue
        lo, hi = times.min(), times.max()
        first, last = format_time(lo, date=True), format_time(hi, date=lo.date() != hi.date())
        text = f"{first} UTC" if lo == hi else f"{first}–{last} UTC"
        yield Claim(id_, iso(now.at), iso(lo), iso(hi), "instant", text, "measured", DEFINITIONS[id_], sources, note)
    id_ = "impact_time_range"
    if not windows or windows[-1].is_open or found.empty:
        yield _absent(id_, "s", windows)
        return
    lo, hi, length = found["impact_time"].min(), found["impact_time"].max(), total(w.span for w in windows)
    shortest, longest = format_duration(lo), format_duration(hi)
    text = shortest if shortest == longest else f"{shortest} – {longest}"
    value, least, most = (x.total_seconds() for x in (length, lo, hi))
    yield Claim(id_, value, least, most, "s", text, "measured", DEFINITIONS[id_], sources, note)


def _absent(id_: str, unit: str, windows: Windows) -> Claim:
    note = "still open when the record ends" if windows else "no window was measured"
    return Claim(id_, None, None, None, unit, "not known", "", DEFINITIONS[id_], note=note)
