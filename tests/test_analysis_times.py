"""The event model, every time and its null rule: what is uncertain keeps its bounds, what is missing stays missing."""

import pandas as pd
import pytest
from conftest import MINUTE, START, at, declared_only, draw, events_of, gauge, steps
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.definitions import LENGTHS, METRICS
from postmortem_nb.analysis.detection import earliest
from postmortem_nb.analysis.moments import DECLARED_AS, NAMES, RULES
from postmortem_nb.analysis.timings import between_failures
from postmortem_nb.example import Impact
from postmortem_nb.incident import MILESTONES
from postmortem_nb.times import UNKNOWN, Instant

always = settings(derandomize=True, deadline=None)
DIP = steps((1, 60), (5, 30), (1, 60))  # impact from minute 60 to 90, known to the minute before each


def clock(minutes, seconds=0):
    """A declared time: exact to the minute, or to the second."""
    t = at(minutes)
    return f"{t:%Y-%m-%dT%H:%MZ}" if seconds is None else f"{t + pd.Timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def minutes(duration):
    """Bounds and value in minutes."""
    return tuple(None if d is None else d / MINUTE for d in (duration.lo, duration.value, duration.hi))


def timing(id_, *args, **facts):
    return pnb.analyze(args[0] if args else declared_only(**facts)).timing(id_)


def findings(analysis, id_):
    return [f for f in analysis.findings if f.id == id_]


def test_the_tables_of_moments_agree():
    assert list(NAMES) == list(RULES)
    assert set(DECLARED_AS) == set(NAMES) - {"detect"}
    assert sorted(DECLARED_AS.values()) == sorted(MILESTONES)
    assert {m.start for m in METRICS} | {m.end for m in METRICS} <= set(NAMES)
    assert len({m.id for m in (*METRICS, *LENGTHS)}) == len(METRICS) + len(LENGTHS)


# --- one difference of two moments each, all declared, to the second ---

MINUTES = {
    "changed": 0,
    "started": 5,
    "signalled": 8,
    "paged": 9,
    "detected": 11,
    "acknowledged": 12,
    "declared": 14,
    "engaged": 15,
    "identified": 31,
    "mitigated": 40,
    "recovered": 47,
    "resolved": 59,
    "published": 20,
    "closed": 1000,
}
EXPECTED = {
    "latent_time": 5,
    "time_to_detect": 3,  # the signal came before the person
    "notify_lag": 1,
    "time_to_acknowledge": 3,
    "time_to_declare": 6,
    "time_to_identify": 23,
    "time_to_mitigate": 35,
    "time_to_recover": 42,
    "time_to_repair": 39,
    "time_to_resolve": 54,
    "time_to_resolve_declared": 45,
    "closing_lag": 12,
    "comms_lag": 15,
    "comms_lag_detected": 12,
    "failed_deployment_recovery_time": 47,
    "failed_deployment_recovery_from_start": 42,
}


@pytest.fixture(scope="module")
def declared():
    return pnb.analyze(declared_only(change_failed=True, milestones={name: clock(m) for name, m in MINUTES.items()}))


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.id)
def test_each_time_is_the_difference_that_its_definition_names(metric, declared):
    found = declared.timing(metric.id)
    assert minutes(found.duration)[1] == EXPECTED[metric.id]
    assert (found.start.name, found.end.name, found.basis) == (metric.start, metric.end, "declared")
    assert found.duration.hi - found.duration.lo == pd.Timedelta(seconds=2)  # a second at either end


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.id)
def test_a_time_without_one_of_its_ends_is_absent_and_says_which(metric):
    both = {metric.start, metric.end} - {"detect"} | ({"aware"} if "detect" in (metric.start, metric.end) else set())
    for absent in both:
        kept = {DECLARED_AS[m]: clock(MINUTES[DECLARED_AS[m]]) for m in both - {absent}}
        found = timing(metric.id, change_failed=True, milestones=kept)
        assert not found.duration.is_known
        assert found.text == "not known"
        assert found.basis == ""
        assert NAMES[absent if absent != "aware" else "detect"] in found.note


def test_the_recovery_of_a_failed_deployment_needs_a_deployment_that_failed():
    milestones = {"changed": clock(0), "recovered": clock(47)}
    found = timing("failed_deployment_recovery_time", milestones=milestones)
    assert not found.duration.is_known
    assert found.note == "no failed deployment is declared (change_failed = true)"
    found = timing("failed_deployment_recovery_time", milestones=milestones, change_failed=True)
    assert found.duration.value == 47 * MINUTE


