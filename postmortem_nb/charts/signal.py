"""The measured signal with everything that was measured on it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from postmortem_nb.analysis import Analysis
from postmortem_nb.analysis.baseline import Baseline
from postmortem_nb.analysis.claims import format_quantity
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement
from postmortem_nb.charts.chart import Chart, chart_of
from postmortem_nb.charts.flags import arrange, draw_flags, find_flags, height_of, left_out
from postmortem_nb.charts.marks import draw_gaps, draw_heading, draw_time_axis, draw_value_axis, draw_windows, gaps_of
from postmortem_nb.charts.points import MOST, condense, decimate
from postmortem_nb.charts.style import (
    BAND,
    FULL,
    IMPACT,
    INK,
    LAYERS,
    NARROW,
    PAPER,
    POINTS,
    QUIET,
    SIGNAL,
    WIDE,
    axes,
    figure,
    size_of,
    write,
)
from postmortem_nb.charts.view import View, choose_view
from postmortem_nb.times import Interval, format_duration, format_window

LEFT, RIGHT, BOTTOM = 62.0, 78.0, 44.0  # margins in points
HEADS = {WIDE.name: 18.0, NARROW.name: 26.0}  # for the heading
LEAST = 130.0  # height of the plot


def chart_signal(analysis: Analysis) -> Chart | None:
    """Return the signal with baseline, threshold, windows, gaps and milestones; None without a signal."""
    series, measurement, view = analysis.signal, analysis.measurement, choose_view(analysis)
    if series is None or measurement is None or view is None:
        return None
    flags = find_flags(analysis, view)
    synthetic = bool(analysis.incident.facts.synthetic)
    inner = FULL[0] * POINTS - LEFT - RIGHT

    def draw() -> Figure:
        lift = {la.name: height_of(arrange(flags, view, inner, la, margin=RIGHT - 6), la) for la in LAYERS}
        head = max(lift[layer.name] + HEADS[layer.name] for layer in LAYERS)
        height = max(FULL[1], (head + LEAST + BOTTOM) / POINTS)
        fig = figure(FULL[0], height)
        ax = axes(fig, LEFT, head, RIGHT, BOTTOM)
        draw_windows(ax, analysis.windows, view)
        draw_signal(ax, series, measurement, view)
        draw_time_axis(ax, view)
        draw_flags(ax, flags, view, margin=RIGHT - 6)
        draw_heading(ax, _heading(series), color=SIGNAL, synthetic=synthetic, lift=lift)
        return fig

    return chart_of(
        draw,
        _alt(analysis, series, measurement, view),
        _caption(analysis, series, measurement, view),
        _table(analysis, view),
        synthetic=synthetic,
    )


def draw_signal(ax: Axes, series: SignalSeries, measurement: Measurement, view: View) -> None:
    """Draw a signal, its gaps, its baseline as a band and its threshold, all within a view."""
    frame = _shown(series, view)
    value = frame["value"].to_numpy("float64")
    baseline = measurement.baseline
    low, high = _range(value, series, baseline)
    draw_value_axis(ax, low, high, _printer(series), head=NARROW.small + 10)
    draw_gaps(ax, no_data(series, view), view)
    if not math.isnan(baseline.center):
        spread = max(baseline.spread, (high - low) * 0.004)
        ax.axhspan(max(baseline.center - spread, low), baseline.center + spread, color=BAND, linewidth=0, zorder=0.8)
        ax.axhline(baseline.enter, color=INK, linewidth=0.9, dashes=(4, 3), zorder=2)
    _draw_line(ax, frame, series, view)
    _draw_worst(ax, frame, series, measurement, view)
    _label_levels(ax, series, baseline, low, high)


def no_data(series: SignalSeries, view: View) -> list[Interval]:
    """Return the stretches of a view that a signal says nothing about."""
    frame = _shown(series, view)
    return gaps_of(frame["time"], frame["value"].notna().to_numpy(), series.step, view, binned=series.is_binned)


def _shown(series: SignalSeries, view: View) -> pd.DataFrame:
    time = series.frame["time"]
    return series.frame[(time >= view.start - series.step) & (time <= view.end)]


def _draw_line(ax: Axes, frame: pd.DataFrame, series: SignalSeries, view: View) -> None:
    x, y = view.xs(frame["time"]), frame["value"].to_numpy("float64")
    style, size = ("steps-post", "None") if series.is_binned else ("default", "None")
    if len(x) > MOST:
        x, y = decimate(x, y)
    elif series.is_binned and len(x):  # the last bin has a width too
        x, y = np.append(x, x[-1] + series.step.total_seconds()), np.append(y, y[-1])
    elif len(x) <= 60:
        size = "o"
    ax.plot(x, y, color=SIGNAL, drawstyle=style, marker=size, markersize=3, zorder=3)


def _draw_worst(ax: Axes, frame: pd.DataFrame, series: SignalSeries, measurement: Measurement, view: View) -> None:
    """Mark the worst value within the windows and write it down."""
    row = _worst(frame, measurement, series)
    if row is None:
        return
    at = row["time"] + (series.step / 2 if series.is_binned else pd.Timedelta(0))
    x, y = view.x(at), float(row["value"])
    ax.plot([x], [y], marker="o", markersize=4.5, color=IMPACT, markeredgecolor=PAPER, markeredgewidth=0.8, zorder=4)
    bottom, top = ax.get_ylim()
    above = series.bad_side > 0 or (y - bottom) / (top - bottom) * size_of(ax)[1] < NARROW.small + 10
    side = "left" if x < 0.1 * view.seconds else "right" if x > 0.9 * view.seconds else "center"
    for layer in LAYERS:
        text = f"worst {_short(y, series.unit)}" if layer is WIDE else _short(y, series.unit)
        lift = 5 if above else -5
        write(
            ax,
            text,
            (x, y),
            layer,
            color=INK,
            bold=True,
            halo=True,
            offset=(0, lift),
            ha=side,
            va="bottom" if above else "top",
        )


def _worst(frame: pd.DataFrame, measurement: Measurement, series: SignalSeries) -> pd.Series | None:
    width = series.step if series.is_binned else pd.Timedelta(nanoseconds=1)
    inside = np.zeros(len(frame), bool)
    for w in measurement.windows:
        inside |= ((frame["time"] + width > w.span[0]) & (frame["time"] < w.span[1])).to_numpy()
    part = frame[inside & frame["value"].notna().to_numpy()]
    return None if part.empty else part.iloc[int((part["value"] * series.bad_side).to_numpy().argmax())]


def _label_levels(ax: Axes, series: SignalSeries, baseline: Baseline, low: float, high: float) -> None:
    """Write threshold and baseline at the right end, moved apart where they would touch."""
    if math.isnan(baseline.center):
        return
    bottom, top = ax.get_ylim()
    scale = size_of(ax)[1] / (top - bottom)
    for layer in LAYERS:
        rows = [("threshold", baseline.enter, INK), ("baseline", baseline.center, QUIET)]
        rows = rows[:1] if layer is NARROW else sorted(rows, key=lambda row: row[1])  # the order when they touch
        least = layer.row / 2  # clear of the tick labels
        places = apart([max((min(v, top) - bottom) * scale, least) for _, v, _ in rows], layer.row)
        for (name, value, color), y in zip(rows, places, strict=True):
            text = _short(value, series.unit if series.unit.startswith("share") else "")
            text = f"{name} {text}" if layer is WIDE else f"≥ {text}" if series.bad_side > 0 else f"≤ {text}"
            write(ax, text, (1, 0), layer, color=color, coords="axes fraction", offset=(5, y))


def apart(places: list[float], least: float) -> list[float]:
    """Return places moved as little as needed so that neighbours keep a distance; none goes below the lowest given.

    >>> apart([3.0, 0.0], 10.0)
    [10.0, 0.0]
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = list(places)
    for before, i in itertools.pairwise(order):
        moved[i] = max(moved[i], moved[before] + least)
    return moved


