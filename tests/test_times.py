"""Instants and durations: what people write, the bounds it means, how it is printed. Zones: test_times_zones.py."""

import datetime as dt
import doctest
import importlib

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import IncidentError, SettingError
from postmortem_nb.times import (
    UNKNOWN,
    Duration,
    Instant,
    between,
    format_bounds,
    format_duration,
    format_instant,
    format_time,
    parse_duration,
    parse_instant,
)

DAY = dt.date(2024, 1, 14)
MINUTE = pd.Timedelta(minutes=1)
SECOND = pd.Timedelta(seconds=1)
always = settings(derandomize=True, deadline=None)


def utc(text):
    return pd.Timestamp(text if "-" in text else f"{DAY} {text}", tz="UTC").as_unit("ns")


def read(text, **options):
    return parse_instant(text, **({"zone": "UTC", "date": DAY} | options))


def bounds(instant):
    return instant.lo, instant.at, instant.hi


# --- what is written, and the stretch that it means ---


@pytest.mark.parametrize(
    ("text", "lo", "at", "hi"),
    [
        ("10:15", "10:15", "10:15", "10:16"),
        ("9:05", "09:05", "09:05", "09:06"),
        ("10:15:30", "10:15:30", "10:15:30", "10:15:31"),
        ("10:15:30.25", "10:15:30.25", "10:15:30.25", "10:15:30.25"),
        ("10:15:30,123456789", "10:15:30.123456789", "10:15:30.123456789", "10:15:30.123456789"),
        ("2024-01-14T10:15Z", "10:15", "10:15", "10:16"),
        ("2024-01-14 10:15 UTC", "10:15", "10:15", "10:16"),
        ("2024-01-14T10:15:00+05:30", "04:45", "04:45", "04:45:01"),
        ("2024-01-14T10:15-0330", "13:45", "13:45", "13:46"),
        ("~10:15", "10:10", "10:15", "10:20"),
        ("~10:15±2min", "10:13", "10:15", "10:17"),
        ("~ 10:15 +- 30 s", "10:14:30", "10:15", "10:15:30"),
        ("~10:15+/-1h", "09:15", "10:15", "11:15"),
        ("10:10/10:20", "10:10", "10:15", "10:20"),
        ("10:10 / 10:10", "10:10", "10:10", "10:10"),
        ("2024-01-14T10:10+02:00/10:20", "08:10", "08:15", "08:20"),
        ("<10:15", None, None, "10:15"),
        ("<= 10:15", None, None, "10:16"),
        (">10:15", "10:15", None, None),
        (">=10:15", "10:15", None, None),
        ("unknown", None, None, None),
        (" Unknown ", None, None, None),
    ],
)
def test_written_times_mean_their_bounds(text, lo, at, hi):
    instant = read(text)
    assert bounds(instant) == tuple(t and utc(t) for t in (lo, at, hi))
    assert instant.basis == "declared"
    assert instant.is_known == (text.strip().lower() != "unknown")


def test_midnight_is_crossed_where_the_day_is_written():
    instant = read("2024-01-14T23:50Z/2024-01-15T00:10Z")
    assert bounds(instant) == (utc("23:50"), utc("2024-01-15 00:00"), utc("2024-01-15 00:10"))
    assert bounds(read("00:05", zone="America/New_York"))[0] == utc("05:05")
    assert bounds(read("23:30", zone="America/New_York"))[0] == utc("2024-01-15 04:30")
    assert bounds(read("~00:02"))[0] == utc("2024-01-13 23:57")
    with pytest.raises(IncidentError, match=r"'23:50/00:10' ends before it begins.*the day too where it crosses"):
        read("23:50/00:10")


