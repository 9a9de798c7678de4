"""Many incidents: this package's batch beside the plain pair of commands, in whole processes.

Every way makes a notebook and an HTML report of each of some drawn incidents; start-up counts in every row. The ways
are run one after the other in the same minutes. CPU seconds include every process that a way started; on a machine that
others use as well, they are the better measure.

    python -m benchmarks.batch --n 40
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from postmortem_nb.example import draw_incident

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PAIR = (
    "{bin}/papermill notebooks/postmortem.ipynb {out}/$0.ipynb -p incident $0"
    " && {bin}/jupyter nbconvert --to postmortem {out}/$0.ipynb"
)
MINUTE = pd.Timedelta(minutes=1)


class Row(NamedTuple):
    """What one way took."""

    way: str
    wall: float
    cpu: float
    peak: float  # GB, all its processes
    made: int


def draw(folder: Path, n: int) -> list[str]:
    """Draw incidents of three kinds below a folder that holds the notebook as well; return their names."""
    (folder / "notebooks").mkdir(parents=True)
    shutil.copy(ROOT / "notebooks" / "postmortem.ipynb", folder / "notebooks")
    names = []
    for i in range(n):
        onset = pd.Timestamp("2024-01-01T10:00Z") + pd.Timedelta(days=i) + 7 * i % 50 * MINUTE
        names.append(f"{onset:%Y-%m-%d}-drawn")
        kind = ("errors", "latency", "collapse")[i % 3]
        recovery = onset + (20 + 5 * i % 40) * MINUTE
        draw_incident(folder / "data/incidents" / names[-1], onset=onset, recovery=recovery, kind=kind, seed=i)
    return names


def ways(out: Path, names: list[str]) -> dict[str, list[str]]:
    """Name of a way → its command."""
    pair = PAIR.format(bin=BIN, out=out)
    listed = " ".join(names)
    batch = [str(BIN / "postmortem-nb"), "batch", "-o", str(out)]
    return {
        "papermill, nbconvert": ["sh", "-c", f"echo {listed} | xargs -n1 -P1 sh -c '{pair}'"],
        "papermill, nbconvert, xargs -P2": ["sh", "-c", f"echo {listed} | xargs -n1 -P2 sh -c '{pair}'"],
        "batch --cold": [*batch, "--cold"],
        "batch": batch,
        "batch --jobs 2": [*batch, "--jobs", "2"],
    }


def measure(way: str, command: list[str], folder: Path, out: Path) -> Row:
    """Run one way to its end."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    before, started = os.times(), time.monotonic()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=folder, **quiet) as process:
        peak = Peak(process.pid)
        process.wait()
        wall = time.monotonic() - started
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Row(way, wall, max(cpu, 0.0), peak.stop(), len(list(out.glob("*-drawn.html"))))


class Peak(threading.Thread):
    """The most memory that a process and its descendants held together (shared pages counted once)."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most, self.ended = pid, 0.0, threading.Event()
        self.samples: list[float] = []
        self.start()

    def run(self) -> None:
        while not self.ended.wait(1.0):
            self.samples.append(sum(map(proportional, family(self.pid))) / 1e6)
            self.most = max(self.most, self.samples[-1])

    def stop(self) -> float:
        self.ended.set()
        self.join()
        return self.most


def family(pid: int) -> set[int]:
    """A process and its descendants."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, size = {pid}, 0
    while len(found) > size:
        size = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found


def proportional(pid: int) -> int:
    """Memory of a process in kB, a page that several share divided among them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def show(rows: list[Row], n: int, write: Callable[[str], object] = print) -> None:
    """Print the table, ratios against its first row."""
    write("| way | wall s | CPU s | s an incident | times as fast | CPU ratio | peak memory, GB |")
    write("| --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        assert row.made == n, f"{row.way}: {row.made} of {n} reports"
        ratio, cpu = rows[0].wall / row.wall, rows[0].cpu / row.cpu
        figures = f"{row.wall:.1f} | {row.cpu:.1f} | {row.wall / n:.2f} | {ratio:.1f} | {cpu:.1f} | {row.peak:.2f}"
        write(f"| {row.way} | {figures} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=40)
    parser.add_argument("--only", help="words of the ways to run, such as 'batch'; the first is the measure")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, out = Path(scratch, "project"), Path(scratch, "out")
        names = draw(folder, chosen.n)
        commands = {w: c for w, c in ways(out, names).items() if not chosen.only or chosen.only in w}
        rows = [measure(way, command, folder, out) for way, command in commands.items()]
    show(rows, chosen.n)


if __name__ == "__main__":
    main()
