"""The reader's page in a real Chromium: what it asks for, says and shows, on a phone, a tablet and a desk."""

import re
from collections import Counter
from pathlib import Path

import pytest
from browser import launched, violations, visited
from report_notebook import hostile_notebook, ledger, notebook

from postmortem_nb.report import PostmortemExporter, component_css
from postmortem_nb.tables import table

pytestmark = pytest.mark.browser

WIDTHS = (390, 820, 1440)
THEMES = [pytest.param(False, id="light"), pytest.param(True, id="dark")]


@pytest.fixture(scope="module")
def browser():
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    exporter = PostmortemExporter()
    made = {"sample": notebook(), "hostile": hostile_notebook()}
    for name, nb in made.items():
        (folder / f"{name}.html").write_text(exporter.from_notebook_node(nb)[0], encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


def test_recorder_sees_a_page_that_misbehaves(browser, tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text("<img src=http://127.0.0.1:9/x.png><script>alert(1); undefined_name</script>", encoding="utf-8")
    with visited(browser, bad) as visit:
        assert visit.outside == ["http://127.0.0.1:9/x.png"]
        assert visit.dialogs == ["1"]
        assert any("undefined_name" in line for line in visit.console)


@pytest.mark.parametrize("dark", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["sample", "hostile"])
def test_page_is_quiet_and_fits(browser, files, name, width, dark):
    with visited(browser, files[name], width=width, dark=dark) as visit:
        visit.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        wide = visit.page.evaluate("document.documentElement.scrollWidth")
        stuck = visit.page.evaluate(
            """[...document.querySelectorAll('main *')].filter(e => {
                 const box = e.closest('.pnb-table, .pnb-scroll, pre');
                 return !box && e.getBoundingClientRect().right > innerWidth + 1 && e.offsetParent
               }).map(e => e.outerHTML.slice(0, 80))"""
        )
    assert visit.outside == []
    assert visit.console == []
    assert visit.dialogs == []
    assert wide <= width
    assert stuck == []


def test_no_script_no_handler_and_no_odd_address_in_the_live_page(browser, files):
    with visited(browser, files["hostile"]) as visit:
        live = visit.page.evaluate(
            """({
                 scripts: document.querySelectorAll('script, iframe, object, embed, form, svg, link, base').length,
                 handlers: [...document.querySelectorAll('*')].filter(
                   e => e.getAttributeNames().some(n => n.startsWith('on'))).length,
                 schemes: [...new Set([...document.links].map(a => a.protocol))].sort(),
                 titles: document.querySelectorAll('h1').length,
                 covers: [...document.querySelectorAll('main *')].filter(
                   e => ['fixed', 'absolute'].includes(getComputedStyle(e).position)).length,
               })"""
        )
    assert live == {
        "scripts": 0,
        "handlers": 0,
        "schemes": ["file:", "https:"],
        "titles": 1,
        "covers": 0,
    }


def test_browser_reads_the_page_as_it_was_written(browser, files):
    """A parser that had to repair the page would show another one than the one that was checked."""
    with visited(browser, files["hostile"]) as visit:
        tags = visit.page.evaluate("[...document.querySelectorAll('*')].map(e => e.localName)")
    assert tags == re.findall(r"<([a-z][a-z0-9]*)\b", re.sub(r"<style>.*?</style>", "<style>", _text(files["hostile"])))


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8").replace("\n", " ")


def test_light_and_dark_are_two_designs(browser, files):
    look = {}
    for dark in (False, True):
        with visited(browser, files["sample"], dark=dark) as visit:
            look[dark] = visit.page.evaluate(
                "[getComputedStyle(document.documentElement).backgroundColor,"
                " getComputedStyle(document.querySelector('.pnb-plain img')).filter]"
            )
    assert look[False][0] != look[True][0]
    assert look[False][1] == "none" and "invert" in look[True][1]


@pytest.mark.parametrize(("width", "rail", "folded"), [(390, False, True), (820, False, True), (1440, True, False)])
def test_contents_stand_beside_or_fold(browser, files, width, rail, folded):
    with visited(browser, files["sample"], width=width) as visit:
        assert visit.page.locator("nav .open").is_visible() is rail
        assert visit.page.locator("nav summary").is_visible() is folded
        if folded:
            assert not visit.page.locator("nav details ol").is_visible()
            visit.page.locator("nav summary").click()
        visit.page.locator("nav a[href='#timeline']:visible").click()
        assert visit.page.evaluate("document.querySelector('#timeline').getBoundingClientRect().top") < 100


def test_figures_stand_in_equal_cells(browser, files):
    places = {}
    for width in (390, 1440):
        with visited(browser, files["sample"], width=width) as visit:
            places[width] = visit.page.evaluate(
                "[...document.querySelectorAll('.pnb-figure')].map(e => {"
                " const r = e.getBoundingClientRect(); return [Math.round(r.top), Math.round(r.width)] })"
            )
    assert len({top for top, _ in places[1440]}) == 1
    assert len({top for top, _ in places[390]}) == 2
    for cells in places.values():
        widths = [width for _, width in cells]
        assert max(widths) - min(widths) <= 1


@pytest.mark.parametrize("prose", ["#issue-summary ~ p", ".pnb-prose > p"])
def test_text_is_set_in_readable_lines(browser, files, prose):
    with visited(browser, files["sample"]) as visit:
        longest = visit.page.evaluate(
            """(prose => { const p = document.querySelector(prose), words = document.createRange();
                 const lines = {}; const walk = document.createTreeWalker(p, NodeFilter.SHOW_TEXT);
                 while (walk.nextNode()) for (let i = 0; i < walk.currentNode.length; i++) {
                   words.setStart(walk.currentNode, i); words.setEnd(walk.currentNode, i + 1);
                   const y = Math.round(words.getBoundingClientRect().bottom / 12); lines[y] = (lines[y] || 0) + 1; }
                 return Math.max(...Object.values(lines)) })""",
            prose,
        )
    assert 60 <= longest <= 80


def test_no_table_scrolls_on_a_desk_and_no_name_or_time_is_broken(browser, files):
    with visited(browser, files["sample"]) as visit:
        visit.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        cut = visit.page.evaluate(
            "[...document.querySelectorAll('.pnb-table')].filter(e => e.scrollWidth > e.clientWidth)"
            ".map(e => [e.ariaLabel, e.scrollWidth, e.clientWidth])"
        )
        names = visit.page.locator(".pnb-table :is(time, th > code, td > code)")
        lines = names.evaluate_all(
            "all => all.map(e => [e.textContent, new Set([...e.getClientRects()].map(r => r.top)).size])"
        )
    assert cut == []
    assert "failed_deployment_recovery_time" in dict(lines) and "17:17:40 UTC (17:17:38–17:17:41)" in dict(lines)
    assert [text for text, count in lines if count != 1] == []


def test_a_phone_shows_name_and_value_without_scrolling(browser, files):
    with visited(browser, files["sample"], width=390) as visit:
        visit.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        hidden = visit.page.evaluate(
            """[...document.querySelectorAll('.pnb-table')].filter(box => {
                 const end = box.getBoundingClientRect().right;
                 const rows = [...box.querySelectorAll('tbody tr')];
                 return rows.some(r => r.cells[1].getBoundingClientRect().right > end + 1)
               }).map(box => box.ariaLabel)"""
        )
        scrolling = visit.page.locator(".pnb-table").evaluate_all("all => all.some(e => e.scrollWidth > e.clientWidth)")
    assert hidden == []
    assert scrolling  # else the sample is too narrow to show anything


def test_rows_that_are_cards_on_a_phone_are_still_a_table(browser, tmp_path):
    columns = ["Claim", "Value", "Basis", "From", "How it was found"]
    rows = [[f"claim_{n}", f"{n} min", "measured", "logs/access.log:1–9", "word " * 30] for n in range(3)]
    page = tmp_path / "cards.html"
    shown = table(columns, rows, "Claims", numeric=("Value",))
    page.write_text(f"<!doctype html><style>{component_css()}</style>{shown}", encoding="utf-8")
    counts = {}
    for width in (390, 1440):
        with visited(browser, page, width=width) as visit:
            box = visit.page.locator(".pnb-table")
            assert not box.evaluate("e => e.scrollWidth > e.clientWidth"), width
            session = visit.page.context.new_cdp_session(visit.page)
            nodes = session.send("Accessibility.getFullAXTree")["nodes"]
            counts[width] = Counter(n["role"]["value"] for n in nodes if not n["ignored"])
    roles = ("table", "caption", "row", "columnheader", "rowheader", "cell")
    assert [counts[390][r] for r in roles] == [counts[1440][r] for r in roles] == [1, 1, 4, 5, 3, 12]


def test_jupyterlab_puts_no_ground_behind_code_in_our_parts(browser, tmp_path):
    """The rules of its rendered output (4.5), in short, against ours."""
    page = tmp_path / "lab.html"
    page.write_text(
        "<!doctype html><style>.jp-RenderedHTMLCommon pre, .jp-RenderedHTMLCommon code { background: #eee }"
        " .jp-RenderedHTMLCommon :not(pre) > code { background: #eee; padding: 1px 5px }</style>"
        f"<body class='jp-RenderedHTMLCommon'><p><code id='theirs'>x</code></p>"
        f"<style>{component_css()}</style>{ledger()}"
        "<div class='pnb-table'><table class='pnb'><tr><td><code class='pnb-line'>a line</code></td></tr></table></div>"
        "<p><code class='pnb-line'>a line</code></p>"
        f"<div style='width:6rem'><section class='pnb-card'><p class='pnb-labels'><span class='pnb-label'>{'W' * 60}"
        "</span></p></section></div>",
        encoding="utf-8",
    )
    with visited(browser, page) as visit:
        look = "all => [...new Set(all.map(e => getComputedStyle(e).backgroundColor + getComputedStyle(e).padding))]"
        assert visit.page.locator("#theirs").evaluate_all(look) == ["rgb(238, 238, 238)1px 5px"]
        assert visit.page.locator(".pnb code, code.pnb-line").evaluate_all(look) == ["rgba(0, 0, 0, 0)0px"]
        assert visit.page.locator(".pnb-label").evaluate("e => e.getBoundingClientRect().width") <= 6 * 16


def test_keyboard_skips_to_the_report_and_reaches_what_scrolls(browser, files):
    with visited(browser, files["sample"], width=390) as visit:
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.className") == "skip"
        assert visit.page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
        scrolling = visit.page.evaluate(
            "[...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1"
            " && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)).map(e => e.tabIndex)"
        )
    assert scrolling and set(scrolling) == {0}


@pytest.mark.parametrize("dark", THEMES)
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing(browser, files, width, dark):
    with visited(browser, files["sample"], width=width, dark=dark) as visit:
        assert violations(visit) == []
