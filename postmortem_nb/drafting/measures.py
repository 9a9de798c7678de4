"""The measures in a sentence each, and what is still open."""

from __future__ import annotations

from collections.abc import Iterator

from postmortem_nb.analysis import Analysis
from postmortem_nb.analysis.moments import NAMES
from postmortem_nb.drafting.piece import Piece, gap, told
from postmortem_nb.incident import Action
from postmortem_nb.wording import listed

AIMS = {
    "prevent": "To keep it from happening again",
    "detect": "To notice sooner",
    "mitigate": "To end it sooner",
    "process": "In how we work",
}


def measures(analysis: Analysis) -> Iterator[Piece]:
    """Yield what will be done, by aim, and what is missing to make tasks of it."""
    actions = analysis.incident.facts.actions
    wanted = [a for a in actions if a.status != "rejected"]
    for aim, text in AIMS.items():
        tasks = [_task(a) for a in wanted if a.kind == aim]
        if tasks:
            yield Piece(f"**{text}:** {' '.join(tasks)}", begins=True)
    refused = [told(a.text) for a in actions if a.status == "rejected"]
    if refused:
        yield Piece(f"**Decided against:** {' '.join(refused)}", rank=2, begins=True)
    bare = [a for a in wanted if a.status == "open" and not (a.owner and a.due)]
    if bare:
        yield Piece("Not every task has an owner and a date yet.", begins=True)
    if not wanted:
        yield Piece("No measure is recorded yet.")
        yield gap("what will prevent it, what would show it sooner, and what would end it sooner")


def lessons(analysis: Analysis) -> Iterator[Piece]:
    """Yield what went well, what went badly, and where luck helped."""
    lessons = analysis.incident.facts.lessons
    for text, items in (
        ("What went well", lessons.well),
        ("What went badly", lessons.badly),
        ("Where we were lucky", lessons.lucky),
    ):
        if items:
            yield Piece(f"**{text}:** {' '.join(told(item) for item in items)}", rank=3, begins=True)


def _task(action: Action) -> str:
    return f"{told(action.text)}{' This is done.' if action.status == 'done' else ''}"


def open_questions(analysis: Analysis) -> Iterator[Piece]:
    """Yield where declared and recorded times disagree, and what people still ask."""
    odd = dict.fromkeys(NAMES[c.moment] for c in analysis.comparison if c.verdict == "contradicts" and not c.version)
    if odd:
        yield Piece(
            f"Declared and recorded times disagree on {listed(f'“{name}”' for name in odd)}; which of the two is right "
            "has to be settled."
        )
    if not len(analysis.incident.files):
        yield Piece("There is no evidence beside what people declared, so no time in this report was measured.")
    for question in analysis.incident.facts.questions:
        yield Piece(told(question), rank=3)
