"""Tables of metrics as dashboards, spreadsheets and probes export them."""

import math

import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import PostmortemError, ReadError
from postmortem_nb.evidence import Unreadable, read_metrics, table
from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.metrics.values import numbers_of

AT = [pd.Timestamp(f"2024-01-15T10:3{i}:00Z") for i in range(4)]


def write(tmp_path, text, name="panel.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def values(frame, metric):
    return [None if math.isnan(v) else v for v in frame.loc[frame["metric"] == metric, "value"]]


def total(report):
    return report.read + report.continued + report.blank + report.skipped + report.rejected


# --- Grafana ----------------------------------------------------------------------------------------------------------


def test_a_panel_of_grafana_with_units(tmp_path):
    text = (
        '"Time","p95","memory","errors","rate"\n'
        '2024-01-15 11:30:00,350 ms,1.5 GiB,45 %,"2,345"\n'
        "2024-01-15 11:31:00,1.2 s,512 MiB,4.5 %,1.2 K\n"
        "2024-01-15 11:32:00,2 mins,No data,,undefined\n"
    )
    frame = read_metrics(write(tmp_path, text), timezone="Europe/Berlin")
    assert values(frame, "p95") == pytest.approx([0.35, 1.2, 120])
    assert values(frame, "memory") == [1.5 * 2**30, 2.0**29, None]
    assert values(frame, "errors") == [45, 4.5, None]
    assert values(frame, "rate") == [2345, 1200, None]
    units = dict(zip(frame["metric"], frame["labels"], strict=True))
    assert units == {"p95": "unit=s", "memory": "unit=B", "errors": "unit=%", "rate": ""}
    assert frame["time"].unique().tolist() == AT[:3]
    assert (frame.attrs["report"].cells, frame.attrs["report"].zone) == (0, "Europe/Berlin")


def test_local_times_of_a_panel_need_a_zone(tmp_path):
    with pytest.raises(ReadError, match=r"panel\.csv:2: its times carry no zone"):
        read_metrics(write(tmp_path, '"Time","a"\n2024-01-15 11:30:00,1\n'))


@pytest.mark.parametrize(
    ("cells", "base"),
    [
        (["5 req/s", "6 req/s"], [5, 6]),
        (["1.5 MB/s", "200 kB/s"], [1.5e6, 2e5]),
        (["-3 ms", "1e3 ms"], [-0.003, 1]),
        (["3 h", "1 day"], [10800, 86400]),
    ],
)
def test_units_of_many_kinds(tmp_path, cells, base):
    lines = [f"{t.isoformat()},{c}\n" for t, c in zip(AT, cells, strict=False)]
    assert values(read_metrics(write(tmp_path, "time,x\n" + "".join(lines))), "x") == pytest.approx(base)


def test_another_dimension_in_a_column_is_no_number_of_it(tmp_path):
    text = "time,x\n2024-01-15T10:30Z,5 ms\n2024-01-15T10:31Z,7 ms\n2024-01-15T10:32Z,3 MB\n"
    frame = read_metrics(write(tmp_path, text))
    assert values(frame, "x") == [0.005, 0.007, None]
    assert (frame.attrs["report"].cells, frame.attrs["report"].cell) == (1, (4, "x = 3 MB"))


def test_one_series_after_the_other_with_a_line_for_spreadsheets(tmp_path):
    text = 'sep=;\n"Series";"Time";"Value"\n"web";"2024-01-15T10:30:00Z";1,5\n"web";"2024-01-15T10:31:00Z";1.234,5\n'
    frame = read_metrics(write(tmp_path, text))
    assert values(frame, "web") == [1.5, 1234.5]
    report = frame.attrs["report"]
    assert (report.format, report.lines, report.read, report.skipped) == ("csv-long", 4, 2, 2)


def test_commas_in_the_names_of_series_do_not_part_cells(tmp_path):
    text = '"Time";"up{a=""1"",b=""2"",c=""3""}"\n2024-01-15T10:30:00Z;1\n'
    assert read_metrics(write(tmp_path, text))["metric"].tolist() == ['up{a="1",b="2",c="3"}']


@pytest.mark.parametrize("separator", ["\t", "|", ";"])
def test_separators(tmp_path, separator):
    text = "time,cpu,host\n2024-01-15T10:30Z,5,a\n".replace(",", separator)
    frame = read_metrics(write(tmp_path, text))
    assert values(frame, "cpu") == [5.0]


def test_a_decimal_comma_is_one_only_between_semicolons(tmp_path):
    semicolons = "time;x\n2024-01-15T10:30Z;1,5\n2024-01-15T10:31Z;1.000\n2024-01-15T10:32Z;2,5 ms\n"
    assert values(read_metrics(write(tmp_path, semicolons.replace("2,5 ms", "-2,5"))), "x") == [1.5, 1000, -2.5]
    commas = 'time,x,y\n2024-01-15T10:30Z,"1,5",1\n2024-01-15T10:31Z,"1,500",1\n'
    frame = read_metrics(write(tmp_path, commas))
    assert values(frame, "x") == [None, 1500]  # 1,5 may be a torn 1,500: not guessed
    assert frame.attrs["report"].cell == (2, "x = 1,5")


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=10))
def test_decimal_commas_round_trip(numbers):
    cells = [f"{n:,.3f}".replace(",", "_").replace(".", ",").replace("_", ".") for n in numbers]
    assert numbers_of(cells, decimal_comma=True).values == pytest.approx([round(n, 3) for n in numbers])


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=10), st.sampled_from(["ns", "us", "ms", "s", "min", "h"]))
def test_units_of_time_round_trip(numbers, unit):
    per = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600}[unit]
    read = numbers_of([f"{n:,} {unit}" for n in numbers])
    assert read.values == pytest.approx([n * per for n in numbers])
    assert set(read.units) == {"s"}


