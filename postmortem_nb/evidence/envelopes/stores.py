"""Exports of log stores: Loki, Elasticsearch and OpenSearch, Splunk, Datadog, Sentry."""

from __future__ import annotations

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

SERVICE = ("service", "service_name", "app", "application", "job", "container")
HOST = ("host", "hostname", "node", "instance", "pod", "node_name")
TRACE = ("trace_id", "traceID", "traceId", "trace.id")


def loki(document: Record, pages: Pages) -> Iterator[Fields]:
    """Grafana Loki: streams of ``query_range``, or lines one by one, of ``logcli -o jsonl`` and Grafana's download."""
    if "line" in document:
        labels = record(document.get("labels")) or record(document.get("fields"))
        yield _loki_line(labels, {}, document.get("timestamp"), document.get("line"))
        return
    for stream in items(inside(document, "data.result")):
        labels = record(record(stream).get("stream"))
        for value in items(record(stream).get("values")):
            time, line, more = (*items(value), None, None, None)[:3]
            # What Loki keeps beside a line stands there itself, or apart from what a query took out of the line.
            own = record(more)
            own = {**record(own.get("parsed")), **record(own.get("structuredMetadata")), **own}
            yield _loki_line(labels, own, time, line)


def _loki_line(labels: Record, own: Record, time: object, line: object) -> Fields:
    both = {**labels, **own}
    return {
        "time": as_text(time),
        "message": as_text(line),
        "level": at(both, "level", "severity", "detected_level"),
        "service": at(both, *SERVICE),
        "host": at(both, *HOST),
        "trace": at(both, *TRACE),
        "status": at(both, "status", "status_code"),
        "method": at(both, "method"),
        "path": at(both, "path"),
    }


def elasticsearch(document: Record, pages: Pages) -> Iterator[Fields]:
    """Elasticsearch and OpenSearch: hits of a search, also as Kibana shows them, or one by one as dumps write them."""
    if "hits" not in document and ("_source" in document or "fields" in document):
        yield _hit(document)
        return
    answers = [record(document.get(key)) for key in ("rawResponse", "response")]
    for answer in (document, *answers, *map(record, items(document.get("responses")))):
        hits = record(answer.get("hits"))
        total = hits.get("total")
        if total is not None:
            counted = record(total).get("value", total)
            pages.total = max(pages.total or 0, number(counted) or 0)
            pages.at_least |= record(total).get("relation") == "gte"
        if answer.get("timed_out") is True:
            pages.said.append("Its query timed out: what was found until then is here.")
        yield from (_hit(record(hit)) for hit in items(hits.get("hits")))


def _hit(hit: Record) -> Fields:
    # Asked for by `fields`, every value is a list.
    own = {key: value[0] for key, value in record(hit.get("fields")).items() if isinstance(value, list) and value}
    source = {**own, **record(hit.get("_source"))}
    duration = seconds(at(source, "event.duration"), 1e-9)
    return {
        "time": at(source, "@timestamp", "timestamp", "time", "date"),
        "message": at(source, "message", "msg", "log", "event.original", "error.message", "body") or as_text(source),
        "level": at(source, "log.level", "level", "severity", "loglevel", "severity_text", "syslog.severity"),
        "service": at(
            source,
            *("service.name", "service", "kubernetes.labels.app", "kubernetes.container.name", "container.name"),
            *("kubernetes.container_name", "app", "application"),
        ),
        "host": at(source, "host.name", "host.hostname", "host", "hostname", "kubernetes.pod.name", "agent.hostname"),
        "trace": at(source, "trace.id", "trace_id", "traceId"),
        "status": at(source, "http.response.status_code", "status", "response"),
        "method": at(source, "http.request.method", "verb", "method"),
        "path": at(source, "url.path", "url.original", "path", "request"),
        "client": at(source, "client.ip", "source.ip", "client.address", "clientip"),
        "seconds": duration or at(source, "request_time"),
    }


def datadog(document: Record, pages: Pages) -> Iterator[Fields]:
    """Datadog, a search of logs: ``data[].attributes`` of version 2, ``logs[].content`` of version 1."""
    after = at(document, "meta.page.after", "nextLogId")
    pages.more = "" if not after else "meta.page.after" if "meta" in document else "nextLogId"
    if at(document, "meta.status") == "timeout":
        pages.said.append("Its query timed out: what was found until then is here.")
    for item in (*items(document.get("data")), *items(document.get("logs"))):
        own = record(record(item).get("attributes")) or record(record(item).get("content"))
        yield {
            "time": at(own, "timestamp"),
            "message": at(own, "message", "attributes.message", "attributes.msg", "attributes.error.message")
            or as_text(own.get("attributes")),
            "level": at(own, "status", "attributes.status", "attributes.level"),
            "service": at(own, "service", "attributes.service"),
            "host": at(own, "host", "attributes.host"),
            "trace": at(own, "attributes.trace_id", "attributes.dd.trace_id", "attributes.otel.trace_id"),
            "status": at(own, "attributes.http.status_code"),
            "method": at(own, "attributes.http.method"),
            "path": at(own, "attributes.http.url_details.path", "attributes.http.url"),
            "client": at(own, "attributes.network.client.ip"),
            "seconds": seconds(at(own, "attributes.duration"), 1e-9),
        }


def splunk(document: Record, pages: Pages) -> Iterator[Fields]:
    """Splunk: a result a line, as it exports them, or ``results`` in a list, as its REST API and its pages do."""
    if document.get("preview") is True:
        pages.said.append("Its query had not ended (preview): there may be more, and other results.")
    single = [] if "results" in document else [document.get("result", document)]
    for result in map(record, (*items(document.get("results")), *single)):
        yield {
            "time": at(result, "_time", "timestamp"),
            "message": at(result, "_raw", "message", "msg") or as_text(result),
            "level": at(result, "level", "log_level", "severity", "loglevel"),
            "service": at(result, "service", "app", "sourcetype", "source"),
            "host": at(result, "host"),
            "trace": at(result, *TRACE),
            "status": at(result, "status"),
            "method": at(result, "method"),
            "path": at(result, "uri_path", "uri"),
            "client": at(result, "clientip", "src_ip"),
        }


def sentry(event: Record, pages: Pages) -> Iterator[Fields]:
    """Sentry: an event of an issue."""
    tags = {str(record(tag).get("key")): record(tag).get("value") for tag in items(event.get("tags"))}
    title, message = at(event, "title"), at(event, "message")
    # The title of an exception says what happened, its message often only repeats a part of it.
    both = f"{title} {message}" if title and message and message not in title else title or message
    yield {
        "time": at(event, "dateCreated", "dateReceived"),
        "message": both or at(event, "culprit") or as_text(event),
        "level": at(event, "level") or at(tags, "level") or "error",
        "service": at(tags, "service", "app") or at(event, "projectSlug", "project.slug", "project"),
        "host": at(tags, "server_name"),
        "trace": at(event, "contexts.trace.trace_id") or at(tags, "trace"),
        "path": at(tags, "url", "transaction"),
    }
