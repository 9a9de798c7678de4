"""Machine times → UTC: nothing is guessed, and nothing is lost on the way."""

import datetime as dt
import re
import zoneinfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import ReadError, SettingError
from postmortem_nb.evidence.abbreviations import EXAMPLES
from postmortem_nb.evidence.clock import precision, read_times
from postmortem_nb.evidence.how import How

YEARS = st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2199, 12, 31))


def read(texts, form="any", **how):
    return read_times(texts, range(1, len(texts) + 1), form, How("app.log", **how))[0]


def utc(*texts):
    return [pd.NaT if text is None else pd.Timestamp(text, tz="UTC") for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-14T02:05:00Z", "2024-01-14T02:05:00"),
        ("2024-01-14 02:05:00,5 UTC", "2024-01-14T02:05:00.5"),
        ("2024-01-14T02:05:00.123456789+05:30", "2024-01-13T20:35:00.123456789"),
        ("2024/01/14 02:05:00 -0800", "2024-01-14T10:05:00"),
        ("2024-01-14T02:05+02", "2024-01-14T00:05:00"),
        ("2022-08-22 03:51:19.607158889 +0000 UTC m=+0.113112869", "2022-08-22T03:51:19.607158889"),
        ("2022-08-22 11:51:19.6 +0800 CST", "2022-08-22T03:51:19.6"),
        ("15/Jan/2024:10:32:11 +0200", "2024-01-15T08:32:11"),
        ("1705197900", "2024-01-14T02:05:00"),
        ("1705197900.123456789", "2024-01-14T02:05:00.123456789"),
        ("1705197900123", "2024-01-14T02:05:00.123"),
        ("1705197900123456", "2024-01-14T02:05:00.123456"),
        ("1705197900123456789", "2024-01-14T02:05:00.123456789"),
        ("1.7051979e9", "2024-01-14T02:05:00"),
        ("2024-02-31T00:00:00Z", None),
        ("2024-01-14T25:00:00Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T00:00:00Z", None),
        ("8004-015T10:32:11Z", None),  # found by fuzzing: no frame holds that year
        ("2023-366T10:32:11Z", None),
        ("20240114", None),
        ("yesterday", None),
        ("@40000000433225833b6e1a8c", "2005-09-22T03:31:05.997071500"),
        ("@4ffffffff332258300000000", None),
        ("20171223-22:15:29:6", "2017-12-23T22:15:29.006"),
    ],
)
def test_a_written_time(text, expected):
    assert read([text], zone="UTC").tolist() == utc(expected)


@settings(max_examples=200, deadline=None)
@given(st.lists(YEARS, min_size=1), st.sampled_from(["iso", "clf"]), st.integers(-14 * 60, 14 * 60))
def test_what_was_written_is_what_is_read(times, form, minutes):
    zone = dt.timezone(dt.timedelta(minutes=minutes))
    stamps = [t.replace(tzinfo=zone, microsecond=t.microsecond if form == "iso" else 0) for t in times]
    texts = [t.isoformat() if form == "iso" else t.strftime("%d/%b/%Y:%H:%M:%S %z") for t in stamps]
    assert read(texts, form).tolist() == [pd.Timestamp(t) for t in stamps]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.datetimes(dt.datetime(1995, 1, 1), dt.datetime(2095, 1, 1)), min_size=1))
def test_epochs_of_one_unit_come_back(times):
    seconds = [t.replace(tzinfo=dt.UTC, microsecond=0) for t in times]
    for scale in (1, 10**3, 10**6, 10**9):
        assert read([str(int(t.timestamp()) * scale) for t in seconds]).tolist() == seconds


def test_of_mixed_epochs_only_those_of_the_usual_unit_are_read():
    found = read(["1705197900", "1705197901", "1705197902000", "1705197900"])
    assert found.isna().tolist() == [False, False, True, False]


def test_epoch_and_text_may_stand_in_one_file():
    assert read(["1705197900", "2024-01-14T02:05:00Z"]).nunique() == 1


