"""The forms: what each holds, that nothing internal reaches customers, templates of a team, and the bytes."""

import base64
import json
import re
from functools import cache

import pytest
from browser import launched, violations, visited
from conftest import at, declared_only, draw
from sample_reports import NAMES, ROOT

import postmortem_nb as pnb
from postmortem_nb.cli import main
from postmortem_nb.errors import IncidentError, LeakError, SettingError
from postmortem_nb.example import Impact
from postmortem_nb.forms import FORMS, TARGETS, compose, templates
from postmortem_nb.forms.blog import headline
from postmortem_nb.forms.customer import left_out
from postmortem_nb.forms.internal import internal_names, is_technical, named, sentences
from postmortem_nb.forms.markup import to_markdown
from postmortem_nb.forms.material import brief, spelled
from postmortem_nb.forms.quiet import quiet

ANALYSES = {}


def analysis_of(name):
    if name not in ANALYSES:
        ANALYSES[name] = pnb.analyze(pnb.load(ROOT / "data" / "incidents" / name))
    return ANALYSES[name]


def text_of(name, form, status="draft"):
    return list(compose(analysis_of(name), form, "markdown", status).values())[-1]


# --- every form of every sample ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_has_every_form(name):
    analysis = analysis_of(name)
    for form in FORMS:
        text = text_of(name, form)
        assert text.count("> **Draft. Nobody has reviewed this document") == 1
        assert text.startswith("# ") and text.endswith("\n") and "\n\n\n" not in text
        assert "{{" not in text and "To be written" not in text
        if form == "report":
            continue  # its page is what `run` makes, its data the result
        data = json.loads(compose(analysis, form, "json", "draft")[f".{form}.json"])
        assert data["status"] == "draft"
        html = compose(analysis, form, "html", "draft")[f".{form}.html"]
        assert "<script" not in html and not re.search(r'(?:src|href)="(?!data:|https?:|mailto:)', html)
        assert html.count("<img ") == int(FORMS[form].has_figure and analysis.signal is not None)


def test_in_a_page_dates_and_units_stay_on_one_line():
    page = compose(analysis_of("2024-01-14-web-outage"), "summary", "html", "draft")[".summary.html"]
    for whole in ("2024-01-14", "5 min", "20 s", "2024-02-02"):
        assert f'<span class="pnb-whole">{whole}</span>' in page
    assert "pnb-whole" not in text_of("2024-01-14-web-outage", "summary")


@pytest.mark.parametrize("name", NAMES)
def test_a_blog_post_has_the_length_that_is_read_and_one_figure(name):
    data = json.loads(compose(analysis_of(name), "blog", "json", "draft")[".blog.json"])
    read = re.sub(r"^# .*$|^!\[.*$", "", text_of(name, "blog"), flags=re.MULTILINE)  # but for title and drawing
    words = len(re.sub(r"[#>*]+ ", "", read).split())
    assert words <= 600
    assert sum(len(part["text"].split()) for part in data["parts"]) >= 300
    assert (words >= 400) or name in ("2022-08-22-online-boutique-ads", "2023-01-30-train-ticket-latency")
    assert text_of(name, "blog").count("![") == (1 if analysis_of(name).signal else 0)


@pytest.mark.parametrize("name", NAMES)
def test_an_executive_summary_is_short(name):
    assert len(text_of(name, "summary").split()) <= 280


def test_the_markdown_report_leaves_nothing_of_the_prose_out():
    text = text_of("2013-04-30-api-outage", "report")
    assert "## Two versions" in text and "how such a\ndifference would be settled" in text
    assert "*Declared against measured: preliminary post*" in text
    for finding in analysis_of("2013-04-30-api-outage").findings:
        assert finding.severity in text and finding.where.split(":")[0] in text


@cache
def report_of(name, target):
    return list(compose(analysis_of(name), "report", target, "draft").values())[-1]


