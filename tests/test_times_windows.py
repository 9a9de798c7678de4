"""The algebra of half-open intervals against bitmaps on a minute grid, and the printed window."""

import itertools

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem_nb.times import UNKNOWN, Instant, Window, clip, format_window, total, union

always = settings(derandomize=True, deadline=None)
START = pd.Timestamp("2024-01-14T23:00Z").as_unit("ns")  # intervals cross midnight
MINUTE = pd.Timedelta(minutes=1)
GRID = 180

minutes = st.integers(0, GRID)
pairs = st.lists(st.tuples(minutes, minutes), max_size=8)  # some empty, some the wrong way round


def interval(pair):
    return START + pair[0] * MINUTE, START + pair[1] * MINUTE


def bitmap(intervals):
    """The oracle: which minutes of the grid an interval covers."""
    return {m for m in range(-5, GRID + 5) for a, b in intervals if a <= START + m * MINUTE < b}


@always
@given(pairs)
def test_union_covers_the_same_minutes_once(drawn):
    intervals = [interval(p) for p in drawn]
    merged = union(intervals)
    assert bitmap(merged) == bitmap(intervals)
    assert total(intervals) == len(bitmap(intervals)) * MINUTE
    assert all(a < b for a, b in merged)
    assert all(b < a for (_, b), (a, _) in itertools.pairwise(merged)), "sorted, and with gaps between"
    assert union(merged) == merged == union(reversed(intervals))


@always
@given(pairs, st.none() | minutes, st.none() | minutes)
def test_clip_keeps_the_minutes_of_the_period(drawn, first, last):
    intervals = [interval(p) for p in drawn]
    start, end = (None if m is None else START + m * MINUTE for m in (first, last))
    cut = clip(intervals, start, end)
    inside = {m for m in bitmap(intervals) if (first is None or m >= first) and (last is None or m < last)}
    assert bitmap(cut) == inside
    assert total(cut) == len(inside) * MINUTE
    assert all(a < b for a, b in cut)


def test_nothing_has_no_length():
    assert union([]) == clip([], None, None) == []
    assert total([]) == total([interval((5, 5)), interval((9, 3))]) == pd.Timedelta(0)


def test_clip_and_union_take_any_iterable_and_leave_it_alone():
    intervals = (interval((0, 10)), interval((10, 20)))
    assert union(i for i in intervals) == [interval((0, 20))]
    assert clip((i for i in intervals), START + 5 * MINUTE, None) == [interval((5, 10)), interval((10, 20))]


def edge(minute, margin="30s"):
    at = START + minute * MINUTE
    return Instant(at - pd.Timedelta(margin), at, at + pd.Timedelta(margin), "measured")


def test_a_window_prints_its_span_and_its_length_with_bounds():
    window = Window(edge(5), edge(53))
    assert str(window) == "2024-01-14 23:05–23:53 UTC, 48 min (47–49)"
    assert window.span == interval((5, 53))
    assert not window.is_open
    assert str(Window(edge(5, "0s"), edge(70, "0s"))) == "2024-01-14 23:05–2024-01-15 00:10 UTC, 1 h 5 min"


def test_an_open_window_ends_with_the_record():
    record_end = START + 50 * MINUTE
    window = Window(edge(5), Instant(lo=record_end, basis="measured"))
    assert window.is_open
    assert window.span == interval((5, 50))
    assert str(window) == "2024-01-14 23:05 UTC, still open at 23:50, at least 44 min"
    late = Window(edge(5, "0s"), Instant(lo=START + 65 * MINUTE, basis="measured"))
    assert str(late) == "2024-01-14 23:05 UTC, still open at 2024-01-15 00:05, at least 1 h"
    with pytest.raises(AssertionError, match="both edges or the end of the record"):
        _ = Window(edge(5), UNKNOWN).span


def test_a_window_is_printed_in_its_zone_with_equal_precision():
    assert format_window(interval((5, 53)), "America/Los_Angeles") == "2024-01-14 15:05–15:53 PST (UTC-8)"
    half = (START + 5 * MINUTE, START + 53.5 * MINUTE)
    assert format_window(half) == "2024-01-14 23:05:00–23:53:30 UTC"
