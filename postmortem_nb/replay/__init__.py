"""Alerting rules over series of the past: would a rule have fired, and when?

`evaluate` is the built-in evaluator of the common shapes of PromQL, `serving` runs Prometheus itself where it is
installed, and `firings` turns what either returns into alerts. What that means for an incident is worked out in
`postmortem_nb.analysis.alerts`.
"""

from postmortem_nb.replay.evaluation import Grid, evaluate
from postmortem_nb.replay.expression import UnreadableExpression, selectors
from postmortem_nb.replay.firing import firings
from postmortem_nb.replay.parsing import parse_expression
from postmortem_nb.replay.prometheus import PrometheusFailed, installed_version, serving
from postmortem_nb.replay.series import Series, counters, metric_name, series_of_metrics
from postmortem_nb.replay.tokens import longest_range, metrics_in
from postmortem_nb.replay.vectors import Vector

__all__ = [
    "Grid",
    "PrometheusFailed",
    "Series",
    "UnreadableExpression",
    "Vector",
    "counters",
    "evaluate",
    "firings",
    "installed_version",
    "longest_range",
    "metric_name",
    "metrics_in",
    "parse_expression",
    "selectors",
    "series_of_metrics",
    "serving",
]
