"""What is measured against: an objective, ids of users, a limit of latency, a request's value, stated durations."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from postmortem_nb.incident.written import Fact, Text
from postmortem_nb.times import parse_duration


class Slo(Fact):
    """What the error budget is counted against: share of good requests (or good time), and the period of the objective.

    The objective of a ratio signal goes before this one.
    """

    objective: Annotated[float, Field(gt=0, lt=1)] | None = None
    window: str = "30d"

    @field_validator("window")
    @classmethod
    def _window(cls, value: str) -> str:
        if not parse_duration(value, "window"):
            raise ValueError(f"window: {value!r} is no period. Write one such as 30d")
        return value


class Users(Fact):
    """Where log lines carry the id of a user, if not in ``user``: a column, or the one group of a pattern in it.

    The pattern is looked for in the message if no column is named. From ``material`` failed requests on a user counts
    as materially affected.
    """

    column: str = ""
    pattern: str = ""
    material: Annotated[int, Field(ge=1)] = 3

    @field_validator("pattern")
    @classmethod
    def _pattern(cls, value: str) -> str:
        try:
            groups = re.compile(value).groups
        except re.error as error:
            raise ValueError(f"pattern: {value!r} is not a regular expression ({error})") from error
        if value and groups != 1:
            raise ValueError(f"pattern: {value!r} has {groups} groups. Put exactly one around the id: user=(\\S+)")
        return value


class Latency(Fact):
    """How long a request may take before it counts as slow; told from the calm part of the record if left out."""

    limit: str = ""

    @field_validator("limit")
    @classmethod
    def _limit(cls, value: str) -> str:
        if value and not parse_duration(value, "limit"):
            raise ValueError(f"limit: {value!r} is no duration. Write one such as 500ms")
        return value


class Value(Fact):
    """What one served request is worth, perhaps with a range, and of which signal (else of the counted requests)."""

    per_request: Annotated[float, Field(gt=0)]
    low: Annotated[float, Field(ge=0)] | None = None
    high: Annotated[float, Field(ge=0)] | None = None
    currency: Text
    signal: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Value:
        low = self.per_request if self.low is None else self.low
        high = self.per_request if self.high is None else self.high
        if not low <= self.per_request <= high:
            raise ValueError(f"per_request ({self.per_request:g}) is not between low ({low:g}) and high ({high:g})")
        return self


def _durations(value: dict[str, str]) -> dict[str, str]:
    for name, length in value.items():
        parse_duration(length, name)
    return value


_Time = Literal[
    "time_to_detect",
    "time_to_acknowledge",
    "time_to_identify",
    "time_to_mitigate",
    "time_to_recover",
    "time_to_resolve",
]
StatedTimes = Annotated[dict[_Time, str], AfterValidator(_durations)]
"""Durations that a document states; they are held against the computed ones, and replace none."""
