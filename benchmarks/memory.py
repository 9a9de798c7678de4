"""Hundreds of incidents through one batch: what each costs, and whether memory grows.

The incidents are small and their notebook has two sections, so that what is measured is the batch around them; give
`--notebook` to measure with another one. Memory is proportional (a page that several processes share is divided among
them): of the main process, the workers, the processes that fork kernels, and all together, at the most in each tenth of
the incidents.

    python -m benchmarks.memory --n 500
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.batch import family, proportional
from benchmarks.soak import make_project

ROLES = ("main", "workers", "zygotes", "kernels", "all")
EVERY = 2.0  # seconds between samples


def role(pid: int, main: int) -> str:
    """Say what a process of the batch is; a kernel has the command of the zygote that it was forked from."""
    if pid == main:
        return "main"
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text()
        parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        by = Path(f"/proc/{parent}/cmdline").read_text()
    except OSError:
        return "kernels"
    if "kernels.zygote" in command:
        return "kernels" if "kernels.zygote" in by else "zygotes"
    return "workers"


def sample(main: int) -> dict[str, float]:
    """Return the memory of each role in MB."""
    held = dict.fromkeys(ROLES, 0.0)
    for pid in family(main):
        used = proportional(pid) / 1e3
        held[role(pid, main)] += used
        held["all"] += used
    return held


def watched(process: subprocess.Popen[bytes], output: Path) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield how many reports there are and the memory of each role, until the batch ends."""
    while process.poll() is None:
        yield len(list(output.glob("*.json"))), sample(process.pid)
        time.sleep(EVERY)


def main() -> None:
    """Run the batch and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--notebook", type=Path)
    chosen = parser.parse_args()
    tenths: list[dict[str, float]] = [dict.fromkeys(ROLES, 0.0) for _ in range(10)]
    with tempfile.TemporaryDirectory() as scratch:
        root, output = Path(scratch, "project"), Path(scratch, "out")
        make_project(root, chosen.n)
        command = [sys.executable, "-m", "postmortem_nb", "batch", "--jobs", str(chosen.jobs), "-o", str(output)]
        command += ["--notebook", str(chosen.notebook.absolute())] if chosen.notebook else []
        before, began = os.times(), time.monotonic()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, cwd=root, **quiet) as process:
            for done, held in watched(process, output):
                tenth = tenths[min(10 * done // chosen.n, 9)]
                tenth.update({name: max(tenth[name], held[name]) for name in ROLES})
        wall, after = time.monotonic() - began, os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        made = len(list(output.glob("*-soak.html")))
        size = sum(path.stat().st_size for path in output.iterdir()) / 1e6
    assert (process.returncode, made) == (0, chosen.n), f"exit code {process.returncode}, {made} reports"
    print(
        f"{made} reports in {wall:.0f} s: {wall / made:.2f} s, {cpu / made:.2f} CPU s, {size / made:.2f} MB an incident"
    )
    print("| incidents done | main, MB | workers | zygotes | kernels | all |\n|" + " --- |" * 6)
    for number, tenth in enumerate(tenths):
        figures = " | ".join(f"{tenth[name]:.0f}" for name in ROLES)
        print(f"| to {chosen.n * (number + 1) // 10} | {figures} |")


if __name__ == "__main__":
    main()
