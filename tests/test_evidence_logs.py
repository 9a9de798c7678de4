"""Whole log files → the logs frame: records, levels, extra columns, CSV through a mapping, and the account of it."""

import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import ReadError, SettingError
from postmortem_nb.evidence import Unreadable, read_logs
from postmortem_nb.frames import LOGS

ACCESS = '203.0.113.7 - - [15/Jan/2024:10:32:{:02d} +0000] "{}" {} 5 "-" "curl/8.5"{}'


def write(tmp_path, lines, name="app.log"):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def account(frame):
    report = frame.attrs["report"]
    return report.read, report.continued, report.blank, report.rejected


def test_the_frame_keeps_the_contract(tmp_path):
    frame = read_logs(write(tmp_path, [ACCESS.format(11, "GET / HTTP/1.1", 200, "")]))
    assert list(frame.columns[: len(LOGS.columns)]) == list(LOGS.columns)
    assert str(frame["time"].dtype) == "datetime64[ns, UTC]"
    assert frame["file"].tolist() == [(tmp_path / "app.log").as_posix()]


def test_an_access_log_has_numbers_behind_the_contract(tmp_path):
    lines = [
        ACCESS.format(11, "GET /cart?id=7 HTTP/1.1", 200, " 0.250 0.249"),
        ACCESS.format(12, "POST /pay HTTP/2.0", 502, " 1.500 -"),
        ACCESS.format(13, "-", 400, " 0.000 -"),
    ]
    frame = read_logs(write(tmp_path, lines))
    assert str(frame["status"].dtype) == "Int64"
    assert frame["status"].tolist() == [200, 502, 400]
    assert frame["seconds"].tolist() == [0.25, 1.5, 0.0]
    assert frame["method"].fillna("").tolist() == ["GET", "POST", ""]
    assert frame["path"].fillna("").tolist() == ["/cart?id=7", "/pay", ""]
    assert frame["level"].tolist() == ["INFO", "ERROR", "ERROR"]
    assert frame["message"].tolist() == ["GET /cart?id=7 HTTP/1.1 200", "POST /pay HTTP/2.0 502", "- 400"]
    assert "trace" not in frame


def test_a_whole_number_behind_an_access_log_has_no_unit(tmp_path):
    path = write(tmp_path, [ACCESS.format(11, "GET / HTTP/1.1", 200, " 250000")])
    assert "seconds" not in read_logs(path)
    assert read_logs(path, format="access-micros")["seconds"].tolist() == [0.25]


def test_a_stack_trace_stays_with_its_record(tmp_path):
    lines = [
        "lost from an older file",
        "2024-01-15 10:32:11,000 ERROR [main] c.e.Cart - boom",
        "java.lang.IllegalStateException: no cart",
        "    at c.e.Cart.add(Cart.java:53)",
        "",
        "Caused by: x",
        "2024-01-15 10:3",
        "2024-01-15 10:32:12,000 INFO [main] c.e.Cart - on we go",
    ]
    frame = read_logs(write(tmp_path, lines), timezone="UTC")
    assert frame["line"].tolist() == [2, 8]
    assert frame["message"][0].split("\n") == ["[main] c.e.Cart - boom", lines[2], lines[3], lines[5]]
    assert account(frame) == (2, 3, 1, 2)
    assert frame.attrs["report"].samples == ((1, lines[0]), (7, lines[6]))


def test_torn_json_lines_are_rejected_not_continued(tmp_path):
    good = '{"time": "2024-01-15T10:32:11Z", "level": "info", "msg": "a"}'
    frame = read_logs(write(tmp_path, [good, good[:40], "plain words", good]))
    assert frame["line"].tolist() == [1, 4]
    assert account(frame) == (2, 0, 0, 2)


def test_a_record_whose_time_is_none_is_rejected(tmp_path):
    lines = ["2024-01-15T10:32:11Z INFO a", "2024-02-31T10:32:11Z INFO b", "  more of b", "2024-01-15T10:32:12Z INFO c"]
    frame = read_logs(write(tmp_path, lines))
    assert frame["message"].tolist() == ["a", "c"]
    assert account(frame) == (2, 1, 0, 1)
    assert frame.attrs["report"].samples == ((2, "(its time cannot be read) 2024-02-31T10:32:11Z b\n  more of b"),)


