"""The knobs of the analysis: one list for code, notebook parameters and command options."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from postmortem_nb.errors import SettingError, near
from postmortem_nb.redaction import check_profile
from postmortem_nb.times import Interval, parse_duration, parse_instant, zone_named

AUTO = "auto"
WHYS, FACILITATION = OPTIONAL = ("five whys", "facilitator questions")  # sections that not every team wants
ENGINES = ("auto", "prometheus", "built in")  # who evaluates alerting rules
HOLD, MERGE_GAP = "10min", "5min"  # what auto stands for


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
    hold: str = Field(AUTO, description="how long the signal must stay healthy to count as recovered; auto is 10min")
    merge_gap: str = Field(AUTO, description="windows with no more than this between them count as one; auto is 5min")
    min_length: str = Field(AUTO, description="shorter windows are listed as near misses; auto is two samples")
    zone: str = Field(AUTO, description="IANA zone to print beside UTC; auto takes the incident's")
    replay: str = Field(
        AUTO,
        description="who evaluates alerting rules: prometheus, built in, or auto (Prometheus where it is installed)",
    )
    sections: str = Field(
        AUTO,
        description="optional sections: five whys, facilitator questions, or both with a comma; auto is none",
    )

    redact: str = Field(
        AUTO,
        description="what becomes tokens: none, internal (credentials), shared (personal data too), public (hosts and "
        "accounts too); auto is internal",
    )

    @field_validator("threshold", mode="before")
    @classmethod
    def _threshold(cls, value: object) -> str | float:
        if value == AUTO:
            return AUTO
        try:
            number = float("nan") if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            number = float("nan")
        if not math.isfinite(number):
            raise ValueError(f'{value!r} is neither a number nor "auto".')
        return number

    @field_validator("bucket", "hold", "merge_gap", "min_length")
    @classmethod
    def _duration(cls, value: str, info: ValidationInfo) -> str:
        if value != AUTO and parse_duration(value) == pd.Timedelta(0) and info.field_name == "bucket":
            raise ValueError(f"{value!r} is no width. Write a bucket longer than nothing.")
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

    @field_validator("redact")
    @classmethod
    def _redact(cls, value: str) -> str:
        return value if value == AUTO else check_profile(value)

    @field_validator("replay")
    @classmethod
    def _replay(cls, value: str) -> str:
        if value not in ENGINES:
            raise ValueError(f"there is no evaluator {value!r}. {near(value, ENGINES)}")
        return value

    @field_validator("sections")
    @classmethod
    def _sections(cls, value: str) -> str:
        for name in _names(value):
            if name not in OPTIONAL:
                raise ValueError(f"there is no optional section {name!r}. {near(name, OPTIONAL)}")
        return value

    @property
    def optional_sections(self) -> tuple[str, ...]:
        """The optional sections that were chosen."""
        return _names(self.sections)

    @classmethod
    def build(cls, declared: Mapping[str, Any] | None = None, **given: Any) -> Settings:
        """Return the settings in force: given values, else those the incident declares, else the defaults.

        A given value that equals the default counts as not given, because notebooks and commands pass every setting.

        Raises
        ------
        SettingError
            For an unknown name (with near ones) or a value that makes no sense; says where it was written.
        """
        known, declared = cls.model_fields, declared or {}
        places = dict.fromkeys(declared, "[settings] of incident.toml") | dict.fromkeys(given, "settings")
        for name, place in places.items():
            if name not in known:
                raise SettingError(f"{place}: there is no setting {name!r}. {near(name, known)}")
        changed = {n: v for n, v in given.items() if v != known[n].default}
        try:
            return cls.model_validate({**declared, **changed})
        except ValidationError as error:
            raise SettingError(_reason(error, changed, places)) from error

    def length(self, name: str, auto: pd.Timedelta) -> pd.Timedelta:
        """Return a duration setting, or what auto stands for here."""
        value = getattr(self, name)
        return auto if value == AUTO else parse_duration(value, name)

    @property
    def baseline_interval(self) -> Interval | None:
        """The declared baseline as a half-open interval, or None for auto."""
        return None if self.baseline == AUTO else _interval(self.baseline)


def _names(value: str) -> tuple[str, ...]:
    return () if value == AUTO else tuple(filter(None, (name.strip().lower() for name in value.split(","))))


def _interval(text: str) -> Interval:
    start, slash, end = text.partition("/")
    if not slash:
        raise SettingError(f'{text!r} is not an interval. Write "from/to", both with Z or an offset.')
    first, last = parse_instant(start, where="baseline").at, parse_instant(end, where="baseline").at
    if first is None or last is None or last <= first:
        raise SettingError(f"{text!r} is empty. Write two times, the earlier one first.")
    return first, last


def _reason(error: ValidationError, changed: Mapping[str, Any], places: Mapping[str, str]) -> str:
    """Say which setting is wrong, where it was written if that is a file, and why."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    place = "" if name in changed else f"{places[name]}: "
    if first["type"] == "string_type":
        return f'{place}{name}: {first["input"]!r} is not text. Put it in quotes, a duration with its unit ("10min").'
    reason = first["msg"].removeprefix("Value error, ")
    for prefix in ("duration: ", f"{name}: "):
        reason = reason.removeprefix(prefix)
    return f"{place}{name}: {reason}"
