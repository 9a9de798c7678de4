"""Every finding of the analysis: what raises it, where it points, and that a sound incident raises none."""

import dataclasses
import tomllib

import pandas as pd
import pytest
from conftest import START, at, declared_only, draw, gauge, steps, with_facts

import postmortem_nb as pnb
from postmortem_nb.analysis.definitions import ORDER
from postmortem_nb.example import Impact
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Facts, Incident

DIP = steps((1, 60), (5, 30), (1, 60))


def clock(minutes):
    return f"{at(minutes):%Y-%m-%dT%H:%M:%SZ}"


def found(incident, id_, **settings):
    return [f for f in pnb.analyze(incident, **settings).findings if f.id == id_]


def test_a_sound_incident_has_no_finding():
    milestones = {"started": clock(60), "detected": clock(62), "mitigated": clock(90), "resolved": clock(95)}
    action = {"text": "x", "kind": "prevent", "owner": "web team", "due": "2024-02-01", "check": "y"}
    incident = gauge(DIP, facts={"milestones": milestones, "actions": [action]})
    assert pnb.analyze(incident).findings == ()


@pytest.mark.parametrize(("first", "second"), ORDER)
def test_milestones_in_an_impossible_order(first, second):
    incident = declared_only(milestones={first: "15:30", second: "15:10"})
    errors = found(incident, "order")
    assert any(
        f.severity == "error" and f.text == f"{second} (2024-01-14 15:10 UTC) is before {first} (2024-01-14 15:30 UTC)."
        for f in errors
    )
    assert not found(declared_only(milestones={first: "15:10", second: "15:30"}), "order")
    assert not found(declared_only(milestones={first: "15:30", second: "~15:28"}), "order")  # may be in order


def test_an_impossible_order_in_a_published_version_names_it():
    versions = [{"name": "first post", "milestones": {"started": "15:30", "resolved": "15:10"}}]
    (finding,) = found(declared_only(versions=versions), "order")
    assert finding.where == "incident.toml: milestones of the first post"


def test_a_hypothesis_that_ends_before_it_begins_or_is_unexplained():
    rows = [{"text": "disk", "from": "15:30", "to": "15:10", "verdict": "refuted"}]
    (order,) = found(declared_only(hypotheses=rows), "order")
    assert order.where == "incident.toml: hypothesis 1"
    assert found(declared_only(hypotheses=rows), "hypothesis-unexplained")
    whole = {**rows[0], "refuted_by": "df", "raised_by": "an alert", "actor": "on-call engineer"}
    assert not found(declared_only(hypotheses=[whole]), "hypothesis-unexplained")
    (lacks,) = found(declared_only(hypotheses=[{**whole, "raised_by": "", "actor": ""}]), "hypothesis-unexplained")
    assert lacks.text == "nothing says what raised it and which role held it: “disk”."


def test_a_timeline_row_days_away():
    rows = [{"at": "2024-02-14T15:00Z", "kind": "action", "text": "restart"}]
    (finding,) = found(declared_only(timeline=rows, milestones={"started": "15:00"}), "far-away")
    assert "more than 3 d away from every milestone" in finding.text
    assert not found(declared_only(timeline=rows), "far-away")


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ({}, ["has no owner", "has no due date"]),
        ({"owner": "web team"}, ["has no due date"]),
        ({"due": "2024-02-01"}, ["has no owner"]),
        ({"owner": "web team", "due": "2024-02-01", "check": ""}, ["has no check that proves it done"]),
        ({"owner": "web team", "due": "2024-02-01", "check": "", "command": "make drill"}, []),
        ({"owner": "web team", "due": "2024-02-01", "check": "", "target": "p95 below 300 ms"}, []),
        ({"owner": "web team", "due": "2024-02-01"}, []),
        ({"status": "rejected"}, []),
    ],
)
def test_an_action_without_owner_date_or_proof(action, text):
    declared = {"text": "x", "kind": "prevent", "check": "y", **action}
    findings = found(declared_only(actions=[declared]), "weak-action")
    assert sorted(f.text for f in findings) == sorted(f"“x” {words}." for words in text)