def _range(value: np.ndarray, series: SignalSeries, baseline: Baseline) -> tuple[float, float]:
    """Return the ends of the value axis: from zero, but for gauges that live far from it."""
    known = value[np.isfinite(value)]
    levels = [x for x in (baseline.enter, baseline.center) if not math.isnan(x)]
    everything = [*known.tolist(), *levels] or [0.0, 1.0]
    low, high = min(everything), max(everything)
    if series.signal.kind == "gauge" and low > 0.6 * high > 0:
        pad = (high - low) * 0.1 or abs(high) * 0.05
        return low - pad * (4 if series.bad_side < 0 else 1), high + pad
    if series.unit.startswith("share") and 0.9 < high < 1:
        high = 1.0
    return min(low, 0.0), (high if high > 0 else 1.0)


def _printer(series: SignalSeries) -> Callable[[float, float], str]:
    """Return how ticks are printed: shares in percent, with the digits that their distance needs."""
    if not series.unit.startswith("share"):
        return lambda value, step: plain_number(value)

    def percent(value: float, step: float) -> str:
        digits = max(0, -math.floor(math.log10(step * 100) + 1e-9)) if step > 0 else 0
        digits += f"{step * 100:.{digits}f}" != f"{step * 100:.{digits + 1}f}".rstrip("0").rstrip(".") and step < 0.01
        return f"{value * 100:.{digits}f} %"

    return percent


