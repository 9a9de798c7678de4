"""The knobs of the analysis: one list for code, notebook parameters and command options."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from postmortem_nb.errors import IncidentError, SettingError, near
from postmortem_nb.times import Interval, parse_duration, parse_instant, zone_named

AUTO = "auto"


class Settings(BaseModel):
    """How the window is measured and shown; ``auto`` means that the evidence decides.

    A value left at its default gives way to the ``[settings]`` table of the incident.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    signal: str = Field(AUTO, description="name of the signal to measure; auto takes the first that is declared")
    threshold: str | float = Field(AUTO, description="level at which a window opens, in the unit of the signal")
    baseline: str = Field(
        AUTO, description='what is normal: "from/to" in UTC, such as "2024-01-14T16:00Z/2024-01-14T17:00Z"'
    )
    bucket: str = Field(AUTO, description="width of the bins that log lines are counted in; auto is 1min")
    hold: str = Field("10min", description="how long the signal must stay healthy to count as recovered")
    merge_gap: str = Field("5min", description="windows with less than this between them count as one")
    min_length: str = Field(AUTO, description="shorter windows are listed as near misses; auto is two samples")
    zone: str = Field(AUTO, description="IANA zone to print beside UTC; auto takes the incident's")

    @field_validator("threshold")
    @classmethod
    def _threshold(cls, value: str | float) -> str | float:
        if value == AUTO:
            return value
        try:
            return float(value)
        except ValueError as error:
            raise ValueError(f"{value!r} is neither a number nor auto") from error

    @field_validator("bucket", "hold", "merge_gap", "min_length")
    @classmethod
    def _duration(cls, value: str, info: Any) -> str:
        if value != AUTO:
            length = parse_duration(value, str(info.field_name))
            if info.field_name == "bucket" and length <= pd.Timedelta(0):
                raise ValueError("a bucket must be longer than nothing")
        return value

    @field_validator("baseline")
    @classmethod
    def _baseline(cls, value: str) -> str:
        if value != AUTO:
            _interval(value)
        return value

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value != AUTO:
            zone_named(value)
        return value

    @classmethod
    def build(cls, declared: dict[str, Any] | None = None, **given: Any) -> Settings:
        """Return the settings in force: given values, else those the incident declares, else the defaults.

        Raises
        ------
        SettingError
            For an unknown name (with near ones) or a value that makes no sense.
        """
        known = cls.model_fields
        for source, names in (("[settings] of incident.toml", declared or {}), ("settings", given)):
            for name in names:
                if name not in known:
                    raise SettingError(f"{source}: there is no setting {name!r}. {near(name, known)}")
        changed = {n: v for n, v in given.items() if v != known[n].default}
        try:
            return cls.model_validate({**(declared or {}), **changed})
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(p) for p in first["loc"]) or "settings"
            reason = first["msg"].removeprefix("Value error, ")
            raise SettingError(f"{name}: {reason} (given: {first['input']!r}).") from error
        except IncidentError as error:
            raise SettingError(str(error)) from error

    def length(self, name: str, auto: pd.Timedelta) -> pd.Timedelta:
        """Return a duration setting, or what auto stands for here."""
        value = getattr(self, name)
        return auto if value == AUTO else parse_duration(value, name)

    @property
    def baseline_interval(self) -> Interval | None:
        """The declared baseline as a half-open interval, or None for auto."""
        return None if self.baseline == AUTO else _interval(self.baseline)


def _interval(text: str) -> Interval:
    start, slash, end = text.partition("/")
    if not slash:
        raise SettingError(f'baseline: {text!r} is not an interval. Write "from/to", both with Z or an offset.')
    try:
        first, last = parse_instant(start, where="baseline").lo, parse_instant(end, where="baseline").lo
    except IncidentError as error:
        raise SettingError(str(error)) from error
    if first is None or last is None or last <= first:
        raise SettingError(f"baseline: {text!r} is empty. Write the earlier time first.")
    return first, last