def test_weak_actions_are_counted_in_one_finding():
    actions = [{"text": name, "kind": "prevent", "due": "2024-02-01", "check": "y"} for name in "xyz"]
    (finding,) = found(declared_only(actions=[*actions, {**actions[0], "owner": "web team"}]), "weak-action")
    assert finding.text == "3 of 4 open action items have no owner, the first is “x”."


def test_open_and_resolved():
    assert found(declared_only(open=True, milestones={"resolved": "15:10"}), "open-and-resolved")
    assert not found(declared_only(open=True, milestones={"resolved": "unknown"}), "open-and-resolved")


def test_a_start_that_is_the_detection():
    milestones = {"started": "15:10", "detected": "15:10"}
    assert found(declared_only(milestones=milestones), "start-is-detection")[0].severity == "note"
    assert not found(declared_only(milestones={"started": "15:10", "detected": "15:11"}), "start-is-detection")


def test_nothing_declared_and_nothing_written():
    assert found(declared_only(), "no-milestones")
    assert not found(declared_only(), "no-narrative")
    assert found(declared_only(status="published"), "no-narrative")[0].severity == "error"


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("It lasted 47 minutes.", "“47 minutes”"),
        ("At 10:15 it broke, 3.5% failed.", "“10:15”, “3.5%”"),
        ("1,200 requests failed.", "“1,200 requests”"),
        ("It lasted {{ impact_time }} and 20 {{ claim }}.", None),
        ("HTTP 500 on line 137 of version 2.4", None),
        ("<!-- about 47 minutes -->", None),
        ("`sleep 47 min`", None),
        ("```\n10:15 error\n```", None),
    ],
)
def test_numbers_typed_into_the_prose(line, typed):
    narrative = f"## Summary\n\n{line}\n"
    incident = Incident("n", "n", Facts.from_dict({"title": "n"}), narrative=narrative)
    findings = found(incident, "typed-number")
    if typed is None:
        assert not findings
    else:
        text = f"{typed} {'are' if ', ' in typed else 'is'} typed by hand, not computed."
        assert [(f.where, f.text) for f in findings] == [("narrative.md:3", text)]


# --- the cover by evidence ---


def test_evidence_without_a_signal():
    incident, _ = draw(Impact(at(90), at(120)))
    bare = Incident("b", "b", Facts.from_dict({"title": "b"}), logs=incident.logs.drop(columns="status"))
    assert found(bare, "no-signal")
    assert not found(declared_only(), "no-signal")


def test_a_signal_that_shows_nothing_lists_its_near_misses():
    (finding,) = found(gauge(steps((1, 60), (5, 1), (1, 60))), "no-window")
    assert "near misses: 2024-01-14 16:00–16:01 UTC" in finding.text
    (finding,) = found(gauge(steps((1, 90))), "no-window")
    assert "near misses" not in finding.text


def test_the_ends_of_the_record():
    assert found(gauge(steps((5, 20), (1, 90))), "record-begins-late")
    assert found(gauge(steps((1, 60), (5, 20))), "record-ends-early")
    assert not found(gauge(steps((1, 60), (5, 20)), facts={"open": True}), "record-ends-early")
    (finding,) = found(gauge(steps((1, 60), (5, 20), (1, 4))), "recovery-unconfirmed")
    assert "the record ends 4 min after the recovery, sooner than the 10 min that confirm one" in finding.text
    assert not found(gauge(steps((1, 60), (5, 20), (1, 4))), "recovery-unconfirmed", hold="3min")
    assert found(gauge(DIP, facts={"open": True}), "open-but-recovered")