def test_rows_stay_in_the_order_of_the_file(tmp_path):
    seconds = [30, 10, 20, 10]
    frame = read_logs(write(tmp_path, [f"2024-01-15T10:32:{s}Z INFO m{i}" for i, s in enumerate(seconds)]))
    assert frame["message"].tolist() == ["m0", "m1", "m2", "m3"]
    assert frame["line"].tolist() == [1, 2, 3, 4]
    assert frame.index.tolist() == [0, 1, 2, 3]


def test_syslog_over_new_year(tmp_path):
    lines = [
        "Dec 31 23:59:59 web-1 app[7]: old",
        "Jan  1 00:00:01 web-1 app[7]: new",
        "Jan  1 00:00:02 web-1 kernel: x",
    ]
    frame = read_logs(write(tmp_path, lines), timezone="Europe/Berlin", year=2023)
    assert frame["time"].tolist()[:2] == [pd.Timestamp("2023-12-31T22:59:59Z"), pd.Timestamp("2023-12-31T23:00:01Z")]
    assert frame["service"].tolist() == ["app", "app", "kernel"]
    assert frame["host"].unique().tolist() == ["web-1"]
    assert frame["level"].isna().all()


def test_priorities_become_levels(tmp_path):
    lines = [f"<{8 + severity}>Jan  1 00:00:0{severity} h a: m" for severity in range(8)]
    found = read_logs(write(tmp_path, lines), timezone="UTC", year=2024)["level"].tolist()
    assert found == ["CRITICAL"] * 3 + ["ERROR", "WARNING", "INFO", "INFO", "DEBUG"]


def test_epochs_in_json_lines_and_a_line_of_another_unit(tmp_path):
    lines = [json.dumps({"ts": ts, "msg": "m"}) for ts in (1705314731.5, 1705314732, 1705314733000, "1705314734")]
    frame = read_logs(write(tmp_path, lines))
    assert frame["time"].dt.second.tolist() == [11, 12, 14]
    assert frame["time"][0].microsecond == 500_000
    assert frame.attrs["report"].samples[0][0] == 3


