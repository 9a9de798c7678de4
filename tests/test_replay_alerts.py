"""Rules of an incident, replayed: files, first firing, gain and bounds, baseline, claims, findings, the report."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from conftest import START, at, declared_only, draw, events_of, gauge, steps, with_facts
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis import bench
from postmortem_nb.analysis.replays import About, concluded, grid_of, phases_of, poisson_bounds
from postmortem_nb.errors import IncidentError, PostmortemError, ReadError, SettingError, SourceError
from postmortem_nb.example import Impact
from postmortem_nb.frames import METRICS, conform
from postmortem_nb.incident import AlertRule, RecordingRule
from postmortem_nb.replay import Grid, PrometheusFailed, evaluate, installed_version, metrics_in, prometheus, serving
from postmortem_nb.sections import Postmortem

MINUTE = pd.Timedelta(minutes=1)
RATIO = "sum(rate(sli_bad_events_total[{0}])) / sum(rate(sli_events_total[{0}])) > 0.05"
GROUPS = """
groups:
  - name: web
    interval: 30s
    rules:
      - record: job:errors:rate5m
        expr: sum(rate(errors_total[5m]))
      - alert: High
        expr: x > 5
        for: 2m
        labels: {severity: page, level: 1}
        annotations: {summary: "{{ $labels.instance }}"}
  - name: other
    rules:
      - alert: Always
        expr: 1
