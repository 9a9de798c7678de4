"""Log patterns and the timeline."""

import time

import numpy as np
import pandas as pd
import polars as pl
import pytest
from conftest import at, declared_only, draw, events_of, gauge, steps
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.patterns import COLUMNS, changed_patterns
from postmortem_nb.evidence.masking import CACHED, count_patterns
from postmortem_nb.example import Impact
from postmortem_nb.frames import EVENTS, LOGS, conform

always = settings(derandomize=True, deadline=None)
WINDOW = [(at(60), at(90))]


def logs(*parts):
    """A logs frame of (message, first minute, last minute, lines per minute)."""
    rows = [
        {"time": at(minute + k / per), "message": text.replace("{n}", str(i * 7 + k)), "file": "a.log"}
        for text, first, last, per in parts
        for i, minute in enumerate(range(first, last))
        for k in range(per)
    ]
    frame = pd.DataFrame(rows).sort_values("time", kind="stable", ignore_index=True)
    return conform(frame.assign(line=range(1, len(frame) + 1), level="INFO"), LOGS)


@pytest.mark.parametrize(
    ("message", "pattern"),
    [
        ("took 12 ms", "took <*> ms"),
        ("user=4f2a failed", "<*> failed"),
        ("10.0.0.1 - GET /a", "<*> - GET /a"),
        ("disk full", "disk full"),
        ("ids 1, 2, 3, 4 gone", "ids <*> … gone"),
        ("first 1\nsecond 2", "first <*>"),
        ("", ""),
    ],
)
def test_variable_parts_are_masked(message, pattern):
    assert pnb.mine_patterns(pd.Series([message]))["pattern"].tolist() == [pattern]
    assert count_patterns(pl.Series([message]))["pattern"].to_list() == [pattern]


@given(st.lists(st.text(max_size=30), max_size=12))
@always
def test_there_is_one_row_a_message_and_equal_ids_mean_equal_patterns(messages):
    frame = pnb.mine_patterns(pd.Series(messages, dtype="object", index=range(5, 5 + len(messages))))
    assert list(frame.columns) == ["pattern_id", "pattern"]
    assert frame.index.tolist() == list(range(5, 5 + len(messages)))
    assert frame["pattern"].tolist() == [pnb.mine_patterns(pd.Series([m]))["pattern"][0] for m in messages]
    assert frame.groupby("pattern_id")["pattern"].nunique().max() in (1, np.nan) or frame.empty


TOKENS = st.text(st.sampled_from("a-07 \n\t\r\x0b\x1f\x7f\xa0\u2003é٣\U0001d7d8"), max_size=12) | st.text(max_size=6)


@given(st.lists(st.lists(TOKENS, max_size=4).map(" ".join), min_size=1, max_size=6), st.sampled_from([1, 60]))
@settings(always, max_examples=300)
def test_counting_masks_as_one_message_after_another_does(messages, times):
    messages = [message * times for message in messages]  # some are longer than what a pattern is taken from
    counted = count_patterns(pl.Series([*messages, None], dtype=pl.String))
    mined = pnb.mine_patterns(pd.Series([*messages, None], dtype="object"))["pattern"].value_counts()
    assert dict(counted.iter_rows()) == mined.to_dict()


def test_a_column_larger_than_a_piece_is_counted_whole():
    messages = [f"{'word ' * (i % 7)}id{i} of order {i}x é{i}" for i in range(20_000)]
    assert len("\n".join(messages)) > 2 * CACHED
    counted = count_patterns(pl.Series(messages))
    assert dict(counted.iter_rows()) == pnb.mine_patterns(pd.Series(messages))["pattern"].value_counts().to_dict()


def test_a_missing_message_is_an_empty_pattern():
    assert pnb.mine_patterns(pd.Series(["a", None])).iloc[1]["pattern"] == ""


def test_what_changed_and_how():
    frame = logs(
        ("served {n}", 0, 150, 20),
        ("cache miss {n}", 0, 60, 1),
        ("cache miss {n}", 60, 90, 12),
        ("job {n} done", 0, 60, 2),
        ("job {n} done", 90, 150, 2),
        ("upstream timed out {n}", 60, 90, 5),
        ("retry {n}", 0, 60, 10),
        ("retry {n}", 60, 150, 2),
    )
    found = changed_patterns(frame, WINDOW)
    assert list(found.columns) == COLUMNS
    assert dict(zip(found["pattern"], found["change"], strict=True)) == {
        "upstream timed out <*>": "new",
        "cache miss <*>": "surging",
        "job <*> done": "vanished",
        "retry <*>": "fewer",
    }
    assert found["score"].is_monotonic_decreasing
    new = found.set_index("pattern").loc["upstream timed out <*>"]
    assert (new["before"], new["during"], new["after"]) == (0, 150, 0)
    assert (new["per_min_before"], new["per_min_during"]) == (0, 5)
    line = frame[frame["line"] == new["line"]].iloc[0]
    assert line["message"] == new["example"]
    assert WINDOW[0][0] <= line["time"] < WINDOW[0][1]


