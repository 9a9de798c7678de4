"""The sliders without a browser: what they reach, what they choose, what follows. In a browser: test_lab_browser.py."""

import importlib
from pathlib import Path

import pandas as pd
import papermill
import pytest

from postmortem_nb import analysis as analysis_room
from postmortem_nb.errors import SettingError
from postmortem_nb.explorer import Choice, choose, explore, reach, settings_of, view, with_window
from postmortem_nb.frames import METRICS, conform
from postmortem_nb.incident import Facts, Incident

room = importlib.import_module("postmortem_nb.explorer")  # the package exports the function under this name

ROOT = Path(__file__).parents[1]
START = pd.Timestamp("2024-01-14T16:00Z")
MINUTE = pd.Timedelta(minutes=1)
ONSET, RECOVERY = START + 75 * MINUTE, START + 111 * MINUTE  # 17:15 to 17:51


def incident(**facts):
    """Latency that is 0.2 s, and 2 s in the window; half of that, 1 s, for ten minutes before it."""
    times = pd.date_range(START, periods=181, freq="min")
    quiet = [0.20, 0.21, 0.19]
    value = [
        2.0 if ONSET <= t < RECOVERY else 1.0 if ONSET - 10 * MINUTE <= t < ONSET else quiet[n % 3]
        for n, t in enumerate(times)
    ]
    frame = pd.DataFrame({"time": times, "service": "web", "metric": "latency", "value": value, "file": "m.csv"})
    signal = {"name": "latency", "kind": "gauge", "select": {"metric": "latency"}, "unit": "s", "threshold": 1.5}
    declared = {"title": "t", "signals": [signal], "milestones": {"detected": "2024-01-14T17:20Z"}} | facts
    return Incident("2024-01-14-web", Path("x"), Facts.from_dict(declared), metrics=conform(frame, METRICS))


@pytest.fixture(scope="module")
def given():
    return analysis_room.analyze(incident())


def test_the_sliders_begin_where_the_evidence_puts_them(given):
    limits = reach(given)
    assert limits.start.threshold == 1.5
    assert limits.start.window == (ONSET, RECOVERY) == given.windows[0].span
    assert limits.start.baseline == (START, ONSET)
    assert (limits.lo, limits.hi) == (0.19, 2.0)
    assert limits.marks[0] == START and limits.marks[-1] >= START + 180 * MINUTE
    assert len(limits.marks) < room.MARKS


def test_a_slider_that_was_not_moved_leaves_its_choice_to_the_evidence(given):
    start = reach(given).start
    assert settings_of(start, start) == {}
    assert choose(given, start, start) is given
    moved = Choice(0.61234567, (START, START + 30 * MINUTE), start.window)
    assert settings_of(moved, start) == {"threshold": 0.6123, "baseline": "2024-01-14T16:00Z/2024-01-14T16:30Z"}


def test_windows_and_times_follow_the_threshold(given):
    start = reach(given).start
    chosen = choose(given, Choice(0.6, start.baseline, start.window), start)
    assert chosen.windows[0].span == (ONSET - 10 * MINUTE, RECOVERY)
    assert chosen.windows == given.replace(threshold=0.6).windows
    assert chosen.timing("time_to_detect").duration.value == 15 * MINUTE
    assert given.timing("time_to_detect").duration.value == 5 * MINUTE, "the given analysis does not change"


def test_times_and_impact_follow_a_window_drawn_by_hand(given):
    by_hand = with_window(given, (START + 70 * MINUTE, START + 100 * MINUTE))
    assert [w.span for w in by_hand.windows] == [(START + 70 * MINUTE, START + 100 * MINUTE)]
    assert by_hand.timing("time_to_detect").duration.value == 10 * MINUTE
    assert by_hand.timing("impact_time").duration.value == 30 * MINUTE
    assert by_hand.timing("time_to_recover").basis == "inferred"
    assert by_hand.impact != given.impact
    assert given.windows[0].span == (ONSET, RECOVERY)


def test_the_view_says_what_is_in_force_and_shows_times_and_chart(given):
    start = reach(given).start
    said, chart, times = view(given, start, start)
    assert "Impact measured: 2024-01-14 17:15–17:51 UTC" in said.text
    assert "replace" not in said.text
    assert "time to detect" in times.text.lower() and "<table" in times.text
    assert "<svg" in chart.svg

    moved = Choice(0.6, start.baseline, (START + 70 * MINUTE, START + 100 * MINUTE))
    said, redrawn, times = view(given, moved, start)
    assert "Impact by hand: 2024-01-14 17:10–17:40 UTC" in said.text
    assert "analysis.replace(threshold=0.6).windows" in said.text
    assert "inferred" in times.text
    assert redrawn.svg != chart.svg


def test_what_makes_no_sense_is_said_in_place_of_the_view(given):
    start = reach(given).start
    before_all = (START - 60 * MINUTE, START - 30 * MINUTE)
    (said,) = view(given, Choice(1.5, before_all, start.window), start)
    assert "baseline: the signal &#x27;latency&#x27; has no sample in 2024-01-14 15:00–15:30 UTC" in said.text


def test_a_record_without_a_window_can_be_dragged_too():
    calm = analysis_room.analyze(incident(), threshold=5)
    assert not calm.windows
    start = reach(calm).start
    assert start.window[0] < start.window[1]
    assert "no impact window" in view(calm, start, start)[0].text


def test_without_telemetry_there_is_nothing_to_drag():
    bare = analysis_room.analyze(Incident("2024-01-14-web", Path("x"), Facts.from_dict({"title": "t"})))
    with pytest.raises(SettingError, match=r"2024-01-14-web: there is no telemetry, .*Add metrics or logs"):
        explore(bare)


def test_without_ipywidgets_one_line_says_what_to_install(given, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(room.importlib, "import_module", missing)
    with pytest.raises(SettingError, match=r"explore needs ipywidgets\. Install it: pip install 'postmortem-nb\["):
        explore(given)


def test_the_sliders_stand_on_the_page_in_order_and_go_back(given):
    pytest.importorskip("ipywidgets")
    _, threshold, baseline, window, back, _ = explore(given).children
    assert [s.description for s in (threshold, baseline, window)] == ["Threshold (s)", "Baseline", "Window"]
    assert window.value == (ONSET, RECOVERY)
    threshold.value, window.value = 0.6, (START, START + 5 * MINUTE)
    back.click()
    assert (threshold.value, window.value) == (1.5, (ONSET, RECOVERY))


@pytest.mark.slow
def test_the_notebook_runs_without_a_browser(tmp_path):
    pytest.importorskip("ipywidgets")
    sample = ROOT / "data" / "incidents" / "2024-01-14-web-outage"
    done = papermill.execute_notebook(
        str(ROOT / "notebooks" / "explore.ipynb"),
        str(tmp_path / "explore.ipynb"),
        parameters={"incident": str(sample)},
        progress_bar=False,
        engine_name="postmortem-warm",  # through sockets on disk: ports can be those of a test beside this one
    )
    cells = [c for c in done.cells if c.cell_type == "code"]
    assert all(c.execution_count for c in cells)
    said = [o for c in cells for o in c.outputs if o.output_type == "stream"]
    assert said == [], "nothing on stdout or stderr"


def test_reading_the_module_needs_no_ipywidgets():
    source = Path(room.__file__).read_text(encoding="utf-8")
    assert "import ipywidgets" not in source
