"""Draw telemetry whose truth is known: for tests, for the sample incidents and for trying a new method.

Everything is pure and seeded: the same arguments give the same rows. Only `draw_incident` writes, into a
folder of its caller's. Nothing in the pipeline imports this package.
"""

from postmortem_nb.example.demand import draw_demand
from postmortem_nb.example.folder import draw_incident
from postmortem_nb.example.lines import (
    access_lines,
    apache_error_lines,
    application_lines,
    json_lines,
    logfmt_lines,
    nginx_error_lines,
    spread,
    syslog_lines,
    tear,
)
from postmortem_nb.example.people import alertmanager, chat_day
from postmortem_nb.example.series import draw_gauge, metrics_csv, minute_metrics
from postmortem_nb.example.traffic import Impact, Page, Traffic, draw_requests, impact_windows, stream
from postmortem_nb.example.truth import Truth

__all__ = [
    "Impact",
    "Page",
    "Traffic",
    "Truth",
    "access_lines",
    "alertmanager",
    "apache_error_lines",
    "application_lines",
    "chat_day",
    "draw_demand",
    "draw_gauge",
    "draw_incident",
    "draw_requests",
    "impact_windows",
    "json_lines",
    "logfmt_lines",
    "metrics_csv",
    "minute_metrics",
    "nginx_error_lines",
    "spread",
    "stream",
    "syslog_lines",
    "tear",
]
