"""Declared against measured: which evidence speaks about a milestone, and the verdict on the difference."""

import pandas as pd
import pytest
from conftest import MINUTE, at, declared_only, events_of, gauge, steps
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.comparison import AGREES, CONTRADICTS, NO_EVIDENCE, WITHIN, judge, shift_note
from postmortem_nb.analysis.moments import DECLARED_AS
from postmortem_nb.analysis.witnesses import EVIDENCE
from postmortem_nb.times import Instant

always = settings(derandomize=True, deadline=None)
DIP = steps((1, 60), (5, 30), (1, 60))


def clock(minutes):
    return f"{at(minutes):%Y-%m-%dT%H:%M:%SZ}"


def between(lo, hi):
    return Instant(None if lo is None else at(lo), None, None if hi is None else at(hi))


def row(analysis, moment, version=""):
    return next(c for c in analysis.comparison if (c.moment, c.version) == (moment, version))


@pytest.mark.parametrize(
    ("declared", "measured", "verdict"),
    [
        ((10, 10), (10, 10), AGREES),
        ((10, 12), (12, 14), AGREES),  # they touch
        ((10, 11), (12, 14), WITHIN),  # one sample apart
        ((10, 11), (12.5, 14), CONTRADICTS),
        ((20, 21), (12, 14), CONTRADICTS),
        ((None, 11), (12, 14), WITHIN),
        ((None, 10), (12, 14), CONTRADICTS),
        ((None, 13), (12, 14), AGREES),
        ((13, None), (12, 14), AGREES),
        ((None, None), (12, 14), AGREES),
        ((16, 17), (None, 14), CONTRADICTS),
        ((9, 10), (None, 14), AGREES),
    ],
)
def test_the_verdict_on_two_intervals(declared, measured, verdict):
    assert judge(between(*declared), between(*measured), MINUTE) == verdict


@given(st.lists(st.integers(0, 40), min_size=4, max_size=4), st.integers(0, 10))
@always
def test_the_verdict_is_the_distance_of_the_intervals(ends, resolution):
    (a, b), (c, d) = sorted(ends[:2]), sorted(ends[2:])
    apart = max(c - b, a - d, 0)
    expected = AGREES if apart == 0 else WITHIN if apart <= resolution else CONTRADICTS
    assert judge(between(a, b), between(c, d), resolution * MINUTE) == expected


@pytest.mark.parametrize(
    ("text", "verdict", "difference"),
    [
        (clock(60), AGREES, "none"),
        ("2024-01-14T15:57Z", WITHIN, "3 min earlier"),
        (clock(65), CONTRADICTS, "5 min later"),
        (clock(50), CONTRADICTS, "10 min earlier"),
        ("<2024-01-14T15:30Z", CONTRADICTS, "at least 29 min earlier"),
        (">2024-01-14T16:30Z", CONTRADICTS, "at least 30 min later"),
        ("<2024-01-14T16:10Z", AGREES, ""),
    ],
)
def test_a_declared_start_against_the_measured_one(text, verdict, difference):
    start = row(pnb.analyze(gauge(DIP, facts={"milestones": {"started": text}})), "start")
    assert (start.verdict, start.difference_text) == (verdict, difference)
    assert start.label == "impact began"


def test_mitigated_and_recovered_are_compared():
    milestones = {"mitigated": clock(70), "recovered": clock(89.5)}
    analysis = pnb.analyze(gauge(steps((1, 60), (9, 20), (3, 15), (1, 60)), facts={"milestones": milestones}))
    assert row(analysis, "mitigate").verdict == CONTRADICTS
    assert row(analysis, "mitigate").difference_text == "10 min earlier"
    assert row(analysis, "recover").verdict == CONTRADICTS


