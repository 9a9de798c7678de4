"""Milestones as thin vertical rules with short flags above the plot, stacked so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

from postmortem_nb.analysis import Analysis
from postmortem_nb.analysis.comparison import CONTRADICTS
from postmortem_nb.charts.style import AXIS, INK, LAYERS, PAPER, QUIET, WIDE, Layer, size_of, width_of, write
from postmortem_nb.charts.view import View, clock
from postmortem_nb.times import Instant

WORDS = {
    "change": "change",
    "start": "onset",
    "detect": "detected",
    "ack": "acknowledged",
    "declare": "declared",
    "identify": "cause identified",
    "mitigate": "mitigated",
    "recover": "recovered",
    "resolve": "resolved",
}
FIRST = ("start", "detect", "recover", "mitigate")  # where there is room for few flags, these
MARKERS = {"measured": ("o", True), "system": ("D", True), "declared": ("o", False), "inferred": ("s", False)}
GAP = 8.0  # points between the text of two flags
POLE = {"wide": 6.0, "narrow": 10.0}  # points from a rule to its text
NARROW = pd.Timedelta(minutes=1)  # bounds this near are only the precision in which a time was written


@dataclass(frozen=True)
class Flag:
    """One moment to mark: its name in the event model, when, and the words for it."""

    moment: str
    instant: Instant
    words: str

    @property
    def basis(self) -> str:
        """Where its time comes from."""
        return self.instant.basis

    def text(self, view: View, layer: Layer) -> str:
        """Return ``detected 02:17 · declared``; without the basis where room is short."""
        words = self.words.split(", ")
        brief = f"{words[0]} +{len(words) - 1}" if layer is not WIDE and len(words) > 2 else self.words
        short = f"{brief} {clock(self.instant, view)}"
        return f"{short} · {self.basis}" if layer is WIDE and self.words != self.basis else short


@dataclass(frozen=True)
class Placed:
    """Where a flag stands: its rule ``x`` points from the left, row from the bottom, text on its right (+1) or left."""

    flag: Flag
    x: float
    row: int
    side: int
    text: str


def find_flags(analysis: Analysis, view: View) -> list[Flag]:
    """Return the moments on the axis in time order, and declared times that the evidence contradicts beside them."""
    known = [m for m in analysis.moments.known() if m.name in WORDS]
    flags = [Flag(m.name, m.instant, WORDS[m.name]) for m in known]
    flags += [
        Flag("", c.declared, "started" if c.moment == "start" else WORDS[c.moment])
        for c in analysis.comparison
        if c.verdict == CONTRADICTS and not c.version and c.moment in WORDS
    ]
    seen: dict[tuple[str, str], Flag] = {}
    for flag in flags:  # recovery may be the mitigation: one flag then
        key = (flag.basis, clock(flag.instant, view))
        earlier = seen.get(key)
        if earlier and earlier.words != flag.words:
            moment = flag.moment if flag.moment in FIRST else earlier.moment
            flag = Flag(moment, flag.instant, f"{earlier.words}, {flag.words}")
        seen[key] = flag
    return sorted((f for f in seen.values() if view.holds(f.instant.best)), key=lambda f: (f.instant.best, f.words))


def arrange(flags: Sequence[Flag], view: View, width: float, layer: Layer, *, margin: float = 0.0) -> list[Placed]:
    """Return where each flag stands above a plot so many points wide; text may reach beyond it by a margin."""
    if layer is not WIDE:
        flags = [f for f in flags if f.moment in FIRST] or flags[:3]
    texts = [f.text(view, layer) for f in flags]
    xs = [view.x(f.instant.best) / view.seconds * width for f in flags if f.instant.best is not None]
    places = stack(xs, [width_of(t, layer.small) + POLE[layer.name] for t in texts], width + margin)
    return [Placed(f, x, row, side, text) for f, x, (row, side), text in zip(flags, xs, places, texts, strict=True)]


def stack(xs: Sequence[float], widths: Sequence[float], room: float) -> list[tuple[int, int]]:
    """Return row (0 is lowest) and side (+1 right, -1 left of its rule) of each text so that none meets another.

    A text must not meet another text in its row, nor a rule that goes up through its row: a text over the foot of
    another's rule stands higher than that other.

    Parameters
    ----------
    xs, widths : sequence of float
        Where each rule stands, and how wide its text is with the gap to the rule.
    room : float
        Texts stand to the right of their rule unless they would end beyond this.
    """
    n = len(xs)
    sides = [1 if x + w <= room or x - w < 0 else -1 for x, w in zip(xs, widths, strict=True)]
    while True:
        ends = [(x, x + w) if side > 0 else (x - w, x) for x, w, side in zip(xs, widths, sides, strict=True)]
        above = [[k for k in range(n) if k != i and _covers(i, k, xs, ends[i], sides[i])] for i in range(n)]
        order = _lowest_first(above)
        if len(order) == n:
            break
        stuck = [i for i in range(n) if i not in order and sides[i] > 0]  # face each other: neither can be the higher
        stuck = [i for i in stuck if xs[i] - widths[i] >= 0] or stuck
        facing = [i for i in stuck if any(i in above[k] for k in above[i])] or stuck
        sides[max(facing, key=lambda i: (xs[i], i))] = -1
    rows: dict[int, int] = {}
    for i in order:
        row = max((rows[k] + 1 for k in above[i]), default=0)
        while any(rows[k] == row and ends[k][0] < ends[i][1] + GAP and ends[i][0] < ends[k][1] + GAP for k in rows):
            row += 1
        rows[i] = row
    return [(rows[i], sides[i]) for i in range(n)]


def _covers(i: int, k: int, xs: Sequence[float], text: tuple[float, float], side: int) -> bool:
    """Whether the text of i lies over the foot of k's rule; of two rules at one place the earlier one is higher."""
    if xs[k] == xs[i]:
        return i < k
    return xs[i] < xs[k] < text[1] + 2 if side > 0 else text[0] - 2 < xs[k] < xs[i]


