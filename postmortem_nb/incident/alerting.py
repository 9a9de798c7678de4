"""Alerting rules as people propose them, and the recordings that they use: entries of a rule file of Prometheus."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from postmortem_nb.incident.written import Text
from postmortem_nb.times import parse_prometheus_duration


def _text(value: object) -> Any:
    """A bare number is text too: YAML reads ``expr: 1`` and ``for: 0`` as numbers."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _duration(value: object) -> Any:
    text = _text(value)
    if isinstance(text, str):
        parse_prometheus_duration(text.strip())
    return text


def _texts(value: object) -> Any:
    return {str(k): _text(v) for k, v in value.items()} if isinstance(value, dict) else value


def _interval(value: object) -> Any:
    text = _duration(value)
    if isinstance(text, str) and not parse_prometheus_duration(text.strip()):
        raise ValueError("a group is evaluated every so often, not every 0 s")
    return text


Length = Annotated[str, BeforeValidator(_duration)]
Interval = Annotated[str, BeforeValidator(_interval)]
Texts = Annotated[dict[str, str], BeforeValidator(_texts)]


class _Rule(BaseModel):
    """What both kinds of rules have. Durations are written as Prometheus writes them: ``5m``, ``1h30m``.

    ``interval`` is how often its group is evaluated (Prometheus' default is a minute), ``file`` where it stands.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    expr: Annotated[Text, BeforeValidator(_text)]
    labels: Texts = {}
    interval: Interval = "1m"
    file: str = ""


class AlertRule(_Rule):
    """One alerting rule; ``hold`` is what a rule file calls ``for``."""

    alert: Text
    hold: Length = Field("0s", alias="for")
    keep_firing_for: Length = "0s"
    annotations: Texts = {}


class RecordingRule(_Rule):
    """One recording rule: its result is a series of its own, which other rules use."""

    record: Text
