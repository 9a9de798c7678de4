"""The whole way on every sample: evidence in, notebook, HTML and JSON out."""

import hashlib
import json
import re
from pathlib import Path

import jsonschema
import nbformat
import pytest
from sample_reports import NAMES, ROOT

from postmortem_nb.runner import run

pytestmark = pytest.mark.slow

ORDER = [
    "Issue summary",
    "Impact",
    "Timings",
    "Timeline",
    "Metrics",
    "Logs",
    "Root cause and resolution",
    "Contributing factors",
    "Lessons",
    "Corrective and preventative measures",
    "Open questions",
    "Data quality",
    "Provenance",
]
WEB = "2024-01-14-web-outage"


def test_all_samples_are_done(reports):
    assert reports.names == NAMES
    assert [(o.incident, o.message) for o in reports.batch.outcomes if not o.is_ok] == []


@pytest.mark.parametrize("name", NAMES)
def test_sections_stand_in_order(reports, name):
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", reports.html(name))
    assert [re.sub(r"<[^>]+>", "", h) for h in headings][: len(ORDER)] == ORDER


@pytest.mark.parametrize("name", NAMES)
def test_page_is_sound(reports, name):
    page = reports.html(name)
    assert page.count("<h1") == 1
    assert '<html lang="en">' in page
    assert "<script" not in page.lower()
    assert not re.search(r'src="(?!data:image/)', page)
    images = re.findall(r"<img[^>]*>", page)
    assert all(re.search(r'alt="[^"]{40,}"', i) for i in images), "every figure says what it shows"
    assert len(page.encode()) <= 300_000, "light enough for a phone"
    assert not re.search(r"/(?:work|home|root|tmp)/\w", page), "no path of this machine"


@pytest.mark.parametrize("name", NAMES)
def test_notebook_ran_without_noise(reports, name):
    notebook = nbformat.read(reports.folder / f"{name}.ipynb", as_version=4)
    outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    assert outputs
    assert [o for o in outputs if o.output_type in ("error", "stream")] == []


@pytest.mark.parametrize("name", NAMES)
def test_json_fits_its_schema(reports, name):
    schema = json.loads((ROOT / "docs" / "result.schema.json").read_text())
    result = json.loads((reports.folder / f"{name}.json").read_text())
    jsonschema.validate(result, schema)
    assert result["incident"] == name
    for file in result["files"]:
        content = (ROOT / "data" / "incidents" / name / file["file"]).read_bytes()
        assert file["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_in_the_prose_leads_to_the_ledger(reports, name):
    page = reports.html(name)
    wanted = set(re.findall(r'href="#(claim-[\w.]+)"', page))
    assert wanted
    assert wanted <= set(re.findall(r'id="(claim-[\w.]+)"', page))


def test_synthetic_samples_say_so_in_every_figure(reports):
    for name in NAMES:
        result = json.loads((reports.folder / f"{name}.json").read_text())
        page = reports.html(name)
        assert ("Synthetic telemetry" in page) == bool(result["synthetic"])


def test_both_official_versions_are_shown(reports):
    page = reports.html("2013-04-30-api-outage")
    assert "preliminary" in page
    assert "2013-05-01" in page and "2013-04-30" in page  # midnight UTC is crossed


def test_no_telemetry_says_so(reports):
    name = next(n for n in NAMES if "dfds" in n)
    assert "no telemetry" in reports.html(name).lower()


def test_open_incident_says_so(reports):
    page = reports.html("2024-06-18-still-open")
    assert "still open" in page and "at least" in page


def hashes(folder: Path) -> dict[str, str]:
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_same_evidence_same_bytes_and_nothing_touched(reports, tmp_path):
    incident = ROOT / "data" / "incidents" / WEB
    before = hashes(incident)
    assert run(incident, output=tmp_path).is_ok
    assert hashes(incident) == before
    for kind in ("html", "json"):
        assert (tmp_path / f"{WEB}.{kind}").read_bytes() == (reports.folder / f"{WEB}.{kind}").read_bytes()