def _lowest_first(above: list[list[int]]) -> list[int]:
    """Return an order in which each comes after all that it must stand above; those in a circle are left out."""
    order: list[int] = []
    while True:
        free = [i for i, lower in enumerate(above) if i not in order and all(k in order for k in lower)]
        if not free:
            return order
        order.append(free[-1])


def height_of(placed: Sequence[Placed], layer: Layer) -> float:
    """Return how many points the flags need above the plot."""
    return (max(p.row for p in placed) + 1) * layer.row + 4 if placed else 0.0


def draw_flags(ax: Axes, flags: Sequence[Flag], view: View, *, margin: float = 0.0) -> None:
    """Draw the rules, markers and words of the flags above the axes; filled is measured, hollow is declared."""
    width, height = size_of(ax)
    fig = ax.get_figure(root=True)
    assert fig is not None, "axes belong to a figure"
    for layer in LAYERS:
        for p in arrange(flags, view, width, layer, margin=margin):
            up = 4 + (p.row + 0.5) * layer.row
            x = p.x / width * view.seconds
            rise = ScaledTranslation(0, up / 72, fig.dpi_scale_trans)
            at_top = blended_transform_factory(ax.transData, ax.transAxes) + rise
            ax.plot(
                [x, x],
                [0, 1 + up / height],
                transform=ax.get_xaxis_transform(),
                color=AXIS,
                linewidth=0.8,
                clip_on=False,
                zorder=1.5,
                gid=layer.name,
            )
            marker, filled = MARKERS[p.flag.basis]
            size = layer.small * (0.5 if marker == "o" else 0.42)
            ax.plot(
                [x],
                [1],
                transform=at_top,
                marker=marker,
                markersize=size,
                color=INK,
                markerfacecolor=INK if filled else PAPER,
                markeredgewidth=layer.small / 9,
                clip_on=False,
                zorder=5,
                gid=layer.name,
            )
            write(
                ax,
                p.text,
                (x, 1),
                layer,
                color=INK if filled else QUIET,
                coords=("data", "axes fraction"),
                offset=(p.side * POLE[layer.name], up),
                ha="left" if p.side > 0 else "right",
            )
    _draw_doubt(ax, flags, view)


def _draw_doubt(ax: Axes, flags: Sequence[Flag], view: View) -> None:
    """Draw a whisker on the plot's upper edge where a moment is only known within bounds."""
    scale = size_of(ax)[0] / view.seconds
    for flag in flags:
        lo, hi = flag.instant.lo, flag.instant.hi
        if lo is None or hi is None or hi - lo <= NARROW or (view.x(hi) - view.x(lo)) * scale < 4:
            continue
        for x0, x1, y0, y1 in _whisker(view.x(lo), view.x(hi)):
            ax.plot(
                [x0, x1], [y0, y1], transform=ax.get_xaxis_transform(), color=AXIS, linewidth=1, clip_on=False, zorder=4
            )


def _whisker(a: float, b: float) -> list[tuple[float, float, float, float]]:
    return [(a, b, 1.0, 1.0), (a, a, 0.985, 1.015), (b, b, 0.985, 1.015)]


def left_out(analysis: Analysis, view: View) -> list[str]:
    """Return the moments that lie beyond the axis, in words, for the caption."""
    return [
        f"{m.label} {m.instant.best:%Y-%m-%d %H:%M}"
        for m in analysis.moments.known()
        if m.name in WORDS and not view.holds(m.instant.best)
    ]