def test_bounds_of_both_ends_are_carried():
    found = timing("time_to_detect", milestones={"started": clock(10, None), "detected": "~15:20"})
    assert minutes(found.duration) == (4, 10, 15)  # (15:15 − 15:11, 15:20 − 15:10, 15:25 − 15:10)
    found = timing("time_to_detect", milestones={"started": "15:05/15:10", "detected": "15:20:00"})
    assert minutes(found.duration) == pytest.approx((10, 12.5, 15 + 1 / 60))
    found = timing("time_to_detect", milestones={"started": "<15:10", "detected": "15:20:00"})
    assert minutes(found.duration) == (10, None, None)
    assert found.text == "at least 10 min"
    found = timing("time_to_detect", milestones={"started": "15:10:00", "detected": "<15:20"})
    assert minutes(found.duration) == (None, None, 10)
    assert found.text == "at most 10 min"
    found = timing("time_to_detect", milestones={"started": "<15:10", "detected": "<15:20"})
    assert (found.text, found.note) == ("not known", "its ends are not known well enough")
    found = timing("time_to_detect", milestones={"started": "unknown", "detected": "15:20"})
    assert found.note == "not recorded: impact began"


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=4))
@always
def test_the_earliest_of_uncertain_instants_has_the_bounds_of_a_minimum(rows):
    instants = [Instant(*(at(m) for m in sorted(row))) for row in rows]
    first = earliest(instants)
    assert (first.lo, first.hi) == (min(i.lo for i in instants), min(i.hi for i in instants))
    assert first.at == min(i.at for i in instants if i.at <= first.hi)


def test_the_earliest_of_open_instants():
    before, after, exact = Instant(hi=at(10)), Instant(lo=at(5)), Instant.exact(at(20))
    assert earliest([]) == earliest([UNKNOWN]) == UNKNOWN
    assert (earliest([before, exact]).lo, earliest([before, exact]).at, earliest([before, exact]).hi) == (
        None,
        None,
        at(10),
    )
    both = earliest([after, exact])
    assert (both.lo, both.at, both.hi) == (at(5), at(20), at(20))


# --- where each moment is taken from ---


def test_measured_beats_declared_and_both_stay_visible():
    milestones = {"started": clock(58), "recovered": clock(95), "mitigated": clock(80)}
    analysis = pnb.analyze(gauge(DIP, facts={"milestones": milestones}))
    assert analysis.moments.at("start").at == at(60)
    assert analysis.moments.at("recover").at == at(90)
    assert {m: analysis.moments.at(m).basis for m in ("start", "mitigate", "recover")} == dict.fromkeys(
        ("start", "mitigate", "recover"), "measured"
    )
    shown = {c.moment: (c.declared.at, c.measured.at) for c in analysis.comparison}
    assert shown == {"start": (at(58), at(60)), "mitigate": (at(80), at(90)), "recover": (at(95), at(90))}
    assert analysis.claims["declared_recovered"].value == "2024-01-14T16:35:00Z"
    assert minutes(analysis.timing("time_to_recover").duration) == (29, 30, 31)


def test_declared_is_used_where_nothing_is_measured():
    milestones = {"started": clock(58), "mitigated": clock(80), "recovered": clock(95)}
    for incident in (declared_only(milestones=milestones), gauge(steps((1, 90)), facts={"milestones": milestones})):
        analysis = pnb.analyze(incident)
        assert analysis.timing("time_to_recover").duration.value == 37 * MINUTE
        assert analysis.timing("time_to_recover").basis == "declared"
        assert not analysis.timing("impact_time").duration.is_known
        assert {c.verdict for c in analysis.comparison} == {"no evidence"}


def test_a_recorded_event_beats_a_declared_time():
    events = events_of((at(62), "alert", "High"), (at(63), "page", "call"), (at(64), "acknowledgement", "seen"))
    milestones = {"signalled": clock(70), "paged": clock(71), "acknowledged": clock(72)}
    analysis = pnb.analyze(gauge(DIP, events=events, facts={"milestones": milestones}))
    assert [analysis.moments.at(m).at for m in ("signal", "page", "ack")] == [at(62), at(63), at(64)]
    assert analysis.timing("time_to_acknowledge").duration.value == MINUTE
    assert analysis.timing("time_to_acknowledge").basis == "system"