"""


@pytest.fixture(scope="module")
def outage():
    """Errors from minute 90.4 to 126.7, detected by an alert at minute 97, in five hours of record."""
    incident, truth = draw(
        Impact(at(90.4), at(126.7), "errors", 0.6), length=300, events=events_of((at(97), "alert", "High"))
    )
    return incident, truth


def ruled(incident, *rules, **facts):
    """The same incident with rules."""
    given_rules = tuple(AlertRule.model_validate({"file": "rules/a.yml", **r}) for r in rules)
    return dataclasses.replace(with_facts(incident, **facts), rules=given_rules)


def replay(incident, expr, engine="built in", **rule):
    return pnb.replay_alert({"alert": "A", "expr": expr, **rule}, incident, engine=engine)


# --- rule files -------------------------------------------------------------------------------------------------------


def test_a_rule_file(tmp_path):
    path = tmp_path / "a.yml"
    path.write_text(GROUPS)
    high, always = pnb.read_rules(path)
    assert (high.alert, high.expr, high.hold, high.interval) == ("High", "x > 5", "2m", "30s")
    assert high.labels == {"severity": "page", "level": "1"}
    assert (always.expr, always.hold, always.interval, always.keep_firing_for) == ("1", "0s", "1m", "0s")
    path.write_text("kind: PrometheusRule\nspec:" + GROUPS.replace("\n", "\n  "))
    assert pnb.read_rules(path)[0] == high


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("groups: [", r"a\.yml:\d+: it is not YAML"),
        ("[1, 2]", r"no list `groups`"),
        ("groups: {}", r"no list `groups`"),
        ("groups: [1]", r"group 1 has no list `rules`"),
        ("groups: [{rules: [1]}]", r"group 1, rule 1 is no map with `alert` or `record`"),
        ("groups: [{rules: [{alert: A}]}]", r"rule 1 \(A\): expr: Field required"),
        ("groups: [{rules: [{alert: A, expr: x, for: 5}]}]", r"\(A\): for: .*'5' is not a duration of Prometheus"),
        ("groups: [{rules: [{alert: A, expr: ''}]}]", r"\(A\): expr: "),
        ("groups: [{rules: [{alert: A, expr: x, labels: [1]}]}]", r"\(A\): labels: "),
        ("groups: [{interval: often, rules: [{alert: A, expr: x}]}]", r"\(A\): interval: "),
        ("a: &a [1]\ngroups: *b", r"not YAML"),
        ("- " * 5000, r"not YAML"),
    ],
)
def test_what_is_no_rule_file(tmp_path, text, message):
    path = tmp_path / "a.yml"
    path.write_text(text)
    with pytest.raises(ReadError, match=message):
        pnb.read_rules(path)


def test_a_tag_in_a_rule_file_makes_no_object(tmp_path):
    path = tmp_path / "a.yml"
    path.write_text("groups: [{rules: [{alert: A, expr: !!python/object/apply:os.getcwd []}]}]")
    with pytest.raises(ReadError, match=r"\(A\): expr: "):
        pnb.read_rules(path)


def test_no_rule_file(tmp_path):
    with pytest.raises(SourceError, match="no rule file"):
        pnb.read_rules(tmp_path / "none.yml")


def folder(tmp_path, facts="", **files):
    (tmp_path / "incident.toml").write_text(f'title = "x"\n{facts}')
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/").replace("_yml", ".yml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return pnb.load(tmp_path)


def test_the_rules_of_a_folder_are_read_and_accounted_for(tmp_path):
    action = '[[actions]]\ntext = "t"\nkind = "detect"\nrule = "mine.yml"\nalert = "High"'
    incident = folder(tmp_path, action, rules__a_yml=GROUPS, mine_yml=GROUPS)
    assert [(r.file, r.alert) for r in incident.rules] == [
        ("mine.yml", "High"),
        ("mine.yml", "Always"),
        ("rules/a.yml", "High"),
        ("rules/a.yml", "Always"),
    ]
    assert [(r.file, r.record) for r in incident.recordings] == [
        ("mine.yml", "job:errors:rate5m"),
        ("rules/a.yml", "job:errors:rate5m"),
    ]
    files = incident.files.set_index("file")
    assert files.loc["rules/a.yml", ["kind", "rows"]].tolist() == ["rules", 3]
    assert len(files.loc["rules/a.yml", "sha256"]) == 64


def test_a_broken_or_missing_rule_file_is_a_finding(tmp_path):
    action = '[[actions]]\ntext = "t"\nkind = "detect"\nrule = "rules/none.yml"'
    incident = folder(tmp_path, action, rules__a_yml="groups: [")
    found = {f.id: f for f in incident.findings}
    assert found["unreadable-rules"].severity == found["unknown-rule"].severity == "error"
    assert found["unreadable-rules"].where == "rules/a.yml" and found["unknown-rule"].where == "rules/none.yml"
    assert incident.rules == ()


def test_a_rule_outside_of_the_folder_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "a.yml").write_text(GROUPS)
    with pytest.raises(ReadError, match="outside of the incident folder"):
        folder(tmp_path / "in", '[[actions]]\ntext = "t"\nkind = "detect"\nrule = "../a.yml"')


def test_an_alert_without_its_file_is_refused():
    with pytest.raises(ValueError, match="no `rule`"):
        declared_only(actions=[{"text": "t", "kind": "detect", "alert": "High"}])


# --- when it fires ----------------------------------------------------------------------------------------------------


def test_a_threshold_fires_within_a_minute_of_the_truth(outage):
    incident, _ = outage
    found = replay(incident, RATIO.format("1m"))
    assert found.fired == "yes" and found.evaluated_by == "built in"
    assert at(90.4) < found.first.at <= at(92)
    assert found.first.lo <= found.first.at <= found.first.hi
    assert found.gain.value == at(97) - found.first.at
    assert (found.gain.lo, found.gain.hi) == (at(97) - found.first.hi, at(97) - found.first.lo)
    assert (found.quiet, found.notes) == (0, ())
    start = pnb.analyze(incident).moments.at("start")
    assert found.time_to_detect.value == found.first.at - start.at


@given(hold=st.integers(0, 10), interval=st.sampled_from(["15s", "30s", "1m", "2m"]))
@settings(max_examples=15, deadline=None)
def test_for_delays_the_firing_by_itself(outage, hold, interval):
    at_once = replay(outage[0], RATIO.format("1m"), interval=interval)
    held = replay(outage[0], RATIO.format("1m"), interval=interval, **{"for": f"{hold}m"})
    step = pd.Timedelta(interval)
    assert held.first.at - at_once.first.at == -(-hold * MINUTE // step) * step
    assert (held.firings["firing"] - held.firings["pending"]).dropna().min() >= hold * MINUTE


@pytest.fixture(scope="module")
def analysis(outage):
    return pnb.analyze(outage[0])


@given(phase=st.integers(0, 59))
@settings(max_examples=30, deadline=None)
def test_the_bounds_hold_for_every_phase(analysis, phase):
    """The rule evaluated each minute, so many seconds past it, fires within the bounds that were stated."""
    found = replay(analysis, RATIO.format("1m"), **{"for": "2m"})
    rule = AlertRule.model_validate({"alert": "A", "expr": RATIO.format("1m"), "for": "2m"})
    replayer = bench.Bench([rule], analysis.incident.metrics, analysis.signals)
    grid = replayer.grid(rule.expr, rule.interval)
    own = dataclasses.replace(grid, start=grid.start + phase * 1000, step=60_000, count=grid.count // 4 - 1)
    (frame, *_) = [f for f in phases_of(evaluate(rule.expr, replayer.series, own), own, rule)]
    first = frame["firing"].dropna()
    first = first[first >= at(85)].min()
    assert found.first.lo <= first <= found.first.hi


def test_a_rule_that_is_too_high_is_silent_and_one_that_is_late_loses(outage):
    silent = replay(outage[0], RATIO.format("5m").replace("0.05", "0.99"))
    assert (silent.fired, silent.first.is_known, silent.gain.is_known) == ("no", False, False)
    late = replay(outage[0], RATIO.format("5m"), **{"for": "15m"})
    assert late.fired == "yes" and late.gain.hi < pd.Timedelta(0)


def test_firing_at_some_phases_only_is_unsure():
    """One sample above the limit, gone after 20 s: whether an evaluation sees it is chance."""
    times = [START + pd.Timedelta(seconds=10 * i) for i in range(360)]
    values = [9.0 if i == 181 else 1.0 for i in range(360)]
    metrics = conform(pd.DataFrame({"time": times, "metric": "x", "value": values, "file": "m.csv"}), METRICS)
    window = (at(29), at(32))
    found = pnb.replay_alert({"alert": "A", "expr": "x > 5"}, metrics, engine="built in", window=window)
    assert found.fired == "unsure" and "phase" in found.answer
    assert found.notes == ("It fires at 1 of 4 phases of its evaluation only.",)
    sure = pnb.replay_alert(
        {"alert": "A", "expr": "max_over_time(x[2m]) > 5"}, metrics, engine="built in", window=window
    )
    assert sure.fired == "yes"


def test_an_alert_that_fires_since_before_the_incident_does_not_count():
    values = steps((1, 20), (9, 70), (1, 30))
    metrics = gauge(values).metrics
    found = pnb.replay_alert("m > 5", metrics, engine="built in", window=(at(60), at(80)))
    assert found.fired == "no" and "was still firing when the incident began" in found.notes[0]
    assert found.quiet == 1


def test_absence():
    values = [*steps((1, 60)), *[math.nan] * 30, *steps((1, 30))]
    incident = gauge(values)
    found = pnb.replay_alert("absent(m)", incident.metrics, engine="built in", window=(at(60), at(90)))
    # the last sample is at minute 59, and is looked back to for 5 minutes
    assert found.fired == "yes" and found.first.at == at(64)
    assert found.firings["ended"].tolist() == [at(90)]
    with pytest.raises(IncidentError, match="holds no series nothing"):
        pnb.replay_alert("absent(nothing)", incident.metrics, engine="built in")


def test_firings_in_the_baseline_are_counted():
    values = np.ones(600)
    values[[50, 51, 52, 200, 300, 301, 303, 420]] = 9
    metrics = gauge(list(values)).metrics
    found = pnb.replay_alert("m > 5", metrics, engine="built in", window=(at(295), at(310)))
    assert found.quiet == 3  # 50-52, 200 and 420; those at 300 are the incident's
    record = pd.Timedelta(minutes=600)
    assert found.quiet_time == pytest.approx(record - pd.Timedelta(minutes=25), abs=MINUTE)
    rate, low, high = found.per_day
    assert rate == 3 / (found.quiet_time / pd.Timedelta(days=1))
    assert low < rate < high


def test_a_firing_that_may_be_chance_says_so():
    metrics = gauge([9.0 if i % 10 == 0 else 1.0 for i in range(600)]).metrics
    found = pnb.replay_alert("m > 5", metrics, engine="built in", window=(at(298), at(320)))
    assert found.fired == "yes" and found.first.at == at(300) and found.quiet == 57
    share = 1 - math.exp(-found.quiet * (pd.Timedelta(minutes=7) / found.quiet_time))
    assert found.notes == (f"As often as it fires without impact, it fires by then by chance in {share:.0%} of cases.",)


def test_overlapping_alerts_of_one_rule_are_one_firing_in_the_baseline():
    rows = []
    for service, bad in (("a", range(50, 60)), ("b", range(55, 70)), ("c", range(100, 102))):
        rows += [(at(i), service, "x", 9.0 if i in bad else 1.0, "m.csv") for i in range(200)]
    metrics = conform(pd.DataFrame(rows, columns=["time", "service", "metric", "value", "file"]), METRICS)
    found = pnb.replay_alert("x > 5", metrics, engine="built in")
    assert len(found.firings) == 3 and found.quiet == 2
    assert found.firings["labels"].tolist() == ["service=a", "service=b", "service=c"]


@pytest.mark.parametrize("count", [0, 1, 3, 10, 200, 20_000])
def test_poisson_bounds_are_exact(count):
    low, high = poisson_bounds(count)

    def at_most(k, mean):
        return math.fsum(math.exp(i * math.log(mean) - mean - math.lgamma(i + 1)) for i in range(k + 1))

    assert at_most(count, high) == pytest.approx(0.05, abs=1e-7)
    assert low == 0 if count == 0 else 1 - at_most(count - 1, low) == pytest.approx(0.05, abs=1e-7)


def test_labels_that_readers_keep_as_the_service_are_found_under_their_own_name():
    frame = gauge(steps((1, 30), (9, 10), (1, 30))).metrics.assign(service="web")
    assert len(replay(frame, 'm{job="web"} > 5').firings) == 1
    assert len(replay(frame, 'm{service="web"} > 5').firings) == 1
    assert len(replay(frame, 'm{job="api"} > 5').firings) == 0


def test_labels_of_a_rule_that_make_two_alerts_one_are_refused_as_in_prometheus():
    rows = [(at(i), service, "x", float(i), "m.csv") for i in range(30) for service in "ab"]
    metrics = conform(pd.DataFrame(rows, columns=["time", "service", "metric", "value", "file"]), METRICS)
    with pytest.raises(IncidentError, match="Two series have the same labels"):
        replay(metrics, "x > 5", labels={"service": "all"})
    one_after_the_other = 'x{service="a"} < 10 or x{service="b"} > 20'
    found = replay(metrics, f"({one_after_the_other}) and x != 0", labels={"service": "all"})
    assert found.firings["labels"].tolist() == ["service=all", "service=all"]


# --- who evaluates ----------------------------------------------------------------------------------------------------


def test_prometheus_evaluates_where_it_is_installed(outage):
    if not installed_version():
        pytest.skip("prometheus is not installed")
    ours, theirs = (replay(outage[0], RATIO.format("70s"), engine=e) for e in ("built in", "auto"))
    assert theirs.evaluated_by == f"Prometheus {installed_version()}"
    pd.testing.assert_frame_equal(ours.firings, theirs.firings)
    assert (ours.first, ours.gain, ours.quiet) == (theirs.first, theirs.gain, theirs.quiet)
    more = replay(outage[0], "quantile(0.5, rate(sli_bad_events_total[1m])) > 1", engine="auto")
    assert more.fired == "yes"  # no shape of the built-in evaluator


def test_without_prometheus_the_built_in_evaluator_does(outage, monkeypatch):
    monkeypatch.setattr(bench, "installed_version", lambda: "")
    assert replay(outage[0], RATIO.format("1m"), engine="auto").evaluated_by == "built in"
    with pytest.raises(SettingError, match="not installed"):
        replay(outage[0], RATIO.format("1m"), engine="prometheus")
    with pytest.raises(IncidentError, match=r"character 1 .*`quantile` is not among the functions"):
        replay(outage[0], "quantile(0.5, sli_events_total) > 1", engine="auto")


def test_the_setting_says_who_evaluates(outage, monkeypatch):
    rule = {"alert": "A", "expr": RATIO.format("1m")}
    chosen = pnb.analyze(ruled(outage[0], rule, settings={"replay": "built in"}))
    assert chosen.replays[0].evaluated_by == pnb.replay_alert("A", chosen).evaluated_by == "built in"
    assert chosen.settings.replay == "built in"
    monkeypatch.setattr(bench, "installed_version", lambda: "")
    with pytest.raises(SettingError, match="replay: prometheus and promtool are not installed"):
        pnb.analyze(ruled(outage[0], rule), replay="prometheus")
    with pytest.raises(SettingError, match=r"replay: there is no evaluator 'promtheus'\. Did you mean prometheus"):
        pnb.analyze(outage[0], replay="promtheus")


def test_a_prometheus_that_fails_is_replaced_and_said(outage, monkeypatch):
    def broken(series):
        raise PrometheusFailed("prometheus was not ready within 30 s.")

    monkeypatch.setattr(bench, "installed_version", lambda: "2.42.0")
    monkeypatch.setattr(bench, "serving", broken)
    found = replay(outage[0], RATIO.format("1m"), engine="auto")
    assert found.evaluated_by == "built in" and found.fired == "yes"
    assert found.notes == ("prometheus was not ready within 30 s. The built-in evaluator took its place.",)
    with pytest.raises(PrometheusFailed):
        replay(outage[0], RATIO.format("1m"), engine="prometheus")


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Programs of our own under the names of Prometheus'."""

    def write(prometheus="exit 1", promtool="exit 0"):
        for name, script in (("prometheus", prometheus), ("promtool", promtool)):
            path = tmp_path / name
            path.write_text(
                f'#!/bin/sh\n[ "$1" = --version ] && echo "prometheus, version 2.99.0" && exit 0\n{script}\n'
            )
            path.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        installed_version.cache_clear()

    yield write
    monkeypatch.undo()
    installed_version.cache_clear()


