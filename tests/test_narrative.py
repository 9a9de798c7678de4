"""The narrative: passages and their lines, claims in place, and what is refused."""

import dataclasses

import pytest
from conftest import declared_only, gauge, steps
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.claims import Claims
from postmortem_nb.errors import IncidentError
from postmortem_nb.narrative import Passage, read_narrative, refuse, render, unresolved

always = settings(derandomize=True, deadline=None)
CLAIMS = pnb.analyze(gauge(steps((1, 60), (5, 30), (1, 60)), unit="s")).claims


def put(text, line=1):
    return render(Passage("Summary", text, line), CLAIMS)


def test_passages_by_heading_with_the_line_on_which_they_begin():
    text = "before\n\n## Summary\n\nIt broke.\n### Detail\nmore\n## Impact\n## Lessons\n\nlearn\n"
    passages = read_narrative(text)
    assert {h: (p.text.strip(), p.line) for h, p in passages.items()} == {
        "": ("before", 1),
        "Summary": ("It broke.\n### Detail\nmore", 4),
        "Lessons": ("learn", 10),
    }
    assert read_narrative("") == {}
    assert passages["Summary"].words == 5


def test_comments_are_blanked_and_lines_stay_right():
    passages = read_narrative(
        "## Summary\n<!-- one\ntwo -->\n<!--\n## Impact\n-->\ntext {{ onset }} <!-- {{ nonsense }} -->\n"
    )
    assert list(passages) == ["Summary"]
    assert "nonsense" not in passages["Summary"].text
    assert passages["Summary"].text.split("\n").index("text {{ onset }} ") + passages["Summary"].line == 7


def test_a_hash_in_a_fenced_block_is_no_heading():
    text = "## Summary\n```sh\n## not a heading\n```\n~~~\n```\n## nor this\n~~~\n## Impact\nx\n"
    assert list(read_narrative(text)) == ["Summary", "Impact"]
    assert list(read_narrative("## Summary\n```\n## open to the end\n")) == ["Summary"]


def test_windows_line_ends_and_odd_separators():
    assert list(read_narrative("## Summary\r\nx\r\n## Impact\r\ny\r\n")) == ["Summary", "Impact"]
    assert read_narrative("## Summary\nx\u2028## Impact\ny\n")["Summary"].text.count("\n") == 2


def test_a_heading_that_stands_twice():
    with pytest.raises(
        IncidentError, match=r"^narrative.md:4: the heading 'Summary' stands twice\. Join the two passages\.$"
    ):
        read_narrative("## Summary\nx\n\n## Summary\ny\n")
    assert read_narrative("## Summary\n\n## Summary\ny\n")["Summary"].text.strip() == "y"


def test_a_claim_is_put_in_with_a_link_and_its_definition():
    text = put("It took {{ impact_time }}, {{time_to_recover}}.")
    assert (
        '<a class="pnb-claim" href="#claim-impact_time" title="total length of the union of the impact windows' in text
    )
    assert ">30 min &#40;29–31&#41;</a>" in text
    assert "{{" not in text


def test_a_claim_without_a_value_says_so():
    assert ">not known</a>" in put("It is {{ time_to_detect }}")
    assert ">not recorded</a>" in put("It is {{ declared_closed }}")
    assert "(not known)" not in put("{{ onset }}")


def test_a_value_that_begins_a_sentence_begins_it_with_a_capital():
    assert ">Not known</a>" in put("{{ time_to_detect }} so far")
    assert ">Not known</a>" in put("It broke.\n{{ time_to_detect }} so far")
    assert ">Not known</a>" in put("It broke\n\n{{ time_to_detect }} so far")
    assert ">not known</a>" in put("It broke,\n{{ time_to_detect }} so far")


