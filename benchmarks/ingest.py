"""Speed and memory of reading logs, as ratios in one run: python -m benchmarks.ingest [--megabytes 1000] [--kinds …].

Every row is a fresh process, imports included, and all rows of one table were run after each other, in turns. The least
of the turns counts. What peers answer is compared: a row that disagrees is marked.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ingest_peers import END, START
from benchmarks.inputs import make

SLOW = ("pandas str.extract", "python loop, fromisoformat", "python loop, strptime")  # run once
PEERS = {
    "app": ("postmortem-nb", "polars by hand", *SLOW),
    "nginx": ("postmortem-nb", "polars by hand", "pandas str.extract", "python loop, strptime"),
    "json": ("postmortem-nb", "polars by hand", "pandas str.extract", "python loop, fromisoformat"),
    "app.gz": ("postmortem-nb", "polars by hand", "python loop, fromisoformat"),
}


@dataclass
class Row:
    """What one process took and said."""

    wall: float
    cpu: float
    memory: float
    answer: dict[str, int] | None


def measure(command: list[str]) -> Row:
    """Run a command in a process of its own; its children count as well."""
    code = (
        "import json,resource,subprocess,sys,time\n"
        "t=time.perf_counter()\n"
        "p=subprocess.run(sys.argv[1:],capture_output=True,text=True)\n"
        "u=resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(json.dumps([time.perf_counter()-t,u.ru_utime+u.ru_stime,u.ru_maxrss/1e6,p.returncode,p.stdout,p.stderr[-2000:]]))"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    wall, cpu, memory, status, out, err = json.loads(done.stdout)
    if status:
        print(f"  failed ({status}): {err.strip().splitlines()[-1:]}", file=sys.stderr)
        return Row(wall, cpu, memory, None)
    try:
        return Row(wall, cpu, memory, json.loads(out.strip().splitlines()[-1]))
    except (ValueError, IndexError):
        return Row(wall, cpu, memory, {})


def compare(kind: str, path: Path, turns: int) -> None:
    """Print the table of one kind of log."""
    size = path.stat().st_size / 1e6
    best: dict[str, Row] = {}
    for turn in range(turns):
        for peer in PEERS[kind]:
            if turn and peer in SLOW:
                continue
            row = measure([sys.executable, "-m", "benchmarks.ingest_peers", peer, kind.split(".")[0], str(path)])
            if peer not in best or row.wall < best[peer].wall:
                best[peer] = row
    ours = best["postmortem-nb"]
    print(f"\n### {kind}: {size:,.0f} MB, {ours.answer['lines'] if ours.answer else 0:,} lines\n")
    print("| engine | wall s | CPU s | MB/s | peak GB | wall ÷ ours | same answer |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for peer, row in best.items():
        same = (
            row.answer is not None
            and ours.answer is not None
            and all(row.answer[key] == ours.answer[key] for key in ("lines", "cells", "rows"))
        )
        print(
            f"| {peer} | {row.wall:.2f} | {row.cpu:.2f} | {size / row.wall:.0f} | {row.memory:.2f} | "
            f"{row.wall / ours.wall:.2f} | {'yes' if same else 'no' if row.answer else 'failed'} |"
        )


def lnav(path: Path) -> None:
    """The levels by minute of the same file, asked of lnav, which does neither patterns nor typed columns."""
    if shutil.which("lnav") is None:
        print("\nlnav is not installed: left out.")
        return
    query = ";select strftime('%Y-%m-%dT%H:%M', log_time) m, log_level, count(*) from all_logs group by 1, 2"
    row = measure(["lnav", "-n", "-N", "-c", query, "-c", ":write-csv-to -", str(path)])
    ours = measure([sys.executable, "-m", "benchmarks.ingest_peers", "postmortem-nb", "app", str(path)])
    print(f"\n### lnav on {path.stat().st_size / 1e6:,.0f} MB: counts by minute and level only\n")
    print("| engine | wall s | CPU s | peak GB | wall ÷ ours |\n| --- | --- | --- | --- | --- |")
    for name, r in (("postmortem-nb (the whole question)", ours), ("lnav (counts only)", row)):
        print(f"| {name} | {r.wall:.2f} | {r.cpu:.2f} | {r.memory:.2f} | {r.wall / ours.wall:.2f} |")


def memory(folder: Path, sizes: list[int]) -> None:
    """Peak memory and the cost of ten minutes out of a whole day, by size of the file."""
    print("\n### Memory and the cost of a time range, by size\n")
    print("| MB | whole file s | peak GB | ten minutes by bisection s | of the whole | lines agree |")
    print("| --- | --- | --- | --- | --- | --- |")
    for size in sizes:
        path = make(folder, "app", size)
        whole = measure([sys.executable, "-m", "benchmarks.ingest_peers", "postmortem-nb", "app", str(path)])
        code = (
            "import json,time\nfrom postmortem_nb import read_logs\nt=time.perf_counter()\n"
            f"f=read_logs({str(path)!r},window=({START + 'Z'!r},{END + 'Z'!r}))\n"
            "print(json.dumps({'rows':len(f),'seconds':time.perf_counter()-t}))"
        )
        part = measure([sys.executable, "-c", code])
        seconds = float(part.answer["seconds"]) if part.answer else float("nan")
        agree = part.answer and whole.answer and part.answer["rows"] == whole.answer["rows"]
        print(
            f"| {size:,} | {whole.wall:.1f} | {whole.memory:.2f} | {seconds:.2f} | {seconds / whole.wall:.1%} | "
            f"{'yes' if agree else 'no'} |"
        )
        if size >= 3_000:
            path.unlink()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1_000)
    parser.add_argument("--kinds", nargs="*", default=list(PEERS))
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--sizes", nargs="*", type=int, default=[])
    parser.add_argument("--lnav", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "postmortem-nb-benchmarks")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    print(f"cores: {len(__import__('os').sched_getaffinity(0))}; each row a process of its own; {args.turns} turns")
    for wanted in args.kinds:
        compare(wanted, make(args.folder, wanted, args.megabytes), args.turns)
    if args.lnav:
        lnav(make(args.folder, "app", min(args.megabytes, 200)))
    if args.sizes:
        memory(args.folder, args.sizes)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"\n{time.perf_counter() - started:.0f} s in all, {used.ru_utime + used.ru_stime:.0f} CPU s")
