"""Requests that never came, against drawn demand whose truth is known and against formulas spelled out by hand."""

import numpy as np
import pandas as pd
import pytest
from conftest import with_facts
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.baseline import Baseline
from postmortem_nb.analysis.impact.demand import Demand, Meter, expect
from postmortem_nb.analysis.impact.losses import Losses, _affected, find_losses
from postmortem_nb.analysis.impact.quantity import Range
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement, Windows
from postmortem_nb.example import draw_demand
from postmortem_nb.frames import METRICS, conform
from postmortem_nb.incident import Facts, Incident, Signal
from postmortem_nb.times import Instant, Window

always = settings(derandomize=True, deadline=None, max_examples=40)
MINUTE, HOUR, DAY = pd.Timedelta(minutes=1), pd.Timedelta(hours=1), pd.Timedelta(days=1)
MONDAY = pd.Timestamp("2024-03-04T00:00Z").as_unit("ns")


def series_of(start, counts, *, step=MINUTE, kind="traffic"):
    time = pd.date_range(start, periods=len(counts), freq=step).as_unit("ns")
    counts = np.asarray(counts, float)
    frame = pd.DataFrame({"time": time, "value": counts, "bad": 0.0, "total": counts})
    return SignalSeries(Signal(name="requests", kind=kind, bad={"metric": "x"}), frame, step, "drawn")


def measured(*spans, is_open=False):
    windows = [Window(Instant.exact(a, "measured"), Instant.exact(b, "measured"), kind="traffic") for a, b in spans]
    if is_open:
        last = Instant(lo=spans[-1][1], basis="measured")
        windows[-1] = Window(windows[-1].onset, last, kind="traffic")
    return Measurement(Baseline(1.0, 0.0, 0.5, 0.5, 1, "", ""), Windows(windows), Windows(), 0.0)


@given(st.integers(0, 2**32 - 1), st.integers(3, 9), st.integers(10, 200), st.floats(0, 1))
@always
def test_what_repeats_every_week_is_expected_exactly(seed, weeks, length, share):
    """An hourly grid whose weeks are all alike: whatever is missing in the window was lost, to the last request."""
    rng = np.random.default_rng(seed)
    week = rng.integers(50, 500, 7 * 24)
    counts = np.tile(week, weeks + 2).astype(float)
    first = (weeks + 1) * 7 * 24 - 24
    length = min(length, 40)
    truth = np.floor(counts[first : first + length] * share)
    counts[first : first + length] -= truth
    series = series_of(MONDAY, counts, step=HOUR)
    span = (MONDAY + first * HOUR, MONDAY + (first + length) * HOUR)
    losses = find_losses(series, measured(span), "UTC")
    assert losses.within.how == f"the same weekday and time of {min(weeks, 8)} earlier weeks"
    assert losses.lost.value == pytest.approx(truth.sum(), abs=1e-6)
    chance = 1.645 * np.sqrt(losses.within.expected.value * (1 + np.pi / 2 / min(weeks, 8)))
    assert losses.lost.hi == pytest.approx(losses.lost.value + chance)
    assert losses.lost.lo == pytest.approx(max(losses.lost.value - chance, 0))
    assert losses.within.counted == counts[first : first + length].sum()


def test_the_median_and_the_interval_are_those_of_students_t():
    counts = np.full(5 * 7 * 24, 100.0)
    first = 4 * 7 * 24 + 30
    for n, level in enumerate((90.0, 100.0, 104.0, 120.0)):  # the same hour of four earlier weeks
        counts[first - (n + 1) * 7 * 24] = level
    counts[first] = 40.0
    span = (MONDAY + first * HOUR, MONDAY + (first + 1) * HOUR)
    demand = find_losses(series_of(MONDAY, counts, step=HOUR), measured(span), "UTC").within
    half = 2.353 * np.std([90, 100, 104, 120], ddof=1) * np.sqrt(1 + np.pi / 8)  # t of 95 % one-sided, three degrees
    assert demand.expected == pytest.approx((102 - half, 102, 102 + half))
    assert demand.lost == pytest.approx((62 - half, 62, 62 + half))


