"""Checks of the words: places, names, short forms, spelling, numbers, form; and that no text can make them hang."""

from __future__ import annotations

import ast
import dataclasses
import time
from pathlib import Path

import pandas as pd
import pytest
from conftest import events_of
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.findings import reasons
from postmortem_nb.incident import Facts, Incident
from postmortem_nb.language import all_rules, language_findings
from postmortem_nb.language.texts import paragraphs, readable

ROOT = Path(__file__).parents[1]


def of(narrative: str, **facts: object) -> Incident:
    return Incident("i", Path("i"), Facts.from_dict({"title": "i", **facts}), narrative=narrative)


def found(incident: Incident, id_: str) -> list[tuple[str, str]]:
    return [(f.where, f.text) for f in language_findings(incident) if f.id == id_]


def test_a_phrase_over_the_end_of_a_line_is_found_on_its_first_line_with_its_sentence():
    incident = of("## Summary\n\nIt broke. The engineer should\nhave checked the list first.\n")
    where = [("narrative.md:3", "“should have” in “The engineer should have checked the list first”.")]
    assert found(incident, "counterfactual") == where


def test_a_finding_in_the_facts_names_their_line(tmp_path):
    (tmp_path / "incident.toml").write_text(
        'title = "x"\nsummary = "It broke."\nfactors = [\n  "One.",\n  "The operator error of the day.",\n]\n'
        '[lessons]\nbadly = ["""\nFirst line.\nIt should have\nbeen seen.\n"""]\n'
    )
    incident = pnb.load(tmp_path)
    assert found(incident, "blame")[0][0] == "incident.toml:5"
    assert found(incident, "counterfactual")[0][0] == "incident.toml:10"


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- it should have worked -->",
        "`should have`",
        "```\nit should have worked\n```",
        "{{ should have }}",
        "> It should have worked.",
        "[the page](https://example.com/should-have)",
        "It should. Have a look.",
    ],
)
def test_comments_code_quotes_and_sentence_ends_are_no_wording(hidden):
    assert found(of(f"## Summary\n\n{hidden}\n"), "counterfactual") == []


def test_a_public_message_stands_as_it_was_said_but_for_names():
    row = {
        "at": "2024-01-14T10:00Z",
        "kind": "communication",
        "text": "Some users should have seen it, said Anna Miller.",
    }
    assert {f.id for f in language_findings(of("", timeline=[row]))} == {"person"}


def test_names_that_a_team_declares():
    text = "## Summary\n\nThe page went to Kowalska.\n"
    assert found(of(text), "person") == []
    assert found(of(text, language={"names": ["Kowalska"]}), "person")


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("The LBX failed.", True),
        ("The load balancer of X (LBX) failed, and the LBX stayed down.", False),
        ("The LBX (load balancer of X) failed.", False),
        ("The HTTP status said 500, in UTC, on two CPUs.", False),
        ("It was a SEV1 of class P2.", False),
        ("The call gave ENOENT.", False),
        ("Run `LBX`.", False),
        ("The file LBX.conf was empty.", False),
    ],
)
def test_short_forms(text, is_found):
    assert bool(found(of(f"## Summary\n\n{text}\n"), "acronym")) == is_found


def test_a_short_form_is_told_once_and_not_where_it_is_known():
    assert len(found(of("## Summary\n\nLBX here.\n\nLBXs there.\n"), "acronym")) == 1
    assert found(of("LBX", language={"acronyms": ["LBX"]}), "acronym") == []
    assert found(of("LBX", services=["LBX proxy"]), "acronym") == []


def test_spelling_tells_the_place_and_knows_the_words_of_a_team():
    text = (
        "## Summary\n\nIt occured at noon.\n\nkubectl, Traefik and `occured` are right, behaviour and behavior too.\n"
    )
    assert found(of(text), "spelling") == [("narrative.md:3", "“occured” is a misspelling of “occurred”.")]
    assert found(of(text, language={"words": ["occured"]}), "spelling") == []


