"""Minutes with impact against a count of every single minute."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem_nb.trends.downtime import downtime, edges_of, minutes_between, over_time, step_of
from postmortem_nb.trends.frame import as_incidents

START = pd.Timestamp("2024-01-01T00:00Z").as_unit("ns")
LAST = 600  # minutes of the drawn world


def at(minutes):
    return START + pd.Timedelta(minutes=minutes)


def incident(n, windows, *, maintenance=False):
    spans = tuple((at(a), at(b)) for a, b in windows)
    row = {"id": f"i{n}", "title": "drawn", "begin": spans[0][0], "end": spans[-1][1], "seen_until": spans[-1][1]}
    flags = {"is_open": False, "is_maintenance": maintenance, "is_synthetic": False}
    return {**row, **flags, "windows": spans, "services": (), "factors": (), "evidence": "drawn"}


window = st.tuples(st.integers(-60, LAST), st.integers(0, 240)).map(lambda w: (w[0], w[0] + w[1]))
incidents = st.lists(st.tuples(st.lists(window, min_size=1, max_size=3), st.booleans()), min_size=1, max_size=12)
cuts = st.lists(st.integers(-100, LAST + 100), min_size=2, max_size=7, unique=True).map(sorted)


@settings(max_examples=60)
@given(incidents, cuts)
def test_minutes_are_those_of_a_count_of_every_minute(drawn, edges):
    frame = as_incidents(incident(n, windows, maintenance=planned) for n, (windows, planned) in enumerate(drawn))
    is_bad = np.zeros(2_000, dtype=bool)  # minute by minute, from 500 minutes before the start
    for windows, planned in drawn:
        for a, b in () if planned else windows:
            is_bad[a + 500 : b + 500] = True
    expected = [int(is_bad[a + 500 : b + 500].sum()) for a, b in itertools.pairwise(edges)]
    assert minutes_between(downtime(frame), [at(e) for e in edges]).tolist() == expected


@settings(max_examples=30)
@given(incidents)
def test_stretches_add_up_to_the_whole_and_never_exceed_it(drawn):
    frame = as_incidents(incident(n, windows, maintenance=planned) for n, (windows, planned) in enumerate(drawn))
    start, end = at(-70), at(3 * 24 * 60)
    table = over_time(frame, edges_of(start, end, "day"), 0.99)
    (whole,) = minutes_between(downtime(frame), [start, end])
    assert table["impact"].sum() == pytest.approx(whole)
    lengths = (table["to"] - table["from"]) / pd.Timedelta(minutes=1)
    assert (table["impact"] <= lengths).all()
    assert np.allclose(table["budget"], 0.01 * lengths)
    assert table["incidents"].sum() == sum(not planned for _, planned in drawn)


def test_planned_work_is_no_downtime_and_an_overlap_counts_once():
    rows = [incident(1, [(0, 30)]), incident(2, [(20, 50)]), incident(3, [(0, 400)], maintenance=True)]
    assert minutes_between(downtime(as_incidents(rows)), [at(0), at(25), at(500)]).tolist() == [25, 25]


@pytest.mark.parametrize(
    ("days", "step", "edges"), [(10, "day", 12), (120, "week", 19), (400, "month", 15), (4000, "quarter", 45)]
)
def test_a_period_is_cut_as_finely_as_can_be_read(days, step, edges):
    start, end = at(90), at(90) + pd.Timedelta(days=days)
    assert step_of(start, end, "auto") == step
    found = edges_of(start, end, "auto")
    assert len(found) == edges
    assert found[0] == start and found[-1] == end and found == sorted(set(found))
