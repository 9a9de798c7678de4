"""Many incidents: each contained, recorded, and interruptible; several at a time in processes of their own."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from postmortem_nb import batch as batch_module
from postmortem_nb.batch import Batch, attempt, run_all
from postmortem_nb.batch.record import as_record
from postmortem_nb.errors import SettingError, SourceError
from postmortem_nb.runner import Outcome

NOTEBOOKS = Path(__file__).parent / "data" / "notebooks"
NAMES = ["2024-01-01-quiet", "2024-01-02-calm", "2024-01-03-still"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository with incidents that have facts but no telemetry, as working folder."""
    for name in NAMES:
        folder = tmp_path / "data" / "incidents" / name
        folder.mkdir(parents=True)
        (folder / "incident.toml").write_text(f'title = "{name}"\nservices = ["shop"]\n')
    (tmp_path / "notebooks").mkdir()
    shutil.copy(NOTEBOOKS / "plain.ipynb", tmp_path / "notebooks" / "postmortem.ipynb")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spoil(project: Path, name: str) -> None:
    (project / "data" / "incidents" / name / "incident.toml").write_text('titel = "x"\n')


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def statuses(done: Batch) -> dict[str, str]:
    return {outcome.incident: outcome.status for outcome in done.outcomes}


def read_record(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def processes_in(folder: Path) -> list[int]:
    """Processes that work in a folder or below: workers and kernels of this test."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(folder) and int(entry.name) != os.getpid():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def wait_until(condition, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


# --- one after the other -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_failure_leaves_the_others_alone(project):
    spoil(project, NAMES[1])
    told = []
    done = run_all([*NAMES, NAMES[0], "2024-09-09-gone"], on_outcome=lambda outcome: told.append(outcome.incident))
    expected = dict(zip([*NAMES, "2024-09-09-gone"], ["ok", "failed", "ok", "failed"], strict=True))
    assert statuses(done) == expected
    assert told == list(expected)
    assert "titel" in done.outcomes[1].message
    assert (done.is_ok, done.is_interrupted, done.counts) == (False, False, {"ok": 2, "failed": 2})

    record = read_record(project / "reports" / "batch.json")
    assert record["status"] == "finished"
    assert [(r["incident"], r["status"]) for r in record["incidents"]] == list(expected.items())
    assert record["incidents"][0]["html"] == f"{NAMES[0]}.html"
    assert record["incidents"][1]["html"] is None
    assert record["services"]["shop"] == {"incidents": 2, "left_out": [NAMES[0], NAMES[2]], "between_failures": []}
    made = [f"{name}.{ending}" for name in (NAMES[0], NAMES[2]) for ending in ("html", "ipynb", "json")]
    assert files(project / "reports") == [*made, "batch.json", "index.html", "junit.xml"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_link_to_an_incident_is_that_incident(project, monkeypatch):
    monkeypatch.setattr(batch_module, "run", lambda name, **options: Outcome(Path(name).name, "ok"))
    (project / "data" / "incidents" / "2024-09-09-link").symlink_to(NAMES[0])
    done = run_all([*NAMES, "2024-09-09-link"], record=False)
    assert [o.incident for o in done.outcomes] == NAMES


def test_without_any_notebook_nothing_runs(project, monkeypatch):
    monkeypatch.setattr(batch_module, "run", lambda *a, **k: pytest.fail("something ran"))
    (project / "notebooks" / "postmortem.ipynb").unlink()
    with pytest.raises(SourceError, match=r"There is no notebooks/postmortem\.ipynb"):
        run_all(NAMES)
    assert not (project / "reports" / "batch.json").exists()


def test_wrong_use_is_said_before_anything_runs(project, monkeypatch):
    monkeypatch.setattr(batch_module, "run", lambda *a, **k: pytest.fail("something ran"))
    with pytest.raises(SettingError, match="no setting 'treshold'"):
        run_all(NAMES, settings={"treshold": 1})
    with pytest.raises(SettingError, match="timeout: 'soon' is not a duration"):
        run_all(NAMES, timeout="soon")
    with pytest.raises(SettingError, match="2 of the incidents are called 'a'"):
        run_all(["x/a", "y/a"])
    with pytest.raises(SettingError, match="output: cannot write to"):
        run_all(NAMES, output="notebooks/postmortem.ipynb")


def test_a_fault_of_ours_is_contained_and_shows_where(project, monkeypatch):
    def fail(*args, **kwargs):
        raise KeyError("windows")

    monkeypatch.setattr(batch_module, "run", fail)
    outcome = attempt(NAMES[0])
    assert (outcome.status, outcome.message) == ("failed", "Unexpected KeyError: 'windows'")
    assert 'raise KeyError("windows")' in outcome.detail


def test_an_interrupt_stops_the_batch_and_is_recorded(project, monkeypatch):
    def one_then_stop(name, **options):
        return Outcome(name, "ok" if name == NAMES[0] else "interrupted")

    monkeypatch.setattr(batch_module, "run", one_then_stop)
    done = run_all(NAMES)
    assert statuses(done) == {NAMES[0]: "ok", NAMES[1]: "interrupted"}
    assert (done.not_run, done.is_interrupted, done.is_ok) == ((NAMES[2],), True, False)
    record = read_record(project / "reports" / "batch.json")
    assert (record["status"], record["not_run"]) == ("interrupted", [NAMES[2]])


def test_an_interrupt_between_incidents_is_one_too(project, monkeypatch):
    monkeypatch.setattr(batch_module, "run", lambda name, **options: Outcome(name, "ok"))

    def stop(outcome):
        raise KeyboardInterrupt

    done = run_all(NAMES, on_outcome=stop)
    assert (statuses(done), done.not_run) == ({NAMES[0]: "ok"}, tuple(NAMES[1:]))
    assert done.is_interrupted


def test_the_record_is_there_while_the_batch_runs(project, monkeypatch):
    monkeypatch.setattr(batch_module, "run", lambda name, **options: Outcome(name, "ok"))
    seen = []
    run_all(NAMES, on_outcome=lambda outcome: seen.append(read_record(Path("reports/batch.json"))))
    assert [(r["status"], len(r["incidents"]), len(r["not_run"])) for r in seen] == [
        ("running", 1, 2),
        ("running", 2, 1),
        ("running", 3, 0),
    ]


def test_no_record_unless_wanted(project, monkeypatch):
    monkeypatch.setattr(batch_module, "run", lambda name, **options: Outcome(name, "ok"))
    assert run_all(NAMES, record=False).path is None
    assert not Path("reports", "batch.json").exists()


# --- time between failures ---------------------------------------------------------------------------------


def result(folder: Path, name: str, start: str | None, recover: str | None, *services: str) -> Outcome:
    """An outcome whose JSON says from when to when there was impact."""
    moments = {"start": start, "recover": recover}
    content = {
        "incident": name,
        "services": list(services),
        "moments": {moment: {"at": at} for moment, at in moments.items() if at},
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(content))
    return Outcome(name, "ok", json=path)


def services(folder: Path, *outcomes: Outcome) -> dict:
    return as_record(Batch(outcomes, (), None, 0.0), folder, is_finished=True)["services"]


def test_time_between_failures_is_per_service(tmp_path):
    a = result(tmp_path, "a", "2024-01-01T10:00:00Z", "2024-01-01T11:00:00Z", "shop", "search")
    b = result(tmp_path, "b", "2024-01-02T10:00:00Z", "2024-01-02T10:30:00Z", "shop")
    found = services(tmp_path, b, a)
    assert list(found) == ["search", "shop"]
    assert found["search"] == {"incidents": 1, "left_out": [], "between_failures": []}
    gap = {"start": "2024-01-02T10:00:00Z", "tbf_seconds": 23 * 3600.0, "tbsi_seconds": 24 * 3600.0}
    assert found["shop"] == {"incidents": 2, "left_out": [], "between_failures": [gap]}


def test_a_gap_in_which_another_failure_began_is_not_counted(tmp_path):
    days = [f"2024-01-0{day}T10:00:00Z" for day in (1, 2, 3, 4)]
    ends = [(pd.Timestamp(day) + pd.Timedelta("1h")).isoformat() for day in days]
    a = result(tmp_path, "a", days[0], ends[0], "shop")
    still_open = result(tmp_path, "b", days[1], None, "shop")
    c = result(tmp_path, "c", days[2], ends[2], "shop")
    d = result(tmp_path, "d", days[3], ends[3], "shop")
    unknown = result(tmp_path, "e", None, None, "shop")
    found = services(tmp_path, a, still_open, c, d, unknown)["shop"]
    assert found["left_out"] == ["b", "e"]
    assert [gap["start"] for gap in found["between_failures"]] == [days[3]]


# --- several at a time -------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills with a POSIX signal")
@pytest.mark.parametrize("is_warm", [False, True])
def test_a_worker_that_is_killed_costs_nobody_else(project, is_warm):
    """The notebook kills the process that started its kernel, for one incident; both others have their report."""
    killer = "2024-01-02-killer"
    (project / "data" / "incidents" / NAMES[1]).rename(project / "data" / "incidents" / killer)
    names = [NAMES[0], killer, NAMES[2]]
    done = run_all(names, jobs=2, notebook=NOTEBOOKS / "parent.ipynb", is_warm=is_warm)
    assert statuses(done) == dict(zip(names, ["ok", "died", "ok"], strict=True))
    kernel = "The kernel ended in the cell `import os …`: killed by SIGKILL, as the system does when memory runs out."
    assert done.outcomes[1].message == (kernel if is_warm else "The process that ran it was killed, twice.")
    assert [r["incident"] for r in read_record(Path("reports/batch.json"))["incidents"]] == names


@pytest.fixture
def running(project):
    """A batch whose notebooks never end, once two of them run. Nothing of it outlives the test."""
    shutil.copy(NOTEBOOKS / "loop.ipynb", project / "notebooks")
    command = [sys.executable, "-m", "postmortem_nb", "batch", "--jobs", "2", "--notebook", "notebooks/loop.ipynb"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True, start_new_session=True) as process:
        try:
            wait_until(lambda: sum((p / "run.ipynb").exists() for p in project.glob("reports/.part-*")) == 2)
            yield process
        finally:
            process.kill()
            for left in processes_in(project):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("kill", [os.kill, os.killpg], ids=["SIGTERM to it", "Ctrl-C to all"])
def test_an_interrupted_batch_leaves_its_record_and_nothing_else(project, running, kill):
    kill(running.pid, signal.SIGTERM if kill is os.kill else signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert out == ""
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert files(project / "reports") == ["batch.json", "index.html", "junit.xml"]
    record = read_record(project / "reports" / "batch.json")
    assert record["status"] == "interrupted"
    assert record["not_run"] == NAMES
    assert processes_in(project) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_killed_batch_leaves_no_processes(project, running):
    running.kill()
    running.communicate(timeout=120)
    wait_until(lambda: not processes_in(project))
    assert files(project / "reports") == [], "workers clean up when their parent is gone"
