"""An analysis as the machine-readable result of `postmortem_nb.analysis.schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem_nb.analysis.comparison import Comparison
from postmortem_nb.analysis.curve import curve_of
from postmortem_nb.analysis.paths import Path
from postmortem_nb.analysis.replays import Replay
from postmortem_nb.analysis.schema import SCHEMA_VERSION, Result
from postmortem_nb.analysis.schema.parts import (
    ActionModel,
    BaselineModel,
    ClaimModel,
    ComparisonModel,
    ConventionModel,
    ExcerptModel,
    FileModel,
    FindingModel,
    FiringModel,
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
from postmortem_nb.analysis.timings import Timing
from postmortem_nb.incident.following import Action
from postmortem_nb.times import UTC, Duration, Instant, Window

if TYPE_CHECKING:
    from postmortem_nb.analysis import Analysis


def as_result(analysis: Analysis) -> dict[str, Any]:
    """Return an analysis as data that fits the schema."""
    return Result(**_about(analysis), **_measured(analysis), **_told(analysis)).model_dump(mode="json")


def _about(analysis: Analysis) -> dict[str, Any]:
    """What it is a result of, and under which settings."""
    from postmortem_nb import __version__

    incident, facts = analysis.incident, analysis.incident.facts
    return {
        "schema_version": SCHEMA_VERSION,
        "generator": f"postmortem-nb {__version__}",
        "incident": incident.id,
        **facts.model_dump(include={"title", "status", "severity", "services", "team", "synthetic", "factors"}),
        "actions": [_action(a) for a in facts.actions],
        "settings": analysis.settings.model_dump(),
        "redaction": {"profile": incident.redaction.profile, "replaced": dict(incident.redaction.counts)},
        "files": [_file(row) for row in incident.files.to_dict("records")],
    }


def _measured(analysis: Analysis) -> dict[str, Any]:
    """What was computed from telemetry: the signal, its windows, and what they cost."""
    return {
        "signal": analysis.signal.name if analysis.signal else None,
        "curve": curve_of(analysis.signal),
        "baseline": _baseline(analysis),
        "windows": [_window(w) for w in analysis.windows],
        "near_misses": [_window(w) for w in analysis.near_misses],
        "other_windows": [_window(w) for w in analysis.other_windows],
        "sensitivity": [_sensitivity(row) for row in analysis.sensitivity.to_dict("records")],
        "impact": [
            QuantityModel(**{**q.__dict__, "basis": "" if q.value is None else q.basis}) for q in analysis.impact
        ],
        "patterns": [
            PatternModel(**{k: v for k, v in row.items() if k in PatternModel.model_fields})
            for row in analysis.patterns.to_dict("records")
        ],
        "replays": [_replay(r) for r in analysis.replays],
    }


def _told(analysis: Analysis) -> dict[str, Any]:
    """What happened when, how that compares with what people declared, and what is weak about it."""
    return {
        "moments": {m.name: _instant(m.instant) for m in analysis.moments.known()},
        "signs": [
            SignModel(kind=s.kind, instant=_instant(s.instant), who=s.who, text=s.text, role=s.role)
            for s in analysis.moments.signs
        ],
        "timings": [_timing(t) for t in analysis.timings],
        "conventions": [
            ConventionModel(
                authority=c.convention.authority, name=c.convention.name, **_seconds(c.duration), note=c.note
            )
            for c in analysis.conventions
        ],
        "comparison": [_compared(c) for c in analysis.comparison],
        "paths": [_path(p) for p in analysis.paths],
        "claims": [
            ClaimModel(**c.as_dict(), evidence=analysis.claims.evidence_of(c.id)) for c in analysis.claims.values()
        ],
        "excerpts": [_excerpt(row) for row in analysis.excerpts.to_dict("records")],
        "findings": [FindingModel(**f.__dict__, accepted="") for f in analysis.findings],
        "accepted": [FindingModel(**a.finding.__dict__, accepted=a.reason) for a in analysis.accepted],
    }


def _timing(t: Timing) -> TimingModel:
    return TimingModel(
        id=t.id,
        name=t.name,
        definition=t.definition,
        start=t.start.name if t.start else None,
        end=t.end.name if t.end else None,
        **_seconds(t.duration),
        basis=t.basis,
        note=t.note,
    )


def _compared(c: Comparison) -> ComparisonModel:
    return ComparisonModel(
        moment=c.moment,
        version=c.version,
        declared=_instant(c.declared),
        measured=_instant(c.measured),
        **_seconds(c.difference),
        verdict=c.verdict,
        note=c.note,
    )


def _action(action: Action) -> ActionModel:
    due, done = (None if day is None else day.isoformat() for day in (action.due, action.done))
    return ActionModel(**action.model_dump(include={"text", "kind", "owner", "status"}), due=due, done=done)


def _excerpt(row: dict[Any, Any]) -> ExcerptModel:
    return ExcerptModel(**{**row, "time": _iso(row["time"])})


def _iso(t: pd.Timestamp | None) -> str | None:
    return None if t is None or pd.isna(t) else t.tz_convert(UTC).isoformat().replace("+00:00", "Z")


def _seconds(d: Duration) -> dict[str, float | None]:
    bounds = {"seconds": d.value, "seconds_lo": d.lo, "seconds_hi": d.hi}
    return {name: None if t is None else t.total_seconds() for name, t in bounds.items()}


def _baseline(analysis: Analysis) -> BaselineModel | None:
    measurement = analysis.measurement
    if measurement is None:
        return None
    severe = None if pd.isna(measurement.severe) else measurement.severe
    return BaselineModel(**measurement.baseline.__dict__, severe=severe)


def _sensitivity(row: dict[Any, Any]) -> SensitivityModel:
    return SensitivityModel(
        threshold=row["threshold"],
        merge_gap=row["merge_gap"],
        windows=row["windows"],
        onset=_iso(row["onset"]),
        recovery=_iso(row["recovery"]),
        impact_seconds=row["impact_time"].total_seconds(),
    )


def _replay(r: Replay) -> ReplayModel:
    gain = _seconds(r.gain)
    return ReplayModel(
        **r.rule.model_dump(include={"alert", "file", "expr", "hold"}),
        fired=r.fired,
        first=_instant(r.first),
        gain=gain["seconds"],
        gain_lo=gain["seconds_lo"],
        gain_hi=gain["seconds_hi"],
        firings=[_firing(row) for row in r.firings.to_dict("records")],
        quiet_firings=r.quiet,
        quiet_seconds=r.quiet_time.total_seconds(),
        evaluated_by=r.evaluated_by,
        notes=list(r.notes),
    )


def _firing(row: dict[Any, Any]) -> FiringModel:
    times = {name: _iso(row[name]) for name in ("firing", "ended")}
    return FiringModel(pending=_iso(row["pending"]) or "", labels=row["labels"], **times)


def _path(path: Path) -> PathModel:
    h, cost, length = path.hypothesis, path.person_minutes or (None, None, None), _seconds(path.length)
    return PathModel(
        **h.model_dump(include={"text", "verdict", "raised_by", "refuted_by", "actor", "people"}),
        start=_instant(h.start),
        end=_instant(h.end),
        seconds=length["seconds"],
        seconds_lo=length["seconds_lo"],
        seconds_hi=length["seconds_hi"],
        person_minutes=cost[1],
        person_minutes_lo=cost[0],
        person_minutes_hi=cost[2],
    )


def _instant(i: Instant) -> InstantModel:
    basis = i.basis if i.is_known else ""
    return InstantModel(at=_iso(i.at), lo=_iso(i.lo), hi=_iso(i.hi), basis=basis, evidence=i.evidence)


def _window(w: Window) -> WindowModel:
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
    read_as = row["format"] if isinstance(row["format"], str) else ""
    return FileModel(**known, format=read_as, first=_iso(row["first"]), last=_iso(row["last"]))
