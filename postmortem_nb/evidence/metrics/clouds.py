"""Answers of hosted monitoring: CloudWatch, Datadog, Azure Monitor, Google Cloud Monitoring."""

from __future__ import annotations

from collections.abc import Iterator

from postmortem_nb.evidence.documents import Record
from postmortem_nb.evidence.metrics.samples import CHANGE, COUNTER, GAUGE, Samples
from postmortem_nb.evidence.metrics.shapes import Series, as_dict, dicts, note, pairs, points_in, refuse, shown, tags

STATISTICS = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")
AZURE = ("average", "total", "minimum", "maximum", "count")
KINDS = {"CUMULATIVE": COUNTER, "DELTA": CHANGE, "GAUGE": GAUGE}


def cloudwatch_data(record: Record, samples: Samples) -> Iterator[Series]:
    """CloudWatch ``get-metric-data``: newest first by default; what has no data has no point."""
    if record.get("NextToken"):
        note(samples, "It is one page of several: there is a NextToken. Fetch the others as well.")
    for message in dicts(record.get("Messages")):
        note(samples, f"CloudWatch says: {message.get('Value') or message.get('Code')}")
    for result in dicts(record.get("MetricDataResults")):
        name = str(result.get("Label") or result.get("Id") or "value")
        if result.get("StatusCode") not in (None, "Complete"):
            note(samples, f"{name}: CloudWatch answered only a part ({result.get('StatusCode')}).")
        yield Series(name, {}, pairs(result.get("Timestamps"), result.get("Values")))


def cloudwatch_statistics(record: Record, samples: Samples) -> Iterator[Series]:
    """CloudWatch ``get-metric-statistics``: in no order, a metric for each statistic."""
    points = dicts(record.get("Datapoints"))
    names = [name for name in STATISTICS if any(name in point for point in points)]
    percentiles = sorted({key for point in points for key in as_dict(point.get("ExtendedStatistics"))})
    label = str(record.get("Label") or "value")
    units = {str(point["Unit"]) for point in points if isinstance(point.get("Unit"), str) and point["Unit"] != "None"}
    labels = {"unit": units.pop()} if len(units) == 1 else {}
    for name in names:
        given = [(p.get("Timestamp"), p.get(name)) for p in points]
        yield Series(f"{label}_{name}" if len(names) > 1 else label, labels, given)
    for name in percentiles:
        given = [(p.get("Timestamp"), as_dict(p.get("ExtendedStatistics")).get(name)) for p in points]
        yield Series(f"{label}_{name}", labels, given)


def datadog(record: Record, samples: Samples) -> Iterator[Series]:
    """Datadog ``/api/v1/query``: milliseconds; null is a gap."""
    if record.get("status") == "error" or (record.get("error") and not record.get("series")):
        raise refuse(samples.tally.file, record.get("error") or record.get("errors") or "no reason given")
    for series in dicts(record.get("series")):
        labels = tags(series.get("tag_set") or series.get("scope"))
        unit = next((u for u in dicts(series.get("unit"))), {})
        if isinstance(unit.get("short_name") or unit.get("name"), str):
            labels["unit"] = unit.get("short_name") or unit["name"]
        name = series.get("metric") or series.get("display_name") or series.get("expression") or "value"
        yield Series(str(name), labels, points_in(series.get("pointlist")))


def datadog_timeseries(record: Record, samples: Samples) -> Iterator[Series]:
    """Datadog ``/api/v2/query/timeseries``: one list of times in milliseconds, a list of values for each series."""
    attributes = as_dict(as_dict(record.get("data")).get("attributes"))
    values = attributes.get("values")
    if record.get("errors"):
        note(samples, f"Datadog says: {shown(record['errors'])[:200]}")
    for number, series in enumerate(dicts(attributes.get("series"))):
        column = values[number] if isinstance(values, list) and number < len(values) else None
        name = f"query{series.get('query_index', number)}"
        yield Series(name, tags(series.get("group_tags")), pairs(attributes.get("times"), column))


def azure(record: Record, samples: Samples) -> Iterator[Series]:
    """Azure Monitor ``az monitor metrics list``: a metric for each aggregation that has a value."""
    for metric in dicts(record.get("value")):
        name = metric.get("name")
        label = str(as_dict(name).get("value") or name or "value")
        for series in dicts(metric.get("timeseries")):
            data = dicts(series.get("data"))
            labels = {
                str(as_dict(m.get("name")).get("value") or m.get("name")): m.get("value")
                for m in dicts(series.get("metadatavalues"))
            }
            if isinstance(metric.get("unit"), str):
                labels["unit"] = metric["unit"]
            used = [a for a in AZURE if any(p.get(a) is not None for p in data)] or ["average"]
            for aggregation in used:
                points = [(p.get("timeStamp"), p.get(aggregation)) for p in data]
                yield Series(f"{label}_{aggregation}" if len(used) > 1 else label, labels, points)


def google(record: Record, samples: Samples) -> Iterator[Series]:
    """Google Cloud Monitoring ``projects.timeSeries.list``: newest first; a point stands at the end of its interval."""
    if record.get("nextPageToken"):
        note(samples, "It is one page of several: there is a nextPageToken. Fetch the others as well.")
    for series in dicts(record.get("timeSeries")):
        metric, resource = as_dict(series.get("metric")), as_dict(series.get("resource"))
        labels = as_dict(resource.get("labels")) | as_dict(metric.get("labels"))
        points, count, total = [], [], []
        for point in dicts(series.get("points")):
            time = as_dict(point.get("interval")).get("endTime")
            value = as_dict(point.get("value"))
            if isinstance(value.get("distributionValue"), dict):
                spread = value["distributionValue"]
                count.append((time, spread.get("count", 0)))
                total.append((time, spread.get("mean")))
            else:
                points.append((time, next(iter(value.values()), None)))
        name, type = str(metric.get("type") or "value"), KINDS.get(str(series.get("metricKind")), "")
        for suffix, given in (("", points), ("_count", count), ("_mean", total)):
            if given:
                yield Series(f"{name}{suffix}", labels, given, GAUGE if suffix == "_mean" else type)
