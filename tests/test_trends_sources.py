"""What is read of results and feeds, what is not used and why, and what is compared."""

import importlib
import json
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

import postmortem_nb as pnb
from postmortem_nb.analysis import analyze
from postmortem_nb.errors import SettingError, SourceError
from postmortem_nb.evidence import load
from postmortem_nb.trends import DIVISIONS, MEASURES, Question, bases, charts
from postmortem_nb.trends.groups import UNTOLD, groups_of, recurrences
from postmortem_nb.trends.question import STEPS

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).parents[1]
SHARED = next((p / "shared" / "data" for p in Path(__file__).parents if (p / "shared" / "data").is_dir()), None)
GITHUB, JENKINS = DATA / "status_github" / "events" / "updates.jsonl", DATA / "status_jenkins" / "events"
DECLARED = "2021-09-06-dfds-cluster-404"  # no telemetry: quick to analyse


@pytest.fixture(scope="module")
def result():
    return analyze(load(ROOT / "data" / "incidents" / DECLARED)).to_dict()


@pytest.fixture
def written(tmp_path, result):
    """A function that writes results with some of their values changed."""

    def write(name, **changed):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({**result, "incident": name, **changed}))
        return path

    return write


def window(start, end, *, is_open=False):
    edge = {"lo": None, "hi": None, "basis": "measured", "evidence": ""}
    onset, recovery = {"at": start, **edge}, {"at": end, **edge}
    if is_open:
        recovery = {**recovery, "at": None, "lo": end}
    return {"onset": onset, "recovery": recovery, "is_open": is_open, "score": 2.0, "kind": "high", "unknown": 0.0}


def test_a_result_is_a_row_with_declared_times_where_nothing_was_measured(written, result):
    trends = pnb.read_trends(written("a"))
    (row,) = trends.incidents.to_dict("records")
    assert (row["impact"], row["time_to_detect"], row["basis"]) == (68, 5, "declared")
    assert (row["wrong_paths"], row["minutes_lost"]) == (1, 10)
    assert row["response"] == pytest.approx(65)
    assert row["services"] == tuple(result["services"]) and len(row["factors"]) == 3
    assert len(trends.actions) == len(result["actions"]) > 0


def test_an_open_incident_counts_with_what_is_known_and_stays_open(written):
    timing = {"id": "impact_time", "seconds": None, "seconds_lo": 5400.0, "seconds_hi": None}
    open_one = window("2024-01-01T10:00:00Z", "2024-01-01T11:30:00Z", is_open=True)
    trends = pnb.read_trends([written("a"), written("b", windows=[open_one], timings=[timing])])
    row = trends.incidents.set_index("id").loc["b"]
    assert row["is_open"] and pd.isna(row["end"]) and row["impact_at_least"] == 90
    assert trends.summaries["impact"].open == 1
    assert trends.over_time["impact"].sum() == 68 + 90


def test_what_cannot_be_used_is_named_with_its_reason(tmp_path, written):
    (tmp_path / "torn.json").write_text("{")
    (tmp_path / "other.json").write_text("[]")
    written("new", schema_version=99)
    written("empty", windows=[], moments={})
    written("a")
    again = tmp_path / "copy.json"
    again.write_text((tmp_path / "a.json").read_text())
    trends = pnb.read_trends(tmp_path)
    assert list(trends.incidents["id"]) == ["a"]
    found = {(f.where.rpartition("/")[2], f.id) for f in trends.findings}
    assert found == {
        ("torn.json", "no-result"),
        ("other.json", "no-result"),
        ("new.json", "no-result"),
        ("empty.json", "no-begin"),
        ("copy.json", "incident-twice"),
    }


def test_an_incident_that_ends_before_it_begins_counts_in_no_sum(written):
    odd = window("2024-01-01T10:00:00Z", "2024-01-01T09:00:00Z")
    trends = pnb.read_trends([written("a"), written("odd", windows=[odd])])
    assert [f.id for f in trends.findings] == ["ends-before-it-begins"]
    assert trends.over_time["impact"].sum() == 68
    assert trends.summaries["impact"].n == 1


def test_a_feed_gives_windows_that_its_messages_state():
    trends = pnb.read_trends(feeds=GITHUB)
    rows = trends.incidents.set_index("id")
    stated = rows.loc["17722171"]
    assert (stated["basis"], stated["time_to_communicate"]) == ("stated", 13)
    assert stated["impact"] == stated["time_to_recover"] == 33
    assert rows.loc["9656609", ["impact", "time_to_resolve"]].tolist() == [57, 57]
    assert pd.isna(rows.loc["9656609", "time_to_recover"]), "a last message says nothing of the recovery"
    assert rows["is_maintenance"].sum() == 1 and trends.summaries["impact"].n == 5


