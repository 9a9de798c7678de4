"""Events from CSV, JSON and Alertmanager: one word a kind, times with what they leave open, torn rows counted."""

import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import PostmortemError, ReadError, SettingError
from postmortem_nb.evidence import Unreadable, read_events
from postmortem_nb.evidence.eventframe import kind_of
from postmortem_nb.frames import EVENTS


def write(tmp_path, text, name="changes.csv"):
    path = tmp_path / name
    path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    return path


def utc(text):
    return pd.Timestamp(text, tz="UTC")


def test_a_csv_file(tmp_path):
    text = (
        "time,kind,text,actor,source,end\n"
        "2024-01-14T02:10Z,Deploy,cart 2.1,release manager,pipeline,2024-01-14T02:12:00Z\n"
        "2024-01-14T02:05:00Z,paged,on-call,,pager,\n"
    )
    frame = read_events(write(tmp_path, text))
    assert list(frame.columns) == list(EVENTS.columns)
    assert frame["kind"].tolist() == ["page", "change"]
    assert frame["text"].tolist() == ["on-call", "cart 2.1"]
    assert frame["actor"].tolist() == ["", "release manager"]
    assert frame["basis"].tolist() == ["system", "system"]
    assert frame["end"].tolist() == [pd.NaT, utc("2024-01-14T02:12:00")]
    assert frame["evidence"].str.endswith("changes.csv:3").tolist() == [True, False]


def test_a_time_carries_what_it_leaves_open(tmp_path):
    times = ["02:05Z", "02:05:00Z", "02:05:00.5Z", "02:00Z/2024-01-14T02:20Z"]
    frame = read_events(write(tmp_path, "time,text\n" + "".join(f"2024-01-14T{t},x\n" for t in times)))
    width = dict(zip(frame["evidence"].str[-1], frame["time_hi"] - frame["time_lo"], strict=True))
    assert {line: w.total_seconds() for line, w in width.items()} == {"2": 60, "3": 1, "4": 0, "5": 1200}


def test_uncertain_times_of_people(tmp_path):
    text = "time,text\n<2024-01-14T02:05Z,early\n~2024-01-14T02:10Z,about\nunknown,once\n"
    frame = read_events(write(tmp_path, text))
    found = frame.set_index("text")
    assert found.loc["early", "time_hi"] == utc("2024-01-14T02:05")
    assert pd.isna(found.loc["early", "time_lo"])
    assert found.loc["about", "time_lo"] == utc("2024-01-14T02:05")
    assert pd.isna(found.loc["once", "time"])
    assert frame["text"].iloc[-1] == "once"


@pytest.mark.parametrize("time", ["2024-01-14 02:05", "~2024-01-14 02:05"])
def test_times_without_a_zone(tmp_path, time):
    path = write(tmp_path, f"time,text\n{time},x\n")
    with pytest.raises(ReadError, match=r"changes\.csv:2.*zone"):
        read_events(path)
    assert read_events(path, timezone="Asia/Kolkata")["time"].tolist() == [utc("2024-01-13T20:35")]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Deployment", "change"),
        ("ACK", "acknowledgement"),
        ("status_update", "communication"),
        ("Cut", "cut"),
    ],
)
def test_one_word_for_a_kind(word, kind):
    assert kind_of(word) == kind


@pytest.mark.parametrize(("name", "kind"), [("deploys.csv", "change"), ("pages.csv", "page"), ("x.csv", "observation")])
def test_the_name_of_the_file_is_the_kind_where_no_column_is(tmp_path, name, kind):
    frame = read_events(write(tmp_path, "time,text\n2024-01-14T02:05Z,x\n", name))
    assert frame["kind"].tolist() == [kind]
    assert frame["source"].tolist() == [name.split(".")[0]]


def test_a_stated_basis_counts(tmp_path):
    frame = read_events(write(tmp_path, "time,text,kind,basis\n2024-01-14T02:05Z,x,alert,declared\n"))
    assert frame["basis"].tolist() == ["declared"]


def test_columns_may_be_named(tmp_path):
    path = write(tmp_path, "when,what\n2024-01-14T02:05Z,x\n")
    with pytest.raises(Unreadable, match="no column is its time; it has when, what"):
        read_events(path)
    assert read_events(path, columns={"time": "when", "text": "what"})["text"].tolist() == ["x"]
    with pytest.raises(ReadError, match=r"no column 'wen', .* its time\. Did you mean when\?"):
        read_events(path, columns={"time": "wen"})
    with pytest.raises(SettingError, match=r"`columns` names 'txt', .*Did you mean text\?"):
        read_events(path, columns={"txt": "what"})


def test_rows_that_say_nothing_are_rejected(tmp_path):
    text = "time,text,end\nsoon,x,\n2024-01-14T02:05Z,,\n2024-01-14T02:05Z,x,later\n2024-01-14T02:05Z,x,ongoing\ntorn\n"
    report = read_events(write(tmp_path, text)).attrs["report"]
    assert (report.read, report.rejected, report.skipped, report.lines) == (1, 4, 1, 6)
    assert [text for _, text in report.samples] == [
        "(its time cannot be read) soon, x, ",
        "(it has no text) 2024-01-14T02:05Z, , ",
        "(its end cannot be read) 2024-01-14T02:05Z, x, later",
        "(1 instead of 3 cells) torn",
    ]