@pytest.mark.parametrize(
    ("programs", "said"),
    [
        ({"promtool": "echo out of space >&2; exit 1"}, "promtool did not take the series: out of space"),
        ({"prometheus": "exit 2"}, "prometheus was not ready within"),
        ({"prometheus": "exec sleep 60"}, "prometheus was not ready within"),
    ],
)
def test_programs_that_fail_are_replaced_and_said(outage, fake, monkeypatch, programs, said):
    fake(**programs)
    monkeypatch.setattr(prometheus, "START", 0.3)
    assert installed_version() == "2.99.0"
    found = replay(outage[0], RATIO.format("1m"), engine="auto")
    assert found.evaluated_by == "built in" and found.fired == "yes" and said in found.notes[0]


def test_a_server_is_gone_afterwards_and_answers_under_its_own_path_only(outage):
    if not installed_version():
        pytest.skip("prometheus is not installed")
    with serving([]) as server:
        assert b"Ready" in server.ask("/-/ready", 5)
        elsewhere = prometheus.Server(server.address.rpartition("/")[0])
        assert b"Ready" not in elsewhere.ask("/-/ready", 5)
    with pytest.raises(OSError):
        server.ask("/-/ready", 5)
    with pytest.raises(PrometheusFailed, match="did not answer"):
        server.evaluate("vector(1)", Grid(0, 1000, 3))


