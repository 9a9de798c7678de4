"""Short forms of claims: what they say, that none claims more than its bounds, and the command that lists them."""

import re

import pandas as pd
import pytest
from conftest import START, at, declared_only, draw
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.claims import Claim, Claims, iso
from postmortem_nb.analysis.wordings import all_worded, named, wordings
from postmortem_nb.cli import main
from postmortem_nb.errors import SourceError
from postmortem_nb.example import Impact
from postmortem_nb.times import Duration, Instant, format_bounds, format_instant

always = settings(derandomize=True, deadline=None, max_examples=300)
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


def said(claim: Claim, form: str, zone: str = "UTC") -> str:
    claims = Claims({claim.id: claim})
    claims.zone = zone
    return named(f"{claim.id}.{form}", claims).text


def length(lo, value, hi, unit="s"):
    parts = [None if v is None else pd.Timedelta(seconds=v) for v in (lo, value, hi)]
    return Claim("length", value, lo, hi, unit, format_bounds(Duration(*parts)), "measured", "how long")


def number(value, lo, hi, unit, text):
    return Claim("number", value, lo, hi, unit, text, "measured", "how many")


def instant(at, lo="", hi="", text=""):
    stamps = [pd.Timestamp(t) if t else None for t in (lo or at, at, hi or at)]
    given = Instant(*stamps, "measured", text)
    return Claim("t", iso(given.at), iso(given.lo), iso(given.hi), "instant", format_instant(given), "measured", "when")


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ((319, 320, 323), "about 5 minutes"),  # rounding took a sixteenth away
        ((300, 300, 300), "5 minutes"),
        ((3430, 3432, 3440), "57 minutes"),
        ((1620, 1680, 1740), "about 28 minutes"),
        ((2700, 2760, 2820), "about 46 minutes"),
        ((45, 45, 45), "45 seconds"),
        ((219, 220, 221), "about 4 minutes"),
        ((480, None, 720), "8 to 12 minutes"),
        ((59.9, 180, 300.1), "1 to 5 minutes"),
        ((0, 180, 300), "at most 5 minutes"),
        ((6780, 7080, 7740), "about 2 hours"),
        ((98, None, 161), "1 to 3 minutes"),
        ((1920, 1920, 3420), "32 to 57 minutes"),
        ((5925, None, None), "at least 1 hour 39 minutes"),
        ((-20, 10, 37), "at most 37 seconds"),
        ((5400, 5520, 5640), "about 1 hour 32 minutes"),
        ((-1740, -1740, -1700), "about −29 minutes"),
        ((None, None, 60), "at most 1 minute"),
        ((172_900, 172_900, 172_900), "2 days"),
    ],
)
def test_lengths(bounds, text):
    assert said(length(*bounds), "short") == text


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        (number(9173, 9156, 9173, "requests", "9,173 (9,156–9,173)"), "about 9,170"),
        (number(9173, 9173, 9173, "requests", "9,173"), "9,173"),
        (number(1677, 1675, 1988, "user-minutes", "1,677 user-minutes (…)"), "about 1,700 user-minutes"),
        (number(0.48, 0.36, 0.6, "share", "48 % (36–60 %)"), "36 to 60 %"),
        (number(0.84, 0.80, 0.88, "share", "84 % (80–88 %)"), "about 84 %"),
        (number(8332, 6201, 10464, "requests", "8,332 (6,201–10,464)"), "6,200 to 10,500"),
        (number(None, 2948, None, "requests", "at least 2,948"), "at least 2,948"),
        (number(0, 0, 52, "requests", "0 (0–52)"), "0 to 52"),
        (number(1, 1, 1, "yes or no", "yes"), "yes"),
        (number(None, None, None, "requests", "not known"), "not known"),
        (number(2, 2, 2, "windows", "2"), "2"),
        (number(0.26, 0.25, 0.27, "s", "0.26 s"), "0.26 s"),  # of one request, not of an incident
    ],
)
def test_numbers(claim, text):
    assert said(claim, "short") == text


def test_counts_in_words():
    assert said(number(2, 2, 2, "windows", "2"), "word") == "two"
    assert said(number(40, 40, 40, "windows", "40"), "word") == "40"


