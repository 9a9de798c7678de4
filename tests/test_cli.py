"""The command: what it prints where, its exit codes, and one list of settings for notebook, code and options."""

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

import postmortem_nb
from postmortem_nb import batch as batch_module
from postmortem_nb.cli import app, main
from postmortem_nb.cli import incidents as incidents_module
from postmortem_nb.cli import workbench as workbench_module
from postmortem_nb.cli.display import Display
from postmortem_nb.cli.options import setting_options
from postmortem_nb.errors import IncidentError
from postmortem_nb.runner import OUTPUT, TIMEOUT, Outcome, read_parameters

ROOT = Path(__file__).parents[1]
NOTEBOOKS = Path(__file__).parent / "data" / "notebooks"
NAME = "2024-01-01-quiet"
COMMANDS = [
    "actions",
    "batch",
    "check",
    "claims",
    "diff",
    "digest",
    "doctor",
    "draft",
    "export",
    "import",
    "lab",
    "list",
    "new",
    "review",
    "run",
    "schema",
    "trends",
    "verify",
]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository with one incident that has facts but no telemetry, as working folder."""
    folder = tmp_path / "data" / "incidents" / NAME
    folder.mkdir(parents=True)
    (folder / "incident.toml").write_text('title = "Quiet"\nseverity = "SEV3"\nservices = ["shop"]\n')
    (tmp_path / "notebooks").mkdir()
    shutil.copy(NOTEBOOKS / "plain.ipynb", tmp_path / "notebooks" / "postmortem.ipynb")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(capsys):
    """Call the command as the shell does; return exit code, stdout and stderr."""

    def command(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(args)
        out, err = capsys.readouterr()
        return end.value.code, out, err

    return command


@pytest.fixture
def outcomes(monkeypatch):
    """Let runs be quick and end as a test wants: name → outcome, ok if there is none. Returns what they were given."""
    wanted: dict[str, Outcome] = {}
    given: list[dict] = []

    def run(name, **options):
        given.append({"name": name, **options})
        outcome = wanted.get(Path(name).name)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome or Outcome(Path(name).name, "ok", html=Path.cwd() / "reports" / f"{Path(name).name}.html")

    monkeypatch.setattr(batch_module, "run", run)
    return wanted, given


# --- the command itself ------------------------------------------------------------------------------------


def test_the_commands_are_these():
    assert sorted(app.commands) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(call, command):
    code, out, err = call(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: postmortem-nb {command}")
    text = app.commands[command].get_short_help_str(60)
    assert text.endswith(".") and not text.endswith("...")
    for option in app.commands[command].get_params(click.Context(app.commands[command])):
        if isinstance(option, click.Option):
            assert option.help, f"{option.name} says nothing"


def test_help_and_version(call):
    code, out, _ = call("--help")
    assert code == 0
    assert "130  interrupted" in out
    assert call("--version")[1] == f"postmortem-nb, version {postmortem_nb.__version__}\n"


def test_help_is_quick_and_loads_nothing_heavy():
    """Half a second of processor time: what a person would notice, whatever else the machine does."""
    code = (
        "import sys, time\nfrom postmortem_nb.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(time.process_time(), *sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    seconds, *modules = done.stderr.split()
    assert not {"pandas", "numpy", "papermill", "nbconvert", "nbformat", "matplotlib", "pydantic"} & set(modules)
    assert float(seconds) < 0.5


def test_python_m_is_the_same_command():
    done = subprocess.run(
        [sys.executable, "-m", "postmortem_nb", "--version"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == f"postmortem-nb, version {postmortem_nb.__version__}\n"


# --- one list of settings ----------------------------------------------------------------------------------


def test_notebook_settings_and_options_are_one_list():
    from postmortem_nb.analysis import Settings

    settings = {name: field.default for name, field in Settings.model_fields.items()}
    declared = read_parameters(ROOT / "notebooks" / "postmortem.ipynb")
    parameters = {name: p.default for name, p in declared.items() if name != "incident"}
    options = {option.name: option.default for option in setting_options()}
    assert list(parameters.items()) == list(settings.items()) == list(options.items())
    assert next(iter(declared)) == "incident"
    flags = {option.name: option.opts for option in setting_options()}
    assert flags == {name: ["--" + name.replace("_", "-")] for name in settings}
    for command in ("run", "batch", "check"):
        context = click.Context(app.commands[command])
        assert set(settings) <= {p.name for p in app.commands[command].get_params(context)}


def test_the_options_have_the_runner_s_defaults():
    defaults = {option.name: option.default for option in app.commands["run"].params}
    assert (defaults["output"], defaults["timeout"]) == (OUTPUT, TIMEOUT)
    assert defaults["jobs"] == inspect.signature(batch_module.run_all).parameters["jobs"].default


# --- run and batch -----------------------------------------------------------------------------------------


def test_only_what_was_written_is_passed_on_and_numbers_are_numbers(project, call, outcomes):
    _, given = outcomes
    code, out, err = call(
        "run", NAME, "--threshold", "0.05", "--hold", "10min", "--merge-gap=3min", "-o", "x", "--timeout", "90s"
    )
    assert (code, out) == (0, f"reports/{NAME}.html\n")
    assert err == f"{NAME}: ok, 0.0 s\n"
    assert given[0]["settings"] == {"threshold": 0.05, "hold": "10min", "merge_gap": "3min"}
    assert (given[0]["output"], given[0]["timeout"]) == (project / "x", "90s")


def test_batch_runs_what_the_folder_holds(project, call, outcomes):
    shutil.copytree(project / "data/incidents" / NAME, project / "more" / "2024-02-02-loud")
    (project / "more" / "notes").mkdir()
    assert call("batch")[:2] == (0, f"reports/{NAME}.html\n")
    assert call("batch", "more")[:2] == (0, "reports/2024-02-02-loud.html\n")
    assert [given["name"] for given in outcomes[1]] == [NAME, "more/2024-02-02-loud"]
    record = json.loads((project / "reports" / "batch.json").read_text())
    assert [r["incident"] for r in record["incidents"]] == ["2024-02-02-loud"]
    assert call("batch", "more", "data/incidents")[0] == 0
    record = json.loads((project / "reports" / "batch.json").read_text())
    assert [r["incident"] for r in record["incidents"]] == ["2024-02-02-loud", NAME]


def test_a_failure_is_said_and_the_rest_still_runs(project, call, outcomes):
    wanted, _ = outcomes
    kept = Path.cwd() / "reports" / "a.failed.ipynb"
    wanted["a"] = Outcome("a", "failed", "The cell `1/0` raised.", notebook=kept, findings={"error": 2, "note": 1})
    wanted["b"] = IncidentError("incident.toml: line 3: no.")
    code, out, err = call("run", "a", "b", NAME)
    assert (code, out) == (1, f"reports/{NAME}.html\n")
    assert err.splitlines() == [
        "[1/3] a: failed, 0.0 s, 2 errors, 1 note",
        "  The cell `1/0` raised.",
        "  What was executed is kept in reports/a.failed.ipynb",
        "[2/3] b: failed, 0.0 s",
        "  incident.toml: line 3: no.",
        f"[3/3] {NAME}: ok, 0.0 s",
    ]


def test_check_names_everything_that_is_wrong_with_the_facts_each_at_its_line(project, call):
    folder = project / "data" / "incidents" / "2024-03-03-wrong"
    folder.mkdir()
    (folder / "incident.toml").write_text('title = 3\nzone = "Mars/Olympus"\nservces = ["a"]\n', encoding="utf-8")
    code, out, _ = call("check", str(folder))
    assert code == 1 and "2024-03-03-wrong: 3 errors" in out
    for line, what in enumerate(("title: 3", "zone: 'Mars/Olympus'", "servces: there is no such key"), 1):
        assert f"    incident.toml:{line}: {what}" in out


def test_a_batch_ends_with_one_line_on_all_of_it(project, call, outcomes):
    outcomes[0][NAME] = Outcome(NAME, "failed", "The cell `1/0` raised.")
    last = call("batch", "data/incidents")[2].splitlines()[-1]
    assert re.fullmatch(r"1 incident in \d+\.\d s: 1 failed\. All on reports/index\.html", last)
    assert "All on" not in call("run", NAME)[2]


@pytest.mark.parametrize("place", [("-v", "run"), ("run", "-v")])
def test_verbose_adds_the_traceback(project, call, outcomes, place):
    outcomes[0]["b"] = IncidentError("no.")
    assert "Traceback" not in call("run", "b")[2]
    assert "IncidentError: no." in call(*place, "b")[2]


def test_results_as_json(project, call, outcomes):
    code, out, _ = call("run", NAME, "--json")
    assert code == 0
    assert json.loads(out) == [
        {
            "incident": NAME,
            "status": "ok",
            "message": "",
            "seconds": 0.0,
            "findings": {},
            "notebook": None,
            "html": f"reports/{NAME}.html",
            "json": None,
        }
    ]


def test_an_interrupt_is_130(project, call, outcomes):
    outcomes[0]["a"] = Outcome("a", "interrupted")
    code, out, err = call("run", "a", NAME)
    assert (code, out) == (130, "")
    assert err.endswith(f"Interrupted; not run: {NAME}.\n")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["run"], "Missing argument 'NAME...'"),
        (["run", NAME, "--treshold", "3"], "No such option '--treshold'"),
        (["run", NAME, "--threshold", "high"], "neither a number nor"),
        (["run", NAME, "--hold", "10"], "'10' is not a duration"),
        (["run", NAME, "--timeout", "10"], "timeout: '10' is not a duration"),
        (["run", NAME, "--jobs", "0"], "0 is not in the range"),
        (["run", NAME, "--notebook", "gone.ipynb"], "'gone.ipynb' does not exist"),
        (["run", NAME, "-o", "notebooks/postmortem.ipynb"], "is a file"),
        (["check", NAME, "--zone", "EST"], "zone"),
        (["batch", "gone"], "'gone' does not exist"),
        (["new", "outage"], "'outage' is not a name for an incident"),
        (["nonsense"], "No such command 'nonsense'"),
    ],
)
def test_wrong_use_is_2_and_the_message_stands_alone(project, call, outcomes, args, message):
    code, out, err = call(*args)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert outcomes[1] == [], "nothing ran"


def test_no_incident_is_1(project, call, outcomes):
    (project / "empty").mkdir()
    code, out, err = call("batch", "empty")
    assert (code, out) == (1, "")
    assert err.startswith("postmortem-nb: There is no incident in empty. Name a folder")


def test_a_fault_of_ours_is_one_line(project, call, monkeypatch):
    monkeypatch.setattr(incidents_module, "incidents_in", lambda folder: 1 / 0)
    code, out, err = call("list")
    assert (code, out) == (1, "")
    assert err == (
        "postmortem-nb: Unexpected ZeroDivisionError: division by zero. "
        "This is a fault of postmortem-nb; -v shows where.\n"
    )
    assert "Traceback" in call("list", "-v")[2]


def test_a_closed_pipe_is_no_traceback(project):
    command = f"{sys.executable} -m postmortem_nb schema | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("{", "")


@pytest.mark.parametrize(("text", "code"), [('title = "Quiet"', 0), ("title = 1", 1)])
def test_a_reader_that_has_seen_enough_does_not_change_the_exit_code(project, text, code):
    (project / "data/incidents" / NAME / "incident.toml").write_text(text)
    command = [sys.executable, "-m", "postmortem_nb", "check", "--json", *[NAME] * 3]
    read, write = os.pipe()
    os.close(read)  # before anything is written
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert done.returncode == code
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [NAME] * 3


# --- progress ----------------------------------------------------------------------------------------------


def test_without_a_terminal_there_are_plain_lines_only(capsys):
    with Display(2) as display:
        display.step("running the notebook", 3, 20)
        display.finished(Outcome("a", "ok", seconds=1.26))
    assert capsys.readouterr() == ("", "[1/2] a: ok, 1.3 s\n")


@pytest.mark.parametrize("no_color", [True, False])
def test_on_a_terminal_there_is_a_bar(monkeypatch, capsys, no_color):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1") if no_color else monkeypatch.delenv("NO_COLOR", raising=False)
    with Display(2) as display:
        display.step("running the notebook", 3, 20)
        display.finished(Outcome("a", "failed", "[bold] is not markup"))
        display.bar.refresh()
    out, err = capsys.readouterr()
    assert out == ""
    assert "running the notebook" in err
    assert "3/20" in err
    assert "[1/2] a: failed, 0.0 s" in err
    assert "[bold] is not markup" in err
    has_color = re.search(r"\x1b\[[0-9;]*3\d", err) is not None
    assert has_color is not no_color


# --- the folders -------------------------------------------------------------------------------------------


def test_new_makes_a_folder_that_can_be_read(project, call, monkeypatch):
    (project / "docs").mkdir()
    monkeypatch.chdir(project / "docs")
    code, out, err = call("new", "2024-03-09-lost-2-orders")
    target = project / "data" / "incidents" / "2024-03-09-lost-2-orders"
    assert (code, out, err) == (0, f"{target}\n", "")
    text = (target / "incident.toml").read_text(encoding="utf-8")
    facts = tomllib.loads(text)
    assert facts["title"] == "Lost 2 orders"
    assert str(facts["date"]) == "2024-03-09"
    template = (incidents_module.SCAFFOLD / "incident.toml").read_text(encoding="utf-8")
    changed = [line for line in text.splitlines() if line not in template.splitlines()]
    assert changed == ['title = "Lost 2 orders"', "date = 2024-03-09"], "comments and examples stay"
    below = sorted(path.relative_to(target) for path in target.rglob("*"))
    assert below == sorted(p.relative_to(incidents_module.SCAFFOLD) for p in incidents_module.SCAFFOLD.rglob("*"))

    monkeypatch.chdir(project)
    code, out, _ = call("check", "2024-03-09-lost-2-orders")
    assert (code, ": error:" in out) == (0, False)


def test_new_takes_a_title_and_a_folder(project, call):
    code, out, _ = call("new", "2024-03-09-x", "--title", 'Payments \\ "late" – ü', "--folder", "mine")
    assert (code, out) == (0, "mine/2024-03-09-x\n")
    facts = tomllib.loads((project / "mine" / "2024-03-09-x" / "incident.toml").read_text(encoding="utf-8"))
    assert facts["title"] == 'Payments \\ "late" – ü'


def test_new_overwrites_nothing(project, call):
    before = (project / "data/incidents" / NAME / "incident.toml").read_bytes()
    code, out, err = call("new", NAME)
    assert (code, out) == (2, "")
    assert err == (f"postmortem-nb: data/incidents/{NAME} exists already. Choose another name, or edit it.\n")
    assert (project / "data/incidents" / NAME / "incident.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("2024-01-14", "is not a name"),
        ("2024-01-14-Web", "is not a name"),
        ("2024-01-14-web outage", "is not a name"),
        ("../2024-01-14-web", "is not a name"),
        ("2024-02-30-web", "2024-02-30 is not a day"),
    ],
)
def test_new_refuses_a_name_that_sorts_or_reads_badly(project, call, name, message):
    code, _, err = call("new", name)
    assert code == 2
    assert message in err


def test_list(project, call, monkeypatch):
    assert call("list") == (0, f"{NAME}\n", "")
    _, out, _ = call("list", "--json")
    assert json.loads(out) == [
        {"id": NAME, "title": "Quiet", "status": "draft", "severity": "SEV3", "services": ["shop"]}
    ]
    monkeypatch.chdir(project / "notebooks")
    assert call("list")[1] == f"{NAME}\n"
    assert call("list", str(project / "data" / "incidents"))[1] == f"{NAME}\n"


# --- check -------------------------------------------------------------------------------------------------


def test_check_prints_findings_and_fails_on_an_error(project, call):
    folder = project / "data" / "incidents" / "2024-01-02-odd"
    folder.mkdir()
    (folder / "incident.toml").write_text('title = "Odd"\n[milestones]\nstarted = "soon"\n')
    code, out, err = call("check", NAME, "2024-01-02-odd", "2024-01-03-gone")
    assert code == 1
    sound, odd, gone = re.split(r"^2024-01-0[23]-\w+: 1 error\n", out, flags=re.MULTILINE)
    assert sound.startswith(f"{NAME}: ") and "Errors" not in sound
    assert "Notes\n  no-telemetry: What only people remember" in sound
    assert re.search(r"^Errors\n  unreadable: .*\n    incident.toml:3: .*'soon' is not a time", odd, re.MULTILINE)
    assert "There is no incident" in gone
    assert err.splitlines()[1:] == ["2024-01-02-odd: 1 error", "2024-01-03-gone: 1 error"]
    assert not (project / "reports").exists()


def test_check_names_every_unknown_claim_beside_all_else(project, call):
    narrative = project / "data" / "incidents" / NAME / "narrative.md"
    narrative.write_text(
        "## Summary\n\nIt took 5 minutes, {{ onst }}.\n{{ xyzzy }} {{ onset | upper }} {{ onset.time }}\n"
    )
    code, out, _ = call("check", NAME, "--json")
    findings = json.loads(out)[0]["findings"]
    assert code == 1
    assert [(f["where"], f["text"], f["fix"][:26]) for f in findings if f["id"] == "unknown-claim"] == [
        ("narrative.md:3", "there is no claim 'onst'.", "Did you mean onset?"),
        ("narrative.md:4", "there is no claim 'onset | upper'.", "A claim takes no filter. W"),
        ("narrative.md:4", "there is no claim 'xyzzy'.", "`postmortem-nb claims NAME"),
    ]
    assert "typed-number" in {f["id"] for f in findings}
    narrative.write_text("## Summary\n\nOne.\n\n## Summary\n\nTwo, 5 minutes.\n")
    code, out, _ = call("check", NAME)
    assert code == 1
    assert "the heading 'Summary' stands twice" in out
    assert "typed-number" in out


def test_check_as_json(project, call):
    code, out, _ = call("check", NAME, "--json")
    (report,) = json.loads(out)
    assert code == 0
    assert report["incident"] == NAME
    assert report["findings"], "an incident without telemetry is worth a note"
    for finding in report["findings"]:
        assert list(finding) == ["id", "severity", "where", "text", "fix", "why"]
        assert finding["why"]


# --- lab, doctor, schema -----------------------------------------------------------------------------------


def test_lab_opens_the_notebook_at_the_root_of_the_repository(project, call, monkeypatch):
    called = []

    def become(program, command):
        called.append((Path.cwd(), program, command))
        raise SystemExit(0)  # as if the program had ended

    monkeypatch.chdir(project / "data")
    monkeypatch.setattr(workbench_module.os, "execv", become)
    assert call("lab", "--no-browser", "--port=8890", "-y") == (0, "", "")
    ((folder, program, command),) = called
    assert (folder, program) == (project, sys.executable)
    assert command == [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={project}",
        "--LabApp.default_url=/lab/tree/notebooks/postmortem.ipynb",
        "--no-browser",
        "--port=8890",
        "-y",
    ]


@pytest.mark.slow
def test_doctor_starts_a_kernel_and_says_what_there_is(project, call):
    code, out, err = call("doctor", "--json")
    rows = {row["part"]: row for row in json.loads(out)}
    assert (code, err) == (0, "")
    assert rows["postmortem-nb"]["text"] == postmortem_nb.__version__
    assert re.fullmatch(r"started and imported the package in \d+\.\d s", rows["kernel"]["text"])
    assert rows["nbconvert --to postmortem"]["text"] == "PostmortemExporter"
    assert rows["Chromium"]["state"] in ("ok", "optional")
    assert {row["state"] for name, row in rows.items() if name != "Chromium"} == {"ok"}


def test_doctor_fails_if_something_is_missing(call, monkeypatch):
    monkeypatch.setattr(workbench_module, "_kernel", lambda: workbench_module._row("kernel", "missing", "It died."))
    code, out, _ = call("doctor")
    assert code == 1
    assert re.search(r"^kernel +missing +It died\.$", out, re.MULTILINE)


def test_schema_is_json_schema(call):
    code, out, _ = call("schema")
    schema = json.loads(out)
    assert code == 0
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "findings" in schema["properties"]


@pytest.mark.slow
def test_the_command_from_another_folder_of_the_repository(project):
    """End to end as a shell sees it: stdout has the path, stderr one line."""
    command = [sys.executable, "-m", "postmortem_nb", "run", NAME, "-o", "../out"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=project / "notebooks")
    assert (done.returncode, done.stdout) == (0, f"../out/{NAME}.html\n")
    assert re.fullmatch(rf"{NAME}: ok, \d+\.\d s(, \d+ \w+)*\n", done.stderr)
    assert (project / "out" / f"{NAME}.html").read_text(encoding="utf-8").startswith("<!")


# --- digest ------------------------------------------------------------------------------------------------


def test_digest_counts_levels_patterns_and_rows(call, project):
    lines = [f"2024-01-14T02:0{n}:00Z {'ERROR' if n == 3 else 'INFO'} took {n} ms" for n in range(6)]
    (project / "app.log").write_text("\n".join(lines) + "\n")
    code, out, err = call("digest", "app.log", "--from", "2024-01-14T02:03Z", "--to", "2024-01-14T02:04Z")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "app.log: app, 6 of 6 lines read, 0 rejected",
        "2024-01-14 02:00 to 2024-01-14 02:05 UTC",
        "INFO 5  ERROR 1",
        "           6  took <*> ms",
        "app.log:4: 2024-01-14T02:03:00.000000Z ERROR took 3 ms",
    ]
    _, out, _ = call("digest", "app.log", "--json")
    assert json.loads(out)["patterns"] == [{"pattern": "took <*> ms", "count": 6}]


def test_digest_says_what_it_could_not_read(call, project):
    (project / "app.log").write_text("2024-01-14T02:00:00Z INFO a\n2024-01-14T torn\n")
    code, out, _ = call("digest", "app.log")
    assert code == 1
    assert "rejected app.log:2: 2024-01-14T torn" in out


def test_digest_needs_both_ends_and_a_cluster_that_answers(call, project):
    (project / "app.log").write_text("2024-01-14T02:00:00Z INFO a\n")
    assert call("digest", "app.log", "--from", "2024-01-14T02:03Z")[0] == 2
    code, _, err = call("digest", "app.log", "--cluster", "nowhere://127.0.0.1:1")
    assert code == 2
    assert "no Dask scheduler answers there" in err or "--cluster needs Dask" in err
