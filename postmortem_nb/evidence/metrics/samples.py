"""Samples of any source → the metrics frame: one row a sample, in the order of time, every one that is lost counted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from postmortem_nb.characters import writable
from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.clock import read_times
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.metrics.values import number_of
from postmortem_nb.frames import METRICS, conform

SERVICE_LABELS = ("service", "service_name", "service.name", "app", "job", "container", "LoadBalancer", "ServiceName")
# What the values of a metric are: `rates` makes rates of counters, and of nothing that is said to be another kind.
COUNTER, GAUGE, CHANGE = "counter", "gauge", "change"


@dataclass
class Samples:
    """Samples as they are found; `frame` makes the metrics frame of them."""

    tally: Tally
    times: list[str | None] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(
        self,
        metric: str,
        labels: Mapping[str, object],
        points: Iterable[tuple[object, object]],
        line: int,
        type: str = "",
    ) -> None:
        """Add the points of one series.

        Parameters
        ----------
        metric : str
            Its name.
        labels : mapping
            What else is known of it; one of `SERVICE_LABELS` is its service.
        points : iterable of (time, value)
            As the source writes them: epochs or texts, numbers or texts.
        line : int
            Line or number of the record, for messages.
        type : str
            ``counter``, ``gauge``, ``change`` (what was added since the sample before), or empty where it is not said.
        """
        metric = writable(metric)
        texts = {writable(str(k)): writable(str(v)) for k, v in labels.items() if v is not None and k != "__name__"}
        service = next((texts[name] for name in SERVICE_LABELS if texts.get(name)), "")
        shown = ",".join(f"{k}={v}" for k, v in sorted(texts.items()) if k not in SERVICE_LABELS or v != service)
        for time, value in points:
            number, is_good = number_of(value)
            if not is_good:
                self.tally.reject_cells([line], metric, [writable(str(value))])
            self.times.append(time_text(time))
            self.values.append(number)
            self.metrics.append(metric)
            self.services.append(service)
            self.labels.append(shown)
            self.types.append(type)
            self.lines.append(line)

    def frame(self, format: str, how: How) -> pd.DataFrame:
        """Return the metrics frame; lines that gave no time at all are rejected, single samples counted as cells."""
        times, zone = read_times(self.times, self.lines, "any", how)
        frame = pd.DataFrame(
            {
                "time": times,
                "service": how.service if how.service is not None else self.services,
                "metric": self.metrics,
                "value": pd.Series(self.values, dtype="float64"),
                "file": how.name,
                "labels": self.labels,
                "type": self.types,
            }
        )
        lost = frame["time"].isna()
        self._account(lost)
        for column, held in (("labels", self.labels), ("type", self.types)):
            if not any(held):
                frame = frame.drop(columns=column)
        frame = frame[~lost].sort_values(["time"], kind="stable", ignore_index=True)
        frame = conform(frame, METRICS, how.name)
        frame.attrs["report"] = self.tally.report(format, frame["time"], zone)
        return frame

    def _account(self, lost: pd.Series) -> None:
        """Count what has no time: whole lines as rejected, single samples of a line that gave others as cells."""
        if not lost.any():
            return
        line = pd.Series(self.lines)
        whole = lost.groupby(line).transform("all")
        for at in line[whole].drop_duplicates().index:
            self.tally.reject(self.lines[at], f"(no time) {self.metrics[at]} {self.times[at]}")
        single = (lost & ~whole).to_numpy().nonzero()[0].tolist()
        self.tally.reject_cells([self.lines[i] for i in single], "time", [str(self.times[i]) for i in single])


def time_text(value: object) -> str | None:
    """Return a time as text: an epoch keeps its digits, and needs no exponent."""
    if value is None or isinstance(value, bool | list | dict):
        return None
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").rstrip(".") if math.isfinite(value) else None
    return writable(str(value).strip()) or None