def test_a_relapse_after_the_resolution():
    values = steps((1, 60), (5, 10), (1, 20), (5, 10), (1, 60))
    (finding,) = found(gauge(values, facts={"milestones": {"resolved": clock(75)}}), "relapse")
    assert "impact began again at 2024-01-14 16:30 UTC" in finding.text
    assert not found(gauge(values, facts={"milestones": {"resolved": clock(105)}}), "relapse")


def test_windows_far_apart_are_two_incidents_unless_declared_otherwise():
    values = steps((1, 60), (5, 10), (1, 80), (5, 20), (1, 60))
    (finding,) = found(gauge(values), "other-windows")
    assert finding.severity == "warning"
    assert "not counted: 2024-01-14 16:00–16:10 UTC, more than 1 h away" in finding.text
    assert 'relapse_gap = "80min"' in finding.fix
    assert not found(gauge(values, facts={"relapse_gap": "80min"}), "other-windows")  # the advice works
    assert not found(gauge(steps((1, 60), (5, 10), (1, 50), (5, 10), (1, 60))), "other-windows")


def two_signals(values, first=DIP):
    """An incident whose first signal is `first` and whose second one, the metric ``n``, is `values`."""
    one, other = gauge(first), gauge(values)
    metrics = pd.concat([one.metrics, other.metrics.assign(metric="n")], ignore_index=True)
    signals = [{"name": name, "kind": "gauge", "select": {"metric": name}} for name in "mn"]
    return Incident("two", "two", Facts.from_dict({"title": "two", "signals": signals}), metrics=metrics)


@pytest.mark.parametrize(
    ("values", "span"),
    [
        (steps((1, 40), (5, 60), (1, 50)), "15:40–16:40"),
        (steps((1, 40), (5, 30), (1, 80)), "15:40–16:10"),  # earlier
        (steps((1, 70), (5, 40), (1, 40)), "16:10–16:50"),  # later
        (DIP, None),
        (steps((1, 65), (5, 10), (1, 75)), None),  # within
        (steps((1, 59), (5, 32), (1, 59)), None),  # by no more than a step
        (steps((1, 150)), None),
    ],
)
def test_another_signal_that_is_bad_beyond_the_measured_impact(values, span):
    findings = found(two_signals(values), "beyond-impact")
    if span is None:
        assert not findings
    else:
        (finding,) = findings
        assert (finding.severity, finding.where) == ("warning", "signal n")
        assert f"is bad 2024-01-14 {span} UTC, beyond the measured impact" in finding.text


def test_another_signal_that_is_bad_where_the_measured_one_shows_nothing():
    (finding,) = found(two_signals(DIP, first=steps((1, 150))), "beyond-impact")
    assert "16:00–16:30 UTC; the measured signal, m, shows no impact" in finding.text


def test_a_window_of_another_signal_hours_away_is_not_about_this_incident():
    far = steps((1, 60), (5, 30), (1, 200), (5, 20), (1, 40))
    assert not found(two_signals(far, first=steps((1, 60), (5, 30), (1, 260))), "beyond-impact")


def test_a_timeline_row_that_ends_before_it_begins():
    row = {"at": "15:30", "kind": "action", "text": "restart"}
    (finding,) = found(declared_only(timeline=[{**row, "end": "15:10"}]), "order")
    assert (finding.severity, finding.where) == ("error", "incident.toml: timeline")
    assert "“restart” ends (2024-01-14 15:10 UTC) before it begins (2024-01-14 15:30 UTC)" in finding.text
    for sound in (row, {**row, "end": "15:30"}, {**row, "end": "15:40"}):
        assert not found(declared_only(timeline=[sound]), "order")


def without_lines(incident, first, last):
    logs = incident.logs
    kept = logs[(logs["time"] < at(first)) | (logs["time"] >= at(last))].reset_index(drop=True)
    return dataclasses.replace(incident, logs=kept)


