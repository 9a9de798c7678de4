"""Impact quantities against drawn truth, their bounds, and how they are printed."""

import numpy as np
import pandas as pd
import pytest
from conftest import SIGNALS, START, at, declared_only, draw, gauge, steps, with_facts
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.claims import format_quantity
from postmortem_nb.analysis.impact import QUANTITIES
from postmortem_nb.example import Impact
from postmortem_nb.frames import METRICS, conform
from postmortem_nb.incident import Facts, Incident

always = settings(derandomize=True, deadline=None)
CONTRACT = (
    "time_to_detect notify_lag time_to_acknowledge time_to_declare time_to_identify time_to_mitigate "
    "time_to_recover time_to_repair time_to_resolve closing_lag comms_lag latent_time impact_time "
    "impact_span first_relief time_lost time_lost_share onset recovery window windows "
    "failed_requests total_requests error_ratio_mean error_ratio_peak availability baseline_value "
    "peak_value threshold declared_started declared_detected declared_resolved"
)


def quantities(analysis):
    return {q.id: q for q in analysis.impact}


def test_counts_are_those_that_were_drawn():
    for seed in range(8):
        incident, truth = draw(Impact(at(90.4), at(126.7), "errors", 0.6), seed=seed)
        found = quantities(pnb.analyze(incident))
        failed = found["failed_requests"]
        assert failed.value == pytest.approx(truth.failed_inside, abs=4)
        assert failed.lo <= truth.failed_inside <= failed.hi
        inside = incident.logs["time"].between(truth.onset, truth.recovery, inclusive="left").sum()
        assert found["total_requests"].value == pytest.approx(inside, abs=15)
        assert found["total_requests"].lo <= inside <= found["total_requests"].hi
        assert found["error_ratio_mean"].value == pytest.approx(failed.value / found["total_requests"].value)
        assert found["availability"].value == pytest.approx(1 - truth.failed / truth.requests)
        assert found["availability_time"].value == pytest.approx(1 - 36.3 / 180, abs=0.002)
        assert found["excess_failures"].value == pytest.approx(failed.value, rel=0.02)
        assert found["outage_minutes"].value == pytest.approx(0.6 * 36.3, rel=0.08)


def counted(bad, total, **signal):
    """An incident whose ratio comes from two counters, once a minute."""
    times = pd.date_range(START, periods=len(bad), freq="1min")
    rows = [
        pd.DataFrame({"time": times, "service": "web", "metric": name, "value": values, "file": "metrics/m.csv"})
        for name, values in (("bad", bad), ("all", total))
    ]
    declared = {"name": "failed", "kind": "ratio", "bad": {"metric": "bad"}, "total": {"metric": "all"}, **signal}
    facts = Facts.from_dict({"title": "counted", "signals": [declared]})
    return Incident("counted", "counted", facts, metrics=conform(pd.concat(rows), METRICS))


def test_the_formulas_on_counters():
    bad = np.r_[np.full(60, 1.0), [50, 100, 30, 20], np.full(60, 1.0)]
    total = np.r_[np.full(60, 100.0), [100, 100, 50, 80], np.full(60, 100.0)]
    analysis = pnb.analyze(counted(bad, total))
    assert analysis.windows[0].span == (at(60), at(64))
    found = {name: q.value for name, q in quantities(analysis).items()}
    assert found["failed_requests"] == 200
    assert found["total_requests"] == 330
    assert found["error_ratio_mean"] == pytest.approx(200 / 330)  # never the mean of ratios
    assert found["error_ratio_peak"] == 1.0
    assert found["outage_minutes"] == pytest.approx(0.5 + 1 + 0.6 + 0.25)
    assert found["baseline_value"] == pytest.approx(0.01)
    assert found["excess_failures"] == pytest.approx(200 - 3.3)
    assert found["availability"] == pytest.approx(1 - 320 / 12330)
    assert found["threshold"] == pytest.approx(0.05)
    assert found["unknown_share"] == 0


def test_a_missing_counter_is_unknown_and_breaks_nothing():
    bad = np.r_[np.full(60, 1.0), [np.nan] * 3, [50, 60, 70], np.full(60, 1.0)]
    analysis = pnb.analyze(counted(bad, np.full(126, 100.0)))
    (window,) = analysis.windows
    assert window.onset.lo <= at(59)
    assert window.onset.at == at(63)
    assert quantities(analysis)["failed_requests"].value == 180


def test_the_objective_of_a_ratio_is_its_least_threshold():
    bad, total = np.r_[np.full(60, 0.0), np.full(10, 20.0), np.full(60, 0.0)], np.full(130, 1000.0)
    assert pnb.analyze(counted(bad, total, objective=0.99)).windows
    assert pnb.analyze(counted(bad, total, objective=0.99)).claims["threshold"].value == pytest.approx(0.01)
    assert not pnb.analyze(counted(bad, total, objective=0.95)).windows
    declared = pnb.analyze(counted(bad, total, threshold=0.015))
    assert declared.claims["threshold"].basis == "declared"
    assert declared.measurement.baseline.rule == "declared with the signal"
    assert pnb.analyze(counted(bad, total), threshold=0.5).measurement.baseline.rule == "as set"


