"""Windows in real telemetry with faults of known minutes: python -m benchmarks.faults --data DIR.

DIR is the Nezha extract: folders with ``faults.csv`` (inject_time_utc, pod, fault_type) and
``metric/POD_metric.csv``, one row a minute; every fault lasts three minutes. Of each pod that a fault of CPU or of the
network was injected into, the series that such a fault moves is searched as a whole. A fault is hit if a window begins
within two minutes of its injection, and its end counts if it is within two minutes of three minutes later. Faults of
code (return, exception) move no metric by themselves and are left out. Windows that touch no fault of their pod are
counted too; other pods have faults of their own.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

import postmortem_nb as pnb

SERIES = {
    "cpu_contention": ("CpuUsageRate(%)",),
    "cpu_consumed": ("CpuUsageRate(%)",),
    "network_delay": ("PodServerLatencyP90(s)", "PodClientLatencyP90(s)"),
}
LASTS, NEAR = pd.Timedelta(minutes=3), pd.Timedelta(minutes=2)
HEAD = ("data", "series", "faults", "within interval", "hit", "end too", "elsewhere", "hours")


def series_of(path: Path, column: str) -> pd.Series:
    """Return one column of a metric file on its times."""
    rows = pd.read_csv(path)
    time = pd.to_datetime(rows["Time"].str[:19], utc=True)  # TimeStamp is wrong for one service
    return pd.Series(rows[column].to_numpy(float), index=time).groupby(level=0).mean()


def scored(folder: Path, column: str, kinds: tuple[str, ...]) -> tuple[int, int, int, int, int, float]:
    """Return faults, onset intervals that hold one, hits, hits whose end fits, windows elsewhere, hours searched."""
    faults = pd.read_csv(folder / "faults.csv")
    faults["at"] = pd.to_datetime(faults["inject_time_utc"], utc=True)
    count = held = hits = ends = elsewhere = 0
    hours = 0.0
    for pod, own in faults[faults["fault_type"].isin(kinds)].groupby("pod"):
        path = folder / "metric" / f"{pod}_metric.csv"
        if not path.exists() or column not in pd.read_csv(path, nrows=0).columns:
            continue
        series = series_of(path, column)
        windows = pnb.find_windows(series)
        count, hours = count + len(own), hours + (series.index[-1] - series.index[0]) / pd.Timedelta(hours=1)
        for at in own["at"]:
            hit = windows[(windows["onset"] - at).abs() <= NEAR]
            hits, ends = hits + bool(len(hit)), ends + bool(((hit["recovery"] - at - LASTS).abs() <= NEAR).any())
            minute = pd.Timedelta(minutes=1)
            held += bool(((hit["onset_lo"] <= at + minute) & (hit["onset_hi"] >= at)).any())
        every = faults.loc[faults["pod"] == pod, "at"]
        elsewhere += sum(not _touched(w, every) for w in windows.itertuples())
    return count, held, hits, ends, elsewhere, hours


def _touched(window: object, faults: pd.Series) -> bool:
    onset, recovery = window.onset, window.recovery  # type: ignore[attr-defined]
    return bool(((faults - NEAR <= recovery) & (faults + LASTS + NEAR >= onset)).any())


def rows(data: Path) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table."""
    for folder in sorted(p for p in data.iterdir() if (p / "faults.csv").exists()):
        for column in dict.fromkeys(c for columns in SERIES.values() for c in columns):
            kinds = tuple(kind for kind, columns in SERIES.items() if column in columns)
            *counts, hours = scored(folder, column, kinds)
            if counts[0]:
                yield folder.name, column, *(f"{n}" for n in counts), f"{hours:.0f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}")
    for row in rows(parser.parse_args().data):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
