"""Exports of tools → events: known by their content, roles in the place of people, every record counted."""

import gzip
import json

import pandas as pd
import pytest
from event_samples import (
    DEPLOYMENTS,
    DISPATCH,
    DISPATCH_CSV,
    KUMA,
    NAMES,
    PAGERDUTY,
    PUPPET_YAML,
    SAMPLES,
    STATUSPAGE,
    t,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import PostmortemError, ReadError
from postmortem_nb.evidence import Unreadable, read_events
from postmortem_nb.evidence.events import FORMATS
from postmortem_nb.evidence.events import puppet as puppet_module
from postmortem_nb.evidence.lines import LINE_CAP
from postmortem_nb.frames import EVENTS

OWN_TESTS = {"csv", "json", "slack", "alertmanager-webhook", "alertmanager-api"}
EASY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(tmp_path, content, name="export.dat"):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
    return path


def instant(text):
    if text is None:
        return pd.NaT
    return pd.Timestamp(text if "T" in text else f"2024-01-14T{text}", tz="UTC")


def rows(frame):
    return [tuple(row) for row in frame[["time", "kind", "text", "actor", "end"]].itertuples(index=False)]


def same(found, wanted):
    """Whether rows are equal where a missing time equals a missing time."""
    return [tuple(None if pd.isna(v) else v for v in row) for row in found] == [
        tuple(None if pd.isna(v) else v for v in (instant(a), b, c, d, instant(e))) for a, b, c, d, e in wanted
    ]


def adds_up(report):
    parts = report.read + report.continued + report.blank + report.skipped + report.rejected
    return parts == report.lines and min(report.read, report.skipped, report.rejected) >= 0


def test_every_format_has_a_sample():
    assert set(FORMATS) - OWN_TESTS == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_known_by_its_content_and_read_as_it_was(tmp_path, name):
    content, wanted = SAMPLES[name]
    frame = read_events(write(tmp_path, content))
    report = frame.attrs["report"]
    assert report.format == name
    assert same(rows(frame), wanted), rows(frame)
    assert (report.rejected, adds_up(report)) == (0, True)
    assert list(frame.columns[: len(EVENTS.columns)]) == list(EVENTS.columns)
    assert frame["basis"].isin(["declared", "system"]).all()
    assert frame["evidence"].str.contains(r"export\.dat[:#]\d").all()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_may_be_named(tmp_path, name):
    content, wanted = SAMPLES[name]
    assert len(read_events(write(tmp_path, content), format=name)) == len(wanted)


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"github-release"}))
def test_no_name_of_a_person_is_left(tmp_path, name):
    frame = read_events(write(tmp_path, SAMPLES[name][0]))
    text = frame.to_csv() + " ".join(frame["text"])
    assert [word for word in NAMES if word in text] == []


def test_a_list_on_one_line_is_the_same(tmp_path):
    one, many = write(tmp_path, json.dumps(PAGERDUTY), "one.json"), write(tmp_path, PAGERDUTY, "many.json")
    assert rows(read_events(one)) == rows(read_events(many))
    assert read_events(one)["evidence"].str.endswith("one.json#1").any()


def test_pages_of_an_answer_one_a_line(tmp_path):
    pages = [PAGERDUTY, {"incidents": []}, PAGERDUTY | {"more": True}]
    frame = read_events(write(tmp_path, "\n".join(map(json.dumps, pages))))
    report = frame.attrs["report"]
    assert (len(frame), adds_up(report)) == (6, True)
    assert frame["evidence"].str.contains(r":3#1").any()
    assert report.notes == ()  # one of the pages is the last one


def test_a_list_below_a_key_beside_a_time(tmp_path):
    content = {
        "date": "2024-01-15",
        "events": [{"time": t("02:05:00"), "text": "x"}, {"time": t("02:06:00"), "text": "y"}],
    }
    assert read_events(write(tmp_path, content))["text"].tolist() == ["x", "y"]


# --- the order of records, and records that are something else --------------------------------------------------------

LISTED = {"pagerduty-log": "log_entries", "statuspage": "incidents", "kubernetes": "items", "cloudtrail": "Records"}


def shuffled(data, name):
    content = json.loads(json.dumps(SAMPLES[name][0]))
    listed = content if isinstance(content, list) else content[LISTED[name]]
    data.draw(st.randoms(use_true_random=False)).shuffle(listed)
    return content


