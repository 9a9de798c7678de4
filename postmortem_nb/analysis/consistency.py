"""Checks on what was declared: impossible order, copied start, missing owners, numbers typed into the prose."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from postmortem_nb.analysis.definitions import ORDER
from postmortem_nb.findings import Finding
from postmortem_nb.incident import MILESTONES, Incident
from postmortem_nb.times import Duration, between, format_duration, format_instant

FAR = pd.Timedelta(days=3)
_UNREAD = re.compile(
    r"<!--.*?-->|^```.*?^```|`[^`\n]*`|\{\{.*?\}\}", re.DOTALL | re.MULTILINE
)  # comments, code, claims
_TYPED = re.compile(
    r"\b\d{1,2}:\d{2}\b|\b\d[\d.,]*\s?(?:%|percent\b|(?:seconds?|minutes?|min|hours?|requests?|users?|customers?)\b)"
)


def consistency_findings(incident: Incident) -> tuple[Finding, ...]:
    """Return what is impossible, missing or weak in the declared facts."""
    checks = (_order, _copied_start, _hypotheses, _rows, _actions, _openness, _narrative, _typed_numbers)
    return tuple(finding for check in checks for finding in check(incident))


def _order(incident: Incident) -> Iterator[Finding]:
    versions = [("", incident.facts.milestones)] + [
        (f" of the {v.name}", v.milestones) for v in incident.facts.versions
    ]
    for whose, milestones in versions:
        for first, second in ORDER:
            gap = between(milestones.get(first), milestones.get(second))
            if gap.hi is not None and gap.hi < pd.Timedelta(0):
                early, late = (format_instant(milestones.get(m)) for m in (second, first))
                text = f"{second} ({early}) is before {first} ({late})"
                yield Finding(
                    "order",
                    "error",
                    f"incident.toml: milestones{whose}",
                    f"{text}.",
                    "Correct one of them; check zone and day.",
                )


def _copied_start(incident: Incident) -> Iterator[Finding]:
    """A start copied from the first alert makes every time to detect zero: most published postmortems do it."""
    started, detected = (incident.facts.milestones.get(m) for m in ("started", "detected"))
    if started.at is not None and (started.lo, started.at, started.hi) == (detected.lo, detected.at, detected.hi):
        yield Finding(
            "start-is-detection",
            "note",
            "incident.toml: milestones",
            f"started and detected are declared as the same time ({format_instant(started)}).",
            "Check whether the start was measured, or copied from the detection; if it is not known, say so.",
        )


def _hypotheses(incident: Incident) -> Iterator[Finding]:
    for n, h in enumerate(incident.facts.hypotheses, 1):
        where = f"incident.toml: hypothesis {n}"
        gap = between(h.start, h.end)
        if gap.hi is not None and gap.hi < pd.Timedelta(0):
            yield Finding(
                "order",
                "error",
                where,
                f"“{h.text}” ends ({h.end}) before it begins ({h.start}).",
                "Correct `from` or `to`.",
            )
        if h.verdict == "refuted" and not h.refuted_by:
            yield Finding(
                "hypothesis-unexplained", "note", where, f"nothing says what refuted “{h.text}”.", "Add `refuted_by`."
            )


def _rows(incident: Incident) -> Iterator[Finding]:
    """A row cannot end before it begins; rows days away from everything else are usually a slip in the date."""
    for row in incident.facts.timeline:
        gap = between(row.at, row.end) if row.end is not None else Duration()
        if gap.hi is not None and gap.hi < pd.Timedelta(0):
            text = f"“{row.text}” ends ({row.end}) before it begins ({row.at})."
            yield Finding("order", "error", "incident.toml: timeline", text, "Correct `at` or `end`.")
    known = [i.best for _, i in incident.facts.milestones if i.best is not None]
    if not known:
        return
    first, last = min(known) - FAR, max(known) + FAR
    for row in incident.facts.timeline:
        if row.at.best is not None and not first <= row.at.best <= last:
            text = f"“{row.text}” is at {row.at}, more than {format_duration(FAR)} away from every milestone."
            yield Finding("far-away", "warning", "incident.toml: timeline", text, "Check its date.")


def _actions(incident: Incident) -> Iterator[Finding]:
    todo = [a for a in incident.facts.actions if a.status == "open"]
    for what, weak in (("owner", [a for a in todo if not a.owner]), ("due date", [a for a in todo if not a.due])):
        if weak:
            example = f"“{weak[0].text}”"
            text = (
                f"{example} has no {what}."
                if len(weak) == 1
                else (f"{len(weak)} of {len(todo)} open action items have no {what}, the first is {example}.")
            )
            yield Finding(
                "weak-action", "warning", "incident.toml: actions", text, f"Add {what}s, or reject the items."
            )


def _openness(incident: Incident) -> Iterator[Finding]:
    facts = incident.facts
    if facts.open and facts.milestones.get("resolved").is_known:
        text = f"the incident is open but resolved at {facts.milestones.resolved}."
        yield Finding("open-and-resolved", "error", "incident.toml", text, "Remove `open`, or leave `resolved` out.")


def _narrative(incident: Incident) -> Iterator[Finding]:
    if not incident.narrative.strip() and incident.facts.status != "draft":
        yield Finding(
            "no-narrative",
            "error",
            "narrative.md",
            f"the postmortem is {incident.facts.status} but has no narrative.",
            "Write narrative.md.",
        )
    if not list(incident.facts.milestones):
        yield Finding(
            "no-milestones",
            "warning",
            "incident.toml",
            "no milestone is declared.",
            f"Add [milestones]: {', '.join(list(MILESTONES)[:7])} …",
        )


def _typed_numbers(incident: Incident) -> Iterator[Finding]:
    """A time, a length or a count in the prose is not computed, cannot be traced and goes stale."""
    text = _UNREAD.sub(lambda m: "\n" * m.group().count("\n"), incident.narrative)
    for number, line in enumerate(text.splitlines(), 1):
        typed = [m.group().strip() for m in _TYPED.finditer(line)]
        if typed:
            yield Finding(
                "typed-number",
                "note",
                f"narrative.md:{number}",
                f"{', '.join(f'“{t}”' for t in typed)} is typed by hand, not computed.",
                "Name a claim in double braces instead; the claim ledger of the report lists them.",
            )
