"""Lines of keys and values: JSON and logfmt. A field is the first of the names that programs give it.

JSON is decoded column-wise, with the keys that a sample of the lines shows; a line that names another known key, or
that does not fit, is decoded by itself. So every line is read as if by itself, and most are read together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from postmortem_nb.evidence.formats.patterns import filled_in
from postmortem_nb.evidence.parsers import plain, record_in

Keys = Mapping[str, Sequence[str]]  # field → names that it has in different programs, best first
Tree = dict[str, Any]  # key → None for a value, or the tree of an object
SAMPLE = 16  # lines from which the keys are learnt
SURROGATE = r"\\u[dD][89a-fA-F]"  # may be half a pair, which polars reads as a NUL
NESTED = r"(?s)^(?:\[.*\]|\{.*\})$"  # what may be the text of a list or an object
SINGLE = 64  # lines that are decoded one by one when decoding them together fails

# A key begins a word, so that a long word is passed over at once.
_PAIR = re.compile(r'(?<!\S)([A-Za-z_@][\w.@/-]{0,80})=(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^\s"]*))(?=\s|$)')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


class Json:
    """Takes JSON lines apart.

    Parameters
    ----------
    keys : mapping
        Field → names of its key; a dot reaches into nested objects (``log.level``), a key with that dot comes first.
        A record without a time is refused; one without a message is its own message.
    required : sequence of str
        Keys that every record of the format has.
    prefix : str
        Pattern of what may stand before the object, such as the name of a container; its named groups are fields.
    """

    def __init__(self, keys: Keys, required: Sequence[str] = (), prefix: str = "") -> None:
        self.keys = keys
        self.required = tuple(required)
        self.fields = tuple(keys)
        self._prefix = f"^(?:{filled_in(prefix)})" if prefix else ""
        self._names = [name for names in keys.values() for name in names]

    def __call__(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Take lines apart; see `patterns.Patterns`."""
        texts = lines.select("row", pl.col("text").str.strip_chars(" \t\r\n"))
        extra: pl.DataFrame | None = None
        if self._prefix:
            extra = texts.select(pl.col("text").str.extract_groups(self._prefix).alias("found")).unnest("found")
            texts = texts.with_columns(text=pl.col("text").str.replace(self._prefix, ""))
            extra = extra.with_columns(texts["row"])
        texts = texts.filter(pl.col("text").str.starts_with("{") & pl.col("text").str.ends_with("}"))
        for key in self.required:  # a line without its letters cannot have it
            texts = texts.filter(pl.col("text").str.contains(f'"{key.split(".")[0]}"', literal=True))
        if not len(texts):
            return pl.DataFrame(schema={"row": pl.UInt32} | dict.fromkeys(self.fields, pl.String))
        found = self._read(texts)
        if extra is not None:
            named = [name for name in extra.columns if name != "row" and name not in found.columns]
            found = found.join(extra.select("row", *named), on="row", how="left", maintain_order="left")
        return found

    def _read(self, texts: pl.DataFrame) -> pl.DataFrame:
        sample = [*texts["text"].head(SAMPLE // 2), *texts["text"].gather_every(max(1, len(texts) * 2 // SAMPLE))]
        tree: Tree = {}
        for text in sample:
            if (record := record_in(text)) is not None:
                self._learn(tree, record)
        absent = sorted({name.partition(".")[0] for name in self._names} - tree.keys())
        dotted = [name for name in self._names if "." in name and name not in tree]
        others = rf'"(?:{"|".join(re.escape(name) for name in (*absent, *dotted))})"[ \t]*:'
        is_hard = texts["text"].str.contains(SURROGATE)
        parts: list[pl.DataFrame] = []
        if is_hard.any():
            parts.append(self._one_by_one(texts.filter(is_hard)))
            texts = texts.filter(~is_hard)
        is_odd = texts["text"].str.contains(others)
        if is_odd.any():
            parts += self._decoded(texts.filter(is_odd), _merged(tree, self._all()))
            texts = texts.filter(~is_odd)
        parts += self._decoded(texts, tree)
        if not parts:
            return pl.DataFrame(schema={"row": pl.UInt32} | dict.fromkeys(self.fields, pl.String))
        found = parts[0] if len(parts) == 1 else pl.concat(parts, how="diagonal_relaxed").sort("row")
        return found.filter(pl.col("time").is_not_null())

    def _learn(self, tree: Tree, record: Mapping[str, object]) -> None:
        """Note which of the known keys a record has, and whether they are values or objects."""
        for name in (*self._names, *self.required):
            if name in record and not isinstance(record[name], dict | list):
                tree.setdefault(name, None)
            at: object = record
            branch: Tree | None = tree
            parts = name.split(".")
            for part, is_last in zip(parts, (*[False] * (len(parts) - 1), True), strict=True):
                if not isinstance(at, dict) or branch is None or part not in at:
                    break
                at = at[part]
                if is_last:
                    branch.setdefault(part, None)
                else:
                    branch = branch.setdefault(part, {}) if isinstance(branch.get(part, {}), dict) else None

    def _all(self) -> Tree:
        """Return the tree of every known key; where one is a value and an object to others, the object."""
        tree: Tree = {}
        for name in sorted((*self._names, *self.required), key=lambda name: -name.count(".")):
            branch = tree
            *above, last = name.split(".")
            for part in above:
                branch = branch.setdefault(part, {})
            branch.setdefault(last, None)
            tree.setdefault(name, None)
        return tree

    def _decoded(self, texts: pl.DataFrame, tree: Tree) -> Iterator[pl.DataFrame]:
        """Decode lines together, and where that fails in smaller parts, down to single lines."""
        if not len(texts):
            return
        if tree:
            try:
                yield self._together(texts, tree)
                return
            except (pl.exceptions.PolarsError, ValueError):
                pass
        if len(texts) <= SINGLE or not tree:
            yield self._one_by_one(texts)
            return
        size = -(-len(texts) // 8)
        for start in range(0, len(texts), size):
            yield from self._decoded(texts.slice(start, size), tree)

    def _together(self, texts: pl.DataFrame, tree: Tree) -> pl.DataFrame:
        found = self._fields(texts, _as_lines(texts["text"], _dtype(tree)), tree)
        cells = [pl.col(name).str.contains(NESTED).fill_null(False) for name in self.fields if name in found.columns]
        is_nested = found.select(pl.any_horizontal(pl.lit(False), *cells)).to_series()
        if is_nested.any():
            again = texts.filter(pl.col("row").is_in(found.filter(is_nested)["row"].implode()))
            try:
                other = self._fields(again, _strictly(again["text"], _dtype(tree)), tree)
            except (pl.exceptions.PolarsError, ValueError):
                return pl.concat(
                    [self._completed(found.filter(~is_nested)), self._one_by_one(again)], how="diagonal_relaxed"
                )
            found = pl.concat([found.filter(~is_nested), other])
        return self._completed(found)

    def _fields(self, texts: pl.DataFrame, records: pl.Series, tree: Tree) -> pl.DataFrame:
        frame = texts.with_columns(record=records)
        fields = {}
        for field, names in self.keys.items():
            places = [place for name in names for place in _places(tree, name)]
            if places:
                cells = [pl.when(place != "").then(place) for place in places]
                fields[field] = pl.coalesce(cells)
        has_all = [
            pl.coalesce([p.is_not_null() for p in _places(tree, key)] or [pl.lit(False)]) for key in self.required
        ]
        out = frame.select("row", "text", **fields, fits=pl.all_horizontal(has_all) if has_all else pl.lit(True))
        return out.filter("fits").drop("fits")

    def _one_by_one(self, texts: pl.DataFrame) -> pl.DataFrame:
        rows = []
        for row, text in texts.iter_rows():
            record = record_in(text)
            if record is not None and all(_value(record, key) is not None for key in self.required):
                cells = (
                    next((v for name in names if (v := plain(_value(record, name)))), None)
                    for names in self.keys.values()
                )
                rows.append((row, text, *cells))
        schema: dict[str, Any] = {"row": texts.schema["row"], "text": pl.String} | dict.fromkeys(self.fields, pl.String)
        return self._completed(pl.DataFrame(rows, schema=schema, orient="row"))

    def _completed(self, found: pl.DataFrame) -> pl.DataFrame:
        for name in ("time", "message"):
            if name not in found.columns:
                found = found.with_columns(pl.lit(None, pl.String).alias(name))
        return found.with_columns(message=pl.coalesce("message", "text")).drop("text")


def _as_lines(texts: pl.Series, keys: dict[str, Any]) -> pl.Series:
    """Decode texts with the reader of files, which takes half as long, but gives a list or an object as its text."""
    data = texts.str.join("\n").cast(pl.Binary).item()
    records = pl.read_ndjson(data, schema=keys).to_struct("record")
    return _one_each(records, texts)


def _strictly(texts: pl.Series, keys: dict[str, Any]) -> pl.Series:
    """Decode texts with an error where a value is a list or an object."""
    return _one_each(texts.str.json_decode(pl.Struct(keys)), texts)


def _one_each(records: pl.Series, texts: pl.Series) -> pl.Series:
    if len(records) != len(texts):
        raise ValueError("a line holds more than one object")
    return records


def _dtype(tree: Tree) -> dict[str, Any]:
    return {key: pl.String if below is None else pl.Struct(_dtype(below)) for key, below in tree.items()}


def _merged(one: Tree, other: Tree) -> Tree:
    """Return both trees; where they disagree, the first."""
    out = dict(one)
    for key, below in other.items():
        if key not in out:
            out[key] = below
        elif out[key] is not None and below is not None:
            out[key] = _merged(out[key], below)
    return out


def _places(tree: Tree, name: str) -> list[pl.Expr]:
    """Return where a name may stand in a decoded record: as a key with its dots, then nested."""
    record = pl.col("record").struct
    places = [record.field(name)] if name in tree and tree[name] is None else []
    *above, last = name.split(".")
    branch: Tree | None = tree
    at = pl.col("record")
    for part in above:
        branch = branch.get(part) if branch else None
        if branch is None:
            return places
        at = at.struct.field(part)
    if above and branch is not None and last in branch and branch[last] is None:
        places.append(at.struct.field(last))
    return places


def _value(record: Mapping[str, object], name: str) -> object:
    """Return what stands under a name, as a key with its dots or nested."""
    if name in record and not ("." not in name and isinstance(record[name], dict)):
        return record[name]
    at: object = record
    for part in name.split("."):
        if not isinstance(at, dict):
            return None
        at = at.get(part)
    return at


class Logfmt:
    """Takes logfmt apart, ``time=… level=info msg="a b" k=v``; of a key that stands twice, the first counts."""

    def __init__(self, keys: Keys, required: Sequence[str] = ()) -> None:
        self.keys = keys
        self.required = tuple(required)
        self.fields = tuple(keys)

    def __call__(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Take lines apart; see `patterns.Patterns`."""
        times = [f"{name}=" for name in self.keys["time"]]
        texts = lines.filter(pl.col("text").str.contains_any(times))
        rows = [(row, *values) for row, text in texts.iter_rows() if (values := self._one(text)) is not None]
        schema: dict[str, Any] = {"row": lines.schema["row"]} | dict.fromkeys(self.fields, pl.String)
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _one(self, line: str) -> list[str | None] | None:
        record: dict[str, str] = {}
        for key, quoted, bare in _PAIR.findall(line):
            record.setdefault(key, _unescape(quoted) if quoted else bare)
        if any(key not in record for key in self.required):
            return None
        values = {field: next((record[n] for n in names if n in record), None) for field, names in self.keys.items()}
        if not values["time"]:
            return None
        if values.get("message") is None:
            values["message"] = line.strip()
        return list(values.values())


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), text) if "\\" in text else text
