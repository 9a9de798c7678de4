"""What lengths rest on (telemetry, a record, messages), and whether that shifts: a trend of the method is none."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from postmortem_nb.findings import Finding
from postmortem_nb.wording import listed

NAMES = {
    "stated": "windows that messages state",
    "messages": "first and last message",
    "record": "begin and end of the record",
}
SHIFT = 0.25  # of the share of one basis
LEAST = 20  # incidents


def counts_of(incidents: pd.DataFrame) -> dict[str, int]:
    """Return on what the lengths of incidents rest, and those of how many; planned work has none."""
    return dict(Counter(_bases(incidents)).most_common())


def told(incidents: pd.DataFrame) -> str:
    """Return the same as a sentence; empty if there is only one basis."""
    found = counts_of(incidents)
    if len(found) < 2:
        return ""
    return f"Lengths rest on {listed(f'{_named(basis)} ({n:,})' for basis, n in found.items())}."


def shift(incidents: pd.DataFrame) -> Finding | None:
    """Return a finding if later incidents are measured in another way than earlier ones, half against half."""
    bases = _bases(incidents)
    if len(bases) < LEAST:
        return None
    half = len(bases) // 2
    early, late = (Counter(part) for part in (bases[:half], bases[half:]))
    shares = {basis: (early[basis] / early.total(), n / late.total()) for basis, n in late.items()}
    basis, (before, after) = max(shares.items(), key=lambda item: item[1][1] - item[1][0])
    if after - before <= SHIFT:
        return None
    text = (
        f"Lengths rest on {_named(basis)} for {before:.0%} of the earlier half of the incidents and for "
        f"{after:.0%} of the later half: a rise or fall between them may be one of how lengths were found."
    )
    fix = "Compare incidents of one basis with each other: `trends.incidents` has the column `basis`."
    return Finding("basis-shifts", "warning", "", text, fix)


def _bases(incidents: pd.DataFrame) -> list[str]:
    """Return the basis of each incident, in the order of begin."""
    actual = incidents[~incidents["is_maintenance"]].sort_values("begin", kind="stable")
    return [str(basis) for basis in actual["basis"].dropna() if basis]


def _named(basis: str) -> str:
    return NAMES.get(basis, f"{basis} times")
