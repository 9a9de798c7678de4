"""Impossible timelines: every check finds what it must find, and leaves what may be so alone."""

import datetime as dt

import pandas as pd
import pytest
from conftest import at, declared_only, events_of, gauge, steps
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.consistency.lengths import stated_lengths
from postmortem_nb.analysis.consistency.written import written_dates
from postmortem_nb.analysis.definitions import ORDER, UNUSUAL
from postmortem_nb.incident import Facts, Incident

always = settings(derandomize=True, deadline=None, max_examples=25)
DIP = steps((1, 60), (5, 30), (1, 60))  # 16:00 to 16:30
DAY = {"started": "15:10", "detected": "15:15", "recovered": "15:40", "resolved": "15:50"}  # of 2024-01-14, a Sunday


def found(incident, id_):
    return [f for f in pnb.analyze(incident).findings if f.id == id_]


def narrated(text, **facts):
    facts = {"title": "n", "date": dt.date(2024, 1, 14), "milestones": DAY, **facts}
    return Incident("n", "n", Facts.from_dict(facts), narrative=text)


def row(minute, kind="action", text="restart", **more):
    return {"at": minute, "kind": kind, "text": text, **more}


# --- order ---


@pytest.mark.parametrize(("first", "second"), UNUSUAL)
def test_milestones_in_an_unusual_order(first, second):
    (finding,) = found(declared_only(milestones={first: "15:30", second: "15:10"}), "order-unusual")
    assert finding.severity == "warning"
    assert finding.text == f"{second} (2024-01-14 15:10 UTC) is before {first} (2024-01-14 15:30 UTC)."
    for sound in ({first: "15:10", second: "15:30"}, {first: "15:10", second: "15:10"}, {first: "15:30"}):
        assert not found(declared_only(milestones=sound), "order-unusual")
    assert not found(declared_only(milestones={first: "15:30", second: "~15:28"}), "order-unusual")  # may be in order


def test_an_order_is_either_impossible_or_unusual():
    assert not set(ORDER) & set(UNUSUAL)
    assert not {(b, a) for a, b in ORDER} & {*ORDER, *UNUSUAL}


def test_an_end_before_the_start_in_another_offset():
    """Post B of the genre: 10:05:45-06:00 to 11:30:45-04:00 of the same day ends before it begins."""
    milestones = {"started": "2024-01-14T10:05:45-06:00", "resolved": "2024-01-14T11:30:45-04:00"}
    assert found(declared_only(milestones=milestones), "order")
    sound = {"started": "2024-01-14T10:05:45-06:00", "resolved": "2024-01-14T12:30:45-04:00"}
    assert not found(declared_only(milestones=sound), "order")


@pytest.mark.parametrize(
    ("milestones", "names"),
    [
        (dict.fromkeys(("started", "detected", "declared"), "15:10"), "started, detected and declared"),
        (dict.fromkeys(("detected", "acknowledged", "identified"), "15:10"), "detected, acknowledged and identified"),
        (dict.fromkeys(("started", "signalled", "paged", "detected"), "15:10"), None),  # one event of two phases
        (dict.fromkeys(("mitigated", "recovered", "resolved"), "15:10"), None),
        ({"started": "15:10", "detected": "15:10", "declared": "15:11"}, None),
        (dict.fromkeys(("started", "detected", "declared"), "<15:10"), None),  # a bound says not when
    ],
)
def test_milestones_that_a_tool_may_have_filled_in(milestones, names):
    findings = found(declared_only(milestones=milestones), "same-time")
    assert [f.text for f in findings] == ([f"{names} are all declared as 2024-01-14 15:10 UTC."] if names else [])


@pytest.mark.parametrize("end", ["mitigated", "recovered", "resolved"])
def test_an_impact_without_length(end):
    (finding,) = found(declared_only(milestones={"started": "15:10", end: "15:10"}), "no-length")
    assert f"started and {end} are declared as the same time" in finding.text
    assert not found(declared_only(milestones={"started": "15:10", end: "15:11"}), "no-length")
    assert not found(declared_only(milestones={"started": "15:10/15:20", end: "15:15"}), "no-length")


