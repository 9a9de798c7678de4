"""The prose of a postmortem with its lines: paragraphs of ``narrative.md``, sentences of ``incident.toml``."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import BaseModel

from postmortem_nb.incident import Incident
from postmortem_nb.incident.origin import Place

NARRATIVE, FACTS = "narrative.md", "incident.toml"
HOLE = "¤"  # stands for a claim: a word that is none
# Comments, code, claims, addresses and tags are no prose. Repetitions are bounded, so that all is linear.
_FENCED = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1[^\n]*$|\Z)", re.DOTALL | re.MULTILINE)
_CLAIM = re.compile(r"\{\{[^{}]{0,200}\}\}")
_UNREAD = re.compile(r"(?<!\\)`[^`\n]{0,500}`|https?://[^\s)>\]]+|<[a-zA-Z/][^<>\n]{0,500}>|\]\([^()\s]{0,500}\)")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s|\s*[#|]")
# In reading order. Of a row, the texts that people wrote as sentences.
PLAIN = ("title", "summary", "affected", "impact", "cause", "trigger")
ROWS = {
    "timeline": ("text",),
    "hypotheses": ("text", "raised_by", "refuted_by"),
    "factors": (),
    "lessons": ("well", "badly", "lucky"),
    "actions": ("text", "check"),
    "decisions": ("text", "why"),
    "questions": (),
}


@dataclass(frozen=True)
class Prose:
    """One text and where it stands.

    Parameters
    ----------
    kind : {"narrative", "quote", "heading", "fact", "action", "said"}
        A quote is a block quotation of the narrative; what was said to the public stands as it was said.
    text : str
        Without comments, code and claims, all other characters at their place.
    file : str
    line : int
        Line of its first character.
    key : str
        Key in ``incident.toml``, such as ``summary``.
    source : tuple of str
        Lines of ``incident.toml`` from `line` on, in which its words may stand further below.
    """

    kind: str
    text: str
    file: str
    line: int
    key: str = ""
    source: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def _ends(self) -> list[int]:
        """Where its lines end."""
        return [m.start() for m in re.finditer("\n", self.text)]

    def where(self, start: int = 0, end: int | None = None) -> str:
        """Return file and line of some of its characters."""
        if self.file == NARRATIVE:
            return f"{self.file}:{self.line + bisect_right(self._ends, start - 1)}"
        words = self.text[start:end].split("\n")[0]
        below = next((n for n, line in enumerate(self.source) if words in line), 0)
        return f"{self.file}:{self.line + below}" if self.line else f"{self.file}: {self.key}"


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that stand together, with the number of the first of them."""
    block: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def proses(incident: Incident) -> tuple[Prose, ...]:
    """Return every text of an incident that people wrote as prose, facts first, in reading order."""
    return (*_facts(incident), *paragraphs(incident.narrative))


def readable(text: str) -> str:
    """Return a narrative with comments, code, addresses and tags as spaces, and claims as one sign."""
    text = _FENCED.sub(_blank, _without_comments(text))
    text = _CLAIM.sub(lambda m: HOLE + _blank(m)[1:], text)
    return _UNREAD.sub(_blank, text)


def _without_comments(text: str) -> str:
    """Blank comments; one that is not closed hides nothing."""
    parts, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        parts += [text[at:start], "".join("\n" if c == "\n" else " " for c in text[start : end + 3])]
        at = end + 3
    return "".join([*parts, text[at:]])


def _blank(match: re.Match[str]) -> str:
    return "".join("\n" if c == "\n" else " " for c in match[0])


def paragraphs(narrative: str) -> Iterator[Prose]:
    """Yield headings, paragraphs and items of lists of a narrative."""
    text = readable(narrative)
    for line, block in _blocks(text):
        yield from _pieces(block, line)


def _pieces(lines: list[str], line: int) -> Iterator[Prose]:
    """Part a block where an item of a list, a heading or a row of a table begins."""
    first = 0
    for n in range(1, len(lines) + 1):
        if n == len(lines) or _ITEM.match(lines[n]) or (_ITEM.match(lines[n - 1]) and lines[n - 1].lstrip()[:1] == "#"):
            part = lines[first:n]
            begin = part[0].lstrip()[:1]
            kind = "heading" if begin == "#" else "quote" if begin == ">" else "narrative"
            yield Prose(kind, "\n".join(part), NARRATIVE, line + first)
            first = n


def _facts(incident: Incident) -> Iterator[Prose]:
    lines = tuple(incident.origin.text.split("\n"))

    def prose(kind: str, text: str, place: Place) -> Iterator[Prose]:
        if text:
            first = incident.origin.line(*place) or 0
            begin = text[:40].split("\n")[0]
            below = next((n for n, line in enumerate(lines[max(first - 1, 0) :]) if begin in line), 0) if first else 0
            at = first + below
            key = "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in place).lstrip(".")
            yield Prose(kind, _UNREAD.sub(_blank, text), FACTS, at, key, lines[at - 1 : at + 30] if at else ())

    facts = incident.facts
    for name in PLAIN:
        yield from prose("fact", getattr(facts, name), (name,))
    for name, keys in ROWS.items():
        held = getattr(facts, name)
        for n, row in enumerate(held if isinstance(held, list) else [held]):
            if isinstance(row, str):
                yield from prose("fact", row, (name, n))
                continue
            place: Place = (name, n) if isinstance(held, list) else (name,)
            for key in keys:
                values = getattr(row, key)
                for text in values if isinstance(values, list) else [values]:
                    yield from prose(_kind(name, row), text, (*place, key))


def _kind(name: str, row: BaseModel) -> str:
    if name == "actions":
        return "action"
    return "said" if getattr(row, "kind", "") == "communication" else "fact"
