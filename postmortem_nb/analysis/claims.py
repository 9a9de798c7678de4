"""The claim ledger: every computed value with unit, bounds, basis, definition and what it was computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from postmortem_nb.analysis.inputs import CLAIM, FILE, Input
from postmortem_nb.errors import SourceError, near
from postmortem_nb.times import UTC

HINT = "`postmortem-nb claims NAME` lists what an incident has."  # where no name is near
TOLD = {"system": "recorded by a system"}  # bases whose name says too little on the first screen


@dataclass(frozen=True)
class Claim:
    """One computed value.

    Parameters
    ----------
    id : str
        Name by which the narrative refers to it.
    value, lo, hi : str, float or None
        Instants as ISO 8601 in UTC, durations in seconds, other values in ``unit``; None where unknown or open.
    unit : str
        ``instant``, ``s``, ``requests``, ``share``, ``minutes``, or the signal's own.
    text : str
        As it is printed.
    basis : str
        ``measured``, ``declared``, ``system`` (a tool's stamp), ``estimated``, or several joined with ``+``.
    definition : str
        How it is defined.
    inputs : tuple of Input
        What it was computed from: rows of files with their lines, facts, other claims, settings.
    note : str
        Why it is missing, or what to bear in mind.
    """

    id: str
    value: str | float | None
    lo: str | float | None
    hi: str | float | None
    unit: str
    text: str
    basis: str
    definition: str
    inputs: tuple[Input, ...] = ()
    note: str = ""

    @property
    def told_basis(self) -> str:
        """The basis in words: ``measured, recorded by a system``."""
        return ", ".join(TOLD.get(basis, basis) for basis in self.basis.split(" + "))

    def as_dict(self) -> dict[str, Any]:
        """Return the claim as JSON-ready values."""
        return {**self.__dict__, "inputs": [i.__dict__ for i in self.inputs]}


class Claims(dict[str, Claim]):
    """Claims by id; asking for one that does not exist names the near ones. ``zone`` is that of local times."""

    zone: str = UTC

    def __missing__(self, key: str) -> Claim:
        raise SourceError(f"there is no claim {key[:60]!r}. {self.near(key)}")

    def near(self, key: str) -> str:
        """Return a sentence that helps with a name that does not exist."""
        return near(key, self, HINT)

    def evidence_of(self, key: str) -> dict[str, str]:
        """Return name and hash of every file that a claim rests on, also through other claims, by name."""
        files: dict[str, str] = {}
        seen: set[str] = set()
        waiting = [key]
        while waiting:
            seen.add(name := waiting.pop())
            files |= {i.name: i.sha256 for i in self[name].inputs if i.kind == FILE}
            waiting += [i.name for i in self[name].inputs if i.kind == CLAIM and i.name not in seen]
        return dict(sorted(files.items()))

    @property
    def frame(self) -> pd.DataFrame:
        """One row a claim: id, text, basis, definition, inputs."""
        return pd.DataFrame(
            [
                {
                    "id": c.id,
                    "value": c.text,
                    "basis": c.basis,
                    "definition": c.definition,
                    "inputs": "; ".join(str(i) for i in c.inputs),
                }
                for c in self.values()
            ],
            columns=["id", "value", "basis", "definition", "inputs"],
        )


def iso(t: pd.Timestamp | None) -> str | None:
    """Return an instant as ISO 8601 in UTC."""
    return None if t is None else t.tz_convert(UTC).isoformat().replace("+00:00", "Z")


def format_quantity(value: float, unit: str) -> str:
    """Print a number with its unit and no more digits than it deserves.

    >>> format_quantity(0.4715, "share"), format_quantity(1234.0, "requests"), format_quantity(0.999996, "share")
    ('47 %', '1,234', '99.9996 %')
    """
    if unit.startswith("share"):
        percent = value * 100
        if 99 < percent < 100:  # as many nines as it has, and never rounded up to perfection
            digits = next((d for d in (2, 3, 4) if f"{percent:.{d}f}" != f"{100:.{d}f}"), 0)
            return f"{percent:.{digits}f} %" if digits else "over 99.9999 %"
        return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.2g} %"
    if unit in ("requests", "windows"):
        return f"{value:,.0f}"
    if unit == "minutes":
        return f"{value:,.1f} min" if value < 10 else f"{value:,.0f} min"
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{number} {unit}".rstrip()
