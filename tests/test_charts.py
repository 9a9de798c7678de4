"""Figures of incidents whose truth is known: what they say, what they leave out, and that nothing in them collides."""

import hashlib
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from conftest import at, draw, events_of, with_facts

from postmortem_nb.analysis import Analysis, analyze
from postmortem_nb.charts import (
    Chart,
    chart_logs,
    chart_metrics,
    chart_signal,
    chart_timeline,
    chart_timing,
    choose_view,
)
from postmortem_nb.charts.lanes import find_marks, longest_silence
from postmortem_nb.charts.logs import bin_width, find_panels
from postmortem_nb.charts.moved import choose_series, rank_metrics
from postmortem_nb.charts.phases import find_phases
from postmortem_nb.charts.style import width_of
from postmortem_nb.example import Impact
from postmortem_nb.frames import METRICS, conform
from postmortem_nb.incident import Facts, Incident

CHARTS = (chart_signal, chart_timing, chart_timeline, chart_metrics, chart_logs)
DAY = {"date": "2024-01-14", "zone": "UTC"}
SVG = "{http://www.w3.org/2000/svg}"
MILESTONES = {
    "changed": "16:28", "started": "16:45", "detected": "16:36", "acknowledged": "16:38", "declared": "16:40",
    "identified": "16:55", "resolved": "17:20",
}  # fmt: skip
PATHS = [
    {"text": "the database is out of connections", "from": "16:40", "to": "16:47", "verdict": "refuted"},
    {"text": "the deploy", "from": "16:47", "to": "16:55", "verdict": "confirmed"},
]


@pytest.fixture(scope="module")
def full(outage) -> Analysis:
    """The shared outage (onset 16:30:24, recovery 17:06:42) with people, tools and a wrong path."""
    events = events_of(
        (at(93), "alert", "WebErrors"), (at(94), "page", "on-call engineer paged"), (at(88), "change", "deploy 142")
    )  # fmt: skip
    facts = {**DAY, "milestones": MILESTONES, "hypotheses": PATHS, "synthetic": "drawn"}
    incident = with_facts(outage[0], **facts)
    return analyze(Incident(**{**incident.__dict__, "events": events}))


@pytest.fixture(scope="module")
def paper() -> Analysis:
    """An incident that only people remember."""
    times = {"started": "10:00", "detected": "10:10/10:20", "identified": "11:00", "mitigated": "10:50"}
    facts = {"title": "paper", **DAY, "milestones": times | {"recovered": "11:30"}}
    return analyze(Incident("paper", Path("paper"), Facts.from_dict(facts)))


@pytest.fixture(scope="module")
def still_open() -> Analysis:
    return analyze(draw(Impact(at(90), None, "errors", 0.5), **DAY, open=True, milestones={"detected": "16:40"})[0])


def drawn(analysis: Analysis) -> dict[str, Chart]:
    return {c.__name__: chart for c in CHARTS if (chart := c(analysis)) is not None}


def look_of(element: ET.Element, chart: Chart) -> dict[str, str]:
    """What the style sheet of a drawing says of a mark, but for its colours."""
    rules = dict(re.findall(r"\.(k\d+)\{([^}]*)\}", chart.svg))
    found = ";".join(rules.get(name, "") for name in element.get("class", "").split())
    return dict(part.split(":") for part in found.split(";") if part)


def texts(chart: Chart, layer: str = "wide") -> list[tuple[str, float, float, float, float]]:
    """Every text of a layer with its box: left, top, right, bottom."""
    found = []
    for group in ET.fromstring(chart.svg).iter(f"{SVG}g"):
        if f"pnb-{layer}" not in group.get("class", "").split():
            continue
        for text in group.iter(f"{SVG}text"):
            style = look_of(text, chart)
            size = float(style["font-size"].removesuffix("px"))
            width = width_of(str(text.text), size) * (1.1 if "font-weight" in style else 1)
            x, y = float(text.get("x", 0)), float(text.get("y", 0))
            x -= {"start": 0, "middle": width / 2, "end": width}[style.get("text-anchor", "start")]
            found.append((str(text.text), x, y - 0.76 * size, x + width, y + 0.2 * size))
    return found


