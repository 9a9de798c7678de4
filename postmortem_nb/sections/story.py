"""The sections that people write: cause, factors, lessons, measures, open questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from postmortem_nb.incident import Action
from postmortem_nb.sections.blocks import Section, prose, subheading, todo
from postmortem_nb.sections.meeting import facilitator_questions, five_whys
from postmortem_nb.sections.replayed import replayed
from postmortem_nb.tables import Safe, bullets, clock, definitions, escape, table

if TYPE_CHECKING:
    from postmortem_nb.sections import Postmortem

KINDS = {"prevent": "Prevent", "detect": "Detect sooner", "mitigate": "Mitigate faster", "process": "Process"}


def cause(post: Postmortem) -> Section:
    """Return the root cause and the resolution in detail; the trigger is kept apart."""
    facts = post.incident.facts
    return Section.of(
        "Root cause and resolution",
        definitions([("Cause", facts.cause), ("Trigger", facts.trigger)]) or None,
        subheading("Root cause"),
        prose(post, "Root cause") or todo("The root cause in detail"),
        subheading("Resolution"),
        prose(post, "Resolution") or todo("The resolution in detail"),
        *five_whys(post),
    )


def factors(post: Postmortem) -> Section:
    """Return what contributed; several by habit."""
    listed = post.incident.facts.factors
    return Section.of("Contributing factors", prose(post, "Contributing factors"), bullets(listed) if listed else None)


def lessons(post: Postmortem) -> Section:
    """Return what went well, what went badly, where we were lucky."""
    lessons = post.incident.facts.lessons
    blocks: list[object] = [prose(post, "Lessons")]
    for heading, items in (
        ("What went well", lessons.well),
        ("What went badly", lessons.badly),
        ("Where we were lucky", lessons.lucky),
    ):
        if items:
            blocks += [subheading(heading), bullets(items)]
    return Section.of("Lessons", *blocks)


def actions(post: Postmortem) -> Section:
    """Return the measures by kind, as tasks with owner, date and the check that proves them done."""
    listed = post.incident.facts.actions
    order = list(KINDS)
    rows = [
        (
            a.text,
            KINDS[a.kind],
            a.owner or "no owner",
            clock(str(a.due or "no date")),
            a.priority,
            a.status,
            a.check,
            _link(a),
        )
        for a in sorted(listed, key=lambda a: order.index(a.kind))
    ]
    columns = ["Task", "Kind", "Owner", "Due", "Priority", "Status", "Done when", "Link"]
    unused = {
        i for i, c in enumerate(columns) if c in ("Priority", "Done when", "Link") and not any(r[i] for r in rows)
    }
    kept = [[v for i, v in enumerate(row) if i not in unused] for row in rows]
    names = [c for i, c in enumerate(columns) if i not in unused]
    return Section.of(
        "Corrective and preventative measures",
        prose(post, "Corrective and preventative measures"),
        table(names, kept, "Action items") if rows else None,
        *replayed(post),
    )


def _link(action: Action) -> Safe | str:
    if action.link.startswith(("https://", "http://")):
        return Safe(f'<a href="{escape(action.link)}">ticket</a>')
    return action.link


def questions(post: Postmortem) -> Section:
    """Return what is still open."""
    listed = post.incident.facts.questions
    return Section.of(
        "Open questions",
        prose(post, "Open questions"),
        bullets(listed) if listed else None,
        *facilitator_questions(post),
    )
