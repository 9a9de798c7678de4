"""Two results side by side: which numbers, facts, files, settings and findings differ, by how much, and why."""

from postmortem_nb.differences.changes import Change, compare
from postmortem_nb.differences.sides import Side, read_side
from postmortem_nb.differences.telling import as_markdown

__all__ = ["Change", "Side", "as_markdown", "compare", "read_side"]
