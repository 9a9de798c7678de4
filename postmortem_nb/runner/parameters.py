"""Strict parameters: what a notebook declares, and the values that it may be given.

papermill pastes names into code unquoted and only warns of unknown ones, so nothing reaches it that was not
declared, plainly named and of the declared type.
"""

from __future__ import annotations

import ast
import json
import math
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postmortem_nb.analysis import Settings
from postmortem_nb.errors import SettingError, SourceError, near

Scalar = str | int | float | bool
INCIDENT = "incident"
NAME = re.compile(r"[a-z_][a-z0-9_]*")
TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell: ``name: kind = default``."""

    name: str
    kind: type
    default: Scalar


def read_parameters(notebook: Path) -> dict[str, Parameter]:
    """Return what the parameters cell of a notebook declares, in its order.

    Parameters
    ----------
    notebook : Path
        An ``.ipynb`` file with one cell tagged ``parameters`` that holds ``name: type = literal`` lines only,
        with type str, int, float or bool.

    Raises
    ------
    SourceError
        If the file cannot be read as a notebook or has no such cell; names the line that does not fit.
    """
    place = notebook.name
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        tagged = [c for c in cells if "parameters" in c.get("metadata", {}).get("tags", [])]
    except OSError as error:
        raise SourceError(f"{notebook}: cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"{place}: this is not a notebook of format 4 ({error}).") from error
    if len(tagged) != 1:
        raise SourceError(f"{place}: {len(tagged)} cells are tagged `parameters`; tag exactly one.")
    source = "".join(tagged[0]["source"])
    try:
        found = [_declaration(statement, place) for statement in ast.parse(source).body]
    except SyntaxError as error:
        raise SourceError(f"{place}: the parameters cell is not Python (line {error.lineno}: {error.msg}).") from error
    return {p.name: p for p in found}


def _declaration(statement: ast.stmt, place: str) -> Parameter:
    text = ast.unparse(statement)
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        kind = TYPES.get(ast.unparse(statement.annotation))
        default = _literal(statement.value)
        fits = type(default) is kind or (kind is float and type(default) is int)
        if kind and fits:
            return Parameter(statement.target.id, kind, default)
    raise SourceError(
        f"{place}: `{text}` in the parameters cell is not of the form `name: type = literal`, "
        'such as `hold: str = "10min"`.'
    )


def _literal(node: ast.expr) -> Any:
    """Return the value of a literal; None, which no parameter may be, for anything else."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def check_settings(settings: Mapping[str, Any]) -> None:
    """Check settings on their own, before any incident or notebook is looked for.

    Raises
    ------
    SettingError
        For an unknown name (with near ones), a value of the wrong type, or one that makes no sense.
    """
    for name, value in settings.items():
        if name not in Settings.model_fields:
            raise SettingError(f"there is no setting {name!r}. {near(str(name), Settings.model_fields)}")
        _check_type(name, value, kinds_of_setting(name))
    Settings.build(**settings)


def check_parameters(declared: Mapping[str, Parameter], given: Mapping[str, Any], place: str) -> dict[str, Scalar]:
    """Return the values that a notebook runs with: those given, else its own defaults.

    Parameters
    ----------
    declared : dict
        From `read_parameters`.
    given : dict
        Name → value: a JSON scalar of the declared type. Where a setting takes a number as well as
        ``"auto"``, both are fine.
    place : str
        Name of the notebook, for errors.

    Raises
    ------
    SettingError
        For a name that is not declared (with near ones) or is no plain word, a value of the wrong type, or
        one that the analysis refuses.
    """
    for name, value in given.items():
        if name not in declared:
            raise SettingError(f"{place} has no parameter {name!r}. {near(str(name), declared)}")
        if not NAME.fullmatch(name):
            raise SettingError(f"{place}: {name!r} is not a plain lower-case word; rename it in the parameters cell.")
        _check_type(name, value, {declared[name].kind} | kinds_of_setting(name))
    values: dict[str, Scalar] = {name: given.get(name, p.default) for name, p in declared.items()}
    known: dict[str, Any] = {n: v for n, v in values.items() if n in Settings.model_fields}
    Settings.build(**known)
    return values


def kinds_of_setting(name: str) -> set[type]:
    """Return the plain types that a setting accepts: of ``str | float`` both."""
    if name not in Settings.model_fields:
        return set()
    annotation = Settings.model_fields[name].annotation
    return {kind for kind in typing.get_args(annotation) or (annotation,) if kind in WORDS}


def _check_type(name: str, value: object, kinds: set[type]) -> None:
    exact = type(value) in kinds or (type(value) is int and float in kinds)
    if exact and not (isinstance(value, float) and not math.isfinite(value)):
        return
    wanted = " or ".join(words for kind, words in WORDS.items() if kind in kinds)
    hint = ' Quote it, such as -r in papermill or "…" in Python.' if kinds == {str} else ""
    raise SettingError(f"{name}: {value!r} is {_described(value)}, but {wanted} is needed.{hint}")


def _described(value: object) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "not a finite number"
    return WORDS.get(type(value), f"of type {type(value).__name__}")
