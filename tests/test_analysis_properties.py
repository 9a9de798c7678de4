"""What must not matter to a whole analysis: when it was, zones, the order of rows, units, and where files end."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from conftest import START, at, draw, events_of, gauge, steps, with_facts
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.example import Impact
from postmortem_nb.incident import Incident

few = settings(derandomize=True, deadline=None, max_examples=5)
MINUTES = {"started": 88, "signalled": 94, "detected": 96, "acknowledged": 97, "mitigated": 120, "resolved": 140}
TIMES = ("time", "time_lo", "time_hi", "end")


def facts(shift=0, write=lambda t: f"{t:%Y-%m-%dT%H:%MZ}"):
    """Declared facts of the drawn incident, moved by so many minutes, each time as `write` writes it."""
    paths = [{"text": "network", "from": 99, "to": 108, "verdict": "refuted", "refuted_by": "pings"}]
    rows = [
        {"at": 100, "kind": "action", "text": "restart"},
        {"at": 95, "kind": "detection", "text": "a customer called"},
    ]
    return {
        "milestones": {name: write(at(m + shift)) for name, m in MINUTES.items()},
        "timeline": [{**row, "at": write(at(row["at"] + shift))} for row in rows],
        "hypotheses": [{**p, "from": write(at(p["from"] + shift)), "to": write(at(p["to"] + shift))} for p in paths],
    }


@pytest.fixture(scope="module")
def drawn():
    events = events_of((at(94), "alert", "High"), (at(95), "page", "call"), (at(97), "acknowledgement", "seen"))
    events["evidence"] = [f"events/tool.csv:{n}" for n in (2, 3, 4)]
    incident, _ = draw(Impact(at(90.4), at(126.7), "errors", 0.6), rate=0.5, events=events)
    return with_facts(incident, **facts())


@pytest.fixture(scope="module")
def plain(drawn):
    return told(pnb.analyze(drawn))


def told(analysis, shift=0, *, scale=None):
    """Everything that an analysis computed, without the words: times moved back, values of the signal scaled back.

    With a scale, claims in the unit of the signal are left out: the levels stand for them.
    """
    back = pd.Timedelta(minutes=-shift)
    measured = analysis.measurement

    def instant(i):
        return tuple(None if t is None else t + back for t in (i.lo, i.at, i.hi))

    def claim(c):
        numbers = [x for x in (c.value, c.lo, c.hi) if not isinstance(x, str)]
        return c.id, c.unit, c.basis, tuple(None if x is None else round(x, 9) for x in numbers)

    return {
        "windows": [(instant(w.onset), instant(w.recovery), round(w.score, 9)) for w in analysis.windows],
        "levels": [
            round(x / (scale or 1), 9) for x in (measured.baseline.center, measured.baseline.enter, measured.severe)
        ],
        "near misses": [w.span[0] + back for w in analysis.near_misses],
        "moments": {m.name: (instant(m.instant), m.instant.basis) for m in analysis.moments.known()},
        "timings": [(t.id, t.duration, t.basis) for t in analysis.timings],
        "comparison": [(c.moment, instant(c.measured), c.difference, c.verdict) for c in analysis.comparison],
        "signs": [(s.kind, instant(s.instant), s.role) for s in analysis.moments.signs],
        "findings": sorted((f.id, f.severity) for f in analysis.findings),
        "claims": sorted(claim(c) for c in analysis.claims.values() if scale is None or c.unit != analysis.signal.unit),
        "conventions": [(c.convention.name, c.duration) for c in analysis.conventions],
        "grid": [
            (r.windows, r.onset + back if r.windows else None, r.impact_time) for r in analysis.sensitivity.itertuples()
        ],
    }


def shifted(incident, minutes):
    by = pd.Timedelta(minutes=minutes)

    def moved(frame):
        return frame.assign(**{c: frame[c] + by for c in TIMES if c in frame})

    frames = {name: moved(getattr(incident, name)) for name in ("logs", "metrics", "events")}
    return with_facts(dataclasses.replace(incident, **frames), **facts(minutes))


@given(st.integers(-3_000_000, 3_000_000))
@few
def test_when_it_was_does_not_matter(drawn, plain, minutes):
    assert told(pnb.analyze(shifted(drawn, minutes)), minutes) == plain


ZONES = ["America/Los_Angeles", "Asia/Kolkata", "Pacific/Chatham", "Europe/Berlin", "America/St_Johns"]


@given(st.sampled_from(ZONES))
@few
def test_the_zone_that_times_are_written_in_does_not_matter(drawn, plain, zone):
    def write(t):
        return f"{t.tz_convert(zone):%Y-%m-%d %H:%M}"

    local = with_facts(drawn, **facts(write=write), zone=zone)
    assert told(pnb.analyze(local)) == plain
    offset = with_facts(drawn, **facts(write=lambda t: t.tz_convert(zone).isoformat(timespec="minutes")), zone=zone)
    assert told(pnb.analyze(offset)) == plain


@given(st.integers(0, 2**32 - 1))
@few
def test_the_order_of_rows_does_not_matter(drawn, plain, seed):
    rng = np.random.default_rng(seed)

    def mixed(frame):
        return frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)

    frames = {name: mixed(getattr(drawn, name)) for name in ("logs", "metrics", "events")}
    assert told(pnb.analyze(dataclasses.replace(drawn, **frames))) == plain


@given(st.integers(-12, 12), st.sampled_from(["high", "low"]), st.booleans())
@few
def test_the_unit_of_a_gauge_does_not_matter(power, direction, with_gap):
    values = steps(
        (10, 60), (30 if direction == "high" else 2, 20), (10, 15), (50 if direction == "high" else 1, 9), (10, 60)
    )
    values[70:73] = np.nan if with_gap else values[70:73]
    declared = {"milestones": {"started": "2024-01-14T16:02Z", "recovered": "2024-01-14T16:44Z"}}
    plain = pnb.analyze(gauge(values, direction=direction, facts=declared))
    scaled = pnb.analyze(gauge(values * 2.0**power, direction=direction, facts=declared))
    assert len(plain.windows) == 2
    assert told(scaled, scale=2.0**power) == told(plain, scale=1.0)


def test_what_is_told_changes_with_what_matters(drawn, plain):
    """The comparison of these tests can fail."""
    later = drawn.logs.assign(time=drawn.logs["time"] + pd.Timedelta(minutes=1))
    assert told(pnb.analyze(dataclasses.replace(drawn, logs=later))) != plain
    assert told(pnb.analyze(with_facts(drawn, **facts(1)))) != plain
    fewer = drawn.events.iloc[1:].reset_index(drop=True)
    assert told(pnb.analyze(dataclasses.replace(drawn, events=fewer))) != plain


# --- files ---


def folder(path, logs, metrics):
    """An incident folder whose log and metric lines are cut into these pieces."""
    toml = """
