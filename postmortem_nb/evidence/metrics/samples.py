"""Samples of any source → the metrics frame: one row a sample, in the order of time, every one that is lost counted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.clock import read_times
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.parsers import writable
from postmortem_nb.frames import METRICS, conform

SERVICE_LABELS = ("service", "service_name", "service.name", "app", "job", "container", "LoadBalancer", "ServiceName")
NO_VALUE = ("", "nan", "null", "none", "n/a", "na", "-")


@dataclass
class Samples:
    """Samples as they are found; `frame` makes the metrics frame of them."""

    tally: Tally
    times: list[str | None] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(
        self, metric: str, labels: Mapping[str, object], points: Iterable[tuple[object, object]], line: int
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
        """
        metric = writable(metric)
        texts = {writable(str(k)): writable(str(v)) for k, v in labels.items() if v is not None and k != "__name__"}
        service = next((texts[name] for name in SERVICE_LABELS if texts.get(name)), "")
        shown = ",".join(f"{k}={v}" for k, v in sorted(texts.items()) if k not in SERVICE_LABELS or v != service)
        for time, value in points:
            number, is_good = number_of(value)
            if not is_good:
                self.tally.reject_cells([line], metric, [str(value)])
            self.times.append(time_text(time))
            self.values.append(number)
            self.metrics.append(metric)
            self.services.append(service)
            self.labels.append(shown)
            self.lines.append(line)

    def frame(self, format: str, how: How) -> pd.DataFrame:
        """Return the metrics frame; samples whose time cannot be read are counted as cells that are none."""
        times, zone = read_times(self.times, self.lines, "any", how)
        frame = pd.DataFrame(
            {
                "time": times,
                "service": how.service if how.service is not None else self.services,
                "metric": self.metrics,
                "value": pd.Series(self.values, dtype="float64"),
                "file": how.name,
                "labels": self.labels,
            }
        )
        lost = frame["time"].isna()
        if lost.any():
            bad = [self.lines[i] for i in lost.to_numpy().nonzero()[0]]
            self.tally.reject_cells(bad, "time", [str(self.times[int(lost.to_numpy().argmax())])])
        if not any(self.labels):
            frame = frame.drop(columns="labels")
        frame = frame[~lost].sort_values(["time"], kind="stable", ignore_index=True)
        frame = conform(frame, METRICS, how.name)
        frame.attrs["report"] = self.tally.report(format, frame["time"], zone)
        return frame


def time_text(value: object) -> str | None:
    """Return a time as text: an epoch keeps its digits, and needs no exponent."""
    if value is None or isinstance(value, bool | list | dict):
        return None
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").rstrip(".") if math.isfinite(value) else None
    return writable(str(value)).strip() or None


def number_of(value: object) -> tuple[float, bool]:
    """Return a number, and whether the value is one or says that there is none; infinity counts as none."""
    if value is None:
        return math.nan, True
    if isinstance(value, bool):
        return float(value), True
    if isinstance(value, int | float | str):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return math.nan, str(value).strip().lower() in NO_VALUE
        return (number, True) if math.isfinite(number) else (math.nan, not math.isinf(number))
    return math.nan, False
