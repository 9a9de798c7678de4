"""The report of many incidents: how much, how long, side by side. One function a noun of the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem_nb.sections.blocks import Section, paragraph
from postmortem_nb.tables import Safe, bullets, clock, escape, more, table
from postmortem_nb.times import format_time
from postmortem_nb.trends import bases, charts
from postmortem_nb.trends.downtime import MINUTE
from postmortem_nb.trends.frame import lengths
from postmortem_nb.trends.groups import UNTOLD, shares
from postmortem_nb.trends.question import DIVISIONS, MEASURES
from postmortem_nb.trends.statistics import Summary, survival
from postmortem_nb.trends.telling import interval, length, percent
from postmortem_nb.trends.telling import times as multiples
from postmortem_nb.wording import counted

if TYPE_CHECKING:
    from postmortem_nb.trends.many import Trends

MOST = 20  # rows of a table that may be long
QUARTILES = "Quartiles"
STATISTICS = ("n", "Open", "Median", "95 % interval", QUARTILES, "Longest")


def card(trends: Trends) -> Safe:
    """Return the header card: period, and the four figures that matter before any length."""
    start, end = trends.period
    over = trends.over_time
    minutes, budget = float(over["impact"].sum()), float(over["budget"].sum())
    actual = trends.incidents[~trends.incidents["is_maintenance"]]
    planned, is_open = len(trends.incidents) - len(actual), int(actual["is_open"].sum())
    share = minutes / ((end - start) / MINUTE)
    objective, worst = f"{trends.question.objective * 100:.6g} %", multiples(float(over["burned"].max()))
    found = trends.summaries[trends.question.measure]
    name, between = MEASURES[trends.question.measure], interval(found.lo, found.hi) or "no interval"
    cells = [
        _cell("Impact", length(minutes), f"{percent(share)} of the period", "union of all windows"),
        _cell(
            "Error budget burned",
            multiples(minutes / budget),
            f"{length(budget)} allowed by {objective}",
            f"worst {trends.step}: {worst}",
        ),
        _cell("Incidents", f"{len(actual):,}", f"{is_open} still open", f"{planned} planned works left out"),
        _cell(f"Median {name}", length(found.median), between, f"n = {found.n}"),
    ]
    synthetic = '<p class="pnb-synthetic">Some of the incidents have synthetic telemetry.</p>'
    serious = [f for f in trends.findings if f.severity != "note"]
    weak = f"{counted(len(serious), 'record')} weak, odd or not usable: see Data quality."
    not_used = f'<p class="pnb-status">{escape(weak)}</p>'
    return Safe(
        f'<section class="pnb-card"><h1>Incidents over time</h1>'
        f'<p class="pnb-window">{escape(format_time(start))} to {escape(format_time(end))} UTC</p>'
        f"{not_used if serious else ''}{synthetic if trends.is_synthetic else ''}"
        f'<dl class="pnb-figures">{"".join(cells)}</dl></section>'
    )


def _cell(name: str, value: str, below: str, basis: str) -> str:
    return (
        f'<div class="pnb-figure"><dt class="pnb-name">{escape(name)}</dt><dd class="pnb-value">{escape(value)}</dd>'
        f'<dd class="pnb-interval">{escape(below)}</dd><dd class="pnb-basis">{escape(basis)}</dd></div>'
    )


def impact(trends: Trends) -> Section:
    """Return minutes with impact and error budget over time."""
    over, objective = trends.over_time, trends.question.objective
    rows = [
        (
            day(r["from"]),
            day(r["to"]),
            f"{r['incidents']:,}",
            length(r["impact"]),
            length(r["budget"]),
            multiples(r["burned"]),
        )
        for r in over.to_dict("records")
    ]
    columns = ("From", "To", "Incidents", "Impact", "Budget", "Burned")
    caption = f"Impact and error budget ({objective * 100:.6g} %) by {trends.step}, UTC"
    chart = charts.chart_over_time(over, objective, trends.step, synthetic=trends.is_synthetic)
    nothing = None if chart else paragraph("No minute of the period had impact, as far as is recorded.")
    basis = paragraph(said) if (said := bases.told(trends.incidents)) else None
    return Section.of(
        "Impact", chart, nothing, basis, more(caption, table(columns, rows, caption, numeric=columns[2:]))
    )


def every(trends: Trends) -> Section:
    """Return every incident at its begin and length, and the longest ones by name."""
    measure = trends.question.measure
    chart = charts.chart_incidents(trends.incidents, trends.period, measure, synthetic=trends.is_synthetic)
    if chart is None:
        return Section.of("Every incident", paragraph(f"The {MEASURES[measure]} of no incident is known."))
    values, least = lengths(trends.incidents, measure)
    order = values.fillna(least).dropna().sort_values(ascending=False, kind="stable").index[:MOST]
    rows = [
        (r["title"], clock(format_time(r["begin"])), r["severity"], _known(r, measure), r["basis"], r["evidence"])
        for r in trends.incidents.loc[order].to_dict("records")
    ]
    name = MEASURES[measure].capitalize()
    caption = f"The {len(rows)} longest"
    longest = table(("Incident", "Begin (UTC)", "Severity", name, "Basis", "Read from"), rows, caption, numeric=(name,))
    return Section.of("Every incident", chart, more(caption, longest))


def _known(row: dict[Any, Any], measure: str) -> str:
    value, least = row[measure], row[f"{measure}_at_least"]
    return f"at least {length(float(least))}" if pd.isna(value) else length(float(value))


def times(trends: Trends) -> Section:
    """Return each measure with median and interval, the survival curve of the one asked for, and shares."""
    wants_mean, measure = trends.question.mean, trends.question.measure
    found = trends.summaries
    rows = [(MEASURES[name].capitalize(), *_statistics(s, mean=wants_mean)) for name, s in found.items() if s.n]
    shown = table(
        ("Time", *_columns(mean=wants_mean)), rows, "Medians of all incidents", numeric=_columns(mean=wants_mean)
    )
    curve = survival(*lengths(trends.incidents, measure))
    name = MEASURES[measure]
    chart = None if curve is None else charts.chart_survival(curve, found[measure], name, synthetic=trends.is_synthetic)
    methods = sorted({s.how for s in found.values() if s.n})
    missing = [MEASURES[name] for name, s in found.items() if not s.n]
    untold = paragraph(f"Of no incident is this known: {', '.join(missing)}.") if missing else None
    return Section.of(
        "Times",
        shown,
        untold,
        chart,
        share_rows(shares(trends.incidents), "Shares of the incidents of which it is known, with Wilson intervals"),
        more("How", bullets(methods)),
    )


def _columns(*, mean: bool) -> tuple[str, ...]:
    """Return the heads of statistics; a mean takes the place of the quartiles, as there is no room for both."""
    if not mean:
        return STATISTICS
    return (*(column for column in STATISTICS if column != QUARTILES), "Mean", "Interval of the mean")


def _statistics(s: Summary, *, mean: bool) -> tuple[str, ...]:
    first, most = (f"{s.n:,}", f"{s.open:,}", length(s.median), interval(s.lo, s.hi)), length(s.most)
    if not mean:
        return (*first, interval(s.q1, s.q3), most)
    unknown = "not of open ones" if s.open else ""
    return (*first, most, length(s.mean) if s.mean is not None else unknown, interval(s.mean_lo, s.mean_hi))


def share_rows(found: pd.DataFrame, caption: str) -> Safe | None:
    """Return shares with their intervals as a table; None without any."""
    if found.empty:
        return None
    rows = [
        (r["what"], f"{r['count']} of {r['of']}", percent(r["share"]), _between(r)) for r in found.to_dict("records")
    ]
    columns = ("What", "Count", "Share", "95 % interval")
    return table(columns, rows, caption, numeric=columns[1:])


def _between(row: dict[Any, Any]) -> str:
    return f"{percent(float(row['lo']))} to {percent(float(row['hi']))}"


def groups(trends: Trends) -> Section:
    """Return the measure by the division that was asked for, and by the others, folded."""
    asked = trends.question.by
    blocks: list[object] = []
    for by in (asked, *(d for d in DIVISIONS if d != asked)):
        found = trends.divided[by]
        if list(found["group"]) in ([], [UNTOLD]):
            if by == asked:
                blocks.append(paragraph(f"No incident says its {by}."))
            continue
        shown = _group_table(trends, found, by)
        if by == asked:
            measure, is_synthetic = trends.question.measure, trends.is_synthetic
            chart = charts.chart_groups(trends.incidents, found, by, measure, synthetic=is_synthetic)
            blocks += [chart, shown]
        else:
            blocks.append(more(f"By {by}", shown))
    return Section.of("Side by side", *blocks)


def _group_table(trends: Trends, found: pd.DataFrame, by: str) -> Safe:
    wants_mean, name = trends.question.mean, MEASURES[trends.question.measure]
    rows = [
        (r["group"], f"{r['incidents']:,}", length(r["impact_total"]), *_statistics(Summary.of_row(r), mean=wants_mean))
        for r in found.to_dict("records")
    ]
    columns = (by.capitalize(), "Began", "Impact in all", *_columns(mean=wants_mean))
    caption = f"{name.capitalize()} by {by}; impact in all is the union of the windows of the group"
    return table(columns, rows, caption, numeric=columns[1:], most=MOST)


def day(t: pd.Timestamp) -> str:
    """Print a day; with the time where it is no midnight."""
    return f"{t:%Y-%m-%d}" if t == t.normalize() else f"{t:%Y-%m-%d %H:%M}"
