"""`Chart`: a finished drawing with the text that stands for it."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from postmortem_nb.charts.style import drawing, label
from postmortem_nb.charts.svg import publish

MOST = 1_200  # characters of a text alternative


@dataclass(frozen=True, eq=False)
class Chart:
    """A figure that shows itself once, in JupyterLab and in the report.

    Parameters
    ----------
    svg : str
        The drawing; the same analysis gives the same bytes.
    alt : str
        What it shows, with its numbers, in one or two sentences.
    caption : str
        What to look at, and what the marks mean.
    table : DataFrame or None
        The data behind it, at most 60 rows, for readers who cannot use the drawing. All instants UTC.
    """

    svg: str
    alt: str
    caption: str
    table: pd.DataFrame | None = None

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        return (
            {"image/svg+xml": self.svg, "text/plain": self.alt},
            {"image/svg+xml": {"alt": self.alt, "caption": self.caption}},
        )

    def __repr__(self) -> str:
        return self.alt


def chart_of(
    draw: Callable[[], Figure], alt: str, caption: str, table: pd.DataFrame | None = None, *, synthetic: bool = False
) -> Chart:
    """Return the chart of a function that draws a figure; it is called in our style and leaves nothing behind.

    The text alternative of a drawing from synthetic telemetry says so, as its corner does.
    """
    alt = label(f"Synthetic telemetry. {alt}" if synthetic else alt, MOST)
    with drawing(), warnings.catch_warnings():
        # A character that the measuring font lacks is drawn by the reader's fonts: nothing to warn about.
        warnings.filterwarnings("ignore", message=r"Glyph \d+", category=UserWarning)
        figure = draw()
        out = io.StringIO()
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None})
    return Chart(publish(out.getvalue(), alt), alt, label(caption, MOST), table)
