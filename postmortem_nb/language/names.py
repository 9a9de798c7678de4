"""Names of persons in a text: addresses, mentions, titles, and given names with a verb or a second name behind."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from importlib.resources import files

from postmortem_nb.language.words import Word

_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_MENTION = re.compile(r"(?<![\w@./])@([A-Za-z][\w.-]{1,38})")
# Behind these a given name alone is a person: "reported by Anna".
_FROM = frozenset({"by", "and", "from", "with", "told", "asked", "to"})


@cache
def lists() -> dict[str, frozenset[str]]:
    """Return the lists of words that names are told by."""
    raw = tomllib.loads((files("postmortem_nb.language") / "names.toml").read_text(encoding="utf-8"))
    return {name: frozenset(text.split()) for name, text in raw.items()}


def persons(text: str, words: Sequence[Word], names: Collection[str] = ()) -> Iterator[tuple[int, int]]:
    """Yield the first and behind the last word of each name of a person; misses many, mistakes few.

    Parameters
    ----------
    text : str
    words : sequence of Word
        Of the text.
    names : collection of str
        Names that are always meant, in lower case.
    """
    spans = [m.span() for m in _ADDRESS.finditer(text)]
    spans += [m.span() for m in _MENTION.finditer(text) if m[1].lower().rstrip(".") not in lists()["at_words"]]
    n = 0
    for start, end in [*sorted(spans), (len(text) + 1, len(text) + 1)]:
        while n < len(words) and words[n].start < start:
            last = n + 1
            if words[n].end <= start and (behind := _behind(words, n, names)) and words[behind - 1].end <= start:
                yield n, behind
                last = behind
            n = last
        first = n
        while n < len(words) and words[n].start < end:
            n += 1
        if n > first:
            yield first, n


def _behind(words: Sequence[Word], n: int, names: Collection[str]) -> int:
    """Return behind which word a name ends that begins here; 0 if none does.

    That is a title and a name, or a given name that a verb or a second name follows.
    """
    word, known = words[n], lists()
    name = word.low.removesuffix("'s")
    if name in names and word.text[:1].isupper():
        return n + 1
    if not word.text[:1].isupper() or word.text.isupper() or not (name in known["given"] or name in known["titles"]):
        return 0
    following = words[n + 1] if n + 1 < len(words) else None
    follows = following is not None and (not following.parted or name in known["titles"])
    if follows and following is not None and following.text[:1].isupper() and not following.text.isupper():
        return n + 2
    if name in known["titles"]:
        return 0
    does = follows and following is not None and following.low in known["verbs"]
    is_told = n > 0 and not word.parted and words[n - 1].low in _FROM
    return n + 1 if does or is_told or word.low.endswith("'s") else 0
