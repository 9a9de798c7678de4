"""What a document says about the zone of its times: "All times in UTC", "Time (CET)", "16:37 Denver"."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Iterator
from functools import cache

from postmortem_nb.evidence.abbreviations import DOUBTFUL, EXAMPLES
from postmortem_nb.times import UTC

REGIONS = {  # how people call zones of the United States, apart from winter and summer
    "pacific": "America/Los_Angeles",
    "pt": "America/Los_Angeles",
    "mountain": "America/Denver",
    "mt": "America/Denver",
    "central": "America/Chicago",
    "ct": "America/Chicago",
    "eastern": "America/New_York",
    "et": "America/New_York",
}
_SHORTS = "|".join(sorted(EXAMPLES, key=len, reverse=True))
_NAMED = (
    rf"(?:UTC|GMT)\s?[+-]\d{{1,2}}(?::?\d{{2}})?|UTC|GMT|[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+|{_SHORTS}"
    r"|(?:Pacific|Mountain|Central|Eastern)(?:\s(?:Standard\s|Daylight\s)?[Tt]ime)?|[PMCE]T"
)
_STATED = re.compile(
    rf"(?:\b[Tt]imes?(?:\s?zones?|stamps?)?\b|\bTIMES?\b)[^.|\n]{{0,50}}?[\s:(,\[]"
    rf"(?P<zone>{_NAMED}|[A-Z][a-z]+(?=\s(?:local\s)?time\b))(?![\w/])"
)
_ALONE = re.compile(rf"^\W*(?P<zone>{_NAMED})\W*$|\((?P<zone2>{_NAMED})\)")
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?(?P<sign>[+-])(?P<h>\d{1,2})(?::?(?P<m>\d{2}))?")


def stated_zones(text: str) -> Iterator[str]:
    """Yield what a text says its times are in, as it stands."""
    for match in _STATED.finditer(text):
        yield match["zone"]


def zone_in_header(text: str) -> str:
    """Return the zone that the header of a column names: ``Time (UTC)``, ``Date and Time in CET``, ``UTC``."""
    found = _ALONE.search(text)
    return (found["zone"] or found["zone2"]) if found else next(stated_zones(text), "")


def zone_named_by(word: str) -> tuple[str, str]:
    """Return the IANA zone that a word means, and why there is none: one of the two is empty.

    >>> zone_named_by("Denver")
    ('America/Denver', '')
    >>> zone_named_by("PST")[0]
    ''
    """
    word = word.strip()
    if word.upper() in ("UTC", "GMT", "Z"):
        return UTC, ""
    if word in zoneinfo.available_timezones() and "/" in word:
        return word, ""
    region = REGIONS.get(re.sub(r"\s+(?:standard |daylight )?time$", "", word.lower()))
    if region:
        return region, ""
    if word in DOUBTFUL:
        return "", f"{word} means several zones, such as {EXAMPLES[word]}"
    if word in EXAMPLES:
        return EXAMPLES[word], ""
    offset = _OFFSET.fullmatch(word)
    if offset and not int(offset["m"] or 0) and int(offset["h"]) <= 12:
        hours = int(offset["h"])
        return (f"Etc/GMT{'-' if offset['sign'] == '+' else '+'}{hours}" if hours else UTC), ""
    city = cities().get(word.lower())
    return (city, "") if city else ("", f"{word!r} is the name of no zone that is known")


def offset_of(word: str) -> dt.timedelta | None:
    """Return an offset from UTC that is written as such (``+02:00``, ``UTC-5``), ``Z`` included; None if it is none."""
    if word.upper() in ("UTC", "GMT", "Z"):
        return dt.timedelta(0)
    found = _OFFSET.fullmatch(word.strip())
    if not found:
        return None
    shift = dt.timedelta(hours=int(found["h"]), minutes=int(found["m"] or 0))
    return -shift if found["sign"] == "-" else shift


@cache
def cities() -> dict[str, str]:
    """Return city → zone, of cities that name one zone."""
    found: dict[str, list[str]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        area, _, city = name.rpartition("/")
        if area in ("Africa", "America", "Asia", "Australia", "Europe", "Pacific", "Atlantic"):
            found.setdefault(city.replace("_", " ").lower(), []).append(name)
    return {city: names[0] for city, names in found.items() if len(names) == 1}
