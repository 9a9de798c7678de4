"""Durations that people state ("time to recover: 68 minutes") held against those that their own times give."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pandas as pd

from postmortem_nb.analysis.timings import Timing
from postmortem_nb.errors import SettingError
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.times import format_duration, parse_duration

_ABOUT = re.compile(r"^(?:[~≈]|(?:about|around|approx(?:\.|imately)?|circa|ca\.?)\s)\s*", re.IGNORECASE)


def stated_length(value: str) -> tuple[pd.Timedelta, pd.Timedelta] | None:
    """Read a stated duration, and how exact it is: the unit of its last part.

    Returns
    -------
    (Timedelta, Timedelta) or None
        None if it is no duration.

    Examples
    --------
    >>> print(*stated_length("19 hours 43 minutes."))
    0 days 19:43:00 0 days 00:01:00
    >>> stated_length("two days") is None
    True
    """
    said = re.sub(r"\s*\(.*\)\s*$", "", _ABOUT.sub("", value.strip())).rstrip(" .").replace(",", " ")
    said = re.sub(r"\b(?:and|total)\b", " ", said)
    unit = re.search(r"([A-Za-z]+)\s*$", said)
    try:
        return parse_duration(said), parse_duration(f"1 {unit[1] if unit else ''}")
    except SettingError:
        return None


def unit_of(exact: pd.Timedelta) -> str:
    """Return the unit that a duration is stated in, in words."""
    names = {86400: "day", 3600: "hour", 60: "minute"}
    return names.get(int(exact.total_seconds()), "second")


def agreement_findings(incident: Incident, timings: Iterable[Timing]) -> Iterator[Finding]:
    """Yield a finding for each stated duration that the computed one is not, to the unit that it is stated in."""
    computed = {timing.id: timing for timing in timings}
    for name, value in incident.facts.stated.items():
        read = stated_length(value)
        timing = computed[name]
        if read is None:  # the model refuses what is none
            continue
        length, exact = read
        where = f"incident.toml: stated.{name}"
        if timing.duration.value is None:
            text = f"{timing.name} is stated as {value} and cannot be computed: {timing.note or timing.text}."
            yield Finding(
                "stated-time-unsupported", "note", where, text, "Declare the milestones that it lies between."
            )
            continue
        got = format_duration(timing.duration.value)
        if timing.duration.value != length and abs(timing.duration.value - length) <= exact / 2:
            text = f"{timing.name} is stated as {value}; it is {got}, which is the same to the {unit_of(exact)}."
            yield Finding("stated-time-rounded", "note", where, text)
        elif timing.duration.value != length:
            text = f"{timing.name} is stated as {value}; {timing.definition} it is {got}."
            yield Finding("stated-time-differs", "warning", where, text, "Correct the times, or the stated duration.")
