"""The declared facts: models of ``incident.toml``.

What people declared is kept as they wrote it; rules that only weaken a statement (an impossible order, a missing owner)
are findings of the analysis, not errors.
"""

from __future__ import annotations

import codecs
import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from postmortem_nb.incident.conversation import Chat
from postmortem_nb.incident.following import Accepted, Action, Decision, Language
from postmortem_nb.incident.measures import Latency, Slo, StatedTimes, Users, Value
from postmortem_nb.incident.readers import Public, Review
from postmortem_nb.incident.written import Bound, Fact, Text, When
from postmortem_nb.times import UNKNOWN, UTC, Instant, parse_duration, zone_named

# How a milestone is called in the report, in the order in which incidents usually pass them.
MILESTONES = {
    "changed": "triggering change completed",
    "started": "impact started",
    "signalled": "first automatic signal",
    "paged": "first responder notified",
    "detected": "first person aware",
    "acknowledged": "first acknowledgement",
    "declared": "incident declared",
    "engaged": "diagnosis began",
    "identified": "cause identified",
    "mitigated": "impact no longer severe",
    "recovered": "service recovered",
    "resolved": "incident resolved",
    "published": "first public message",
    "closed": "review finished",
}


Filter = dict[str, str | int | float | bool | list[str | int | float]]
"""Which rows: column → value, list of values, ``">=500"``-like comparison, or ``"~regex"``; all must hold."""


class Milestones(Fact):
    """Named instants that people declared; see `MILESTONES` for their meaning. An absent one was not recorded."""

    changed: When | None = None
    started: When | None = None
    signalled: When | None = None
    paged: When | None = None
    detected: When | None = None
    acknowledged: When | None = None
    declared: When | None = None
    engaged: When | None = None
    identified: When | None = None
    mitigated: When | None = None
    recovered: When | None = None
    resolved: When | None = None
    published: When | None = None
    closed: When | None = None

    def __iter__(self) -> Iterator[tuple[str, Instant]]:  # type: ignore[override]
        """Yield name and instant of each milestone that was declared, in usual order."""
        return ((name, getattr(self, name)) for name in MILESTONES if getattr(self, name) is not None)

    def get(self, name: str) -> Instant:
        """Return a milestone, unknown if it was not declared."""
        return getattr(self, name) or UNKNOWN


class Version(Fact):
    """An earlier or competing published version of the milestones."""

    name: Text
    source: str = ""
    milestones: Milestones


class Signal(Fact):
    """One series that says how bad it is for users.

    ``ratio`` is bad/total of counted log lines or of metric sums, ``gauge`` a metric with a bad direction, ``traffic``
    a count whose collapse is impact, ``probe`` a metric that is 1 when up and 0 when down.
    """

    name: Text
    kind: Literal["ratio", "gauge", "traffic", "probe"]
    source: Literal["logs", "metrics"] = "metrics"
    select: Filter = {}
    bad: Filter | None = None
    total: Filter | None = None
    direction: Literal["high", "low"] = "high"
    unit: str = ""
    objective: float | None = None
    threshold: float | None = None
    smear: str = "0s"
    note: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Signal:
        if self.kind == "ratio" and self.bad is None:
            raise ValueError(f"signal {self.name!r} is a ratio and needs `bad`, the rows that count as failed")
        if self.kind in ("gauge", "probe") and self.source == "logs":
            raise ValueError(f"signal {self.name!r} is a {self.kind} and is read from metrics, not logs")
        if self.kind == "ratio" and self.objective is not None and not 0 < self.objective < 1:
            raise ValueError(f"signal {self.name!r}: objective is the share of good requests, between 0 and 1")
        parse_duration(self.smear, f"signal {self.name!r}: smear")
        return self


class TimelineRow(Fact):
    """Something that happened, as people declared it."""

    at: When
    end: When | None = None
    kind: Literal["detection", "action", "escalation", "communication", "change", "observation", "decision", "impact"]
    text: Text
    actor: str = ""
    evidence: str = ""


class Ignored(Fact):
    """Recorded events that tell of something else: which (``*`` and ``?`` stand for any text), and why."""

    text: Text
    kind: Literal["alert", "page", "acknowledgement", "detection"] | None = None
    role: Literal["precursor", "unrelated"] = "unrelated"
    why: Text


