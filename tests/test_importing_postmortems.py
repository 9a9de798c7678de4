"""Published postmortems become incident folders: real ones with stated minutes, drawn ones in several notations."""

import datetime as dt
import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.errors import PostmortemError, ReadError, SettingError
from postmortem_nb.importing import import_files
from postmortem_nb.importing.document import read_document
from postmortem_nb.importing.headings import role_of, with_roles
from postmortem_nb.importing.notations import read_written
from postmortem_nb.importing.postmortem import read_postmortem
from postmortem_nb.importing.zones import zone_named_by
from postmortem_nb.narrative import read_narrative, render

DATA = Path(__file__).parent / "data" / "postmortems"
SHARED = next((p / "shared" / "data" for p in Path(__file__).parents if (p / "shared" / "data").is_dir()), None)
MINUTE = pd.Timedelta(minutes=1)
STATED = {  # as the documents state them: time to detect, time to recover
    "PM2020-002": (54, 148),
    "PM2021-009": (5, 68),
    "PM2022-008": (12, 88),
    "PM2023-001": (None, 13),  # states 2 as well, from another start
    "PM2024-001": (4, None),  # states 399; its last row is 1399 minutes after its first one
}


def real(name: str) -> Path:
    return next(DATA.glob(f"{name}-*.md"))


def imported(path: Path, home: Path, **how: object):
    (done,) = import_files([path], home, **how)
    assert done.folder is not None, done.error
    return done


def minutes(folder: Path, *names: str) -> list[float | None]:
    timings = {t.id: t for t in pnb.analyze(pnb.load(folder)).timings}
    found = [timings[name].duration.value for name in names]
    return [None if value is None else value / MINUTE for value in found]


def ids(findings) -> list[str]:
    return [finding.id for finding in findings]


def drawn(tmp_path: Path, text: str, **how: object):
    path = tmp_path / "pm.md"
    path.write_text(text, encoding="utf-8")
    return read_postmortem(path, **how)


def times(draft) -> list[str]:
    return [row["at"] for row in draft.facts.get("timeline", [])]


# --- real ones -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STATED)
def test_computed_times_equal_the_stated_minutes(name, tmp_path):
    done = imported(real(name), tmp_path)
    for got, want in zip(minutes(done.folder, "time_to_detect", "time_to_recover"), STATED[name], strict=True):
        assert want is None or got == want


@pytest.mark.parametrize("name", ["PM2023-001", "PM2024-001"])
def test_a_stated_time_that_differs_is_a_finding_when_imported_and_ever_after(name, tmp_path):
    done = imported(real(name), tmp_path)
    (finding,) = [f for f in done.findings if f.id == "stated-time-differs"]
    line = int(finding.where.rpartition(":")[2])
    assert "Time to" in real(name).read_text(encoding="utf-8").split("\n")[line - 1]
    later = ids(pnb.analyze(pnb.load(done.folder)).findings)
    assert {"stated-time-differs", "stated-time-unsupported"} & set(later)


def test_no_finding_where_stated_and_computed_times_agree(tmp_path):
    done = imported(real("PM2021-009"), tmp_path)
    found = [*ids(done.findings), *ids(pnb.analyze(pnb.load(done.folder)).findings)]
    assert not {"stated-time-differs", "stated-time-unsupported"} & set(found)


@pytest.mark.parametrize(
    ("name", "line", "id"),
    [
        ("PM2020-002", 16, "earlier-sign"),  # an alert half an hour before the detection that is stated
        ("PM2022-006", 13, "odd-time"),  # HH:mm
        ("PM2022-006", 15, "time-unread"),  # 2021/22-??-??
        ("PM2022-006", 16, "odd-time"),  # 2022-05-??
        ("PM2022-008", 17, "odd-time"),  # 12:26-12:??
        ("PM2023-001", 27, "out-of-order"),  # 11:07 behind 11:08
        ("PM2024-001", 34, "odd-time"),  # 14:??
    ],
)
def test_dirt_is_reported_with_its_line(name, line, id):
    found = [(int(f.where.rpartition(":")[2]), f.id) for f in read_postmortem(real(name)).findings]
    assert (line, id) in found


