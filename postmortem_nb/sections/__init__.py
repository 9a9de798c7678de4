"""What we say: the `Postmortem` of an incident, one section a noun, each of which displays itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from postmortem_nb.analysis import Analysis, analyze
from postmortem_nb.evidence import load
from postmortem_nb.incident import Incident
from postmortem_nb.narrative import HEADINGS, Passage, read_narrative, refuse, render
from postmortem_nb.report import component_css
from postmortem_nb.sections import clock, overview, signs, story, trail
from postmortem_nb.sections.blocks import Section
from postmortem_nb.tables import escape, inline

__all__ = ["Postmortem", "Section", "investigate"]

PLACED = {*HEADINGS, "Corrective and preventative measures"}


@dataclass(frozen=True, eq=False)
class Postmortem:
    """The report of one incident; shown by itself it is the header card.

    Parameters
    ----------
    analysis : Analysis
        What it rests on.
    """

    analysis: Analysis

    @property
    def incident(self) -> Incident:
        """What was given."""
        return self.analysis.incident

    @cached_property
    def passages(self) -> dict[str, Passage]:
        """The prose of ``narrative.md`` by heading."""
        return read_narrative(self.incident.narrative)

    summary = property(overview.summary, doc="What happened, how long, to whom, why: the issue summary.")
    impact = property(overview.impact, doc="How bad it was, measured.")
    timings = property(clock.timings, doc="How long everything took; declared against measured.")
    timeline = property(clock.timeline, doc="What happened when, and the misleading paths.")
    metrics = property(signs.metrics, doc="Other metrics over the same hours.")
    logs = property(signs.logs, doc="Log volume, and the patterns that changed.")
    cause = property(story.cause, doc="Root cause and resolution in detail.")
    factors = property(story.factors, doc="Contributing factors.")
    lessons = property(story.lessons, doc="What went well, badly, and where we were lucky.")
    actions = property(story.actions, doc="Corrective and preventative measures as tasks.")
    questions = property(story.questions, doc="Open questions.")
    data_quality = property(trail.data_quality, doc="Every finding.")
    provenance = property(trail.provenance, doc="Files, settings, versions, claims.")

    def unplaced(self) -> list[tuple[str, str]]:
        """Return heading and Markdown of the passages that no section shows."""
        return [
            (inline(p.heading), render(p, self.analysis.claims))
            for heading, p in self.passages.items()
            if heading not in PLACED
        ]

    def check_prose(self) -> None:
        """Look up every claim that the prose names, so that an unknown one is an error before anything is drawn."""
        refuse(self.passages.values(), self.analysis.claims)

    def _repr_html_(self) -> str:
        return f'<style>{component_css()}</style><div class="mathjax_ignore">{overview.card(self)}</div>'

    def __repr__(self) -> str:
        return f"<Postmortem {escape(self.incident.facts.title)}: {self.analysis.windows!r}>"


def investigate(name: str, **settings: Any) -> Postmortem:
    """Read an incident, analyse it and return its postmortem.

    Parameters
    ----------
    name : str or Path
        Name of a folder under ``data/incidents`` (of the current folder or a parent), or a path.
    **settings
        Fields of `postmortem_nb.Settings`.

    Raises
    ------
    PostmortemError
        With what is wrong, where, and what to do.
    """
    post = Postmortem(analyze(load(name, redact=settings.get("redact", "auto")), **settings))
    post.check_prose()
    return post
