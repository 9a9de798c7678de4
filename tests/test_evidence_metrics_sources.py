"""Metrics as their sources export them: each with a sample of known truth, real servers, counters and hostile input."""

import json
import math
import os
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from itertools import compress

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import PostmortemError, SettingError
from postmortem_nb.evidence import Unreadable, read_metrics
from postmortem_nb.evidence.metrics import rates

T0 = 1705314731
AT = [pd.Timestamp(T0 + 60 * i, unit="s", tz="UTC") for i in range(4)]


def write(tmp_path, content, name="web.json"):
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def found(frame):
    return [(r.time, r.metric, None if math.isnan(r.value) else r.value) for r in frame.itertuples()]


MATRIX = {
    "status": "success",
    "data": {
        "resultType": "matrix",
        "result": [
            {
                "metric": {"__name__": "up", "job": "web", "instance": "a"},
                "values": [[T0, "1"], [T0 + 60.0, "NaN"], [T0 + 180, "+Inf"]],
            }
        ],
    },
}
SOURCES = {
    "prometheus": (MATRIX, [(AT[0], "up", 1.0), (AT[1], "up", None), (AT[2], "up", None), (AT[3], "up", None)]),
    "victoriametrics": (
        {
            "metric": {"__name__": "up"},
            "values": [1, None, 0.5],
            "timestamps": [T0 * 1000 + 60_000 * i for i in range(3)],
        },
        [(AT[0], "up", 1.0), (AT[1], "up", None), (AT[2], "up", 0.5)],
    ),
    "cloudwatch": (
        {
            "MetricDataResults": [
                {
                    "Id": "m1",
                    "Label": "5xx",
                    "Timestamps": ["2024-01-15T10:33:11+00:00", "2024-01-15T10:32:11+00:00"],
                    "Values": [7.0, 3.0],
                    "StatusCode": "Complete",
                }
            ]
        },
        [(AT[0], "5xx", 3.0), (AT[1], "5xx", 7.0)],
    ),
    "cloudwatch-statistics": (
        {
            "Label": "Latency",
            "Datapoints": [
                {"Timestamp": "2024-01-15T10:33:11Z", "Average": 0.5, "Maximum": 2.0, "Unit": "Seconds"},
                {"Timestamp": "2024-01-15T10:32:11Z", "Average": 0.25, "Maximum": 1.0, "Unit": "Seconds"},
            ],
        },
        [
            (AT[0], "Latency_Average", 0.25),
            (AT[0], "Latency_Maximum", 1.0),
            (AT[1], "Latency_Average", 0.5),
            (AT[1], "Latency_Maximum", 2.0),
        ],
    ),
    "datadog": (
        {
            "status": "ok",
            "series": [
                {"metric": "load", "scope": "host:a", "pointlist": [[T0 * 1000.0, 1.5], [(T0 + 60) * 1000.0, None]]}
            ],
        },
        [(AT[0], "load", 1.5), (AT[1], "load", None)],
    ),
    "datadog-timeseries": (
        {
            "data": {
                "type": "timeseries_response",
                "attributes": {
                    "series": [{"group_tags": ["service:web"], "query_index": 0}],
                    "times": [T0 * 1000, (T0 + 60) * 1000],
                    "values": [[4, 5]],
                },
            }
        },
        [(AT[0], "query0", 4.0), (AT[1], "query0", 5.0)],
    ),
    "grafana": (
        {
            "results": {
                "A": {
                    "frames": [
                        {
                            "schema": {
                                "fields": [{"name": "Time", "type": "time"}, {"name": "errors", "type": "number"}]
                            },
                            "data": {"values": [[T0 * 1000, (T0 + 60) * 1000], [1, 9]]},
                        }
                    ]
                }
            }
        },
        [(AT[0], "errors", 1.0), (AT[1], "errors", 9.0)],
    ),
    "influx": (
        {
            "results": [
                {"series": [{"name": "cpu", "columns": ["time", "idle"], "values": [["2024-01-15T10:32:11Z", 90]]}]}
            ]
        },
        [(AT[0], "cpu.idle", 90.0)],
    ),
    "graphite": (
        [{"target": "web.errors", "datapoints": [[1.0, T0], [None, T0 + 60]]}],
        [(AT[0], "web.errors", 1.0), (AT[1], "web.errors", None)],
    ),
    "opentsdb": (
        [{"metric": "web.errors", "tags": {"host": "a"}, "dps": {str(T0): 1, str(T0 + 60): 2}}],
        [(AT[0], "web.errors", 1.0), (AT[1], "web.errors", 2.0)],
    ),
    "otlp": (
        {
            "resourceMetrics": [
                {
                    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "web"}}]},
                    "scopeMetrics": [
                        {
                            "metrics": [
                                {
                                    "name": "queue",
                                    "gauge": {"dataPoints": [{"timeUnixNano": f"{T0}000000000", "asInt": "3"}]},
                                },
                                {
                                    "name": "latency",
                                    "histogram": {
                                        "dataPoints": [
                                            {"timeUnixNano": f"{T0 + 60}000000000", "count": "2", "sum": 0.5}
                                        ]
                                    },
                                },
                            ]
                        }
                    ],
                }
            ]
        },
        [(AT[0], "queue", 3.0), (AT[1], "latency_count", 2.0), (AT[1], "latency_sum", 0.5)],
    ),
    "json": (
        [
            {"time": "2024-01-15T10:32:11Z", "cpu": 5, "host": "a"},
            {"time": "2024-01-15T10:33:11Z", "cpu": 6, "host": "a"},
        ],
        [(AT[0], "cpu", 5.0), (AT[1], "cpu", 6.0)],
    ),
}


