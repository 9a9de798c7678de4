"""Where the declared facts stand: the lines of ``incident.toml`` and its hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FACTS = "incident.toml"
Place = tuple[str | int, ...]
"""A key of ``incident.toml``: ``("milestones", "detected")``, ``("hypotheses", 0, "to")``."""


@dataclass(frozen=True)
class Origin:
    """The file that the declared facts were read from.

    Parameters
    ----------
    sha256 : str
        Hash of its bytes; empty where the facts were not read from a file.
    lines : dict
        Line of every table and key, by its place.
    """

    sha256: str = ""
    lines: Mapping[Place, int] = field(default_factory=dict)

    def line(self, *place: str | int) -> int | None:
        """Return the line of a key, or of the nearest table or key above it; None if there is nothing of it."""
        above = (place[:n] for n in range(len(place), 0, -1))
        return next((self.lines[part] for part in above if part in self.lines), None)
