"""Status feeds as one frame: truth of a public feed, planned work, records that end before they begin."""

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.errors import ReadError, SourceError

DATA = Path(__file__).parent / "data"
SHARED = next((p / "shared" / "data" for p in Path(__file__).parents if (p / "shared" / "data").is_dir()), None)
MINUTE = pd.Timedelta(minutes=1)


def shared(name: str) -> Path:
    if SHARED is None or not (SHARED / name).is_dir():
        pytest.skip(f"the shared data {name} are not on this machine")
    return SHARED / name


def message(at: str, status: str, text: str = "") -> dict:
    return {"at": at, "status": status, "message": text}


def feed(folder: Path, *incidents: dict) -> Path:
    path = folder / "updates.jsonl"
    path.write_text("".join(json.dumps(i) + "\n" for i in incidents), encoding="utf-8")
    return path


def incident(number: int = 1, *messages: dict, **more: object) -> dict:
    return {"id": str(number), "title": "Late jobs", "impact": "minor", "updates": list(messages), **more}


def ids(frame: pd.DataFrame) -> list[str]:
    return [finding.id for finding in frame.attrs["findings"]]


# --- truth ---------------------------------------------------------------------------------------------------------


def test_minutes_equal_the_truth_of_a_public_feed():
    folder = shared("status_github")
    frame = pnb.read_status_feed(folder / "updates.jsonl").set_index("id")
    truth = pd.read_csv(folder / "truth_downtime_windows.csv", dtype={"incident_id": str}).set_index("incident_id")
    assert set(frame.index) == set(truth.index)
    ours = frame[~frame["is_maintenance"]]
    assert frame.index[frame["is_maintenance"]].tolist() == [i for i in frame.index if truth.impact[i] == "maintenance"]
    assert frame.loc[frame["is_maintenance"], "minutes"].isna().all()
    told = truth[(truth["source"] == "updates") & truth.index.isin(ours.index)]
    spans = (ours["end"] - ours["begin"]) / MINUTE
    assert (spans[told.index] == told["duration_minutes"]).all()
    stated = truth[truth["source"] == "postmortem"]
    differs = stated.index[ours["minutes"][stated.index] != stated["duration_minutes"]]
    # Its closing message states a second window, from 18:21 to 21:14 UTC, which that truth leaves out.
    assert differs.tolist() == ["21319915"]
    assert ours["minutes"]["21319915"] == 97 + 173


def test_time_to_communicate_equals_the_truth_of_a_public_feed():
    folder = shared("status_github")
    frame = pnb.read_status_feed(folder / "updates.jsonl").set_index("id")
    truth = pd.read_csv(folder / "truth_impact_windows.csv", dtype={"incident_id": str}).set_index("incident_id")
    wait = frame["minutes_to_communicate"][truth.index]
    assert (wait == truth["first_update_minus_impact_start_min"]).all()
    assert sorted(wait)[12:14] == [22, 24]  # of 26: the two in the middle


def test_minutes_equal_the_index_of_cstate_pages():
    folder = shared("status_jenkins")
    frame = pnb.read_status_feed(folder / "issues", timezone="UTC").set_index("id")
    index = pd.read_csv(folder / "index.csv")
    index.index = index["file"].str.removesuffix(".md")
    spans = (frame["end"] - frame["begin"]) / MINUTE
    assert (abs(spans - index["minutes"]) < 0.06).all()  # the index has tenths
    negative = index.index[index["negative"] == "yes"]
    assert frame["minutes"][negative].isna().all()
    assert not (frame["minutes"] < 0).any()
    assert ids(frame).count("ends-before-it-begins") == len(negative) == 3


# --- extracts ------------------------------------------------------------------------------------------------------


def test_extract_of_the_public_feed():
    frame = pnb.read_status_feed(DATA / "status_github" / "events" / "updates.jsonl").set_index("id")
    assert frame["minutes"].dropna().to_dict() == {
        "9632825": 112,
        "9656609": 57,
        "9848679": 308,
        "10085324": 21,
        "17722171": 33,  # stated; its messages span less
    }
    assert frame.index[frame["is_maintenance"]].tolist() == ["9630129"]
    assert frame.loc["17722171", "minutes_to_communicate"] == 13


def test_a_stated_window_far_from_its_messages_is_shown_and_not_counted(tmp_path):
    text = "On March 1st, 2024 from 08:20 UTC to 09:04 UTC jobs were late."
    told = [message("2024-03-01T20:54:00Z", "Investigating"), message("2024-03-01T21:04:00Z", "Resolved", text)]
    frame = pnb.read_status_feed(feed(tmp_path, incident(1, *told)))
    assert (frame["minutes"][0], frame["basis"][0], len(frame["stated"][0])) == (10.0, "messages", 1)
    (finding,) = frame.attrs["findings"]
    assert finding.id == "stated-window-far"
    assert "12 hours later" in finding.text


