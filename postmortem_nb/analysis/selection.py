"""Filters on frames: which rows a signal counts, declared as data and never as code."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from postmortem_nb.errors import IncidentError, near
from postmortem_nb.incident import Filter

_COMPARE = {">=": operator.ge, "<=": operator.le, "!=": operator.ne, ">": operator.gt, "<": operator.lt}


def rows_matching(frame: pd.DataFrame, filter_: Filter, where: str) -> pd.Series:
    """Return which rows satisfy every condition of a filter.

    Parameters
    ----------
    frame : DataFrame
    filter_ : dict
        Column → value (equal), list (one of), ``">=500"`` (compare as numbers; also ``<=``, ``<``, ``>``, ``!=``),
        or ``"~regex"`` (found in the text).
    where : str
        Named in errors, such as ``signal 'failed requests'``.

    Returns
    -------
    Series of bool
        A missing value never matches.

    Raises
    ------
    IncidentError
        For a column that the evidence does not have, or a pattern that is none.
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
        return values.isin(wanted)
    if isinstance(wanted, str):
        if wanted.startswith("~"):
            try:
                return values.astype("str").str.contains(re.compile(wanted[1:]), na=False) & values.notna()
            except re.error as error:
                raise IncidentError(f"{where}: {wanted[1:]!r} is not a regular expression ({error}).") from error
        for sign, compare in _COMPARE.items():
            if wanted.startswith(sign):
                return _compare(values, compare, wanted[len(sign) :].strip())
    return (values == wanted).fillna(False).astype(bool)


def _compare(values: pd.Series, compare: Callable[[Any, Any], Any], text: str) -> pd.Series:
    try:
        number = float(text)
    except ValueError:
        return (compare(values.astype("str"), text) & values.notna()).astype(bool)
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    return (compare(numbers, number) & numbers.notna()).astype(bool)
