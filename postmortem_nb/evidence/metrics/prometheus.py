"""Answers of Prometheus and of what speaks like it: VictoriaMetrics, Mimir, Thanos. Gaps are told from the step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from postmortem_nb.evidence.documents import Record
from postmortem_nb.evidence.metrics.samples import Samples
from postmortem_nb.evidence.metrics.shapes import Points, Series, as_dict, dicts, note, pairs, points_in, refuse, shown

CAP = 11_000  # points of a series that Prometheus answers at most
# Series of alerts exist while an alert is pending or firing: their absence is no gap but its end.
ALERTS = ("ALERTS", "ALERTS_FOR_STATE")


def prometheus(record: Record, samples: Samples) -> Iterator[Series]:
    """Prometheus ``query`` and ``query_range``; values are texts."""
    if record.get("status") == "error":
        raise refuse(samples.tally.file, f"{record.get('errorType', 'error')}: {record.get('error', '')}")
    for key in ("warnings", "infos"):
        for said in record[key] if isinstance(record.get(key), list) else []:
            note(samples, f"The server says: {said if isinstance(said, str) else shown(said)}")
    if record.get("isPartial") is True:
        note(samples, "The server answered only a part: some of its storage was out of reach.")
    data = as_dict(record.get("data"))
    result = data.get("result")
    if data.get("resultType") == "scalar":
        yield Series(_stem(samples), {}, points_in([result]))
        return
    found = [(as_dict(s.get("metric")), _points(s)) for s in dicts(result)]
    is_range = data.get("resultType") == "matrix"
    step = step_of([points for _, points in found]) if is_range else None
    for series in dicts(result):
        if "histograms" in series or "histogram" in series:
            note(samples, "It holds native histograms, which are not read. Ask for histogram_quantile() or a count.")
    for labels, points in found:
        name = str(labels.get("__name__") or _stem(samples))
        if len(points) >= CAP:
            said = f"A series has {len(points):,} points, the most that Prometheus answers: the record may be cut."
            note(samples, said)
        yield Series(name, labels, points if step is None or name in ALERTS else with_gaps(points, step))


def victoriametrics(record: Record, samples: Samples) -> Iterator[Series]:
    """VictoriaMetrics ``/api/v1/export``: one series a line, raw samples in milliseconds."""
    labels = as_dict(record.get("metric"))
    yield Series(
        str(labels.get("__name__") or _stem(samples)), labels, pairs(record.get("timestamps"), record.get("values"))
    )


def step_of(many: Sequence[Points]) -> float | None:
    """Return the step of a range query, if the times show it: all lie on one grid, and neighbours on most of it.

    Raw samples, which ``metric[1h]`` asks for, lie on no grid, or only by chance.
    """
    steps = [round(1000 * (b - a)) for points in many for a, b in pairwise(_known_times(points))]
    if len(steps) < 2 or min(steps) <= 0:
        return None
    step = min(steps)
    is_grid = not any(difference % step for difference in steps)
    return step / 1000 if is_grid and steps.count(step) >= 0.5 * len(steps) else None


def _known_times(points: Points) -> list[float]:
    return [at for time, _ in points if (at := _seconds(time)) is not None]


def with_gaps(points: Points, step: float) -> Points:
    """Put a point without a value wherever a series lacks a step between its first and its last.

    >>> with_gaps([(0, "1"), (30, "2")], 10.0)
    [(0, '1'), (10.0, None), (20.0, None), (30, '2')]
    """
    out: list[tuple[object, object]] = []
    last: float | None = None
    for time, value in points:
        at = _seconds(time)
        if at is not None and last is not None:
            missing = round((at - last) / step) - 1
            if 0 < missing <= CAP:  # more no range query can have asked for
                out += [(round(last + step * (i + 1), 3), None) for i in range(missing)]
        out.append((time, value))
        last = at if at is not None else last
    return out


def _points(series: Record) -> Points:
    return points_in(series["values"]) if "values" in series else points_in([series.get("value")])


def _seconds(time: object) -> float | None:
    try:
        at = float(time) if isinstance(time, int | float | str) and not isinstance(time, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return at if math.isfinite(at) and abs(at) < 1e11 else None


def _stem(samples: Samples) -> str:
    """Return the name of an expression, which has none of its own: that of the file."""
    return Path(samples.tally.file).name.split(".")[0]