def words(chart: Chart, layer: str = "wide") -> list[str]:
    return [t[0] for t in texts(chart, layer)]


def test_the_signal_shows_what_was_measured_and_what_was_declared(full):
    chart = chart_signal(full)
    shown = words(chart)
    assert "failed requests, share of all, in %" in shown
    for flag in ("detected 16:33 · system", "started 16:45 · declared", "cause identified 16:55 · declared"):
        assert flag in shown  # the declared start contradicts the evidence and stands beside the measured one
    assert any(t.startswith("onset 16:30:2") and t.endswith("measured") for t in shown)
    assert any(t.startswith("threshold ") and t.endswith(" %") for t in shown)
    assert "synthetic" in shown and "no data" not in shown
    assert "declared 16:40" in shown and not any("detected 16:36" in t for t in shown)


def test_the_worst_value_has_a_rim_that_keeps_rules_off(full):
    chart = chart_signal(full)
    groups = [g for g in ET.fromstring(chart.svg).iter(f"{SVG}g") if "paint-order" in look_of(g, chart)]
    assert len(groups) == 2 and next(groups[0].iter(f"{SVG}text")).text.startswith("worst ")
    assert all("pnb-s-paper" in g.get("class").split() for g in groups)


def test_labels_of_levels_keep_their_order_where_they_are_moved_apart(full):
    lines = {text.split()[0]: top for text, _, top, _, _ in texts(chart_signal(full))}
    assert lines["threshold"] < lines["baseline"]  # from the top: the threshold of failures lies above their baseline


def test_text_alternatives_carry_the_numbers(full):
    signal = chart_signal(full).alt
    window, worst = full.windows[0], full.signal.frame["value"].max()
    assert signal.startswith("Synthetic telemetry. Failed requests rose from a baseline of 0.")
    assert f"to {worst * 100:.0f} % at its worst" in signal and str(window) in signal
    assert (
        f"undetected {full.timing('time_to_detect').text};" in chart_timing(full).alt
        and "1 wrong path took 6–8 min" in chart_timing(full).alt
    )
    assert "2 alerts and pages, 1 change" in chart_timeline(full).alt


def test_a_drawing_from_real_telemetry_is_not_stamped(outage):
    charts = drawn(analyze(outage[0]))
    assert len(charts) >= 3
    for chart in charts.values():
        assert "synthetic" not in words(chart) and "Synthetic" not in chart.alt


def test_every_figure_of_drawn_telemetry_is_stamped_in_both_layers(full):
    for name, chart in drawn(full).items():
        for layer in ("wide", "narrow"):
            assert words(chart, layer).count("synthetic") == 1, (name, layer)


def test_missing_telemetry_is_hatched_and_named():
    gap = (at(100), at(115))
    analysis = analyze(draw(Impact(at(90), at(125), "errors", 0.6), gaps=(gap,))[0])
    assert "no data" in words(chart_signal(analysis))
    table = chart_signal(analysis).table
    inside = table[(table["from"] >= gap[0]) & (table["to"] < gap[1])]
    assert len(inside) and inside["highest (%)"].isna().all() and set(inside["impact"]) == {"yes"}


def test_phases_follow_the_moments_and_add_up(full):
    phases, skipped = find_phases(full)
    assert [p.name for p in phases[:4]] == ["undetected", "unacknowledged", "diagnosing", "mitigating"]
    assert not skipped
    total = sum((p.length for p in phases), pd.Timedelta(0))
    assert abs(total - full.timing("time_to_recover").duration.value) < pd.Timedelta("2s")
    assert all(a.end == b.start for a, b in combinations(phases, 2) if a.span[1] == b.span[0])


