"""Text that is no plain table: what exporters show, Flux and CloudWatch CSV, load tests; times that are declared."""

import gzip
import json
import math

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import PostmortemError, SettingError
from postmortem_nb.evidence import Unreadable, load, read_metrics
from postmortem_nb.evidence.metrics import FORMATS

T0 = 1705314600
AT = [pd.Timestamp(T0 + 60 * i, unit="s", tz="UTC") for i in range(4)]
WHEN = "2024-01-15T10:30:00Z"


def write(tmp_path, content, name="file.txt"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def found(frame):
    return [(r.time, r.metric, None if math.isnan(r.value) else r.value) for r in frame.itertuples()]


def adds_up(report):
    return report.read + report.continued + report.blank + report.skipped + report.rejected == report.lines


# --- what exporters show ----------------------------------------------------------------------------------------------

OPENMETRICS = f"""# TYPE http_requests counter
# HELP http_requests Requests, "all" of them.
http_requests_total{{code="200",path="C:\\\\a \\"b\\"\\n"}} 5 {T0} # {{trace_id="abc"}} 0.67 {T0 - 1}
http_requests_created{{code="200"}} {T0 - 100} {T0}
# TYPE took histogram
took_bucket{{le="0.5"}} 3 {T0} # {{trace_id="x"}} 0.1
took_bucket{{le="+Inf"}} 4 {T0}
took_count 4 {T0}
took_sum 1.25 {T0}
# TYPE depth gauge
depth NaN {T0 + 60.5}
# EOF
"""


def test_openmetrics_with_exemplars_histograms_and_escapes(tmp_path):
    frame = read_metrics(write(tmp_path, OPENMETRICS))
    assert found(frame) == [
        (AT[0], "http_requests_total", 5.0),
        (AT[0], "http_requests_created", T0 - 100.0),
        (AT[0], "took_bucket", 3.0),
        (AT[0], "took_bucket", 4.0),
        (AT[0], "took_count", 4.0),
        (AT[0], "took_sum", 1.25),
        (AT[1] + pd.Timedelta("500ms"), "depth", None),
    ]
    assert frame["labels"].iloc[0] == 'code=200,path=C:\\a "b"\n'
    assert frame["type"].tolist() == ["counter", "", *["counter"] * 4, "gauge"]
    report = frame.attrs["report"]
    assert adds_up(report)
    assert (report.read, report.skipped, report.rejected) == (7, 5, 0)


def test_milliseconds_in_prometheus_text_and_names_that_are_no_words(tmp_path):
    text = f'# TYPE x_total gauge\nx_total 1 {T0 * 1000}\n{{"my.metric",service="web"}} 2 {T0 * 1000}\nodd line\n'
    frame = read_metrics(write(tmp_path, text))
    assert found(frame) == [(AT[0], "x_total", 1.0), (AT[0], "my.metric", 2.0)]
    assert frame[["service", "type"]].to_numpy().tolist() == [["", "gauge"], ["web", ""]]
    assert frame.attrs["report"].samples == ((4, "odd line"),)


def test_a_snapshot_needs_a_declared_instant(tmp_path):
    path = write(tmp_path, '# TYPE up gauge\nup{job="web"} 1\n')
    with pytest.raises(Unreadable, match=r"its samples carry no time.*Declare it: at = "):
        read_metrics(path)
    assert found(read_metrics(path, at=WHEN)) == [(AT[0], "up", 1.0)]
    assert found(read_metrics(path, at="2024-01-15T11:30:00+01:00")) == [(AT[0], "up", 1.0)]


@pytest.mark.parametrize("at", ["2024-01-15 10:30", "soon", "NaT"])
def test_a_declared_instant_has_a_zone(tmp_path, at):
    with pytest.raises(SettingError, match=r"at = .*Write one such as"):
        read_metrics(write(tmp_path, "# TYPE up gauge\nup 1\n"), at=at)


def test_an_incident_declares_the_instant(tmp_path):
    (tmp_path / "metrics").mkdir()
    write(tmp_path / "metrics", "# TYPE up gauge\nup 1\n", "node.prom")
    facts = 'title = "x"\nzone = "Europe/Berlin"\n[[evidence]]\nfiles = "metrics/*"\nat = "2024-01-15T11:30"\n'
    write(tmp_path, facts, "incident.toml")
    assert found(load(tmp_path).metrics) == [(AT[0], "up", 1.0)]


LABELS = st.dictionaries(
    st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True).filter(lambda n: n not in ("job", "app", "service")),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
    max_size=4,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(LABELS, st.floats(-1e12, 1e12)), min_size=1, max_size=8))
