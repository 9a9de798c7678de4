"""Declared against measured: what people wrote beside what the evidence shows, with the difference and a verdict."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pandas as pd

from postmortem_nb.analysis.moments import DECLARED_AS, NAMES, Moments
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.analysis.witnesses import evidence_for
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.times import UTC, Duration, Instant, between, format_duration, format_instant

ZERO, MINUTE = pd.Timedelta(0), pd.Timedelta(minutes=1)
NO_WINDOWS = Windows()

AGREES, WITHIN, CONTRADICTS, NO_EVIDENCE = "agrees", "within resolution", "contradicts", "no evidence"
STAMPED = pd.Timedelta(minutes=1)  # a tool's stamp and a declared minute that differ by no more than this agree


@dataclass(frozen=True)
class Comparison:
    """One declared milestone beside its measurement.

    Parameters
    ----------
    moment : str
        Name in the event model, such as ``start``.
    declared, measured : Instant
        What people wrote; what data or a tool's stamp shows (unknown if nothing does).
    difference : Duration
        Declared minus measured, with bounds: positive means declared later.
    verdict : {"agrees", "within resolution", "contradicts", "no evidence"}
        The intervals overlap; they miss each other by no more than one sample; by more; or nothing to compare with.
    note : str
        Such as "agrees if shifted by +60 min".
    version : str
        Name of the published version that the declared time is from; empty for the current one.
    """

    moment: str
    declared: Instant
    measured: Instant
    difference: Duration
    verdict: str
    note: str = ""
    version: str = ""

    @property
    def label(self) -> str:
        """What the milestone is called in the report."""
        return NAMES[self.moment]

    @property
    def difference_text(self) -> str:
        """``5 min 20 s later``, ``at least 2 min earlier``, ``none``."""
        lo, value, hi = self.difference.lo, self.difference.value, self.difference.hi
        least = ""
        if value is None:  # one of the two is a bound
            value = lo if lo is not None and lo > ZERO else hi if hi is not None and hi < ZERO else None
            least = "at least "
        if value is None:
            return ""
        if abs(value) < pd.Timedelta(seconds=1):
            return "none"
        return f"{least}{format_duration(abs(value))} {'later' if value > ZERO else 'earlier'}"


def compare(
    incident: Incident, moments: Moments, resolution: pd.Timedelta, windows: Windows = NO_WINDOWS
) -> tuple[Comparison, ...]:
    """Hold every declared milestone, in every published version, against the evidence.

    Parameters
    ----------
    incident : Incident
    moments : Moments
        Measured moments and recorded signs; nothing that is itself declared counts as evidence.
    resolution : Timedelta
        Distance between two samples of the signal: a miss by no more than this proves nothing.
    windows : Windows
        A declared end that is that of an earlier window is said to be so.
    """
    versions = [("", incident.facts.milestones), *((v.name, v.milestones) for v in incident.facts.versions)]
    return tuple(
        _compare(moment, version, milestones.get(milestone), incident, moments, resolution, windows)
        for version, milestones in versions
        for moment, milestone in DECLARED_AS.items()
        if milestones.get(milestone).is_known
    )


def _compare(
    moment: str,
    version: str,
    declared: Instant,
    incident: Incident,
    moments: Moments,
    resolution: pd.Timedelta,
    windows: Windows,
) -> Comparison:
    measured = evidence_for(moment, declared, incident, moments)
    if not measured.is_known:
        return Comparison(moment, declared, measured, Duration(), NO_EVIDENCE, version=version)
    verdict = judge(declared, measured, resolution if measured.basis == "measured" else STAMPED)
    note = shift_note(declared, measured, resolution, incident.facts.zone) if verdict == CONTRADICTS else ""
    if verdict == CONTRADICTS and moment in ("mitigate", "recover"):
        note = _earlier_window(declared, windows, resolution) or note
    if moments[moment].is_pending and verdict != CONTRADICTS:
        verdict, note = NO_EVIDENCE, "the record ends before it"
    return Comparison(moment, declared, measured, between(measured, declared), verdict, note, version)


def judge(declared: Instant, measured: Instant, resolution: pd.Timedelta) -> str:
    """Return the verdict on two uncertain instants.

    >>> t = pd.Timestamp("2024-01-14T02:00Z")
    >>> judge(Instant.exact(t), Instant.exact(t + pd.Timedelta("3min")), pd.Timedelta("1min"))
    'contradicts'
    """
    gap = between(measured, declared)
    if gap.lo is not None and gap.lo > ZERO:
        return WITHIN if gap.lo <= resolution else CONTRADICTS
    if gap.hi is not None and gap.hi < ZERO:
        return WITHIN if -gap.hi <= resolution else CONTRADICTS
    return AGREES


def _earlier_window(declared: Instant, windows: Windows, resolution: pd.Timedelta) -> str:
    """Say whether a declared end is that of a window before the last: over, as it seemed, and then it began again."""
    for n, (window, following) in enumerate(itertools.pairwise(windows), 1):
        if judge(declared, window.recovery, resolution) != CONTRADICTS:
            return (
                f"agrees with the end of window {n} of {len(windows)}; the impact began again at "
                f"{format_instant(following.onset)}"
            )
    return ""


def shift_note(declared: Instant, measured: Instant, resolution: pd.Timedelta, zone: str) -> str:
    """Say whether a declared time agrees once it is moved by what is commonly mistaken: its zone, or its date."""
    if measured.lo is None or measured.hi is None:
        return ""  # a bound alone agrees with every large shift
    at = declared.best if declared.best is not None else declared.lo
    for name, shift in slips(at, zone):
        if judge(declared.shifted(shift), measured, resolution) != CONTRADICTS:
            return name
    return ""


def slips(at: pd.Timestamp | None, zone: str) -> list[tuple[str, pd.Timedelta]]:
    """Return what is commonly mistaken in a written time, with the shift that mends it, smallest first."""
    hours = {pd.Timedelta(hours=1), pd.Timedelta(hours=-1)}
    if zone != UTC and at is not None:
        offset = pd.Timedelta(at.tz_convert(zone).utcoffset() or ZERO)
        hours |= {offset, -offset} - {ZERO}
    where = "check the zone it was written in"
    slips = [(f"agrees if shifted by {shift / MINUTE:+.0f} min: {where}", shift) for shift in hours]
    for sign in (1, -1):
        word = "later" if sign > 0 else "earlier"
        half, day = pd.Timedelta(hours=12), pd.Timedelta(days=1)
        slips.append((f"agrees if it is 12 hours {word}: check morning and afternoon", sign * half))
        slips.append((f"agrees if it is a day {word}: check the date", sign * day))
        if at is not None:
            month, year = (at + sign * pd.DateOffset(months=months) - at for months in (1, 12))
            slips.append((f"agrees if it is a month {word}: check the month", month))
            slips.append((f"agrees if it is a year {word}: check the year", year))
    swapped = None if at is None else _swapped(at.tz_convert(zone))
    if at is not None and swapped is not None:
        slips.append(("agrees with day and month swapped: check which comes first", swapped - at))
    return sorted(slips, key=lambda slip: (abs(slip[1]), slip[1]))


def _swapped(at: pd.Timestamp) -> pd.Timestamp | None:
    """Return a local time with day and month swapped; None where that is no other day, or none at all."""
    if at.day > 12 or at.day == at.month:
        return None
    try:
        return at.tz_localize(None).replace(month=at.day, day=at.month).tz_localize(at.tz).tz_convert(UTC)
    except ValueError:  # the clocks are moved over it that night
        return None


def comparison_findings(rows: tuple[Comparison, ...]) -> tuple[Finding, ...]:
    """Return a finding for every declared time that the evidence contradicts."""
    findings = []
    for row in rows:
        if row.verdict != CONTRADICTS:
            continue
        place = f"milestone {DECLARED_AS[row.moment]}"
        whose = f" in the {row.version}" if row.version else ""
        text = (
            f"“{row.label}” is declared{whose} as {format_instant(row.declared)}, {row.difference_text} than the "
            f"evidence shows: {format_instant(row.measured)}."
        )
        if row.note:
            text = f"{text[:-1]}; it {row.note}."
        findings.append(
            Finding(
                "declared-contradicts-measured",
                "warning",
                place,
                text,
                "Both are shown. Correct the declared time, or say in the narrative why they differ and accept it in "
                f'[[accepted]] (place = "{place}").',
            )
        )
    return tuple(findings)
