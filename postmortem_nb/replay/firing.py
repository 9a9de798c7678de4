"""From what an expression gives to alerts: pending, firing, ended, as Prometheus decides at each evaluation.

An alert is a label set of the result. It is pending from the first evaluation that returns it, fires at the first one
at least ``for`` later up to which every evaluation returned it, and ends at the first one that does not (or at least
``keep_firing_for`` after that, if it is set).
https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from postmortem_nb.replay.evaluation import Grid
from postmortem_nb.replay.series import Labels, labels_of
from postmortem_nb.replay.vectors import NAME, Vector


class Alert(NamedTuple):
    """One life of an alert; steps of the grid, None where it did not come to that within the record."""

    pending: int
    firing: int | None
    ended: int | None


def lives(present: np.ndarray, step: int, hold: int, keep: int = 0) -> Iterator[Alert]:
    """Yield the lives of one label set.

    Parameters
    ----------
    present : bool array, shape (T,)
        Whether the expression returned it at each evaluation.
    step, hold, keep : int
        Distance of evaluations, ``for`` and ``keep_firing_for`` in milliseconds.
    """
    edges = np.flatnonzero(np.diff(np.r_[False, present, False].astype(np.int8)))
    waits, keeps = -(-hold // step), -(-keep // step)  # evaluations until it fires, and until it ends
    begun: Alert | None = None  # fires on, perhaps, into the next run
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if begun is not None and begun.ended is not None and start <= begun.ended:
            begun = begun._replace(ended=stop + keeps)
            continue
        if begun is not None:
            yield begun
            begun = None
        firing = start + waits if start + waits < stop else None
        if firing is None:
            yield Alert(start, None, stop if stop < len(present) else None)
        else:
            begun = Alert(start, firing, stop + keeps)
    if begun is not None:
        yield begun._replace(ended=begun.ended if begun.ended is not None and begun.ended < len(present) else None)


def alert_labels(labels: Labels, own: Mapping[str, str], name: str) -> Labels:
    """Return the labels of an alert: those of the result, overwritten by the rule's, and its name."""
    return labels_of((dict(p for p in labels if p[0] != NAME) | dict(own) | {"alertname": name}).items())


def firings(vector: Vector, grid: Grid, hold: int, keep: int, own: Mapping[str, str], name: str) -> pd.DataFrame:
    """Return every life of every alert in the order in which they began.

    Returns
    -------
    DataFrame
        ``pending``, ``firing``, ``ended`` (UTC; NaT where it did not fire, or had not ended when the record did) and
        ``labels`` (``a=b,c=d``).

    Raises
    ------
    IncidentError
        If the labels of the rule make two alerts one, which Prometheus refuses.
    """
    rows: list[tuple[int, int | None, int | None, str]] = []
    alerts = vector.renamed(lambda labels: alert_labels(labels, own, name))  # whose alert it is, its labels alone say
    for labels, known in zip(alerts.labels, alerts.known, strict=True):
        shown = ",".join(f"{k}={v}" for k, v in labels if k != "alertname")
        rows += [(life.pending, life.firing, life.ended, shown) for life in lives(known, grid.step, hold, keep)]
    rows.sort(key=lambda row: (row[0], row[3]))
    times = ("pending", [r[0] for r in rows]), ("firing", [r[1] for r in rows]), ("ended", [r[2] for r in rows])
    frame = pd.DataFrame({name: _instants(steps, grid) for name, steps in times})
    return frame.assign(labels=pd.Series([r[3] for r in rows], dtype="str"))


def _instants(steps: Sequence[int | None], grid: Grid) -> pd.Series:
    when = pd.Series(pd.array(steps, dtype="Int64"))
    return pd.to_datetime(when * grid.step + grid.start, unit="ms", utc=True).dt.as_unit("ns")
