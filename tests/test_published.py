"""Published numbers: recorded with a reason, and drift that is found with its cause."""

import json
import shutil
from pathlib import Path

import pytest
from sample_reports import NAMES, ROOT

from postmortem_nb.cli import main
from postmortem_nb.errors import ReadError, SettingError
from postmortem_nb.published import as_record, record_of, side_of, verify

NAME = "2024-06-18-still-open"
INCIDENTS = ROOT / "data" / "incidents"


@pytest.fixture
def incident(tmp_path):
    """A copy of a sample in a project of its own, with its record."""
    folder = tmp_path / "data" / "incidents" / NAME
    shutil.copytree(INCIDENTS / NAME, folder)
    record_of(folder).parent.mkdir()
    shutil.copy(record_of(INCIDENTS / NAME), record_of(folder))
    return folder


def run(*words):
    with pytest.raises(SystemExit) as end:
        main(["verify", *map(str, words)])
    return end.value.code


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_samples_hold_their_published_numbers(reports, name):
    """A change that moves one is acknowledged: postmortem-nb verify --accept NAME --reason "…"."""
    verdict = verify(side_of(INCIDENTS / name, reports.folder), record_of(INCIDENTS / name))
    assert [f"{c.name}: {c.old} → {c.new}: {c.why}" for c in verdict.moved] == []
    assert verdict.numbers > 50


def test_what_is_recorded_holds_and_is_printed_by_nobody(incident, capsys):
    assert run(incident) == 0
    out, err = capsys.readouterr()
    assert out == "" and "numbers hold" in err


def test_changed_evidence_is_named_for_every_number_that_moved(incident, capsys):
    side = side_of(incident)
    log = next(f["file"] for f in side.result["files"] if f["file"].startswith(("logs/", "metrics/")))
    claim = next(c for c in side.result["claims"] if log in c["evidence"] and c["value"] is not None)
    record = json.loads(record_of(incident).read_text())
    record["files"][log] = "0" * 64
    for kept in record["claims"]:
        if kept["id"] == claim["id"]:
            kept["value"], kept["text"] = None, "something else"
    record_of(incident).write_text(json.dumps(record))
    assert run(incident) == 1
    out, _ = capsys.readouterr()
    assert out.count("\n") == 1
    assert f"{claim['id']}: something else → {claim['text']}" in out and f"{log} changed" in out


def test_a_declared_time_that_moves_is_drift_until_it_is_accepted_with_a_reason(incident, capsys):
    facts = incident / "incident.toml"
    facts.write_text(facts.read_text().replace('acknowledged = "16:49"', 'acknowledged = "16:51"'))
    assert run(incident) == 1
    out, _ = capsys.readouterr()
    assert "time_to_acknowledge" in out and "declared differently in incident.toml" in out
    assert run(incident, "--accept") == 2
    assert run(incident, "--accept", "--reason", "The pager's log says 16:51.") == 0
    assert run(incident) == 0
    last = json.loads(record_of(incident).read_text())["acknowledged"][-1]
    assert last["reason"] == "The pager's log says 16:51."
    assert any(line.startswith("time_to_acknowledge: ") for line in last["moved"])


def test_a_setting_is_named_as_the_cause(incident, capsys):
    assert run(incident, "--threshold", "0.5") == 1
    assert "setting threshold: auto → 0.5" in capsys.readouterr().out


def test_the_program_is_blamed_where_nothing_else_changed(incident):
    assert run(incident, "--accept", "--reason", "So that the record is of these facts.") == 0
    record = json.loads(record_of(incident).read_text())
    changed = next(c for c in record["claims"] if c["id"] == "time_to_detect")
    changed["value"] += 1
    record_of(incident).write_text(json.dumps(record))
    (moved,) = verify(side_of(incident), record_of(incident)).moved
    assert (moved.name, moved.by) == ("time_to_detect", "−1 s")
    assert "the program computes it differently" in moved.why[0]
    facts = incident / "incident.toml"
    facts.write_text(facts.read_text() + "# a remark\n")
    (moved,) = verify(side_of(incident), record_of(incident)).moved
    assert moved.why == ("its own inputs are the same; elsewhere: incident.toml changed",)


def test_an_incident_that_does_not_exist_is_wrong_use(capsys):
    assert run("2025-nope") == 2


def test_a_new_number_is_no_drift_and_one_that_is_gone_is(incident):
    record = json.loads(record_of(incident).read_text())
    first, *rest = record["claims"]
    record_of(incident).write_text(json.dumps({**record, "claims": [*rest, {**first, "id": "gone"}]}))
    verdict = verify(side_of(incident), record_of(incident))
    assert verdict.fresh == (first["id"],)
    assert [c.name for c in verdict.moved] == ["gone"]


def test_without_a_record_it_fails_and_a_torn_one_is_an_error(incident, capsys):
    record_of(incident).write_text("{")
    with pytest.raises(ReadError, match="cannot be read as recorded numbers"):
        verify(side_of(incident), record_of(incident))
    record_of(incident).unlink()
    assert run(incident) == 1
    assert "no published numbers are recorded" in capsys.readouterr().err
    with pytest.raises(SettingError, match="tells a reviewer nothing"):
        as_record(side_of(incident), "fix", record_of(incident))


def test_a_record_has_a_line_a_number_so_that_a_diff_names_it():
    text = Path(record_of(INCIDENTS / NAME)).read_text()
    numbers = len(json.loads(text)["claims"])
    assert sum(line.startswith('  {"id": ') for line in text.splitlines()) == numbers
