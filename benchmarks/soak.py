"""Kill a batch at random moments, again and again, and look for a wrong or lost result.

Two workers make the reports of a few incidents. After a random time the batch is killed: its main process, one of its
others (a worker, a kernel, the process that forks kernels), or all of them at once. Then no process may be left, and
each report in place must be the one that an undisturbed run makes, byte for byte (HTML and JSON; the notebook holds
times). The next batch with `--only-changed` goes on from there; a report that was in place must not be made again. When
all are there, nothing else may be in the folder, and it is emptied.

    python -m benchmarks.soak --kills 200
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import nbformat

CELLS = (
    'incident: str = "x"',
    "import postmortem_nb as pnb\npost = pnb.investigate(incident)",
    "post.summary",
    "post.timeline",
)
ENDINGS = ("ipynb", "html", "json")
MARK = "POSTMORTEM_NB_SOAK"
KINDS = ("main process", "another of its processes", "all at once")


def make_project(root: Path, n: int) -> list[str]:
    """Incidents with declared facts and a log of some lines, and a notebook with two sections."""
    names = [f"2024-01-{day:02}-soak" for day in range(1, n + 1)]
    for name in names:
        folder = root / "data" / "incidents" / name
        (folder / "logs").mkdir(parents=True)
        facts = f'title = "{name}"\nzone = "UTC"\nservices = ["shop"]\n[milestones]\nstarted = "{name[:10]}T10:00Z"\n'
        (folder / "incident.toml").write_text(facts)
        lines = [f"{name[:10]}T10:{minute:02}:00Z ERROR shop: request {minute} failed" for minute in range(60)]
        (folder / "logs" / "shop.log").write_text("\n".join(lines) + "\n")
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(CELLS)]
    book = nbformat.v4.new_notebook(cells=cells)
    book.cells[0].metadata.tags = ["parameters"]
    (root / "notebooks").mkdir()
    nbformat.write(book, root / "notebooks" / "postmortem.ipynb")
    return names


def start(root: Path, output: Path) -> subprocess.Popen[bytes]:
    """Start the batch, in a group of its own, recognisable by its environment."""
    command = [sys.executable, "-m", "postmortem_nb", "batch", "--jobs", "2", "--only-changed", "-o", str(output)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = os.environ | {MARK: str(root)}
    return subprocess.Popen(command, cwd=root, env=environment, start_new_session=True, **quiet)


def family(root: Path) -> list[int]:
    """Every process of the batch: workers, those that fork, and kernels."""
    wanted = f"{MARK}={root}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def wait_for_none(root: Path, seconds: float = 60.0) -> None:
    """Wait until every process of the batch is gone."""
    end = time.monotonic() + seconds
    while left := family(root):
        assert time.monotonic() < end, f"processes outlive the batch: {left}"
        time.sleep(0.05)


def contents(output: Path, name: str) -> dict[str, bytes]:
    paths = {ending: output / f"{name}.{ending}" for ending in ENDINGS}
    return {ending: path.read_bytes() for ending, path in paths.items() if path.is_file()}


def check(output: Path, names: list[str], truth: dict[str, dict[str, bytes]]) -> set[str]:
    """Hold every report in place against the undisturbed one; return the names of those that are whole."""
    whole = set()
    for name in names:
        found = contents(output, name)
        for ending in ("html", "json"):
            assert found.get(ending, truth[name][ending]) == truth[name][ending], f"{name}.{ending} is wrong"
        if "ipynb" in found:
            cells = json.loads(found["ipynb"])["cells"]
            assert all(c["execution_count"] for c in cells if c["cell_type"] == "code"), f"{name}.ipynb is not whole"
        if len(found) == len(ENDINGS):
            whole.add(name)
    return whole


def soak(kills: int, n: int, seed: int) -> Counter[str]:
    """Kill so many times; return what was seen."""
    chance, seen = random.Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, "project")
        names = make_project(root, n)
        output = Path(scratch, "truth")
        began = time.monotonic()
        assert start(root, output).wait() == 0, "the undisturbed run failed"
        usual = time.monotonic() - began
        truth = {name: contents(output, name) for name in names}
        output = Path(scratch, "out")
        inodes: dict[str, int] = {}
        is_outlived = False  # whether a batch of this round lost a kernel, and told so
        while seen["kills"] < kills:
            batch = start(root, output)
            how = chance.choice(KINDS)
            try:
                code = batch.wait(chance.uniform(0.1, 0.95) * usual)
            except subprocess.TimeoutExpired:
                pids = family(root)
                others = [pid for pid in pids if pid != batch.pid] or [batch.pid]
                victims = {KINDS[0]: [batch.pid], KINDS[1]: [chance.choice(others)], KINDS[2]: pids}[how]
                kill(victims)
                seen.update(["kills", how])
                is_outlived |= how == KINDS[1]
                code = None if how != KINDS[1] else batch.wait(900)  # with one worker less, it goes on
                batch.wait()
            wait_for_none(root)
            output.mkdir(exist_ok=True)
            if code in (0, 1):  # it came to its end
                record = json.loads((output / "batch.json").read_text())
                bad = [r for r in record["incidents"] if r["status"] not in ("ok", "unchanged")]
                assert all(r["status"] == "died" for r in bad), bad
                seen["died, as recorded"] += len(bad)
            whole = check(output, names, truth)
            assert is_outlived or not list(output.glob("*.failed.ipynb")), "a killed batch left what it executed"
            for name, inode in inodes.items():
                if name in whole:
                    assert (output / f"{name}.html").stat().st_ino == inode, f"{name} was made again"
            inodes = {name: (output / f"{name}.html").stat().st_ino for name in whole}
            if len(whole) == n and code == 0:
                left = {p.name for p in output.iterdir()} - {f"{name}.{e}" for name in names for e in ENDINGS}
                assert not {name for name in left if name.startswith(".") or "soak" in name}, left
                shutil.rmtree(output)
                inodes.clear()
                is_outlived = False
                seen["rounds finished"] += 1
            print(dict(seen), file=sys.stderr)
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--incidents", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    for what, number in soak(chosen.kills, chosen.incidents, chosen.seed).items():
        print(f"{what}: {number}")


if __name__ == "__main__":
    main()
