"""The column contracts of every public frame, and the one checker.

All instants are UTC and zone-aware. A reader may add columns behind those of the contract (an access log adds
``status`` and ``seconds``); it may not leave one out or change its kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from postmortem_nb.errors import ReadError

TIME = "datetime64[ns, UTC]"


@dataclass(frozen=True)
class Contract:
    """The columns of one frame and what each holds: ``time``, ``text``, ``number`` or ``count``."""

    name: str
    columns: dict[str, str]
    required: tuple[str, ...]

    def empty(self) -> pd.DataFrame:
        """Return a frame with these columns and no rows."""
        dtypes = {"time": TIME, "text": "str", "number": "float64", "count": "int64"}
        return pd.DataFrame({c: pd.Series(dtype=dtypes[kind]) for c, kind in self.columns.items()})


LOGS = Contract(
    "logs",
    {
        "time": "time",
        "level": "text",
        "service": "text",
        "host": "text",
        "message": "text",
        "file": "text",
        "line": "count",
    },
    required=("time", "message", "file", "line"),
)
METRICS = Contract(
    "metrics",
    {"time": "time", "service": "text", "metric": "text", "value": "number", "file": "text"},
    required=("time", "metric", "file"),
)
EVENTS = Contract(
    "events",
    {
        "time": "time",
        "time_lo": "time",
        "time_hi": "time",
        "end": "time",
        "kind": "text",
        "source": "text",
        "actor": "text",
        "text": "text",
        "basis": "text",
        "evidence": "text",
    },
    required=("kind", "text", "basis", "evidence"),
)
FILES = Contract(
    "files",
    {
        "file": "text",
        "kind": "text",
        "format": "text",
        "bytes": "count",
        "sha256": "text",
        "rows": "count",
        "rejected": "count",
        "first": "time",
        "last": "time",
        "zone": "text",
    },
    required=("file", "kind", "bytes", "sha256", "rows", "rejected"),
)
FEED = Contract(
    "feed",
    {
        "id": "text",
        "title": "text",
        "severity": "text",
        "begin": "time",
        "end": "time",
        "published": "time",
        "minutes": "number",
        "minutes_to_communicate": "number",
        "basis": "text",
        "evidence": "text",
    },
    required=("id", "title", "evidence"),
)


def conform(frame: pd.DataFrame, contract: Contract, file: str = "") -> pd.DataFrame:
    """Return the frame with the contract's columns first, each of its kind.

    Parameters
    ----------
    frame : DataFrame
        Rows from a reader; missing optional columns are filled with missing values.
    contract : Contract
        What the columns must be.
    file : str
        Named in the error.

    Returns
    -------
    DataFrame
        A new frame; columns that the contract does not name follow behind, as they are.

    Raises
    ------
    ReadError
        If a required column is missing or empty in a row, or a column has another kind; names column, row and file.
    """
    place = file or contract.name
    out = {}
    for column, kind in contract.columns.items():
        if column not in frame:
            if column in contract.required:
                raise ReadError(f"{place}: the {contract.name} frame lacks the column {column!r}.")
            out[column] = contract.empty()[column].reindex(range(len(frame)))
            continue
        out[column] = _cast(frame[column].reset_index(drop=True), kind, column, place)
        if column in contract.required and out[column].isna().any():
            row = int(out[column].isna().to_numpy().argmax())
            raise ReadError(f"{place}: column {column!r} is empty in row {row}; every row needs one.")
    extra = {c: frame[c].reset_index(drop=True) for c in frame.columns if c not in contract.columns}
    result = pd.DataFrame(out | extra)
    result.attrs = dict(frame.attrs)
    return result


def _cast(values: pd.Series, kind: str, column: str, place: str) -> pd.Series:
    try:
        if kind == "time":
            if not isinstance(values.dtype, pd.DatetimeTZDtype) and not values.isna().all():
                raise TypeError("not zone-aware")
            return pd.to_datetime(values, utc=True).dt.as_unit("ns")
        if kind == "text":
            return values.astype("str").where(values.notna())
        numbers = values.astype("float64")
        if kind == "number":
            return numbers
        if not (numbers % 1 == 0).all():
            raise ValueError("a count is a whole number")
        return values.astype("int64")
    except (TypeError, ValueError) as error:
        raise ReadError(f"{place}: column {column!r} should hold {kind} but is {values.dtype} ({error}).") from error
