"""How long `postmortem-nb trends` takes on many incidents, and whether feeds give the minutes of their truth files.

    python -m benchmarks.trends --n 1000
    python -m benchmarks.trends --data DIR      (folders status_github and status_jenkins with their truth)

Generated incidents are results as `run` writes them: that of a sample, with times, lengths, services, severity and
channel drawn anew, one in forty still open. Whole processes are timed, imports and the kernel included.
"""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from postmortem_nb import read_trends
from postmortem_nb.analysis import analyze
from postmortem_nb.evidence import load

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
SAMPLE = "2024-01-14-web-outage"
SERVICES = ("web", "checkout", "search", "payments", "mail", "login")
CHANNELS = ("an alert", "customers", "support", "an engineer", "a synthetic probe")


def write_results(folder: Path, n: int, seed: int = 1) -> None:
    """Write n results whose lengths are lognormal (median 40 min, log-sd 1.2), over three years."""
    pattern = analyze(load(ROOT / "data" / "incidents" / SAMPLE)).to_dict()
    draws = np.random.default_rng(seed)
    begins = pd.Timestamp("2022-01-01", tz="UTC") + pd.to_timedelta(np.sort(draws.uniform(0, 3 * 365, n)), unit="D")
    minutes = draws.lognormal(np.log(40), 1.2, n)
    for i, (begin, length) in enumerate(zip(begins.floor("s"), minutes, strict=True)):
        result = drawn(pattern, f"{begin:%Y-%m-%d}-{i:04}", begin, length, draws, is_open=i % 40 == 39)
        (folder / f"{result['incident']}.json").write_text(json.dumps(result, indent=2))


def drawn(
    pattern: dict[str, Any],
    name: str,
    begin: pd.Timestamp,
    minutes: float,
    draws: np.random.Generator,
    *,
    is_open: bool,
) -> dict[str, Any]:
    """Return the pattern as another incident."""
    result = copy.deepcopy(pattern)
    end = begin + pd.Timedelta(minutes=minutes).round("s")
    services = draws.choice(SERVICES, draws.integers(1, 3), replace=False).tolist()
    result |= {
        "incident": name,
        "title": f"Drawn {name}",
        "severity": f"SEV{draws.integers(1, 5)}",
        "services": services,
    }
    window = result["windows"][0]
    window["onset"] |= dict.fromkeys(("at", "lo", "hi"), begin.isoformat())
    window["recovery"] |= {"at": None if is_open else end.isoformat(), "lo": end.isoformat(), "hi": None}
    window["is_open"] = is_open
    result["windows"] = [window]
    result["moments"] = {"start": window["onset"], "recover": window["recovery"]}
    shares = {"impact_time": 1.0, "time_to_recover": 1.0, "time_to_detect": draws.uniform(0.05, 0.6)}
    for timing in result["timings"]:
        seconds = (end - begin).total_seconds() * shares.get(timing["id"], draws.uniform(0.3, 1))
        is_cut = is_open and timing["id"] in ("impact_time", "time_to_recover", "time_to_resolve")
        timing |= {
            "seconds": None if is_cut else seconds,
            "seconds_lo": seconds,
            "seconds_hi": None if is_cut else seconds,
        }
    next(c for c in result["claims"] if c["id"] == "detected_first_by")["value"] = str(draws.choice(CHANNELS))
    return result


def measure(n: int) -> None:
    """Print how long the command takes on n results, in parts."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "results"
        folder.mkdir()
        write_results(folder, n)
        size = sum(p.stat().st_size for p in folder.iterdir()) / 1e6
        started = time.perf_counter()
        read_trends(folder)
        reading = time.perf_counter() - started
        command = [str(BIN / "postmortem-nb"), "trends", str(folder), "-o", str(Path(place) / "out")]
        before, started = _children(), time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wall, cpu = time.perf_counter() - started, _children() - before
        page = (Path(place) / "out" / "trends.html").stat().st_size / 1e3
    print("| incidents | results MB | reading s | command s | CPU s | page KB |")
    print("| --- | --- | --- | --- | --- | --- |")
    print(f"| {n:,} | {size:.0f} | {reading:.1f} | {wall:.1f} | {cpu:.1f} | {page:.0f} |")


def _children() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compare(folder: Path) -> None:
    """Print how the minutes of real feeds stand beside their truth files."""
    feed = read_trends(feeds=folder / "status_github" / "updates.jsonl").everything.set_index("id")
    text = {"dtype": {"incident_id": str}}
    truth = pd.read_csv(folder / "status_github" / "truth_downtime_windows.csv", **text).set_index("incident_id")
    both = feed.join(truth[["duration_minutes", "source"]])
    both = both[~both["is_maintenance"]]
    is_plain = (both["basis"] == "messages") & (both["source"] == "updates")
    off = (both["impact"] - both["duration_minutes"]).abs()
    print(f"github: {len(feed)} records, {int(feed['is_maintenance'].sum())} planned works left out")
    print(f"  from messages: {int((off[is_plain] <= 1).sum())} of {int(is_plain.sum())} within a minute of the truth")
    print(f"  stated windows go before messages in {int((both['basis'] == 'stated').sum())}")
    known = pd.read_csv(folder / "status_github" / "truth_impact_windows.csv", **text).set_index("incident_id")
    waits = feed.loc[known.index, "time_to_communicate"]
    same = int((waits == known["first_update_minus_impact_start_min"]).sum())
    print(f"  time to communicate: {same} of {len(known)} as the truth has it, median {waits.median():g} min")
    jenkins = read_trends(feeds=folder / "status_jenkins" / "issues", timezone="UTC")
    rows = jenkins.everything.assign(file=jenkins.everything["evidence"].str.extract(r"([^/]+\.md)", expand=False))
    index = pd.read_csv(folder / "status_jenkins" / "index.csv").set_index("file")
    both = rows.set_index("file").join(index[["minutes", "negative"]])
    usable = both[
        ~both["is_maintenance"] & both["minutes"].notna() & (both["negative"] != "yes") & (both["basis"] == "record")
    ]
    equal = int(((usable["impact"] - usable["minutes"]).abs() < 0.5).sum())
    named = sum(f.id == "ends-before-it-begins" for f in jenkins.findings)
    print(f"jenkins: {len(rows)} records, {int(rows['is_maintenance'].sum())} planned works left out")
    print(f"  {equal} of {len(usable)} with the minutes of the truth; {named} that end before they begin are named")


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=0)
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    if asked.n:
        measure(asked.n)
    if asked.data:
        compare(asked.data)


if __name__ == "__main__":
    main()