def test_a_row_that_is_listed_twice():
    (finding,) = found(
        declared_only(timeline=[row("15:10"), row("15:10", text="Restart"), row("15:20")]), "duplicate-row"
    )
    assert "listed 2 times" in finding.text
    sound = [row("15:10"), row("15:10", text="curl"), row("15:20")]  # the same minute, or the same words
    assert not found(declared_only(timeline=sound), "duplicate-row")


@pytest.mark.parametrize("kind", ["detection", "action", "escalation", "impact"])
def test_work_after_the_resolution(kind):
    (finding,) = found(declared_only(milestones=DAY, timeline=[row("15:55", kind)]), "after-end")
    assert "resolved at 2024-01-14 15:50 UTC, but later there is “restart” at 2024-01-14 15:55 UTC" in finding.text
    assert not found(declared_only(milestones=DAY, timeline=[row("15:50", kind)]), "after-end")
    unknown = {k: v for k, v in DAY.items() if k != "resolved"}
    assert not found(declared_only(milestones=unknown, timeline=[row("15:55", kind)]), "after-end")


@pytest.mark.parametrize("kind", ["communication", "observation", "change", "decision"])
def test_what_may_come_after_the_resolution(kind):
    assert not found(declared_only(milestones=DAY, timeline=[row("15:55", kind)]), "after-end")


def test_an_explanation_that_arises_after_the_resolution():
    rows = [{"text": "disk", "from": "15:55", "to": "16:10", "verdict": "confirmed"}]
    assert found(declared_only(milestones=DAY, hypotheses=rows), "after-end")
    assert not found(declared_only(milestones=DAY, hypotheses=[{**rows[0], "from": "15:45"}]), "after-end")


def test_rows_in_the_wrong_zone_are_told_by_the_shift_that_mends_them():
    facts = {"zone": "Europe/London", "date": dt.date(2024, 7, 14), "milestones": DAY}
    (finding,) = found(declared_only(**facts, timeline=[row("2024-07-14T15:25Z")]), "after-end")  # was British time
    assert "it agrees if shifted by -60 min: check the zone" in finding.text
    assert not found(declared_only(**facts, timeline=[row("2024-07-14T14:25Z")]), "after-end")


def test_impact_before_its_start():
    (finding,) = found(declared_only(milestones=DAY, timeline=[row("15:05", "impact")]), "impact-before-start")
    assert "is before the declared start of impact (2024-01-14 15:10 UTC)" in finding.text
    for sound in (row("15:10", "impact"), row("~15:08", "impact"), row("15:05", "action")):
        assert not found(declared_only(milestones=DAY, timeline=[sound]), "impact-before-start")


@pytest.mark.parametrize(
    ("rows", "is_outside"),
    [
        (row("16:50", "impact"), True),
        (row("15:30", "impact"), True),
        (row("15:30", "impact", end="16:05"), False),
        (row("16:20", "impact"), False),
        (row("16:33", "impact"), False),  # as near as a sign may be
        (row("16:50", "action"), False),
    ],
)
def test_impact_where_none_was_measured(rows, is_outside):
    facts = {"date": at(0).date(), "timeline": [rows]}
    assert bool(found(gauge(DIP, facts=facts), "impact-not-measured")) == is_outside
    assert not found(declared_only(timeline=[rows]), "impact-not-measured")


# --- dates ---