def test_json_lines_and_a_torn_one(tmp_path):
    good = json.dumps({"ts": 1705197900.25, "type": "release", "msg": "cart 2.1", "role": "release manager"})
    frame = read_events(write(tmp_path, f"{good}\n\n{good[:20]}\n", "deploys.jsonl"))
    assert frame["time"].tolist() == [utc("2024-01-14T02:05:00.25")]
    assert frame[["kind", "actor"]].to_numpy().tolist() == [["change", "release manager"]]
    report = frame.attrs["report"]
    assert (report.lines, report.read, report.blank, report.rejected) == (3, 1, 1, 1)


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"events": rows}])
def test_a_json_list(tmp_path, wrap):
    rows = [{"time": "2024-01-14T02:05:00Z", "kind": "failover", "text": "x"}, 7]
    frame = read_events(write(tmp_path, wrap(rows), "a.json"))
    assert frame["evidence"].str.endswith("a.json#1").all()
    assert frame.attrs["report"].rejected == 1


def test_a_torn_json_list_keeps_what_stands_before_the_tear(tmp_path):
    rows = [{"time": f"2024-01-14T02:0{i}:00Z", "text": "x"} for i in range(5)]
    frame = read_events(write(tmp_path, json.dumps(rows, indent=1)[:-40], "a.json"))
    report = frame.attrs["report"]
    assert len(frame) == 4
    assert "after 4 objects" in report.truncated
    assert (report.lines, report.read, report.rejected) == (5, 4, 1)


@pytest.mark.parametrize("text", ["{not json", "[", '{"a": ' + "[" * 100_000])
def test_what_begins_like_json_and_is_none(tmp_path, text):
    with pytest.raises(Unreadable, match=r"a\.json: "):
        read_events(write(tmp_path, text, "a.json"))


@pytest.mark.parametrize("text", ["", "[]", "\n\n", "time,text\n"])
def test_nothing_in_it(tmp_path, text):
    frame = read_events(write(tmp_path, text))
    assert len(frame) == 0
    assert list(frame.columns) == list(EVENTS.columns)


def test_a_format_that_does_not_exist(tmp_path):
    from postmortem_nb.evidence import events
    from postmortem_nb.evidence.how import How

    with pytest.raises(SettingError, match=r"no events format 'slak'\. Did you mean slack\?"):
        events.read(write(tmp_path, "[]"), How("a.json", format="slak"))


# --- Alertmanager -----------------------------------------------------------------------------------------------------

NEVER = "0001-01-01T00:00:00Z"


def alert(status, ends, start="2024-01-14T02:07:30.25Z", **more):
    labels = {"alertname": "HighErrors", "service": "web", "severity": "page"}
    return {"labels": labels, "annotations": {"summary": "5 % fail"}, "startsAt": start, "endsAt": ends, **more} | (
        {"status": status} if status else {}
    )


def payload(*alerts):
    return {"version": "4", "groupKey": "{}", "receiver": "web", "status": alerts[0]["status"], "alerts": list(alerts)}


def test_the_webhook_of_a_firing_alert_has_no_end(tmp_path):
    frame = read_events(write(tmp_path, payload(alert("firing", NEVER)), "alerts.json"))
    (row,) = frame.to_dict("records")
    assert (row["kind"], row["text"]) == ("alert", "HighErrors: 5 % fail")
    assert (row["source"], row["basis"]) == ("alertmanager", "system")
    assert row["time"] == row["time_lo"] == row["time_hi"] == utc("2024-01-14T02:07:30.25")
    assert pd.isna(row["end"])
    assert row["service"] == "web"
    assert frame.attrs["report"].format == "alertmanager-webhook"


def test_an_alert_that_is_sent_again_stands_once_with_its_end(tmp_path):
    sent = [
        payload(alert("firing", NEVER, fingerprint="a")),
        payload(alert("resolved", "2024-01-14T02:40:00Z", fingerprint="a")),
        payload(alert("firing", NEVER, "2024-01-14T03:00:00Z", fingerprint="a")),
    ]
    frame = read_events(write(tmp_path, "\n".join(map(json.dumps, sent)), "alerts.jsonl"))
    assert frame["end"].tolist() == [utc("2024-01-14T02:40"), pd.NaT]
    assert frame["evidence"].str[-2:].tolist() == [":1", ":3"]


def test_the_api_gives_firing_alerts_an_expiry_which_is_no_end(tmp_path):
    listed = [alert({"state": "active"}, "2024-01-14T02:11:00Z"), alert(None, "2024-01-14T02:20:00Z")]
    frame = read_events(write(tmp_path, listed, "alerts.json"))
    assert frame["end"].tolist() == [pd.NaT, utc("2024-01-14T02:20")]
    assert frame.attrs["report"].format == "alertmanager-api"


def test_an_alert_without_labels_or_start(tmp_path):
    bare = {"status": "firing", "startsAt": "2024-01-14T02:07:30Z"}
    frame = read_events(write(tmp_path, payload(bare, {"status": "firing"}), "alerts.json"))
    assert frame["text"].tolist() == ["alert without a name"]
    assert frame.attrs["report"].rejected == 1


KEYS = st.sampled_from(["alerts", "labels", "startsAt", "ts", "type", "time", "text", "receiver"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON, st.integers(0, 5))
def test_any_json_gives_a_frame_or_a_plain_error(tmp_path, document, cut):
    text = json.dumps(document)
    path = write(tmp_path, text[: len(text) - cut], "any.json")
    try:
        frame = read_events(path, timezone="UTC")
    except PostmortemError:
        return
    assert list(frame.columns[: len(EVENTS.columns)]) == list(EVENTS.columns)
    assert frame["text"].notna().all()
