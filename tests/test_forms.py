"""The forms: what each holds, that nothing internal reaches customers, templates of a team, and the bytes."""

import base64
import json
import re

import pytest
from browser import launched, visited
from conftest import at, declared_only, draw
from sample_reports import NAMES, ROOT

import postmortem_nb as pnb
from postmortem_nb.errors import IncidentError, SettingError
from postmortem_nb.example import Impact
from postmortem_nb.forms import FORMS, TARGETS, compose
from postmortem_nb.forms.blog import headline
from postmortem_nb.forms.customer import left_out
from postmortem_nb.forms.internal import internal_names, is_technical, named, sentences
from postmortem_nb.forms.material import brief, spelled

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
        data = json.loads(compose(analysis, form, "json", "draft")[f".{form}.json"])
        assert data["status"] == "draft"
        html = compose(analysis, form, "html", "draft")[f".{form}.html"]
        assert "<script" not in html and not re.search(r'(?:src|href)="(?!data:|https?:|mailto:)', html)
        assert html.count("<img ") == int(FORMS[form].has_figure and analysis.signal is not None)


@pytest.mark.parametrize("name", NAMES)
def test_a_blog_post_has_the_length_that_is_read_and_one_figure(name):
    data = json.loads(compose(analysis_of(name), "blog", "json", "draft")[".blog.json"])
    words = sum(len(part["text"].split()) for part in data["parts"])
    assert 300 <= words <= 600
    assert (words >= 400) or name in ("2022-08-22-online-boutique-ads", "2023-01-30-train-ticket-latency")
    assert text_of(name, "blog").count("![") == (1 if analysis_of(name).signal else 0)


@pytest.mark.parametrize("name", NAMES)
def test_an_executive_summary_is_short(name):
    assert len(text_of(name, "summary").split()) <= 280


def test_the_markdown_report_leaves_nothing_of_the_prose_out():
    text = text_of("2013-04-30-api-outage", "report")
    assert "## Two versions" in text and "how such a\ndifference would be settled" in text
    assert "| impact no longer severe (preliminary post) |" in text
    for finding in analysis_of("2013-04-30-api-outage").findings:
        assert finding.severity in text and finding.where.split(":")[0] in text


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
    assert "Affected: the online shop and orders and payment." in text or "Affected: " in text
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
                    with visited(browser, path, width=width) as seen:
                        sizes = seen.page.evaluate("[document.documentElement.scrollWidth, document.body.scrollHeight]")
                        assert sizes[0] <= width, (form, n, width)
                        assert not seen.outside and not seen.console
                        if form == "summary" and width == 1440:
                            assert sizes[1] <= 900
