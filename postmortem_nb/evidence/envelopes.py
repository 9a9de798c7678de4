"""Log exports that are one JSON document: each is known by its keys and says where its records lie and what they mean.

A record becomes a row of fields as a line of any other log does, and is read on by the same code: times, levels and
durations are told nowhere else. Its number in the document stands for its line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.documents import Record
from postmortem_nb.evidence.parsers import plain

Fields = dict[str, str | None]
Notes = list[str]
UTC_MARK = "Z"


def _dict(item: object) -> Record:
    return item if isinstance(item, dict) else {}


def _dicts(items: object) -> list[Record]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _at(record: object, *paths: str) -> str | None:
    """Return the first of some places of a record, as text; a key with dots comes before a nested one."""
    for path in paths:
        if isinstance(record, dict) and path in record and (text := plain(record[path])):
            return text
        value = record
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if text := plain(value):
            return text
    return None


def loki(document: Record, notes: Notes) -> Iterator[Fields]:
    """Grafana Loki, ``query_range``: nanoseconds and a line, the newest first."""
    count = 0
    for stream in _dicts(_dict(document.get("data")).get("result")):
        labels = _dict(stream.get("stream"))
        values = stream.get("values")
        for value in values if isinstance(values, list) else []:
            count += 1
            pair = value if isinstance(value, list) and len(value) >= 2 else [None, None]
            yield {
                "time": plain(pair[0]),
                "message": plain(pair[1]),
                "level": _at(labels, "level", "detected_level", "severity"),
                "service": _at(labels, "service", "service_name", "app", "job", "container"),
                "host": _at(labels, "host", "hostname", "node", "instance", "pod"),
            }
    if count in (100, 1000, 5000):
        notes.append(f"It holds exactly {count:,} lines, a limit of Loki: there may be more.")


def elasticsearch(document: Record, notes: Notes) -> Iterator[Fields]:
    """Elasticsearch and OpenSearch, ``_search``: documents below ``hits``."""
    hits = _dict(document.get("hits"))
    total = hits.get("total")
    if isinstance(total, dict) and total.get("relation") == "gte":
        notes.append(f"It found {total.get('value')} documents or more and holds {len(_dicts(hits.get('hits'))):,}.")
    for hit in _dicts(hits.get("hits")):
        source = _dict(hit.get("_source")) or {
            k: v[0] for k, v in _dict(hit.get("fields")).items() if isinstance(v, list) and v
        }
        yield {
            "time": _at(source, "@timestamp", "timestamp", "time"),
            "message": _at(source, "message", "msg", "log", "event.original"),
            "level": _at(source, "log.level", "level", "severity"),
            "service": _at(source, "service.name", "service", "kubernetes.container.name", "app"),
            "host": _at(source, "host.name", "host", "hostname"),
            "trace": _at(source, "trace.id", "trace_id"),
            "status": _at(source, "http.response.status_code", "status"),
            "method": _at(source, "http.request.method"),
            "path": _at(source, "url.path"),
            "client": _at(source, "client.ip", "source.ip"),
        }


def cloudwatch(document: Record, notes: Notes) -> Iterator[Fields]:
    """CloudWatch Logs, ``filter-log-events`` and ``get-log-events``: milliseconds."""
    if document.get("nextToken"):
        notes.append("It is one page of several (nextToken): there are more events.")
    for event in _dicts(document.get("events")):
        stream = _at(event, "logStreamName")
        yield {"time": _at(event, "timestamp"), "message": _at(event, "message"), "host": stream}


def insights(document: Record, notes: Notes) -> Iterator[Fields]:
    """CloudWatch Logs Insights: a list of fields a row; its times are UTC without a mark."""
    rows = document.get("results")
    matched = _dict(document.get("statistics")).get("recordsMatched")
    if isinstance(rows, list) and len(rows) >= 10_000:
        notes.append(f"It holds {len(rows):,} rows, the most that Insights gives, of {matched} matched.")
    for row in rows if isinstance(rows, list) else []:
        cells = {str(cell.get("field")): plain(cell.get("value")) for cell in _dicts(row)}
        time = cells.get("@timestamp") or cells.get("timestamp")
        yield {
            "time": f"{time}{UTC_MARK}" if time and time[-1:].isdigit() and "-" in time else time,
            "message": cells.get("@message") or cells.get("message"),
            "level": cells.get("level"),
            "host": cells.get("@logStream"),
            "service": cells.get("@log"),
        }


def datadog(document: Record, notes: Notes) -> Iterator[Fields]:
    """Datadog, logs v2."""
    if _at(document, "meta.page.after"):
        notes.append("It is one page of several (meta.page.after): there are more lines.")
    for item in _dicts(document.get("data")):
        own = _dict(item.get("attributes"))
        yield {
            "time": _at(own, "timestamp"),
            "message": _at(own, "message", "attributes.message", "attributes.msg"),
            "level": _at(own, "status", "attributes.level"),
            "service": _at(own, "service"),
            "host": _at(own, "host"),
            "trace": _at(own, "attributes.trace_id", "attributes.dd.trace_id"),
            "status": _at(own, "attributes.http.status_code"),
            "method": _at(own, "attributes.http.method"),
            "path": _at(own, "attributes.http.url_details.path"),
        }


def google(entry: Record, notes: Notes) -> Iterator[Fields]:
    """Google Cloud Logging: an entry; durations are texts such as ``0.12s``."""
    request = _dict(entry.get("httpRequest"))
    latency = _at(request, "latency")
    said = _at(entry, "textPayload", "jsonPayload.message", "jsonPayload.msg", "protoPayload.status.message")
    yield {
        "time": _at(entry, "timestamp", "receiveTimestamp"),
        "message": said or _at(entry, "protoPayload.methodName") or _at(request, "requestUrl"),
        "level": _at(entry, "severity"),
        "service": _at(entry, "resource.labels.service_name", "resource.labels.container_name", "resource.type"),
        "host": _at(entry, "resource.labels.pod_name", "resource.labels.instance_id"),
        "trace": _at(entry, "trace"),
        "status": _at(request, "status"),
        "method": _at(request, "requestMethod"),
        "path": _at(request, "requestUrl"),
        "client": _at(request, "remoteIp"),
        "seconds": latency.removesuffix("s") if latency else None,
    }


def otlp(document: Record, notes: Notes) -> Iterator[Fields]:
    """OpenTelemetry logs as JSON."""
    for resource in _dicts(document.get("resourceLogs")):
        own = _attributes(_dict(resource.get("resource")).get("attributes"))
        for scope in _dicts(resource.get("scopeLogs")):
            for record in _dicts(scope.get("logRecords")):
                number = record.get("severityNumber")
                words = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
                scale = words[(number - 1) // 4] if isinstance(number, int) and 1 <= number <= 24 else None
                yield {
                    "time": _at(record, "timeUnixNano", "observedTimeUnixNano"),
                    "message": _at(record, "body.stringValue"),
                    "level": _at(record, "severityText") or scale,
                    "service": own.get("service.name"),
                    "host": own.get("host.name") or own.get("k8s.pod.name"),
                    "trace": _at(record, "traceId"),
                }


def _attributes(items: object) -> Fields:
    return {str(i.get("key")): plain(next(iter(_dict(i.get("value")).values()), None)) for i in _dicts(items)}


def cloudtrail(document: Record, notes: Notes) -> Iterator[Fields]:
    """AWS CloudTrail: what was called, and whether it failed."""
    for record in _dicts(document.get("Records")):
        error = _at(record, "errorCode")
        name = " ".join(
            filter(None, (_at(record, "eventSource"), _at(record, "eventName"), error, _at(record, "errorMessage")))
        )
        yield {
            "time": _at(record, "eventTime"),
            "message": name,
            "level": "ERROR" if error else "INFO",
            "service": _at(record, "eventSource"),
            "client": _at(record, "sourceIPAddress"),
            "trace": _at(record, "requestID"),
        }


def azure(document: Record, notes: Notes) -> Iterator[Fields]:
    """Azure Monitor and Log Analytics: tables of columns and rows."""
    for table in _dicts(document.get("tables")):
        names = [str(column.get("name")) for column in _dicts(table.get("columns"))]
        rows = table.get("rows")
        for row in rows if isinstance(rows, list) else []:
            cells = dict(zip(names, row, strict=False)) if isinstance(row, list) else {}
            yield {
                "time": _at(cells, "TimeGenerated", "timestamp"),
                "message": _at(cells, "Message", "message", "ResultDescription", "LogEntry", "RawData"),
                "level": _at(cells, "SeverityLevel", "Level", "severityLevel", "LogLevel"),
                "service": _at(cells, "AppRoleName", "cloud_RoleName", "ContainerName", "ServiceName"),
                "host": _at(cells, "Computer", "HostName", "PodName"),
                "trace": _at(cells, "OperationId", "operation_Id"),
            }


def splunk(record: Record, notes: Notes) -> Iterator[Fields]:
    """Splunk: one result a line or in a list."""
    result = _dict(record.get("result")) or record
    yield {
        "time": _at(result, "_time"),
        "message": _at(result, "_raw", "message"),
        "level": _at(result, "level", "log_level", "severity"),
        "service": _at(result, "sourcetype", "source"),
        "host": _at(result, "host"),
    }


@dataclass(frozen=True)
class Envelope:
    """One kind of export: the keys by which it is known (``a.b``: b inside of a), and how its records are taken out."""

    keys: tuple[str, ...]
    records: Callable[[Record, Notes], Iterator[Fields]]


ENVELOPES: dict[str, Envelope] = {
    "loki": Envelope(("data.resultType", "data.result"), loki),
    "elasticsearch": Envelope(("hits.hits",), elasticsearch),
    "cloudwatch-logs": Envelope(("events", "events[].timestamp", "events[].message"), cloudwatch),
    "cloudwatch-insights": Envelope(("results", "results[][].field"), insights),
    "datadog-logs": Envelope(("data", "data[].attributes.timestamp"), datadog),
    "otlp-logs": Envelope(("resourceLogs",), otlp),
    "cloudtrail": Envelope(("Records", "Records[].eventTime"), cloudtrail),
    "azure-logs": Envelope(("tables", "tables[].columns"), azure),
    "google-logs": Envelope(("insertId", "timestamp"), google),
    "splunk": Envelope(("result._raw",), splunk),
    "splunk-list": Envelope(("_raw", "_time"), splunk),
}


def envelope_of(record: object) -> str:
    """Return the name of the export that a document or record is of; empty if it is of none."""
    return next((name for name, env in ENVELOPES.items() if all(_has(record, key) for key in env.keys)), "")


def _has(record: object, path: str) -> bool:
    """Whether a record has a key: ``a.b`` is inside of a, ``a[].b`` inside of the first item of the list a."""
    head, _, rest = path.partition(".")
    key, lists = head.replace("[]", ""), head.count("[]")
    if not isinstance(record, dict) or key not in record:
        return False
    value: Any = record[key]
    for _ in range(lists):
        if not isinstance(value, list) or not value:
            return False
        value = value[0]
    return not rest or _has(value, rest)


def unwrap(records: Sequence[Record], tally: Tally) -> tuple[str, list[tuple[int, Fields]]]:
    """Take the records out of an export.

    Returns
    -------
    name : str
        Of the export.
    rows : list of (int, dict)
        Number of each record and its fields. The tally counts records as lines; one that has no time is rejected.

    Raises
    ------
    Unreadable
        If it is of no known kind; shows the keys that it has.
    """
    names = list(dict.fromkeys(filter(None, (envelope_of(record) for record in records[:50]))))
    if len(names) != 1:
        shown = ", ".join(list(records[0])[:8]) if records else ""
        why = f"is of {' and '.join(names)}" if names else f"is of no known kind; its keys are {shown}"
        raise Unreadable(
            f"{tally.file}: it is a JSON document that {why}. Known: {', '.join(ENVELOPES)}. Or export it as JSON "
            "lines, one record a line."
        )
    notes: Notes = []
    counted = tally.rejected + tally.blank + tally.skipped  # what stood beside or behind the documents
    rows: list[tuple[int, Fields]] = []
    number = 0
    for record in records:
        for fields in ENVELOPES[names[0]].records(record, notes):
            number += 1
            if fields.get("time"):
                rows.append((number, fields))
            else:
                tally.reject(number, f"(it has no time) {fields.get('message') or ''}")
    tally.lines = number + counted
    tally.notes += tuple(dict.fromkeys(notes))
    return names[0], rows
