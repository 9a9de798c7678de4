"""The report on paper: what its PDF holds for readers and for machines that read to them."""

import base64
import re
import shutil
import subprocess
import threading
import zlib
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from browser import chromium_path, missing
from report_notebook import notebook
from sample_reports import ROOT

from postmortem_nb.cli import main
from postmortem_nb.errors import PostmortemError
from postmortem_nb.report import PostmortemExporter, pdf
from postmortem_nb.report import paper as paper_module

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Paper:
    """A printed page, and the file that it stands in."""

    html: str
    bytes: bytes
    file: Path

    def asked(self, command: str, *arguments: str) -> str:
        """What a tool of poppler says of it."""
        tool = shutil.which(command)
        if tool is None:
            missing(f"no {command} on PATH (poppler-utils)")
        done = subprocess.run(
            [str(tool), *arguments, str(self.file), *(["-"] if command == "pdftotext" else [])],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout


@pytest.fixture(scope="module")
def paper(tmp_path_factory) -> Paper:
    chromium_path()
    html = PostmortemExporter().from_notebook_node(notebook())[0]
    file = tmp_path_factory.mktemp("paper") / "sample.pdf"
    file.write_bytes(pdf.to_pdf(html))
    return Paper(html, file.read_bytes(), file)


@pytest.fixture(scope="module")
def pages_on_paper(paper) -> list[str]:
    """The text of each page of the printed sample."""
    return paper.asked("pdftotext", "-layout").split("\f")[:-1]


def test_the_file_says_what_it_is_and_nothing_of_the_machine(paper):
    about = dict(re.findall(r"^(\w[\w ]*):\s+(.*)$", paper.asked("pdfinfo"), re.MULTILINE))
    assert about["Title"] == "Checkout and login failed for a third of requests"
    assert about["Creator"] == "postmortem-nb"
    assert about["Tagged"] == "yes" and about["JavaScript"] == "no" and "(A4)" in about["Page size"]
    assert "CreationDate" not in about and "ModDate" not in about
    assert re.search(rb"/Lang \(en\)", paper.bytes)
    assert b"file:" not in paper.bytes and b"pnb-pdf" not in paper.bytes


def test_the_structure_names_headings_tables_and_figures(paper):
    seen = re.findall(r"^\s*(\w+)", paper.asked("pdfinfo", "-struct"), re.MULTILINE)
    count = {kind: seen.count(kind) for kind in ("Document", "H1", "H2", "Table", "TH", "TD", "Figure", "L", "LI")}
    assert count["Document"] == count["H1"] == 1
    assert count["H2"] == len(re.findall("<h2", paper.html))
    assert count["Table"] >= 3 and count["TH"] > 10 and count["TD"] > 10 and count["L"] and count["LI"]
    assert count["Figure"] >= paper.bytes.count(b"/Alt ") == len(re.findall("<img", paper.html))


def test_the_outline_lists_the_headings(paper):
    assert re.search(rb"/Outlines \d+ 0 R", paper.bytes)
    listed = re.findall(rb"<</Title \(([^)]*)\)", paper.bytes)
    headings = [re.sub("<[^>]+>", "", h).encode() for h in re.findall("<h[12][^>]*>(.*?)</h[12]>", paper.html)]
    assert [t for t in listed if t in headings] == headings


def test_the_same_page_gives_the_same_bytes(paper):
    assert pdf.to_pdf(paper.html) == paper.bytes


def test_where_the_browser_begins_to_count_and_where_it_leaves_a_number_out_is_not_seen():
    page = "<</ID (node%08d)>> /Headers [(node%08d) (node%08d)] /CreationDate (D:20240114) /Names [(node%08d) 1]"
    made = [pdf._timeless((page % numbers).encode()) for numbers in ((7, 3, 9, 3), (107, 103, 110, 103))]
    assert made[0] == made[1] == (page % (1, 0, 2, 0)).encode().replace(b"/CreationDate (D:20240114)", b" " * 26)


def test_without_a_browser_the_message_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pdf.paper, "NAME", "no_such_module")
    with pytest.raises(PostmortemError, match=r"none is on PATH .*or by WeasyPrint, which is not installed"):
        pdf.to_pdf("<p>")


# --- without a browser ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def woven(tmp_path_factory) -> Paper:
    """The same page, printed by WeasyPrint."""
    pytest.importorskip("weasyprint")
    html = PostmortemExporter().from_notebook_node(notebook())[0]
    file = tmp_path_factory.mktemp("woven") / "sample.pdf"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "BROWSERS", ())
        file.write_bytes(pdf.to_pdf(html))
    return Paper(html, file.read_bytes(), file)


