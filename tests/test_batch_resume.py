"""What was cut off goes on where it was; what is done is not done again."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.soak import soak
from postmortem_nb import batch as batch_module
from postmortem_nb.batch import run_all
from postmortem_nb.errors import SettingError
from postmortem_nb.runner import Outcome, inputs, leftover, run
from postmortem_nb.runner.memory import parse_memory

NOTEBOOKS = Path(__file__).parent / "data" / "notebooks"
ID = "2024-01-01-quiet"
TEXTS = {f"{ID}.ipynb": "notebook", f"{ID}.html": "page", f"{ID}.json": "result"}
posix = pytest.mark.skipif(sys.platform == "win32", reason="locks of folders are POSIX")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository with one incident that has facts but no telemetry, as working folder."""
    folder = tmp_path / "data" / "incidents" / ID
    folder.mkdir(parents=True)
    (folder / "incident.toml").write_text('title = "Quiet"\n')
    (tmp_path / "notebooks").mkdir()
    shutil.copy(NOTEBOOKS / "plain.ipynb", tmp_path / "notebooks" / "postmortem.ipynb")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def part(output: Path, *, is_complete: bool, present: int = 3) -> Path:
    """What a run left that was killed: its files, the first of them perhaps moved into place already."""
    folder = output / f".part-{ID}-x1"
    (folder / "ready").mkdir(parents=True)
    for i, (name, text) in enumerate(TEXTS.items()):
        ((folder / "ready" if i >= 3 - present else output) / name).write_text(text)
    if is_complete:
        (folder / leftover.MARK).write_text("".join(f"{name}\n" for name in TEXTS))
    return folder


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


# --- what runs leave that are killed -----------------------------------------------------------------------


@posix
@pytest.mark.parametrize("present", [3, 2, 1, 0])
def test_a_unit_that_was_whole_is_put_into_place(tmp_path, present):
    part(tmp_path, is_complete=True, present=present)
    assert leftover.tidy(tmp_path) == list(TEXTS)[3 - present :]
    assert texts(tmp_path) == TEXTS
    assert len(list(tmp_path.iterdir())) == 3


@posix
def test_a_unit_that_was_not_whole_is_removed(tmp_path):
    part(tmp_path, is_complete=False)
    (tmp_path / f"{ID}.html").write_text("earlier")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / f".part-batch.json-{gone.pid}").write_text("half")
    (tmp_path / f".part-batch.json-{os.getpid()}").write_text("being written")
    assert leftover.tidy(tmp_path) == []
    assert texts(tmp_path) == {f"{ID}.html": "earlier", f".part-batch.json-{os.getpid()}": "being written"}


@posix
def test_what_a_living_run_holds_is_left_alone(tmp_path):
    folder = part(tmp_path, is_complete=True)
    with leftover.owned(folder):
        assert leftover.tidy(tmp_path) == []
        assert folder.is_dir()
    assert leftover.tidy(tmp_path, "2024-01-01") == [], "another incident, whose name this one begins with"
    assert leftover.tidy(tmp_path, ID) == list(TEXTS)


# --- only what changed -------------------------------------------------------------------------------------


def test_every_kind_of_input_counts(project):
    folder, notebook = project / "data/incidents" / ID, project / "notebooks/postmortem.ipynb"
    first = inputs.made_from(folder, notebook, {"hold": "5min"})
    assert inputs.made_from(folder, notebook, {"hold": "5min"}) == first
    assert changed(first, inputs.made_from(folder, notebook, {"hold": "6min"})) == ["settings"]
    (folder / "logs").mkdir()
    (folder / "logs" / "empty.log").touch()
    assert changed(first, inputs.made_from(folder, notebook, {"hold": "5min"})) == ["evidence"]
    notebook.write_text("{}")
    assert changed(first, inputs.made_from(folder, notebook, {"hold": "5min"})) == ["evidence", "notebook"]
    assert inputs.recorded(notebook) is None
    assert inputs.recorded(project / "gone") is None


