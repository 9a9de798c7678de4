"""The draft: every sample and every drawn incident gives one that renders, without a number of its own."""

import dataclasses
import re

import pytest
from conftest import START, at, declared_only, draw, events_of, gauge, steps
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_reports import NAMES, ROOT

import postmortem_nb as pnb
from postmortem_nb.analysis.claims import Claims
from postmortem_nb.cli import main
from postmortem_nb.drafting import AIM, count_words, draft
from postmortem_nb.example import Impact
from postmortem_nb.incident import MILESTONES, Facts
from postmortem_nb.narrative import HEADINGS, read_narrative, render
from postmortem_nb.wording import clause, counted, listed, literal, sentence

CLAIM = re.compile(r"\{\{ [\w.]+ \}\}")
ALMOST_NOTHING = {"2022-08-22-online-boutique-ads", "2023-01-30-train-ticket-latency"}  # experiments: nobody responded
SHOWN = {*HEADINGS, "Corrective and preventative measures"}


def rendered(text: str, claims) -> str:
    """The draft as readers see it, without tags."""
    parts = [f"{p.heading}: {render(p, claims)}" for p in read_narrative(text).values()]
    return re.sub(r"<[^>]+>", "", "\n".join(parts))


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_has_a_draft_of_the_length_that_is_read(name):
    analysis = pnb.analyze(pnb.load(ROOT / "data" / "incidents" / name))
    text = draft(analysis)
    assert (350 if name in ALMOST_NOTHING else AIM[0]) <= count_words(text) <= AIM[1]
    assert set(read_narrative(text)) <= SHOWN  # each part has its section in the report
    seen = rendered(text, analysis.claims)
    assert not re.search(r"not known\W*(requests|after)|not recorded (after|and)|unknown (after|later)", seen)
    assert not re.search(r"\.\.|\s[,.;]|\(\)|“”|  ", seen)
    checked = pnb.analyze(dataclasses.replace(analysis.incident, narrative=text))
    assert [f.text for f in checked.findings if f.id == "typed-number"] == []
    # A number is a claim, or stands in what people declared.
    facts = analysis.incident.facts.model_dump_json()
    for number in re.findall(r"\d+", CLAIM.sub("", text)):
        assert number in facts, number


def test_the_sample_outage_is_told_in_whole_sentences():
    analysis = pnb.analyze(pnb.load(ROOT / "data" / "incidents" / "2024-01-14-web-outage"))
    text = draft(analysis)
    assert "The incident was detected {{ time_to_detect.short }} after the impact began, by an automatic" in text
    assert "The start was declared as {{ declared_started.time }}. The evidence puts it at {{ onset.time }}" in text
    assert "strace attached to the parent process" in text  # a command keeps its small letter
    assert "Together they cost {{ time_lost.short }}, or {{ time_lost_share.short }} of the time" in text
    order = [
        text.index(words) for words in ("r418 pushed", "alert FailedRequests fired", "Apache restarted", "r419 pushed")
    ]
    assert order == sorted(order)


def test_an_open_incident_is_not_told_as_over():
    text = draft(pnb.analyze(draw(Impact(at(120), at(200), "errors", 0.6), open=True)[0]))
    assert "began on {{ onset.date }} at {{ onset.time }} and was still going on when the record ended" in text
    assert "The incident is not over." in text
    assert "had recovered" not in text


def test_what_is_not_known_is_called_unknown():
    text = draft(pnb.analyze(declared_only()))
    assert "When the impact began and when it ended is not known." in text
    assert "When, and by whom, the incident was noticed is not recorded." in text
    assert "What caused it is not known yet." in text
    assert text.count("*To be written: ") >= 6
    assert not CLAIM.search(text)


def test_a_detection_before_the_start_is_no_time_to_detect():
    events = events_of((at(40), "page", "paged"), (at(40), "alert", "It fails"))
    incident, _ = draw(
        Impact(at(90), at(120), "errors", 0.6), milestones={"detected": at(40).isoformat()}, events=events
    )
    analysis = pnb.analyze(incident)
    assert analysis.claims["time_to_detect"].hi < 0
    assert "{{ time_to_detect" not in draft(analysis)
    assert "One of the two needs an explanation." in draft(analysis)


def test_declared_text_is_shown_as_it_is():
    hostile = "## Impact <!-- {{ onset }} * [x](y) <script>alert(1)</script>"
    analysis = pnb.analyze(declared_only(summary=hostile, cause=hostile, factors=[hostile], affected=hostile))
    text = draft(analysis)
    passages = read_narrative(text)
    assert "Who was affected" in passages["Summary"].text  # the comment did not swallow what follows
    assert "<script" not in text
    assert "{{ onset" in render(passages["Summary"], analysis.claims)