@pytest.mark.parametrize("pretty", [False, True], ids=["compact", "pretty"])
@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_known_by_its_keys_and_read(tmp_path, name, pretty):
    content, expected = SOURCES[name]
    frame = read_metrics(write(tmp_path, json.dumps(content, indent=1 if pretty else None)))
    assert found(frame) == expected
    report = frame.attrs["report"]
    assert report.format == name
    assert report.read + report.continued + report.blank + report.skipped + report.rejected == report.lines


def test_labels_and_services(tmp_path):
    frame = read_metrics(write(tmp_path, MATRIX))
    assert frame["service"].unique().tolist() == ["web"]
    assert frame["labels"].unique().tolist() == ["instance=a"]
    assert frame.attrs["report"].cells == 1  # +Inf is no number that can be drawn


def test_an_error_of_the_server_is_said(tmp_path):
    path = write(tmp_path, {"status": "error", "errorType": "bad_data", "error": "exceeded maximum resolution"})
    with pytest.raises(Unreadable, match=r"web\.json: it holds an error .*bad_data: exceeded maximum resolution"):
        read_metrics(path)


def test_a_capped_series_and_a_part_of_an_answer_are_noted(tmp_path):
    capped = {
        "data": {"resultType": "matrix", "result": [{"metric": {}, "values": [[T0 + i, "1"] for i in range(11_000)]}]}
    }
    report = read_metrics(write(tmp_path, {"status": "success", **capped})).attrs["report"]
    assert "11,000 points" in report.notes[0]
    part = {"MetricDataResults": [{"Id": "m", "Timestamps": [], "Values": [], "StatusCode": "PartialData"}]}
    assert "only a part" in read_metrics(write(tmp_path, part)).attrs["report"].notes[0]


def test_json_of_no_known_shape_names_what_it_saw_and_what_is_known(tmp_path):
    with pytest.raises(Unreadable, match=r"no known shape; its keys are shop.*Known: prometheus"):
        read_metrics(write(tmp_path, {"shop": {"a": 1}}))


@pytest.mark.parametrize(("end", "times"), [("", (T0 * 1000, (T0 + 60) * 1000)), ("# EOF\n", (T0, T0 + 60.0))])
def test_what_an_exporter_shows(tmp_path, end, times):
    text = (
        "# TYPE http_requests_total counter\n"
        f'http_requests_total{{service="web",path="/a\\"b"}} 5 {times[0]}\n'
        f'http_requests_total{{service="web",path="/a\\"b"}} 9 {times[1]}\n'
        f"{end}"
    )
    frame = read_metrics(write(tmp_path, text, "web.prom"))
    assert found(frame) == [(AT[0], "http_requests_total", 5.0), (AT[1], "http_requests_total", 9.0)]
    assert frame["labels"].unique().tolist() == ['path=/a"b']
    assert frame.attrs["report"].format == "exposition"


def test_samples_without_a_time_are_refused(tmp_path):
    with pytest.raises(Unreadable, match="its samples carry no time"):
        read_metrics(write(tmp_path, "# TYPE up gauge\nup 1\n", "web.prom"))


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_parquet_wide_and_long(tmp_path, zone):
    times = pl.datetime_range(
        pd.Timestamp(AT[0]).tz_localize(None), pd.Timestamp(AT[3]).tz_localize(None), "1m", eager=True
    )
    if zone:
        times = times.dt.replace_time_zone(zone)
    wide = pl.DataFrame({"time": times, "cpu": [1.0, None, 3.0, 4.5], "host": ["a"] * 4})
    wide.write_parquet(tmp_path / "wide.parquet")
    frame = read_metrics(tmp_path / "wide.parquet", timezone="UTC")
    assert found(frame) == [(AT[0], "cpu", 1.0), (AT[1], "cpu", None), (AT[2], "cpu", 3.0), (AT[3], "cpu", 4.5)]
    long = wide.select("time", pl.lit("cpu").alias("metric"), value="cpu")
    long.write_parquet(tmp_path / "long.parquet")
    assert found(read_metrics(tmp_path / "long.parquet", timezone="UTC")) == found(frame)
    if zone is None:
        with pytest.raises(PostmortemError, match="its times carry no zone"):
            read_metrics(tmp_path / "wide.parquet")


