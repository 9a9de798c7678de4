"""`find_windows`: injected truth in plain series, stated edges, arguments, awkward records."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.edges import edge_of_requests, edge_of_samples
from postmortem_nb.errors import SettingError

START = pd.Timestamp("2024-01-01", tz="UTC").as_unit("ns")
STEP = pd.Timedelta("5min")
COLUMNS = ["onset", "onset_lo", "onset_hi", "recovery", "recovery_lo", "recovery_hi", "score", "kind", "why"]


def series(values):
    return pd.Series(np.asarray(values, float), pd.date_range(START, periods=len(values), freq=STEP))


def noise(seed, n=1000):
    return 100 + np.random.default_rng(seed).standard_normal(n)


def injected(kind, seed, n=1000, first=400, length=36):
    values = noise(seed, n)
    part = slice(first, first + length)
    if kind == "up":
        values[part] += 8
    elif kind == "down":
        values[part] -= 8
    elif kind == "burst":
        values[part] += 12 * (np.arange(length) % 3 == 0)
        values[first + length - 1] += 12
    elif kind == "scatter":
        values[part] += 6 * np.random.default_rng(seed + 1).standard_normal(length)
    elif kind == "missing":
        values[part] = np.nan
    return series(values), START + first * STEP, START + (first + length) * STEP


@pytest.mark.parametrize(("kind", "called"), [("up", "high"), ("down", "low"), ("missing", "missing")])
def test_a_clear_window_is_found_to_the_sample(kind, called):
    for seed in range(10):
        values, onset, recovery = injected(kind, seed)
        best = pnb.find_windows(values).iloc[0]
        assert best["kind"] in (called, "bursts")
        assert (best["onset"], best["recovery"]) == (onset, recovery)
        assert best["onset_lo"] < onset <= best["onset_hi"]
        assert best["recovery_lo"] < recovery <= best["recovery_hi"]


@pytest.mark.parametrize("kind", ["burst", "scatter"])
def test_a_window_without_a_shift_is_found_roughly_and_its_bounds_say_so(kind):
    overlap, held = [], []
    for seed in range(20):
        values, onset, recovery = injected(kind, seed)
        best = pnb.find_windows(values).iloc[0]
        both = min(best["recovery"], recovery) - max(best["onset"], onset)
        overlap.append(both / (max(best["recovery"], recovery) - min(best["onset"], onset)))
        held += [best["onset_lo"] <= onset <= best["onset_hi"], best["recovery_lo"] <= recovery <= best["recovery_hi"]]
    assert np.mean(overlap) >= 0.6
    assert np.mean(held) >= 0.7


def test_two_windows_the_stronger_first():
    values = noise(3)
    values[200:230] += 10
    values[600:660] += 25
    found = pnb.find_windows(series(values)).head(2)
    assert found["onset"].tolist() == [START + 600 * STEP, START + 200 * STEP]
    assert found["score"].is_monotonic_decreasing


def test_a_relapse_as_bad_as_the_first_window_is_found_too():
    values = noise(3)
    for first in (200, 500, 800):
        values[first : first + 24] += 12
        found = pnb.find_windows(series(values)).sort_values("onset", ignore_index=True)
        onsets = [START + row * STEP for row in (200, 500, 800) if row <= first]
        assert found["onset"].tolist() == onsets


def test_what_repeats_every_day_is_no_incident():
    values = noise(4, 7 * 288)
    values[100::288] += 40  # a nightly job
    values[101::288] += 40
    values[1000:1020] += 6
    best = pnb.find_windows(series(values))
    assert best["onset"].tolist() == [START + 1000 * STEP]


def test_a_shift_in_a_record_that_drifts():
    rng = np.random.default_rng(6)
    values = 500 + np.cumsum(rng.standard_normal(2000)) + 0.1 * rng.standard_normal(2000)
    values[900:930] += 25
    best = pnb.find_windows(series(values)).iloc[0]
    assert (best["onset"], best["recovery"]) == (START + 900 * STEP, START + 930 * STEP)
    assert "of the rows around" in best["why"]


def test_a_slow_rise_begins_before_it_crosses_a_threshold():
    held = []
    for seed in range(20):
        values = noise(seed)
        values[400:460] += np.linspace(0, 12, 60)
        best = pnb.find_windows(series(values)).iloc[0]
        held.append(best["onset_lo"] <= START + 400 * STEP <= best["onset_hi"])
        assert best["onset"] <= START + 420 * STEP
        assert abs(best["recovery"] - (START + 460 * STEP)) <= 3 * STEP
    assert np.mean(held) >= 0.8


def test_near_misses_are_listed_and_the_score_is_explained():
    values = noise(8)
    values[300:312] += 1.5
    values[600:612] += 9
    found = pnb.find_windows(series(values))
    assert len(found) == 1
    assert "12 samples" in found.loc[0, "why"]
    assert "× the furthest other stretch of that length" in found.loc[0, "why"]
    both = pnb.find_windows(series(values), sensitivity=2.0)
    second = both.loc[1, "score"]
    missed = pnb.find_windows(series(values), sensitivity=1.39 / (1.1 * second)).attrs["near_misses"]
    assert missed[0]["onset"] == both.loc[1, "onset"]
    assert {"recovery", "score", "why"} <= set(missed[0])


def test_little_is_found_in_noise():
    assert np.mean([len(pnb.find_windows(series(noise(seed)))) for seed in range(20)]) < 1.5


def test_a_daily_cycle_is_normal():
    day = 288
    values = 100 + 40 * np.sin(np.arange(7 * day) / day * 2 * np.pi) + np.random.default_rng(1).standard_normal(7 * day)
    values[4 * day + 10 : 4 * day + 40] -= 15  # well within the range of the day
    best = pnb.find_windows(series(values)).iloc[0]
    assert best["onset"] == START + (4 * day + 10) * STEP
    assert best["recovery"] == START + (4 * day + 40) * STEP


def test_bad_chooses_the_side():
    up, down = injected("up", 1)[0], injected("down", 1)[0]
    assert pnb.find_windows(up, bad="high")["kind"].tolist()[:1] == ["high"]
    assert not (pnb.find_windows(up, bad="low")["onset"] == START + 400 * STEP).any()
    assert pnb.find_windows(down, bad="low")["kind"].tolist()[:1] == ["low"]
    assert "missing" not in set(pnb.find_windows(injected("missing", 1)[0], bad="high")["kind"])


def test_sensitivity_finds_more_and_level_never_narrows():
    values = noise(5)
    values[400:412] += 2.0
    few, many = (pnb.find_windows(series(values), sensitivity=s) for s in (0.5, 2.0))
    assert len(few) < len(many)
    assert (many["score"] >= 0.8).all()
    values = noise(5)
    values[400:440] += 2.5
    narrow, wide = (pnb.find_windows(series(values), level=level).iloc[0] for level in (0.5, 0.99))
    assert wide["onset_lo"] <= narrow["onset_lo"]
    assert wide["onset_hi"] >= narrow["onset_hi"]
    assert wide["recovery_hi"] - wide["recovery_lo"] > narrow["recovery_hi"] - narrow["recovery_lo"]


def test_a_window_that_touches_the_end_is_open():
    values = noise(2)
    values[960:] += 10
    best = pnb.find_windows(series(values)).iloc[0]
    assert best["onset"] == START + 960 * STEP
    assert pd.isna(best["recovery"])
    assert best["recovery_lo"] == START + 1000 * STEP
    assert pd.isna(best["recovery_hi"])


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], [np.nan] * 50, [3.0] * 50, [0.0] * 50])
def test_a_record_in_which_nothing_can_stand_out(values):
    found = pnb.find_windows(series(values))
    assert list(found.columns) == COLUMNS
    assert found.empty
    assert all(str(found[c].dtype) == "datetime64[ns, UTC]" for c in COLUMNS[:6])


def test_rows_may_be_missing_repeated_unsorted_and_in_another_zone():
    values, _, _ = injected("up", 4)
    expected = pnb.find_windows(values)
    ragged = pd.concat([values.drop(values.index[[50, 51, 300]]), values.iloc[[10, 20]]]).sample(frac=1, random_state=1)
    found = pnb.find_windows(ragged.tz_convert("Asia/Tokyo"))
    assert found.loc[0, "onset"] == expected.loc[0, "onset"]
    assert str(found["onset"].dtype) == "datetime64[ns, UTC]"


def test_the_series_is_not_changed():
    values, _, _ = injected("missing", 4)
    before = values.copy()
    pnb.find_windows(values)
    pd.testing.assert_series_equal(values, before)


@given(factor=st.floats(1e-3, 1e3), shift=st.integers(-1000, 1000), minutes=st.integers(0, 10**6))
@settings(derandomize=True, deadline=None, max_examples=10)
def test_unit_and_start_do_not_matter(factor, shift, minutes):
    values, _, _ = injected("up", 6)
    plain = pnb.find_windows(values)
    other = (values - 100) * factor + 100 * factor
    other.index = other.index + pd.Timedelta(minutes=minutes)
    moved = pnb.find_windows(other)
    assert (moved["onset"] - pd.Timedelta(minutes=minutes)).tolist() == plain["onset"].tolist()
    assert moved["score"].tolist() == pytest.approx(plain["score"].tolist())


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"bad": "worse"}, r"bad='worse'.* bad is auto, high or low"),
        ({"sensitivity": 0}, r"sensitivity is above 0"),
        ({"sensitivity": float("nan")}, r"sensitivity is above 0"),
        ({"level": 1.0}, r"level between 0 and 1"),
    ],
)
def test_arguments_out_of_range(argument, message):
    with pytest.raises(SettingError, match=message):
        pnb.find_windows(series(noise(1)), **argument)


def test_a_naive_index_and_a_record_without_end():
    with pytest.raises(SettingError, match=r"needs a zone-aware DatetimeIndex; use tz_localize first"):
        pnb.find_windows(series(noise(1)).tz_localize(None))
    with pytest.raises(SettingError, match=r"needs a zone-aware DatetimeIndex"):
        pnb.find_windows(pd.Series([1.0, 2.0]))
    times = pd.DatetimeIndex([*pd.date_range(START, periods=9, freq="1s"), START + pd.Timedelta(days=400)])
    with pytest.raises(SettingError, match=r"over 10,000,000 steps of 0 days 00:00:01 long\. Resample it"):
        pnb.find_windows(pd.Series(np.arange(10.0), times))


# --- the edges themselves ---


def test_the_bounds_of_an_edge_between_samples_cover_the_truth():
    held = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        change = int(rng.integers(10, 40))
        x = rng.standard_normal(50) + 2.0 * (np.arange(50) >= change)
        first, best, last = edge_of_samples(x, 0, 50, 0.9)
        assert first <= best <= last
        held.append(first <= change <= last)
    assert np.mean(held) >= 0.85


def test_an_edge_between_too_few_samples():
    assert edge_of_samples(np.array([1.0, np.nan, 2.0, 3.0]), 0, 4) is None
    assert edge_of_samples(np.r_[np.zeros(5), np.ones(5)], -3, 10) == (5, 5, 5)


def test_the_bounds_of_an_edge_between_requests_cover_the_truth():
    held, widths = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        offsets = np.sort(rng.uniform(0, 120, 300))
        bad = rng.random(300) < np.where(offsets < 63.0, 0.01, 0.3)
        requests = pd.DataFrame({"time": START + pd.to_timedelta(offsets, unit="s"), "bad": bad})
        edge = edge_of_requests(requests, START, START + pd.Timedelta("120s"), "onset")
        held.append(edge.lo <= START + pd.Timedelta("63s") <= edge.hi)
        widths.append(edge.hi - edge.lo)
    assert np.mean(held) >= 0.9
    assert np.median(widths) < pd.Timedelta("15s")


def test_there_is_no_edge_between_requests_without_a_change_of_that_kind():
    times = START + pd.to_timedelta(range(20), unit="s")
    rising = pd.DataFrame({"time": times, "bad": [False] * 10 + [True] * 10})
    end = START + pd.Timedelta("30s")
    assert edge_of_requests(rising, START, end, "onset").at == times[10]
    assert edge_of_requests(rising.iloc[::-1].assign(time=times), START, end, "recovery").at == times[10]
    assert edge_of_requests(rising.assign(bad=False), START, end, "onset") is None
    assert edge_of_requests(rising.assign(bad=list(~rising["bad"])), START, end, "onset") is None
    assert edge_of_requests(rising.head(3), START, end, "onset") is None