@pytest.mark.parametrize("name", ["2024-01-14-web-outage", "2021-09-06-dfds-cluster-404"])
def test_every_link_of_a_markdown_report_leads_somewhere(name):
    text = report_of(name, "markdown")
    anchors = set(re.findall(r'<a id="([^"]+)"></a>', text))
    headings = {h.lower().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    links = set(re.findall(r"\]\(#([^)]+)\)", text))
    assert {f"claim-{id_}" for id_ in analysis_of(name).claims} <= anchors
    assert links <= anchors | headings and len(links) > 20
    assert text.count("<details>") == text.count("</details>") > 0


def test_a_markdown_report_tells_what_the_page_tells():
    analysis, text = analysis_of("2024-01-14-web-outage"), report_of("2024-01-14-web-outage", "markdown")
    top = text.partition("## Issue summary")[0]
    assert all(f.text[:40] in top for f in analysis.findings if f.severity == "warning")
    assert re.search(r"They cost .* person-minutes\.", text.partition("### Misleading paths")[2])
    assert all(f"`{f.id}`" in text and f.why[:40] in text for f in analysis.findings)
    assert "; P1; platform team;" in text and "Done when: A template with" in text
    figures = {name.removeprefix(analysis.incident.id) for name in re.findall(r"\]\((\S+\.svg)\)", text)}
    assert figures == {f".report-{n}.svg" for n in range(1, 6)}


def test_decisions_and_links_of_tasks_stand_in_the_markdown_report():
    facts = {
        "decisions": [{"text": "No second disk.", "why": "It costs too much.", "who": "storage lead"}],
        "actions": [
            {"text": "Alert on it", "kind": "detect", "link": "https://x.example/1", "command": "check-it --now"}
        ],
    }
    (*_, text) = compose(pnb.analyze(declared_only(**facts)), "report", "markdown", "draft").values()
    assert "| No second disk. | It costs too much. | storage lead |" in text
    assert "[ticket](<https://x.example/1>) Done when: Command: check-it --now" in text


def test_a_report_for_wikis_has_no_html_and_its_links_lead_to_headings():
    text = report_of("2024-01-14-web-outage", "wiki")
    assert not re.search(r"<[a-z/!]", text)
    headings = {h.lower().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    assert {"claims", "data-quality", "provenance"} <= headings
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


def test_tables_of_a_markdown_report_have_as_many_cells_as_their_heads():
    width = 0
    for line in report_of("2024-01-14-web-outage", "markdown").split("\n"):
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not cells or not width or cells == width, line
        width = cells


def test_our_html_as_markdown():
    row = '<tr id="r"><th>a|b</th><td>1<br><small>1–2</small></td></tr>'
    table = f'<table><caption>A</caption><tr><th>x</th><th class="num">y</th></tr>{row}</table>'
    assert to_markdown(table) == '*A*\n\n| x | y |\n| --- | ---: |\n| <a id="r"></a>a\\|b | 1 (1–2) |'
    assert to_markdown("<details><summary>More</summary><ul><li>a<li>*b*</ul></details>", "wiki").startswith("**More**")
    assert to_markdown("<p><code>a`b</code> <strong>c</strong></p>") == "``a`b`` **c**"
    assert to_markdown("<pre>```\nx</pre>") == "````\n```\nx\n````"


def test_tasks_of_a_markdown_report_are_boxes_that_can_be_ticked():
    boxes = re.findall(r"^- \[(.?)\] ", text_of("2024-01-14-web-outage", "report"), re.MULTILINE)
    assert set(boxes) == {" ", "x"}


def test_the_figure_stands_beside_the_markdown_and_in_the_page():
    files = compose(analysis_of("2024-01-14-web-outage"), "blog", "markdown")
    assert list(files) == [".blog.svg", ".blog.md"]
    assert "](2024-01-14-web-outage.blog.svg)" in files[".blog.md"]
    html = compose(analysis_of("2024-01-14-web-outage"), "blog", "html")[".blog.html"]
    assert base64.b64encode(files[".blog.svg"].encode()).decode() in html


@pytest.mark.parametrize("target", TARGETS)
def test_the_bytes_are_the_same_again(target):
    again = pnb.analyze(pnb.load(ROOT / "data" / "incidents" / "2024-06-18-still-open"))
    for form in FORMS:
        assert compose(again, form, target) == compose(analysis_of("2024-06-18-still-open"), form, target)


def test_declared_text_is_no_markup_in_any_form():
    hostile = "<script>alert(1)</script> {{ 7 * 7 }} [x](javascript:y) | **b** <!--"
    facts = {
        "title": hostile,
        "summary": hostile,
        "cause": hostile,
        "actions": [{"text": hostile, "kind": "prevent", "owner": hostile}],
        "timeline": [{"at": "15:00", "kind": "action", "text": hostile}],
        "public": {"happened": [hostile]},
    }
    analysis = pnb.analyze(declared_only(**facts))
    for form in FORMS:
        html = compose(analysis, form, "html", "draft")[f".{form}.html"]
        body = html.partition("<body")[2]
        assert "<script" not in body and "javascript:" not in re.sub(r">[^<]*<", "><", body)
        assert "49" not in body and "<strong>b</strong>" not in body


def test_tokens_of_redaction_are_no_addresses_to_a_forge():
    from markdown_it import MarkdownIt

    token = "&lt;secret:3f2a9c&gt;"
    text = "Key <secret:3f2a9c> leaked; `kept <secret:3f2a9c>`; see <https://status.example>."
    page = MarkdownIt("commonmark").render(quiet(text))
    assert page.count(token) == 2 and page.count("<a ") == 1


def test_what_is_written_in_entities_is_technical_too():
    for text in ("Look at &#47;etc&#47;passwd.", "See https:&#x2F;&#x2F;wiki.example.", "Host web&#49; was slow."):
        assert is_technical(text)
    assert not is_technical("Bread &amp; butter were sold out.")


def test_unknown_names_offer_the_near_ones():
    for args, hint in (
        (("blgo", "html"), "blog"),
        (("blog", "htlm"), "html"),
        (("blog", "html", "publishd"), "published"),
    ):
        with pytest.raises(SettingError, match=hint):
            compose(analysis_of("2024-01-14-web-outage"), *args)


# --- words -------------------------------------------------------------------------------------------------


def test_headlines_invite_and_stay_true():
    assert headline(analysis_of("2024-01-14-web-outage")) == (
        "Every page answered with an error after a settings push: 32 minutes and two wrong turns"
    )
    assert headline(analysis_of("2024-06-18-still-open")).startswith("Not over yet: card payments")
    assert headline(pnb.analyze(declared_only(title="DNS: nothing resolved"))) == "Nothing resolved"
    assert headline(pnb.analyze(declared_only(headline="The day of the typo"))) == "The day of the typo"
    assert [spelled(t) for t in ("5 min 20 s", "1–5 min", "1 d 1 h")] == [
        "5 minutes 20 seconds",
        "1–5 minutes",
        "1 day 1 hour",
    ]


def test_only_narrow_bounds_are_left_to_the_report():
    claims = analysis_of("2024-01-14-web-outage").claims
    assert brief(claims["time_to_recover"]) == "32 min"  # of (32–33)
    assert brief(claims["onset"]) == "2024-01-14 17:17:40 UTC"
    assert brief(claims["time_lost_share"]) == "48 % (36–60 %)"
    assert brief(analysis_of("2024-06-18-still-open").claims["impact_time"]) == "at least 1 h 39 min"


def test_a_value_that_begins_a_paragraph_has_a_capital():
    assert "\n\nAt least 2,948 of at least 8,277 payment requests" in text_of("2024-06-18-still-open", "blog")


# --- customers ---------------------------------------------------------------------------------------------


def words_of_the_bytes(files):
    """All text of the files that a reader or a crawler could see; the style sheet is ours."""
    return re.sub(r"<style>.*?</style>", "", "".join(files.values()), flags=re.DOTALL)


@pytest.mark.parametrize("name", NAMES)
def test_no_internal_word_is_in_the_bytes_for_customers(name):
    analysis = analysis_of(name)
    names = internal_names(analysis)
    public = analysis.incident.facts.public.services.values()
    for target in TARGETS:
        text = words_of_the_bytes(compose(analysis, "customer", target, "draft"))
        assert named(text, names, public) == ()
        for host in analysis.incident.logs["host"].dropna().unique():
            assert host not in text
        assert not re.search(r"\.(log|csv|jsonl?|php|toml)\b|\d+\.\d+\.\d+\.\d+", text)


def test_the_names_of_the_inside_are_collected_from_facts_and_evidence():
    names = internal_names(analysis_of("2024-01-14-web-outage"))
    assert {"web", "checkout", "on-call engineer", "platform team", "access.log.gz", "FailedRequests"} & names >= {
        "web",
        "on-call engineer",
        "platform team",
        "access.log.gz",
    }
    assert named("The Web is slow; webs are not.", {"web"}) == ("web",)
    assert named("The web shop is slow.", {"web"}, ["the web shop"]) == ()
    for text in (
        "r418 was pushed",
        "see /var/log",
        "on 10.0.0.3",
        "the table user_orders",
        "PaymentErrors fired",
        "strace said",
    ):
        assert is_technical(text), text
    for text in (
        "Payments failed for half an hour.",
        "We have 24 hours, 7 days a week.",
        "It took 5 min. Then it worked.",
    ):
        assert not is_technical(text), text
    assert list(sentences("One. Two? Three")) == ["One.", "Two?", "Three"]


def test_services_get_their_public_names_and_the_rest_is_left_out():
    facts = {
        "title": "auth-db lost its disk",
        "date": "2024-01-14",
        "services": ["auth-db"],
        "summary": "auth-db did not answer. Nobody could log in.",  # left out whole: half of it would tell nothing
        "impact": "Nobody could log in. The pager woke the on-call engineer.",
        "actions": [{"text": "Give auth-db a second disk", "kind": "prevent", "owner": "storage team"}],
        "timeline": [{"at": "15:00", "kind": "action", "text": "Disk replaced", "actor": "on-call engineer"}],
    }
    hidden = pnb.analyze(declared_only(**facts))
    (text,) = compose(hidden, "customer", "markdown").values()
    assert text.startswith("# Incident of 14 January 2024\n")
    assert "Nobody could log in." in text and "auth-db" not in text and "engineer" not in text
    assert left_out(hidden) == 3
    mapped = pnb.analyze(declared_only(**facts, public={"services": {"auth-db": "sign-in"}}))
    (text,) = compose(mapped, "customer", "markdown").values()
    assert "Affected: sign-in." in text and "sign-in did not answer. Nobody could log in." in text
    assert "- Give sign-in a second disk." in text


def test_a_public_text_that_names_the_inside_is_refused():
    analysis = pnb.analyze(declared_only(services=["auth-db"], public={"planned": ["We replace auth-db."]}))
    with pytest.raises(IncidentError, match=r"would name “auth-db”, which is internal"):
        compose(analysis, "customer", "markdown")


def test_the_sample_shows_what_its_people_say_to_customers():
    text = text_of("2024-01-14-web-outage", "customer", "reviewed")
    assert "Affected: the online shop; orders and payment." in text
    assert "We told you on the status page, found the misspelt name and corrected it on all servers." in text
    assert "Draft" not in text and "We watch the shop more closely while a change is made." in text


# --- templates of a team -----------------------------------------------------------------------------------


def with_template(tmp_path, text, name="blog.md.j2", where="incident"):
    folder = tmp_path / "data" / "incidents" / "2024-01-14-x"
    folder.mkdir(parents=True)
    (folder / "incident.toml").write_text('title = "It *broke*"\nseverity = "SEV2"\n')
    home = (folder if where == "incident" else tmp_path) / "templates"
    home.mkdir()
    (home / name).write_text(text)
    return pnb.analyze(pnb.load(folder))


def test_the_documented_template_is_used(tmp_path):
    page = (ROOT / "docs" / "forms.md").read_text()
    (example,) = re.findall(r"```jinja\n(.*?)```", page, re.DOTALL)
    analysis = with_template(tmp_path, example, where="repository")
    (text,) = compose(analysis, "blog", "markdown").values()
    assert text.startswith("# It \\*broke\\*\n")
    assert text.rstrip().endswith("*Questions? Write to the reliability team.*")


def test_an_incident_goes_before_its_repository(tmp_path):
    analysis = with_template(tmp_path, "# {{ title }} at home\n")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "blog.md.j2").write_text("# elsewhere\n")
    assert compose(analysis, "blog", "markdown") == {".blog.md": "# It \\*broke\\* at home\n"}


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("# {{ title }}\n{{ titel }}\n", r"templates/blog\.md\.j2:2: 'titel' is undefined"),
        ("# x\n\n{% if %}\n", r"templates/blog\.md\.j2:3: .*Correct the template"),
        ("{{ title.__class__.__mro__ }}", r"templates/blog\.md\.j2:1: "),
        ("{{ services.append('x') }}", r"templates/blog\.md\.j2"),
        ("{% include '../../incident.toml' %}", r"incident\.toml"),
        ("{{ 1 / 0 }}", r"templates/blog\.md\.j2:1: division by zero"),
    ],
)
def test_a_wrong_template_is_named_with_its_line(tmp_path, template, message):
    analysis = with_template(tmp_path, template)
    with pytest.raises(IncidentError, match=message):
        compose(analysis, "blog", "markdown")