# --- time columns -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Time (UTC)", "Timestamp [UTC]", "date(GMT)"])
def test_a_header_may_say_that_its_times_are_utc(tmp_path, name):
    frame = read_metrics(write(tmp_path, f"{name},cpu\n2024-01-15 10:30:00,5\n"))
    assert (frame["time"].tolist(), frame["metric"].tolist()) == (AT[:1], ["cpu"])


@pytest.mark.parametrize("header", [",cpu", "Unnamed: 0,cpu", "index,cpu", "__index_level_0__,cpu"])
def test_an_index_without_a_name_is_the_time(tmp_path, header):
    assert read_metrics(write(tmp_path, f"{header}\n2024-01-15T10:30Z,5\n"))["metric"].tolist() == ["cpu"]


def test_an_index_beside_a_time_is_no_time(tmp_path):
    frame = read_metrics(write(tmp_path, "index,time,cpu\n0,2024-01-15T10:30Z,5\n"))
    assert frame["time"].tolist() == AT[:1] * 2


def test_epochs_of_another_unit_than_most_are_rejected(tmp_path):
    frame = read_metrics(write(tmp_path, "ts,cpu\n1705314600,1\n1705314660,2\n1705314720000,3\n"))
    assert values(frame, "cpu") == [1, 2]
    assert frame.attrs["report"].samples == ((4, "1705314720000,3"),)


# --- probes -----------------------------------------------------------------------------------------------------------


def test_words_of_an_uptime_probe(tmp_path):
    lines = ["up", "DOWN", "unknown", ""]
    text = "time,status\n" + "".join(f"{t.isoformat()},{w}\n" for t, w in zip(AT, lines, strict=True))
    assert values(read_metrics(write(tmp_path, text)), "status") == [1, 0, None, None]


def test_states_beside_numbers_count_where_they_are_called_so(tmp_path):
    text = "time,status,note,ms\n2024-01-15T10:30Z,OK,ok,12\n2024-01-15T10:31Z,FAIL,error,3000\n"
    frame = read_metrics(write(tmp_path, text))
    assert values(frame, "status") == [1, 0]
    assert set(frame["metric"]) == {"status", "ms"}
    assert frame["labels"].tolist()[0] == "note=ok"


def test_several_monitors_and_a_long_file_of_states(tmp_path):
    wide = "time,shop,api\n2024-01-15T10:30Z,up,up\n2024-01-15T10:31Z,up,down\n"
    assert values(read_metrics(write(tmp_path, wide)), "api") == [1, 0]
    long = "time,name,value\n2024-01-15T10:30Z,shop,up\n2024-01-15T10:31Z,shop,down\n"
    assert values(read_metrics(write(tmp_path, long)), "shop") == [1, 0]


def test_a_column_with_another_word_is_text(tmp_path):
    with pytest.raises(Unreadable, match="holds numbers"):
        read_metrics(write(tmp_path, "time,status\n2024-01-15T10:30Z,up\n2024-01-15T10:31Z,sideways\n"))


