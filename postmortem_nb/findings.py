"""A finding: a weakness or contradiction in the evidence or in what was declared."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

SEVERITIES = ("error", "warning", "note")

# Of equal severity, what contradicts the evidence comes first, and how something is written last.
CONTRADICTIONS = frozenset(
    (
        *("declared-contradicts-measured", "impact-before-start", "known-before-stated-start", "open-but-recovered"),
        *("order", "relapse", "stated-window-contradicts-measured", "unnoticed-relapse"),
    )
)
WRITING = frozenset(
    (
        *("acronym", "duplicate-action", "length", "long-sentence", "missing-section", "no-actions", "spelling"),
        *("spelling-unchecked", "vague-action", "weak-action", "weak-decision"),
    )
)


@dataclass(frozen=True, order=True)
class Finding:
    """One weakness or contradiction, with what to do about it.

    Parameters
    ----------
    id : str
        Stable name of the rule, such as ``order`` or ``rejected-lines``.
    severity : {"error", "warning", "note"}
        An error contradicts something; a warning weakens a number; a note only informs.
    where : str
        File, file:line, or the fact that it is about.
    text : str
        What is wrong, with the values.
    fix : str
        What to do.
    why : str
        Why it matters; what `reasons` says of its id, unless given.
    """

    id: str
    severity: str
    where: str
    text: str
    fix: str = ""
    why: str = ""

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ValueError(f"severity {self.severity!r} is none of {SEVERITIES}")
        if not self.why:
            object.__setattr__(self, "why", reasons().get(self.id, ""))

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.text} {self.fix}".rstrip()


@cache
def reasons() -> dict[str, str]:
    """Return why each kind of finding matters, by id; rules of wording bring their own."""
    return tomllib.loads((files("postmortem_nb") / "findings.toml").read_text(encoding="utf-8"))


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings without repeats: errors first, of equal ones contradictions first and wording last."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda f: (SEVERITIES.index(f.severity), _rank(f.id), f)))


def _rank(id_: str) -> int:
    """Return 0 for a contradiction, 2 for what is written weakly, 1 for all else."""
    if id_ in CONTRADICTIONS:
        return 0
    # Rules of wording bring their own reasons, so the ids of the list are all the others.
    return 2 if id_ in WRITING or id_ not in reasons() else 1
