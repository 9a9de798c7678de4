"""The definitions of every time: the one table behind report, ledger and ``docs/timings.md``.

A *metric* is the difference of two moments (`postmortem_nb.analysis.moments`), a *length* is measured along windows or
explanations. Each has a null rule: what is printed where the evidence does not hold it. What is missing is never
replaced by something else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """Definition of one time: from which moment to which, and what its absence means."""

    id: str
    name: str
    start: str
    end: str
    definition: str
    missing: str


@dataclass(frozen=True)
class Length:
    """Definition of one time that is no difference of two moments, and what its absence means."""

    id: str
    name: str
    definition: str
    missing: str


METRICS = (
    Metric(
        "latent_time",
        "latent time",
        "change",
        "start",
        "from the triggering change to the start of impact",
        "absent without a triggering change or a start; negative: a finding, it cannot have been the trigger",
    ),
    Metric(
        "time_to_detect",
        "time to detect",
        "start",
        "detect",
        "from the start of impact to the first signal or person aware of it",
        "absent without a start or a detection; negative: a finding, never clipped",
    ),
    Metric(
        "notify_lag",
        "notify lag",
        "signal",
        "page",
        "from the first automatic signal to the first notification of a responder",
        "absent without an automatic signal or a page",
    ),
    Metric(
        "time_to_acknowledge",
        "time to acknowledge",
        "page",
        "ack",
        "from the first page (else the first signal) to the first acknowledgement",
        "absent without a page and a signal; without an acknowledgement: at least until the recovery",
    ),
    Metric(
        "time_to_declare",
        "time to declare",
        "detect",
        "declare",
        "from detection to the declaration of an incident",
        "absent without a detection or a declaration",
    ),
    Metric(
        "time_to_identify",
        "time to identify",
        "detect",
        "identify",
        "from detection to the identification of the cause",
        "absent without a detection or an identification",
    ),
    Metric(
        "time_to_mitigate",
        "time to mitigate",
        "start",
        "mitigate",
        "from the start of impact until it is no longer severe",
        "absent without a start or a mitigation; still severe when the record ends: at least until then",
    ),
    Metric(
        "time_to_recover",
        "time to recover",
        "start",
        "recover",
        "from the start of impact to full service (ITIL: restore)",
        "absent without a start or a recovery; still open: at least until the end of the record",
    ),
    Metric(
        "time_to_repair",
        "time to repair",
        "detect",
        "recover",
        "from detection to full service (Datadog: time to repair)",
        "absent without a detection or a recovery; still open: at least until the end of the record",
    ),
    Metric(
        "time_to_resolve",
        "time to resolve",
        "start",
        "resolve",
        "from the start of impact to the declared resolution",
        "absent without a start or a resolution; declared open: at least until the last recorded time",
    ),
    Metric(
        "time_to_resolve_declared",
        "time to resolve, from declaration",
        "declare",
        "resolve",
        "from the declaration to the resolution (Datadog: time to resolve)",
        "absent without a declaration or a resolution; declared open: at least until the last recorded time",
    ),
    Metric(
        "closing_lag",
        "closing lag",
        "recover",
        "resolve",
        "from full service to the declared resolution: paperwork, not impact",
        "absent without a recovery or a resolution; negative: a finding, resolved too early",
    ),
    Metric(
        "comms_lag",
        "communication lag",
        "start",
        "public",
        "from the start of impact to the first public message",
        "absent without a start or a public message",
    ),
    Metric(
        "comms_lag_detected",
        "communication lag, from detection",
        "detect",
        "public",
        "from detection to the first public message",
        "absent without a detection or a public message",
    ),
    Metric(
        "failed_deployment_recovery_time",
        "failed deployment recovery time",
        "change",
        "recover",
        "from the triggering change to full service, if it was a deployment that needed a rollback or a fix (DORA "
        "since 2023; it starts at the deployment, not at the impact)",
        "absent unless `change_failed = true` is declared, and without a triggering change or a recovery; still open: "
        "at least until the end of the record",
    ),
    Metric(
        "failed_deployment_recovery_from_start",
        "failed deployment recovery, from the start of impact",
        "start",
        "recover",
        "from the start of the impact that a failed deployment caused to full service (DORA names no start event; the "
        "time from the deployment stands beside it)",
        "absent unless `change_failed = true` is declared, and without a start or a recovery; still open: at least "
        "until the end of the record",
    ),
)
LENGTHS = (
    Length(
        "impact_time",
        "impact time",
        "total length of the union of the impact windows",
        "absent without a measured window; still open: at least until the end of the record",
    ),
    Length(
        "impact_span",
        "span of impact",
        "from the first onset to the last recovery, healthy gaps included",
        "absent without a measured window; still open: at least until the end of the record",
    ),
    Length(
        "first_relief",
        "first relief",
        "from the start of impact to the end of the first window",
        "absent without a measured window; still open: at least until the end of the record",
    ),
    Length(
        "time_lost",
        "time lost on misleading paths",
        "length of the union of the refuted explanations, from the start of diagnosis to the identified cause",
        "absent without a refuted explanation whose times are known",
    ),
)
# Declared milestones that cannot be the other way round. Others (declared before acknowledged, say) are merely unusual.
ORDER = (
    ("started", "mitigated"),
    ("started", "recovered"),
    ("started", "resolved"),
    ("started", "detected"),
    ("signalled", "paged"),
    ("paged", "acknowledged"),
    ("detected", "identified"),
    ("detected", "resolved"),
    ("declared", "resolved"),
    ("mitigated", "resolved"),
    ("changed", "recovered"),
    ("acknowledged", "resolved"),
    ("started", "closed"),
    ("resolved", "closed"),
)
# What may be so (a false alarm, a service that is watched before it fails) but is a slip far more often.
UNUSUAL = (
    ("started", "signalled"),
    ("started", "paged"),
    ("started", "acknowledged"),
    ("started", "declared"),
    ("started", "engaged"),
    ("started", "identified"),
    ("started", "published"),
    ("engaged", "identified"),
    ("mitigated", "recovered"),
)