@EASY
@given(st.data(), st.sampled_from([*LISTED, "github-deployment", "uptime-kuma", "grafana", "status-history"]))
def test_the_order_of_records_does_not_matter(tmp_path, data, name):
    frame = read_events(write(tmp_path, shuffled(data, name)))
    assert sorted(map(str, rows(frame))) == sorted(map(str, rows(read_events(write(tmp_path, SAMPLES[name][0])))))


def test_a_record_of_another_shape_is_rejected_and_counted(tmp_path):
    frame = read_events(write(tmp_path, [*DEPLOYMENTS, {"colour": "blue"}, 7]))
    report = frame.attrs["report"]
    assert (report.lines, report.read, report.rejected) == (6, 4, 2)
    assert "(it is no record of github-deployment) keys: colour" in dict(report.samples).values()


def test_a_time_that_cannot_be_read_in_a_record_that_was(tmp_path):
    content = json.loads(json.dumps(PAGERDUTY))
    content["incidents"][0]["acknowledgements"][0]["at"] = "soon"
    report = read_events(write(tmp_path, content)).attrs["report"]
    assert (report.read, report.rejected) == (1, 0)
    assert "Parts of records that could not be read: 1;" in report.notes[0]


def test_a_record_without_any_time_is_rejected(tmp_path):
    content = [{"reported_at": None, "stable_at": None, "closed_at": None, "name": "x", "title": "y"}]
    report = read_events(write(tmp_path, content)).attrs["report"]
    assert (report.lines, report.read, report.rejected) == (1, 0, 1)


def test_json_of_no_known_shape_says_its_keys_and_the_known_shapes(tmp_path):
    with pytest.raises(Unreadable, match=r"its keys are colour, size\. Known shapes: .*pagerduty.*columns"):
        read_events(write(tmp_path, [{"colour": 1}, {"size": 2}]))


def test_records_with_ordinary_names_are_not_taken_for_a_tool(tmp_path):
    content = [{"time": t("02:05:00"), "text": "x", "title": "y", "items": [{"a": 1}], "status": "down"}]
    report = read_events(write(tmp_path, content)).attrs["report"]
    assert (report.format, report.read) == ("json", 1)


# --- zones and what a file does not hold ------------------------------------------------------------------------------


def test_dispatch_writes_utc_without_a_mark_which_a_note_says(tmp_path):
    report = read_events(write(tmp_path, DISPATCH)).attrs["report"]
    assert report.zone == "UTC"
    assert report.notes == ("Times without a mark are UTC: dispatch writes no other.",)
    other = read_events(write(tmp_path, DISPATCH), timezone="America/New_York")
    assert other["time"].min() == instant("07:12:00")


def test_a_dispatch_table(tmp_path):
    frame = read_events(write(tmp_path, DISPATCH_CSV))
    assert frame.attrs["report"].format == "dispatch"
    assert frame["time"].tolist() == [instant("02:12:00"), instant("02:50:00.125")]


def test_other_tools_are_not_given_a_zone(tmp_path):
    content = json.loads(json.dumps(PAGERDUTY))
    content["incidents"][0]["created_at"] = "2024-01-14T02:07:30"
    with pytest.raises(ReadError, match=r"export\.dat:1.*zone"):
        read_events(write(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (SAMPLES["pagerduty-log"][0], "one page of several"),
        (SAMPLES["pipeline"][0], "1 of 9 records"),
        ([SAMPLES["grafana"][0][0]] * 100, "exactly 100 records"),
        ({"incidents": STATUSPAGE["incidents"] * 25}, "exactly 50 records"),
        ([DEPLOYMENTS[0]] * 30, "exactly 30 records"),
    ],
)
def test_a_list_that_its_tool_cut_is_a_note(tmp_path, content, note):
    notes = read_events(write(tmp_path, content)).attrs["report"].notes
    assert any(note in text for text in notes), notes


def test_a_list_that_is_whole_has_no_note(tmp_path):
    for content in (PAGERDUTY, [SAMPLES["grafana"][0][0]] * 99):
        assert read_events(write(tmp_path, content)).attrs["report"].notes == ()


def test_a_torn_answer_keeps_what_stands_before_the_tear(tmp_path):
    text = json.dumps({"page": {"id": "p"}, "incidents": STATUSPAGE["incidents"]}, indent=1)
    frame = read_events(write(tmp_path, text[:-300]))
    report = frame.attrs["report"]
    assert (report.format, report.read, report.rejected, bool(report.truncated)) == ("statuspage", 1, 1, True)
    assert [text for _, text in report.samples] == ["(a torn message)"]


