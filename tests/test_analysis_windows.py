"""Measured windows against the truth of drawn incidents, and what must not move them."""

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest
from conftest import MINUTE, at, draw, gauge, steps, with_facts
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.runs import runs_of
from postmortem_nb.example import Impact
from postmortem_nb.incident import Facts, Incident

always = settings(derandomize=True, deadline=None)
SECOND = pd.Timedelta(seconds=1)


def minutes(t, truth):
    return (t - truth) / MINUTE


def holds(edge, truth):
    return edge.lo <= truth <= edge.hi


# --- truth first: drawn incidents, over seeds and kinds ---

# kind, size, how far off (minutes) onset and recovery may be, share of the seeds in which the bounds hold the truth
KINDS = [
    ("errors", 0.9, 0.1, 0.1, 0.9),
    ("errors", 0.6, 0.1, 0.1, 0.9),
    ("errors", 0.1, 0.5, 0.5, 0.8),
    ("latency", 5.0, 2.0, 3.0, 0.9),
    ("latency", 2.0, 2.0, 3.0, 0.9),
    ("collapse", 0.95, 1.0, 1.0, 0.9),
    ("collapse", 0.7, 1.5, 1.5, 0.9),
]


@pytest.mark.parametrize(("kind", "size", "onset_off", "recovery_off", "share"), KINDS)
def test_one_window_lies_where_it_was_drawn(kind, size, onset_off, recovery_off, share):
    rng, inside = np.random.default_rng(7), []
    for seed in range(12):
        begin = 80 + 10 * rng.random()
        incident, truth = draw(Impact(at(begin), at(begin + 15 + 40 * rng.random()), kind, size), seed=seed)
        (window,) = pnb.analyze(incident).windows
        assert abs(minutes(window.onset.at, truth.onset)) <= onset_off
        assert abs(minutes(window.recovery.at, truth.recovery)) <= recovery_off
        inside += [holds(window.onset, truth.onset), holds(window.recovery, truth.recovery)]
    assert np.mean(inside) >= share


def test_a_ramp_is_found_late_and_its_bounds_say_so():
    inside, late = [], []
    for seed in range(12):
        incident, truth = draw(Impact(at(85.3), at(125.8), "ramp", 5.0), seed=seed)
        (window,) = pnb.analyze(incident).windows
        late.append(minutes(window.onset.at, truth.onset))
        inside.append(holds(window.onset, truth.onset + 2 * MINUTE))  # two minutes in, it is 20 % slower
        assert abs(minutes(window.recovery.at, truth.recovery)) <= 3
    assert 0 < np.median(late) < 10
    assert np.mean(inside) >= 0.7


def test_two_impacts_are_two_windows():
    for seed in range(6):
        first, second = Impact(at(60.5), at(75.2), "errors", 0.5), Impact(at(110.1), at(123.9), "errors", 0.4)
        incident, truth = draw(first, second, seed=seed)
        windows = pnb.analyze(incident).windows
        assert len(windows) == 2
        for window, (onset, recovery) in zip(windows, truth.windows, strict=True):
            assert abs(minutes(window.onset.at, onset)) < 0.2
            assert abs(minutes(window.recovery.at, recovery)) < 0.2


def test_an_impact_that_the_record_does_not_outlive_is_open():
    for seed in range(6):
        incident, truth = draw(Impact(at(120.3), None, "errors", 0.5), seed=seed, length=150)
        (window,) = pnb.analyze(incident).windows
        assert truth.is_open
        assert window.is_open
        assert window.recovery.lo == at(150)
        assert window.recovery.hi is None
        assert abs(minutes(window.onset.at, truth.onset)) < 0.2


def test_an_impact_that_began_before_the_record_has_no_lower_bound():
    incident, _ = draw(Impact(at(-30), at(40.5), "errors", 0.5), length=180)
    analysis = pnb.analyze(incident)
    assert analysis.windows[0].onset.lo is None
    assert analysis.timing("impact_time").duration.hi is None
    assert any(f.id == "record-begins-late" for f in analysis.findings)


@pytest.mark.parametrize("kind", ["errors", "latency"])
def test_nothing_is_found_where_nothing_was_drawn(kind):
    for seed in range(8):
        incident, _ = draw(Impact(at(900), at(910), kind, 0.9 if kind == "errors" else 5.0), seed=seed)
        assert not pnb.analyze(incident).windows


