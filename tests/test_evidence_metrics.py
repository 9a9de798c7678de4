"""CSV metrics → the metrics frame, long and wide; gaps stay visible."""

import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import PostmortemError, ReadError, SettingError
from postmortem_nb.evidence import Unreadable, read_metrics
from postmortem_nb.evidence.table import service_of
from postmortem_nb.frames import METRICS

LONG = """time,metric,value,service
2024-01-14T02:05:00Z,latency,0.5,web
2024-01-14T02:06:00Z,latency,,web
2024-01-14T02:05:00Z,errors,3,pay
"""
WIDE = """Time,TimeStamp,PodName,Cpu(%),Memory,Note
2022-08-22 03:52:19.5 +0000 UTC m=+60.1,1661140339,adservice-5f6585d649-fnmft,2.5,NaN,slow
2022-08-22 03:51:19.5 +0000 UTC m=+0.1,1661140279,adservice-5f6585d649-fnmft,1.5,7,
"""


def write(tmp_path, text, name="web.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(frame, *columns):
    return [tuple(row) for row in frame[list(columns)].itertuples(index=False)]


def test_a_long_file(tmp_path):
    frame = read_metrics(write(tmp_path, LONG))
    assert list(frame.columns) == [*METRICS.columns, "line"]
    lines = LONG.splitlines()
    for row in frame.itertuples():
        assert row.metric in lines[row.line - 1]
    assert rows(frame.fillna({"value": -1}), "service", "metric", "value") == [
        ("web", "latency", 0.5),
        ("pay", "errors", 3.0),
        ("web", "latency", -1.0),
    ]
    assert frame.attrs["report"].format == "csv-long"


def test_a_wide_file_with_go_times_and_pods(tmp_path):
    frame = read_metrics(write(tmp_path, WIDE))
    assert frame["metric"].tolist() == ["Cpu(%)", "Memory"] * 2
    assert frame["value"].fillna(-1).tolist() == [1.5, 7.0, 2.5, -1.0]
    assert frame["service"].unique().tolist() == ["adservice"]
    assert frame["time"].iloc[0] == pd.Timestamp("2022-08-22T03:51:19.5Z")
    assert frame["labels"].tolist()[::2] == [
        "PodName=adservice-5f6585d649-fnmft",
        "Note=slow,PodName=adservice-5f6585d649-fnmft",
    ]


def test_a_second_time_column_is_no_metric(tmp_path):
    assert "TimeStamp" not in set(read_metrics(write(tmp_path, WIDE))["metric"])


def test_dropped_columns_go_and_unknown_ones_are_said(tmp_path):
    frame = read_metrics(write(tmp_path, WIDE), drop=["Memory", "Mem"])
    assert frame["metric"].unique().tolist() == ["Cpu(%)"]
    assert frame.attrs["report"].unused == ("Mem",)


def test_gzip_and_a_service_for_all(tmp_path):
    path = tmp_path / "web.csv.gz"
    path.write_bytes(gzip.compress(LONG.encode()))
    assert read_metrics(path, service="shop")["service"].unique().tolist() == ["shop"]


def test_a_column_called_value_is_named_after_the_file(tmp_path):
    frame = read_metrics(write(tmp_path, "timestamp,value\n1705197900,5\n", "cpu.usage.csv"))
    assert frame["metric"].tolist() == ["cpu"]
    assert frame["time"].tolist() == [pd.Timestamp("2024-01-14T02:05Z")]


@pytest.mark.parametrize("name", ["time", "Timestamp", "TS", "date", "DateTime", "@timestamp"])
def test_the_time_column_is_found_by_its_name(tmp_path, name):
    assert len(read_metrics(write(tmp_path, f"cpu,{name}\n5,2024-01-14T02:05Z\n"))) == 1


def test_the_columns_are_named_where_their_names_say_nothing(tmp_path):
    path = write(tmp_path, "when,what,how_much,where\n2024-01-14T02:05Z,cpu,5,web\n")
    with pytest.raises(Unreadable, match=r"web\.csv: no column is its time; it has when, what, how_much, where"):
        read_metrics(path)
    names = {"time": "when", "metric": "what", "value": "how_much", "service": "where"}
    assert rows(read_metrics(path, columns=names), "service", "metric", "value") == [("web", "cpu", 5.0)]


def test_a_column_named_wrongly(tmp_path):
    with pytest.raises(ReadError, match=r"no column 'tim', which `columns` names as its time\. Did you mean time\?"):
        read_metrics(write(tmp_path, LONG), columns={"time": "tim"})
    with pytest.raises(SettingError, match="`columns` names 'text', which is no column here"):
        read_metrics(write(tmp_path, LONG), columns={"text": "metric"})


@pytest.mark.parametrize(
    ("labels", "service", "expected"),
    [
        ('"{service=""web"",zone=""a""}"', "web", "service=web,zone=a"),
        ('"{""job"": ""api"", ""n"": 1}"', "api", "job=api,n=1"),
        ('"zone=b,app=pay"', "pay", "app=pay,zone=b"),
        ("", "", ""),
    ],
)
def test_labels_hold_the_service(tmp_path, labels, service, expected):
    frame = read_metrics(write(tmp_path, f"time,metric,value,labels\n2024-01-14T02:05Z,cpu,1,{labels}\n"))
    assert rows(frame, "service", "labels") == [(service, expected)]


@pytest.mark.parametrize("missing", ["", "NaN", "null", "None", "n/a", "-"])
def test_a_missing_value_is_a_row(tmp_path, missing):
    frame = read_metrics(write(tmp_path, f"time,cpu\n2024-01-14T02:05Z,1\n2024-01-14T02:06Z,{missing}\n"))
    assert np.isnan(frame["value"].iloc[1])
    assert frame.attrs["report"].rejected == 0


def test_a_cell_that_is_no_number_is_missing_and_counted(tmp_path):
    text = "time,cpu,mem\n2024-01-14T02:05Z,1,2\n2024-01-14T02:06Z,x?,2\n2024-01-14T02:07Z,3,-?\nnever,y?,2\n"
    frame = read_metrics(write(tmp_path, text))
    report = frame.attrs["report"]
    assert (report.lines, report.read, report.skipped, report.rejected) == (5, 3, 1, 1)
    assert (report.cells, report.cell) == (2, (3, "cpu = x?"))
    assert frame["value"].fillna(-1).tolist() == [1, 2, -1, 2, 3, -1]


@pytest.mark.parametrize(("cells", "is_metric"), [("1 abc", True), ("1 abc abc", False), ("1 2 abc", True)])
def test_a_column_that_is_half_numbers_is_a_metric(tmp_path, cells, is_metric):
    lines = [f"2024-01-14T02:0{i}Z,{cell},1" for i, cell in enumerate(cells.split())]
    frame = read_metrics(write(tmp_path, "\n".join(["time,cpu,mem", *lines])))
    assert ("cpu" in set(frame["metric"])) == is_metric
    assert frame.attrs["report"].cells == is_metric
    assert frame.attrs["report"].rejected == 0


def test_a_row_of_another_width_is_rejected_with_its_line(tmp_path):
    text = (
        "time,cpu,mem\n2024-01-14T02:05Z,1,2\nnever,1,2\n2024-01-14T02:08Z,1,2,3\n2024-01-14T02:08Z,1,2,\n2024-01-14T0"
    )
    frame = read_metrics(write(tmp_path, text))
    report = frame.attrs["report"]
    assert (report.lines, report.read, report.skipped, report.rejected) == (6, 2, 1, 3)
    assert report.samples == (
        (3, "never,1,2"),
        (4, "(4 instead of 3 cells) 2024-01-14T02:08Z,1,2,3"),
        (6, "(1 instead of 3 cells) 2024-01-14T0"),
    )
    assert len(frame) == 4


def test_a_long_row_whose_value_is_no_number_is_rejected(tmp_path):
    report = read_metrics(write(tmp_path, LONG.replace("0.5", "fast"))).attrs["report"]
    assert (report.rejected, report.samples[0][0], report.cells) == (1, 2, 0)


def test_times_without_a_zone(tmp_path):
    path = write(tmp_path, "timestamp,value\n2014-04-02 14:29:00,1\n")
    with pytest.raises(ReadError, match=r"web\.csv:2: its times carry no zone"):
        read_metrics(path)
    assert read_metrics(path, timezone="UTC").attrs["report"].zone == "UTC"


def test_a_file_without_numbers(tmp_path):
    with pytest.raises(Unreadable, match=r"no column beside 'time' holds numbers; it has time, name"):
        read_metrics(write(tmp_path, "time,name\n2024-01-14T02:05Z,x\n"))


@pytest.mark.parametrize("text", ["", "\n\n", "time,cpu\n"])
def test_nothing_in_it(tmp_path, text):
    frame = read_metrics(write(tmp_path, text))
    assert len(frame) == 0
    assert list(frame.columns[:5]) == list(METRICS.columns)


def test_two_columns_of_one_name_stay_two(tmp_path):
    frame = read_metrics(write(tmp_path, "time,cpu,cpu,\n2024-01-14T02:05Z,1,2,3\n"))
    assert rows(frame, "metric", "value") == [("cpu", 1.0), ("cpu 2", 2.0), ("column 4", 3.0)]


def test_only_the_random_parts_of_a_pod_go():
    pods = ["ts-order-service-5b67c48447-mv5hb", "web-front-prod1", "db-0", "checkoutservice-578fcf4766-9csqn"]
    assert service_of("PodName", pods) == ["ts-order-service", "web-front-prod1", "db-0", "checkoutservice"]
    assert service_of("service", pods) == pods


PIECES = st.one_of(st.text(max_size=30), st.sampled_from(["2024-01-14T02:05Z,cpu,5\n", "time,metric,value\n", '"']))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES))
def test_any_text_gives_a_frame_that_adds_up_or_a_plain_error(tmp_path, pieces):
    path = tmp_path / "any.csv"
    path.write_bytes("".join(pieces).encode("utf-8", "replace"))
    try:
        report = read_metrics(path, timezone="UTC").attrs["report"]
    except PostmortemError:
        return
    total = report.read + report.continued + report.blank + report.skipped + report.rejected
    assert total == report.lines
    assert report.read >= 0