def test_detected_is_the_earlier_of_signal_and_person():
    events = events_of((at(66), "alert", "High"))
    alert = pnb.analyze(gauge(DIP, events=events, facts={"milestones": {"detected": clock(70)}}))
    assert (alert.moments.at("detect").at, alert.moments.detected_by) == (at(66), "an automatic signal")
    person = pnb.analyze(gauge(DIP, events=events, facts={"milestones": {"detected": clock(62)}}))
    assert (person.moments.at("detect").at, person.moments.detected_by) == (at(62), "a person")
    (finding,) = findings(person, "noticed-before-signal")
    assert "4 min" in finding.text
    assert not findings(alert, "noticed-before-signal")
    nobody = pnb.analyze(gauge(DIP))
    assert nobody.moments.detected_by == ""


def test_people_are_aware_by_milestone_report_or_acknowledgement():
    rows = [{"at": clock(66), "kind": "detection", "text": "a customer called", "actor": "support"}]
    events = events_of((at(68), "acknowledgement", "seen"), (at(67), "detection", "ticket"))
    analysis = pnb.analyze(gauge(DIP, events=events, facts={"timeline": rows, "milestones": {"detected": clock(69)}}))
    assert analysis.moments.at("aware").at == at(66)
    assert [s.instant.at for s in analysis.moments.signs] == [at(66), at(67), at(68), at(69)]


def test_engaged_and_identified_follow_from_what_was_done():
    facts = {
        "timeline": [{"at": clock(70), "kind": "action", "text": "restart"}],
        "hypotheses": [
            {"text": "network", "from": clock(66), "to": clock(72), "verdict": "refuted"},
            {"text": "disk", "from": clock(72), "to": clock(81), "verdict": "confirmed"},
            {"text": "full disk", "from": clock(72), "to": clock(78), "verdict": "confirmed"},
        ],
    }
    analysis = pnb.analyze(declared_only(**facts))
    assert analysis.moments.at("engage").at == at(66)
    assert analysis.moments.at("identify").at == at(81)
    analysis = pnb.analyze(declared_only(**facts, milestones={"engaged": clock(64), "identified": clock(80)}))
    assert analysis.moments.at("engage").at == at(64)
    assert analysis.moments.at("identify").at == at(80)


def test_the_first_public_message():
    rows = [{"at": clock(75), "kind": "communication", "text": "we are looking into it"}]
    assert pnb.analyze(gauge(DIP, facts={"timeline": rows})).moments.at("public").at == at(75)
    declared = {"timeline": rows, "milestones": {"published": clock(77)}}
    assert pnb.analyze(gauge(DIP, facts=declared)).moments.at("public").at == at(77)
    events = events_of((at(10), "communication", "maintenance next week"), (at(73), "communication", "status page"))
    analysis = pnb.analyze(gauge(DIP, facts=declared, events=events))
    assert analysis.moments.at("public").at == at(73)
    assert analysis.timing("comms_lag").duration.value == 13 * MINUTE


def test_mitigated_is_the_end_of_the_severe_part():
    analysis = pnb.analyze(gauge(steps((1, 60), (9, 20), (3, 15), (1, 60))))
    mitigated = analysis.moments.at("mitigate")
    assert (mitigated.lo, mitigated.at, mitigated.hi) == (at(79), at(80), at(80))
    assert analysis.moments.at("recover").at == at(95)
    assert analysis.timing("time_to_mitigate").duration.value == 20 * MINUTE


def test_an_instant_of_an_event_keeps_its_bounds():
    events = events_of((at(65), "alert", "High"))
    events["time_lo"], events["time_hi"] = at(64), at(66)
    signal = pnb.analyze(gauge(DIP, events=events)).moments.at("signal")
    assert (signal.lo, signal.at, signal.hi) == (at(64), at(65), at(66))
    events["time_lo"] = pd.Series([pd.NaT], dtype=events["time"].dtype)
    events["time_hi"] = at(65)
    signal = pnb.analyze(gauge(DIP, events=events)).moments.at("signal")  # "before 16:05"
    assert (signal.lo, signal.at, signal.hi) == (None, None, at(65))


# --- precursors, false friends, negative values ---


def test_alerts_long_before_the_impact_are_listed_and_not_counted():
    early = [(at(m), "alert", f"Disk {m}") for m in (5, 10, 20, 30)]
    analysis = pnb.analyze(gauge(DIP, events=events_of(*early, (at(64), "alert", "High"))))
    assert analysis.timing("time_to_detect").duration.value == 4 * MINUTE
    (finding,) = findings(analysis, "early-alert")
    assert finding.severity == "note"
    assert all(f"Disk {m}" in finding.text for m in (5, 10, 20))
    assert "and 1 more" in finding.text
    assert [s.role for s in analysis.moments.signs] == ["precursor"] * 4 + ["counted"]