def test_toml_values_are_read_as_written():
    aware = dt.datetime(2024, 1, 14, 2, 5, tzinfo=dt.timezone(dt.timedelta(hours=-8)))
    assert read(aware).at == utc("10:05")
    assert read(dt.datetime(2024, 1, 14, 2, 5), zone="Asia/Kolkata").at == utc("2024-01-13 20:35")
    assert read(dt.time(2, 5)).at == utc("02:05")
    ready = Instant.exact(utc("02:05"))
    assert parse_instant(ready) is ready
    assert read("unknown", basis="system").basis == "system"
    assert read("10:15", where="x", basis="inferred").basis == "inferred"


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        ("10:15", {"date": None}, r"detected: '10:15' has no day\. Write the date too, or set `date`"),
        ("10:15Z", {}, r"detected: '10:15Z' has no day\. Write the date too: the offset does not say which"),
        ("10:15", {"zone": None}, r"detected: '10:15' has no zone\. Add Z or an offset, or set `zone`"),
        ("10:15", {"zone": "PST"}, r"detected: 'PST' is not an IANA zone"),
        ("25:15", {}, r"detected: '25:15' is not a time \(hour must be in 0\.\.23"),
        ("10:61", {}, r"detected: '10:61' is not a time \(minute must be"),
        ("2024-02-30T10:15Z", {}, r"detected: '2024-02-30T10:15Z' is not a time \("),
        ("0000-01-01T10:15Z", {}, r"detected: '0000-01-01T10:15Z' is not a time \("),
        ("9999-12-31T23:59Z", {}, r"detected: '9999-12-31T23:59Z' is not a time \("),
        ("0001-01-01 00:15", {"zone": "Asia/Tokyo"}, r"detected: '0001-01-01 00:15' is not a time \("),
        ("2024-01-14T10:15+24:00", {}, r"detected: '2024-01-14T10:15\+24:00' is not a time \("),
        ("quarter past ten", {}, r'detected: \'quarter past ten\' is not a time\. Write for example "2024-'),
        ("", {}, r"detected: '' is not a time\. Write for example"),
        ("2024-01-14", {}, r"detected: '2024-01-14' is not a time\. Write for example"),
        ("~", {}, r"detected: '' is not a time"),
        ("~10:15±2", {}, r"detected: '2' is not a duration\. Write for example \"10min\""),
        ("10:20/10:10", {}, r"detected: '10:20/10:10' ends before it begins\. Write the earlier time first"),
        (1015, {}, r"detected: 1015 is not a time\. Write for example"),
        (None, {}, r"detected: None is not a time"),
        (DAY, {}, r"detected: datetime\.date\(2024, 1, 14\) is not a time"),
        (dt.time(2, 5, tzinfo=dt.UTC), {}, r"detected: datetime\.time\(2, 5.* is not a time"),
        (pd.NaT, {}, r"detected: 'NaT' is not a time"),
    ],
)
def test_times_that_cannot_be_read_say_why(value, options, message):
    with pytest.raises(IncidentError, match=rf"^{message}"):
        read(value, where="detected", **options)


# --- the Instant ---


def test_an_instant_keeps_its_order_its_zone_and_its_basis():
    with pytest.raises(ValueError, match=r"not in the order lo, at, hi: .*02:06.*02:05"):
        Instant(utc("02:06"), None, utc("02:05"))
    with pytest.raises(ValueError, match="an instant has no zone"):
        Instant.exact(pd.Timestamp("2024-01-14 02:05"))
    with pytest.raises(ValueError, match="basis 'guessed' is none of"):
        Instant(basis="guessed")
    assert not Instant(pd.NaT, pd.NaT, pd.NaT).is_known  # as a frame holds it
    with pytest.raises(AttributeError, match="cannot assign to field 'lo'"):
        UNKNOWN.lo = utc("02:05")


def test_best_is_the_point_or_else_the_one_bound():
    t, later = utc("02:05"), utc("02:09")
    assert Instant(t, later, later).best == later
    assert Instant(t, None, later).best == t
    assert Instant(None, None, later).best == later
    assert UNKNOWN.best is None


