"""The rules of wording applied to the prose: what is said, where, in which words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from postmortem_nb.findings import Finding
from postmortem_nb.language.names import persons
from postmortem_nb.language.rules import Rule, all_rules
from postmortem_nb.language.texts import Prose
from postmortem_nb.language.words import Word, words_of

AROUND = 5  # words to each side that a finding quotes
MOST = 20  # places of one rule in one paragraph that are told one by one
_BOUND = 80  # characters of one quoted word: no line is too long to be quoted


def wording_findings(proses: Sequence[Prose], names: Sequence[str] = ()) -> Iterator[Finding]:
    """Yield what the rules find in each text. What was said to the public, and quotes, are held against names alone.

    Parameters
    ----------
    proses : sequence of Prose
    names : sequence of str
        Names of persons beside the common ones.
    """
    others = frozenset(name.lower() for name in names)
    for prose in proses:
        words = words_of(prose.text)
        for rule in all_rules().values():
            if rule.id == "person":
                places = list(persons(prose.text, words, others))
            elif prose.kind not in ("quote", "said") and (rule.within == "all" or prose.kind == "action"):
                places = list(rule.find(words))
            else:
                continue
            yield from (_finding(rule, prose, words, *place) for place in places[:MOST])
            if len(places) > MOST:
                text = f"and {len(places) - MOST:,} more places in the same paragraph."
                yield Finding(rule.id, rule.severity, prose.where(), text, rule.fix, rule.why)


def _finding(rule: Rule, prose: Prose, words: Sequence[Word], first: int, last: int) -> Finding:
    start, end = words[first].start, words[last - 1].end
    where = prose.where(start, end)
    return Finding(rule.id, rule.severity, where, f"{quoted(prose.text, words, first, last)}.", rule.fix, rule.why)


def quoted(text: str, words: Sequence[Word], first: int, last: int) -> str:
    """Return words of a text in quotes, and those around them in the same sentence."""
    low, high = first, last
    while low > 0 and first - low < AROUND and not words[low].parted:
        low -= 1
    while high < len(words) and high - last < AROUND and not words[high].parted:
        high += 1
    said = _shown(text, words, first, last)
    around = _shown(text, words, low, high)
    return f"“{said}”" if said == around else f"“{said}” in “{around}”"


def _shown(text: str, words: Sequence[Word], first: int, last: int) -> str:
    if all(word.end - word.start <= _BOUND for word in words[first:last]):
        return " ".join(text[words[first].start : words[last - 1].end].split())[: _BOUND * 4]
    return " ".join(word.text[:_BOUND] for word in words[first:last])