def test_a_claim_over_two_lines():
    assert ">30 min" in put("{{\nimpact_time\n}}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\nb {{ impact_tim }}", r"^narrative.md:6: there is no claim 'impact_tim'\. Did you mean impact_time"),
        ("{{ xyzzy }}", r"^narrative.md:5: there is no claim 'xyzzy'\. `postmortem-nb claims NAME` lists what"),
        ("{{ 1 + 1 }}", r"there is no claim '1 \+ 1'\. Between .* to show the braces as such, write \\{{\.$"),
        ("{{ onset.tme }}", r"^narrative.md:5: the claim 'onset' has no form 'tme'\. Did you mean time\?$"),
        ("{{ onset.lo }}", r"the claim 'onset' has no form 'lo'\. .*local"),
        ("{{ onst.time }}", r"there is no claim 'onst.time'\. Did you mean onset"),
        ("{{ onset.time.short }}", r"there is no claim 'onset.time.short'"),
        (
            "{{ onset | upper }}",
            r"there is no claim 'onset \| upper'\. A claim takes no filter\. Write {{ onset }}, or a ",
        ),
        ("{{ onst | upper }}", r"A claim takes no filter, and 'onst' is none\. Did you mean onset"),
        ("{{ xyzzy | upper }}", r"A claim takes no filter, and 'xyzzy' is none\. `postmortem-nb claims NAME`"),
        ("{{ __class__ }}", r"there is no claim '__class__'"),
        ("{{ ''.join() }}", r"there is no claim"),
        ("{{}}", r"there is no claim ''"),
        ("{{ Onset }}", r"there is no claim 'Onset'"),
        ("{{ " + "x" * 500 + " }}", r"there is no claim 'x{60}'"),
    ],
)
def test_anything_else_between_braces_is_refused_with_its_line(text, message):
    with pytest.raises(IncidentError, match=message):
        put(text, line=5)


def test_every_unknown_claim_is_told_at_once():
    passages = [Passage("Summary", "{{ a }} {{ onset }}\n{{ b }} {{ b }}", 3), Passage("Impact", "{{ onset | x }}", 9)]
    with pytest.raises(IncidentError) as error:
        refuse(passages, CLAIMS)
    assert [line.partition(" ")[0] for line in str(error.value).split("\n")] == [
        "narrative.md:3:",
        "narrative.md:4:",
        "narrative.md:9:",
    ]
    assert [where for where, _ in unresolved(passages[:1], CLAIMS)] == ["narrative.md:3", "narrative.md:4"]
    refuse([Passage("Summary", "{{ onset.time }}", 1)], CLAIMS)


def test_braces_that_are_meant_as_such():
    assert put(r"helm \{{ .Values.x }}") == "helm {{ .Values.x }}"
    assert put("{ onset } and { { onset } }") == "{ onset } and { { onset } }"


def test_a_claim_cannot_bring_markup_along():
    hostile = dataclasses.replace(
        CLAIMS["onset"], text="<img src=x onerror=alert(1)> *b* [l](u) `c` |\n# h", definition='" onmouseover="x'
    )
    text = render(Passage("Summary", "{{ onset }}", 1), Claims(onset=hostile))
    inner = text.split(">", 1)[1].removesuffix("</a>")
    assert not set(inner) & set("<>*[]`|\n\"'")
    assert text.count('"') == 6  # class, href and title, nothing more
    assert "onmouseover=&#34;x" in text


@given(st.text(max_size=80))
@always
def test_no_text_is_executed_and_only_claims_can_fail(text):
    try:
        passages = read_narrative(text)
        rendered = [render(p, CLAIMS) for p in passages.values()]
    except IncidentError as error:
        assert str(error).startswith("narrative.md:")
    else:
        assert all(isinstance(r, str) for r in rendered)


def test_every_claim_can_be_named_in_every_incident():
    text = "\n".join(f"{{{{ {name} }}}}" for name in CLAIMS)
    assert "{{" not in put(text)
    assert "{{" not in render(Passage("Summary", text, 1), pnb.analyze(declared_only()).claims)