def opened(printed: bytes) -> bytes:
    """A PDF with the parts that it holds compressed."""
    parts = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", printed, re.DOTALL)
    return b"\n".join(zlib.decompress(part) for part in parts if part[:1] == b"x")


def test_without_a_browser_the_paper_is_tagged_outlined_and_titled(woven):
    about = dict(re.findall(r"^(\w[\w ]*):\s+(.*)$", woven.asked("pdfinfo"), re.MULTILINE))
    assert about["Title"] == "Checkout and login failed for a third of requests"
    assert about["Tagged"] == "yes" and about["JavaScript"] == "no" and "(A4)" in about["Page size"]
    assert "CreationDate" not in about and "ModDate" not in about
    text = opened(woven.bytes)
    assert b"/Lang (en)" in text and b"file:" not in text
    seen = re.findall(r"^\s*(\w+)", woven.asked("pdfinfo", "-struct"), re.MULTILINE)
    assert seen.count("H1") == 1 and seen.count("H2") == len(re.findall("<h2", woven.html))
    assert seen.count("Table") >= 3 and seen.count("TH") > 10 and seen.count("Figure") >= 1
    assert b"/Outlines" in text and text.count(b"/Title") > len(re.findall("<h2", woven.html))


def test_without_a_browser_the_same_page_gives_the_same_bytes(woven):
    assert paper_module.write(woven.html) == woven.bytes


def test_without_a_browser_folded_tables_of_numbers_stay_out(woven):
    text = " ".join(woven.asked("pdftotext", "-layout").split())
    assert "Every claim (not printed)" in text and "rollback or a fix" not in text
    assert "All of them are listed under data quality." in text


def test_without_a_browser_nothing_is_fetched():
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

    pytest.importorskip("weasyprint")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/x.png"
        style = f"<style>@import '{url}'; p {{ background: url('{url}') }}</style>"
        page = f"<html lang=en><title>t</title>{style}<p><img src='{url}' alt='gone'><embed src='{url}'></p>"
        printed = paper_module.write(page)
        server.shutdown()
    assert printed.startswith(b"%PDF") and not asked


def test_without_a_browser_no_file_is_read(tmp_path):
    pytest.importorskip("weasyprint")
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><path d="M0 0h77v66z"/></svg>')

    def page(url):
        return f"<html lang=en><title>t</title><p><img src='{url}' alt='gone'></p>"

    inside = "data:image/svg+xml;base64," + base64.b64encode(secret.read_bytes()).decode()
    assert b"77 0 l" in opened(paper_module.write(page(inside)))
    assert b"77 0 l" not in opened(paper_module.write(page(secret.as_uri())))


def test_a_browser_that_fails_is_told_by_its_last_words(monkeypatch, tmp_path):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PostmortemError, match="chromium printed no PDF: no display"):
        pdf.to_pdf("<p>")


def test_paper_has_page_numbers_and_no_rail(pages_on_paper):
    count = len(pages_on_paper)
    assert count >= 3
    for number, page in enumerate(pages_on_paper, 1):
        assert re.search(rf"^\s+{number} ?/ ?{count}$", page, re.MULTILINE)
    text = " ".join(" ".join(pages_on_paper).split())
    assert "Skip to the report" not in text and "Contents" not in text


def test_paper_unfolds_evidence_and_findings_but_no_table_of_numbers(pages_on_paper):
    text = " ".join(" ".join(pages_on_paper).split())
    assert "All of them are listed under data quality." in text
    assert "<!-- never closed" in text and "\u202egpj.exe" not in text
    assert "Every claim (not printed)" in text and "4 more findings (not printed)" not in text
    assert "rollback or a fix" not in text and "folded twice" not in text


def test_no_heading_stands_last_on_a_page(pages_on_paper):
    headings = {"Issue summary", "Impact", "Timings", "Timeline", "Lessons", "Open questions", "Provenance"}
    for page in pages_on_paper:
        lines = [line.strip() for line in page.splitlines() if line.strip()]
        assert lines[-2] not in headings  # the last is the page number


def test_the_command_prints_a_form(monkeypatch, tmp_path, capsys):
    chromium_path()
    monkeypatch.chdir(ROOT)
    name = "2021-09-06-dfds-cluster-404"
    with pytest.raises(SystemExit) as ended:
        main(["export", name, "--form", "summary", "--as", "draft", "--to", "pdf", "-o", str(tmp_path)])
    assert ended.value.code == 0
    printed = tmp_path / f"{name}.summary.pdf"
    assert capsys.readouterr().out.strip().endswith(printed.name)
    assert printed.read_bytes().startswith(b"%PDF-") and list(tmp_path.iterdir()) == [printed]
