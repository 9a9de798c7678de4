"""Evidence → time series as Prometheus holds them: labels, milliseconds, values.

A sample without a value is no sample. Exports carry no staleness markers, so a series ends as it does in Prometheus
where none was written: the last sample is looked back to for 5 minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

Labels = tuple[tuple[str, str], ...]  # in the order of their names, none of them empty
_PAIR = re.compile(r",(?=[^,=]+=)")


@dataclass(frozen=True, eq=False)
class Series:
    """One time series.

    Parameters
    ----------
    labels : tuple of (name, value)
        Its name as ``__name__`` among them, in order.
    times : int64 array, shape (n,)
        Milliseconds since 1970, rising.
    values : float64 array, shape (n,)
    """

    labels: Labels
    times: np.ndarray
    values: np.ndarray

    @property
    def name(self) -> str:
        """Name of its metric."""
        return dict(self.labels).get("__name__", "")


def labels_of(pairs: Iterable[tuple[str, str]]) -> Labels:
    """Return labels in order, without empty ones."""
    return tuple(sorted((k, v) for k, v in dict(pairs).items() if v))


def metric_name(text: str) -> str:
    """Return the name of a metric as Prometheus' exporters write it: what it may not hold becomes ``_``.

    >>> metric_name("http.server.duration"), metric_name("5xx"), metric_name("CPU (%)")
    ('http_server_duration', '_5xx', 'CPU____')
    """
    name = re.sub(r"[^a-zA-Z0-9_:]", "_", text)
    return name if name and not name[0].isdigit() else f"_{name}"


def label_name(text: str) -> str:
    """Return the name of a label as Prometheus' exporters write it."""
    return metric_name(text).replace(":", "_")


def series_of_metrics(
    metrics: pd.DataFrame, names: Iterable[str] | None = None, aliases: Sequence[str] = ()
) -> tuple[list[Series], int]:
    """Return the series of a metrics frame, and how many samples contradicted another of the same series and time.

    Parameters
    ----------
    metrics : DataFrame
        ``time``, ``metric``, ``value``, perhaps ``service`` and ``labels`` (``a=b,c=d``).
    names : iterable of str, optional
        Metrics that are wanted, as Prometheus writes them; all if left out.
    aliases : sequence of str
        Labels that stand for the service as well, where a series does not have them: readers keep the label that
        names the service (``job``, ``app`` …) in the column ``service``.

    Returns
    -------
    list of Series, int
        Of several samples at one time the first counts.
    """
    frame = metrics[metrics["value"].notna() & metrics["time"].notna()]
    wanted = None if names is None else set(names)
    known = {text: metric_name(text) for text in frame["metric"].unique()}
    if wanted is not None:
        frame = frame[frame["metric"].map(known).isin(wanted)]
    if frame.empty:
        return [], 0
    keys = [c for c in ("metric", "service", "labels") if c in frame]
    parts: dict[Labels, list[pd.DataFrame]] = {}
    for key, rows in frame.groupby(keys, dropna=False, sort=False):
        said = dict(zip(keys, key, strict=True))
        labels = _labels(known[said["metric"]], said.get("service"), said.get("labels"), aliases)
        parts.setdefault(labels, []).append(rows[["time", "value"]])
    found, contradicted = [], 0
    for labels in sorted(parts):
        rows = pd.concat(parts[labels])
        times = rows["time"].dt.as_unit("ms").astype("int64").to_numpy()
        values = rows["value"].to_numpy(float)
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
        first = np.r_[True, times[1:] != times[:-1]]
        kept = values[first][np.cumsum(first) - 1]
        contradicted += int((values != kept).sum())
        found.append(Series(labels, times[first], values[first]))
    return found, contradicted


def _labels(name: str, service: object, labels: object, aliases: Sequence[str]) -> Labels:
    pairs = {"__name__": name}
    if isinstance(labels, str) and labels:
        said = (p.partition("=") for p in _PAIR.split(labels))
        pairs |= {label_name(k): v for k, _, v in said if k != "__name__"}
    if isinstance(service, str) and service:
        for label in ("service", *aliases):
            pairs.setdefault(label, service)
    return labels_of(pairs.items())


def counters(requests: pd.DataFrame, labels: dict[str, str], step: pd.Timedelta, prefix: str = "sli") -> list[Series]:
    """Return counted lines as counters that a scrape every ``step`` would have read.

    Parameters
    ----------
    requests : DataFrame
        ``time`` and ``bad`` of every counted line, in time order.
    labels : dict
        Labels of the three series.
    step : Timedelta
        Distance of the scrapes.
    prefix : str
        Names are ``<prefix>_events_total``, ``<prefix>_good_events_total`` and ``<prefix>_bad_events_total``.

    Returns
    -------
    list of Series
        A counter at a scrape holds the lines before it; the first scrape, with none, precedes the first line.
    """
    if requests.empty:
        return []
    width = int(step / pd.Timedelta(milliseconds=1))
    when = requests["time"].dt.as_unit("ns").astype("int64").to_numpy()
    first = int(when[0]) // (width * 1_000_000) * width
    last = -(-(int(when[-1]) + 1) // (width * 1_000_000)) * width
    scrapes = np.arange(first, last + width, width, dtype=np.int64)
    bad = requests["bad"].to_numpy(bool)
    before = np.searchsorted(when, scrapes * 1_000_000, side="left")
    total = before.astype(float)
    failed = np.concatenate([[0], np.cumsum(bad)])[before].astype(float)
    named = ((f"{prefix}_events_total", total), (f"{prefix}_good_events_total", total - failed))
    return [
        Series(labels_of([("__name__", name), *labels.items()]), scrapes, values)
        for name, values in (*named, (f"{prefix}_bad_events_total", failed))
    ]