def test_a_log_that_falls_silent_is_reported_with_the_signal_that_would_measure_it(outage):
    silent = without_lines(outage[0], 40, 60)
    (finding,) = found(silent, "no-requests")
    assert "not a single line is recorded in 2024-01-14 15:40–16:00 UTC (20 min)" in finding.text
    assert not found(silent, "few-requests")  # said once
    declared = tomllib.loads(finding.fix.split("one:\n", 1)[1])["signals"]
    traffic = pnb.analyze(with_facts(silent, signals=declared))  # the advice works
    assert traffic.windows[0].span == (at(40), at(60))
    both = with_facts(silent, signals=[s.model_dump() for s in silent.facts.signals] + declared)
    (finding,) = found(both, "no-requests")
    assert "[[signals]]" not in finding.fix


def test_a_short_pause_or_a_quiet_log_is_no_silence(outage):
    assert not found(outage[0], "no-requests")
    assert not found(without_lines(outage[0], 40, 44), "no-requests")
    quiet, _ = draw(Impact(at(90), at(120), "errors", 0.6), rate=0.02)
    assert not found(without_lines(quiet, 40, 60), "no-requests")


def test_a_record_that_is_bad_for_most_of_its_time_is_told_to_name_a_baseline():
    values = steps((1, 20), (5, 130))
    incident = gauge(values, facts={"milestones": {"started": clock(20)}})
    (finding,) = found(incident, "no-window")
    named = 'baseline = "2024-01-14T15:00:00Z/2024-01-14T15:20:00Z"'
    assert named in finding.fix
    assert pnb.analyze(incident, baseline=named.split('"')[1]).windows[0].span[0] == at(20)  # the advice works
    assert 'baseline = "from/to"' in found(gauge(values), "no-window")[0].fix


def test_missing_samples_within_and_outside_the_windows():
    incident = gauge(DIP)

    def without(first, last):
        metrics = incident.metrics.drop(index=range(first, last)).reset_index(drop=True)
        return Incident("m", "m", incident.facts, metrics=metrics)

    (inside,) = found(without(70, 76), "missing-samples")
    assert inside.text.startswith("20 % of the samples within 2024-01-14 16:00–16:30 UTC are missing")
    (outside,) = found(without(20, 30), "gaps")
    assert "in 1 stretch outside the windows, the longest 2024-01-14 15:20–15:30 UTC" in outside.text
    assert not found(without(20, 21), "gaps")
    assert not found(without(70, 76), "gaps")


def test_a_ratio_is_blind_where_hardly_anything_arrives():
    collapse = Impact(at(40), at(60), "collapse", 0.95)
    incident, _ = draw(Impact(at(90), at(120), "errors", 0.6), collapse)
    (finding,) = found(incident, "few-requests")
    assert "in 2024-01-14 15:40–16:00 UTC" in finding.text
    assert not found(draw(Impact(at(90), at(120), "errors", 0.6))[0], "few-requests")
    assert not found(draw(Impact(at(90), at(120), "errors", 0.6), rate=0.02)[0], "few-requests")  # always few


def test_findings_of_the_reading_come_along_worst_first():
    read = Finding("rejected-lines", "error", "logs/a.log", "3 lines could not be read.")
    incident = Incident("r", "r", Facts.from_dict({"title": "r"}), findings=(read, read))
    findings = pnb.analyze(incident).findings
    assert findings[0] == read
    assert len([f for f in findings if f == read]) == 1
    order = ["error", "warning", "note"]
    assert [f.severity for f in findings] == sorted((f.severity for f in findings), key=order.index)


def test_every_finding_says_where_and_what_to_do(outage):
    incident, _ = outage
    facts = {
        "milestones": {
            "started": "2024-01-14T16:00Z",
            "detected": "2024-01-14T15:10Z",
            "resolved": "2024-01-14T16:40Z",
        },
        "actions": [{"text": "x", "kind": "prevent"}],
        "open": True,
    }
    findings = pnb.analyze(with_facts(incident, **facts)).findings
    assert len(findings) >= 5
    for f in findings:
        assert f.where and f.fix and f.text.endswith(".")
        assert START.strftime("%Y") in f.text or f.id in ("weak-action",)
