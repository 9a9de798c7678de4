"""The blog post: the form in which stories of incidents are published and read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from postmortem_nb.analysis import Analysis
from postmortem_nb.drafting.piece import is_known
from postmortem_nb.forms.material import brief, common, passages, spelled
from postmortem_nb.forms.templates import Prose
from postmortem_nb.wording import NUMBERS, sentence

SHORTEST, LONGEST = 400, 600  # words of all that is read below the title: headings, captions and notes too
NOTE = 7  # words with which the template introduces the note on synthetic telemetry
MEASURES = "Corrective and preventative measures"
# Heading in the post, heading in the narrative, in reading order; the number says which goes in first.
PARTS = (
    ("", "Summary", 1),
    ("What broke", "Impact", 4),
    ("How it was noticed", "Detection", 5),
    ("The wrong turns", "Misleading paths", 6),
    ("What was really wrong", "Root cause", 2),
    ("How it ended", "Resolution", 3),
    ("What it taught us", "Lessons", 7),
    ("What changes now", MEASURES, 8),
)


def material(analysis: Analysis, status: str) -> dict[str, Any]:
    """Return what the post is made of: a headline, and as many whole paragraphs as 600 words hold."""
    shared = common(analysis, status, headline(analysis))
    caption = f"{sentence(analysis.signal.name)} Shaded: the measured impact." if analysis.signal else ""
    around = [caption, shared["notice"], shared["synthetic"]]
    room = LONGEST - sum(len(text.split()) for text in around) - (NOTE if shared["synthetic"] else 0)
    return {**shared, "parts": _chosen(_prose(analysis), room), "caption": caption}


def _prose(analysis: Analysis) -> dict[str, Prose]:
    """Return what people wrote, and of the draft the measures, or all that it has where people wrote too little."""
    written, drafted = passages(analysis, drafted=False), passages(analysis)
    words = sum(len(written[source].split()) for _, source, _ in PARTS if source in written)
    return drafted if words < SHORTEST else {h: p for h, p in drafted.items() if h in written or h == MEASURES}


def headline(analysis: Analysis) -> str:
    """Return the declared headline, else what broke with how long it took and how many wrong turns there were."""
    facts = analysis.incident.facts
    if facts.headline:
        return facts.headline
    what = sentence(facts.title.rpartition(": ")[2]).rstrip(".")
    what = what[:1].upper() + what[1:]
    if facts.open:
        return f"Not over yet: {what[:1].lower() + what[1:] if what[1:2].islower() else what}"
    claims = analysis.claims
    span = claims["impact_time"] if analysis.windows else claims["time_to_recover"]
    length = spelled(brief(span)) if is_known(span) else ""
    wrong = sum(h.verdict == "refuted" for h in facts.hypotheses)
    turns = f"{NUMBERS[wrong] if wrong < len(NUMBERS) else wrong} wrong {'turn' if wrong == 1 else 'turns'}"
    if length and wrong:
        return f"{what}: {length} and {turns}"
    return f"{what}: the story of {length}" if length else f"{what}: a story with {turns}" if wrong else what


def _chosen(prose: Mapping[str, str], room: int) -> list[dict[str, Any]]:
    """Return the parts with as many paragraphs as fit: the first of each in order of weight, then the second ones.

    ``room`` is how many words there may be, with the headings.
    """
    heads = {source: len(heading.split()) for heading, source, _ in PARTS}
    blocks = {source: _paragraphs(prose[source]) for _, source, _ in PARTS if source in prose}
    taken, words = dict.fromkeys(blocks, 0), 0
    order = [source for _, source, _ in sorted(PARTS, key=lambda part: part[2]) if source in blocks]
    for depth in range(max(map(len, blocks.values()), default=0)):
        for source in order:
            if taken[source] != depth or depth >= len(blocks[source]):
                continue
            more = len(blocks[source][depth].split()) + (heads[source] if depth == 0 else 0)
            if words + more <= room:
                taken[source], words = depth + 1, words + more
    return [
        {"heading": heading, "text": Prose("\n\n".join(blocks[source][: taken[source]]))}
        for heading, source, _ in PARTS
        if taken.get(source)
    ]


def _paragraphs(text: str) -> list[str]:
    """Split Markdown at empty lines outside of fenced code."""
    parts = re.split(r"(^ {0,3}(?:```|~~~).*?^ {0,3}(?:```|~~~) *$)|\n[ \t]*\n", text, flags=re.DOTALL | re.MULTILINE)
    return [part.strip("\n") for part in parts if part and part.strip()]
