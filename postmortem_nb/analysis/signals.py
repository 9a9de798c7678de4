"""From evidence to the series that says how bad it was: counted log lines, metric samples, on their own grid.

A missing sample stays missing (NaN): unknown is never healthy.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from postmortem_nb.analysis.counts import count_samples, gridded, matching_samples
from postmortem_nb.analysis.proposals import propose
from postmortem_nb.analysis.selection import rows_matching
from postmortem_nb.analysis.settings import AUTO, Settings
from postmortem_nb.errors import IncidentError, SettingError, near
from postmortem_nb.frames import METRICS
from postmortem_nb.incident import Filter, Incident, Signal
from postmortem_nb.times import Interval, format_duration, format_window, parse_duration

DECLARED = "declared in incident.toml"
MOST = 1_000_000  # rows of a grid: two years of minutes


@dataclass(frozen=True, eq=False)
class SignalSeries:
    """One signal on its grid.

    Parameters
    ----------
    signal : Signal
        The declaration (or proposal) it was drawn from.
    frame : DataFrame
        ``time`` (UTC: start of the bin, or the time of the sample), ``value`` in the signal's unit (NaN: unknown);
        for ratios and traffic also ``bad`` and ``total`` counts.
    step : Timedelta
        Distance between rows.
    why : str
        Why this signal: declared, or how it was chosen.
    requests : DataFrame
        For ratios of log lines: ``time`` and ``bad`` of every counted line, in time order, and the ``row`` of the logs
        that it stands in; else empty.
    notes : tuple of str
        What was assumed about the evidence, or looked for in it in vain; half sentences for readers.
    used : DataFrame
        The lines or samples that were counted, as they stand in the logs or metrics frame.
    """

    signal: Signal
    frame: pd.DataFrame
    step: pd.Timedelta
    why: str
    requests: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[str, ...] = ()
    used: pd.DataFrame = field(default_factory=METRICS.empty)

    @property
    def name(self) -> str:
        """Name of the signal."""
        return self.signal.name

    @property
    def files(self) -> tuple[str, ...]:
        """Evidence files that the counted lines or samples stand in."""
        return tuple(sorted(self.used["file"].dropna().unique()))

    @property
    def unit(self) -> str:
        """Unit of ``value``, for axes and tables."""
        return self.signal.unit or {"ratio": "share", "traffic": "per bin", "probe": "up"}.get(self.signal.kind, "")

    @property
    def is_binned(self) -> bool:
        """Whether a row stands for the bin that begins at its time (log counts) and not for one sample."""
        return self.signal.source == "logs"

    @property
    def bad_side(self) -> int:
        """+1 if high values are bad, -1 if low ones are."""
        return -1 if self.signal.kind in ("traffic", "probe") or self.signal.direction == "low" else 1

    @property
    def span(self) -> Interval:
        """Half-open stretch that the rows cover."""
        return self.frame["time"].iloc[0], self.frame["time"].iloc[-1] + self.step

    @property
    def smear(self) -> pd.Timedelta:
        """Width over which each value was averaged before it was stored, such as the window of a rate()."""
        return parse_duration(self.signal.smear)

    def __repr__(self) -> str:
        return f"<SignalSeries {self.name}: {len(self.frame)} rows, one every {self.step}>"


def build_signals(incident: Incident, settings: Settings) -> tuple[SignalSeries, ...]:
    """Draw every declared signal (or one proposed from the evidence); the one to measure comes first.

    Raises
    ------
    SettingError
        If the setting ``signal`` names none, or a threshold of a ratio is not between 0 and 1.
    IncidentError
        If a declared signal finds no rows or several series where it needs one.
    """
    declared = incident.facts.signals
    names = [s.name for s in declared]
    if settings.signal != AUTO and settings.signal not in names:
        known = near(settings.signal, names)
        raise SettingError(f"signal: {settings.signal!r} is not declared in incident.toml. {known}")
    if not declared:
        proposed = propose(incident, lambda signal: _draw(incident, signal, settings, ""))
        _check_thresholds([proposed.signal] if proposed else [], settings)
        return (proposed,) if proposed else ()
    _check_thresholds(declared, settings)
    ordered = sorted(declared, key=lambda s: s.name != settings.signal)  # stable: the chosen one first
    return tuple(_draw(incident, s, settings, DECLARED) for s in ordered)


def _check_thresholds(signals: Sequence[Signal], settings: Settings) -> None:
    """Refuse a threshold that no ratio can mean; the setting is for the signal that is measured, the first if auto."""
    measured = settings.signal if settings.signal != AUTO else next((s.name for s in signals), AUTO)
    for signal in signals:
        given = {f"signal {signal.name!r}: threshold": signal.threshold}
        if signal.name == measured and settings.threshold != AUTO:
            given["threshold"] = float(settings.threshold)
        for place, value in given.items():
            if signal.kind == "ratio" and value is not None and not 0 < value < 1:
                raise SettingError(
                    f"{place}: {value:g} is no threshold for {signal.name!r}, a ratio. "
                    "Write a share between 0 and 1, such as 0.05 for 5 %."
                )


def _draw(incident: Incident, signal: Signal, settings: Settings, why: str) -> SignalSeries:
    where = f"signal {signal.name!r}"
    if signal.source == "logs":
        step = settings.length("bucket", pd.Timedelta(minutes=1))
        counted = incident.logs[rows_matching(incident.logs, {**signal.select, **(signal.total or {})}, where)]
        if counted.empty:
            raise IncidentError(
                f"{where}: no log line matches it. Check `select` and `total`, or the evidence in logs/."
            )
        bad = rows_matching(counted, signal.bad, where) if signal.bad is not None else pd.Series(False, counted.index)
        lines = counted[["time"]].assign(bad=bad, row=counted.index)
        requests = lines.sort_values("time", kind="stable", ignore_index=True)
        missed = _unmatched(counted, signal.bad) if signal.bad is not None and not bad.any() else ()
        return SignalSeries(signal, _binned(requests, step, signal, where), step, why, requests, missed, counted)
    notes: tuple[str, ...] = ()
    if signal.kind in ("ratio", "traffic"):
        frame, step, notes, used = count_samples(incident.metrics, signal, where)
    else:
        frame, step, used = _samples(incident.metrics, signal.select, where)
    if frame["value"].isna().all():
        raise IncidentError(f"{where}: none of its {len(frame):,} samples has a value. Declare another signal.")
    return SignalSeries(signal, frame, step, why, notes=notes, used=used)


def _unmatched(counted: pd.DataFrame, bad: Filter) -> tuple[str, ...]:
    """Say that no line is bad, and what the columns hold that it was looked for in."""
    held = []
    for column in bad:
        values = counted[column].dropna().astype("str").value_counts().index
        shown = ", ".join(v if len(v) <= 40 else f"{v[:39]}…" for v in values[:5]) or "no value at all"
        held.append(f"{column} holds {shown}{' …' if len(values) > 5 else ''}")
    wanted = ", ".join(f"{column} = {json.dumps(value)}" for column, value in bad.items())
    return (f"no line matches bad = {{ {wanted} }}; {'; '.join(held)}",)


def _binned(requests: pd.DataFrame, step: pd.Timedelta, signal: Signal, where: str) -> pd.DataFrame:
    """Count lines per bin, over every bin of the record."""
    bins = requests["time"].dt.floor(step)
    first, last = bins.iloc[0], bins.iloc[-1]
    if (last - first) / step > MOST:
        raise IncidentError(
            f"{where}: its log lines span {format_window((first, last))}, more than {MOST:,} bins of "
            f"{format_duration(step)}. Look for a line with a wrong year, or set a wider bucket."
        )
    grid = pd.date_range(first, last, freq=step)
    counts = requests.groupby(bins)["bad"].agg(["sum", "size"]).reindex(grid, fill_value=0)
    bad, total = counts["sum"].to_numpy(float), counts["size"].to_numpy(float)
    # an empty bin says nothing about a ratio, but it is exactly what a traffic signal is about
    with np.errstate(invalid="ignore", divide="ignore"):
        value = total.copy() if signal.kind == "traffic" else np.where(total > 0, bad / total, np.nan)
    if signal.kind == "traffic":
        value[[0, -1]] = np.nan  # the record begins and ends within these bins: their counts are not whole
    return pd.DataFrame({"time": grid, "value": value, "bad": bad, "total": total})


def _samples(metrics: pd.DataFrame, select: Filter, where: str) -> tuple[pd.DataFrame, pd.Timedelta, pd.DataFrame]:
    chosen = matching_samples(metrics, select, where)
    series = chosen[["service", "metric"]].drop_duplicates()
    if len(series) > 1:
        names = ", ".join(f"{s or '–'}/{m}" for s, m in series.head(4).itertuples(index=False))
        raise IncidentError(f"{where}: {len(series)} series match it ({names} …). Add service and metric to `select`.")
    return (*gridded(chosen["value"].groupby(chosen["time"]).mean()), chosen)