def test_a_panel_that_grafana_exported(tmp_path):
    text = '"Time","p95","traffic"\n2024-01-15 10:32:11,350 ms,1.5 GiB\n2024-01-15 10:33:11,1.2 s,"2,345 B"\n'
    frame = read_metrics(write(tmp_path, text, "panel.csv"), timezone="UTC")
    values = frame.pivot(index="time", columns="metric", values="value")
    assert values["p95"].tolist() == pytest.approx([0.35, 1.2])
    assert values["traffic"].tolist() == [1.5 * 2**30, 2345.0]


def test_half_a_surrogate_pair_is_no_reason_to_fail(tmp_path):
    text = '[{"time": "2024-01-15T10:32:11Z", "c\\ud800": 5, "host": "\\ud800"}, {"time": "\\ud800", "c\\ud800": 1}]'
    frame = read_metrics(write(tmp_path, text))
    assert found(frame) == [(AT[0], "c?", 5.0)]


def test_a_format_that_does_not_exist(tmp_path):
    with pytest.raises(SettingError, match="there is no metrics format 'promtheus'"):
        read_metrics(write(tmp_path, MATRIX), format="promtheus")


# --- counters ---------------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=30))
def test_rates_are_the_increases_whatever_was_reset(steps):
    value, values, true = 100.0, [100.0], []
    for increase, is_reset in steps:
        value = float(increase) if is_reset else value + increase
        values.append(value)
        true.append(increase / 60)
    before = values[:-1]
    times = pd.date_range("2024-01-14", periods=len(values), freq="1min", tz="UTC")
    frame = pd.DataFrame({"time": times, "service": "web", "metric": "x_total", "value": values, "file": "f"})
    got = rates(frame.sample(frac=1, random_state=1))["value"].to_numpy()
    # A reset to a value above the last one cannot be seen: then the increase is the difference.
    hidden = [r and v >= b for (_, r), v, b in zip(steps, values[1:], before, strict=True)]
    seen = [(v - b) / 60 if h else t for h, v, b, t in zip(hidden, values[1:], before, true, strict=True)]
    assert got == pytest.approx(seen)


def test_no_rate_reaches_over_a_gap_and_gauges_stay():
    minutes = [0, 1, 2, 3, 30, 31]
    times = pd.to_datetime([T0 + 60 * m for m in minutes], unit="s", utc=True)
    counter = pd.DataFrame(
        {"time": times, "service": "", "metric": "x_total", "value": [0.0, 6, 12, 18, 60, 66], "file": "f"}
    )
    gauge = counter.assign(metric="depth", value=5.0)
    out = rates(pd.concat([counter, gauge]))
    assert out[out["metric"] == "depth"]["value"].tolist() == [5.0] * 6
    assert out[out["metric"] == "x_total"]["value"].fillna(-1).round(6).tolist() == [0.1, 0.1, 0.1, -1, 0.1]


# --- any input --------------------------------------------------------------------------------------------------------

