"""Lengths of the incident that people state in sentences, held against every length that its times allow."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from postmortem_nb.analysis.prose import document, messages
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.errors import SettingError
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.times import Duration, between, parse_duration

ZERO = pd.Timedelta(0)
STARTS, ENDS = ("changed", "started", "signalled", "detected", "declared"), ("mitigated", "recovered", "resolved")
ROUGH = 0.25  # what "about" leaves open, as a share
_UNIT = r"(?:days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)\b"
_STATED = re.compile(
    rf"\b(?:lasted|lasting|duration(?:\s+of\s+(?:the\s+)?\w+)?(?:\s+(?:was|is|of))?:?|in\s+total|down\s+for|unavailable\s+for"
    rf"|(?:outage|impact|disruption|downtime|incident)\s+(?:of|for|was))\s+(?:for\s+|a\s+total\s+of\s+)?"
    rf"(?:(?P<rough>about|around|approximately|roughly|nearly|almost|some|~)\s*|(?P<more>(?:just\s+)?over|more\s+than|at\s+least)\s+"
    rf"|(?P<less>under|less\s+than|at\s+most|up\s+to)\s+)?"
    rf"(?P<length>\d+(?:\.\d+)?\s*-?\s*{_UNIT}(?:\s*(?:,|and|,\s*and)?\s*\d+\s*{_UNIT})*)",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"\b(?:outage|impact|incident|disruption|downtime|degradation|duration|unavailab\w*|down)\b", re.I)


@dataclass(frozen=True)
class StatedLength:
    """A length that a sentence states: its words, and from how long to how long they may mean."""

    text: str
    lo: pd.Timedelta
    hi: pd.Timedelta


def stated_lengths(text: str) -> Iterator[StatedLength]:
    """Yield the lengths of an outage that a text states.

    >>> [str(s.lo) for s in stated_lengths("The outage lasted 1 hour and 32 minutes.")]
    ['0 days 01:31:00']
    >>> list(stated_lengths("The cache is kept for 32 minutes."))
    []
    """
    for match in _STATED.finditer(text):
        sentence = re.split(r"(?<=[.!?])\s", text[: match.end()])[-1]
        if not _ABOUT.search(sentence):
            continue
        parts = re.findall(r"(\d+(?:\.\d+)?)\s*-?\s*([a-z]+)", match["length"], re.IGNORECASE)
        try:
            length = sum((parse_duration(f"{number} {unit}") for number, unit in parts), ZERO)
            finest = parse_duration(f"1 {parts[-1][1]}")
        except SettingError:
            continue
        slack = max(finest, ROUGH * length) if match["rough"] else finest
        lo, hi = max(ZERO, length - slack), length + slack
        hi = pd.Timedelta.max if match["more"] else hi
        lo = ZERO if match["less"] else lo
        yield StatedLength(" ".join(match[0].split()), lo, hi)


def length_findings(incident: Incident, windows: Windows) -> Iterator[Finding]:
    """Yield each stated length that is none of those between the declared times, nor a measured one."""
    milestones = incident.facts.milestones
    known = {f"{a} to {b}": between(milestones.get(a), milestones.get(b)) for a, b in itertools.product(STARTS, ENDS)}
    if windows:
        known["measured, first onset to last recovery"] = between(windows[0].onset, windows[-1].recovery)
        known["measured, all windows"] = _sum(windows)
        known |= {f"measured, window {n}": w.duration for n, w in enumerate(windows, 1)}
    known = {name: d for name, d in known.items() if d.is_known}
    if not known:
        return
    for where, text in itertools.chain(document(incident), messages(incident)):
        for stated in stated_lengths(text):
            if not any(_may_be(stated, d) for d in known.values()):
                name, length = min(known.items(), key=lambda item: (item[0] not in FIRST, len(item[0])))
                said = f"“{stated.text}” fits none of the times: {name} is {length}"
                fix = "Name a claim in double braces instead, or correct the times."
                yield Finding("stated-length", "warning", where, f"{said}{_others(known, name)}.", fix)


FIRST = ("started to recovered", "started to resolved", "started to mitigated")


def _others(known: dict[str, Duration], name: str) -> str:
    measured = known.get("measured, first onset to last recovery")
    return f", measured {measured}" if measured is not None and not name.startswith("measured") else ""


def _sum(windows: Windows) -> Duration:
    parts = [w.duration for w in windows]
    his = [d.hi for d in parts]
    lo = sum((d.lo for d in parts if d.lo is not None), ZERO)
    return Duration(lo, None, None if None in his else sum((h for h in his if h is not None), ZERO))


def _may_be(stated: StatedLength, length: Duration) -> bool:
    return (length.hi is None or length.hi >= stated.lo) and (length.lo is None or length.lo <= stated.hi)
