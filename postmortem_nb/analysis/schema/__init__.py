"""The shape of the machine-readable result: what ``reports/<id>.json`` holds, and its JSON schema."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from postmortem_nb.analysis.curve import CurveModel
from postmortem_nb.analysis.schema.parts import (
    ActionModel,
    BaselineModel,
    ClaimModel,
    Closed,
    ComparisonModel,
    ConventionModel,
    ExcerptModel,
    FileModel,
    FindingModel,
    InstantModel,
    PathModel,
    PatternModel,
    QuantityModel,
    ReplayModel,
    SensitivityModel,
    SignModel,
    TimingModel,
    WindowModel,
)

SCHEMA_VERSION = 2


class Result(Closed):
    """Everything computed from one incident."""

    schema_version: int
    generator: str = Field(description="name and version of this package")
    incident: str
    title: str
    status: str
    severity: str
    services: list[str]
    team: str = Field(description="team that owns what failed, as declared; empty if it is not stated")
    synthetic: str = Field(description="what of the telemetry is synthetic; empty if nothing is")
    settings: dict[str, str | float] = Field(description="settings in force")
    redaction: dict[str, str | dict[str, int]] = Field(description="profile, and replaced: how often by rule")
    signal: str | None = Field(description="name of the measured signal")
    curve: CurveModel | None
    baseline: BaselineModel | None
    windows: list[WindowModel]
    near_misses: list[WindowModel]
    other_windows: list[WindowModel] = Field(description="windows of the record too far away to belong to the incident")
    sensitivity: list[SensitivityModel]
    moments: dict[str, InstantModel]
    signs: list[SignModel]
    timings: list[TimingModel]
    conventions: list[ConventionModel]
    comparison: list[ComparisonModel]
    impact: list[QuantityModel] = Field(description="empty without a signal")
    paths: list[PathModel]
    patterns: list[PatternModel]
    replays: list[ReplayModel]
    factors: list[str] = Field(description="contributing factors, as declared")
    actions: list[ActionModel] = Field(description="corrective and preventative measures, as declared")
    claims: list[ClaimModel]
    excerpts: list[ExcerptModel]
    findings: list[FindingModel]
    accepted: list[FindingModel] = Field(description="findings that people accept, with their reason")
    files: list[FileModel]


def result_schema() -> dict[str, Any]:
    """Return the JSON schema of the result (draft 2020-12)."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return dialect | Result.model_json_schema() | {"title": "postmortem-nb result"}
