"""Sliders over an analysis: drag the threshold, the baseline or the window, and windows, times and chart follow.

For analysts in JupyterLab; the report never needs it. Everything shown is a plain `Analysis`: the sliders only choose
the settings of `Analysis.replace`, and print them, so that what was found by hand can be written down.
"""

from __future__ import annotations

import dataclasses
import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from postmortem_nb.analysis import Analysis
from postmortem_nb.analysis.impact import measure_impact
from postmortem_nb.analysis.moments import Moment, find_moments
from postmortem_nb.analysis.timings import compute_timings
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.charts import chart_signal
from postmortem_nb.errors import PostmortemError, SettingError
from postmortem_nb.sections.blocks import Html
from postmortem_nb.tables import Safe, escape, table
from postmortem_nb.times import Instant, Interval, Window, format_instant, format_time

STEPS = ("10s", "30s", "1min", "2min", "5min", "10min", "15min", "30min", "1h", "2h", "6h", "1D", "7D")
MARKS = 400  # most positions of a time slider: about one a pixel
POSITIONS = 200  # positions of the threshold slider


@dataclass(frozen=True)
class Choice:
    """Where the three sliders stand: a level in the unit of the signal and two half-open intervals (UTC)."""

    threshold: float
    baseline: Interval
    window: Interval


@dataclass(frozen=True)
class Reach:
    """What the sliders can reach.

    Parameters
    ----------
    lo, hi : float
        Ends of the threshold slider, in the unit of the signal: normal and worst.
    marks : DatetimeIndex
        Positions of the time sliders: equal steps over the record.
    start : Choice
        Where the sliders stand at first: what the analysis found.
    """

    lo: float
    hi: float
    marks: pd.DatetimeIndex
    start: Choice


