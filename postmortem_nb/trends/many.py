"""`Trends`: incidents of a period side by side, each part worked out when it is first asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from postmortem_nb.errors import SettingError, SourceError
from postmortem_nb.findings import Finding, worst_first
from postmortem_nb.report import component_css
from postmortem_nb.times import Interval
from postmortem_nb.trends import downtime, learning, sections
from postmortem_nb.trends.bases import shift
from postmortem_nb.trends.feeds import read_feeds
from postmortem_nb.trends.frame import as_actions, as_incidents, lengths
from postmortem_nb.trends.groups import compare_groups
from postmortem_nb.trends.power import Power, power_of
from postmortem_nb.trends.question import BETWEEN, DIVISIONS, MEASURES, Question
from postmortem_nb.trends.results import read_results, result_files
from postmortem_nb.trends.statistics import Summary, summarize

SINGLE = pd.Timedelta(minutes=1)  # the least length of a period


@dataclass(frozen=True, eq=False)
class Trends:
    """Incidents of a period side by side; shown by itself it is the header card.

    Parameters
    ----------
    question : Question
        What was asked.
    everything : DataFrame
        Every incident that was read, see `postmortem_nb.trends.frame.INCIDENTS`.
    all_actions : DataFrame
        Their actions, see `postmortem_nb.trends.frame.ACTIONS`.
    findings : tuple of Finding
        What could not be used, and what is odd about the rest.
    sources : tuple of (str, str)
        Each file that was read, and its SHA-256.
    """

    question: Question
    everything: pd.DataFrame
    all_actions: pd.DataFrame
    findings: tuple[Finding, ...]
    sources: tuple[tuple[str, str], ...]

    @cached_property
    def period(self) -> Interval:
        """The period ``[start, end)``: as asked, else from the first begin to the last time known."""
        start, end = self.question.start, self.question.end
        start = self.everything["begin"].min() if start is None else start
        if end is None:  # an incident that was seen only as it began is one of them
            end = max(self.everything["seen_until"].max(), self.everything["begin"].max() + SINGLE)
        return start, max(end, start + SINGLE)

    @cached_property
    def incidents(self) -> pd.DataFrame:
        """Incidents, and planned works, that began in the period: lengths are compared on these."""
        start, end = self.period
        begun = self.everything["begin"]
        return self.everything[(begun >= start) & (begun < end)].reset_index(drop=True)

    @cached_property
    def over_time(self) -> pd.DataFrame:
        """Impact and error budget by stretch of the period, of all windows that reach into it."""
        edges = downtime.edges_of(*self.period, self.question.step)
        return downtime.over_time(self.everything, edges, self.question.objective)

    @cached_property
    def step(self) -> str:
        """How the period is cut: day, week, month, quarter or year."""
        return downtime.step_of(*self.period, self.question.step)

    @cached_property
    def summaries(self) -> dict[str, Summary]:
        """What is known of each measure, over the incidents that began in the period."""
        mean = self.question.mean
        return {name: summarize(*lengths(self.incidents, name), mean=mean) for name in MEASURES}

    @cached_property
    def powers(self) -> dict[str, Power]:
        """What so many incidents could show, for each measure of which enough are over; of lengths above zero."""
        known = {name: lengths(self.incidents, name)[0].dropna().to_numpy() for name in MEASURES}
        found = {name: power_of(values[values > 0]) for name, values in known.items()}
        return {name: power for name, power in found.items() if power is not None}

    @cached_property
    def divided(self) -> dict[str, pd.DataFrame]:
        """For each division its groups, see `postmortem_nb.trends.groups.compare_groups`."""
        measure, mean = self.question.measure, self.question.mean
        return {by: compare_groups(self.everything, by, measure, self.period, mean=mean) for by in DIVISIONS}

    @property
    def actions(self) -> pd.DataFrame:
        """Actions of the incidents that began in the period."""
        return self.all_actions[self.all_actions["incident"].isin(self.incidents["id"])].reset_index(drop=True)

    @property
    def is_synthetic(self) -> bool:
        """Whether any of the incidents has synthetic telemetry."""
        return bool(self.incidents["is_synthetic"].any())

    impact = property(sections.impact, doc="Minutes with impact and error budget over time.")
    every = property(sections.every, doc="Every incident, at its begin and length.")
    times = property(sections.times, doc="Each measure: median, interval, open ones.")
    groups = property(sections.groups, doc="The measure by the division that was asked for; the others folded.")
    recurrence = property(learning.recurrence, doc="Services and factors that came again.")
    paths = property(learning.paths, doc="What misleading paths cost.")
    tasks = property(learning.tasks, doc="Action items done on time.")
    power = property(learning.power, doc="What difference so many incidents could show.")
    data_quality = property(learning.data_quality, doc="What could not be used, and why.")
    provenance = property(learning.provenance, doc="Files, settings and methods.")

    def to_dict(self) -> dict[str, Any]:
        """Return everything that was computed as JSON values."""
        from postmortem_nb.trends.result import as_result  # late: it computes all of it

        return as_result(self)

    def _repr_html_(self) -> str:
        return f'<style>{component_css()}</style><div class="mathjax_ignore">{sections.card(self)}</div>'

    def __repr__(self) -> str:
        return f"<Trends of {len(self.incidents)} incidents, {self.period[0]:%Y-%m-%d} to {self.period[1]:%Y-%m-%d}>"


def read_trends(
    results: str | Path | Iterable[str | Path] = (), feeds: str | Path | Iterable[str | Path] = (), **asked: Any
) -> Trends:
    """Read results and feeds, and return them side by side.

    Parameters
    ----------
    results : path or paths
        Results of `postmortem-nb run`, or folders of them; one text may hold several paths with ``;`` between them.
    feeds : path or paths
        Files or folders that `postmortem_nb.read_status_feed` reads, in the same way.
    **asked
        See `Question.build`: ``start``, ``end``, ``by``, ``measure``, ``step``, ``objective``, ``again``, ``mean``,
        ``timezone``.

    Raises
    ------
    SettingError
        For a question that makes no sense.
    SourceError
        If nothing was named, a file is missing, or no incident at all could be read.
    ReadError
        If the only file of a feed is of no known form, or a time has no zone and none was given.
    """
    _need_scipy()
    question = Question.build(**asked)
    files, pages = result_files(_paths(results)), _paths(feeds)
    if not files and not pages:
        raise SourceError("Nothing was named: give results of `postmortem-nb run`, a folder of them, or a feed.")
    read = read_results(files)
    if pages:
        read = read.with_more(read_feeds(pages, asked.get("timezone", "")))
    if not read.incidents:
        reasons = " ".join(f"{f.where}: {f.text}" for f in read.findings[:3])
        raise SourceError(f"No incident could be read. {reasons}".rstrip())
    incidents, actions = as_incidents(read.incidents), as_actions(read.actions)
    trends = Trends(question, incidents, actions, worst_first(read.findings), tuple(read.sources))
    shifted = shift(trends.incidents)
    return replace(trends, findings=worst_first([*read.findings, shifted])) if shifted else trends


def _need_scipy() -> None:
    if importlib.util.find_spec("scipy") is None:
        raise SettingError("Trends need scipy. Install it: pip install 'postmortem-nb[trends]'.")


def _paths(given: str | Path | Iterable[str | Path]) -> list[Path]:
    if isinstance(given, str):
        return [Path(part.strip()) for part in given.split(BETWEEN) if part.strip()]
    return [given] if isinstance(given, Path) else [Path(p) for p in given]
