"""House rules: what every file of the project must keep, whatever it does."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import postmortem_nb

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "postmortem_nb"
# A room imports only rooms that stand before it.
ROOMS = (
    "errors",
    "characters",
    "sparing",
    "findings",
    "wording",
    "times",
    "frames",
    "example",
    "incident",
    "redaction",
    "evidence",
    "language",
    "actions",
    "replay",
    "analysis",
    "differences",
    "published",
    "narrative",
    "drafting",
    "importing",
    "review",
    "charts",
    "tables",
    "report",
    "sections",
    "trends",
    "forms",
    "kernels",
    "runner",
    "batch",
    "explorer",
    "cli",
)
DOORS = {"__init__", "__main__"}  # not rooms: they may name any room, lazily
LONGEST = 300
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
# Evidence stays as it was given, with whatever paths and addresses it holds.
EVIDENCE = re.compile(r"^(data/incidents|tests/data)/.+/(logs|metrics|events)/")
MACHINE_PATH = re.compile(rb"(?<![\w.~-])/(?:work|root|home)/\w")
REGISTRY = re.compile(
    rb"://[\w.@:-]*(?:pypi\.org|pythonhosted\.org|npmjs\.org|debian\.org|anaconda\.org)", re.IGNORECASE
)

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def module_level(body):
    """Every statement that runs at import: also below if, try and with, not inside functions."""
    for node in body:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for field in ("body", "orelse", "finalbody"):
                yield from module_level(getattr(node, field, []))
            for handler in getattr(node, "handlers", []):
                yield from module_level(handler.body)


def imported_rooms(source: str, path: Path) -> set[str]:
    """The rooms of this package that a module imports when it is imported."""
    package = ["postmortem_nb", *path.relative_to(PACKAGE).parts[:-1]]
    targets = []
    for node in module_level(ast.parse(source).body):
        if isinstance(node, ast.Import):
            targets += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            targets += [f"{module}.{alias.name}" for alias in node.names]
    parts = [target.split(".") for target in targets]
    return {p[1] for p in parts if p[0] == "postmortem_nb" and len(p) > 1}


def order_faults(source: str, path: Path) -> list[str]:
    room = room_of(path)
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    return [
        f"{name_of(path)} imports {other}"
        for other in sorted(imported_rooms(source, path))
        if other in ROOMS and other not in allowed
    ]


def files_of_the_project() -> list[Path]:
    """Tracked files and those about to be: all that git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    paths = [ROOT / name.decode() for name in listed.split(b"\0") if name]
    assert paths, "git lists no file: is this a clone?"
    return [path for path in paths if path.is_file()]  # not: deleted but not yet committed


def modules_loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys\nsys.stdout.write(' '.join({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(done.stdout.split())


# --- size, order and manners of the modules ----------------------------------------------------------------


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_is_short(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{lines} lines: make it a package of the same name"


def test_every_module_stands_in_the_order():
    assert {room_of(path) for path in MODULES} - set(ROOMS) - DOORS == set()


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) not in DOORS], ids=name_of)
def test_module_imports_only_what_stands_above_it(path):
    assert order_faults(path.read_text(encoding="utf-8"), path) == []


@pytest.mark.parametrize(
    ("source", "path", "faults"),
    [
        ("from postmortem_nb.charts import draw", "frames.py", ["frames.py imports charts"]),
        ("from postmortem_nb import charts", "frames.py", ["frames.py imports charts"]),
        ("import postmortem_nb.charts as c", "frames.py", ["frames.py imports charts"]),
        ("from . import charts", "frames.py", ["frames.py imports charts"]),
        ("from .charts import draw", "frames.py", ["frames.py imports charts"]),
        ("from ..charts import draw", "evidence/logs.py", ["evidence/logs.py imports charts"]),
        ("if True:\n    from .. import cli", "evidence/logs.py", ["evidence/logs.py imports cli"]),
        ("from . import formats\nfrom .formats import X", "evidence/logs.py", []),
        ("from postmortem_nb.errors import ReadError", "frames.py", []),
        ("def late():\n    from postmortem_nb import cli", "frames.py", []),
        ("import pandas", "frames.py", []),
    ],
)
def test_the_order_is_really_read(source, path, faults):
    assert order_faults(source, PACKAGE / path) == faults


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_command_prints_or_exits(path):
    if room_of(path) in {"cli", "__main__"}:
        return
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in {"print", "sys.exit", "exit", "quit", "os._exit"}:
                found.append(f"line {node.lineno}: {called}()")
    assert found == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_room_without_a_purpose(path):
    assert path.stem not in BANNED_NAMES


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_says_what_it_owns(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), "no module docstring"


# --- light imports -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("postmortem_nb", {"pandas", "numpy", "matplotlib", "papermill", "nbconvert", "pydantic"}),
        ("postmortem_nb.report", {"pandas", "matplotlib", "papermill"}),
        ("postmortem_nb.cli", {"pandas", "matplotlib", "papermill", "nbconvert"}),
    ],
)
def test_import_is_light(module, heavy):
    assert modules_loaded_by(f"import {module}") & heavy == set()


def test_heavy_imports_would_be_seen():
    assert {"pandas", "numpy"} <= modules_loaded_by("import pandas")


# --- one version -------------------------------------------------------------------------------------------


def test_one_version_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[?v?(\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    assert newest, "CHANGELOG.md has no heading like `## [0.1.0] - 2026-01-31`"
    assert newest[1] == project["version"] == postmortem_nb.__version__
    installed = metadata.version("postmortem-nb")
    assert installed == project["version"], "run `make setup`: the environment holds another version"


def test_the_package_is_typed():
    assert (PACKAGE / "py.typed").is_file()


# --- what no file may hold ---------------------------------------------------------------------------------


def test_no_file_holds_a_machine_path_or_a_registry():
    found = []
    for path in files_of_the_project():
        name = path.relative_to(ROOT).as_posix()
        if EVIDENCE.match(name):
            continue
        content = path.read_bytes()
        for pattern in (MACHINE_PATH, REGISTRY):
            if match := pattern.search(content):
                line = content.count(b"\n", 0, match.start()) + 1
                found.append(f"{name}:{line}: {match[0].decode(errors='replace')}")
    assert found == []


@pytest.mark.parametrize("folder", ["work", "root", "home"])
def test_a_machine_path_would_be_seen(folder):
    assert MACHINE_PATH.search(f'open("/{folder}/someone/x.csv")'.encode())
    assert not MACHINE_PATH.search(f"docs/{folder}/someone".encode())


def test_a_registry_would_be_seen():
    assert REGISTRY.search(b"--index-url https:" + b"//pypi.org/simple")
    assert not REGISTRY.search(b"https://sre.google/sre-book/")


def test_nothing_that_a_run_makes_is_tracked():
    made = re.compile(r"^(reports|\.venv)/|\.ipynb_checkpoints/|__pycache__/|\.pyc$")
    names = [path.relative_to(ROOT).as_posix() for path in files_of_the_project()]
    assert [name for name in names if made.search(name)] == []


# --- dependencies have reasons -----------------------------------------------------------------------------


def test_every_dependency_has_its_reason():
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lists = [
        document["project"]["dependencies"],
        *document["project"]["optional-dependencies"].values(),
        *document["dependency-groups"].values(),
        document["build-system"]["requires"],
    ]
    declared = {re.match(r"[\w.-]+", line)[0].lower() for lines in lists for line in lines}
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", page, re.MULTILINE))
    assert declared == explained.keys()
    assert [name for name, why in explained.items() if len(why.split()) < 3] == []
