"""Counts against drawn truth: sparse and offset samples, running totals, filters that match nothing, sources."""

import numpy as np
import pandas as pd
import pytest
from conftest import START, at, draw, logs_of, with_facts
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.errors import IncidentError, SettingError
from postmortem_nb.example import Impact
from postmortem_nb.frames import METRICS, conform
from postmortem_nb.incident import Facts, Incident

COUNTS = ("failed_requests", "total_requests", "excess_failures", "outage_minutes")


def found(incident, **given_):
    return {q.id: q for q in pnb.analyze(incident, **given_).impact}


# --- sums over the windows ---


@given(
    seed=st.integers(0, 40),
    start=st.floats(40, 60),
    length=st.floats(4, 40),
    share=st.floats(0.1, 1),
    rate=st.sampled_from([0.2, 1.0, 4.0]),
    background=st.sampled_from([0.0, 0.002, 0.05]),
)
@settings(derandomize=True, deadline=None, max_examples=25)
def test_excess_never_exceeds_the_failed_and_every_count_lies_within_its_bounds(
    seed, start, length, share, rate, background
):
    impact = Impact(at(start), at(start + length), "errors", share)
    incident, _ = draw(impact, length=130, seed=seed, rate=rate, background=background)
    analysis = pnb.analyze(incident)
    if not analysis.windows:
        return
    counts = {q.id: q for q in analysis.impact if q.id in COUNTS}
    for q in counts.values():
        assert q.lo <= q.value
        assert q.hi is None or q.value <= q.hi
    failed, excess = counts["failed_requests"], counts["excess_failures"]
    assert excess.value <= failed.value
    assert excess.lo <= failed.lo
    assert failed.hi is None or excess.hi <= failed.hi


def test_uncertain_edges_give_every_count_a_width():
    incident, truth = draw(Impact(at(90.4), at(126.7), "errors", 0.6), rate=0.5)
    counts = found(incident)
    for name in COUNTS:
        assert counts[name].lo < counts[name].hi
    assert counts["outage_minutes"].lo <= 0.6 * 36.3 * 1.1
    assert counts["outage_minutes"].value == pytest.approx(0.6 * 36.3, rel=0.1)
    assert counts["failed_requests"].lo <= truth.failed_inside <= counts["failed_requests"].hi


def test_failures_before_the_edge_are_in_neither_sum():
    """A bin that the onset cuts also holds requests from before it; they add nothing to the excess."""
    incident, truth = draw(Impact(at(60.9), at(80.1), "errors", 1.0), length=130, background=0.0)
    counts = found(incident)
    assert counts["excess_failures"].value == counts["failed_requests"].value  # the baseline is 0
    assert counts["failed_requests"].value == pytest.approx(truth.failed_inside, abs=4)
    assert counts["outage_minutes"].value == pytest.approx(19.2, abs=0.2)


# --- sums of samples ---

TRUTH = np.r_[np.zeros(30), np.full(20, 40.0), np.zeros(70)]  # failed a minute, of 100
ALL = np.full(120, 100.0)
MINUTES = pd.date_range(START, periods=120, freq="1min")


def samples(metric, values, times=MINUTES, service="web", file="metrics/m.csv"):
    return pd.DataFrame({"time": times, "service": service, "metric": metric, "value": values, "file": file})


def sampled(*rows, **signal):
    declared = {"name": "r", "kind": "ratio", "bad": {"metric": "errors"}, "total": {"metric": "requests"}, **signal}
    facts = Facts.from_dict({"title": "sampled", "signals": [declared]})
    return Incident("sampled", "sampled", facts, metrics=conform(pd.concat(rows), METRICS))


def assert_true(incident, failed=800, total=2000):
    analysis = pnb.analyze(incident)
    (window,) = analysis.windows
    assert window.span == (at(30), at(50))
    counts = {q.id: q.value for q in analysis.impact}
    assert counts["failed_requests"] == failed
    assert counts["total_requests"] == total
    assert counts["error_ratio_mean"] == pytest.approx(failed / total)
    return analysis


def test_failures_that_are_recorded_only_where_there_are_some_are_0_elsewhere():
    seen = TRUTH > 0
    seen[[7, 77]] = True
    incident = sampled(samples("requests", ALL), samples("errors", np.maximum(TRUTH, 1)[seen], MINUTES[seen]))
    signal = assert_true(incident).signal
    assert signal.frame["bad"].sum() == 802
    assert signal.frame["value"].notna().all()
    assert any("in the 98 samples in which only all requests are recorded, 0 failures" in n for n in signal.notes)