@pytest.mark.parametrize(("minute", "verdict"), [(80, CONTRADICTS), (100, NO_EVIDENCE)])
def test_a_recovery_declared_for_an_impact_that_outlives_the_record(minute, verdict):
    analysis = pnb.analyze(gauge(steps((1, 60), (5, 30)), facts={"milestones": {"recovered": clock(minute)}}))
    found = row(analysis, "recover")
    assert (found.verdict, found.measured.lo) == (verdict, at(90))
    assert found.note == ("" if verdict == CONTRADICTS else "the record ends before it")


def test_stamps_are_evidence_for_signal_page_and_acknowledgement():
    events = events_of((at(302), "alert", "High"), (at(303), "page", "call"), (at(304), "acknowledgement", "seen"))
    milestones = {"signalled": clock(302), "paged": clock(303.5), "acknowledged": clock(307), "declared": clock(305)}
    analysis = pnb.analyze(gauge(DIP, step="5min", events=events, facts={"milestones": milestones}))
    assert {c.moment: c.verdict for c in analysis.comparison} == {
        "signal": AGREES,
        "page": WITHIN,
        "ack": CONTRADICTS,  # though less than a sample of the signal apart: a stamp is exact
        "declare": NO_EVIDENCE,
    }


@pytest.mark.parametrize(("minute", "verdict"), [(62, AGREES), (64, AGREES), (64.5, WITHIN), (70, CONTRADICTS)])
def test_who_acknowledged_was_aware_by_then_and_perhaps_before(minute, verdict):
    events = events_of((at(64), "acknowledgement", "seen"))
    analysis = pnb.analyze(gauge(DIP, events=events, facts={"milestones": {"detected": clock(minute)}}))
    assert row(analysis, "aware").verdict == verdict
    assert row(analysis, "aware").measured.lo is None


def test_what_is_declared_is_no_evidence_for_itself():
    rows = [{"at": clock(61), "kind": "detection", "text": "noticed"}]
    milestones = {"detected": clock(66), "acknowledged": clock(62), "published": clock(70), "signalled": clock(61)}
    analysis = pnb.analyze(declared_only(timeline=rows, milestones=milestones))
    assert {c.verdict for c in analysis.comparison} == {NO_EVIDENCE}
    assert all(not c.measured.is_known for c in analysis.comparison)


def test_a_public_message_and_a_change_are_held_against_recorded_ones():
    events = events_of(
        (at(10), "change", "deploy r1"), (at(55), "change", "deploy r2"), (at(72), "communication", "status page")
    )
    milestones = {"changed": clock(54.5), "published": clock(80)}
    analysis = pnb.analyze(gauge(DIP, events=events, facts={"milestones": milestones}))
    assert row(analysis, "change").measured.at == at(55)
    assert row(analysis, "change").verdict == WITHIN
    assert row(analysis, "public").verdict == CONTRADICTS
    far = pnb.analyze(gauge(DIP, events=events, facts={"milestones": {"changed": clock(200)}}))
    assert row(far, "change").verdict == NO_EVIDENCE


def test_every_published_version_is_compared():
    versions = [{"name": "preliminary post", "source": "", "milestones": {"started": clock(67)}}]
    analysis = pnb.analyze(gauge(DIP, facts={"milestones": {"started": clock(60)}, "versions": versions}))
    assert row(analysis, "start").verdict == AGREES
    assert row(analysis, "start", "preliminary post").verdict == CONTRADICTS
    (finding,) = [f for f in analysis.findings if f.id == "declared-contradicts-measured"]
    assert "in the preliminary post" in finding.text
    assert "7 min later" in finding.text
    assert finding.where == "milestone started"
    assert '[[accepted]] (place = "milestone started").' in finding.fix


def test_a_contradiction_that_the_narrative_explains_is_accepted_as_its_fix_says():
    reason = {"id": "declared-contradicts-measured", "place": "milestone started", "reason": "Copied from the alert."}
    analysis = pnb.analyze(gauge(DIP, facts={"milestones": {"started": clock(67)}, "accepted": [reason]}))
    assert not [f for f in analysis.findings if f.id in ("declared-contradicts-measured", "accepted-nothing")]
    assert [a.reason for a in analysis.accepted] == ["Copied from the alert."]


