"""Findings: their severities, their one sentence, and the fixed order they are shown in."""

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem_nb.findings import CONTRADICTIONS, SEVERITIES, WRITING, Finding, reasons, worst_first

words = st.text(max_size=3)
findings = st.lists(st.builds(Finding, words, st.sampled_from(SEVERITIES), words, words, words), max_size=8)


def test_a_finding_prints_what_where_and_what_to_do():
    finding = Finding("order", "error", "incident.toml", "resolved is before detected.", "Correct one.")
    assert str(finding) == "error: incident.toml: resolved is before detected. Correct one."
    assert str(Finding("gap", "note", "errors", "no samples.")) == "note: errors: no samples."


def test_a_finding_has_a_known_severity_and_does_not_change():
    with pytest.raises(ValueError, match=r"severity 'fatal' is none of \('error', 'warning', 'note'\)"):
        Finding("order", "fatal", "incident.toml", "text")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'text'"):
        Finding("order", "error", "x", "y").text = "z"


def test_errors_come_first_and_repeats_vanish():
    note, warning, error = (Finding(s, s, "x", "y") for s in ("note", "warning", "error"))
    assert worst_first([note, warning, note, error]) == (error, warning, note)
    assert worst_first([]) == ()


def test_contradictions_come_before_the_record_and_wording_comes_last():
    ids = ("acronym", "beyond-impact", "blame", "declared-contradicts-measured", "weak-action")
    ordered = worst_first(Finding(id_, "warning", "x", "y") for id_ in ids)
    assert [f.id for f in ordered] == [
        "declared-contradicts-measured",
        "beyond-impact",
        "acronym",
        "blame",
        "weak-action",
    ]
    note = Finding("order", "note", "x", "y")
    assert worst_first([note, *ordered])[-1] == note  # severity is what counts first


def test_what_has_a_place_in_the_order_exists():
    assert reasons().keys() >= CONTRADICTIONS | WRITING


@settings(derandomize=True, deadline=None)
@given(findings, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_of_finding(drawn, random):
    shuffled = drawn.copy()
    random.shuffle(shuffled)
    ordered = worst_first(drawn)
    assert set(ordered) == set(drawn)
    assert len(ordered) == len(set(drawn))
    ranks = [SEVERITIES.index(f.severity) for f in ordered]
    assert ranks == sorted(ranks)
    assert [str(f) for f in worst_first(shuffled)] == [str(f) for f in ordered]
