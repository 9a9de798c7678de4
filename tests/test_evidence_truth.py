"""Real logs with known times and levels, lnav as an independent reader, records that go round through each format."""

import csv
import datetime as dt
import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import PostmortemError
from postmortem_nb.evidence import read_logs

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
LNAV = SHARED / "lnav"
LOGHUB = SHARED / "loghub"
# Lines that give no instant: a stop watch without an hour.
TIMELESS = {"tcf_log"}
# The date comes from a modification time that no copy keeps.
UNDATED = {"logfile_strace_log.0"}
SAME = {"notice": "info", "stats": "info", "warn": "warning", "err": "error", "severe": "error", "fatal": "critical"}

needs_lnav_data = pytest.mark.skipif(not LNAV.is_dir(), reason="the test files of lnav are not here")
needs_loghub = pytest.mark.skipif(not LOGHUB.is_dir(), reason="Loghub may not be shipped and is not here")


def level(text):
    text = "" if not isinstance(text, str) else text.lower()
    return SAME.get(text, text)


@needs_lnav_data
def test_sample_lines_of_many_formats(tmp_path):
    missed, total = [], 0
    with (LNAV / "format_samples.csv").open(newline="", encoding="utf-8") as handle:
        for number, row in enumerate(csv.DictReader(handle)):
            path = tmp_path / f"{number}.log"
            path.write_text(row["line"] + "\n", encoding="utf-8")
            total += 1
            try:
                frame = read_logs(path, timezone="UTC", year=2024)
            except PostmortemError:
                missed.append(row["format"])
                continue
            if len(frame) != 1 or (row["level"] and level(frame["level"][0]) != level(row["level"])):
                missed.append(row["format"])
    assert set(missed) <= TIMELESS
    assert len(missed) <= 0.05 * total


@needs_lnav_data
@pytest.mark.parametrize("kind", ["times", "levels"])
def test_times_and_levels_of_real_files(kind):
    for case in json.loads((LNAV / "expected.json").read_text()):
        if case["kind"] != kind:
            continue
        path = LNAV / "logs" / case["file"]
        if kind == "times":
            true = {dt.datetime.strptime(t.split(" -- ")[0], "%b %d %H:%M:%S %Y") for t in case["expected"]}
            frame = read_logs(path, timezone="UTC", year=min(true).year)
            if case["file"] not in UNDATED:
                assert {t.floor("s").tz_localize(None).to_pydatetime() for t in frame["time"]} == true, case["file"]
        else:
            heads = [level(x.split()[0]) for x in case["expected"] if not int(x.split()[1], 16) & 0x80]
            frame = read_logs(path, timezone="UTC", year=int((case["file_mtime"] or "2024")[:4]))
            assert [level(x) for x in frame["level"]] == heads, case["file"]


@needs_loghub
@pytest.mark.parametrize("system", ["Apache", "BGL", "HDFS", "Hadoop", "HealthApp", "Linux", "OpenSSH", "Zookeeper"])
def test_every_header_of_loghub(system):
    folder = LOGHUB / system
    truth = pd.read_csv(next(folder.glob("*_2k.log_structured.csv")))
    frame = read_logs(next(folder.glob("*_2k.log")), timezone="UTC", year=2024)
    assert len(frame) == len(truth)
    days, clocks = truth.get("Day", truth.get("Date")), truth["Time"].astype(str)
    if system in ("Linux", "OpenSSH"):
        names = truth["Month"] if system == "Linux" else truth["Date"]
        months = [dt.datetime.strptime(name, "%b").month for name in names]
        days = truth["Date"] if system == "Linux" else truth["Day"]
        true = list(zip(months, days, clocks, strict=True))
        assert [(t.month, t.day, f"{t:%H:%M:%S}") for t in frame["time"]] == true
        return
    read = {
        "Apache": lambda d, t: dt.datetime.strptime(t, "%a %b %d %H:%M:%S %Y"),
        "BGL": lambda d, t: dt.datetime.strptime(t, "%Y-%m-%d-%H.%M.%S.%f"),
        "HDFS": lambda d, t: dt.datetime.strptime(f"{int(d):06d} {int(t):06d}", "%y%m%d %H%M%S"),
        "HealthApp": lambda d, t: of_health_app(t),
        "Hadoop": lambda d, t: dt.datetime.fromisoformat(f"{d} {t.replace(',', '.')}"),
        "Zookeeper": lambda d, t: dt.datetime.fromisoformat(f"{d} {t.replace(',', '.')}"),
    }[system]
    both = zip([""] * len(truth) if days is None else days, clocks, strict=True)
    assert [t.tz_localize(None).to_pydatetime() for t in frame["time"]] == [read(d, t) for d, t in both]


def of_health_app(text):
    day, hour, minute, second, milli = text.replace("-", ":").split(":")
    return dt.datetime.strptime(day, "%Y%m%d") + dt.timedelta(
        hours=int(hour), minutes=int(minute), seconds=int(second), milliseconds=int(milli)
    )


# --- lnav as an oracle ------------------------------------------------------------------------------------------------


def lnav():
    path = shutil.which("lnav")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("lnav is not installed, and CI needs it")
        pytest.skip("lnav is not installed")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["syslog_log", "access_log"])
