"""OpenTelemetry metrics as JSON: gauges, sums, histograms and summaries, with what they say of adding up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from postmortem_nb.evidence.documents import Record
from postmortem_nb.evidence.metrics.samples import CHANGE, COUNTER, GAUGE, Samples
from postmortem_nb.evidence.metrics.shapes import Series, as_dict, dicts

DELTA = (1, "1", "AGGREGATION_TEMPORALITY_DELTA")


def otlp(record: Record, samples: Samples) -> Iterator[Series]:
    """OTLP/JSON, of a file exporter or a request: nanoseconds as texts."""
    for resource in dicts(record.get("resourceMetrics")):
        own = _attributes(as_dict(resource.get("resource")).get("attributes"))
        for scope in dicts(resource.get("scopeMetrics") or resource.get("instrumentationLibraryMetrics")):
            for metric in dicts(scope.get("metrics")):
                yield from _metric(metric, own)


def _metric(metric: Record, own: Record) -> Iterator[Series]:
    name = str(metric.get("name") or "value")
    if isinstance(metric.get("unit"), str) and metric["unit"] not in ("", "1"):
        own = own | {"unit": metric["unit"]}
    for kind in ("gauge", "sum", "histogram", "exponentialHistogram", "summary"):
        body = as_dict(metric.get(kind))
        grows = CHANGE if body.get("aggregationTemporality") in DELTA else COUNTER
        type = GAUGE if kind == "gauge" or (kind == "sum" and body.get("isMonotonic") is not True) else grows
        if kind == "sum" and grows == CHANGE:
            type = CHANGE
        for point in dicts(body.get("dataPoints")):
            labels, time = own | _attributes(point.get("attributes")), point.get("timeUnixNano")
            value = point.get("asDouble", point.get("asInt"))
            is_empty = point.get("flags") in (1, "1")  # "no recorded value": a gap that is said
            if value is not None or is_empty or kind in ("gauge", "sum"):
                yield Series(name, labels, [(time, None if is_empty else value)], type)
                continue
            for part in ("count", "sum"):
                if part in point:
                    yield Series(f"{name}_{part}", labels, [(time, point[part])], type)
            for bound, count in _buckets(point):
                yield Series(f"{name}_bucket", labels | {"le": bound}, [(time, count)], type)
            for quantile in dicts(point.get("quantileValues")):
                own_labels = labels | {"quantile": quantile.get("quantile", 0)}
                yield Series(name, own_labels, [(time, quantile.get("value", 0))], GAUGE)


def _buckets(point: Record) -> Iterator[tuple[str, int]]:
    """Yield upper bounds with how many stand at or below them, as Prometheus counts; OTLP counts each bucket alone."""
    counts, bounds = point.get("bucketCounts"), point.get("explicitBounds")
    if not isinstance(counts, list) or not isinstance(bounds, list) or len(counts) != len(bounds) + 1:
        return
    total = 0
    for bound, count in zip((*bounds, "+Inf"), counts, strict=True):
        try:
            total += int(count)
        except (TypeError, ValueError):
            return
        yield str(bound), total


def _attributes(items: object) -> Record:
    out: dict[str, Any] = {}
    for item in dicts(items):
        value = as_dict(item.get("value"))
        out[str(item.get("key"))] = next(iter(value.values()), None)
    return out
