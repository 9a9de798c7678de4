"""Marks that several figures share: the time axis, impact windows, stretches without data, values on an axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from postmortem_nb.charts.style import (
    EDGE,
    GRID,
    HATCH,
    IMPACT,
    INK,
    LAYERS,
    NARROW,
    NO_DATA,
    QUIET,
    TINT,
    WIDE,
    Layer,
    room_beside,
    shortened,
    size_of,
    width_of,
    write,
)
from postmortem_nb.charts.view import DAY, View
from postmortem_nb.times import Interval, Window

SYNTHETIC = "synthetic"
BOLD = 1.12  # how much wider bold text is


def draw_time_axis(ax: Axes, view: View, *, labels: bool = True) -> None:
    """Draw clock times (UTC) on round ticks, the date under the first and wherever it changes."""
    width, _ = size_of(ax)
    ax.set_xlim(0, view.seconds)
    wide = view.ticks(_most(width, view, WIDE))
    ax.set_xticks([view.x(t) for t in wide])
    ax.tick_params(axis="x", length=3, labelbottom=False)
    ax.grid(axis="x", color=GRID, linewidth=0.7)
    if not labels:
        return
    for layer in LAYERS:
        most = _most(width, view, layer)
        _label_ticks(ax, view, view.ticks(most) or [view.start], view.step(most), layer)


def _label_ticks(ax: Axes, view: View, ticks: list[pd.Timestamp], step: int, layer: Layer) -> None:
    """Write times under ticks, and under the first of each day its date, the zone beside the first of all.

    What the edge of the figure would cut, or what would touch its neighbour, is left out.
    """
    width, _ = size_of(ax)
    before, after = room_beside(ax)
    below = ("data", "axes fraction")
    day, free = "", -math.inf
    for t in ticks:
        text = f"{t:%m-%d}" if step >= DAY else f"{t:%H:%M:%S}" if step < 60 else f"{t:%H:%M}"
        x, half = view.x(t) / view.seconds * width, width_of(text, layer.small) / 2
        if x - half < -before or x + half > width + after:
            continue
        write(ax, text, (view.x(t), 0), layer, coords=below, offset=(0, -5), ha="center", va="top")
        date = f"{t:%Y}" if step >= DAY else f"{t:%Y-%m-%d}"
        name = date if day else f"{date} UTC"
        left, right = x - half, x - half + width_of(name, layer.small)
        if date != day and left >= free and right <= width + after:
            write(ax, name, (view.x(t), 0), layer, coords=below, offset=(-half, -5 - layer.row), va="top")
            day, free = date, right + 8


def _most(width: float, view: View, layer: Layer) -> int:
    """Return how many tick labels fit beside each other."""
    most = max(2, int(width / (width_of("00:00", layer.small) * 1.55)))
    if view.step(most) < 60:  # its labels have seconds
        most = max(2, int(width / (width_of("00:00:00", layer.small) * 1.35)))
    return most


def draw_windows(ax: Axes, windows: Iterable[Window], view: View) -> None:
    """Shade impact windows; where an edge may lie anywhere in [lo, hi], the shade is lighter and hatched."""
    for window in windows:
        onset, recovery = window.onset, window.recovery
        start, end = window.span
        sure_from, sure_to = onset.hi or start, recovery.lo or end
        uncertain = [
            (onset.lo or onset.best, sure_from),
            (sure_to, recovery.hi or end),
        ]
        if sure_to > sure_from:
            ax.axvspan(view.x(sure_from), view.x(sure_to), facecolor=TINT, linewidth=0, zorder=0.2)
        for a, b in uncertain:
            if a is not None and b > a:
                ax.axvspan(view.x(a), view.x(b), facecolor=EDGE, edgecolor=TINT, hatch="///", linewidth=0, zorder=0.1)


def draw_gaps(ax: Axes, gaps: Iterable[Interval], view: View) -> None:
    """Hatch stretches without data in grey and say so where there is room."""
    scale = size_of(ax)[0] / view.seconds
    for a, b in gaps:
        left, right = view.x(a), view.x(b)
        if right <= left:
            continue
        ax.axvspan(left, right, facecolor=NO_DATA, edgecolor=HATCH, hatch="///", linewidth=0, zorder=0.3)
        for layer in LAYERS:
            text = "no data"
            if (right - left) * scale >= width_of(text, layer.small) + 4:
                write(
                    ax, text, ((left + right) / 2, 0.5), layer, coords=("data", "axes fraction"), ha="center", color=INK
                )


def gaps_of(time: pd.Series, known: np.ndarray, step: pd.Timedelta, view: View, *, binned: bool) -> list[Interval]:
    """Return the stretches of a view that a series says nothing about.

    Parameters
    ----------
    time : Series
        Rows on the series' grid.
    known : ndarray of bool
        Whether each row has a value.
    step : Timedelta
        Distance between rows.
    binned : bool
        Whether a row stands for the bin that begins at its time; a sample speaks for the time around it.
    """
    here = time[known]
    if here.empty:
        return [(view.start, view.end)]
    after = step if binned else pd.Timedelta(0)
    ends, starts = here.to_list()[:-1], here.to_list()[1:]
    longest = step * 1.5 + (pd.Timedelta(0) if binned else step * 0.75)  # one lost sample breaks the line, no more
    found = [(a + after, b) for a, b in zip(ends, starts, strict=True) if b - a > longest]
    if here.iloc[0] - view.start > 2 * step:
        found.insert(0, (view.start, here.iloc[0]))
    if view.end - here.iloc[-1] > 2 * step:
        found.append((here.iloc[-1] + after, view.end))
    return found


def draw_value_axis(
    ax: Axes, low: float, high: float, show: Callable[[float, float], str], *, most: int = 4, head: float = 0.0
) -> None:
    """Draw a value axis with few round ticks and light lines.

    Parameters
    ----------
    show : callable
        Prints a tick; its second argument is the distance between ticks.
    head : float
        Points to keep free above the highest value.
    """
    height = size_of(ax)[1]
    ticks = round_ticks(low, high, most)
    ax.set_ylim(low, low + (high - low) * height / max(height - head, height / 2))
    ax.set_yticks(ticks)
    ax.tick_params(axis="y", length=0, labelleft=False)
    ax.grid(axis="y", color=GRID, linewidth=0.7)
    for layer in LAYERS:
        room = layer.small * 1.7
        every = max(1, math.ceil(len(ticks) * room / height))
        for tick in ticks[::every]:
            text = show(tick, ticks[1] - ticks[0] if len(ticks) > 1 else high)
            up = (tick - low) / (ax.get_ylim()[1] - low) * height
            lift = max(layer.small * 0.4 - up, 0.0) if layer is NARROW else 0.0  # clear of the time below it
            write(ax, text, (0, tick), layer, coords=("axes fraction", "data"), offset=(-6, lift), ha="right")


def round_ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most so many round steps from low to the first that reaches high.

    >>> round_ticks(0, 0.62, 4)
    [0.0, 0.2, 0.4, 0.6]
    """
    if not high > low:
        return [low]
    rough = (high - low) / most
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def draw_heading(
    ax: Axes, text: str, *, color: str = QUIET, synthetic: bool = False, lift: Mapping[str, float] | None = None
) -> None:
    """Write above the plot what it measures, and the stamp of drawn telemetry into the corner opposite.

    Parameters
    ----------
    lift : mapping, optional
        Layer → points between the plot and its heading, where flags stand between them.
    """
    width = size_of(ax)[0] / ax.get_position().width
    corner = ("figure fraction", "axes fraction")
    for layer in LAYERS:
        up = 3 + (lift or {}).get(layer.name, 0.0)
        stamp = width_of(SYNTHETIC, layer.small) + 12 if synthetic else 0.0
        shown = shortened(text, layer.size * BOLD, width - 12 - stamp)
        write(ax, shown, (0, 1), layer, small=False, bold=True, color=color, coords=corner, offset=(4, up), va="bottom")
        if synthetic:
            write(ax, SYNTHETIC, (1, 1), layer, color=IMPACT, coords=corner, offset=(-4, up), ha="right", va="bottom")