def test_lengths_are_printed_with_the_bounds_of_the_tables(full):
    chart = chart_timing(full)
    shown, lengths = words(chart), dict(zip(chart.table["phase"], chart.table["length"], strict=True))
    assert lengths["undetected"] == full.timing("time_to_detect").text
    assert f"undetected {lengths['undetected']}" in shown and any(t.endswith(" · 6–8 min") for t in shown)
    assert full.timing("time_to_recover").text in shown


def test_a_text_that_would_be_cut_to_a_stump_is_left_out(full):
    said = "settings of every host pushed by the agent"
    events = events_of(*((at(m), "change", said) for m in (60, 66, 74, 84, 96, 110, 126, 144)))
    shown = words(chart_timeline(analyze(Incident(**{**full.incident.__dict__, "events": events}))))
    cut = [t for t in shown if t.endswith("…") and t[:8] == said[:8]]
    assert len(cut) >= 2 and all(len(t) > 15 for t in cut)


def test_moments_out_of_order_make_no_phase_and_are_named(paper):
    phases, skipped = find_phases(paper)
    assert [str(p) for p in phases] == [
        "undetected 9–20 min",
        "diagnosing, mitigating 30–41 min",
        "recovering 40 min (39–41)",
    ]
    assert skipped == ["identify"] and "Not drawn: cause identified, because it came" in chart_timing(paper).caption


def test_an_open_incident_has_taken_at_least_so_long(still_open):
    phases, _ = find_phases(still_open)
    assert phases[-1].name == "not recovered"
    chart = chart_timing(still_open)
    assert "at least 1 h 30 min, still open" in chart.alt and any(t.startswith("≥ 1 h 30 min") for t in words(chart))
    assert not any("recovered" in t for t in words(chart_signal(still_open)))


def test_without_a_detection_no_phase_speaks_of_diagnosis(outage):
    phases, _ = find_phases(analyze(outage[0]))
    assert phases[0].name in ("severe", "impaired") and not any("diagnosing" in p.name for p in phases)


def test_the_timeline_names_the_longest_silence(full):
    silence = longest_silence(find_marks(full), full)
    assert silence[0] == at(115) and abs(silence[1] - at(126.7)) < pd.Timedelta("10s")
    assert "without a recorded step by people is 2024-01-14 16:55:00–17:06:4" in chart_timeline(full).alt


def test_whoever_holds_an_explanation_or_makes_a_change_is_not_silent(full):
    marks = find_marks(full)
    assert longest_silence([m for m in marks if m.lane != "people"], full) is None
    path = {"text": "the network", "from": "16:55", "to": "17:08", "verdict": "refuted"}
    busy = analyze(with_facts(full.incident, **DAY, milestones=MILESTONES, hypotheses=[*PATHS, path]))
    silence = longest_silence(find_marks(busy), busy)
    assert silence[1] - silence[0] < pd.Timedelta("6min") and not silence[0] >= at(115)
    by_hand = events_of((at(119), "change", "switched off")).assign(actor="on-call engineer")
    changed = analyze(Incident(**{**full.incident.__dict__, "events": by_hand}))
    assert longest_silence(find_marks(changed), changed)[0] == at(119)
    by_tool = analyze(Incident(**{**full.incident.__dict__, "events": by_hand.assign(actor="tool")}))
    assert longest_silence(find_marks(by_tool), by_tool)[0] == at(115)


def test_a_silence_lies_within_one_impact_window():
    impacts = Impact(at(60), at(80), "errors", 0.4), Impact(at(130), at(150), "errors", 0.9)
    analysis = analyze(draw(*impacts, **DAY, milestones={"detected": "16:02"})[0])
    assert len(analysis.windows) == 2
    start, end = longest_silence(find_marks(analysis), analysis)
    assert any(w.span[0] <= start < end <= w.span[1] for w in analysis.windows)
    assert "Pale: the service was healthy" in chart_timing(analysis).caption