@pytest.mark.parametrize(
    ("minutes", "zone", "note"),
    [
        (60, "UTC", "agrees if shifted by -60 min: check the zone it was written in"),
        (-60, "UTC", "agrees if shifted by +60 min: check the zone it was written in"),
        (-480, "America/Los_Angeles", "agrees if shifted by +480 min: check the zone it was written in"),
        (330, "Asia/Kolkata", "agrees if shifted by -330 min: check the zone it was written in"),
        (330, "UTC", ""),
        (17, "UTC", ""),
    ],
)
def test_a_shift_by_the_zone_is_recognised(minutes, zone, note):
    measured, declared = Instant.exact(at(0)), Instant.exact(at(minutes), "declared")
    assert shift_note(declared, measured, MINUTE, zone) == note


def test_the_note_of_a_shift_reaches_the_finding():
    analysis = pnb.analyze(gauge(DIP, facts={"milestones": {"started": clock(120)}}))
    (finding,) = [f for f in analysis.findings if f.id == "declared-contradicts-measured"]
    assert "agrees if shifted by -60 min" in finding.text
    assert finding.severity == "warning"


def test_differences_have_bounds():
    found = row(pnb.analyze(gauge(DIP, facts={"milestones": {"started": "2024-01-14T16:05Z"}})), "start")
    assert [d / MINUTE for d in (found.difference.lo, found.difference.value, found.difference.hi)] == [5, 5, 7]
    assert found.difference.value == pd.Timedelta(minutes=5)


# --- what the evidence says of each milestone ---


def told(events, milestone, minute, values=DIP, **more):
    """The comparison of one declared milestone with recorded events, given as (minute, kind, text[, actor])."""
    frame = events_of(*((at(m), kind, text) for m, kind, text, *_ in events))
    frame["actor"] = [rest[0] if rest else "" for *_, rest in ((*e[:3], list(e[3:])) for e in events)]
    frame["evidence"] = [f"events/tool.csv:{n}" for n in range(1, len(events) + 1)]
    for column, minutes in more.items():
        frame[column] = pd.to_datetime([None if m is None else at(m) for m in minutes], utc=True)
    incident = gauge(values, events=frame, facts={"milestones": {milestone: clock(minute)}})
    (found,) = pnb.analyze(incident).comparison
    return found


ALERT = (62, "alert", "High")
FLAT = steps((1, 150))  # a record that shows no impact
CHAT = [
    (63, "chat", "[FIRING] High: errors", "Alert bot"),
    (64, "chat", "Lunch?", "Designer"),
    (65, "chat", "Acknowledged, looking.", "On-call engineer"),
    (66, "chat", "Declaring SEV1.", "Incident commander"),
    (70, "chat", "Not resolved yet, root cause unknown until we see the log", "On-call engineer"),
    (78, "chat", "Found it: a full disk.", "On-call engineer"),
    (92, "chat", "Resolved.", "Incident commander"),
]
RESPONDER = (64, "page", "call", "On-call engineer")


