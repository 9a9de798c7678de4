"""What an import gives before it is written: facts with comments, prose, evidence, and what was not understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from postmortem_nb.findings import Finding


@dataclass(frozen=True)
class Reading:
    """One row of the source: where it stands, what is written there, and what became of it."""

    line: int
    written: str
    became: str


@dataclass(frozen=True)
class Draft:
    """An incident that is to be written as a folder.

    Parameters
    ----------
    name : str
        Of the folder: the day and some words.
    source : str
        What it is imported from, as it was named.
    file : str
        Where the original is kept, within the folder.
    original : bytes
    facts : mapping
        What goes into ``incident.toml``.
    comments : mapping
        Key (``milestones.started``, ``actions.0.kind``) → the comment behind it.
    narrative : str
        What goes into ``narrative.md``.
    findings : tuple of Finding
        What was not understood, or is odd, with file and line of the source.
    readings : tuple of Reading
        Line by line, what became of the source.
    left_out : tuple of Reading
        What is in no file but the original.
    """

    name: str
    source: str
    file: str
    original: bytes
    facts: Mapping[str, Any]
    comments: Mapping[str, str] = field(default_factory=dict)
    narrative: str = ""
    findings: tuple[Finding, ...] = ()
    readings: tuple[Reading, ...] = ()
    left_out: tuple[Reading, ...] = ()