def test_a_template_for_customers_cannot_show_the_inside(tmp_path):
    analysis = with_template(tmp_path, "# {{ title }}\n{{ cause }}\n", name="customer.md.j2")
    with pytest.raises(IncidentError, match="'cause' is undefined"):
        compose(analysis, "customer", "markdown")


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{{ c }}" + "{% endfor %}" * 3,
        "# x\n{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
        "{% include 'blog.md.j2' %}",
        "{{ 9 ** 9 ** 9 ** 9 }}",
        "{{ 'x' * 999999999 }}",
    ],
)
def test_a_template_that_would_never_end_is_stopped(tmp_path, monkeypatch, template):
    monkeypatch.setattr(templates, "SECONDS", 0.3)
    analysis = with_template(tmp_path, template)
    with pytest.raises(IncidentError, match=r"templates/blog\.md\.j2.*(was stopped|for ever|too much)"):
        compose(analysis, "blog", "markdown")


def test_away_from_a_project_the_page_of_the_report_says_what_it_needs(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "2024-01-14-x"
    folder.mkdir()
    (folder / "incident.toml").write_text('title = "It broke"\n')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="1"):
        main(["export", str(folder)])
    assert "--to markdown and --to wiki tell the same and need no notebook" in " ".join(capsys.readouterr().err.split())
    with pytest.raises(SystemExit, match="0"):
        main(["export", str(folder), "--to", "wiki"])
    assert (tmp_path / "reports" / "2024-01-14-x.report.wiki.md").read_text().startswith("# It broke\n")


