"""Zones and clock changes: every local hour of the nights when the clocks move, against the calendar itself."""

import datetime as dt
import zoneinfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import IncidentError, ReadError, SettingError
from postmortem_nb.times import candidates, localize, parse_instant, zone_label, zone_named

always = settings(derandomize=True, deadline=None)

# zone, local time, and the two instants it may mean: first with the offset before the change, then after it.
REPEATED = [
    ("Europe/Berlin", "2024-10-27 02:30", "2024-10-27 00:30", "2024-10-27 01:30"),
    ("America/New_York", "2024-11-03 01:15", "2024-11-03 05:15", "2024-11-03 06:15"),
    ("Australia/Lord_Howe", "2024-04-07 01:45", "2024-04-06 14:45", "2024-04-06 15:15"),  # moves by half an hour
    ("America/Sao_Paulo", "2019-02-16 23:30", "2019-02-17 01:30", "2019-02-17 02:30"),  # at midnight
]
SKIPPED = [
    ("Europe/Berlin", "2024-03-31 02:30", "2024-03-31 01:30", "2024-03-31 00:30"),
    ("America/New_York", "2024-03-10 02:15", "2024-03-10 07:15", "2024-03-10 06:15"),
    ("Australia/Lord_Howe", "2024-10-06 02:15", "2024-10-05 15:45", "2024-10-05 15:15"),
    ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 22:00", "2011-12-29 22:00"),  # a whole day that never was
]
NIGHTS = REPEATED + SKIPPED


def column(*texts):
    return pd.Series(pd.to_datetime(list(texts)))


def utc(text):
    return pd.Timestamp(text, tz="UTC")


@pytest.mark.parametrize(("zone", "local", "first", "second"), NIGHTS)
def test_both_candidates_of_a_doubtful_time(zone, local, first, second):
    assert candidates(pd.Timestamp(local), zone_named(zone)) == (utc(first), utc(second))
    assert localize(column(local), zone, "x", side="first").tolist() == [utc(first)]
    assert localize(column(local), zone, "x", side="second").tolist() == [utc(second)]


@pytest.mark.parametrize(("zone", "local", "first", "second"), REPEATED)
def test_a_time_that_comes_twice_is_asked_about_with_both_candidates(zone, local, first, second):
    one, two = (utc(t).strftime("%Y-%m-%dT%H:%M") for t in (first, second))
    choice = f"falls into a clock change and may be {one}:00Z or {two}:00Z. Choose with `clock_change"
    with pytest.raises(ReadError, match=rf"error\.log: {local}:00 in {zone} {choice}"):
        localize(column("2024-06-01 12:00", local, local), zone, "error.log")
    with pytest.raises(IncidentError, match=f"'{local}' in {zone} falls into a .*: it may be {one}Z or {two}Z"):
        parse_instant(local, zone=zone)


@pytest.mark.parametrize(("zone", "local", "first", "second"), SKIPPED)
def test_a_time_that_never_was_is_said_to_be_none_with_the_earlier_candidate_first(zone, local, first, second):
    early, late = (utc(t).strftime("%Y-%m-%dT%H:%M") for t in (second, first))
    assert early < late
    never = "does not exist: the clocks are moved over it that night. It may mean"
    choice = rf'{early}:00Z or {late}:00Z\. Choose with `clock_change = "second"` \(the earlier one\) or "first"'
    with pytest.raises(ReadError, match=rf"error\.log: {local}:00 in {zone} {never} {choice}"):
        localize(column("2024-06-01 12:00", local, local), zone, "error.log")
    with pytest.raises(IncidentError, match=f"'{local}' in {zone} {never} {early}Z or {late}Z"):
        parse_instant(local, zone=zone)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])