# --- recording rules --------------------------------------------------------------------------------------------------

RECORDED = [
    {"record": "web:bad:rate1m", "expr": "sum(rate(sli_bad_events_total[1m]))", "interval": "30s"},
    {"record": "web:bad:ratio1m", "expr": "web:bad:rate1m / sum(rate(sli_events_total[1m]))", "labels": {"slo": "web"}},
]


def recording(incident, expr, *recordings):
    given_recordings = tuple(RecordingRule.model_validate(r) for r in recordings)
    rule = AlertRule.model_validate({"alert": "A", "expr": expr, "interval": "30s", "file": "rules/a.yml"})
    return dataclasses.replace(incident, rules=(rule,), recordings=given_recordings)


@pytest.mark.parametrize("engine", ["built in", "prometheus"])
def test_an_alert_on_recorded_series_fires_as_one_on_their_expression(outage, engine):
    if engine == "prometheus" and not installed_version():
        pytest.skip("prometheus is not installed")
    incident = recording(outage[0], 'web:bad:ratio1m{slo="web"} > 0.05', *reversed(RECORDED))
    found = pnb.replay_alert("A", incident, engine=engine)
    whole = replay(outage[0], RATIO.format("1m"), engine=engine, interval="30s")
    assert found.fired == "yes"
    assert abs(found.first.at - whole.first.at) <= pd.Timedelta("1min")  # the second recording is made each minute
    assert found.firings["labels"].tolist()[0] == "slo=web"