def test_where_zeros_are_recorded_a_missing_sample_stays_unknown():
    seen = np.ones(120, bool)
    seen[100:105] = False
    signal = assert_true(sampled(samples("requests", ALL), samples("errors", TRUTH[seen], MINUTES[seen]))).signal
    assert signal.frame["bad"].isna().sum() == 5
    assert signal.notes == ()


def test_a_sample_without_value_is_unknown_and_not_0():
    values = np.where(TRUTH > 0, TRUTH, np.nan)
    signal = pnb.analyze(sampled(samples("requests", ALL), samples("errors", values))).signal
    assert signal.frame["bad"].isna().sum() == 100


@pytest.mark.parametrize("seconds", [0, 1, 5, 20, 29])
def test_hosts_that_are_sampled_at_different_seconds_are_added_up(seconds):
    late = MINUTES + pd.Timedelta(seconds=seconds)
    rows = [samples("requests", ALL, service="a"), samples("errors", TRUTH * 0, service="a")]
    rows += [samples("requests", ALL, late, "b"), samples("errors", TRUTH, late, "b")]
    assert_true(sampled(*rows), total=4000)


@pytest.mark.parametrize("seconds", [-20, -1, 5, 25])
def test_failed_and_all_need_not_be_sampled_in_the_same_second(seconds):
    late = MINUTES + pd.Timedelta(seconds=seconds)
    assert_true(sampled(samples("requests", ALL), samples("errors", TRUTH, late)))


def test_jitter_neither_doubles_nor_loses_a_sample():
    late = MINUTES + pd.to_timedelta(30 + 4 * np.sin(np.arange(120)), unit="s")  # about halfway between the others
    rows = [samples("requests", ALL, service="a"), samples("requests", ALL, late, "b")]
    frame = pnb.analyze(sampled(*rows, samples("errors", TRUTH))).signal.frame
    assert (frame["total"].dropna() == 200).all()
    assert frame["total"].isna().sum() <= 1


def test_half_a_sum_is_no_collapse():
    seen = np.ones(120, bool)
    seen[60:75] = False
    rows = [samples("requests", ALL, service="a"), samples("requests", ALL[seen], MINUTES[seen], "b")]
    traffic = {"kind": "traffic", "bad": None, "total": None, "select": {"metric": "requests"}}
    analysis = pnb.analyze(sampled(*rows, **traffic))
    assert not analysis.windows
    assert analysis.signal.frame["value"].isna().sum() == 15
    assert analysis.signal.notes == ("15 of its 120 samples lack a series that is usually there and count as unknown",)


def test_a_series_that_goes_on_in_another_file_is_one():
    rows = [
        samples(name, values[part], MINUTES[part], file=file)
        for name, values in (("requests", ALL), ("errors", TRUTH))
        for part, file in ((slice(60), "metrics/1.csv"), (slice(60, None), "metrics/2.csv"))
    ]
    analysis = assert_true(sampled(*rows))
    assert [i.name for i in analysis.claims["failed_requests"].inputs] == ["metrics/1.csv"]  # where the window lies
    assert [i.name for i in analysis.claims["excess_failures"].inputs] == ["metrics/1.csv", "metrics/2.csv"]


# --- running totals ---


@pytest.mark.parametrize("names", [("requests", "errors"), ("requests_total", "errors_total")])
@pytest.mark.parametrize("restart", [None, 40, 90])
def test_running_totals_are_counted_by_their_differences(names, restart):
    columns = []
    for values in (ALL, TRUTH):
        grown = 1000 + values.cumsum()
        if restart:
            grown[restart:] = values[restart:].cumsum()
        columns.append(grown)
    rows = [samples(name, values) for name, values in zip(names, columns, strict=True)]
    incident = sampled(*rows, total={"metric": names[0]}, bad={"metric": names[1]})
    signal = assert_true(incident).signal
    assert len(signal.frame) == 119  # what the first sample grew by is not known
    assert signal.notes[0].startswith("its samples only grow")


def test_a_running_total_of_little_traffic_is_known_by_its_name():
    seldom = np.where(np.arange(120) % 6 == 0, 10.0, 0.0).cumsum()
    incident = sampled(
        samples("requests_total", seldom), samples("errors", seldom * 0), total={"metric": "requests_total"}
    )
    assert pnb.analyze(incident).signal.frame["total"].sum() == seldom[-1] - seldom[0]
    plain = sampled(samples("requests", seldom), samples("errors", seldom * 0))
    assert pnb.analyze(plain).signal.frame["total"].sum() == seldom.sum()