def test_extract_of_cstate_pages():
    frame = pnb.read_status_feed(DATA / "status_jenkins" / "events", timezone="Europe/Berlin").set_index("id")
    assert frame["is_maintenance"].to_dict() == {
        "2020-06-13-maintenance-window": True,
        "2021-10-01-ldap-outage": False,
        "2021-11-18-jenkins-io-outage": False,
        "2021-12-15-jira-outage": False,
    }
    assert pd.isna(frame.loc["2021-11-18-jenkins-io-outage", "minutes"])
    assert frame.loc["2021-10-01-ldap-outage", "begin"] == pd.Timestamp("2021-09-30T22:00Z")
    assert frame.loc["2021-12-15-jira-outage", "services"] == ("issues.jenkins.io",)


def test_times_without_a_zone_are_never_guessed():
    with pytest.raises(ReadError, match=r"2020-06-13-maintenance-window\.md.*zone"):
        pnb.read_status_feed(DATA / "status_jenkins" / "events")


# --- drawn feeds ---------------------------------------------------------------------------------------------------


def test_messages_in_any_order_give_first_and_last(tmp_path):
    told = [message(f"2024-03-01T1{h}:00:00Z", w) for h, w in ((2, "Resolved"), (0, "Investigating"), (1, "Update"))]
    row = pnb.read_status_feed(feed(tmp_path, incident(1, *told))).iloc[0]
    assert (row["minutes"], row["basis"], row["is_open"]) == (120.0, "messages", False)
    assert [m.status for m in row["messages"]] == ["Investigating", "Update", "Resolved"]


def test_a_postmortem_message_days_later_does_not_lengthen_the_incident(tmp_path):
    told = [message("2024-03-01T10:00:00Z", "Investigating"), message("2024-03-01T11:00:00Z", "Resolved")]
    told.append(message("2024-03-05T11:00:00Z", "Postmortem"))
    assert pnb.read_status_feed(feed(tmp_path, incident(1, *told)))["minutes"].tolist() == [60.0]


def test_an_incident_that_was_opened_again_ends_with_its_last_resolution(tmp_path):
    words = ("Investigating", "Resolved", "Investigating", "Resolved", "Update")
    told = [message(f"2024-03-01T{10 + h}:00:00Z", word) for h, word in enumerate(words)]
    frame = pnb.read_status_feed(feed(tmp_path, incident(1, *told)))
    assert (frame["minutes"].tolist(), ids(frame)) == ([180.0], ["reopened"])


def test_an_incident_that_was_opened_again_and_not_closed_is_open(tmp_path):
    words = ("Investigating", "Resolved", "Monitoring", "Update")
    told = [message(f"2024-03-01T{10 + h}:00:00Z", word) for h, word in enumerate(words)]
    frame = pnb.read_status_feed(feed(tmp_path, incident(1, *told)))
    assert (frame["is_open"][0], ids(frame)) == (True, ["reopened"])
    assert "is not over" in frame.attrs["findings"][0].text
    assert frame.attrs["findings"][0].where.endswith(".updates[2]")


def test_words_that_nobody_knows_are_named(tmp_path):
    told = [message("2024-03-01T10:00:00Z", "Untersuchung"), message("2024-03-01T11:00:00Z", "Behoben")]
    frame = pnb.read_status_feed(feed(tmp_path, incident(1, *told)))
    assert (frame["is_open"][0], ids(frame)) == (True, ["unknown-status"])
    assert "(Untersuchung, Behoben)" in frame.attrs["findings"][0].text


def test_an_end_that_is_no_time_is_a_finding_and_not_open(tmp_path):
    front = "title: x\ndate: 2024-01-01T10:00:00Z\nresolvedWhen: soon\nresolved: true\nseverity: down"
    (tmp_path / "a.md").write_text(f"---\n{front}\n---\n", encoding="utf-8")
    frame = pnb.read_status_feed(tmp_path)
    assert (frame["is_open"][0], pd.isna(frame["minutes"][0]), ids(frame)) == (False, True, ["time-unread"])


def test_one_file_of_several_that_is_no_feed_is_a_finding(tmp_path):
    (tmp_path / "_index.md").write_text("---\ntitle: all\n---\n", encoding="utf-8")
    feed(tmp_path, incident(1, message("2024-03-01T10:00:00Z", "Resolved")))
    frame = pnb.read_status_feed(tmp_path)
    assert (len(frame), ids(frame)) == (1, ["unreadable-file"])


def test_an_open_incident_has_no_end_and_no_minutes(tmp_path):
    row = pnb.read_status_feed(feed(tmp_path, incident(1, message("2024-03-01T10:00:00Z", "Investigating")))).iloc[0]
    assert row["is_open"]
    assert pd.isna(row["end"])
    assert pd.isna(row["minutes"])