def plain_number(value: float) -> str:
    """Print a tick in few characters: 0.25, 40, 1,500, 12k, 3.2M.

    >>> [plain_number(v) for v in (0, 0.25, 1500, 12000, 3.2e6)]
    ['0', '0.25', '1,500', '12k', '3.2M']
    """
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):.3g}{letter}"
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _short(value: float, unit: str) -> str:
    return format_quantity(value, unit) if unit.startswith("share") else f"{plain_number(value)} {unit}".rstrip()


def _heading(series: SignalSeries) -> str:
    unit = "share of all, in %" if series.unit == "share" else series.unit.replace("share of", "% of")
    return f"{series.name}, {unit}" if unit not in ("", series.name) else series.name


def _alt(analysis: Analysis, series: SignalSeries, measurement: Measurement, view: View) -> str:
    name = f"{series.name[:1].upper()}{series.name[1:]}"
    levels = (measurement.baseline.center, measurement.baseline.enter)
    baseline, threshold = (format_quantity(v, series.unit) for v in levels)
    if not analysis.windows:
        span = format_window((view.start, view.end))
        return f"{name}, {span}: never for long beyond the threshold of {threshold}; the baseline is {baseline}."
    row = _worst(_shown(series, view), measurement, series)
    went = "rose" if series.bad_side > 0 else "fell"
    worst = f" to {format_quantity(float(row['value']), series.unit)} at its worst" if row is not None else ""
    spans = "; ".join(str(w) for w in analysis.windows[:4])
    more = f" and {len(analysis.windows) - 4} more" if len(analysis.windows) > 4 else ""
    return f"{name} {went} from a baseline of {baseline}{worst} (threshold {threshold}). Impact: {spans}{more}."


def _caption(analysis: Analysis, series: SignalSeries, measurement: Measurement, view: View) -> str:
    parts = [f"{'Bins of' if series.is_binned else 'Samples every'} {format_duration(series.step)}."]
    if analysis.windows:
        parts.append("Shaded: measured impact, hatched where its edge is uncertain.")
    parts.append(f"Band: baseline ({measurement.baseline.how}). Dashed: threshold ({measurement.baseline.rule}).")
    parts.append("Filled flags are measured (diamonds: stamped by a tool), hollow ones declared.")
    low, _ = _range(_shown(series, view)["value"].to_numpy("float64"), series, measurement.baseline)
    if low > 0:
        parts.append("The value axis does not start at zero.")
    beyond = left_out(analysis, view)
    if beyond:
        parts.append(f"Not in the picture: {'; '.join(beyond)} (UTC).")
    return " ".join(parts)


def _table(analysis: Analysis, view: View) -> pd.DataFrame:
    series = analysis.signal
    assert series is not None, "the caller has a signal"
    width = series.step if series.is_binned else pd.Timedelta(0)
    frame = _shown(series, view)
    here = frame["time"] + width > view.start if series.is_binned else frame["time"] >= view.start
    table = condense(frame[here], width=width)
    inside = [
        any(a < w.span[1] and (b > w.span[0] or a == b == w.span[0]) for w in analysis.windows)
        for a, b in zip(table["from"], table["to"], strict=True)
    ]
    is_share = series.unit.startswith("share")
    if is_share:  # as on the axis
        table[["lowest", "highest"]] *= 100
    unit = "%" if is_share else series.unit
    table["impact"] = ["yes" if i else "" for i in inside]
    return table.rename(columns={c: f"{c} ({unit})" for c in ("lowest", "highest") if unit})
