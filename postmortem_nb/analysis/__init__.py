"""What we computed: an `Analysis` of an `Incident` under `Settings`, frozen, with nothing drawn and nothing written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pandas as pd

from postmortem_nb.actions import action_findings
from postmortem_nb.analysis.acceptance import Acceptance, settle
from postmortem_nb.analysis.agreement import agreement_findings
from postmortem_nb.analysis.alertclaims import replay_claims, replay_findings
from postmortem_nb.analysis.alerts import replay_alert, replay_all
from postmortem_nb.analysis.authorities import Conventional, side_by_side
from postmortem_nb.analysis.channels import channel_claims, channel_findings, leads
from postmortem_nb.analysis.claims import Claims
from postmortem_nb.analysis.comparison import Comparison, compare, comparison_findings
from postmortem_nb.analysis.consistency import consistency_findings
from postmortem_nb.analysis.coverage import beyond_findings, coverage_findings, note_findings
from postmortem_nb.analysis.detection import earliest
from postmortem_nb.analysis.excerpts import build_excerpts
from postmortem_nb.analysis.grid import grid_claims, sensitivity
from postmortem_nb.analysis.impact import Quantity, measure_impact
from postmortem_nb.analysis.inputs import Trail
from postmortem_nb.analysis.ledger import build_claims
from postmortem_nb.analysis.moments import Moments, find_moments
from postmortem_nb.analysis.paths import Path, find_paths, path_claims, path_findings, response_end
from postmortem_nb.analysis.patterns import changed_patterns, mine_patterns
from postmortem_nb.analysis.relapses import Noticed, noticed, relapse_claims, relapse_findings
from postmortem_nb.analysis.replays import Replay
from postmortem_nb.analysis.result import as_result
from postmortem_nb.analysis.schema import result_schema
from postmortem_nb.analysis.search import find_windows
from postmortem_nb.analysis.settings import AUTO, Settings
from postmortem_nb.analysis.signals import SignalSeries, build_signals
from postmortem_nb.analysis.statements import stated_findings
from postmortem_nb.analysis.timeline import build_timeline, timeline_findings
from postmortem_nb.analysis.timings import Timing, compute_timings, timing_findings
from postmortem_nb.analysis.windows import Measurement, Windows, measure_all
from postmortem_nb.errors import SourceError, near
from postmortem_nb.findings import Finding
from postmortem_nb.frames import EVENTS
from postmortem_nb.incident import Incident
from postmortem_nb.language import language_findings
from postmortem_nb.redaction import redact_incident

__all__ = [
    "Analysis",
    "Replay",
    "Settings",
    "analyze",
    "find_windows",
    "mine_patterns",
    "replay_alert",
    "result_schema",
]


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything computed from one incident.

    Parameters
    ----------
    incident : Incident
        What was given.
    settings : Settings
        The settings in force.
    given : dict
        The settings as passed, so that `replace` can pass them on.
    signals : tuple of SignalSeries
        Every declared signal on its grid; the measured one first; empty without telemetry.
    measurement : Measurement or None
        Baseline, windows and near misses of the first signal.
    moments : Moments
        What happened when, each from its best source.
    timings : tuple of Timing
        Every time, with both ends, bounds and definition.
    comparison : tuple of Comparison
        Declared against measured.
    impact : tuple of Quantity
        Every quantity of the impact, those that the evidence does not hold with their reason.
    claims : Claims
        The ledger that the narrative draws on.
    findings : tuple of Finding
        Worst first, without those that are accepted.
    beside : tuple of Measurement
        What was measured on the other signals, in their order.
    replays : tuple of Replay
        What the alerting rules that the incident brings would have done.
    accepted : tuple of Acceptance
        Findings that are accepted in ``incident.toml``, with the reason.
    sensitivity : DataFrame
        How the windows move with threshold and merge gap; see `postmortem_nb.analysis.grid.sensitivity`.
    timeline : DataFrame
        What happened in order, each thing once: an events frame.
    """

    incident: Incident
    settings: Settings
    given: dict[str, Any]
    signals: tuple[SignalSeries, ...]
    measurement: Measurement | None
    moments: Moments
    timings: tuple[Timing, ...]
    comparison: tuple[Comparison, ...]
    impact: tuple[Quantity, ...]
    claims: Claims = field(default_factory=Claims)
    findings: tuple[Finding, ...] = ()
    beside: tuple[Measurement, ...] = ()
    replays: tuple[Replay, ...] = ()
    accepted: tuple[Acceptance, ...] = ()
    sensitivity: pd.DataFrame = field(default_factory=pd.DataFrame)
    timeline: pd.DataFrame = field(default_factory=EVENTS.empty)

    @property
    def signal(self) -> SignalSeries | None:
        """The signal that the windows were measured on."""
        return self.signals[0] if self.signals else None

    @property
    def windows(self) -> Windows:
        """Impact windows of the incident in time order."""
        return self.measurement.windows if self.measurement else Windows()

    @property
    def other_windows(self) -> Windows:
        """Windows of the record that are too far from the incident to belong to it, in time order."""
        return self.measurement.others if self.measurement else Windows()

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """What was measured on each of `signals`, in their order."""
        return (self.measurement, *self.beside) if self.measurement else ()

    @property
    def near_misses(self) -> Windows:
        """Excursions that were too short to count."""
        return self.measurement.near_misses if self.measurement else Windows()

    @property
    def zone(self) -> str:
        """Zone that is printed beside UTC."""
        return self.incident.facts.zone if self.settings.zone == AUTO else self.settings.zone

    @cached_property
    def conventions(self) -> tuple[Conventional, ...]:
        """The times that other definitions give for the same moments."""
        return side_by_side(self.moments, self.incident.facts.change_failed)

    @cached_property
    def noticed(self) -> tuple[Noticed, ...]:
        """How each window was noticed; empty where no sign of the incident is known."""
        return noticed(self.incident, self.windows, self.moments.signs)

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """Explanations that responders held, with what each cost."""
        return find_paths(self.incident.facts.hypotheses, response_end(self.moments))

    @cached_property
    def excerpts(self) -> pd.DataFrame:
        """Rows of evidence that the moments rest on; see `postmortem_nb.analysis.excerpts.build_excerpts`."""
        return build_excerpts(self.incident, self.signals, self.moments)

    @cached_property
    def patterns(self) -> pd.DataFrame:
        """Log patterns that changed most; see `postmortem_nb.analysis.patterns.changed_patterns`."""
        return changed_patterns(self.incident.logs, [w.span for w in self.windows])

    def timing(self, id: str) -> Timing:
        """Return one time by its id, such as ``time_to_detect``."""
        times = {t.id: t for t in self.timings}
        if id not in times:
            raise SourceError(f"there is no time {id!r}. {near(id, times)}")
        return times[id]

    def replace(self, **settings: Any) -> Analysis:
        """Return the analysis of the same incident under other settings; this one is unchanged."""
        return analyze(self.incident, **{**self.given, **settings})

    def to_dict(self) -> dict[str, Any]:
        """Return every computed value as JSON-ready data; the schema is `result_schema`."""
        return as_result(self)

    def __repr__(self) -> str:
        counts = f"{len(self.windows)} impact windows, {len(self.findings)} findings"
        return f"<Analysis of {self.incident.id}: {counts}>\n{self.windows!r}"


