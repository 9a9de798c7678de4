"""Numbers in prose: which digits and number words are a time, a length, a count or a price that was typed by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

_TIME = r"milliseconds?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?"
_PEOPLE = r"users?|customers?|visitors?|clients?|accounts?|sessions?|subscribers?"
_THINGS = (
    r"requests?|errors?|failures?|alerts?|orders?|payments?|tickets?|transactions?|messages?|e-?mails?|calls|queries"
    r"|servers?|hosts?|machines?|nodes?|pods?|instances?|containers?|replicas?|connections?|threads?|restarts?|retries"
    r"|attempts?|deployments?|rows|records|times"
)
_MONEY = r"euros?|dollars?|pounds?|EUR|USD|GBP|CHF"
_UNIT = rf"ms|s|h|{_TIME}|{_PEOPLE}|{_THINGS}|pages?|[KMGT]i?B|{_MONEY}"
SCALE = r"(?:k|thousand|m|mn|million|bn|billion)"
ONE = r"(?:\d{1,3}(?:[ \u00a0\u202f]\d{3}){1,4}(?![\d.,]{0,14}\d)|\d(?:[\d.,]{0,14}\d)?)"
NUMBER = rf"{ONE}(?:\s?[–-]\s?{ONE}|\s+to\s+{ONE})?"
_NOON = r"[ap](?:m\b|\.m\.)"
# Each repetition is bounded, so that no line makes this slower than linear.
DIGITS = re.compile(
    rf"(?<![\w:.-])\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:\s?{_NOON})?(?![\w:])"
    rf"|(?:[$€£]|\b(?:EUR|USD|GBP|CHF)\b)\s?{NUMBER}(?:\s?(?i:{SCALE})\b)?"
    rf"|(?<![\w.,:-]){NUMBER}(?:\s?(?:%|(?:percent|per\s+cent|{_UNIT}|(?i:{SCALE})\s+(?:{_UNIT}))\b|{_NOON})"
    rf"|x(?!\w)|\s?×(?!\s?\d))"
)
_SMALL = r"two|three|four|five|six|seven|eight|nine"
_COUNT = (
    rf"(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-(?:one|{_SMALL}))?|{_SMALL}|ten|eleven|twelve"
    r"|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|(?:a|one)\s(?=hundred|thousand|million|dozen))"
)
_WHOLE = r"the|all|our|its|their"
# Who counts people, servers or time measures; who counts ways, things or services tells. "One" mostly means "a".
SPELLED = re.compile(
    rf"\b(?:{_COUNT}(?:\s?(?:hundred|thousand|million|dozen))?(?:\sand\sa\shalf)?(?:\s(?!(?:of|or|and|the|to)\b)[a-z-]{{2,20}})?"
    rf"\s(?:{_TIME}|{_PEOPLE}|{_THINGS}|percent|per\scent|{_MONEY})\b"
    rf"|(?:half|a\squarter\sof|three\squarters\sof)\san?\s(?:{_TIME})\b(?:\sand\sa\shalf\b)?"
    rf"|an?\s(?:{_TIME})\sand\sa\shalf\b"
    rf"|(?:half|(?:a|one|two|three)[\s-](?:thirds?|quarters?|fifths?|tenths?)|{_COUNT}\sin\s{_COUNT})"
    rf"\s(?:of\s)?(?:(?:{_WHOLE})\s)?(?:{_PEOPLE}|{_THINGS}|traffic)\b)",
    re.IGNORECASE,
)
ANY = re.compile(f"{DIGITS.pattern}|(?i:{SPELLED.pattern})")  # what may hold a number, language or not
# "The two hosts" were counted before; "two weeks ago" is no length of this incident; "HTTP 500 errors" has no number.
_BEFORE = re.compile(r"\b(?:the|these|those|both|other|any|its|their|our|every|each|first|last|next)\s$", re.IGNORECASE)
_NAMED = re.compile(r"\b(?:HTTP|status|error|code|port|line|version)\s$", re.IGNORECASE)
_AGO = re.compile(r"\s(?:ago|earlier|later|before|old|from\snow)\b", re.IGNORECASE)
_LONG = re.compile(r"(?:days?|weeks?|months?|years?)$", re.IGNORECASE)
NEAR = 20  # characters before and behind that are looked at


def typed_numbers(text: str) -> Iterator[Span]:
    """Yield where numbers stand in a text, in order; parts of one length (``1 h 32 min``) are one number."""
    flat = re.sub(r"\s", " ", text)
    last: Span | None = None
    for start, end in sorted({*_digits(flat), *_spelled(flat)}):
        if last is not None and (start < last[1] or not flat[last[1] : start].strip()):
            last = last[0], max(end, last[1])
            continue
        if last is not None:
            yield last
        last = start, end
    if last is not None:
        yield last


def _digits(text: str) -> Iterator[Span]:
    for match in DIGITS.finditer(text):
        if not _NAMED.search(text, max(0, match.start() - NEAR), match.start()):
            yield match.span()


def _spelled(text: str) -> Iterator[Span]:
    for match in SPELLED.finditer(text):
        start, end = match.span()
        if _BEFORE.search(text, max(0, start - NEAR), start):
            continue
        if _LONG.search(match[0]) and _AGO.match(text, end):
            continue
        yield start, end
