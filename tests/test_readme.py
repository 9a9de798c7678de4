"""The README's commands work: each shell block that can run here is run, each Make target exists."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from postmortem_nb.incident import Facts

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line for language, block in BLOCKS if language == "sh" for line in block.splitlines() if line.strip()]
# These run the tests themselves, or everything that `make test` has just built; that they exist is checked below.
NOT_RUN = ("make report", "make test", "make check", "make lab")


def test_readme_has_commands():
    assert len(COMMANDS) >= 8


@pytest.mark.parametrize("target", sorted(set(re.findall(r"make (\w+)", README))))
def test_make_targets_exist(target):
    known = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert known.returncode == 0, known.stderr


@pytest.mark.slow
def test_commands_run(tmp_path, bin_folder):
    """Run the commands in order, in a copy of what they need, as a reader would."""
    for name in ("data", "docs", "notebooks", "postmortem_nb"):
        (tmp_path / name).symlink_to(ROOT / name) if name != "data" else _copy_data(tmp_path)
    environment = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    for command in COMMANDS:
        if command.startswith(NOT_RUN):
            continue
        words = command.replace(".venv/bin/", "").split()
        ran = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        expected = 0
        assert ran.returncode == expected, f"{command}\n{ran.stdout}\n{ran.stderr}"
    assert (tmp_path / "reports" / "2024-01-14-web-outage.html").exists()
    assert (tmp_path / "reports" / "out.html").exists()
    assert (tmp_path / "data/incidents/2026-01-31-checkout-errors/incident.toml").exists()


def _copy_data(folder: Path) -> None:
    """Give the commands their own incidents (two of them: enough for `list` and `batch`)."""
    incidents = folder / "data" / "incidents"
    incidents.mkdir(parents=True)
    for name in ("2024-01-14-web-outage", "2022-08-22-online-boutique-ads"):
        (incidents / name).symlink_to(ROOT / "data" / "incidents" / name)


def test_python_example_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    code = next(block for language, block in BLOCKS if language == "python")
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert "windows" in dir(names["a"])


def test_toml_example_is_valid():
    raw = tomllib.loads(next(block for language, block in BLOCKS if language == "toml"))
    facts = Facts.from_dict(raw)
    assert facts.hypotheses[0].verdict == "refuted"
    assert facts.milestones.started is not None


def test_links_lead_somewhere():
    links = [t for t in re.findall(r"\]\(([^)]+)\)", README) if not t.startswith("http")]
    assert links
    assert [link for link in links if not leads_somewhere(link)] == []


def leads_somewhere(link: str) -> bool:
    """Whether a file exists, and holds the heading that the link names."""
    path, _, anchor = link.partition("#")
    if not (ROOT / path).exists():
        return False
    headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
    return not anchor or anchor in [re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings]