def test_weeks_are_counted_by_the_clock_on_the_wall():
    """Demand peaks at 09:00 in New York, where the clock went forward on 10 March 2024."""
    start = pd.Timestamp("2024-02-12T00:00Z").as_unit("ns")
    time = pd.date_range(start, periods=36 * 24, freq="1h")
    counts = np.where(time.tz_convert("America/New_York").hour == 9, 1000.0, 10.0)
    span = (pd.Timestamp("2024-03-12T13:00Z"), pd.Timestamp("2024-03-12T14:00Z"))  # 09:00 there
    counts[time == span[0]] = 0.0
    series = series_of(start, counts, step=HOUR)
    assert find_losses(series, measured(span), "America/New_York").lost.value == 1000
    assert find_losses(series, measured(span), "UTC").lost.value == 10  # what comes of counting in another zone


def test_working_days_stand_for_working_days_and_near_hours_where_there_are_too_few():
    demand = draw_demand(MONDAY, MONDAY + 20 * DAY, daily=0.0, weekend=0.5, spread=0.0, seed=1)
    working, weekend = (find(demand, MONDAY + d * DAY + 10 * HOUR) for d in (9, 19))
    assert working.within.how == "the same time of 7 earlier working days"
    assert working.within.expected.value == pytest.approx(300 * 60, rel=0.02)
    assert weekend.within.how == "the same time of 4 earlier days of weekends"
    assert weekend.within.expected.value == pytest.approx(150 * 60, rel=0.03)
    early = find(demand, MONDAY + DAY + 10 * HOUR)
    assert early.within.how.startswith("a straight line through 6 stretches of half its length near it")
    assert early.within.expected.value == pytest.approx(300 * 60, rel=0.02)


def find(demand, onset, length=HOUR):
    return find_losses(series_of(demand["time"].iloc[0], demand["came"]), measured((onset, onset + length)), "UTC")


@given(st.floats(-2, 2), st.floats(200, 900), st.integers(5, 30))
@always
def test_near_references_follow_a_straight_line(slope, level, length):
    counts = level + slope * np.arange(-100, 100) / 2
    onset = MONDAY + 100 * MINUTE
    span = (onset, onset + length * MINUTE)
    demand = expect(Meter(series_of(MONDAY, counts)), [span], [span], "UTC")
    assert demand.expected.value == pytest.approx(counts[100 : 100 + length].sum(), rel=1e-6)
    assert demand.expected.hi - demand.expected.lo <= 4 * 1.645 * np.sqrt(demand.expected.value)  # chance alone


def test_a_short_record_says_how_little_it_knows_and_none_says_nothing():
    counts = np.r_[np.full(12, 100.0), np.full(60, 20.0), np.full(12, 120.0)]
    span = (MONDAY + 12 * MINUTE, MONDAY + 72 * MINUTE)
    demand = find_losses(series_of(MONDAY, counts), measured(span), "UTC").within
    assert "too short for more" in demand.how
    assert demand.expected.lo <= 100 * 60 <= 120 * 60 <= demand.expected.hi
    assert find_losses(series_of(span[0], counts[12:72]), measured(span), "UTC") is None


def test_no_reference_touches_an_impact_or_a_gap():
    week = 7 * 24
    counts = np.full(5 * week, 100.0)
    first = 4 * week + 30
    counts[first] = 10.0
    counts[first - week] = 1.0  # an incident of its own
    counts[first - 2 * week] = np.nan  # nothing was recorded
    others = Windows([Window(*(Instant.exact(MONDAY + (first - week + n) * HOUR, "measured") for n in (0, 1)))])
    span = (MONDAY + first * HOUR, MONDAY + (first + 1) * HOUR)
    measurement = measured(span)
    series = series_of(MONDAY, counts, step=HOUR)
    measurement = Measurement(measurement.baseline, measurement.windows, Windows(), 0.0, others)
    losses = find_losses(series, measurement, "UTC")
    assert losses.within.how.startswith("the same time of 6 earlier working days")  # two whole weeks are too few
    assert losses.lost.value == 90


