"""A Slack export → chat events that name roles, never people."""

import json

import pandas as pd
import pytest

from postmortem_nb.errors import ReadError, SettingError
from postmortem_nb.evidence import load, read_events

USERS = [
    {"id": "U0A", "name": "login-a", "real_name": "Given Family", "profile": {"title": "On-call engineer"}},
    {"id": "U0B", "name": "login-b", "profile": {"real_name": "Second Person", "title": "", "display_name": "nick"}},
    {"id": "U0C", "name": "login-c", "profile": {"real_name": "Third Person"}},
    {"id": "U0D", "name": "login-d", "profile": {"real_name": "Fourth Person"}},
]


def message(ts, user="U0A", text="hello", **more):
    return {"type": "message", "user": user, "ts": ts, "text": text, **more}


FIRST = [
    message("1705197900.000100", "U0C", "joined", subtype="channel_join"),
    message("1705197960.000200", "U0B", "pages fail, <@U0A> please, as Given Family said &amp; did"),
    message("1705198020.000300", "U0A", "see <#C01|status> and <https://x.example/a|the graph> <!here>"),
    message("1705198080.000400", None, "", subtype="bot_message", bot_id="B1", attachments=[{"fallback": "FIRING"}]),
    message("1705198140.000500", "U0B", "U0C knows, ask <@U0D|login-d>"),
    message("1705198150.000600", "U0B", "", files=[{"id": "F1"}]),
]
SECOND = [message("1705284300.000100", "U0C", "next day"), message("1705284360.000100", "U0B", "still me")]


@pytest.fixture
def export(tmp_path):
    folder = tmp_path / "events" / "slack"
    for name, content in {
        "users.json": USERS,
        "channels.json": [{"id": "C01", "name": "incident"}],
        "incident/2024-01-14.json": FIRST,
        "incident/2024-01-15.json": SECOND,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    return folder


def test_one_day(export):
    frame = read_events(export / "incident" / "2024-01-14.json")
    assert frame["actor"].tolist() == ["responder 1", "On-call engineer", "bot", "responder 1"]
    assert frame["text"].tolist() == [
        "pages fail, @On-call engineer please, as On-call engineer said & did",
        "see #status and the graph (https://x.example/a) @here",
        "FIRING",
        "responder 2 knows, ask @someone",
    ]
    assert frame["kind"].unique().tolist() == ["chat"]
    assert frame["source"].unique().tolist() == ["slack #incident"]
    assert frame["time"].iloc[0] == pd.Timestamp("2024-01-14T02:06:00.0002Z")
    assert frame["evidence"].iloc[0].endswith("incident/2024-01-14.json ts 1705197960.000200")
    report = frame.attrs["report"]
    assert (report.format, report.lines, report.read, report.skipped) == ("slack", 6, 4, 2)


def test_no_name_of_a_person_is_left(export):
    text = read_events(export).to_csv()
    for word in ("Given", "Family", "Second", "Third", "Fourth", "Person", "login", "nick", "U0"):
        assert word not in text


def test_a_pseudonym_is_the_same_on_every_day(export):
    day = read_events(export / "incident" / "2024-01-15.json")
    assert day["actor"].tolist() == ["responder 2", "responder 1"]


def test_a_whole_export(export):
    frame = read_events(export)
    assert len(frame) == 6
    assert frame["time"].is_monotonic_increasing
    report = frame.attrs["report"]
    assert (report.lines, report.read, report.skipped) == (8, 6, 2)
    assert [r.read for r in frame.attrs["reports"]] == [4, 2]


def test_an_export_in_an_incident_folder(export):
    root = export.parents[1]
    (root / "incident.toml").write_text('title = "x"')
    incident = load(root)
    assert incident.files["file"].tolist() == [f"events/slack/incident/2024-01-{day}.json" for day in (14, 15)]
    assert incident.events["actor"].tolist()[-2:] == ["responder 2", "responder 1"]
    assert incident.findings == ()


def test_people_are_looked_up_within_the_incident_folder_only(export, tmp_path, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "users.json"
    (tmp_path / "incident.toml").write_text('title = "x"')
    (export / "users.json").rename(outside)
    (export / "users.json").symlink_to(outside)
    with pytest.raises(ReadError, match=r"events/slack/users\.json: it is a link to a file outside"):
        load(tmp_path)


def test_a_day_without_an_export_around_it(tmp_path):
    path = tmp_path / "2024-01-14.json"
    path.write_text(json.dumps(FIRST))
    frame = read_events(path)
    assert frame["actor"].tolist() == ["responder 1", "responder 2", "bot", "responder 1"]
    assert frame["source"].unique().tolist() == ["slack"]


def test_a_torn_day_shows_no_raw_text(export):
    path = export / "incident" / "2024-01-14.json"
    path.write_text(path.read_text()[:-100])
    report = read_events(path).attrs["report"]
    assert report.rejected == 1
    assert report.samples == ((6, "(a torn message)"),)
    assert report.truncated


def test_a_folder_that_is_no_export(tmp_path):
    with pytest.raises(SettingError, match=r"there is no YYYY-MM-DD\.json"):
        read_events(tmp_path)
