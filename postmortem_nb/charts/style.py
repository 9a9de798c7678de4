"""How figures look: sizes by role, colours in light and dark, and the two layers of text.

A figure is as wide as its column. Text that is 9 pt on a desk would be unreadable on a phone, so every text is drawn
twice: in the `WIDE` layer and, larger and fewer, in the `NARROW` one. The drawing itself says which of them shows.
"""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

POINTS = 72.0  # per inch; one point is one unit of the drawing
FULL = (9.0, 3.2)  # inches: a figure of its own
SMALL = (4.4, 1.6)  # one of several small ones
BAR = (9.0, 1.2)  # a strip
STRIP = (9.0, 1.9)  # a strip with lanes

# name: (light, dark). Accents are Okabe and Ito's, lighter in dark where they would sink into the paper.
THEME = {
    "paper": ("#fdfcf9", "#16181b"),
    "ink": ("#1c1b1a", "#e5e2dc"),
    "quiet": ("#5b5853", "#a9a59d"),
    "axis": ("#98938a", "#6c7078"),
    "grid": ("#ebe8e0", "#2a2e33"),
    "signal": ("#0072b2", "#56b4e9"),
    "context": ("#75716b", "#9a9690"),
    "band": ("#d9e6ee", "#1f3543"),
    "impact": ("#d55e00", "#f0803c"),
    "tint": ("#fae3d3", "#452a1b"),
    "edge": ("#fdf1e8", "#2d211a"),
    "no-data": ("#f3f1ec", "#1f2226"),
    "hatch": ("#b3aea4", "#565b63"),
    "warning": ("#e69f00", "#e6a91e"),
    "info": ("#c9c5bc", "#4d525a"),
    "good": ("#009e73", "#35c79a"),
    "phase-1": ("#f4b48c", "#8a431b"),
    "phase-2": ("#f6d58f", "#6f5210"),
    "phase-3": ("#e5bfd5", "#6d3d59"),
    "phase-4": ("#a8d4ee", "#21567a"),
    "phase-5": ("#9ed9c6", "#17604a"),
}
PAPER, INK, QUIET, AXIS, GRID = (THEME[n][0] for n in ("paper", "ink", "quiet", "axis", "grid"))
SIGNAL, CONTEXT, BAND, IMPACT, TINT = (THEME[n][0] for n in ("signal", "context", "band", "impact", "tint"))
EDGE, NO_DATA, HATCH = (THEME[n][0] for n in ("edge", "no-data", "hatch"))
ERROR = IMPACT
WARNING, INFO, GOOD = (THEME[n][0] for n in ("warning", "info", "good"))
PHASES = tuple(THEME[f"phase-{i}"][0] for i in range(1, 6))

STYLE: dict[str, Any] = {
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "axes.edgecolor": AXIS,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.xmargin": 0.0,
    "axes.ymargin": 0.0,
    "xtick.color": AXIS,
    "ytick.color": AXIS,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET,
    "font.family": ["DejaVu Sans"],  # ships with matplotlib: widths are the same on every machine
    "font.size": 9.0,
    "lines.linewidth": 1.3,
    "lines.solid_joinstyle": "round",
    "hatch.linewidth": 0.7,
    "path.simplify": True,
    "path.simplify_threshold": 0.05,
    "svg.fonttype": "none",
    "svg.hashsalt": "postmortem-nb",
    "text.parse_math": False,
    "text.usetex": False,
}
FONTS = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",Arial,"DejaVu Sans",sans-serif'
WHOLE = 0.6  # share of a shortened text that is left at least where it is cut between words
HALO = "halo"  # marks a text with a rim in the colour of the paper
FOLD = 560  # px: a figure shown narrower than this shows the narrow layer


@dataclass(frozen=True)
class Layer:
    """One of the two sets of text: its name in the drawing, and its sizes in points."""

    name: str
    size: float
    small: float

    @property
    def row(self) -> float:
        """Height of a row of small text."""
        return round(self.small * 1.45, 1)


