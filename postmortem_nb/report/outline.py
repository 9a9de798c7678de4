"""Puts cleaned markup in order: one title, no skipped heading, stable ids, links that lead somewhere."""

from __future__ import annotations

import html
import itertools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from urllib.parse import unquote

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
VOID = ("br", "hr", "wbr", "img", "col")
RESERVED = ("main", "contents")
Edit = tuple[int, int, str]  # from, to, new text


@dataclass(frozen=True)
class Entry:
    """One line of the contents list."""

    level: int
    id: str
    text: str


@dataclass(frozen=True)
class Page:
    """A body that is ready to be shown.

    Parameters
    ----------
    title : str
        Text of the one ``h1``; empty if there was none.
    lead : str
        Text of the header card's first sentence; empty if there was none.
    contents : tuple of Entry
        Headings of the second and third level, in order.
    body : str
        Markup.
    """

    title: str
    lead: str
    contents: tuple[Entry, ...]
    body: str


def arrange(body: str) -> Page:
    """Return the page of a cleaned body.

    The title is the header card's ``h1``, else the first one; any other becomes an ``h2``. Ids of headings come
    from their words, so a link to one stays good from run to run.
    """
    reader = _Reader(body)
    worded = [h for h in reader.headings if h.text]
    headings = _named(_levelled(worded), reader.ids | set(RESERVED))
    known = {h.id for h in headings} | reader.ids | set(RESERVED)
    edits = list(reader.edits)
    for heading in headings:
        edits.append((heading.start, heading.start + 3, f'<h{heading.level} id="{heading.id}"'))
        edits.append((heading.end, heading.end + 5, f"</h{heading.level}>"))
    for empty in (h for h in reader.headings if not h.text):  # it would be read out as a heading of nothing
        edits += [(empty.start, empty.start + 3, "<p"), (empty.end, empty.end + 5, "</p>")]
    edits += [(start, end, _link(target, known)) for start, end, target in reader.links]
    title = next((h.text for h in headings if h.level == 1), "")
    contents = tuple(Entry(h.level, h.id, h.text) for h in headings if h.level in (2, 3) and h.listed)
    return Page(title, reader.lead, contents, _edited(body, edits))


def slug_of(text: str) -> str:
    """Return the id of a heading.

    >>> slug_of("What changed in the logs?")
    'what-changed-in-the-logs'
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]+", "-", folded).strip("-")[:60].strip("-") or "section"


@dataclass(frozen=True)
class _Heading:
    level: int
    start: int
    end: int
    text: str
    in_card: bool
    listed: bool
    id: str = ""


def _levelled(headings: list[_Heading]) -> Iterable[_Heading]:
    firsts = [h for h in headings if h.level == 1]
    title = next((h for h in firsts if h.in_card), firsts[0] if firsts else None)
    before = 1
    for heading in headings:
        level = 1 if heading is title else min(max(heading.level, 2), before + 1)
        before = level
        yield replace(heading, level=level)


def _named(headings: Iterable[_Heading], taken: set[str]) -> list[_Heading]:
    named = []
    for heading in headings:
        slug = slug_of(heading.text)
        numbered = itertools.chain([slug], (f"{slug}-{n}" for n in itertools.count(2)))
        free = next(s for s in numbered if s not in taken)
        taken.add(free)
        named.append(replace(heading, id=free))
    return named


def _link(target: str, known: set[str]) -> str:
    """Return the attribute for a place on this page; JupyterLab's names have capitals, so forgive those."""
    target = target if target in known else slug_of(unquote(target))
    return f' href="#{target}"' if target in known else ""


def _edited(body: str, edits: list[Edit]) -> str:
    pieces, place = [], 0
    for start, end, new in sorted(edits):
        pieces += [body[place:start], new]
        place = end
    return "".join([*pieces, body[place:]])


class _Reader(HTMLParser):
    """Walks through cleaned markup and notes, by position, what is to change; all else stays as it is."""

    def __init__(self, body: str) -> None:
        super().__init__(convert_charrefs=True)
        self.headings: list[_Heading] = []
        self.ids: set[str] = set()
        self.links: list[Edit] = []
        self.edits: list[Edit] = []
        self.lead = ""
        self._open: list[tuple[str, str, int, list[str]]] = []  # tag, class, start, its text so far
        self._lines = [0, *itertools.accumulate(len(line) + 1 for line in body.split("\n"))]
        self.feed(body)
        self.close()

    def _place(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note ids and links; open an element."""
        values, start, raw = dict(attrs), self._place(), self.get_starttag_text() or ""
        if (name := values.get("id")) is not None:
            if name in self.ids:
                self._note(start, raw, r' id="[^"]*"')
            self.ids.add(name)
        if tag == "a" and (target := values.get("href") or "").startswith("#"):
            found = re.search(r' href="[^"]*"', raw)
            if found:
                self.links.append((start + found.start(), start + found.end(), target[1:]))
        if tag == "img":
            self._picture(start, raw, values)
        if tag not in VOID:
            self._open.append((tag, values.get("class") or "", start, []))

    def handle_data(self, data: str) -> None:
        """Add text to every open element that wants it."""
        for tag, kind, _, text in self._open:
            if tag in HEADINGS or "pnb-lead" in kind:
                text.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Close an element; a heading or a lead is complete."""
        while self._open:
            name, kind, start, words = self._open.pop()
            text = " ".join("".join(words).split())
            if name in HEADINGS:
                in_card = any("pnb-card" in k.split() for _, k, _, _ in self._open)
                folded = any(t == "details" for t, _, _, _ in self._open)
                level = HEADINGS.index(name) + 1
                listed = not in_card and not folded
                self.headings.append(_Heading(level, start, self._place(), text, in_card, listed))
            elif "pnb-lead" in kind.split() and not self.lead:
                self.lead = text
            if name == tag:
                return

    def _note(self, start: int, raw: str, pattern: str) -> None:
        found = re.search(pattern, raw)
        if found:
            self.edits.append((start + found.start(), start + found.end(), ""))

    def _picture(self, start: int, raw: str, values: dict[str, str | None]) -> None:
        """A picture from elsewhere was cut off by the cleaning: say so. One without words is decoration."""
        if "src" not in values:
            words = html.escape(values.get("alt") or "no description")
            self.edits.append(
                (start, start + len(raw), f'<span class="pnb-missing">[picture not included: {words}]</span>')
            )
        elif "alt" not in values:
            self.edits.append((start + 4, start + 4, ' alt=""'))