def reach(analysis: Analysis) -> Reach:
    """Return what the sliders of an analysis can reach, and where they stand at first.

    Raises
    ------
    SettingError
        If the incident has no telemetry that windows could be measured on.
    """
    if analysis.signal is None or analysis.measurement is None:
        raise SettingError(
            f"{analysis.incident.id}: there is no telemetry, so there is no threshold, baseline or window to drag. "
            "Add metrics or logs to its folder."
        )
    series, normal = analysis.signal, analysis.measurement.baseline
    values = series.frame["value"].dropna()
    first, last = series.span
    step = next((s for s in map(pd.Timedelta, STEPS) if (last - first) / s < MARKS), (last - first) / MARKS)
    marks = pd.date_range(first.floor(step), last.ceil(step), freq=step)
    lo, *_, hi = sorted([*values.quantile([0, 1]), normal.center, normal.enter])
    onset, recovery = analysis.windows[0].span if analysis.windows else (marks[len(marks) // 2], marks[-1])
    calm = analysis.settings.baseline_interval or (marks[0], onset)
    start = Choice(normal.enter, _on(marks, calm), _on(marks, (onset, recovery)))
    return Reach(lo, hi if hi > lo else lo + 1, marks, start)


def _on(marks: pd.DatetimeIndex, interval: Interval) -> Interval:
    """Return the nearest marks of an interval, at least one step apart."""
    first, last = (int(np.abs(marks - t).argmin()) for t in interval)
    first = min(first, len(marks) - 2)
    return marks[first], marks[max(last, first + 1)]


def settings_of(choice: Choice, start: Choice) -> dict[str, Any]:
    """Return the settings for `Analysis.replace`: only of sliders that were moved; the rest stays with the evidence."""
    settings: dict[str, Any] = {}
    if choice.threshold != start.threshold:
        settings["threshold"] = float(f"{choice.threshold:.4g}")
    if choice.baseline != start.baseline:
        settings["baseline"] = "/".join(f"{t:%Y-%m-%dT%H:%M:%SZ}".replace(":00Z", "Z") for t in choice.baseline)
    return settings


def with_window(analysis: Analysis, interval: Interval) -> Analysis:
    """Return the analysis as if this were the one impact window: windows, moments, times and impact follow.

    The window is drawn by hand, so its edges are ``inferred`` and exact. Claims and findings stay as measured.
    """
    assert analysis.signal is not None and analysis.measurement is not None, "sliders need telemetry"
    onset, recovery = (Instant.exact(t, "inferred") for t in interval)
    window = Window(onset, recovery)
    measurement = dataclasses.replace(analysis.measurement, windows=Windows([window]))
    measurements = (measurement, *analysis.beside)
    moments, _ = find_moments(analysis.incident, analysis.signal, measurement)
    return dataclasses.replace(
        analysis,
        measurement=measurement,
        moments=moments,
        timings=compute_timings(analysis.incident, moments, measurement.windows),
        impact=measure_impact(analysis.incident, analysis.signals, measurements, analysis.zone),
    )


def choose(analysis: Analysis, choice: Choice, start: Choice) -> Analysis:
    """Return the analysis under what the sliders say.

    Raises
    ------
    SettingError
        If the baseline holds no sample.
    """
    settings = settings_of(choice, start)
    chosen = analysis.replace(**settings) if settings else analysis
    return chosen if choice.window == start.window else with_window(chosen, choice.window)


def view(analysis: Analysis, choice: Choice, start: Choice) -> tuple[Any, ...]:
    """Return what stands under the sliders: windows and settings in words, the chart, the times."""
    try:
        chosen = choose(analysis, choice, start)
    except PostmortemError as error:
        return (Html(f"<p><strong>{escape(error)}</strong></p>"),)
    return Html(_said(chosen, choice, start)), chart_signal(chosen), Html(_times(chosen))


def _said(chosen: Analysis, choice: Choice, start: Choice) -> str:
    by_hand = choice.window != start.window
    found = "<br>".join(escape(w) for w in chosen.windows) or "no impact window"
    said = f"<p><strong>Impact {'by hand' if by_hand else 'measured'}: {found}</strong></p>"
    code = ", ".join(f"{name}={value!r}" for name, value in settings_of(choice, start).items())
    said += f"<p>In code: <code>analysis.replace({escape(code)}).windows</code></p>" if code else ""
    if by_hand:
        said += "<p>The window is drawn by hand: its times are not measured, and no setting stores them.</p>"
    return said


def _times(chosen: Analysis) -> Safe:
    days = {t.date() for m in chosen.moments.known() if (t := m.instant.best) is not None}

    def end(moment: Moment | None) -> str:
        return "" if moment is None else format_instant(moment.instant, date=len(days) > 1)

    rows = [
        (t.name, t.text, end(t.start), end(t.end), t.basis if t.start else "")
        for t in chosen.timings
        if t.duration.is_known
    ]
    return table(("Time", "Value", "From", "To", "Basis"), rows, "Times", numeric=("Value",))


def explore(analysis: Analysis) -> Any:
    """Return sliders for threshold, baseline and window, with windows, times and chart that follow them.

    Parameters
    ----------
    analysis : Analysis
        From `postmortem_nb.analyze`; it is not changed.

    Returns
    -------
    ipywidgets.VBox
        Shows itself in JupyterLab.

    Raises
    ------
    SettingError
        If ipywidgets is not installed, or the incident has no telemetry.
    """
    widgets = _widgets()
    limits = reach(analysis)
    start, unit = limits.start, analysis.signal.unit if analysis.signal else ""
    sliders = {
        "threshold": widgets.FloatSlider(
            start.threshold,
            min=limits.lo,
            max=limits.hi,
            step=(limits.hi - limits.lo) / POSITIONS,
            readout_format=".3g",
            description=f"Threshold ({unit})" if unit else "Threshold",
        ),
        "baseline": widgets.SelectionRangeSlider(options=_marked(limits.marks), description="Baseline"),
        "window": widgets.SelectionRangeSlider(options=_marked(limits.marks), description="Window"),
    }
    for slider in sliders.values():
        slider.continuous_update = False  # analyse when the handle is let go, not at every pixel
        slider.layout.width = "95%"
        slider.style.description_width = f"{max(len(s.description) for s in sliders.values()) * 0.6:.0f}em"
    back = widgets.Button(description="Back to the evidence", tooltip="Put all sliders where they stood at first")
    back.layout.width = "max-content"

    def reset(_: object = None) -> None:
        for name, slider in sliders.items():
            slider.value = getattr(start, name)

    def show(**where: Any) -> None:
        from IPython.display import display

        for block in view(analysis, Choice(**where), start):
            display(block)

    reset()
    back.on_click(reset)
    output = widgets.interactive_output(show, sliders)
    return widgets.VBox([_style(widgets), *sliders.values(), back, output])


def _widgets() -> Any:
    try:
        return importlib.import_module("ipywidgets")
    except ModuleNotFoundError as error:
        raise SettingError("explore needs ipywidgets. Install it: pip install 'postmortem-nb[explore]'.") from error


def _marked(marks: pd.DatetimeIndex) -> list[tuple[str, pd.Timestamp]]:
    """Return the positions of a time slider with their labels (UTC); the day stands only where there are several."""
    several = marks[0].date() != marks[-1].date()
    seconds = marks[1] - marks[0] < pd.Timedelta(minutes=1)
    return [(format_time(t, date=several, seconds=seconds), t) for t in marks]


def _style(widgets: Any) -> Any:
    from postmortem_nb.report import component_css

    return widgets.HTML(f"<style>{component_css()}</style>")