def test_naive_times_without_a_zone_name_their_line():
    with pytest.raises(ReadError, match=r"app\.log:2: its times carry no zone \(2024-01-14 02:05:00\)\. Declare one"):
        read(["2024-01-14T02:05:00Z", "2024-01-14 02:05:00"])


def test_naive_times_in_a_declared_zone():
    times, zone = read_times(["2024-07-01 12:00:00"], [1], "iso", How("a", zone="Europe/Berlin"))
    assert times.tolist() == utc("2024-07-01T10:00:00")
    assert zone == "Europe/Berlin"


NIGHT = ["2024-10-27 01:59:59", "2024-10-27 02:30:00", "2024-10-27 03:00:00"]


def test_the_hour_that_comes_twice_is_an_error_with_both_instants():
    with pytest.raises(ReadError, match=r"app\.log:2: .*may be 2024-10-27T00:30:00Z or 2024-10-27T01:30:00Z"):
        read(NIGHT, zone="Europe/Berlin")


@pytest.mark.parametrize(("change", "hour"), [("first", "00"), ("second", "01")])
def test_the_hour_that_comes_twice_is_chosen(change, hour):
    found = read(NIGHT, zone="Europe/Berlin", change=change)
    assert found.tolist() == utc("2024-10-26T23:59:59", f"2024-10-27T{hour}:30:00", "2024-10-27T02:00:00")


def test_the_hour_that_never_was_is_an_error():
    with pytest.raises(ReadError, match=r"app\.log:1: 2024-03-31 02:30:00 in Europe/Berlin does not exist"):
        read(["2024-03-31 02:30:00"], zone="Europe/Berlin")


def test_an_offset_needs_no_zone_in_that_night():
    assert read(["2024-10-27T02:30:00+02:00"], zone="Europe/Berlin").tolist() == utc("2024-10-27T00:30:00")


# --- abbreviations of zones -------------------------------------------------------------------------------------------

PST = "2026-02-03 08:00:00 PST"


@pytest.mark.parametrize("text", ["2026-02-03 08:00:00 UTC", "2026-02-03 08:00:00 GMT", "2026-02-03 08:00:00 Z"])
def test_utc_behind_a_time_goes_before_the_declared_zone(text):
    for zone in (None, "America/Chicago"):
        assert read([text], "iso", zone=zone).tolist() == utc("2026-02-03T08:00:00")


def test_an_abbreviation_without_a_zone_is_asked_about():
    with pytest.raises(
        ReadError, match=r'app\.log:2: PST is not a zone that can .* such as zone = "America/Los_Angeles"'
    ):
        read(["2026-02-03 08:00:00 UTC", PST], "iso")


def test_an_abbreviation_that_the_declared_zone_does_not_use_then():
    says = r"app\.log:1: its time says {}, and its declared zone {} says {} at 2026-02-03 08:00\. Declare the zone that"
    with pytest.raises(ReadError, match=says.format("PST", "America/Chicago", "CST")):
        read([PST], "iso", zone="America/Chicago")
    with pytest.raises(ReadError, match=says.format("PDT", "America/Los_Angeles", "PST")):
        read([PST.replace("PST", "PDT")], "iso", zone="America/Los_Angeles")


def test_an_abbreviation_settles_the_hour_that_comes_twice():
    night = ["2026-11-01 01:30:00.5 PDT", "2026-11-01 01:30:00.5 PST", "2026-02-31 01:30:00 PST"]
    found = read(night, "iso", zone="America/Los_Angeles")
    assert found[:2].tolist() == utc("2026-11-01T08:30:00.5", "2026-11-01T09:30:00.5")
    assert found.isna().tolist() == [False, False, True]


@pytest.mark.parametrize(("short", "zone"), list(EXAMPLES.items()))
def test_every_abbreviation_is_one_of_its_example(short, zone):
    tz = zoneinfo.ZoneInfo(zone)
    noons = [dt.datetime(2024, month, 15, 12, tzinfo=tz) for month in (1, 7)]
    noon = next(t for t in noons if t.tzname() == short)
    assert read([f"{noon:%Y-%m-%d %H:%M:%S} {short}"], "iso", zone=zone).tolist() == [pd.Timestamp(noon)]