def test_an_alert_within_the_tolerance_counts_and_its_negative_time_is_shown():
    analysis = pnb.analyze(gauge(DIP, events=events_of((at(56), "alert", "High"))))
    found = analysis.timing("time_to_detect")
    assert minutes(found.duration) == (-4, -4, -3)
    assert found.text == "−4 to −3 min"
    (finding,) = findings(analysis, "detected-before-start")
    assert finding.severity == "warning"
    assert "−4 to −3 min" in finding.text


DISK = [{"text": "diskfull*", "role": "unrelated", "why": "the build server"}]


@pytest.mark.parametrize("role", ["unrelated", "precursor"])
def test_an_ignored_alert_is_listed_and_detects_nothing(role):
    events = events_of((at(57), "alert", "DiskFull [build]"), (at(64), "alert", "High"))
    before = pnb.analyze(gauge(DIP, events=events))
    assert before.timing("time_to_detect").duration.value == -3 * MINUTE
    assert "[[ignored]]" in findings(before, "detected-before-start")[0].fix
    analysis = pnb.analyze(gauge(DIP, events=events, facts={"ignored": [{**DISK[0], "role": role}]}))
    assert analysis.timing("time_to_detect").duration.value == 4 * MINUTE
    assert [(s.role, s.why) for s in analysis.moments.signs] == [(role, "the build server"), ("counted", "")]
    assert not findings(analysis, "detected-before-start")
    assert not findings(analysis, "ignored-nothing")


def test_an_ignored_entry_settles_an_early_alert():
    events = events_of((at(5), "alert", "DiskFull"), (at(64), "alert", "High"))
    (early,) = findings(pnb.analyze(gauge(DIP, events=events)), "early-alert")
    assert "[[ignored]]" in early.fix
    assert not findings(pnb.analyze(gauge(DIP, events=events, facts={"ignored": DISK})), "early-alert")


@pytest.mark.parametrize(
    ("entry", "matches"),
    [
        ({"text": "[FIRING] Disk"}, True),  # brackets mean themselves
        ({"text": "[firing] d?sk", "kind": "alert"}, True),
        ({"text": "[FIRING] Disk", "kind": "page"}, False),
        ({"text": "Disk"}, False),  # the whole text counts
        ({"text": "*disk*"}, True),
    ],
)
def test_which_events_an_ignored_entry_means(entry, matches):
    facts = {"ignored": [{"why": "x", **entry}]}
    analysis = pnb.analyze(gauge(DIP, events=events_of((at(64), "alert", "[FIRING] Disk")), facts=facts))
    assert analysis.moments.at("signal").is_known != matches
    assert [f.severity for f in findings(analysis, "ignored-nothing")] == ([] if matches else ["note"])


def test_a_declared_detection_long_before_the_measured_start_is_an_error_and_not_clipped():
    analysis = pnb.analyze(gauge(DIP, facts={"milestones": {"detected": clock(40)}}))
    assert analysis.timing("time_to_detect").duration.value == -20 * MINUTE
    (finding,) = findings(analysis, "detected-before-start")
    assert finding.severity == "error"


def test_where_the_start_has_no_lower_bound_no_alert_is_too_early():
    events = events_of((at(5), "alert", "High"))
    analysis = pnb.analyze(gauge(steps((5, 30), (1, 100)), events=events))
    assert analysis.moments.at("start").lo is None
    assert analysis.moments.at("signal").at == at(5)
    assert not findings(analysis, "early-alert")


@pytest.mark.parametrize(
    ("kind", "minute", "counts"),
    [("alert", 94, True), ("alert", 96, False), ("page", 149, True), ("page", 151, False), ("detection", 600, True)],
)
def test_what_comes_after_the_recovery(kind, minute, counts):
    analysis = pnb.analyze(gauge(DIP, events=events_of((at(minute), kind, "late"))))
    moment = {"alert": "signal", "page": "page", "detection": "aware"}[kind]
    assert analysis.moments.at(moment).is_known == counts
    assert analysis.moments.signs[0].role == ("counted" if counts else "later")


def test_resolved_before_the_measured_recovery_is_too_early():
    analysis = pnb.analyze(gauge(DIP, facts={"milestones": {"resolved": clock(80)}}))
    assert minutes(analysis.timing("closing_lag").duration)[1] == -10
    (finding,) = findings(analysis, "resolved-too-early")
    assert finding.severity == "error"
    assert "−" in finding.text