def test_the_row_of_the_template_is_left_out_by_name():
    draft = read_postmortem(real("PM2024-001"))
    assert "Short event description" in next(r.written for r in draft.left_out if r.line == 16)
    assert not any("Short event" in row["text"] for row in draft.facts["timeline"])


def test_every_row_of_the_timeline_traces_to_its_line(tmp_path):
    path = real("PM2022-008")
    done = imported(path, tmp_path)
    incident = pnb.load(done.folder)
    lines = path.read_text(encoding="utf-8").split("\n")
    for row in incident.facts.timeline:
        file, _, line = row.evidence.rpartition(":")
        assert (done.folder / file).read_bytes() == path.read_bytes()
        assert row.text in lines[int(line) - 1]
    (original,) = incident.files.to_dict("records")
    assert (original["kind"], original["sha256"]) == ("source", hashlib.sha256(path.read_bytes()).hexdigest())


def test_nothing_of_a_document_is_dropped(tmp_path):
    """Every line with words stands in the facts, in the prose, or in the list of what only the original holds."""
    for path in sorted(DATA.glob("PM*.md")):
        done = imported(path, tmp_path)
        whole = "".join((done.folder / name).read_text(encoding="utf-8") for name in ("incident.toml", "narrative.md"))
        report = json.loads((done.folder / "import.json").read_text(encoding="utf-8"))
        told = {row["line"] for row in (*report["left_out"], *report["taken_over"])}
        document = read_document(path.read_text(encoding="utf-8"), path.name)
        headings = {part.line for part, _ in with_roles(document)}
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            words = line.strip(" -|:")
            is_frame = words.startswith(("Time ", "All times")) or not words
            kept = is_frame or number in told or number in headings or words in whole
            assert kept, f"{path.name}:{number}: {line[:80]}"


def test_twenty_postmortems_with_stated_minutes(tmp_path):
    if SHARED is None or not (SHARED / "postmortems" / "dfds").is_dir():
        pytest.skip("the shared data postmortems are not on this machine")
    folder = SHARED / "postmortems"
    truth = pd.read_csv(folder / "dfds_stats.csv").set_index("pm_id")
    equal = {"ttd_minutes": 0, "ttr_minutes": 0}
    files = sorted((folder / "dfds").glob("*.md"))
    for path in files:
        done = imported(path, tmp_path)
        got = minutes(done.folder, "time_to_detect", "time_to_recover")
        for column, value in zip(equal, got, strict=True):
            want = truth.loc[path.name[:10], column]
            equal[column] += value == want
            differs = not pd.isna(want) and value != want
            assert not differs or "stated-time-differs" in ids(done.findings), path.name
    assert (len(files), equal) == (20, {"ttd_minutes": 11, "ttr_minutes": 12})


# --- the folder ----------------------------------------------------------------------------------------------------


def test_an_existing_folder_is_never_touched(tmp_path):
    done = imported(real("PM2021-009"), tmp_path)
    before = {p: p.read_bytes() for p in done.folder.rglob("*") if p.is_file()}
    (again,) = import_files([real("PM2021-009")], tmp_path)
    assert again.folder is None
    assert "exists already" in again.error
    assert {p: p.read_bytes() for p in done.folder.rglob("*") if p.is_file()} == before
    assert [p.name for p in tmp_path.iterdir()] == [done.folder.name]
    other = imported(real("PM2021-009"), tmp_path, name="2021-09-06-other")
    assert other.folder.name == "2021-09-06-other"


