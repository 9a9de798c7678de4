"""How messages write an impact window: the words that open it, its two times, and what makes it none.

The groups of the patterns: ``h``, ``m``, ``s``, ``half`` (am or pm), ``zone``, ``offset``, ``far`` of the times 1 and
2; ``iso`` or ``month``, ``day`` and ``year`` of the dates 0 to 4, which stand before the words (0), before (1, 2) and
behind (4, 3) the times; ``length``.
"""

from __future__ import annotations

import re

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _date(n: int) -> str:
    month = rf"(?:{'|'.join(MONTHS)})[a-z]*\.?"
    return (
        rf"(?:[a-z]{{3,6}}day,?\s+)?(?:(?P<iso{n}>\d{{4}}-\d\d-\d\d)"
        rf"|(?P<month{n}>{month})\s+(?P<day{n}>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<year{n}>\d{{4}})\b)?"
        rf"|(?P<day{n}b>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month{n}b>{month})(?:,?\s+(?P<year{n}b>\d{{4}})\b)?)"
    )


# Offsets from UTC, and words for zones that are winter and summer time in turn.
_FAR = (
    r"(?:UTC|GMT)\s?[+−-]\d{1,2}(?::?\d\d)?\b|[+−-]\d{4}\b|(?-i:[ECMP]T\b)"
    r"|(?:Eastern|Central|Mountain|Pacific)\b(?:\s(?:Standard\s|Daylight\s)?Time\b)?"
)


def _time(n: int) -> str:
    return (
        rf"(?:at\s+)?\(?(?<![\d.:])(?P<h{n}>\d{{1,2}})(?:(?P<colon{n}>:)?(?P<m{n}>\d\d))?(?::(?P<s{n}>\d\d))?"
        rf"\s?(?P<half{n}>[ap]\.?m\b\.?)?(?:(?P<offset{n}>(?<=:\d\d:\d\d)[+-]\d\d:?\d\d)"
        rf"|\s?\(?(?P<far{n}>{_FAR})\)?|\s?\(?(?P<zone{n}>(?-i:[A-Z]{{3,4}}|Z))\b\)?)?\)?"
    )


_ABOUT = r"(?:(?:approximately|approx\.?|about|around|roughly|circa|ca\.|~)\s*)?"
_TO = r"\s*(?:\bto\b|\buntil\b|\btill\b|\bthrough\b|[–—/]|(?<!:\d\d:\d\d)-)\s*"  # -00:00 behind seconds is an offset
_LED = r"\b(?:between|from|(?:start|beginn?)(?:ing|ed|s)|began)\s+(?:(?:at|on|from)\s+)?"  # words that open a window
_LABEL = r"\b(?:window|impact|outage|downtime|duration|affected|when|time)\b[^.:;\n\d]{0,24}:\s*"
_LASTING = r",?\s*\b(?:and\s+)?(?:it\s+)?(?:last|end|continu|finish)(?:ing|ed|s)?\s+"
_AND = rf"(?:{_LASTING}(?:until|till|to|through|at|on|by)\b\s*|\s*\band\b\s*|{_TO})"
_FOR = rf"(?:,?\s*\b(?:and\s+)?for\s+|{_LASTING}(?:for\s+)?)"
_UNIT = r"(?:days?|hours?|hrs?|minutes?|mins?)"
_LENGTH = rf"{_ABOUT}(?P<length>\d+(?:\.\d+)?\s?{_UNIT}(?:,?\s+(?:and\s+)?\d+\s?{_UNIT})?)\b"


def _start(is_dated: bool = False) -> str:
    date = rf"{_date(1)}(?:,?\s+|T)(?:at\s+)?"
    return rf"{_ABOUT}{date if is_dated else f'(?:{date})?'}{_ABOUT}{_time(1)}(?:,?\s+(?:on\s+)?{_date(4)})?"


_ON = rf"(?:\bon\s+{_date(0)},?\s+)?"
_END = rf"{_ABOUT}(?:(?:at|on)\s+)?(?:{_date(2)}(?:,?\s+|T)(?:at\s+)?)?{_ABOUT}{_time(2)}(?:,?\s+(?:on\s+)?{_date(3)})?"
_WINDOWS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        f"{_ON}{_LED}{_start()}{_AND}{_END}",  # between 14:05 and 15:10; starting at 14:05 and lasting until 15:10
        f"{_ON}{_LED}{_start()}{_FOR}{_LENGTH}",  # starting at 14:05 for 65 minutes
        f"{_LABEL}{_start()}{_TO}{_END}",  # Impact window: 14:05 - 15:10
        rf"\b{_start(is_dated=True)}{_TO}{_END}",  # July 3, 14:05 - 15:10
    )
]
_US = r"\b(?:we|they|our teams?|teams?|(?:our )?engineers?)\b(?: [\w’']+){0,3} "
_DONE = r"(?:deploy|rolled (?:\w+ )?(?:out|back)|revert|restor|replay|back-?fill|re-?process|investigat|appl)\w*\b"
_ITS = r"\b(?:fix(?:es)?|patch(?:es)?|change|release|rollout|rollback|fail-?over|back-?ups?|data)\b"
_CALM = r"(?:normal|healthy|stable|unaffected|not affected|not impacted)\b"
_OTHER = (  # what is said to have happened then is no impact
    f"{_US}{_DONE}",
    rf"{_ITS}(?: [\w’']+){{0,3}} (?:deployed|rolled out|released|applied|ran|modified|taken|made)\b",
    r"\b(?:back-?filling|replaying|re-?processing|restoring|modified|signed up)\b",
    r"\bmaintenance(?: window)?\b|\bscheduled (?:for|from|between|to)\b",
    r"\bno (?:\w+ ){0,2}(?:impact|users?|customers?|errors?|disruptions?|outages?|degradation)\b",
    rf"\b(?:was|were|is|are|looks?|remained|stayed|appear\w*) (?:\w+ )?{_CALM}",
    r"\b(?:similar|previous) (?:incident|outage|issue)\b|\blast week\b",
    r"\bnext update\b|\bexpect\w*\b|\bwill (?:provide|post|share|update)\b",
)
_BEFORE = re.compile(f"(?:{'|'.join(_OTHER)})[^.;:!?]{{0,60}}$", re.IGNORECASE)
_BEHIND = re.compile(rf"^[\s,]*(?:{_US}{_DONE}|the {_ITS} (?:was|were)\b)", re.IGNORECASE)
OFFSET = re.compile(r"(?:UTC|GMT)?\s?([+−-])(\d{1,2}?)(?::?(\d\d))?")
FIELDS = {name for pattern in _WINDOWS for name in pattern.groupindex}


def matches(text: str) -> list[re.Match[str]]:
    """Return what reads as the window of an impact, in order; where two ways of writing overlap, the first counts."""
    found: list[re.Match[str]] = []
    for pattern in _WINDOWS:
        for match in pattern.finditer(text):
            is_taken = any(match.start() < other.end() and other.start() < match.end() for other in found)
            is_other = _BEFORE.search(text[: match.start()][-120:]) or _BEHIND.match(text[match.end() :][:80])
            if not is_taken and not is_other:
                found.append(match)
    return sorted(found, key=lambda match: match.start())
