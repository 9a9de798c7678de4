"""How well stated impact windows are read from a status feed: python -m benchmarks.status_windows --data DIR.

DIR holds ``updates.jsonl`` (an incident a line: id, updates with ``at`` and ``message``) and
``truth_impact_windows.csv`` (incident_id, impact_start, impact_end). Prints each stated window that differs from the
truth, and each finding.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd

from postmortem_nb.analysis.stated import FAR, gap_between, slip_of, stated_windows


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data
    truth = pd.read_csv(folder / "truth_impact_windows.csv", dtype={"incident_id": str}).set_index("incident_id")
    exact = near = wrong = incidents = stating = windows = 0
    far = []
    for line in (folder / "updates.jsonl").read_text(encoding="utf-8").splitlines():
        incident = json.loads(line)
        incidents += 1
        times = [pd.Timestamp(update["at"]) for update in incident["updates"]]
        messages = min(times), max(times)
        found = [s for u in incident["updates"] for s in stated_windows(u["message"], messages)]
        stating, windows = stating + bool(found), windows + len(found)
        for stated in {s.interval: s for s in found}.values():
            if gap_between(stated.interval, messages) > FAR:
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
    print(f"{len(far)} findings:")
    for number, text, (first, last), why in far:
        print(f"- {number} “{text}”, messages {first:%Y-%m-%d %H:%M} – {last:%Y-%m-%d %H:%M}: {why or 'no slip fits'}")


def _lo(instant: object) -> pd.Timestamp:
    return instant.lo  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
