"""Logs whose header lines name the columns: W3C and IIS (``#Fields: date time …``), Zeek (``#fields ts uid …``)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

Keys = Mapping[str, Sequence[str]]
UNSET = ("-", "(empty)", "")


class Directives:
    """Takes lines apart by the columns that the header line before them names.

    Parameters
    ----------
    keys : mapping
        Field → names of its column, best first.
    directive : str
        How the header line begins, such as ``#Fields:``.
    separator : str
        Between the columns.
    """

    def __init__(self, keys: Keys, directive: str, separator: str) -> None:
        self.keys = keys
        self.fields = tuple(keys)
        self.directive = directive
        self.separator = separator

    def __call__(self, lines: pl.DataFrame, header: str | None = None) -> pl.DataFrame:
        """Take lines apart; ``header`` is the header line that was in force before them."""
        is_header = lines["text"].str.starts_with(self.directive)
        groups = lines.with_columns(part=is_header.cum_sum())
        parts = []
        for (_,), part in groups.group_by("part", maintain_order=True):
            first = part["text"][0]
            if first.startswith(self.directive):
                header, part = first, part.slice(1)
            if header is not None and len(part):
                parts.append(self._split(part, header))
        return pl.concat(parts, how="diagonal") if parts else self._nothing()

    def last_header(self, data: bytes) -> str | None:
        """Return the last header line in a block of bytes."""
        mark = self.directive.encode()
        at = data.rfind(b"\n" + mark)
        at = at + 1 if at >= 0 else 0 if data.startswith(mark) else -1
        return data[at:].split(b"\n", 1)[0].rstrip(b"\r").decode("utf-8", "replace") if at >= 0 else None

    def _split(self, lines: pl.DataFrame, header: str) -> pl.DataFrame:
        names = header.removeprefix(self.directive).strip().split(self.separator)
        cells = lines["text"].str.split(self.separator)
        is_read = (cells.list.len() == len(names)) & ~lines["text"].str.starts_with("#")
        cells, rows = cells.filter(is_read), lines["row"].filter(is_read)
        out: dict[str, pl.Series] = {"row": rows}
        for field, known in self.keys.items():
            column = next((names.index(name) for name in known if name in names), None)
            if column is not None:
                values = cells.list.get(column)
                out[field] = pl.select(pl.when(~values.is_in(list(UNSET))).then(values)).to_series()
        frame = pl.DataFrame(out)
        if "message" not in out:
            frame = frame.with_columns(message=lines["text"].filter(is_read))
        return frame.filter(pl.col("time").is_not_null()) if "time" in out else self._nothing()

    def _nothing(self) -> pl.DataFrame:
        return pl.DataFrame(schema={"row": pl.UInt32} | dict.fromkeys(self.fields, pl.String))


def unescaped(separator: str) -> str:
    """Return a separator as it is meant: backslash and t are a tab."""
    return re.sub(r"\\t", "\t", separator)