def test_missing_samples_at_an_edge_widen_it_and_never_heal():
    truth = (at(90.4), at(126.7))
    gap = (at(85), at(100))
    incident, _ = draw(Impact(*truth, "errors", 0.6), gaps=(gap,))
    (window,) = pnb.analyze(incident).windows
    assert window.onset.lo <= at(85)
    assert window.onset.at >= at(100)
    assert holds(window.onset, truth[0])
    incident, _ = draw(Impact(*truth, "latency", 5.0), gaps=((at(120), at(140)),))
    (window,) = pnb.analyze(incident).windows
    assert window.recovery.lo <= truth[1] <= window.recovery.hi
    assert window.recovery.at >= at(140)


def test_missing_samples_inside_are_counted_and_do_not_split_it():
    incident, _ = draw(Impact(at(90.4), at(126.7), "errors", 0.6), gaps=((at(100), at(118)),))
    analysis = pnb.analyze(incident)
    (window,) = analysis.windows
    assert window.unknown == pytest.approx(18 / 37, abs=0.03)
    assert analysis.claims["failed_requests"].hi is None
    assert analysis.claims["failed_requests"].text.startswith("at least ")


# --- the rules, on small series ---


def test_half_open_from_first_bad_to_first_good_sample():
    (window,) = pnb.analyze(gauge(steps((1, 60), (5, 7), (1, 60)))).windows
    assert window.span == (at(60), at(67))
    assert window.duration.value == 7 * MINUTE
    assert (window.onset.hi, window.recovery.lo) == (at(60), at(66))


@pytest.mark.parametrize(
    ("values", "count", "near"),
    [
        (steps((1, 60), (5, 1), (1, 60)), 0, 1),  # one sample opens nothing
        (steps((1, 60), (5, 2), (1, 60)), 1, 0),
        (steps((1, 60), (5, 3), (1, 5), (5, 3), (1, 60)), 1, 0),  # healthy for less than the hold
        (steps((1, 60), (5, 3), (1, 12), (5, 3), (1, 60)), 2, 0),
        (steps((1, 60), (5, 1), (1, 5), (5, 3), (1, 60)), 1, 1),  # the lone sample before does not pull the onset
    ],
)
def test_opening_and_hold(values, count, near):
    analysis = pnb.analyze(gauge(values))
    assert (len(analysis.windows), len(analysis.near_misses)) == (count, near)


def test_a_lone_sample_before_the_impact_is_a_near_miss_and_not_the_onset():
    analysis = pnb.analyze(gauge(steps((1, 60), (5, 1), (1, 5), (5, 8), (1, 60))))
    assert analysis.windows[0].onset.at == at(66)
    assert analysis.near_misses[0].span == (at(60), at(61))


def test_settings_change_what_counts():
    incident = gauge(steps((1, 60), (5, 3), (1, 20), (5, 3), (1, 60)))
    assert len(pnb.analyze(incident, merge_gap="20min").windows) == 1
    assert len(pnb.analyze(incident, merge_gap="19min").windows) == 2
    assert len(pnb.analyze(incident, hold="25min").windows) == 1
    short = pnb.analyze(incident, min_length="5min")
    assert not short.windows
    assert len(short.near_misses) == 2
    joined = pnb.analyze(incident, min_length="5min", merge_gap="30min")  # joined first, then measured
    assert [w.span for w in joined.windows] == [(at(60), at(86))]
    assert len(pnb.analyze(gauge(steps((1, 60), (5, 1), (1, 60))), min_length="1min").windows) == 1


def test_hysteresis_keeps_a_window_open_between_the_two_levels():
    values = steps((1, 60), (3, 5), (1.8, 10), (1, 60))
    (window,) = pnb.analyze(gauge(values), threshold=2.0).windows
    assert window.span == (at(60), at(75))
    (window,) = pnb.analyze(gauge(values), threshold=2.8).windows  # 1.8 is now less than half of the way
    assert window.span == (at(60), at(65))


def test_one_grey_sample_after_the_recovery_does_not_prolong_it_but_a_bad_one_does():
    grey, bad = steps((1, 60), (5, 5), (1, 5), (1.9, 1), (1, 60)), steps((1, 60), (5, 5), (1, 5), (5, 1), (1, 60))
    assert pnb.analyze(gauge(grey), threshold=2.0).windows[0].span == (at(60), at(65))
    assert pnb.analyze(gauge(bad), threshold=2.0).windows[0].span == (at(60), at(71))