# --- the gate ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["html", "markdown", "wiki"])  # what a template adds is not in the data
def test_no_form_leaves_with_what_its_profile_redacts(tmp_path, target):
    secret = "AKIA" + "Q3EGRIPZW4L7XM2D"
    analysis = with_template(tmp_path, f"# {{{{ title }}}}\n\nThe key was {secret}.\n", name="summary.md.j2")
    with pytest.raises(LeakError, match=r"Nothing was published: what the profile internal redacts stands in") as error:
        compose(analysis, "summary", target)
    assert secret not in str(error.value)


def test_the_version_for_customers_passes_the_gate_of_the_public_profile():
    analysis = pnb.analyze(declared_only(public={"done": ["Write to ops.person@corp-mail.com about it."]}))
    with pytest.raises(LeakError, match="the profile public"):
        compose(analysis, "customer", "markdown")


# --- as readers see it -------------------------------------------------------------------------------------


@pytest.mark.browser
def test_the_pages_fit_their_screens(tmp_path):
    incident, _ = draw(Impact(at(90), at(120), "errors", 0.6))
    analyses = [analysis_of("2024-01-14-web-outage"), pnb.analyze(incident)]
    with launched() as browser:
        for form in FORMS:
            for n, analysis in enumerate(analyses):
                path = tmp_path / f"{form}-{n}.html"
                path.write_text(compose(analysis, form, "html", "draft")[f".{form}.html"])
                for width in (390, 1440):
                    with visited(browser, path, width=width, dark=width == 390) as seen:
                        sizes = seen.page.evaluate("[document.documentElement.scrollWidth, document.body.scrollHeight]")
                        assert sizes[0] <= width, (form, n, width)
                        assert not seen.outside and not seen.console
                        assert violations(seen) == [], (form, n, width)
                        if form == "summary" and width == 1440:
                            assert sizes[1] <= 900