def test_text_of_exporters_round_trip(tmp_path, samples):
    def escaped(text):
        return text.replace("\\", "\\\\").replace('"', '\\"')

    lines = []
    for i, (labels, value) in enumerate(samples):
        inner = ",".join(f'{name}="{escaped(text)}"' for name, text in labels.items())
        lines.append(f"m{i}{{{inner}}} {value!r} {T0}")
    frame = read_metrics(write(tmp_path, "# TYPE m gauge\n" + "\n".join(lines) + "\n# EOF\n"))
    assert frame["value"].tolist() == [value for _, value in samples]
    shown = [",".join(f"{k}={v}" for k, v in sorted(labels.items())) for labels, _ in samples]
    assert (frame["labels"].tolist() if "labels" in frame else [""] * len(samples)) == shown


def test_what_the_official_client_writes_is_read(tmp_path):
    client = pytest.importorskip("prometheus_client")
    from prometheus_client.openmetrics.exposition import generate_latest

    registry = client.CollectorRegistry()
    client.Counter("jobs", 'Jobs "done".', ["queue"], registry=registry).labels('a"b\\c\nd').inc(3)
    client.Histogram("took_seconds", "Time.", buckets=(0.1, 1), registry=registry).observe(0.5)
    frame = read_metrics(write(tmp_path, generate_latest(registry)), at=WHEN)
    kept = {
        (s.name, ",".join(f"{k}={v}" for k, v in sorted(s.labels.items()))): s.value
        for family in registry.collect()
        for s in family.samples
    }
    assert dict(zip(zip(frame["metric"], frame["labels"], strict=True), frame["value"], strict=True)) == kept
    assert set(frame.loc[frame["metric"].str.contains("total|bucket|count|sum"), "type"]) == {"counter"}


# --- Flux -------------------------------------------------------------------------------------------------------------

