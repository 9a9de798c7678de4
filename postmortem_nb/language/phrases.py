"""Phrases as rules write them, and where they stand in a text.

A phrase is words with spaces between: ``a|b`` is either word, ``care*`` any word that begins so, ``_`` any one word,
``word?`` may be left out, ``<people>`` is a set of the rule. Case does not matter. Each word of a text is the first of
a phrase at most once and a phrase has few words, so the work grows with the text and with nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from postmortem_nb.language.words import Word


@dataclass(frozen=True)
class Part:
    """One place of a phrase: the words that may stand there."""

    exact: frozenset[str] = frozenset()
    begins: tuple[str, ...] = ()
    is_any: bool = False
    is_optional: bool = False

    @classmethod
    def of(cls, text: str, sets: Mapping[str, Sequence[str]]) -> Part:
        """Read one place as it is written.

        Raises
        ------
        ValueError
            For a set that the rule does not have.
        """
        is_optional, text = text.endswith("?"), text.removesuffix("?")
        if text == "_":
            return cls(is_any=True, is_optional=is_optional)
        choices: list[str] = []
        for choice in text.lower().split("|"):
            if choice.startswith("<"):
                if choice.strip("<>") not in sets:
                    raise ValueError(f"there is no set {choice}")
                choices += sets[choice.strip("<>")]
            else:
                choices.append(choice)
        return cls(
            frozenset(c for c in choices if not c.endswith("*")),
            tuple(c[:-1] for c in choices if c.endswith("*")),
            is_optional=is_optional,
        )

    def fits(self, word: Word) -> bool:
        """Whether a word may stand here."""
        return self.is_any or word.low in self.exact or (bool(self.begins) and word.low.startswith(self.begins))


Phrase = tuple[Part, ...]
_BEGIN = 3  # letters of a word that is written care*, by which phrases are found


class Phrases:
    """Several phrases, looked for together.

    Parameters
    ----------
    texts : sequence of str
        The phrases as written.
    sets : mapping
        Name of a set → its words.

    Raises
    ------
    ValueError
        For a phrase whose first word may be any, or be left out.
    """

    def __init__(self, texts: Sequence[str], sets: Mapping[str, Sequence[str]] | None = None) -> None:
        self._by_first: dict[str, list[Phrase]] = {}
        self._by_begin: dict[str, list[Phrase]] = {}
        for text in texts:
            phrase = tuple(Part.of(part, sets or {}) for part in text.split())
            if phrase[0].is_any or phrase[0].is_optional or not all(len(b) >= _BEGIN for b in phrase[0].begins):
                raise ValueError(f"the phrase {text!r} begins with a word that may be any")
            for word in phrase[0].exact:
                self._by_first.setdefault(word, []).append(phrase)
            for begin in {b[:_BEGIN] for b in phrase[0].begins}:
                self._by_begin.setdefault(begin, []).append(phrase)

    def find(self, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
        """Yield the first and behind the last word of each place where a phrase stands; the longest, none overlap."""
        behind = 0
        for at, word in enumerate(words):
            whole, begun = self._by_first.get(word.low), self._by_begin.get(word.low[:_BEGIN])
            if at < behind or not (whole or begun):
                continue
            end = max(_end(phrase, words, at) for phrase in (*(whole or ()), *(begun or ())))
            if end > at:
                yield at, end
                behind = end


def _end(phrase: Phrase, words: Sequence[Word], start: int) -> int:
    """Return behind which word a phrase ends that begins at one; -1 if it does not stand there."""
    ends = {start}
    for part in phrase:
        following = set()
        for at in ends:
            if part.is_optional:
                following.add(at)
            if at < len(words) and (at == start or not words[at].parted) and part.fits(words[at]):
                following.add(at + 1)
        ends = following
        if not ends:
            return -1
    return max(ends)
