"""What the stored notebooks must keep; no kernel needed."""

import ast
import itertools
import re
from pathlib import Path

import nbformat
import papermill
import pytest

from postmortem_nb.analysis import Settings

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TAGS = {"parameters", "remove-cell"}
SECTIONS = {
    "Issue summary": "summary",
    "Impact": "impact",
    "Timings": "timings",
    "Timeline": "timeline",
    "Metrics": "metrics",
    "Logs": "logs",
    "Root cause and resolution": "cause",
    "Contributing factors": "factors",
    "Lessons": "lessons",
    "Corrective and preventative measures": "actions",
    "Open questions": "questions",
    "Data quality": "data_quality",
    "Provenance": "provenance",
}
LOGIC = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try, ast.With)

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
of_one_incident = pytest.mark.parametrize(
    "path", [FOLDER / "postmortem.ipynb", FOLDER / "explore.ipynb"], ids=lambda p: p.stem
)


def read(path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def code_cells(path):
    return [c for c in read(path).cells if c.cell_type == "code"]


def prose_cells(path):
    return [c for c in read(path).cells if c.cell_type == "markdown"]


def tags(cell):
    return set(cell.metadata.get("tags", ()))


def headings(path):
    return [
        (len(marks), text)
        for cell in prose_cells(path)
        for marks, text in re.findall(r"^(#+) (.+)$", cell.source, flags=re.MULTILINE)
    ]


def nouns(path):
    """The cells behind parameters and set-up."""
    return code_cells(path)[2:]


def test_the_notebooks_are_where_they_belong():
    assert {"postmortem", "explore"} <= {p.stem for p in NOTEBOOKS}


@each
def test_stored_in_normal_form_without_outputs(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert nbformat.writes(notebook) + "\n" == path.read_text(encoding="utf-8")
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec == {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    assert notebook.metadata.language_info == {"name": "python"}, "what JupyterLab adds here changes with every machine"
    for cell in code_cells(path):
        assert cell.outputs == [] and cell.execution_count is None, f"{cell.id} keeps an output; clear all outputs"


@each
def test_cell_ids_are_names_and_tags_are_from_a_short_list(path):
    cells = read(path).cells
    ids = [c.id for c in cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", i) for i in ids), ids
    for cell in cells:
        assert tags(cell) <= TAGS
        assert set(cell.metadata) <= {"tags"}


@of_one_incident
def test_parameters_are_the_settings_with_their_defaults_and_help(path):
    first, *others = code_cells(path)
    assert tags(first) == {"parameters"}
    assert not any("parameters" in tags(c) for c in others)
    found = papermill.inspect_notebook(str(path))
    expected = {"incident": '"2024-01-14-web-outage"'} | {
        name: f'"{field.default}"' for name, field in Settings.model_fields.items()
    }
    assert {name: p["default"] for name, p in found.items()} == expected
    assert list(found) == list(expected)
    for name, parameter in found.items():
        assert parameter["inferred_type_name"] in ("str", "int", "float", "bool"), name
        assert len(parameter["help"]) > 20, f"{name}: the trailing comment is the help of papermill"
    lines = first.source.splitlines()
    assert len(lines) == len(found), "literals only, one line each"
    assert all(isinstance(ast.parse(line).body[0].value, ast.Constant) for line in lines)


@of_one_incident
def test_the_set_up_cell_passes_every_parameter_on(path):
    """A parameter that is not passed on would be ignored in silence."""
    tree = ast.parse(code_cells(path)[1].source)
    named = {
        statement.targets[0].id: {
            k.value: v.id for k, v in zip(statement.value.keys, statement.value.values, strict=True)
        }
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict)
    }
    unpacked = [k.value.id for n in ast.walk(tree) if isinstance(n, ast.Call) for k in n.keywords if k.arg is None]
    passed = {key: value for name in unpacked for key, value in named[name].items()}
    assert passed == {name: name for name in Settings.model_fields}
    assert "incident" in {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}


@each
def test_one_noun_a_cell_and_no_logic(path):
    for cell in nouns(path):
        tree = ast.parse(cell.source)
        assert len(cell.source.splitlines()) <= 3, cell.id
        assert not any(isinstance(n, (*LOGIC, ast.Lambda, ast.Import, ast.ImportFrom)) for n in ast.walk(tree)), cell.id
        assert "print(" not in cell.source, cell.id
        assert isinstance(tree.body[-1], ast.Expr), f"{cell.id} shows nothing"
    setup = code_cells(path)[1]
    assert not any(isinstance(n, LOGIC) for n in ast.walk(ast.parse(setup.source)))
    assert "import postmortem_nb as pnb" in setup.source.splitlines()


@each
def test_there_is_at_least_as_much_prose_as_code(path):
    prose = sum(len(c.source.split()) for c in prose_cells(path))
    code = sum(len(c.source.split()) for c in code_cells(path)[1:])  # the comments of the parameters are neither
    assert prose >= code
    assert all(len(c.source) > 60 for c in prose_cells(path)), "a heading comes with a sentence"


@each
def test_headings_skip_no_level(path):
    levels = [level for level, _ in headings(path)]
    assert levels.count(1) <= 1
    assert all(b - a <= 1 for a, b in itertools.pairwise([1, *levels]))
    assert all(len(c.source.split("\n#")) <= 2 for c in prose_cells(path)), "one heading a cell"


def test_the_report_has_its_sections_in_order_each_over_its_noun():
    path = FOLDER / "postmortem.ipynb"
    assert headings(path) == [(2, title) for title in SECTIONS], "the only h1 is the title of the card"
    cells = read(path).cells
    assert [c.source for c in nouns(path)] == ["post", *(f"post.{noun}" for noun in SECTIONS.values())]
    for above, cell in itertools.pairwise(cells):
        if cell.source.startswith("post."):
            assert SECTIONS[above.source.splitlines()[0].removeprefix("## ")] == cell.source.removeprefix("post.")


def test_what_is_for_analysts_only_is_dropped_from_the_report():
    first = read(FOLDER / "postmortem.ipynb").cells[0]
    assert first.cell_type == "markdown" and tags(first) == {"remove-cell"} and "#" not in first.source
    assert sum("remove-cell" in tags(c) for c in read(FOLDER / "postmortem.ipynb").cells) == 1


def test_the_report_notebook_has_no_widget():
    assert "widget" not in (FOLDER / "postmortem.ipynb").read_text(encoding="utf-8").lower()
    assert "explore" not in "".join(c.source for c in code_cells(FOLDER / "postmortem.ipynb"))


def test_trends_pass_every_parameter_on_and_show_every_noun():
    path = FOLDER / "trends.ipynb"
    first, setup, *_ = code_cells(path)
    assert tags(first) == {"parameters"}
    declared = papermill.inspect_notebook(str(path))
    assert all(len(p["help"]) > 20 and p["inferred_type_name"] in ("str", "float", "bool") for p in declared.values())
    named = {n.id for n in ast.walk(ast.parse(setup.source)) if isinstance(n, ast.Name)}
    assert set(declared) <= named
    cells = [c.source for c in nouns(path)]
    assert cells[0] == "trends" and len(cells) == 1 + len(headings(path)) == 11
