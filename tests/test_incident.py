"""The models of incident.toml: what they read, what they refuse and where they say it is."""

import datetime as dt
import re
import runpy
import tomllib
from dataclasses import FrozenInstanceError
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from postmortem_nb.frames import LOGS
from postmortem_nb.incident import MILESTONES, Facts, Incident, Milestones
from postmortem_nb.times import UNKNOWN, format_instant

FULL = """
title = "Checkout fails"
zone = "Europe/Berlin"
date = 2024-01-14
open = false
services = ["web"]

[milestones]
started = "~03:05"
detected = "03:09"
acknowledged = "03:10/03:14"
mitigated = "<03:40"
resolved = 2024-01-14T02:53:00Z
closed = "unknown"

[[versions]]
name = "first announcement"
[versions.milestones]
started = "03:15"

[[signals]]
name = "errors"
kind = "ratio"
source = "logs"
bad = { status = ">=500" }
total = { status = [200, 500] }
objective = 0.999

[[signals]]
name = "latency"
kind = "gauge"
select = { metric = "p99", service = "web" }

[[timeline]]
at = "03:12"
kind = "action"
text = "Restarted the pool"

[[hypotheses]]
text = "The network"
from = "03:10"
to = "03:25/03:30"
verdict = "refuted"

[[actions]]
text = "Alert on pool use"
kind = "detect"
due = 2024-02-01

[[evidence]]
files = "logs/error.log*"
zone = "America/New_York"
clock_offset = "-37s"

[settings]
threshold = 0.05
signal = "errors"
"""


def facts(**changes):
    return Facts.from_dict({"title": "t", "zone": "UTC", "date": dt.date(2024, 1, 14)} | changes)


def at(text):
    return pd.Timestamp(f"2024-01-14T{text}Z")


def test_times_take_the_zone_and_day_of_the_incident_and_stay_uncertain():
    read = Facts.from_dict(tomllib.loads(FULL))
    m = read.milestones
    assert (m.started.lo, m.started.at, m.started.hi) == (at("02:00"), at("02:05"), at("02:10"))
    assert (m.detected.lo, m.detected.hi) == (at("02:09"), at("02:10"))
    assert (m.acknowledged.lo, m.acknowledged.hi) == (at("02:10"), at("02:14"))
    assert (m.mitigated.lo, m.mitigated.at, m.mitigated.hi) == (None, None, at("02:40"))
    assert m.resolved.at == at("02:53")
    assert not m.closed.is_known
    assert read.versions[0].milestones.started.at == at("02:15")
    assert read.timeline[0].at.at == at("02:12")
    assert read.timeline[0].end is None
    assert read.hypotheses[0].end.hi == at("02:30")
    assert {i.basis for _, i in m} == {"declared"}
    assert format_instant(m.started, read.zone) == "about 2024-01-14 03:05 CET (UTC+1)"


def test_everything_else_is_kept_as_written():
    read = Facts.from_dict(tomllib.loads(FULL))
    assert read.signals[0].bad == {"status": ">=500"}
    assert read.signals[0].total == {"status": [200, 500]}
    assert read.actions[0].due == dt.date(2024, 2, 1)
    assert read.evidence[0].clock_offset == "-37s"
    assert read.settings == {"threshold": 0.05, "signal": "errors"}
    assert read.status == "draft" and read.lessons.lucky == [] and read.hypotheses[0].people is None


def test_milestones_are_listed_in_their_usual_order_and_absent_ones_are_unknown():
    m = facts(milestones={"resolved": "03:00", "started": "02:05", "detected": "02:09"}).milestones
    assert [name for name, _ in m] == ["started", "detected", "resolved"]
    assert m.get("detected").at == at("02:09")
    assert m.get("acknowledged") is UNKNOWN
    assert list(Milestones()) == []
    assert list(Milestones.model_fields) == list(MILESTONES), "each milestone has its words, in one order"


def test_the_zone_is_utc_unless_declared():
    assert Facts.from_dict({"title": "t", "milestones": {"started": "2024-01-14 02:05"}}).zone == "UTC"
    with_offset = facts(zone="Asia/Tokyo", milestones={"started": "2024-01-14T02:05Z", "detected": "11:09"})
    assert with_offset.milestones.started.at == at("02:05")
    assert with_offset.milestones.detected.at == at("02:09")


RATIO = {"name": "errors", "kind": "ratio", "source": "logs", "bad": {"level": "ERROR"}}
PATH = {"text": "t", "from": "02:05", "to": "02:15", "verdict": "refuted"}


