"""The phases of an incident to scale, and the wrong paths beneath them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from postmortem_nb.analysis import Analysis
from postmortem_nb.analysis.moments import NAMES
from postmortem_nb.charts.chart import Chart, chart_of
from postmortem_nb.charts.flags import stack
from postmortem_nb.charts.marks import draw_heading, draw_time_axis
from postmortem_nb.charts.style import (
    AXIS,
    BAR,
    HATCH,
    INK,
    LAYERS,
    NARROW,
    NO_DATA,
    PAPER,
    PHASES,
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
from postmortem_nb.times import UNKNOWN, Instant, between, format_duration

STEPS = (
    ("start", ""),
    ("detect", "undetected"),
    ("ack", "unacknowledged"),
    ("identify", "diagnosing"),
    ("mitigate", "mitigating"),
    ("recover", "recovering"),
)
WITHOUT_DETECTION = {"ack": "unacknowledged", "identify": "undiagnosed", "mitigate": "severe", "recover": "impaired"}
COLORS = dict(zip((name for _, name in STEPS[1:]), PHASES, strict=True))
LEFT, RIGHT, BOTTOM = 30.0, 114.0, 44.0
THICK = 20.0  # points: the bar
PATH = 22.0  # points: the row of one wrong path
MOST_PATHS = 6
LEAST = pd.Timedelta(seconds=1)  # a shorter phase is not drawn


@dataclass(frozen=True)
class Phase:
    """One stretch of the response between two neighbouring known moments."""

    name: str
    start: Instant
    end: Instant

    @property
    def span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Best values of both ends."""
        assert self.start.best is not None and self.end.best is not None, "a phase lies between known moments"
        return self.start.best, self.end.best

    @property
    def length(self) -> pd.Timedelta:
        """How long it took."""
        return self.span[1] - self.span[0]

    @property
    def color(self) -> str:
        """Colour of what it ends with."""
        return COLORS.get(self.name.rpartition(" and ")[2], PHASES[0])

    def __str__(self) -> str:
        return f"{self.name} {format_duration(self.length)}"


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
    is_open = analysis.moments["recover"].is_pending

    def draw() -> Figure:
        lift = {layer.name: _height(phases, view, inner, layer) for layer in LAYERS}
        head = max(lift["wide"] + 18, lift["narrow"] + 26)
        body = THICK + 12 + PATH * len(paths)
        fig = figure(BAR[0], max(BAR[1], (head + body + BOTTOM) / POINTS))
        ax = axes(fig, LEFT, head, RIGHT, BOTTOM)
        draw_phases(ax, phases, view, is_open=is_open)
        draw_paths(ax, paths, view)
        draw_time_axis(ax, view)
        draw_heading(ax, "phases of the response", synthetic=synthetic, lift=lift)
        return fig

    alt, caption = _alt(analysis, phases, paths, is_open=is_open), _caption(phases, paths, skipped)
    return chart_of(draw, alt, caption, _table(phases, paths), synthetic=synthetic)


def find_phases(analysis: Analysis) -> tuple[list[Phase], list[str]]:
    """Return the phases between known moments, and the names of moments that are out of order.

    The longest run of moments in usual order counts; a phase whose end nobody recorded is joined with the next one.
    """
    happened = {m.name: m.instant for m in analysis.moments.known()}
    last = analysis.moments["recover"]
    if last.is_pending and last.instant.lo is not None:  # until the end of the record, at least
        happened["recover"] = Instant.exact(last.instant.lo, "measured")
    known = [(name, word, happened.get(name, UNKNOWN)) for name, word in STEPS]
    dated = [k for k in known if k[2].best is not None]
    best = max(
        (c for n in range(len(dated), 0, -1) for c in itertools.combinations(dated, n) if _in_order(c)),
        key=lambda c: (len(c), [name in ("start", "recover", "mitigate", "detect") for name, _, _ in c].count(True)),
        default=(),
    )
    phases = [
        Phase(_name(a, b, goes_on=last.is_pending), start, end)
        for (a, _, start), (b, _, end) in itertools.pairwise(best)
    ]
    kept = {name for name, _, _ in best}
    return [p for p in phases if p.length >= LEAST], [name for name, _, _ in dated if name not in kept]