def test_bunyan_numbers(tmp_path):
    record = {"name": "a", "hostname": "h", "msg": "m", "v": 0, "time": "2024-01-15T10:32:11Z"}
    lines = [json.dumps({**record, "level": level}) for level in (10, 20, 30, 40, 50, 60, 3)]
    found = read_logs(write(tmp_path, lines))["level"].tolist()
    assert found == ["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "ERROR"]


def test_half_a_surrogate_pair_can_be_written_down_again(tmp_path):
    frame = read_logs(write(tmp_path, ['{"time": "2024-01-15T10:32:11Z", "msg": "bad \\ud800 end"}']))
    assert frame["message"][0].encode("utf-8") == b"bad ? end"


def test_a_record_without_a_message_is_its_own(tmp_path):
    line = '{"time": "2024-01-15T10:32:11Z", "user": {"id": 7}}'
    assert read_logs(write(tmp_path, [line]))["message"].tolist() == [line]


def test_deep_nesting_is_rejected(tmp_path):
    good = '{"time": "2024-01-15T10:32:11Z", "msg": "a"}'
    deep = '{"time": ' + "[" * 100_000 + "]" * 100_000 + "}"
    assert account(read_logs(write(tmp_path, [good, deep]))) == (1, 0, 0, 1)


def test_a_given_service_stands_in_every_row(tmp_path):
    lines = ["ts=2024-01-15T10:32:11Z service=own msg=a", "ts=2024-01-15T10:32:12Z msg=b"]
    path = write(tmp_path, lines)
    assert read_logs(path)["service"].tolist() == ["own", ""]
    assert read_logs(path, service="web")["service"].tolist() == ["web", "web"]


def test_missing_zone_names_the_line(tmp_path):
    with pytest.raises(ReadError, match=r"app\.log:3: its times carry no zone"):
        read_logs(write(tmp_path, ["", "", "2024-01-15 10:32:11 INFO a"]))


def test_a_zone_behind_the_time_is_no_part_of_the_message(tmp_path):
    path = write(tmp_path, ["2026-02-03 08:00:00 PST ERROR x", "[2026-02-03 08:00:01,5 PST] [main] WARN y"])
    with pytest.raises(ReadError, match=r"app\.log:1: PST is not a zone that can be told for sure"):
        read_logs(path)
    frame = read_logs(path, timezone="America/Los_Angeles")
    assert frame["time"].tolist() == [pd.Timestamp("2026-02-03T16:00Z"), pd.Timestamp("2026-02-03T16:00:01.5Z")]
    assert frame[["level", "message"]].to_numpy().tolist() == [["ERROR", "x"], ["WARNING", "[main] y"]]


@pytest.mark.parametrize("word", ["INFO", "WARN", "ERROR", "DEBUG", "FATAL", "TRACE", "NOTE", "GET", "HTTP", "EST-1"])
def test_another_word_behind_the_time_is_no_zone(tmp_path, word):
    frame = read_logs(write(tmp_path, [f"2026-02-03 08:00:00 {word} x"]), timezone="America/Chicago")
    assert frame["time"].tolist() == [pd.Timestamp("2026-02-03T14:00Z")]
    assert word in (frame["level"][0], *frame["message"][0].split()) or frame["level"][0] in ("WARNING", "CRITICAL")


def test_the_hour_that_comes_twice_is_chosen_by_a_keyword(tmp_path):
    path = write(tmp_path, ["2024-10-27 01:30:00 INFO a", "2024-10-27 02:30:00 INFO b"])
    with pytest.raises(ReadError, match=r"app\.log:2: .*00:30:00Z or .*01:30:00Z"):
        read_logs(path, timezone="Europe/Berlin")
    second = read_logs(path, timezone="Europe/Berlin", clock_change="second")["time"]
    assert second[1] == pd.Timestamp("2024-10-27T01:30:00Z")


def test_the_report_survives_a_query(tmp_path):
    frame = read_logs(write(tmp_path, ["2024-01-15T10:32:11Z ERROR a", "2024-01-15T10:32:12Z INFO b"]))
    report = frame.query("level == 'ERROR'").attrs["report"]
    assert (report.read, report.formats, report.zone) == (2, ("app",), "as written")
    assert report.last == pd.Timestamp("2024-01-15T10:32:12Z")
    assert str(report).endswith("app.log: app, 2 of 2 lines read, 0 rejected")


# --- CSV --------------------------------------------------------------------------------------------------------------

CSV = [
    "Timestamp,PodName,Node,TraceID,Log",
    '2024-01-15T08:42:22.5Z,cart-5f6585d649-fnmft,10.0.0.1,abc,"{""log"":""16:42:22 WARN c#1 slow\\n"",""stream"":1}"',
    '2024-01-15T08:42:21Z,db-0,10.0.0.2,,"two\nlines, and ""quotes"""',
    "2024-01-15T08:42:23Z,db-0,10.0.0.2",
    "",
    'soon,db-0,10.0.0.2,,"x"',
]
MAPPED = {"time": "Timestamp", "message": "Log", "service": "PodName"}


def test_csv_through_a_mapping(tmp_path):
    frame = read_logs(write(tmp_path, CSV, "pods.csv"), columns=MAPPED)
    assert frame["line"].tolist() == [2, 3]
    assert frame["message"].tolist() == ["16:42:22 WARN c#1 slow", 'two\nlines, and "quotes"']
    assert frame["service"].tolist() == ["cart", "db-0"]
    assert frame["host"].tolist() == ["10.0.0.1", "10.0.0.2"]
    assert frame["level"].fillna("").tolist() == ["WARNING", ""]
    assert frame["trace"].fillna("").tolist() == ["abc", ""]
    report = frame.attrs["report"]
    assert (report.lines, report.read, report.skipped, report.continued, report.blank, report.rejected) == (
        7,
        2,
        1,
        1,
        1,
        2,
    )
    assert [line for line, _ in report.samples] == [5, 7]


def test_csv_with_ordinary_names_needs_no_mapping(tmp_path):
    frame = read_logs(write(tmp_path, ["time;level;message", "2024-01-15T10:32:11Z;warn;a, b"]))
    assert frame[["level", "message"]].to_numpy().tolist() == [["WARNING", "a, b"]]
    assert frame.attrs["report"].format == "csv"


def test_a_torn_quote_does_not_swallow_the_rows_behind_it(tmp_path):
    lines = ["time,message"] + [f'2024-01-15T10:32:{i:02d}Z,"m{i}"' for i in range(10, 20)]
    lines[3] = lines[3][:-4]
    frame = read_logs(write(tmp_path, lines, "a.csv"))
    kept = frame["message"].tolist()
    assert {"m10", "m13", "m19"} <= set(kept)
    report = frame.attrs["report"]
    assert report.read + report.rejected + report.continued + report.skipped == 11
    assert len(kept) >= 8


def test_a_mapped_column_that_is_missing_offers_near_ones(tmp_path):
    with pytest.raises(ReadError, match=r"no column 'Timestam', .* its time\. Did you mean Timestamp\?"):
        read_logs(write(tmp_path, CSV, "pods.csv"), columns={**MAPPED, "time": "Timestam"})


def test_a_role_that_no_column_plays(tmp_path):
    with pytest.raises(SettingError, match=r"`columns` names 'massage', .*Did you mean message\?"):
        read_logs(write(tmp_path, CSV, "pods.csv"), columns={"massage": "Log"})


def test_a_mapping_for_a_format_without_columns(tmp_path):
    with pytest.raises(SettingError, match="`columns` are for csv, not for the format 'app'"):
        read_logs(write(tmp_path, CSV), columns=MAPPED, format="app")


def test_csv_without_a_message_says_which_columns_it_has(tmp_path):
    with pytest.raises(Unreadable, match=r"no column is its message; it has time, size\. Name it: `columns"):
        read_logs(write(tmp_path, ["time,size", "2024-01-15T10:32:11Z,5"]), format="csv")


# --- round trips ------------------------------------------------------------------------------------------------------

LEVELS = st.sampled_from(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
WORDS = st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True).filter(lambda w: w not in ("info", "warn")), min_size=1)
TIMES = st.datetimes(pd.Timestamp("2000-01-01"), pd.Timestamp("2090-01-01"))
RECORDS = st.lists(st.tuples(TIMES, LEVELS, WORDS.map(" ".join)), min_size=1, max_size=30)
WRITERS = {
    "app": lambda t, level, m: f"{t.isoformat(sep=' ', timespec='microseconds')} {level} payload: {m}",
    "json": lambda t, level, m: json.dumps({"ts": t.isoformat() + "Z", "level": level.lower(), "msg": f"payload: {m}"}),
    "logfmt": lambda t, level, m: f'time={t.isoformat()}Z level={level} msg="payload: {m}"',
    "nginx-error": lambda t, level, m: f"{t:%Y/%m/%d %H:%M:%S} [{level.lower()}] 7#7: payload: {m}",
    "apache-error": lambda t, level, m: f"[{t:%a %b %d %H:%M:%S.%f %Y}] [core:{level.lower()}] payload: {m}",
}


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=RECORDS)
def test_what_was_written_is_what_is_read(tmp_path, name, records):
    if name == "nginx-error":
        records = [(t.replace(microsecond=0), level, m) for t, level, m in records]
    frame = read_logs(write(tmp_path, [WRITERS[name](*r) for r in records]), timezone="UTC")
    assert frame.attrs["report"].format == name
    truth = pd.DataFrame(records, columns=["time", "level", "message"])
    truth["time"] = pd.to_datetime(truth["time"]).dt.tz_localize("UTC")
    assert frame["time"].tolist() == truth["time"].tolist()
    assert frame["level"].tolist() == truth["level"].tolist()
    assert frame["message"].tolist() == [f"payload: {m}" for m in truth["message"]]