def test_shifting_moves_what_is_known_and_keeps_the_rest():
    moved = read("<10:15").shifted(-MINUTE)
    assert bounds(moved) == (None, None, utc("10:14"))
    assert moved.text == "<10:15"
    assert bounds(UNKNOWN.shifted(MINUTE)) == (None, None, None)
    assert bounds(read("10:15").shifted(pd.Timedelta("1h"))) == (utc("11:15"), utc("11:15"), utc("11:16"))


MEASURED = Instant(utc("02:04:30"), utc("02:05"), utc("02:05:30"), "measured")


@pytest.mark.parametrize(
    ("instant", "zone", "with_day", "without"),
    [
        (read("10:15"), "UTC", "2024-01-14 10:15 UTC", "10:15 UTC"),
        (read("10:15:07"), "UTC", "2024-01-14 10:15:07 UTC", "10:15:07 UTC"),
        (read("10:15"), "Asia/Kolkata", "2024-01-14 15:45 IST (UTC+5:30)", "15:45 IST (UTC+5:30)"),
        (read("~10:15"), "UTC", "about 2024-01-14 10:15 UTC", "about 10:15 UTC"),
        (read("~10:15±2min"), "UTC", "about 2024-01-14 10:15 UTC (10:13–10:17)", "about 10:15 UTC (10:13–10:17)"),
        (read("10:10/10:20"), "UTC", "2024-01-14 10:10–10:20 UTC", "10:10–10:20 UTC"),
        (read("10:10/10:10"), "UTC", "2024-01-14 10:10 UTC", "10:10 UTC"),
        (read("<10:15"), "UTC", "before 2024-01-14 10:15 UTC", "before 10:15 UTC"),
        (read(">=10:15"), "UTC", "after 2024-01-14 10:15 UTC", "after 10:15 UTC"),
        (UNKNOWN, "UTC", "unknown", "unknown"),
        (UNKNOWN, "Asia/Tokyo", "unknown", "unknown"),
        (MEASURED, "UTC", "2024-01-14 02:05 UTC (02:04:30–02:05:30)", "02:05 UTC (02:04:30–02:05:30)"),
        (Instant.exact(utc("02:05")), "UTC", "2024-01-14 02:05 UTC", "02:05 UTC"),
        (
            Instant(utc("23:58"), None, utc("2024-01-15 00:01")),
            "UTC",
            "2024-01-14 23:58–2024-01-15 00:01 UTC",
            "23:58–2024-01-15 00:01 UTC",
        ),
        (
            Instant(utc("23:59:30"), utc("2024-01-15 00:00"), utc("2024-01-15 00:01"), "measured"),
            "UTC",
            "2024-01-15 00:00 UTC (2024-01-14 23:59:30–2024-01-15 00:01:00)",
            "00:00 UTC (2024-01-14 23:59:30–2024-01-15 00:01:00)",
        ),
    ],
)
def test_instants_are_printed_with_what_is_known(instant, zone, with_day, without):
    assert format_instant(instant, zone) == with_day
    assert format_instant(instant, zone, date=False) == without
    if zone == "UTC":
        assert str(instant) == with_day


@always
@given(st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1)), st.sampled_from(["minutes", "seconds"]))
def test_what_is_printed_is_read_back(moment, precision):
    written = moment.isoformat(timespec=precision) + "Z"
    instant = parse_instant(written)
    again = parse_instant(format_instant(instant))
    assert again.at == instant.at == pd.Timestamp(written)
    assert again.lo == instant.lo
    assert instant.hi - instant.lo == (MINUTE if precision == "minutes" else SECOND)


def test_a_time_is_printed_to_the_second_where_it_has_seconds():
    assert format_time(utc("02:05")) == "2024-01-14 02:05"
    assert format_time(utc("02:05:09"), date=False) == "02:05:09"
    assert format_time(utc("02:05"), seconds=True, date=False) == "02:05:00"
    assert format_time(utc("23:30"), "Europe/Berlin") == "2024-01-15 00:30"
    assert format_time(None) == format_time(pd.NaT) == "unknown"