def test_what_is_not_recorded_within_the_window_widens_upwards_only():
    week = 7 * 24
    counts = np.full(5 * week, 100.0)
    first = 4 * week + 30
    counts[first : first + 4] = [10, np.nan, np.nan, 10]
    span = (MONDAY + first * HOUR, MONDAY + (first + 4) * HOUR)
    losses = find_losses(series_of(MONDAY, counts, step=HOUR), measured(span), "UTC")
    assert losses.lost.value == 180  # of the two hours that are known
    assert losses.lost.lo < 180
    assert losses.lost.hi == pytest.approx(400 + 4 * 1.645 * np.sqrt(100 / 4 * (1 + np.pi / 8)) - 20)


def test_demand_that_comes_back_is_found_and_is_not_lost():
    onset = MONDAY + 30 * DAY + 10 * HOUR
    span = (onset, onset + HOUR)
    for seed in range(5):
        drawn = draw_demand(MONDAY, MONDAY + 32 * DAY, spread=0.0, impact=span, lost=0.9, returning=0.6, seed=seed)
        inside = drawn["time"].between(*span, inclusive="left")
        kept_away = float((drawn["wanted"] - drawn["came"])[inside].sum())
        losses = find(drawn, onset)
        assert losses.lost.lo <= kept_away <= losses.lost.hi
        assert losses.lost.value == pytest.approx(kept_away, rel=0.05)
        assert losses.later.value == pytest.approx(drawn["returned"].sum(), rel=0.08)
        net = losses.unserved(Range(0.0, 0.0, 0.0))
        assert net.lo <= kept_away - drawn["returned"].sum() <= net.hi
        calm = find(draw_demand(MONDAY, MONDAY + 32 * DAY, spread=0.0, impact=span, lost=0.9, seed=seed), onset)
        assert calm.later.value == 0


def test_an_interval_of_90_percent_covers_about_as_much():
    """Coverage over drawn weeks; benchmarks/impact.py prints it for more records and more of them."""
    held = []
    for seed in range(60):
        onset = MONDAY + 29 * DAY + (seed % 24) * HOUR
        span = (onset, onset + HOUR)
        drawn = draw_demand(MONDAY, MONDAY + 32 * DAY, impact=span, lost=0.5, seed=seed)
        inside = drawn["time"].between(*span, inclusive="left")
        losses = find(drawn, onset)
        held.append(losses.lost.lo <= (drawn["wanted"] - drawn["came"])[inside].sum() <= losses.lost.hi)
    assert 0.78 <= np.mean(held) <= 0.98


def test_nothing_lost_is_not_read_as_a_loss():
    """The formula by the minute takes every dip of the noise for a loss; whole windows do not."""
    onset = MONDAY + 29 * DAY + 10 * HOUR
    said, by_minute, at_least = [], [], []
    for seed in range(12):
        drawn = draw_demand(MONDAY, MONDAY + 30 * DAY, spread=0.0, seed=seed)
        losses = find(drawn, onset)
        at_least.append(losses.lost.lo)
        came = drawn["came"].to_numpy(float)
        at = int((onset - MONDAY) / MINUTE)
        usual = np.median([came[at - n * 10080 : at - n * 10080 + 60] for n in range(1, 5)], axis=0)
        said.append(losses.lost.value)
        by_minute.append(np.maximum(usual - came[at : at + 60], 0).sum())
    assert sum(lo == 0 for lo in at_least) >= 10  # a loss is claimed in one of twenty cases, as 90 % means
    assert np.mean(said) < 0.01 * 300 * 60 < np.mean(by_minute)