def test_a_feed_of_pages_leaves_planned_work_out_and_names_impossible_records():
    trends = pnb.read_trends(feeds=JENKINS, timezone="UTC")
    rows = trends.incidents.set_index("title")
    odd = rows.loc["jenkins.io outage"]
    assert pd.isna(odd["impact"]) and odd["windows"] == () and not odd["is_open"]
    assert any(f.id == "ends-before-it-begins" for f in trends.findings)
    assert trends.incidents["is_maintenance"].sum() == 1
    assert trends.summaries["impact"].n == 2
    with pytest.raises(pnb.PostmortemError, match="no zone"):
        pnb.read_trends(feeds=JENKINS)


def test_an_open_record_of_a_feed_lasts_as_long_as_the_feed_goes_on(tmp_path):
    def record(name, *at):
        updates = [{"at": f"2024-01-01T{t}Z", "status": s, "message": "x"} for t, s in at]
        return json.dumps({"id": name, "title": name, "updates": updates, "impact": "minor"})

    still = record("still", ("10:00:00", "Investigating"))
    over = record("over", ("11:00:00", "Investigating"), ("12:00:00", "Resolved"))
    (tmp_path / "feed.jsonl").write_text(f"{still}\n{over}\n")
    trends = pnb.read_trends(feeds=tmp_path / "feed.jsonl")
    row = trends.incidents.set_index("id").loc["still"]
    assert row["is_open"] and row["impact_at_least"] == 120
    assert trends.over_time["impact"].sum() == 120  # the other one lies within


