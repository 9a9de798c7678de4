"""Only the rows of a time range: the same as reading all and leaving out the rest, wherever the lines stand."""

import bz2
import gzip
import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import SettingError
from postmortem_nb.evidence import logs, read_logs, seeking
from postmortem_nb.evidence.formats import format_of
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.lines import CACHED
from postmortem_nb.evidence.seeking import count_lines

START = pd.Timestamp("2024-01-15T10:00Z")
CLOCK = """
title = "A time of day"
pattern = '^(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})\\ (?P<message>.*)$'
time = "clock"
zone = "declared"
rank = 50
"""
PLAIN = ["time", "level", "service", "host", "message", "line"]


@pytest.fixture
def short(monkeypatch):
    """Files of some kilobytes are long, so that the search is seen at work."""
    monkeypatch.setattr(seeking, "PROBE", 600)
    monkeypatch.setattr(seeking, "PLACES", 24)
    monkeypatch.setattr(seeking, "FARTHEST", 64)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("ranges") / "app.log"


def iso(times, tail=" INFO m{n}"):
    return [f"{time:%Y-%m-%dT%H:%M:%S}Z" + tail.replace("{n}", str(n)) for n, time in enumerate(times)]


def evenly(count, seconds=1.0, start=START):
    return [start + pd.Timedelta(seconds=n * seconds) for n in range(count)]


def write(path, lines, end="\n"):
    path.write_bytes((end.join(lines) + end).encode())
    return path


def entered(frame):
    return any(note.startswith("Only bytes") for note in frame.attrs["report"].notes)


def check(path, window, **how):
    """Rows and numbers of lines are those of the whole file; the account adds up. Returns what was read."""
    whole = read_logs(path, **how)
    part = read_logs(path, window=window, **how)
    start, end = (pd.Timestamp(t) for t in window)
    wanted = whole[(whole["time"] >= start) & (whole["time"] < end)].reset_index(drop=True)
    columns = [c for c in PLAIN if c in wanted]
    pd.testing.assert_frame_equal(part[columns], wanted[columns], check_dtype=bool(len(wanted)))
    report = part.attrs["report"]
    parts = report.read + report.continued + report.blank + report.skipped + report.rejected
    assert parts == report.lines <= whole.attrs["report"].lines
    assert report.read == len(wanted)
    return part


def between(lo, hi, start=START):
    return start + pd.Timedelta(seconds=lo), start + pd.Timedelta(seconds=hi)


# --- equal to reading all ---------------------------------------------------------------------------------------------


@st.composite
def drawn(draw):
    """Lines of a log, how far they are out of order, and a range."""
    count = draw(st.integers(0, 1200))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    gaps = rng.exponential(draw(st.sampled_from([0.01, 1.0, 30.0])), count)
    if count and draw(st.booleans()):
        gaps[rng.integers(0, count, 3)] += draw(st.sampled_from([3600, 86400 * 20]))
    seconds = np.cumsum(gaps)
    if draw(st.booleans()):
        seconds = seconds + rng.uniform(-1, 1, count) * draw(st.sampled_from([0.5, 5.0, 50.0]))
    lines = []
    for n, second in enumerate(seconds):
        lines.append(f"{START + pd.Timedelta(seconds=float(second)):%Y-%m-%dT%H:%M:%S}Z INFO m{n}")
        if rng.random() < 0.05:
            lines += [f"    at frame {i}" for i in range(rng.integers(1, 30))]
        if rng.random() < 0.01:
            lines.append("")
        if rng.random() < 0.003:
            lines[-1] += "x" * int(rng.integers(1, 4000))
    last = max(0.0, float(seconds[-1])) if count else 0.0
    a, b = sorted(draw(st.tuples(*[st.floats(-0.1, 1.1, allow_nan=False)] * 2)))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    text = end.join(lines) + (end if draw(st.booleans()) else "")
    return text.encode(), between(a * last, b * last + 1)


@settings(max_examples=80, deadline=None)
@given(drawn())
def test_a_range_is_what_reading_all_gives(place, log):
    text, window = log
    place.write_bytes(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seeking, "PROBE", 600)
        patch.setattr(seeking, "PLACES", 24)
        check(place, window, format="app")


@pytest.mark.parametrize(
    "window",
    [
        between(-100, -50),  # before
        between(-100, 0),
        between(-100, 1),
        between(0, 1),  # the first line
        between(2000, 2100),
        between(3999, 4000),  # the last one
        between(3999.5, 5000),
        between(4000, 5000),  # behind
        between(-10, 9000),  # all
    ],
)
def test_the_edges_of_a_file(short, tmp_path, window):
    part = check(write(tmp_path / "app.log", iso(evenly(4000))), window)
    assert entered(part)


def test_little_is_read_and_said(tmp_path):
    path = write(tmp_path / "app.log", iso(evenly(60_000)))
    window = between(40_000, 40_060)
    report = check(path, window).attrs["report"]
    assert report.lines < 6_000 and report.skipped == report.lines - 60
    assert report.notes[0].startswith("Only bytes ") and f"of its {path.stat().st_size:,} were read" in report.notes[0]
    assert "from 2024-01-15 21:06:40 to 2024-01-15 21:07:40 UTC" in report.notes[0]
    assert "records lie outside of the range" in report.notes[1]


def test_lines_badly_out_of_order_are_all_read(short, tmp_path):
    times = evenly(4000, 3)
    for shuffled in (
        [times[n] for n in np.random.default_rng(3).permutation(len(times))],
        [*times[2000:], *times[:2000]],
        [*times[400:], *times[:400]],  # the tail
        times[::-1],
    ):
        part = check(write(tmp_path / "app.log", iso(shuffled)), between(3000, 3600))
        assert not entered(part) and len(part) == 200
        assert part.attrs["report"].lines == 4000