def test_counts_a_minute_are_no_running_totals_whatever_their_name():
    rising = np.r_[np.full(60, 0.0), np.full(60, 40.0)]  # the record ends within the impact
    rows = [samples("requests_total", ALL), samples("errors_total", rising)]
    incident = sampled(*rows, total={"metric": "requests_total"}, bad={"metric": "errors_total"})
    analysis = pnb.analyze(incident)
    assert analysis.windows[0].span[0] == at(60)
    assert analysis.signal.notes == ()
    assert {q.id: q.value for q in analysis.impact}["failed_requests"] == 2400


# --- filters, thresholds, sources ---


@pytest.mark.parametrize("bad", [{"status": "503"}, {"status": [503]}, {"status": ["503"]}, {"level": "error"}])
def test_a_filter_matches_what_is_meant(bad):
    incident, _ = draw(Impact(at(90.4), at(126.7), "errors", 0.6))
    logs = logs_of(incident.logs[["time", "status"]].assign(status=incident.logs["status"].replace({500: 503})))
    logs["level"] = np.where(logs["status"] >= 500, "ERROR", "INFO")
    declared = {"name": "f", "kind": "ratio", "source": "logs", "bad": bad}
    incident = with_facts(Incident("d", "d", incident.facts, logs=logs), signals=[declared])
    plain = with_facts(incident, signals=[{**declared, "bad": {"status": ">=500"}}])
    assert found(incident)["failed_requests"] == found(plain)["failed_requests"]
    assert pnb.analyze(incident).signal.notes == ()


def test_a_filter_that_matches_no_line_says_so(outage):
    declared = {"name": "f", "kind": "ratio", "source": "logs", "bad": {"status": "504"}}
    (note,) = pnb.analyze(with_facts(outage[0], signals=[declared])).signal.notes
    assert note.startswith('no line matches bad = { status = "504" }; status holds 200, ')


@pytest.mark.parametrize(("bad", "reason"), [(">=5x", "compares numbers"), ("many", "column holds numbers")])
def test_text_where_only_a_number_can_be_meant_is_an_error(outage, bad, reason):
    declared = {"name": "f", "kind": "ratio", "source": "logs", "bad": {"status": bad}}
    with pytest.raises(IncidentError, match=rf"signal 'f': status: .*{reason}"):
        pnb.analyze(with_facts(outage[0], signals=[declared]))


@pytest.mark.parametrize("threshold", [0, -0.1, 1, 5])
def test_the_threshold_of_a_ratio_is_a_share(outage, threshold):
    with pytest.raises(SettingError, match=r"threshold: .* is no threshold for 'failed requests', a ratio"):
        pnb.analyze(outage[0], threshold=threshold)
    declared = {"name": "f", "kind": "ratio", "source": "logs", "bad": {"status": ">=500"}, "threshold": threshold}
    with pytest.raises(SettingError, match=r"signal 'f': threshold: .* a ratio"):
        pnb.analyze(with_facts(outage[0], signals=[declared]))


def test_claims_name_only_files_that_were_counted(outage):
    incident, _ = outage
    access = incident.logs.assign(status=incident.logs["status"].astype("Int64"))
    logs = pd.concat([access, access.head(5).assign(file="logs/app.log", status=pd.NA)], ignore_index=True)
    declared = {"name": "f", "kind": "ratio", "source": "logs", "bad": {"status": ">=500"}, "total": {"status": ">=1"}}
    mixed = with_facts(Incident("d", "d", incident.facts, logs=logs), signals=[declared])
    assert [i.name for i in pnb.analyze(mixed).claims["failed_requests"].inputs] == ["logs/access.log"]


def test_what_was_decided_while_drawing_is_a_finding_of_every_signal(outage):
    nothing = {"name": "nothing fails", "kind": "ratio", "source": "logs", "bad": {"status": 599}}
    first = outage[0].facts.signals[0].model_dump()
    analysis = pnb.analyze(with_facts(outage[0], signals=[first, nothing]))
    notes = [f for f in analysis.findings if f.id == "signal-note"]
    assert [(f.severity, f.where) for f in notes] == [("warning", "signal nothing fails")]
    assert "no line matches" in notes[0].text
