"""How well postmortems and status feeds are imported: python -m benchmarks.postmortems --data DIR.

DIR holds ``postmortems`` (``dfds/*.md`` and ``dfds_stats.csv``, the stated minutes), and optionally ``status_github``
(``updates.jsonl``, ``truth_downtime_windows.csv``, ``truth_impact_windows.csv``) and ``status_jenkins`` (``issues``,
``index.csv``). Each postmortem is imported into a folder and analysed; the stated minutes stand beside the computed,
and beside those that the words of the rows alone would give, without a look at the stated ones.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import pandas as pd

import postmortem_nb as pnb
from postmortem_nb.importing import import_files
from postmortem_nb.importing.choosing import choose
from postmortem_nb.importing.postmortem import read_rows

MINUTE = pd.Timedelta(minutes=1)
TIMES = {"time_to_detect": ("ttd_minutes", "detected"), "time_to_recover": ("ttr_minutes", "recovered")}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data
    postmortems(folder / "postmortems")
    if (folder / "status_github").is_dir():
        github(folder / "status_github")
    if (folder / "status_jenkins").is_dir():
        jenkins(folder / "status_jenkins")


def postmortems(folder: Path) -> None:
    """Print stated against computed minutes, row by row, with the reason of each difference."""
    truth = pd.read_csv(folder / "dfds_stats.csv").set_index("pm_id")
    files = sorted((folder / "dfds").glob("*.md"))
    print(
        "| postmortem | detect: stated | computed | by words | recover: stated | computed | by words | why it differs |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    equal, blind, stated, findings = dict.fromkeys(TIMES, 0), dict.fromkeys(TIMES, 0), dict.fromkeys(TIMES, 0), 0
    with tempfile.TemporaryDirectory() as home:
        for path in files:
            (done,) = import_files([path], home)
            assert done.folder is not None, done.error
            findings += len(done.findings)
            analysis = pnb.analyze(pnb.load(done.folder))
            timings = {t.id: t for t in analysis.timings}
            words = choose(read_rows(path), {})
            cells = [path.name[:10]]
            for name, (column, end) in TIMES.items():
                want = truth.loc[path.name[:10], column]
                got = timings[name].duration.value
                got = None if got is None else got / MINUTE
                rows = words.rows
                guess = (rows[end].moment - rows["started"].moment) / MINUTE if {"started", end} <= set(rows) else None
                stated[name] += not pd.isna(want)
                equal[name] += got == want
                blind[name] += guess == want
                cells += [_shown(want), _shown(got), _shown(guess)]
            why = [f.text for f in done.findings if f.id == "stated-time-differs"]
            print(f"| {' | '.join(cells)} | {' '.join(why)} |")
    print(f"\n{len(files)} imported, {findings} findings")
    for name in TIMES:
        print(f"{name}: {equal[name]} of {stated[name]} equal to the minute; by words alone {blind[name]}")


def github(folder: Path) -> None:
    """Print the minutes of a Statuspage history against the truth of another project."""
    frame = pnb.read_status_feed(folder / "updates.jsonl").set_index("id")
    truth = pd.read_csv(folder / "truth_downtime_windows.csv", dtype={"incident_id": str}).set_index("incident_id")
    ours = frame[~frame["is_maintenance"]]
    told = truth[(truth["source"] == "updates") & truth.index.isin(ours.index)]
    spans = (ours["end"] - ours["begin"]) / MINUTE
    print(f"\n{len(frame)} records, {len(frame) - len(ours)} of them planned work (no downtime)")
    print(f"first to last message: {(spans[told.index] == told['duration_minutes']).sum()} of {len(told)} equal")
    stated = truth[truth["source"] == "postmortem"]
    got = ours["minutes"][stated.index]
    print(f"stated windows: {(got == stated['duration_minutes']).sum()} of {len(stated)} equal")
    for number in stated.index[got != stated["duration_minutes"]]:
        windows = "; ".join(f"{a:%H:%M}–{b:%H:%M}" for a, b in ours["windows"][number])
        print(f"- {number}: truth {stated['duration_minutes'][number]} min, here {got[number]:g}: it states {windows}")
    more = ours[(ours["basis"] == "stated") & ~ours.index.isin(stated.index)]
    print(f"{len(more)} more state a window, which that truth does not read; their downtime differs by design")
    windows = pd.read_csv(folder / "truth_impact_windows.csv", dtype={"incident_id": str}).set_index("incident_id")
    wait = ours["minutes_to_communicate"][windows.index]
    same = (wait == windows["first_update_minus_impact_start_min"]).sum()
    low, high = statistics.median_low(wait), statistics.median_high(wait)
    print(f"time to communicate: {same} of {len(wait)} equal; median between {low:g} and {high:g} min")
    every = ours["minutes_to_communicate"].dropna()
    print(f"all {len(every)} that state a window: median {every.median():g} min")


def jenkins(folder: Path) -> None:
    """Print the minutes of pages of cState against their index."""
    frame = pnb.read_status_feed(folder / "issues", timezone="UTC").set_index("id")
    index = pd.read_csv(folder / "index.csv")
    index.index = pd.Index(index["file"].str.removesuffix(".md"))
    spans = (frame["end"] - frame["begin"]) / MINUTE
    same = (abs(spans - index["minutes"]) < 0.06).sum()  # the index is rounded to tenths or hundredths
    print(f"\n{len(frame)} pages, {frame['is_maintenance'].sum()} of them planned work; {same} spans equal the index")
    for finding in frame.attrs["findings"]:
        print(f"- {finding}")


def _shown(value: object) -> str:
    return "" if value is None or pd.isna(value) else f"{value:g}"


if __name__ == "__main__":
    main()
