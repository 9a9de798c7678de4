"""The optional parts for a review meeting: five whys and facilitator questions."""

import pytest
from conftest import declared_only
from sample_reports import NAMES, ROOT

import postmortem_nb as pnb
from postmortem_nb.drafting.meeting import facilitation, whys
from postmortem_nb.errors import SettingError
from postmortem_nb.forms import compose

BOTH = "five whys, Facilitator questions"


def text_of(section):
    return " ".join(block._repr_html_() for block in section.blocks if hasattr(block, "_repr_html_"))


def test_they_stand_in_the_report_only_where_they_were_asked_for():
    folder = ROOT / "data" / "incidents" / "2024-06-18-still-open"
    post, with_both = pnb.investigate(folder), pnb.investigate(folder, sections=BOTH)
    assert "Five whys" not in text_of(post.cause) and "review meeting" not in text_of(post.questions)
    assert "Five whys" in text_of(with_both.cause) and "Why did it happen?" in text_of(with_both.cause)
    assert "What would settle whether “Provider A drops connections" in text_of(with_both.questions)
    only = pnb.investigate(folder, sections="five whys")
    assert "Five whys" in text_of(only.cause) and "review meeting" not in text_of(only.questions)
    for chosen, there in ((post, False), (with_both, True)):
        text = compose(chosen.analysis, "report", "markdown", "draft")[".report.md"]
        assert ("### Five whys" in text) is ("### Questions for the review meeting" in text) is there


def test_answers_come_from_what_is_declared_and_measured():
    analysis = pnb.analyze(pnb.load(ROOT / "data" / "incidents" / "2024-01-14-web-outage"))
    answers = dict(whys(analysis))
    assert len(answers) == 5 and all(answers.values())
    assert answers["Why just then?"] == "Puppet applied site settings r418 on its next run after the push."
    assert "That cost 8 to 12 minutes." in answers["Why did it not end sooner?"]
    asked = list(facilitation(analysis))
    assert sum(q.startswith("What made “") for q in asked) == 2
    assert any(
        "“impact began” was declared as 2024-01-14 17:23 UTC; the evidence says 2024-01-14 17:17:40 UTC" in q
        for q in asked
    )


@pytest.mark.parametrize("name", NAMES)
def test_questions_ask_how_and_never_who(name):
    analysis = pnb.analyze(pnb.load(ROOT / "data" / "incidents" / name))
    asked = list(facilitation(analysis))
    assert all(q.endswith("?") and not q.startswith("Who") and "should" not in q.partition("“")[0] for q in asked)
    assert len(asked) == len(set(asked)) >= 3


def test_what_is_not_known_is_left_to_write():
    analysis = pnb.analyze(declared_only(), sections="five whys")
    assert [answer for _, answer in whys(analysis)] == [""] * 5
    assert text_of(pnb.Postmortem(analysis).cause).count("To be written.") == 5


def test_a_mistyped_section_names_the_near_one():
    with pytest.raises(
        SettingError, match=r"^sections: there is no optional section 'five wys'\. Did you mean five whys\?$"
    ):
        pnb.analyze(declared_only(), sections="five wys")