def test_a_folder_that_cannot_be_finished_is_not_there(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    (done,) = import_files([real("PM2021-009")], tmp_path / "home")
    assert "No space left" in done.error
    assert list((tmp_path / "home").iterdir()) == []


def test_the_same_document_gives_the_same_bytes(tmp_path):
    one, two = (imported(real("PM2022-006"), tmp_path / home) for home in ("a", "b"))
    for path in one.folder.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (two.folder / path.relative_to(one.folder)).read_bytes()


def test_braces_of_the_source_are_no_claims(tmp_path):
    draft = drawn(tmp_path, "# X\n\n## Summary\n\nThe template said {{ user.name }} and {% x %}.\n")
    passage = read_narrative(draft.narrative)["Summary"]
    assert "{{ user.name }} and {% x %}" in render(passage, {})


@pytest.mark.parametrize("text", ["", "Dear all, lunch is at noon.\n", "# Notes\n\nSome words.\n"])
def test_what_is_no_postmortem_is_refused(tmp_path, text):
    with pytest.raises(ReadError, match=r"pm\.md: it has no timeline"):
        drawn(tmp_path, text)


def test_what_is_no_text_is_refused_with_its_line(tmp_path):
    path = tmp_path / "pm.md"
    path.write_bytes(b"# X\n\xff\xfe\n")
    with pytest.raises(ReadError, match=r"pm\.md:2: it is not UTF-8"):
        read_postmortem(path)


def test_one_file_that_cannot_be_imported_stops_no_other(tmp_path):
    (tmp_path / "a.md").write_text("nothing\n", encoding="utf-8")
    (tmp_path / "b.md").write_bytes(real("PM2021-009").read_bytes())
    first, second = import_files([tmp_path], tmp_path / "out")
    assert first.error
    assert second.folder is not None


def test_a_name_is_for_one_incident(tmp_path):
    with pytest.raises(SettingError, match="single incident"):
        list(import_files([real("PM2021-009"), real("PM2022-006")], tmp_path, name="x"))


# --- other templates -----------------------------------------------------------------------------------------------

SRE = """# Sonnet search outage (incident #465)

**Date:** 2015-10-21

**Authors:** the on-call team

**Severity:** SEV-1

**Summary:** Search was down during a time of high interest.

**Impact:** An estimated 1.21B queries were lost.

**Root Causes:** A leak of file descriptors under load.

**Trigger:** A sudden increase in traffic.

**Detection:** Monitoring saw many HTTP 500s and paged.

## Action Items

| Action Item | Type | Owner | Bug | Due |
| --- | --- | --- | --- | --- |
| Update the playbook | mitigate | on-call team | [n/a](https://example.org/1) **DONE** | 2015-11-01 |
| Add a limit to the balancer | prevent | search team | Bug 5554823 | soon |

## Lessons Learned

### What went well

- Monitoring quickly alerted us

### What went wrong

- We were out of practice

### Where we got lucky

- A mailing list had a copy

## Timeline

2015-10-21 (*all times UTC*)

- 14:51 News tells of a new sonnet
- 14:54 **OUTAGE BEGINS** Search backends start melting down
- 14:55 On-call receives a pager storm, alerts of all clusters
- 15:01 Incident 465 declared
- 15:36 **OUTAGE ENDS** All traffic balanced
"""


def test_a_postmortem_of_the_sre_book_s_template(tmp_path):
    draft = drawn(tmp_path, SRE)
    facts = draft.facts
    assert draft.name == "2015-10-21-sonnet-search-outage-incident-465"
    assert (facts["severity"], facts["zone"], facts["date"]) == ("SEV-1", "UTC", dt.date(2015, 10, 21))
    assert facts["cause"] == "A leak of file descriptors under load."
    assert facts["milestones"] == {
        "started": "2015-10-21 14:54",
        "detected": "2015-10-21 14:55",
        "recovered": "2015-10-21 15:36",
        "declared": "2015-10-21 15:01",
    }
    assert facts["lessons"] == {
        "well": ["Monitoring quickly alerted us"],
        "badly": ["We were out of practice"],
        "lucky": ["A mailing list had a copy"],
    }
    one, two = facts["actions"]
    assert one == {
        "text": "Update the playbook",
        "kind": "mitigate",
        "owner": "on-call team",
        "link": "https://example.org/1",
        "due": dt.date(2015, 11, 1),
        "status": "done",
    }
    assert (two["kind"], two["owner"]) == ("prevent", "search team")
    assert "due-unread" in ids(draft.findings)
    prose = read_narrative(draft.narrative)
    assert prose["Impact"].text.strip() == "An estimated 1.21B queries were lost."
    assert prose["Detection"].text.strip() == "Monitoring saw many HTTP 500s and paged."
    assert "on-call team" in next(r.written for r in draft.left_out if r.line == 5)


def test_days_zones_and_half_days(tmp_path):
    text = """---
title: Checkout answered with errors
date: 2024-01-14
---

Timeline
--------

Times are Pacific.

* 11:50 PM - Deployed release 12
* 11:58 PM - Errors: checkout returning 500
* 12:10 AM - Alert fired
* about 12:20 AM: On-call looked at it
* 1:02 AM — Rolled back, service restored
* nobody wrote when
* 13:75 neither here

## Stats

| Metric | Value |
| --- | --- |
| TTD | 12 min |
| TTR | 1h 4m |
"""
    draft = drawn(tmp_path, text)
    assert draft.facts["zone"] == "America/Los_Angeles"
    assert times(draft) == [
        "2024-01-14 23:50",
        "2024-01-14 23:58",
        "2024-01-15 00:10",
        "~2024-01-15 00:20",
        "2024-01-15 01:02",
        "unknown",
        "unknown",
    ]
    assert draft.facts["stated"] == {"time_to_detect": "12 min", "time_to_recover": "64 min"}
    assert draft.facts["milestones"]["started"] == "2024-01-14 23:58"
    assert sorted(ids(draft.findings)) == ["next-day", "time-unread", "time-unread"]


def test_a_day_that_holds_for_all_rows_is_not_carried_on(tmp_path):
    text = """# X

## Timeline

Unless otherwise noted all events happened on 2019-10-21, and all times are in UTC.

- **2019-10-20 00:55: builds started failing**
- 01:38: alerts fired
- 02:06: back online
"""
    assert times(drawn(tmp_path, text)) == ["2019-10-20 00:55", "2019-10-21 01:38", "2019-10-21 02:06"]


def test_a_zone_in_each_row_and_a_time_that_no_clock_showed(tmp_path):
    text = """# X

## Timeline (Europe/Berlin)

- 2024-03-31 01:30 primary failed
- 2024-03-31 02:30 nobody could write this
- 2024-03-31 06:00 Denver - noticed abroad
- 2024-03-31 15:00 JST noticed farther abroad
"""
    draft = drawn(tmp_path, text)
    assert times(draft) == ["2024-03-31 01:30", "unknown", "2024-03-31 06:00-06:00", "2024-03-31 15:00+09:00"]
    assert "time-not-settled" in ids(draft.findings)


@pytest.mark.parametrize(
    ("said", "zone", "finding"),
    [
        ("All times in UTC.", "UTC", None),
        ("All times in CET.", "Europe/Berlin", "summer-time"),
        ("All times are PST.", "UTC", "zone-unsettled"),
        ("Timezone: America/New_York", "America/New_York", None),
        ("Copenhagen local time was used.", "UTC", "no-zone"),
        ("", "UTC", "no-zone"),
    ],
)
def test_the_zone_is_as_stated_or_said_not_to_be(tmp_path, said, zone, finding):
    text = f"# X\n\n## Timeline\n\n{said}\n\n| Time | Event |\n|---|---|\n| 2020-07-01 10:00 | Crash |\n"
    draft = drawn(tmp_path, text)
    found = {"summer-time", "zone-unsettled", "no-zone"} & set(ids(draft.findings))
    assert (draft.facts["zone"], found) == (zone, {finding} - {None})
    assert drawn(tmp_path, text, zone="Asia/Tokyo").facts["zone"] == "Asia/Tokyo"


def test_slashed_dates_are_read_only_where_one_of_them_tells(tmp_path):
    table = (
        "# X\n\n## Timeline (UTC)\n\n| Date | Time | Event |\n|---|---|---|\n| {} | 10:00 | a |\n| {} | 11:00 | b |\n"
    )
    assert times(drawn(tmp_path, table.format("1/2/2024", "1/13/2024"))) == ["2024-01-02 10:00", "2024-01-13 11:00"]
    assert times(drawn(tmp_path, table.format("1/2/2024", "13/2/2024"))) == ["2024-02-01 10:00", "2024-02-13 11:00"]
    unclear = drawn(tmp_path, table.format("1/2/2024", "3/2/2024"))
    assert times(unclear) == ["unknown", "unknown"]
    assert "day-unclear" in ids(unclear.findings)


# --- notations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "clock", "day", "zone", "rest"),
    [
        ("10:15 - Alert", "10:15", None, "", "Alert"),
        ("[10:15] Alert", "10:15", None, "", "Alert"),
        ("2024-01-14T10:15Z Alert", "10:15", dt.date(2024, 1, 14), "Z", "Alert"),
        ("Jan 14, 2024 10:15 UTC: Alert", "10:15", dt.date(2024, 1, 14), "UTC", "Alert"),
        ("10:15 UTC, 14 January 2024: Alert", "10:15", dt.date(2024, 1, 14), "UTC", "Alert"),
        ("14.01.2024 10.15 Alert", "10:15", dt.date(2024, 1, 14), "", "Alert"),
        ("1015Z Alert", "10:15", None, "Z", "Alert"),
        ("10:15 PM PST - Alert", "22:15", None, "PST", "Alert"),
        ("12:05 AM Alert", "00:05", None, "", "Alert"),
        ("10am: Alert", "10:00", None, "", "Alert"),
        ("2024-01-14 10:15 +02:00 Alert", "10:15", dt.date(2024, 1, 14), "+02:00", "Alert"),
    ],
)
def test_notations(text, clock, day, zone, rest):
    written, behind = read_written(text)
    assert f"{written.clock[0] // 3600:02d}:{written.clock[0] // 60 % 60:02d}" == clock
    assert (written.first, written.zone, behind) == (day, zone, rest)


