"""One incident that carries the whole hostile corpus in every field, as page, on paper, as Markdown and as notebook."""

import re
import shutil
import subprocess

import mistune
import nbformat
import nh3
import pytest
from browser import launched, missing, violations, visited
from hostile import LINES, hostile_incident
from markdown_it import MarkdownIt
from sample_reports import ROOT

from postmortem_nb.forms import FORMS, compose
from postmortem_nb.report.pdf import to_pdf
from postmortem_nb.runner import run
from postmortem_nb.sections import investigate

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LIVE = """({
    tags: [...document.querySelectorAll('script, iframe, object, embed, form, svg, link, base, template, button, math')]
      .map(e => e.outerHTML.slice(0, 80)),
    handlers: [...document.querySelectorAll('*')].filter(
      e => e.getAttributeNames().some(n => n.startsWith('on'))).length,
    schemes: [...new Set([...document.links].map(a => a.protocol))].filter(s =>
      !['file:', 'https:', 'http:', 'mailto:'].includes(s)),
    refresh: document.querySelectorAll('meta[http-equiv=refresh]').length,
    titles: document.querySelectorAll('h1').length,
    ran: window.PWN === undefined ? 'nothing' : 'something',
    covers: [...document.querySelectorAll('main *')].filter(
      e => ['fixed', 'absolute'].includes(getComputedStyle(e).position)).length,
    wide: document.documentElement.scrollWidth > innerWidth,
})"""
QUIET = {
    "tags": [], "handlers": 0, "schemes": [], "refresh": 0, "titles": 1, "ran": "nothing", "covers": 0, "wide": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of the incident, and its report; nothing is redacted, so that nothing hostile is taken out by that."""
    root = tmp_path_factory.mktemp("hostile")
    folder = hostile_incident(root)
    outcome = run(
        folder, output=root / "reports", notebook=ROOT / "notebooks" / "postmortem.ipynb", settings={"redact": "none"}
    )
    assert outcome.is_ok, outcome.message
    return folder, outcome


@pytest.fixture(scope="module")
def pages(made, tmp_path_factory):
    """The page of each form, its Markdown as a forge would clean and show it, and what JupyterLab would show."""
    folder, outcome = made
    place = tmp_path_factory.mktemp("pages")
    files = {"run": outcome.html}
    analysis = investigate(folder, redact="none").analysis
    for form in FORMS:
        files[form] = place / f"{form}.html"
        files[form].write_text(compose(analysis, form, "html", "draft")[f".{form}.html"], encoding="utf-8")
    text = compose(analysis, "report", "markdown", "draft")[".report.md"]
    shown = nh3.clean(mistune.html(text), url_schemes={"http", "https", "mailto"})
    outputs = [o for c in nbformat.read(outcome.notebook, 4).cells for o in c.get("outputs", [])]
    markup = "".join(o["data"].get("text/html", "") for o in outputs if "data" in o)
    for name, body in (("markdown", shown), ("notebook", markup)):
        files[name] = place / f"{name}.html"
        files[name].write_text(f"<!doctype html><meta charset=utf-8><main>{body}</main>", encoding="utf-8")
    return files


@pytest.fixture(scope="module")
def browser():
    with launched() as browser:
        yield browser


def test_the_corpus_is_large_and_without_doubles():
    assert len(LINES) == len(set(LINES)) >= 200


@pytest.mark.parametrize(("form", "width"), [("run", 1440), *((form, 390) for form in ("run", *FORMS))])
def test_nothing_runs_asks_or_breaks_out(browser, pages, form, width):
    with visited(browser, pages[form], width=width, dark=width == 390) as visit:
        visit.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert visit.page.evaluate(LIVE) == QUIET
        if width == 390 and form in ("run", "blog"):
            assert violations(visit) == []
    assert (visit.outside, visit.dialogs, visit.console) == ([], [], [])


def test_the_lines_are_there_to_be_read(browser, pages):
    """Else the page would be quiet because it is empty."""
    with visited(browser, pages["run"]) as visit:
        text = re.sub(r"\s+", " ", visit.page.evaluate("document.body.textContent"))
    plain = [line for line in LINES if line.isascii() and line.isprintable() and len(line) < 60 and "{" not in line]
    found = [line for line in plain if re.sub(r"\s+", " ", line) in text]
    assert len(found) > 0.8 * len(plain)


@pytest.mark.parametrize("name", ["markdown", "notebook"])
def test_nothing_runs_where_no_policy_forbids_it(browser, pages, name):
    with visited(browser, pages[name]) as visit:
        live = visit.page.evaluate(LIVE)
    assert [
        (what, live[what]) for what in ("tags", "handlers", "schemes", "refresh", "ran") if live[what] != QUIET[what]
    ] == []
    assert visit.dialogs == []
    assert name == "markdown" or visit.outside == []  # a forge fetches pictures by itself


@pytest.mark.parametrize("target", ["markdown", "wiki"])
@pytest.mark.parametrize("form", FORMS)
def test_markdown_is_quiet_where_nobody_cleans_it(browser, made, tmp_path, form, target):
    """As a wiki that passes HTML shows it, or an editor's preview."""
    text = list(compose(investigate(made[0], redact="none").analysis, form, target, "draft").values())[-1]
    page = tmp_path / "page.html"
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    page.write_text(f"<!doctype html><meta charset=utf-8><main>{body}</main>", encoding="utf-8")
    with visited(browser, page) as visit:
        live = visit.page.evaluate(LIVE)
    kinds = ("handlers", "schemes", "refresh", "ran")
    assert [(what, live[what]) for what in kinds if live[what] != QUIET[what]] == []
    assert (visit.dialogs, visit.outside) == ([], [])
    assert not any(tag in body for tag in ("<script", "<iframe", "<base", "<meta", "<style", "<form", "<object"))


def test_on_paper_no_link_leads_to_a_script(made, tmp_path):
    tool = shutil.which("pdfinfo") or missing("no pdfinfo on PATH (poppler-utils)")
    printed = tmp_path / "hostile.pdf"
    printed.write_bytes(to_pdf(made[1].html.read_text(encoding="utf-8")))
    links = subprocess.run([tool, "-url", printed], check=True, capture_output=True, text=True).stdout
    assert not re.search("javascript|vbscript|data:|file:", links, re.IGNORECASE)
    assert b"/JavaScript" not in printed.read_bytes()
