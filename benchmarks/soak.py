"""Kill a batch at random moments, again and again, and look for a wrong or lost result.

One or two workers make the reports of a few small incidents. After a random time the batch is killed: its main process,
one of its others (a worker, a kernel, the process that forks kernels), or all of them at once. One that lost only
another process goes on: half of the times to its end, else until the next kill. Then no process may be left, and each
report in place must be the one that an undisturbed run makes, byte for byte (HTML and JSON; the notebook holds times).
The next batch with `--only-changed` goes on from there; a report that was in place must not be made again. When all are
there, nothing else may be in the folder, and it is emptied.

    python -m benchmarks.soak --kills 200
"""

from __future__ import annotations

import argparse
import datetime as dt
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
LONGEST = 400.0  # seconds within which a batch of small incidents ends on a busy machine; below the limit of a notebook
KINDS = ("main process", "another of its processes", "all at once")


def make_project(root: Path, n: int) -> list[str]:
    """Incidents with declared facts and a log of some lines, and a notebook with two sections."""
    names = [f"{dt.date(2024, 1, 1) + dt.timedelta(days=i)}-soak" for i in range(n)]
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


def start(root: Path, output: Path, jobs: int) -> subprocess.Popen[bytes]:
    """Start the batch, in a group of its own, recognisable by its environment."""
    command = [sys.executable, "-m", "postmortem_nb", "batch", "--jobs", str(jobs), "--only-changed", "-o", str(output)]
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


class Soak:
    """Rounds of a batch that is killed until all of its reports are there.

    Parameters
    ----------
    root : Path
        The project.
    names : list of str
        Its incidents.
    truth : dict
        The reports of an undisturbed batch.
    usual : float
        Seconds that it took; kills come within them.
    seed : int
        Of the moments and victims.
    """

    def __init__(
        self, root: Path, names: list[str], truth: dict[str, dict[str, bytes]], usual: float, seed: int
    ) -> None:
        self.root, self.names, self.truth, self.usual = root, names, truth, usual
        self.output = root.parent / "out"
        self.chance, self.seen = random.Random(seed), Counter[str]()
        self.slowest = 0.0  # from the loss of one process to the end of its batch
        self.inodes: dict[str, int] = {}
        self.is_outlived = False  # whether a batch of this round lost a kernel, and told so

    def disturb(self, most: int) -> int | None:
        """Start a batch and kill it, or one of its processes after the other until it ends; return its exit code."""
        batch, began = start(self.root, self.output, self.chance.choice((1, 2))), time.monotonic()
        is_whole = not self.inodes  # all incidents are still to be run
        moment = self.chance.uniform(0.1, 0.95) * self.usual
        while self.seen["kills"] < most:
            try:
                code = batch.wait(moment)
                if is_whole and code == 0:
                    self.usual = time.monotonic() - began  # the machine may be less busy by now
                return code
            except subprocess.TimeoutExpired:
                how = self.chance.choice(KINDS)
            pids = family(self.root)
            others = [pid for pid in pids if pid != batch.pid] or [batch.pid]
            kill({KINDS[0]: [batch.pid], KINDS[1]: [self.chance.choice(others)], KINDS[2]: pids}[how])
            self.seen.update(["kills", how])
            if how != KINDS[1]:
                batch.wait(60)
                return None
            self.is_outlived, is_whole = True, False
            if self.chance.random() < 0.5:
                break
            moment = self.chance.uniform(0.05, 0.4) * self.usual
        return self.wait_for_end(batch)

    def wait_for_end(self, batch: subprocess.Popen[bytes]) -> int:
        """Wait for a batch that has lost processes and goes on; it must not stall."""
        began = time.monotonic()
        code = batch.wait(LONGEST)
        self.slowest = max(self.slowest, time.monotonic() - began)
        return code

    def look(self, code: int | None) -> None:
        """Hold what is there now against what must be."""
        wait_for_none(self.root)
        self.output.mkdir(exist_ok=True)
        if code in (0, 1):  # it came to its end
            record = json.loads((self.output / "batch.json").read_text())
            bad = [r for r in record["incidents"] if r["status"] not in ("ok", "unchanged")]
            assert all(r["status"] == "died" for r in bad), bad
            self.seen["died, as recorded"] += len(bad)
        whole = check(self.output, self.names, self.truth)
        is_kept = bool(list(self.output.glob("*.failed.ipynb")))
        assert self.is_outlived or not is_kept, "a killed batch left what it executed"
        for name, inode in self.inodes.items():
            if name in whole:
                assert (self.output / f"{name}.html").stat().st_ino == inode, f"{name} was made again"
        self.inodes = {name: (self.output / f"{name}.html").stat().st_ino for name in whole}
        if len(whole) == len(self.names) and code == 0:
            self.finish_round()

    def finish_round(self) -> None:
        """All reports are there: nothing else may be, and the folder is emptied."""
        made = {f"{name}.{ending}" for name in self.names for ending in ENDINGS}
        left = {path.name for path in self.output.iterdir()} - made
        assert not {name for name in left if name.startswith(".") or "soak" in name}, left
        shutil.rmtree(self.output)
        self.inodes.clear()
        self.is_outlived = False
        self.seen["rounds finished"] += 1


def soak(kills: int, n: int, seed: int) -> Counter[str]:
    """Kill so many times; return what was seen."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, "project")
        names = make_project(root, n)
        output = Path(scratch, "truth")
        began = time.monotonic()
        assert start(root, output, 2).wait(LONGEST) == 0, "the undisturbed run failed"
        usual = time.monotonic() - began
        soaking = Soak(root, names, {name: contents(output, name) for name in names}, usual, seed)
        while soaking.seen["kills"] < kills:
            soaking.look(soaking.disturb(kills))
            about = f"{time.monotonic() - began:.0f} s, slowest end {soaking.slowest:.1f} s of {soaking.usual:.1f} s"
            print(dict(soaking.seen), about, file=sys.stderr, flush=True)
    return soaking.seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--incidents", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    for what, number in soak(chosen.kills, chosen.incidents, chosen.seed).items():
        print(f"{what}: {number}")


if __name__ == "__main__":
    main()
