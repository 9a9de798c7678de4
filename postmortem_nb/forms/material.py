"""What templates see: plain, JSON-ready values, each as it is printed."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from postmortem_nb.analysis import Analysis
from postmortem_nb.analysis.claims import Claim
from postmortem_nb.drafting import draft
from postmortem_nb.drafting.piece import GAP
from postmortem_nb.forms.quiet import quiet
from postmortem_nb.forms.templates import Prose
from postmortem_nb.narrative import Passage, fill, read_narrative
from postmortem_nb.review import NOTICES
from postmortem_nb.times import format_window
from postmortem_nb.wording import literal, sentence

FIGURES = (
    ("Impact", "impact_time"),
    ("Time to detect", "time_to_detect"),
    ("Time to mitigate", "time_to_mitigate"),
    ("Time to recover", "time_to_recover"),
)
UNITS = {"s": "second", "min": "minute", "h": "hour", "d": "day"}
NARROW = 0.1  # bounds within this share of the value are left to the report
MINUTES = pd.Timedelta(minutes=2)
_BEGINS = re.compile(r"(\A|\n\s*\n)(at least|at most|about|before|after)\b(?= \d)")
_LOCAL = re.compile(r", (?:\d{4}-\d\d-\d\d )?\d\d:\d\d(?::\d\d)? \S+(?: \(UTC[^)]*\))?$")


def common(analysis: Analysis, status: str, title: str = "") -> dict[str, Any]:
    """Return what every form has: title, lead, notice, status, and the words on drawn telemetry."""
    facts = analysis.incident.facts
    return {
        "title": title or facts.title,
        "lead": sentence(facts.summary),
        "status": status,
        "notice": NOTICES.get(status, ""),
        "synthetic": sentence(facts.synthetic),
        "severity": facts.severity,
        "services": list(facts.services),
        "is_open": facts.open,
        "window": when(analysis),
    }


def when(analysis: Analysis) -> str:
    """Return from when to when it was: measured, else as it was declared; empty if nothing is known."""
    windows = analysis.windows
    if windows:
        return format_window((windows[0].span[0], windows[-1].span[1]), is_open=windows[-1].is_open)
    start, end = (analysis.moments.at(m).best for m in ("start", "recover"))
    return f"{format_window((start, end))}, as declared" if start and end and end > start else ""


def brief(claim: Claim) -> str:
    """Return a value as prose wants it: in UTC alone, and without bounds that are close to it.

    Wide bounds stay, so that nothing looks surer than it is.
    """
    text = _LOCAL.sub("", claim.text) if claim.unit == "instant" else claim.text
    return text.partition(" (")[0] if text.endswith(")") and _is_narrow(claim) else text


def spelled(duration: str) -> str:
    """Return a printed duration with its units in words.

    >>> spelled("1 h 32 min"), spelled("at least 1 min")
    ('1 hour 32 minutes', 'at least 1 minute')
    """

    def word(match: re.Match[str]) -> str:
        return f"{match[1]} {UNITS[match[2]]}{'' if match[1] == '1' else 's'}"

    return re.sub(r"(?<![\d–])([\d–]+) (s|min|h|d)\b", word, duration)


def _is_narrow(claim: Claim) -> bool:
    value, lo, hi = claim.value, claim.lo, claim.hi
    if claim.unit == "instant" and isinstance(lo, str) and isinstance(hi, str):
        return bool(pd.Timestamp(hi) - pd.Timestamp(lo) <= MINUTES)
    if not isinstance(value, int | float) or not isinstance(lo, int | float) or not isinstance(hi, int | float):
        return False
    return max(value - lo, hi - value) <= max(NARROW * abs(value), 60.0 if claim.unit == "s" else 0.0)


def figures(analysis: Analysis, show: Any = brief) -> list[dict[str, str]]:
    """Return the four times of the first screen: name, value, basis, definition."""
    claims = analysis.claims
    return [
        {
            "name": name,
            "claim": id_,
            "value": show(claims[id_]),
            "basis": claims[id_].told_basis or claims[id_].note,
            "definition": claims[id_].definition,
        }
        for name, id_ in FIGURES
    ]


def passages(analysis: Analysis, show: Any = brief, *, drafted: bool = True) -> dict[str, Prose]:
    """Return the prose by heading; what nobody has written is taken from the draft, where it has something to tell."""
    written = read_narrative(analysis.incident.narrative)
    if drafted:
        for heading, passage in read_narrative(draft(analysis)).items():
            told = _without_gaps(passage)
            if heading not in written and told.text.strip():
                written[heading] = told
    quiets = {h: Passage(p.heading, quiet(p.text), p.line) for h, p in written.items()}
    return {h: Prose(_begun(fill(p, analysis.claims, lambda c: literal(show(c))))) for h, p in quiets.items()}


def _begun(text: str) -> str:
    """Return prose in which a value that begins a paragraph begins it with a capital: "At least 2,948 …"."""
    return _BEGINS.sub(lambda match: match[1] + match[2].capitalize(), text)


def _without_gaps(passage: Passage) -> Passage:
    kept = [block for block in passage.text.split("\n\n") if GAP not in block]
    return Passage(passage.heading, "\n\n".join(kept), passage.line)


def tasks(analysis: Analysis) -> list[dict[str, str]]:
    """Return the action items as they are printed."""
    return [
        {
            "text": a.text,
            "kind": a.kind,
            "owner": a.owner,
            "due": str(a.due or ""),
            "status": a.status,
            "priority": a.priority,
            "check": a.proof,
            "link": a.link,
        }
        for a in analysis.incident.facts.actions
    ]
