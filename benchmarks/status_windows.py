"""How well stated impact windows are read from a status feed: python -m benchmarks.status_windows --data DIR.

DIR holds ``updates.jsonl`` (an incident a line: id, updates with ``at`` and ``message``) and
``truth_impact_windows.csv`` (incident_id, impact_start, impact_end). Prints each stated window that differs from the
truth, and each finding. Then every window is written anew with a slip in it (the year, the month, half a day), and
counted is in how many cases that raises no finding (missed), and in how many it names the slip.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd

from postmortem_nb.analysis.stated import FAR, Stated, gap_between, slip_of, stated_windows
from postmortem_nb.times import Interval

SLIPS = {
    "a year early": (pd.DateOffset(years=-1), "a year later"),
    "a month early": (pd.DateOffset(months=-1), "a month later"),
    "half a day late": (pd.DateOffset(hours=12), "12 hours earlier"),
}


def plant(stated: Stated, messages: Interval, planted: dict[str, list[int]]) -> None:
    """Write a window anew with each slip in it, and count what is made of it."""
    for name, (by, mend) in SLIPS.items():
        first, last = (t + by for t in (_lo(stated.start), _lo(stated.end)))
        text = f"On {first:%B %d, %Y}, between {first:%H:%M} UTC and {last:%B %d, %Y} {last:%H:%M} UTC jobs were late."
        read = stated_windows(text, messages)
        found = [w.interval for w in read if gap_between(w.interval, messages) > FAR]
        planted[name][0] += 1
        planted[name][1] += not found
        planted[name][2] += any(mend in slip_of(w, messages) for w in found)


def _is_true(stated: Stated, row: pd.Series) -> bool:
    minute = pd.Timedelta("1min")
    ends = zip((stated.start, stated.end), (row.impact_start, row.impact_end), strict=True)
    return all(abs(_lo(edge) - pd.Timestamp(t)) <= minute for edge, t in ends)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data
    truth = pd.read_csv(folder / "truth_impact_windows.csv", dtype={"incident_id": str}).set_index("incident_id")
    exact = near = wrong = incidents = stating = windows = 0
    far = []
    planted = {name: [0, 0, 0] for name in SLIPS}
    right = false = 0
    for line in (folder / "updates.jsonl").read_text(encoding="utf-8").splitlines():
        incident = json.loads(line)
        incidents += 1
        times = [pd.Timestamp(update["at"]) for update in incident["updates"]]
        messages = min(times), max(times)
        found = [s for u in incident["updates"] for s in stated_windows(u["message"], messages)]
        stating, windows = stating + bool(found), windows + len(found)
        for stated in {s.interval: s for s in found}.values():
            is_far = gap_between(stated.interval, messages) > FAR
            if not is_far:
                plant(stated, messages, planted)
            if incident["id"] in truth.index and _is_true(stated, truth.loc[incident["id"]]):
                right, false = right + 1, false + is_far
            if is_far:
                far.append((incident["id"], stated.text, messages, slip_of(stated.interval, messages)))
        if incident["id"] in truth.index:
            row = truth.loc[incident["id"]]
            off = [
                max(abs(_lo(s.start) - pd.Timestamp(row.impact_start)), abs(_lo(s.end) - pd.Timestamp(row.impact_end)))
                for s in found
            ]
            best = min(off, default=pd.Timedelta.max)
            exact, near = exact + (best == pd.Timedelta(0)), near + (best <= pd.Timedelta("1min"))
            if best > pd.Timedelta("1min"):
                wrong += 1
                print(f"differs: {incident['id']} {row.impact_start} – {row.impact_end}: {[s.text for s in found]}")
    print(f"\n{incidents} incidents, {stating} state {windows} windows")
    print(f"of {len(truth)} with a known window {exact} are exact, {near} within a minute, {wrong} differ")
    print(f"{right} windows are those of the truth, {false} of them raise a finding (false)")
    print("\n| slip | planted | missed | named |\n| --- | --- | --- | --- |")
    for name, (count, missed, named) in planted.items():
        print(f"| {name} | {count} | {missed} | {named} |")
    print(f"\n{len(far)} findings:")
    for number, text, (first, last), why in far:
        print(f"- {number} “{text}”, messages {first:%Y-%m-%d %H:%M} – {last:%Y-%m-%d %H:%M}: {why or 'no slip fits'}")


def _lo(instant: object) -> pd.Timestamp:
    return instant.lo  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