def test_recordings_in_a_circle_or_that_cannot_be_made_leave_the_alert_unknown(outage, monkeypatch):
    circle = [{"record": "a:b", "expr": "c:d + 1"}, {"record": "c:d", "expr": "a:b + 1"}]
    with pytest.raises(IncidentError, match="a:b: the recording rules use each other in a circle"):
        pnb.replay_alert("A", recording(outage[0], "a:b > 1", *circle))
    odd = {"record": "a:b", "expr": "quantile(0.5, sli_events_total)"}
    with pytest.raises(IncidentError, match=r"no series a:b.*`quantile` is not among"):
        pnb.replay_alert("A", recording(outage[0], "a:b > 1", odd), engine="built in")
    analysis = pnb.analyze(recording(outage[0], "a:b > 1", {"record": "a:b", "expr": "sum(nothing)"}))
    assert (
        analysis.replays[0].fired == "unknown"
        and "a:b: The evidence holds no series nothing" in analysis.replays[0].notes[0]
    )


def test_a_series_of_the_evidence_is_not_recorded_again():
    metrics = gauge(steps((1, 30), (9, 10), (1, 30))).metrics
    rule = AlertRule.model_validate({"alert": "A", "expr": "m > 5"})
    own = bench.Bench([rule], metrics, (), [RecordingRule.model_validate({"record": "m", "expr": "m * 0"})])
    with own.started("built in"):
        assert [s.values.max() > 8 for s in own.series] == [True]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("sum by (x) (a) / on (y) group_left (z) b", ["a", "b"]),
        ('rate(a{b="c", d=~"e"}[5m] offset 1h) > bool c', ["a", "c"]),
        ("histogram_quantile(0.9, sum(rate(x_bucket[5m])) by (le)) unless y", ["x_bucket", "y"]),
        ("max_over_time(rate(a[1m])[5m:30s]) and inf # b", ["a"]),
        ("time() - vector(1)", []),
        ('{__name__="a"} ; b', []),
    ],
)
def test_the_metrics_that_an_expression_names(text, names):
    assert metrics_in(text) == names


