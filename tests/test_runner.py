"""One run: what it makes, what it refuses, and what it leaves behind when things go wrong."""

import asyncio
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import pytest

from postmortem_nb.errors import IncidentError, SettingError, SourceError
from postmortem_nb.runner import Outcome, find_notebook, publishing, run
from postmortem_nb.runner.interruption import undisturbed
from postmortem_nb.runner.job import _address

NOTEBOOKS = Path(__file__).parent / "data" / "notebooks"
ROOT = Path(__file__).parents[1]
ID = "2024-01-01-quiet"
SAMPLE = "2024-01-14-web-outage"


def make_project(root: Path) -> Path:
    """A repository with one incident that has facts but no telemetry."""
    incident = root / "data" / "incidents" / ID
    incident.mkdir(parents=True)
    (incident / "incident.toml").write_text('title = "Quiet"\n')
    (root / "notebooks").mkdir()
    shutil.copy(NOTEBOOKS / "plain.ipynb", root / "notebooks" / "postmortem.ipynb")
    return root


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A fresh repository as working folder, and a temporary folder of its own in which litter would show."""
    scratch = Path(tempfile.mkdtemp(prefix="s", dir="/tmp" if os.name == "posix" else None))
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.chdir(make_project(tmp_path / "project"))
    yield tmp_path / "project"
    litter = list(scratch.iterdir())
    shutil.rmtree(scratch)
    assert litter == [], "a run left something in the temporary folder"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """One good run that many tests look at: the project and its outcome."""
    root = make_project(tmp_path_factory.mktemp("good"))
    output = root / "new" / "reports"  # does not exist yet
    return root, run(root / "data" / "incidents" / ID, output=output, notebook=root / "notebooks/postmortem.ipynb")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def kernels_of(folder: Path) -> list[int]:
    """Processes that work in a folder: kernels of this test, and what they started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(folder) and int(entry.name) != os.getpid():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def failed_run(name: str, timeout: str = "1min") -> Outcome:
    """Run one of the faulty notebooks where an earlier run was good, and hold what must be so after any failure."""
    before = put_earlier_results(Path("reports"))
    outcome = run(ID, notebook=NOTEBOOKS / f"{name}.ipynb", timeout=timeout)
    assert not outcome.is_ok
    assert (outcome.html, outcome.json) == (None, None)
    assert outcome.notebook == Path("reports", f"{ID}.failed.ipynb").absolute()
    after = {path.name: path.read_bytes() for path in Path("reports").glob("*")}
    assert after.pop(f"{ID}.failed.ipynb")
    assert after == before, "a failed run changed the results of a good one, or left litter"
    if sys.platform == "linux":
        assert kernels_of(NOTEBOOKS) == []
    return outcome


def put_earlier_results(folder: Path) -> dict[str, bytes]:
    """Pretend that an earlier run was good; return what it left."""
    folder.mkdir(exist_ok=True)
    content = {f"{ID}.{ending}": f"earlier {ending}".encode() for ending in ("html", "ipynb", "json")}
    for name, text in content.items():
        (folder / name).write_bytes(text)
    return content


def statuses(path: Path) -> list[str]:
    """Status that the record gives each code cell behind the parameters."""
    cells = nbformat.read(path, as_version=4).cells
    return [c.metadata.papermill.status for c in cells if c.cell_type == "code"][2:]


# --- a good run --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_good_run_makes_three_files_in_a_new_folder(good):
    root, outcome = good
    assert outcome.status == "ok"
    assert outcome.message == ""
    assert files(root / "new" / "reports") == [f"{ID}.html", f"{ID}.ipynb", f"{ID}.json"]
    assert [outcome.notebook, outcome.html, outcome.json] == [
        root / "new" / "reports" / f"{ID}.{ending}" for ending in ("ipynb", "html", "json")
    ]
    assert set(outcome.findings) == {"error", "warning", "note"}
    assert 0 < outcome.seconds < 60