@pytest.mark.parametrize(
    "text", ["3 nodes died", "2nd attempt", "5 minutes later", "v1.25 deployed", "PR #1237", "24:00x"]
)
def test_what_is_no_time(text):
    assert read_written(text) is None


@pytest.mark.parametrize(
    ("text", "until"), [("10:10-10:20 x", "10:20"), ("10:10 → 10:20 x", "10:20"), ("10:10 to 10:20: x", "10:20")]
)
def test_stretches(text, until):
    written, rest = read_written(text)
    assert written.end is not None
    assert written.end.text == until
    assert rest == "x"


def test_a_time_in_code_with_odd_hyphens_and_a_stretch_whose_end_counts(tmp_path):
    text = """# Summary

All broke.

# Timeline

```
2024-02-01 10:00 UTC  Deployed v2, requests failing
2024-02-01 10:07~ UTC Alert fired
2024-02-01 10:20-10:30 UTC Rolled back, service restored
20202-02-01 11:00 a slip of the year
2024‑02‑01 11:30 UTC Nothing was left to do
```

# Stats

- TTD (minutes): 7
- TTR: 30 min
"""
    draft = drawn(tmp_path, text)
    assert draft.facts["title"] == "pm"  # the first heading is a part, no title
    assert draft.facts["zone"] == "UTC"
    assert draft.facts["milestones"] == {
        "started": "2024-02-01 10:00Z",
        "detected": "~2024-02-01 10:07Z",
        "recovered": "2024-02-01 10:30Z",
    }
    assert times(draft)[3:] == ["unknown", "2024-02-01 11:30Z"]
    assert ids(draft.findings) == ["odd-time", "time-unread"]  # "10:07~" is said to be read as about


