"""Many incidents: what their results and feeds say together, every point shown, nothing averaged that should not be.

Importing this package is cheap: a command looks at the question alone, and charts are drawn in the kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from postmortem_nb.trends.question import DIVISIONS, MEASURES, Question, joined

if TYPE_CHECKING:
    from postmortem_nb.trends.many import Trends, read_trends

__all__ = ["DIVISIONS", "MEASURES", "Question", "Trends", "joined", "read_trends"]


def __getattr__(name: str) -> Any:
    if name in ("Trends", "read_trends"):
        from postmortem_nb.trends import many

        return getattr(many, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
