"""Log formats are data: one TOML file each beside this module, with the lines that it must and must not read.

To add a format, add a file; `tests/test_evidence_formats.py` reads every sample in it. Its keys:

``title``
    What it is, in words.
``pattern`` or ``parser``
    A regular expression for a whole line with named groups, or ``json`` or ``logfmt`` with ``[keys]``: field → names.
    Fields: ``time``, ``message``, ``level``, ``service``, ``host``, ``trace``, ``client``, ``method``, ``path``,
    ``request``, ``status``, ``seconds``, ``pri``, ``tail``. A name with ``_`` behind it is another place of that field.
    In a pattern, ``<<iso>>``, ``<<level>>``, ``<<LEVEL>>`` and ``<<quoted>>`` stand for the parts in `PARTS`.
``time``
    Form of its times, see `postmortem_nb.evidence.clock.FORMS`.
``zone``
    ``written`` (each time has its offset), ``declared`` (none has: a zone must be declared) or ``either``.
``rank``
    How specific it is: of two formats that read equally many lines, the higher one wins.
``detect``
    False for a format that is only read when it is named.
``start``
    How a line begins that can only be a record. Given, other lines that cannot be read continue the record before them.
``level_from``
    Where a missing level comes from: ``status``, ``pri`` or ``message``.
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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from postmortem_nb.errors import SettingError, near
from postmortem_nb.evidence import abbreviations
from postmortem_nb.evidence.account import Unreadable
from postmortem_nb.evidence.levels import ANY, UPPER
from postmortem_nb.evidence.parsers import PARSERS, Parser

LOOK_AT = 200  # lines from which a format is told
SHOWN = 3  # lines shown when none can be

PARTS = {
    "iso": (
        r"\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?"
        r"(?:[ ]?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}(?!\d))"
        rf"|[ ](?:{abbreviations.PATTERN})(?![\w.-]))?"
    ),
    "level": ANY,
    "LEVEL": UPPER,
    "quoted": r'[^"\\]*(?:\\.[^"\\]*)*',
}


@dataclass(frozen=True)
class Format:
    """One log format: how a line is taken apart, and what its parts mean."""

    name: str
    title: str
    parse: Parser
    fields: tuple[str, ...]
    time: str
    zone: str
    rank: int
    detect: bool = True
    start: re.Pattern[str] | None = None
    level_from: str = ""
    seconds_per: float = 1.0
    levels: Mapping[str, str] = field(default_factory=dict)
    match: tuple[Mapping[str, Any], ...] = ()
    reject: tuple[Mapping[str, Any], ...] = ()

    def continues(self, line: str) -> bool:
        """Whether a line that cannot be read belongs to the record before it."""
        return self.start is not None and not self.start.match(line)


@cache
def all_formats() -> dict[str, Format]:
    """Return every format by name, the most specific first."""
    found = [
        _format(entry.name.removesuffix(".toml"), tomllib.loads(entry.read_text(encoding="utf-8")))
        for entry in files(__name__).iterdir()
        if entry.name.endswith(".toml")
    ]
    return {f.name: f for f in sorted(found, key=lambda f: (-f.rank, f.name))}


def named(name: str, where: str = "format") -> Format:
    """Return a format by its name.

    Raises
    ------
    SettingError
        If there is none; offers near names.
    """
    known = all_formats()
    if name not in known:
        raise SettingError(f"{where}: there is no log format {name!r}. {near(name, [*known, 'csv'])}")
    return known[name]


def choose(lines: Sequence[str], file: str) -> Format:
    """Return the format that reads most of the first lines; of equals, the more specific one.

    Raises
    ------
    Unreadable
        If none reads any, or two that are equally specific read equally many; shows the first lines.
    """
    looked = [line for line in lines if line and not line.isspace()][:LOOK_AT]
    scores = [
        (sum(form.parse(line) is not None for line in looked), form.rank, form)
        for form in all_formats().values()
        if form.detect
    ]
    best = max(score[:2] for score in scores)
    winners = [form for *score, form in scores if tuple(score) == best]
    if best[0] and len(winners) == 1:
        return winners[0]
    begins = "\n".join(f"  {line[:120]}" for line in looked[:SHOWN])
    names = " and ".join(form.name for form in winners)
    why = f"{names} read it equally well" if best[0] else "no known log format reads any of its first lines"
    raise Unreadable(
        f"{file}: {why}. Name one in its [[evidence]] entry (`format`): {', '.join(all_formats())}, or csv with "
        f"`columns`. It begins:\n{begins}"
    )


def _format(name: str, raw: dict[str, Any]) -> Format:
    if "pattern" in raw:
        parse, fields = _pattern(raw["pattern"])
    else:
        parse = PARSERS[raw["parser"]](raw["keys"], raw.get("required", ()))
        fields = tuple(raw["keys"])
    start = raw.get("start")
    return Format(
        name=name,
        title=raw["title"],
        parse=parse,
        fields=fields,
        time=raw["time"],
        zone=raw["zone"],
        rank=raw["rank"],
        detect=raw.get("detect", True),
        start=re.compile(_filled(start)) if start else None,
        level_from=raw.get("level_from", ""),
        seconds_per=raw.get("seconds_per", 1.0),
        levels={word.lower(): level for word, level in raw.get("levels", {}).items()},
        match=tuple(raw.get("match", ())),
        reject=tuple(raw.get("reject", ())),
    )


def _pattern(text: str) -> tuple[Parser, tuple[str, ...]]:
    """Compile a pattern; its fields are its named groups in order."""
    pattern = re.compile(_filled(text), re.VERBOSE | re.ASCII)
    fields = tuple(pattern.groupindex)
    if pattern.groups != len(fields):
        raise ValueError(f"every group of a log pattern has a name or is (?:…): {text}")
    fullmatch = pattern.fullmatch

    def parse(line: str) -> tuple[str | None, ...] | None:
        found = fullmatch(line)
        return found.groups() if found else None

    return parse, fields


def _filled(text: str) -> str:
    for name, part in PARTS.items():
        text = text.replace(f"<<{name}>>", part)
    return text
