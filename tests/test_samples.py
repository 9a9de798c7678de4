"""The sample incidents: what was drawn is what is there and what is found again, and each teaches what it says."""

import gzip
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from sample_reports import NAMES

from postmortem_nb.analysis import Analysis, analyze, replay_alert
from postmortem_nb.evidence import load
from postmortem_nb.incident import Facts
from postmortem_nb.narrative import read_narrative, render

ROOT = Path(__file__).parent.parent
DATA = ROOT / "data"
INCIDENTS = DATA / "incidents"

WEB, API, SLOW = "2024-01-14-web-outage", "2013-04-30-api-outage", "2024-03-05-slow-degradation"
DIPS, OPEN, MISSING = "2024-05-21-two-dips", "2024-06-18-still-open", "2024-09-10-missing-telemetry"
TRAIN, ADS = "2023-01-30-train-ticket-latency", "2022-08-22-online-boutique-ads"
DFDS = "2021-09-06-dfds-cluster-404"
SYNTHETIC, REAL = (WEB, API, SLOW, DIPS, OPEN, MISSING), (TRAIN, ADS, DFDS)
ALL = NAMES


def t(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


@cache
def analysis(name: str) -> Analysis:
    return analyze(load(INCIDENTS / name))


def truth(name: str) -> dict:
    return json.loads((DATA / "truth" / f"{name}.json").read_text())


def content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


# --- the folder of samples --------------------------------------------------------------------------------------------


def test_the_samples_are_these_and_each_is_in_the_readme_with_a_truth_beside() -> None:
    assert sorted((*SYNTHETIC, *REAL)) == sorted(ALL)
    assert set(ALL) <= {p.name for p in INCIDENTS.iterdir()}  # a team's own may stand beside them
    readme = (DATA / "README.md").read_text()
    assert [name for name in ALL if f"| `{name}` |" not in readme] == []
    assert sorted(p.stem for p in (DATA / "truth").iterdir()) == list(ALL)
    assert [p for name in ALL for p in files(INCIDENTS / name) if "truth" in p.name.lower()] == []


def test_the_samples_stay_small() -> None:
    size = {name: sum(p.stat().st_size for p in files(INCIDENTS / name)) for name in ALL}
    assert size[WEB] < 1_500_000
    assert sum(size.values()) < 6_000_000


@pytest.mark.parametrize("name", ALL)
def test_the_facts_of_a_sample_are_valid_and_say_what_it_teaches(name: str) -> None:
    text = (INCIDENTS / name / "incident.toml").read_text()
    facts = Facts.from_dict(tomllib.loads(text))
    assert text.startswith("# What this sample teaches\n# - ")
    assert bool(facts.synthetic) == (name in SYNTHETIC)
    assert facts.synthetic or facts.sources
    assert facts.factors and facts.questions


@pytest.mark.parametrize("name", REAL)
def test_a_real_sample_has_its_licence_and_source_beside_it(name: str) -> None:
    assert "Permission is hereby granted" in (INCIDENTS / name / "LICENSE").read_text()
    source = (INCIDENTS / name / "SOURCE.md").read_text()
    assert re.search(r"commit\s+[0-9a-f]{40}", source) and "MIT" in source
    assert truth(name)["synthetic"] is False


@pytest.mark.parametrize(
    ("name", "count", "digest"),
    [
        (TRAIN, 51, "85d252701fd187da376206b10a3118674c7392ddd224d4f5c926772f563d00bb"),
        (ADS, 11, "befd6e3271978fcd6d6351bf24f28cdd13aec789d4b4e3ea0a3bd789d1161c9d"),
        (DFDS, 0, hashlib.sha256().hexdigest()),
    ],
)
def test_real_evidence_is_still_the_published_one(name: str, count: int, digest: str) -> None:
    evidence = [p for kind in ("logs", "metrics", "events") for p in files(INCIDENTS / name / kind)]
    assert len(evidence) == count
    assert hashlib.sha256(b"".join(p.read_bytes() for p in evidence)).hexdigest() == digest


# --- drawing them again -----------------------------------------------------------------------------------------------


def generate(into: Path, *names: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DATA / "generate.py"), "--into", str(into), *names]
    return subprocess.run(command, capture_output=True, text=True, cwd=into, check=False)


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("again")
    done = generate(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", SYNTHETIC)
def test_drawing_a_sample_again_gives_the_same_evidence_and_truth(name: str, again: Path) -> None:
    drawn = files(again / "incidents" / name)
    assert drawn, "nothing was drawn"
    for path in (*drawn, again / "truth" / f"{name}.json"):
        assert content(path) == content(DATA / path.relative_to(again)), path.relative_to(again)
    kept = {p.relative_to(INCIDENTS / name) for p in files(INCIDENTS / name)}
    written_by_hand = kept - {p.relative_to(again / "incidents" / name) for p in drawn}
    rules = {"rules/failed-requests.yml"} if name == WEB else set()
    assert {p.as_posix() for p in written_by_hand} == {"incident.toml", "narrative.md"} | rules


def test_drawing_twice_on_one_machine_gives_the_same_bytes_also_when_packed(again: Path, tmp_path: Path) -> None:
    assert generate(tmp_path, DIPS).returncode == 0
    for path in files(tmp_path):
        assert path.read_bytes() == (again / path.relative_to(tmp_path)).read_bytes()


def test_the_generator_touches_nothing_real_and_refuses_an_unknown_name(again: Path, tmp_path: Path) -> None:
    assert sorted(p.name for p in (again / "incidents").iterdir()) == sorted(SYNTHETIC)
    wrong = generate(tmp_path, TRAIN)
    assert wrong.returncode == 2 and f"{TRAIN}: not a synthetic sample" in wrong.stderr
    assert files(tmp_path) == []


# --- truth ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [WEB, DIPS, OPEN, MISSING])
def test_the_truth_counts_what_the_request_log_holds(name: str) -> None:
    logs, known = analysis(name).incident.logs, truth(name)
    asked = logs[logs["status"].notna()]
    failed = asked[asked["status"].astype(int) >= 500]
    inside = sum(
        int(((failed["time"] >= t(a).floor("s")) & (failed["time"] < t(b))).sum()) for a, b in known["windows"]
    )
    assert len(asked) == known.get("requests_recorded", known["requests"])
    assert len(failed) == known.get("failed_recorded", known["failed"])
    if "gap" not in known:
        assert abs(inside - known["failed_inside"]) <= 6  # a line says the second, the truth knows the millisecond


@pytest.mark.parametrize(
    ("name", "onset", "recovery"),
    [(WEB, 5, 5), (API, 60, 65), (SLOW, 600, 125), (DIPS, 5, 10), (OPEN, 10, None), (MISSING, 10, 10)],
)
def test_measured_windows_agree_with_what_was_drawn(name: str, onset: int, recovery: int | None) -> None:
    known, windows = truth(name), analysis(name).windows
    assert len(windows) == len(known["windows"])
    for window, (a, b) in zip(windows, known["windows"], strict=True):
        assert abs((window.onset.at - t(a)).total_seconds()) <= onset
        if recovery is not None:
            assert abs((window.recovery.at - t(b)).total_seconds()) <= recovery
    assert windows[-1].is_open == known["is_open"] == (name == OPEN)


@pytest.mark.parametrize("name", [TRAIN, ADS])
def test_the_window_of_a_real_record_begins_with_the_injected_fault(name: str) -> None:
    known, windows = truth(name), analysis(name).windows
    assert len(windows) == 1
    assert windows[0].onset.lo <= t(known["onset"]) <= windows[0].onset.hi
    assert abs(windows[0].recovery.at - t(known["recovery_expected"])) <= pd.Timedelta(minutes=4)


def test_the_published_times_of_the_dfds_incident_are_differences_of_its_milestones() -> None:
    a, known = analysis(DFDS), truth(DFDS)
    assert a.timing("time_to_detect").duration.value == pd.Timedelta(minutes=known["declared_time_to_detect_minutes"])
    assert a.timing("time_to_recover").duration.value == pd.Timedelta(minutes=known["declared_time_to_recover_minutes"])
    assert a.timing("time_to_recover").basis == "declared" and a.windows == ()


# --- what each sample teaches -----------------------------------------------------------------------------------------


def finding_ids(name: str) -> list[str]:
    return [finding.id for finding in analysis(name).findings]


def test_web_outage_declared_start_contradicts_the_log_and_torn_lines_are_counted() -> None:
    a = analysis(WEB)
    (start,) = [row for row in a.comparison if row.moment == "start"]
    assert start.verdict == "contradicts" and start.difference.value > pd.Timedelta(minutes=5)
    assert sum(h.verdict == "refuted" for h in a.incident.facts.hypotheses) == 2
    assert a.timing("time_lost").duration.value == pd.Timedelta(minutes=10)
    (torn,) = [f for f in a.findings if f.id == "rejected-lines"]
    assert torn.where.startswith("logs/nginx-error.log") and str(truth(WEB)["torn_lines"]) in torn.text


def test_web_outage_alert_fires_when_its_rule_says() -> None:
    metrics = analysis(WEB).incident.metrics
    ratio = metrics[(metrics["metric"] == "error_ratio") & (metrics["service"] == "web")].set_index("time")["value"]
    first_bad = ratio.index[ratio > 0.05][0]
    assert (ratio[first_bad : first_bad + pd.Timedelta("5min")] > 0.05).all()
    assert first_bad + pd.Timedelta("5min") == t("2024-01-14T17:23Z")


@pytest.mark.parametrize(
    ("name", "service", "hold", "fired"),
    [
        (WEB, "web", "5m", ["2024-01-14T17:23Z"]),
        (DIPS, "shop", "3m", ["2024-05-21T09:16Z", "2024-05-21T10:00Z"]),
        (OPEN, "payments", "4m", ["2024-06-18T20:46Z"]),
    ],
)
def test_the_rule_that_was_in_force_replayed_fires_when_its_alerts_were_recorded(name, service, hold, fired) -> None:
    rule = {"alert": "Now", "expr": f'error_ratio{{service="{service}"}} > 0.05', "for": hold}
    found = replay_alert(rule, analysis(name), engine="built in")
    assert found.firings["firing"].dropna().tolist() == [t(x) for x in fired]
    assert found.first.at == analysis(name).moments.at("signal").at and found.gain.value == pd.Timedelta(0)


def test_web_outage_proposes_an_alert_that_would_have_told_minutes_sooner() -> None:
    a = analysis(WEB)
    (action,) = [x for x in a.incident.facts.actions if x.rule]
    replay = next(r for r in a.replays if r.rule.alert == action.alert)
    assert t(truth(WEB)["onset"]) < replay.first.at < t("2024-01-14T17:19Z") and replay.quiet == 0
    assert pd.Timedelta("4min") < replay.gain.lo <= replay.gain.hi < a.timing("time_to_detect").duration.value * 1.1
    for rule in a.incident.rules:  # whoever evaluates
        assert replay_alert(rule, a, engine="built in").first == replay_alert(rule, a).first


def test_api_outage_shows_both_versions_and_lies_on_the_next_day_in_utc() -> None:
    a = analysis(API)
    assert {row.version for row in a.comparison} == {"", "preliminary post"}
    assert a.windows[0].onset.at.day == 1 and a.incident.facts.date.day == 30
    assert a.timing("time_to_mitigate").duration.hi < a.timing("time_to_recover").duration.lo


def test_slow_degradation_is_detected_late_and_its_declared_times_are_uncertain() -> None:
    a = analysis(SLOW)
    late = a.timing("time_to_detect").duration
    assert late.lo > pd.Timedelta(hours=1) and late.hi - late.lo >= pd.Timedelta(minutes=10)
    assert a.incident.facts.milestones.started.text == "13:10/13:40"


def test_two_dips_were_resolved_too_early() -> None:
    a = analysis(DIPS)
    assert a.windows[0].recovery.at < a.incident.facts.milestones.resolved.at < a.windows[1].onset.at
    assert {"relapse", "resolved-too-early"} <= set(finding_ids(DIPS))


def test_still_open_is_mitigated_but_never_recovered() -> None:
    a = analysis(OPEN)
    assert a.incident.facts.open and a.incident.facts.milestones.resolved is None
    assert a.timing("time_to_mitigate").duration.is_known
    recover = a.timing("time_to_recover").duration
    assert recover.hi is None and recover.lo > pd.Timedelta(hours=1)


def test_missing_telemetry_is_unknown_and_the_window_goes_on_through_it() -> None:
    a, known = analysis(MISSING), truth(MISSING)
    gap = [t(x) for x in known["gap"]]
    for frame in (a.incident.logs, a.incident.metrics):
        assert not ((frame["time"] >= gap[0]) & (frame["time"] < gap[1])).any()
    assert a.windows[0].unknown > 0.4 and "missing-samples" in finding_ids(MISSING)


# --- narratives -------------------------------------------------------------------------------------------------------

PLAIN = re.compile(r"r\d{3}|\d+th|2\.8\.1")  # revisions, percentiles and versions are names, not results


@pytest.mark.parametrize("name", ALL)
def test_a_narrative_is_short_draws_its_numbers_from_claims_and_every_claim_exists(name: str) -> None:
    text, claims = (INCIDENTS / name / "narrative.md").read_text(), analysis(name).claims
    passages = read_narrative(text)
    assert {"Summary", "Impact", "Detection", "Root cause", "Resolution"} <= set(passages)
    assert 250 <= sum(p.words for p in passages.values()) <= 600
    for passage in passages.values():
        assert "{{" not in render(passage, claims)
    prose = PLAIN.sub("", re.sub(r"\{\{.*?\}\}", "", text))
    assert re.findall(r"[^\n]*\d[^\n]*", prose) == []