def test_a_start_in_the_year_before():
    """Post A of the genre: from January 10 2023 to January 11 2024, with a timeline of one afternoon."""
    milestones = {"started": "2023-01-10T14:30Z", "resolved": "2024-01-11T14:45Z"}
    rows = [row("2024-01-10T14:30Z"), row("2024-01-10T16:45Z")]
    (finding,) = found(declared_only(milestones=milestones, timeline=rows), "date-slip")
    assert finding.text.startswith(
        "started (2023-01-10 14:30 UTC) is 365 d away from the nearest other time; it agrees"
    )
    assert "if it is a year later" in finding.text
    sound = {"started": "2024-01-10T14:30Z", "resolved": "2024-01-11T14:45Z"}
    assert not found(declared_only(milestones=sound, timeline=rows), "date-slip")
    assert len(found(declared_only(milestones=milestones), "date-slip")) == 1  # one slip, though both lie far


@pytest.mark.parametrize(
    ("resolved", "why"),
    [
        ("2024-05-04T15:30Z", "day and month swapped"),  # meant the fifth of April
        ("2024-05-05T15:30Z", "a month earlier"),
        ("2025-04-05T15:30Z", "a year earlier"),
        ("2024-04-19T15:30Z", None),  # long, but no slip explains it
        ("2024-04-07T15:30Z", None),
    ],
)
def test_a_milestone_whose_date_is_a_slip(resolved, why):
    milestones = {"started": "2024-04-05T14:30Z", "detected": "2024-04-05T14:40Z", "resolved": resolved}
    findings = found(declared_only(milestones=milestones), "date-slip")
    assert [why in f.text for f in findings] == ([True] if why else [])


def test_milestones_that_may_be_days_away_are_no_slip():
    milestones = {**DAY, "changed": "2023-12-14T15:00Z", "closed": "2024-02-14T15:00Z"}
    assert not found(declared_only(milestones=milestones), "date-slip")


def test_a_row_with_day_and_month_swapped():
    """Post C of the genre: an incident of April, a timeline in September."""
    milestones = {"started": "2021-04-09T10:00Z", "resolved": "2021-04-14T18:00Z"}
    (finding,) = found(declared_only(milestones=milestones, timeline=[row("2021-09-04T10:30Z")]), "far-away")
    assert "it agrees with day and month swapped" in finding.text
    (finding,) = found(declared_only(milestones=milestones, timeline=[row("2021-09-23T10:30Z")]), "far-away")
    assert "agrees" not in finding.text
    assert not found(declared_only(milestones=milestones, timeline=[row("2021-04-12T10:30Z")]), "far-away")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("On Tuesday, January 14, 2024 it broke.", "“Tuesday, January 14, 2024”: 2024-01-14 is a Sunday."),
        ("On Mon 14 Jan it broke.", "“Mon 14 Jan”: 2024-01-14 is a Sunday."),
        ("On 2024-01-14 (Saturday) it broke.", "“2024-01-14 (Saturday)”: 2024-01-14 is a Sunday."),
        ("On Friday 14/01/2024 it broke.", "“Friday 14/01/2024”: 2024-01-14 is a Sunday."),
        ("On Sunday, January 14, 2024 it broke.", None),
        ("On Sunday the 14th of January it broke.", None),
        ("On 2024-01-14, a Sunday, it broke.", None),
        ("Since Friday 29 December nobody had looked.", None),  # of the year before
        ("Thursday 01/02/2024", None),  # the first of February
        ("Tuesday 01/02/2024", None),  # the second of January
        ("Wednesday 01/02/2024", "“Wednesday 01/02/2024”: 2024-02-01 is a Thursday."),
        ("It broke on Monday. 14 January 2024 is the date.", None),
        ("On Mon. 14 January 2024 it broke.", "“Mon. 14 January 2024”: 2024-01-14 is a Sunday."),
        ("Tue may be slow; 14 of 20 fail.", None),
        ("Version 14.1.2024 of Sun RPC", None),
    ],
)
def test_a_day_of_the_week_that_does_not_fit_its_date(text, said):
    assert [f.text for f in found(narrated(text), "weekday")] == ([said] if said else [])