@always
@given(moments=st.lists(st.integers(0, 366 * 24 * 60 - 1), min_size=1, max_size=20))
def test_every_minute_of_a_year_finds_its_way_back(zone, moments):
    """Truth first: draw UTC minutes, write them as local time, read them back; only doubtful hours may differ."""
    truth = pd.Series(utc("2024-01-01").as_unit("ns") + pd.to_timedelta(moments, unit="min"))
    local = truth.dt.tz_convert(zone).dt.tz_localize(None)
    first, second = (localize(local, zone, "x", side=side) for side in ("first", "second"))
    assert ((first == truth) | (second == truth)).all()
    doubtful = first != second
    # A local time is doubtful where another instant is written in the same way.
    tz = zoneinfo.ZoneInfo(zone)
    twins = [
        any(
            (t + by).astimezone(tz).replace(tzinfo=None) == t.astimezone(tz).replace(tzinfo=None)
            for by in (dt.timedelta(minutes=m) for m in (-60, -30, 30, 60))
        )
        for t in truth.dt.to_pydatetime()
    ]
    assert doubtful.tolist() == twins
    assert (localize(local[~doubtful], zone, "x") == truth[~doubtful]).all()


def test_localizing_keeps_gaps_nanoseconds_the_index_and_its_input():
    times = pd.Series(
        [pd.NaT, pd.Timestamp("2024-10-27 02:30:00.123456789"), pd.Timestamp("2024-07-01")], index=[7, 3, 9]
    )
    before = times.copy()
    got = localize(times, "Europe/Berlin", "x", side="second")
    assert got.index.tolist() == [7, 3, 9]
    assert str(got.dtype) == "datetime64[ns, UTC]"
    assert pd.isna(got[7])
    assert got[3] == utc("2024-10-27 01:30:00.123456789")
    assert got[9] == utc("2024-06-30 22:00")
    pd.testing.assert_series_equal(times, before)


def test_a_zone_is_never_guessed():
    with pytest.raises(ReadError, match=r"^a\.log: its times carry no zone \(2024-01-14 02:05:00\)\. Declare"):
        localize(column("2024-01-14 02:05"), None, "a.log")
    with pytest.raises(ReadError, match=r"a\.log: its times carry no zone\. Declare one"):
        localize(column(), None, "a.log")
    with pytest.raises(SettingError, match=r"a\.log: clock_change is 'both'\. Write one of ask, first, second"):
        localize(column("2024-01-14 02:05"), "UTC", "a.log", side="both")
    with pytest.raises(ReadError, match=r"a\.log: has times outside the years 1678 to 2261"):
        localize(pd.Series([dt.datetime(9999, 12, 31)], dtype="datetime64[us]"), "UTC", "a.log")


@pytest.mark.parametrize(
    "name", ["PST", "IST", "BST", "utc", "", "Europe", "Mars/Olympus", "../etc/hosts", "/etc/hosts"]
)
def test_abbreviations_and_odd_names_are_refused(name):
    with pytest.raises(IncidentError, match=rf"zone: '{name}' is not an IANA zone\. Write one such as UTC"):
        zone_named(name)


def test_a_misspelt_zone_is_answered_with_the_near_one():
    with pytest.raises(IncidentError, match=r"'Europe/Berln' is not an IANA zone\. Did you mean Europe/Berlin\?"):
        zone_named("Europe/Berln")


@pytest.mark.parametrize(
    ("zone", "at", "label"),
    [
        ("UTC", "2024-01-14", "UTC"),
        ("Europe/Berlin", "2024-01-14", "CET (UTC+1)"),
        ("Europe/Berlin", "2024-07-14", "CEST (UTC+2)"),
        ("Asia/Kolkata", "2024-01-14", "IST (UTC+5:30)"),
        ("America/St_Johns", "2024-01-14", "NST (UTC-3:30)"),
        ("America/Sao_Paulo", "2024-01-14", "UTC-3"),  # the zone has no letters of its own
        ("Europe/London", "2024-01-14", "GMT (UTC+0)"),
    ],
)
def test_a_zone_is_named_with_its_offset(zone, at, label):
    assert zone_label(utc(at), zone) == label
    assert zone_label(None, zone) == zone_label(pd.NaT, zone) == zone
