"""Checks of the words: blame, what did not happen, absolute and vague wording, names, short forms, spelling, form.

Rules are data (`postmortem_nb.language.rules`); every check is linear in the length of the text.
"""

from __future__ import annotations

from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.language.acronyms import acronym_findings
from postmortem_nb.language.form import form_findings
from postmortem_nb.language.numbers import number_findings
from postmortem_nb.language.rules import Rule, all_rules
from postmortem_nb.language.spelling import spelling_findings
from postmortem_nb.language.texts import Prose, proses
from postmortem_nb.language.wording import wording_findings

__all__ = ["Prose", "Rule", "all_rules", "language_findings", "proses"]


def language_findings(incident: Incident) -> tuple[Finding, ...]:
    """Return what is weak in the words of ``narrative.md`` and of the sentences of ``incident.toml``."""
    texts = proses(incident)
    facts = incident.facts
    return (
        *wording_findings(texts, facts.language.names),
        *number_findings(incident, texts),
        *acronym_findings(texts, [*facts.language.acronyms, *facts.services]),
        *spelling_findings(texts, facts.language.words),
        *form_findings(facts, texts),
    )
