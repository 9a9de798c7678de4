"""Counters → rates: resets, gaps, and what a file itself says is a counter."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem_nb.analysis.counts import count_samples
from postmortem_nb.evidence import read_metrics
from postmortem_nb.evidence.metrics import rates
from postmortem_nb.frames import METRICS
from postmortem_nb.incident import Signal

T0 = 1705314600


def frame_of(values, minutes=None, metric="x_total", **columns):
    minutes = range(len(values)) if minutes is None else minutes
    times = pd.to_datetime([T0 + 60 * m for m in minutes], unit="s", utc=True)
    return pd.DataFrame({"time": times, "service": "web", "metric": metric, "value": values, "file": "f", **columns})


def test_a_sample_without_a_value_costs_no_rate_after_it():
    out = rates(frame_of([0.0, 60, np.nan, 180, 240]))
    assert out["value"].fillna(-1).tolist() == [1, -1, 1, 1]
    assert out["time"].dt.minute.tolist() == [31, 32, 33, 34]


def test_a_gap_of_rows_without_a_value_stays_one():
    out = rates(frame_of([0.0, 60, 120, *[np.nan] * 4, 420, 480]))
    assert out["value"].fillna(-1).tolist() == [1, 1, -1, -1, -1, -1, -1, 1]


def test_a_reset_counts_from_zero_in_the_interval_that_holds_it():
    assert rates(frame_of([600.0, 660, 30, 90]))["value"].tolist() == [1, 0.5, 1]


def test_samples_at_one_time_have_no_rate_between_them():
    assert rates(frame_of([0.0, 60, 70, 120], [0, 1, 1, 2]))["value"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("metric", "type", "is_counter"),
    [("x_total", "", True), ("x_total", "gauge", False), ("x_total", "change", False), ("jobs", "counter", True)],
)
def test_what_the_file_says_counts_before_the_name(metric, type, is_counter):
    assert len(rates(frame_of([1.0, 2], metric=metric, type=type))) == (1 if is_counter else 2)


def test_series_stay_apart_and_the_frame_is_unchanged():
    a, b = frame_of([0.0, 60], labels="code=200"), frame_of([600.0, 720], labels="code=500")
    frame = pd.concat([a, b], ignore_index=True).sample(frac=1, random_state=3)
    before = frame.copy()
    out = rates(frame)
    assert dict(zip(out["labels"], out["value"], strict=True)) == {"code=200": 1, "code=500": 2}
    pd.testing.assert_frame_equal(frame, before)
    assert list(out.columns) == list(frame.columns)


def test_frames_without_a_counter_or_a_row():
    assert rates(METRICS.empty()).empty
    gauges = frame_of([1.0, 2], metric="depth")
    pd.testing.assert_frame_equal(rates(gauges), gauges)


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(1, 50), st.integers(0, 5)), min_size=12, max_size=40), reset=st.integers(0, 50)
)
def test_rates_agree_with_the_differences_that_a_signal_counts(steps, reset):
    value, values = 0.0, [0.0]
    for number, (increase, lost) in enumerate(steps):
        value = float(increase) if number == reset else value + increase
        values.append(np.nan if lost == 5 else value)
    frame = frame_of(values)
    signal = Signal(name="t", kind="traffic", select={"metric": "x_total"})
    counted = count_samples(frame, signal, "t")
    if np.isfinite(values).sum() < 10 or not any("running totals" in note for note in counted.notes):
        return  # too few samples to be a running total to the signal, whatever the name
    own = rates(frame)
    close = own["time"].diff() == pd.Timedelta(minutes=1)  # both count an interval, here of one minute
    at = own[close & own["value"].notna()].set_index("time")["value"] * 60
    theirs = counted.frame.set_index("time")["value"].reindex(at.index)
    known = frame.set_index("time")["value"].notna()
    whole = [t for t in at.index if known.get(t - pd.Timedelta(minutes=1), False)]
    assert at[whole].to_numpy() == pytest.approx(theirs[whole].to_numpy())


def test_rates_of_what_an_exporter_shows(tmp_path):
    path = tmp_path / "a.prom"
    lines = [f"jobs_done {60 * i} {T0 + 60 * i}\ndepth_total 5 {T0 + 60 * i}" for i in range(3)]
    path.write_text("# TYPE jobs_done counter\n# TYPE depth_total gauge\n" + "\n".join(lines) + "\n# EOF\n")
    out = rates(read_metrics(path))
    assert out[out["metric"] == "jobs_done"]["value"].tolist() == [1, 1]
    assert out[out["metric"] == "depth_total"]["value"].tolist() == [5, 5, 5]
