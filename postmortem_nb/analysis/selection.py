"""Filters on frames: which rows a signal counts, declared as data and never as code."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from postmortem_nb.errors import IncidentError, near
from postmortem_nb.evidence.levels import normalise
from postmortem_nb.incident import Filter

_COMPARE = {">=": operator.ge, "<=": operator.le, "!=": operator.ne, ">": operator.gt, "<": operator.lt}


def rows_matching(frame: pd.DataFrame, filter_: Filter, where: str) -> pd.Series:
    """Return which rows satisfy every condition of a filter.

    Parameters
    ----------
    frame : DataFrame
    filter_ : dict
        Column → value (equal), list (one of), ``">=500"`` (compare as numbers; also ``<=``, ``<``, ``>``), ``"!=200"``
        or ``"!=text"``, or ``"~regex"`` (found in the text). ``"503"`` equals 503, and levels are compared by what they
        mean: ``"error"`` is ``ERROR``.
    where : str
        Named in errors, such as ``signal 'failed requests'``.

    Returns
    -------
    Series of bool
        A missing value never matches.

    Raises
    ------
    IncidentError
        For a column that the evidence does not have, a pattern that is none, or text where only a number can be meant.
    """
    mask = pd.Series(True, index=frame.index)
    for column, wanted in filter_.items():
        if column not in frame:
            raise IncidentError(
                f"{where}: there is no column {column!r} in this evidence. {near(column, frame.columns)}"
            )
        mask &= _matches(frame[column], wanted, f"{where}: {column}")
    return mask


def _matches(values: pd.Series, wanted: object, where: str) -> pd.Series:
    if isinstance(wanted, list):
        equal = pd.Series(False, index=values.index)
        for one in wanted:
            equal |= _equal(values, one, where)
        return equal
    if isinstance(wanted, str):
        if wanted.startswith("~"):
            try:
                return values.astype("str").str.contains(re.compile(wanted[1:]), na=False) & values.notna()
            except re.error as error:
                raise IncidentError(f"{where}: {wanted[1:]!r} is not a regular expression ({error}).") from error
        for sign, compare in _COMPARE.items():
            if wanted.startswith(sign):
                return _compare(values, compare, sign, wanted[len(sign) :].strip(), where)
    return _equal(values, wanted, where)


def _compare(values: pd.Series, compare: Callable[[Any, Any], Any], sign: str, text: str, where: str) -> pd.Series:
    try:
        number = float(text)
    except ValueError:
        if sign == "!=":
            return ~_equal(values, text, where) & values.notna()
        raise IncidentError(
            f'{where}: "{sign}{text}" compares numbers, and {text!r} is none. Write a number, a list or "~regex".'
        ) from None
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    return (compare(numbers, number) & numbers.notna()).astype(bool)


def _equal(values: pd.Series, wanted: object, where: str) -> pd.Series:
    """Compare as numbers where either side is one, and levels by what they mean: ``"warn"`` is ``WARNING``."""
    holds_numbers = is_numeric_dtype(values) and not is_bool_dtype(values)
    if holds_numbers and isinstance(wanted, str):
        try:
            wanted = float(wanted)
        except ValueError:
            raise IncidentError(f"{where}: the column holds numbers, and {wanted!r} is none. Write a number.") from None
    elif not holds_numbers and isinstance(wanted, (int, float)) and not isinstance(wanted, bool):
        values = pd.to_numeric(values, errors="coerce").astype("float64")
    elif values.name == "level" and isinstance(wanted, str):
        return values.isin([held for held in values.dropna().unique() if _level(held) == _level(wanted)])
    return (values == wanted).fillna(False).astype(bool)


def _level(text: str) -> str:
    return normalise(text) or text.upper()
