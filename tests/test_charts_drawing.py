"""The parts that figures are made of: points that survive, flags that never meet, text that stays text, two schemes."""

import re
import warnings
from itertools import combinations
from xml.etree import ElementTree as ET

import matplotlib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortem_nb.charts import View, decimate
from postmortem_nb.charts.chart import chart_of
from postmortem_nb.charts.flags import GAP, stack
from postmortem_nb.charts.marks import gaps_of, round_ticks
from postmortem_nb.charts.points import condense
from postmortem_nb.charts.signal import apart, plain_number
from postmortem_nb.charts.style import (
    INK,
    NARROW,
    PAPER,
    SIGNAL,
    STYLE,
    THEME,
    WIDE,
    axes,
    figure,
    label,
    shortened,
    write,
)

T0 = pd.Timestamp("2024-01-14T02:00Z")
HOSTILE = "</text><script>alert(1)</script> $x^2 $\\frac{1}{2}$ & \x1b[31m\u202e\U0001f525"


def page(*lines: str) -> str:
    def draw():
        fig = figure(3, 2)
        ax = axes(fig, 20, 20, 20, 20)
        ax.plot([0, 1], [0, 1], color=SIGNAL)
        ax.axvspan(0.2, 0.4, facecolor=PAPER, edgecolor=INK, hatch="///", linewidth=0)
        for layer in (WIDE, NARROW):
            for n, line in enumerate(lines):
                write(ax, line, (0, n / 5), layer)
        return fig

    return chart_of(draw, "alt & <b>", "caption").svg