def test_instants():
    edge = instant("2013-05-01T01:26:40Z", "2013-05-01T01:26:38Z", "2013-05-01T01:26:41Z")
    assert dict(all_worded(edge, "America/Los_Angeles")) == {
        "t.short": "2013-05-01 01:26:40 UTC",
        "t.time": "01:26:40 UTC",
        "t.date": "1 May 2013",
        "t.local": "18:26:40 PDT",
        "t.local_date": "30 April 2013",
    }
    near = instant("2013-05-01T01:26:50Z", "2013-05-01T01:26:30Z", "2013-05-01T01:27:10Z")
    assert said(near, "time") == "01:27 UTC"  # the minute lies within the bounds
    about = instant("2013-05-01T01:26Z", "2013-05-01T01:24Z", "2013-05-01T01:28Z")
    assert said(about, "time") == "about 01:26 UTC"
    wide = instant("2013-05-01T00:10Z", "2013-04-30T23:50Z", "2013-05-01T00:30Z")
    assert (said(wide, "time"), said(wide, "date")) == ("23:50–00:30 UTC", "30 April 2013 to 1 May 2013")
    open_ = Claim("t", None, "2013-05-01T01:26:00Z", None, "instant", "after …", "measured", "when")
    assert said(open_, "time") == "after 01:26 UTC"


def test_the_window_has_both_ends():
    claims = pnb.analyze(draw(Impact(at(60), at(90), "errors", 0.6))[0]).claims
    assert re.fullmatch(r"\d\d:\d\d(:\d\d)?–\d\d:\d\d(:\d\d)? UTC", named("window.time", claims).text)
    assert named("window.date", claims).text == f"{START.day} {START:%B %Y}"


@always
@given(st.tuples(*[st.integers(-4000, 200_000)] * 3).map(sorted))
def test_no_length_claims_more_than_its_bounds(bounds):
    lo, value, hi = bounds
    text = said(length(lo, value, hi), "short")
    numbers = [_seconds(part) for part in re.split(r" to (?=\d|−)", text)]
    if " to " in text:  # a range holds the bounds; a single unit stands for both
        if len(re.findall("[a-z]{3,}", text)) == 1:
            numbers[0] = _seconds(f"{text.partition(' ')[0]} {text.rpartition(' ')[2]}")
        assert numbers[0] <= lo + 6  # a tenth of a minute
        assert numbers[1] >= hi - 6
    elif text.startswith("at most"):
        assert numbers[0] >= hi - (0.5 if hi < 600 else 30 if hi < 86_400 else 1800)
    elif text.startswith("about"):
        assert abs(numbers[0] - value) <= max(30, hi - lo, abs(value) / 10)
    else:  # a bare number: both bounds are this number to the last unit that it names
        unit = SECONDS[re.findall("[a-z]+", text)[-1].rstrip("s")]
        assert abs(lo - numbers[0]) <= unit / 2
        assert abs(hi - numbers[0]) <= unit / 2


def _seconds(text: str) -> int:
    sign = -1 if "−" in text else 1
    return sign * sum(int(n) * SECONDS[u] for n, u in re.findall(r"(\d+) (second|minute|hour|day)", text))


def test_every_claim_has_a_short_form_and_an_unknown_one_keeps_its_words():
    claims = pnb.analyze(declared_only()).claims
    for claim in claims.values():
        assert "short" in wordings(claim)
        if claim.value is None and claim.lo is None and claim.hi is None:
            assert all(text == claim.text for _, text in all_worded(claim, claims.zone))


def test_a_form_that_a_claim_does_not_have():
    with pytest.raises(SourceError, match=r"the claim 'length' has no form 'time'"):
        said(length(60, 60, 60), "time")


def test_the_command_lists_the_forms(tmp_path, capsys):
    folder = tmp_path / "2024-01-14-x"
    folder.mkdir()
    (folder / "incident.toml").write_text('title = "It broke"\n[milestones]\nstarted = "2024-01-14T10:15Z"\n')

    def run(*args):
        with pytest.raises(SystemExit) as ended:
            main(["claims", str(folder), *args])
        return ended.value.code, capsys.readouterr().out

    code, out = run()
    assert code == 0
    assert "onset.time  10:15 UTC" in out
    code, out = run("onset", "onset.date")
    assert code == 0
    assert "onset.local_date: 14 January 2024" in out
    assert "onset = 14 January 2024 (declared)" in out
