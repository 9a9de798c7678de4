"""How far onset, recovery and impact time move across reasonable settings, as claims."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from postmortem_nb.analysis.claims import Claim, iso
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.times import format_duration, format_time, total

ACROSS = "across settings of threshold and merge gap"
DEFINITIONS = {
    "onset_range": f"earliest and latest onset of the first window {ACROSS}",
    "recovery_range": f"earliest and latest recovery of the last window {ACROSS}",
    "impact_time_range": f"shortest and longest impact time {ACROSS}",
}


def grid_claims(grid: pd.DataFrame, windows: Windows, sources: tuple[str, ...]) -> Iterator[Claim]:
    """Yield the range of each edge and of the impact time over the settings of the grid that find a window.

    Parameters
    ----------
    grid : DataFrame
        From `postmortem_nb.analysis.windows.sensitivity`.
    windows : Windows
        Windows of the incident under the chosen settings; without one, or where one is open, a claim says so.
    sources : tuple of str
        Files that the signal was drawn from.
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
