"""Replays of the rules that an incident brings, or that somebody tries: on which series, and who evaluates them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import ValidationError

from postmortem_nb.analysis.detection import TOLERANCE
from postmortem_nb.analysis.moments import Moments
from postmortem_nb.analysis.replays import About, Replay, concluded, grid_of, phases_of
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.errors import IncidentError, PostmortemError, SettingError, near
from postmortem_nb.evidence.metrics.samples import SERVICE_LABELS
from postmortem_nb.incident import AlertRule, Incident
from postmortem_nb.replay import (
    Grid,
    PrometheusFailed,
    Series,
    UnreadableExpression,
    Vector,
    counters,
    evaluate,
    installed_version,
    parse_expression,
    selectors,
    series_of_metrics,
    serving,
)
from postmortem_nb.replay.prometheus import Server
from postmortem_nb.replay.series import label_name
from postmortem_nb.times import Instant, Interval, format_window

if TYPE_CHECKING:
    from postmortem_nb.analysis import Analysis

Engine = Literal["auto", "prometheus", "built in"]
BUILT_IN = "built in"
SCRAPE = pd.Timedelta(seconds=15)  # distance of the samples that counted log lines are given
MOST = 5_000_000  # instants of one replay
_WORD = re.compile(r"[A-Za-z_:][\w:]*", re.ASCII)


def replay_alert(
    rule: AlertRule | dict[str, Any] | str,
    source: Analysis | Incident | pd.DataFrame | Sequence[Series],
    *,
    engine: Engine = "auto",
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
    engine : {"auto", "prometheus", "built in"}
        Who evaluates the expression; auto is Prometheus where it is installed.
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
    found = _Replayer([chosen], analysis.incident.metrics if analysis else source, analysis.signals if analysis else ())
    with found.started(engine):
        return found.replay(chosen, about)


def replay_all(
    incident: Incident,
    signals: tuple[SignalSeries, ...],
    moments: Moments,
    windows: Windows,
    others: Windows,
) -> tuple[Replay, ...]:
    """Replay every rule that an incident brings; one that cannot be replayed is unknown, with the reason."""
    if not incident.rules:
        return ()
    about = about_of(moments, windows, others)
    found = _Replayer(incident.rules, incident.metrics, signals)
    replays = []
    with found.started("auto"):
        for rule in incident.rules:
            try:
                replays.append(found.replay(rule, about))
            except PostmortemError as error:
                replays.append(Replay(rule, "unknown", notes=(str(error),)))
    return tuple(replays)


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


class _Replayer:
    """The series that some rules need, and who evaluates on them."""

    def __init__(self, rules: Sequence[AlertRule], metrics: object, signals: tuple[SignalSeries, ...]) -> None:
        words = {w for r in rules for w in _WORD.findall(r.expr)}
        wanted = None if "__name__" in words else words
        self.spans = [s.span for s in signals[:1]]
        self.server: Server | None = None
        self.engine = "auto"
        self.by, self.trouble, self.contradicted = BUILT_IN, "", 0
        if isinstance(metrics, pd.DataFrame):
            aliases = [label_name(n) for n in SERVICE_LABELS if label_name(n) in words - {"service"}]
            self.series, self.contradicted = series_of_metrics(metrics, wanted, aliases)
            if not signals and len(metrics):
                times = metrics["time"].dropna()
                self.spans.append((times.min(), times.max()))
        else:
            self.series = list(metrics)  # type: ignore[call-overload]
        for one in signals:
            if one.is_binned and (wanted is None or any(w.startswith("sli_") for w in wanted)):
                self.series += counters(one.requests, {"signal": one.name}, SCRAPE)

    def started(self, engine: str) -> ExitStack:
        """Start Prometheus if it is wanted; leaving the stack stops it."""
        stack = ExitStack()
        if engine not in ("auto", "prometheus", BUILT_IN):
            raise SettingError(f"engine: there is no {engine!r}. {near(engine, ['auto', 'prometheus', BUILT_IN])}")
        self.engine = engine
        version = "" if engine == BUILT_IN else installed_version()
        if engine == "prometheus" and not version:
            raise SettingError("engine: prometheus and promtool are not installed. Install them, or take auto.")
        if version:
            try:
                self.server = stack.enter_context(serving(self.series))
                self.by = f"Prometheus {version}"
            except PrometheusFailed as error:
                self._give_up(error)
        return stack

    def replay(self, rule: AlertRule, about: About) -> Replay:
        notes = []
        if self.contradicted:
            notes.append(f"{self.contradicted:,} samples stand twice with different values; the first one counts.")
        parsed = _parsed(rule)
        used = [s for s in self.series if s.name in set(_WORD.findall(rule.expr))] or self.series
        missing = _missing(rule, self.series) if parsed else []
        if missing:
            lacking = ", ".join(missing)
            raise IncidentError(f"The evidence holds no series {lacking}, so nothing can be said about the rule.")
        span = self._span(used)
        grid = grid_of(span, rule)
        if not 0 < grid.count <= MOST:
            what = "no instant" if grid.count <= 0 else f"more than {MOST:,} instants"
            raise IncidentError(f"There is {what} at which to evaluate the rule in {format_window(span)}.")
        longest = max((s.range or 0 for s in selectors(parsed)), default=0) if parsed else 0
        if longest > (grid.count - 1) * grid.step:
            notes.append("The record is shorter than the longest stretch that the rule looks back on.")
        vector = self._evaluated(rule, grid)
        if self.trouble:
            notes.append(self.trouble)
        return concluded(rule, phases_of(vector, grid, rule), grid, about, self.by, tuple(notes))

    def _evaluated(self, rule: AlertRule, grid: Grid) -> Vector:
        if self.server is not None:
            try:
                return self.server.evaluate(rule.expr, grid)
            except PrometheusFailed as error:
                self._give_up(error)
        return evaluate(rule.expr, self.series, grid)

    def _give_up(self, error: PrometheusFailed) -> None:
        """Go on without Prometheus, unless it was asked for by name."""
        if self.engine == "prometheus":
            raise error
        self.server, self.by, self.trouble = None, BUILT_IN, f"{error} The built-in evaluator took its place."

    def _span(self, used: list[Series]) -> Interval:
        ends = [(int(s.times[0]), int(s.times[-1])) for s in used if len(s.times)]
        spans = [*self.spans]
        if ends:
            first, last = min(a for a, _ in ends), max(b for _, b in ends)
            spans.append((pd.Timestamp(first, unit="ms", tz="UTC"), pd.Timestamp(last, unit="ms", tz="UTC")))
        if not spans:
            raise IncidentError("The evidence holds neither metrics nor counted log lines to replay a rule on.")
        return min(a for a, _ in spans), max(b for _, b in spans)


def _parsed(rule: AlertRule) -> Any:
    try:
        return parse_expression(rule.expr)
    except UnreadableExpression:
        return None  # Prometheus may know better; without it, evaluating says where


def _missing(rule: AlertRule, series: Sequence[Series]) -> list[str]:
    """Return the metrics of an expression of which there is no series at all: no answer, as against none that match."""
    names = {s.name for s in series}
    return sorted({s.name for s in selectors(parse_expression(rule.expr)) if s.name and s.name not in names})


__all__ = ["Engine", "about_of", "replay_alert", "replay_all"]
