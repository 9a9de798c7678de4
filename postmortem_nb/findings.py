"""A finding: a weakness or contradiction in the evidence or in what was declared."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

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
    """Return the findings without repeats, errors first, otherwise in a fixed order."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda f: (SEVERITIES.index(f.severity), f)))
