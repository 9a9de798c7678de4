"""A text as words with their places; phrases are looked for in words, so that the end of a line hides none."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Every repetition is bounded or cannot overlap with what follows, so that no text makes this slower than linear.
_WORD = re.compile(r"\d[\d.,]{0,12}\s?%|[^\W\d_]+(?:['’-][^\W\d_]+)*|\w+")
_STOP = re.compile(r"[.!?;:|]")


@dataclass(frozen=True)
class Word:
    """One word: as written, lower-case with a plain apostrophe, where it stands, and whether a sentence begins with it.

    Parameters
    ----------
    text, low : str
    start, end : int
        Places in the text.
    parted : bool
        Whether a mark stands before it that parts sentences or clauses; the first word is parted.
    """

    text: str
    low: str
    start: int
    end: int
    parted: bool


def words_of(text: str) -> list[Word]:
    """Return the words of a text in order."""
    words: list[Word] = []
    last = 0
    for match in _WORD.finditer(text):
        parted = not words or _STOP.search(text, last, match.start()) is not None
        low = match[0].lower().replace("’", "'")
        words.append(Word(match[0], "".join(low.split()), match.start(), match.end(), parted))
        last = match.end()
    return words