@pytest.mark.slow
def test_the_json_is_the_analysis_in_stable_form(good):
    text = good[1].json.read_text(encoding="utf-8")
    result = json.loads(text)
    assert result["incident"] == ID
    assert text == json.dumps(result, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.slow
def test_the_notebook_says_what_it_ran_with_and_nothing_of_this_machine(good):
    root, outcome = good
    notebook = nbformat.read(outcome.notebook, as_version=4)
    about = notebook.metadata.papermill
    assert (about.input_path, about.output_path) == ("postmortem.ipynb", f"{ID}.ipynb")
    assert about.parameters == {"incident": ID}
    for path in (outcome.notebook, outcome.html, outcome.json):
        text = path.read_text(encoding="utf-8")
        assert str(root) not in text
        assert tempfile.gettempdir() not in text
    assert nbformat.writes(notebook) + "\n" == outcome.notebook.read_text(encoding="utf-8")


@pytest.mark.slow
def test_two_runs_give_the_same_html_and_json(good, tmp_path):
    root, first = good
    second = run(root / "data/incidents" / ID, output=tmp_path, notebook=root / "notebooks/postmortem.ipynb")
    assert second.html.read_bytes() == first.html.read_bytes()
    assert second.json.read_bytes() == first.json.read_bytes()


@pytest.mark.slow
def test_the_kernel_is_this_interpreter_alone(project, monkeypatch):
    profile = project / "ipython" / "profile_default" / "startup"
    profile.mkdir(parents=True)
    (profile / "personal.py").write_text("from_startup = True\n")
    monkeypatch.setenv("IPYTHONDIR", str(project / "ipython"))
    monkeypatch.setenv("MPLBACKEND", "no_such_backend")
    here = Path.cwd()
    shutil.copy(NOTEBOOKS / "facts.ipynb", project / "notebooks")
    outcome = run(ID, notebook="notebooks/facts.ipynb")
    assert outcome.message == ""
    facts = nbformat.read(outcome.notebook, as_version=4).cells[-1].outputs[0].data["application/json"]
    import postmortem_nb

    assert facts["incident"] == ID
    assert facts["executable"] == sys.executable
    assert facts["package"] == postmortem_nb.__file__
    assert facts["folder"] == str(project / "notebooks"), "as in JupyterLab"
    assert facts["transport"] == ("tcp" if sys.platform == "win32" else "ipc")
    assert facts["backend"] != "no_such_backend"
    assert facts["from_startup"] is False
    assert Path.cwd() == here


@pytest.mark.slow
def test_a_long_temporary_path_does_without_sockets(project, monkeypatch, tmp_path):
    long = tmp_path / ("long-" * 20)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    assert run(ID).message == ""
    assert files(long) == []


@pytest.mark.slow
def test_it_runs_inside_a_running_event_loop_and_tells_how_far_it_is(project):
    told = []

    async def in_jupyter() -> Outcome:
        return run(ID, progress=lambda what, done, total: told.append((what, done, total)))

    assert asyncio.run(in_jupyter()).is_ok
    cells = [(done, total) for what, done, total in told if what == "running the notebook"]
    assert cells == [(2, 4), (3, 4), (4, 4)]
    assert [told[0][0], told[-1][0]] == ["reading the facts", "exporting the report"]


# --- the real notebook -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report of a real sample, made by the runner."""
    return run(ROOT / "data" / "incidents" / SAMPLE, output=tmp_path_factory.mktemp("report"))


@pytest.mark.slow
@pytest.mark.parametrize("from_folder", ["docs", "elsewhere"])
def test_papermill_alone_makes_the_same_report(report, tmp_path, from_folder):
    """By name from anywhere in the repository, as from its root; by path from anywhere else."""
    from postmortem_nb.runner.record import as_html

    folder, incident = (
        (tmp_path, f"{ROOT}/data/incidents/{SAMPLE}") if from_folder == "elsewhere" else (ROOT / "docs", SAMPLE)
    )
    command = [sys.executable, "-m", "papermill", f"{ROOT}/notebooks/postmortem.ipynb", str(tmp_path / "out.ipynb")]
    subprocess.run([*command, "-p", "incident", incident], cwd=folder, check=True, capture_output=True)
    html = as_html(nbformat.read(tmp_path / "out.ipynb", as_version=4), SAMPLE)
    assert report.html.read_text(encoding="utf-8") == html


@pytest.mark.slow
def test_the_report_names_no_folder_of_this_machine(report):
    for path in (report.html, report.json, report.notebook):
        assert str(ROOT) not in path.read_text(encoding="utf-8")


# --- where things are --------------------------------------------------------------------------------------


def test_the_notebook_is_looked_for_above_here_and_then_above_the_incident(project, monkeypatch, tmp_path):
    incident = project / "data" / "incidents" / ID
    below = project / "docs" / "deep"
    below.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for folder in (below, elsewhere):
        monkeypatch.chdir(folder)
        assert find_notebook(incident) == project / "notebooks" / "postmortem.ipynb"
    with pytest.raises(SourceError, match=f"no notebooks/postmortem.ipynb in {elsewhere}, in {elsewhere}, or"):
        find_notebook(elsewhere)


def test_the_kernel_is_given_a_name_wherever_that_is_enough(project, tmp_path):
    notebook = project / "notebooks" / "postmortem.ipynb"
    incident = project / "data" / "incidents" / ID
    assert _address(incident, notebook) == (ID, project / "notebooks")

    other = make_project(tmp_path / "other")
    same_name = other / "data" / "incidents" / ID
    assert _address(same_name, notebook) == (ID, other), "not the incident of that name beside the notebook"

    loose = tmp_path / "loose" / ID
    shutil.copytree(incident, loose)
    assert _address(loose, notebook) == (f"loose/{ID}", tmp_path)


@pytest.mark.slow
def test_an_incident_anywhere_can_be_run(project, tmp_path):
    loose = project / "loose" / "2024-02-02-{odd} name"
    shutil.copytree(project / "data" / "incidents" / ID, loose)
    (project / "data" / "incidents" / loose.name).mkdir()  # of the same name, but no incident
    outcome = run(loose, notebook=NOTEBOOKS / "finds.ipynb")
    assert outcome.message == ""
    assert outcome.html.name == "2024-02-02-{odd} name.html"
    found = nbformat.read(outcome.notebook, as_version=4).cells[-1].outputs[0].data["text/plain"]
    assert found == repr(str(loose))


# --- refused before anything starts ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        (7, {}, SettingError, "incident: 7 is not text"),
        ("2024-01-01-quite", {}, SourceError, "2024-01-01-quite"),
        (ID, {"settings": {"incident": "x"}}, SettingError, "incident is not a setting"),
        (ID, {"settings": {"hold": "1min"}}, SettingError, "postmortem.ipynb has no parameter 'hold'"),
        (ID, {"timeout": "10"}, SettingError, "timeout: '10' is not a duration"),
        (ID, {"notebook": "gone.ipynb"}, SourceError, "gone.ipynb: cannot be read"),
        (ID, {"output": "notebooks/postmortem.ipynb"}, SettingError, "output: cannot write to"),
    ],
)
def test_what_cannot_work_is_said_before_a_kernel_starts(project, monkeypatch, name, options, error, message):
    monkeypatch.setitem(sys.modules, "papermill", None)  # importing it would fail
    with pytest.raises(error, match=message):
        run(name, **options)
    assert not Path("reports").exists()


