"""A first ``narrative.md``, written from claims, timeline and findings by rule: the same evidence gives the same words.

Every number is a claim, so a draft stays true when the evidence grows. What nobody has written down is left open and
says so ("To be written"), and what is not known is called unknown.
"""

from __future__ import annotations

from postmortem_nb.analysis import Analysis
from postmortem_nb.drafting import cause, measures, noticing, opening, story
from postmortem_nb.drafting.piece import Piece
from postmortem_nb.language.form import AIM, count_words

__all__ = ["AIM", "count_words", "draft"]

PARTS = {
    "Summary": opening.summary,
    "Impact": opening.impact,
    "Detection": noticing.detection,
    "Timeline": story.timeline,
    "Misleading paths": story.paths,
    "Root cause": cause.root_cause,
    "Resolution": cause.resolution,
    "Lessons": measures.lessons,
    "Corrective and preventative measures": measures.measures,
    "Open questions": measures.open_questions,
}


def draft(analysis: Analysis) -> str:
    """Return a first narrative of an incident.

    Parameters
    ----------
    analysis : Analysis
        What is declared in it is told in its own words, what is computed by the names of claims.

    Returns
    -------
    str
        Markdown for ``narrative.md``: a ``##`` heading for each part that has something to tell or to leave open. What
        matters least is left out as long as there are more than 600 words; an incident of which little is known has
        fewer than 400.
    """
    parts = {heading: list(write(analysis)) for heading, write in PARTS.items()}
    spare = [(p.rank, n, heading, p) for n, (heading, pieces) in enumerate(parts.items()) for p in pieces if p.rank > 1]
    spare.sort(key=lambda s: s[:2])
    while spare and count_words(_written(parts)) > AIM[1]:
        *_, heading, piece = spare.pop()
        parts[heading].remove(piece)
    return _written(parts)


def _written(parts: dict[str, list[Piece]]) -> str:
    """Join the pieces of each part: sentences to paragraphs, where a piece does not begin one of its own."""
    blocks = []
    for heading, pieces in parts.items():
        if not pieces:
            continue
        text = pieces[0].text
        for piece in pieces[1:]:
            text += f"\n\n{piece.text}" if piece.begins else f" {piece.text}"
        blocks.append(f"## {heading}\n\n{text}\n")
    return "\n".join(blocks)