def test_the_newest_incident_counts_though_it_was_seen_only_as_it_began(tmp_path):
    told = [{"at": f"2024-01-0{day}T10:00:00Z", "status": "Investigating", "message": "x"} for day in (1, 2, 3)]
    records = [{"id": str(i), "title": "x", "updates": [m], "impact": "minor"} for i, m in enumerate(told)]
    (tmp_path / "feed.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    trends = pnb.read_trends(feeds=tmp_path / "feed.jsonl")
    assert list(trends.incidents["id"]) == ["0", "1", "2"]
    assert trends.incidents["is_open"].all()


def frame_of(*parts):
    basis = [basis for basis, n in parts for _ in range(n)]
    begin = pd.date_range("2024-01-01", periods=len(basis), freq="D", tz="UTC")
    return pd.DataFrame({"basis": basis, "begin": begin, "is_maintenance": False})


def test_a_shift_of_what_lengths_rest_on_is_named():
    found = bases.shift(frame_of(("messages", 20), ("stated", 15), ("messages", 5)))
    assert found.id == "basis-shifts"
    assert "windows that messages state for 0% of the earlier half of the incidents and for 75% of the" in found.text
    assert bases.told(frame_of(("measured", 2), ("declared", 1))) == (
        "Lengths rest on measured times (2) and declared times (1)."
    )


@pytest.mark.parametrize(
    "parts", [[("messages", 9), ("stated", 9)], [("messages", 40)], [("messages", 20), ("stated", 5), ("messages", 15)]]
)
def test_few_incidents_one_basis_or_a_small_shift_are_no_finding(parts):
    assert bases.shift(frame_of(*parts)) is None


def test_a_period_cuts_windows_and_lengths_are_those_of_what_began_in_it(written):
    early = window("2024-01-31T23:30:00Z", "2024-02-01T00:30:00Z")
    late = window("2024-02-10T10:00:00Z", "2024-02-10T10:20:00Z")
    timing = {"id": "impact_time", "seconds_lo": None, "seconds_hi": None}
    files = [
        written("early", windows=[early], timings=[{**timing, "seconds": 3600.0}]),
        written("late", windows=[late], timings=[{**timing, "seconds": 1200.0}]),
    ]
    trends = pnb.read_trends(files, start="2024-02-01", end="2024-03-01")
    assert trends.over_time["impact"].sum() == 50
    assert list(trends.incidents["id"]) == ["late"]
    assert trends.summaries["impact"].median == 20


def test_a_bare_date_is_midnight_in_the_zone_that_is_asked_for():
    assert Question.build(start="2024-02-01").start == pd.Timestamp("2024-02-01T00:00Z")
    asked = Question.build(start="2024-02-01", timezone="America/Chicago")
    assert asked.start == pd.Timestamp("2024-02-01T06:00Z")


@pytest.mark.parametrize(
    "asked",
    [
        {"by": "colour"},
        {"measure": "mttr"},
        {"step": "hour"},
        {"objective": 1.0},
        {"start": "soon"},
        {"start": "2024-02-01", "end": "2024-01-01"},
        {"again": "often"},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(asked):
    with pytest.raises((SettingError, pnb.PostmortemError)):
        Question.build(**asked)


def test_nothing_named_and_nothing_found_are_errors(tmp_path):
    with pytest.raises(SourceError, match="Nothing was named"):
        pnb.read_trends()
    with pytest.raises(SourceError, match="holds no result"):
        pnb.read_trends(tmp_path)
    with pytest.raises(SourceError, match="There is no"):
        pnb.read_trends(tmp_path / "none.json")


def test_groups_hold_every_incident_and_several_services_are_several_groups(written):
    files = [
        written("a", services=["web", "db"], factors=["retry storm: clients tried again at once.", "No limit."]),
        written("b", services=["web"], factors=["retry storm: another one"]),
        written("c", services=[], factors=[]),
    ]
    incidents = pnb.read_trends(files).incidents
    assert {g: list(p["id"]) for g, p in groups_of(incidents, "service").items()} == {
        "web": ["a", "b"],
        "db": ["a"],
        UNTOLD: ["c"],
    }
    assert list(groups_of(incidents, "factor")) == ["retry storm", "No limit", UNTOLD]


def test_a_dot_at_the_edge_of_a_chart_is_drawn_whole():
    ax = Figure().add_subplot()
    charts._dots(ax, [0.0], [0.0])
    assert not ax.lines[0].get_clip_on()


def test_a_chart_of_groups_says_how_many_incidents_it_does_not_draw(written):
    services = [[f"s{n:02}"] for n in range(charts.GROUPS)]

    def caption(*more):
        files = [written(f"i{n}", services=found) for n, found in enumerate([*services, *more])]
        trends = pnb.read_trends(files)
        found = trends.divided["service"]
        return charts.chart_groups(trends.incidents, found, "service", trends.question.measure, synthetic=False).caption

    assert "Not drawn" not in caption(["s00"])
    assert "Not drawn: 2 incidents of groups that are not shown." in caption([], [])  # they name no service


def test_what_came_again_is_counted_from_the_end_of_what_was_before(written):
    def shifted(name, day, hours=1):
        start = pd.Timestamp("2024-01-01T00:00Z") + pd.Timedelta(days=day)
        end = start + pd.Timedelta(hours=hours)
        return written(name, windows=[window(start.isoformat(), end.isoformat())], services=["web"], factors=[])

    files = [shifted("a", 0, 48), shifted("b", 1), shifted("c", 20), shifted("d", 60)]
    (row,) = recurrences(pnb.read_trends(files).incidents, "service", pd.Timedelta(days=30)).to_dict("records")
    assert (row["group"], row["incidents"], row["again"], row["pairs"], row["shortest"]) == ("web", 4, 2, 3, 0)


def test_the_options_of_the_command_are_those_of_the_package():
    command = importlib.import_module("postmortem_nb.cli.trends")
    assert set(command.DIVISIONS) == set(DIVISIONS) and command.STEPS == STEPS


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_can_be_asked_for(written, measure):
    trends = pnb.read_trends([written("a"), written("b")], measure=measure, by="factor", mean=True)
    assert trends.every.blocks and trends.groups.blocks and trends.times.blocks


def test_whole_feeds_have_the_minutes_of_the_truth_files():
    if SHARED is None:
        pytest.skip("the shared data are not on this machine")
    folder = SHARED / "status_github"
    trends = pnb.read_trends(feeds=folder / "updates.jsonl")
    rows = trends.everything.set_index("id")
    assert len(rows) == 399 and rows["is_maintenance"].sum() == 10
    truth = pd.read_csv(folder / "truth_downtime_windows.csv", dtype={"incident_id": str}).set_index("incident_id")
    both = rows.join(truth.drop(columns=["title", "impact"]))
    plain = both[~both["is_maintenance"] & (both["basis"] == "messages") & (both["source"] == "updates")]
    assert (plain["impact"] - plain["duration_minutes"]).abs().max() <= 1  # the truth is rounded to minutes
    known = pd.read_csv(folder / "truth_impact_windows.csv", dtype={"incident_id": str}).set_index("incident_id")
    waits = rows.loc[known.index, "time_to_communicate"]
    assert waits.tolist() == known["first_update_minus_impact_start_min"].tolist()
    assert len(waits) == 26 and waits.median() == 23
