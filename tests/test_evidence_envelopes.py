"""Log exports as one JSON document: each with a sample of known truth, and hostile ones."""

import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import PostmortemError
from postmortem_nb.evidence import Unreadable, digest_logs, read_logs
from postmortem_nb.evidence.envelopes import ENVELOPES

NS = "1705314731500000000"
TIME = pd.Timestamp("2024-01-15T10:32:11.5Z")
EXPORTS = {
    "loki": {
        "status": "success",
        "data": {
            "resultType": "streams",
            "result": [
                {
                    "stream": {"app": "web", "pod": "web-1"},
                    "values": [[NS, "[main] ERROR no disk"], [NS, "all well", {}]],
                }
            ],
        },
    },
    "elasticsearch": {
        "hits": {
            "total": {"value": 10000, "relation": "gte"},
            "hits": [
                {
                    "_source": {
                        "@timestamp": TIME.isoformat(),
                        "log.level": "error",
                        "message": "no disk",
                        "service": {"name": "web"},
                    }
                },
                {
                    "_source": {
                        "@timestamp": TIME.isoformat(),
                        "log": {"level": "info"},
                        "message": "all well",
                        "service.name": "web",
                    }
                },
            ],
        }
    },
    "cloudwatch-logs": {
        "events": [
            {"timestamp": 1705314731500, "message": "ERROR no disk", "logStreamName": "web-1", "eventId": "1"},
            {"timestamp": 1705314731500, "message": "all well", "logStreamName": "web-1", "eventId": "2"},
        ]
    },
    "cloudwatch-insights": {
        "results": [
            [
                {"field": "@timestamp", "value": "2024-01-15 10:32:11.500"},
                {"field": "@message", "value": "ERROR no disk"},
            ],
            [{"field": "@timestamp", "value": "2024-01-15 10:32:11.500"}, {"field": "@message", "value": "all well"}],
        ],
        "status": "Complete",
    },
    "datadog-logs": {
        "data": [
            {
                "id": "1",
                "attributes": {
                    "timestamp": "2024-01-15T10:32:11.500Z",
                    "status": "error",
                    "message": "no disk",
                    "service": "web",
                },
            },
            {
                "id": "2",
                "attributes": {"timestamp": "2024-01-15T10:32:11.500Z", "message": "all well", "service": "web"},
            },
        ],
        "meta": {"page": {"after": "abc"}},
    },
    "otlp-logs": {
        "resourceLogs": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "web"}}]},
                "scopeLogs": [
                    {
                        "logRecords": [
                            {
                                "timeUnixNano": NS,
                                "severityNumber": 17,
                                "body": {"stringValue": "no disk"},
                                "traceId": "4bf9",
                            },
                            {"timeUnixNano": NS, "severityText": "INFO", "body": {"stringValue": "all well"}},
                        ]
                    }
                ],
            }
        ]
    },
    "cloudtrail": {
        "Records": [
            {
                "eventTime": "2024-01-15T10:32:11.5Z",
                "eventSource": "s3.amazonaws.com",
                "eventName": "Get",
                "errorCode": "Denied",
            },
            {"eventTime": "2024-01-15T10:32:11.5Z", "eventSource": "s3.amazonaws.com", "eventName": "Put"},
        ]
    },
    "azure-logs": {
        "tables": [
            {
                "columns": [{"name": "TimeGenerated"}, {"name": "Message"}, {"name": "SeverityLevel"}],
                "rows": [["2024-01-15T10:32:11.5Z", "no disk", 3], ["2024-01-15T10:32:11.5Z", "all well", 1]],
            }
        ]
    },
    "google-logs": [
        {
            "insertId": "a",
            "timestamp": "2024-01-15T10:32:11.5Z",
            "severity": "ERROR",
            "textPayload": "no disk",
            "httpRequest": {"status": 500, "latency": "0.25s"},
        },
        {
            "insertId": "b",
            "timestamp": "2024-01-15T10:32:11.5Z",
            "severity": "NOTICE",
            "jsonPayload": {"message": "all well"},
        },
    ],
    "splunk": {
        "preview": False,
        "result": {"_time": "2024-01-15T10:32:11.500+00:00", "_raw": "ERROR no disk", "host": "web-1"},
    },
    "splunk-list": [{"_time": "2024-01-15T10:32:11.500+00:00", "_raw": "ERROR no disk", "host": "web-1"}],
}


