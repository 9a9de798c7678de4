"""Postmortems in layouts of other teams: what each says, and that no line of any is dropped in silence."""

import datetime as dt
import json
import re
from pathlib import Path

import pytest

import postmortem_nb as pnb
from postmortem_nb.importing import import_files
from postmortem_nb.importing.choosing import choose
from postmortem_nb.importing.people import People
from postmortem_nb.importing.postmortem import read_postmortem, read_rows
from postmortem_nb.importing.tails import read_tail
from postmortem_nb.importing.tasks import reason_in
from postmortem_nb.narrative import read_narrative

LAYOUTS = Path(__file__).parent / "data" / "layouts"
NAMES = sorted(path.stem for path in LAYOUTS.glob("*.md"))
PERSONS = (
    "Alpha Person",
    "alpha-a",
    "B. Person",
    "Bravo Person",
    "Charlie Person",
    "Delta Person",
    "@echo-e",
    "Golf Person",
    "Hotel Person",
    "India Person",
)


def read(name):
    return read_postmortem(LAYOUTS / f"{name}.md")


def drawn(tmp_path, text):
    path = tmp_path / "pm.md"
    path.write_text(text, encoding="utf-8")
    return read_postmortem(path)


# --- every layout ------------------------------------------------------------------------------------------

TITLES = {
    "atlassian": "sign-in was slow",
    "bullets": "builds were stuck",
    "pager": "Map tiles were missing",
    "plain": "mail was delayed",
    "responders": "Webhooks were delivered twice",
    "sre-book": "invoices could not be opened (incident 812)",
}
MINUTES = {  # from the start to the first signal or person aware, and to the recovery
    "atlassian": (12, 75),
    "bullets": (4, 35),
    "pager": (22, 70),
    "plain": (35, 185),
    "responders": (24, 73),
    "sre-book": (14, 47),
}


def test_each_layout_has_a_test():
    assert set(NAMES) == set(TITLES) == set(MINUTES)


@pytest.mark.parametrize("name", NAMES)
def test_times_are_those_that_a_reader_would_take(name, tmp_path):
    (done,) = import_files([LAYOUTS / f"{name}.md"], tmp_path)
    assert done.folder is not None, done.error
    timings = {t.id: t.duration.value for t in pnb.analyze(pnb.load(done.folder)).timings}
    got = tuple(timings[n].total_seconds() / 60 for n in ("time_to_detect", "time_to_recover"))
    assert got == MINUTES[name]
    assert pnb.load(done.folder).facts.title == TITLES[name]
    assert "stated-time-differs" not in {f.id for f in done.findings}


@pytest.mark.parametrize("name", NAMES)
def test_no_person_is_named_and_each_name_is_listed(name, tmp_path):
    (done,) = import_files([LAYOUTS / f"{name}.md"], tmp_path)
    original = (LAYOUTS / f"{name}.md").read_text(encoding="utf-8")
    written = "".join((done.folder / file).read_text(encoding="utf-8") for file in ("incident.toml", "narrative.md"))
    left_out = " ".join(r["written"] for r in json.loads((done.folder / "import.json").read_text())["left_out"])
    for person in PERSONS:
        assert person not in written
        assert person in left_out or person not in original


@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_dropped(name):
    draft = read(name)
    told = {r.line for r in (*draft.readings, *draft.left_out)}
    prose = " ".join(draft.narrative.split()) + json.dumps(dict(draft.facts), default=str, ensure_ascii=False)
    for number, line in enumerate((LAYOUTS / f"{name}.md").read_text(encoding="utf-8").split("\n"), 1):
        words = re.sub(r"^\*\*[^*]+:\*\*", "", line).strip(" -|:=*>")
        is_heading = line.startswith("#") or re.fullmatch(r"\*\*[^*]+\*\*|[A-Z (a-z)]+", line.strip())
        is_frame = not words or re.match(
            r"\| (?:Field|Time|Corrective|Timestamp)|All times|\d{4}-\d\d-\d\d \(all", line
        )
        assert number in told or is_heading or is_frame or words in prose, f"{name}:{number}: {line}"


