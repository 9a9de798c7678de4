"""What the evidence of one folder says about each other's clocks: skew, and wrong zones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from postmortem_nb.evidence.account import Report
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.skew import estimate_skew, skew_findings
from postmortem_nb.evidence.zoneshifts import zone_shifts
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Facts


def clock_findings(
    facts: Facts,
    read: Sequence[tuple[How, Report]],
    logs: pd.DataFrame,
    metrics: pd.DataFrame,
    events: pd.DataFrame,
) -> Iterator[Finding]:
    """Yield what is wrong, or may be, with the clocks of files; nothing is corrected by itself."""
    pairs = estimate_skew(logs)
    yield from zone_shifts(facts, read, pairs, logs, metrics, events)
    yield from skew_findings(pairs, {how.name: how.offset for how, _ in read})
