"""A finding: a weakness or contradiction in the evidence or in what was declared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SEVERITIES = ("error", "warning", "note")


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
    """

    id: str
    severity: str
    where: str
    text: str
    fix: str = ""

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ValueError(f"severity {self.severity!r} is none of {SEVERITIES}")

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.text} {self.fix}".rstrip()


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings without repeats, errors first, otherwise in a fixed order."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda f: (SEVERITIES.index(f.severity), f)))