def test_requests_that_never_came_are_an_estimate():
    for seed in range(4):
        incident, _ = draw(Impact(at(90), at(120), "collapse", 0.8), seed=seed)
        undisturbed, _ = draw(seed=seed)
        came, would = (i.logs["time"].between(at(90), at(120)).sum() for i in (incident, undisturbed))
        lost = quantities(pnb.analyze(incident))["lost_requests"]
        assert lost.value == pytest.approx(would - came, rel=0.08)
        assert lost.lo <= lost.value <= lost.hi
        assert lost.basis == "estimated"


def test_the_worst_value_is_on_the_bad_side():
    high = pnb.analyze(gauge(steps((10, 60), (50, 5), (10, 60)))).claims["peak_value"].value
    low = pnb.analyze(gauge(steps((10, 60), (2, 5), (10, 60)), direction="low")).claims["peak_value"].value
    assert high == pytest.approx(50, rel=0.02)
    assert low == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize("incident", [declared_only(), gauge(steps((1, 90))), gauge(steps((1, 60), (5, 9), (1, 60)))])
def test_every_claim_of_the_contract_exists_whatever_the_evidence(incident):
    claims = pnb.analyze(incident).claims
    for name in [*CONTRACT.split(), *QUANTITIES]:
        claim = claims[name]
        assert claim.text
        if claim.value is None and claim.lo is None and claim.hi is None:
            assert claim.text in ("not known", "not recorded", "unknown")
            assert claim.basis == ""
        else:
            assert claim.basis


def test_an_absent_quantity_says_why():
    claims = pnb.analyze(gauge(steps((1, 60), (5, 9), (1, 60)))).claims
    assert claims["failed_requests"].note == "needs a measured window of a signal that counts failed and all requests"
    assert pnb.analyze(declared_only()).claims["threshold"].note == "needs a signal"


def test_an_open_window_has_counted_at_least_so_much():
    incident, truth = draw(Impact(at(120.3), None, "errors", 0.5), length=150)
    failed = pnb.analyze(incident).claims["failed_requests"]
    assert failed.hi is None
    assert failed.text.startswith("at least ")
    assert failed.value == pytest.approx(truth.failed_inside, abs=4)


def test_every_claim_names_its_inputs_and_basis(outage):
    incident, _ = outage
    claims = pnb.analyze(with_facts(incident, milestones={"detected": "2024-01-14T16:35Z"})).claims
    assert [i.name for i in claims["failed_requests"].inputs] == ["logs/access.log"]
    assert [i.name for i in claims["impact_time"].inputs] == ["logs/access.log"]
    assert [i.name for i in claims["declared_detected"].inputs] == ["incident.toml"]
    assert claims["declared_detected"].basis == "declared"
    assert claims["time_to_detect"].basis == "measured + declared"
    assert [(i.kind, i.name) for i in claims["time_to_detect"].inputs] == [("claim", "onset"), ("claim", "detected")]
    assert claims["time_to_detect"].inputs[0].what.startswith("2024-01-14 16:30")
    assert claims["window"].text == "2024-01-14 16:30:26–17:06:42 UTC"
    assert claims["windows"].value == 1
    frame = claims.frame
    assert list(frame.columns) == ["id", "value", "basis", "definition", "inputs"]
    assert len(frame) == len(claims)


def test_an_unknown_claim_names_the_near_ones():
    claims = pnb.analyze(declared_only()).claims
    with pytest.raises(pnb.PostmortemError, match=r"there is no claim 'failed_request'\. Did you mean failed_requests"):
        claims["failed_request"]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.4715, "share", "47 %"),
        (0.0, "share", "0 %"),
        (1.0, "share of requests", "100 %"),
        (0.0012, "share", "0.12 %"),
        (0.995, "share", "99.50 %"),
        (0.99996, "share", "99.996 %"),
        (0.9999999, "share", "over 99.9999 %"),
        (1234567.0, "requests", "1,234,567"),
        (2.25, "minutes", "2.2 min"),
        (48.4, "minutes", "48 min"),
        (0.12345, "s", "0.123 s"),
        (12345.6, "ms", "12,346 ms"),
        (-0.5, "", "-0.5"),
    ],
)
def test_how_a_quantity_is_printed(value, unit, text):
    assert format_quantity(value, unit) == text


@given(st.floats(0, 1, exclude_max=True))
@always
def test_less_than_everything_is_never_printed_as_everything(share):
    assert share > 1 - 1e-9 or not format_quantity(share, "share").startswith("100.")
    assert format_quantity(share, "share") != "100 %"


def test_signals_of_all_kinds_are_drawn_the_measured_one_first(outage):
    incident, _ = outage
    incident = with_facts(incident, signals=[SIGNALS["errors"], SIGNALS["latency"]])
    assert [s.name for s in pnb.analyze(incident).signals] == ["failed requests", "latency p95"]
    assert [s.name for s in pnb.analyze(incident, signal="latency p95").signals] == ["latency p95", "failed requests"]
    assert pnb.analyze(incident, signal="latency p95").signal.unit == ""