class Hypothesis(Fact):
    """An explanation that responders held for a while; a refuted one is a misleading path, an open one has no end."""

    text: Text
    start: When = Field(alias="from")
    end: When = Field(UNKNOWN, alias="to")
    verdict: Literal["refuted", "confirmed", "open"]
    raised_by: str = ""
    refuted_by: str = ""
    actor: str = ""
    people: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _settled(self) -> Hypothesis:
        if self.verdict != "open" and "end" not in self.model_fields_set:
            raise ValueError(
                f'a {self.verdict} explanation needs `to`, when it was {self.verdict}; it may be "unknown"'
            )
        return self


class Lessons(Fact):
    """What went well, what went badly, where we were lucky."""

    well: list[str] = []
    badly: list[str] = []
    lucky: list[str] = []


class EvidenceRule(Fact):
    """How to read evidence files that do not say enough themselves. The first rule that matches a file counts.

    ``year`` and ``date`` are those of the first record; ``from`` and ``to`` are the half-open range of what is read;
    ``at`` is the instant of samples that carry no time.
    """

    files: Text
    kind: Literal["logs", "metrics", "events", "ignore"] | None = None
    format: str | None = None
    zone: str | None = None
    year: int | None = None
    date: dt.date | None = None
    encoding: str | None = None
    start: Bound | None = Field(None, alias="from")
    stop: Bound | None = Field(None, alias="to")
    at: Bound | None = None
    clock_offset: str = "0s"
    clock_change: Literal["ask", "first", "second"] = "ask"
    service: str | None = None
    columns: dict[str, str] = {}
    drop: list[str] = []
    note: str = ""

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        if value is not None:
            zone_named(value)
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, value: str | None) -> str | None:
        try:
            codecs.lookup(value or "utf-8")
        except LookupError as error:
            raise ValueError(f"there is no encoding {value!r}. Write one such as cp1252 or utf-16") from error
        return value

    @model_validator(mode="after")
    def _in_order(self) -> EvidenceRule:
        if self.start is not None and self.stop is not None and self.stop <= self.start:
            raise ValueError(f"`to` ({self.stop:%Y-%m-%dT%H:%M:%SZ}) is not after `from`. Swap or correct them")
        return self

    @field_validator("clock_offset")
    @classmethod
    def _offset(cls, value: str) -> str:
        parse_duration(value, "clock_offset", signed=True)
        return value


class Facts(Fact):
    """Everything that people declared in ``incident.toml``."""

    title: Text
    headline: str = ""
    status: Literal["draft", "in review", "reviewed", "published"] = "draft"
    severity: str = ""
    open: bool = False
    services: list[str] = []
    team: str = ""
    zone: str = UTC
    date: dt.date | None = None
    synthetic: str = ""
    sources: list[str] = []
    summary: str = ""
    affected: str = ""
    impact: str = ""
    cause: str = ""
    trigger: str = ""
    change_failed: bool = False
    relapse_gap: str = "1h"
    milestones: Milestones = Milestones()
    versions: list[Version] = []
    stated: StatedTimes = {}
    signals: list[Signal] = []
    slo: Slo = Slo()
    users: Users = Users()
    latency: Latency = Latency()
    value: Value | None = None
    timeline: list[TimelineRow] = []
    chat: Chat = Chat()
    ignored: list[Ignored] = []
    hypotheses: list[Hypothesis] = []
    factors: list[str] = []
    lessons: Lessons = Lessons()
    actions: list[Action] = []
    decisions: list[Decision] = []
    questions: list[str] = []
    review: Review = Review()
    public: Public = Public()
    accepted: list[Accepted] = []
    language: Language = Language()
    evidence: list[EvidenceRule] = []
    settings: dict[str, str | int | float | bool] = {}

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        zone_named(value)
        return value

    @field_validator("relapse_gap")
    @classmethod
    def _gap(cls, value: str) -> str:
        parse_duration(value, "relapse_gap")
        return value

    @field_validator("signals")
    @classmethod
    def _names(cls, signals: list[Signal]) -> list[Signal]:
        names = [s.name for s in signals]
        if len(set(names)) < len(names):
            raise ValueError("two signals have the same name; name each differently")
        return signals

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Facts:
        """Check a parsed ``incident.toml``; times without zone or day take its ``zone`` and ``date``.

        Raises
        ------
        pydantic.ValidationError
            With the place of each wrong value; `postmortem_nb.evidence.load` turns it into file and line.
        """
        return cls.model_validate(raw, context={"zone": raw.get("zone", UTC), "date": raw.get("date")})
