"""From evidence to the series that says how bad it was: counted log lines, metric samples, on their own grid.

A missing sample stays missing (NaN): unknown is never healthy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from postmortem_nb.analysis.selection import rows_matching
from postmortem_nb.analysis.settings import AUTO, Settings
from postmortem_nb.errors import IncidentError, SettingError, near
from postmortem_nb.incident import Filter, Incident, Signal
from postmortem_nb.times import Interval, format_duration, format_window, parse_duration

DECLARED = "declared in incident.toml"
MOST = 1_000_000  # rows of a grid: two years of minutes

# Names of metrics that speak for users, in the order in which they are tried.
_PROPOSALS: tuple[tuple[str, Literal["high", "low"]], ...] = (
    (r"(?i)success.?rate|availability|uptime", "low"),
    (r"(?i)error.?(?:rate|ratio|percent)|failure.?(?:rate|ratio)|5xx.?(?:rate|ratio)", "high"),
    (r"(?i)(?:latency|duration|response).*(?:p9\d|90|95|99)", "high"),
)


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
        For ratios of log lines: ``time`` and ``bad`` of every counted line, in time order; else empty.
    """

    signal: Signal
    frame: pd.DataFrame
    step: pd.Timedelta
    why: str
    requests: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def name(self) -> str:
        """Name of the signal."""
        return self.signal.name

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
        If the setting ``signal`` names none.
    IncidentError
        If a declared signal finds no rows or several series where it needs one.
    """
    declared = incident.facts.signals
    names = [s.name for s in declared]
    if settings.signal != AUTO and settings.signal not in names:
        known = near(settings.signal, names)
        raise SettingError(f"signal: {settings.signal!r} is not declared in incident.toml. {known}")
    if not declared:
        proposed = _propose(incident)
        return (_draw(incident, proposed[0], settings, proposed[1]),) if proposed else ()
    ordered = sorted(declared, key=lambda s: s.name != settings.signal)  # stable: the chosen one first
    return tuple(_draw(incident, s, settings, DECLARED) for s in ordered)


def _propose(incident: Incident) -> tuple[Signal, str] | None:
    """Return a signal for an incident that declares none, and why."""
    logs, metrics = incident.logs, incident.metrics
    if "status" in logs and logs["status"].notna().any():
        signal = Signal(
            name="failed requests",
            kind="ratio",
            source="logs",
            bad={"status": ">=500"},
            total={"status": ">=100"},
        )
        return (
            signal,
            "none is declared; the access log has status codes, so requests answered with 5xx count as failed",
        )
    names = sorted(metrics["metric"].dropna().unique()) if len(metrics) else []
    for pattern, direction in _PROPOSALS:
        for name in pd.Series(names, dtype="str")[lambda s, p=pattern: s.str.contains(p)]:
            services = metrics.loc[metrics["metric"] == name, "service"].dropna().unique()
            select = {"metric": name} | ({"service": str(services[0])} if len(services) else {})
            signal = Signal(name=name, kind="gauge", select=select, direction=direction)
            return signal, f"none is declared; of the metrics, {name} comes closest to what users notice"
    if logs["level"].isin(["ERROR", "CRITICAL"]).any():
        signal = Signal(name="error lines", kind="ratio", source="logs", bad={"level": ["ERROR", "CRITICAL"]})
        return (
            signal,
            "none is declared; the share of log lines at ERROR or above is all that the evidence offers",
        )
    return None


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
        requests = counted[["time"]].assign(bad=bad).sort_values("time", kind="stable", ignore_index=True)
        return SignalSeries(signal, _binned(requests, step, signal, where), step, why, requests)
    if signal.kind in ("ratio", "traffic"):
        frame, step = _metric_counts(incident.metrics, signal, where)
    else:
        frame, step = _samples(incident.metrics, signal.select, where)
    if frame["value"].isna().all():
        raise IncidentError(f"{where}: none of its {len(frame):,} samples has a value. Declare another signal.")
    return SignalSeries(signal, frame, step, why)


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


def _metric_counts(metrics: pd.DataFrame, signal: Signal, where: str) -> tuple[pd.DataFrame, pd.Timedelta]:
    """Sum the series that a ratio or traffic signal selects, sample by sample."""
    total, step = _summed(metrics, {**signal.select, **(signal.total or {})}, where)
    if signal.kind == "traffic":
        frame = total.rename(columns={"value": "total"})
        return frame.assign(value=frame["total"], bad=0.0)[["time", "value", "bad", "total"]], step
    bad, _ = _summed(metrics, {**signal.select, **(signal.bad or {})}, where)
    frame = total.rename(columns={"value": "total"}).merge(bad.rename(columns={"value": "bad"}), on="time", how="left")
    with np.errstate(invalid="ignore", divide="ignore"):
        frame["value"] = np.where(frame["total"] > 0, frame["bad"] / frame["total"], np.nan)
    return frame[["time", "value", "bad", "total"]], step


def _summed(metrics: pd.DataFrame, select: Filter, where: str) -> tuple[pd.DataFrame, pd.Timedelta]:
    chosen = metrics[rows_matching(metrics, select, where)]
    if chosen.empty:
        raise IncidentError(f"{where}: no sample matches {select}. Check its names against the evidence in metrics/.")
    return _gridded(chosen.groupby("time")["value"].sum(min_count=1))


def _samples(metrics: pd.DataFrame, select: Filter, where: str) -> tuple[pd.DataFrame, pd.Timedelta]:
    chosen = metrics[rows_matching(metrics, select, where)]
    if chosen.empty:
        raise IncidentError(f"{where}: no sample matches {select}. Check its names against the evidence in metrics/.")
    series = chosen[["service", "metric"]].drop_duplicates()
    if len(series) > 1:
        names = ", ".join(f"{s or '–'}/{m}" for s, m in series.head(4).itertuples(index=False))
        raise IncidentError(f"{where}: {len(series)} series match it ({names} …). Add service and metric to `select`.")
    values = chosen["value"].replace([np.inf, -np.inf], np.nan)  # beyond the last bucket of a histogram: unknown
    return _gridded(values.groupby(chosen["time"]).mean())


def _gridded(values: pd.Series) -> tuple[pd.DataFrame, pd.Timedelta]:
    """Keep each sample at its own time and put a NaN wherever one is missing."""
    samples = values.sort_index().rename_axis("time").reset_index(name="value")
    if len(samples) < 2:
        return samples, pd.Timedelta(minutes=1)
    times = samples["time"]
    steps = times.diff().dropna()
    step = steps.median()
    missing: list[pd.Timestamp] = []
    for i in np.flatnonzero((steps > 1.5 * step).to_numpy()):
        count = min(round((times[i + 1] - times[i]) / step) - 1, 100_000)
        missing += [times[i] + step * (k + 1) for k in range(count)]
    if missing:
        gaps = pd.DataFrame({"time": pd.DatetimeIndex(missing).as_unit("ns"), "value": np.nan})
        samples = pd.concat([samples, gaps]).sort_values("time", ignore_index=True)
    return samples, pd.Timedelta(step)