def test_a_long_stretch_without_a_record_is_all_read(short, tmp_path):
    lines = iso(evenly(3000))
    lines[1500:1500] = ["    at nowhere"] * 4000  # 60 kB of one trace, more than is searched
    part = check(write(tmp_path / "app.log", lines), between(1400, 1600))
    assert not entered(part)


def test_two_formats_in_one_file(short, tmp_path):
    lines = iso(evenly(4000))
    for n in range(0, 4000, 400):
        lines[n] = f'{{"time": "{evenly(4000)[n]:%Y-%m-%dT%H:%M:%S}Z", "msg": "j{n}"}}'
    part = check(write(tmp_path / "app.log", lines), between(1000, 1100))
    assert entered(part) and len(part) == 100


def test_packed_files_and_other_encodings_are_all_read(short, tmp_path):
    text = ("\n".join(iso(evenly(3000))) + "\n").encode()
    for name, data in (
        ("a.gz", gzip.compress(text)),
        ("a.bz2", bz2.compress(text)),
        ("wide.log", text.decode().encode("utf-16")),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        assert not entered(check(path, between(1000, 1100)))
    path.write_bytes(text)
    assert not entered(check(path, between(1000, 1100), encoding="cp1252"))


def test_epochs_keep_the_unit_of_the_beginning_of_the_file(short, tmp_path):
    lines = [f'{{"ts": {time.value // 10**6}, "msg": "m{n}"}}' for n, time in enumerate(evenly(3000))]
    assert entered(check(write(tmp_path / "a.jsonl", lines), between(1000, 1100)))


def test_a_table_is_filtered(tmp_path):
    rows = [f"{time:%Y-%m-%dT%H:%M:%SZ},m{n}" for n, time in enumerate(evenly(50))]
    part = check(write(tmp_path / "a.csv", ["time,message", *rows]), between(10, 20))
    assert part.attrs["report"].skipped == 41
    assert len(check(tmp_path / "a.csv", between(100, 120))) == 0


# --- times that leave something open ----------------------------------------------------------------------------------


def syslog(times):
    return [f"{time:%b %e %H:%M:%S} web-1 app[7]: m{n}" for n, time in enumerate(times)]


def test_years_that_are_not_written(short, tmp_path):
    path = write(tmp_path / "syslog", syslog(evenly(4000, 60)))
    assert entered(check(path, between(60_000, 61_000), year=2024, timezone="UTC"))


@pytest.mark.parametrize("share", [0.5, 0.97])
def test_new_year_is_read_from_the_beginning(short, tmp_path, share):
    begin = pd.Timestamp("2024-01-01T00:00Z") - pd.Timedelta(minutes=4000 * share)
    path = write(tmp_path / "syslog", syslog(evenly(4000, 60, begin)))
    for day in ("2023-12-31", "2024-01-01"):
        window = (f"{day}T00:00Z", f"{day}T02:00Z")
        part = check(path, window, year=2023, timezone="UTC")
        assert not entered(part) and (day == "2023-12-31" or len(part) == min(120, round(4000 * (1 - share))))


def test_times_of_day_are_read_from_the_beginning(short, tmp_path):
    times = evenly(4000, 60)
    path = write(tmp_path / "a.log", [f"{time:%H:%M:%S} m{n}" for n, time in enumerate(times)])
    how = How("a.log", zone="UTC", date=times[0].date(), formats=(format_of(CLOCK, "clock"),))
    part = logs.read(path, replace(how, window=between(90_000, 90_600)))
    assert not entered(part) and part["line"].tolist() == list(range(1501, 1511))


@pytest.mark.parametrize("side", ["first", "second"])
@pytest.mark.parametrize("night", ["2024-11-03", "2024-03-10"])
def test_the_night_of_a_clock_change(short, tmp_path, side, night):
    begin = pd.Timestamp(f"{night}T03:00Z")
    local = [time.tz_convert("America/Chicago") for time in evenly(4000, 10, begin)]
    path = write(tmp_path / "a.log", [f"{time:%Y-%m-%d %H:%M:%S},000 INFO m{n}" for n, time in enumerate(local)])
    for minutes in range(0, 600, 100):
        start = begin + pd.Timedelta(minutes=minutes)
        check(path, (start, start + pd.Timedelta(minutes=20)), timezone="America/Chicago", clock_change=side)


# --- what is no range -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "message"),
    [
        (("2024-01-15 10:00", "2024-01-15T11:00Z"), "names no zone"),
        (("2024-01-15T11:00Z", "2024-01-15T10:00Z"), "ends .* before it begins"),
        (("2024-01-15T11:00Z", "2024-01-15T11:00Z"), "before it begins"),
        (("soon", "2024-01-15T10:00Z"), "'soon' is no time"),
    ],
)
def test_what_is_no_range(tmp_path, window, message):
    with pytest.raises(SettingError, match=message):
        read_logs(write(tmp_path / "a.log", iso(evenly(3))), window=window)


@pytest.mark.parametrize("size", [0, 1, 7, CACHED - 1, CACHED, CACHED + 1, 3 * CACHED + 5])
def test_line_ends_are_counted_in_any_file(tmp_path, size):
    data = np.random.default_rng(size).choice(np.frombuffer(b"a\nb", dtype="uint8"), size).tobytes()
    path = tmp_path / "a.log"
    path.write_bytes(data)
    for stop in {0, size // 3, max(0, size - 1), size}:
        with path.open("rb") as file:
            assert count_lines(file, stop) == data[:stop].count(b"\n")
        assert count_lines(io.BytesIO(data), stop) == data[:stop].count(b"\n"), "which has no file descriptor"
