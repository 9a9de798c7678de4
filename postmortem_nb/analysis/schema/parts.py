"""The parts of the machine-readable result, each closed: a field that is not named here is an error."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Closed(BaseModel):
    """A part whose fields are all there, and no other."""

    model_config = ConfigDict(extra="forbid")


class InstantModel(Closed):
    """An instant known within bounds; ISO 8601, UTC."""

    at: str | None = Field(description="best single value; null if there is none")
    lo: str | None = Field(description="earliest; null if open or unknown")
    hi: str | None = Field(description="latest; null if open or unknown")
    basis: str = Field(description="measured, declared, system or inferred; empty if unknown")
    evidence: str = Field(description="file, file:line or query that supports it")


class WindowModel(Closed):
    """One impact window, half-open."""

    onset: InstantModel
    recovery: InstantModel
    is_open: bool = Field(description="the record ends before the window does")
    score: float = Field(description="worst distance from the baseline over the threshold's")
    kind: str
    unknown: float = Field(description="share of the window without samples")


class BaselineModel(Closed):
    """What was taken as normal, and the levels that follow from it, in the unit of the signal."""

    center: float
    spread: float = Field(description="robust standard deviation")
    enter: float = Field(description="a window opens beyond this")
    leave: float = Field(description="a window closes on the good side of this")
    severe: float | None = Field(description="impact beyond this is severe; null without a window")
    samples: int
    how: str
    rule: str


class SensitivityModel(Closed):
    """The windows under another threshold and merge gap."""

    threshold: float
    merge_gap: str
    windows: int
    onset: str | None
    recovery: str | None
    impact_seconds: float


class SignModel(Closed):
    """An alert, page, acknowledgement or report."""

    kind: str
    instant: InstantModel
    who: str
    text: str
    role: str = Field(description="counted, precursor (before the impact), later (after it) or unrelated")


class PathModel(Closed):
    """An explanation that responders held, and what it cost."""

    text: str
    verdict: str
    start: InstantModel
    end: InstantModel
    seconds: float | None
    seconds_lo: float | None
    seconds_hi: float | None
    raised_by: str
    refuted_by: str
    actor: str = Field(description="the role that held it")
    people: int | None
    person_minutes: float | None = Field(description="minutes times people")
    person_minutes_lo: float | None
    person_minutes_hi: float | None


class PatternModel(Closed):
    """A log pattern whose rate changed."""

    pattern: str
    change: str
    before: int
    during: int
    after: int
    per_min_before: float
    per_min_during: float
    score: float = Field(description="likelihood ratio G2 of the two rates")
    file: str = Field(description="one line of it stands here")
    line: int


class InputModel(Closed):
    """One thing that a value was computed from."""

    kind: str = Field(description="file, claim, setting or tool")
    name: str
    first: int | None = Field(description="first line of the file that was used; null where lines are not kept")
    last: int | None
    rows: int | None = Field(description="how many of its rows were used")
    what: str = Field(description="which rows they are; the value of a claim or setting")
    sha256: str = Field(description="hash of the file; empty for what is no file")
    unit: str = Field(description="what first and last count: line, or record where the file is one document")


class ClaimModel(Closed):
    """One computed value of the ledger."""

    id: str
    value: str | float | int | None = Field(description="instants ISO 8601 UTC, durations in seconds")
    lo: str | float | int | None
    hi: str | float | int | None
    unit: str
    text: str = Field(description="as printed in the report")
    basis: str
    definition: str
    inputs: list[InputModel]
    evidence: dict[str, str] = Field(description="every file it rests on, also through other claims, and its sha256")
    note: str = Field(description="why it is missing, or what to bear in mind")


class ExcerptModel(Closed):
    """One row of the evidence that a moment rests on."""

    claim: str = Field(description="id of the claim that gives the moment")
    time: str | None
    place: str = Field(description="file, with line or record where it is kept")
    text: str
    note: str


class QuantityModel(Closed):
    """One quantity of the impact."""

    id: str
    group: str = Field(description="requests, budget, users, latency, money or signal")
    name: str
    value: float | None
    lo: float | None
    hi: float | None = Field(description="null with a lower bound: at least so much")
    unit: str
    basis: str = Field(description="measured, estimated or declared; empty if unknown")
    numerator: float | None
    denominator: float | None
    definition: str
    detail: str = Field(description="the numbers that went into it, and what was taken for granted")
    note: str = Field(description="why it is missing")
    signals: list[str] = Field(description="signals it was counted on, if not that of the windows")


class ConventionModel(Closed):
    """What the definition of somebody else gives for the same moments."""

    authority: str
    name: str
    seconds: float | None
    seconds_lo: float | None
    seconds_hi: float | None
    note: str


class TimingModel(Closed):
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


class ComparisonModel(Closed):
    """A declared milestone beside its measurement."""

    moment: str
    version: str = Field(description="published version it is from; empty for the current one")
    declared: InstantModel
    measured: InstantModel
    seconds: float | None = Field(description="declared minus measured")
    seconds_lo: float | None
    seconds_hi: float | None
    verdict: str
    note: str


class FiringModel(Closed):
    """One life of an alert that a replayed rule would have raised."""

    pending: str
    firing: str | None = Field(description="null if it did not last as long as `for`")
    ended: str | None = Field(description="null if it had not ended when the record does")
    labels: str


class ReplayModel(Closed):
    """What a proposed alerting rule would have done."""

    alert: str
    file: str
    expr: str
    hold: str = Field(description="`for` of the rule")
    fired: str = Field(description="yes, no, unsure (depends on the phase of its evaluation) or unknown")
    first: InstantModel = Field(description="first firing that belongs to the incident")
    gain: float | None = Field(description="seconds from that firing to the measured detection")
    gain_lo: float | None
    gain_hi: float | None
    firings: list[FiringModel]
    quiet_firings: int = Field(description="firings in the baseline")
    quiet_seconds: float = Field(description="length of the baseline")
    evaluated_by: str
    notes: list[str]


class ActionModel(Closed):
    """A corrective or preventative measure, as it was declared."""

    text: str
    kind: str
    owner: str
    due: str | None = Field(description="date, ISO 8601")
    status: str = Field(description="open, done or rejected")
    done: str | None = Field(description="date, ISO 8601; null where it is not done or nobody wrote when")


class FindingModel(Closed):
    """A weakness or contradiction."""

    id: str
    severity: str
    where: str
    text: str
    fix: str
    why: str = Field(description="why findings of this id matter")
    accepted: str = Field(description="the reason, if it is accepted; else empty")


class FileModel(Closed):
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
