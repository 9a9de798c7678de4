"""Readers' tables: hostile text is escaped and made visible everywhere, the structure is accessible."""

import html
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem_nb.characters import visible
from postmortem_nb.findings import Finding
from postmortem_nb.tables import (
    Safe,
    bullets,
    coded,
    definitions,
    escape,
    evidence,
    finding_items,
    inline,
    more,
    table,
    whole_dates,
)

always = settings(derandomize=True, deadline=None)
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload='x'>",
    "</td></table><h1>owned",
    "' onmouseover='x",
    "javascript:alert(1)",
    "a & b &lt; c",
    "\x1b[31mred\x1b[0m",
    "abc\u202edcba",
    "zero\u200bwidth\ufeff",
    "null\x00byte",
    "tag\U000e0041 \udc80",
    "![x](http://evil.example/x.png) [l](javascript:x) `c` **b** # h | t | $$x$$",
]


class Tags(HTMLParser):
    """Every tag and attribute that a browser would see."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.text += data


def seen(markup):
    parser = Tags()
    parser.feed(str(markup))
    parser.close()
    return parser


def built(text):
    """Every function of the module with the text in every place."""
    finding = Finding("id", "warning", text, text, text.replace("`", ""))
    return {
        "table": (table([text, "b"], [[text, text], [1, text]], text, numeric=("b",), ids=[text, "x"]), 2),
        "definitions": (definitions([(text, text)]), 1),
        "bullets": (bullets([text, text]), 1),
        "evidence": (evidence(text, text), 1),
        "evidence, long": (evidence(text * 60, text), 1),
        "findings": (finding_items([finding], linked=True), 1),
        "more": (more(text, text), 1),
        "escape": (Safe(escape(text)), 1),
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text):
    harmless = {name: markup for name, (markup, _) in built("plain").items()}
    for name, (markup, _) in built(text).items():
        parser, expected = seen(markup), seen(harmless[name])
        assert parser.tags == expected.tags, name
        assert parser.attributes == expected.attributes, name
        assert visible(text)[:20] in parser.text, name
        assert not re.search(r"[\x00-\x08\x0b-\x1f\u200b\u202e\ufeff\U000e0000-\U000e0fff\ud800-\udfff]", str(markup))


@given(st.text(max_size=60))
@always
def test_any_text_can_be_read_back(text):
    assert html.unescape(escape(text)) == visible(text)
    assert seen(escape(text)).tags == []
    one_line = visible(" ".join(text.split()))
    assert html.unescape(inline(text)) == one_line
    assert not set(re.sub(r"&#\d+;", "", inline(text))) & set("\\`*_{}[]()#+-.!|~$^=:/@<>&\"'\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a␛[31mb"),
        ("a\u202ec", "a⟨U+202E⟩c"),
        ("a\x7fb", "a␡b"),
        ("a\x85b", "a⟨U+0085⟩b"),
        ("a\rb", "a␍b"),
        ("line\n\ttab", "line\n\ttab"),
        ("\udc80", "�"),
        ("ß → 漢字 🙂", "ß → 漢字 🙂"),
        (12, "12"),
        ("soft\u00adhyphen\u3164", "soft⟨U+00AD⟩hyphen⟨U+3164⟩"),
    ],
)
def test_what_hides_is_spelled_out(text, shown):
    assert visible(text) == shown
    assert visible(visible(text)) == shown


def test_an_apostrophe_in_prose_is_one_apostrophe():
    assert html.unescape(inline('it\'s "here" & <there>')) == 'it\'s "here" & <there>'


@pytest.mark.parametrize("value", [None, float("nan"), np.float64("nan"), pd.NaT, pd.NA])
def test_a_missing_value_is_an_empty_cell(value):
    assert escape(value) == ""
    assert inline(value) == ""
    assert "<td></td>" in table(["a", "b"], [["x", value]], "t")


def test_what_was_built_here_is_not_escaped_twice():
    link = Safe('<a href="#x">x</a>')
    assert escape(link) == link
    assert link in table(["a"], [[link]], "t")
    assert escape(str.__str__(link) + "") == "&lt;a href=&quot;#x&quot;&gt;x&lt;/a&gt;"  # text that only looks alike
    assert more("s", Safe("<p>x</p>")) == '<details class="pnb-more"><summary>s</summary><p>x</p></details>'


def test_the_structure_of_a_table():
    markup = table(["Name", "Count"], [["a", 1], ["b", 2]], "Two rows", numeric=("Count",), ids=["r1", "r2"])
    assert markup.startswith(
        '<div class="pnb-table" role="region" tabindex="0" aria-label="Two rows"><table class="pnb">'
    )
    assert "<caption>Two rows</caption>" in markup
    assert markup.count('scope="col"') == 2
    assert markup.count('<th scope="row">') == 2
    assert '<th scope="col" class="num">Count</th>' in markup
    assert '<tr id="r1"><th scope="row">a</th><td class="num">1</td></tr>' in markup
    assert seen(table(["Name"], [], "None")).tags.count("tr") == 1


def test_on_a_phone_rows_are_cards_with_labels_where_values_need_them():
    columns, rows = ["Claim", "Value", "Basis", 'From "x" & <b>'], [["a", 1, "measured", "f:1"], ["b", 2, "", ""]]
    markup = table(columns, rows, "t", numeric=("Value",))
    assert '<table class="pnb pnb-stacks">' in markup
    assert (
        '<td class="num">1</td><td>measured</td><td data-label="From &quot;x&quot; &amp; &lt;b&gt;">f:1</td>' in markup
    )
    assert markup.count("data-label") == 1, "what is empty needs no label"
    for narrow in (table(columns[:2], [r[:2] for r in rows], "t"), table(columns, rows, "t", numeric=columns)):
        assert "pnb-stacks" not in narrow and "data-label" not in narrow, "two columns, or numbers to be read down"


def test_what_stands_between_backticks_is_code():
    assert coded("put it into `check`, not `a<b>`") == "put it into <code>check</code>, not <code>a&lt;b&gt;</code>"
    assert coded("one ` alone") == "one ` alone"


def test_rows_beyond_the_most_are_counted():
    markup = table(["n", "m"], [[i, i] for i in range(1205)], "Many", most=5)
    assert markup.count('<th scope="row">') == 5
    assert '<tr><td colspan="2">… and 1,200 more</td></tr>' in markup
    assert "more" not in table(["n"], [[i] for i in range(5)], "Five", most=5)


def test_a_row_of_another_length_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="argument 2 is"):
        table(["a", "b"], [["x"]], "t")


def test_pairs_without_a_value_are_left_out():
    assert definitions([("a", ""), ("b", None)]) == ""
    assert definitions([("a", ""), ("b", 0)]) == '<dl class="pnb-facts"><div><dt>b</dt><dd>0</dd></div></dl>'


def test_a_long_line_is_folded_and_cut():
    short = evidence("short", "a.log:1")
    assert "<details" not in short
    assert '<span class="pnb-place">a.log:1</span>' in short
    folded = evidence("x" * 9000 + "\nsecond", "a.log:2")
    assert folded.startswith('<details class="pnb-evidence"><summary>')
    assert "x" * 99 + "…</code>" in folded
    assert len(folded) < 4400
    assert "second</pre>" in evidence("first\nsecond", "a.log:3")


def test_dates_and_offsets_do_not_break_at_their_hyphens():
    whole = '<span class="pnb-whole">{}</span>'.format
    told = whole_dates("<b> 2024-01-14 17:17 UTC · 2024-01-14 11:17 CST (UTC-6), r2024-01-145")
    day = whole("2024-01-14")
    assert told == f"&lt;b&gt; {day} 17:17 {whole('UTC ·')} {day} 11:17 {whole('CST (UTC-6)')}, r2024-01-145"
    assert whole_dates(Safe("<i>2024-01-14</i>")) == "<i>2024-01-14</i>"  # what was built here stays
    assert day in definitions([("When", "2024-01-14")])
    assert day in finding_items([Finding("a", "note", "x", "On 2024-01-14.")])


def test_findings_say_their_severity_in_words():
    rows = [Finding("a", "error", "incident.toml", "it is wrong.", "Fix it."), Finding("b", "note", "x", "fine.")]
    markup = finding_items(rows, linked=True)
    assert '<li class="pnb-finding pnb-error" id="finding-1"><strong>Error</strong>' in markup
    assert "It is wrong." in markup
    assert "<strong>Note</strong>" in markup
    assert "id=" not in finding_items(rows)
