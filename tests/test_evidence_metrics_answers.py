"""What metrics systems answer: gaps, pages, errors, kinds of values, and an account that adds up."""

import json
import math
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem_nb.evidence import Unreadable, read_metrics

T0 = 1705314600
AT = [pd.Timestamp(T0 + 60 * i, unit="s", tz="UTC") for i in range(6)]
ISO = [t.strftime("%Y-%m-%dT%H:%M:%SZ") for t in AT]


def write(tmp_path, content, name="answer.json"):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def found(frame):
    return [(r.time, r.metric, None if math.isnan(r.value) else r.value) for r in frame.itertuples()]


def adds_up(report):
    return report.read + report.continued + report.blank + report.skipped + report.rejected == report.lines


def matrix(*series, **more):
    result = [{"metric": labels, "values": points} for labels, points in series]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}} | more


# --- Prometheus -------------------------------------------------------------------------------------------------------


def test_an_absent_step_is_a_row_without_a_value(tmp_path):
    steps = [0, 1, 2, 5]
    content = matrix(({"__name__": "up"}, [[T0 + 60 * i, "1"] for i in steps]))
    frame = read_metrics(write(tmp_path, content))
    assert found(frame) == [(AT[i], "up", 1.0 if i in steps else None) for i in range(6)]


def test_nothing_is_put_before_or_behind_a_series(tmp_path):
    content = matrix(
        ({"__name__": "a"}, [[T0 + 60 * i, "1"] for i in range(6)]),
        ({"__name__": "b"}, [[T0 + 60 * i, "1"] for i in (2, 3)]),
    )
    frame = read_metrics(write(tmp_path, content))
    assert frame[frame["metric"] == "b"]["time"].tolist() == AT[2:4]


@pytest.mark.parametrize("seconds", [[0, 15.1, 29.9, 45, 100], [0, 1000], [0, 60], [0, 60, 60, 120]])
def test_times_on_no_grid_show_no_step(tmp_path, seconds):
    frame = read_metrics(write(tmp_path, matrix(({"__name__": "up"}, [[T0 + s, "1"] for s in seconds]))))
    assert len(frame) == len(seconds)


def test_an_alert_that_ended_is_no_gap(tmp_path):
    labels = {"__name__": "ALERTS", "alertname": "Down", "alertstate": "firing"}
    frame = read_metrics(write(tmp_path, matrix((labels, [[T0 + 60 * i, "1"] for i in (0, 1, 2, 5)]))))
    assert frame["time"].tolist() == [AT[0], AT[1], AT[2], AT[5]]
    assert frame["labels"].unique().tolist() == ["alertname=Down,alertstate=firing"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(present=st.lists(st.booleans(), min_size=4, max_size=40), step=st.sampled_from([0.5, 15, 60, 3600]))
def test_the_grid_of_a_range_query_comes_back(tmp_path, present, step):
    present = [True, True, True, *present, True]  # enough neighbours for a step to be evident
    known = [i for i, there in enumerate(present) if there]
    points = [[T0 + step * i, str(i)] for i in known]
    frame = read_metrics(write(tmp_path, matrix(({"__name__": "m"}, points))))
    is_evident = sum(b - a == 1 for a, b in pairwise(known)) >= 0.5 * (len(known) - 1)
    assert dict(zip(frame["time"], frame["value"], strict=True)).keys() == {
        pd.Timestamp(int((T0 + step * i) * 1000), unit="ms", tz="UTC")
        for i in (range(len(present)) if is_evident else known)
    }
    assert frame["value"].dropna().tolist() == known


def test_a_scalar_a_vector_and_the_servers_warnings(tmp_path):
    scalar = {"status": "success", "data": {"resultType": "scalar", "result": [T0, "0.5"]}}
    assert found(read_metrics(write(tmp_path, scalar, "share.json"))) == [(AT[0], "share", 0.5)]
    vector = {"resultType": "vector", "result": [{"metric": {}, "value": [T0, "7"]}]}
    frame = read_metrics(
        write(tmp_path, {"status": "success", "data": vector, "warnings": ["slow"], "isPartial": True})
    )
    assert found(frame) == [(AT[0], "answer", 7.0)]
    assert frame.attrs["report"].notes == (
        "The server says: slow",
        "The server answered only a part: some of its storage was out of reach.",
    )


def test_an_answer_without_a_series_is_no_row_and_says_so(tmp_path):
    report = read_metrics(write(tmp_path, matrix())).attrs["report"]
    assert (report.lines, report.read, report.skipped) == (1, 0, 1)


# --- errors, pages, mixtures ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"status": "error", "errorType": "bad_data", "error": "exceeded maximum resolution"}, "bad_data: exceeded"),
        ({"errors": ["Forbidden"]}, "Forbidden"),
        ({"status": "error", "series": [], "error": "Rate limit"}, "Rate limit"),
        ({"results": [{"statement_id": 0, "error": "database not found"}]}, "database not found"),
        ({"results": {"A": {"status": 400, "error": "bad query"}}}, "bad query"),
        ({"message": "Unauthorized"}, "Unauthorized"),
        ({"error": {"code": 403, "message": "denied"}}, "denied"),
    ],
)
def test_the_error_of_a_server_is_no_data(tmp_path, content, said):
    with pytest.raises(Unreadable, match=rf"answer\.json: it holds an error of the server and no data .*{said}"):
        read_metrics(write(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"MetricDataResults": [], "NextToken": "x"}, "one page of several"),
        ({"MetricDataResults": [], "Messages": [{"Code": "MaxMetricsExceeded", "Value": "too many"}]}, "too many"),
        ({"timeSeries": [], "nextPageToken": "x"}, "one page of several"),
        (
            {
                "results": [
                    {
                        "statement_id": 0,
                        "partial": True,
                        "series": [{"name": "m", "columns": ["time", "v"], "values": []}],
                    }
                ]
            },
            "only a part",
        ),
    ],
)
def test_a_part_of_an_answer_is_noted(tmp_path, content, said):
    assert said in read_metrics(write(tmp_path, content)).attrs["report"].notes[0]


