"""Replays of the rules that an incident brings, or that somebody tries: on which series, and who evaluates them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import ValidationError

from postmortem_nb.analysis.bench import Bench, Engine
from postmortem_nb.analysis.detection import TOLERANCE
from postmortem_nb.analysis.moments import Moments
from postmortem_nb.analysis.replays import About, Replay, concluded, phases_of
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.errors import PostmortemError, SettingError, near
from postmortem_nb.incident import AlertRule, Incident
from postmortem_nb.replay import Series
from postmortem_nb.times import Instant, Interval

if TYPE_CHECKING:
    from postmortem_nb.analysis import Analysis


def replay_alert(
    rule: AlertRule | dict[str, Any] | str,
    source: Analysis | Incident | pd.DataFrame | Sequence[Series],
    *,
    engine: Engine | None = None,
    window: Interval | None = None,
    detected: pd.Timestamp | Instant | None = None,
) -> Replay:
    """Replay one alerting rule over what was recorded.

    Parameters
    ----------
    rule : AlertRule, dict or str
        A rule; the same as a rule file has it (``{"alert": "High", "expr": "…", "for": "5m"}``); the name of a rule of
        the incident; or an expression alone.
    source : Analysis, Incident, DataFrame or sequence of Series
        An incident, with its impact and detection; or a metrics frame or series alone.
    engine : {"auto", "prometheus", "built in"}, optional
        Who evaluates the expression; auto is Prometheus where it is installed. Left out, the setting ``replay`` of the
        analysis counts, else auto.
    window : (Timestamp, Timestamp), optional
        Impact, where the source tells none or another is meant; half-open.
    detected : Timestamp or Instant, optional
        Detection that the gain is counted to, where the source tells none or another is meant.

    Raises
    ------
    IncidentError
        If the rule makes no sense on these series, or nobody here can evaluate it; names the place in the expression.
    SettingError
        If there is no such rule or engine.
    """
    analysis = _analysis(source)
    known = analysis.incident.rules if analysis else ()
    chosen = _rule(rule, known)
    about = about_of(analysis.moments, analysis.windows, analysis.other_windows) if analysis else About()
    if window is not None or detected is not None:
        about = _with(about, window, detected)
    if analysis:
        bench = Bench([chosen], analysis.incident.metrics, analysis.signals, analysis.incident.recordings)
    else:
        bench = Bench([chosen], source)
    with bench.started(engine or (analysis.settings.replay if analysis else "auto")):
        return _replayed(bench, chosen, about)


def replay_all(
    incident: Incident,
    signals: tuple[SignalSeries, ...],
    moments: Moments,
    windows: Windows,
    others: Windows,
    engine: str = "auto",
) -> tuple[Replay, ...]:
    """Replay every rule that an incident brings; one that cannot be replayed is unknown, with the reason."""
    if not incident.rules:
        return ()
    about = about_of(moments, windows, others)
    bench = Bench(incident.rules, incident.metrics, signals, incident.recordings)
    replays = []
    with bench.started(engine):
        for rule in incident.rules:
            try:
                replays.append(_replayed(bench, rule, about))
            except PostmortemError as error:
                replays.append(Replay(rule, "unknown", notes=(str(error),)))
    return tuple(replays)


def _replayed(bench: Bench, rule: AlertRule, about: About) -> Replay:
    grid = bench.grid(rule.expr, rule.interval)
    vector, by, notes = bench.evaluate(rule.expr, grid)
    return concluded(rule, phases_of(vector, grid, rule), grid, about, by, notes)


def about_of(moments: Moments, windows: Windows, others: Windows) -> About:
    """Return what rules are held against: near the incident is 5 minutes around its impact, as for recorded alerts."""
    start, end = moments.at("start"), moments.at("recover")
    busy = [w.span for w in (*windows, *others)]
    if start.lo is not None and end.hi is not None:
        busy.append((start.lo, max(start.lo, end.hi)))
    elif start.lo is not None:
        busy.append((start.lo, pd.Timestamp.max.tz_localize("UTC") - TOLERANCE))
    return _about(start, end, moments.at("detect"), busy)


def _about(start: Instant, end: Instant, detected: Instant, busy: Iterable[Interval]) -> About:
    low = None if start.lo is None else start.lo - TOLERANCE
    high = None if end.hi is None else end.hi + TOLERANCE
    return About(start, end, detected, (low, high), tuple((a - TOLERANCE, b + TOLERANCE) for a, b in busy))


def _with(about: About, window: Interval | None, detected: pd.Timestamp | Instant | None) -> About:
    if isinstance(detected, Instant):
        when = detected
    else:
        when = about.detected if detected is None else Instant.exact(pd.Timestamp(detected), "declared")
    if window is None:
        return About(about.start, about.end, when, about.near, about.busy)
    start, end = (Instant.exact(pd.Timestamp(t), "declared") for t in window)
    return _about(start, end, when, [(pd.Timestamp(window[0]), pd.Timestamp(window[1]))])


def _analysis(source: object) -> Analysis | None:
    from postmortem_nb.analysis import Analysis, analyze

    if isinstance(source, Incident):
        return analyze(source)
    return source if isinstance(source, Analysis) else None


def _rule(given: AlertRule | dict[str, Any] | str, known: Sequence[AlertRule]) -> AlertRule:
    if isinstance(given, AlertRule):
        return given
    if isinstance(given, str):
        named = [r for r in known if r.alert == given]
        if named:
            return named[0]
        if known and re.fullmatch(r"\w+", given):
            raise SettingError(f"rule: the incident has no rule {given!r}. {near(given, [r.alert for r in known])}")
        given = {"alert": "rule", "expr": given}
    try:
        return AlertRule.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(p) for p in first["loc"])
        raise SettingError(f"rule: {place}: {first['msg'].removeprefix('Value error, ')}.") from error