def test_a_status_record_that_ends_before_it_begins_is_kept(tmp_path):
    text = SAMPLES["cstate"][0].replace("resolvedWhen: 2024-01-14", "resolvedWhen: 2024-01-10")
    frame = read_events(write(tmp_path, text))
    assert (frame["end"] < frame["time"]).sum() == 1
    assert "Events that end before they begin and are kept as they are: 1;" in frame.attrs["report"].notes[0]


def test_a_status_page_whose_dates_have_no_zone(tmp_path):
    path = write(
        tmp_path, "---\ntitle: x\ndate: 2021-10-01 00:00:00\nresolvedWhen: 2021-10-01 10:00:00\n---\nWe look.\n"
    )
    with pytest.raises(ReadError, match=r"export\.dat:3.*zone"):
        read_events(path)
    assert len(read_events(path, timezone="Europe/Paris")) == 2


@pytest.mark.parametrize("text", ["---\ntitle: x\n", "---\ntitle: x\n---\n", "---\n---\n"])
def test_front_matter_that_is_none(tmp_path, text):
    with pytest.raises(Unreadable, match="front matter"):
        read_events(write(tmp_path, text))


# --- hostile files ----------------------------------------------------------------------------------------------------


def test_an_xml_bomb_is_refused(tmp_path):
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><item>&b;</item></rss>'
    with pytest.raises(Unreadable, match="document type"):
        read_events(write(tmp_path, bomb))


@pytest.mark.parametrize("text", ["<?xml version='1.0'?><rss>", "<rss></feed>", "<?xml version='1.0'?><html/>"])
def test_xml_that_is_no_feed(tmp_path, text):
    with pytest.raises(Unreadable, match="XML"):
        read_events(write(tmp_path, text))


def test_a_puppet_report_as_it_lies_on_disk(tmp_path):
    frame = read_events(write(tmp_path, PUPPET_YAML))
    assert same(rows(frame), SAMPLES["puppet"][1])
    assert adds_up(frame.attrs["report"])


def test_a_yaml_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(puppet_module, "NODES", 20_000)
    levels = "".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]\n" for i in range(1, 12))
    bomb = f"--- !ruby/object:Puppet::Transaction::Report\nl0: &l0 [x, x]\n{levels}"
    with pytest.raises(Unreadable, match="expands to more than 20,000 values"):
        read_events(write(tmp_path, bomb))


@pytest.mark.parametrize("body", ["a: &a [*a]", "a: [", "- 1", "", "a: " + "[" * 5000])
def test_yaml_that_is_no_report(tmp_path, body):
    with pytest.raises(Unreadable, match="YAML"):
        read_events(write(tmp_path, f"--- !ruby/object:Puppet::Transaction::Report\n{body}\n"))


WORDS = sorted({key for content, _ in SAMPLES.values() for key in str(content).split("'") if key.isidentifier()})
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from([t("02:05:00"), 1705198050, 1705198050000, "success", "Given Family", "trigger_log_entry"])
)
JSON = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6),
    max_leaves=20,
)


@settings(EASY, max_examples=300)
@given(JSON, st.sampled_from(["", *SAMPLES]))
def test_any_json_gives_a_frame_that_adds_up_or_a_plain_error(tmp_path, document, name):
    path = write(tmp_path, document)
    try:
        frame = read_events(path, timezone="UTC", format=name or None)
    except PostmortemError:
        return
    assert adds_up(frame.attrs["report"])
    assert list(frame.columns[: len(EVENTS.columns)]) == list(EVENTS.columns)


def paths_of(value, path=()):
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from paths_of(one, (*path, key))


@settings(EASY, max_examples=300)
@given(
    st.data(), st.sampled_from([name for name, (content, _) in SAMPLES.items() if not isinstance(content, str)]), JSON
)
def test_a_sample_with_anything_in_a_place_of_it(tmp_path, data, name, anything):
    content = json.loads(json.dumps(SAMPLES[name][0]))
    path = data.draw(st.sampled_from([p for p in paths_of(content) if p]))
    held = content
    for key in path[:-1]:
        held = held[key]
    held[path[-1]] = anything
    try:
        frame = read_events(write(tmp_path, content), timezone="UTC")
    except PostmortemError:
        return
    assert adds_up(frame.attrs["report"])
    assert not frame["actor"].isin(["Given Family", "Second Person", "given-family", "given.family@example.com"]).any()