FLUX = f"""#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string
#group,false,false,true,true,false,false,true,true,true
#default,_result,,,,,,,,
,result,table,_start,_stop,_time,_value,_field,_measurement,host
,,0,{WHEN},{WHEN},{WHEN},1.5,load1,system,a
,,0,{WHEN},{WHEN},2024-01-15T10:31:00Z,,load1,system,a
,,1,{WHEN},{WHEN},never,2,load1,system,a

#datatype,string,long,dateTime:RFC3339,boolean,string
#group,false,false,false,false,true
#default,_result,,,,
,result,table,_time,ok,host
,,2,{WHEN},true,b
,,2,short
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_annotated_csv_with_several_tables(tmp_path, end):
    frame = read_metrics(write(tmp_path, FLUX.replace("\n", end), "flux.csv"))
    assert found(frame) == [(AT[0], "system.load1", 1.5), (AT[0], "ok", 1.0), (AT[1], "system.load1", None)]
    assert frame["labels"].tolist() == ["host=a", "host=b", "host=a"]
    report = frame.attrs["report"]
    assert adds_up(report)
    assert (report.format, report.read, report.rejected, report.skipped) == ("influx-csv", 3, 2, 8)


def test_flux_without_annotations_and_an_error_of_flux(tmp_path):
    bare = f",result,table,_time,_value,_field\n,,0,{WHEN},4,x\n"
    assert found(read_metrics(write(tmp_path, bare))) == [(AT[0], "x", 4.0)]
    error = "#datatype,string,string\n#group,true,true\n#default,,\n,error,reference\n,bucket not found,897\n"
    with pytest.raises(Unreadable, match="bucket not found, 897"):
        read_metrics(write(tmp_path, error))


# --- CloudWatch's console ---------------------------------------------------------------------------------------------


def test_csv_of_the_cloudwatch_console(tmp_path):
    text = (
        '"Full label","web 5xx","api 5xx","Latency, p99"\n'
        '"Label","5xx","5xx","p99"\n'
        '"Period","60","60","60"\n'
        '"2024/01/15 10:31:00","3","","0.5"\n'
        '"2024/01/15 10:30:00","1","2"\n'
        '"2024/01/15 10:32:00","1","2","3","4"\n'
    )
    path = write(tmp_path, text, "cw.csv")
    with pytest.raises(PostmortemError, match="its times carry no zone"):
        read_metrics(path)
    frame = read_metrics(path, timezone="UTC")
    assert sorted(found(frame), key=str) == sorted(
        [
            (AT[0], "5xx", 1.0),
            (AT[0], "api 5xx", 2.0),
            (AT[0], "p99", None),
            (AT[1], "5xx", 3.0),
            (AT[1], "api 5xx", None),
            (AT[1], "p99", 0.5),
        ],
        key=str,
    )
    report = frame.attrs["report"]
    assert (report.format, report.lines, report.skipped, report.rejected) == ("cloudwatch-csv", 6, 3, 1)


# --- load tests -------------------------------------------------------------------------------------------------------


def test_results_of_jmeter(tmp_path):
    text = (
        "timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,bytes,Latency,Connect\n"
        f"{T0 * 1000},120,GET /cart,200,OK,t 1,true,900,100,5\n"
        f"{(T0 + 60) * 1000},3000,GET /cart,503,Gone,t 1,false,90,2990,\n"
        "never,1,x,200,OK,t,true,1,1,1\n"
        f"{(T0 + 60) * 1000},,GET /cart,503,Gone,t 1,false,90,2990,5\n"
    )
    frame = read_metrics(write(tmp_path, text, "results.jtl"))
    assert found(frame[frame["metric"] == "elapsed"]) == [(AT[0], "elapsed", 120.0), (AT[1], "elapsed", 3000.0)]
    assert found(frame[frame["metric"] == "success"]) == [(AT[0], "success", 1.0), (AT[1], "success", 0.0)]
    assert set(frame["metric"]) == {"elapsed", "success", "bytes", "Latency", "Connect"}
    assert frame.loc[frame["metric"] == "elapsed", "labels"].iloc[1] == "label=GET /cart,responseCode=503,unit=ms"
    report = frame.attrs["report"]
    assert adds_up(report)
    assert (report.format, report.read, report.rejected) == ("jmeter", 2, 2)


def test_csv_of_k6(tmp_path):
    text = (
        "metric_name,timestamp,metric_value,check,error,name,service,status\n"
        f"http_req_duration,{T0},12.500000,,,/cart,web,200\n"
        f"http_reqs,{T0},1.000000,,,/cart,web,200\n"
    )
    frame = read_metrics(write(tmp_path, text, "k6.csv"))
    assert found(frame) == [(AT[0], "http_req_duration", 12.5), (AT[0], "http_reqs", 1.0)]
    assert frame[["service", "labels"]].drop_duplicates().to_numpy().tolist() == [["web", "name=/cart,status=200"]]


AB = """This is ApacheBench, Version 2.3 <$Revision: 1903618 $>

Benchmarking shop.example (be patient).....done

Server Hostname:        shop.example
Server Port:            80
Document Path:          /cart
Concurrency Level:      10
Time taken for tests:   2.500 seconds
Complete requests:      2000
Failed requests:        943
   (Connect: 0, Receive: 0, Length: 943, Exceptions: 0)
