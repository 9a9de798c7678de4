"""The reader's page, read as text: its frame, what it shows of a notebook, and what it lets through."""

import base64
import copy
import html
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.metadata import entry_points
from pathlib import Path

import nbformat.v4 as v4
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.exporters import get_export_names, get_exporter
from report_notebook import HOSTILE, card, cell, chart, hostile_notebook, notebook, shown

import postmortem_nb
from postmortem_nb.report import PostmortemExporter, component_css
from postmortem_nb.report.clean import TAGS, visible
from postmortem_nb.report.clean import clean as cleaned
from postmortem_nb.report.outline import arrange
from postmortem_nb.report.styles import page_css

ROOT = Path(__file__).parents[1]
VOID = {"br", "hr", "wbr", "img", "col", "meta"}
EXPORTER = PostmortemExporter()


class Parsed(HTMLParser):
    """A page as a flat list of elements with their attributes and texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[dict] = []
        self.open: list[dict] = []
        self.text = ""
        self.faults: list[str] = []
        self.feed(page)
        self.close()
        self.faults += [f"<{e['tag']}> is never closed" for e in self.open]

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self.faults.append(f"<{tag}> has an attribute twice")
        element = {"tag": tag, "attrs": dict(attrs), "text": "", "inside": [e["tag"] for e in self.open]}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        if not self.open or self.open[-1]["tag"] != tag:
            self.faults.append(f"</{tag}> closes nothing")
        else:
            self.open.pop()

    def handle_data(self, data):
        self.text += data
        for element in self.open:
            element["text"] += data

    def all(self, tag: str, **attrs: str) -> list[dict]:
        wanted = {k.rstrip("_").replace("_", "-"): v for k, v in attrs.items()}
        return [e for e in self.elements if e["tag"] == tag and wanted.items() <= e["attrs"].items()]


def page_of(*cells, **metadata) -> str:
    """The page of a few cells, a card first."""
    first = cell("post", shown(text_html=card("Title")))
    return exported(v4.new_notebook(cells=[first, *cells], metadata=metadata))


def exported(nb) -> str:
    return EXPORTER.from_notebook_node(nb)[0]


def prose(source: str) -> str:
    """The body that a Markdown cell becomes."""
    page = page_of(v4.new_markdown_cell(source))
    return page.split("</section>", 1)[1].split("</main>", 1)[0].strip()


@pytest.fixture(scope="module")
def sample() -> str:
    return exported(notebook())


@pytest.fixture(scope="module")
def hostile() -> str:
    return exported(hostile_notebook())


# --- the frame ------------------------------------------------------------------------------------------------------


def test_page_has_one_title_a_language_and_landmarks(sample):
    page = Parsed(sample)
    assert sample.startswith('<!doctype html>\n<html lang="en">')
    assert page.faults == []
    (h1,) = page.all("h1")
    (title,) = page.all("title")
    assert h1["text"] == title["text"] == "Checkout and login failed for a third of requests"
    assert [len(page.all(tag)) for tag in ("main", "nav", "header", "footer")] == [1, 1, 1, 1]
    assert page.all("nav", aria_label="Contents") and page.all("main", id="main")
    assert page.all("a", class_="skip", href="#main")


def test_page_forbids_script_and_requests(sample):
    (policy,) = Parsed(sample).all("meta", http_equiv="Content-Security-Policy")
    assert policy["attrs"]["content"] == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    before = sample[: sample.index("Content-Security-Policy")]
    assert not re.search(r"<(style|link|img|script)", before), "a policy counts only for what follows it"


def test_head_is_made_for_phones_and_both_themes(sample):
    page = Parsed(sample)
    head = sample[: sample.index("<title>")]
    assert head.index("<meta charset") < 100
    assert page.all("meta", name="viewport", content="width=device-width, initial-scale=1")
    assert page.all("meta", name="color-scheme", content="light dark")
    assert page.all("meta", name="description")[0]["attrs"]["content"].startswith("From 17:15 to 17:51 UTC")


def test_footer_names_the_version_and_no_time(sample):
    (footer,) = Parsed(sample).all("footer")
    assert f"postmortem-nb {postmortem_nb.__version__}" in footer["text"]
    assert not re.search(r"\d{4}-\d\d|\d\d:\d\d", footer["text"])


def test_page_is_small(sample):
    drawings = sum(len(src) for src in re.findall(r'src="data:[^"]*"', sample))
    assert len(sample.encode()) - drawings < 60_000
    assert len(page_css().encode()) < 20_000


def test_without_a_title_the_page_is_named_after_its_file():
    nb = v4.new_notebook(cells=[v4.new_markdown_cell("Only prose.")])
    page, _ = EXPORTER.from_notebook_node(nb, {"metadata": {"name": "out <b>"}})
    assert [e["text"] for e in Parsed(page).all("h1")] == ["out <b>"]
    assert Parsed(page).all("nav") == []


# --- what a reader sees of a notebook -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hidden",
    ["import postmortem_nb", "# Parameters", "name of the folder", "In&nbsp;[", "Out[", "ipykernel", "/secret/place"],
)
def test_code_parameters_and_the_run_are_not_shown(sample, hidden):
    assert hidden in json.dumps(notebook()) + "In&nbsp;[Out[", "the sample lost what this test looks for"
    assert hidden not in sample


def test_widgets_scripts_and_tagged_cells_are_not_shown():
    page = page_of(
        cell(
            "a",
            shown(**{"application_javascript": "alert(1)", "text_plain": "<IPython.core.display.Javascript object>"}),
        ),
        cell("b", shown(**{"application_vnd.jupyter.widget-view+json": "x", "text_plain": "FloatSlider(value=1)"})),
        cell("c", shown(text_plain="<postmortem_nb.Thing object at 0x7f3a5c2b1d10>")),
        cell("d", shown(text_plain="hidden by tag"), tags=("remove-cell",)),
        v4.new_raw_cell("raw text"),
        cell("e", shown(text_plain="<Incident web: 12 lines>")),
    )
    for gone in ("alert(1)", "Javascript", "FloatSlider", "0x7f3a", "hidden by tag", "raw text"):
        assert gone not in page
    assert "&lt;Incident web: 12 lines&gt;" in page


def test_standard_output_is_one_text_however_it_was_cut():
    out = [v4.new_output("stream", name="stdout", text=t) for t in ("\x1b[32mfirst ", "second\x1b[0m")]
    assert '<pre class="pnb-output">first second</pre>' in page_of(cell("print", *out))


def test_contents_list_follows_the_headings(sample):
    page = Parsed(sample)
    entries = [(e["attrs"]["href"], e["text"]) for e in page.all("a") if "nav" in e["inside"]]
    half = entries[: len(entries) // 2]  # the rail, then the same again, folded
    assert entries == half * 2
    assert half[0] == ("#issue-summary", "Issue summary")
    assert ("#what-changed-in-the-logs", "What changed in the logs") in half
    headings = {e["attrs"]["id"]: e["text"] for e in page.elements if e["tag"] in ("h2", "h3")}
    assert {href[1:]: text for href, text in half} == headings
    assert 'class="level-3"><a href="#misleading-paths"' in sample


def test_headings_get_stable_ids_and_skip_no_level():
    page = Parsed(
        page_of(v4.new_markdown_cell("## Impact\n\n#### Deep\n\n##### Deeper\n\n# Second title\n\n## Impact\n\n## "))
    )
    found = [(e["tag"], e["attrs"]["id"]) for e in page.elements if re.fullmatch("h[1-6]", e["tag"])]
    assert found == [
        ("h1", "title"), ("h2", "impact"), ("h3", "deep"), ("h4", "deeper"), ("h2", "second-title"), ("h2", "impact-2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "around",
    [
        "<div class='mathjax_ignore'><div class='pnb-prose'>{}</div></div>",
        "<div class='pnb-prose mathjax_ignore'>{}</div>",
        "<div class='mathjax_ignore'>{}</div>",
        "{}",
    ],
)
def test_prose_that_comes_as_html_is_ordered_like_markdown(around):
    inner = "<h3>What went well?</h3>\n<p>One <em>command</em>.</p>\n<h4>Deep</h4>"
    as_html = page_of(v4.new_markdown_cell("## Lessons"), cell("x", shown(text_html=around.format(inner))))
    as_markdown = page_of(
        v4.new_markdown_cell("## Lessons"),
        cell("x", shown(text_markdown="### What went well?\n\nOne *command*.\n\n#### Deep")),
    )
    found, wanted = ([e for e in Parsed(p).elements if e["tag"] != "div"] for p in (as_html, as_markdown))
    assert [(e["tag"], e["attrs"], e["text"]) for e in found if "main" in e["inside"]] == [
        (e["tag"], e["attrs"], e["text"]) for e in wanted if "main" in e["inside"]
    ]
    assert as_html.count('<li class="level-3"><a href="#what-went-well">What went well?</a>') == 2
    assert Parsed(as_html).faults == []
    assert ('<div class="pnb-prose">' in as_html) is ("pnb-prose" in around)
    assert "mathjax" not in as_html


def test_the_cards_title_wins_over_an_earlier_one():
    nb = v4.new_notebook(cells=[v4.new_markdown_cell("# Notebook"), cell("post", shown(text_html=card("Outage")))])
    page = Parsed(exported(nb))
    assert [e["text"] for e in page.all("h1")] == ["Outage"]
    assert "Notebook" in [e["text"] for e in page.all("h2")]


@pytest.mark.parametrize(
    ("link", "leads_to"),
    [
        ("[a](#data-quality)", "#data-quality"),
        ("[a](#Data-quality)", "#data-quality"),  # as JupyterLab names it
        ("[a](#claim-onset)", None),  # no such place
        ("[a](https://example.org/x?y=1)", "https://example.org/x?y=1"),
        ("[a](mailto:oncall@example.org)", "mailto:oncall@example.org"),
        ("[a](../secrets.txt)", None),
        ("[a](file:///etc/passwd)", None),
        ("[a](javascript:alert(1))", None),
        ("[a](JaVaScRiPt&colon;alert(1))", None),
        ("[a](vbscript:x)", None),
        ("[a](data:text/html,x)", None),
        ("[a](data:image/svg+xml;base64,AAAA)", None),
        ("[a](//evil.example)", None),
    ],
)
def test_links_lead_out_by_name_or_to_a_place_on_the_page(link, leads_to):
    (made,) = Parsed(prose(f"## Data quality\n\n{link}")).all("a")
    assert made["attrs"].get("href") == leads_to
    assert made["attrs"]["rel"] == "noreferrer"


def test_figures_carry_words_and_a_clean_drawing(sample):
    page = Parsed(sample)
    image = page.all("img")[0]["attrs"]
    assert image["alt"] == "Error ratio rises from 0.2 % to 38 % at 17:15."
    assert (image["width"], image["height"]) == ("864", "240")
    assert page.all("figcaption")[0]["text"] == "Failed share of requests, per minute, UTC."
    drawing = base64.b64decode(image["src"].removeprefix("data:image/svg+xml;base64,")).decode()
    assert drawing.startswith("<svg ") and drawing.endswith("</svg>")
    assert "drawn at" not in drawing and "2024-02-01T10:00:00" not in drawing
    assert page.all("svg") == []


@pytest.mark.parametrize(
    ("metadata", "plain", "alt"),
    [
        ({"image/png": {"alt": "A & B", "caption": "C"}}, "P", "A & B"),
        ({"alt": "flat"}, "P", "flat"),
        ({"image/png": {"caption": "C"}}, "P", "C"),
        ({}, "<Figure 1>", "<Figure 1>"),
        ({}, "", "Chart without a description"),
    ],
)
def test_every_picture_has_words_of_its_own(metadata, plain, alt):
    page = page_of(cell("x", shown(metadata, image_png="iVBO\nRw0KGgo=\n", text_plain=plain)))
    (image,) = Parsed(page).all("img")
    assert image["attrs"]["alt"] == alt
    assert image["attrs"]["src"] == "data:image/png;base64,iVBORw0KGgo="
    assert "No description has been provided" not in page


def test_wide_charts_scroll_by_keyboard():
    (box,) = [e for e in Parsed(page_of(cell("x", chart("a", "b")))).all("div") if "pnb-scroll" in e["attrs"]["class"]]
    assert box["attrs"]["tabindex"] == "0" and box["attrs"]["role"] == "group" and box["attrs"]["aria-label"]


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("costs $5 and **not** $6", "<p>costs $5 and <strong>not</strong> $6</p>"),
        ("$$\na **b**\n$$", "<p>$$\na <strong>b</strong>\n$$</p>"),
        ("{{ 7*7 }}{% if x %}", "<p>{{ 7*7 }}{% if x %}</p>"),
        ("- [x] done\n- [ ] open", "<ul>\n<li>☑ done</li>\n<li>☐ open</li>\n</ul>"),
        ("```python\na < b\n```", "<pre><code>a &lt; b\n</code></pre>"),
        ("![w](http://evil.example/x.png)", '<p><span class="pnb-missing">[picture not included: w]</span></p>'),
        ("![w](attachment:gone.png)", '<p><span class="pnb-missing">[picture not included: w]</span></p>'),
        ("<p style='color:red' onclick='x()' class='pnb-todo evil' id='main'>t</p>", '<p class="pnb-todo">t</p>'),
        ("a\u202eb\u200bc\x07", "<p>a⟨U+202E⟩b⟨U+200B⟩c␇</p>"),
    ],
)
def test_markdown(source, body):
    assert prose(source) == body


def test_markdown_table_scrolls_and_sets_numbers_right():
    made = Parsed(prose("| what | rows |\n|---|--:|\n| logs | 12 |"))
    assert made.all("div", class_="pnb-table", tabindex="0") and made.all("table", class_="pnb")
    assert [e["text"] for e in made.all("td", class_="num")] == ["12"]
    assert all(e["attrs"]["scope"] == "col" for e in made.all("th"))


def test_a_pasted_picture_is_kept():
    pasted = v4.new_markdown_cell("![screen](attachment:a.png)", attachments={"a.png": {"image/png": "iVBORw0KGgo="}})
    (image,) = Parsed(page_of(pasted)).all("img")
    assert image["attrs"] == {"src": "data:image/png;base64,iVBORw0KGgo=", "alt": "screen"}


def test_an_open_tag_swallows_only_its_own_cell():
    page = page_of(v4.new_markdown_cell("<details><form><p>"), v4.new_markdown_cell("## After"))
    after = Parsed(page).all("h2")[-1]
    assert after["text"] == "After" and after["inside"][-1] == "main"


# --- a run that did not finish --------------------------------------------------------------------------------------


def test_an_error_is_told_above_everything_and_its_trace_is_not():
    error = v4.new_output(
        "error",
        ename="Key<b>Error",
        evalue="'\x1b[31m<script>' missing (/srv/someone/x.py, https://example.org/a/b)",
        traceback=["File /srv/someone/x.py"],
    )
    page = page_of(
        v4.new_markdown_cell(
            "<span>An Exception was encountered</span>", metadata={"tags": ["papermill-error-cell-tag"]}
        ),
        cell("x", error),
    )
    (banner,) = [e for e in Parsed(page).all("section") if e["attrs"]["class"] == "pnb-failed"]
    assert "This run did not finish." in banner["text"]
    assert "Key<b>Error: '<script>' missing (…x.py, https://example.org/a/b)" in banner["text"]
    assert page.index("pnb-failed") < page.index("<h1")
    assert "/srv/someone" not in page and "An Exception was" not in page


def test_cells_that_never_ran_are_told_too():
    died = cell("x")
    died.execution_count = None
    assert "This run did not finish." in page_of(died)
    assert "1 of 2 code cells did not come to their end." in page_of(died)


def test_a_run_that_finished_has_no_banner(sample):
    assert "did not finish" not in sample


# --- nothing hostile comes through ----------------------------------------------------------------------------------

ALLOWED_TAGS = TAGS | {"html", "head", "meta", "title", "style", "body", "header", "nav", "main", "footer"}


def harm(page: str) -> list[str]:
    """Everything in a page that could run, ask, cover or forge."""
    parsed, found = Parsed(page), []
    for element in parsed.elements:
        tag, attrs = element["tag"], element["attrs"]
        if tag not in ALLOWED_TAGS or (tag in ("style", "meta", "title") and "head" not in element["inside"]):
            found.append(f"<{tag}>")
        for name, value in attrs.items():
            if name.startswith(("on", "data-", "xlink", "form", "srcset")) or name == "style":
                found.append(f"{tag} {name}")
            if name == "href" and not re.match(r"https?://|mailto:|#", value):
                found.append(f"{tag} href={value}")
            if name == "src" and not re.match(r"data:image/(svg\+xml|png|jpeg|webp);base64,", value):
                found.append(f"{tag} src={value}")
        if tag == "img" and "alt" not in attrs:
            found.append("img without alt")
    ids = [e["attrs"]["id"] for e in parsed.elements if "id" in e["attrs"]]
    found += [f"id {i} twice" for i in set(ids) if ids.count(i) > 1]
    return found + [f"{len(parsed.all('h1'))} h1"] * (len(parsed.all("h1")) != 1)


def test_the_check_for_harm_sees_harm():
    bad = '<h1></h1><script></script><p onclick="x" style="y"><a href="javascript:x"><img src="http://x"></a></p>'
    assert len(harm(bad)) == 6


def test_there_are_many_hostile_lines():
    assert len(set(HOSTILE)) >= 40


def test_hostile_text_in_every_place_does_no_harm(hostile):
    assert harm(hostile) == []
    assert Parsed(hostile).faults == []


def test_escaped_evidence_does_no_harm_and_stays_readable(sample):
    assert harm(sample) == []
    text = " ".join(Parsed(sample).text.split())
    for line in HOSTILE:
        if "\x00" not in line and "\ud83d" not in line:  # no file can hold these two
            assert " ".join(visible(line).split()) in text


def test_a_hostile_title_stays_text_everywhere():
    title = "</title><script>alert(1)</script>\u202e"
    page = Parsed(exported(notebook(title=title)))
    (head,) = page.all("title")
    assert head["text"] == page.all("h1")[0]["text"] == "</title><script>alert(1)</script>⟨U+202E⟩"


@given(
    st.lists(st.sampled_from([*HOSTILE, "<p>", "</p>", "<b", "'", '"', ">", "<!--", "<h2 ", "<a href=", "&lt;", "\n"]))
)
@settings(max_examples=100, deadline=None)
def test_cleaning_any_mixture_leaves_nothing_harmful_and_nothing_to_clean(parts):
    once = cleaned("".join(parts))
    assert cleaned(once) == once
    body = arrange(once).body
    assert [h for h in harm(body) if not h.endswith(" h1")] == []
    assert Parsed(body).faults == []


def test_markup_hidden_in_an_attribute_is_not_taken_for_a_heading():
    made = arrange(
        cleaned('<p title="&lt;h2&gt;x&lt;/h2&gt;">a</p><img alt="<h2>y</h2>" src="data:image/png;base64,AAAA">')
    )
    assert made.contents == () and "id=" not in made.body


def test_ids_are_ours_or_gone():
    body = cleaned(
        '<p id="claim-ttd"></p><p id="main"></p><p id="finding-1"></p><h2 id="claim-x">h</h2><p id="claim- x"></p>'
    )
    assert re.findall(r'id="([^"]*)"', body) == ["claim-ttd", "finding-1"]


# --- always the same ------------------------------------------------------------------------------------------------


def test_two_runs_give_the_same_bytes(sample):
    again = notebook(first_count=7)
    assert [c.id for c in again.cells] != [c.id for c in notebook().cells], "the runs must differ"
    assert PostmortemExporter().from_notebook_node(again)[0] == sample


def test_the_notebook_is_left_as_it_was():
    nb = notebook()
    before = copy.deepcopy(nb)
    exported(nb)
    assert nb == before


# --- ways in --------------------------------------------------------------------------------------------------------


def test_exporter_is_found_by_name():
    (entry,) = entry_points(group="nbconvert.exporters", name="postmortem")
    assert entry.load() is get_exporter("postmortem") is PostmortemExporter
    assert PostmortemExporter.export_from_notebook == "Postmortem report (HTML)"
    assert "postmortem" in get_export_names(), "JupyterLab's menu lists these"


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        (
            "import postmortem_nb.report; postmortem_nb.report.component_css()",
            {"nbconvert", "nh3", "pandas", "matplotlib"},
        ),
        ("from postmortem_nb.report import PostmortemExporter", {"pandas", "matplotlib", "papermill"}),
    ],
)
def test_import_is_light(statement, absent):
    code = f"{statement}\nimport sys\nprint(*sorted({absent!r} & {{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Exporter'"):
        _ = postmortem_nb.report.Exporter


@pytest.mark.slow
def test_command_gives_the_same_page(tmp_path, sample):
    (tmp_path / "out.ipynb").write_text(json.dumps(notebook()), encoding="utf-8")
    command = [sys.executable, "-m", "nbconvert", "--to", "postmortem", "out.ipynb"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert (tmp_path / "out.html").read_text(encoding="utf-8").rstrip() == sample.rstrip()


# --- a team's own look, as docs/report.md shows it -------------------------------------------------------------------


@pytest.fixture
def team(tmp_path, monkeypatch):
    """The folder `team/` of docs/report.md, and its class."""
    blocks = dict(
        re.findall(r"```(jinja|json|python)\n(.*?)```", (ROOT / "docs/report.md").read_text("utf-8"), re.DOTALL)
    )
    (tmp_path / "team").mkdir()
    (tmp_path / "team/index.html.j2").write_text(blocks["jinja"], encoding="utf-8")
    (tmp_path / "team/conf.json").write_text(blocks["json"], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    made: dict = {}
    exec(blocks["python"], made)
    return made["TeamExporter"]


def test_template_file_changes_the_look(team, sample):
    page, _ = PostmortemExporter(template_file="team/index.html.j2").from_notebook_node(notebook())
    assert "--pnb-accent: #6b2d8b" in page and "Example Payments · Reliability" in page
    assert page.index("Internal") > page.index("<main")
    assert page.index("data:image/svg+xml;base64,PHN2") < page.index("Example Payments"), "the logo"
    last = page.index('<h2 id="next-review">')
    assert page.rindex("<h2", 0, last) < last < page.index("</main>"), "a section of their own"
    assert harm(page) == []
    assert len(Parsed(page).all("h2")) == len(Parsed(sample).all("h2")) + 1


def test_subclass_changes_the_look(team):
    page, _ = team().from_notebook_node(notebook())
    assert page == PostmortemExporter(template_file="team/index.html.j2").from_notebook_node(notebook())[0]
    assert "Example Payments" not in exported(notebook())


# --- style ----------------------------------------------------------------------------------------------------------


def palette(css: str) -> dict[str, str]:
    return dict(re.findall(r"(--pnb-[a-z-]+):(#[0-9a-f]{3,6})\b", css))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_the_known_one():
    assert contrast("#fff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_every_text_colour_can_be_read_on_every_ground(theme):
    roots = re.findall(r":root(?:\{)([^}]*)\}", page_css())
    colours = palette(roots[0]) | {"light": {}, "dark": palette(roots[1]), "print": palette(roots[2])}[theme]
    for text in ("ink", "quiet", "accent", "warn", "care", "good"):
        for ground in ("paper", "tint", "warn-tint", "mark"):
            ratio = contrast(colours[f"--pnb-{text}"], colours[f"--pnb-{ground}"])
            assert ratio >= 4.5, f"{text} on {ground}: {ratio:.2f}"


def test_style_asks_for_nothing_and_cannot_leave_its_element():
    for css in (page_css(), component_css()):
        assert not re.search(r"url\(|@import|@font-face|expression|</", css)
        assert css.count("{") == css.count("}")
        assert "/*" not in css


def test_component_style_touches_only_our_classes():
    css = re.sub(r"@media[^{]*\{", "", component_css())
    selectors = [s for group in re.findall(r"([^{}]+)\{", css) for s in re.split(r",(?![^(]*\))", group)]
    assert len(selectors) > 50
    in_lab = {".jp-RenderedSVG > img"}  # JupyterLab's own place for our charts
    assert [s for s in selectors if "pnb" not in s and s.split("*/")[-1].strip() not in in_lab] == []


@pytest.mark.parametrize(
    "name",
    re.findall(
        "[a-z]+",
        "card labels label lead figures figure name value interval basis synthetic findings finding error warning "
        "more table prose todo claim evidence verdict agrees chart facts place line fix",
    ),
)
def test_every_class_of_the_vocabulary_is_styled(name):
    assert re.search(rf"\.pnb-{name}\b", component_css())


def test_sample_uses_no_class_that_the_gate_would_drop():
    for name in re.findall(r"class='([^']*)'", card()):
        assert cleaned(f'<p class="{name}">{html.escape(name)}</p>') == f'<p class="{name}">{name}</p>'


def test_an_empty_head_of_a_table_is_a_cell_as_it_heads_nothing():
    frame = pd.DataFrame({"a": [1]}, index=["row"]).to_html()
    assert "<th></th>" in frame
    body = cleaned(frame)
    assert "<th></th>" not in body and body.count("<td>") == 2 and "<th>a</th>" in body and "<th>row</th>" in body
    assert '<td colspan="2">' in cleaned('<table><tr><th scope="col" colspan="2"> </th></tr></table>')
    assert ">x</th>" in cleaned('<table><tr><th title="></th>">x</th></tr></table>')