def test_planned_work_begins_when_it_begins_and_is_no_downtime(tmp_path):
    told = [message("2024-03-01T10:00:00Z", "Scheduled"), message("2024-03-04T10:00:00Z", "In progress")]
    told.append(message("2024-03-04T11:00:00Z", "Completed"))
    row = pnb.read_status_feed(feed(tmp_path, incident(1, *told, impact="maintenance"))).iloc[0]
    assert row["is_maintenance"]
    assert row["begin"] == pd.Timestamp("2024-03-04T10:00Z")
    assert row["windows"] == ()
    assert pd.isna(row["minutes"])


def test_stated_windows_count_as_their_union(tmp_path):
    text = "Between 09:00 and 09:40 UTC pages failed, and again from 09:30 UTC to 09:50 UTC."
    told = [message("2024-03-01T09:10:00Z", "Investigating"), message("2024-03-01T10:00:00Z", "Resolved", text)]
    row = pnb.read_status_feed(feed(tmp_path, incident(1, *told))).iloc[0]
    assert (row["minutes"], row["minutes_to_communicate"], row["basis"]) == (50.0, 10.0, "stated")
    assert len(row["stated"]) == 2


def test_statuspage_answer_with_its_own_begin_and_end(tmp_path):
    update = {"status": "resolved", "body": "Over.", "created_at": "2024-03-01T10:30:00Z"}
    record = {"id": "x1", "name": "Slow", "impact": "major", "started_at": "2024-03-01T10:00:00Z"}
    record |= {"resolved_at": "2024-03-01T10:20:00Z", "incident_updates": [update], "components": [{"name": "API"}]}
    path = tmp_path / "incidents.json"
    path.write_text(json.dumps({"page": {"id": "p"}, "incidents": [record]}), encoding="utf-8")
    row = pnb.read_status_feed(path).iloc[0]
    assert (row["id"], row["minutes"], row["basis"], row["services"]) == ("x1", 20.0, "record", ("API",))


def test_the_same_incident_in_two_files_counts_once(tmp_path):
    one = incident(7, message("2024-03-01T10:00:00Z", "Investigating"))
    two = incident(7, *one["updates"], message("2024-03-01T11:00:00Z", "Resolved"))
    (tmp_path / "a.jsonl").write_text(json.dumps(one), encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(json.dumps(two), encoding="utf-8")
    frame = pnb.read_status_feed(tmp_path)
    assert frame["minutes"].tolist() == [60.0]
    assert ids(frame) == ["incident-twice"]


@pytest.mark.parametrize(
    ("title", "severity", "page", "planned"),
    [
        ("Maintenance window", "down", "2024-01-01-x", True),
        ("Restart of the wiki", "down", "2024-01-01-wiki-maintenance", True),
        ("Version update of the cluster", "notice", "2024-01-01-x", True),
        ("Plugins not refreshed", "notice", "2024-01-01-x", False),
        ("Scheduled jobs fail", "disrupted", "2024-01-01-x", False),
        ("Outage after the upgrade", "down", "2024-01-01-x", False),
    ],
)
def test_planned_work_of_cstate(tmp_path, title, severity, page, planned):
    front = f"title: {title}\ndate: 2024-01-01T10:00:00Z\nresolvedWhen: 2024-01-01T11:00:00Z\nseverity: {severity}"
    (tmp_path / f"{page}.md").write_text(f"---\n{front}\n---\nText.\n", encoding="utf-8")
    assert pnb.read_status_feed(tmp_path)["is_maintenance"].tolist() == [planned]


def test_no_such_file_and_no_feed(tmp_path):
    with pytest.raises(SourceError, match="no file"):
        pnb.read_status_feed(tmp_path / "gone.json")
    with pytest.raises(SourceError, match="holds no file"):
        pnb.read_status_feed(tmp_path)
    (tmp_path / "notes.md").write_text("# Notes\n", encoding="utf-8")
    with pytest.raises(ReadError, match=r"notes\.md.*no feed"):
        pnb.read_status_feed(tmp_path)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5_000), st.integers(0, 300), st.booleans()),
        min_size=1,
        max_size=6,
        unique_by=lambda x: x[0],
    )
)
def test_minutes_are_those_that_were_drawn(tmp_path_factory, drawn):
    start = pd.Timestamp("2024-01-01T00:00Z")
    records = []
    for number, (begin, length, planned) in enumerate(drawn):
        at = [f"{start + MINUTE * m:%Y-%m-%dT%H:%M:%SZ}" for m in (begin, begin + length)]
        told = [message(at[0], "Investigating"), message(at[1], "Resolved")]
        records.append(incident(number, *told, impact="maintenance" if planned else "minor"))
    frame = pnb.read_status_feed(feed(tmp_path_factory.mktemp("drawn"), *records)).set_index("id")
    for number, (_, length, planned) in enumerate(drawn):
        got = frame.loc[str(number), "minutes"]
        assert pd.isna(got) if planned else got == length
    assert frame["begin"].is_monotonic_increasing
