"""The one frame of many incidents, a row each, whatever they were read from; and the frame of their actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from postmortem_nb.frames import Contract, conform
from postmortem_nb.trends.question import MEASURES

LEAST = "_at_least"  # ending of the column that holds a lower bound where a measure is not known

INCIDENTS = Contract(
    "incidents",
    {
        "id": "text",
        "title": "text",
        "severity": "text",
        "team": "text",
        "channel": "text",
        "begin": "time",
        "end": "time",
        "seen_until": "time",
        **{f"{name}{ending}": "number" for name in MEASURES for ending in ("", LEAST)},
        "wrong_paths": "number",
        "minutes_lost": "number",
        "person_minutes_lost": "number",
        "response": "number",
        "burned": "number",
        "basis": "text",
        "evidence": "text",
    },
    required=("id", "title", "begin", "seen_until", "evidence"),
)
"""One incident a row, in the order of their begin; instants UTC, lengths in minutes.

``severity``, ``team``: as declared. ``channel``: who knew first. ``begin``, ``end``: of the impact, ``end`` missing
while it is open; ``seen_until``: the last time that anything is known of it. Each measure of `MEASURES` has its
value, or where it is still open ``…_at_least``. ``wrong_paths``: explanations that turned out wrong; ``minutes_lost``
on them, and ``person_minutes_lost``, out of ``response`` (from the first work to the cause). ``burned``: share of the
error budget that the result itself states. ``basis``: ``measured``, ``declared``, or as a feed has it (``stated``,
``record``, ``messages``). ``evidence``: where it was read.

Behind these: ``services``, ``factors`` (tuples of text), ``windows`` (tuple of (start, end): the stretches of impact;
one that is open ends where it was last seen), ``is_open``, ``is_maintenance``, ``is_synthetic`` (bool).
"""
EXTRA = ("services", "factors", "windows", "is_open", "is_maintenance", "is_synthetic")
FLAGS = ("is_open", "is_maintenance", "is_synthetic")

ACTIONS = Contract(
    "actions",
    {
        "incident": "text",
        "text": "text",
        "kind": "text",
        "owner": "text",
        "due": "time",
        "status": "text",
        "done": "time",
    },
    required=("incident", "text", "status"),
)
"""One action a row: ``due`` and ``done`` are midnights (UTC) that the days begin with."""


def as_incidents(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as the frame, in the order of their begin."""
    frame = pd.DataFrame(list(rows), columns=[*INCIDENTS.columns, *EXTRA])
    for column, kind in INCIDENTS.columns.items():
        if kind == "time":
            frame[column] = pd.to_datetime(frame[column], utc=True).dt.as_unit("ns")
        elif kind == "text":
            frame[column] = frame[column].astype("str").where(frame[column].notna() & (frame[column] != ""))
    for column in FLAGS:
        frame[column] = frame[column].astype(bool)
    return conform(frame.sort_values(["begin", "id"], kind="stable"), INCIDENTS)


def as_actions(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as the frame, in their order."""
    frame = pd.DataFrame(list(rows), columns=list(ACTIONS.columns))
    for column in ("due", "done"):
        frame[column] = pd.to_datetime(frame[column], utc=True).dt.as_unit("ns")
    return conform(frame, ACTIONS)


def lengths(incidents: pd.DataFrame, measure: str) -> tuple[pd.Series, pd.Series]:
    """Return the values of a measure and the lower bounds of those that are not known; planned work is left out."""
    actual = incidents[~incidents["is_maintenance"]]
    return actual[measure], actual[f"{measure}{LEAST}"]