def test_no_abbreviation_of_the_calendar_is_forgotten():
    used = set()
    for name in zoneinfo.available_timezones():
        if "/" in name and not name.startswith("Etc/"):
            tz = zoneinfo.ZoneInfo(name)
            used |= {dt.datetime(2024, month, 15, tzinfo=tz).tzname() for month in (1, 7)}
    assert {short for short in used if re.fullmatch("[A-Z]{2,5}", short)} <= {*EXAMPLES, "UTC", "GMT"}


@settings(max_examples=100, deadline=None)
@given(st.lists(YEARS, min_size=1, max_size=20), st.sampled_from(["America/New_York", "Asia/Kolkata", "UTC"]))
def test_a_declared_zone_is_the_inverse_of_writing_in_it(times, name):
    zone = zoneinfo.ZoneInfo(name)
    instants = [t.replace(tzinfo=dt.UTC) for t in times]
    texts = [t.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S.%f") for t in instants]
    # In the hour that comes twice one of the two is right.
    found = [read(texts, "iso", zone=name, change=change) for change in ("first", "second")]
    assert all(t in pair for t, *pair in zip(instants, *found, strict=True))


def test_the_year_rolls_over_new_year():
    texts = ["Dec 31 23:59:58", "Dec 31 23:59:59.5", "Jan  1 00:00:00", "Feb 29 12:00:00"]
    expected = ["2023-12-31T23:59:58", "2023-12-31T23:59:59.5", "2024-01-01T00:00:00", "2024-02-29T12:00:00"]
    assert read(texts, "bsd", year=2023, zone="UTC").tolist() == utc(*expected)


def test_a_late_line_of_the_old_year_stays_in_it():
    texts = ["Jan  1 00:00:00", "Dec 31 23:59:59", "Jan  1 00:00:01"]
    assert [t.year for t in read(texts, "bsd", year=2024, zone="UTC")] == [2024, 2023, 2024]


def test_a_late_line_of_the_last_month_is_no_new_year():
    texts = ["Feb 28 23:59:59", "Mar  1 00:00:00", "Feb 28 23:59:59", "Nov  1 00:00:00", "Jan  5 00:00:00"]
    assert [t.year for t in read(texts, "bsd", year=2023, zone="UTC")] == [2023, 2023, 2023, 2023, 2024]


@pytest.mark.parametrize("year", [2023, 2024])
def test_a_leap_day_exists_in_leap_years_only(year):
    assert read(["Feb 29 00:00:00"], "bsd", year=year, zone="UTC").isna().tolist() == [year == 2023]


def test_a_year_in_the_line_counts():
    assert read(["Jan  5 2021 10:32:11"], "bsd", zone="UTC").tolist() == utc("2021-01-05T10:32:11")


def test_times_without_a_year_need_one():
    with pytest.raises(ReadError, match=r"app\.log:1: its times carry no year \(Jan  5 10:32:11\)\. Give the year"):
        read(["Jan  5 10:32:11"], "bsd", zone="UTC")


def test_a_year_that_makes_no_sense():
    with pytest.raises(SettingError, match=r"app\.log: year 24 is not between 1970 and 2200"):
        read([], year=24)


def test_a_clock_change_that_is_none():
    with pytest.raises(SettingError, match="clock_change 'third' is none of"):
        read([], change="third")


def test_a_wrong_clock_is_corrected():
    assert read(["2024-01-14T02:05:00Z"], offset=pd.Timedelta("-90s")).tolist() == utc("2024-01-14T02:03:30")


def test_no_times_at_all():
    assert read([]).empty
    assert read([None, None]).isna().all()
    assert str(read([]).dtype) == str(read([None]).dtype) == "datetime64[ns, UTC]"


@pytest.mark.parametrize(
    ("text", "stretch"),
    [
        ("2024-01-14", "1D"),
        ("2024-01-14T02:05Z", "1min"),
        ("2024-01-14T02:05:00Z", "1s"),
        ("2024-01-14T02:05:00.5Z", "0s"),
        ("1705254300.000100", "0s"),
    ],
)
def test_what_a_written_time_leaves_open(text, stretch):
    assert precision(text) == pd.Timedelta(stretch)