def _name(first: str, last: str, *, goes_on: bool) -> str:
    """Return what the stretch between two moments is called, whatever was not recorded between them."""
    if last == "recover" and goes_on:
        return "not recovered"
    if first == "start" and last in WITHOUT_DETECTION:
        return WITHOUT_DETECTION[last]
    order = [name for name, _ in STEPS]
    between_them = STEPS[order.index(first) + 1 : order.index(last) + 1]
    return " and ".join(word for name, word in between_them if name in (last, "identify", "mitigate"))


def _in_order(steps: Sequence[tuple[str, str, Instant]]) -> bool:
    times = [s[2].best for s in steps]
    return all(a <= b for a, b in itertools.pairwise(times) if a is not None and b is not None)


def wrong_paths(analysis: Analysis) -> list[Hypothesis]:
    """Return the refuted hypotheses whose ends are known, the first ones in time order."""
    refuted = [
        h
        for h in analysis.incident.facts.hypotheses
        if h.verdict == "refuted" and h.start.best is not None and h.end.best is not None and h.end.best > h.start.best
    ]
    return sorted(refuted, key=lambda h: (h.start.best, h.end.best))[:MOST_PATHS]


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
        text = format_duration(phases[-1].span[1] - phases[0].span[0])
        text = text if not is_open else f"≥ {text}, open" if layer is WIDE else f"≥ {text}"
        write(ax, text, (end, (top + low) / 2), layer, color=INK, bold=True, offset=(8 + 8 * is_open, 0))
    if is_open:  # it goes on
        tip, middle = end + 9 / width * view.seconds, (top + low) / 2
        ax.fill([end, tip, end], [low, middle, top], color=phases[-1].color, linewidth=0, clip_on=False, zorder=3)


def _labels(phases: Sequence[Phase], view: View, width: float, layer: Layer) -> list[tuple[float, int, int, str]]:
    """Return place, row, side and text of the name of each phase; on a narrow figure only of those of some length."""
    if layer is NARROW and len(phases) > 4:
        longest = sorted(phases, key=lambda p: -p.length)[:4]
        phases = [p for p in phases if p in longest]
    xs = [view.x(p.span[0]) / view.seconds * width for p in phases]
    texts = [str(p) for p in phases]
    places = stack(xs, [width_of(t, layer.small) + 4 for t in texts], width + RIGHT - 4)
    return [(x, row, side, text) for x, (row, side), text in zip(xs, places, texts, strict=True)]


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
    cost = f" · {format_duration(between(path.start, path.end).value)}"
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


def _alt(analysis: Analysis, phases: Sequence[Phase], paths: Sequence[Hypothesis], *, is_open: bool) -> str:
    whole = format_duration(phases[-1].span[1] - phases[0].span[0])
    listed = ", ".join(str(p) for p in phases)
    lost = analysis.timing("time_lost")
    wrong = f" {len(paths)} wrong path{'s' if len(paths) > 1 else ''} took {lost.text} of it." if paths else ""
    if paths and not lost.duration.is_known:
        wrong = ""
    start = f"{phases[0].span[0]:%Y-%m-%d %H:%M}"
    total = f"at least {whole}, still open" if is_open else whole
    return f"From {start} UTC the incident went through these phases: {listed}; in all {total}.{wrong}"


def _caption(phases: Sequence[Phase], paths: Sequence[Hypothesis], skipped: Sequence[str]) -> str:
    parts = [
        "Phases to scale, each up to the moment that ends it; whiskers where a moment is only known within bounds."
    ]
    if paths:
        parts.append("Hatched: explanations that turned out wrong.")
    if phases[0].name in WITHOUT_DETECTION.values():
        parts.append("No detection is recorded between the onset and the next moment known.")
    if any(" and " in p.name for p in phases):
        parts.append("Phases are joined where the moment between them was not recorded.")
    if skipped:
        names = ", ".join(NAMES[n] for n in skipped)
        parts.append(f"Out of the usual order and therefore no boundary here: {names}.")
    return " ".join(parts)


def _table(phases: Sequence[Phase], paths: Sequence[Hypothesis]) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = [
        (p.name, *p.span, format_duration(p.length), f"{p.start.basis} to {p.end.basis}") for p in phases
    ]
    rows += [
        (f"wrong path: {h.text}", h.start.best, h.end.best, str(between(h.start, h.end)), "declared") for h in paths
    ]
    return pd.DataFrame(rows, columns=["phase", "from", "to", "length", "basis"])
