"""Instants with bounds, durations, windows, zones: the only place that parses or prints time.

Every instant is UTC inside. An uncertain time is an interval ``lo <= t <= hi`` with, where it makes sense,
a best point ``at``; a missing bound is open. Arithmetic keeps the bounds: ``b - a`` lies in
``[b.lo - a.hi, b.hi - a.lo]``.
"""

from postmortem_nb.times.durations import Duration, between, format_bounds, parse_duration
from postmortem_nb.times.instants import ABOUT, BASES, UNKNOWN, Instant, format_instant
from postmortem_nb.times.parsing import parse_instant
from postmortem_nb.times.printing import format_duration, format_time
from postmortem_nb.times.prometheus import parse_prometheus_duration
from postmortem_nb.times.windows import Interval, Window, clip, format_window, total, union
from postmortem_nb.times.zones import UTC, candidates, localize, zone_label, zone_named

__all__ = [
    "ABOUT",
    "BASES",
    "UNKNOWN",
    "UTC",
    "Duration",
    "Instant",
    "Interval",
    "Window",
    "between",
    "candidates",
    "clip",
    "format_bounds",
    "format_duration",
    "format_instant",
    "format_time",
    "format_window",
    "localize",
    "parse_duration",
    "parse_instant",
    "parse_prometheus_duration",
    "total",
    "union",
    "zone_label",
    "zone_named",
]
