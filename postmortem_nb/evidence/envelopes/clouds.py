"""Exports of clouds and of OpenTelemetry: CloudWatch Logs and its Insights, CloudTrail, Google, Azure, OTLP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from postmortem_nb.evidence.envelopes.envelope import (
    Fields,
    Pages,
    Record,
    as_text,
    at,
    inside,
    items,
    number,
    record,
    seconds,
)
from postmortem_nb.evidence.parsers import plain, record_in

NAIVE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?")
SCALE = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")  # of OpenTelemetry: four numbers each, from 1 on


def cloudwatch(document: Record, pages: Pages) -> Iterator[Fields]:
    """CloudWatch Logs: ``filter-log-events``, ``get-log-events``, and what a subscription delivers."""
    pages.more = "nextToken" if document.get("nextToken") else ""  # get-log-events has its tokens on every page
    group, stream = at(document, "logGroup"), at(document, "logStream")
    for event in (*items(document.get("events")), *items(document.get("logEvents"))):
        yield {
            "time": at(event, "timestamp"),
            "message": as_text(record(event).get("message")),
            "service": group and group.rpartition("/")[2],
            "host": at(event, "logStreamName") or stream,
        }


def insights(document: Record, pages: Pages) -> Iterator[Fields]:
    """CloudWatch Logs Insights: a list of fields a row, or a row an object; its times are UTC without a mark."""
    if "results" not in document:
        yield _insights_row(document)
        return
    pages.total = number(inside(document, "statistics.recordsMatched"))
    status = at(document, "status")
    if status not in (None, "Complete"):
        pages.said.append(f"Its query had not ended ({status}): there may be more.")
    for row in items(document.get("results")):
        cells = [record(cell) for cell in items(row)]
        yield _insights_row({str(cell.get("field")): cell.get("value") for cell in cells if "field" in cell})


def _insights_row(cells: Record) -> Fields:
    time = at(cells, "@timestamp", "timestamp", "@ingestionTime")
    said = {key: value for key, value in cells.items() if key != "@ptr"}
    return {
        # AWS documents these times as UTC; nothing in them says so.
        "time": f"{time}Z" if time and NAIVE.fullmatch(time) else time,
        "message": as_text(cells.get("@message")) or at(cells, "message", "msg") or as_text(said),
        "level": at(cells, "level", "severity", "@level", "log_level", "log.level"),
        "service": at(cells, "service", "app", "@log"),
        "host": at(cells, "@logStream", "host"),
        "trace": at(cells, "trace_id", "traceId", "@xrayTraceId", "@requestId", "requestId"),
        "status": at(cells, "status", "status_code"),
        "method": at(cells, "method"),
        "path": at(cells, "path", "uri"),
        "seconds": seconds(at(cells, "@duration"), 1e-3),  # of Lambda, in milliseconds
    }


def cloudtrail(document: Record, pages: Pages) -> Iterator[Fields]:
    """AWS CloudTrail: what was called, and whether it failed; files, ``lookup-events``, or single records."""
    pages.more = "NextToken" if document.get("NextToken") else ""
    looked_up = [record_in(at(event, "CloudTrailEvent") or "") or event for event in items(document.get("Events"))]
    single = [document] if "eventName" in document else []
    for event in map(record, (*items(document.get("Records")), *looked_up, *single)):
        error = at(event, "errorCode")
        parts = [at(event, *keys) for keys in (("eventSource", "EventSource"), ("eventName", "EventName"))]
        parts += [error, at(event, "errorMessage")]
        yield {
            "time": at(event, "eventTime", "EventTime"),
            "message": " ".join(part for part in parts if part) or None,
            "level": "ERROR" if error else "INFO",
            "service": parts[0],
            "client": at(event, "sourceIPAddress"),
            "trace": at(event, "requestID"),
        }


def google(document: Record, pages: Pages) -> Iterator[Fields]:
    """Google Cloud Logging: entries, in a list, below ``entries`` or one by one; durations are such as ``0.12s``."""
    if "entries" in document:
        pages.more = "nextPageToken" if document.get("nextPageToken") else ""
    for entry in map(record, items(document.get("entries")) if "entries" in document else [document]):
        request, audit = record(entry.get("httpRequest")), record(entry.get("protoPayload"))
        payload = entry.get("jsonPayload")
        call = " ".join(filter(None, (at(audit, "methodName"), at(audit, "resourceName"), at(audit, "status.message"))))
        line = " ".join(filter(None, (at(request, "requestMethod"), at(request, "requestUrl"), at(request, "status"))))
        said = at(entry, "textPayload") or at(payload, "message", "msg", "log", "error") or call
        trace = at(entry, "trace")
        yield {
            "time": at(entry, "timestamp", "receiveTimestamp"),
            "message": said or as_text(payload) or line or as_text(entry),
            "level": at(entry, "severity") or at(payload, "severity", "level"),
            "service": at(entry, *_GOOGLE_SERVICE) or at(audit, "serviceName") or at(entry, "resource.type"),
            "host": at(entry, "resource.labels.pod_name", "resource.labels.instance_id", "labels.instance_name"),
            "trace": trace and trace.rpartition("/")[2],
            "status": at(request, "status"),
            "method": at(request, "requestMethod"),
            "path": at(request, "requestUrl"),
            "client": at(request, "remoteIp") or at(audit, "requestMetadata.callerIp"),
            "seconds": _duration(at(request, "latency")),
        }


_GOOGLE_SERVICE = tuple(
    f"resource.labels.{name}" for name in ("service_name", "container_name", "function_name", "module_id", "job_name")
)


def _duration(text: str | None) -> str | None:
    return seconds(text.removesuffix("s"), 1) if text else None


def azure(document: Record, pages: Pages) -> Iterator[Fields]:
    """Azure Monitor and Log Analytics: tables of columns and rows, or a row an object."""
    if error := at(document, "error.message", "error.code"):
        pages.said.append(f"Azure answered with a part of the rows: {error}")
    if "tables" not in document:
        yield _azure_row(document)
        return
    for table in map(record, items(document.get("tables"))):
        names = [str(record(column).get("name")) for column in items(table.get("columns"))]
        for row in items(table.get("rows")):
            yield _azure_row(dict(zip(names, items(row), strict=False)))


def _azure_row(cells: Record) -> Fields:
    duration = at(cells, "DurationMs", "duration")
    return {
        "time": at(cells, "TimeGenerated", "timestamp", "TimeStamp"),
        "message": at(cells, *_AZURE_MESSAGE) or as_text({key: value for key, value in cells.items() if value}),
        "level": at(cells, "SeverityLevel", "severityLevel", "LogLevel", "Level", "level"),
        "service": at(cells, "AppRoleName", "cloud_RoleName", "ContainerName", "ServiceName", "ProcessName"),
        "host": at(cells, "Computer", "HostName", "PodName", "AppRoleInstance", "cloud_RoleInstance"),
        "trace": at(cells, "OperationId", "operation_Id", "CorrelationId"),
        "status": at(cells, "ResultCode", "resultCode", "HttpStatus", "ScStatus"),
        "method": at(cells, "CsMethod", "HttpMethod"),
        "path": at(cells, "Url", "url", "CsUriStem"),
        "client": at(cells, "ClientIP", "CIp", "CallerIpAddress"),
        "seconds": seconds(duration, 1e-3),
    }


_AZURE_MESSAGE = (
    *("Message", "message", "LogMessage", "SyslogMessage", "ResultDescription", "LogEntry", "RawData"),
    *("OuterMessage", "outerMessage", "Name", "name"),
)


def otlp(document: Record, pages: Pages) -> Iterator[Fields]:
    """OpenTelemetry logs as JSON, the OTLP form: resources, scopes, records."""
    for resource in map(record, items(document.get("resourceLogs"))):
        own = _attributes(record(resource.get("resource")).get("attributes"))
        for scope in map(record, items(resource.get("scopeLogs") or resource.get("instrumentationLibraryLogs"))):
            for line in map(record, items(scope.get("logRecords") or scope.get("logs"))):
                yield _otlp_record(line, own)


def _otlp_record(line: Record, resource: Fields) -> Fields:
    own = _attributes(line.get("attributes"))
    time = at(line, "timeUnixNano")
    words = [own.get("exception.type"), own.get("exception.message"), at(line, "eventName")]
    return {
        "time": time if time and time != "0" else at(line, "observedTimeUnixNano"),
        "message": _any_value(line.get("body")) or " ".join(word for word in words if word) or as_text(own),
        "level": _severity(line.get("severityNumber")) or at(line, "severityText"),
        "service": resource.get("service.name"),
        "host": resource.get("host.name") or resource.get("k8s.pod.name") or resource.get("k8s.node.name"),
        "trace": at(line, "traceId"),
        "status": own.get("http.response.status_code") or own.get("http.status_code"),
        "method": own.get("http.request.method") or own.get("http.method"),
        "path": own.get("url.path") or own.get("http.target") or own.get("http.route"),
        "client": own.get("client.address") or own.get("http.client_ip"),
    }


def _severity(value: object) -> str | None:
    """Return the level of a severity: 1 to 24, or a name such as ``SEVERITY_NUMBER_ERROR2``."""
    count = number(value)
    if count is not None:
        return SCALE[(count - 1) // 4] if 1 <= count <= 24 else None
    return value.removeprefix("SEVERITY_NUMBER_") if isinstance(value, str) else None


def _attributes(pairs: object) -> Fields:
    return {str(pair.get("key")): _any_value(pair.get("value")) for pair in map(record, items(pairs))}


def _any_value(value: object) -> str | None:
    """Return a value that says its own type as text; lists and maps as JSON."""
    kind, held = next(iter(record(value).items()), ("", None))
    if kind in ("kvlistValue", "arrayValue"):
        return json.dumps(_opened(value, 0), ensure_ascii=False)
    return plain(held)


def _opened(value: object, depth: int) -> object:
    kind, held = next(iter(record(value).items()), ("", None))
    if depth > 20:
        return None
    if kind == "kvlistValue":
        pairs = map(record, items(record(held).get("values")))
        return {str(pair.get("key")): _opened(pair.get("value"), depth + 1) for pair in pairs}
    if kind == "arrayValue":
        return [_opened(item, depth + 1) for item in items(record(held).get("values"))]
    return held