@pytest.mark.parametrize(
    ("changes", "place", "message"),
    [
        ({"titel": "t"}, ("titel",), "Extra inputs are not permitted"),
        ({"title": " "}, ("title",), "at least 1 character"),
        ({"status": "final"}, ("status",), "'draft', 'in review', 'reviewed' or 'published'"),
        ({"zone": "PST"}, ("zone",), "'PST' is not an IANA zone"),
        ({"date": "yesterday"}, ("date",), "valid date"),
        ({"open": "perhaps"}, ("open",), "valid boolean"),
        ({"milestones": {"begun": "02:05"}}, ("milestones", "begun"), "Extra inputs are not permitted"),
        ({"milestones": {"started": "2am"}}, ("milestones", "started"), "'2am' is not a time. Write for example"),
        ({"milestones": {"started": 205}}, ("milestones", "started"), "205 is not a time"),
        ({"milestones": {"started": "02:10/02:05"}}, ("milestones", "started"), "ends before it begins"),
        ({"milestones": {"started": "~02:05±3"}}, ("milestones", "started"), "'3' is not a duration"),
        ({"date": None, "milestones": {"started": "02:05"}}, ("milestones", "started"), "'02:05' has no day"),
        (
            {"zone": "Europe/Berlin", "milestones": {"started": "2024-10-27 02:30"}},
            ("milestones", "started"),
            "it may be 2024-10-27T00:30Z or 2024-10-27T01:30Z",
        ),
        ({"versions": [{"milestones": {}}]}, ("versions", 0, "name"), "Field required"),
        (
            {"versions": [{"name": "v", "milestones": {"started": "2am"}}]},
            ("versions", 0, "milestones", "started"),
            "'2am' is not a time",
        ),
        ({"signals": [RATIO, RATIO]}, ("signals",), "two signals have the same name; name each differently"),
        ({"signals": [RATIO | {"bad": None}]}, ("signals", 0), "signal 'errors' is a ratio and needs `bad`"),
        ({"signals": [RATIO | {"kind": "gauge"}]}, ("signals", 0), "'errors' is a gauge and is read from metrics"),
        ({"signals": [RATIO | {"kind": "probe"}]}, ("signals", 0), "'errors' is a probe and is read from metrics"),
        ({"signals": [RATIO | {"objective": 99.9}]}, ("signals", 0), "share of good requests, between 0 and 1"),
        ({"signals": [RATIO | {"objective": 1.0}]}, ("signals", 0), "share of good requests, between 0 and 1"),
        ({"signals": [RATIO | {"smear": "5"}]}, ("signals", 0), "signal 'errors': smear: '5' is not a duration"),
        ({"signals": [RATIO | {"kind": "vibe"}]}, ("signals", 0, "kind"), "'ratio', 'gauge', 'traffic' or 'probe'"),
        ({"signals": [RATIO | {"name": ""}]}, ("signals", 0, "name"), "at least 1 character"),
        ({"signals": [RATIO | {"slo": 0.9}]}, ("signals", 0, "slo"), "Extra inputs are not permitted"),
        ({"timeline": [{"at": "02:05", "kind": "party", "text": "t"}]}, ("timeline", 0, "kind"), "'detection', 'act"),
        ({"timeline": [{"kind": "action", "text": "t"}]}, ("timeline", 0, "at"), "Field required"),
        ({"hypotheses": [PATH | {"verdict": "wrong"}]}, ("hypotheses", 0, "verdict"), "'refuted', 'confirmed' or"),
        ({"hypotheses": [PATH | {"people": 0}]}, ("hypotheses", 0, "people"), "greater than or equal to 1"),
        ({"hypotheses": [PATH | {"to": "soon"}]}, ("hypotheses", 0, "to"), "'soon' is not a time"),
        ({"actions": [{"text": "t", "kind": "fix"}]}, ("actions", 0, "kind"), "'prevent', 'detect', 'mitigate'"),
        ({"actions": [{"text": "t", "kind": "prevent", "due": "soon"}]}, ("actions", 0, "due"), "valid date"),
        ({"lessons": {"ugly": ["t"]}}, ("lessons", "ugly"), "Extra inputs are not permitted"),
        ({"evidence": [{"kind": "logs"}]}, ("evidence", 0, "files"), "Field required"),
        ({"evidence": [{"files": "*", "zone": "IST"}]}, ("evidence", 0, "zone"), "'IST' is not an IANA zone"),
        ({"evidence": [{"files": "*", "kind": "video"}]}, ("evidence", 0, "kind"), "'logs', 'metrics', 'events'"),
        ({"evidence": [{"files": "*", "clock_change": "both"}]}, ("evidence", 0, "clock_change"), "'ask', 'first'"),
    ],
)  # fmt: skip
def test_a_wrong_fact_is_named_with_its_place(changes, place, message):
    with pytest.raises(ValidationError, match="validation error") as caught:
        facts(**changes)
    messages = {error["loc"]: error["msg"] for error in caught.value.errors()}
    assert message in messages[place]


