"""One strip to scale with a lane each for alerts, changes, people and impact, so that gaps are seen as gaps."""

from __future__ import annotations

import itertools

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from postmortem_nb.analysis import Analysis
from postmortem_nb.charts.chart import Chart, chart_of
from postmortem_nb.charts.lanes import LANES, Mark, find_marks, longest_silence
from postmortem_nb.charts.marks import draw_heading, draw_time_axis, draw_windows
from postmortem_nb.charts.phases import printed, wrong_paths
from postmortem_nb.charts.style import (
    AXIS,
    CONTEXT,
    GRID,
    HATCH,
    IMPACT,
    INK,
    LAYERS,
    NO_DATA,
    PAPER,
    POINTS,
    QUIET,
    SIGNAL,
    STRIP,
    WARNING,
    WIDE,
    axes,
    figure,
    shortened,
    size_of,
    width_of,
    write,
)
from postmortem_nb.charts.view import View, choose_view, span_of
from postmortem_nb.times import Duration, Interval, between, format_duration, format_window

COLORS = {"alerts": WARNING, "changes": SIGNAL, "people": CONTEXT, "impact": IMPACT}
MARKERS = {"alerts": "^", "changes": "D", "people": "o", "impact": "s"}
LEFT, RIGHT, HEAD, BOTTOM = 78.0, 14.0, 26.0, 44.0
LANE = 24.0  # points
ROWS = 60  # of the table
TELLING = 15  # letters: a text that is cut to fewer tells nothing


def chart_timeline(analysis: Analysis) -> Chart | None:
    """Return the strip; None if nothing but the impact itself has a time."""
    marks = find_marks(analysis)
    view = _view(analysis, marks)
    if view is None or not marks:
        return None
    shown = [m for m in marks if view.holds(m.time)]
    synthetic = bool(analysis.incident.facts.synthetic)
    beyond = len(marks) - len(shown)

    def draw() -> Figure:
        fig = figure(STRIP[0], max(STRIP[1], (HEAD + LANE * len(LANES) + BOTTOM) / POINTS))
        ax = axes(fig, LEFT, HEAD, RIGHT, BOTTOM)
        draw_lanes(ax, shown, analysis, view)
        draw_time_axis(ax, view)
        draw_heading(ax, "what happened when", synthetic=synthetic)
        return fig

    return chart_of(draw, _alt(analysis, shown, view), _caption(analysis, beyond), _table(shown), synthetic=synthetic)


def _view(analysis: Analysis, marks: list[Mark]) -> View | None:
    """Return the shared view, or one that holds the marks where no moment is known."""
    if analysis.windows or any(analysis.moments.known()):
        return choose_view(analysis)
    return span_of([m.time for m in marks])


def draw_lanes(ax: Axes, marks: list[Mark], analysis: Analysis, view: View) -> None:
    """Draw one lane under another: alerts as bars while they fire, the rest as points, impact as bars."""
    _, height = size_of(ax)
    ax.set_ylim(-height, 0)
    ax.set_yticks([])
    lane_height = height / len(LANES)
    draw_windows(ax, analysis.windows, view)
    for n, lane in enumerate(LANES):
        y = -lane_height * (n + 0.5)
        ax.axhline(y, color=GRID, linewidth=0.7, zorder=0.5)
        for layer in LAYERS:
            write(ax, lane, (0, y), layer, color=INK, coords=("axes fraction", "data"), offset=(-7, 0), ha="right")
        inside = [m for m in marks if m.lane == lane]
        _draw_lane(ax, inside, lane, y, view)
        _name_marks(ax, inside, y, view)
    _draw_impact(ax, analysis, -lane_height * (len(LANES) - 0.5), view)
    _draw_paths(ax, analysis, -lane_height * (list(LANES).index("people") + 0.5), view)


def _draw_lane(ax: Axes, marks: list[Mark], lane: str, y: float, view: View) -> None:
    color, scale = COLORS[lane], size_of(ax)[0] / view.seconds
    for m in marks:
        if m.end is not None:
            _bar(ax, view.x(m.time), view.x(m.end), y, 2.5, color)
        if m.hi - m.lo > pd.Timedelta(minutes=1) and (view.x(m.hi) - view.x(m.lo)) * scale > 6:
            ax.plot([view.x(m.lo), view.x(m.hi)], [y, y], color=AXIS, linewidth=1.2, zorder=2.5)
    filled = [m for m in marks if m.basis != "declared"]
    hollow = [m for m in marks if m.basis == "declared"]
    for part, face in ((filled, color), (hollow, PAPER)):
        xs = [view.x(m.time) for m in part]
        ax.plot(
            xs,
            [y] * len(xs),
            linestyle="none",
            marker=MARKERS[lane],
            markersize=6,
            color=color,
            markerfacecolor=face,
            markeredgewidth=1.2,
            clip_on=False,
            zorder=4,
        )


