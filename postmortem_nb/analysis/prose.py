"""What people wrote in sentences: facts, narrative and public messages, each text with the place where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from postmortem_nb.analysis.windows import OUTSIDE, Windows
from postmortem_nb.incident import Incident
from postmortem_nb.times import Interval

FACTS = ("title", "summary", "affected", "impact", "cause", "trigger")
_UNREAD = re.compile(
    r"<!--.*?-->|^```.*?^```|`[^`\n]*`|\{\{.*?\}\}", re.DOTALL | re.MULTILINE
)  # comments, code, claims


class Text(NamedTuple):
    """A text and where it stands: ``narrative.md:3``, ``incident.toml: summary``, the file and line of a message."""

    where: str
    said: str


def narrative_lines(incident: Incident) -> Iterator[Text]:
    """Yield the lines of the narrative as people read them: without comments, code and claims."""
    text = _UNREAD.sub(lambda m: "\n" * m.group().count("\n"), incident.narrative)
    return (Text(f"narrative.md:{n}", line) for n, line in enumerate(text.splitlines(), 1) if line.strip())


def document(incident: Incident) -> Iterator[Text]:
    """Yield what the postmortem itself says: the facts that are sentences, and the narrative line by line."""
    facts = incident.facts
    yield from (Text(f"incident.toml: {name}", getattr(facts, name)) for name in FACTS if getattr(facts, name))
    yield from (Text("incident.toml: factors", factor) for factor in facts.factors)
    yield from (Text("incident.toml: timeline", row.text) for row in facts.timeline)
    yield from (Text(f"incident.toml: hypothesis {n}", h.text) for n, h in enumerate(facts.hypotheses, 1))
    yield from narrative_lines(incident)


def messages(incident: Incident) -> Iterator[Text]:
    """Yield the public messages in the evidence."""
    public = incident.events[incident.events["kind"] == "communication"]
    for text, evidence in public[["text", "evidence"]].itertuples(index=False):
        yield Text(str(evidence) or "messages", str(text))


def hull(incident: Incident, windows: Windows) -> Interval | None:
    """Return from when to when the incident was, as far as milestones, timeline, explanations and windows tell.

    Milestones that may lie days away (the change, the publication, the review) do not count.
    """
    facts = incident.facts
    known = [i.best for name, i in facts.milestones if name not in OUTSIDE]
    if not any(known):
        known = [row.at.best for row in facts.timeline] + [h.start.best for h in facts.hypotheses]
    times = [t for t in known if t is not None] + [t for w in windows for t in w.span]
    return (min(times), max(times)) if times else None