def write(tmp_path, content, name="export.json"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def adds_up(report):
    return report.read + report.continued + report.blank + report.skipped + report.rejected == report.lines


@pytest.mark.parametrize("indent", [None, 2], ids=["compact", "pretty"])
@pytest.mark.parametrize("name", ENVELOPES)
def test_an_export_is_known_by_its_keys_and_read(tmp_path, name, indent):
    frame = read_logs(write(tmp_path, json.dumps(EXPORTS[name], indent=indent)))
    report = frame.attrs["report"]
    assert report.format == name
    assert adds_up(report) and report.rejected == 0
    assert frame["time"].tolist() == [TIME] * len(frame)
    assert frame["line"].tolist() == list(range(1, len(frame) + 1))
    assert frame["level"].iloc[0] == "ERROR"
    assert frame["level"].iloc[1:].fillna("INFO").tolist() == ["INFO"] * (len(frame) - 1)
    assert "disk" in frame["message"].iloc[0] or "Denied" in frame["message"].iloc[0]
    counts = digest_logs(tmp_path / "export.json").counts
    assert counts["count"].sum() == len(frame)


def test_a_log_of_json_lines_is_no_document(tmp_path):
    line = '{"time": "2024-01-15T10:32:11Z", "msg": "a", "level": "info"}\n'
    assert read_logs(write(tmp_path, line * 3)).attrs["report"].format == "json"
    assert read_logs(write(tmp_path, line)).attrs["report"].format == "json"


def test_what_was_cut_is_noted(tmp_path):
    notes = read_logs(write(tmp_path, json.dumps(EXPORTS["elasticsearch"]))).attrs["report"].notes
    assert notes == ("It found 10000 documents or more and holds 2.",)
    assert (
        "one page of several"
        in read_logs(write(tmp_path, json.dumps(EXPORTS["datadog-logs"]))).attrs["report"].notes[0]
    )


def test_what_stands_beside_the_documents_is_counted_once(tmp_path):
    line = json.dumps(EXPORTS["splunk"])
    report = read_logs(write(tmp_path, f"{line}\nno json\n\n{line}\n")).attrs["report"]
    assert (report.lines, report.read, report.rejected, report.blank) == (4, 2, 1, 1)


def test_numbers_of_a_request(tmp_path):
    row = read_logs(write(tmp_path, json.dumps(EXPORTS["google-logs"]))).iloc[0]
    assert (row["status"], row["seconds"]) == (500, 0.25)


def test_a_document_of_no_known_kind_shows_its_keys(tmp_path):
    with pytest.raises(
        Unreadable, match=r"export\.json: it is a JSON document that is of no known kind; its keys are shop"
    ):
        read_logs(write(tmp_path, json.dumps({"shop": {"a": 1}}, indent=1)))


KEYS = [
    "data",
    "result",
    "stream",
    "values",
    "hits",
    "_source",
    "events",
    "timestamp",
    "message",
    "results",
    "Records",
    "tables",
]
JSONS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=15,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=JSONS, name=st.sampled_from(list(EXPORTS)), cut=st.integers(0, 60))
def test_any_json_gives_a_frame_that_adds_up_or_a_plain_error(tmp_path, content, name, cut):
    whole = json.dumps(EXPORTS[name], indent=1)
    for text in (json.dumps(content, indent=1), whole[: len(whole) - cut]):
        try:
            report = read_logs(write(tmp_path, text), timezone="UTC").attrs["report"]
        except PostmortemError:
            continue
        assert adds_up(report)