def test_low_is_bad_where_it_is_declared():
    (window,) = pnb.analyze(gauge(steps((100, 60), (80, 6), (100, 60)), direction="low")).windows
    assert window.span == (at(60), at(66))
    assert window.kind == "low"


def test_a_probe_that_was_mostly_down_is_not_normal_when_down():
    (window,) = pnb.analyze(gauge([1] * 30 + [0] * 80 + [1] * 30, kind="probe")).windows
    assert window.span == (at(30), at(110))


def test_a_gauge_that_rests_at_zero():
    (window,) = pnb.analyze(gauge([0.0] * 60 + [50.0] * 5 + [0.0] * 60)).windows
    assert window.span == (at(60), at(65))
    assert not pnb.analyze(gauge([0.0] * 120)).windows
    assert not pnb.analyze(gauge([3.0] * 120)).windows


def test_smear_widens_both_edges_to_the_past():
    values = steps((1, 60), (5, 7), (1, 60))
    (plain,) = pnb.analyze(gauge(values)).windows
    (smeared,) = pnb.analyze(gauge(values, smear="5min")).windows
    assert smeared.onset.lo == plain.onset.lo - 5 * MINUTE
    assert smeared.recovery.lo == plain.recovery.lo - 5 * MINUTE
    assert (smeared.onset.hi, smeared.recovery.hi) == (plain.onset.hi, plain.recovery.hi)


def test_the_onset_reaches_back_to_the_last_sample_at_the_baseline():
    values = steps((1, 60), (1.03, 4), (5, 7), (1, 60))  # above the baseline, not yet beyond the threshold
    (window,) = pnb.analyze(gauge(values), threshold=2.0).windows
    assert window.onset.at == at(64)
    assert at(57) <= window.onset.lo <= at(61)


def test_one_failure_in_a_quiet_minute_is_no_outage():
    for seed in range(8):
        incident, _ = draw(seed=seed, rate=0.1, background=0.02, length=600)
        assert not pnb.analyze(incident).windows


def test_a_chosen_baseline_is_used_and_must_hold_samples():
    incident = gauge(steps((1, 60), (5, 30), (1, 60)))
    chosen = pnb.analyze(incident, baseline="2024-01-14T16:05Z/2024-01-14T16:25Z")  # within the impact
    assert chosen.measurement.baseline.center == pytest.approx(5, rel=0.02)
    assert not chosen.windows
    assert chosen.measurement.baseline.how == "2024-01-14 16:05–16:25 UTC, as set"
    with pytest.raises(
        pnb.PostmortemError, match="baseline: the signal 'm' has no sample in 2020-01-01 00:00–01:00 UTC"
    ):
        pnb.analyze(incident, baseline="2020-01-01T00:00Z/2020-01-01T01:00Z")


def test_a_threshold_on_the_good_side_of_normal_is_obeyed():
    (window,) = pnb.analyze(gauge(steps((1, 60))), threshold=0.5).windows
    assert window.is_open
    assert window.onset.lo is None


def test_a_ratio_that_is_always_high_still_has_a_threshold_below_one():
    incident, _ = draw(Impact(at(90), at(120), "errors", 0.9), background=0.3)
    analysis = pnb.analyze(incident)
    assert 0.3 < analysis.measurement.baseline.enter < 1
    assert abs(minutes(analysis.windows[0].onset.at, at(90))) < 1


@given(st.data())
@always
def test_runs_are_those_of_the_definition(data):
    state = np.array(data.draw(st.lists(st.sampled_from("hgb"), max_size=24)))  # healthy, grey, beyond
    hold, opening = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 3))
    runs = runs_of(state == "b", state == "h", hold, opening)
    assert [(r.first, r.after, r.opens) for r in runs] == list(defined(state.tolist(), hold, opening))
    assert all(r.last == r.after - 1 for r in runs if r.ends)
    assert all(first.last < second.first for first, second in itertools.pairwise(runs))


def defined(state, hold, opening):
    """The definition, written out: try every row as the recovery."""
    n, i = len(state), 0
    while i < n:
        if state[i] != "b":
            i += 1
            continue
        if state[i : i + opening] != ["b"] * opening:
            end = next((k for k in range(i, n) if state[k] != "b"), n)
            yield i, end if end < n else None, False
            i = end
            continue
        after, i_next = next((r for r in (confirmed(state, r, hold) for r in range(i + 1, n)) if r), (None, n))
        yield i, after, True
        i = i_next


