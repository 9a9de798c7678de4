"""What is gathered while a postmortem is read: facts, where each is from, and what was not understood."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from postmortem_nb.findings import Finding
from postmortem_nb.importing.draft import Reading


@dataclass
class Gathered:
    """What is gathered while a document is read."""

    file: str
    facts: dict[str, Any] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    left_out: list[Reading] = field(default_factory=list)
    used: dict[int, str] = field(default_factory=dict)

    def weak(self, id: str, line: int, text: str, fix: str = "", severity: str = "warning") -> None:
        """Record what was not understood."""
        self.findings.append(Finding(id, severity, f"{self.file}:{line}", text, fix))

    def without(self, line: int, written: str, why: str) -> None:
        """Record what stays in the original alone."""
        self.left_out.append(Reading(line, written, why))