@given(
    st.integers(2, 400), st.integers(0, 40_000), st.lists(st.integers(0, 40_000), max_size=5), st.integers(0, 2**32 - 1)
)
def test_decimation_keeps_every_extreme_and_every_hole(columns, size, spikes, seed):
    times = np.arange(float(size))
    values = np.random.default_rng(seed).normal(0, 1, size)
    for n, spike in enumerate(spikes):
        if spike < size:
            values[spike] = (-1) ** n * (100 + n)
    hole = slice(size // 3, size // 3 + 4 * (size // columns + 1))
    values[hole] = np.nan
    x, y = decimate(times, values, columns)
    assert len(x) == len(y) <= max(2 * columns + 2, size if size <= 2 * columns else 0)
    assert (np.diff(x) > 0).all()
    if size and not np.isnan(values).all():
        assert np.nanmin(y) == np.nanmin(values) and np.nanmax(y) == np.nanmax(values)
        assert np.array_equal(y, values[x.astype(int)], equal_nan=True)
    if size > hole.stop and size:
        assert np.isnan(y[(x >= hole.start) & (x < hole.stop)]).any()


def test_each_pixel_column_keeps_its_own_spike():
    values = np.zeros(10_000)
    values[[1234, 5678]] = 5, -5
    x, y = decimate(np.arange(10_000.0), values, 100)
    assert dict(zip(x[y != 0], y[y != 0], strict=True)) == {1234: 5, 5678: -5}


def test_a_condensed_table_keeps_the_extremes_and_ends():
    frame = pd.DataFrame({"time": pd.date_range(T0, periods=500, freq="1min"), "value": np.arange(500.0)})
    frame.loc[100:199, "value"] = np.nan
    table = condense(frame)
    assert len(table) == 56 and table["lowest"].min() == 0 and table["highest"].max() == 499
    assert table["highest"].isna().sum() >= 10 and table["to"].iloc[-1] == frame["time"].iloc[-1]
    assert set(table["from"].diff().dropna()) == {pd.Timedelta("9min")}  # all alike
    bins = condense(frame, width=pd.Timedelta("1min"))
    assert (bins["to"].iloc[:-1].to_numpy() == bins["from"].iloc[1:].to_numpy()).all()
    assert len(condense(frame.head(3))) == 3 and condense(frame.head(0)).empty


@given(
    st.lists(st.tuples(st.floats(0, 600), st.floats(20, 180)), min_size=1, max_size=12).map(
        lambda flags: sorted(flags, key=lambda f: f[0])
    )
)
def test_flags_meet_neither_texts_nor_rules(flags):
    xs, widths = zip(*flags, strict=True)
    places = stack(xs, widths, 660)
    texts = [(x, x + w) if side > 0 else (x - w, x) for x, w, (_, side) in zip(xs, widths, places, strict=True)]
    for i, k in combinations(range(len(xs)), 2):
        if places[i][0] == places[k][0]:
            assert texts[i][0] >= texts[k][1] + GAP or texts[k][0] >= texts[i][1] + GAP
        for a, b in ((i, k), (k, i)):  # the rule of b goes up to its row
            if texts[a][0] < xs[b] < texts[a][1]:
                assert places[b][0] < places[a][0]


def test_a_lone_flag_stands_on_the_right_unless_it_would_leave_the_figure():
    assert stack([100], [80], 600) == [(0, 1)]
    assert stack([580], [80], 600) == [(0, -1)]
    assert stack([100, 400], [80, 80], 600) == [(0, 1), (0, 1)]
    assert stack([100, 150], [80, 80], 600) == [(1, 1), (0, 1)]


def test_text_from_data_stays_text():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = page(HOSTILE)
    root = ET.fromstring(svg)
    known = {"svg", "style", "defs", "pattern", "rect", "path", "g", "text", "use", "clipPath"}
    assert {e.tag.rpartition("}")[2] for e in root.iter()} <= known
    written = [e.text for e in root.iter() if e.tag.endswith("text") and "script" in str(e.text)]
    assert written == [label(HOSTILE)] * 2
    assert "$x^2 $\\frac{1}{2}$" in written[0] and "\x1b" not in svg and "\u202e" not in svg
    assert root.get("aria-label") == "alt & <b>"


@pytest.mark.parametrize("text", ["\ud800 half", "a\x00b", "line\nbreak\ttab", "\ufeffbom", "x" * 400, "\ufffe"])
def test_odd_characters_neither_break_the_drawing_nor_reach_it(text):
    written = [e.text for e in ET.fromstring(page(text)).iter() if e.tag.endswith("text")]
    assert all(w and w.isprintable() and len(w) <= 120 for w in written)


def test_a_shortened_text_fits_and_says_that_it_was_cut():
    assert shortened("short", 9, 100) == "short"
    assert shortened("a rather long explanation", 9, 60).endswith("…")
    assert shortened("a rather long explanation", 9, 5) == ""


def test_every_color_is_a_class_with_a_light_and_a_dark_value():
    svg = page("text")
    sheet = re.search(r"<style>(.*)</style>", svg)[1]
    drawing = svg.replace(sheet, "")
    assert not re.search(r"#[0-9a-f]{6}|rgb", drawing)  # what is not in the sheet would not follow the scheme
    used = set(re.findall(r"pnb-[fs]-[a-z0-9-]+", drawing))
    light, dark = sheet.split("@media screen and (prefers-color-scheme:dark)")
    dark = dark.split("@media print")[0]
    assert used and used == set(re.findall(r"\.(pnb-[fs]-[a-z0-9-]+)\{", light))
    assert used == set(re.findall(r"\.(pnb-[fs]-[a-z0-9-]+)\{", dark))
    assert '<path class="pnb-f-paper" d="M0 144H216V0H0z"/>' in drawing  # opaque: nothing vanishes in Lab


def luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        *((text, back, 4.5) for text in ("ink", "quiet") for back in ("paper", "tint", "edge", "no-data")),
        *((line, back, 3.0) for line in ("signal", "context", "impact") for back in ("paper", "tint")),
        *(("ink", f"phase-{n}", 4.5) for n in range(1, 6)),
    ],
)
def test_texts_and_lines_stand_out_in_both_schemes(front, back, least, scheme):
    a, b = sorted((luminance(THEME[front][scheme]), luminance(THEME[back][scheme])))
    assert (b + 0.05) / (a + 0.05) >= least


