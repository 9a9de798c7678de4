"""What one number of the impact is: value and bounds, what it was divided by, its formula, or why it is not known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from postmortem_nb.analysis.impact.definitions import QUANTITIES


class Range(NamedTuple):
    """A value within bounds; a bound that is None is not known, a value that is None neither."""

    lo: float | None
    value: float | None
    hi: float | None

    def over(self, whole: float) -> Range:
        """Return all three divided by the same number."""
        return Range(*(None if x is None else x / whole for x in self))


NOTHING = Range(None, None, None)


@dataclass(frozen=True)
class Quantity:
    """One quantity of the impact.

    Parameters
    ----------
    id, group, name : str
        The group is one of `GROUPS`.
    value, lo, hi : float or None
        In ``unit``, with bounds where something moves them; None if the evidence does not hold it.
    unit : str
        ``requests``, ``share``, ``minutes``, a currency, or the signal's own.
    definition, detail : str
        Formula in words; the numbers that went into it, and what was taken for granted.
    note : str
        Why it is missing.
    basis : {"measured", "estimated", "declared"}
        Counted in the evidence; computed with an assumption about what would have been; or chosen by people.
    numerator, denominator : float or None
        What was divided by what, of shares and rates.
    signals : tuple of str
        Names of the signals that it was counted on, where that is not the one that the windows were measured on.
    """

    id: str
    group: str
    name: str
    value: float | None
    unit: str
    definition: str
    detail: str = ""
    note: str = ""
    lo: float | None = None
    hi: float | None = None
    basis: str = "measured"
    numerator: float | None = None
    denominator: float | None = None
    signals: tuple[str, ...] = ()


def quantity(
    id_: str,
    value: float | Range | None,
    detail: str = "",
    unit: str | None = None,
    *,
    lo: float | None = None,
    hi: float | None = None,
    basis: str = "measured",
    parts: tuple[float, float] | None = None,
) -> Quantity:
    """Return a quantity with its name, unit and formula; a value that is not finite is missing."""
    formula = QUANTITIES[id_]
    if isinstance(value, Range):
        lo, value, hi = value
    known = value is not None and math.isfinite(value)
    return Quantity(
        id_,
        formula.group,
        formula.name,
        value if known else None,
        formula.unit if unit is None else unit,
        formula.definition,
        detail,
        "" if known else formula.missing,
        lo if known else None,
        hi if known else None,
        basis,
        *(parts if known and parts is not None else (None, None)),
    )


def missing(why: str, *ids: str) -> list[Quantity]:
    """Return quantities that the evidence does not hold, with the reason; an empty one is that of the formula."""
    rows = []
    for id_ in ids:
        f = QUANTITIES[id_]
        rows.append(Quantity(id_, f.group, f.name, None, f.unit, f.definition, note=why or f.missing))
    return rows
