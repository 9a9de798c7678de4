"""Strict parameters: what a notebook may declare, and what it may be given."""

import json
from pathlib import Path

import pytest

from postmortem_nb.errors import SettingError, SourceError
from postmortem_nb.runner import check_settings, read_parameters
from postmortem_nb.runner.parameters import check_parameters


@pytest.fixture
def cell(tmp_path):
    """Makes a notebook on disk with a parameters cell."""

    def make(source: str, tags: tuple[str, ...] = ("parameters",), copies: int = 1) -> Path:
        one = {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": [source]}
        path = tmp_path / "n.ipynb"
        path.write_text(json.dumps({"cells": [one] * copies}), encoding="utf-8")
        return path

    return make


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"treshold": 0.1}, r"n\.ipynb has no parameter 'treshold'\. Did you mean threshold"),
        ({"x=1;import os;y": 1}, "no parameter 'x=1;import os;y'"),
        ({"threshold": True}, "threshold: True is true or false, but text or a number is needed"),
        ({"threshold": float("nan")}, "threshold: nan is not a finite number"),
        ({"threshold": "high"}, "threshold.*neither a number nor"),
        ({"hold": 10}, "hold: 10 is a whole number, but text is needed"),
        ({"hold": None}, "hold: None is of type NoneType"),
        ({"hold": "10"}, "'10' is not a duration"),
        ({"loud": 1}, "loud: 1 is a whole number, but true or false is needed"),
        ({"share": "0.5"}, "share: '0.5' is text, but a number is needed"),
        ({"count": 1.5}, "count: 1.5 is a number, but a whole number is needed"),
        ({"Loud": True}, "'Loud' is not a plain lower-case word"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused(cell, settings, message):
    source = (
        'incident: str = "x"\nthreshold: str = "auto"\nhold: str = "10min"\nloud: bool = False\n'
        "Loud: bool = False\nshare: float = 1\ncount: int = 3"
    )
    with pytest.raises(SettingError, match=message):
        check_parameters(read_parameters(cell(source)), settings, "n.ipynb")


def test_parameters_that_fit_are_taken_and_the_rest_are_the_notebook_s(cell):
    declared = read_parameters(cell('threshold: str = "auto"\nshare: float = 0.5  # of all\nhold: str = "7min"'))
    values = check_parameters(declared, {"threshold": 3, "share": 1}, "n.ipynb")
    assert values == {"threshold": 3, "share": 1, "hold": "7min"}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("hold = '10min'", "`hold = '10min'` in the parameters cell is not of the form"),
        ("hold: str | None = None", "not of the form"),
        ("hold: str = 3", "not of the form"),
        ("hold: str = open('x').read()", "not of the form"),
        ("import os", "`import os` in the parameters cell"),
        ("hold: str = ", r"the parameters cell is not Python \(line 1"),
    ],
)
def test_a_parameters_cell_holds_typed_literals_only(cell, source, message):
    with pytest.raises(SourceError, match=message):
        read_parameters(cell(source))


def test_a_notebook_has_exactly_one_parameters_cell(cell, tmp_path):
    with pytest.raises(SourceError, match=r"n\.ipynb: 0 cells are tagged `parameters`"):
        read_parameters(cell("x: int = 1", tags=()))
    with pytest.raises(SourceError, match="2 cells are tagged"):
        read_parameters(cell("x: int = 1", copies=2))
    with pytest.raises(SourceError, match=r"gone.ipynb: cannot be read \(No such file"):
        read_parameters(tmp_path / "gone.ipynb")
    (tmp_path / "text.ipynb").write_text("not JSON")
    with pytest.raises(SourceError, match=r"text\.ipynb: this is not a notebook"):
        read_parameters(tmp_path / "text.ipynb")


def test_settings_are_checked_without_a_notebook():
    check_settings({"threshold": 0.05, "hold": "2min"})
    with pytest.raises(SettingError, match=r"no setting 'zones'\. Did you mean zone"):
        check_settings({"zones": "UTC"})
    with pytest.raises(SettingError, match="hold: 5 is a whole number"):
        check_settings({"hold": 5})