@settings(EASY, max_examples=200)
@given(
    st.sampled_from(["feed", "cstate", "puppet"]),
    st.integers(0, 400),
    st.integers(0, 400),
    st.text(max_size=12)
    | st.sampled_from(["---\n", "]]>", "&amp;", "<entry>", "*1", "- x\n", "[Final message]\n", "date: x\n"]),
)
def test_text_with_anything_in_it(tmp_path, name, start, length, anything):
    text = PUPPET_YAML if name == "puppet" else SAMPLES[name][0]
    path = write(tmp_path, text[:start] + anything + text[start + length :])
    try:
        frame = read_events(path, timezone="UTC")
    except PostmortemError:
        return
    assert adds_up(frame.attrs["report"])


def test_beats_that_say_nothing_new_are_skipped(tmp_path):
    report = read_events(write(tmp_path, KUMA)).attrs["report"]
    assert (report.lines, report.read, report.skipped) == (4, 2, 2)


@pytest.mark.parametrize("key", ["items", "user", "data", "summary"])
def test_deep_nesting_is_a_plain_error_or_read(tmp_path, key):
    for depth in (200, 900, 5000):
        inside, outside = ("[", "]") if key in ("items", "data") else ("", "")
        text = f'{{"time": "{t("02:05:00")}", "{key}": {inside}' * depth + "1" + f"{outside}}}" * depth
        try:
            assert adds_up(read_events(write(tmp_path, text)).attrs["report"])
        except PostmortemError:
            continue


def test_an_update_that_was_set_back_is_a_note(tmp_path):
    notes = read_events(write(tmp_path, STATUSPAGE)).attrs["report"].notes
    assert [note for note in notes if "Events that are shown at another time than they were written: 1;" in note]


def test_a_detection_at_the_time_of_opening_is_a_note(tmp_path):
    said = "have the very time at which the incident was opened"
    assert any(said in n for n in read_events(write(tmp_path, SAMPLES["datadog-incident"][0])).attrs["report"].notes)
    assert not any(said in n for n in read_events(write(tmp_path, SAMPLES["rootly"][0])).attrs["report"].notes)


def test_alerts_that_a_webhook_left_out_are_a_note(tmp_path):
    payload = {"receiver": "x", "groupKey": "g", "truncatedAlerts": 3, "alerts": []}
    report = read_events(write(tmp_path, payload)).attrs["report"]
    assert (report.lines, report.skipped, adds_up(report)) == (1, 1, True)
    assert report.notes == ("alertmanager left out 3 records of what it sent.",)


def test_documents_one_behind_the_other(tmp_path):
    text = "\n".join(json.dumps(item, indent=4) for item in SAMPLES["kubernetes"][0]["items"])
    frame = read_events(write(tmp_path, text))
    report = frame.attrs["report"]
    assert (report.format, report.lines, report.read, report.truncated) == ("kubernetes", 2, 2, "")
    torn = read_events(write(tmp_path, text[:-60])).attrs["report"]
    assert (torn.read, torn.rejected, bool(torn.truncated)) == (1, 1, True)


def test_times_of_dispatch_that_carry_a_mark_need_no_note(tmp_path):
    content = json.loads(json.dumps(DISPATCH).replace("02:12:00", "02:12:00Z").replace("50.125", "50.125Z"))
    content["items"][0]["stable_at"] = t("02:50:00")
    assert read_events(write(tmp_path, content)).attrs["report"].notes == ()


@pytest.mark.parametrize("pack", [False, True])
def test_an_answer_on_one_line_that_is_longer_than_lines_of_logs(tmp_path, pack):
    entries = SAMPLES["pagerduty-log"][0]["log_entries"][:1] * 6000
    text = json.dumps({"log_entries": entries})
    assert len(text) > LINE_CAP
    path = tmp_path / "long.json"
    path.write_bytes(gzip.compress(text.encode()) if pack else text.encode())
    report = read_events(path).attrs["report"]
    assert (report.lines, report.read, report.clipped, report.truncated) == (6000, 6000, 0, "")


def test_nothing_in_an_answer(tmp_path):
    frame = read_events(write(tmp_path, {"incidents": [], "more": False}))
    assert (len(frame), adds_up(frame.attrs["report"])) == (0, True)