@given(st.floats(0, 900), st.floats(1, 900), st.floats(0, 400), st.floats(0, 400), st.floats(0, 1))
@always
def test_the_bounds_of_the_affected_demand_are_those_of_every_demand_within_the_interval(lo, counted, up, upper, bad):
    lo, value, hi = max(lo, 0.1), max(lo, 0.1) + up, max(lo, 0.1) + up + upper
    failed = bad * counted  # no more than came
    demand = Demand(Range(lo, value, hi), counted, Range(0, 0, 0), Range(0, 0, 0), "")
    lost = Range(*(max(x - counted, 0.0) for x in (lo, value, hi)))
    share = _affected(demand, lost, Range(failed, failed, failed))
    every = [(failed + max(e - counted, 0)) / e for e in np.linspace(lo, hi, 400)]
    assert share.lo <= min(every) * (1 + 1e-9)
    assert share.hi >= max(every) * (1 - 1e-9)
    assert share.hi == pytest.approx(max(every))
    assert share.lo == pytest.approx(min(every), rel=0.05, abs=1e-3)  # the grid may miss the kink
    assert share.value == pytest.approx((failed + max(value - counted, 0)) / value)


def test_an_open_window_lost_at_least_so_much():
    counts = np.r_[np.full(120, 100.0), np.full(30, 10.0)]
    span = (MONDAY + 120 * MINUTE, MONDAY + 150 * MINUTE)
    losses = find_losses(series_of(MONDAY, counts), measured(span, is_open=True), "UTC")
    assert losses.lost.value == pytest.approx(90 * 30)
    assert losses.lost.hi is None
    assert losses.later is None
    assert isinstance(losses, Losses)
    assert losses.unserved(Range(0.0, 0.0, 0.0)).hi is None


# --- through the whole analysis --------------------------------------------------------------------------------------


def drawn_incident(*, value=None, **options):
    """A month of demand by the minute as a metric; its collapse is the incident."""
    onset = MONDAY + 29 * DAY + 10 * HOUR
    span = (onset, onset + 40 * MINUTE)
    drawn = draw_demand(MONDAY, MONDAY + 30 * DAY, impact=span, **{"lost": 0.9, "spread": 0.01, **options})
    rows = pd.DataFrame(
        {
            "time": drawn["time"],
            "service": "web",
            "metric": "n",
            "value": drawn["came"].astype(float),
            "file": "metrics/n.csv",
        }
    )
    signal = {"name": "orders", "kind": "traffic", "select": {"metric": "n"}}
    facts = {"title": "drawn", "signals": [signal], **({"value": value} if value else {})}
    facts["milestones"] = {"started": onset.isoformat(), "resolved": span[1].isoformat()}
    return Incident("drawn", "drawn", Facts.from_dict(facts), metrics=conform(rows, METRICS)), drawn, span


def test_revenue_has_the_range_of_demand_and_value():
    value = {"per_request": 3.0, "low": 2.0, "high": 4.0, "currency": "EUR"}
    incident, drawn, span = drawn_incident(value=value, seed=3)
    analysis = pnb.analyze(incident)
    inside = drawn["time"].between(*span, inclusive="left")
    truth = float((drawn["wanted"] - drawn["came"])[inside].sum())
    found = {q.id: q for q in analysis.impact}
    revenue, unserved = found["revenue_lost"], found["unserved_requests"]
    assert revenue.basis == "estimated"
    assert revenue.unit == "EUR"
    assert revenue.value == pytest.approx(3 * unserved.value)
    assert (revenue.lo, revenue.hi) == pytest.approx((2 * unserved.lo, 4 * unserved.hi))
    assert revenue.lo < 3 * truth < revenue.hi
    assert unserved.value == pytest.approx(truth, rel=0.05)
    assert analysis.claims["revenue_lost"].text.endswith("EUR)")
    assert pnb.analyze(with_facts(incident)).claims["revenue_lost"].note == "needs a declared [value] per_request"


def test_the_value_belongs_to_the_signal_it_names():
    incident, *_ = drawn_incident(value={"per_request": 2.0, "currency": "EUR", "signal": "orders"}, seed=4)
    named = pnb.analyze(incident).claims["revenue_lost"]
    plain, *_ = drawn_incident(value={"per_request": 2.0, "currency": "EUR"}, seed=4)
    assert named.value == pytest.approx(pnb.analyze(plain).claims["revenue_lost"].value)
    wrong = with_facts(incident, value={"per_request": 2.0, "currency": "EUR", "signal": "order"})
    with pytest.raises(pnb.PostmortemError, match=r"'order' counts no requests\. Did you mean orders"):
        pnb.analyze(wrong)
