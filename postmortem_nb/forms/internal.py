"""Internal names: what a text for customers may not hold, and how it is found."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

import pandas as pd

from postmortem_nb.analysis import Analysis
from postmortem_nb.wording.english import COMMANDS

# Roles that are not of the house; naming them tells nothing about it.
OUTSIDE = frozenset(("customer", "customers", "user", "users", "visitor", "visitors", "public", "provider", "we"))
SHORT = 2  # a name of one letter would be found everywhere
# What looks like a name of the inside even if no list has it: files, paths, addresses, identifiers, revisions.
_TECHNICAL = re.compile(
    r"\b[\w-]+\.(?:[a-z]{2,4}\d?)\b|\w+_\w+|\w*[a-z][A-Z]\w*|(?:\w|^|\s)/\w+|\d+\.\d+\.\d+|\b[A-Za-z]+\d\w*\b|`[^`]*`"
    r"|://"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\"(])")


def internal_names(analysis: Analysis) -> frozenset[str]:
    """Return every name of the inside: services, hosts, roles, files, alerts and the incident's own id."""
    incident = analysis.incident
    facts = incident.facts
    frames = (incident.logs, incident.metrics, incident.events)
    columns = ((frame, column) for frame in frames for column in ("service", "host", "actor", "source"))
    found: set[str] = {incident.id, *facts.services, *facts.public.services, *facts.review.reviewers}
    for frame, column in columns:
        if column in frame:
            found |= {str(v) for v in frame[column].dropna().unique()}
    found |= {row.actor for row in facts.timeline} | {h.actor for h in facts.hypotheses}
    found |= {action.owner for action in facts.actions} | {rule.alert for rule in incident.rules}
    for name in incident.files["file"]:
        found |= {str(name), PurePosixPath(str(name)).name}
    cleaned = {" ".join(name.split()) for name in found if not pd.isna(name)}
    outside = {name.lower() for name in facts.public.services.values()}
    return frozenset(n for n in cleaned if len(n) >= SHORT and n.lower() not in OUTSIDE | outside)


def named(text: str, names: Iterable[str], public: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the internal names that a text holds as whole words, in any case; public names are not looked into."""
    for name in sorted(public, key=len, reverse=True):
        text = re.sub(re.escape(name), "\x00", text, flags=re.IGNORECASE)
    return tuple(n for n in sorted(names) if re.search(rf"(?<!\w){re.escape(n)}(?!\w)", text, re.IGNORECASE))


def is_technical(text: str) -> bool:
    """Return whether a text holds what looks like a file, a path, an address, an identifier or a revision.

    >>> is_technical("The disk was full."), is_technical("wp-settings.php is wrong"), is_technical("A push of r418.")
    (False, True, True)
    """
    text = html.unescape(text)  # as its readers see it
    return _TECHNICAL.search(text) is not None or not COMMANDS.isdisjoint(re.findall(r"\w+", text))


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text."""
    yield from (part for part in _SENTENCE.split(" ".join(text.split())) if part)
