"""Everything that was computed of many incidents, as JSON values."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem_nb.analysis.claims import iso
from postmortem_nb.trends.groups import path_costs, recurrences, shares
from postmortem_nb.trends.tasks import STATES, states_of

if TYPE_CHECKING:
    from postmortem_nb.trends.many import Trends

VERSION = 1


def as_result(trends: Trends) -> dict[str, Any]:
    """Return the values behind every table; instants ISO 8601 UTC, lengths in minutes, null where nothing is known."""
    from postmortem_nb import __version__

    question, incidents, period = trends.question, trends.incidents, trends.period
    states = states_of(trends.actions, period[1]).value_counts()
    return {
        "actions_by_state": {state: int(states.get(state, 0)) for state in STATES},
        "findings": [asdict(f) for f in trends.findings],
        "generator": f"postmortem-nb {__version__}",
        "groups": {by: _rows(found) for by, found in trends.divided.items()},
        "incidents": _rows(incidents),
        "measures": {name: asdict(found) for name, found in trends.summaries.items()},
        "misleading_paths": path_costs(incidents),
        "over_time": _rows(trends.over_time),
        "period": {"start": iso(period[0]), "end": iso(period[1]), "step": trends.step},
        "power": {name: asdict(found) for name, found in trends.powers.items()},
        "question": question.as_dict(),
        "recurrences": {by: _rows(recurrences(incidents, by, question.again)) for by in ("service", "factor")},
        "shares": _rows(shares(incidents)),
        "sources": [{"file": file, "sha256": digest} for file, digest in trends.sources],
        "version": VERSION,
    }


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return None if pd.isna(value) else iso(value)
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return None
    return value.item() if hasattr(value, "item") else value