@pytest.mark.parametrize(
    ("time", "id", "at"),
    [
        ("20202-01-16 10:00", "time-unread", "unknown"),
        ("2020-01-16 10:45~", "odd-time", "~2020-01-16 10:45"),
        ("2020-01-16 8:40", "odd-time", "2020-01-16 08:40"),
        ("2020-01-16 HH:mm", "odd-time", "2020-01-16 00:00/2020-01-17 00:00"),
        ("2020-01-16 14:??", "odd-time", "2020-01-16 14:00/2020-01-16 15:00"),
        ("2020-02-?? ??:??", "odd-time", "2020-02-01 00:00/2020-03-01 00:00"),
        ("2020-13-41 10:00", "time-unread", "unknown"),
    ],
)
def test_each_kind_of_dirt_is_said_and_kept(tmp_path, time, id, at):
    table = f"| Time | Event |\n| --- | --- |\n| 2020-01-15 10:00 | Crash |\n| {time} | Something |\n"
    draft = drawn(tmp_path, f"# X\n\n## Timeline\n\nAll times in UTC.\n\n{table}")
    assert times(draft)[1] == at
    assert [f.where for f in draft.findings if f.id == id][:1] == ["pm.md:10"]


def test_a_stated_time_in_whole_hours_agrees_to_the_hour(tmp_path):
    rows = "- 2024-02-01 10:00 Outage begins\n- 2024-02-01 10:01 Alert fired\n- 2024-02-01 12:10 Outage ends\n"
    draft = drawn(tmp_path, f"# X\n\n## Timeline (UTC)\n\n{rows}\n## Stats\n\n- Duration: 2 hours\n")
    assert "stated-time-rounded" in ids(draft.findings)
    assert "stated-time-differs" not in ids(draft.findings)