# --- durations ---

sides = st.integers(-600, 600)


@st.composite
def instants(draw):
    """An instant with seconds as truth: bounds may be open, the point may be missing."""
    lo, at, hi = sorted(utc("12:00") + draw(sides) * SECOND for _ in range(3))
    keep = draw(st.tuples(*[st.booleans()] * 3))
    return Instant(*(t if kept else None for t, kept in zip((lo, at, hi), keep, strict=True)))


@always
@given(instants(), instants(), st.floats(0, 1), st.floats(0, 1))
def test_the_true_duration_lies_within_the_bounds_and_the_bounds_are_reached(a, b, share_a, share_b):
    far = pd.Timedelta(hours=1)  # stands for an open end

    def closed(i):
        lo = i.lo if i.lo is not None else utc("12:00") - far
        hi = i.hi if i.hi is not None else utc("12:00") + far
        return lo, hi

    (a_lo, a_hi), (b_lo, b_hi) = closed(a), closed(b)
    got = between(a, b)
    truth = (b_lo + share_b * (b_hi - b_lo)) - (a_lo + share_a * (a_hi - a_lo))
    assert got.lo is None or got.lo <= truth
    assert got.hi is None or truth <= got.hi
    # Tight: the extreme instants give exactly the bounds, and an open end gives an open bound.
    assert got.lo == (None if b.lo is None or a.hi is None else b_lo - a_hi)
    assert got.hi == (None if b.hi is None or a.lo is None else b_hi - a_lo)
    assert got.value == (None if a.at is None or b.at is None else b.at - a.at)
    back = between(b, a)
    assert (back.lo, back.hi) == tuple(None if t is None else -t for t in (got.hi, got.lo))
    assert isinstance(str(got), str)


def duration(*parts):
    return Duration(*(None if p is None else pd.Timedelta(p) for p in parts))


@pytest.mark.parametrize(
    ("lo", "value", "hi", "printed"),
    [
        ("27min", "28min", "29min", "28 min (27–29)"),
        ("91min", "92min", "93min", "1 h 32 min (1 h 31 min – 1 h 33 min)"),
        ("57min", "58min", "60min", "58 min (57 min – 1 h)"),
        ("9min", "570s", "10min", "9 min 30 s (9–10 min)"),
        ("20min", "28min", "35min", "20–35 min"),
        ("5min", None, "9min", "5–9 min"),
        ("91min", None, "200min", "1 h 31 min – 3 h 20 min"),
        ("45s", None, "2min", "45 s – 2 min"),
        ("0s", "5s", "10s", "0–10 s"),
        ("28min", "28min", "28min", "28 min"),
        ("48min", None, "48min", "48 min"),
        ("2879min", "2880min", "2881min", "2 d"),  # the bounds print alike
        ("-2min", "-30s", "1min", "at most 1 min"),
        ("-30s", "2min", "5min", "at most 5 min"),
        ("-13min", "-12min", "-11min", "−12 min (−13 to −11)"),
        ("-20min", "-12min", "-2min", "−20 to −2 min"),
        ("-2h", None, "-30s", "−2 h to −30 s"),
        ("-5min", None, "0s", "−5 min to 0 s"),
        ("-13h20min", "-13h20min", "-13h20min", "−13 h 20 min"),
        (None, None, "9min", "at most 9 min"),
        (None, None, "-9min", "at most −9 min"),
        ("45min", None, None, "at least 45 min"),
        ("45min", "50min", None, "at least 45 min"),
        ("-1min", None, None, "unknown"),
        (None, None, None, "unknown"),
        (None, "5min", None, "unknown"),
    ],
)
def test_durations_are_printed_with_their_bounds(lo, value, hi, printed):
    assert format_bounds(duration(lo, value, hi)) == printed


