"""Offsets that declared times are written with: several in one document, or not those of the declared zone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.times import UTC, Instant, format_instant

_OFFSET = re.compile(r"\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*([+-])(\d{2}):?(\d{2})\b")
FIX = "Check the zone of each; an offset that is wrong moves the time by whole hours."


def offset_findings(incident: Incident) -> Iterator[Finding]:
    """Yield declared times whose offsets contradict the zone of the incident, or each other where no zone is declared.

    A time in UTC (``Z``) beside local ones is no contradiction.
    """
    zone = incident.facts.zone
    written = [(name, i, offset) for name, i in _times(incident) for offset in _offsets(i)]
    if zone != UTC:
        for name, instant, offset in written:
            own = _offset_of(zone, instant)
            if own is not None and offset != own:
                text = f"{name} ({format_instant(instant)}) is written with {_text(offset)}, but {zone} was at "
                yield Finding("offset-not-of-zone", "warning", "incident.toml", f"{text}{_text(own)} then.", FIX)
        return
    first: dict[pd.Timedelta, str] = {}
    for name, _, offset in written:
        first.setdefault(offset, name)
    if len(first) > 1:
        shown = " and ".join(f"{_text(offset)} ({name})" for offset, name in first.items())
        yield Finding("mixed-offsets", "warning", "incident.toml", f"times are written with {shown}.", FIX)


def _times(incident: Incident) -> Iterator[tuple[str, Instant]]:
    facts = incident.facts
    yield from facts.milestones
    for version in facts.versions:
        yield from ((f"{name} of the {version.name}", instant) for name, instant in version.milestones)
    for row in facts.timeline:
        yield f"“{row.text}”", row.at
        if row.end is not None:
            yield f"the end of “{row.text}”", row.end
    for h in facts.hypotheses:
        yield f"“{h.text}”", h.start
        yield f"the end of “{h.text}”", h.end


def _offsets(instant: Instant) -> Iterator[pd.Timedelta]:
    """Yield the offsets that a time is written with, but not that of UTC."""
    for sign, hours, minutes in _OFFSET.findall(instant.text):
        offset = pd.Timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
        if offset:
            yield offset


def _offset_of(zone: str, instant: Instant) -> pd.Timedelta | None:
    return None if instant.best is None else pd.Timedelta(instant.best.tz_convert(zone).utcoffset() or 0)


def _text(offset: pd.Timedelta) -> str:
    minutes = round(abs(offset) / pd.Timedelta(minutes=1))
    return f"{'−' if offset < pd.Timedelta(0) else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
