"""What is weak about action items and decisions: no verb, no owner, no date, no proof, the same thing twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from postmortem_nb.findings import Finding
from postmortem_nb.incident import Action, Incident
from postmortem_nb.language.words import words_of

# What an open task needs: in words, the attribute that holds it, what to do.
NEEDED = (
    ("owner", "owner", "Name a role as `owner`."),
    ("due date", "due", "Set `due`."),
    ("check that proves it done", "proof", "Say in `check`, `command`, `target` or `rule` what will prove it."),
)
# How much of the words two tasks may share before they are taken for one.
SAME = 0.75
# Words that do not begin a task but a wish, a thing or a question. A list of verbs would never be whole.
_NO_VERB = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "we",
        "i",
        "they",
        "it",
        "our",
        "their",
        "its",
        "there",
        "no",
        "more",
        "better",
        "new",
        "all",
        "each",
        "every",
        "some",
        "any",
        "someone",
        "somebody",
        "team",
        "teams",
        "what",
        "why",
        "how",
        "who",
        "when",
        "where",
        "if",
        "whether",
        "should",
        "could",
        "would",
        "must",
        "need",
        "needs",
        "maybe",
        "perhaps",
        "possibly",
        "monitoring",
        "alerting",
        "alerts",
        "documentation",
        "training",
        "communication",
        "tests",
        "automation",
        "awareness",
        "workload",
        "process",
    ]
)
_THING = re.compile(r"(?:ing|tion|ment|ness|ity|ance|ence)$")
_VERBS = frozenset(
    [
        "bring",
        "ping",
        "string",
        "implement",
        "document",
        "supplement",
        "commission",
        "provision",
        "position",
        "partition",
        "mention",
    ]
)
_SMALL = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "for",
        "and",
        "or",
        "so",
        "that",
        "it",
        "is",
        "be",
        "before",
        "after",
        "with",
        "at",
        "by",
        "from",
        "into",
        "as",
    ]
)


def action_findings(incident: Incident) -> Iterator[Finding]:
    """Yield what is weak about the tasks that are open, and about decisions that nobody owns or looks at again."""
    todo = [(n, a) for n, a in enumerate(incident.facts.actions) if a.status == "open"]
    for what, key, fix in NEEDED:
        weak = [(n, a) for n, a in todo if not getattr(a, key)]
        if weak:
            yield _weak(incident, what, fix, weak, len(todo))
    for n, action in todo:
        if not begins_with_verb(action.text):
            text = f"“{action.text}” does not begin with a verb."
            yield Finding(
                "vague-action", "warning", incident.origin.where("actions", n), text, "Say what somebody will do."
            )
    yield from _twice(incident, todo)
    for n, decision in enumerate(incident.facts.decisions):
        missing = [name for name, value in (("who", decision.who), ("revisit", decision.revisit)) if not value]
        if missing:
            text = f"the decision “{decision.text}” has no {' and no '.join(f'`{m}`' for m in missing)}."
            fix = "Name the role that decided and the day to look at it again."
            yield Finding("weak-decision", "note", incident.origin.where("decisions", n), text, fix)


def begins_with_verb(text: str) -> bool:
    """Return whether a task may begin with a verb: misses some nouns, and takes no verb for a noun.

    >>> begins_with_verb("Set cache limits in bytes."), begins_with_verb("Better monitoring")
    (True, False)
    """
    words = words_of(text)
    if not words:
        return False
    first = words[0].low
    return first not in _NO_VERB and (first in _VERBS or not _THING.search(first))


def _weak(incident: Incident, what: str, fix: str, weak: Sequence[tuple[int, Action]], todo: int) -> Finding:
    """Count all that lack the same in one finding."""
    number, first = weak[0]
    text = f"“{first.text}” has no {what}."
    if len(weak) > 1:
        text = f"{len(weak)} of {todo} open action items have no {what}, the first is “{first.text}”."
    return Finding("weak-action", "warning", incident.origin.where("actions", number), text, fix)


def _twice(incident: Incident, todo: Sequence[tuple[int, Action]]) -> Iterator[Finding]:
    sets = [(n, a, {w.low for w in words_of(a.text)} - _SMALL) for n, a in todo]
    for later, (n, action, words) in enumerate(sets):
        for m, other, others in sets[:later]:
            if words and others and len(words & others) / len(words | others) >= SAME:
                text = f"“{action.text}” says nearly the same as item {m + 1}, “{other.text}”."
                yield Finding("duplicate-action", "warning", incident.origin.where("actions", n), text, "Join the two.")
                break
