"""The sections that people write: cause, factors, lessons, measures, open questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from postmortem_nb.analysis.alertclaims import claim_names, rule_of
from postmortem_nb.incident import Action
from postmortem_nb.sections.blocks import Section, prose, subheading, todo
from postmortem_nb.sections.meeting import facilitator_questions, five_whys
from postmortem_nb.sections.replayed import replayed
from postmortem_nb.tables import Safe, bullets, clock, definitions, escape, measured, table

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
            _proof(a),
            _gain(post, a),
            _link(a),
        )
        for a in sorted(listed, key=lambda a: order.index(a.kind))
    ]
    columns = ["Task", "Kind", "Owner", "Due", "Priority", "Status", "Done when", "Gain", "Link"]
    unused = {
        i
        for i, c in enumerate(columns)
        if c in ("Priority", "Done when", "Gain", "Link") and not any(r[i] for r in rows)
    }
    kept = [[v for i, v in enumerate(row) if i not in unused] for row in rows]
    names = [c for i, c in enumerate(columns) if i not in unused]
    return Section.of(
        "Corrective and preventative measures",
        prose(post, "Corrective and preventative measures"),
        table(names, kept, "Action items") if rows else None,
        *replayed(post),
        *_decisions(post),
    )


def _proof(action: Action) -> Safe:
    """Return what proves a task done; a command is text and nothing else."""
    target = f"Target: {action.target}" if action.target else ""
    alert = f"Alert {action.alert or action.rule}, replayed below" if action.rule else ""
    parts = [escape(x) for x in (action.check, target, alert) if x]
    return Safe("<br>".join([*parts, *([f"<code>{escape(action.command)}</code>"] if action.command else [])]))


def _gain(post: Postmortem, action: Action) -> Safe | str:
    """Return how much sooner the rule of a task fires than the incident was detected."""
    replays = post.analysis.replays
    named = dict(zip(map(id, replays), claim_names(replays), strict=True))
    replay = rule_of(action, replays)
    return measured(post.analysis.claims[f"{named[id(replay)]}.gain"].text) if replay is not None else ""


def _decisions(post: Postmortem) -> list[object]:
    """Return what will not be done, and why."""
    listed = post.incident.facts.decisions
    if not listed:
        return []
    rows = [(d.text, d.why, d.who or "not recorded", clock(str(d.revisit or "no date"))) for d in listed]
    return [
        subheading("Decided not to do"),
        table(("Decision", "Why", "Who decided", "Look again"), rows, "Decisions not to act"),
    ]


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
