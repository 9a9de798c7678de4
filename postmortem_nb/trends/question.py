"""What is asked of many incidents: the period, the division, the objective, what counts as again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from postmortem_nb.errors import SettingError, near
from postmortem_nb.times import parse_duration, parse_instant, zone_named

By = Literal["severity", "service", "channel", "factor", "team"]
Step = Literal["auto", "day", "week", "month", "quarter", "year"]
DIVISIONS: tuple[str, ...] = get_args(By)
STEPS: tuple[str, ...] = get_args(Step)
AUTO = "auto"
BETWEEN = ";"  # between the paths of one text
MONTH = pd.Timedelta(days=30)

# Measure → what it is, in words; all in minutes. The first is what is shown where nothing else is asked for.
MEASURES = {
    "impact": "impact",
    "time_to_detect": "time to detect",
    "time_to_acknowledge": "time to acknowledge",
    "time_to_communicate": "time to communicate",
    "time_to_mitigate": "time to mitigate",
    "time_to_recover": "time to recover",
    "time_to_resolve": "time to resolve",
}


@dataclass(frozen=True)
class Question:
    """What is asked.

    Parameters
    ----------
    start, end : Timestamp or None
        The period ``[start, end)``, UTC; where None, from the first begin to the last time that is known.
    by : str
        One of `DIVISIONS`.
    measure : str
        Key of `MEASURES`: what the division compares.
    step : str
        One of `STEPS`: how the period is cut for sums.
    objective : float
        Share of the time in which the service should be well; what is left is the error budget.
    again : Timedelta
        An incident of the same service or factor within this time of the end of the one before is a recurrence.
    mean : bool
        Whether means are wanted as well.
    """

    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None
    by: str = "severity"
    measure: str = "impact"
    step: str = AUTO
    objective: float = 0.999
    again: pd.Timedelta = MONTH
    mean: bool = False

    @classmethod
    def build(
        cls,
        *,
        start: str = AUTO,
        end: str = AUTO,
        by: str = "severity",
        measure: str = "impact",
        step: str = AUTO,
        objective: float = 0.999,
        again: str = "30 d",
        mean: bool = False,
        timezone: str = "",
    ) -> Question:
        """Return the question as it was asked in words.

        Parameters
        ----------
        start, end : str
            A date or an instant, in ``timezone`` (UTC unless given) where it has no offset; or ``auto``.
        timezone : str
            IANA zone.

        Raises
        ------
        SettingError
            For a value that makes no sense; names it.
        """
        for name, value, known in (("by", by, DIVISIONS), ("measure", measure, MEASURES), ("step", step, STEPS)):
            if value not in known:
                raise SettingError(f"{name}: there is no {value!r}. {near(str(value), known)}")
        if not 0 < objective < 1:
            raise SettingError(f"objective: {objective!r} is no share between 0 and 1, such as 0.999.")
        if timezone:
            zone_named(timezone, "timezone")
        first, last = (_instant(text, name, timezone) for text, name in ((start, "start"), (end, "end")))
        if first is not None and last is not None and last <= first:
            raise SettingError(f"end: {end!r} is not after the start, {start!r}.")
        return cls(first, last, by, measure, step, float(objective), parse_duration(again, "again"), mean)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "by": self.by,
            "measure": self.measure,
            "objective": self.objective,
            "again_seconds": self.again.total_seconds(),
            "mean": self.mean,
        }


def _instant(text: str, name: str, zone: str) -> pd.Timestamp | None:
    if text == AUTO:
        return None
    try:
        return parse_instant(_with_time(str(text)), zone=zone or "UTC").best
    except ValueError as error:
        raise SettingError(f"{name}: {text!r} is neither a date nor an instant ({error}).") from error


def _with_time(text: str) -> str:
    """Return a bare date as the midnight that it begins with."""
    return f"{text.strip()}T00:00:00" if len(text.strip()) == len("2024-01-31") else text


def joined(paths: Iterable[Path]) -> str:
    """Return paths as the one text that `read_trends` takes: parameters of a notebook are texts.

    Raises
    ------
    SettingError
        If a path holds what stands between two.
    """
    listed = list(paths)
    if odd := next((p for p in listed if BETWEEN in str(p)), None):
        raise SettingError(
            f"{odd}: the path of a result or feed may hold no {BETWEEN!r}. Rename it, or name its folder."
        )
    return BETWEEN.join(p.as_posix() for p in listed)
