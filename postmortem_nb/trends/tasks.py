"""Action items over many incidents: done on time, late, overdue, as of the end of the period."""

from __future__ import annotations

from typing import Any

import pandas as pd

from postmortem_nb.incident.following import KINDS

STATES = ("on time", "late", "done, date not recorded", "overdue", "not due yet", "without a due date", "rejected")
DAY = pd.Timedelta(days=1)


def states_of(actions: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """Return the state of each action, one of `STATES`; a task is late from the day after its due date on.

    Parameters
    ----------
    actions : DataFrame
        See `postmortem_nb.trends.frame.ACTIONS`.
    as_of : Timestamp
        When it is looked at. What was done later was still open then.
    """
    return pd.Series([_state(row, as_of) for row in actions.to_dict("records")], index=actions.index, dtype="str")


def _state(row: dict[Any, Any], as_of: pd.Timestamp) -> str:
    due, done = (None if pd.isna(row[c]) else pd.Timestamp(row[c]) for c in ("due", "done"))
    if row["status"] == "rejected":
        return "rejected"
    if row["status"] == "done" and (done is None or done < as_of):
        if due is None:
            return "without a due date"
        return "done, date not recorded" if done is None else "on time" if done <= due else "late"
    if due is None:
        return "without a due date"
    return "overdue" if due + DAY <= as_of else "not due yet"


def count_states(actions: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return how many actions of each kind are in each state: one row a kind that occurs, and one for all."""
    table = pd.crosstab(actions["kind"], states_of(actions, as_of)).reindex(columns=list(STATES), fill_value=0)
    order = [k for k in KINDS if k in table.index] + [k for k in table.index if k not in KINDS]
    table = table.reindex(order)
    table.loc["all"] = table.sum()
    return table.rename_axis("kind").reset_index().rename_axis(columns=None)


def kept(actions: pd.DataFrame, as_of: pd.Timestamp) -> tuple[int, int]:
    """Return how many actions were done on time, out of those that were due by then and of which that is known."""
    states = states_of(actions, as_of)
    return int((states == "on time").sum()), int(states.isin(["on time", "late", "overdue"]).sum())
