"""What misleading paths cost: in time, in people, with bounds."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.paths import find_paths, printed
from postmortem_nb.incident import Facts, Incident
from postmortem_nb.sections import Postmortem


def incident(*hypotheses, **facts):
    rows = [{"text": f"idea {n}", "verdict": "refuted", **h} for n, h in enumerate(hypotheses, 1)]
    declared = {"title": "t", "zone": "UTC", "date": dt.date(2024, 1, 14), "hypotheses": rows, **facts}
    return Incident("2024-01-14-t", "t", Facts.from_dict(declared))


def claims(*hypotheses, **facts):
    return pnb.analyze(incident(*hypotheses, **facts)).claims


def test_person_minutes_are_minutes_times_people():
    found = claims(
        {"from": "10:00", "to": "10:10", "people": 3},
        {"from": "10:10", "to": "10:30", "people": 2},
        {"from": "10:30", "to": "10:40", "people": 5, "verdict": "confirmed"},
    )
    first = found["path.1.person_minutes"]
    assert first.value == 30
    assert first.lo <= 30 <= first.hi
    assert found["misleading_paths"].value == 2
    assert found["person_minutes_lost"].value == 30 + 40
    assert found["person_minutes_lost"].text.endswith(" person-minutes")
    assert [i.name for i in found["person_minutes_lost"].inputs] == ["incident.toml"] * 2


def test_a_sum_is_not_known_where_a_part_is_not():
    found = claims({"from": "10:00", "to": "10:10", "people": 3}, {"from": "10:10", "to": "10:30"})
    assert found["path.2.person_minutes"].note == "needs `people`, how many followed it"
    assert found["person_minutes_lost"].value is None
    assert found["person_minutes_lost"].text == "not known"


def test_without_a_refuted_explanation_nothing_was_lost_and_that_is_said():
    found = claims({"from": "10:00", "to": "10:10", "people": 3, "verdict": "confirmed"})
    assert found["misleading_paths"].value == 0
    assert found["person_minutes_lost"].note == "no explanation was refuted"


@given(st.integers(0, 50), st.integers(0, 20), st.integers(0, 50), st.integers(0, 20), st.integers(1, 9))
def test_bounds_hold_every_reading(start, wide, later, broad, people):
    def span(lo, width):
        return f"10:{lo:02}/{10 + (lo + width) // 60}:{(lo + width) % 60:02}"

    (path,) = find_paths(
        incident({"from": span(start, wide), "to": span(later, broad), "people": people}).facts.hypotheses
    )
    readings = [(b - a) * people for a in (start, start + wide) for b in (later, later + broad)]
    if max(readings) < 0:
        assert path.person_minutes is None
    else:
        lo, _, hi = path.person_minutes
        assert lo == pytest.approx(max(0, min(readings)))
        assert hi >= max(0, max(readings)) - 1e-9


def test_an_open_explanation_is_held_until_the_response_ends():
    held = {"from": "10:00", "verdict": "open", "people": 2}
    found = claims(held, milestones={"recovered": "10:30", "resolved": "10:40"})
    assert found["path.1.length"].value == 40 * 60
    assert found["path.1.length"].note == "still open: counted until the end of the response"
    assert found["path.1.person_minutes"].value == 80
    assert found["time_lost"].value is None  # it may be right, so nothing is lost yet
    assert claims(held, milestones={"recovered": "10:30"})["path.1.length"].value == 30 * 60


def test_an_open_explanation_of_an_open_incident_has_lasted_at_least_so_long():
    rows = [{"at": "10:25", "kind": "action", "text": "A restart."}]
    found = claims({"from": "10:00", "verdict": "open", "people": 2}, open=True, timeline=rows)
    assert found["path.1.length"].text == "at least 24 min"
    assert found["path.1.person_minutes"].text == "at least 48 person-minutes"
    assert found["path.1.person_minutes"].hi is None


@pytest.mark.parametrize(
    "facts", [{}, {"milestones": {"resolved": "09:00"}}]
)  # nothing tells when the response ended, or it ended before
def test_an_open_explanation_without_an_end_of_the_response_is_of_unknown_length(facts):
    assert claims({"from": "10:00", "verdict": "open", "people": 2}, **facts)["path.1.length"].text == "not known"


def test_a_settled_explanation_needs_its_end():
    with pytest.raises(ValueError, match=r"a refuted explanation needs `to`, when it was refuted"):
        incident({"from": "10:00"})
    assert incident({"from": "10:00", "to": "unknown"}).facts.hypotheses[0].end.best is None


def test_the_report_says_that_an_explanation_is_still_open():
    post = Postmortem(pnb.analyze(incident({"from": "10:00", "verdict": "open"}, milestones={"resolved": "10:40"})))
    shown = " ".join(repr(block) + getattr(block, "text", "") for block in post.timeline.blocks)
    assert "still open" in shown
    assert "40 min" in shown


def test_costs_are_printed_with_their_bounds():
    assert printed(10, 10, 10) == "10"
    assert printed(10, 12, 14) == "12 (10–14)"
    assert printed(10, None, 14) == "10–14"


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (["refuted"], "The only explanation was wrong. It cost"),
        (["refuted", "refuted"], "Both explanations were wrong. They cost"),
        (["refuted", "confirmed"], "1 of 2 explanations was wrong. It cost"),
    ],
)
def test_the_section_says_how_many_were_wrong(verdicts, said):
    spans = [("10:00", "10:10"), ("10:10", "10:20")]
    held = [{"verdict": v, "from": a, "to": b, "people": 2} for v, (a, b) in zip(verdicts, spans, strict=False)]
    milestones = {"engaged": "2024-01-14T10:00Z", "identified": "2024-01-14T10:40Z"}
    section = Postmortem(pnb.analyze(incident(*held, milestones=milestones))).timeline
    text = " ".join(getattr(b, "text", "") for b in section.blocks)
    assert said in text
    assert "person-minutes" in text
