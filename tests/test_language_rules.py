"""Every rule of wording finds its must-match sentences, and passes the others."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from postmortem_nb.incident import Facts, Incident
from postmortem_nb.language import all_rules, language_findings
from postmortem_nb.language.rules import Rule

CASES = [(rule.id, text) for rule in all_rules().values() for text in rule.match]
PASSES = [(rule.id, text) for rule in all_rules().values() for text in rule.passes]


def ids_of(rule: Rule, text: str) -> list[str]:
    """The ids that are found where a sentence stands in the place that the rule is for."""
    if rule.within == "actions":
        incident = Incident("i", "i", Facts.from_dict({"title": "i", "actions": [{"text": text, "kind": "prevent"}]}))
    else:
        incident = Incident("i", "i", Facts.from_dict({"title": "i"}), narrative=f"## Summary\n\n{text}\n")
    return [finding.id for finding in language_findings(incident)]


@pytest.mark.parametrize(("id_", "text"), CASES)
def test_a_rule_finds_what_it_must(id_, text):
    assert id_ in ids_of(all_rules()[id_], text)


@pytest.mark.parametrize(("id_", "text"), PASSES)
def test_a_rule_passes_what_it_must(id_, text):
    assert id_ not in ids_of(all_rules()[id_], text)


def test_every_rule_has_examples_of_both_kinds_and_says_why_and_what_to_do():
    for rule in all_rules().values():
        assert len(rule.match) >= 3 and len(rule.passes) >= 3, rule.id
        assert len(rule.why.split()) >= 8 and len(rule.fix.split()) >= 4, rule.id


def test_the_page_of_all_checks_is_made_from_the_rules():
    docs = Path(__file__).parents[1] / "docs"
    text = (docs / "checks.md").read_text(encoding="utf-8")
    assert runpy.run_path(str(docs / "checks.py"))["page"](text) == text, "run: python docs/checks.py"