def test_a_declared_impact_is_hollow_and_named_where_none_was_measured(paper):
    chart = chart_timeline(paper)
    assert "declared, 1 h 30 min (1 h 29 min – 1 h 31 min)" in words(chart)
    assert "The impact was declared, not measured: 2024-01-14 10:00–11:30 UTC" in chart.alt


def test_where_nothing_is_known_nothing_is_drawn(paper):
    nothing = analyze(Incident("empty", Path("empty"), Facts.from_dict({"title": "empty"})))
    assert drawn(nothing) == {}
    assert sorted(drawn(paper)) == ["chart_timeline", "chart_timing"]


def gauge(name: str, values: np.ndarray, service: str = "db") -> pd.DataFrame:
    times = pd.date_range(at(0), periods=len(values), freq="1min")
    rows = {"time": times, "service": service, "metric": name, "value": values, "file": "metrics/db.csv"}
    return conform(pd.DataFrame(rows), METRICS)


def test_the_metrics_that_moved_most_come_first_and_the_signal_is_left_out(outage):
    minute, noise = np.arange(180), np.random.default_rng(3).normal(0, 1, 180)
    inside = (minute >= 91) & (minute < 126)
    frames = [
        gauge("calm", 50 + noise),
        gauge("moved", 50 + noise + 40 * inside),
        gauge("spike", 50 + noise + 400 * (minute == 100)),
        gauge("jobs_total", np.cumsum(100 - 90 * inside)),  # a counter: what counts is how fast it grows
    ]
    incident = Incident(**{**outage[0].__dict__, "metrics": pd.concat(frames, ignore_index=True)})
    ranked = rank_metrics(analyze(incident))
    assert set(ranked["metric"][:2]) == {"moved", "jobs_total"}
    jobs = ranked.set_index("metric").loc["jobs_total"]
    assert jobs["before"] == pytest.approx(100 / 60) and jobs["during"] == pytest.approx(10 / 60)
    shown = choose_series(analyze(incident), choose_view(analyze(incident)))
    assert {s.name for s in shown} == {"db/moved", "db/jobs_total"}

    latency = analyze(draw(Impact(at(90), at(125), "latency", 5.0))[0])
    assert "latency_p95" not in set(rank_metrics(latency)["metric"])
    assert rank_metrics(latency)["metric"].iloc[0] == "latency_p50"


def test_log_volume_counts_every_line_once(outage):
    incident, truth = outage
    analysis = analyze(incident)
    view = choose_view(analysis)
    (panel,) = find_panels(incident.logs, view, bin_width(view))
    inside = incident.logs["time"].between(view.start, view.end)
    assert panel.counts.to_numpy().sum() == inside.sum()
    failed = panel.counts["5xx"][(panel.counts.index >= at(91)) & (panel.counts.index < at(126))].sum()
    assert 0.9 * truth.failed_inside < failed <= truth.failed_inside
    table = chart_logs(analysis).table
    assert table["5xx"].sum() == panel.counts["5xx"].sum()
    assert len(set((table["to"] - table["from"]).iloc[:-1])) == 1
    assert (table["to"].iloc[:-1].to_numpy() == table["from"].iloc[1:].to_numpy()).all()
    assert table["most 5xx in 1 min"].max() == panel.counts["5xx"].max()
    assert f"most 5xx in 1 min: {panel.counts['5xx'].max()} at" in chart_logs(analysis).alt


def test_logs_that_the_signal_lacks_are_hatched_and_not_silent():
    gap = (at(100), at(115))
    analysis = analyze(draw(Impact(at(90), at(125), "errors", 0.6), gaps=(gap,))[0])
    chart = chart_logs(analysis)
    assert "no data" in words(chart) and "; no data 2024-01-14 16:40–16:55 UTC." in chart.alt
    assert "Hatched grey" in chart.caption and "Hatched grey" not in chart_logs(analyze(draw()[0])).caption