def changed(one: dict, other: dict) -> list[str]:
    return sorted(name for name in one if one[name] != other[name])


@pytest.mark.slow
def test_a_report_is_made_again_only_if_it_would_differ_or_is_not_whole(project, monkeypatch):
    first = run(ID, only_changed=True)
    assert first.status == "ok"
    before = {path: path.stat().st_mtime_ns for path in Path("reports").iterdir()}
    again = run(ID, only_changed=True)
    assert (again.status, again.is_ok, again.html, again.findings) == ("unchanged", True, first.html, first.findings)
    assert {path: path.stat().st_mtime_ns for path in Path("reports").iterdir()} == before
    assert run_all([ID], only_changed=True).counts == {"unchanged": 1}

    monkeypatch.setattr("postmortem_nb.runner.job.Job.run", lambda job: Outcome(job.folder.name, "ok"))
    facts = project / "data/incidents" / ID / "incident.toml"
    facts.write_text('title = "Quiet!"\n')
    assert run(ID, only_changed=True).status == "ok"
    facts.write_text('title = "Quiet"\n')
    assert run(ID, only_changed=True).status == "unchanged"
    first.html.unlink()
    assert run(ID, only_changed=True).status == "ok"


def test_a_batch_may_stop_at_a_failure(project, monkeypatch):
    monkeypatch.setattr(batch_module, "run", lambda name, **options: Outcome(name, "ok" if name == "a" else "failed"))
    done = run_all(["a", "b", "c"], keep_going=False)
    assert ([o.status for o in done.outcomes], done.not_run) == (["ok", "failed"], ("c",))
    assert (done.is_stopped, done.is_interrupted, done.is_ok) == (True, False, False)
    assert json.loads(Path("reports/batch.json").read_text())["status"] == "stopped"
    assert run_all(["a", "b", "c"]).not_run == ()


# --- memory ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "amount"), [("2GB", 2 * 10**9), ("1.5 GiB", 3 * 2**29), ("7kB", 7000)])
def test_an_amount_of_memory(text, amount):
    assert parse_memory(text) == amount


@pytest.mark.parametrize("text", ["2", "0GB", "GB", "2gb", "-1GB"])
def test_what_is_no_amount_of_memory(text):
    with pytest.raises(SettingError, match=r"memory: .* is not an amount"):
        parse_memory(text)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit what is mapped")
@pytest.mark.parametrize("is_warm", [False, True])
def test_a_cell_that_takes_too_much_memory_is_an_error_of_that_cell(project, is_warm):
    notebook = json.loads((NOTEBOOKS / "plain.ipynb").read_text())
    notebook["cells"][-1]["source"] = "import numpy as np\nnp.ones(4_000_000_000 // 8).sum()"
    Path("notebooks/large.ipynb").write_text(json.dumps(notebook))
    outcome = run(ID, notebook="notebooks/large.ipynb", memory="3GB", is_warm=is_warm)
    assert outcome.status == "failed"
    assert "MemoryError" in outcome.message


# --- kills -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_kills_at_random_moments_cost_nothing_that_was_done():
    """The short version of `make soak`."""
    seen = soak(kills=1, n=2, seed=3)
    assert seen["kills"] == 1


@posix
def test_folders_for_sockets_are_removed_when_their_owner_is_gone(tmp_path):
    def left(name, seconds=60):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "kernel.log").touch()
        os.utime(folder, (time.time() - seconds,) * 2)
        return folder

    gone, young, other = left("pnb-abcdefgh"), left("pnb-bcdefghi", 1), left("pnb-engine-abcdefgh")
    with leftover.owned(lives := left("pnb-cdefghij")):
        leftover.sweep(tmp_path, "pnb-")
        assert [f.exists() for f in (gone, young, other, lives)] == [False, True, True, True]
    leftover.sweep(tmp_path, "pnb-")
    assert not lives.exists()