def test_answers_of_two_systems_in_one_file_are_refused(tmp_path):
    lines = [{"MetricDataResults": []}, {"resourceMetrics": []}]
    with pytest.raises(Unreadable, match="its records are of cloudwatch and otlp"):
        read_metrics(write(tmp_path, "\n".join(map(json.dumps, lines))))


def test_a_format_that_the_file_is_not(tmp_path):
    with pytest.raises(Unreadable, match="it is no answer of datadog"):
        read_metrics(write(tmp_path, matrix()), format="datadog")


def test_every_line_is_accounted_for(tmp_path):
    good = {"metric": {"__name__": "m"}, "values": [1], "timestamps": [T0 * 1000]}
    lines = [good, good | {"timestamps": ["never"]}, good | {"values": []}, {"other": 1}, "torn", "", good]
    text = "\n".join(json.dumps(line) if isinstance(line, dict) else line for line in lines)
    report = read_metrics(write(tmp_path, text)).attrs["report"]
    assert adds_up(report)
    assert (report.lines, report.read, report.skipped, report.rejected, report.blank) == (7, 2, 1, 3, 1)
    assert report.samples[0] == (2, "(no time) m never")


def test_epochs_of_two_units_in_one_series_are_not_mixed(tmp_path):
    line = {"metric": {"__name__": "m"}, "values": [1, 2, 3], "timestamps": [T0 * 1000, (T0 + 60) * 1000, T0]}
    frame = read_metrics(write(tmp_path, line))
    assert found(frame) == [(AT[0], "m", 1.0), (AT[1], "m", 2.0)]
    assert frame.attrs["report"].cell == (1, f"time = {T0}")


# --- hosted systems ---------------------------------------------------------------------------------------------------


def test_datadog_with_units_scopes_and_nulls(tmp_path):
    series = {
        "metric": "trace.http.request.duration",
        "scope": "service:web,env:prod",
        "unit": [{"short_name": "s", "scale_factor": 1.0}, None],
        "pointlist": [[T0 * 1000.0, 0.25], [(T0 + 60) * 1000.0, None]],
    }
    frame = read_metrics(write(tmp_path, {"status": "ok", "series": [series]}))
    assert [value for _, _, value in found(frame)] == [0.25, None]
    assert frame[["service", "labels"]].drop_duplicates().to_numpy().tolist() == [["web", "env=prod,unit=s"]]


