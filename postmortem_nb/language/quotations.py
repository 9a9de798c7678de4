"""What a narrative quotes: words that stand as they are in a declared fact or in a record of the evidence.

Words are compared, not characters, so that escapes of Markdown, capitals and the ends of lines hide nothing. In
quotation marks a part of a fact is a quotation; without them a whole fact, or one of its sentences.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice

from pydantic import BaseModel

from postmortem_nb.incident import Incident
from postmortem_nb.language.texts import Prose
from postmortem_nb.times import Instant

Span = tuple[int, int]
_WORD = re.compile(r"[^\W_]+|[%$€£]")
_ENTITY = re.compile(r"&(?:amp|lt|gt);")
_UNREAD = re.compile(r"`[^`\n]{0,500}`|<[a-zA-Z/][^<>\n]{0,500}>")
_SENTENCES = re.compile(r"(?<=[.!?])\s+")
_QUOTE = re.compile(r"“([^“”]{1,300})”|\"([^\"]{1,300})\"")
MOST = 200  # quotes of one paragraph


class Quotations:
    """Finds what is quoted from one incident.

    Parameters
    ----------
    incident : Incident
    numbers : re.Pattern
        Only facts and records in which it finds something are looked for.
    """

    def __init__(self, incident: Incident, numbers: re.Pattern[str]) -> None:
        self._incident = incident
        self._numbers = numbers

    def spans(self, prose: Prose) -> Iterator[Span]:
        """Yield where a paragraph quotes, facts first, records of the evidence last."""
        words = [(m.start(), m.end()) for m in _WORD.finditer(_without_entities(prose.text))]
        text = _joined(prose.text[start:end] for start, end in words)
        yield from self._marked(prose, self._facts)
        yield from self._whole(words, text, self._told)
        yield from self._marked(prose, self._recorded)
        yield from self._whole(words, text, self._records)

    def _marked(self, prose: Prose, corpus: str) -> Iterator[Span]:
        """Yield quotation marks whose words stand together in a fact; a block quotation is one."""
        for match in islice(_QUOTE.finditer(prose.text), MOST):
            if _words(match[1] or match[2]) in corpus:
                yield match.span()
        if prose.kind == "quote" and _words(prose.text) in corpus:
            yield 0, len(prose.text)

    @staticmethod
    def _whole(words: list[Span], text: str, quoted: Iterable[str]) -> Iterator[Span]:
        """Yield where one of these texts stands as a whole."""
        firsts = [m.start() for m in re.finditer(r" (?=.)", text)]  # a space stands before each word
        for told in quoted:
            at = text.find(told)
            while at >= 0:
                first = bisect_right(firsts, at) - 1
                yield words[first][0], words[first + told.count(" ") - 2][1]
                at = text.find(told, at + 1)

    @cached_property
    def _facts(self) -> str:
        """Every string that people declared, times as they wrote them."""
        rules = [rule.alert for rule in self._incident.rules]
        return "\n".join(_words(s) for s in (*_strings(self._incident.facts), *rules))

    @cached_property
    def _told(self) -> list[str]:
        return self._sentences(_strings(self._incident.facts, written=False))

    @cached_property
    def _recorded(self) -> str:
        return "\n".join(_words(text) for text in self._texts)

    @cached_property
    def _records(self) -> list[str]:
        return self._sentences(self._texts)

    @cached_property
    def _texts(self) -> list[str]:
        texts = self._incident.events["text"].dropna().astype(str)
        return list(dict.fromkeys(texts[texts.str.contains(r"\d", regex=True)]))

    def _sentences(self, texts: Iterable[str]) -> list[str]:
        """Return texts and sentences of them that hold a number, as words."""
        parts = (part for text in texts for part in (text, *_SENTENCES.split(text)) if self._numbers.search(part))
        return [
            w for w in dict.fromkeys(v for part in parts for v in (_words(part), _words(_UNREAD.sub(" ", part)))) if w
        ]


def _strings(value: object, *, written: bool = True) -> Iterator[str]:
    """Yield every string within facts; times too, unless ``written`` is False."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Instant):
        yield from (value.text,) if written and value.text else ()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _strings(getattr(value, name), written=written)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item, written=written)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item, written=written)


def _without_entities(text: str) -> str:
    return _ENTITY.sub(lambda m: " " * len(m[0]), text)


def _words(text: str) -> str:
    return _joined(_WORD.findall(_without_entities(text)))


def _joined(words: Iterable[str]) -> str:
    """Return words in small letters with a space on both sides of each; empty if there is none."""
    text = " ".join(words).lower()
    return f" {text} " if text else ""
