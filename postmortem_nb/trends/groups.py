"""Incidents side by side: by service, severity, channel, factor, team; what came again; what wrong paths cost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from postmortem_nb.times import Interval, clip, total
from postmortem_nb.trends.downtime import MINUTE, downtime
from postmortem_nb.trends.frame import lengths
from postmortem_nb.trends.statistics import summarize

UNTOLD = "not recorded"
COLUMNS = {"severity": "severity", "channel": "channel", "team": "team", "service": "services", "factor": "factors"}
_LABEL = re.compile(r"((?:\S+ ){0,3}\S+): ")  # "retry storm: clients tried again at once"
CUSTOMERS = r"\b(?:customers|support)\b"
SOON = 30.0  # minutes


def labels_of(row: dict[Any, Any], by: str) -> tuple[str, ...]:
    """Return the groups that one incident belongs to: several services or factors are several groups."""
    value = row[COLUMNS[by]]
    if isinstance(value, tuple):
        return tuple(dict.fromkeys(_label(v) if by == "factor" else v for v in value)) or (UNTOLD,)
    return (value,) if isinstance(value, str) and value else (UNTOLD,)


def _label(factor: str) -> str:
    """Return what a factor is called: up to a colon within its first four words, else all of it without a full stop."""
    found = _LABEL.match(factor)
    return (found[1] if found else factor.rstrip(".")).strip()


def groups_of(incidents: pd.DataFrame, by: str) -> dict[str, pd.DataFrame]:
    """Return the incidents of each group, planned work left out; the largest group first, what is not recorded last."""
    actual = incidents[~incidents["is_maintenance"]].reset_index(drop=True)
    places: dict[str, list[int]] = {}
    for n, row in enumerate(actual.to_dict("records")):
        for label in labels_of(row, by):
            places.setdefault(label, []).append(n)
    order = sorted(places, key=lambda label: (label == UNTOLD, -len(places[label]), label))
    return {label: actual.iloc[places[label]] for label in order}


def compare_groups(
    incidents: pd.DataFrame, by: str, measure: str, period: Interval, *, mean: bool = False
) -> pd.DataFrame:
    """Return one row a group.

    Returns
    -------
    DataFrame
        ``group``; ``impact_total`` (minutes of the union of its windows within the period); n, open, median, lo, hi,
        q1, q3, most, how and mean of the measure, as `postmortem_nb.trends.statistics.Summary` has them;
        ``incidents``.
    """
    rows = []
    for label, part in groups_of(incidents, by).items():
        begun = part[(part["begin"] >= period[0]) & (part["begin"] < period[1])]
        minutes = total(clip(downtime(part), *period)) / MINUTE
        summary = summarize(*lengths(begun, measure), mean=mean)
        rows.append({"group": label, "incidents": len(begun), "impact_total": minutes, **asdict(summary)})
    columns = ["group", "incidents", "impact_total", *summarize([], []).__dataclass_fields__]
    table = pd.DataFrame(rows, columns=columns)
    return table[(table["incidents"] > 0) | (table["impact_total"] > 0)].reset_index(drop=True)


def recurrences(incidents: pd.DataFrame, by: str, again: pd.Timedelta) -> pd.DataFrame:
    """Return what came again: one row a service or factor that at least two incidents have.

    Parameters
    ----------
    by : {"service", "factor"}
    again : Timedelta
        An incident that begins within this time of the end of the one before is a recurrence. While that one was still
        open at that time, it is one too: it began before the other ended.

    Returns
    -------
    DataFrame
        ``group``, ``incidents``, ``again`` (recurrences), ``pairs`` (how often one followed another), ``shortest``
        (days from the end of one to the begin of the next; 0 where they overlap), ``last`` (begin of the last one,
        UTC).
    """
    rows = []
    for label, part in groups_of(incidents, by).items():
        if label == UNTOLD or len(part) < 2:
            continue
        gaps = list(_gaps(part))
        soon = sum(gap <= again for gap in gaps)
        days = min(gaps) / pd.Timedelta(days=1)
        rows.append((label, len(part), soon, len(gaps), days, part["begin"].iloc[-1]))
    table = pd.DataFrame(rows, columns=["group", "incidents", "again", "pairs", "shortest", "last"])
    return table.sort_values(["again", "incidents", "group"], ascending=[False, False, True], ignore_index=True)


def _gaps(part: pd.DataFrame) -> Iterator[pd.Timedelta]:
    """Yield the time from the end of everything so far to the next begin, not below zero."""
    reached = None
    for begin, end, seen in zip(part["begin"], part["end"], part["seen_until"], strict=True):
        if reached is not None:
            yield max(begin - reached, pd.Timedelta(0))
        last = seen if pd.isna(end) else end
        reached = last if reached is None else max(reached, last)


def shares(incidents: pd.DataFrame) -> pd.DataFrame:
    """Return shares of incidents with their interval (Wilson, 95 %): ``what``, ``count``, ``of``, ``share``, ``lo``,
    ``hi``.

    Those of which nothing is known count in neither number.
    """
    actual = incidents[~incidents["is_maintenance"]]
    channel = actual["channel"].dropna()
    mitigated, least = lengths(actual, "time_to_mitigate")
    sooner = int((mitigated <= SOON).sum())
    counted = [
        ("Customers or support knew first", int(channel.str.contains(CUSTOMERS).sum()), len(channel)),
        ("Mitigated within 30 min", sooner, int(mitigated.notna().sum() + (least > SOON).sum())),
        ("With a misleading path", int((actual["wrong_paths"] > 0).sum()), int(actual["wrong_paths"].notna().sum())),
    ]
    return share_table(counted)


def share_table(counted: list[tuple[str, int, int]]) -> pd.DataFrame:
    """Return counts out of counts as shares with intervals; what has none is left out."""
    from scipy import stats  # late: half a second

    rows = []
    for what, count, of in counted:
        if of:
            limits = stats.binomtest(count, of).proportion_ci(method="wilson")
            rows.append((what, count, of, count / of, float(limits.low), float(limits.high)))
    return pd.DataFrame(rows, columns=["what", "count", "of", "share", "lo", "hi"])


def path_costs(incidents: pd.DataFrame) -> dict[str, float | int | None]:
    """Return what misleading paths cost in all: minutes, share of the response, person-minutes, each of how many."""
    told = incidents[~incidents["is_maintenance"] & incidents["wrong_paths"].notna()]
    misled = told[told["wrong_paths"] > 0]
    timed = misled["minutes_lost"].dropna()
    response = misled[misled["response"].notna()]
    work = misled["person_minutes_lost"].dropna()
    return {
        "incidents": len(told),
        "misled": len(misled),
        "paths": int(misled["wrong_paths"].sum()),
        "timed": len(timed),
        "minutes": float(timed.sum()) if len(timed) else None,
        "share": float(response["minutes_lost"].sum() / response["response"].sum()) if len(response) else None,
        "share_of": len(response),
        "staffed": len(work),
        "person_minutes": float(work.sum()) if len(work) else None,
    }
