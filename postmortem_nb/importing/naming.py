"""Names of imported incidents: the day and some words; and where the original is kept."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from postmortem_nb.evidence.loading import IMPORTED

__all__ = ["IMPORTED", "day_in", "name_of"]

LONGEST = 60  # characters of the words

_WORDS = re.compile(r"[a-z0-9]+")
_DAY = re.compile(r"(?<!\d)(\d{4})[-_.]?(\d{2})[-_.]?(\d{2})(?!\d)")


def name_of(day: dt.date | None, title: str, stem: str, tail: str = "") -> str:
    """Return the name of an incident's folder; ``tail`` tells apart incidents of one day and title.

    >>> name_of(dt.date(2024, 1, 31), "Checkout: answered with *errors*", "pm-7")
    '2024-01-31-checkout-answered-with-errors'
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = _WORDS.findall(plain.lower()) or _WORDS.findall(stem.lower()) or ["incident"]
    kept = words[:1]
    for word in words[1:]:
        if len("-".join([*kept, word])) > LONGEST:
            break
        kept.append(word)
    return "-".join([*([day.isoformat()] if day else []), kept[0][:LONGEST], *kept[1:], *_WORDS.findall(tail.lower())])


def day_in(text: str) -> dt.date | None:
    """Return the day that the name of a file carries; None if it carries none."""
    for match in _DAY.finditer(text):
        try:
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            continue
    return None