# Declared texts may hold numbers of every kind; a draft quotes them and does not type them.
telling = st.sampled_from(
    [
        "deploy at 17:32:05",
        "Two hosts of *twelve servers* failed. It took 5 min.",
        "EUR 300k <b>lost</b> & 40 % of `the 3 users`",
        "at 9:30 traffic rose 5x",
        "12 300 requests",
    ]
)
odd = st.text(alphabet=st.sampled_from("ab Z.,;:'\"{}<>!-#*_`[]()|~\\&\n1é\u202e"), min_size=1, max_size=30).filter(
    str.strip
)
texts = st.one_of(odd, telling)
minutes = st.integers(0, 179)
times = st.one_of(
    minutes.map(lambda m: at(m).isoformat()), minutes.map(lambda m: f"<{at(m):%H:%M}"), st.just("unknown")
)
rows = st.fixed_dictionaries(
    {"at": times, "kind": st.sampled_from(["action", "change", "detection", "observation"]), "text": texts}
)
paths = st.fixed_dictionaries(
    {"text": texts, "from": times, "to": times, "verdict": st.sampled_from(["refuted", "confirmed", "open"])},
    optional={"raised_by": texts, "refuted_by": texts},
)
tasks = st.fixed_dictionaries(
    {"text": texts, "kind": st.sampled_from(["prevent", "detect", "mitigate", "process"])},
    optional={"status": st.sampled_from(["open", "done", "rejected"])},
)
declared = st.fixed_dictionaries(
    {"title": texts},
    optional={
        "summary": texts,
        "affected": texts,
        "impact": texts,
        "cause": texts,
        "trigger": texts,
        "open": st.booleans(),
        "factors": st.lists(texts, max_size=3),
        "questions": st.lists(texts, max_size=2),
        "milestones": st.dictionaries(st.sampled_from(sorted(MILESTONES)), times, max_size=6),
        "timeline": st.lists(rows, max_size=12),
        "hypotheses": st.lists(paths, max_size=3),
        "actions": st.lists(tasks, max_size=4),
    },
)
EVIDENCE = (
    declared_only(),
    draw(Impact(at(90.4), at(126.7), "errors", 0.6))[0],
    draw(Impact(at(60), at(200), "errors", 0.4))[0],
    gauge(steps((1, 60), (5, 30), (1, 30), (5, 20), (1, 60)), unit="s"),
    gauge(steps((1, 120))),
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(facts=declared, evidence=st.sampled_from(EVIDENCE))
def test_every_draft_renders_and_comes_out_the_same_again(facts, evidence):
    signals = [s.model_dump() for s in evidence.facts.signals]
    incident = dataclasses.replace(evidence, facts=Facts.from_dict({"date": START.date(), "signals": signals, **facts}))
    analysis = pnb.analyze(incident)
    text = draft(analysis)
    passages = read_narrative(text)
    assert set(passages) <= SHOWN
    assert {"Summary", "Impact", "Detection", "Timeline", "Root cause", "Resolution"} <= set(passages)
    for passage in passages.values():
        render(passage, analysis.claims)  # an unknown claim would be an error
    assert count_words(text) <= AIM[1]
    again = pnb.analyze(dataclasses.replace(incident, narrative=text))
    assert draft(again) == text
    assert [f.text for f in again.findings if f.id == "typed-number"] == []


def test_the_command_writes_once_and_never_over(tmp_path, capsys):
    folder = tmp_path / "2024-01-14-x"
    folder.mkdir()
    (folder / "incident.toml").write_text('title = "It broke"\n')

    def run(*args):
        with pytest.raises(SystemExit) as ended:
            main(["draft", str(folder), *args])
        return ended.value.code

    assert run("-o", "-") == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("## Summary\n\nIt broke.")
    assert "the aim is 400 to 600" in printed.err
    assert not (folder / "narrative.md").exists()
    assert run() == 0
    assert (folder / "narrative.md").read_text() == printed.out
    (folder / "narrative.md").write_text("## Summary\n\nOurs.\n")
    assert run() == 2
    assert "exists and is not written over" in capsys.readouterr().err
    assert (folder / "narrative.md").read_text() == "## Summary\n\nOurs.\n"
    assert [p.name for p in sorted(folder.iterdir())] == ["incident.toml", "narrative.md"]
    (folder / "narrative.md").write_text("<!-- say it -->\n## Summary\n")
    assert run() == 2
    assert "It holds no prose yet" in capsys.readouterr().err


# --- the grammar -------------------------------------------------------------------------------------------


def test_the_grammar_of_parts():
    assert [listed([]), listed(["a"]), listed(["a", "b", "c"], "or")] == ["", "a", "a, b or c"]
    assert [counted(1, "entry", "entries"), counted(1200, "error")] == ["1 entry", "1,200 errors"]
    assert sentence("Is it over?") == "Is it over?"
    assert sentence("it said “no.”") == "It said “no.”"
    assert [clause("The cache."), clause("DNS failed."), clause("Our fault")] == [
        "the cache",
        "DNS failed",
        "our fault",
    ]


@pytest.mark.parametrize(
    "text", ["{{ x }}", "{{{ x }}}", "{{{{ x", "\\{{ x }}", "a <!-- b", "```", "1. x", "# x", "_a_ *b*"]
)
def test_literal_text_is_neither_claim_nor_markup(text):
    from postmortem_nb.sections.blocks import Markdown

    passage = read_narrative(f"## Summary\n{literal(text)}\n")["Summary"]
    html = Markdown(render(passage, Claims()))._repr_html_()
    body = re.sub(r"</?(div|p)[^>]*>", "", html).strip()
    assert body.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


def test_draft_and_check_count_the_same_words():
    incident = pnb.load(ROOT / "data" / "incidents" / "2024-01-14-web-outage")
    text = draft(pnb.analyze(incident))
    checked = pnb.analyze(dataclasses.replace(incident, narrative=text))
    assert AIM[0] <= count_words(text) <= AIM[1]
    assert not [f for f in checked.findings if f.id == "length"]
    assert count_words("## Summary\n\n- {{ onset }}, {{ recovery }} – and\n<!-- no word -->\n") == 3
