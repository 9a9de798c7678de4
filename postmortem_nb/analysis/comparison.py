"""Declared against measured: what people wrote beside what the evidence shows, with the difference and a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from postmortem_nb.analysis.moments import DECLARED_AS, NAMES, Moments
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident, Milestones
from postmortem_nb.times import UTC, Duration, Instant, between, format_duration, format_instant

AGREES, WITHIN, CONTRADICTS, NO_EVIDENCE = "agrees", "within resolution", "contradicts", "no evidence"
COMPARED = ("start", "signal", "page", "aware", "ack", "mitigate", "recover")
"""Moments that evidence can speak about; the others exist only because people or tools recorded them."""


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
        """``5 min 20 s later``, ``2 min earlier``, ``none``."""
        value = self.difference.value
        if value is None:
            return ""
        if abs(value) < pd.Timedelta(seconds=1):
            return "none"
        return f"{format_duration(abs(value))} {'later' if value > pd.Timedelta(0) else 'earlier'}"


def compare(incident: Incident, moments: Moments, resolution: pd.Timedelta) -> tuple[Comparison, ...]:
    """Hold every declared milestone, in every published version, against the evidence.

    Parameters
    ----------
    incident : Incident
    moments : Moments
        Best known instant of each moment; only those not declared are evidence.
    resolution : Timedelta
        Distance between two samples of the signal: a miss by no more than this proves nothing.
    """
    rows = list(_version(incident.facts.milestones, moments, resolution, "", incident.facts.zone))
    for version in incident.facts.versions:
        rows += _version(version.milestones, moments, resolution, version.name, incident.facts.zone)
    return tuple(rows)


def _version(
    milestones: Milestones, moments: Moments, resolution: pd.Timedelta, version: str, zone: str
) -> Iterator[Comparison]:
    for moment, milestone in DECLARED_AS.items():
        declared = milestones.get(milestone)
        if not declared.is_known:
            continue
        found = moments.at(moment)
        measured = found if moment in COMPARED and found.basis != "declared" else Instant(text="unknown")
        if not measured.is_known:
            yield Comparison(moment, declared, measured, Duration(), NO_EVIDENCE, version=version)
            continue
        verdict = judge(declared, measured, resolution)
        note = shift_note(declared, measured, resolution, zone) if verdict == CONTRADICTS else ""
        yield Comparison(moment, declared, measured, between(measured, declared), verdict, note, version)


def judge(declared: Instant, measured: Instant, resolution: pd.Timedelta) -> str:
    """Return the verdict on two uncertain instants.

    >>> t = pd.Timestamp("2024-01-14T02:00Z")
    >>> judge(Instant.exact(t), Instant.exact(t + pd.Timedelta("3min")), pd.Timedelta("1min"))
    'contradicts'
    """
    gap = between(measured, declared)
    zero = pd.Timedelta(0)
    if gap.lo is not None and gap.lo > zero:
        return WITHIN if gap.lo <= resolution else CONTRADICTS
    if gap.hi is not None and gap.hi < zero:
        return WITHIN if -gap.hi <= resolution else CONTRADICTS
    return AGREES


def shift_note(declared: Instant, measured: Instant, resolution: pd.Timedelta, zone: str) -> str:
    """Say whether a declared time agrees once it is moved by an hour or by the zone's offset: the commonest slip."""
    hours = {pd.Timedelta(hours=1), pd.Timedelta(hours=-1)}
    if zone != UTC and declared.best is not None:
        offset = declared.best.tz_convert(zone).utcoffset()
        hours |= {pd.Timedelta(offset), -pd.Timedelta(offset)} - {pd.Timedelta(0)} if offset is not None else set()
    for shift in sorted(hours, key=abs):
        if judge(declared.shifted(shift), measured, resolution) != CONTRADICTS:
            minutes = round(shift.total_seconds() / 60)
            return f"agrees if shifted by {minutes:+d} min: check the zone it was written in"
    return ""


def comparison_findings(rows: tuple[Comparison, ...]) -> tuple[Finding, ...]:
    """Return a finding for every declared time that the evidence contradicts."""
    findings = []
    for row in rows:
        if row.verdict != CONTRADICTS:
            continue
        whose = f" in the {row.version}" if row.version else ""
        text = (
            f"“{row.label}” is declared{whose} as {format_instant(row.declared)} but the evidence shows "
            f"{format_instant(row.measured)}: {row.difference_text}."
        )
        if row.note:
            text = f"{text[:-1]}; it {row.note}."
        findings.append(
            Finding(
                "declared-contradicts-measured",
                "warning",
                f"milestone {DECLARED_AS[row.moment]}",
                text,
                "Both are shown. Say in the narrative why they differ, or correct the declared time.",
            )
        )
    return tuple(findings)
