"""Every fault of a warm batch ends in a correct record, and costs nobody else."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from test_batch import processes_in, wait_until

from postmortem_nb.batch import pool, run_all
from postmortem_nb.kernels import nursery
from postmortem_nb.runner import job, run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only"),
]
NOTEBOOK = Path(__file__).parent / "data" / "notebooks" / "faults.ipynb"
EXPECTED = {
    "good": ("ok", ""),
    "error": ("failed", "raised ZeroDivisionError: division by zero."),
    "exit": ("failed", "raised SystemExit: 3."),
    "loop": ("timeout", "It did not finish within 12 s; it stopped in the cell"),
    "killed": ("died", "killed by SIGKILL, as the system does when memory runs out."),
    "memory": ("failed", "MemoryError"),
    "stopped": ("timeout", "It did not finish within 12 s, nor much later; the process that ran it was killed."),
    "fine": ("ok", ""),
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository with an incident for each fault, as working folder."""
    for fault in (*EXPECTED, "disk"):
        folder = tmp_path / "data" / "incidents" / f"2024-01-01-{fault}"
        folder.mkdir(parents=True)
        (folder / "incident.toml").write_text(f'title = "{fault}"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_fault_is_recorded_as_what_it_is(project, monkeypatch):
    """One batch of two workers with a fault of each kind, among them a worker that hangs itself."""
    monkeypatch.setattr(pool, "REST_SECONDS", 18.0)
    done = run_all([f"2024-01-01-{f}" for f in EXPECTED], notebook=NOTEBOOK, jobs=2, timeout="12s", memory="3GB")
    seen = {outcome.incident.split("-")[-1]: outcome for outcome in done.outcomes}
    for fault, (status, message) in EXPECTED.items():
        assert seen[fault].status == status, seen[fault]
        assert message in seen[fault].message
    assert {f: o.html is not None for f, o in seen.items()} == {f: s == "ok" for f, (s, _) in EXPECTED.items()}

    record = json.loads((project / "reports" / "batch.json").read_text())
    assert [(r["incident"], r["status"]) for r in record["incidents"]] == [
        (o.incident, o.status) for o in done.outcomes
    ]
    names = {p.name for p in (project / "reports").iterdir() if not p.name.startswith(".part-2024-01-01-stopped-")}
    kept = {f"2024-01-01-{f}.failed.ipynb" for f in ("error", "exit", "loop", "killed", "memory")}
    made = {f"2024-01-01-{f}.{ending}" for f in ("good", "fine") for ending in ("ipynb", "html", "json")}
    assert names == kept | made | {"batch.json", "index.html", "junit.xml"}
    assert multiprocessing.active_children() == []
    wait_until(lambda: not processes_in(NOTEBOOK.parent))  # of the killed worker; the others' were waited for


@pytest.fixture
def small_disk(tmp_path):
    """A file system that holds some reports, but not a large one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(disk)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True, timeout=60)


def test_a_full_disk_costs_one_report(project, small_disk):
    names = [f"2024-01-01-{f}" for f in ("good", "disk", "fine")]
    done = run_all(names, notebook=NOTEBOOK, output=small_disk)
    assert [outcome.status for outcome in done.outcomes] == ["ok", "failed", "ok"]
    assert "No space left on device" in done.outcomes[1].message
    assert json.loads((small_disk / "batch.json").read_text())["status"] == "finished"
    assert not [path.name for path in small_disk.iterdir() if "disk" in path.name or path.name.startswith(".")]


@pytest.mark.timeout(300, method="thread")  # the alarm is that of the run
def test_an_endless_computation_outside_the_notebook_costs_one_report(project, monkeypatch):
    """In the one process of a batch of one worker, which nobody else could kill."""

    def hang(self, part):
        while self.folder.name.endswith("good"):
            pass
        return execute(self, part)

    execute = job.Job.execute
    monkeypatch.setattr(job.Job, "execute", hang)
    monkeypatch.setattr(job, "REST_SECONDS", 1.0)
    done = run_all(["2024-01-01-good"], notebook=NOTEBOOK, timeout="1s")
    said = "It did not finish within 1s, nor much later; it was stopped outside its notebook."
    assert [(o.status, o.message) for o in done.outcomes] == [("timeout", said)]
    assert "in hang" in done.outcomes[0].detail
    assert run_all(["2024-01-01-fine"], notebook=NOTEBOOK).is_ok, "the alarm is off again"


def test_a_forked_kernel_that_never_answers_is_replaced(project, monkeypatch):
    """What is forked hangs, as after a fork that lost a lock; the run is made with a kernel that was not."""

    def fork(nest, arguments, *, cwd, env, log):
        return nursery.Forked(nest, sleeper.pid)

    sleeper = subprocess.Popen(["sleep", "600"], start_new_session=True)
    monkeypatch.setattr(nursery.Nursery, "fork", fork)
    monkeypatch.setattr("postmortem_nb.runner.execution.START_SECONDS", 8.0)
    monkeypatch.setattr("postmortem_nb.kernels.kernel.KILL_SECONDS", 1.0)
    try:
        outcome = run("2024-01-01-good", notebook=NOTEBOOK, is_warm=True)
        assert (outcome.status, outcome.message) == ("ok", "")
        assert sleeper.wait(60) < 0, "it was ended"
    finally:
        sleeper.kill()
        nursery.close()


def test_a_worker_that_is_told_to_end_twice_cleans_up_once(project):
    """A second signal does not disturb the clean-up that the first one began."""
    options = {"output": project / "reports", "notebook": NOTEBOOK, "timeout": "5min", "is_warm": False}

    def signals():
        wait_until(lambda: any((p / "run.ipynb").exists() for p in project.glob("reports/.part-*")))
        for number in (signal.SIGTERM, signal.SIGTERM):
            for worker in multiprocessing.active_children():
                os.kill(worker.pid, number)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=signals, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        list(pool.run_in_processes(["2024-01-01-loop"], options, 1))
    assert list((project / "reports").iterdir()) == []
    assert processes_in(NOTEBOOK.parent) == []
