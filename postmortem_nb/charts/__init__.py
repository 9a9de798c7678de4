"""Figures: ``draw_*`` functions draw on given axes, ``chart_*`` functions return a finished `Chart` of an analysis.

Drawn with matplotlib but without pyplot: nothing global is touched and no window can open. The same analysis gives
the same bytes. Each ``chart_*`` returns None where there is nothing to draw. Own figures are drawn inside
``with drawing():``, which holds the style.
"""

from postmortem_nb.charts.chart import Chart
from postmortem_nb.charts.flags import draw_flags
from postmortem_nb.charts.logs import chart_logs, draw_counts
from postmortem_nb.charts.marks import draw_gaps, draw_time_axis, draw_windows
from postmortem_nb.charts.metrics import chart_metrics, draw_small
from postmortem_nb.charts.points import decimate
from postmortem_nb.charts.signal import chart_signal, draw_signal
from postmortem_nb.charts.style import drawing
from postmortem_nb.charts.timeline import chart_timeline, draw_lanes
from postmortem_nb.charts.timing import chart_timing, draw_paths, draw_phases
from postmortem_nb.charts.view import View, choose_view

__all__ = [
    "Chart",
    "View",
    "chart_logs",
    "chart_metrics",
    "chart_signal",
    "chart_timeline",
    "chart_timing",
    "choose_view",
    "decimate",
    "draw_counts",
    "draw_flags",
    "draw_gaps",
    "draw_lanes",
    "draw_paths",
    "draw_phases",
    "draw_signal",
    "draw_small",
    "draw_time_axis",
    "draw_windows",
    "drawing",
]