@pytest.mark.parametrize(
    ("events", "milestone", "minute", "bounds", "verdict"),
    [
        # of a tool that keeps incidents
        ([ALERT, (66, "declaration", "created: High")], "declared", 66, (66, 66), AGREES),
        ([ALERT, (66, "declaration", "created: High")], "declared", 72, (66, 66), CONTRADICTS),
        ([ALERT, (10, "declaration", "created: other")], "declared", 66, None, NO_EVIDENCE),  # before the start
        ([ALERT, (80, "observation", "identified: High")], "identified", 79, (80, 80), WITHIN),
        ([ALERT, (80, "observation", "escalated")], "identified", 79, None, NO_EVIDENCE),
        ([ALERT, (95, "resolution", "resolved: High")], "resolved", 95, (95, 95), AGREES),
        (
            [ALERT, (95, "resolution", "resolved"), (99, "resolution", "resolved")],
            "resolved",
            95,
            (99, 99),
            CONTRADICTS,
        ),
        ([ALERT, (300, "closure", "closed: High")], "closed", 300, (300, 300), AGREES),
        # of a status page
        ([ALERT, (70, "communication", "Shop: investigating: errors")], "declared", 80, (62, 70), CONTRADICTS),
        ([ALERT, (80, "communication", "Shop: identified: a full disk")], "identified", 80, (80, 80), AGREES),
        ([ALERT, (95, "communication", "Shop: resolved: all is well")], "resolved", 95, (95, 95), AGREES),
        ([ALERT, (95, "communication", "Shop: monitoring: not resolved")], "resolved", 95, None, NO_EVIDENCE),
        ([ALERT, (200, "communication", "Shop: postmortem: we are sorry")], "closed", 200, (200, 200), AGREES),
        # of chat
        ([*CHAT], "detected", 64, (None, 65), AGREES),
        ([*CHAT], "detected", 68, (None, 65), CONTRADICTS),
        ([ALERT, *CHAT], "acknowledged", 64, (62, 65), AGREES),
        ([ALERT, *CHAT], "declared", 66, (66, 66), AGREES),
        ([ALERT, *CHAT], "declared", 75, (66, 66), CONTRADICTS),
        ([ALERT, RESPONDER, *CHAT], "engaged", 64, (62, 65), AGREES),
        ([ALERT, RESPONDER, *CHAT], "engaged", 72, (62, 65), CONTRADICTS),
        ([ALERT, RESPONDER, *CHAT], "engaged", 50, (62, 65), CONTRADICTS),
        ([ALERT, *CHAT], "identified", 77, (62, 78), AGREES),
        ([ALERT, *CHAT], "identified", 85, (62, 78), CONTRADICTS),
        ([ALERT, *CHAT], "resolved", 92, (92, 92), AGREES),
        ([ALERT, *CHAT[:5]], "resolved", 92, None, NO_EVIDENCE),
        ([ALERT, *CHAT[:5]], "identified", 77, None, NO_EVIDENCE),
        ([CHAT[0]], "detected", 66, None, NO_EVIDENCE),  # a bot is not aware of anything
        # an action of a shell history
        ([ALERT, (68, "action", "systemctl restart shop")], "engaged", 66, (62, 68), AGREES),
    ],
)
def test_evidence_of_people_and_tools(events, milestone, minute, bounds, verdict):
    found = told(events, milestone, minute)
    assert found.verdict == verdict
    if bounds is None:
        assert not found.measured.is_known
    else:
        assert (found.measured.lo, found.measured.hi) == tuple(None if m is None else at(m) for m in bounds)


def test_without_telemetry_alerts_and_changes_speak_about_the_impact():
    assert told([ALERT], "started", 60, FLAT).verdict == AGREES
    late = told([ALERT], "started", 64, FLAT)
    assert (late.verdict, late.measured.hi) == (CONTRADICTS, at(62))
    end = told([ALERT], "recovered", 90, FLAT, end=[93])
    assert (end.verdict, end.measured.lo, end.measured.hi) == (AGREES, at(88), at(93))
    assert told([ALERT], "recovered", 80, FLAT, end=[93]).verdict == CONTRADICTS
    assert told([ALERT], "recovered", 90, FLAT, end=[None]).verdict == NO_EVIDENCE
    changes = [ALERT, (70, "change", "restart"), (88, "change", "rollback to r417")]
    assert told(changes, "mitigated", 86, FLAT).measured.at == at(88)
    assert told(changes, "mitigated", 86, FLAT).verdict == CONTRADICTS
    assert told([ALERT], "mitigated", 86, FLAT).verdict == NO_EVIDENCE


def test_measured_edges_go_before_what_tools_say_of_the_impact():
    assert told([ALERT], "recovered", 90, end=[93]).measured.at == at(90)
    assert told([ALERT, (80, "change", "rollback")], "mitigated", 90).measured.at == at(90)


def test_every_milestone_has_a_rule():
    assert list(EVIDENCE) == list(DECLARED_AS)