# --- JSON records and Parquet -----------------------------------------------------------------------------------------


def test_json_lines_with_objects_in_them(tmp_path):
    text = (
        '{"@timestamp": "2024-01-15T10:30:00Z", "host": {"name": "a"}, "system": {"load": {"1": 0.5, "5": 0.25}}}\n'
        "\n{torn\n"
        '{"@timestamp": "2024-01-15T10:31:00Z", "host": {"name": "a"}, "system": {"load": {"1": null}}}\n'
    )
    frame = read_metrics(write(tmp_path, text, "beat.jsonl"))
    assert values(frame, "system.load.1") == [0.5, None]
    assert values(frame, "system.load.5") == [0.25, None]
    assert frame["labels"].unique().tolist() == ["host.name=a"]
    report = frame.attrs["report"]
    assert (report.lines, report.read, report.blank, report.rejected) == (4, 2, 1, 1)


def test_long_json_with_labels(tmp_path):
    text = '[{"time": 1705314600, "metric": "cpu", "value": 1.5, "labels": {"service": "web", "zone": "a"}}]'
    frame = read_metrics(write(tmp_path, text, "long.json"))
    assert frame[["service", "metric", "value", "labels"]].to_numpy().tolist() == [
        ["web", "cpu", 1.5, "service=web,zone=a"]
    ]


def test_parquet_of_a_frame_with_an_index(tmp_path):
    index = pd.date_range("2024-01-15T10:30Z", periods=3, freq="1min")
    pd.DataFrame({"cpu": [1.0, None, 3.0], "is_up": [True, False, True]}, index=index).to_parquet(
        tmp_path / "p.parquet"
    )
    frame = read_metrics(tmp_path / "p.parquet")
    assert values(frame, "cpu") == [1, None, 3]
    assert values(frame, "is_up") == [1, 0, 1]
    assert frame["time"].unique().tolist() == AT[:3]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_parquet_epochs_durations_and_lists(tmp_path, unit):
    factor = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    frame = pl.DataFrame({"ts": [t.timestamp() * factor for t in AT], "took": [1500] * 4, "tags": [["a"]] * 4})
    frame = frame.with_columns(pl.col("took").cast(pl.Duration("ms")), pl.col("ts").cast(pl.Int64))
    frame.write_parquet(tmp_path / "p.parquet")
    read = read_metrics(tmp_path / "p.parquet")
    assert read["time"].tolist() == AT
    assert values(read, "took") == [1.5] * 4
    assert "tags" in read.attrs["report"].notes[0]


@pytest.mark.parametrize("damage", [lambda d: d[:-20], lambda d: d[:4], lambda d: d[:200] + b"\0" * 200 + d[400:]])
def test_a_broken_parquet_file_is_said(tmp_path, damage):
    path = tmp_path / "p.parquet"
    pl.DataFrame({"time": AT, "cpu": [1.0, 2.0, 3.0, 4.0]}).write_parquet(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(PostmortemError):
        read_metrics(path)


def test_a_table_of_too_many_keys_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("postmortem_nb.evidence.metrics.records.MOST", 100)
    text = "".join(f'{{"time": 1705314600, "k{i}": 1}}\n' for i in range(20))
    with pytest.raises(Unreadable, match="20 records have 21 keys between them"):
        read_metrics(write(tmp_path, text, "keys.jsonl"))


LINES = st.lists(
    st.sampled_from(
        ["1,2", "a,b", "x,", ",", "", " ", "1", "1,2,3", "1,2,,", '"a,b",c', '"a', 'b"', '"a""b",', "a\t,b"]
    )
    | st.text('ab,"\r\t ', max_size=6),
    max_size=14,
)


@given(LINES, st.sampled_from(["a,b", '"a",b', "a\tb", "a", "sep=,\na,b"]), st.integers(1, 5))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lines_are_split_together_as_each_by_itself(tmp_path, lines, header, together):
    path = tmp_path / "x.csv"
    path.write_text("\n".join([header, *lines]), newline="")
    read = []
    for split, most in ((table._split_together, together), (lambda *_: None, 10**6)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(table, "_split_together", split)
            patch.setattr(table, "TOGETHER", most)
            tally = Tally("x.csv")
            read.append((table.read_table(path, How("x.csv"), tally), tally))
    assert read[0] == read[1]
