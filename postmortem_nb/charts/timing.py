"""The phases of an incident to scale, and the wrong paths beneath them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from postmortem_nb.analysis import Analysis
from postmortem_nb.analysis.moments import NAMES
from postmortem_nb.charts.chart import Chart, chart_of
from postmortem_nb.charts.flags import stack
from postmortem_nb.charts.marks import BOLD, draw_heading, draw_time_axis
from postmortem_nb.charts.phases import (
    JOIN,
    WITHOUT_DETECTION,
    Phase,
    find_phases,
    healthy_gaps,
    length_of,
    printed,
    wrong_paths,
)
from postmortem_nb.charts.style import (
    AXIS,
    BAR,
    HATCH,
    INK,
    LAYERS,
    NARROW,
    NO_DATA,
    PAPER,
    POINTS,
    QUIET,
    WIDE,
    Layer,
    axes,
    figure,
    shortened,
    size_of,
    width_of,
    write,
)
from postmortem_nb.charts.view import View, span_of
from postmortem_nb.incident import Hypothesis
from postmortem_nb.times import Duration, Instant, Interval, between, format_duration

LEFT, RIGHT, BOTTOM = 30.0, 114.0, 44.0
THICK = 20.0  # points: the bar
PATH = 22.0  # points: the row of one wrong path


def chart_timing(analysis: Analysis) -> Chart | None:
    """Return the phases end to end, with wrong paths as rows beneath; None if fewer than two moments are known."""
    phases, skipped = find_phases(analysis)
    if not phases:
        return None
    paths = wrong_paths(analysis)
    instants = [i for p in phases for i in (p.start, p.end)] + [i for h in paths for i in (h.start, h.end)]
    view = span_of([t for i in instants for t in (i.lo, i.best, i.hi)])
    assert view is not None, "a phase has both ends"
    synthetic = bool(analysis.incident.facts.synthetic)
    inner = BAR[0] * POINTS - LEFT - RIGHT
    is_open, gaps = analysis.moments["recover"].is_pending, healthy_gaps(analysis)

    def draw() -> Figure:
        lift = {layer.name: _height(phases, view, inner, layer) for layer in LAYERS}
        head = max(lift["wide"] + 18, lift["narrow"] + 26)
        body = THICK + 12 + PATH * len(paths)
        fig = figure(BAR[0], max(BAR[1], (head + body + BOTTOM) / POINTS))
        ax = axes(fig, LEFT, head, RIGHT, BOTTOM)
        draw_phases(ax, phases, view, is_open=is_open)
        draw_health(ax, gaps, view)
        draw_paths(ax, paths, view)
        draw_time_axis(ax, view)
        draw_heading(ax, "phases of the response", synthetic=synthetic, lift=lift)
        return fig

    caption = _caption(phases, paths, skipped, is_broken=bool(gaps))
    return chart_of(draw, _alt(analysis, phases, paths), caption, _table(phases, paths), synthetic=synthetic)


def draw_phases(ax: Axes, phases: Sequence[Phase], view: View, *, is_open: bool = False) -> None:
    """Draw phases as one bar with their names and lengths above it, and whiskers where a boundary is uncertain."""
    width, height = size_of(ax)
    ax.set_ylim(-height, 0)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    top, low = -6.0, -6.0 - THICK
    for phase in phases:
        a, b = (view.x(t) for t in phase.span)
        ax.fill([a, b, b, a], [low, low, top, top], color=phase.color, edgecolor=PAPER, linewidth=1.2, zorder=3)
    ends = [_whisker(ax, i, view, (top + low) / 2) for p in phases for i in (p.start, p.end)]
    end = max([view.x(phases[-1].span[1]), *ends])
    for layer in LAYERS:
        for x, row, side, text in _labels(phases, view, width, layer):
            at, up = x / width * view.seconds, 5 + (row + 0.5) * layer.row
            ax.plot([at, at], [low, up], color=AXIS, linewidth=0.8, clip_on=False, zorder=3.5, gid=layer.name)
            write(ax, text, (at, 0), layer, color=INK, offset=(side * 4, up), ha="left" if side > 0 else "right")
        text = _total(phases, layer, RIGHT - 10 - 8 * is_open)
        write(ax, text, (end, (top + low) / 2), layer, color=INK, bold=True, offset=(8 + 8 * is_open, 0))
    if is_open:  # it goes on
        tip, middle = end + 9 / width * view.seconds, (top + low) / 2
        ax.fill([end, tip, end], [low, middle, top], color=phases[-1].color, linewidth=0, clip_on=False, zorder=3)


def draw_health(ax: Axes, gaps: Sequence[Interval], view: View) -> None:
    """Make the bar of the phases pale where the service was healthy between two impact windows."""
    for a, b in gaps:
        left, right = view.x(a), view.x(b)
        xs, ys = [left, right, right, left], [-6.0 - THICK, -6.0 - THICK, -6.0, -6.0]
        ax.fill(xs, ys, facecolor=PAPER, alpha=0.65, linewidth=0, zorder=3.2)


def _whole(phases: Sequence[Phase]) -> Duration:
    return length_of(phases[0].start, phases[-1].end, goes_on=phases[-1].goes_on)


def _total(phases: Sequence[Phase], layer: Layer, room: float) -> str:
    """Return how long all phases took together, in the longest form that fits behind the bar."""
    whole = _whole(phases)
    if phases[-1].goes_on and whole.lo is not None:
        least = f"≥ {format_duration(whole.lo)}"
        return f"{least}, open" if layer is WIDE else least
    best = f"about {format_duration(phases[-1].span[1] - phases[0].span[0])}"
    texts = (printed(whole), printed(whole, brief=True), best)
    return next((t for t in texts if width_of(t, layer.small) * BOLD <= room), "")


def _labels(phases: Sequence[Phase], view: View, width: float, layer: Layer) -> list[tuple[float, int, int, str]]:
    """Return place, row, side and text of the name of each phase; on a narrow figure only those of some length."""
    if layer is NARROW and len(phases) > 4:
        longest = sorted(phases, key=lambda p: -p.length)[:4]
        phases = [p for p in phases if p in longest]
    xs = [view.x(p.span[0]) / view.seconds * width for p in phases]
    room = width + RIGHT - 4
    texts = [_label(p, max(room - x, x) - 4, layer) for x, p in zip(xs, phases, strict=True)]
    places = stack(xs, [width_of(t, layer.small) + 4 for t in texts], room)
    return [(x, row, side, text) for x, (row, side), text in zip(xs, places, texts, strict=True)]


def _label(phase: Phase, room: float, layer: Layer) -> str:
    """Return name and length of a phase; without the bounds of a nearly sure one where there is no room for them."""
    brief = f"{phase.name} {printed(phase.duration, brief=True)}"
    if layer is WIDE and width_of(str(phase), layer.small) <= room:
        return str(phase)
    return shortened(brief, layer.small, room)


def _height(phases: Sequence[Phase], view: View, width: float, layer: Layer) -> float:
    return (max(row for _, row, _, _ in _labels(phases, view, width, layer)) + 1) * layer.row + 5


def _whisker(ax: Axes, instant: Instant, view: View, y: float) -> float:
    """Draw the bounds of an instant, unless they are only the precision of a written minute; return where they end."""
    lo, hi = instant.lo, instant.hi
    if lo is None or hi is None:
        return 0.0
    a, b = view.x(lo), view.x(hi)
    share = (b - a) / view.seconds
    if share * size_of(ax)[0] < 4 or (hi - lo <= pd.Timedelta(minutes=1) and share < 0.05):
        return 0.0
    for xs, ys in (([a, b], [y, y]), ([a, a], [y - 3, y + 3]), ([b, b], [y - 3, y + 3])):
        ax.plot(xs, ys, color=INK, linewidth=0.9, clip_on=False, zorder=4)
    return b


def draw_paths(ax: Axes, paths: Sequence[Hypothesis], view: View) -> None:
    """Draw wrong paths as hatched bars, one row each, with what was believed beside them."""
    width, _ = size_of(ax)
    for n, path in enumerate(paths):
        assert path.start.best is not None and path.end.best is not None, "callers pass paths with both ends"
        a, b = view.x(path.start.best), view.x(path.end.best)
        middle = -6 - THICK - 6 - PATH * (n + 0.5)
        low, top = middle - 5, middle + 5
        ax.fill(
            [a, b, b, a], [low, low, top, top], facecolor=NO_DATA, edgecolor=HATCH, hatch="///", linewidth=0.8, zorder=3
        )
        reach = [_whisker(ax, instant, view, middle) for instant in (path.start, path.end)]
        for layer in LAYERS:
            _beside(ax, path, (a, max(b, *reach)), middle, layer, width / view.seconds)


def _beside(ax: Axes, path: Hypothesis, bar: tuple[float, float], y: float, layer: Layer, scale: float) -> None:
    """Write a path's text on the side of its bar that has more room."""
    cost = f" · {printed(between(path.start, path.end), brief=layer is not WIDE)}"
    width = size_of(ax)[0]
    left, right = bar[0] * scale - 10 + LEFT, width + RIGHT - bar[1] * scale - 12
    on_right = right >= min(left, 0.45 * width)
    room = (right if on_right else left) - width_of(cost, layer.small)
    said = shortened(f"wrong: {path.text}" if layer is WIDE else path.text, layer.small, room)
    write(
        ax,
        f"{said}{cost}",
        (bar[1] if on_right else bar[0], y),
        layer,
        color=QUIET,
        offset=(6 if on_right else -6, 0),
        ha="left" if on_right else "right",
    )