# --- what is asked for ------------------------------------------------------------------------------------------------


def test_what_cannot_be_asked(outage):
    incident = ruled(outage[0], {"alert": "High", "expr": RATIO.format("1m")})
    with pytest.raises(SettingError, match=r"no rule 'Hihg'.*Did you mean High"):
        pnb.replay_alert("Hihg", incident)
    with pytest.raises(SettingError, match="no 'promql'"):
        replay(incident, "x", engine="promql")
    with pytest.raises(SettingError, match=r"for: .*not a duration"):
        replay(incident, "x", **{"for": "5 minutes"})
    with pytest.raises(IncidentError, match="holds no series nothing, other"):
        replay(incident, "nothing > 1 or other")
    with pytest.raises(IncidentError, match="neither metrics nor counted log lines"):
        replay(declared_only(), "vector(1)")


def test_a_rule_by_name_is_the_incidents(outage):
    incident = ruled(outage[0], {"alert": "High", "expr": RATIO.format("1m")})
    analysis = pnb.analyze(incident)
    assert pnb.replay_alert("High", analysis).first == analysis.replays[0].first


def test_a_detection_and_a_window_of_ones_own(outage):
    found = pnb.replay_alert(RATIO.format("1m"), outage[0], engine="built in", detected=at(100))
    assert found.gain.value == at(100) - found.first.at
    elsewhere = pnb.replay_alert(RATIO.format("1m"), outage[0], engine="built in", window=(at(10), at(20)))
    assert elsewhere.fired == "no" and elsewhere.quiet == 1


def test_a_record_shorter_than_the_rule_looks_back_is_noted(outage):
    assert "shorter than the longest stretch" in replay(outage[0], RATIO.format("6h")).notes[0]


def test_no_incident_no_firing_about_it():
    rule = AlertRule.model_validate({"alert": "A", "expr": "m > 5"})
    values = steps((1, 20), (9, 5), (1, 20))
    found = pnb.replay_alert(rule, gauge(values).metrics, engine="built in")
    assert found.fired == "no" and found.quiet == 1 and not found.gain.is_known
    grid = grid_of((at(0), at(10)), rule.interval)
    nothing = concluded(rule, phases_of(evaluate("vector(1) < 0", [], grid), grid, rule), grid, About(), "built in", ())
    assert nothing.firings.empty and nothing.fired == "no"


# --- claims, findings, report -----------------------------------------------------------------------------------------


def ledger(incident):
    analysis = pnb.analyze(incident)
    return analysis, {f.id: f for f in analysis.findings}


