"""A realistic document of each export, written from what its rows must be."""

import json

# What every sample tells, in this order: a failure, then a success, half a second later.
FIRST, SECOND = "2024-01-15T10:32:11.5Z", "2024-01-15T10:32:12Z"
NS = ("1705314731500000000", "1705314732000000000")
MS = (1705314731500, 1705314732000)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def loki():
    values = [[NS[0], "cannot reach cart", {"trace_id": TRACE, "detected_level": "error"}], [NS[1], "level=info ok"]]
    stream = {"service_name": "web", "pod": "web-1"}
    return {
        "status": "success",
        "data": {"resultType": "streams", "result": [{"stream": stream, "values": values}], "stats": {}},
    }


def elasticsearch():
    def hit(number, time, **source):
        return {
            "_index": "logs-2024.01.15",
            "_id": str(number),
            "_score": None,
            "_source": {"@timestamp": time, **source},
        }

    hits = [
        hit(
            1,
            FIRST,
            **{"log.level": "error", "message": "cannot reach cart", "service": {"name": "web"}},
            host={"name": "web-1"},
            trace={"id": TRACE},
            http={"response": {"status_code": 502}, "request": {"method": "GET"}},
            url={"path": "/cart"},
            event={"duration": 250000000},
        ),
        hit(2, SECOND, log={"level": "info"}, message="ok", **{"service.name": "web", "host.name": "web-1"}),
    ]
    total = {"value": 2, "relation": "eq"}
    return {"took": 3, "timed_out": False, "_shards": {"total": 1}, "hits": {"total": total, "hits": hits}}


def cloudwatch():
    lines = ("[main] ERROR cannot reach cart", "INFO ok")
    return {
        "events": [
            {"logStreamName": "web-1", "timestamp": ms, "message": text, "ingestionTime": ms + 900, "eventId": str(ms)}
            for ms, text in zip(MS, lines, strict=True)
        ],
        "searchedLogStreams": [],
    }


def insights():
    rows = (("2024-01-15 10:32:11.500", "ERROR cannot reach cart"), ("2024-01-15 10:32:12.000", "INFO ok"))
    names = ("@timestamp", "@message", "@logStream", "@log", "@ptr")
    return {
        "results": [
            [{"field": n, "value": v} for n, v in zip(names, (*row, "web-1", "web", "CmEKJgoi"), strict=True)]
            for row in rows
        ],
        "statistics": {"recordsMatched": 2.0, "recordsScanned": 400.0, "bytesScanned": 9000.0},
        "status": "Complete",
    }


def datadog():
    def item(time, status, message, **more):
        own = {"timestamp": time, "service": "web", "host": "web-1", "status": status, "message": message, **more}
        return {"id": "AQAAAY", "type": "log", "attributes": {**own, "tags": ["env:prod"]}}

    http = {"status_code": 502, "method": "GET", "url_details": {"path": "/cart"}}
    more = {"http": http, "duration": 250000000, "dd": {"trace_id": TRACE}}
    return {
        "data": [item(FIRST, "error", "cannot reach cart", attributes=more), item(SECOND, "ok", "ok")],
        "meta": {"status": "done", "page": {}},
    }


def otlp():
    def said(**values):
        return [{"key": key.replace("__", "."), "value": value} for key, value in values.items()]

    resource = said(service__name={"stringValue": "web"}, host__name={"stringValue": "web-1"})
    failed = {
        "timeUnixNano": NS[0],
        "severityNumber": 17,
        "body": {"stringValue": "cannot reach cart"},
        "traceId": TRACE,
        "attributes": said(http__response__status_code={"intValue": "502"}, url__path={"stringValue": "/cart"}),
    }
    done = {"timeUnixNano": NS[1], "severityNumber": "SEVERITY_NUMBER_INFO2", "body": {"stringValue": "ok"}}
    scopes = [{"scope": {"name": "shop"}, "logRecords": [failed, done]}]
    return {"resourceLogs": [{"resource": {"attributes": resource}, "scopeLogs": scopes}]}


def cloudtrail():
    def event(time, **more):
        return {
            "eventVersion": "1.08",
            "eventTime": time,
            "eventSource": "web",
            "sourceIPAddress": "203.0.113.7",
            **more,
        }

    return {
        "Records": [
            event(FIRST, eventName="GetObject", errorCode="AccessDenied", errorMessage="cannot reach cart"),
            event(SECOND, eventName="PutObject"),
        ]
    }


