"""The sections that show evidence: metrics beside each other, and what changed in the logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from postmortem_nb.analysis.claims import format_quantity
from postmortem_nb.charts import chart_logs, chart_metrics
from postmortem_nb.sections.blocks import Section, paragraph
from postmortem_nb.tables import Safe, evidence, table
from postmortem_nb.times import format_duration, format_window, total

if TYPE_CHECKING:
    from postmortem_nb.sections import Postmortem


def metrics(post: Postmortem) -> Section:
    """Return the other metrics, drawn over the same hours with the windows shaded."""
    chart = chart_metrics(post.analysis)
    if chart is None and len(post.analysis.signals) < 2:
        besides = "" if post.incident.metrics.empty else " besides the measured signal"
        return Section.of("Metrics", paragraph(f"There are no metrics in the evidence{besides}."))
    return Section.of("Metrics", chart, _signals(post) if len(post.analysis.signals) > 1 else None)


def _signals(post: Postmortem) -> Safe:
    """Return every declared signal with its own windows; the times are measured on the first alone."""
    rows = []
    for n, (signal, measurement) in enumerate(zip(post.analysis.signals, post.analysis.measurements, strict=True)):
        spans = "; ".join(format_window(w.span, is_open=w.is_open) for w in measurement.windows) or "no impact window"
        length = format_duration(total(w.span for w in measurement.windows)) if measurement.windows else ""
        baseline, threshold = (
            format_quantity(v, signal.unit) for v in (measurement.baseline.center, measurement.baseline.enter)
        )
        rows.append([signal.name, spans, length, baseline, threshold, "measures the times" if n == 0 else "beside it"])
    columns = ("Signal", "Windows", "Impact time", "Baseline", "Threshold", "Role")
    return table(columns, rows, "Every declared signal", numeric=("Impact time", "Baseline", "Threshold"))


def logs(post: Postmortem) -> Section:
    """Return the volume of the logs by level, and the patterns that are new, surging or gone, one real line each."""
    if post.incident.logs.empty:
        return Section.of("Logs", paragraph("There are no logs in the evidence."))
    patterns = post.analysis.patterns
    found = _patterns(patterns) if len(patterns) else paragraph(_why_none(post))
    return Section.of("Logs", chart_logs(post.analysis), found)


def _patterns(patterns: pd.DataFrame) -> Safe:
    rows = [
        (
            row["change"],
            evidence(row["example"], f"{row['file']}:{row['line']}"),
            row["level"] if isinstance(row["level"], str) else "",
            f"{row['before']:,}",
            f"{row['during']:,}",
            f"{row['after']:,}",
            f"{row['per_min_before']:.3g} → {row['per_min_during']:.3g}",
        )
        for row in patterns.to_dict("records")
    ]
    columns = ("Change", "One real line", "Level", "Before", "During", "After", "Per minute, before → during")
    return table(
        columns,
        rows,
        "Log patterns whose rate changed most, most changed first",
        numeric=("Before", "During", "After", "Per minute, before → during"),
    )


def _why_none(post: Postmortem) -> str:
    windows, time = post.analysis.windows, post.incident.logs["time"]
    if not windows:
        return "No impact window is measured, so there is nothing to compare the logs with."
    if not (time < windows[0].span[0]).any():
        return "The logs begin within the impact, so nothing can be said about what changed."
    return "No log pattern changed its rate by more than chance."