JSONS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                ["data", "result", "metric", "values", "status", "resultType", "series", "timestamps", "dps"]
            ),
            inner,
        ),
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(JSONS.map(json.dumps), st.text(max_size=200), st.binary(max_size=200)))
def test_anything_gives_a_frame_that_adds_up_or_a_plain_error(tmp_path, content):
    path = write(tmp_path, content if isinstance(content, bytes) else str(content).encode("utf-8", "replace"), "x")
    try:
        report = read_metrics(path, timezone="UTC").attrs["report"]
    except PostmortemError:
        return
    assert report.read + report.continued + report.blank + report.skipped + report.rejected == report.lines


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9)), min_size=1, max_size=20),
    name=st.sampled_from(["prometheus", "victoriametrics", "graphite", "datadog", "json"]),
)
def test_what_was_written_is_what_is_read(tmp_path, values, name):
    stamps = [T0 + 30 * i for i in range(len(values))]
    text = {
        "prometheus": {
            "status": "success",
            "data": {
                "resultType": "matrix",
                "result": [
                    {
                        "metric": {"__name__": "m"},
                        "values": [[t, "NaN" if v is None else repr(v)] for t, v in zip(stamps, values, strict=True)],
                    }
                ],
            },
        },
        "victoriametrics": {"metric": {"__name__": "m"}, "values": values, "timestamps": [t * 1000 for t in stamps]},
        "graphite": [{"target": "m", "datapoints": [[v, t] for v, t in zip(values, stamps, strict=True)]}],
        "datadog": {
            "status": "ok",
            "series": [{"metric": "m", "pointlist": [[t * 1000, v] for t, v in zip(stamps, values, strict=True)]}],
        },
        "json": [{"ts": t, "metric": "m", "value": v} for t, v in zip(stamps, values, strict=True)],
    }[name]
    frame = read_metrics(write(tmp_path, text))
    assert (frame["time"].astype("int64") // 10**9).tolist() == stamps
    assert np.allclose(frame["value"], [np.nan if v is None else v for v in values], equal_nan=True)


# --- real servers -----------------------------------------------------------------------------------------------------


def binary(name):
    path = shutil.which(name)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed, and CI needs it")
        pytest.skip(f"{name} is not installed")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answer(url, seconds=20):
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                return reply.read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.mark.slow
def test_what_a_real_prometheus_answers(tmp_path):
    prometheus, promtool = binary("prometheus"), binary("promtool")
    true = {T0 + 15 * i: float(i % 7) for i in range(40) if not 10 <= i < 32}  # a gap longer than it looks back
    lines = [f'depth{{service="web"}} {value} {stamp}' for stamp, value in true.items()]
    text = "# TYPE depth gauge\n" + "\n".join(lines) + "\n# EOF\n"
    write(tmp_path, text, "m.om")
    data = tmp_path / "data"
    subprocess.run(
        [promtool, "tsdb", "create-blocks-from", "openmetrics", tmp_path / "m.om", data],
        check=True,
        capture_output=True,
    )
    write(tmp_path, "global: {}\n", "p.yml")
    port = free_port()
    flags = [f"--config.file={tmp_path / 'p.yml'}", f"--storage.tsdb.path={data}", "--storage.tsdb.retention.time=100y"]
    server = subprocess.Popen(
        [prometheus, *flags, f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        base = f"http://127.0.0.1:{port}"
        answer(f"{base}/-/ready")
        query = urllib.parse.urlencode({"query": "depth[1h]", "time": max(true)})
        frame = read_metrics(write(tmp_path, answer(f"{base}/api/v1/query?{query}"), "answer.json"))
    finally:
        server.kill()
        server.wait()
    seconds = (frame["time"].astype("int64") // 10**9).tolist()
    known = frame["value"].notna().tolist()
    assert seconds == [T0 + 15 * i for i in range(40)], "these samples lie on a grid, so the gap shows as rows"
    assert dict(zip(compress(seconds, known), frame["value"].dropna(), strict=True)) == true
    assert frame["service"].unique().tolist() == ["web"]
    assert frame.attrs["report"].format == "prometheus"
    frame = frame.dropna(subset=["value"])
    assert found(read_metrics(tmp_path / "m.om")) == found(frame)


@pytest.mark.slow
def test_what_a_real_victoriametrics_exports(tmp_path):
    server_path = binary("victoria-metrics")
    port = free_port()
    flags = [f"-storageDataPath={tmp_path / 'vm'}", f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y"]
    server = subprocess.Popen([server_path, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}"
        answer(f"{base}/health")
        body = "".join(f'depth{{service="web"}} {i} {(T0 + 15 * i) * 1000}\n' for i in range(20)).encode()
        urllib.request.urlopen(f"{base}/api/v1/import/prometheus", data=body, timeout=10).read()
        urllib.request.urlopen(f"{base}/internal/force_flush", timeout=10).read()
        window = f"start={T0 - 60}&end={T0 + 600}"
        exported = answer(f"{base}/api/v1/export?match[]=depth&{window}")
        frame = read_metrics(write(tmp_path, exported, "export.jsonl"))
    finally:
        server.kill()
        server.wait()
    assert frame["value"].tolist() == [float(i) for i in range(20)]
    assert frame.attrs["report"].format == "victoriametrics"


def test_half_a_surrogate_pair_inside_a_nested_value_is_replaced(tmp_path):
    """Found by fuzzing: a list is kept as text, and nothing could write that text down."""
    text = (
        '[{"time": "2024-01-15T10:32:11Z", "cpu": 5, "odd": ["\\ud800"]}, {"time": "2024-01-15T10:33:11Z", "cpu": 6}]'
    )
    frame = read_metrics(write(tmp_path, text, "cpu.json"))
    assert frame["value"].dropna().tolist() == [5.0, 6.0]