def test_azure_monitor(tmp_path):
    metric = {
        "name": {"value": "Http5xx"},
        "unit": "Count",
        "timeseries": [
            {
                "metadatavalues": [{"name": {"value": "instance"}, "value": "a"}],
                "data": [{"timeStamp": ISO[0], "total": 3.0}, {"timeStamp": ISO[1]}],
            }
        ],
    }
    frame = read_metrics(write(tmp_path, {"cost": 0, "timespan": "x", "value": [metric]}))
    assert found(frame) == [(AT[0], "Http5xx", 3.0), (AT[1], "Http5xx", None)]
    assert frame["labels"].unique().tolist() == ["instance=a,unit=Count"]
    assert frame.attrs["report"].format == "azure-monitor"


def test_google_monitoring_with_kinds(tmp_path):
    def series(kind, value):
        return {
            "metric": {"type": "x/count", "labels": {"code": "500"}},
            "resource": {"labels": {"service_name": "web"}},
            "metricKind": kind,
            "points": [{"interval": {"startTime": ISO[0], "endTime": ISO[i]}, "value": value(i)} for i in (2, 1)],
        }

    content = {"timeSeries": [series("DELTA", lambda i: {"int64Value": str(i)})]}
    frame = read_metrics(write(tmp_path, content))
    assert found(frame) == [(AT[1], "x/count", 1.0), (AT[2], "x/count", 2.0)]
    assert frame[["service", "labels", "type"]].drop_duplicates().to_numpy().tolist() == [["web", "code=500", "change"]]
    spread = {"timeSeries": [series("GAUGE", lambda i: {"distributionValue": {"count": "4", "mean": 0.5}})]}
    assert {m for _, m, _ in found(read_metrics(write(tmp_path, spread)))} == {"x/count_count", "x/count_mean"}


# --- Grafana, InfluxDB, OpenTSDB, k6 ----------------------------------------------------------------------------------


def frame_of(fields, values, **schema):
    return {"schema": {"fields": fields, **schema}, "data": {"values": values}}


def test_frames_of_grafana_wide_long_and_named(tmp_path):
    time = {"name": "Time", "type": "time"}
    stamps = [t * 1000 for t in (T0, T0, T0 + 60)]
    wide = frame_of(
        [time, {"name": "Value", "type": "number", "labels": {"job": "web"}}],
        [[T0 * 1000], [1.5]],
        name="errors",
        refId="A",
    )
    long = frame_of(
        [time, {"name": "host", "type": "string"}, {"name": "load", "type": "number"}],
        [stamps, ["a", "b", "a"], [1, None, 3]],
        refId="B",
    )
    answer = {"results": {"A": {"status": 200, "frames": [wide]}, "B": {"frames": [long]}, "C": {"error": "no"}}}
    frame = read_metrics(write(tmp_path, answer))
    got = {
        (r.metric, r.service, r.labels, r.time): None if math.isnan(r.value) else r.value for r in frame.itertuples()
    }
    assert got == {
        ("errors", "web", "", AT[0]): 1.5,
        ("load", "", "host=a", AT[0]): 1.0,
        ("load", "", "host=b", AT[0]): None,
        ("load", "", "host=a", AT[1]): 3.0,
    }
    assert frame.attrs["report"].notes == ("A query of it failed: C: no",)
    listed = read_metrics(write(tmp_path, [wide, long]))
    assert listed["value"].tolist()[:1] == [1.5]
    assert listed.attrs["report"].format == "grafana"


def test_influx_with_tags_columns_of_text_and_epochs(tmp_path):
    series = {
        "name": "cpu",
        "tags": {"host": "a"},
        "columns": ["time", "idle", "core"],
        "values": [[T0 * 1000, 90.5, "cpu0"], [T0 * 1000, 80, "cpu1"], [(T0 + 60) * 1000, None, "cpu0"]],
    }
    frame = read_metrics(write(tmp_path, {"results": [{"statement_id": 0, "series": [series]}]}))
    assert found(frame)[:2] == [(AT[0], "cpu.idle", 90.5), (AT[0], "cpu.idle", 80.0)]
    assert sorted(frame["labels"].unique()) == ["core=cpu0,host=a", "core=cpu1,host=a"]
    assert math.isnan(frame.loc[frame["time"] == AT[1], "value"].item())


def test_opentsdb_with_arrays(tmp_path):
    frame = read_metrics(write(tmp_path, [{"metric": "m", "tags": {}, "dps": [[T0, 1.5], [T0 + 60, "NaN"]]}]))
    assert found(frame) == [(AT[0], "m", 1.5), (AT[1], "m", None)]