def test_the_file_is_plain_small_and_knows_its_size():
    svg = page("text")
    root = ET.fromstring(svg)
    assert svg.startswith("<svg ")
    assert [root.get(a) for a in ("width", "height", "viewBox")] == ["288", "192", "0 0 216 144"]
    for absent in ("<?xml", "<!DOCTYPE", "<metadata", "<!--", "Bitstream", "xlink", "Matplotlib"):
        assert absent not in svg
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert ids and all(f"#{i}" in svg for i in ids)
    assert len(svg) < 5_000


def test_the_callers_style_neither_changes_the_drawing_nor_is_changed_by_it():
    expected = page("text")
    with matplotlib.rc_context(
        {"font.size": 30, "axes.spines.top": True, "text.parse_math": True, "svg.hashsalt": "x"}
    ):
        before = dict(matplotlib.rcParams)
        assert page("text") == expected
        assert dict(matplotlib.rcParams) == before
    assert "text.parse_math" in STYLE


def test_gaps_are_where_nothing_is_known():
    time = pd.Series(pd.date_range(T0, periods=60, freq="1min"))
    known = np.ones(60, bool)
    known[20:30] = False
    known[45] = False
    minute = pd.Timedelta("1min")
    view = View(T0, T0 + 70 * minute)
    late = (T0 + 60 * minute, view.end)
    one = (T0 + 45 * minute, T0 + 46 * minute)
    assert gaps_of(time, known, minute, view, binned=True) == [(T0 + 20 * minute, T0 + 30 * minute), one, late]
    # between samples: from the last before to the first after; a single lost sample only breaks the line
    samples = gaps_of(time, known, minute, view, binned=False)
    assert samples == [(T0 + 19 * minute, T0 + 30 * minute), (T0 + 59 * minute, view.end)]
    assert gaps_of(time, np.zeros(60, bool), minute, view, binned=True) == [(view.start, view.end)]


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e9), st.integers(2, 6))
def test_ticks_are_few_round_and_inside(low, length, most):
    high = low + length
    if high <= low:
        return
    ticks = round_ticks(low, high, most)
    slack = 1e-6 * max(abs(low), abs(high), length)
    assert len(ticks) <= most + 1
    assert all(low - slack <= t <= high + slack for t in ticks)


@given(st.floats(1, 4e8), st.integers(2, 12))
def test_time_ticks_are_no_more_than_fit(seconds, most):
    view = View(T0, T0 + pd.Timedelta(seconds=seconds))
    ticks = view.ticks(most)
    assert len(ticks) <= most + 1 and all(view.holds(t) for t in ticks)
    assert all(t.value % (60 * 10**9) == 0 for t in ticks) or view.step(most) < 60


def test_labels_are_moved_apart_and_numbers_are_short():
    assert apart([50.0, 52.0, 0.0], 10) == [50.0, 60.0, 0.0]
    assert [plain_number(v) for v in (1e12, 2.11e9, 1354, 0.0186)] == ["1T", "2.11G", "1,354", "0.0186"]


@pytest.mark.browser
@pytest.mark.parametrize(("width", "shown"), [(390, "narrow"), (1100, "wide")])
@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_shows_one_layer_in_the_readers_scheme(tmp_path, width, shown, dark):
    from browser import launched, visited

    file = tmp_path / "chart.svg"
    file.write_text(page("text"), encoding="utf-8")
    with launched() as browser, visited(browser, file, width=width, dark=dark) as visit:
        style = "s => getComputedStyle(document.querySelector(s))"
        for layer in ("wide", "narrow"):
            display = visit.page.evaluate(f"({style})('.pnb-{layer}').display")
            assert (display == "none") == (layer != shown)
        fill = visit.page.evaluate(f"({style})('.pnb-f-paper').fill")
        color = THEME["paper"][dark]
        assert fill == f"rgb({int(color[1:3], 16)}, {int(color[3:5], 16)}, {int(color[5:], 16)})"
        assert visit.outside == [] and visit.console == []