def test_an_order_that_cannot_be_told_is_a_note():
    analysis = pnb.analyze(declared_only(milestones={"started": clock(10, None), "detected": clock(10, None)}))
    assert analysis.timing("time_to_detect").text == "at most 1 min"
    assert findings(analysis, "order-unsure")[0].severity == "note"
    assert findings(analysis, "start-is-detection")


def test_two_declared_milestones_in_the_wrong_order_are_reported_once():
    analysis = pnb.analyze(declared_only(milestones={"started": clock(30), "detected": clock(10)}))
    assert analysis.timing("time_to_detect").duration.value == -20 * MINUTE
    assert len(findings(analysis, "order")) == 1
    assert not findings(analysis, "detected-before-start")


def test_a_change_after_the_start_cannot_be_the_trigger():
    analysis = pnb.analyze(gauge(DIP, facts={"milestones": {"changed": clock(70)}}))
    assert analysis.timing("latent_time").duration.value == -10 * MINUTE
    assert findings(analysis, "change-after-start")


# --- censored ---


def test_an_open_incident_takes_at_least_as_long_as_the_record():
    events = events_of((at(62), "alert", "High"), (at(63), "page", "call"))
    facts = {"open": True, "milestones": {"declared": clock(66)}}
    analysis = pnb.analyze(gauge(steps((1, 60), (5, 30)), events=events, facts=facts))
    for id_, least in (("time_to_recover", 30), ("time_to_repair", 28), ("time_to_mitigate", 29), ("impact_time", 30)):
        found = analysis.timing(id_)
        assert minutes(found.duration) == (least, None, None)
        assert found.note == "still open when the record ends"
    assert minutes(analysis.timing("time_to_acknowledge").duration) == (27, None, None)
    assert analysis.timing("time_to_resolve").text == "at least 30 min"
    assert not analysis.timing("closing_lag").duration.is_known
    assert "recover" not in {m.name for m in analysis.moments.known()}
    assert analysis.claims["recovery"].text == "after 2024-01-14 16:30 UTC"
    assert not findings(analysis, "record-ends-early")


def test_an_open_incident_without_evidence_was_open_until_the_last_recorded_time():
    facts = {"open": True, "milestones": {"started": clock(10), "detected": clock(12)}}
    rows = [{"at": clock(50), "kind": "action", "text": "restart"}]
    found = timing("time_to_recover", declared_only(**facts, timeline=rows))
    assert found.duration.lo == 40 * MINUTE - pd.Timedelta(seconds=1)
    assert found.note == "still open at the last recorded time"
    assert found.basis == "declared + inferred"


def test_resolved_while_the_signal_was_still_bad():
    analysis = pnb.analyze(gauge(steps((1, 60), (5, 30)), facts={"milestones": {"resolved": clock(70)}}))
    assert analysis.timing("closing_lag").duration.hi < pd.Timedelta(0)
    assert findings(analysis, "resolved-too-early")
    assert findings(analysis, "record-ends-early")


def test_an_unacknowledged_page_is_at_least_as_old_as_the_impact():
    analysis = pnb.analyze(gauge(DIP, events=events_of((at(63), "page", "call"))))
    found = analysis.timing("time_to_acknowledge")
    assert minutes(found.duration) == (26, None, None)  # the recovery is after minute 89
    assert found.note == "no acknowledgement is recorded before the recovery"
    from_signal = pnb.analyze(gauge(DIP, events=events_of((at(64), "alert", "High")))).timing("time_to_acknowledge")
    assert from_signal.start.name == "signal"
    assert minutes(from_signal.duration) == (25, None, None)


def test_an_acknowledgement_without_a_page_counts_from_the_signal():
    events = events_of((at(62), "alert", "High"), (at(66), "acknowledgement", "seen"))
    found = pnb.analyze(gauge(DIP, events=events)).timing("time_to_acknowledge")
    assert found.duration.value == 4 * MINUTE
    assert (found.start.name, found.note) == ("signal", "no page is recorded; counted from the first signal")


# --- lengths ---


def test_impact_time_is_the_union_and_the_span_has_the_gap_in_it():
    analysis = pnb.analyze(gauge(steps((1, 60), (5, 10), (1, 30), (5, 20), (1, 60))))
    assert minutes(analysis.timing("impact_time").duration) == (28, 30, 32)
    assert minutes(analysis.timing("impact_span").duration) == (59, 60, 61)
    assert minutes(analysis.timing("first_relief").duration) == (9, 10, 11)
    assert analysis.timing("impact_time").basis == "measured"


