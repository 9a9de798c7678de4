"""Texts and times in ``incident.toml`` as people write them, and the base of the models that read them."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from postmortem_nb.errors import IncidentError
from postmortem_nb.times import Instant, parse_instant


class Fact(BaseModel):
    """Base of all declared facts: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, str_strip_whitespace=True)


def _read_when(value: object, info: ValidationInfo) -> Instant:
    context = info.context or {}
    try:
        return parse_instant(
            value, zone=context.get("zone"), date=context.get("date"), where=str(info.field_name or "time")
        )
    except IncidentError as error:  # pydantic adds the place; keep the sentence
        raise ValueError(str(error).split(": ", 1)[-1]) from error


def _read_bound(value: object, info: ValidationInfo) -> pd.Timestamp:
    """Read an end of a time range: one instant, in the zone of its rule where it names none."""
    context = info.context or {}
    zone = info.data.get("zone") or context.get("zone")
    try:
        instant = parse_instant(value, zone=zone, date=context.get("date"), where=str(info.field_name))
    except IncidentError as error:
        raise ValueError(str(error).split(": ", 1)[-1]) from error
    if instant.at is None or instant.at != instant.lo:
        raise ValueError(f'{value!r} is no single instant. Write one such as "2024-01-14T02:05Z"')
    return instant.at


When = Annotated[Instant, BeforeValidator(_read_when)]
Bound = Annotated[pd.Timestamp, BeforeValidator(_read_bound)]
Text = Annotated[str, Field(min_length=1)]
