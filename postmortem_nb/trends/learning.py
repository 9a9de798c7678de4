"""The report of many incidents: what came again, what it cost, what was done, and how far to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from postmortem_nb.sections.blocks import Section, paragraph
from postmortem_nb.tables import bullets, clock, definitions, finding_items, more, table
from postmortem_nb.times import format_duration, format_time
from postmortem_nb.trends.groups import path_costs, recurrences, share_table
from postmortem_nb.trends.power import POWER
from postmortem_nb.trends.question import MEASURES
from postmortem_nb.trends.sections import MOST, day, share_rows
from postmortem_nb.trends.statistics import BOOTSTRAP, SURVIVAL
from postmortem_nb.trends.tasks import count_states, kept
from postmortem_nb.trends.telling import length, percent
from postmortem_nb.wording import counted

if TYPE_CHECKING:
    from postmortem_nb.trends.many import Trends


def recurrence(trends: Trends) -> Section:
    """Return the services and factors that came again soon."""
    again = trends.question.again
    soon = format_duration(again)
    blocks: list[object] = []
    for by in ("service", "factor"):
        found = recurrences(trends.incidents, by, again)
        if found.empty:
            blocks.append(paragraph(f"No {by} stands in two incidents of the period."))
            continue
        rows = [
            (
                r["group"],
                f"{r['incidents']:,}",
                f"{r['again']} of {r['pairs']}",
                f"{r['shortest']:,.1f} d",
                clock(day(r["last"])),
            )
            for r in found.to_dict("records")
        ]
        columns = (by.capitalize(), "Incidents", f"Again within {soon}", "Shortest pause", "Last began")
        caption = f"{by.capitalize()}s that stand in at least two incidents; a pause runs from an end to the next begin"
        blocks.append(table(columns, rows, caption, numeric=columns[1:], most=MOST))
    return Section.of("Recurrence", *blocks)


def paths(trends: Trends) -> Section:
    """Return what misleading paths cost in all."""
    cost = path_costs(trends.incidents)
    if not cost["incidents"]:
        return Section.of(
            "Misleading paths", paragraph("No source says anything of explanations that turned out wrong.")
        )
    facts = definitions(
        [
            ("Incidents with one", f"{cost['misled']} of {cost['incidents']}"),
            ("Explanations that turned out wrong", f"{cost['paths']}"),
            ("Time on them", f"{length(cost['minutes'])}, known of {cost['timed']} incidents"),
            ("Share of the response", f"{percent(cost['share'])}, known of {cost['share_of']} incidents"),
            ("People's time", f"{_people(cost['person_minutes'])}, known of {cost['staffed']} incidents"),
        ]
    )
    misled = trends.incidents[trends.incidents["wrong_paths"] > 0]
    rows = [
        (
            r["title"],
            f"{r['wrong_paths']:.0f}",
            length(r["minutes_lost"]),
            _people(r["person_minutes_lost"]),
            r["evidence"],
        )
        for r in misled.sort_values("minutes_lost", ascending=False, kind="stable").to_dict("records")
    ]
    columns = ("Incident", "Paths", "Time", "People's time", "Read from")
    listed = table(columns, rows, "Incidents with a misleading path", numeric=columns[1:4], most=MOST) if rows else None
    return Section.of("Misleading paths", facts, listed)


def _people(minutes: float | None) -> str:
    return "not known" if minutes is None or pd.isna(minutes) else f"{minutes:,.0f} person-minutes"


def tasks(trends: Trends) -> Section:
    """Return what became of action items."""
    if trends.actions.empty:
        return Section.of("Action items", paragraph("No source states an action item."))
    as_of = trends.period[1]
    states = count_states(trends.actions, as_of)
    columns = [str(c).capitalize() for c in states.columns]
    caption = f"Action items by kind, as of {format_time(as_of)} UTC"
    shown = table(columns, states.to_numpy().tolist(), caption, numeric=columns[1:])
    done, due = kept(trends.actions, as_of)
    on_time = share_rows(
        share_table([("Done on time", done, due)]), "Action items that were due, with a Wilson interval"
    )
    return Section.of("Action items", on_time, shown)


def power(trends: Trends) -> Section:
    """Return what difference so many incidents could show."""
    rows = []
    for name, found in trends.powers.items():
        least = "none up to 95 %" if found.smallest is None else percent(found.smallest)
        rows.append((MEASURES[name].capitalize(), f"{found.n:,}", least, percent(found.unseen)))
    if not rows:
        return Section.of(
            "What could be seen", paragraph("Fewer than 8 incidents: no difference could be told from chance.")
        )
    columns = ("Time", "n", "Smallest reduction seen", "10 % shorter, median no lower")
    pairs = min(found.pairs for found in trends.powers.values())
    caption = (
        f"Two periods of n incidents each, drawn {pairs:,} times: the smallest reduction that is seen with "
        f"{POWER * 100:.0f} % power. Lengths of zero and below are left out."
    )
    return Section.of("What could be seen", table(columns, rows, caption, numeric=columns[1:]))


def data_quality(trends: Trends) -> Section:
    """Return what could not be used, with file and reason."""
    if not trends.findings:
        return Section.of("Data quality", paragraph("Every record could be used."))
    shown, rest = trends.findings[:MOST], trends.findings[MOST:]
    folded = more(f"{len(rest)} more", finding_items(rest)) if rest else None
    return Section.of("Data quality", finding_items(shown), folded)


def provenance(trends: Trends) -> Section:
    """Return files with hashes, settings and methods."""
    settings = [(name.replace("_", " "), str(value)) for name, value in trends.question.as_dict().items()]
    files = table(("File", "SHA-256"), trends.sources, "Files that were read", most=200)
    methods = [
        BOOTSTRAP,
        SURVIVAL,
        "Shares: Wilson interval, 95 %",
        "Reduction: rank-sum test on simulated pairs of periods",
    ]
    return Section.of(
        "Provenance", definitions(settings), bullets(methods), more(counted(len(trends.sources), "file"), files)
    )
