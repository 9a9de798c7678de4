"""JSON that metrics APIs answer → samples: each API is known by its keys and says where its series lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from postmortem_nb.evidence.account import Unreadable
from postmortem_nb.evidence.documents import Record
from postmortem_nb.evidence.metrics.samples import Samples

Series = tuple[str, Record, Sequence[tuple[object, object]]]  # name, labels, (time, value)
PROMETHEUS_CAP = 11_000  # points of a series that Prometheus answers at most
STATISTICS = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")


def _pairs(times: object, values: object) -> list[tuple[object, object]]:
    """Join two lists of one length; what is no list, or shorter, has no points."""
    if not isinstance(times, list) or not isinstance(values, list):
        return []
    return list(zip(times, values, strict=False))


def _points(points: object, *, swapped: bool = False) -> list[tuple[object, object]]:
    """Take a list of [time, value], or of [value, time]."""
    good = [p for p in points if isinstance(p, list) and len(p) >= 2] if isinstance(points, list) else []
    return [(p[1], p[0]) if swapped else (p[0], p[1]) for p in good]


def _dicts(items: object) -> list[Record]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _dict(item: object) -> Record:
    return item if isinstance(item, dict) else {}


def prometheus(record: Record, samples: Samples) -> Iterator[Series]:
    """Prometheus, VictoriaMetrics, Mimir, Thanos: ``query`` and ``query_range``."""
    if record.get("status") == "error":
        said = f"{record.get('errorType', 'error')}: {record.get('error', '')}"
        raise Unreadable(f"{samples.tally.file}: it holds an error of the server and no data ({said}). Ask again.")
    for series in _dicts(_dict(record.get("data")).get("result")):
        labels = _dict(series.get("metric"))
        points = _points(series["values"]) if "values" in series else _points([series.get("value")])
        if len(points) >= PROMETHEUS_CAP:
            note = f"A series has {len(points):,} points, the most that Prometheus answers: the record may be cut."
            samples.tally.notes += () if note in samples.tally.notes else (note,)
        yield str(labels.get("__name__") or Path(samples.tally.file).name.split(".")[0]), labels, points


def victoriametrics(record: Record, samples: Samples) -> Iterator[Series]:
    """VictoriaMetrics ``/api/v1/export``: one series a line."""
    labels = _dict(record.get("metric"))
    yield str(labels.get("__name__") or "value"), labels, _pairs(record.get("timestamps"), record.get("values"))


def cloudwatch_data(record: Record, samples: Samples) -> Iterator[Series]:
    """CloudWatch ``get-metric-data``: newest first by default."""
    for result in _dicts(record.get("MetricDataResults")):
        name = str(result.get("Label") or result.get("Id") or "value")
        if result.get("StatusCode") not in (None, "Complete"):
            samples.tally.notes += (f"{name}: CloudWatch answered only a part ({result.get('StatusCode')}).",)
        yield name, {}, _pairs(result.get("Timestamps"), result.get("Values"))


def cloudwatch_statistics(record: Record, samples: Samples) -> Iterator[Series]:
    """CloudWatch ``get-metric-statistics``: in no order, a metric for each statistic."""
    points = _dicts(record.get("Datapoints"))
    names = [name for name in STATISTICS if any(name in point for point in points)]
    percentiles = sorted({key for point in points for key in _dict(point.get("ExtendedStatistics"))})
    label = str(record.get("Label") or "value")
    for name in names:
        yield f"{label}_{name}" if len(names) > 1 else label, {}, [(p.get("Timestamp"), p.get(name)) for p in points]
    for name in percentiles:
        values = [(p.get("Timestamp"), _dict(p.get("ExtendedStatistics")).get(name)) for p in points]
        yield f"{label}_{name}", {}, values


def datadog(record: Record, samples: Samples) -> Iterator[Series]:
    """Datadog ``/api/v1/query``: milliseconds; null is a gap."""
    for series in _dicts(record.get("series")):
        tags = series.get("tag_set") or str(series.get("scope") or "").split(",")
        labels = dict(str(tag).split(":", 1) for tag in tags if ":" in str(tag)) if isinstance(tags, list) else {}
        yield str(series.get("metric") or series.get("expression") or "value"), labels, _points(series.get("pointlist"))


def datadog_timeseries(record: Record, samples: Samples) -> Iterator[Series]:
    """Datadog ``/api/v2/query/timeseries``."""
    attributes = _dict(_dict(record.get("data")).get("attributes"))
    values = attributes.get("values")
    for number, series in enumerate(_dicts(attributes.get("series"))):
        tags = series.get("group_tags")
        labels = dict(str(tag).split(":", 1) for tag in tags if ":" in str(tag)) if isinstance(tags, list) else {}
        column = values[number] if isinstance(values, list) and number < len(values) else None
        yield f"query{series.get('query_index', number)}", labels, _pairs(attributes.get("times"), column)


def grafana(record: Record, samples: Samples) -> Iterator[Series]:
    """Grafana ``/api/ds/query``: frames of a time field and value fields."""
    for name, result in _dict(record.get("results")).items():
        for frame in _dicts(_dict(result).get("frames")):
            fields = _dicts(_dict(frame.get("schema")).get("fields"))
            columns = _dict(frame.get("data")).get("values")
            if not isinstance(columns, list) or len(columns) != len(fields):
                continue
            time = next((c for f, c in zip(fields, columns, strict=True) if f.get("type") == "time"), None)
            for field, column in zip(fields, columns, strict=True):
                if field.get("type") == "number":
                    labels = _dict(field.get("labels"))
                    yield str(labels.get("__name__") or field.get("name") or name), labels, _pairs(time, column)


def influx(record: Record, samples: Samples) -> Iterator[Series]:
    """InfluxDB ``/query``: rows with a column ``time``."""
    for result in _dicts(record.get("results")):
        for series in _dicts(result.get("series")):
            columns, rows = series.get("columns"), series.get("values")
            if not isinstance(columns, list) or "time" not in columns or not isinstance(rows, list):
                continue
            at = columns.index("time")
            for number, column in enumerate(columns):
                if number != at:
                    points = [(r[at], r[number]) for r in rows if isinstance(r, list) and len(r) == len(columns)]
                    yield f"{series.get('name', 'value')}.{column}", _dict(series.get("tags")), points


def graphite(record: Record, samples: Samples) -> Iterator[Series]:
    """Graphite ``/render?format=json``: value before time."""
    yield str(record.get("target")), _dict(record.get("tags")), _points(record.get("datapoints"), swapped=True)


def opentsdb(record: Record, samples: Samples) -> Iterator[Series]:
    """OpenTSDB ``/api/query``: an object of epoch → value."""
    yield str(record.get("metric")), _dict(record.get("tags")), list(_dict(record.get("dps")).items())


def otlp(record: Record, samples: Samples) -> Iterator[Series]:
    """OpenTelemetry metrics as JSON: gauges and sums, and count and sum of histograms."""
    for resource in _dicts(record.get("resourceMetrics")):
        own = _attributes(_dict(resource.get("resource")).get("attributes"))
        for scope in _dicts(resource.get("scopeMetrics")):
            for metric in _dicts(scope.get("metrics")):
                name = str(metric.get("name") or "value")
                kinds = [_dict(metric.get(kind)) for kind in ("gauge", "sum", "histogram", "summary")]
                for point in [p for kind in kinds for p in _dicts(kind.get("dataPoints"))]:
                    labels = own | _attributes(point.get("attributes"))
                    time = point.get("timeUnixNano")
                    value = point.get("asDouble", point.get("asInt"))
                    if value is not None:
                        yield name, labels, [(time, value)]
                    for part in ("count", "sum"):
                        if part in point:
                            yield f"{name}_{part}", labels, [(time, point[part])]


def _attributes(items: object) -> Record:
    out: dict[str, Any] = {}
    for item in _dicts(items):
        value = _dict(item.get("value"))
        out[str(item.get("key"))] = next(iter(value.values()), None)
    return out


Reader = Callable[[Record, Samples], Iterator[Series]]
ANSWERS: dict[str, tuple[tuple[str, ...], Reader]] = {  # name → keys that a record of it has (a/b: b inside of a)
    "prometheus": (("data/resultType", "status"), prometheus),
    "prometheus-error": (("status", "errorType"), prometheus),
    "victoriametrics": (("metric", "values", "timestamps"), victoriametrics),
    "cloudwatch": (("MetricDataResults",), cloudwatch_data),
    "cloudwatch-statistics": (("Datapoints",), cloudwatch_statistics),
    "datadog": (("series", "status"), datadog),
    "datadog-timeseries": (("data/attributes/times",), datadog_timeseries),
    "grafana": (("results/*/frames",), grafana),
    "influx": (("results",), influx),
    "graphite": (("target", "datapoints"), graphite),
    "opentsdb": (("metric", "dps"), opentsdb),
    "otlp": (("resourceMetrics",), otlp),
}


def answer_of(record: Record) -> str:
    """Return the name of the API that a record is an answer of; empty if it is of none."""
    return next((name for name, (keys, _) in ANSWERS.items() if all(_has(record, key) for key in keys)), "")


def _has(record: object, path: str) -> bool:
    key, _, rest = path.partition("/")
    if not isinstance(record, dict):
        return False
    if key == "*":
        return any(_has(value, rest) for value in record.values())
    return key in record and (not rest or _has(record[key], rest))
