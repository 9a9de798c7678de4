"""Durations as Prometheus writes them: ``5m`` is five minutes, ``1h30m`` an hour and a half, units in falling order."""

from __future__ import annotations

import re

import pandas as pd

from postmortem_nb.errors import SettingError

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000}
_WHOLE = re.compile(r"(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?", re.ASCII)
LONGEST = pd.Timedelta("36500D")


def parse_prometheus_duration(text: str, where: str = "duration") -> pd.Timedelta:
    """Return a duration of a rule or an expression.

    >>> parse_prometheus_duration("1h30m")
    Timedelta('0 days 01:30:00')

    Raises
    ------
    SettingError
        If it is none, or longer than a hundred years.
    """
    parts = re.findall(r"(\d+)(ms|[smhdwy])", text) if _WHOLE.fullmatch(text) else []
    length = sum(int(count) * _UNITS[unit] for count, unit in parts)
    if (not parts and text != "0") or length > LONGEST / pd.Timedelta(milliseconds=1):
        raise SettingError(f'{where}: {text!r} is not a duration of Prometheus. Write for example "5m" or "1h30m".')
    return pd.Timedelta(length, "ms")
