"""Findings that people accept: known, with a reason, shown apart; an acceptance that matches nothing is a finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from postmortem_nb.findings import Finding, worst_first
from postmortem_nb.incident import Accepted, Incident

NOTHING = "accepted-nothing"


@dataclass(frozen=True)
class Acceptance:
    """A finding that is accepted, and why."""

    finding: Finding
    reason: str


def settle(incident: Incident, findings: Iterable[Finding]) -> tuple[tuple[Finding, ...], tuple[Acceptance, ...]]:
    """Part findings into those that stand and those that are accepted in ``[[accepted]]``.

    An acceptance counts for the findings of its id, those at its place (a file, or file:line) and with its words in
    them, if it names these. The first one that matches counts.
    """
    rules = incident.facts.accepted
    kept, accepted, used = [], [], set()
    for finding in worst_first(findings):
        found = next((n for n, rule in enumerate(rules) if _matches(rule, finding)), None)
        if found is None:
            kept.append(finding)
        else:
            used.add(found)
            accepted.append(Acceptance(finding, rules[found].reason))
    for n, rule in enumerate(rules):
        if n not in used:
            where = incident.origin.where("accepted", n)
            named = [f"at {rule.place}" if rule.place else "", f"about “{rule.about}”" if rule.about else ""]
            text = f"there is no finding {rule.id!r}{''.join(f' {x}' for x in named if x)} to accept."
            kept.append(Finding(NOTHING, "warning", where, text, "Remove the entry, or correct it."))
    return worst_first(kept), tuple(accepted)


def _matches(rule: Accepted, finding: Finding) -> bool:
    at = not rule.place or finding.where == rule.place or finding.where.startswith(f"{rule.place}:")
    about = " ".join(rule.about.split()).lower()
    return rule.id == finding.id and at and about in " ".join(f"{finding.where} {finding.text}".split()).lower()