def test_an_unchanged_record_has_no_pattern():
    assert changed_patterns(logs(("served {n}", 0, 150, 5)), WINDOW).empty


def test_without_a_before_nothing_can_be_told():
    frame = logs(("served {n}", 60, 150, 5))
    assert changed_patterns(frame, WINDOW).empty
    assert changed_patterns(frame, []).empty
    assert list(changed_patterns(LOGS.empty(), WINDOW).columns) == COLUMNS


def test_a_hole_in_the_record_is_not_a_quiet_time():
    whole = logs(("served {n}", 0, 150, 5))
    holed = whole[(whole["time"] < at(5)) | (whole["time"] >= at(55))].reset_index(drop=True)
    assert changed_patterns(holed, WINDOW).empty


def test_at_most_so_many():
    words = ["alpha", "beta", "gamma", "delta"]
    frame = logs(("served {n}", 0, 150, 5), *((f"{w} broke", 60, 90, 3) for w in words))
    assert len(changed_patterns(frame, WINDOW)) == 4
    assert len(changed_patterns(frame, WINDOW, most=2)) == 2


# --- the timeline ---


def test_the_timeline_is_in_order_and_says_where_each_row_is_from():
    facts = {
        "milestones": {"detected": "2024-01-14T16:03Z", "closed": "unknown"},
        "timeline": [{"at": "2024-01-14T16:05Z", "kind": "action", "text": "restarted", "actor": "on-call engineer"}],
        "hypotheses": [
            {
                "text": "network",
                "from": "2024-01-14T16:04Z",
                "to": "2024-01-14T16:10Z",
                "verdict": "refuted",
                "raised_by": "latency graph",
                "refuted_by": "ping is fine",
            },
            {"text": "disk", "from": "2024-01-14T16:10Z", "to": "unknown", "verdict": "open"},
        ],
    }
    events = events_of((at(62), "alert", "High"), (at(62.5), "chat", "looking"))
    timeline = pnb.analyze(gauge(steps((1, 60), (9, 20), (3, 15), (1, 60)), events=events, facts=facts)).timeline
    assert timeline["time"].is_monotonic_increasing
    rows = [(f"{r.time:%H:%M}", r.kind, r.basis, r.text) for r in timeline.itertuples()]
    assert rows == [
        ("16:00", "impact", "measured", "Impact begins"),
        ("16:02", "alert", "system", "High"),
        ("16:03", "milestone", "declared", "First person aware"),
        ("16:04", "hypothesis", "declared", "Suspected: network (raised by: latency graph)"),
        ("16:05", "action", "declared", "restarted"),
        ("16:10", "refuted", "declared", "Refuted: network (ping is fine)"),
        ("16:10", "hypothesis", "declared", "Suspected: disk"),
        ("16:20", "impact", "measured", "Impact no longer severe"),
        ("16:35", "recovery", "measured", "Service recovers"),
    ]
    assert list(timeline.columns)[: len(EVENTS.columns)] == list(EVENTS.columns)


def test_the_timeline_of_nothing_is_an_empty_frame():
    timeline = pnb.analyze(declared_only()).timeline
    assert timeline.empty
    assert list(timeline.columns) == [*EVENTS.columns, "said"]


def test_each_of_several_windows_is_in_the_timeline_and_an_open_one_does_not_end():
    timeline = pnb.analyze(gauge(steps((1, 60), (5, 10), (1, 20), (5, 10)))).timeline
    assert timeline["text"].tolist() == [
        "Impact begins (window 1 of 2)",
        "Service recovers (window 1 of 2)",
        "Impact begins (window 2 of 2)",
    ]


def test_a_hundred_thousand_lines_take_about_a_second():
    incident, _ = draw(Impact(at(90), at(120), "errors", 0.6), rate=8.5)
    assert len(incident.logs) > 100_000
    started = time.process_time()
    analysis = pnb.analyze(incident)
    _ = analysis.patterns, analysis.sensitivity
    assert time.process_time() - started < 3  # half a second, unless something has become quadratic
