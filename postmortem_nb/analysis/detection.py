"""Signs of the incident: what could have told us of it, when, by which channel, and which of them counts.

A recorded event belongs to this incident if it lies near the impact: not more than 5 min before its earliest start,
and for alerts not more than 5 min after its end (an hour for pages and acknowledgements; a report may come at any
later time). Earlier ones are precursors: they are listed and not counted, and so are those that ``[[ignored]]`` in
``incident.toml`` names. What else ``incident.toml`` declares is always
counted, so that a declared detection before the measured start shows up as a contradiction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd

from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.incident.facts import Ignored
from postmortem_nb.times import UNKNOWN, Instant, format_duration, format_instant

TOLERANCE = pd.Timedelta(minutes=5)  # an alert may lie outside the measured impact by this much and still be about it
LATE = pd.Timedelta(hours=1)  # a page may be sent or answered this long after the impact is over
COUNTED, PRECURSOR, LATER = "counted", "precursor", "later"
KINDS = {"alert": TOLERANCE, "page": LATE, "acknowledgement": LATE, "detection": None}  # and how late each may be
DECLARED_AS = {"alert": "signalled", "page": "paged", "acknowledgement": "acknowledged", "detection": "detected"}


@dataclass(frozen=True)
class Sign:
    """One thing that told somebody of the incident, or could have.

    Parameters
    ----------
    kind : {"alert", "page", "acknowledgement", "detection"}
        An alert is automatic; a detection is a person who noticed or a report that was read.
    instant : Instant
        When, with its basis and evidence.
    who : str
        Role or tool; empty if it is not recorded.
    text : str
        What it said.
    role : {"counted", "precursor", "later", "unrelated"}
        Whether it is about this incident.
    is_declared : bool
        Whether ``incident.toml`` says so, as against a file of evidence.
    why : str
        Why people do not count it; empty if they did not decide.
    """

    kind: str
    instant: Instant
    who: str
    text: str
    role: str
    is_declared: bool
    why: str = ""


def find_signs(incident: Incident, start: Instant, end: Instant) -> tuple[Sign, ...]:
    """Return every sign of the incident in time order.

    Parameters
    ----------
    incident : Incident
    start, end : Instant
        Impact as far as it is known; an open bound leaves that side open.
    """
    signs = [*_recorded(incident, start, end), *_declared(incident)]
    return tuple(sorted(signs, key=lambda s: s.instant.best or pd.Timestamp.max.tz_localize("UTC")))


def _recorded(incident: Incident, start: Instant, end: Instant) -> Iterator[Sign]:
    events = incident.events
    chosen = events[events["kind"].isin(KINDS) & events["time"].notna()]
    for row in chosen.to_dict("records"):
        instant, kind = instant_of(row), str(row["kind"])
        who = row["actor"] if isinstance(row["actor"], str) and row["actor"] else row["source"]
        role, why, text = _role(instant, start, end, KINDS[kind]), "", str(row["text"])
        decided = next((i for i in incident.facts.ignored if _matches(i, kind, text)), None)
        if decided is not None:
            role, why = decided.role, decided.why
        yield Sign(kind, instant, who if isinstance(who, str) else "", text, role, is_declared=False, why=why)


def _matches(ignored: Ignored, kind: str, text: str) -> bool:
    pattern = ignored.text.casefold().replace("[", "[[]")  # brackets are common in alerts and mean themselves
    return ignored.kind in (None, kind) and fnmatchcase(text.casefold().strip(), pattern)


def _role(instant: Instant, start: Instant, end: Instant, late: pd.Timedelta | None) -> str:
    if instant.hi is not None and start.lo is not None and instant.hi < start.lo - TOLERANCE:
        return PRECURSOR
    if late is not None and instant.lo is not None and end.hi is not None and instant.lo > end.hi + late:
        return LATER
    return COUNTED


def _declared(incident: Incident) -> Iterator[Sign]:
    for kind, name in DECLARED_AS.items():
        instant = incident.facts.milestones.get(name)
        if instant.is_known:
            yield Sign(kind, instant, "", f"declared as {name}", COUNTED, is_declared=True)
    for row in incident.facts.timeline:
        if row.kind == "detection" and row.at.is_known:
            yield Sign("detection", row.at, row.actor, row.text, COUNTED, is_declared=True)


def instant_of(row: dict[Any, Any]) -> Instant:
    """Return when an event of an events frame was; one without bounds is exact."""
    lo, at, hi = (None if pd.isna(row[c]) else row[c] for c in ("time_lo", "time", "time_hi"))
    if lo is None and hi is None:
        lo = hi = at
    elif lo is None or hi is None:  # "before" or "after": the time is that bound, not a best value
        at = None
    return Instant(lo, at, hi, str(row["basis"]), evidence=str(row["evidence"]))


def first(signs: Iterable[Sign], *kinds: str, declared: bool | None = None) -> Instant:
    """Return the first counted sign of these kinds; `declared` keeps only declared ones, or only recorded ones."""
    return earliest(
        s.instant
        for s in signs
        if s.role == COUNTED and s.kind in kinds and (declared is None or s.is_declared == declared)
    )


def earliest(instants: Iterable[Instant]) -> Instant:
    """Return the first of several uncertain instants, with the bounds of a minimum; unknown if none is known.

    Basis, wording and evidence are those of the one with the earliest best value.

    >>> t = [pd.Timestamp(f"2024-01-14T10:{m}Z") for m in (13, 18, 20, 23)]
    >>> about, exact = Instant(t[0], t[1], t[3]), Instant.exact(t[2])
    >>> earliest([about, exact]).hi == t[2]
    True
    """
    known = [i for i in instants if i.is_known]
    if not known:
        return UNKNOWN
    chosen = min(known, key=lambda i: i.best or pd.Timestamp.max.tz_localize("UTC"))
    lows, highs = [i.lo for i in known], [i.hi for i in known if i.hi is not None]
    lo = None if None in lows else min(t for t in lows if t is not None)
    hi = min(highs, default=None)
    if (lo, hi) == (chosen.lo, chosen.hi):
        return chosen
    at = min((i.at for i in known if i.at is not None), default=None)
    at = at if at is None or hi is None or at <= hi else None
    return Instant(lo, at, hi, chosen.basis, chosen.text, chosen.evidence)


def sign_findings(signs: tuple[Sign, ...]) -> tuple[Finding, ...]:
    """Return what was recorded before the impact and is not counted."""
    findings = []
    for kind in KINDS:
        early = [s for s in signs if s.kind == kind and s.role == PRECURSOR and not s.why]
        if early:
            shown = "; ".join(f"“{s.text}” at {format_instant(s.instant)}" for s in early[:3])
            more = f" and {len(early) - 3:,} more" if len(early) > 3 else ""
            findings.append(
                Finding(
                    f"early-{kind}",
                    "note",
                    early[0].instant.evidence,
                    f"not counted, being more than {format_duration(TOLERANCE)} before the impact: {shown}{more}.",
                    'Decide: an [[ignored]] entry with role = "precursor" or "unrelated" and why settles it.',
                )
            )
    return tuple(findings)


def ignored_findings(incident: Incident) -> tuple[Finding, ...]:
    """Return the ``[[ignored]]`` entries that match no recorded event: a slip in the text, or evidence that is gone."""
    signs = incident.events[incident.events["kind"].isin(KINDS) & incident.events["time"].notna()]
    recorded = list(zip(signs["kind"].astype(str), signs["text"].astype(str), strict=True))
    return tuple(
        Finding(
            "ignored-nothing",
            "note",
            f"incident.toml: ignored {n}",
            f"no recorded {i.kind or 'alert, page, acknowledgement or report'} reads “{i.text}”.",
            "Compare it with the texts in events/; * stands for any text.",
        )
        for n, i in enumerate(incident.facts.ignored, 1)
        if not any(_matches(i, kind, text) for kind, text in recorded)
    )
