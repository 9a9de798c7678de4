"""Dates that cannot be: far from the incident, with the slip that explains it, or on another day of the week."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import pandas as pd

from postmortem_nb.analysis.comparison import slips
from postmortem_nb.analysis.consistency.written import WrittenDate, written_dates
from postmortem_nb.analysis.prose import document, hull, messages
from postmortem_nb.analysis.windows import OUTSIDE, Windows
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.times import Interval, format_duration

FAR, DAY = pd.Timedelta(days=3), pd.Timedelta(days=1)
TIMELINE = "incident.toml: timeline"


def date_findings(incident: Incident, windows: Windows) -> Iterator[Finding]:
    """Yield what is impossible or doubtful about the dates of what was declared and written."""
    yield from _rows(incident)
    yield from _milestones(incident, windows)
    near = hull(incident, windows)
    written = [(t.where, d) for t in chain(document(incident), messages(incident)) for d in written_dates(t.said)]
    for where, date in written:
        yield from _weekday(where, date, near)
        if near is not None:
            yield from _swapped(where, date, near)
    yield from _mixed_orders(written)


def _rows(incident: Incident) -> Iterator[Finding]:
    """Rows days away from everything else are usually a slip in the date."""
    known = [i.best for _, i in incident.facts.milestones if i.best is not None]
    if not known:
        return
    first, last = min(known), max(known)
    for row in incident.facts.timeline:
        if row.at.best is not None and not first - FAR <= row.at.best <= last + FAR:
            why = _slip(row.at.best, (first - DAY, last + DAY), incident.facts.zone)
            text = f"“{row.text}” is at {row.at}, more than {format_duration(FAR)} away from every milestone{why}."
            yield Finding("far-away", "warning", TIMELINE, text, "Check its date.")


def _slip(at: pd.Timestamp, near: Interval, zone: str) -> str:
    return next((f"; it {name}" for name, shift in slips(at, zone) if near[0] <= at + shift <= near[1]), "")


def _milestones(incident: Incident, windows: Windows) -> Iterator[Finding]:
    """A milestone days from all else that a common slip would put beside it: a start in the year before, say."""
    facts = incident.facts
    inside = [(name, i.best) for name, i in facts.milestones if name not in OUTSIDE and i.best is not None]
    others = [r.at.best for r in facts.timeline] + [h.start.best for h in facts.hypotheses]
    others += [t for w in windows for t in w.span]
    told: set[str] = set()
    for name, at in inside:
        beside = [(abs(t - at), n, t) for n, t in inside if n != name]
        beside += [(abs(t - at), "", t) for t in others if t is not None]
        if not beside or name in told:
            continue
        gap, neighbour, nearest = min(beside)
        why = _slip(at, (nearest - 2 * DAY, nearest + 2 * DAY), facts.zone) if gap > FAR else ""
        if why:
            told.add(neighbour)  # two that are far from each other are one slip
            away = f"{format_duration(gap)} away from the nearest other time"
            text = f"{name} ({facts.milestones.get(name)}) is {away}{why}."
            fix = "Correct the date, or say in the narrative why it took so long."
            yield Finding("date-slip", "warning", "incident.toml: milestones", text, fix)


def _weekday(where: str, date: WrittenDate, near: Interval | None) -> Iterator[Finding]:
    days = date.readings(near)
    if date.weekday is None or not days or any(d.weekday() == date.weekday for d in days):
        return
    text = f"“{date.text}”: {days[0]:%Y-%m-%d} is a {days[0]:%A}."
    yield Finding("weekday", "warning", where, text, "Correct the day of the week, or the date.")


def _swapped(where: str, date: WrittenDate, near: Interval) -> Iterator[Finding]:
    """A date that is far from the incident, but in it with day and month swapped, or in the year beside."""
    days = date.readings(near)
    if not days or not date.has_year or any(_is_near(d, near, FAR) for d in days):
        return
    day = days[0]
    for other, why in ((date.swapped, "with day and month swapped"), *((y, "in another year") for y in _years(day))):
        if other is not None and _is_near(other, near, DAY):
            text = f"“{date.text}” is far from the incident, but {other:%Y-%m-%d}, {why}, lies in it."
            yield Finding("date-slip", "warning", where, text, "Check the date; nothing is computed from it.")
            return


def _years(day: pd.Timestamp) -> list[pd.Timestamp]:
    return [day + pd.DateOffset(years=years) for years in (1, -1)]


def _is_near(day: pd.Timestamp, near: Interval, margin: pd.Timedelta) -> bool:
    """Whether a day, wherever on Earth it was written, may lie so near to the incident."""
    first, last = (t.tz_convert(None) for t in near)
    return bool(first - margin - DAY < day < last + margin)


def _mixed_orders(written: list[tuple[str, WrittenDate]]) -> Iterator[Finding]:
    """Dates as 14/04/2021 beside dates as 04/16/2021: then nobody can tell what 09/04/2021 means."""
    first = {d.order: (where, d.text) for where, d in reversed(written) if d.order}
    if len(first) > 1:
        (where, day_first), (_, month_first) = first["day"], first["month"]
        text = f"“{day_first}” puts the day first, “{month_first}” the month."
        yield Finding("date-order", "warning", where, text, "Write dates as 2024-01-31.")
