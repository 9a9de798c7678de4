"""Every claim leads to the evidence behind it: files with hashes, lines and rows, and the rows of each moment."""

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

import postmortem_nb as pnb
from postmortem_nb.analysis.claims import Claim, Claims
from postmortem_nb.analysis.inputs import CLAIM, FILE, Input
from postmortem_nb.cli import main

SAMPLE = Path("data/incidents/2024-05-21-two-dips")
ACCESS = [
    f'192.0.2.7 - - [14/Jan/2024:{16 + m // 60:02}:{m % 60:02}:{s:02} +0000] "GET /{n} HTTP/1.1" {status} 9 "-" "-"'
    for m in range(120)
    for n, s in enumerate(range(0, 60, 6))
    for status in ([500] if 60 <= m < 75 else [200])
]
FACTS = """title = "Drawn"
date = 2024-01-14

[milestones]
started = "17:05"
detected = "17:10"
resolved = "17:30"

[[signals]]
name = "failed requests"
kind = "ratio"
source = "logs"
bad = { status = ">=500" }
total = { status = ">=100" }
objective = 0.99

[[hypotheses]]
text = "The database."
from = "17:06"
to = "17:09"
verdict = "refuted"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traced") / "2024-01-14-drawn"
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "access.log").write_text("\n".join(ACCESS) + "\n")
    (folder / "incident.toml").write_text(FACTS)
    return folder


@pytest.fixture(scope="module")
def analysis(folder):
    return pnb.analyze(pnb.load(folder))


def test_counts_name_the_very_lines_that_they_were_counted_on(analysis):
    (lines,) = analysis.claims["failed_requests"].inputs
    assert (lines.kind, lines.name, lines.first, lines.last, lines.rows) == (FILE, "logs/access.log", 601, 750, 150)
    assert lines.what == 'bad status = ">=500"; of status = ">=100"; within the windows'
    assert str(lines).startswith("logs/access.log:601–750 (150 rows")
    failed = [line for line in ACCESS[600:750] if '" 500 ' in line]
    assert analysis.claims["failed_requests"].value == len(failed)
    (record,) = analysis.claims["threshold"].inputs
    assert (record.first, record.last, record.rows) == (1, len(ACCESS), len(ACCESS))


def test_hashes_are_those_of_the_files(folder, analysis):
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("logs/access.log",)}
    declared = hashlib.sha256(FACTS.encode()).hexdigest()
    assert analysis.claims["failed_requests"].inputs[0].sha256 == hashes["logs/access.log"]
    assert analysis.claims["declared_detected"].inputs[0].sha256 == declared
    assert analysis.claims.evidence_of("time_to_detect") == {"incident.toml": declared} | hashes


def test_declared_facts_name_their_line(analysis):
    lines = FACTS.splitlines()
    for id_, text in (("declared_started", 'started = "17:05"'), ("resolved", 'resolved = "17:30"')):
        (fact,) = analysis.claims[id_].inputs
        assert fact.place == f"incident.toml:{lines.index(text) + 1}"
    (held,) = analysis.claims["time_lost"].inputs
    assert held.first == lines.index("[[hypotheses]]") + 1
    engaged = analysis.claims["engaged"].inputs[0]
    assert engaged.first == lines.index("[[hypotheses]]") + 1  # nobody declared it: the first explanation that was held
    objective = analysis.claims["budget_requests"].inputs[-1]
    assert objective.first == lines.index("objective = 0.99") + 1


def test_the_excerpt_of_an_edge_shows_the_rows_on_both_sides(analysis):
    rows = analysis.excerpts
    onset = rows[rows["claim"] == "onset"]
    assert list(onset["note"]) == ["served"] * 3 + ["failed"] * 3
    assert list(onset["place"]) == [f"logs/access.log:{n}" for n in range(598, 604)]
    recovery = rows[rows["claim"] == "recovery"]
    assert list(recovery["note"]) == ["failed"] * 3 + ["served"] * 3
    assert list(recovery["place"]) == [f"logs/access.log:{n}" for n in range(748, 754)]
    assert set(rows["claim"]) == {"onset", "mitigated", "recovery"}  # the declared ones name a line of incident.toml


def test_measured_rows_of_the_timeline_name_the_lines_around_the_edge(analysis):
    rows = analysis.timeline[analysis.timeline["basis"] == "measured"]
    assert len(rows) >= 2
    for place in rows["evidence"]:
        file, _, lines = place.partition(":")
        first, last = (int(n) for n in lines.split("–"))
        assert file == "logs/access.log"
        assert 1 <= first < last <= len(ACCESS)


def test_settings_that_were_chosen_are_inputs_of_what_they_move(analysis):
    claims = analysis.replace(threshold=0.2, zone="Europe/Berlin").claims
    settings = [str(i) for i in claims["time_to_recover"].inputs + claims["onset"].inputs if i.kind == "setting"]
    assert settings == ["threshold (0.2)"]
    assert not [i for c in analysis.claims.values() for i in c.inputs if i.kind == "setting"]


def test_a_changed_file_changes_every_claim_that_depends_on_it_and_no_other(tmp_path):
    copy = shutil.copytree(SAMPLE, tmp_path / SAMPLE.name)
    before = {c["id"]: c for c in pnb.analyze(pnb.load(copy)).to_dict()["claims"]}
    changed = copy / "events" / "alerts.json"
    changed.write_text(changed.read_text() + "\n")  # the same alerts: only the bytes differ
    after = {c["id"]: c for c in pnb.analyze(pnb.load(copy)).to_dict()["claims"]}
    told = {id_ for id_ in before if before[id_]["evidence"] != after[id_]["evidence"]}
    assert told == {id_ for id_, c in before.items() if "events/alerts.json" in c["evidence"]}
    assert {"signalled", "detected", "time_to_detect"} <= told
    assert not {"onset", "failed_requests", "declared_started"} & told
    assert {id_: c["value"] for id_, c in before.items()} == {id_: c["value"] for id_, c in after.items()}


def test_every_known_claim_of_a_sample_rests_on_files_of_its_folder():
    incident = pnb.load(SAMPLE)
    claims = pnb.analyze(incident).claims
    files = set(incident.files["file"]) | {"incident.toml"}
    for claim in claims.values():
        evidence = claims.evidence_of(claim.id)
        assert set(evidence) <= files
        assert evidence or not claim.basis, claim.id
        for i in claim.inputs:
            assert i.kind != CLAIM or i.name in claims
            assert i.kind != FILE or i.sha256


def test_evidence_is_found_through_claims_that_lead_back_to_each_other():
    def claim(id_, *inputs):
        return Claim(id_, 1, 1, 1, "s", "1 s", "measured", "d", inputs)

    claims = Claims(
        a=claim("a", Input(CLAIM, "b")), b=claim("b", Input(CLAIM, "a"), Input(FILE, "logs/x.log", sha256="ab"))
    )
    assert claims.evidence_of("a") == claims.evidence_of("b") == {"logs/x.log": "ab"}


def test_places_of_records_and_lines():
    assert Input(FILE, "events/a.json", 2, 2, unit="record").place == "events/a.json#2"
    assert Input(FILE, "logs/a.log", 2, 4, 3).place == "logs/a.log:2–4"
    assert str(Input(FILE, "metrics/a.csv", rows=1200)) == "metrics/a.csv (1,200 rows)"


def command(capsys, *args):
    with pytest.raises(SystemExit) as stopped:
        main(["claims", *map(str, args)])
    return stopped.value.code, capsys.readouterr()


def test_the_command_lists_claims_with_values(folder, analysis, capsys):
    code, printed = command(capsys, folder)
    listed, forms = printed.out.split("\n\n")
    lines = {line.split()[0]: line for line in listed.splitlines()}
    assert code == 0
    assert list(lines) == list(analysis.claims)
    assert "onset.short" in forms or "window.short" in forms
    assert "150" in lines["failed_requests"]
    assert lines["failed_requests"].endswith("measured")
    assert lines["burn_rate_3d"].endswith(analysis.claims["burn_rate_3d"].note)


def test_the_command_traces_a_claim_down_to_the_rows(folder, capsys):
    code, printed = command(capsys, folder, "time_to_recover")
    assert code == 0
    assert "logs/access.log:601: GET /0 HTTP/1.1 500" in printed.out
    assert "sha256" in printed.out
    code, printed = command(capsys, folder, "time_to_recovr")
    assert code == 1
    assert "Did you mean time_to_recover" in printed.err


def test_the_command_prints_json(folder, capsys):
    _, printed = command(capsys, folder, "--json", "failed_requests")
    (claim,) = json.loads(printed.out)
    assert claim["inputs"][0]["first"] == 601
    assert claim["evidence"].keys() == {"logs/access.log"}


def test_a_metric_shows_its_samples_around_the_edge():
    excerpts = pnb.analyze(pnb.load("data/incidents/2022-08-22-online-boutique-ads")).excerpts
    onset = excerpts[excerpts["claim"] == "onset"]
    assert len(onset) == 6
    assert onset["text"].str.startswith("Frontend/SuccessRate(%) = ").all()
    assert list(onset["place"]) == [f"metrics/front_service.csv:{n}" for n in range(25, 31)]
    assert onset["time"].is_monotonic_increasing
    assert isinstance(onset["time"].iloc[0], pd.Timestamp)
