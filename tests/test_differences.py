"""`diff`: what differs between two results, by how much, and the reasons that they can give."""

import json
import shutil

import pytest
from sample_reports import ROOT

import postmortem_nb as pnb
from postmortem_nb.cli import comparing, main
from postmortem_nb.differences import Change, as_markdown, compare, read_side
from postmortem_nb.errors import ReadError, SettingError, SourceError

INCIDENTS = ROOT / "data" / "incidents"
OUTAGE = str(INCIDENTS / "2013-04-30-api-outage")
SMALL = str(INCIDENTS / "2022-08-22-online-boutique-ads")


def changes(old, new, **settings):
    return {(c.kind, c.name): c for c in compare(read_side(str(old)), read_side(str(new), **settings))}


@pytest.fixture
def copy(tmp_path):
    target = tmp_path / "2022-08-22-online-boutique-ads"
    shutil.copytree(SMALL, target)
    return target


def test_the_two_official_versions_of_the_sample_differ_as_their_posts_do():
    found = changes(f"{OUTAGE}@preliminary post", OUTAGE)
    moved = {name: c.by for (kind, name), c in found.items() if kind == "number" and name.startswith("declared_")}
    assert moved == {
        "declared_changed": "−7 min",  # 18:26, then 18:19
        "declared_mitigated": "−7 min",  # 19:22, then 19:15
        "declared_recovered": "−2 min",  # 20:00, then 19:58
        "declared_resolved": "−2 min",
        "declared_signalled": "",  # only the final report states these
        "declared_paged": "",
        "declared_detected": "",
    }
    latent = found["number", "latent_time"]
    assert latent.by == "+7 min"
    assert latent.why == ("changed: 2013-05-01 01:26 UTC → 2013-05-01 01:19 UTC",)
    assert found["number", "declared_changed"].why == ("declared differently in incident.toml",)
    assert ("number", "onset") not in found and ("number", "failed_requests") not in found  # the evidence is the same
    assert not [key for key in found if key[0] in ("file", "setting", "fact", "program")]


def test_a_changed_setting_is_the_reason_of_what_was_measured_and_of_nothing_else():
    found = changes(SMALL, SMALL, threshold=90.0)
    assert found["setting", "threshold"].old == "auto" and found["setting", "threshold"].new == "90.0"
    assert found["number", "threshold"].why[-1] == "setting threshold: auto → 90.0"
    moved = [c for (kind, _), c in found.items() if kind == "number"]
    assert all("setting threshold: auto → 90.0" in c.why for c in moved)
    assert not [c for c in moved if c.name.startswith("declared_")]


def test_a_zone_changes_no_number():
    assert {kind for kind, _ in changes(OUTAGE, OUTAGE, zone="UTC")} <= {"setting"}


def test_changed_evidence_is_named_at_every_number_that_it_moves(copy):
    path = copy / "metrics" / "front_service.csv"
    lines = path.read_text().split("\n")
    worst = min((n for n, line in enumerate(lines[1:-1], 1)), key=lambda n: float(lines[n].split(",")[3] or 101))
    path.write_text("\n".join(lines[:worst] + lines[worst + 1 :]))
    found = changes(SMALL, copy)
    file = found["file", "metrics/front_service.csv"]
    assert file.old.startswith("sha256 ") and file.old != file.new
    numbers = [c for (kind, _), c in found.items() if kind == "number"]
    assert numbers
    assert all("metrics/front_service.csv changed" in c.why for c in numbers)


def test_declared_facts_are_compared_by_their_place(copy):
    path = copy / "incident.toml"
    text = path.read_text()
    path.write_text(text.replace('started = "07:44:20"', 'started = "07:43:20"').replace('severity = "experiment"', ""))
    found = changes(SMALL, copy)
    assert found["number", "declared_started"].by == "−1 min"
    assert (found["fact", "severity"].old, found["fact", "severity"].new) == ("experiment", "")
    assert {kind for kind, _ in found} <= {"number", "fact", "finding"}


def test_a_written_result_is_compared_with_the_incident(tmp_path):
    result = pnb.analyze(pnb.load(SMALL)).to_dict()
    path = tmp_path / "a.json"
    path.write_text(json.dumps(result))
    assert changes(path, SMALL) == {}
    result["generator"] = "postmortem-nb 0.0.1"
    next(c for c in result["claims"] if c["id"] == "peak_value").update(
        value=80.0, text="80 %", definition="worst hour"
    )
    next(c for c in result["claims"] if c["id"] == "unknown_share").update(value=0.5, text="50 %")
    result["title"] = "Another"
    path.write_text(json.dumps(result))
    found = changes(path, SMALL)
    assert found["number", "peak_value"].by == "+8.89 %"
    assert found["number", "peak_value"].why == ("definition: “worst hour” → “worst single sample within the windows”",)
    assert found["number", "unknown_share"].by == "−50 percentage points"
    assert found["number", "unknown_share"].why[0].startswith("made by postmortem-nb 0.0.1 and ")
    assert found["fact", "title"].old == "Another"
    assert set(found) == {
        ("number", "peak_value"),
        ("number", "unknown_share"),
        ("fact", "title"),
        ("program", "generator"),
    }


def test_what_cannot_be_compared_is_said(tmp_path):
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.json").write_text("{")
    with pytest.raises(ReadError, match=r"a\.json: it is no result"):
        read_side(str(tmp_path / "a.json"))
    with pytest.raises(ReadError, match=r"b\.json: it cannot be read"):
        read_side(str(tmp_path / "b.json"))
    with pytest.raises(SourceError, match=r"There is no .*c\.json"):
        read_side(str(tmp_path / "c.json"))
    with pytest.raises(SettingError, match=r"has no version 'first post'.*preliminary post"):
        read_side(f"{OUTAGE}@first post")


def test_markdown_tells_it_in_tables():
    sides = read_side(SMALL), read_side(SMALL, threshold=90.0)
    text = as_markdown(*sides, compare(*sides))
    assert "## Numbers\n\n| Claim | Old | New | By | Why |" in text
    assert "| threshold | auto | 90.0 |" in text
    same = read_side(SMALL)
    assert as_markdown(same, same, compare(same, same)).endswith("\n\nNo differences.\n")


def test_the_exit_codes_are_those_of_diff(tmp_path, capsys):
    def run(*args):
        with pytest.raises(SystemExit) as ended:
            main(["diff", *args])
        return ended.value.code

    assert run(SMALL, SMALL) == 0
    assert capsys.readouterr().out == ""
    assert run(SMALL, SMALL, "--threshold", "90", "--json") == 1
    rows = json.loads(capsys.readouterr().out)
    assert {"kind", "name", "old", "new", "by", "why"} == set(rows[0])
    assert run(SMALL, SMALL, "--threshold", "90") == 1
    assert "setting: threshold" in capsys.readouterr().out
    assert run(SMALL, str(tmp_path / "none.json")) == 2
    assert run(SMALL, str(tmp_path / "none.json"), "--threshold", "1") == 2
    assert run(SMALL, SMALL, "--json", "--markdown") == 2
    capsys.readouterr()


def test_a_narrow_terminal_gets_one_below_the_other(monkeypatch, capsys):
    monkeypatch.setattr(comparing, "WIDTH", 80)
    change = Change("number", "time_to_resolve", "1 h 33 min", "1 h 31 min", "−2 min", ("resolve moved", "x" * 70))
    comparing._show((change,))
    assert [x.rstrip() for x in capsys.readouterr().out.splitlines()[:3]] == [
        "time_to_resolve  −2 min",
        "  1 h 33 min → 1 h 31 min",
        "  resolve moved;",
    ]
