"""How well windows are found, beside other detectors: python -m benchmarks.detection --data DIR [--seed 1].

The protocol: incidents of known kind, place and size are drawn into real series that hold none
(`benchmarks/backgrounds.py`). A window hits an incident if both overlap; what overlaps none is false. Rates stand with
95 % Wilson intervals. ``--nab`` adds the standard score of the Numenta Anomaly Benchmark on its labelled files, one
detection a window at its start; ``--scaling`` the time at 10 thousand, 100 thousand and a million samples; ``--peers``
other detectors.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

import postmortem_nb as pnb
from benchmarks.backgrounds import Case, cases, labelled
from benchmarks.detectors import Detector, detectors

OURS = "find_windows"
Found = list[tuple[float, ...]]  # first and end, and the bounds of both if they are known, in rows
Find = Callable[[pd.Series], Found]


def ours(series: pd.Series) -> Found:
    """Return the windows of `find_windows` in rows, best first."""
    begin, step = series.index[0], series.index[1] - series.index[0]
    columns = ["onset", "recovery", "onset_lo", "onset_hi", "recovery_lo", "recovery_hi"]
    frame = pnb.find_windows(series)[columns].apply(lambda times: (times - begin) / step)
    return [tuple(row) for row in frame.fillna({"recovery": float(len(series))}).to_numpy(float).tolist()]


def in_rows(find: Detector) -> Find:
    """Return a detector as one that gives no bounds."""
    return lambda series: [(float(a), float(b)) for a, b in find(series)]


def overlap(a: tuple[int, int], b: Iterable[float]) -> float:
    """Return the intersection over the union of two windows."""
    first, end, *_ = b
    both = min(a[1], end) - max(a[0], first)
    return max(0.0, both) / (max(a[1], end) - min(a[0], first))


def wilson(share: float, n: int, z: float = 1.96) -> str:
    """Return a share with its Wilson interval."""
    if not n:
        return "–"
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return f"{share:.2f} ({middle - half:.2f}–{middle + half:.2f})"


def judged(case: Case, found: Found, seconds: float) -> dict[str, object]:
    """Return what became of one case."""
    row: dict[str, object] = {"kind": case.kind, "days": case.days, "ms": 1000 * seconds, "false": len(found)}
    if case.truth is None:
        return row
    scores = [overlap(case.truth, w) for w in found]
    best = int(np.argmax(scores)) if scores else 0
    row["false"] = sum(score == 0 for score in scores)
    row["hit"] = any(score > 0 for score in scores)
    row["top1"] = bool(scores) and scores[0] >= 0.5
    row["top3"] = any(score >= 0.5 for score in scores[:3])
    row["iou"] = max(scores, default=0.0)
    if row["hit"] and len(found[best]) == 6:
        first, end, onset_lo, onset_hi, recovery_lo, recovery_hi = found[best]
        row["onset error"], row["recovery error"] = abs(first - case.truth[0]), abs(end - case.truth[1])
        row["onset in"], row["onset width"] = onset_lo <= case.truth[0] <= onset_hi, onset_hi - onset_lo
        row["recovery in"], row["recovery width"] = (
            recovery_lo <= case.truth[1] <= recovery_hi,
            recovery_hi - recovery_lo,
        )
    return row


def run(find: Find, drawn: list[Case]) -> pd.DataFrame:
    """Return a row a case."""
    rows = []
    for case in drawn:
        begin = time.perf_counter()
        found = find(case.series)
        rows.append(judged(case, found, time.perf_counter() - begin))
    return pd.DataFrame(rows)


def nab(find: Find, root: Path) -> float:
    """Return the standard score of NAB (Lavin and Ahmad 2015): reward by earliness, weights 1, 0.11 and 1."""
    got, windows = 0.0, 0
    for _, series, spans in labelled(root):
        rows = [(series.index.searchsorted(a), series.index.searchsorted(b, "right") - 1) for a, b in spans]
        credit: dict[int, float] = {}
        for row in sorted({round(w[0]) for w in find(series)}):
            if row < min(0.15 * len(series), 750):
                continue  # the probation in which an online detector learns
            inside = next((i for i, (a, b) in enumerate(rows) if a <= row <= b), None)
            if inside is not None:
                a, b = rows[inside]
                credit[inside] = max(credit.get(inside, -9.0), _sigmoid(-(b - row + 1) / (b - a + 1)) / _sigmoid(-1.0))
                continue
            last = max(((a, b) for a, b in rows if b < row), key=lambda span: span[1], default=None)
            late = (row - last[1]) / max(last[1] - last[0], 1) if last else math.inf
            got += 0.11 * (_sigmoid(late) if late <= 3 else -1.0)
        got += sum(credit.values()) - (len(rows) - len(credit))
        windows += len(rows)
    return 100 * (got + windows) / (2 * windows) if windows else math.nan


def _sigmoid(x: float) -> float:
    return 2 / (1 + math.exp(5 * x)) - 1


def summary(rows: pd.DataFrame) -> str:
    """Return the cells of one detector."""
    incidents = rows[rows["kind"] != "control"]
    n = len(incidents)
    rates = [wilson(float(incidents[c].mean()), n) for c in ("hit", "top1", "top3")]
    per_day = rows["false"].sum() / rows["days"].sum()
    return " | ".join([*rates, f"{incidents['iou'].mean():.2f}", f"{per_day:.2f}", f"{rows['ms'].median():.0f}"])


def by_kind(rows: pd.DataFrame) -> list[str]:
    """Return the rows of the table of kinds, and one of all of them."""
    incidents = rows[rows["kind"] != "control"]
    out = []
    for kind, part in [*incidents.groupby("kind"), ("all", incidents)]:
        seen = part[part["hit"].astype(bool)]
        cells = [f"{part[c].mean():.2f}" for c in ("hit", "top1", "top3")]
        for edge in ("onset", "recovery"):
            cells.append(f"{seen[f'{edge} error'].median():.0f} / {seen[f'{edge} error'].quantile(0.9):.0f}")
            cells.append(f"{seen[f'{edge} in'].astype(float).mean():.2f}")
            cells.append(f"{seen[f'{edge} width'].median():.0f}")
        out.append(f"| {kind} | {len(part)} | {' | '.join(cells)} |")
    return out


def scaling() -> list[str]:
    """Return the time of one search at growing lengths: a noisy daily cycle a minute, with an hour of incident."""
    out = []
    for n in (10_000, 100_000, 1_000_000):
        values = 100 + 10 * np.sin(np.arange(n) * 2 * np.pi / 1440) + np.random.default_rng(1).standard_normal(n)
        values[n // 2 : n // 2 + 60] += 8
        series = pd.Series(values, pd.date_range("2024-01-01", periods=n, freq="1min", tz="UTC"))
        best = math.inf
        for _ in range(3):
            begin = time.process_time()
            pnb.find_windows(series)
            best = min(best, time.process_time() - begin)
        truth = (n // 2, n // 2 + 60)
        is_right = any(overlap(truth, window) >= 0.5 for window in ours(series)[:1])
        out.append(f"| {n:,} | {best:.2f} | {1e6 * best / n:.1f} | {'yes' if is_right else 'no'} |")
    return out


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with nab/, petshop/ and series/")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--nab", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--scaling", action="store_true")
    args = parser.parse_args()
    drawn = list(cases(args.data, args.seed, args.cases))
    found = {OURS: ours}
    if args.peers:
        found |= {
            name: (lambda s, find=find: [(float(a), float(b)) for a, b in find(s)])
            for name, find in detectors().items()
        }
    print(f"seed {args.seed}: {len(drawn)} cases on {len({c.background for c in drawn})} backgrounds\n")
    print(f"| detector | hit | top-1 | top-3 | mean IoU | false a day | ms |{' NAB |' if args.nab else ''}")
    print(f"|{' --- |' * (8 if args.nab else 7)}")
    kinds: list[str] = []
    for name, find in found.items():
        rows = run(find, drawn)
        kinds = by_kind(rows) if name == OURS else kinds
        print(f"| {name} | {summary(rows)} |{f' {nab(find, args.data):.1f} |' if args.nab else ''}", flush=True)
    print("\n| kind | n | hit | top-1 | top-3 | onset error | in | width | recovery error | in | width |")
    print(f"|{' --- |' * 11}", *kinds, sep="\n")
    if args.scaling:
        print("\n| samples | CPU s | µs a sample | found |", "| --- | --- | --- | --- |", *scaling(), sep="\n")


if __name__ == "__main__":
    main()