def confirmed(state, row, hold):
    """Whether the stretch from a row on is a recovery: the row and where the stretch ends."""
    healthy = 0
    if state[row] != "h":
        return None
    for k in range(row, len(state)):
        if state[k] == "h":
            healthy += 1
        elif state[k] == "b" or state[k - 1] != "h":
            return None
        if healthy == hold:
            return row, k + 1
    return (row, len(state)) if healthy >= min(hold, 2) else None


# --- what must not matter ---


@given(shift=st.integers(-(10**7), 10**7))
@settings(derandomize=True, deadline=None, max_examples=15)
def test_a_shift_in_time_shifts_the_windows(outage, shift):
    incident, _ = outage
    by = pd.Timedelta(minutes=shift)
    moved = dataclasses.replace(
        incident, logs=incident.logs.assign(time=incident.logs["time"] + by), metrics=incident.metrics.iloc[:0]
    )
    before, after = pnb.analyze(incident), pnb.analyze(moved)
    assert [w.onset.shifted(by) for w in before.windows] == [w.onset for w in after.windows]
    assert [w.recovery.shifted(by) for w in before.windows] == [w.recovery for w in after.windows]
    assert [q.value for q in before.impact] == [q.value for q in after.impact]


@given(factor=st.floats(1e-6, 1e6), seed=st.integers(0, 50))
@settings(derandomize=True, deadline=None, max_examples=25)
def test_the_unit_of_a_gauge_does_not_matter(factor, seed):
    values = steps((2, 60), (3, 9), (2, 60)) + 0.05 * np.random.default_rng(seed).standard_normal(129)
    plain, scaled = pnb.analyze(gauge(values)), pnb.analyze(gauge(values * factor))
    assert [w.span for w in plain.windows] == [w.span for w in scaled.windows]
    assert scaled.claims["threshold"].value == pytest.approx(plain.claims["threshold"].value * factor)


@given(offset=st.floats(-50, 50), seed=st.integers(0, 50))
@settings(derandomize=True, deadline=None, max_examples=25)
def test_the_zero_of_a_noisy_gauge_does_not_matter(offset, seed):
    values = np.random.default_rng(seed).standard_normal(160) + np.r_[np.zeros(80), np.full(20, 30.0), np.zeros(60)]
    windows = [pnb.analyze(gauge(v)).windows for v in (values + 100, values + 100 + offset)]
    assert [w.span for w in windows[0]] == [w.span for w in windows[1]]


def test_the_order_of_rows_does_not_matter(outage):
    incident, _ = outage
    shuffled = dataclasses.replace(
        incident,
        logs=incident.logs.sample(frac=1, random_state=3).reset_index(drop=True),
        metrics=incident.metrics.sample(frac=1, random_state=3).reset_index(drop=True),
    )
    assert pnb.analyze(shuffled).to_dict()["windows"] == pnb.analyze(incident).to_dict()["windows"]
    assert pnb.analyze(shuffled).to_dict()["claims"] == pnb.analyze(incident).to_dict()["claims"]


def test_the_zone_of_printing_changes_words_and_no_value(outage):
    incident, _ = outage
    plain, local = pnb.analyze(incident), pnb.analyze(incident, zone="Asia/Kolkata")
    assert {i: (c.value, c.lo, c.hi) for i, c in plain.claims.items()} == {
        i: (c.value, c.lo, c.hi) for i, c in local.claims.items()
    }
    assert local.claims["onset"].text.endswith(" IST (UTC+5:30)")


def test_the_evidence_is_not_changed(outage):
    incident, _ = outage

    def hashes():
        return [pd.util.hash_pandas_object(f).sum() for f in (incident.logs, incident.metrics, incident.events)]

    before = hashes()
    analysis = pnb.analyze(incident)
    _ = analysis.timeline, analysis.patterns, analysis.sensitivity, analysis.to_dict()
    assert hashes() == before


def test_another_rule_is_another_analysis(outage):
    incident, _ = outage
    analysis = pnb.analyze(incident)
    other = analysis.replace(threshold=0.9)
    assert len(analysis.windows) == 1
    assert not other.windows
    assert other.replace(threshold=0.1).windows[0].span == analysis.windows[0].span