def test_lines_without_status_are_counted_by_level(outage):
    lines = outage[0].logs.head(300).drop(columns="status").assign(level=["ERROR", "CRITICAL", None] * 100)
    view = choose_view(analyze(outage[0]))
    (panel,) = find_panels(lines.assign(time=view.start), view, pd.Timedelta("1min"))
    assert panel.counts.sum().to_dict() == {"ERROR": 200, "no level": 100}


def crowded() -> Analysis:
    """Every milestone within four minutes, at the right end of the record."""
    names = (
        "changed started signalled paged detected acknowledged declared engaged identified mitigated recovered resolved"
    )
    milestones = {name: f"17:{50 + n // 3}" for n, name in enumerate(names.split())}
    return analyze(draw(Impact(at(170.3), None, "errors", 0.7), **DAY, milestones=milestones)[0])


@pytest.mark.parametrize("case", ["full", "paper", "still_open", "crowded", "collapse", "ramp", "two"])
def test_no_text_meets_another_or_the_edge(case, request):
    impacts = {
        "collapse": (Impact(at(60), at(100), "collapse", 0.7),),
        "ramp": (Impact(at(40), at(160), "ramp", 6.0),),
        "two": (Impact(at(60), at(80), "errors", 0.4), Impact(at(110), at(130), "errors", 0.9)),
    }
    if case in impacts:
        analysis = analyze(draw(*impacts[case], **DAY, milestones={"detected": "16:20", "resolved": "17:40"})[0])
    else:
        analysis = crowded() if case == "crowded" else request.getfixturevalue(case)
    charts = drawn(analysis)
    assert charts
    for name, chart in charts.items():
        _, _, width, height = (float(v) for v in ET.fromstring(chart.svg).get("viewBox", "").split())
        for layer in ("wide", "narrow"):
            boxes = texts(chart, layer)
            assert boxes, (name, layer)
            for text, left, top, right, bottom in boxes:
                assert left >= -0.5 and top >= -0.5 and right <= width + 0.5 and bottom <= height + 0.5, (name, text)
            for (a, *p), (b, *q) in combinations(boxes, 2):
                apart = p[2] <= q[0] + 1 or q[2] <= p[0] + 1 or p[3] <= q[1] + 1 or q[3] <= p[1] + 1
                assert apart, f"{name}, {layer}: {a!r} meets {b!r}"


def test_tables_behind_the_figures_are_short_and_in_utc(full):
    for name, chart in drawn(full).items():
        assert 0 < len(chart.table) <= 60, name
        for column in {"from", "time"} & set(chart.table):
            assert str(chart.table[column].dt.tz) == "UTC", name
    assert drawn(full)["chart_signal"].table["highest (%)"].max() == pytest.approx(
        100 * full.signal.frame["value"].max()
    )


def test_a_chart_shows_itself_once_with_its_alternative(full):
    chart = chart_signal(full)
    data, metadata = chart._repr_mimebundle_()
    assert data == {"image/svg+xml": chart.svg, "text/plain": chart.alt} and repr(chart) == chart.alt
    assert metadata == {"image/svg+xml": {"alt": chart.alt, "caption": chart.caption}}


def digest(analysis: Analysis) -> str:
    return hashlib.sha256("".join(c.svg + c.alt for c in drawn(analysis).values()).encode()).hexdigest()


def test_the_same_incident_gives_the_same_bytes_in_every_process_and_no_window_can_open():
    code = "import sys, test_charts as t; print(t.digest(t.crowded()), 'matplotlib.pyplot' in sys.modules)"
    environment = {"PYTHONHASHSEED": "1", "MPLBACKEND": "agg"}
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, env=environment, capture_output=True, text=True
    )
    assert other.stdout == f"{digest(crowded())} False\n", other.stderr


def test_all_figures_of_an_incident_stay_small(full):
    assert len(drawn(full)) == 5
    assert sum(len(chart.svg.encode()) for chart in drawn(full).values()) < 170_000
