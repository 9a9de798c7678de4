"""Small multiples of the metrics that moved most while users were affected, beside the other declared signals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from postmortem_nb.analysis import Analysis
from postmortem_nb.analysis.claims import format_quantity
from postmortem_nb.charts.chart import Chart, chart_of
from postmortem_nb.charts.marks import SYNTHETIC, draw_gaps, draw_time_axis, draw_value_axis, draw_windows, gaps_of
from postmortem_nb.charts.moved import STOOD_OUT, Series, choose_series
from postmortem_nb.charts.points import decimate
from postmortem_nb.charts.signal import plain_number
from postmortem_nb.charts.style import (
    AXIS,
    CONTEXT,
    FULL,
    IMPACT,
    INK,
    LAYERS,
    POINTS,
    QUIET,
    SIGNAL,
    SMALL,
    WIDE,
    axes,
    figure,
    shortened,
    size_of,
    width_of,
    write,
)
from postmortem_nb.charts.view import View, choose_view
from postmortem_nb.times import format_window

PIXELS = 340  # columns of a small figure
LEFT, RIGHT, HEAD, BOTTOM, GUTTER = 56.0, 14.0, 31.0, 46.0, 62.0
TOP = {False: 32.0, True: 43.0}  # for the heading of all, without and with the stamp


def chart_metrics(analysis: Analysis) -> Chart | None:
    """Return up to eight small figures, other signals first, then metrics by how far they moved; None without any."""
    view = choose_view(analysis)
    if view is None:
        return None
    chosen = choose_series(analysis, view)
    if not chosen:
        return None
    synthetic = bool(analysis.incident.facts.synthetic)

    def draw() -> Figure:
        columns = min(2, len(chosen))
        rows = -(-len(chosen) // columns)
        each, top = SMALL[1] * POINTS, TOP[synthetic]
        fig = figure(FULL[0], (top + rows * each + BOTTOM - HEAD) / POINTS)
        width = (FULL[0] * POINTS - LEFT - RIGHT - GUTTER * (columns - 1)) / columns
        for n, series in enumerate(chosen):
            row, column = divmod(n, columns)
            left = LEFT + column * (width + GUTTER)
            is_last = n + columns >= len(chosen)
            below = (rows - 1 - row) * each + BOTTOM
            ax = axes(fig, left, top + row * each, FULL[0] * POINTS - left - width, below)
            draw_windows(ax, analysis.windows, view)
            draw_small(ax, series, view)
            draw_time_axis(ax, view, labels=is_last)
            _title(ax, series)
            if n == 0:
                _heading(ax, synthetic=synthetic)
        return fig

    return chart_of(draw, _alt(analysis, chosen, view), _caption(analysis, chosen), _table(chosen), synthetic=synthetic)


def draw_small(ax: Axes, series: Series, view: View) -> None:
    """Draw one series from zero (or around its values, where they lie far from it) with its earlier median dotted."""
    x, y = view.xs(series.frame["time"]), series.frame["value"].to_numpy("float64")
    known = y[np.isfinite(y)]
    low, high = float(min(known.min(), 0.0)), float(known.max())
    if known.min() > 0.6 * high > 0:
        pad = (high - known.min()) * 0.15 or high * 0.05
        low, high = float(known.min()) - pad, high + pad
    draw_value_axis(ax, low, high if high > low else low + 1.0, lambda v, step: _tick(v, series.unit), most=3, head=4)
    draw_gaps(ax, gaps_of(series.frame["time"], ~np.isnan(y), series.step, view, binned=False), view)
    if not np.isnan(series.before):
        ax.axhline(series.before, color=AXIS, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1.5)
    x, y = decimate(x, y, PIXELS)
    ax.plot(x, y, color=SIGNAL if series.is_signal else CONTEXT, linewidth=1.1, zorder=3)


def _tick(value: float, unit: str) -> str:
    return f"{value * 100:g} %" if unit.startswith("share") else plain_number(value)


def _title(ax: Axes, series: Series) -> None:
    """Write the name above the plot and, where there is room, the medians before and during the impact."""
    width = size_of(ax)[0] + GUTTER - 14
    for layer in LAYERS:
        change = _change(series) if layer is WIDE else ""
        room = width - (width_of(change, layer.small) + 8 if change else 0)
        name = shortened(series.name, layer.small * 1.12, room)
        offset = (-LEFT + 6, 5.0)
        color = SIGNAL if series.is_signal else INK
        write(ax, name, (0, 1), layer, bold=True, color=color, coords="axes fraction", offset=offset, va="bottom")
        if change:
            write(
                ax, change, (1, 1), layer, color=QUIET, coords="axes fraction", offset=(0, 5), ha="right", va="bottom"
            )


def _change(series: Series) -> str:
    if np.isnan(series.before) or np.isnan(series.during):
        return ""
    if series.unit.startswith("share"):
        return f"{format_quantity(series.before, 'share')} → {format_quantity(series.during, 'share')}"
    return f"{plain_number(series.before)} → {plain_number(series.during)}{f' {series.unit}' if series.unit else ''}"


def _heading(ax: Axes, *, synthetic: bool) -> None:
    """Write into the corners of the whole figure what its numbers are, and the stamp of drawn telemetry."""
    for layer in LAYERS:
        text = "medians before → during the impact" if layer is WIDE else ""
        corner = "figure fraction"
        write(ax, text, (0, 1), layer, color=QUIET, coords=corner, offset=(4, -2), va="top")
        if synthetic:
            write(ax, SYNTHETIC, (1, 1), layer, color=IMPACT, coords=corner, offset=(-4, -1), ha="right", va="top")


def _alt(analysis: Analysis, chosen: list[Series], view: View) -> str:
    count = f"{len(chosen)} series" if len(chosen) > 1 else "One series"
    head = f"{count} from {format_window((view.start, view.end))}"
    said = "; ".join(f"{s.name} {_change(s)}" for s in chosen if _change(s))
    return f"{head}; medians before and during the impact: {said}." if said and analysis.windows else f"{head}."


def _caption(analysis: Analysis, chosen: list[Series]) -> str:
    parts = []
    if any(s.is_signal for s in chosen):
        parts.append("Blue: other declared signals.")
    if any(not s.is_signal for s in chosen):
        moved = any(s.score >= STOOD_OUT for s in chosen if not s.is_signal)
        if not analysis.windows:
            parts.append("The first metrics by name: no impact window is measured to compare them over.")
        elif moved:
            parts.append("Grey: the metrics that moved most, in units of their usual spread: leads, not causes.")
        else:
            parts.append("No metric stands out from its usual spread during the impact; these came closest.")
    parts.append("Dotted: median before the impact; the numbers are the medians before and during it.")
    return " ".join(parts)


def _table(chosen: list[Series]) -> pd.DataFrame:
    rows = [(s.name, s.before, s.during, s.frame["value"].min(), s.frame["value"].max(), s.unit) for s in chosen]
    return pd.DataFrame(rows, columns=["series", "median before", "median during", "lowest", "highest", "unit"])