title = "drawn"
[milestones]
started = "2024-01-14T16:28Z"
recovered = "2024-01-14T17:08Z"
[[signals]]
name = "failed requests"
kind = "ratio"
source = "logs"
bad = { status = ">=500" }
[[signals]]
name = "latency"
kind = "gauge"
select = { metric = "latency_p95" }
"""
    for kind, pieces, head, end in (("logs", logs, "", ".jsonl"), ("metrics", metrics, "time,metric,value\n", ".csv")):
        (path / kind).mkdir(parents=True)
        for n, lines in enumerate(pieces):
            (path / kind / f"part{n}{end}").write_text(head + "".join(f"{x}\n" for x in lines), encoding="utf-8")
    (path / "incident.toml").write_text(toml, encoding="utf-8")
    return pnb.load(path)


@pytest.mark.parametrize(("of_logs", "of_metrics"), [(0.2, 0.7), (0.53, 0.5), (0.93, 0.1)])
def test_where_files_end_does_not_matter(tmp_path, drawn, of_logs, of_metrics):
    logs = [
        json.dumps({"time": t.isoformat(), "level": "INFO", "message": "GET /", "status": int(status)})
        for t, status in drawn.logs[["time", "status"]].itertuples(index=False)
    ]
    rows = drawn.metrics[drawn.metrics["metric"] == "latency_p95"]
    metrics = [f"{t.isoformat()},latency_p95,{value}" for t, value in rows[["time", "value"]].itertuples(index=False)]
    a, b = int(len(logs) * of_logs), int(len(metrics) * of_metrics)
    whole = pnb.analyze(folder(tmp_path / "whole", [logs], [metrics]))
    cut = pnb.analyze(folder(tmp_path / "cut", [logs[:a], logs[a:]], [metrics[:b], metrics[b:]]))
    assert len(whole.windows) == 1
    assert told(cut) == told(whole)
    assert cut.windows[0].onset.at > START


def test_the_incident_of_these_tests_is_a_rich_one(drawn):
    assert isinstance(drawn, Incident)
    analysis = pnb.analyze(drawn)
    assert len(analysis.windows) == 1
    assert len([t for t in analysis.timings if t.duration.is_known]) >= 12
    assert {c.verdict for c in analysis.comparison} >= {"agrees", "contradicts", "no evidence"}
