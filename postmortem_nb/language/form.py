"""The form of the narrative: sections, length, sentences."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence

from postmortem_nb.findings import Finding
from postmortem_nb.incident import Facts
from postmortem_nb.language.texts import HOLE, Prose, paragraphs

NEEDED = ("Summary", "Impact", "Detection", "Root cause", "Resolution")
AIM = (400, 600)  # words
LONG = 45  # words of a sentence
_HEADING = re.compile(r"\s*##(?!#)\s*(.*)")
_SENTENCE = re.compile(r"(?<=[.!?])[”\")\]]?\s+(?=[“\"(\[]?[A-Z¤])")


def form_findings(facts: Facts, proses: Sequence[Prose]) -> Iterator[Finding]:
    """Yield sections that are missing, a length away from the aim, and sentences that are too long.

    A narrative that is not begun has no form; that it is missing is said elsewhere.
    """
    written = [prose for prose in proses if prose.file == "narrative.md"]
    told = [prose for prose in written if prose.kind != "heading"]
    if not told:
        return
    yield from _missing(facts, written)
    yield from _length(_words(told))
    for prose in told:
        yield from _long(prose)


def count_words(narrative: str) -> int:
    """Return the number of words of a narrative; a claim counts as one, headings, comments and marks as none."""
    return _words(prose for prose in paragraphs(narrative) if prose.kind != "heading")


def _words(told: Iterable[Prose]) -> int:
    return sum(any(c.isalnum() or c == HOLE for c in word) for prose in told for word in prose.text.split())


def _missing(facts: Facts, written: Sequence[Prose]) -> Iterator[Finding]:
    """A passage that holds no text is missing too; a draft may have holes."""
    filled: dict[str, str] = {}
    heading = where = ""
    for prose in written:
        if prose.kind == "heading" and (match := _HEADING.match(prose.text)):
            heading, where = match[1].strip(), prose.where()
        elif heading:
            filled.setdefault(heading, where)
    for name in NEEDED:
        if name in filled:
            continue
        near = difflib.get_close_matches(name, [h for h in filled if h not in NEEDED], n=1, cutoff=0.75)
        said = f" “{near[0]}” ({filled[near[0]]}) is near to it." if near else ""
        severity = "note" if facts.status == "draft" else "warning"
        text = f"there is no passage “{name}”.{said}"
        yield Finding("missing-section", severity, "narrative.md", text, f"Write it under ## {name}.")
    if facts.status != "draft" and not facts.actions and not facts.decisions:
        text = "no action item is declared, and no decision not to act."
        fix = "Add [[actions]], or say in [[decisions]] what will not be done and why."
        yield Finding("no-actions", "warning", "incident.toml", text, fix)


def _length(words: int) -> Iterator[Finding]:
    if not AIM[0] <= words <= AIM[1]:
        fix = "Tell what is missing." if words < AIM[0] else "Move detail into facts, timeline and evidence."
        text = f"the narrative has {words:,} words; the aim is {AIM[0]} to {AIM[1]}."
        yield Finding("length", "note", "narrative.md", text, fix)


def _long(prose: Prose) -> Iterator[Finding]:
    at = 0
    for end in [*(m.start() for m in _SENTENCE.finditer(prose.text)), len(prose.text)]:
        words = prose.text[at:end].split()
        if len(words) > LONG:
            begin = at + len(prose.text[at:end]) - len(prose.text[at:end].lstrip())
            text = f"a sentence has {len(words):,} words: “{' '.join(words[:6])[:200]} …”."
            yield Finding(
                "long-sentence", "note", prose.where(begin), text, f"Part it; up to {LONG} words are read easily."
            )
        at = end