# --- what is said where ------------------------------------------------------------------------------------


def test_the_line_of_status_and_owner_is_no_summary():
    draft = read("sre-book")
    assert draft.facts["summary"].startswith("The document store refused reads")
    assert "Status" not in draft.narrative and "Owner" not in draft.narrative
    assert [r.line for r in draft.left_out] == [3, 3, 5]


def test_tasks_that_are_set_apart_by_dashes():
    draft = read("sre-book")
    one, two, three = draft.facts["actions"]
    assert one == {
        "text": "Exclude live buckets from lifecycle rules",
        "kind": "prevent",
        "owner": "storage",
        "link": "STO-112",
        "due": dt.date(2023, 6, 1),
    }
    assert two["link"] == "https://tracker.example.org/OBS-77"
    assert (three["owner"], three["status"], draft.comments["actions.2.status"]) == ("storage", "open", "in progress")


def test_a_decision_not_to_act_is_no_task():
    assert read("sre-book").facts["decisions"] == [
        {"text": "We decided not to buy a second store.", "why": "Its price is ten times the loss."}
    ]
    draft = read("bullets")
    assert [d["text"] for d in draft.facts["decisions"]] == [
        "Not doing: moving to another provider.",
        "We will not keep caches for forks.",
    ]
    assert [f.where for f in draft.findings if f.id == "decision-without-reason"] == ["bullets.md:34"]
    assert reason_in("No second store as a service") == ("No second store as a service", "")


def test_marked_ends_of_the_outage_are_start_and_recovery():
    draft = read("sre-book")
    assert draft.facts["milestones"] == {
        "started": "2023-05-09 08:20",
        "detected": "2023-05-09 08:34",
        "recovered": "2023-05-09 09:07",
    }


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Search failed for 47 minutes.", "47 min"),
        ("The site was down for 1 hour and 12 minutes.", "72 min"),
        ("The outage lasted 3 hours.", "3 h"),
        ("A 25-minute outage of search.", "25 min"),
        ("Search failed for about 47 minutes.", None),
        ("Mail was delayed for up to three hours.", None),
        ("We keep logs for 30 days.", None),
    ],
)
def test_a_length_that_the_summary_tells_is_stated(tmp_path, text, stated):
    draft = drawn(tmp_path, f"# X\n\n## Summary\n\n{text}\n\n## Action items\n\n- Alert on it\n")
    assert draft.facts.get("stated", {}).get("time_to_recover") == stated


def test_a_table_of_statistics_goes_before_what_prose_tells(tmp_path):
    text = "# X\n\n## Summary\n\nSearch failed for 47 minutes.\n\n## Stats\n\n- Time to recovery: 50 minutes\n"
    assert drawn(tmp_path, text).facts["stated"] == {"time_to_recover": "50 min"}


def test_labelled_lessons_are_sorted_whatever_marks_them(tmp_path):
    assert read("bullets").facts["lessons"] == {
        "well": ["the alert came quickly"],
        "badly": ["the disks were shared"],
        "lucky": ["it was lunch time"],
    }
    plain = (
        "# X\n\n## Summary\n\nIt broke.\n\n## Lessons\n\nWhat went well:\n\n- calm\n\n*Where we got lucky*\n\n- lunch\n"
    )
    assert drawn(tmp_path, plain).facts["lessons"] == {"well": ["calm"], "lucky": ["lunch"]}


def test_services_and_people_affected(tmp_path):
    assert read("responders").facts["services"] == ["webhooks", "event bus"]
    assert read("pager").facts["affected"] == "1,204 customers"
    text = "# X\n\n- Affected: all customers in Europe\n- Incident: INC-7\n\n## Summary\n\nIt broke.\n"
    draft = drawn(tmp_path, text)
    assert (draft.facts["affected"], draft.facts["sources"]) == ("all customers in Europe", ["Incident: INC-7"])
    assert "services" not in draft.facts


