"""The bench on which rules are replayed: the series that they need, recorded ones included, and who evaluates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Literal

import numpy as np
import pandas as pd

from postmortem_nb.analysis.replays import grid_of
from postmortem_nb.analysis.settings import ENGINES
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.errors import IncidentError, PostmortemError, SettingError, near
from postmortem_nb.evidence.metrics.samples import SERVICE_LABELS
from postmortem_nb.incident import AlertRule, RecordingRule
from postmortem_nb.replay import (
    Grid,
    PrometheusFailed,
    Series,
    Vector,
    counters,
    evaluate,
    installed_version,
    longest_range,
    metrics_in,
    series_of_metrics,
    serving,
)
from postmortem_nb.replay.prometheus import Server
from postmortem_nb.replay.series import label_name, labels_of
from postmortem_nb.times import Interval, format_window

Engine = Literal["auto", "prometheus", "built in"]
BUILT_IN = "built in"
SCRAPE = pd.Timedelta(seconds=15)  # distance of the samples that counted log lines are given
MOST = 5_000_000  # instants of one replay
_WORD = re.compile(r"[A-Za-z_:][\w:]*", re.ASCII)


class Bench:
    """Series, and an evaluator on them.

    Parameters
    ----------
    rules : sequence of AlertRule
        What will be replayed; series of metrics that neither they nor the recordings they use name are left out.
    metrics : DataFrame or sequence of Series
        Metrics frame, or series as they are.
    signals : sequence of SignalSeries
        Those counted from log lines become counters; the record of the first counts as the record of the rules too.
    recordings : sequence of RecordingRule
        Rules whose results other rules use, in the order of their files.
    """

    def __init__(
        self,
        rules: Sequence[AlertRule],
        metrics: object,
        signals: Sequence[SignalSeries] = (),
        recordings: Sequence[RecordingRule] = (),
    ) -> None:
        words = {w for r in rules for w in _WORD.findall(r.expr)}
        self.recordings = _used(recordings, words)
        words |= {w for r in self.recordings for w in _WORD.findall(r.expr)}
        wanted = None if "__name__" in words else words
        self.spans = [s.span for s in signals[:1]]
        self.engine, self.version, self.trouble, self.contradicted = "auto", "", "", 0
        self.server: Server | None = None
        self.unrecorded: dict[str, str] = {}
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

    @contextmanager
    def started(self, engine: str) -> Iterator[None]:
        """Start Prometheus if it is wanted, and work out the recordings; leaving stops it.

        Raises
        ------
        SettingError
            If there is no such engine, or Prometheus is asked for and not installed.
        """
        if engine not in ENGINES:
            raise SettingError(f"engine: there is no {engine!r}. {near(engine, ENGINES)}")
        self.engine, self.version = engine, "" if engine == BUILT_IN else installed_version()
        if engine == "prometheus" and not self.version:
            raise SettingError("replay: prometheus and promtool are not installed. Install them, or take auto.")
        with ExitStack() as stack:
            self._record(stack)
            self._serve(stack)
            yield

    def _serve(self, stack: ExitStack) -> None:
        if not self.version:
            return
        try:
            self.server = stack.enter_context(serving(self.series))
        except PrometheusFailed as error:
            self._give_up(error)

    def _give_up(self, error: PrometheusFailed) -> None:
        """Go on without Prometheus, unless it was asked for by name."""
        if self.engine == "prometheus":
            raise error
        self.server, self.version, self.trouble = None, "", f"{error} The built-in evaluator took its place."

    def _record(self, stack: ExitStack) -> None:
        """Add what recording rules give as series; each round those whose own inputs are there."""
        left = [r for r in self.recordings if r.record not in {s.name for s in self.series}]
        while left:
            names = {r.record for r in left}
            ready = [r for r in left if not names & set(_WORD.findall(r.expr))]
            if not ready:
                self.unrecorded |= dict.fromkeys(names, "the recording rules use each other in a circle")
                return
            self._serve(stack)
            for rule in ready:
                try:
                    grid = self.grid(rule.expr, rule.interval)
                    self.series += _recorded(rule, self.evaluate(rule.expr, grid)[0], grid)
                except PostmortemError as error:
                    self.unrecorded[rule.record] = str(error)
            left = [r for r in left if r not in ready]

    def grid(self, expression: str, interval: str) -> Grid:
        """Return when an expression is evaluated: at all phases of its interval, over the record of its series.

        Raises
        ------
        IncidentError
            If there is no such record, or a metric of the expression is not in it: nothing can be said then.
        """
        named = metrics_in(expression)
        held = {s.name for s in self.series}
        missing = [name for name in named if name not in held]
        if missing:
            why = "; ".join(f"{name}: {self.unrecorded[name]}" for name in missing if name in self.unrecorded)
            raise IncidentError(
                f"The evidence holds no series {', '.join(missing)}, so nothing can be said about the rule."
                + (f" {why}" if why else "")
            )
        span = self._span([s for s in self.series if s.name in named] or self.series)
        grid = grid_of(span, interval)
        if not 0 < grid.count <= MOST:
            what = "no instant" if grid.count <= 0 else f"more than {MOST:,} instants"
            raise IncidentError(f"There is {what} at which to evaluate the rule in {format_window(span)}.")
        return grid

    def _span(self, used: Sequence[Series]) -> Interval:
        ends = [(int(s.times[0]), int(s.times[-1])) for s in used if len(s.times)]
        spans = [*self.spans]
        if ends:
            first, last = min(a for a, _ in ends), max(b for _, b in ends)
            spans.append((pd.Timestamp(first, unit="ms", tz="UTC"), pd.Timestamp(last, unit="ms", tz="UTC")))
        if not spans:
            raise IncidentError("The evidence holds neither metrics nor counted log lines to replay a rule on.")
        return min(a for a, _ in spans), max(b for _, b in spans)

    def evaluate(self, expression: str, grid: Grid) -> tuple[Vector, str, tuple[str, ...]]:
        """Return what an expression gives on a grid, who evaluated it, and what to bear in mind."""
        vector = None
        if self.server is not None:
            try:
                vector = self.server.evaluate(expression, grid)
            except PrometheusFailed as error:
                self._give_up(error)
        if vector is None:
            vector = evaluate(expression, self.series, grid)
        notes = [self.trouble] if self.trouble else []
        if self.contradicted:
            notes.append(f"{self.contradicted:,} samples stand twice with different values; the first one counts.")
        if longest_range(expression) > (grid.count - 1) * grid.step:
            notes.append("The record is shorter than the longest stretch that the rule looks back on.")
        return vector, f"Prometheus {self.version}" if self.server is not None else BUILT_IN, tuple(notes)


def _used(recordings: Sequence[RecordingRule], words: set[str]) -> list[RecordingRule]:
    """Return the recordings that some words name, and those that these name in turn."""
    named, found = set(words), 0
    while len(named) != found:
        found = len(named)
        named |= {w for r in recordings if r.record in named for w in _WORD.findall(r.expr)}
    return [r for r in recordings if r.record in named]


def _recorded(rule: RecordingRule, vector: Vector, grid: Grid) -> list[Series]:
    """Return what a recording rule writes: its result under its name and labels."""
    series = []
    for labels, values, known in zip(vector.labels, vector.values, vector.known, strict=True):
        named = labels_of((dict(labels) | rule.labels | {"__name__": rule.record}).items())
        if known.any():
            series.append(Series(named, grid.times[known], np.asarray(values[known], float)))
    if len({s.labels for s in series}) < len(series):
        raise IncidentError(f"{rule.record}: its labels make two series one, which Prometheus refuses.")
    return series