@pytest.mark.parametrize(
    ("word", "zone"),
    [("UTC", "UTC"), ("CET", "Europe/Berlin"), ("Pacific Time", "America/Los_Angeles"), ("UTC+2", "Etc/GMT-2")],
)
def test_zones_by_name(word, zone):
    assert zone_named_by(word) == (zone, "")


@pytest.mark.parametrize("word", ["PST", "IST", "Narnia"])
def test_zones_that_cannot_be_told(word):
    name, why = zone_named_by(word)
    assert name == ""
    assert word in why


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("Timeline of events (UTC)", "timeline"),
        ("What happened when", "timeline"),
        ("Action Items", "actions"),
        ("Follow-ups", "actions"),
        ("Where we got lucky", "lucky"),
        ("Root cause of the outage", "cause"),
        ("1. Summary", "summary"),
        ("Pizza", ""),
    ],
)
def test_headings(heading, role):
    assert role_of(heading) == role


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.sampled_from(["{:%H:%M}", "{:%I:%M %p}", "{:%H:%M} UTC", "~{:%H:%M}"]),
)
@example(0, 1439, "{:%I:%M %p}")
def test_rows_of_a_drawn_day_keep_their_distance(tmp_path_factory, first, second, form):
    start = dt.datetime(2024, 5, 6)
    at = sorted(start + dt.timedelta(minutes=m) for m in (first, second))
    rows = "".join(f"- {form.format(t)} - something\n" for t in at)
    draft = drawn(tmp_path_factory.mktemp("day"), f"# X\n\n## Timeline\n\nAll times in UTC on 2024-05-06.\n\n{rows}")
    assert [t.lstrip("~").removesuffix("Z") for t in times(draft)] == [t.strftime("%Y-%m-%d %H:%M") for t in at]


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=120))
@example("\x00 {{ x }} \u202e ''' \"\"\" \\")
def test_any_text_in_a_row_survives_or_is_refused_in_words(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("any")
    path = folder / "pm.md"
    whole = f"# X\n\n## Timeline (UTC)\n\n- 2024-05-06 10:00 begin\n- 2024-05-06 10:05 {text}\n\n{text}\n"
    path.write_text(whole, encoding="utf-8", newline="")
    try:
        (done,) = import_files([path], folder / "out")
    except PostmortemError:
        return
    if done.folder is not None:
        assert (done.folder / "imported" / "pm.md").read_bytes() == path.read_bytes()
        assert pnb.load(done.folder).facts.timeline
