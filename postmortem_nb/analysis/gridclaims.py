"""How far onset, recovery and impact time move across reasonable settings, as claims."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from postmortem_nb.analysis.claims import Claim, iso
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.times import format_duration, format_time, total

EDGES = {"onset": "the onset of the first window", "recovery": "the recovery of the last window"}


def grid_claims(grid: pd.DataFrame, windows: Windows, sources: tuple[str, ...]) -> Iterator[Claim]:
    """Yield the range of each edge and of the impact time over the settings of the grid that find a window.

    Parameters
    ----------
    grid : DataFrame
        From `postmortem_nb.analysis.windows.sensitivity`.
    windows : Windows
        Windows of the incident under the chosen settings.
    sources : tuple of str
        Files that the signal was drawn from.
    """
    found = grid[grid["windows"] > 0]
    if found.empty or not windows:
        return
    across = f"across {len(grid)} settings of threshold and merge gap"
    note = f"in {len(grid) - len(found)} of them no window is left" if len(found) < len(grid) else ""
    chosen = {"onset": windows[0].onset, "recovery": windows[-1].recovery}
    for name, what in EDGES.items():
        times = found[name].dropna()
        if times.empty or chosen[name].at is None:
            continue
        lo, hi = times.min(), times.max()
        dated = lo.date() != hi.date()
        first, last = format_time(lo, date=True), format_time(hi, date=dated)
        text = f"{first} UTC" if lo == hi else f"{first}–{last} UTC"
        definition = f"earliest and latest {name} {across}: {what}"
        value = iso(chosen[name].at)
        yield Claim(f"{name}_range", value, iso(lo), iso(hi), "instant", text, "measured", definition, sources, note)
    if not windows[-1].is_open:
        lo, hi = found["impact_time"].min(), found["impact_time"].max()
        shortest, longest = format_duration(lo), format_duration(hi)
        text = shortest if shortest == longest else f"{shortest} – {longest}"
        yield Claim(
            "impact_time_range",
            total(w.span for w in windows).total_seconds(),
            lo.total_seconds(),
            hi.total_seconds(),
            "s",
            text,
            "measured",
            f"shortest and longest impact time {across}",
            sources,
            note,
        )
