"""Settings, filters and signals: what is accepted, which wins, and the sentence for everything else."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from conftest import SIGNALS, START, at, declared_only, draw, gauge, steps, with_facts
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis import Settings
from postmortem_nb.analysis.selection import rows_matching
from postmortem_nb.errors import IncidentError, SettingError
from postmortem_nb.example import Impact
from postmortem_nb.frames import METRICS, conform

always = examples(derandomize=True, deadline=None)

# --- settings ---


def test_defaults():
    assert Settings.build() == Settings()
    assert Settings.build().model_dump() == {
        "signal": "auto",
        "threshold": "auto",
        "baseline": "auto",
        "bucket": "auto",
        "hold": "auto",
        "merge_gap": "auto",
        "min_length": "auto",
        "zone": "auto",
        "replay": "auto",
        "sections": "auto",
        "redact": "auto",
    }


def test_given_beats_declared_beats_default():
    declared = {"hold": "20min", "threshold": 0.3}
    assert Settings.build(declared).hold == "20min"
    assert Settings.build(declared, hold="30min").hold == "30min"
    assert Settings.build(declared, hold="10min").hold == "10min"  # what auto stands for, chosen on purpose
    assert Settings.build(declared, hold="auto").hold == "20min"  # a default that is passed on is not a choice
    assert Settings.build(declared, threshold="auto").threshold == 0.3
    assert Settings.build(declared).merge_gap == "auto"


@pytest.mark.parametrize(("given_", "value"), [("0.05", 0.05), (3, 3.0), (0.5, 0.5), ("1e-3", 0.001), ("auto", "auto")])
def test_a_threshold_is_a_number_however_it_is_written(given_, value):
    assert Settings.build(threshold=given_).threshold == value


def test_lengths_and_baseline_are_read():
    chosen = Settings.build(bucket="30s", baseline="2024-01-14T16:00Z/2024-01-14T18:00:30+01:00")
    assert chosen.length("bucket", pd.Timedelta("1min")) == pd.Timedelta("30s")
    assert chosen.length("min_length", pd.Timedelta("2min")) == pd.Timedelta("2min")
    assert chosen.baseline_interval == (at(60), at(120.5))
    assert Settings.build().baseline_interval is None


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("treshold", 1, r"there is no setting 'treshold'\. Did you mean threshold"),
        ("xyz", 1, r"there is no setting 'xyz'\. Known: signal, threshold"),
        ("threshold", "high", r"threshold: 'high' is neither a number nor \"auto\""),
        ("threshold", "nan", r"threshold: 'nan' is neither a number"),
        ("threshold", float("inf"), r"threshold: inf is neither a number"),
        ("threshold", True, r"threshold: True is neither a number"),
        ("threshold", None, r"threshold: None is neither a number"),
        ("hold", "10", r"^hold: '10' is not a duration\. Write for example \"10min\""),
        ("hold", 10, r"^hold: 10 is not text\. Put it in quotes, a duration with its unit"),
        ("merge_gap", "-5min", r"^merge_gap: '-5min' is not a duration"),
        ("min_length", "soon", r"^min_length: 'soon' is not a duration"),
        ("bucket", "0s", r"^bucket: '0s' is no width"),
        ("baseline", "yesterday", r"^baseline: 'yesterday' is not an interval\. Write \"from/to\""),
        ("baseline", "16:00/17:00", r"^baseline: '16:00' has no day"),
        ("baseline", "2024-01-14T16:00/2024-01-14T17:00", r"^baseline: '2024-01-14T16:00' has no zone"),
        ("baseline", "2024-01-14T17:00Z/2024-01-14T16:00Z", r"is empty\. Write two times, the earlier one first"),
        ("zone", "PST", r"^zone: 'PST' is not an IANA zone\. Write one such as"),
        ("zone", "Europe/Berln", r"Did you mean Europe/Berlin\?$"),
        ("signal", 3, r"^signal: 3 is not text"),
    ],
)
def test_what_makes_no_sense_is_refused(name, value, message):
    with pytest.raises(SettingError, match=message):
        Settings.build(**{name: value})


def test_a_wrong_declared_setting_names_its_file():
    with pytest.raises(SettingError, match=r"^\[settings\] of incident.toml: hold: '5' is not a duration"):
        Settings.build({"hold": "5"})
    with pytest.raises(
        SettingError, match=r"^\[settings\] of incident.toml: there is no setting 'holt'\. Did you mean hold"
    ):
        Settings.build({"holt": "5min"})
    assert Settings.build({"hold": "5"}, hold="20min").hold == "20min"


def test_settings_of_the_incident_are_used():
    facts = {"settings": {"threshold": 9.0, "merge_gap": "0s"}}
    incident = gauge(steps((1, 60), (5, 10), (1, 60)), facts=facts)
    assert not pnb.analyze(incident).windows
    assert pnb.analyze(incident, threshold=3).windows


# --- filters ---

ROWS = pd.DataFrame(
    {
        "status": [200, 404, 500, 503, None],
        "path": ["/", "/a b", "/(x)", "/x+y", None],
        "level": ["INFO", "WARN", "ERROR", "ERROR", None],
    }
)


@pytest.mark.parametrize(
    ("filter_", "rows"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"status": 500}, [2]),
        ({"status": ">=500"}, [2, 3]),
        ({"status": "< 404"}, [0]),
        ({"status": "<=404"}, [0, 1]),
        ({"status": "!=200"}, [1, 2, 3]),
        ({"status": [200, 503]}, [0, 3]),
        ({"level": "ERROR"}, [2, 3]),
        ({"level": "!=ERROR"}, [0, 1]),
        ({"level": ["ERROR", "WARN"], "status": ">=500"}, [2, 3]),
        ({"path": "~^/x"}, [3]),
        ({"path": r"~\("}, [2]),
        ({"path": "/(x)"}, [2]),  # no regular expression without the mark
        ({"path": "/x+y"}, [3]),
        ({"path": "~"}, [0, 1, 2, 3]),
        ({"status": "nan"}, []),
    ],
)
def test_which_rows_a_filter_keeps(filter_, rows):
    mask = rows_matching(ROWS, filter_, "signal 'x'")
    assert mask.dtype == bool
    assert ROWS.index[mask].tolist() == rows


def test_a_filter_on_a_column_that_is_not_there():
    with pytest.raises(
        IncidentError, match=r"signal 'x': there is no column 'statu' in this evidence\. Did you mean status"
    ):
        rows_matching(ROWS, {"statu": ">=500"}, "signal 'x'")


@pytest.mark.parametrize("pattern", ["(", "[", "*", "(?P<a>x)(?P<a>y)", "\\"])
def test_a_pattern_that_is_none(pattern):
    with pytest.raises(IncidentError, match=r"signal 'x': path: .* is not a regular expression"):
        rows_matching(ROWS, {"path": f"~{pattern}"}, "signal 'x'")


@pytest.mark.parametrize(
    "pattern", ["__import__('os').system('x')", "'; DROP TABLE", "{0.__class__}", "@pd.eval", "`x`"]
)
def test_a_filter_is_data_and_never_code(pattern):
    frame = pd.DataFrame({"message": [pattern, "x"]})
    assert rows_matching(frame, {"message": pattern}, "w").tolist() == [True, False]


@given(st.text(max_size=12).filter(lambda t: t[:1] not in ("~", ">", "<", "!")))
@always
def test_plain_text_matches_itself_only(text):
    frame = pd.DataFrame({"message": pd.array([text, text + "x", None], dtype="str")})
    assert rows_matching(frame, {"message": text}, "w").tolist() == [True, False, False]


# --- signals ---


def test_a_signal_that_is_not_declared_names_the_near_ones(outage):
    incident, _ = outage
    with pytest.raises(SettingError, match=r"signal: 'failed request' is not declared .* Did you mean failed requests"):
        pnb.analyze(incident, signal="failed request")
    with pytest.raises(SettingError, match=r"There are none\."):
        pnb.analyze(declared_only(), signal="x")


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        ({**SIGNALS["errors"], "total": {"status": ">=900"}}, r"signal 'failed requests': no log line matches it"),
        ({**SIGNALS["errors"], "bad": {"code": 500}}, r"there is no column 'code' in this evidence"),
        ({**SIGNALS["latency"], "select": {"metric": "latency"}}, r"no sample matches {'metric': 'latency'}"),
        (
            {**SIGNALS["latency"], "select": {"service": "web"}},
            r"7 series match it \(web/requests.* Add service and metric",
        ),
        ({"name": "r", "kind": "traffic", "select": {"metric": "x"}}, r"signal 'r': no sample matches {'metric': 'x'}"),
    ],
)
def test_a_signal_that_does_not_fit_the_evidence(outage, signal, message):
    incident, _ = outage
    with pytest.raises(IncidentError, match=message):
        pnb.analyze(with_facts(incident, signals=[signal]))


def test_a_signal_without_a_value():
    with pytest.raises(IncidentError, match=r"signal 'm': none of its 30 samples has a value"):
        pnb.analyze(gauge([np.nan] * 30))
    with pytest.raises(IncidentError, match="has a value"):
        pnb.analyze(gauge([np.inf] * 30))


def test_a_line_with_a_wrong_year_does_not_fill_the_memory(outage):
    incident, _ = outage
    logs = incident.logs.head(50).copy()
    logs.loc[0, "time"] = pd.Timestamp("1990-01-01", tz="UTC")
    with pytest.raises(IncidentError, match=r"more than 1,000,000 bins of 1 min 0 s|more than 1,000,000 bins of 1 min"):
        pnb.analyze(dataclasses.replace(incident, logs=logs))


def test_missing_samples_become_rows_without_a_value():
    incident = gauge(steps((1, 60), (5, 10), (1, 60)))
    metrics = incident.metrics.drop(index=[30, 31, 32])
    series = pnb.analyze(dataclasses.replace(incident, metrics=metrics)).signal
    assert len(series.frame) == 130
    assert series.frame.index[series.frame["value"].isna()].tolist() == [30, 31, 32]
    assert series.step == pd.Timedelta("1min")
    assert series.span == (START, at(130))


def test_samples_keep_their_own_times():
    rng = np.random.default_rng(4)
    incident = gauge(steps((1, 60), (5, 10), (1, 60)))
    jitter = pd.to_timedelta(rng.integers(-9, 9, 130), unit="s")
    metrics = incident.metrics.assign(time=incident.metrics["time"] + jitter)
    analysis = pnb.analyze(dataclasses.replace(incident, metrics=metrics))
    assert analysis.signal.frame["value"].notna().all()
    assert analysis.windows[0].onset.at == metrics["time"][60]


def test_the_bucket_is_the_width_of_the_bins(outage):
    incident, truth = outage
    analysis = pnb.analyze(incident, bucket="5min")
    assert analysis.signal.step == pd.Timedelta("5min")
    assert len(analysis.signal.frame) == 36
    assert abs(analysis.windows[0].onset.at - truth.onset) < pd.Timedelta("10s")  # still placed between requests


@pytest.mark.parametrize(
    ("metric", "direction"),
    [("SuccessRate(%)", "low"), ("error_ratio", "high"), ("LatencyP90(s)", "high"), ("http_5xx_rate", "high")],
)
def test_a_signal_is_proposed_where_none_is_declared(metric, direction):
    incident = gauge(steps((1, 90)))
    metrics = conform(
        pd.concat([incident.metrics.assign(metric=m) for m in ("cpu", metric, "memory")], ignore_index=True), METRICS
    )
    analysis = pnb.analyze(with_facts(dataclasses.replace(incident, metrics=metrics), signals=[]))
    assert (analysis.signal.name, analysis.signal.signal.direction) == (metric, direction)
    assert [f.id for f in analysis.findings if f.id == "signal-proposed"]


def test_status_codes_are_proposed_before_metrics_and_levels_last(outage):
    incident, _ = outage
    assert pnb.analyze(with_facts(incident, signals=[])).signal.name == "failed requests"
    bare = dataclasses.replace(incident, logs=incident.logs.drop(columns="status"), metrics=METRICS.empty())
    assert pnb.analyze(with_facts(bare, signals=[])).signal is None
    levels = bare.logs.assign(level=["ERROR" if i % 50 == 0 else "INFO" for i in range(len(bare.logs))])
    assert pnb.analyze(with_facts(dataclasses.replace(bare, logs=levels), signals=[])).signal.name == "error lines"


def test_a_candidate_that_stands_out_comes_before_one_that_is_nearer_to_users(outage):
    """Two metrics by name: the success rate is calm, the latency rises for half an hour."""
    rng = np.random.default_rng(4)
    calm, slow = 99.9 + 0.01 * rng.standard_normal(600), 0.2 + 0.01 * rng.standard_normal(600)
    slow[300:330] += 0.4
    one = gauge(calm).metrics.assign(metric="success_rate")
    two = gauge(slow).metrics.assign(metric="latency_p99")
    incident = with_facts(gauge(calm), signals=[])
    both = dataclasses.replace(incident, metrics=conform(pd.concat([one, two], ignore_index=True), METRICS))
    signal = pnb.analyze(both).signal
    assert signal.name == "latency_p99"
    assert "it stands out at" in signal.why
    assert "30 samples lie" in signal.why
    assert "not taken: success_rate (nothing stands out)" in signal.why
    slow[300:330] -= 0.4
    two["value"] = slow
    both = dataclasses.replace(incident, metrics=conform(pd.concat([one, two], ignore_index=True), METRICS))
    signal = pnb.analyze(both).signal
    assert signal.name == "success_rate", "where nothing stands out, the nearest to users"
    assert "nothing in it stands out" in signal.why


def test_the_first_and_last_bin_of_a_traffic_signal_are_not_whole():
    incident, _ = draw(Impact(at(900), at(910), "collapse", 0.9), length=60)
    late = dataclasses.replace(incident, logs=incident.logs[incident.logs["time"] >= at(0.9)].reset_index(drop=True))
    analysis = pnb.analyze(late)
    assert analysis.signal.frame["value"].isna().tolist() == [True] + [False] * 58 + [True]
    assert not analysis.windows
    assert not analysis.near_misses


def test_the_range_of_each_edge_over_the_settings_is_a_claim():
    """A rise of 20 minutes: the higher the threshold, the later the onset."""
    values = np.concatenate([np.zeros(60), np.linspace(0, 10, 20), np.full(30, 10.0), np.zeros(60)])
    analysis = pnb.analyze(gauge(values + 1.0), threshold=4)
    claim, grid = analysis.claims["onset_range"], analysis.sensitivity
    assert (pd.Timestamp(claim.lo), pd.Timestamp(claim.hi)) == (grid["onset"].min(), grid["onset"].max())
    assert pd.Timestamp(claim.lo) < pd.Timestamp(claim.hi)
    assert pd.Timestamp(claim.value) == analysis.windows[0].onset.at
    assert "–" in claim.text
    assert analysis.claims["impact_time_range"].lo == grid["impact_time"].min().total_seconds()
    calm = pnb.analyze(gauge(steps((1, 90)))).claims["onset_range"]
    assert (calm.value, calm.note) == (None, "no window was measured")
