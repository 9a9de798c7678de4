"""One strip to scale with a lane each for alerts, changes, people and impact, so that gaps are seen as gaps."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from postmortem_nb.analysis import Analysis
from postmortem_nb.charts.chart import Chart, chart_of
from postmortem_nb.charts.marks import draw_heading, draw_time_axis, draw_windows
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
from postmortem_nb.incident import MILESTONES
from postmortem_nb.times import format_duration, format_window

LANES = {
    "alerts": ("alert", "page"),
    "changes": ("change", "deploy", "deployment", "rollback", "config", "flag"),
    "people": (
        "detection",
        "acknowledgement",
        "action",
        "escalation",
        "communication",
        "decision",
        "observation",
        "report",
        "hypothesis",
        "refuted",
        "confirmed",
        "milestone",
        "status",
    ),
    "impact": (),
}
STEPS = ("detected", "acknowledged", "declared", "engaged", "identified", "resolved", "published", "closed")
DONE = {MILESTONES[name].capitalize() for name in STEPS}
COLORS = {"alerts": WARNING, "changes": SIGNAL, "people": CONTEXT, "impact": IMPACT}
MARKERS = {"alerts": "^", "changes": "D", "people": "o", "impact": "s"}
LEFT, RIGHT, HEAD, BOTTOM = 78.0, 14.0, 26.0, 44.0
LANE = 24.0  # points
ROWS = 60  # of the table


@dataclass(frozen=True)
class Mark:
    """One event in its lane."""

    lane: str
    time: pd.Timestamp
    lo: pd.Timestamp
    hi: pd.Timestamp
    end: pd.Timestamp | None
    kind: str
    text: str
    basis: str


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

    return chart_of(draw, _alt(analysis, shown, view), _caption(beyond), _table(shown), synthetic=synthetic)


def find_marks(analysis: Analysis) -> list[Mark]:
    """Return the rows of the timeline that belong into a lane, in time order.

    Of the declared milestones only those that are something people did: impact has a lane of its own.
    """
    lane_of = {kind: lane for lane, kinds in LANES.items() for kind in kinds}
    marks = []
    for row in analysis.timeline.to_dict("records"):
        lane = lane_of.get(str(row["kind"]))
        is_impact = row["kind"] == "milestone" and row["text"] not in DONE
        if lane is None or is_impact or pd.isna(row["time"]):
            continue
        lo, hi = (row["time"] if pd.isna(row[c]) else row[c] for c in ("time_lo", "time_hi"))
        end = None if pd.isna(row["end"]) or row["kind"] == "hypothesis" else row["end"]
        marks.append(Mark(lane, row["time"], lo, hi, end, str(row["kind"]), str(row["text"]), str(row["basis"])))
    return marks


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
        if width_of(text, WIDE.small) > 36:
            write(ax, text, (reach, y), WIDE, color=QUIET, offset=(8, 0))


def _draw_impact(ax: Axes, analysis: Analysis, y: float, view: View) -> None:
    """Draw the impact windows as bars with their lengths before them, where there is room for it."""
    scale, free = size_of(ax)[0] / view.seconds, {layer: 0.0 for layer in LAYERS}
    for window in analysis.windows:
        a, b = (view.x(t) for t in window.span)
        _bar(ax, a, b, y, 5.0, IMPACT)
        text = f"{'≥ ' if window.is_open else ''}{format_duration(window.span[1] - window.span[0])}"
        for layer in LAYERS:
            if a * scale - width_of(text, layer.small) - 8 > free[layer]:
                write(ax, text, (a, y), layer, color=INK, offset=(-5, 0), ha="right")
            free[layer] = b * scale


def _draw_paths(ax: Axes, analysis: Analysis, y: float, view: View) -> None:
    """Hatch the stretches that were spent on explanations that turned out wrong, under the people's lane."""
    for h in analysis.incident.facts.hypotheses:
        if h.verdict == "refuted" and h.start.best is not None and h.end.best is not None and h.end.best > h.start.best:
            a, b = view.x(h.start.best), view.x(h.end.best)
            ax.fill(
                [a, b, b, a],
                [y - 9.5, y - 9.5, y - 5.5, y - 5.5],
                facecolor=NO_DATA,
                edgecolor=HATCH,
                hatch="///",
                linewidth=0.5,
                zorder=2,
            )


def _bar(ax: Axes, a: float, b: float, y: float, half: float, color: str) -> None:
    ax.fill([a, b, b, a], [y - half, y - half, y + half, y + half], color=color, linewidth=0, zorder=3)


def longest_silence(marks: list[Mark], analysis: Analysis) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the longest stretch of the impact in which no person is on record as having done anything."""
    if not analysis.windows:
        return None
    start, end = analysis.windows[0].span[0], analysis.windows[-1].span[1]
    times = sorted(m.time for m in marks if m.lane == "people" and start <= m.time <= end)
    ends = [start, *times, end]
    return max(itertools.pairwise(ends), key=lambda pair: (pair[1] - pair[0], -pair[0].value)) if times else None


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
    return f"From {format_window((view.start, view.end))}: {listed}.{quiet}"


def _caption(beyond: int) -> str:
    more = f" {beyond} more lie outside this stretch and are in the list below." if beyond else ""
    return (
        "To scale. Hollow marks were declared by people, filled ones stamped by tools; a thin bar is an alert while it "
        f"fired, the broad bar the measured impact, hatched what was spent on wrong explanations.{more}"
    )


def _table(marks: list[Mark]) -> pd.DataFrame:
    rows = [(m.time, m.lane, m.kind, m.text, m.basis) for m in marks[:ROWS]]
    return pd.DataFrame(rows, columns=["time", "lane", "kind", "text", "basis"])
