"""docs/importing.md tells the truth: its example is imported, its commands print what it shows."""

import re
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest

import postmortem_nb as pnb
from postmortem_nb.cli import main
from postmortem_nb.incident import Facts

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "importing.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def test_the_example_is_the_file_beside_the_page():
    assert (ROOT / "docs" / "importing-example.md").read_text(encoding="utf-8") == BLOCKS["markdown"]


def test_the_command_prints_what_the_page_shows(tmp_path, monkeypatch, capsys):
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "importing-example.md", tmp_path / "docs")
    monkeypatch.chdir(tmp_path)
    command, folder, *errors = BLOCKS["console"].strip().split("\n")
    with pytest.raises(SystemExit) as stop:
        main(shlex.split(command.removeprefix("$ postmortem-nb ")))
    said = capsys.readouterr()
    assert (stop.value.code, said.out, said.err) == (0, f"{folder}\n", "\n".join(errors) + "\n")
    incident = pnb.load(Path(folder).name)
    assert incident.facts.stated == tomllib.loads(BLOCKS["toml"])["stated"]
    timings = {t.id: t for t in pnb.analyze(incident).timings}
    assert [str(timings[n].duration.value) for n in ("time_to_detect", "time_to_recover")] == [
        "0 days 00:54:00",
        "0 days 02:28:00",
    ]
    (action,) = incident.facts.actions
    assert (action.owner, str(action.due), action.kind) == ("platform team", "2024-02-15", "detect")
    for name in re.findall(r"^- `([^`]+)`", PAGE, re.MULTILINE):
        assert (tmp_path / folder / name).is_file(), name


def test_the_python_example_runs(tmp_path, monkeypatch):
    shutil.copy(ROOT / "tests" / "data" / "status_github" / "events" / "updates.jsonl", tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(BLOCKS["python"], names)
    assert names["downtime"] == 531


def test_the_toml_example_is_valid():
    assert Facts.from_dict({"title": "x", **tomllib.loads(BLOCKS["toml"])}).stated