def test_a_missing_speller_is_said(monkeypatch):
    monkeypatch.setattr("postmortem_nb.language.spelling.shutil.which", lambda *a, **k: None)
    assert found(of("Wordsthatnobody elsewrites."), "spelling-unchecked")


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("70 %\nof users saw it.", ["70 %"]),
        ("It cost $50,000 and took\n3 days.", ["$50,000", "3 days"]),
        ("The start was 9:30:15.", ["9:30:15"]),
        ("The r418 template, v2.5, port 8080, error 500, RFC 3164, the 95th percentile, 10.0.0.1:80, PM2021-009.", []),
        ("It said “70 % of the users were affected”.", []),
        ("It said “80 % of the users were affected”.", ["80 %"]),
        ("> 70 % of the users were affected", []),
    ],
)
def test_numbers_in_the_prose(text, typed):
    incident = of(f"## Summary\n\n{text}\n", affected="70 % of the users were affected", sources=["ticket"])
    told = " ".join(text for _, text in found(incident, "typed-number"))
    assert [t for t in typed if f"“{t}”" not in told] == []
    assert bool(told) == bool(typed)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Twelve servers failed.", "Twelve servers"),
        ("Two hours later it was over.", "Two hours"),
        ("It took half an hour, an hour and a half at most.", "half an hour”, “an hour and a half"),
        ("After two and a half minutes it fell.", "two and a half minutes"),
        ("Twenty-five failed requests were seen.", "Twenty-five failed requests"),
        ("It met two hundred users.", "two hundred users"),
        ("Half of the requests and a third of all users.", "Half of the requests”, “a third of all users"),
        ("Sixteen per cent failed.", "Sixteen per cent"),
        ("It had lasted two weeks.", "two weeks"),
        ("It cost EUR 300k.", "EUR 300k"),
        ("It cost $1.2M, £5 million or 300k EUR.", "$1.2M”, “£5 million”, “300k EUR"),
        ("Traffic rose 5x, and 2.5× at the edge.", "5x”, “2.5×"),
        ("Of 12 300 requests all failed.", "12 300 requests"),
        ("5-10 minutes, 5–10 minutes, 5 to 10 minutes.", "5-10 minutes”, “5–10 minutes”, “5 to 10 minutes"),
        ("It took 1 h 32 min.", "1 h 32 min"),
        ("It was 12 servers at 5 p.m. or 5:30pm.", "12 servers”, “5 p.m.”, “5:30pm"),
        ("1,200 users and 99.95 %.", "1,200 users”, “99.95 %"),
    ],
)
def test_a_typed_number_is_told_whole(text, typed):
    assert found(of(f"## Summary\n\n{text}\n"), "typed-number") == [
        ("narrative.md:3", f"“{typed}” {'are' if '”, “' in typed else 'is'} typed by hand, not computed.")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "One of the servers was at one point the only one; one day that will change, and one request was enough.",
        "Two weeks ago, three days earlier and a year before, the two hosts had been set up.",
        "Two things had to meet, in three ways; two services share five tables.",
        "Both servers, hundreds of requests, a few minutes, a dozen ways, an hour, within a minute.",
        "HTTP 500 errors, status 503 messages, r418, 5xx, 0x5f, m5.2xlarge, 3x3, 10.0.0.1:80, IPv6 and EC2.",
        "Half the story, a third way, every two minutes, the first two hours, the other three nodes.",
        "Paths one and two; version 2 of the API; step 3; P95; 3 of them; section 4.1; the 90th percentile.",
    ],
)
def test_language_is_no_typed_number(text):
    assert found(of(f"## Summary\n\n{text}\n"), "typed-number") == []


@pytest.mark.parametrize(
    ("text", "is_quoted"),
    [
        ("Then: Deploy at 17:32:05 to all 12 servers.", True),  # a whole fact
        ("It said “deploy at 17:32:05”, no more.", True),  # words of a fact, in quotation marks
        ("So **deploy at 17:32:05 to all\n12 servers** was done.", True),  # marks and line ends are no words
        ("It said “at 17:32:06”.", False),
        ("The deploy to all 12 servers came.", False),  # part of a fact, without quotation marks
        ("The second sentence was: It took 3 minutes.", True),  # a whole sentence of a fact
        ("It took 13 minutes.", False),
        ("People wrote “10:15:30” for the start.", True),  # a declared time as it was written
        ("It began at 10:15:30.", False),
        ("Then 40 % of checkouts failed.", True),  # a record of the evidence
        ("Then 41 % of checkouts failed.", False),
    ],
)
def test_what_is_quoted_was_not_typed(text, is_quoted):
    timeline = [
        {"at": "10:20", "kind": "change", "text": "Deploy at 17:32:05 to all 12 servers"},
        {"at": "10:30", "kind": "action", "text": "A restart. It took 3 minutes."},
    ]
    incident = of(f"## Summary\n\n{text}\n", date="2024-01-14", timeline=timeline, milestones={"started": "10:15:30"})
    alerts = events_of((pd.Timestamp("2024-01-14T10:16Z"), "alert", "40 % of checkouts failed"))
    incident = dataclasses.replace(incident, events=alerts)
    assert bool(found(incident, "typed-number")) != is_quoted