def test_the_sensitivity_grid_shows_how_the_window_moves(outage):
    incident, truth = outage
    grid = pnb.analyze(incident).sensitivity
    assert len(grid) == 9
    assert (grid["windows"] == 1).all()
    assert ((grid["onset"] - truth.onset).abs() < 10 * SECOND).all()
    assert pnb.analyze(with_facts(incident, signals=[])).sensitivity.shape == (9, 6)
    assert pnb.analyze(Incident("none", "none", Facts.from_dict({"title": "none"}))).sensitivity.empty


# --- which windows are the incident's ---

BLIP = steps((1, 60), (5, 5), (1, 100), (5, 30), (1, 60))  # 5 min at minute 60, the outage at minute 165


def test_a_blip_hours_before_the_outage_is_not_its_start():
    analysis = pnb.analyze(gauge(BLIP))
    assert [w.span for w in analysis.windows] == [(at(165), at(195))]
    assert [w.span for w in analysis.other_windows] == [(at(60), at(65))]
    assert analysis.moments.at("start").at == at(165)
    assert analysis.timing("impact_time").duration.value == pd.Timedelta("30min")
    assert set(analysis.sensitivity["onset"]) == {at(165)}


@pytest.mark.parametrize(
    ("milestones", "onset"),
    [
        ({"started": at(62), "resolved": at(70)}, 60),  # the small one is meant
        ({"detected": at(90)}, 60),  # nearer to it
        ({"detected": at(150)}, 165),
        ({"started": at(62), "resolved": at(200)}, 165),  # both within: the larger one
        ({"changed": at(60), "closed": at(60)}, 165),  # neither says when it was
    ],
)
def test_the_windows_at_the_declared_milestones_are_the_incident(milestones, onset):
    facts = {"milestones": {name: f"{t:%Y-%m-%dT%H:%M:%SZ}" for name, t in milestones.items()}}
    analysis = pnb.analyze(gauge(BLIP, facts=facts))
    assert [w.span[0] for w in analysis.windows] == [at(onset)]
    assert len(analysis.other_windows) == 1


def test_windows_within_the_relapse_gap_belong_together():
    values = steps((1, 60), (5, 5), (1, 60), (5, 30), (1, 60))
    assert len(pnb.analyze(gauge(values)).windows) == 2
    assert len(pnb.analyze(gauge(values, facts={"relapse_gap": "59min"})).windows) == 1
    assert len(pnb.analyze(gauge(BLIP, facts={"relapse_gap": "100min"})).windows) == 2


def test_every_declared_signal_is_measured_and_the_set_threshold_is_of_the_first_alone():
    one, other = gauge(BLIP), gauge(100 * BLIP)
    metrics = pd.concat([one.metrics, other.metrics.assign(metric="n")], ignore_index=True)
    signals = [{"name": name, "kind": "gauge", "select": {"metric": name}} for name in "mn"]
    incident = dataclasses.replace(with_facts(one, signals=signals), metrics=metrics)
    analysis = pnb.analyze(incident, threshold=3.0)
    assert [s.name for s in analysis.signals] == ["m", "n"]
    assert [m.windows[0].span for m in analysis.measurements] == [(at(165), at(195))] * 2
    assert analysis.measurements[0] is analysis.measurement
    assert analysis.measurements[0].baseline.enter == 3
    assert analysis.measurements[1].baseline.enter > 100
    swapped = analysis.replace(signal="n", threshold=300.0)
    assert [m.baseline.enter > 100 for m in swapped.measurements] == [True, False]
    assert pnb.analyze(gauge(BLIP)).beside == ()


@pytest.mark.parametrize("kind", ["gauge", "ratio"])
def test_each_row_of_the_grid_is_what_measuring_anew_would_find(kind):
    incident = gauge(steps((1, 60), (5, 20), (1, 12), (3, 15), (1, 90), (4, 10), (1, 60)))
    if kind == "ratio":
        incident, _ = draw(Impact(at(60), at(80), "errors", 0.4), Impact(at(95), at(110), "errors", 0.05))
    analysis = pnb.analyze(incident)
    assert analysis.sensitivity["windows"].nunique() > 1
    for row in analysis.sensitivity.itertuples():
        anew = analysis.replace(threshold=row.threshold, merge_gap=row.merge_gap)
        assert len(anew.windows) == row.windows
        if row.windows:
            assert (anew.windows[0].onset.at, anew.windows[-1].recovery.at) == (row.onset, row.recovery)