def test_lnav_reads_the_same_times_and_levels(tmp_path, kind):
    drawn = random.Random(7)
    start, lines = dt.datetime(2024, 1, 14, 2, 0), []
    for number in range(300):
        time = start + dt.timedelta(seconds=17 * number)
        if kind == "syslog_log":
            lines.append(
                f"{time:%b} {time.day:2d} {time:%H:%M:%S} web-{number % 3} app[{number}]: request {number} done"
            )
        else:
            status = drawn.choice([200, 304, 404, 500])
            lines.append(
                f'203.0.113.{number % 9} - - [{time:%d/%b/%Y:%H:%M:%S} +0000] "GET /{number} HTTP/1.1" {status} 5'
            )
    path = tmp_path / "x.log"
    path.write_text("\n".join(lines) + "\n")
    stamp = dt.datetime(2024, 6, 1).timestamp()
    os.utime(path, (stamp, stamp))  # lnav takes a year from here
    env = os.environ | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "TZ": "UTC", "TERM": "dumb"}
    query = f";select log_time, log_level from {kind}"
    done = subprocess.run(
        [lnav(), "-n", "-N", "-c", query, "-c", ":write-json-to -", str(path)],
        env=env, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    theirs = json.loads(done.stdout)
    ours = read_logs(path, timezone="UTC", year=2024)
    assert [pd.Timestamp(row["log_time"], tz="UTC") for row in theirs] == ours["time"].tolist()
    if kind == "access_log":
        assert [level(row["log_level"]) for row in theirs] == [level(x) for x in ours["level"]]


# --- properties -------------------------------------------------------------------------------------------------------


def in_milliseconds(t):
    return t.replace(microsecond=t.microsecond // 1000 * 1000)


TEXTS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=20).map(lambda t: f"x {t}")
RECORDS = st.lists(
    st.tuples(
        st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2024, 12, 31)).map(in_milliseconds),
        st.sampled_from(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]),
        TEXTS,
    ),
    min_size=1,
    max_size=30,
)  # fmt: skip
SYSLOG = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}
GLOG = {"DEBUG": "D", "INFO": "I", "WARNING": "W", "ERROR": "E", "CRITICAL": "F"}
WRITERS = {
    "app": lambda t, level, text: f"{t:%Y-%m-%d %H:%M:%S},{t.microsecond // 1000:03d} [main] {level} {text}",
    "json": lambda t, level, text: json.dumps({"ts": t.isoformat() + "Z", "level": level.lower(), "msg": text}),
    "logfmt": lambda t, level, text: f'time={t.isoformat()}Z level={level.lower()} msg="{text}"',
    "syslog-5424": lambda t, level, text: f"<{8 + SYSLOG[level]}>1 {t.isoformat()}Z web-1 app - - - {text}",
    "glog": lambda t, level, text: f"{GLOG[level]}{t:%Y%m%d %H:%M:%S}.{t.microsecond:06d} 42 a.cc:7] {text}",
    "cri": lambda t, level, text: f"{t.isoformat(timespec='microseconds')}Z stdout F {level} {text}",
    "postgres": lambda t, level, text: (
        f"{t:%Y-%m-%d %H:%M:%S.%f} UTC [1] {'FATAL' if level == 'CRITICAL' else level}:  {text}"
    ),
}


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=RECORDS)
def test_what_is_written_in_a_format_is_what_is_read(tmp_path, name, records):
    path = tmp_path / "round.log"
    path.write_text("".join(WRITERS[name](*record) + "\n" for record in records), encoding="utf-8")
    frame = read_logs(path, timezone="UTC", year=2024, format=name)
    assert frame["time"].tolist() == [pd.Timestamp(t, tz="UTC") for t, _, _ in records]
    written = [level if name != "postgres" or level != "DEBUG" else "DEBUG" for _, level, _ in records]
    assert frame["level"].tolist() == written
    assert all(m.endswith(text.strip()) for m, (_, _, text) in zip(frame["message"], records, strict=True))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=RECORDS, seed=st.integers(0, 99), cut=st.integers(0, 30), two=st.sampled_from(["json", "logfmt", "cri"]))
def test_shuffled_split_and_joined_files_hold_the_same_rows(tmp_path, records, seed, cut, two):
    lines = [WRITERS["syslog-5424"](*r) for r in records] + [WRITERS[two](*r) for r in records]

    def rows(*parts):
        out = []
        for number, part in enumerate(parts):
            path = tmp_path / f"{number}.log"
            path.write_text("".join(line + "\n" for line in part), encoding="utf-8")
            if part:
                frame = read_logs(path, timezone="UTC")
                assert frame.attrs["report"].rejected == 0
                out += list(zip(frame["time"], frame["level"], frame["message"], strict=True))
        return sorted(out)

    whole = rows(lines)
    shuffled = random.Random(seed).sample(lines, len(lines))
    assert rows(shuffled) == whole
    assert rows(lines[:cut], lines[cut:]) == whole
    assert rows(lines + lines) == sorted(whole + whole)


def test_a_file_that_changes_its_format_midway(tmp_path):
    path = tmp_path / "mixed.log"
    old = "2024-01-15 10:32:11,123 [main] INFO old\n\tat com.example.Cart(Cart.java:5)\n"
    new = '{"ts": "2024-01-15T10:32:12Z", "level": "error", "msg": "new"}\n'
    path.write_text(old * 3 + new * 2 + "I0115 10:32:13.000001 1 a.go:1] third\n")
    frame = read_logs(path, timezone="UTC", year=2024)
    report = frame.attrs["report"]
    assert report.formats[0] == "app" and set(report.formats) == {"app", "json", "glog"}
    assert frame["message"].str.split("\n").str[0].tolist() == ["[main] old"] * 3 + ["new"] * 2 + ["a.go:1] third"]
    assert (report.read, report.continued, report.rejected) == (6, 3, 0)
