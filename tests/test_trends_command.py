"""The whole way of many incidents: results of the samples and a feed in, notebook, HTML and JSON out."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from browser import launched, violations, visited

from postmortem_nb.errors import SettingError
from postmortem_nb.runner.comparing import run_trends

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
FEED = "tests/data/status_github/events/updates.jsonl"
HEADINGS = [
    "Impact",
    "Every incident",
    "Times",
    "Side by side",
    "Recurrence",
    "Misleading paths",
    "Action items",
    "What could be seen",
    "Data quality",
    "Provenance",
]


@pytest.fixture(scope="module")
def made(reports, tmp_path_factory, bin_folder):
    """What the command wrote, and what it printed."""
    folder = tmp_path_factory.mktemp("trends")
    command = [bin_folder / "postmortem-nb", "trends", reports.folder, "--feed", FEED, "--by", "service", "-o", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder / "trends.html")
    return folder


def test_three_files_appear_together(made):
    assert {p.name for p in made.iterdir()} == {"trends.html", "trends.ipynb", "trends.json"}


def test_page_is_sound(made):
    page = (made / "trends.html").read_text()
    found = [re.sub(r"<[^>]+>", "", h) for h in re.findall(r"<h2[^>]*>(.*?)</h2>", page)]
    assert found == HEADINGS
    assert "<script" not in page.lower() and not re.search(r'src="(?!data:image/)', page)
    images = re.findall(r"<img[^>]*>", page)
    assert len(images) == 4
    assert all(re.search(r'alt="[^"]*\d[^"]{40,}"', i) for i in images), "every figure tells its numbers"
    assert page.count("The numbers behind this figure") == 4
    assert "Synthetic telemetry" in page, "some samples are drawn"
    assert not re.search(r"/(?:work|home|root|tmp)/\w", page), "no path of this machine"


def test_result_holds_what_the_page_shows(made, reports):
    found = json.loads((made / "trends.json").read_text())
    assert len(found["incidents"]) == len(reports.names) + 6
    assert found["measures"]["impact"]["n"] == len(reports.names) + 5  # one is planned work
    assert found["measures"]["impact"]["open"] == 1
    assert sum(found["actions_by_state"].values()) > 10
    assert {row["group"] for row in found["groups"]["channel"]} > {"not recorded"}
    assert found["misleading_paths"]["misled"] == 6


def test_the_same_input_gives_the_same_bytes(made, reports, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    outcome = run_trends({"results": str(reports.folder), "feed": FEED, "by": "service"}, output=tmp_path)
    assert outcome.is_ok, outcome.message
    for ending in ("html", "json"):
        assert (tmp_path / f"trends.{ending}").read_bytes() == (made / f"trends.{ending}").read_bytes()


def test_what_cannot_be_done_is_an_outcome_or_an_error_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(SettingError, match="no parameter"):
        run_trends({"resluts": "x"}, output=tmp_path)
    outcome = run_trends({"results": "no-such-folder"}, output=tmp_path)
    assert (outcome.status, "no-such-folder" in outcome.message) == ("failed", True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.browser
def test_page_is_quiet_fits_and_can_be_read_by_all(made):
    with launched() as browser:
        for width in (390, 1440):
            with visited(browser, made / "trends.html", width=width, dark=width == 390) as visit:
                assert (visit.outside, visit.console, visit.dialogs) == ([], [], [])
                assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
                assert violations(visit) == []
