"""Medians, open incidents and power against published tables, closed formulas and a brute-force count."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from postmortem_nb.trends.frame import as_actions
from postmortem_nb.trends.groups import share_table
from postmortem_nb.trends.power import POWER, SHARES, power_of, seen
from postmortem_nb.trends.statistics import FEWEST, SEED, summarize, survival
from postmortem_nb.trends.tasks import count_states, kept

NONE = math.nan
# Weeks of remission under 6-MP (Freireich and others, 1963), as textbooks have them; the second list is censored.
WEEKS = [6, 6, 6, 7, 10, 13, 16, 22, 23]
STILL = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
REMISSION = ([*WEEKS, *[NONE] * len(STILL)], [*[NONE] * len(WEEKS), *STILL])


def test_kaplan_meier_is_that_of_the_textbooks():
    curve = survival(*REMISSION)
    share = dict(zip(curve.times, curve.share, strict=True))
    known = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert {t: round(share[t], 3) for t in known} == known
    summary = summarize(*REMISSION)
    assert (summary.n, summary.open, summary.median) == (21, 12, 23)
    assert (summary.lo, summary.hi) == (13, None)  # log-log limits: 13 to beyond what was seen
    assert "Kaplan" in summary.how


def test_open_incidents_are_neither_dropped_nor_taken_for_ended():
    lengths, nobody = [10.0] * 7 + [NONE] * 5, [NONE] * 7 + [100.0] * 5
    summary = summarize(lengths, nobody)
    assert (summary.n, summary.open, summary.median, summary.q3, summary.most) == (12, 5, 10, None, 100)
    longer = summarize([10.0] * 5 + [NONE] * 7, [NONE] * 5 + [100.0] * 7)
    assert longer.median is None  # more than half still last: the median is not known


def test_without_open_ones_the_median_is_the_ordinary_one_and_the_same_every_time():
    values = np.random.default_rng(3).lognormal(3, 1, 101)
    one, other = (summarize(values, np.full(101, NONE), mean=True) for _ in range(2))
    assert one == other
    assert one.median == np.median(values) and one.lo < one.median < one.hi
    assert one.mean == values.mean() and one.mean_lo < one.mean < one.mean_hi
    assert summarize(values, np.full(101, NONE)).mean is None, "only on request"


def test_the_interval_of_a_median_covers_it_as_often_as_it_says():
    draws = np.random.default_rng(7)
    nothing = np.full(30, NONE)
    found = [summarize(draws.lognormal(3, 1, 30), nothing) for _ in range(200)]
    covered = np.mean([s.lo <= math.exp(3) <= s.hi for s in found])
    assert 0.90 <= covered <= 0.99


def test_of_few_incidents_there_is_no_interval_and_of_none_no_median():
    few = summarize([1.0] * (FEWEST - 1), [NONE] * (FEWEST - 1))
    assert few.median == 1 and few.lo is None and "fewer than" in few.how
    assert summarize([NONE], [NONE]).n == 0
    assert summarize([5.0] * 9, [NONE] * 9).lo == 5.0


@pytest.mark.parametrize(
    ("spread", "n", "unseen"),
    [(1.0, 10, 0.42), (1.0, 50, 0.32), (1.0, 300, 0.15), (1.5, 50, 0.38)],  # 20,000 runs each, by another program
)
def test_how_often_ten_percent_stay_unseen_is_what_a_long_simulation_gave(spread, n, unseen):
    values = np.random.default_rng(1).lognormal(0, spread, 4_000)
    assert power_of(values, n).unseen == pytest.approx(unseen, abs=0.05)


@pytest.mark.parametrize(("spread", "n"), [(1.0, 50), (1.0, 300), (1.5, 50)])
def test_the_smallest_reduction_is_that_of_the_closed_formula(spread, n):
    """Of lognormal lengths the rank-sum test sees a shift of logs; its efficiency beside the t-test is 0.955."""
    values = np.random.default_rng(1).lognormal(0, spread, 4_000)
    shift = spread * math.sqrt(2 * (1.95996 + 0.84162) ** 2 / (n * 0.955))
    assert power_of(values, n).smallest == pytest.approx(1 - math.exp(-shift), abs=0.06)


def test_the_test_rejects_by_chance_as_often_as_it_may():
    draws = np.random.default_rng(2)
    assert seen(draws.lognormal(0, 1, (2_000, 20)), draws.lognormal(0, 1, (2_000, 20))) == pytest.approx(
        0.05, abs=0.015
    )


@pytest.mark.parametrize("kinds", [1, 2, 5, 1_000])
def test_the_test_is_that_of_scipy_with_few_values_and_with_many(kinds):
    draws = np.random.default_rng(3)
    one, other = draws.integers(0, kinds, (200, 9)) * 1.0, draws.integers(0, kinds, (200, 14)) * 0.7
    found = stats.mannwhitneyu(one, other, axis=1, method="asymptotic").pvalue
    assert seen(one, other) == np.mean(np.nan_to_num(found, nan=1.0) < 0.05)


def test_of_few_incidents_no_power_is_told():
    assert power_of(np.ones(7)) is None


def test_shares_have_wilson_intervals():
    (row,) = share_table([("x", 0, 0), ("y", 8, 10)]).to_dict("records")
    assert (row["what"], row["share"]) == ("y", 0.8)
    assert (row["lo"], row["hi"]) == (pytest.approx(0.490, abs=0.001), pytest.approx(0.943, abs=0.001))


def test_actions_are_judged_as_of_the_end_of_the_period():
    def action(status, due=None, done=None, kind="prevent"):
        return {"incident": "i", "text": "x", "kind": kind, "owner": "", "due": due, "status": status, "done": done}

    rows = [
        action("done", "2024-02-01", "2024-02-01"),
        action("done", "2024-02-01", "2024-02-02"),
        action("done", "2024-02-01"),
        action("done", "2024-02-01", "2024-09-01", kind="detect"),  # after the period: overdue when it ended
        action("open", "2024-02-28"),
        action("open", "2024-02-29"),  # its day is not over
        action("open"),
        action("rejected", "2024-01-01"),
    ]
    actions, as_of = as_actions(rows), pd.Timestamp("2024-02-29T12:00Z")
    table = count_states(actions, as_of).set_index("kind")
    expected = {"on time": 1, "late": 1, "done, date not recorded": 1, "overdue": 2, "not due yet": 1}
    assert table.loc["all"].to_dict() == {**expected, "without a due date": 1, "rejected": 1}
    assert table.loc["detect", "overdue"] == 1
    assert kept(actions, as_of) == (1, 4)


@pytest.mark.parametrize("n", [40, 389])
def test_the_share_is_the_first_that_is_seen_often_enough_in_all_pairs(n):
    values = np.random.default_rng(7).lognormal(3.5, 1.2, n)
    draws = np.random.default_rng(SEED)
    one, other = (draws.choice(values, (1_000, n)) for _ in range(2))
    first = next(share for share in SHARES if seen(one, other * (1 - share)) >= POWER)
    power = power_of(values)
    assert (power.pairs, power.smallest) == (1_000, first)
