"""The reader's page: an nbconvert exporter that turns an executed notebook into one safe, offline HTML file.

Importing this package is cheap: the exporter, and nbconvert with it, is loaded when it is first asked for,
because a notebook only wants the style of its cards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from postmortem_nb.report.styles import component_css
from postmortem_nb.sparing import without_grammar

if TYPE_CHECKING:
    from postmortem_nb.report.exporter import PostmortemExporter

__all__ = ["PostmortemExporter", "component_css"]


def __getattr__(name: str) -> Any:
    if name == "PostmortemExporter":
        without_grammar()
        from postmortem_nb.report.exporter import PostmortemExporter

        return PostmortemExporter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
