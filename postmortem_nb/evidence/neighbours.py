"""Years and dates that a file's lines do not carry, taken from what its neighbours cover; said in a finding.

The year is taken that puts the file nearest to the other evidence of its folder; where that tells nothing, nearest to
the declared date and milestones. Where two are equally near, nothing is taken, and the error stays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from postmortem_nb.errors import ReadError
from postmortem_nb.evidence.account import Report, Undated
from postmortem_nb.evidence.how import How
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Facts
from postmortem_nb.times import format_time

FARTHEST = pd.Timedelta(days=100)  # evidence farther away does not tell a year: another one is nearly as near
CLEARLY = pd.Timedelta(hours=1)  # by how much the second best must be farther away
LONGEST = 40  # days that evidence may cover and still tell a date
DAY = pd.Timedelta(days=1)

Read = Callable[[How], pd.DataFrame]


@dataclass(frozen=True)
class Cover:
    """From when to when something has evidence, and how that is said."""

    first: pd.Timestamp
    last: pd.Timestamp
    said: str


def covers_of(reports: Iterable[Report]) -> list[Cover]:
    """Return what files with whole times cover."""
    out = []
    for report in reports:
        if report.first is not None and report.last is not None:
            span = f"{format_time(report.first)} to {format_time(report.last)} UTC"
            out.append(Cover(report.first, report.last, f"{report.file} covers {span}"))
    return out


def declared_in(facts: Facts) -> list[Cover]:
    """Return what is declared about when it was: the date of the incident, else its milestones."""
    if facts.date is not None:
        start = pd.Timestamp(facts.date, tz=facts.zone).tz_convert("UTC")
        return [Cover(start, start + DAY, f"incident.toml declares the date {facts.date}")]
    known = [instant.best for _, instant in facts.milestones if instant.best is not None]
    if not known:
        return []
    return [Cover(min(known), max(known), f"incident.toml declares milestones from {format_time(min(known))} UTC on")]


def read_beside(
    how: How, error: Undated, read: Read, neighbours: Sequence[Cover], declared: Sequence[Cover]
) -> tuple[pd.DataFrame, Finding]:
    """Read a file whose lines carry no year, or no date, with the one that its neighbours tell.

    Parameters
    ----------
    how : How
        What was declared about it.
    error : Undated
        What reading it said.
    read : callable
        Reads the file.
    neighbours, declared : sequence of Cover
        What other evidence covers; what people declared, asked where the others do not tell.

    Returns
    -------
    frame : DataFrame
        What it holds.
    finding : Finding
        What was assumed, and why.

    Raises
    ------
    Undated
        The error, where nothing tells, or two years (dates) fit equally well.
    """
    for covers in (neighbours, declared):
        first = next(iter(_candidates(error.missing, covers, how)), None)
        if first is None:
            continue
        tried = replace(_dated(how, error.missing, first), window=None)
        trial, was_read = _tried(tried, read)
        report: Report = trial.attrs["report"]
        if report.first is None or report.last is None:
            continue
        moves = {date: _move(first, date, error.missing) for date in _candidates(error.missing, covers, how)}
        best = _nearest(report.first, report.last, moves, covers)
        if best is None:
            continue
        chosen, cover = best
        wanted = _dated(how, error.missing, chosen)
        frame = trial if was_read == wanted else read(wanted)
        written = str(chosen.year) if error.missing == "year" else f"{chosen:%Y-%m-%d}"
        return frame, Finding(
            f"assumed-{error.missing}",
            "note",
            how.name,
            f"Its lines carry no {error.missing}; {written} was taken because {cover.said}.",
            f"Declare `{error.missing} = {written}`, that of its first line, in an [[evidence]] entry.",
        )
    raise error


def _candidates(missing: str, covers: Sequence[Cover], how: How) -> list[dt.date]:
    """Return dates to try for the first record, a date a year where the year is missing; likely ones first."""
    zone = how.zone or "UTC"
    spans = [(c.first.tz_convert(zone).date(), c.last.tz_convert(zone).date()) for c in covers]
    if missing == "year":
        years = {year for first, last in spans for year in range(first.year - 1, last.year + 2)}
        seen = [dt.date(first.year, 1, 1) for first, _ in spans]
        return list(dict.fromkeys([*seen, *(dt.date(year, 1, 1) for year in sorted(years))]))
    short = [(first, last) for first, last in spans if (last - first).days <= LONGEST]
    days = {first + dt.timedelta(days=n) for first, last in short for n in range(-1, (last - first).days + 2)}
    return list(dict.fromkeys([*(first for first, _ in short), *sorted(days)]))


def _dated(how: How, missing: str, date: dt.date) -> How:
    return replace(how, year=date.year) if missing == "year" else replace(how, date=date)


def _tried(how: How, read: Read) -> tuple[pd.DataFrame, How]:
    """Read a file with a date that may be wrong: an hour that only this date's clock change repeats is no error yet."""
    try:
        return read(how), how
    except Undated:
        raise
    except ReadError:
        how = replace(how, change="first")
        return read(how), how


def _move(tried: dt.date, date: dt.date, missing: str) -> pd.Timedelta | pd.DateOffset:
    return pd.DateOffset(years=date.year - tried.year) if missing == "year" else pd.Timedelta(date - tried)


def _nearest(
    first: pd.Timestamp,
    last: pd.Timestamp,
    moves: Mapping[dt.date, pd.Timedelta | pd.DateOffset],
    covers: Sequence[Cover],
) -> tuple[dt.date, Cover] | None:
    """Return the candidate that puts a file nearest to what others cover, and the one it is nearest to."""
    scores = []
    for date, move in moves.items():
        start, end = first + move, last + move
        away = [_away(start, end, cover) for cover in covers]
        nearest = min(range(len(covers)), key=lambda n: (away[n], n))
        gap = max(start - covers[nearest].last, covers[nearest].first - end)
        scores.append((sum(away, pd.Timedelta(0)), gap, date, covers[nearest]))
    scores.sort(key=lambda score: (score[0], score[2]))
    best, *others = scores
    if best[1] > FARTHEST or (others and others[0][0] - best[0] < CLEARLY):
        return None
    return best[2], best[3]


def _away(start: pd.Timestamp, end: pd.Timestamp, cover: Cover) -> pd.Timedelta:
    """Return how far a stretch is from another one, and how much of it lies outside of that."""
    overlap = min(end, cover.last) - max(start, cover.first)
    nothing = pd.Timedelta(0)
    return (end - start) - max(overlap, nothing) + max(-overlap, nothing)
