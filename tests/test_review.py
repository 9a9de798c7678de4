"""The review workflow: what each status requires, and that an export without it is refused with the reasons."""

import dataclasses
import json
import re

import pytest
from conftest import at, declared_only, draw, with_facts
from sample_reports import NAMES, ROOT

import postmortem_nb as pnb
from postmortem_nb.cli import main
from postmortem_nb.errors import IncidentError
from postmortem_nb.example import Impact
from postmortem_nb.review import REQUIREMENTS, STATUSES, missing_for, next_status, require

PROSE = "".join(f"## {h}\n\nIt is told.\n\n" for h in ("Summary", "Impact", "Detection", "Root cause", "Resolution"))
TASK = {"text": "Test it", "kind": "prevent", "owner": "web team", "due": "2024-02-01"}
WHOLE = {
    "cause": "A file was missing.",
    "review": {"reviewers": ["web team lead"], "date": "2024-01-20"},
    "actions": [TASK],
}


def lacking(status, narrative=PROSE, **facts):
    incident = dataclasses.replace(declared_only(**{**WHOLE, **facts}), narrative=narrative)
    return [m.requirement for m in missing_for(pnb.analyze(incident), status)]


def test_a_whole_postmortem_may_be_published():
    assert [lacking(status) for status in STATUSES] == [[], [], [], []]


@pytest.mark.parametrize(
    ("requirement", "status", "facts"),
    [
        ("no-errors", "in review", {"milestones": {"started": "15:30", "resolved": "15:10"}}),
        ("summary", "in review", {"narrative": PROSE.replace("Summary", "Preface")}),
        ("sections", "reviewed", {"narrative": PROSE.replace("## Resolution", "")}),
        ("cause", "reviewed", {"cause": ""}),
        ("reviewers", "reviewed", {"review": {"date": "2024-01-20"}}),
        ("review-date", "reviewed", {"review": {"reviewers": ["web team lead"]}}),
        ("over", "published", {"open": True}),
        ("no-gaps", "published", {"narrative": PROSE + "*To be written: why.*\n"}),
        ("no-gaps", "published", {"narrative": PROSE + "The pool held TBD connections.\n"}),
        ("measures", "published", {"actions": []}),
        ("tasks", "published", {"actions": [TASK, {**TASK, "owner": ""}]}),
        ("tasks", "published", {"actions": [{k: v for k, v in TASK.items() if k != "due"}]}),
    ],
)
def test_each_requirement_begins_with_its_status(requirement, status, facts):
    level = STATUSES.index(status)
    assert requirement not in lacking(STATUSES[level - 1], **facts)
    for higher in STATUSES[level:]:
        assert requirement in lacking(higher, **facts)
    assert {name for name, *_ in REQUIREMENTS} >= {requirement}


def test_what_is_done_or_decided_against_needs_no_owner():
    done = [{**TASK, "owner": "", "status": s} for s in ("done", "rejected")]
    assert lacking("published", actions=done) == []


def test_what_is_missing_names_its_line():
    incident = dataclasses.replace(
        declared_only(**WHOLE), narrative=PROSE + "## Lessons\n\nOne.\n*To be written: two.*\n"
    )
    (missing,) = missing_for(pnb.analyze(incident), "published")
    assert incident.narrative.split("\n")[int(missing.where.split(":")[1]) - 1] == "*To be written: two.*"
    with pytest.raises(
        IncidentError, match=r"cannot be exported as published; 1 thing missing:\n  narrative\.md:\d+: “Lessons”"
    ):
        require(pnb.analyze(incident), "published")


def test_the_statuses_follow_each_other():
    assert [next_status(s) for s in STATUSES] == ["in review", "reviewed", "published", ""]


@pytest.mark.parametrize("name", NAMES)
def test_no_sample_claims_a_status_that_it_has_not_earned(name):
    analysis = pnb.analyze(pnb.load(ROOT / "data" / "incidents" / name))
    assert [str(m) for m in missing_for(analysis, analysis.incident.facts.status)] == []


def test_the_report_says_that_it_is_a_draft():
    incident, _ = draw(Impact(at(90), at(120), "errors", 0.6))
    cards = {s: pnb.Postmortem(pnb.analyze(with_facts(incident, status=s)))._repr_html_() for s in STATUSES}
    said = {s: re.findall(r'<p class="pnb-status">(\w+)', card) for s, card in cards.items()}
    assert said == {"draft": ["Draft"], "in review": ["In"], "reviewed": [], "published": []}


def run(*args):
    with pytest.raises(SystemExit) as ended:
        main(list(args))
    return ended.value.code


def test_the_commands_refuse_and_say_why(tmp_path, capsys):
    folder = tmp_path / "2024-01-14-x"
    folder.mkdir()
    (folder / "incident.toml").write_text('title = "It broke"\nstatus = "reviewed"\n')
    assert run("review", str(folder), "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert [m["requirement"] for m in found["missing"]] == [
        *("no-errors", "summary", "sections", "cause", "reviewers", "review-date")
    ]
    assert [m["requirement"] for m in found["missing_for_next"]] == ["measures"]
    for args in (["--form", "blog"], ["--form", "report"], ["--form", "blog", "--as", "published", "--to", "markdown"]):
        assert run("export", str(folder), *args, "-o", str(tmp_path / "out")) == 1
        assert "no reviewer is named" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert (
        run("export", str(folder), "--form", "blog", "--as", "draft", "--to", "markdown", "-o", str(tmp_path / "out"))
        == 0
    )
    assert "> **Draft. Nobody has reviewed this document" in (tmp_path / "out" / "2024-01-14-x.blog.md").read_text()
    (folder / "incident.toml").write_text('title = "It broke"\n')
    assert run("review", str(folder)) == 0
    assert "for in review: narrative.md: the summary is not written." in capsys.readouterr().out
    assert run("export", str(folder), "--as", "draft", "--to", "json", "-o", str(tmp_path / "out")) == 0
    assert json.loads((tmp_path / "out" / "2024-01-14-x.json").read_text())["title"] == "It broke"