def test_a_number_in_the_facts_needs_a_source():
    assert [
        t.split("”")[0] for _, t in found(of("", affected="70 % of users", impact="lost $5"), "unsupported-number")
    ] == [
        "“70 %",
        "“$5",
    ]
    assert found(of("", affected="70 % of users", sources=["ticket OPS-1"]), "unsupported-number") == []
    told = found(of("", summary="It met 12 000 customers and 3 million users and cost EUR 300k."), "unsupported-number")
    assert [t.split("”")[0] for _, t in told] == ["“12 000 customers", "“3 million users", "“EUR 300k"]
    assert found(of("", impact="Error 500 on line 137."), "unsupported-number") == []


def test_sections_length_and_sentences():
    text = "## Summary\n\nOne.\n\n## Impcat\n\nTwo.\n\n## Detection\n\n## Root cause\n\n" + "word " * 50 + "\n"
    incident = of(text, status="reviewed")
    assert [text for _, text in found(incident, "missing-section")] == [
        "there is no passage “Impact”. “Impcat” (narrative.md:5) is near to it.",
        "there is no passage “Detection”.",
        "there is no passage “Resolution”.",
    ]
    assert found(incident, "length") == [("narrative.md", "the narrative has 52 words; the aim is 400 to 600.")]
    assert found(incident, "long-sentence")[0] == (
        "narrative.md:13",
        "a sentence has 50 words: “word word word word word word …”.",
    )
    assert found(incident, "no-actions")
    assert not found(of(text), "no-actions")
    assert not found(of(text, status="reviewed", decisions=[{"text": "x", "why": "y"}]), "no-actions")


def test_without_a_narrative_there_is_no_form():
    assert language_findings(of("<!-- nothing yet -->\n\n## Summary\n\n## Impact\n", status="draft")) == ()


HOSTILE = (
    "1," * 500_000,
    "a" * 1_000_000,
    "@a" * 300_000,
    "Anna " * 200_000,
    "should have " * 80_000,
    "<!-- " * 200_000,
    "{{" * 400_000,
    "`" * 500_001,
    "ABC." * 250_000,
    "A-B " * 200_000,
    "(" * 1_000_000,
    "- x\n" * 100_000,
    "[](" * 300_000,
    "“" * 500_000,
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: t[:6])
def test_a_hostile_text_costs_as_much_per_character_as_a_short_one(text):
    """Eight times the text takes about eight times the CPU time of this process: no check is quadratic."""
    spent = []
    for part in (text[: len(text) // 32], text[: len(text) // 4]):
        began = time.process_time()
        language_findings(of(part))
        spent.append(time.process_time() - began)
    assert spent[1] < 0.5 + 24 * spent[0]  # 64 times, were it quadratic


@given(st.text(alphabet=st.sampled_from('aB1 .\n`<>!-{}[]()#>|*~“"@%,:¤é'), max_size=200))
@settings(max_examples=200, deadline=None)
def test_what_is_left_out_moves_no_line(text):
    assert len(readable(text)) == len(text)
    assert [i for i, c in enumerate(readable(text)) if c == "\n"] == [i for i, c in enumerate(text) if c == "\n"]
    lines = readable(text).split("\n")
    for prose in paragraphs(text):
        assert prose.text.split("\n") == lines[prose.line - 1 : prose.line - 1 + prose.text.count("\n") + 1]


def test_every_finding_says_why_it_matters():
    missing = []
    for path in sorted((ROOT / "postmortem_nb").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding":
                ids = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "id")]
                missing += [
                    f"{path.name}:{node.lineno}: {n.value}"
                    for n in ids
                    if isinstance(n, ast.Constant) and n.value not in reasons()
                ]
    assert missing == [], "say why in postmortem_nb/findings.toml"
    assert not set(reasons()) & set(all_rules())
    assert [id_ for id_, why in reasons().items() if len(why.split()) < 6 or not why.endswith(".")] == []


@pytest.mark.parametrize("folder", sorted((ROOT / "data" / "incidents").iterdir()), ids=lambda p: p.name)
def test_no_wording_of_a_sample_is_a_finding(folder):
    """What is left is true: the published tasks of two samples have no end, no owner and no date."""
    findings = pnb.analyze(pnb.load(folder)).findings
    allowed = {"unbounded-action"} if "dfds" in folder.name else set()
    wording = {*all_rules(), "acronym", "spelling", "spelling-unchecked", "typed-number", "unsupported-number"}
    form = {"missing-section", "no-actions", "long-sentence", "accepted-nothing"}
    assert [str(f) for f in findings if f.id in (wording | form) - allowed] == []