def _name_marks(ax: Axes, marks: list[Mark], y: float, view: View) -> None:
    """Write what a mark is behind it where the lane is free up to the next one; only on wide figures."""
    width, _ = size_of(ax)
    reach = 0.0
    for m, following in itertools.zip_longest(marks, marks[1:]):
        reach = max(reach, *(view.x(t) for t in (m.time, m.hi, m.end) if t is not None))
        until = view.x(min(following.lo, following.time)) if following else view.seconds
        text = shortened(m.text, WIDE.small, min((until - reach) / view.seconds * width - 18, 190))
        is_stump = text.endswith("…") and len(text) <= TELLING
        if width_of(text, WIDE.small) > 36 and not is_stump:
            write(ax, text, (reach, y), WIDE, color=QUIET, offset=(8, 0))


def _draw_impact(ax: Axes, analysis: Analysis, y: float, view: View) -> None:
    """Draw the impact windows as bars with their lengths before them, where there is room for it.

    Where none was measured, the declared impact is a hollow bar.
    """
    scale, free = size_of(ax)[0] / view.seconds, {layer: 0.0 for layer in LAYERS}
    for window in analysis.windows:
        a, b = (view.x(t) for t in window.span)
        _bar(ax, a, b, y, 5.0, IMPACT)
        for layer in LAYERS:
            text = printed(window.duration, brief=layer is not WIDE)
            if a * scale - width_of(text, layer.small) - 8 > free[layer]:
                write(ax, text, (a, y), layer, color=INK, offset=(-5, 0), ha="right")
            free[layer] = b * scale
    declared = declared_impact(analysis)
    if declared:
        span, length = declared
        a, b = (view.x(t) for t in span)
        ys = [y - 5, y - 5, y + 5, y + 5]
        ax.fill([a, b, b, a], ys, facecolor=PAPER, edgecolor=IMPACT, linewidth=1.2, zorder=3)
        for layer in LAYERS:
            text = f"declared, {printed(length)}" if layer is WIDE else "declared"
            for room, at, side in ((a * scale, a, "right"), ((b - a) * scale, (a + b) / 2, "center")):
                if width_of(text, layer.small) + 10 < room and not (side == "center" and layer is not WIDE):
                    write(ax, text, (at, y), layer, color=INK, offset=(-5 * (side == "right"), 0), ha=side)
                    break


def declared_impact(analysis: Analysis) -> tuple[Interval, Duration] | None:
    """Return start, end and length of the impact as people declared it; None where one was measured."""
    start, end = analysis.moments.at("start"), analysis.moments.at("recover")
    is_over = "recover" in analysis.moments and not analysis.moments["recover"].is_pending
    if analysis.windows or not is_over or start.best is None or end.best is None or end.best <= start.best:
        return None
    return (start.best, end.best), between(start, end)


def _draw_paths(ax: Axes, analysis: Analysis, y: float, view: View) -> None:
    """Hatch the stretches that were spent on explanations that turned out wrong, under the people's lane."""
    for h in wrong_paths(analysis, most=None):
        assert h.start.best is not None and h.end.best is not None, "a wrong path has both ends"
        a, b = view.x(h.start.best), view.x(h.end.best)
        ys = [y - 9.5, y - 9.5, y - 5.5, y - 5.5]
        ax.fill([a, b, b, a], ys, facecolor=NO_DATA, edgecolor=HATCH, hatch="///", linewidth=0.5, zorder=2)


def _bar(ax: Axes, a: float, b: float, y: float, half: float, color: str) -> None:
    ax.fill([a, b, b, a], [y - half, y - half, y + half, y + half], color=color, linewidth=0, zorder=3)


def _alt(analysis: Analysis, marks: list[Mark], view: View) -> str:
    counts = {lane: sum(m.lane == lane for m in marks) for lane in LANES}
    counts["impact"] = len(analysis.windows)
    words = {"alerts": "alert or page", "changes": "change", "people": "step by people", "impact": "impact window"}
    plural = {
        "alerts": "alerts and pages",
        "changes": "changes",
        "people": "steps by people",
        "impact": "impact windows",
    }
    listed = ", ".join(f"{n} {words[lane] if n == 1 else plural[lane]}" for lane, n in counts.items())
    silence = longest_silence(marks, analysis)
    quiet = (
        f" The longest stretch of the impact without a recorded step by people is {format_window(silence)}, "
        f"{format_duration(silence[1] - silence[0])}."
        if silence
        else ""
    )
    declared = declared_impact(analysis)
    said = f" The impact was declared, not measured: {format_window(declared[0])}." if declared else ""
    return f"From {format_window((view.start, view.end))}: {listed}.{said}{quiet}"


def _caption(analysis: Analysis, beyond: int) -> str:
    parts = ["a thin bar is an alert while it fired"]
    if analysis.windows:
        parts.append("the broad bar the measured impact")
    elif declared_impact(analysis):
        parts.append("the broad hollow bar the declared impact")
    if wrong_paths(analysis):
        parts.append("hatched what was spent on wrong explanations")
    lie, are = ("lies", "is") if beyond == 1 else ("lie", "are")
    more = f" {beyond} more {lie} outside this stretch and {are} in the list below." if beyond else ""
    marks = "Hollow marks were declared by people, filled ones stamped by tools"
    return f"To scale. {marks}; {', '.join(parts)}.{more}"


def _table(marks: list[Mark]) -> pd.DataFrame:
    rows = [(m.time, m.lane, m.kind, m.text, m.basis) for m in marks[:ROWS]]
    return pd.DataFrame(rows, columns=["time", "lane", "kind", "text", "basis"])