def test_claims_of_a_rule(outage):
    rule = {"alert": "Fast failures", "expr": RATIO.format("1m")}
    analysis, found = ledger(ruled(outage[0], rule, rule, {"alert": "B", "expr": "nothing > 1"}))
    claims, one = analysis.claims, analysis.replays[0]
    assert claims["rule.Fast_failures.fired"].text == "yes" and claims["rule.Fast_failures_2.fired"].value == 1.0
    assert claims["rule.Fast_failures.gain"].value == one.gain.value.total_seconds()
    assert claims["rule.Fast_failures.gain"].basis == "measured + system"
    assert claims["rule.Fast_failures.fires_at"].lo < claims["rule.Fast_failures.fires_at"].value
    assert claims["rule.Fast_failures.baseline"].text.startswith("0 in ")
    unknown = claims["rule.B.fired"]
    assert (unknown.value, unknown.text, unknown.basis) == (None, "not known", "")
    assert "holds no series nothing" in unknown.note
    assert "rule-unknown" in found and found["rule-unknown"].severity == "note"
    names = [r.alert for r in analysis.incident.rules]
    assert [r["alert"] for r in analysis.to_dict()["replays"]] == names


def test_findings_about_rules(outage):
    action = {"text": "t", "kind": "detect", "owner": "o", "due": "2024-02-01", "rule": "rules/a.yml", "alert": "A"}
    rules = {
        "rule-silent": RATIO.format("1m").replace("0.05", "0.99"),
        "rule-noisy": "sum(increase(sli_events_total[1m])) > 300",
        "rule-unknown": "nothing > 1",
    }
    for id_, expr in rules.items():
        _, found = ledger(ruled(outage[0], {"alert": "A", "expr": expr}, actions=[action]))
        assert found[id_].severity == "warning" and found[id_].where == "rules/a.yml: A"
    _, found = ledger(ruled(outage[0], {"alert": "A", "expr": RATIO.format("1m"), "for": "15m"}, actions=[action]))
    assert "later than the incident was detected" in found["rule-late"].text
    _, found = ledger(ruled(outage[0], {"alert": "B", "expr": RATIO.format("1m")}, actions=[action]))
    assert found["unknown-rule"].severity == "error" and "no alert 'A'" in found["unknown-rule"].text
    _, found = ledger(ruled(outage[0], {"alert": "A", "expr": RATIO.format("1m")}, actions=[action]))
    assert not {i for i in found if i.startswith("rule-") or i == "unknown-rule"}


def test_an_action_may_leave_the_alert_out_where_the_file_holds_one(outage):
    action = {"text": "Watch it.", "kind": "detect", "rule": "rules/a.yml"}
    one = {"alert": "A", "expr": RATIO.format("1m")}
    analysis, found = ledger(ruled(outage[0], one, actions=[action]))
    assert "unknown-rule" not in found
    (table,) = [b.text for b in Postmortem(analysis).actions.blocks if 'aria-label="Alert replay"' in str(b.text)]
    assert "Watch it." in table
    _, found = ledger(ruled(outage[0], one, {**one, "alert": "B"}, actions=[action]))
    assert "holds 2 alerts" in found["unknown-rule"].text


def test_the_section_shows_the_replays_escaped(outage):
    rule = {"alert": "A<b>", "expr": f"{RATIO.format('1m')} # <script>"}
    post = Postmortem(pnb.analyze(ruled(outage[0], rule)))
    markup = "".join(str(getattr(b, "text", "")) for b in post.actions.blocks)
    assert "Alert replay" in markup and "A&lt;b&gt;" in markup and "&lt;script&gt;" in markup
    assert "<script>" not in markup and "<b>" not in markup
    assert post.analysis.claims["rule.A_b_.gain"].text.split(" (")[0] in markup
    assert "Every firing" in markup and "level" not in markup
    assert "Alert replay" not in "".join(
        str(getattr(b, "text", "")) for b in Postmortem(pnb.analyze(outage[0])).actions.blocks
    )


def test_the_narrative_may_use_the_claims_of_a_rule(outage):
    incident = ruled(outage[0], {"alert": "A", "expr": RATIO.format("1m")})
    incident = dataclasses.replace(incident, narrative="## Alerts\n\nIt fires {{ rule.A.gain }} sooner.\n")
    ((heading, text),) = Postmortem(pnb.analyze(incident)).unplaced()
    assert heading == "Alerts" and 'href="#claim-rule.A.gain"' in text
    wrong = dataclasses.replace(incident, narrative="## Detection\n\n{{ rule.A.gian }}\n")
    with pytest.raises(PostmortemError, match=r"Did you mean rule\.A\.gain"):
        Postmortem(pnb.analyze(wrong)).check_prose()
