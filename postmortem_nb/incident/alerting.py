"""An alerting rule as people propose it: one entry of a rule file of Prometheus."""

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


Length = Annotated[str, BeforeValidator(_duration)]
Texts = Annotated[dict[str, str], BeforeValidator(_texts)]


class AlertRule(BaseModel):
    """One alerting rule. Durations are written as Prometheus writes them: ``5m``, ``1h30m``.

    ``hold`` is what a rule file calls ``for``, ``interval`` how often its group is evaluated (Prometheus' default is a
    minute), ``file`` where it stands.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    alert: Text
    expr: Annotated[Text, BeforeValidator(_text)]
    hold: Length = Field("0s", alias="for")
    keep_firing_for: Length = "0s"
    labels: Texts = {}
    annotations: Texts = {}
    interval: Length = "1m"
    file: str = ""
