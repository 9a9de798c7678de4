"""What a heading of a postmortem announces, whatever template it is of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from postmortem_nb.importing.document import Document, Part

# Role → words of headings, most telling first. The first role that fits counts.
_ROLES = (
    ("timeline", r"time ?line|chronolog|sequence of events|what happened when|incident log|log of events"),
    (
        "stats",
        r"^stat(?:s|istics)$|\bmetrics\b|key (?:figures|numbers|facts)|incident (?:details|data|facts)|^at a glance",
    ),
    ("actions", r"action|follow[- ]?ups?|corrective|preventati?ve|remediation items|next steps|to-?dos?|^tasks"),
    ("decisions", r"^decisions?\b|decisions? (?:made|not to)|not (?:be )?done"),
    ("well", r"went well|worked well|positives|what worked|^good$|^mitigators"),
    (
        "badly",
        r"went (?:wrong|badly|poorly|less well)|did ?n.?t go|not go (?:so )?well|could have gone|to improve"
        r"|improvements?$|^bad$",
    ),
    ("lucky", r"luck"),
    ("factors", r"contribut(?:ing|ors)|factors|causes and"),
    ("questions", r"open questions|unanswered|unknowns"),
    ("people", r"attend|participant|responders?$|authors?$|people|present$|involved|roles"),
    ("impact", r"impact|affected|scope|customer effect|damage"),
    ("detection", r"^detect|how (?:was it|we|did we) (?:detect|notice|discover)|discovery|alerting"),
    ("summary", r"summary|overview|abstract|tl;?dr|^what happened|executive|description|synopsis|^problem$"),
    (
        "cause",
        r"cause|trigger|background|fault|analysis|why|lead[- ]?up|technical|the underlying|postmortem$|explanation",
    ),
    ("resolution", r"resol|recover|mitigat|response|repair|the fix|remediation|how .* fixed"),
    ("lessons", r"lesson|learn|retrospective|reflection|takeaway"),
    ("sources", r"support|appendix|reference|links|related|further reading|glossary"),
)
ROLES = tuple((role, re.compile(words, re.IGNORECASE)) for role, words in _ROLES)
PARTS = {"timeline", "summary", "actions", "stats", "impact"}  # a first heading of these, among others, is no title
BELOW = {"well", "badly", "lucky"}  # what stands below lessons has a role of its own


def role_of(heading: str) -> str:
    """Return what a heading announces; empty if it is none of what a postmortem usually has.

    >>> role_of("Timeline of events (UTC)"), role_of("Where we got lucky"), role_of("Pizza")
    ('timeline', 'lucky', '')
    """
    said = re.sub(r"^[\W\d.]+", "", heading).strip()
    kinds = {role for role, words in ROLES if role in BELOW and words.search(said)}
    if len(kinds) > 1:
        return "lessons"  # "What went well, what went badly": labels below it tell them apart
    return next((role for role, words in ROLES if words.search(said)), "")


def is_lesson(said: str) -> bool:
    """Whether a line by itself is a heading of lessons, be it marked as one or not: ``What went well:``."""
    return len(said.split()) <= 8 and role_of(said) in BELOW and not re.search(r"[.,;]", said)


def is_label(label: str) -> bool:
    """Whether a bold label before a text (``**Impact:** …``) begins a part of its own: one of a few words."""
    return 0 < len(label.split()) <= 6


def with_roles(document: Document) -> Iterator[tuple[Part, str]]:
    """Yield each part with what it is about: its own role, else that of the nearest heading above it.

    The title (the first heading of level 1) has the role ``title``; text before any heading that says more has none.
    """
    above: list[tuple[int, str]] = []
    tops = [part.heading for part in document.parts if part.level == 1]
    has_title = len(tops) > 1 and len(tops[0].split()) <= 2 and role_of(tops[0]) in PARTS
    for part in document.parts:
        if part.level == 0:
            yield part, ""
            continue
        if part.level == 1 and not has_title:
            has_title = True
            above = []
            yield part, "title"
            continue
        while above and above[-1][0] >= part.level:
            above.pop()
        inherited = above[-1][1] if above else ""
        own = role_of(part.heading)
        if inherited == "timeline" or (inherited in ("actions", "lessons", "people") and own not in BELOW):
            own = inherited  # "### Resolution" within a timeline is a stretch of it
        role = own or inherited
        above.append((part.level, role))
        yield part, role
