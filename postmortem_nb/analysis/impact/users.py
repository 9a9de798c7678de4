"""Who met it: distinct ids with a failed request, and how long each was without a success.

An id is what people declared, a column or a pattern, else the column ``user``, else the address of the client, which is
no person. Requests without an id are at least nobody and at most one user each; they set the bounds.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from postmortem_nb.analysis.impact.quantity import Quantity, Range, missing, quantity
from postmortem_nb.analysis.impact.stretches import READINGS, is_whole, spans_of
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Measurement
from postmortem_nb.errors import IncidentError, near
from postmortem_nb.incident import Facts, Incident
from postmortem_nb.times import Interval, union

USERS = ("users_active", "users_affected", "users_affected_share", "users_material", "user_minutes")
NO_IDS = "the log lines carry no id of users: declare [users] column or pattern"
NO_LINES = "ids of users stand in log lines, and no declared ratio counts these"
ADDRESSES = "addresses stand for users, though several people may share one"


class Ids(NamedTuple):
    """Ids of the requests of a signal (missing where there is none), what they are, and the addresses beside them."""

    values: pd.Series
    unit: str
    address: pd.Series | None


class Met(NamedTuple):
    """Users within some stretches; ``most`` counts requests without an id as users of their own."""

    active: int
    affected: int
    most: int
    material: int
    anonymous: int


def measure_users(incident: Incident, series: SignalSeries | None, measurement: Measurement) -> list[Quantity]:
    """Return how many users were affected and how long, on a ratio of log lines."""
    if series is None or not len(series.requests):
        return missing(NO_LINES, *USERS)
    if not measurement.windows:
        return missing("", *USERS)
    spans = {how: spans_of(measurement, how, series.span) for how in READINGS}
    requests = series.requests[within(series.requests["time"], union([*spans["long"], *spans["best"]]))]
    requests = requests.reset_index(drop=True)
    ids = ids_of(incident.logs, requests["row"], incident.facts)
    if ids is None:
        return missing(NO_IDS, *USERS)
    material = incident.facts.users.material
    best, short, long = (met(requests, ids, spans[how], material) for how in READINGS)
    if not best.active:
        return missing("no request with an id lies within the windows", *USERS)
    whole = is_whole(series, measurement)
    basis = "measured" if ids.unit == "users" else "estimated"
    caveat = "" if ids.unit == "users" else ADDRESSES
    said = f"{best.affected:,} of {best.active:,} {ids.unit}"
    unnamed = ""
    if best.anonymous:
        unnamed = f"; the upper bound counts the {best.anonymous:,} failed requests without an id, once an address"

    def counted(id_: str, name: str, detail: str, most: str = "") -> Quantity:
        lo, value, hi = (getattr(x, name) for x in (short, best, long))
        hi = getattr(long, most) if most else hi
        return quantity(id_, Range(lo, value, hi if whole else None), detail, ids.unit, basis=basis)

    share = best.affected / best.active
    return [
        counted("users_active", "active", caveat),
        counted("users_affected", "affected", f"{said}{unnamed}", "most"),
        quantity("users_affected_share", share, said, basis=basis, parts=(best.affected, best.active)),
        counted("users_material", "material", f"m = {material}"),
        _user_minutes(requests, ids, spans, basis, is_whole=whole),
    ]


def ids_of(logs: pd.DataFrame, rows: pd.Series, facts: Facts) -> Ids | None:
    """Return the id of each request; None if the lines carry none.

    Raises
    ------
    IncidentError
        If the declared column is not there.
    """
    declared = facts.users
    if declared.column and declared.column not in logs:
        raise IncidentError(
            f"[users]: there is no column {declared.column!r} in the logs. {near(declared.column, logs.columns)}"
        )
    address = logs["client"].loc[rows].reset_index(drop=True) if "client" in logs else None
    column = declared.column or ("message" if declared.pattern else "user" if "user" in logs else "")
    if column:
        held = logs[column].loc[rows].reset_index(drop=True)
        values = held.astype("str").where(held.notna())
        if declared.pattern:
            values = values.str.extract(re.compile(declared.pattern), expand=False)
        if values.notna().any():
            return Ids(values, "users", address)
        if declared.column or declared.pattern:
            return None
    if address is not None and address.notna().any():
        return Ids(address, "addresses", None)
    return None


def met(requests: pd.DataFrame, ids: Ids, spans: list[Interval], material: int) -> Met:
    """Count the users of these stretches."""
    rows = within(requests["time"], spans)
    user, bad = ids.values[rows], requests["bad"][rows].astype(bool)
    per_user = bad.groupby(user).agg(["sum", "size"])
    failed = per_user["sum"] > 0
    heavily = failed & ((per_user["sum"] >= material) | (per_user["sum"] == per_user["size"]))
    unnamed = user.isna() & bad
    others = int(unnamed.sum())
    if ids.address is not None:  # one address counts once, however many of its requests failed
        address = ids.address[rows][unnamed]
        others = int(address.nunique() + address.isna().sum())
    affected = int(failed.sum())
    return Met(len(per_user), affected, affected + others, int(heavily.sum()), int(unnamed.sum()))


def within(time: pd.Series, spans: list[Interval]) -> np.ndarray:
    """Return which instants lie within these half-open stretches."""
    inside = np.zeros(len(time), bool)
    for start, end in spans:
        inside |= ((time >= start) & (time < end)).to_numpy()
    return inside


def failing_runs(time: pd.Series, bad: pd.Series, user: pd.Series, spans: list[Interval]) -> pd.DataFrame:
    """Return the runs of failed requests of each user within these stretches.

    Returns
    -------
    DataFrame
        One row a run, stretch by stretch: ``start`` (first failed request), ``last`` (last failed one), ``success``
        (the next that did not fail, NaT if none follows within the stretch), ``end`` (of the stretch).
    """
    every = pd.DataFrame({"time": time, "bad": bad.astype(bool), "user": user}).dropna(subset=["user"])
    parts = [_runs(every[within(every["time"], [span])]).assign(end=span[1]) for span in spans]
    return pd.concat(parts, ignore_index=True)


def _runs(requests: pd.DataFrame) -> pd.DataFrame:
    order = requests.sort_values(["user", "time"], kind="stable", ignore_index=True)
    failed, same = order["bad"].to_numpy(), (order["user"] == order["user"].shift()).to_numpy()
    opens = failed & ~(same & np.concatenate([[False], failed])[:-1])
    follows = np.concatenate([same, [False]])[1:]  # whether the next row is of the same user
    closes = failed & ~(follows & np.concatenate([failed, [False]])[1:])
    ends = np.flatnonzero(closes)
    after = order["time"].reindex(ends + 1).reset_index(drop=True)
    return pd.DataFrame(
        {
            "start": order["time"][opens].reset_index(drop=True),
            "last": order["time"][closes].reset_index(drop=True),
            "success": after.where(follows[ends]),
        }
    )


def _user_minutes(
    requests: pd.DataFrame, ids: Ids, spans: dict[str, list[Interval]], basis: str, *, is_whole: bool
) -> Quantity:
    """Return the minutes between a failed request and the same user's next success, summed over users.

    Who has no success before the recovery is censored: at least until the last failed request, at most until the
    recovery, from when on a request would not have failed.
    """

    def minutes(how: str) -> tuple[float, float, int]:
        runs = failing_runs(requests["time"], requests["bad"], ids.values, spans[how])
        is_back = runs["success"].notna()
        least = runs["success"].where(is_back, runs["last"]) - runs["start"]
        most = runs["success"].where(is_back, runs["end"]) - runs["start"]
        return least.dt.total_seconds().sum() / 60, most.dt.total_seconds().sum() / 60, int((~is_back).sum())

    least, _, censored = minutes("best")
    low = minutes("short")[0] if spans["short"] else 0.0
    high = max(minutes("long")[1], least) if is_whole else None
    gone = f"{censored:,} {ids.unit} had no success before the recovery: the value ends at their last failed request"
    detail = f"{gone}, the upper bound at the recovery" if censored else ""
    return quantity("user_minutes", Range(min(low, least), least, high), detail, basis=basis)
