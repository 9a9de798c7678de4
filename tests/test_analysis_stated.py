"""Windows that public messages state in prose: real ones, drawn ones, and those that lie far from their messages."""

import json
from pathlib import Path

import pandas as pd
import pytest
from conftest import at, events_of, gauge, steps, with_facts
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.stated import FAR, gap_between, slip_of, stated_windows

FEED = Path(__file__).parent / "data" / "status_github" / "updates.jsonl"
# Read by hand: the closing message of each.
TRUTH = {
    "19850844": ("2024-01-28T01:00Z", "2024-01-28T14:00Z"),
    "20132654": ("2024-03-01T14:17Z", "2024-03-01T15:54Z"),
    "20497442": ("2024-04-09T21:35Z", "2024-04-10T19:03Z"),
    "20833952": ("2024-05-19T03:40Z", "2024-05-20T17:40Z"),
    "20938285": ("2024-05-30T15:37Z", "2024-05-30T17:14Z"),
    "21398869": ("2024-07-13T00:01Z", "2024-07-13T19:27Z"),
    "21458536": ("2024-07-18T22:37Z", "2024-07-19T04:47Z"),
    "22274725": ("2024-09-24T08:20Z", "2024-09-24T09:04Z"),
}
NEAR = (pd.Timestamp("2024-03-01T14:39Z"), pd.Timestamp("2024-03-01T16:12Z"))


SLIPS = [("", {}), ("a year later", {"years": -1}), ("a month later", {"months": -1}), ("12 hours", {"hours": 12})]


def incidents():
    for line in FEED.read_text(encoding="utf-8").splitlines():
        incident = json.loads(line)
        times = [pd.Timestamp(u["at"]) for u in incident["updates"]]
        yield incident["id"], incident["updates"][-1]["message"], (min(times), max(times))


def test_windows_of_a_real_feed():
    found = {}
    for id_, message, near in incidents():
        first = stated_windows(message, near)[0]
        found[id_] = (first.start.lo, first.end.lo)
    assert found == {id_: tuple(map(pd.Timestamp, ends)) for id_, ends in TRUTH.items()}