def test_wrong_facts_are_said_before_a_kernel_starts(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "papermill", None)
    (project / "data" / "incidents" / ID / "incident.toml").write_text('titel = "Quiet"\n')
    with pytest.raises(IncidentError, match="titel"):
        run(ID)
    assert not Path("reports").exists()


# --- faults ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "timeout", "status", "message", "cells"),
    [
        ("error", "1min", "failed", r"The cell `1 / 0` raised ZeroDivisionError: division by zero\.", "fp"),
        ("ours", "1min", "failed", r"^error\.log:3: torn line\. Remove it\.$", "fp"),
        ("exit", "1min", "failed", r"The cell `import sys …` raised SystemExit: 0\.", "fp"),
        ("allowed", "1min", "failed", r"The cell `1 / 0` raised ZeroDivisionError", "c"),
        ("loop", "8s", "timeout", r"did not finish within 8 s; it stopped in the cell `while True: …`", "cfp"),
        ("killed", "1min", "died", r"The kernel ended in the cell `import os …`: killed by SIGKILL", "fp"),
    ],
)
def test_a_fault_is_recorded_as_what_it_is(project, capfd, name, timeout, status, message, cells):
    outcome = failed_run(name, timeout)
    assert outcome.status == status
    assert re.search(message, outcome.message)
    words = {"f": "failed", "p": "pending", "c": "completed"}
    assert statuses(outcome.notebook) == [words[letter] for letter in cells]
    assert capfd.readouterr() == ("", ""), "a run itself prints nothing"


@pytest.mark.slow
def test_a_good_run_removes_the_failed_copy_of_an_earlier_one(project):
    put_earlier_results(project / "reports")
    (project / "reports" / f"{ID}.failed.ipynb").write_text("earlier")
    assert run(ID).is_ok
    assert files(project / "reports") == [f"{ID}.html", f"{ID}.ipynb", f"{ID}.json"]
    assert json.loads(Path("reports", f"{ID}.json").read_text())["incident"] == ID


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")
def test_what_a_cell_started_ends_with_the_kernel(project):
    shutil.copy(NOTEBOOKS / "child.ipynb", project / "notebooks")
    outcome = run(ID, notebook="notebooks/child.ipynb", timeout="8s")
    assert outcome.status == "timeout"
    child = int((project / "notebooks" / "child.pid").read_text())
    assert not is_running(child)


