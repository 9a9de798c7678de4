"""Axes that figures over many incidents share: calendar time, lengths on a logarithmic scale, rows of groups."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from postmortem_nb.charts.marks import draw_time_axis
from postmortem_nb.charts.style import GRID, LAYERS, NARROW, Layer, room_beside, shortened, size_of, width_of, write
from postmortem_nb.charts.view import View
from postmortem_nb.trends.statistics import Floats

# Lengths that people read at once, in minutes, and how they are printed.
MARKS = {
    1 / 60: "1 s",
    1 / 6: "10 s",
    1: "1 min",
    10: "10 min",
    60: "1 h",
    360: "6 h",
    1440: "1 d",
    10080: "7 d",
    43200: "30 d",
}
SHORT_PERIOD = pd.Timedelta(days=90)
STEPS = (1, 2, 3, 6, 12, 24, 60, 120)  # months between ticks


def draw_calendar(ax: Axes, view: View) -> None:
    """Draw months and years under the plot; days and hours where the period is short."""
    if view.end - view.start < SHORT_PERIOD:
        draw_time_axis(ax, view)
        return
    width, _ = size_of(ax)
    ax.set_xlim(0, view.seconds)
    ax.tick_params(axis="x", length=3, labelbottom=False)
    firsts = pd.date_range(view.start.normalize(), view.end, freq="MS")
    months = (view.end - view.start) / pd.Timedelta(days=30.44)
    for layer in LAYERS:
        most = width / (width_of("2024-01", layer.small) * 1.5)
        step = next((s for s in STEPS if months / s <= most), STEPS[-1])
        ticks = [t for t in firsts if (t.year * 12 + t.month - 1) % step == 0 and t >= view.start]
        if layer is not NARROW:
            ax.set_xticks([view.x(t) for t in ticks])
            ax.grid(axis="x", color=GRID, linewidth=0.7)
        before, after = room_beside(ax)
        for t in ticks:
            text = f"{t:%Y}" if step >= 12 else f"{t:%Y-%m}"
            x, half = view.x(t) / view.seconds * width, width_of(text, layer.small) / 2
            if x - half > -before and x + half < width + after:
                at = (view.x(t), 0)
                write(ax, text, at, layer, coords=("data", "axes fraction"), offset=(0, -5), ha="center", va="top")


def log_limits(values: Floats) -> tuple[float, float]:
    """Return where an axis of lengths begins and ends, in minutes: with room for the shortest and the longest.

    Lengths of nothing and below are held to the lower end.
    """
    shown = values[np.isfinite(values) & (values > 0)]
    if not len(shown):
        return 1.0, 60.0
    low, high = float(shown.min()), float(shown.max())
    first = max((m for m in MARKS if m <= low), default=low)
    return first * 0.8, max(high * 1.5, first * 10)


def marks_within(limits: tuple[float, float]) -> dict[float, str]:
    """Return the lengths to label within limits."""
    return {m: text for m, text in MARKS.items() if limits[0] <= m <= limits[1]}


def draw_lengths_up(ax: Axes, limits: tuple[float, float]) -> None:
    """Draw lengths on a logarithmic axis to the left."""
    ax.set_yscale("log")
    ax.set_ylim(*limits)
    marks = marks_within(limits)
    ax.set_yticks(list(marks), minor=False)
    ax.set_yticks([], minor=True)
    ax.tick_params(axis="y", which="both", length=0, labelleft=False)
    ax.grid(axis="y", color=GRID, linewidth=0.7)
    height = size_of(ax)[1]
    for layer in LAYERS:
        free = -math.inf
        for minutes, text in marks.items():
            up = height * math.log(minutes / limits[0]) / math.log(limits[1] / limits[0])
            if up - free >= layer.small * 1.3:
                place = (0, minutes)
                write(ax, text, place, layer, coords=("axes fraction", "data"), offset=(-6, 0), ha="right")
                free = up


def draw_lengths_along(ax: Axes, limits: tuple[float, float]) -> None:
    """Draw lengths on a logarithmic axis below."""
    ax.set_xscale("log")
    ax.set_xlim(*limits)
    marks = marks_within(limits)
    ax.set_xticks(list(marks), minor=False)
    ax.set_xticks([], minor=True)
    ax.tick_params(axis="x", which="both", length=3, labelbottom=False)
    ax.grid(axis="x", color=GRID, linewidth=0.7)
    width = size_of(ax)[0]
    for layer in LAYERS:
        free = -math.inf
        for minutes, text in marks.items():
            x, half = (
                width * math.log(minutes / limits[0]) / math.log(limits[1] / limits[0]),
                width_of(text, layer.small) / 2,
            )
            if x - half >= free:
                place = (minutes, 0)
                write(ax, text, place, layer, coords=("data", "axes fraction"), offset=(0, -5), ha="center", va="top")
                free = x + half + layer.small * 0.6


def draw_row_names(ax: Axes, names: Sequence[str], room: float) -> None:
    """Write a name to the left of each row; row 0 is the uppermost. On a narrow figure it stands above its row."""
    for n, name in enumerate(names):
        for layer in LAYERS:
            _row_name(ax, name, n, room, layer)


def _row_name(ax: Axes, name: str, row: int, room: float, layer: Layer) -> None:
    coords = ("axes fraction", "data")
    if layer is NARROW:
        shown = shortened(name, layer.small, size_of(ax)[0])
        write(ax, shown, (0, row), layer, coords=coords, offset=(-room + 4, 17), halo=True)
    else:
        write(ax, shortened(name, layer.small, room - 12), (0, row), layer, coords=coords, offset=(-8, 0), ha="right")