def azure():
    columns = [
        ("TimeGenerated", "datetime"),
        ("SeverityLevel", "int"),
        ("Message", "string"),
        ("AppRoleName", "string"),
    ]
    return {
        "tables": [
            {
                "name": "PrimaryResult",
                "columns": [{"name": name, "type": kind} for name, kind in columns],
                "rows": [[FIRST, 3, "cannot reach cart", "web"], [SECOND, 1, "ok", "web"]],
            }
        ]
    }


def google():
    request = {
        "requestMethod": "GET",
        "requestUrl": "/cart",
        "status": 502,
        "latency": "0.25s",
        "remoteIp": "203.0.113.7",
    }
    resource = {"type": "k8s_container", "labels": {"container_name": "web", "pod_name": "web-1"}}
    both = {"resource": resource, "logName": "projects/shop/logs/stderr"}
    return [
        {
            "insertId": "a1",
            "timestamp": FIRST,
            "severity": "ERROR",
            "textPayload": "cannot reach cart",
            "httpRequest": request,
            "trace": f"projects/shop/traces/{TRACE}",
            **both,
        },
        {"insertId": "a2", "timestamp": SECOND, "severity": "DEFAULT", "jsonPayload": {"message": "ok"}, **both},
    ]


def splunk():
    rows = (("2024-01-15T10:32:11.500+00:00", "ERROR cannot reach cart"), ("2024-01-15 10:32:12.000 UTC", "INFO ok"))
    both = {"host": "web-1", "sourcetype": "web"}
    return {"init_offset": 0, "preview": False, "results": [{"_time": t, "_raw": raw, **both} for t, raw in rows]}


def sentry():
    def event(time, title, level):
        tags = [
            {"key": "level", "value": level},
            {"key": "server_name", "value": "web-1"},
            {"key": "service", "value": "web"},
        ]
        return {
            "id": "9",
            "eventID": "9fac2ceed9344f2bbfdd1fdacb0ed9b1",
            "dateCreated": time,
            "title": title,
            "tags": tags,
        }

    return [event(FIRST, "ConnectionError: cannot reach cart", "error"), event(SECOND, "ok", "info")]


DOCUMENTS = {
    "loki": loki(),
    "elasticsearch": elasticsearch(),
    "cloudwatch-logs": cloudwatch(),
    "cloudwatch-insights": insights(),
    "datadog-logs": datadog(),
    "otlp-logs": otlp(),
    "cloudtrail": cloudtrail(),
    "azure-logs": azure(),
    "google-logs": google(),
    "splunk": splunk(),
    "sentry": sentry(),
}
# What the first row of some tells besides.
MORE = {
    "loki": {"service": "web", "host": "web-1", "trace": TRACE},
    "elasticsearch": {
        **{"service": "web", "host": "web-1", "trace": TRACE, "status": 502, "method": "GET", "path": "/cart"},
        "seconds": 0.25,
    },
    "cloudwatch-logs": {"host": "web-1"},
    "cloudwatch-insights": {"host": "web-1", "service": "web"},
    "datadog-logs": {
        **{"service": "web", "host": "web-1", "trace": TRACE, "status": 502, "method": "GET", "path": "/cart"},
        "seconds": 0.25,
    },
    "otlp-logs": {"service": "web", "host": "web-1", "trace": TRACE, "status": 502, "path": "/cart"},
    "cloudtrail": {"service": "web", "client": "203.0.113.7"},
    "azure-logs": {"service": "web"},
    "google-logs": {
        **{"service": "web", "host": "web-1", "trace": TRACE, "status": 502, "method": "GET", "path": "/cart"},
        **{"seconds": 0.25, "client": "203.0.113.7"},
    },
    "splunk": {"service": "web", "host": "web-1"},
    "sentry": {"service": "web", "host": "web-1"},
}

