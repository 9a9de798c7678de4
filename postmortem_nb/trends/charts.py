"""Figures over many incidents: impact over time, every incident, how long they last, groups beside each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from postmortem_nb.charts.chart import Chart, chart_of
from postmortem_nb.charts.marks import draw_heading, draw_value_axis
from postmortem_nb.charts.style import (
    AXIS,
    BAND,
    FULL,
    IMPACT,
    INK,
    LAYERS,
    PAPER,
    POINTS,
    SIGNAL,
    axes,
    figure,
    width_of,
    write,
)
from postmortem_nb.charts.view import View
from postmortem_nb.times import Interval, format_time
from postmortem_nb.trends.axes import draw_calendar, draw_lengths_along, draw_lengths_up, draw_row_names, log_limits
from postmortem_nb.trends.frame import LEAST, lengths
from postmortem_nb.trends.groups import groups_of
from postmortem_nb.trends.question import MEASURES
from postmortem_nb.trends.statistics import Curve, Floats, Summary, summarize
from postmortem_nb.trends.telling import length, median_text
from postmortem_nb.wording import counted

ROWS = 60  # of the table behind a figure
GROUPS = 10  # rows of the figure of groups; the table has all
ROW = 34.0  # points
LIFT = 14.0  # points: on a narrow figure the first row has its name above it
REACH = 0.34  # of a row: how far a dot may lie from its middle
LEFT, RIGHT, TOP, BOTTOM = 66.0, 14.0, 34.0, 44.0


def chart_over_time(table: pd.DataFrame, objective: float, step: str, *, synthetic: bool) -> Chart | None:
    """Return impact minutes by stretch of the period, beside the error budget of each.

    Parameters
    ----------
    table : DataFrame
        See `postmortem_nb.trends.downtime.over_time`.
    """
    if table["impact"].sum() == 0:
        return None
    view = View(table["from"].iloc[0], table["to"].iloc[-1])
    lefts, rights = view.xs(table["from"]), view.xs(table["to"])
    is_budget_seen = table["budget"].max() > 0.01 * table["impact"].max()

    def draw() -> Figure:
        fig = figure(*FULL)
        ax = axes(fig, LEFT, TOP, RIGHT, BOTTOM)
        gap = 0.12 * (rights - lefts)
        ax.bar(
            lefts + gap / 2, table["impact"], rights - lefts - gap, align="edge", color=IMPACT, linewidth=0, zorder=2
        )
        high = float(max(table["impact"].max(), table["budget"].max() if is_budget_seen else 0))
        draw_value_axis(ax, 0.0, high, _amount, head=10)
        if is_budget_seen:
            for a, b, budget in zip(lefts, rights, table["budget"], strict=True):
                ax.plot([a, b], [budget, budget], color=PAPER, linewidth=2.6, zorder=3)
                ax.plot([a, b], [budget, budget], color=INK, linewidth=1.1, zorder=3.1)
        draw_calendar(ax, view)
        draw_heading(ax, f"minutes with impact, by {step}", synthetic=synthetic)
        return fig

    worst = table.iloc[int(table["impact"].argmax())]
    over = int((table["burned"] > 1).sum())
    alt = (
        f"{_total(table['impact'].sum())} of impact in {len(table)} {step}s, {format_time(view.start)} to "
        f"{format_time(view.end)} UTC. Most in the {step} from {format_time(worst['from'])}: "
        f"{length(worst['impact'])}. {over} of {len(table)} went beyond the error budget of {objective * 100:.6g} %."
    )
    line = f"The line is the error budget of each {step}." if is_budget_seen else "The budget is too small to be drawn."
    caption = f"Minutes in which any incident had impact: overlaps count once, planned work not at all. {line}"
    return chart_of(draw, alt, caption, table.tail(ROWS), synthetic=synthetic)


def chart_incidents(incidents: pd.DataFrame, period: Interval, measure: str, *, synthetic: bool) -> Chart | None:
    """Return every incident at its begin and length, with the median and its interval."""
    view, name = View(*period), MEASURES[measure]
    points = _points(incidents, measure)
    if points.empty:
        return None
    limits = log_limits(points["minutes"].to_numpy())
    summary = summarize(*lengths(incidents, measure))
    at, up = view.xs(points["begin"]), points["minutes"].clip(lower=limits[0])
    is_open = points["is_open"].to_numpy()

    def draw() -> Figure:
        fig = figure(FULL[0], FULL[1] + 0.4)
        ax = axes(fig, LEFT, TOP, RIGHT, BOTTOM)
        draw_lengths_up(ax, limits)
        if summary.median is not None:
            if summary.lo is not None and summary.hi is not None:
                ax.axhspan(summary.lo, summary.hi, color=BAND, linewidth=0, zorder=0.5)
            ax.axhline(summary.median, color=INK, linewidth=1.0, zorder=1)
            for layer in LAYERS:
                text, at_end = f"median {length(summary.median)}", (1, summary.median)
                write(
                    ax,
                    text,
                    at_end,
                    layer,
                    coords=("axes fraction", "data"),
                    offset=(-4, 8),
                    ha="right",
                    color=INK,
                    halo=True,
                )
        _dots(ax, at[~is_open], up[~is_open])
        ax.plot(
            at[is_open], up[is_open], "^", color=IMPACT, markerfacecolor=PAPER, markersize=7, zorder=4, clip_on=False
        )
        draw_calendar(ax, view)
        draw_heading(ax, f"{name} of every incident, logarithmic", synthetic=synthetic)
        return fig

    longest = points.iloc[int(points["minutes"].argmax())]
    opened = f" Still open: {int(is_open.sum())}." if is_open.any() else ""
    alt = (
        f"{name.capitalize()} of {len(points)} incidents, {format_time(view.start)} to {format_time(view.end)} UTC. "
        f"{_sentence(median_text(summary))} The longest took {length(longest['minutes'])} ({longest['id']}).{opened}"
    )
    caption = "Each dot is an incident, at its begin. The line is the median, the band its interval (95 %)."
    caption += " A hollow triangle is still open: it lasts at least so long." if is_open.any() else ""
    return chart_of(draw, alt, caption, points.tail(ROWS), synthetic=synthetic)


def chart_survival(curve: Curve, summary: Summary, name: str, *, synthetic: bool) -> Chart:
    """Return the share of incidents that last longer than each length, open ones included (Kaplan–Meier)."""
    limits = log_limits(curve.times)
    times = np.concatenate([[limits[0]], curve.times.clip(limits[0]), [limits[1]]])
    steps = [np.concatenate([[1.0], values, values[-1:]]) for values in (curve.share, curve.lo, curve.hi)]

    def draw() -> Figure:
        fig = figure(*FULL)
        ax = axes(fig, LEFT, TOP, RIGHT, BOTTOM)
        draw_value_axis(ax, 0.0, 1.0, lambda v, _: f"{v * 100:.0f} %", head=6)
        ax.fill_between(times, steps[1], steps[2], step="post", color=BAND, linewidth=0, zorder=1)
        ax.step(times, steps[0], where="post", color=SIGNAL, linewidth=1.6, zorder=3)
        draw_lengths_along(ax, limits)
        if summary.median is not None:
            median = max(summary.median, limits[0])
            ax.plot([median, median], [0, 0.5], color=INK, linewidth=0.9, zorder=2)
            ax.plot([limits[0], median], [0.5, 0.5], color=AXIS, linewidth=0.8, linestyle=(0, (3, 3)), zorder=2)
            for layer in LAYERS:
                write(
                    ax, f"half by {length(summary.median)}", (median, 0.5), layer, offset=(6, 6), color=INK, halo=True
                )
        draw_heading(ax, f"share that lasts longer: {name}", synthetic=synthetic)
        return fig

    table = pd.DataFrame(
        {"minutes": curve.times, "still lasting": curve.share, "at least": curve.lo, "at most": curve.hi}
    )
    kept = table.iloc[np.unique(np.linspace(0, len(table) - 1, min(ROWS, len(table))).astype(int))]
    tail = curve.share[np.searchsorted(curve.times, 4 * 60, side="right") - 1] if curve.times[0] <= 240 else 1.0
    alt = (
        f"Share of {summary.n} incidents whose {name} is longer than each length, {summary.open} of them still open. "
        f"{_sentence(median_text(summary))} After 4 hours {tail * 100:.0f} % still last."
    )
    caption = "Kaplan–Meier: an incident that is still open counts as lasting up to where it was last seen. Band: 95 %."
    return chart_of(draw, alt, caption, kept, synthetic=synthetic)


def chart_groups(
    incidents: pd.DataFrame, table: pd.DataFrame, by: str, measure: str, *, synthetic: bool
) -> Chart | None:
    """Return a row for each group: every incident, the median and its interval."""
    known = table[table["n"] > 0]
    rows = known.head(GROUPS)
    if rows.empty:
        return None
    parts = groups_of(incidents, by)
    points = [_points(parts[label], measure) for label in rows["group"]]
    limits = log_limits(np.concatenate([p["minutes"].to_numpy() for p in points]))
    room = 12 + min(max(width_of(str(g), LAYERS[0].small) for g in rows["group"]), 190.0)

    def draw() -> Figure:
        fig = figure(FULL[0], (TOP + LIFT + BOTTOM + ROW * len(rows)) / POINTS)
        ax = axes(fig, room, TOP + LIFT, RIGHT, BOTTOM)
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        for n, (row, part) in enumerate(zip(rows.to_dict("records"), points, strict=True)):
            _row(ax, n, row, part, limits[0])
        draw_lengths_along(ax, limits)
        draw_row_names(ax, [str(g) for g in rows["group"]], room)
        draw_heading(ax, f"{MEASURES[measure]} by {by}, logarithmic", synthetic=synthetic, lift={"narrow": LIFT})
        return fig

    told = "; ".join(f"{r['group']}: {median_text(Summary.of_row(r))}" for r in rows.head(4).to_dict("records"))
    of = f"the {len(rows)} largest of {len(known)}" if len(known) > len(rows) else f"{len(rows)}"
    alt = f"{MEASURES[measure].capitalize()} of incidents by {by}, {of} groups. {told}."
    caption = (
        "Each dot is an incident; the bar is the interval (95 %) of the median, the rule across it the median itself."
    )
    caption += " A hollow triangle is still open: it lasts at least so long." if rows["open"].any() else ""
    caption += f" Shown are {of}; the table has all." if len(known) > len(rows) else ""
    left_out = len(set(_points(incidents, measure)["id"]) - {i for part in points for i in part["id"]})
    caption += f" Not drawn: {counted(left_out, 'incident')} of groups that are not shown." if left_out else ""
    drawn = rows[["group", "n", "open", "median", "lo", "hi", "q1", "q3", "most"]]
    return chart_of(draw, alt, caption, drawn.astype({c: "float64" for c in drawn.columns[3:]}), synthetic=synthetic)


def _row(ax: Axes, n: int, row: dict[Any, Any], part: pd.DataFrame, low: float) -> None:
    at = part["minutes"].clip(lower=low).to_numpy()
    places = n + _spread(len(at)) * REACH
    is_open = part["is_open"].to_numpy()
    _dots(ax, at[~is_open], places[~is_open])
    ax.plot(
        at[is_open], places[is_open], ">", color=IMPACT, markerfacecolor=PAPER, markersize=6, zorder=4, clip_on=False
    )
    lo, hi, median = (row[c] for c in ("lo", "hi", "median"))
    if _is_number(lo) and _is_number(hi):
        ax.plot([lo, hi], [n, n], color=INK, linewidth=5, alpha=0.35, solid_capstyle="butt", zorder=3)
    if _is_number(median):
        ax.plot([median, median], [n - 0.36, n + 0.36], color=INK, linewidth=1.8, zorder=5)


def _dots(ax: Axes, x: Any, y: Any) -> None:
    size, alpha = (4, 0.4) if len(x) > 150 else (5.5, 0.7)
    # a dot at an edge is drawn whole
    ax.plot(x, y, "o", color=SIGNAL, markersize=size, alpha=alpha, markeredgewidth=0, zorder=3, clip_on=False)


def _spread(count: int) -> Floats:
    """Return offsets that keep dots apart, the same every time: the golden ratio fills an interval evenly."""
    return np.asarray((np.arange(1, count + 1) * 0.618034 % 1) * 2 - 1, dtype="float64")


def _is_number(value: object) -> bool:
    return isinstance(value, float | int) and bool(np.isfinite(value))


def _points(incidents: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return begin and length of each incident of which the length, or a lower bound of it, is known."""
    actual = incidents[~incidents["is_maintenance"]]
    minutes = actual[measure].fillna(actual[f"{measure}{LEAST}"])
    points = pd.DataFrame({"id": actual["id"], "begin": actual["begin"], "minutes": minutes})
    points["is_open"] = actual[measure].isna()
    return points[points["minutes"].notna()].reset_index(drop=True)


def _amount(value: float, step: float) -> str:
    return f"{value:,.0f}" if step >= 1 else f"{value:g}"


def _total(minutes: float) -> str:
    return f"{minutes:,.0f} minutes"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
