"""The document as such: what is missing in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from postmortem_nb.findings import Finding
from postmortem_nb.incident import MILESTONES, Incident

A_DAY = dt.timedelta(days=1)  # a local date may be a day behind that of UTC


def document_findings(incident: Incident) -> Iterator[Finding]:
    """Yield what is missing or weak in the document."""
    for check in (_due, _openness, _narrative):
        yield from check(incident)


def _due(incident: Incident) -> Iterator[Finding]:
    """An open task cannot have been due before the incident that it follows from."""
    began = incident.facts.milestones.get("started").lo or incident.facts.milestones.get("detected").lo
    for action in incident.facts.actions:
        if action.status == "open" and action.due and began is not None and action.due < began.date() - A_DAY:
            text = f"“{action.text}” is due on {action.due}, before the incident began ({began:%Y-%m-%d})."
            yield Finding("due-before", "warning", "incident.toml: actions", text, "Check the year of its due date.")


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