def test_every_wrong_value_is_reported_at_once():
    with pytest.raises(ValidationError, match="3 validation errors"):
        facts(titel="t", milestones={"started": "2am"}, actions=[{"text": "t", "kind": "fix"}])
    with pytest.raises(ValidationError, match="title\n  Field required"):
        Facts.from_dict({})


def test_facts_and_incident_do_not_change():
    read = facts(milestones={"started": "02:05"})
    for thing, name in ((read, "title"), (read.milestones, "started"), (read.lessons, "well")):
        with pytest.raises(ValidationError, match="Instance is frozen"):
            setattr(thing, name, None)
    incident = Incident("2024-01-14-web", Path("x"), read)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'logs'"):
        incident.logs = LOGS.empty()


def test_one_incident_does_not_share_its_defaults_with_the_next():
    first, second = facts(), facts()
    first.services.append("web")
    first.settings["threshold"] = 1
    assert second.services == [] and second.settings == {} and facts().services == []
    assert Incident("a", Path("a"), first).logs is not Incident("b", Path("b"), second).logs


def test_an_incident_says_what_it_holds():
    incident = Incident("2024-01-14-web", Path("x"), facts())
    assert repr(incident) == ("<Incident 2024-01-14-web: 0 evidence files, 0 log lines, 0 samples, 0 events>")
    assert incident.findings == ()
    assert list(incident.logs.columns) == list(LOGS.columns)


def test_what_is_ignored_needs_a_reason_and_gaps_a_unit():
    read = facts(ignored=[{"text": "Disk*", "why": "build server"}], relapse_gap="6h", change_failed=True)
    assert (read.ignored[0].role, read.ignored[0].kind, read.relapse_gap) == ("unrelated", None, "6h")
    assert (facts().relapse_gap, facts().change_failed, facts().ignored) == ("1h", False, [])
    for wrong in ({"ignored": [{"text": "Disk*"}]}, {"ignored": [{"text": "a", "why": "b", "role": "later"}]}):
        with pytest.raises(ValidationError, match="ignored"):
            facts(**wrong)
    with pytest.raises(ValidationError, match="relapse_gap"):
        facts(relapse_gap="soon")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"slo": {"objective": 1.0}}, "less than 1"),
        ({"slo": {"window": "0s"}}, "no period"),
        ({"users": {"pattern": "user="}}, "exactly one around the id"),
        ({"users": {"pattern": "("}}, "not a regular expression"),
        ({"users": {"material": 0}}, "greater than or equal to 1"),
        ({"latency": {"limit": "fast"}}, "limit"),
        ({"value": {"per_request": 2.0}}, "currency"),
        ({"value": {"per_request": 2.0, "low": 3.0, "currency": "EUR"}}, "not between low"),
        ({"value": {"per_request": 2.0, "currency": "EUR", "each": 3}}, "each"),
    ],
)
def test_what_the_impact_is_measured_against_must_make_sense(facts, said):
    with pytest.raises(ValidationError, match=said):
        Facts.from_dict({"title": "x", **facts})


def test_the_page_of_all_keys_is_made_from_the_models():
    docs = Path(__file__).parents[1] / "docs"
    made = runpy.run_path(str(docs / "facts.py"))
    text = (docs / "facts.md").read_text(encoding="utf-8")
    assert made["page"](text) == text, "run: python docs/facts.py"
    named = {f"{table}.{key}".lstrip(".") for table, key, *_ in made["keys"]()}
    assert set(made["MEANING"]) == named


def test_the_example_of_the_page_of_all_keys_is_valid():
    page = (Path(__file__).parents[1] / "docs" / "facts.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    facts = Facts.from_dict({"title": "x", **tomllib.loads(example)})
    assert facts.chat.marks == 2 and facts.decisions[0].who == "service owner"
