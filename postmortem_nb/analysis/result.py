"""The machine-readable result of one incident and its JSON schema: what ``reports/<id>.json`` holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from postmortem_nb.times import UTC, Instant

if TYPE_CHECKING:
    from postmortem_nb.analysis import Analysis

SCHEMA_VERSION = 1


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class InstantModel(_Model):
    """An instant known within bounds; ISO 8601, UTC."""

    at: str | None = Field(description="best single value; null if there is none")
    lo: str | None = Field(description="earliest; null if open or unknown")
    hi: str | None = Field(description="latest; null if open or unknown")
    basis: str = Field(description="measured, declared, system or inferred; empty if unknown")
    evidence: str = Field(description="file, file:line or query that supports it")


class WindowModel(_Model):
    """One impact window, half-open."""

    onset: InstantModel
    recovery: InstantModel
    is_open: bool = Field(description="the record ends before the window does")
    score: float = Field(description="worst distance from the baseline over the threshold's")
    kind: str
    unknown: float = Field(description="share of the window without samples")


class ClaimModel(_Model):
    """One computed value of the ledger."""

    id: str
    value: str | float | int | None = Field(description="instants ISO 8601 UTC, durations in seconds")
    lo: str | float | int | None
    hi: str | float | int | None
    unit: str
    text: str = Field(description="as printed in the report")
    basis: str
    definition: str
    inputs: list[str]
    note: str = Field(description="why it is missing, or what to bear in mind")


class TimingModel(_Model):
    """One time with both ends."""

    id: str
    name: str
    definition: str
    start: str | None = Field(description="name of the moment it starts from")
    end: str | None
    seconds: float | None
    seconds_lo: float | None
    seconds_hi: float | None
    basis: str
    note: str


class ComparisonModel(_Model):
    """A declared milestone beside its measurement."""

    moment: str
    version: str = Field(description="published version it is from; empty for the current one")
    declared: InstantModel
    measured: InstantModel
    seconds: float | None = Field(description="declared minus measured")
    verdict: str
    note: str


class FindingModel(_Model):
    """A weakness or contradiction."""

    id: str
    severity: str
    where: str
    text: str
    fix: str


class FileModel(_Model):
    """One evidence file."""

    file: str
    kind: str
    format: str
    bytes: int
    sha256: str
    rows: int
    rejected: int
    first: str | None
    last: str | None


class Result(_Model):
    """Everything computed from one incident."""

    schema_version: int
    generator: str = Field(description="name and version of this package")
    incident: str
    title: str
    status: str
    severity: str
    services: list[str]
    synthetic: str = Field(description="what of the telemetry is synthetic; empty if nothing is")
    settings: dict[str, str | float] = Field(description="settings in force")
    signal: str | None = Field(description="name of the measured signal")
    windows: list[WindowModel]
    near_misses: list[WindowModel]
    moments: dict[str, InstantModel]
    timings: list[TimingModel]
    comparison: list[ComparisonModel]
    claims: list[ClaimModel]
    findings: list[FindingModel]
    files: list[FileModel]


def result_schema() -> dict[str, Any]:
    """Return the JSON schema of the result (draft 2020-12)."""
    schema = Result.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "postmortem-nb result",
        **schema,
    }


def as_result(analysis: Analysis) -> dict[str, Any]:
    """Return an analysis as data that fits the schema."""
    from postmortem_nb import __version__

    incident, facts = analysis.incident, analysis.incident.facts
    result = Result(
        schema_version=SCHEMA_VERSION,
        generator=f"postmortem-nb {__version__}",
        incident=incident.id,
        title=facts.title,
        status=facts.status,
        severity=facts.severity,
        services=facts.services,
        synthetic=facts.synthetic,
        settings=analysis.settings.model_dump(),
        signal=analysis.signal.name if analysis.signal else None,
        windows=[_window(w) for w in analysis.windows],
        near_misses=[_window(w) for w in analysis.near_misses],
        moments={m.name: _instant(m.instant) for m in analysis.moments.known()},
        timings=[
            TimingModel(
                id=t.id,
                name=t.name,
                definition=t.definition,
                start=t.start.name if t.start else None,
                end=t.end.name if t.end else None,
                seconds=_seconds(t.duration.value),
                seconds_lo=_seconds(t.duration.lo),
                seconds_hi=_seconds(t.duration.hi),
                basis=t.basis,
                note=t.note,
            )
            for t in analysis.timings
        ],
        comparison=[
            ComparisonModel(
                moment=c.moment,
                version=c.version,
                declared=_instant(c.declared),
                measured=_instant(c.measured),
                seconds=_seconds(c.difference.value),
                verdict=c.verdict,
                note=c.note,
            )
            for c in analysis.comparison
        ],
        claims=[ClaimModel(**c.as_dict()) for c in analysis.claims.values()],
        findings=[FindingModel(**f.__dict__) for f in analysis.findings],
        files=[_file(row) for row in incident.files.to_dict("records")],
    )
    return result.model_dump(mode="json")


def _iso(t: pd.Timestamp | None) -> str | None:
    return None if t is None or pd.isna(t) else t.tz_convert(UTC).isoformat().replace("+00:00", "Z")


def _seconds(d: pd.Timedelta | None) -> float | None:
    return None if d is None else d.total_seconds()


def _instant(i: Instant) -> InstantModel:
    basis = i.basis if i.is_known else ""
    return InstantModel(at=_iso(i.at), lo=_iso(i.lo), hi=_iso(i.hi), basis=basis, evidence=i.evidence)


def _window(w: Any) -> WindowModel:
    return WindowModel(
        onset=_instant(w.onset),
        recovery=_instant(w.recovery),
        is_open=w.is_open,
        score=round(w.score, 6),
        kind=w.kind,
        unknown=w.unknown,
    )


def _file(row: dict[Any, Any]) -> FileModel:
    known = {k: v for k, v in row.items() if k in FileModel.model_fields and k not in ("first", "last", "format")}
    return FileModel(**known, format=row["format"] or "", first=_iso(row["first"]), last=_iso(row["last"]))
