"""Declared against measured: which evidence speaks about a milestone, and the verdict on the difference."""

import pandas as pd
import pytest
from conftest import MINUTE, at, declared_only, events_of, gauge, steps
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.comparison import AGREES, CONTRADICTS, NO_EVIDENCE, WITHIN, judge, shift_note
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