def test_one_number_is_printed_only_where_the_interval_is_a_fifth_of_it():
    assert duration("9min", "10min", "11min").is_sure
    assert not duration("9min", "10min", "661s").is_sure
    assert not duration("9min", None, "11min").is_sure
    assert not duration("9min", "10min", None).is_sure
    assert Duration.exact(pd.Timedelta(0)).is_sure
    assert str(Duration.exact(pd.Timedelta("48min"))) == "48 min"
    with pytest.raises(ValueError, match="not in the order lo, value, hi"):
        duration("2min", "1min", "3min")
    assert not Duration(pd.NaT, pd.NaT, pd.NaT).is_known


@pytest.mark.parametrize(
    ("seconds", "printed"),
    [
        (0, "0 s"), (0.4, "0 s"), (-0.4, "0 s"), (59.6, "1 min"), (59, "59 s"), (60, "1 min"), (90, "1 min 30 s"),
        (599, "9 min 59 s"), (600, "10 min"), (629, "10 min"), (2879, "48 min"), (3570, "1 h"), (3600, "1 h"),
        (5520, "1 h 32 min"), (86399, "1 d"), (86400, "1 d"), (183600, "2 d 3 h"), (-5520, "−1 h 32 min"),
    ],
)  # fmt: skip
def test_lengths_are_printed_in_at_most_two_units(seconds, printed):
    assert format_duration(pd.Timedelta(seconds=seconds)) == printed


@always
@given(st.integers(0, 10**7))
def test_a_printed_length_is_read_back_within_its_precision(seconds):
    printed = format_duration(pd.Timedelta(seconds=seconds))
    again = parse_duration(printed)
    precision = 1 if seconds < 600 else 60 if seconds < 86400 else 3600
    assert abs(again.total_seconds() - seconds) <= precision / 2
    assert format_duration(again) == printed


@always
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_printing_keeps_the_order_of_lengths(a, b):
    shorter, longer = (parse_duration(format_duration(pd.Timedelta(seconds=s))) for s in sorted((a, b)))
    assert shorter <= longer


def test_no_length_is_unknown():
    assert format_duration(None) == format_duration(pd.NaT) == "unknown"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90), ("10min", 600), ("10m", 600), ("10 minutes", 600), ("1h 30min", 5400), ("1h30m", 5400),
        ("1.5h", 5400), ("2 days", 172800), ("1 W", 604800), ("500ms", 0.5), ("0s", 0), ("1 h 32 min", 5520),
        (dt.timedelta(minutes=3), 180), (pd.Timedelta("3min"), 180),
    ],
)  # fmt: skip
def test_lengths_are_read_with_their_unit(text, seconds):
    assert parse_duration(text) == pd.Timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    ["10", "", "min", "10:00:00", "-5min", "1h 30", "5 10min", "1M", "2 months", "nan", "NaT", "ten min", "1e3s",
     "99999999999d", "10min later", 10, 10.0, None, True, pd.NaT, dt.timedelta(minutes=-1)],
)  # fmt: skip
def test_a_length_without_unit_or_sense_is_refused(text):
    with pytest.raises(SettingError, match=r"^hold: .* is not a duration\. Write for example \"10min\""):
        parse_duration(text, "hold")


def test_an_offset_may_be_negative():
    assert parse_duration("-37s", signed=True) == parse_duration("−37s", signed=True) == -37 * SECOND
    assert parse_duration("+1h", signed=True) == 60 * MINUTE
    assert parse_duration("37s", signed=True) == 37 * SECOND
    assert parse_duration(dt.timedelta(seconds=-37), signed=True) == -37 * SECOND
    for text in ("--37s", "-37", "-"):
        with pytest.raises(SettingError, match=r"clock_offset: .* is not a duration\. Write .* or \"-37s\""):
            parse_duration(text, "clock_offset", signed=True)


@pytest.mark.parametrize("module", ["durations", "parsing", "printing", "windows", "zones"])
def test_the_examples_in_the_docs_are_true(module):
    failed, tried = doctest.testmod(importlib.import_module(f"postmortem_nb.times.{module}"))
    assert tried > 0 and failed == 0
