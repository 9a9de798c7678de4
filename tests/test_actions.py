"""Action items: what is weak about them, what is accepted, and the forms that other tools take."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.actions import FORMATS, action_findings, export
from postmortem_nb.actions.exporting import harmless
from postmortem_nb.actions.weakness import begins_with_verb
from postmortem_nb.cli.checking import FORMS
from postmortem_nb.errors import IncidentError, SettingError
from postmortem_nb.incident import Facts, Incident

GOOD = {"kind": "prevent", "owner": "web team", "due": "2024-02-01", "check": "A start without a limit fails."}


def of(*actions: dict[str, object], **facts: object) -> Incident:
    rows = [{**GOOD, **action} for action in actions]
    return Incident("2024-01-14-x", Path("x"), Facts.from_dict({"title": "A *bold* title", "actions": rows, **facts}))


def found(incident: Incident, id_: str) -> list[str]:
    return [f.text for f in action_findings(incident) if f.id == id_]


@pytest.mark.parametrize(
    ("text", "has_verb"),
    [
        ("Set cache limits in bytes.", True),
        ("Implement a quota.", True),
        ("Page on a failed-request ratio.", True),
        ("Upgrade Traefik to v2.5.", True),
        ("Better monitoring", False),
        ("The alert needs a limit.", False),
        ("Monitoring of the queue", False),
        ("Documentation for the runbook", False),
        ("Should we move the disk?", False),
        ("…", False),
    ],
)
def test_a_task_begins_with_a_verb(text, has_verb):
    assert begins_with_verb(text) == has_verb
    assert bool(found(of({"text": text}), "vague-action")) != has_verb


def test_the_same_task_twice():
    twice = of(
        {"text": "Set cache limits in bytes for search."},
        {"text": "Set limits of the cache in bytes for the search"},
        {"text": "Set cache limits in bytes for search.", "status": "done"},
        {"text": "Set an alert on the queue of orders."},
    )
    assert found(twice, "duplicate-action") == [
        "“Set limits of the cache in bytes for the search” says nearly the same as item 1, "
        "“Set cache limits in bytes for search.”."
    ]


def test_a_decision_has_somebody_who_decided_and_a_day_to_look_again():
    assert found(of(decisions=[{"text": "No second region.", "why": "Too dear."}]), "weak-decision") == [
        "the decision “No second region.” has no `who` and no `revisit`."
    ]
    whole = {"text": "No second region.", "why": "Too dear.", "who": "head of operations", "revisit": "2025-01-01"}
    assert found(of(decisions=[whole]), "weak-decision") == []


ODD = {
    "text": '=HYPERLINK("http://x")\nnext, "line"',
    "owner": "+web",
    "link": "@sum(1)",
    "check": "-1",
    "priority": "P 1,x",
    "kind": "detect",
}


def test_csv_holds_every_item_and_no_formula():
    incident = of(ODD, {"text": "Set it.", "status": "rejected"})
    text = export(incident, "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [r["status"] for r in rows] == ["open", "rejected"]
    assert (rows[0]["owner"], rows[0]["link"], rows[0]["check"]) == ("'+web", "'@sum(1)", "'-1")
    assert rows[0]["text"] == "'" + ODD["text"]
    assert "\r\n" in text and text == export(incident, "csv")


@given(st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_no_cell_begins_a_formula(text):
    assert harmless(text).lstrip(" \u00a0")[:1] not in tuple("=+-@\t\r\n")


def test_the_checklist_shows_states_and_decisions_and_keeps_marks_as_text():
    decision = {
        "text": "No second region.",
        "why": "It costs more than it saves.",
        "who": "head of operations",
        "revisit": "2025-01-01",
    }
    incident = of(
        {"text": "Set *it*."},
        {"text": "Do it.", "status": "done"},
        {"text": "Drop it.", "status": "rejected"},
        decisions=[decision],
    )
    text = export(incident, "markdown")
    assert "# Action items: A \\*bold\\* title" in text
    assert "- [ ] Set \\*it\\*." in text and "- [x] Do it." in text and "- [ ] ~~Drop it.~~ (rejected)" in text
    assert (
        "- No second region.: It costs more than it saves. (decided by head of operations; look again on 2025-01-01)"
        in text
    )


def test_trackers_get_the_open_items_in_their_documented_shapes():
    incident = of(ODD, {"text": "Done.", "status": "done"}, {"text": "x" * 400, "due": None})
    github, gitlab = (json.loads(export(incident, form)) for form in ("github", "gitlab"))
    jira = json.loads(export(incident, "jira", project="OPS"))
    assert [set(issue) for issue in github] == [{"title", "body", "labels"}] * 2
    assert github[0]["labels"] == ["postmortem", "detect", "priority-P-1-x"]
    assert "\n" not in github[0]["title"] and len(github[1]["title"]) <= 255 and "x" * 400 in github[1]["body"]
    assert gitlab[0]["labels"] == "postmortem,detect,priority-P-1-x"
    assert (gitlab[0]["due_date"], "due_date" in gitlab[1]) == ("2024-02-01", False)
    assert set(jira) == {"issueUpdates"}
    fields = jira["issueUpdates"][0]["fields"]
    assert (fields["project"], fields["issuetype"], fields["duedate"]) == (
        {"key": "OPS"},
        {"name": "Task"},
        "2024-02-01",
    )
    assert "duedate" not in jira["issueUpdates"][1]["fields"]


def test_what_cannot_be_exported_is_refused():
    with pytest.raises(SettingError, match="Did you mean csv"):
        export(of(), "csvv")
    with pytest.raises(SettingError, match="--project KEY"):
        export(of(), "jira")
    with pytest.raises(SettingError, match="51 action items are open"):
        export(of(*[{"text": f"Set {n}."} for n in range(51)]), "jira", project="OPS")


def test_the_command_offers_every_form():
    assert tuple(FORMATS) == FORMS


# --- accepted findings -------------------------------------------------------------------------------------


def accepted(*entries: dict[str, str]) -> pnb.Analysis:
    facts = {"title": "x", "summary": "It should have worked, and a test could have told.", "accepted": list(entries)}
    return pnb.analyze(Incident("x", Path("x"), Facts.from_dict(facts)))


def test_a_finding_is_accepted_by_id_and_by_its_words_and_shown_apart():
    both = accepted({"id": "counterfactual", "reason": "Quoted."})
    assert [a.reason for a in both.accepted] == ["Quoted.", "Quoted."]
    assert "counterfactual" not in {f.id for f in both.findings}
    one = accepted({"id": "counterfactual", "about": "should  HAVE worked", "reason": "Quoted."})
    assert len(one.accepted) == 1
    assert [f.id for f in one.findings].count("counterfactual") == 1
    assert one.to_dict()["accepted"][0]["accepted"] == "Quoted."


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "counterfactuals"},
        {"id": "counterfactual", "place": "narrative.md"},
        {"id": "counterfactual", "about": "no such words"},
    ],
)
def test_an_acceptance_that_matches_nothing_is_a_finding(entry):
    analysis = accepted({**entry, "reason": "Because."})
    assert analysis.accepted == ()
    (finding,) = [f for f in analysis.findings if f.id == "accepted-nothing"]
    assert entry["id"] in finding.text and finding.where == "incident.toml: accepted[1]"


def test_an_acceptance_needs_a_reason_and_names_file_and_line_where_it_misses(tmp_path):
    (tmp_path / "incident.toml").write_text('title = "x"\n\n[[accepted]]\nid = "order"\n')
    with pytest.raises(IncidentError, match=r"incident.toml:3: accepted\[1\].reason: it is missing"):
        pnb.load(tmp_path)
    (tmp_path / "incident.toml").write_text('title = "x"\n\n[[accepted]]\nid = "order"\nreason = "y"\n')
    (finding,) = [f for f in pnb.analyze(pnb.load(tmp_path)).findings if f.id == "accepted-nothing"]
    assert finding.where == "incident.toml:3"