Non-2xx responses:      943
Requests per second:    800.00 [#/sec] (mean)
Time per request:       12.500 [ms] (mean)
Time per request:       1.250 [ms] (mean, across all concurrent requests)

Percentage of the requests served within a certain time (ms)
  50%     11
  99%     40
 100%     91 (longest request)
"""


def test_a_summary_of_apachebench_is_a_snapshot(tmp_path):
    path = write(tmp_path, AB)
    with pytest.raises(Unreadable, match=r"does not say when it ran. Declare it: at ="):
        read_metrics(path)
    frame = read_metrics(path, at=WHEN)
    assert frame["time"].unique().tolist() == AT[:1]
    assert dict(zip(frame["metric"], frame["value"], strict=True)) == {
        "concurrency_level": 10,
        "time_taken_for_tests": 2.5,
        "complete_requests": 2000,
        "failed_requests": 943,
        "non_2xx_responses": 943,
        "requests_per_second": 800,
        "time_per_request": 12.5,
        "time_p50": 11,
        "time_p99": 40,
        "time_p100": 91,
    }
    by = dict(zip(frame["metric"], frame["labels"], strict=True))
    assert by["time_per_request"] == "host=shop.example,path=/cart,unit=ms"
    assert by["time_taken_for_tests"] == "host=shop.example,path=/cart,unit=seconds"
    assert by["complete_requests"] == "host=shop.example,path=/cart"
    assert adds_up(frame.attrs["report"])


def test_a_date_that_apachebench_logged(tmp_path):
    frame = read_metrics(write(tmp_path, "Date: Mon, 15 Jan 2024 10:30:00 GMT\n" + AB))
    assert frame["time"].unique().tolist() == AT[:1]
    assert "by the clock of the server" in frame.attrs["report"].notes[0]


# --- named formats, packed files, anything ----------------------------------------------------------------------------


@pytest.mark.parametrize("content", [OPENMETRICS, FLUX], ids=["openmetrics", "flux"])
def test_packed_text_is_read_as_it_is(tmp_path, content):
    plain = read_metrics(write(tmp_path, content, "a"))
    packed = read_metrics(write(tmp_path, gzip.compress(content.encode()), "a"))
    pd.testing.assert_frame_equal(plain, packed)


SEEDS = st.sampled_from([OPENMETRICS, FLUX, AB, '"Label","a"\n"Full label","b"\n', "timeStamp,elapsed,label\n", "[{}]"])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=SEEDS,
    cut=st.tuples(st.integers(0, 400), st.integers(0, 400)),
    noise=st.binary(max_size=30),
    format=st.sampled_from([None, *FORMATS]),
)
def test_anything_under_any_name_adds_up_or_is_a_plain_error(tmp_path, seed, cut, noise, format):
    data = seed.encode()
    path = write(tmp_path, data[: cut[0]] + noise + data[cut[0] + cut[1] :], "any")
    try:
        report = read_metrics(path, timezone="UTC", format=format, at=WHEN).attrs["report"]
    except PostmortemError:
        return
    assert adds_up(report)
    assert report.read >= 0


@pytest.mark.parametrize("length", [100_000])
@pytest.mark.parametrize("line", ['a{{b="{0}', "a{{{0}", "a 1 {1}x", "{1}a", 'a{{b="c"{1}}} {1} 1', "#{0}"])
def test_a_hostile_line_takes_no_time(tmp_path, line, length):
    text = "# TYPE a gauge\n" + line.format("\\" * length, " " * length) + f"\na 1 {T0}\n# EOF\n"
    assert adds_up(read_metrics(write(tmp_path, text)).attrs["report"])


def test_a_header_of_very_many_columns(tmp_path):
    names = ["cpu"] * 20_000
    text = f"time,{','.join(names)}\n{WHEN},{','.join(['1'] * len(names))}\n"
    assert len(read_metrics(write(tmp_path, text), drop=[])) == len(names)


def test_json_in_a_file_that_is_called_csv(tmp_path):
    assert found(read_metrics(write(tmp_path, json.dumps([{"time": WHEN, "cpu": 1}]), "a.csv"))) == [
        (AT[0], "cpu", 1.0)
    ]
