"""The timeline tells each thing once, with all of its evidence, and of a chat only what people chose."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.joining import alike, joined, with_measured, with_milestones
from postmortem_nb.frames import EVENTS, TIME, conform
from postmortem_nb.incident import Facts, Incident

DAY = "2024-01-14T"


def when(clock):
    return pd.Timestamp(f"{DAY}{clock}:00Z" if clock.count(":") == 1 else f"{DAY}{clock}Z")


def event(clock, kind, text, evidence, source="tool", actor="", **more):
    t = when(clock)
    times = {"time": t, "time_lo": t, "time_hi": t, "end": pd.NaT}
    told = {
        "said": "",
        "kind": kind,
        "source": source,
        "actor": actor,
        "text": text,
        "basis": "system",
        "evidence": evidence,
    }
    return {**times, **told, **more}


def incident(events=(), **facts):
    frame = pd.DataFrame(list(events)).assign(end=pd.Series(pd.NaT, dtype=TIME)) if events else EVENTS.empty()
    frame = conform(frame, EVENTS)
    declared = Facts.from_dict({"title": "t", "zone": "UTC", "date": when("00:00").date(), **facts})
    return Incident("2024-01-14-t", "t", declared, events=frame)


def told(incident):
    rows = pnb.analyze(incident).timeline
    return [(f"{r.time:%H:%M:%S}", r.kind, r.text, r.basis, r.evidence) for r in rows.itertuples()]


def found(incident, id_):
    return [f for f in pnb.analyze(incident).findings if f.id == id_]


ALERT = event("10:03:20", "alert", "HighErrors: errors above 5 %", "events/alerts.json#1", "alertmanager")


def test_a_declared_row_and_the_record_of_it_are_one_row_at_the_recorded_time():
    row = {"at": "10:03", "kind": "detection", "text": "The alert fired.", "evidence": "events/alerts.json"}
    assert told(incident([ALERT], timeline=[row])) == [
        (
            "10:03:20",
            "alert",
            "The alert fired. [HighErrors: errors above 5 %]",
            "system + declared",
            "events/alerts.json#1",
        )
    ]


def test_the_words_of_people_are_kept_apart():
    row = {"at": "10:03", "kind": "detection", "text": "The alert fired.", "evidence": "events/alerts.json"}
    (joint,) = pnb.analyze(incident([ALERT], timeline=[row])).timeline.itertuples()
    assert (joint.said, joint.source) == ("The alert fired.", "alertmanager + incident.toml")
    (alone,) = pnb.analyze(incident([ALERT])).timeline.itertuples()
    assert alone.said == ""


def test_rows_that_say_the_same_are_one_without_a_named_file():
    row = {"at": "10:03", "kind": "detection", "text": "HighErrors fired: errors above 5 %."}
    ((clock, _, text, basis, _),) = told(incident([ALERT], timeline=[row]))
    assert (clock, text, basis) == ("10:03:20", "HighErrors fired: errors above 5 %.", "system + declared")


@pytest.mark.parametrize(
    "row",
    [
        {"at": "10:03", "kind": "detection", "text": "A customer called."},
        {"at": "10:05", "kind": "detection", "text": "HighErrors: errors above 5 %"},
        {"at": "10:03", "kind": "action", "text": "HighErrors: errors above 5 %"},
    ],
    ids=["another thing", "another time", "another kind"],
)
def test_rows_that_may_be_different_things_stay_apart(row):
    assert len(told(incident([ALERT], timeline=[row]))) == 2


def test_one_alert_in_two_tools_is_one_row_with_both_places():
    paged = event("10:03:50", "alert", "Errors above 5 % (HighErrors)", "events/incidents.json#7", "pagerduty")
    (row,) = told(incident([ALERT, paged]))
    assert row[4] == "events/alerts.json#1; events/incidents.json#7"
    assert len(told(incident([ALERT, {**paged, "source": "alertmanager"}]))) == 2  # one tool tells of two


def test_a_milestone_is_told_by_the_row_that_it_is():
    facts = {"milestones": {"signalled": "10:03", "detected": "10:04", "resolved": "11:00"}}
    assert [(clock, text) for clock, _, text, _, _ in told(incident([ALERT], **facts))] == [
        ("10:03:20", "HighErrors: errors above 5 % (first automatic signal)"),
        ("10:04:00", "First person aware"),
        ("11:00:00", "Incident resolved"),
    ]


def test_a_milestone_that_a_row_says_already_is_not_said_twice():
    rows = [{"at": "10:00", "kind": "decision", "text": "Incident declared resolved."}]
    ((_, _, text, _, _),) = told(incident(timeline=rows, milestones={"resolved": "10:00"}))
    assert text == "Incident declared resolved."


def test_rows_without_a_time_come_last_and_are_joined_to_nothing():
    rows = [{"at": "unknown", "kind": "detection", "text": "HighErrors: errors above 5 %"}]
    timeline = pnb.analyze(incident([ALERT], timeline=rows)).timeline
    assert list(timeline["basis"]) == ["system", "declared"]
    assert list(timeline["time"].isna()) == [False, True]


def test_milestones_of_one_time_share_a_row():
    ((_, _, text, _, _),) = told(incident(milestones={"recovered": "10:09", "mitigated": "10:09"}))
    assert text == "Impact no longer severe; service recovered"


words = st.text(alphabet="abcd ", min_size=0, max_size=12)
rows = st.lists(
    st.builds(
        lambda minute, kind, text, n: event(f"10:{minute:02}", kind, text, f"events/{n}.json#{n}", f"tool {n}"),
        st.integers(0, 6),
        st.sampled_from(["alert", "page", "change", "communication", "chat"]),
        words,
        st.integers(0, 2),
    ),
    max_size=6,
)


@given(rows, rows)
def test_nothing_is_lost_and_no_evidence_forgotten(declared, recorded):
    declared = [{**row, "basis": "declared", "evidence": "incident.toml", "said": row["text"]} for row in declared]
    merged = joined(declared, recorded)
    assert len(merged) <= len(declared) + len(recorded)
    assert all(any(d["text"] in m["text"] and d["text"] == m["said"] for m in merged) for d in declared)
    assert {place for row in recorded for place in row["evidence"].split("; ")} == {
        place for row in merged for place in row["evidence"].split("; ") if place != "incident.toml"
    }


@given(words, words)
def test_likeness_is_mutual_and_a_share(a, b):
    assert alike(a, b) == alike(b, a)
    assert 0 <= alike(a, b) <= 1


def edge(name, lo, at, hi):
    row = event(at, "impact", f"measured {name}", "logs/a.log:1–9", "signal", basis="measured")
    return name, {**row, "time_lo": when(lo), "time_hi": when(hi)}


def milestone(name, lo, at, hi):
    row = event(at, "milestone", f"{at} UTC", "incident.toml", "incident.toml", basis="declared")
    return name, f"label of {name}", {**row, "time_lo": when(lo), "time_hi": when(hi)}


@pytest.mark.parametrize(
    ("name", "bounds", "is_one"),
    [
        ("mitigated", ("17:49", "17:49", "17:50"), True),
        ("mitigated", ("17:40", "17:45", "17:50"), True),
        ("mitigated", ("17:50:30", "17:50:30", "17:50:30"), False),  # 19 seconds after its last bound
        ("mitigated", ("17:48", "17:48", "17:49"), False),  # the minute before it
        ("recovered", ("17:49", "17:49", "17:50"), False),  # another milestone
        ("resolved", ("17:49", "17:49", "17:50"), False),
    ],
)
def test_a_declared_milestone_and_the_measured_edge_that_it_is_are_one(name, bounds, is_one):
    left, rows = with_measured([milestone(name, *bounds)], [edge("mitigated", "17:49", "17:50", "17:50:11")])
    assert bool(left) != is_one
    (row,) = rows
    assert row["time"] == when("17:50")
    if is_one:
        assert row["text"] == f"measured mitigated (declared: {bounds[1]} UTC)"
        assert (row["basis"], row["evidence"]) == ("measured + declared", "logs/a.log:1–9; incident.toml")
    else:
        assert row["basis"] == "measured"


def test_a_milestone_without_bounds_is_no_edge():
    own = milestone("started", "10:00", "10:00", "10:01")
    own[2]["time_lo"] = pd.NaT
    assert with_measured([own], [edge("started", "09:00", "10:00", "11:00")])[0] == [own]


def test_of_two_windows_a_milestone_is_the_edge_that_it_overlaps():
    edges = [edge("recovered", "10:00", "10:00", "10:01"), edge("recovered", "11:00", "11:00", "11:01")]
    left, rows = with_measured([milestone("recovered", "11:00", "11:00", "11:01")], edges)
    assert left == []
    assert [row["basis"] for row in rows] == ["measured", "measured + declared"]


def test_the_identified_cause_is_the_confirmed_explanation():
    held = {"text": "The disk is full", "from": "10:00", "to": "10:09", "verdict": "confirmed"}
    rows = told(incident(hypotheses=[held], milestones={"identified": "10:09", "engaged": "10:00"}))
    assert [text for _, _, text, _, _ in rows] == [
        "Diagnosis began",
        "Suspected: The disk is full",
        "Confirmed: The disk is full (cause identified)",
    ]


def test_a_record_in_another_form_of_the_words_is_the_same():
    row = {"at": "10:15", "kind": "action", "text": "The rollback succeeded. Threads did not come free."}
    record = event("10:15", "change", "rollback succeeds", "events/changes.csv:3")
    assert len(told(incident([record], timeline=[row]))) == 1
    assert len(told(incident([{**record, "text": "rollback rejected"}], timeline=[row]))) == 2


def test_a_milestone_without_a_time_nearby_stands_alone():
    own = event("12:00", "milestone", "", "incident.toml")
    assert [r["text"] for r in with_milestones([ALERT], [("signalled", "first automatic signal", own)])] == [
        "First automatic signal",
        ALERT["text"],
    ]


# --- evidence ---


def test_declared_rows_without_evidence_are_a_finding_and_joined_or_named_ones_are_not():
    rows = [
        {"at": "10:03", "kind": "detection", "text": "HighErrors: errors above 5 %"},
        {"at": "10:05", "kind": "action", "text": "Restarted.", "evidence": "logs/app.log"},
        {"at": "10:07", "kind": "action", "text": "Rolled back."},
    ]
    (bare,) = found(incident([ALERT], timeline=rows), "no-evidence")
    assert bare.text == "1 of 3 declared rows has no evidence: “Rolled back.”"
    assert not found(incident([ALERT], timeline=rows[:2]), "no-evidence")


# --- chat ---

TALK = [
    event("10:01", "chat", "anyone looking?", "events/chat.json#1 ts 1.0", "slack", "responder 1", marks=0),
    event("10:02", "chat", "rolling back now", "events/chat.json#2 ts 2.0 https://x.example/p2", "slack", marks=3),
    event("10:04", "chat", "errors are gone", "events/chat.json#3 ts 3.0", "slack", marks=0),
]


def said(**chat):
    return [text for _, kind, text, _, _ in told(incident(TALK, chat=chat)) if kind == "chat"]


def test_only_messages_that_people_pointed_at_enter():
    assert said() == ["rolling back now"]
    assert said(marks=4) == []
    assert said(marks=0) == []


@pytest.mark.parametrize("word", ["events/chat.json#3", "ERRORS are", "errors*gone"])
def test_an_analyst_names_messages_by_place_or_words(word):
    assert said(include=[word]) == ["rolling back now", "errors are gone"]


def test_a_role_is_spelled_in_the_chat_as_people_declared_it():
    message = event("10:05", "chat", "Rolling back.", "events/chat.json#1", "slack", "On-call engineer", marks=1)
    other = event("10:06", "chat", "Thanks.", "events/chat.json#2", "slack", "DBA", marks=1)
    rows = [{"at": "09:00", "kind": "action", "text": "A look.", "actor": "on-call engineer"}]
    timeline = pnb.analyze(incident([message, other], timeline=rows)).timeline
    assert list(timeline["actor"]) == ["on-call engineer", "on-call engineer", "DBA"]


def test_a_permalink_names_one_and_an_excluded_message_stays_out():
    assert said(marks=0, include=["https://x.example/p2"]) == ["rolling back now"]
    assert said(exclude=["rolling back"]) == []


def test_a_message_that_is_named_and_not_there_is_a_finding():
    (finding,) = found(incident(TALK, chat={"include": ["no such words"]}), "chat-not-found")
    assert "'no such words'" in finding.text
    assert not found(incident(TALK, chat={"include": ["errors are"]}), "chat-not-found")


def test_a_chosen_message_and_a_declared_row_of_it_are_one():
    rows = [{"at": "10:02", "kind": "action", "text": "Rolling back now"}]
    (row,) = told(incident(TALK, timeline=rows))
    assert row == (
        "10:02:00",
        "chat",
        "Rolling back now",
        "system + declared",
        "events/chat.json#2 ts 2.0 https://x.example/p2",
    )
