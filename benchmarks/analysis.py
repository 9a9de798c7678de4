"""What `analyze` costs on one long signal: python -m benchmarks.analysis.

A metric with one sample a minute, noise of a tenth and one incident of an hour; "rough" has heavy tails, so that
thousands of excursions are too short to count, "gaps" misses a fifth of its samples. CPU seconds of one run each, with
the share that `measure` has of it (baseline and windows; the rest is drawing the grid, trying other settings, and
what is written about it).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

import postmortem_nb as pnb
from postmortem_nb.analysis.windows import measure
from postmortem_nb.frames import METRICS, conform
from postmortem_nb.incident import Facts, Incident

KINDS = ("calm", "gaps", "rough")
SIGNAL = {"name": "m", "kind": "gauge", "select": {"metric": "m"}}


def drawn(kind: str, samples: int, seed: int = 1) -> Incident:
    """Return an incident whose evidence is one metric."""
    rng = np.random.default_rng(seed)
    noise = np.abs(rng.standard_t(2, samples)) if kind == "rough" else rng.standard_normal(samples)
    value = 1 + 0.1 * noise
    value[samples // 2 : samples // 2 + 60] = 5
    if kind == "gaps":
        value[rng.random(samples) < 0.2] = np.nan
    times = pd.date_range("2024-01-01", periods=samples, freq="1min", tz="UTC")
    rows = pd.DataFrame({"time": times, "service": "web", "metric": "m", "value": value, "file": "metrics/m.csv"})
    facts = Facts.from_dict({"title": "drawn", "signals": [SIGNAL]})
    return Incident("drawn", Path("drawn"), facts, metrics=conform(rows, METRICS))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    print("| record | samples | analyze | µs a sample | measure | windows and near misses |\n" + "| --- " * 6 + "|")
    chosen = parser.parse_args()
    for kind in KINDS:
        for samples in chosen.samples:
            incident = drawn(kind, samples)
            began = time.process_time()
            analysis = pnb.analyze(incident)
            whole = time.process_time() - began
            assert analysis.signal is not None
            began = time.process_time()
            found = measure(analysis.signal, analysis.settings)
            part = time.process_time() - began
            count = len(found.windows) + len(found.near_misses)
            row = (
                kind,
                f"{samples:,}",
                f"{whole:.2f} s",
                f"{whole / samples * 1e6:.1f}",
                f"{part:.2f} s",
                f"{count:,}",
            )
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