def test_the_one_that_is_half_a_day_off_is_told_from_the_others():
    far = {}
    for id_, message, near in incidents():
        window = stated_windows(message, near)[0].interval
        if gap_between(window, near) > FAR:
            far[id_] = slip_of(window, near)
    assert far == {"22274725": "agrees if it is 12 hours later: check morning and afternoon"}


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("Between 14:17 and 15:54 UTC jobs were late.", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("From 14:17-15:54 UTC, it was down.", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("from 2:17 pm until 3:54 p.m. UTC", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("On 1 March 2024 from 14:17:05 UTC to 15:54 UTC", "2024-03-01T14:17:05Z", "2024-03-01T15:54Z"),
        ("between 23:40 and 00:20 UTC", "2024-02-29T23:40Z", "2024-03-01T00:20Z"),
        ("Between Feb 29 23:40 UTC and Mar 1 01:20 UTC", "2024-02-29T23:40Z", "2024-03-01T01:20Z"),
        ("from 14:17 to 15:54 UTC on March 1st", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("On March 1st, 2023, between 14:17 and 15:54 UTC", "2023-03-01T14:17Z", "2023-03-01T15:54Z"),
        ("Between 2024-02-28 10:00 UTC and 2024-03-01 at 16:00 UTC", "2024-02-28T10:00Z", "2024-03-01T16:00Z"),
        ("between approximately 14:17 and about 15:54 UTC", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        (
            "Beginning at 17:30 UTC on February 27th and lasting until 20:30 UTC on March 1st",
            "2024-02-27T17:30Z",
            "2024-03-01T20:30Z",
        ),
        ("Starting on Feb 29, 2024 at 8:00 UTC through March 1 2:45 UTC", "2024-02-29T08:00Z", "2024-03-01T02:45Z"),
        ("starting at 22:45 UTC and ending on March 2, 2024 00:48 UTC", "2024-03-01T22:45Z", "2024-03-02T00:48Z"),
        ("It started at 14:17 UTC and ended at 15:54 UTC.", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("starting at 14:17 UTC and lasting about 1 hour and 37 minutes", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("March 1, 2024, 14:17–15:54 UTC", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("Feb 29, 11:30 PM UTC - Mar 1, 12:20 AM UTC", "2024-02-29T23:30Z", "2024-03-01T00:20Z"),
        ("Impact window: 14:17 - 15:54 UTC", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("2024-03-01T14:17:05Z/2024-03-01T15:54:00Z", "2024-03-01T14:17:05Z", "2024-03-01T15:54Z"),
        ("from 2024-03-01T15:17:00+01:00 to 2024-03-01T16:54:00+01:00", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("between 1417 and 1554 UTC", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("from 2pm to 4 pm UTC", "2024-03-01T14:00Z", "2024-03-01T16:00Z"),
        ("between 2:17 and 3:54 PM UTC", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("from 11:30 to 1:10 pm UTC", "2024-03-01T11:30Z", "2024-03-01T13:10Z"),
        ("between 16:17 and 17:54 UTC+2", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("between 6:17 and 7:54 (UTC-8)", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("from 15:17 +0100 to 16:54 +0100", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("Deploys failed between 14:17 and 15:54 UTC", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("Scheduled jobs failed between 14:17 and 15:54 UTC", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("The fix failed, so users saw errors from 14:17 to 15:54 UTC", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
        ("Users were not able to log in from 14:17 to 15:54 UTC", "2024-03-01T14:17Z", "2024-03-01T15:54Z"),
    ],
)
def test_ways_to_write_a_window(text, start, end):
    (found,) = stated_windows(text, NEAR)
    assert (found.start.lo, found.end.lo) == (pd.Timestamp(start), pd.Timestamp(end))
    assert found.start.basis == "declared"


@pytest.mark.parametrize(
    "text",
    [
        "Between 14:17 and 15:54 PST jobs were late.",  # of which Pacific?
        "Between 25:10 and 26:00 UTC",
        "From version 14:17 on",
        "between two rollouts at 14:17",
        "On March 45th, 2024, between 10:00 and 11:00 UTC",
        "We deployed the fix between 14:17 and 15:54 UTC.",
        "Project data modified between 14:17 UTC and 15:54 UTC was partially restored.",
        "Latency rose from 1200 to 1500 ms, from 12 to 15 users.",
        "Posted Mar 1, 2024 - 15:54 UTC",
        "No users were affected between 14:17 and 15:54 UTC.",
        "The error rate was normal between 16:12 and 17:54 UTC.",
        "A similar incident last week lasted between 11:17 and 12:54 UTC.",
        "Next update between 15:00 and 15:30 UTC.",
        "We expect recovery between 16:30 and 17:00 UTC.",
        "Between 14:17 and 15:54 UTC we deployed a fix.",
        "Between 14:17 and 15:54 UTC, the change was rolled out.",
        "Our engineers investigated between 14:17 and 15:54 UTC.",
        "Between 9:17 and 10:54 am PT it was slow.",  # winter or summer?
        "Between 9:17 and 10:54 am Eastern time it was slow.",
        "**2024-03-01T14:17:00-00:00** solved",
        "At 14:17 UTC we saw errors and at 15:54 UTC we reverted.",
        "",
    ],
)
def test_what_states_no_window(text):
    assert stated_windows(text, NEAR) == ()


def test_an_abbreviation_is_read_where_it_means_one_offset_or_the_zone_settles_it():
    for text, zone in (
        ("Between 15:17 and 16:54 CET jobs were late.", "UTC"),
        ("Between 06:17 and 07:54 PST jobs were late.", "America/Los_Angeles"),
        ("Between 06:17 PST and 07:54 PST jobs were late.", "America/Los_Angeles"),
    ):
        (found,) = stated_windows(text, NEAR, zone)
        assert (found.start.lo, found.end.lo) == (pd.Timestamp("2024-03-01T14:17Z"), pd.Timestamp("2024-03-01T15:54Z"))


def stated_ids(text, *, at_minute=130, **facts):
    """Findings on one message about an outage of minutes 60 to 90 of the drawn record."""
    events = events_of((at(at_minute), "communication", text))
    incident = with_facts(gauge(steps((1, 60), (9, 30), (1, 120)), events=events), **facts)
    found = [f for f in pnb.analyze(incident).findings if f.id.startswith("stated-window")]
    return {f.id: f.text for f in found}


def told(first, last, zone="UTC"):
    return f"From {at(first):%H:%M} to {at(last):%H:%M} {zone} it was slow."


def test_a_stated_window_is_held_against_the_measured_one():
    assert stated_ids(told(58, 95)) == {}
    ((id_, text),) = stated_ids(told(120, 150), at_minute=155).items()
    assert id_ == "stated-window-contradicts-measured"
    assert "agrees if shifted by -60 min: check the zone" in text
    ((id_, text),) = stated_ids(told(60, 90, "PST")).items()
    assert id_ == "stated-window-unread"
    assert "PST" in text


def test_a_window_whose_begin_is_not_in_the_record_is_no_obstacle():
    events = events_of((at(50), "communication", told(5, 25)))
    incident = gauge(steps((9, 30), (1, 120)), events=events)
    assert pnb.analyze(incident).windows[0].onset.lo is None
    assert not [f for f in pnb.analyze(incident).findings if f.id.startswith("stated-window")]


def test_times_without_a_zone_are_those_of_the_incident():
    (found,) = stated_windows("Between 15:17 and 16:54 jobs were late.", NEAR, "Europe/Berlin")
    assert found.start.lo == pd.Timestamp("2024-03-01T14:17Z")


@given(
    start=st.datetimes(pd.Timestamp("2021-01-02"), pd.Timestamp("2026-12-30")),
    minutes=st.integers(1, 1400),
    slip=st.sampled_from(SLIPS),
)
@settings(derandomize=True, deadline=None, max_examples=150)
def test_a_written_window_is_read_back_and_its_slip_named(start, minutes, slip):
    begin = pd.Timestamp(start).floor("min").tz_localize("UTC")
    end = begin + pd.Timedelta(minutes=minutes)
    near = (begin + pd.Timedelta(minutes=min(20, minutes)), end + pd.Timedelta("5min"))
    name, shift = slip
    first = begin + pd.DateOffset(**shift) if shift else begin
    told = [first, first + (end - begin)]  # a month back from its last days may have no such day
    text = f"Between {told[0]:%B %d, %Y %H:%M} UTC and {told[1]:%B %d, %Y %H:%M} UTC it was slow."
    (found,) = stated_windows(text, near)
    assert (found.start.lo, found.end.lo) == (told[0], told[1])
    is_far = gap_between(found.interval, near) > FAR
    if name and minutes < 540:
        assert is_far
        assert name in slip_of(found.interval, near) or shift == {"months": -1}  # a month of another length
    if not name:
        assert not is_far
