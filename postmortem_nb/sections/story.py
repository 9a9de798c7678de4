"""The sections that people write: cause, factors, lessons, measures, open questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from postmortem_nb.analysis.alertclaims import claim_names, rule_of
from postmortem_nb.analysis.replays import Replay
from postmortem_nb.incident import Action, AlertRule
from postmortem_nb.sections.blocks import Section, paragraph, prose, subheading, todo
from postmortem_nb.tables import Safe, bullets, clock, definitions, escape, measured, more, table

if TYPE_CHECKING:
    from postmortem_nb.sections import Postmortem

REPLAYED = (
    "The proposed alerting rules, replayed over the record. The gain is the time from the first firing to the measured "
    "detection; notification takes its own time on top. Bounds are those of an unknown phase of evaluation."
)
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
        *_replays(post),
    )


def _replays(post: Postmortem) -> Iterator[Safe]:
    """Yield what the proposed alerting rules would have done, the rules themselves, and what to bear in mind."""
    replays, claims = post.analysis.replays, post.analysis.claims
    if not replays:
        return
    wanted = {id(r): a.text for a in post.incident.facts.actions if (r := rule_of(a, replays)) is not None}
    names = claim_names(replays)
    rows = [
        (
            Safe(f'<a href="#claim-{name}.fired">{escape(r.rule.alert)}</a>'),
            wanted.get(id(r), "no action names it"),
            r.answer,
            measured(claims[f"{name}.time_to_detect"].text),
            measured(claims[f"{name}.gain"].text),
            _a_day(r, claims[f"{name}.baseline"].text),
            r.evaluated_by or "nobody",
        )
        for name, r in zip(names, replays, strict=True)
    ]
    yield Safe(str(paragraph(REPLAYED)))
    columns = ["Rule", "Proposed by", "Replayed", "Time to detect with it", "Gain", "Without impact", "Evaluated by"]
    yield table(columns, rows, "Alert replay", numeric=("Time to detect with it", "Gain"))
    notes = [f"{r.rule.alert}: {note}" for r in replays for note in r.notes]
    if notes:
        yield bullets(notes)
    texts = [
        Safe(f"{escape(r.rule.alert)} ({escape(r.rule.file)})<pre>{escape(_as_written(r.rule))}</pre>") for r in replays
    ]
    yield more("The rules", bullets(texts))


def _a_day(replay: Replay, text: str) -> str:
    rate = replay.per_day
    return text if rate is None else f"{text}; {rate[0]:.2g} a day (90 %: {rate[1]:.2g}–{rate[2]:.2g})"


def _as_written(rule: AlertRule) -> str:
    keep = f"\nkeep_firing_for: {rule.keep_firing_for}" if rule.keep_firing_for != "0s" else ""
    return f"expr: {rule.expr.strip()}\nfor: {rule.hold}{keep}\nevery: {rule.interval}"


def _link(action: Action) -> Safe | str:
    if action.link.startswith(("https://", "http://")):
        return Safe(f'<a href="{escape(action.link)}">ticket</a>')
    return action.link


def questions(post: Postmortem) -> Section:
    """Return what is still open."""
    listed = post.incident.facts.questions
    return Section.of("Open questions", prose(post, "Open questions"), bullets(listed) if listed else None)