def test_names_become_the_roles_that_stand_beside_them():
    assert [row.get("actor") for row in read("pager").facts["timeline"]] == [
        None,
        "incident commander",
        "incident commander",
        "scribe",
        None,
    ]
    people = People({"echo-e": "scribe"})
    assert (people.role("@echo-e"), people.role("Juliet Person"), people.role("storage team")) == (
        "scribe",
        "",
        "storage team",
    )


def test_tables_of_tasks_with_their_states():
    draft = read("atlassian")
    assert [(a["owner"], a["status"]) for a in draft.facts["actions"]] == [
        ("Identity", "open"),
        ("Data platform", "done"),
        ("Data platform", "rejected"),
    ]
    assert draft.comments["actions.0.status"] == "In progress"
    assert read_narrative(draft.narrative)["Summary"].text.strip().startswith("Between 10:05")


@pytest.mark.parametrize(
    ("said", "tail"),
    [
        ("Use retries - done", {"text": "Use retries", "status": "done", "state": "done"}),
        ("Add alerts - especially for fluentd", {"text": "Add alerts - especially for fluentd"}),
        ("Look at it (see the wiki)", {"text": "Look at it (see the wiki)"}),
        ("Review limits by 2024-05-01", {"text": "Review limits", "due": dt.date(2024, 5, 1)}),
        ("[ABC-12] Raise limits", {"text": "Raise limits", "link": "ABC-12"}),
        ("Fix it (soon)", {"text": "Fix it", "unread": "soon"}),
        ("Fix it; owner: web; prevent; P1", {"text": "Fix it", "owner": "web", "kind": "prevent", "priority": "P1"}),
        ("Talk to them - they know more", {"text": "Talk to them - they know more"}),
    ],
)
def test_what_stands_behind_a_task(said, tail):
    assert {name: value for name, value in read_tail(said).__dict__.items() if value} == tail


# --- words alone -------------------------------------------------------------------------------------------


def chosen(tmp_path, *rows):
    path = tmp_path / "pm.md"
    lines = [f"- 2024-01-31 {at} {text}" for at, text in rows]
    path.write_text("# X\n\n## Timeline\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return {name: row.at[-5:] for name, row in choose(read_rows(path), {}).rows.items()}


def test_an_alert_is_a_signal_and_who_looks_into_it_is_aware(tmp_path):
    rows = (
        ("10:00", "Searches fail"),
        ("10:05", "Alert fired"),
        ("10:09", "Started investigating"),
        ("10:30", "Resolved"),
    )
    assert chosen(tmp_path, *rows) == {
        "started": "10:00",
        "signalled": "10:05",
        "detected": "10:09",
        "recovered": "10:30",
    }
    assert chosen(tmp_path, rows[0], ("10:05", "We were alerted"), *rows[2:])["detected"] == "10:05"


def test_the_last_change_before_it_was_noticed_is_the_start_where_no_row_tells_it(tmp_path):
    rows = (("09:00", "A deployed"), ("10:00", "B deployed"), ("10:07", "Users report it"), ("10:30", "C deployed"))
    assert chosen(tmp_path, *rows)["started"] == "10:00"


def test_a_fault_that_was_found_later_is_not_the_start(tmp_path):
    rows = (("10:00", "Searches fail"), ("10:05", "Users report it"), ("10:20", "Unexpected crash of the outage tool"))
    assert chosen(tmp_path, *rows)["started"] == "10:00"


def test_a_permanent_fix_is_not_the_recovery(tmp_path):
    rows = (("10:00", "Searches fail"), ("10:05", "Users report it"), ("10:20", "Manual fix applied"))
    assert chosen(tmp_path, *rows, ("18:00", "Permanent fix deployed"))["recovered"] == "10:20"
