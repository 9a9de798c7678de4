"""Log formats are data: one TOML file each beside this module, with the lines that it must and must not read.

To add a format, add a file here, put one into the folder ``formats/`` of an incident, or name a folder or text of TOML
in the entry point group ``postmortem_nb.log_formats``. `tests/test_evidence_formats.py` reads every sample. Its keys:

``title``, ``family``, ``traps``
    What it is in words, under which heading the documentation lists it, and what to know about it.
``pattern`` or ``parser``
    One regular expression or several that are tried in order (Rust's syntax, verbose, for whole lines, without
    lookaround), with named groups; or ``json``, ``logfmt`` or ``fields`` with ``[keys]``: field → names.
    Fields: ``time``, ``date``, ``message``, ``level``, ``service``, ``host``, ``trace``, ``client``, ``user``,
    ``method``, ``path``, ``request``, ``status``, ``seconds``, ``pri``, ``before``, ``tail``. A name with ``_`` behind
    it is another place of that field. ``<<iso>>``, ``<<level>>``, ``<<LEVEL>>``, ``<<month>>`` and ``<<quoted>>`` stand
    for the parts in `patterns.PARTS`.
``unless``
    How lines begin that are of another format, whatever the patterns say.
``required``, ``prefix``
    Of JSON and logfmt: keys that every record has, and a pattern of what may stand before the object.
``directive``, ``separator``
    Of ``fields``: how the header line begins that names the columns, and what stands between them.
``time``
    Form of its times, see `postmortem_nb.evidence.clock.FORMS`.
``zone``
    ``written`` (each time has its offset), ``declared`` (none has: a zone must be declared) or ``either``.
``rank``
    How specific it is: of two formats that read equally many lines, the higher one wins. Below 10: a last resort.
``detect``
    False for a format that is only read when it is named.
``start``
    How a line begins that can only be a record. Given, other lines that cannot be read continue the record before them.
``skip``
    Lines that are known to be no evidence: comments, banners.
``level_from``, ``[level_if]``, ``level``
    Where a missing level comes from: ``status``, ``pri`` or ``message``; level → pattern of messages that mean it; and
    the level of a line that has none.
``seconds_per``
    What one unit of the ``seconds`` field is, in seconds.
``[levels]``
    Words or numbers of this format → level, where they are not the usual ones.
``[[match]]`` and ``[[reject]]``
    Sample lines: ``line`` and, for a match, values that some of its fields must have.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import polars as pl

from postmortem_nb.errors import ReadError, SettingError, near
from postmortem_nb.evidence.formats.directives import Directives, unescaped
from postmortem_nb.evidence.formats.keyed import Json, Logfmt
from postmortem_nb.evidence.formats.patterns import Patterns, with_parts

GROUP = "postmortem_nb.log_formats"
LAST_RESORT = 10  # formats with a rank below are only used where no other reads the file
FAMILIES = ("web", "system", "app", "cloud", "container", "database", "queue", "network", "security", "other")

Plan = Callable[[pl.DataFrame], pl.DataFrame]  # lines (row, text) → row and a column a field, for those it can read


@dataclass(frozen=True)
class Format:
    """One log format: how lines are taken apart, and what their parts mean."""

    name: str
    title: str
    plan: Plan
    fields: tuple[str, ...]
    time: str
    zone: str
    rank: int
    family: str = "other"
    detect: bool = True
    start: str | None = None
    skip: str | None = None
    level_from: str = ""
    level: str | None = None
    seconds_per: float = 1.0
    levels: Mapping[str, str] = field(default_factory=dict)
    level_if: Mapping[str, str] = field(default_factory=dict)
    traps: tuple[str, ...] = ()
    match: tuple[Mapping[str, Any], ...] = ()
    reject: tuple[Mapping[str, Any], ...] = ()

    def reads(self, lines: Iterable[str]) -> list[bool]:
        """Return for each line whether this format can read it by itself."""
        frame = pl.DataFrame({"text": list(lines)}, schema={"text": pl.String}).with_row_index("row")
        found = set(self.plan(frame)["row"].to_list()) if len(frame) else set()
        return [row in found for row in range(len(frame))]


@cache
def all_formats() -> dict[str, Format]:
    """Return every format by name, the most specific first: those shipped, and those of installed packages.

    Raises
    ------
    ReadError
        If an installed package brings a format that makes no sense; names it.
    """
    found = list(shipped_formats())
    for entry in entries():
        found += _brought(entry.load(), entry.name)
    return {f.name: f for f in sorted(found, key=lambda f: (-f.rank, f.name))}


@cache
def shipped_formats() -> tuple[Format, ...]:
    """Return the formats of this package."""
    return tuple(formats_in(files(__name__), is_checked=False))  # the tests check them


@cache
def entries() -> tuple[metadata.EntryPoint, ...]:
    """Return where installed packages bring formats."""
    return tuple(metadata.entry_points(group=GROUP))


def formats_in(folder: Traversable | Path, *, is_checked: bool = True) -> list[Format]:
    """Return the formats of a folder, one for each of its TOML files.

    Raises
    ------
    ReadError
        If a file makes no sense; names it.
    """
    if not folder.is_dir():
        return []
    entries = sorted((e for e in folder.iterdir() if e.name.endswith(".toml")), key=lambda e: e.name)
    return [
        format_of(e.read_text(encoding="utf-8"), e.name.removesuffix(".toml"), is_checked=is_checked) for e in entries
    ]


def format_of(text: str, name: str, *, is_checked: bool = True) -> Format:
    """Return the format that a TOML text describes.

    Unless it is known to be good, its patterns are tried at once, so that one that makes no sense is said now.

    Raises
    ------
    ReadError
        If the text makes no sense; names it.
    """
    try:
        form = _format(name, tomllib.loads(text))
        if is_checked:
            form.reads(["", *(str(sample["line"]) for sample in form.match)])
            for pattern in (form.start, form.skip):
                pl.Series([""]).str.contains(pattern or "")
        return form
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        what = f"the key {error} is missing" if isinstance(error, KeyError) else error
        raise ReadError(f"log format {name}: {what}. docs/formats.md shows how a format is written.") from error


def _brought(thing: object, name: str) -> list[Format]:
    """Return the formats that an entry point brings: a folder, a TOML text, or a function that returns one of them."""
    if isinstance(thing, str):
        return [format_of(thing, name)]
    if isinstance(thing, Path | Traversable):
        return formats_in(thing)
    if callable(thing):
        return _brought(thing(), name)
    raise ReadError(f"log format {name}: its entry point is {type(thing).__name__}, neither a folder nor a TOML text.")


def named(name: str, where: str = "format", more: Iterable[Format] = ()) -> Format:
    """Return a format by its name.

    Raises
    ------
    SettingError
        If there is none; offers near names.
    """
    known = all_formats() | {f.name: f for f in more}
    if name not in known:
        raise SettingError(f"{where}: there is no log format {name!r}. {near(name, [*known, 'csv'])}")
    return known[name]


def _format(name: str, raw: dict[str, Any]) -> Format:
    plan, fields = _plan(raw)
    start, skip = raw.get("start"), raw.get("skip")
    levels = {word.lower(): level for word, level in raw.get("levels", {}).items()}
    return Format(
        name=name,
        title=raw["title"],
        plan=plan,
        fields=fields,
        time=raw["time"],
        zone=raw["zone"],
        rank=raw["rank"],
        family=raw.get("family", "other"),
        detect=raw.get("detect", True),
        start=f"^(?:{with_parts(start)})" if start else None,
        skip=f"^(?:{with_parts(skip)})$" if skip else None,
        level_from=raw.get("level_from", ""),
        level=raw.get("level"),
        seconds_per=raw.get("seconds_per", 1.0),
        levels=levels,
        level_if={level: with_parts(pattern) for level, pattern in raw.get("level_if", {}).items()},
        traps=tuple(raw.get("traps", ())),
        match=tuple(raw.get("match", ())),
        reject=tuple(raw.get("reject", ())),
    )


def _plan(raw: dict[str, Any]) -> tuple[Plan, tuple[str, ...]]:
    """Return how lines are taken apart, and the fields that this gives."""
    if "pattern" in raw:
        texts = raw["pattern"]
        plan = Patterns([texts] if isinstance(texts, str) else texts, raw.get("unless", ""))
        return plan, tuple(dict.fromkeys((*(name.rstrip("_") for name in plan.fields), "message")))
    keys, required = raw["keys"], raw.get("required", ())
    if raw["parser"] == "json":
        return Json(keys, required, raw.get("prefix", "")), tuple(keys)
    if raw["parser"] == "logfmt":
        return Logfmt(keys, required), tuple(keys)
    if raw["parser"] == "fields":
        return Directives(keys, raw["directive"], unescaped(raw.get("separator", " "))), (*keys, "message")
    raise ValueError(f"parser {raw['parser']!r} is none of json, logfmt and fields")


def is_resort(form: Format) -> bool:
    """Whether a format is only used where no other reads the file."""
    return form.rank < LAST_RESORT


def first_words(text: str) -> str:
    """Return the beginning of a title, before its colon.

    >>> first_words("JSON lines: one object a line")
    'JSON lines'
    """
    return re.split(r"[:,(]", text)[0].strip()