def _alt(analysis: Analysis, phases: Sequence[Phase], paths: Sequence[Hypothesis]) -> str:
    listed = "; ".join(str(p) for p in phases)
    lost = analysis.timing("time_lost")
    wrong = f" {len(paths)} wrong path{'s' if len(paths) > 1 else ''} took {lost.text} of it." if paths else ""
    if paths and not lost.duration.is_known:
        wrong = ""
    start = f"{phases[0].span[0]:%Y-%m-%d %H:%M}"
    total = f"{printed(_whole(phases))}{', still open' if phases[-1].goes_on else ''}"
    return f"From {start} UTC the incident went through these phases: {listed}. In all {total}.{wrong}"


def _caption(phases: Sequence[Phase], paths: Sequence[Hypothesis], skipped: Sequence[str], *, is_broken: bool) -> str:
    parts = [
        "Phases to scale, each up to the moment that ends it; whiskers where a moment is only known within bounds."
    ]
    if is_broken:
        parts.append("Pale: the service was healthy between two impact windows.")
    if paths:
        parts.append("Hatched: explanations that turned out wrong.")
    if phases[0].name in WITHOUT_DETECTION.values():
        parts.append("No detection is recorded between the onset and the next moment known.")
    if any(JOIN in p.name for p in phases):
        parts.append("Phases are joined where the moment between them was not recorded.")
    if skipped:
        names, is_one = ", ".join(NAMES[n] for n in skipped), len(skipped) == 1
        parts.append(f"Not drawn: {names}, because {'it' if is_one else 'they'} came out of the usual order.")
    return " ".join(parts)


def _table(phases: Sequence[Phase], paths: Sequence[Hypothesis]) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = [
        (p.name, *p.span, printed(p.duration), f"{p.start.basis} to {p.end.basis}") for p in phases
    ]
    rows += [
        (f"wrong path: {h.text}", h.start.best, h.end.best, printed(between(h.start, h.end)), "declared") for h in paths
    ]
    return pd.DataFrame(rows, columns=["phase", "from", "to", "length", "basis"])