def hypothesis(start, end, verdict="refuted"):
    return {"text": f"{start}–{end}", "from": start, "to": end, "verdict": verdict}


@pytest.mark.parametrize(
    ("spans", "lost", "share"),
    [
        ([("15:10:00", "15:20:00")], 10, 0.25),
        ([("15:10:00", "15:20:00"), ("15:15:00", "15:25:00")], 15, 0.375),  # overlap counts once
        ([("14:50:00", "15:20:00")], 15, 0.375),  # before diagnosis began
        ([("15:40:00", "16:20:00")], 5, 0.125),  # after the cause was known
        ([("16:00:00", "16:20:00")], 0, 0.0),
    ],
)
def test_time_lost_on_misleading_paths(spans, lost, share):
    facts = {
        "milestones": {"engaged": "15:05:00", "identified": "15:45:00"},
        "hypotheses": [hypothesis(*s) for s in spans],
    }
    analysis = pnb.analyze(declared_only(**facts))
    low, value, high = minutes(analysis.timing("time_lost").duration)
    assert value == lost
    assert low <= value <= high
    assert high - low <= 0.1
    assert analysis.claims["time_lost_share"].value == pytest.approx(share)


def test_time_lost_keeps_the_bounds_of_uncertain_hypotheses():
    milestones = {"engaged": "15:00:00", "identified": "16:00:00"}
    facts = {"milestones": milestones, "hypotheses": [hypothesis("~15:10", "15:30/15:40")]}
    assert minutes(pnb.analyze(declared_only(**facts)).timing("time_lost").duration) == (15, 25, 35)
    facts = {"milestones": milestones, "hypotheses": [hypothesis("<15:10", "15:30:00")]}
    assert minutes(pnb.analyze(declared_only(**facts)).timing("time_lost").duration)[:2] == (20, None)
    facts = {"milestones": milestones, "hypotheses": [hypothesis("unknown", "15:30"), hypothesis("15:10", "unknown")]}
    assert not pnb.analyze(declared_only(**facts)).timing("time_lost").duration.is_known
    facts = {"hypotheses": [hypothesis("15:10:00", "15:20:00", "confirmed")]}
    found = pnb.analyze(declared_only(**facts)).timing("time_lost")
    assert (found.text, found.basis) == ("not known", "")


def test_the_share_of_time_lost_has_bounds_and_is_never_more_than_all():
    milestones = {"engaged": "~15:05", "identified": "15:45:00"}
    facts = {"milestones": milestones, "hypotheses": [hypothesis("15:10:00", "15:44:00")]}
    share = pnb.analyze(declared_only(**facts)).claims["time_lost_share"]
    assert 0 <= share.lo <= share.value <= share.hi <= 1
    assert share.text == "85 % (75–97 %)"


def test_between_failures_joins_overlaps_and_counts_only_pairs():
    def hours(a, b):
        return START + pd.Timedelta(hours=a), START + pd.Timedelta(hours=b)

    rows = between_failures(
        [("web", hours(10, 12)), ("web", hours(0, 1)), ("web", hours(11, 13)), ("api", hours(3, 4))]
    )
    assert rows.to_dict("records") == [
        {"service": "web", "start": hours(10, 0)[0], "tbf": pd.Timedelta(hours=9), "tbsi": pd.Timedelta(hours=10)}
    ]


def test_an_unknown_time_names_the_near_ones(declared):
    with pytest.raises(pnb.PostmortemError, match=r"there is no time 'time_to_detekt'. Did you mean time_to_detect"):
        declared.timing("time_to_detekt")


def test_drawn_detection_and_recovery_come_out_of_the_pipeline():
    for seed in range(6):
        fired, acked = at(94.5), at(97)
        events = events_of((fired, "alert", "High"), (acked, "acknowledgement", "seen"))
        incident, truth = draw(Impact(at(90.4), at(126.7), "errors", 0.6), seed=seed, events=events)
        analysis = pnb.analyze(incident)
        for id_, real in (
            ("time_to_detect", fired - truth.onset),
            ("time_to_recover", truth.recovery - truth.onset),
            ("time_to_repair", truth.recovery - fired),
            ("time_to_acknowledge", acked - fired),
        ):
            found = analysis.timing(id_).duration
            assert abs(found.value - real) < 0.2 * MINUTE
            assert found.lo <= real <= found.hi
