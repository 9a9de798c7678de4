"""The document as such: what is missing in it, and numbers that are typed into its prose."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from postmortem_nb.analysis.prose import narrative_lines
from postmortem_nb.findings import Finding
from postmortem_nb.incident import MILESTONES, Incident

A_DAY = dt.timedelta(days=1)  # a local date may be a day behind that of UTC
_TYPED = re.compile(
    r"\b\d{1,2}:\d{2}\b|\b\d[\d.,]*\s?(?:%|percent\b|(?:seconds?|minutes?|min|hours?|requests?|users?|customers?)\b)"
)


def document_findings(incident: Incident) -> Iterator[Finding]:
    """Yield what is missing or weak in the document."""
    for check in (_actions, _due, _openness, _narrative, _typed_numbers):
        yield from check(incident)


def _due(incident: Incident) -> Iterator[Finding]:
    """An open task cannot have been due before the incident that it follows from."""
    began = incident.facts.milestones.get("started").lo or incident.facts.milestones.get("detected").lo
    for action in incident.facts.actions:
        if action.status == "open" and action.due and began is not None and action.due < began.date() - A_DAY:
            text = f"“{action.text}” is due on {action.due}, before the incident began ({began:%Y-%m-%d})."
            yield Finding("due-before", "warning", "incident.toml: actions", text, "Check the year of its due date.")


def _actions(incident: Incident) -> Iterator[Finding]:
    todo = [a for a in incident.facts.actions if a.status == "open"]
    for what, weak in (("owner", [a for a in todo if not a.owner]), ("due date", [a for a in todo if not a.due])):
        if weak:
            example = f"“{weak[0].text}”"
            text = (
                f"{example} has no {what}."
                if len(weak) == 1
                else (f"{len(weak)} of {len(todo)} open action items have no {what}, the first is {example}.")
            )
            yield Finding(
                "weak-action", "warning", "incident.toml: actions", text, f"Add {what}s, or reject the items."
            )


def _openness(incident: Incident) -> Iterator[Finding]:
    facts = incident.facts
    if facts.open and facts.milestones.get("resolved").is_known:
        text = f"the incident is open but resolved at {facts.milestones.resolved}."
        yield Finding("open-and-resolved", "error", "incident.toml", text, "Remove `open`, or leave `resolved` out.")


def _narrative(incident: Incident) -> Iterator[Finding]:
    if not incident.narrative.strip() and incident.facts.status != "draft":
        yield Finding(
            "no-narrative",
            "error",
            "narrative.md",
            f"the postmortem is {incident.facts.status} but has no narrative.",
            "Write narrative.md.",
        )
    if not list(incident.facts.milestones):
        yield Finding(
            "no-milestones",
            "warning",
            "incident.toml",
            "no milestone is declared.",
            f"Add [milestones]: {', '.join(list(MILESTONES)[:7])} …",
        )


def _typed_numbers(incident: Incident) -> Iterator[Finding]:
    """A time, a length or a count in the prose is not computed, cannot be traced and goes stale."""
    for where, line in narrative_lines(incident):
        typed = [m.group().strip() for m in _TYPED.finditer(line)]
        if typed:
            yield Finding(
                "typed-number",
                "note",
                where,
                f"{', '.join(f'“{t}”' for t in typed)} is typed by hand, not computed.",
                "Name a claim in double braces instead; the claim ledger of the report lists them.",
            )