def test_samples_of_k6(tmp_path):
    lines = [
        {"type": "Metric", "data": {"type": "trend", "contains": "time"}, "metric": "http_req_duration"},
        {
            "type": "Point",
            "metric": "http_req_duration",
            "data": {"time": "2024-01-15T11:30:00.123456789+01:00", "value": 12.5, "tags": {"status": "200"}},
        },
    ]
    frame = read_metrics(write(tmp_path, "\n".join(map(json.dumps, lines)), "k6.json"))
    assert found(frame) == [(pd.Timestamp("2024-01-15T10:30:00.123456789Z"), "http_req_duration", 12.5)]
    report = frame.attrs["report"]
    assert (report.format, report.read, report.skipped) == ("k6", 1, 1)


# --- OpenTelemetry ----------------------------------------------------------------------------------------------------


def test_otlp_says_what_adds_up(tmp_path):
    def points(**more):
        return [{"timeUnixNano": f"{T0}000000000", **more}]

    metrics = [
        {
            "name": "requests",
            "sum": {"isMonotonic": True, "aggregationTemporality": 2, "dataPoints": points(asInt="5")},
        },
        {"name": "added", "sum": {"isMonotonic": True, "aggregationTemporality": 1, "dataPoints": points(asInt="2")}},
        {"name": "open", "unit": "1", "sum": {"aggregationTemporality": 2, "dataPoints": points(asDouble=3.5)}},
        {"name": "heat", "unit": "By", "gauge": {"dataPoints": points(flags=1)}},
        {
            "name": "took",
            "histogram": {
                "aggregationTemporality": "AGGREGATION_TEMPORALITY_CUMULATIVE",
                "dataPoints": points(count="6", sum=1.5, explicitBounds=[0.1, 1], bucketCounts=["1", "2", "3"]),
            },
        },
        {
            "name": "lag",
            "summary": {"dataPoints": points(count="1", sum=2, quantileValues=[{"quantile": 0.5, "value": 2}])},
        },
    ]
    frame = read_metrics(write(tmp_path, {"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}))
    got = {(r.metric, r.labels): (None if math.isnan(r.value) else r.value, r.type) for r in frame.itertuples()}
    assert got == {
        ("requests", ""): (5, "counter"),
        ("added", ""): (2, "change"),
        ("open", ""): (3.5, "gauge"),
        ("heat", "unit=By"): (None, "gauge"),
        ("took_count", ""): (6, "counter"),
        ("took_sum", ""): (1.5, "counter"),
        ("took_bucket", "le=0.1"): (1, "counter"),
        ("took_bucket", "le=1"): (3, "counter"),
        ("took_bucket", "le=+Inf"): (6, "counter"),
        ("lag_count", ""): (1, "counter"),
        ("lag_sum", ""): (2, "counter"),
        ("lag", "quantile=0.5"): (2, "gauge"),
    }


# --- hostile ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"status":"success","data":' * 50_000,
        '{"a":' * 900 + "1" + "}" * 900,
        '{"metric":{"__name__":"\\ud800","\\udfff":"\\ud800"},"values":[1],"timestamps":[1705314600000]}',
        '{"metric":{"__name__":"m"},"values":[1],"timestamps":[' + "9" * 4000 + "]}",
        '{"metric":{"__name__":"m"},"values":[' + "9" * 4000 + '],"timestamps":[1705314600000]}',
        '{"metric":[],"values":{},"timestamps":null}',
        '{"MetricDataResults":[{"Timestamps":[[]],"Values":[{}]}]}',
        '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"NaN":NaN},"values":[[NaN,"1"],[Infinity,"x"]]}]}}',
        '{"status":"success","data":{"resultType":"matrix","result":[{"values":[[1,"1"],[2,"1"],[3,"1"],[1705314600,"1"]]}]}}',
    ],
    ids=range(10),
)
def test_hostile_json_is_a_frame_that_adds_up_or_a_plain_error(tmp_path, text):
    try:
        assert adds_up(read_metrics(write(tmp_path, text)).attrs["report"])
    except Unreadable as error:
        assert len(str(error)) < 2000


def test_a_hundred_thousand_labels(tmp_path):
    labels = {f"l{i}": "x" for i in range(100_000)} | {"__name__": "m"}
    frame = read_metrics(
        write(tmp_path, {"metric": labels, "values": [1, 2], "timestamps": [T0 * 1000, T0 * 1000 + 1]})
    )
    assert len(frame) == 2
