"""The table of the impact: known quantities in groups, each with its formula; the unknown ones in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from postmortem_nb.analysis.impact import GROUPS, Quantity
from postmortem_nb.sections.blocks import paragraph
from postmortem_nb.tables import Safe, escape, measured, table

if TYPE_CHECKING:
    from postmortem_nb.analysis import Analysis

COLUMNS = ("Quantity", "Value", "Basis", "How it is computed")


def quantities(analysis: Analysis) -> Iterator[Safe]:
    """Yield the table of what is known about the impact, and a sentence about what is not."""
    known = sorted((q for q in analysis.impact if q.value is not None), key=lambda q: list(GROUPS).index(q.group))
    if known:
        rows = [(q.name, measured(analysis.claims[q.id].text), q.basis, _how(q)) for q in known]
        groups = [GROUPS[q.group] for q in known]
        yield table(COLUMNS, rows, "Impact in numbers", numeric=("Value",), groups=groups)
    if unknown := [q for q in analysis.impact if q.value is None]:
        yield paragraph(_unknown(unknown))


def _how(q: Quantity) -> Safe:
    """Return the formula, and under it the numbers that went into it."""
    numbers = f"<br><small>{escape(q.detail)}</small>" if q.detail else ""
    return Safe(f"{escape(q.definition)}{numbers}")


def _unknown(unknown: list[Quantity]) -> str:
    """Return what is not known, by reason: one sentence."""
    reasons: dict[str, list[str]] = {}
    for q in unknown:
        reasons.setdefault(q.note, []).append(q.name)
    parts = [f"{', '.join(names)} ({why})" for why, names in reasons.items()]
    return f"Not known: {'; '.join(parts)}."