def test_days_of_the_week_are_checked_wherever_people_write():
    wrong = "Monday, 2024-01-14"
    for facts in ({"summary": wrong}, {"impact": wrong}, {"timeline": [row("15:20", text=wrong)]}):
        assert found(narrated("", **facts), "weekday")
    events = events_of((at(5), "communication", wrong), (at(6), "chat", wrong))
    (finding,) = found(gauge(DIP, events=events), "weekday")
    assert finding.where == "events/tool.csv:1"
    assert not found(narrated(f"`{wrong}` <!-- {wrong} -->"), "weekday")


@given(st.dates(dt.date(1990, 1, 1), dt.date(2050, 12, 31)), st.integers(0, 6))
@always
def test_only_the_true_day_of_the_week_fits(day, weekday):
    name = (dt.date(2024, 1, 1) + dt.timedelta(days=weekday)).strftime("%A")
    for written in (f"{day:%Y-%m-%d}", f"{day:%B} {day.day}, {day.year}", f"{day.day} {day:%b} {day.year}"):
        assert bool(found(narrated(f"{name}, {written}"), "weekday")) == (day.weekday() != weekday)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("It was on 2024-12-01.", "with day and month swapped"),  # the 12th of January is meant
        ("It was on January 12, 2023.", "in another year"),
        ("It was on 12/01/2025.", "in another year"),
        ("It was on 12/01/2024.", None),  # either way round: one of them fits
        ("It was on 01/12/2024.", None),
        ("It was on 2024-01-12.", None),
        ("The release of 2023-11-30 is older.", None),  # another day altogether
        ("It was on January 12.", None),
        ("The review is on December 1, 2024.", None),  # words cannot be swapped
    ],
)
def test_a_date_in_the_text_that_is_a_slip(text, why):
    milestones = {"started": "2024-01-12T10:00Z", "resolved": "2024-01-12T12:00Z"}
    findings = found(narrated(text, milestones=milestones), "date-slip")
    assert [why in f.text for f in findings] == ([True] if why else [])


def test_dates_in_two_orders():
    (finding,) = found(narrated("From 14/01/2024\n\nuntil 01/15/2024."), "date-order")
    assert finding.text == "“14/01/2024” puts the day first, “01/15/2024” the month."
    for sound in ("14/01/2024, 15/01/2024, 02/01/2024", "01/14/2024, 2024-01-15", "14.1.2024"):
        assert not found(narrated(sound), "date-order")


def test_what_is_no_date_is_not_read_as_one():
    for text in ("31 April 2024", "2024-13-01", "10.0.0.2024", "v1.2.2024-rc", "may 14 of them"):
        assert not [d for d in written_dates(text) if d.readings(None)], text


# --- offsets ---


def test_offsets_of_two_zones_in_one_document():
    milestones = {"started": "2024-01-14T10:05-06:00", "recovered": "2024-01-14T13:30-04:00"}
    (finding,) = found(declared_only(milestones=milestones), "mixed-offsets")
    assert finding.text == "times are written with −06:00 (started) and −04:00 (recovered)."
    in_a_row = {"milestones": {"started": "2024-01-14T10:05-06:00"}, "timeline": [row("2024-01-14T13:30+01:00")]}
    assert found(declared_only(**in_a_row), "mixed-offsets")
    for other in ("2024-01-14T11:30-06:00", "2024-01-14T17:30Z", "2024-01-14T17:30+00:00", "17:30"):
        assert not found(declared_only(milestones={**milestones, "recovered": other}), "mixed-offsets")


def test_an_offset_that_is_not_that_of_the_zone():
    facts = {"zone": "America/Chicago", "date": dt.date(2024, 7, 14)}
    (finding,) = found(declared_only(**facts, milestones={"started": "2024-07-14T10:05-06:00"}), "offset-not-of-zone")
    assert finding.text == (
        "started (2024-07-14 16:05 UTC) is written with −06:00, but America/Chicago was at −05:00 then."
    )
    for sound in ("2024-07-14T10:05-05:00", "2024-01-14T10:05-06:00", "2024-07-14T10:05Z", "10:05"):
        assert not found(declared_only(**facts, milestones={"started": sound}), "offset-not-of-zone")


