"""What a batch shows of all its incidents: a page, and a suite of tests for CI."""

import json
from xml.etree import ElementTree as Xml

import pytest

from postmortem_nb.batch import Batch
from postmortem_nb.batch.index import as_page
from postmortem_nb.batch.junit import as_junit
from postmortem_nb.runner import Outcome


def window(onset: str, recovery: str, *, is_open: bool = False) -> dict:
    end = f"2024-01-01T{recovery}Z"
    ends = {"onset": {"at": f"2024-01-01T{onset}Z"}, "recovery": {"at": None if is_open else end, "lo": end}}
    return {**ends, "is_open": is_open}


def result(title: str, *windows: dict) -> dict:
    seconds = {"seconds_lo": 1620.0, "seconds": 1680.0, "seconds_hi": 1740.0}
    return {
        "title": title,
        "status": "draft",
        "severity": "SEV2",
        "windows": list(windows),
        "timings": [
            {"id": "time_to_detect", **seconds},
            {"id": "time_to_recover", "seconds_lo": 3660.0, "seconds": None, "seconds_hi": None},
        ],
        "files": [{"first": "2024-01-01T00:00:00Z", "last": "2024-01-01T10:00:00Z"}, {"first": None, "last": None}],
    }


@pytest.fixture
def batch(tmp_path):
    """One good incident with hostile words, one unchanged without windows, two that failed and one that was not run."""
    texts = {
        "a&b": result(
            "<script>alert(1)</script>", window("01:00:00", "02:00:00"), window("09:00:00", "10:00:00", is_open=True)
        ),
        "quiet": result("Quiet"),
    }
    for name, content in texts.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    made = {name: {"html": tmp_path / f"{name}.html", "json": tmp_path / f"{name}.json"} for name in texts}
    outcomes = (
        Outcome("a&b", "ok", **made["a&b"], findings={"error": 1, "warning": 2, "note": 0}, seconds=2.0),
        Outcome("quiet", "unchanged", **made["quiet"]),
        Outcome(
            "torn",
            "failed",
            "log:3 is \x00 torn & cut.",
            detail="trace\x1b[0m",
            notebook=tmp_path / "torn.failed.ipynb",
        ),
        Outcome("slow", "timeout", "It did not finish within 1 s."),
    )
    return Batch(outcomes, ("later",), None, 3.5, is_stopped=True)


def test_the_page_shows_every_incident_and_no_markup_of_theirs(batch, tmp_path):
    page = as_page(batch, tmp_path, is_finished=True)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert '<a href="a%26b.html">a&amp;b</a>' in page
    assert '<a href="torn.failed.ipynb">torn</a>' in page
    assert '<a href="a%26b.json" aria-label="JSON of a&amp;b">JSON</a>' in page
    assert "5 incidents: 1 ok, 1 unchanged, 1 failed, 1 timeout; 1 not run." in page
    for text in (
        "2024-01-01 01:00–02:00 UTC",
        "still open at 10:00",
        "none measured",
        "1 error<br>2 warnings",
        "28 min",
        "at least 1 h 1 min",
    ):
        assert text in page, text
    assert "1 ok, 1 unchanged, 1 failed, 1 timeout; 1 not run." in page
    assert page.count('class="impact"') == 1 and page.count('class="open"') == 1
    assert 'class="impact" x="14.4" y="2" width="14.4"' in page, "the first hour after the first, of ten"
    assert 'aria-label="2 impact windows, 20% of the record"' in page
    assert "running or was killed" in as_page(batch, tmp_path, is_finished=False)
    assert "There is no incident." in as_page(Batch((), (), None, 0.0), tmp_path, is_finished=True)


def test_the_signal_is_drawn_small_with_its_windows(batch, tmp_path):
    path = tmp_path / "a&b.json"
    curve = {"start": "2024-01-01T00:00:00Z", "end": "2024-01-01T10:00:00Z", "bad_side": 1}
    content = json.loads(path.read_text()) | {
        "signal": 'errors <b> "x"',
        "curve": curve | {"values": [0, 1, None, 0.5]},
    }
    path.write_text(json.dumps(content))
    page = as_page(batch, tmp_path, is_finished=True)
    assert 'aria-label="errors &lt;b&gt; &quot;x&quot;: 0 to 1; 2 impact windows"' in page
    assert '<path d="M18.0 26.0L54.0 2.0M126.0 14.0"/>' in page, "what is not known is no line"
    assert '<rect class="impact" x="14.4" y="2" width="14.4" height="24"/>' in page


def test_the_suite_says_what_became_of_each(batch):
    (suite,) = Xml.fromstring(as_junit(batch))
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped", "time")}
    assert counts == {"tests": "5", "failures": "1", "errors": "1", "skipped": "2", "time": "3.500"}
    cases = {case.get("name"): [child.tag for child in case] for case in suite}
    assert cases == {"a&b": [], "quiet": ["skipped"], "torn": ["failure"], "slow": ["error"], "later": ["skipped"]}
    assert suite[2][0].get("message") == "log:3 is \ufffd torn & cut."
