"""The definitions of others, as data: who measures what from which of our moments to which, and what they fill in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Convention:
    """How an authority defines one time.

    Parameters
    ----------
    authority, name : str
        Who, and what they call it.
    start, end : tuple of str
        Moments, the first that is recorded counts.
    missing : str
        What the authority does where an end is not recorded.
    source : str
        Where the definition stands.
    failed_change_only : bool
        Whether it is defined for incidents alone that a change caused which had to be undone or mended.
    instead : str
        Moment that is taken as the start where the start comes after the end; empty if there is no such rule.
    """

    authority: str
    name: str
    start: tuple[str, ...]
    end: tuple[str, ...]
    missing: str
    source: str
    failed_change_only: bool = False
    instead: str = ""


CONVENTIONS = (
    Convention(
        "DORA",
        "failed deployment recovery time",
        ("change",),
        ("recover",),
        "counts incidents alone that a failed deployment caused",
        "dora.dev, metrics since 2023; it does not fix the start event: the deployment is taken",
        failed_change_only=True,
    ),
    Convention(
        "ITIL",
        "mean time to restore service, of one incident",
        ("start",),
        ("recover",),
        "counts closed incidents alone",
        "ITIL, maintainability: from the failure of the service until it is fully restored",
    ),
    Convention(
        "ITIL",
        "incident detection",
        ("start",),
        ("detect",),
        "counts closed incidents alone",
        "ITIL v3, expanded incident lifecycle",
    ),
    Convention(
        "ITIL",
        "incident diagnosis",
        ("detect",),
        ("identify",),
        "counts closed incidents alone",
        "ITIL v3, expanded incident lifecycle",
    ),
    Convention(
        "Atlassian",
        "mean time to acknowledge, of one incident",
        ("signal",),
        ("ack", "engage"),
        "leaves the incident out",
        "Atlassian incident metrics: from the alert to the beginning of work",
    ),
    Convention(
        "Atlassian",
        "mean time to respond, of one incident",
        ("signal",),
        ("recover",),
        "leaves the incident out",
        "Atlassian incident metrics: from the first alert until the system works again, without the lag of the alert",
    ),
    Convention(
        "Atlassian",
        "mean time to recovery, of one incident",
        ("start",),
        ("recover",),
        "leaves the incident out",
        "Atlassian incident metrics: from the failure to full service",
    ),
    Convention(
        "Atlassian",
        "mean time to resolve, of one incident",
        ("start",),
        ("resolve",),
        "leaves the incident out",
        "Atlassian incident metrics: until it is mended and kept from coming again; the declared resolution is taken",
    ),
    Convention(
        "Datadog",
        "time to detect",
        ("start",),
        ("signal", "declare"),
        "takes the declaration where no alert is recorded",
        "Datadog incident analytics: from the earliest customer impact",
    ),
    Convention(
        "Datadog",
        "time to repair",
        ("signal", "declare"),
        ("recover",),
        "takes the declaration where no alert is recorded",
        "Datadog incident analytics: until the last customer impact",
    ),
    Convention(
        "Datadog",
        "time to resolve",
        ("declare",),
        ("resolve",),
        "leaves the incident out",
        "Datadog incident analytics: until it was last set to resolved",
    ),
    Convention(
        "FireHydrant",
        "time to detection",
        ("start", "declare"),
        ("detect", "declare"),
        "fills milestones that nobody sets with the time the incident was opened",
        "FireHydrant milestones: started, detected",
    ),
    Convention(
        "FireHydrant",
        "time to identification",
        ("start", "declare"),
        ("identify",),
        "fills milestones that nobody sets with the time the incident was opened",
        "FireHydrant milestones: started, identified",
    ),
    Convention(
        "FireHydrant",
        "time to mitigation",
        ("start", "declare"),
        ("mitigate",),
        "fills milestones that nobody sets with the time the incident was opened",
        "FireHydrant milestones: started, mitigated",
    ),
    Convention(
        "FireHydrant",
        "time to resolution",
        ("start", "declare"),
        ("resolve",),
        "fills milestones that nobody sets with the time the incident was opened",
        "FireHydrant milestones: started, resolved",
    ),
    Convention(
        "PagerDuty",
        "time to first acknowledgement",
        ("signal", "page"),
        ("ack",),
        "leaves incidents without an acknowledgement out of the mean",
        "PagerDuty analytics, seconds_to_first_ack: from the trigger",
    ),
    Convention(
        "PagerDuty",
        "time to engage",
        ("signal", "page"),
        ("engage",),
        "leaves incidents with one responder out",
        "PagerDuty analytics, seconds_to_engage: from the trigger",
    ),
    Convention(
        "PagerDuty",
        "time to resolve",
        ("signal", "page"),
        ("resolve",),
        "leaves open incidents out",
        "PagerDuty analytics, seconds_to_resolve: from the trigger",
    ),
    Convention(
        "Dispatch",
        "response time",
        ("declare",),
        ("mitigate", "recover"),
        "takes the present moment for an incident that is not stable",
        "Netflix Dispatch: reported_at to stable_at, in whole hours; stable is taken as no longer severe",
    ),
    Convention(
        "Morgue",
        "undetected time",
        ("start",),
        ("detect",),
        "shows nothing",
        "Etsy Morgue: starttime to detecttime",
    ),
    Convention(
        "Morgue",
        "resolve time",
        ("detect",),
        ("recover",),
        "shows nothing",
        "Etsy Morgue: detecttime to endtime; where it was detected after its end, from starttime",
        instead="start",
    ),
    Convention(
        "Morgue",
        "impact time",
        ("start",),
        ("recover",),
        "shows nothing",
        "Etsy Morgue: starttime to endtime",
    ),
    Convention(
        "GitLab",
        "time to detection",
        ("start",),
        ("detect",),
        "asks for it to be filled in",
        "GitLab handbook, incident timestamps: start time to impact detected",
    ),
    Convention(
        "GitLab",
        "time to mitigation",
        ("start",),
        ("mitigate",),
        "asks for it to be filled in",
        "GitLab handbook, incident timestamps",
    ),
    Convention(
        "NIST",
        "time from the beginning to discovery",
        ("start",),
        ("detect",),
        "leaves it open",
        "NIST SP 800-61 revision 2, section 3.4; revision 3 has no such list",
    ),
)
