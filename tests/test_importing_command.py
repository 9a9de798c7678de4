"""``postmortem-nb import``: what it prints and where, and folders of the incidents of a status feed."""

import json
from pathlib import Path

import pandas as pd
import pytest

import postmortem_nb as pnb
from postmortem_nb.cli import main

DATA = Path(__file__).parent / "data"
MINUTE = pd.Timedelta(minutes=1)
FEED = DATA / "status_github" / "events" / "updates.jsonl"
PAGES = DATA / "status_jenkins" / "events"


@pytest.fixture
def call(capsys, tmp_path, monkeypatch):
    """Run the command in an empty folder; returns code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*args: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(["import", *map(str, args)])
        said = capsys.readouterr()
        return int(stop.value.code or 0), said.out, said.err

    return run


def postmortem(name: str) -> Path:
    return next((DATA / "postmortems").glob(f"{name}-*.md"))


def timing(folder: Path, name: str) -> float | None:
    timings = {t.id: t for t in pnb.analyze(pnb.load(folder)).timings}
    value = timings[name].duration.value
    return None if value is None else value / MINUTE


def test_folders_on_stdout_and_findings_on_stderr(call):
    code, out, err = call(postmortem("PM2022-008"))
    assert code == 0
    (folder,) = out.split()
    assert folder == "data/incidents/2022-08-03-crud-operations-on-k8s-service-resources-unavailable"
    assert f"{postmortem('PM2022-008').name}:17: '2022-08-03 12:26-12:??'" in err
    assert err.endswith("1 imported, 0 failed, 1 findings\n")
    assert pnb.load(folder).facts.title.startswith("CRUD operations")


def test_what_exists_is_a_failure_that_is_said(call):
    assert call(postmortem("PM2022-008"), "--folder", "x")[0] == 0
    code, out, err = call(postmortem("PM2022-008"), "--folder", "x")
    assert (code, out) == (1, "")
    assert "exists already and is not changed" in err


def test_json_on_stdout(call):
    code, out, _ = call(postmortem("PM2022-006"), "--json", "--folder", "x")
    (done,) = json.loads(out)
    assert code == 0
    assert Path(done["folder"]).is_dir()
    assert {"time-unread", "odd-time"} <= {f["id"] for f in done["findings"]}


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["gone.md"], 1, "There is no file gone.md"),
        ([PAGES, "--name", "x"], 2, "single incident"),
        ([PAGES, "--zone", "CET"], 1, "not an IANA zone"),
        ([PAGES, "--date", "soon"], 2, "--date"),
    ],
)
def test_wrong_usage(call, args, code, said):
    got, out, err = call(*args)
    assert (got, out) == (code, "")
    assert said in err


def test_neither_markdown_nor_a_feed(call, tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n", encoding="utf-8")
    code, _, err = call("x.csv")
    assert code == 1
    assert "neither Markdown" in err


def test_incidents_of_a_feed_become_folders_with_the_minutes_of_the_frame(call):
    code, out, err = call(FEED, "--folder", "feed")
    assert code == 0
    assert "5 imported, 0 failed, 1 left out as planned work" in err
    frame = pnb.read_status_feed(FEED).set_index("id")
    for folder in map(Path, out.split()):
        row = frame.loc[folder.name.rpartition("-")[2]]
        name = "time_to_recover" if row["basis"] == "stated" else "time_to_resolve_declared"
        assert timing(folder, name) == row["minutes"]
        if row["basis"] == "stated":
            assert timing(folder, "comms_lag") == row["minutes_to_communicate"]
        incident = pnb.load(folder)
        assert (incident.events["kind"] == "communication").sum() == len(row["messages"])
        assert incident.facts.services == list(row["services"])


def test_pages_of_cstate_become_folders_and_a_negative_record_is_a_finding(call):
    code, out, err = call(PAGES, "--zone", "UTC", "--folder", "pages")
    assert code == 0
    assert "3 imported, 0 failed, 1 left out as planned work" in err
    assert "ends (2021-11-05 15:30 UTC) before it begins (2021-11-18 10:47 UTC)" in err
    outage = next(Path(f) for f in out.split() if "jira" in f)
    assert timing(outage, "time_to_resolve_declared") == 15
    odd = next(Path(f) for f in out.split() if "jenkins-io-outage" in f and "jira" not in f)
    assert any(f.severity == "error" for f in pnb.analyze(pnb.load(odd)).findings)
    assert (outage / "events" / "status.md").read_bytes() == (PAGES / "2021-12-15-jira-outage.md").read_bytes()


def test_pages_without_a_zone_are_not_guessed(call):
    code, out, err = call(PAGES, "--folder", "pages")
    assert code == 1
    assert "times carry no zone" in err
    assert len(out.split()) == 1  # the one page whose times all carry theirs


def test_a_statuspage_answer_is_cut_into_its_incidents(call, tmp_path):
    update = {"status": "resolved", "body": "Over.", "created_at": "2024-03-01T10:30:00Z"}
    record = {"id": "x1", "name": "Slow", "impact": "major", "started_at": "2024-03-01T10:00:00Z"}
    record |= {"resolved_at": "2024-03-01T10:20:00Z", "incident_updates": [update]}
    (tmp_path / "i.json").write_text(json.dumps({"page": {"id": "p"}, "incidents": [record]}, indent=2), "utf-8")
    code, out, _ = call("i.json")
    assert code == 0
    assert json.loads((Path(out.strip()) / "events" / "status.jsonl").read_text(encoding="utf-8")) == record
    assert timing(Path(out.strip()), "time_to_resolve_declared") == 20