def analyze(incident: Incident, **settings: Any) -> Analysis:
    """Compute everything about an incident.

    Parameters
    ----------
    incident : Incident
        From `postmortem_nb.load`.
    **settings
        Fields of `Settings`; those left out come from ``[settings]`` of the incident, else the defaults.

    Raises
    ------
    SettingError
        For an unknown setting or a value that makes no sense.
    IncidentError
        If a declared signal does not fit the evidence.
    """
    chosen = Settings.build(incident.facts.settings, **settings)
    if settings.get("redact", AUTO) != AUTO:
        incident = redact_incident(incident, settings["redact"])
    signals = build_signals(incident, chosen)
    series = signals[0] if signals else None
    measurements = measure_all(signals, chosen, incident.facts)
    measurement = measurements[0] if measurements else None
    windows, others = (measurement.windows, measurement.others) if measurement else (Windows(), Windows())
    moments, odd = find_moments(incident, series, measurement)
    zone = incident.facts.zone if chosen.zone == AUTO else chosen.zone
    analysis = Analysis(
        incident,
        chosen,
        settings,
        signals,
        measurement,
        moments,
        timings=compute_timings(incident, moments, windows),
        comparison=compare(incident, moments, series.step if series else pd.Timedelta(minutes=1), windows),
        impact=measure_impact(incident, signals, measurements, zone),
        beside=measurements[1:],
        replays=replay_all(incident, signals, moments, windows, others, chosen.replay),
        sensitivity=sensitivity(series, chosen, measurement.baseline if measurement else None, incident.facts),
        timeline=build_timeline(incident, moments, windows, series),
    )
    findings, accepted = settle(incident, [*incident.findings, *odd, *_findings(analysis)])
    return replace(analysis, claims=_claims(analysis), findings=findings, accepted=accepted)


def _claims(a: Analysis) -> Claims:
    """Return the ledger of everything that was computed."""
    trail = Trail(a.incident)
    claims = build_claims(a.incident, a.zone, a.settings, a.signals, a.windows, a.moments, a.timings, a.impact)
    more = (
        replay_claims(a.replays, trail),
        path_claims(a.paths, trail),
        channel_claims(leads(a.moments.signs), trail),
        relapse_claims(a.noticed, trail),
        grid_claims(a.sensitivity, a.windows, claims["window"].inputs),
    )
    claims.update((c.id, c) for found in more for c in found)
    return claims


def _findings(a: Analysis) -> Iterator[Finding]:
    """Yield what is weak or contradicts itself."""
    incident, moments = a.incident, a.moments
    yield from channel_findings(leads(moments.signs))
    yield from relapse_findings(a.noticed)
    yield from timing_findings(a.timings)
    yield from agreement_findings(incident, a.timings)
    yield from comparison_findings(a.comparison)
    yield from coverage_findings(incident, a.signal, a.measurement, a.settings)
    yield from note_findings(a.signals)
    yield from beyond_findings(incident, a.signals, a.measurements)
    yield from consistency_findings(incident, a.windows)
    yield from path_findings(incident, a.paths)
    yield from timeline_findings(incident, a.timeline)
    yield from replay_findings(incident, a.replays)
    yield from language_findings(incident)
    yield from action_findings(incident)
    yield from stated_findings(incident, a.windows, earliest([moments.at("detect"), moments.at("declare")]))