# --- lengths ---


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("The outage lasted 92 minutes.", (91, 93)),
        ("The incident lasted 24 hours and 15 minutes.", (24 * 60 + 14, 24 * 60 + 16)),
        ("Impact lasted about 2 hours.", (60, 180)),
        ("The outage lasted more than 2 hours.", (60, None)),
        ("An outage of less than 10 minutes.", (0, 11)),
        ("Duration of the incident: 1h 30min", (89, 91)),
        ("The site was down for 1.5 hours.", (30, 150)),
        ("A 90-minute timeout lasted 90 minutes.", None),
        ("Restarting lasted 5 minutes. The outage went on.", None),
        ("The outage was noticed 5 minutes later.", None),
        ("The outage lasted 5 releases.", None),
    ],
)
def test_the_lengths_that_a_sentence_states(text, minutes):
    read = [(s.lo, s.hi) for s in stated_lengths(text)]
    if minutes is None:
        assert not read
    else:
        lo, hi = minutes
        expected = pd.Timedelta.max if hi is None else pd.Timedelta(minutes=hi)
        assert read == [(pd.Timedelta(minutes=lo), expected)]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("The outage lasted 30 minutes.", True),  # started to recovered
        ("The outage lasted 25 minutes.", True),  # detected to recovered
        ("The outage lasted 40 minutes.", True),  # started to resolved
        ("The outage lasted about half an hour.", True),  # no number
        ("The outage lasted 24 hours and 15 minutes.", False),
        ("The outage lasted 94 minutes.", False),
        ("The outage lasted over an hour, more than 61 minutes.", True),  # not this check's grammar
        ("The outage lasted more than 60 minutes.", False),
    ],
)
def test_a_stated_length_is_one_of_those_that_the_times_allow(text, fits):
    for incident in (narrated(text), narrated("", impact=text)):
        assert bool(found(incident, "stated-length")) != fits
    assert not found(narrated(text, milestones={}), "stated-length")


def test_a_stated_length_may_be_the_measured_one():
    facts = {"milestones": {"started": "2024-01-14T16:00Z", "recovered": "2024-01-14T16:50Z"}}
    assert not found(gauge(DIP, facts={**facts, "impact": "The outage lasted 30 minutes."}), "stated-length")
    (finding,) = found(gauge(DIP, facts={**facts, "impact": "The outage lasted 3 hours."}), "stated-length")
    assert "started to recovered is 50 min (49–51), measured 30 min (29–31)" in finding.text


# --- others ---


def test_an_open_task_that_was_due_before_the_incident():
    action = {"text": "x", "kind": "prevent", "owner": "web team", "due": "2023-02-01"}
    assert found(declared_only(milestones=DAY, actions=[action]), "due-before")
    for sound in ({"due": "2024-02-01"}, {"due": "2024-01-14"}, {"status": "done"}):
        assert not found(declared_only(milestones=DAY, actions=[{**action, **sound}]), "due-before")


def test_what_was_known_before_the_stated_start():
    """As in a published one: the event is told as 20:23 to 20:30, and the incident was declared at 20:18."""
    impact = "Between 15:23 and 15:30 UTC requests failed."
    declared = {"declared": "15:18", "resolved": "15:40"}
    (finding,) = found(declared_only(impact=impact, milestones=declared), "known-before-stated-start")
    assert "lets the impact begin at 2024-01-14 15:23 UTC, 4–6 min after it was known" in finding.text
    assert not found(
        declared_only(impact=impact, milestones={**declared, "declared": "15:23"}), "known-before-stated-start"
    )
    both = f"Between 15:12 and 15:14 UTC pages were slow. {impact}"
    assert not found(declared_only(impact=both, milestones=declared), "known-before-stated-start")
