"""The same events under the definitions of others: why two tools give two numbers for one incident.

Each convention is data: from which of our moments to which, what it takes where one is not recorded, and who says so.
Where a tool puts something in the place of what is missing, we say what that gives, and that it was put there.
"""

from __future__ import annotations

from dataclasses import dataclass

from postmortem_nb.analysis.moments import NAMES, Moment, Moments
from postmortem_nb.times import Duration, between


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
    """

    authority: str
    name: str
    start: tuple[str, ...]
    end: tuple[str, ...]
    missing: str
    source: str
    failed_change_only: bool = False


@dataclass(frozen=True)
class Conventional:
    """What a convention gives for one incident: a duration with bounds, or why there is none."""

    convention: Convention
    duration: Duration
    note: str = ""

    @property
    def text(self) -> str:
        """The value as it is printed."""
        return str(self.duration) if self.duration.is_known else "none"


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
        ("page", "signal"),
        ("ack",),
        "leaves incidents without an acknowledgement out of the mean",
        "PagerDuty analytics, seconds_to_first_ack",
    ),
    Convention(
        "PagerDuty",
        "time to resolve",
        ("page", "signal"),
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
        "Netflix Dispatch: reported_at to stable_at",
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
        "Etsy Morgue: detecttime to endtime",
    ),
    Convention(
        "GitLab",
        "time to mitigation",
        ("start",),
        ("mitigate",),
        "asks for it to be filled in",
        "GitLab handbook, incident timestamps",
    ),
)


def side_by_side(moments: Moments, change_failed: bool) -> tuple[Conventional, ...]:
    """Return what each convention gives for the moments of one incident.

    Parameters
    ----------
    moments : Moments
        The moments of the incident.
    change_failed : bool
        Whether the triggering change is declared to have failed.

    Returns
    -------
    tuple of Conventional
        One for each of `CONVENTIONS`; what is missing is not filled in but by the convention's own rule, which the note
        then names.
    """
    return tuple(_read(c, moments, change_failed) for c in CONVENTIONS)


def _read(convention: Convention, moments: Moments, change_failed: bool) -> Conventional:
    if convention.failed_change_only and not change_failed:
        return Conventional(convention, Duration(), "no failed deployment is declared")
    start, end = _first(convention.start, moments), _first(convention.end, moments)
    if start is None or end is None:
        lacking = [NAMES[names[0]] for names, m in ((convention.start, start), (convention.end, end)) if m is None]
        return Conventional(convention, Duration(), f"not recorded: {', '.join(lacking)}; it {convention.missing}")
    if start.name == end.name:
        return Conventional(convention, Duration(), f"both ends would be the same moment; it {convention.missing}")
    put = [NAMES[m.name] for names, m in ((convention.start, start), (convention.end, end)) if m.name != names[0]]
    notes = [f"with “{name}” for what is not recorded" for name in put]
    notes += [m.note for m in (start, end) if m.is_pending]
    return Conventional(convention, between(start.instant, end.instant), "; ".join(notes))


def _first(names: tuple[str, ...], moments: Moments) -> Moment | None:
    return next((moments[name] for name in names if name in moments and moments.at(name).is_known), None)