def is_running(process: int) -> bool:
    """Whether a process exists and is more than a zombie."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.mark.slow
def test_a_kernel_that_cannot_start_is_said_so(project, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(project / "broken"))
    package = project / "broken" / "ipykernel_launcher"
    package.mkdir(parents=True)
    (package / "__main__.py").write_text("raise SystemExit('no kernel today')\n")
    (package / "__init__.py").touch()
    outcome = run(ID)
    assert outcome.status == "died"
    assert outcome.message.startswith("The kernel did not start")
    assert "no kernel today" in outcome.detail


def test_where_papermill_does_not_come_back_its_record_is_kept(project, monkeypatch):
    from postmortem_nb.runner import engine, execution

    may_end = threading.Event()

    def stuck(cls, manager, kernel_name, *, on_manager, **options):
        on_manager(manager)
        with engine.saved_seldom(manager):
            cell = next(n for n, cell in enumerate(manager.nb.cells) if cell.cell_type == "code")
            manager.cell_start(manager.nb.cells[cell], cell)
            may_end.wait(60)

    monkeypatch.setattr(engine.RunEngine, "execute_managed_notebook", classmethod(stuck))
    monkeypatch.setattr(execution, "GRACE_SECONDS", 0.1)
    try:
        outcome = run(ID, timeout="1s")
    finally:
        may_end.set()
    assert outcome.status == "timeout"
    assert "it stopped in the cell `incident: str" in outcome.message
    assert outcome.notebook.name == f"{ID}.failed.ipynb"


@pytest.mark.slow
def test_a_report_that_cannot_be_exported_is_a_failure(project, monkeypatch):
    from postmortem_nb.report import PostmortemExporter

    def fail(*args, **kwargs):
        raise KeyError("template")

    monkeypatch.setattr(PostmortemExporter, "from_notebook_node", fail)
    outcome = run(ID)
    assert outcome.status == "failed"
    assert outcome.message == "The notebook ran but could not be exported (KeyError: 'template')."
    assert files(Path("reports")) == [f"{ID}.failed.ipynb"]


@pytest.mark.slow
def test_a_full_disk_destroys_nothing(project, monkeypatch):
    before = put_earlier_results(project / "reports")
    write = publishing._written

    def full(path, text):
        if path.name.endswith("html"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, text)

    monkeypatch.setattr(publishing, "_written", full)
    outcome = run(ID)
    assert outcome.status == "failed"
    assert outcome.message == "The report could not be written (No space left on device). Nothing was changed."
    assert {path.name: path.read_bytes() for path in Path("reports").iterdir()} == before


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 128 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_disk_that_is_really_full_destroys_nothing(project, small_disk):
    before = put_earlier_results(small_disk)
    outcome = run(ID, output=small_disk, notebook=NOTEBOOKS / "large.ipynb")
    assert outcome.status == "failed"
    assert "No space left on device" in outcome.message
    after = {path.name: path.read_bytes() for path in small_disk.iterdir()}
    assert after == before


def test_a_folder_in_the_way_is_noticed_before_anything_is_replaced(tmp_path):
    part = tmp_path / "part"
    part.mkdir()
    (tmp_path / "x.json").mkdir()
    (tmp_path / "x.ipynb").write_text("old")
    with pytest.raises(IsADirectoryError, match=r"x\.json is a folder"):
        publishing.publish(part, tmp_path, "x", {"notebook": "new", "html": "new", "json": "new"})
    assert (tmp_path / "x.ipynb").read_text() == "old"


def test_json_has_no_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        publishing.as_json({"x": float("nan")})


# --- interrupts --------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_cleans_up(project, number):
    shutil.copy(NOTEBOOKS / "child.ipynb", project / "notebooks")
    command = [sys.executable, "-m", "postmortem_nb", "run", ID, "--notebook", "notebooks/child.ipynb"]
    environment = os.environ | {"TMPDIR": tempfile.gettempdir()}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            child = wait_for(project / "notebooks" / "child.pid")
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert out == ""
    assert f"{ID}: interrupted" in err
    assert "Traceback" not in err
    assert files(Path("reports")) == []
    assert not is_running(int(child))
    assert kernels_of(project) == []


def wait_for(path: Path, seconds: float = 180) -> str:
    """Wait until a file has content, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if path.exists() and (text := path.read_text()):
            return text
        time.sleep(0.05)
    raise AssertionError(f"{path} did not appear")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_an_interrupt_waits_for_steps_that_belong_together():
    steps = []
    with pytest.raises(KeyboardInterrupt), undisturbed():
        signal.raise_signal(signal.SIGINT)
        steps.append("still here")
    assert steps == ["still here"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_status_is_one_of_the_known():
    with pytest.raises(ValueError, match="status 'fine' is none of"):
        Outcome("x", "fine")


def test_an_outcome_as_json_has_relative_paths(tmp_path):
    about = Outcome("x", "ok", html=tmp_path / "reports" / "x.html", seconds=1.23456).to_dict(tmp_path)
    assert about["html"] == "reports/x.html"
    assert about["json"] is None
    assert about["seconds"] == 1.23
    assert "detail" not in about
