"""The definitions of all times that are the difference of two moments: the one table behind report, ledger and docs."""

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


METRICS = (
    Metric(
        "latent_time",
        "latent time",
        "change",
        "start",
        "from the triggering change to the start of impact",
        "no triggering change is recorded",
    ),
    Metric(
        "time_to_detect",
        "time to detect",
        "start",
        "detect",
        "from the start of impact to the first signal or person aware of it",
        "needs a start and a detection",
    ),
    Metric(
        "notify_lag",
        "notify lag",
        "signal",
        "page",
        "from the first automatic signal to the first notification of a responder",
        "no signal or no page is recorded",
    ),
    Metric(
        "time_to_acknowledge",
        "time to acknowledge",
        "page",
        "ack",
        "from the first page (else the first signal) to the first acknowledgement",
        "no acknowledgement is recorded",
    ),
    Metric(
        "time_to_declare",
        "time to declare",
        "detect",
        "declare",
        "from detection to the declaration of an incident",
        "no declaration is recorded",
    ),
    Metric(
        "time_to_identify",
        "time to identify",
        "detect",
        "identify",
        "from detection to the identification of the cause",
        "no identification is recorded",
    ),
    Metric(
        "time_to_mitigate",
        "time to mitigate",
        "start",
        "mitigate",
        "from the start of impact until it is no longer severe",
        "no mitigation is recorded",
    ),
    Metric(
        "time_to_recover",
        "time to recover",
        "start",
        "recover",
        "from the start of impact to full service (ITIL: restore)",
        "no recovery is recorded",
    ),
    Metric(
        "time_to_repair",
        "time to repair",
        "detect",
        "recover",
        "from detection to full service (Datadog: time to repair)",
        "no detection or recovery is recorded",
    ),
    Metric(
        "time_to_resolve",
        "time to resolve",
        "start",
        "resolve",
        "from the start of impact to the declared resolution",
        "no resolution is recorded",
    ),
    Metric(
        "time_to_resolve_declared",
        "time to resolve, from declaration",
        "declare",
        "resolve",
        "from the declaration to the resolution (Datadog: time to resolve)",
        "no declaration or resolution is recorded",
    ),
    Metric(
        "closing_lag",
        "closing lag",
        "recover",
        "resolve",
        "from full service to the declared resolution: paperwork, not impact",
        "no recovery or resolution is recorded",
    ),
    Metric(
        "comms_lag",
        "communication lag",
        "start",
        "public",
        "from the start of impact to the first public message",
        "no public message is recorded",
    ),
    Metric(
        "comms_lag_detected",
        "communication lag, from detection",
        "detect",
        "public",
        "from detection to the first public message",
        "no public message is recorded",
    ),
    Metric(
        "failed_deployment_recovery_time",
        "failed deployment recovery time",
        "change",
        "recover",
        "from the failed deployment to recovery (DORA since 2023; its start is the deployment, not the impact)",
        "no failed deployment is recorded",
    ),
)
