"""The review workflow: which status a postmortem may have, and what it still lacks for a higher one.

What a status requires is a table. It includes what every lower status requires.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from postmortem_nb.analysis import Analysis
from postmortem_nb.errors import IncidentError
from postmortem_nb.narrative import FILE, read_narrative
from postmortem_nb.wording import counted, listed

STATUSES = ("draft", "in review", "reviewed", "published")
NOTICES = {
    "draft": "Draft. Nobody has reviewed this document; numbers and wording may still change.",
    "in review": "In review. This document is not final; numbers and wording may still change.",
}
WRITTEN = ("Impact", "Detection", "Root cause", "Resolution")
GAP = re.compile(r"to be written|\bTODO\b|\bTBD\b", re.IGNORECASE)
FACTS = "incident.toml"


@dataclass(frozen=True)
class Missing:
    """What stands between a postmortem and a status.

    Parameters
    ----------
    requirement : str
        Stable name of the requirement.
    status : str
        The lowest status that requires it.
    where : str
        File, file:line, or the fact that it is about.
    text : str
        What is missing.
    fix : str
        What to do.
    """

    requirement: str
    status: str
    where: str
    text: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text} {self.fix}"


Lack = tuple[str, str, str]  # where, what is missing, what to do


def _errors(analysis: Analysis) -> Iterator[Lack]:
    for finding in analysis.findings:
        if finding.severity == "error":
            yield finding.where or FACTS, finding.text, finding.fix


def _summary(analysis: Analysis) -> Iterator[Lack]:
    if "Summary" not in read_narrative(analysis.incident.narrative):
        yield FILE, "the summary is not written.", "Reviewers begin with it: write `## Summary`."


def _sections(analysis: Analysis) -> Iterator[Lack]:
    passages = read_narrative(analysis.incident.narrative)
    missing = [heading for heading in WRITTEN if heading not in passages]
    if missing:
        yield (
            FILE,
            f"{counted(len(missing), 'section')} not written: {listed(missing)}.",
            "Write a `##` heading and its prose for each.",
        )


def _cause(analysis: Analysis) -> Iterator[Lack]:
    if not analysis.incident.facts.cause:
        yield f"{FACTS}: cause", "the cause is not declared.", "Write it in one line."


def _reviewers(analysis: Analysis) -> Iterator[Lack]:
    if not analysis.incident.facts.review.reviewers:
        yield f"{FACTS}: [review]", "no reviewer is named.", 'Name roles: reviewers = ["database team lead"].'


def _review_date(analysis: Analysis) -> Iterator[Lack]:
    if analysis.incident.facts.review.date is None:
        yield f"{FACTS}: [review]", "the review has no date.", "Write the day: date = 2024-01-31."


def _over(analysis: Analysis) -> Iterator[Lack]:
    if analysis.incident.facts.open:
        yield f"{FACTS}: open", "the incident is not over.", "Publish when it is, or export the draft as a draft."


def _gaps(analysis: Analysis) -> Iterator[Lack]:
    for passage in read_narrative(analysis.incident.narrative).values():
        for number, line in enumerate(passage.text.split("\n")):
            found = GAP.search(line)
            if found:
                place = f"{FILE}:{passage.line + number}"
                yield place, f"“{passage.heading}” has a part marked {found[0]!r}.", "Write it, or take the mark out."


def _tasks(analysis: Analysis) -> Iterator[Lack]:
    for n, action in enumerate(analysis.incident.facts.actions, 1):
        lacks = [name for name, value in (("owner", action.owner), ("due date", action.due)) if not value]
        if action.status == "open" and lacks:
            text = f"the task “{action.text}” has no {listed(lacks, 'and no')}."
            fix = "Readers of a published report ask who does it, and until when: add owner (a role) and due."
            yield f"{FACTS}: actions, {n} of {len(analysis.incident.facts.actions)}", text, fix


def _measures(analysis: Analysis) -> Iterator[Lack]:
    if not analysis.incident.facts.actions:
        yield (
            f"{FACTS}: [[actions]]",
            "no measure is declared.",
            'Add one; a decision not to act is status = "rejected".',
        )


REQUIREMENTS: tuple[tuple[str, str, Callable[[Analysis], Iterator[Lack]]], ...] = (
    ("no-errors", "in review", _errors),
    ("summary", "in review", _summary),
    ("sections", "reviewed", _sections),
    ("cause", "reviewed", _cause),
    ("reviewers", "reviewed", _reviewers),
    ("review-date", "reviewed", _review_date),
    ("over", "published", _over),
    ("no-gaps", "published", _gaps),
    ("measures", "published", _measures),
    ("tasks", "published", _tasks),
)


def missing_for(analysis: Analysis, status: str) -> tuple[Missing, ...]:
    """Return what a postmortem lacks for a status, that of the lower ones first; empty if it may have it.

    Raises
    ------
    IncidentError
        If the narrative cannot be read.
    """
    level = STATUSES.index(status)
    return tuple(
        Missing(name, needed_for, *lack)
        for name, needed_for, check in REQUIREMENTS
        if STATUSES.index(needed_for) <= level
        for lack in check(analysis)
    )


def next_status(status: str) -> str:
    """Return the status after this one; empty after the last."""
    return dict(itertools.pairwise(STATUSES)).get(status, "")


def require(analysis: Analysis, status: str) -> None:
    """Refuse a status that a postmortem does not have the right to.

    Raises
    ------
    IncidentError
        With everything that is missing, and where.
    """
    missing = missing_for(analysis, status)
    if missing:
        lines = "".join(f"\n  {m}" for m in missing)
        raise IncidentError(
            f"{analysis.incident.id} cannot be exported as {status}; {counted(len(missing), 'thing')} missing:{lines}\n"
            "Complete it, or export it as a draft: --as draft."
        )
