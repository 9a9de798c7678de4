"""How many log lines there were, by how bad they say they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from postmortem_nb.analysis import Analysis
from postmortem_nb.charts.chart import Chart, chart_of
from postmortem_nb.charts.marks import SYNTHETIC, draw_gaps, draw_time_axis, draw_value_axis, draw_windows
from postmortem_nb.charts.points import parts_of
from postmortem_nb.charts.signal import no_data, plain_number
from postmortem_nb.charts.style import (
    ERROR,
    FULL,
    IMPACT,
    INFO,
    INK,
    LAYERS,
    NARROW,
    POINTS,
    QUIET,
    WARNING,
    Layer,
    axes,
    figure,
    size_of,
    write,
)
from postmortem_nb.charts.view import View, choose_view
from postmortem_nb.times import Interval, clip, format_duration, format_window

LEVELS = {
    "ERROR": ("ERROR", "CRITICAL"),
    "WARNING": ("WARNING",),
    "INFO": ("INFO", "DEBUG", "TRACE"),
    "no level": (),
}
STATUS = ("5xx", "4xx", "2xx–3xx")
COLORS = {"ERROR": ERROR, "WARNING": WARNING, "INFO": INFO, "no level": INFO} | dict(
    zip(STATUS, (ERROR, WARNING, INFO), strict=True)
)
LEFT, RIGHT, HEAD, BOTTOM, PANEL = 56.0, 114.0, 28.0, 44.0, 86.0
MOST_BINS = 180
WIDTHS = ("1min", "2min", "5min", "10min", "15min", "30min", "1h", "2h", "6h", "12h", "1D", "7D")


@dataclass(frozen=True)
class Panel:
    """Counts of one kind of log: what it is, and one column a class, worst first, one row a bin."""

    title: str
    counts: pd.DataFrame


def chart_logs(analysis: Analysis) -> Chart | None:
    """Return log volume over time by level, and by status class for access logs; None without logs in view."""
    view = choose_view(analysis)
    if view is None or analysis.incident.logs.empty:
        return None
    width = bin_width(view)
    panels = find_panels(analysis.incident.logs, view, width)
    if not panels:
        return None
    synthetic = bool(analysis.incident.facts.synthetic)
    unknown = [find_unknown(analysis, panel, view, width) for panel in panels]

    def draw() -> Figure:
        height = BOTTOM + len(panels) * (HEAD + PANEL)
        fig = figure(FULL[0], height / POINTS)
        for n, panel in enumerate(panels):
            below = BOTTOM + (len(panels) - 1 - n) * (HEAD + PANEL)
            ax = axes(fig, LEFT, HEAD + n * (HEAD + PANEL), RIGHT, below)
            draw_windows(ax, analysis.windows, view)
            draw_gaps(ax, unknown[n], view)
            draw_counts(ax, panel, view, width)
            draw_time_axis(ax, view, labels=n == len(panels) - 1)
            _title(ax, panel.title, stamp=SYNTHETIC if synthetic and n == 0 else "")
        return fig

    alt, table = _alt(panels, unknown, view, width), _table(panels, width)
    return chart_of(draw, alt, _caption(table, width, is_broken=any(unknown)), table, synthetic=synthetic)


def bin_width(view: View) -> pd.Timedelta:
    """Return the narrowest round width that gives at most `MOST_BINS` bins."""
    return next(
        (w for w in map(pd.Timedelta, WIDTHS) if view.seconds / w.total_seconds() <= MOST_BINS), pd.Timedelta("28D")
    )


def find_panels(logs: pd.DataFrame, view: View, width: pd.Timedelta) -> list[Panel]:
    """Count lines per bin: requests by status class, all other lines by level."""
    needed = logs[[column for column in ("time", "level", "status") if column in logs]]
    inside = needed[(logs["time"] >= view.start.floor(width)) & (logs["time"] <= view.end)]
    status = pd.to_numeric(inside["status"], errors="coerce") if "status" in inside else pd.Series(np.nan, inside.index)
    requests, lines = inside[status.notna()], inside[status.isna()]
    panels = []
    if len(requests):
        code = status[status.notna()]
        classes = np.select([code >= 500, code >= 400], STATUS[:2], STATUS[2])
        panels.append(Panel("requests by status", _counts(requests["time"], classes, STATUS, view, width)))
    if len(lines):
        name = {level: name for name, levels in LEVELS.items() for level in levels}
        classes = lines["level"].map(name).fillna("no level").to_numpy()
        title = "log lines by level" if not panels else "other log lines by level"
        panels.append(Panel(title, _counts(lines["time"], classes, tuple(LEVELS), view, width)))
    return panels


def _counts(
    times: pd.Series, classes: np.ndarray, names: tuple[str, ...], view: View, width: pd.Timedelta
) -> pd.DataFrame:
    bins = pd.date_range(view.start.floor(width), view.end, freq=width)
    row = ((times - bins[0]) // width).to_numpy()
    counts = {name: np.bincount(row[classes == name], minlength=len(bins)) for name in names}
    return pd.DataFrame({name: count for name, count in counts.items() if count.any()}, index=bins)


def find_unknown(analysis: Analysis, panel: Panel, view: View, width: pd.Timedelta) -> list[Interval]:
    """Return the stretches without any line of a panel in which a signal that is counted from logs is unknown.

    They lie within the record, so logs are missing, and the panel must not look as if all had been quiet.
    """
    series = analysis.signal
    if series is None or not series.is_binned:
        return []
    start, lines = panel.counts.index.to_series(), panel.counts.sum(axis=1)
    gaps = clip(no_data(series, view), *series.span)
    return [(a, b) for a, b in gaps if not lines[(start >= a) & (start + width <= b)].any()]


def draw_counts(ax: Axes, panel: Panel, view: View, width: pd.Timedelta) -> None:
    """Draw counts as stacked steps with the worst class at the bottom, named and totalled on the right."""
    counts = panel.counts
    x = np.append(view.xs(counts.index.to_series()), 0.0)
    x[-1] = x[-2] + width.total_seconds()
    tops = counts.cumsum(axis=1)  # each is painted down to zero, the later ones over the earlier
    for n, name in enumerate(reversed(tops.columns)):
        ax.stairs(tops[name].to_numpy("float64"), x, fill=True, color=COLORS[name], linewidth=0, zorder=2 + n / 10)
    high = float(tops.iloc[:, -1].max())
    draw_value_axis(ax, 0, high or 1.0, lambda v, step: plain_number(v), most=3, head=4)
    _name_classes(ax, counts)


def _name_classes(ax: Axes, counts: pd.DataFrame) -> None:
    height = size_of(ax)[1]
    for layer in LAYERS:
        for n, name in enumerate(reversed(counts.columns)):
            y = height - layer.row * (n + 0.5)
            if y < 0:
                break
            text = name if layer is NARROW else f"{name}  {plain_number(float(counts[name].sum()))}"
            _swatch(ax, y / height, COLORS[name], layer)
            write(ax, text, (1, y / height), layer, color=INK, coords="axes fraction", offset=(8 + layer.small, 0))


def _swatch(ax: Axes, y: float, color: str, layer: Layer) -> None:
    x = 1 + (6 + layer.small / 2) / size_of(ax)[0]
    ax.plot(
        [x],
        [y],
        transform=ax.transAxes,
        marker="s",
        markersize=layer.small * 0.7,
        color=color,
        clip_on=False,
        gid=layer.name,
    )


def _title(ax: Axes, text: str, *, stamp: str) -> None:
    for layer in LAYERS:
        corner = ("figure fraction", "axes fraction")
        write(ax, text, (0, 1), layer, small=False, bold=True, color=QUIET, coords=corner, offset=(4, 4), va="bottom")
        if stamp:
            write(ax, stamp, (1, 1), layer, color=IMPACT, coords=corner, offset=(-4, 4), ha="right", va="bottom")


def _alt(panels: list[Panel], unknown: list[list[Interval]], view: View, width: pd.Timedelta) -> str:
    said = []
    for panel, gaps in zip(panels, unknown, strict=True):
        worst = panel.counts.columns[0]
        totals = ", ".join(f"{int(panel.counts[c].sum()):,} {c}" for c in panel.counts.columns)
        peak = panel.counts[worst]
        most = f"most {worst} in {format_duration(width)}: {int(peak.max()):,} at {peak.idxmax():%H:%M}"
        more = f" and {len(gaps) - 3} more" if len(gaps) > 3 else ""
        nothing = f"; no data {', '.join(format_window(gap) for gap in gaps[:3])}{more}" if gaps else ""
        said.append(f"{panel.title}: {totals}; {most}{nothing}")
    return f"{format_window((view.start, view.end))}. {'. '.join(said)}."


def _caption(table: pd.DataFrame, width: pd.Timedelta, *, is_broken: bool) -> str:
    parts = [f"Lines in bins of {format_duration(width)}, stacked with the worst at the bottom."]
    row = table["to"].iloc[0] - table["from"].iloc[0]
    if row > width:
        parts.append(f"The numbers below add up {round(row / width)} of them, {format_duration(row)} a row.")
    parts.append("Shaded: measured impact.")
    if is_broken:
        parts.append(
            "Hatched grey: no line is on record, nor any that the signal is counted from; it is unknown there."
        )
    where = "Elsewhere, where" if is_broken else "Where"
    parts.append(f"{where} nothing is drawn there is no line; the chart cannot tell silence from missing logs.")
    return " ".join(parts)


def _table(panels: list[Panel], width: pd.Timedelta) -> pd.DataFrame:
    """Sum the bins of all panels into at most 60 rows of equally many bins.

    Beside the sum of the worst class stands its highest bin, which the text alternative names.
    """
    start = panels[0].counts.index.to_series()
    part = parts_of(len(start))
    columns = {"from": start.groupby(part).first(), "to": start.groupby(part).last() + width}
    for panel in panels:
        before = "" if len(panels) == 1 else f"{panel.title}: "
        for n, name in enumerate(panel.counts.columns):
            groups = panel.counts[name].groupby(part)
            columns[f"{before}{name}"] = groups.sum()
            if n == 0 and part[-1] + 1 < len(part):
                columns[f"{before}most {name} in {format_duration(width)}"] = groups.max()
    return pd.DataFrame(columns).reset_index(drop=True)