# The same rows as other tools write them: the name of the export, and a text.
VARIANTS = {
    "logcli": (
        "loki",
        "\n".join(
            json.dumps({"labels": {"app": "web"}, "line": line, "timestamp": time})
            for time, line in ((FIRST, "ERROR cannot reach cart"), (SECOND, "INFO ok"))
        ),
    ),
    "Grafana's download": (
        "loki",
        json.dumps(
            [
                {"line": line, "timestamp": ns, "date": "", "fields": {"app": "web"}}
                for ns, line in zip(NS, ("ERROR cannot reach cart", "INFO ok"), strict=True)
            ]
        ),
    ),
    "Discover": ("elasticsearch", json.dumps({"isPartial": False, "rawResponse": elasticsearch()}, indent=1)),
    "msearch": ("elasticsearch", json.dumps({"took": 1, "responses": [elasticsearch()]}, indent=1)),
    "a dump of hits": ("elasticsearch", "\n".join(json.dumps(hit) for hit in elasticsearch()["hits"]["hits"])),
    "fields": (
        "elasticsearch",
        json.dumps(
            {
                "hits": {
                    "hits": [
                        {"_index": "x", "fields": {"@timestamp": [t], "message": [m], "log.level": [level]}}
                        for t, m, level in ((FIRST, "cannot reach cart", "error"), (SECOND, "ok", "info"))
                    ]
                }
            }
        ),
    ),
    "a subscription": (
        "cloudwatch-logs",
        json.dumps(
            {
                "messageType": "DATA_MESSAGE",
                "logGroup": "/aws/web",
                "logStream": "web-1",
                "logEvents": [
                    {"id": "3", "timestamp": ms, "message": text}
                    for ms, text in zip(MS, ("ERROR cannot reach cart", "INFO ok"), strict=True)
                ],
            }
        ),
    ),
    "the console of Insights": (
        "cloudwatch-insights",
        json.dumps(
            [
                {
                    "@timestamp": "2024-01-15 10:32:11.500",
                    "@message": {"level": "error", "msg": "no cart"},
                    "@ptr": "C",
                },
                {"@timestamp": "2024-01-15 10:32:12.000", "@message": "INFO ok", "@ptr": "D"},
            ],
            indent=2,
        ),
    ),
    "Datadog v1": (
        "datadog-logs",
        json.dumps(
            {
                "logs": [
                    {"id": "A", "content": {"timestamp": t, "message": m, "attributes": {"level": level}}}
                    for t, m, level in ((FIRST, "cannot reach cart", "error"), (SECOND, "ok", "info"))
                ],
                "status": "done",
            }
        ),
    ),
    "the file exporter of a collector": (
        "otlp-logs",
        json.dumps(otlp()),
    ),
    "lookup-events": (
        "cloudtrail",
        json.dumps(
            {
                "Events": [
                    {"EventId": "1", "EventTime": event["eventTime"], "CloudTrailEvent": json.dumps(event)}
                    for event in cloudtrail()["Records"]
                ]
            },
            indent=4,
        ),
    ),
    "az monitor": (
        "azure-logs",
        json.dumps(
            [
                {"TableName": "PrimaryResult", "TimeGenerated": t, "SeverityLevel": s, "Message": m}
                for t, s, m in ((FIRST, "3", "cannot reach cart"), (SECOND, "1", "ok"))
            ],
            indent=2,
        ),
    ),
    "a sink of Google": ("google-logs", "\n".join(json.dumps(entry) for entry in google())),
    "entries.list": ("google-logs", json.dumps({"entries": google()}, indent=2)),
    "Splunk's lines": (
        "splunk",
        "\n".join(
            json.dumps({"preview": False, "offset": n, "result": row}) for n, row in enumerate(splunk()["results"])
        ),
    ),
    "a list": (
        "json",
        json.dumps(
            [
                {"ts": FIRST, "level": 50, "msg": "cannot reach cart"},
                {"ts": SECOND, "level": 30, "msg": "ok"},
            ],
            indent=2,
        ),
    ),
    "a list, a record a line": (
        "json",
        f'[\n{{"time": "{FIRST}", "level": "error", "msg": "no cart"}},\n{{"time": "{SECOND}", "msg": "ok"}}\n]',
    ),
    "a list below keys": (
        "json",
        json.dumps(
            {
                "generated": SECOND,
                "page": {"logs": [{"time": FIRST, "level": "error", "msg": "no cart"}, {"time": SECOND, "msg": "ok"}]},
            }
        ),
    ),
    "jq": (
        "json",
        "\n".join(
            json.dumps(record, indent=2)
            for record in ({"time": FIRST, "level": "error", "msg": "no cart"}, {"time": SECOND, "msg": "ok"})
        ),
    ),
    "journalctl -o json-pretty": (
        "journald",
        "\n".join(
            json.dumps({"__REALTIME_TIMESTAMP": f"{ms}000", "PRIORITY": p, "MESSAGE": m, "_COMM": "web"}, indent="\t")
            for ms, p, m in zip(MS, "36", ("no cart", "ok"), strict=True)
        ),
    ),
    "an EventList of Kubernetes": (
        "kubernetes-audit",
        json.dumps(
            {
                "kind": "EventList",
                "apiVersion": "audit.k8s.io/v1",
                "items": [
                    {
                        **{
                            "auditID": "1",
                            "stage": "ResponseComplete",
                            "requestURI": "/api/v1/pods?cart",
                            "verb": "get",
                        },
                        **{"stageTimestamp": t, "responseStatus": {"code": code}, "level": "Metadata"},
                    }
                    for t, code in ((FIRST, 500), (SECOND, 200))
                ],
            }
        ),
    ),
}