WIDE = Layer("wide", 9.5, 8.5)
NARROW = Layer("narrow", 17.0, 15.5)
LAYERS = (WIDE, NARROW)

_WINDOWS = ("backend", "interactive", "toolbar", "webagg", "tk.", "macosx")  # of no concern to a drawing
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]+"
)


@contextmanager
def drawing() -> Iterator[None]:
    """Draw in our style, whatever matplotlibrc or the caller's rcParams say; theirs are as before afterwards."""
    ours: dict[str, Any] = {k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith(_WINDOWS)}
    with matplotlib.rc_context(rc=ours | STYLE):  # type: ignore[arg-type]  # its keys are literals
        yield


def figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches; pyplot does not know it."""
    return Figure(figsize=(width, height))


def axes(fig: Figure, left: float, top: float, right: float, bottom: float) -> Axes:
    """Return axes with these margins in points from the edges of the figure."""
    width, height = (s * POINTS for s in fig.get_size_inches())
    return fig.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    )


def size_of(ax: Axes) -> tuple[float, float]:
    """Return width and height of the plotting area in points."""
    fig = ax.get_figure(root=True)
    assert fig is not None, "axes belong to a figure"
    width, height = fig.get_size_inches()
    box = ax.get_position()
    return box.width * width * POINTS, box.height * height * POINTS


def room_beside(ax: Axes) -> tuple[float, float]:
    """Return how many points the figure reaches beyond the plotting area on its left and right."""
    width, _ = size_of(ax)
    box = ax.get_position()
    whole = width / box.width
    return box.x0 * whole, (1 - box.x1) * whole


def label(text: object, most: int = 120) -> str:
    r"""Return text from data as one short line of visible characters.

    >>> label("a\x1b[31m  b\u202e\nc"), label("Failed password for invalid user", 25)
    ('a [31m b c', 'Failed password for…')
    """
    line = " ".join(_UNSEEN.sub(" ", str(text)).split())
    return line if len(line) <= most else _cut(line, most - 1)


def _cut(text: str, count: int) -> str:
    """Return the beginning of a text with an ellipsis, without half a word at its end unless that word is long."""
    head = text[:count].rstrip()
    space = head.rfind(" ")
    is_torn = text[len(head) : len(head) + 1].strip() != ""
    return f"{head[:space] if is_torn and space > WHOLE * len(head) else head}…"


def width_of(text: str, size: float) -> float:
    """Return the width of a line of text in points."""
    return _width_at_scale(text) * (size / text_to_path.FONT_SCALE)


@functools.lru_cache(maxsize=4096)
def _width_at_scale(text: str) -> float:
    font = FontProperties(family="DejaVu Sans", size=text_to_path.FONT_SCALE)
    return float(text_to_path.get_text_width_height_descent(text, font, False)[0])


def shortened(text: str, size: float, room: float) -> str:
    """Return as much of a text as fits into a width in points, cut with an ellipsis; empty if nothing useful fits."""
    text = label(text)
    if width_of(text, size) <= room:
        return text
    fits = bisect.bisect(range(len(text)), room, key=lambda n: width_of(f"{text[:n].rstrip()}…", size)) - 1
    return _cut(text, fits) if fits > 4 else ""


def write(
    ax: Axes,
    text: str,
    at: tuple[float, float],
    layer: Layer,
    *,
    small: bool = True,
    color: str = QUIET,
    coords: str | tuple[str, str] = "data",
    offset: tuple[float, float] = (0.0, 0.0),
    ha: str = "left",
    va: str = "center",
    bold: bool = False,
    halo: bool = False,
) -> None:
    """Write a line into one layer, at a point and an offset from it in points; a halo keeps lines behind it off."""
    ax.annotate(
        label(text),
        xy=at,
        xycoords=coords,
        xytext=offset,
        textcoords="offset points",
        annotation_clip=False,
        ha=ha,
        va=va,
        color=color,
        fontsize=layer.small if small else layer.size,
        fontweight="bold" if bold else "normal",
        gid=f"{layer.name} {HALO}" if halo else layer.name,
    )
