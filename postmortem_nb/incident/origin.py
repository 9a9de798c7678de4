"""Where the declared facts stand: the text of ``incident.toml``, the lines of its keys, and its hash."""

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
    text : str
        The file as it was read, so that a finding can quote the line.
    """

    sha256: str = ""
    lines: Mapping[Place, int] = field(default_factory=dict)
    text: str = field(default="", repr=False)

    def line(self, *place: str | int) -> int | None:
        """Return the line of a key, or of the nearest table or key above it; None if there is nothing of it."""
        above = (place[:n] for n in range(len(place), 0, -1))
        return next((self.lines[part] for part in above if part in self.lines), None)

    def where(self, table: str, number: int) -> str:
        """Return where an entry of a table stands, for readers; its number where the facts were not read from a file.

        >>> Origin().where("actions", 0), Origin("", {("actions", 0): 7}).where("actions", 0)
        ('incident.toml: actions[1]', 'incident.toml:7')
        """
        line = self.line(table, number)
        return f"{FACTS}: {table}[{number + 1}]" if line is None else f"{FACTS}:{line}"
