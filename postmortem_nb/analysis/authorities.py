"""The same events under the definitions of others: why two tools give two numbers for one incident.

Each convention is data (`postmortem_nb.analysis.conventions`): from which of our moments to which, and who says so.
Where a tool puts something in the place of what is missing, we say what that gives, and that it was put there.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from postmortem_nb.analysis.conventions import CONVENTIONS, Convention
from postmortem_nb.analysis.moments import NAMES, Moment, Moments
from postmortem_nb.times import Duration, between


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
    late = between(end.instant, start.instant)
    if convention.instead and late.lo is not None and late.lo > pd.Timedelta(0):
        begin, label = moments.at(convention.instead), NAMES[convention.instead]
        why = (
            f"{start.label} is after {end.label}: it counts from {label}"
            if begin.is_known
            else f"not recorded: {label}"
        )
        return Conventional(convention, between(begin, end.instant) if begin.is_known else Duration(), why)
    put = [NAMES[m.name] for names, m in ((convention.start, start), (convention.end, end)) if m.name != names[0]]
    notes = [f"with “{name}” for what is not recorded" for name in put]
    notes += [m.note for m in (start, end) if m.is_pending]
    return Conventional(convention, between(start.instant, end.instant), "; ".join(notes))


def _first(names: tuple[str, ...], moments: Moments) -> Moment | None:
    return next((moments[name] for name in names if name in moments and moments.at(name).is_known), None)
