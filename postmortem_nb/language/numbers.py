"""Numbers that people typed: in the narrative, where each should be a claim, and in facts that nothing supports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.language.texts import Prose

_UNIT = (
    r"ms|s|milliseconds?|seconds?|secs?|minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|years?"
    r"|requests?|errors?|failures?|alerts?|pages?|users?|customers?|visitors?|clients?|accounts?|sessions?|orders?|payments?|tickets?"
    r"|[KMGT]i?B|euros?|dollars?|pounds?|EUR|USD|GBP|times"
)
_NUMBER = r"\d(?:[\d.,]{0,14}\d)?"
# Each repetition is bounded, so that no line makes this slower than linear.
TYPED = re.compile(
    rf"(?<![\w:.-])\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?![\w:])"
    rf"|[$€£]\s?{_NUMBER}(?:\s?(?:k|m|million|thousand|billion)\b)?"
    rf"|(?<![\w.,:-]){_NUMBER}\s?(?:%|(?:percent|per\s+cent|{_UNIT}|(?:k|thousand|million|billion)\s+(?:{_UNIT}))\b)"
)
_SUPPORT = re.compile(
    rf"[$€£]\s?{_NUMBER}|(?<![\w.,:-]){_NUMBER}\s?(?:%|(?:percent|per\s+cent|users?|customers?|visitors?|clients?"
    r"|accounts?|orders?|payments?|euros?|dollars?)\b)"
)
_QUOTE = re.compile(r"“([^“”]{1,300})”|\"([^\"]{1,300})\"")
STATED = ("title", "summary", "affected", "impact", "cause")


def number_findings(incident: Incident, proses: Sequence[Prose]) -> Iterator[Finding]:
    """Yield typed numbers of the narrative that are not quoted from a declared fact, and facts without support."""
    declared = _plain(" \n ".join(prose.text for prose in proses if prose.file == "incident.toml"))
    for prose in proses:
        if prose.file == "narrative.md":
            yield from _typed(prose, declared)
        elif prose.key in STATED and not incident.facts.sources:
            yield from _unsupported(prose)


def _typed(prose: Prose, declared: str) -> Iterator[Finding]:
    """A time, a length or a count in the prose is not computed, cannot be traced and goes stale."""
    quotes = [m.span() for m in islice(_QUOTE.finditer(prose.text), 200) if _plain(m[1] or m[2]) in declared]
    if prose.kind == "quote" and _plain(prose.text.replace(">", " ")).strip('“”" ') in declared:
        return
    by_line: dict[str, list[str]] = {}
    for match in TYPED.finditer(prose.text):
        if not any(start < match.start() < end for start, end in quotes):
            by_line.setdefault(prose.where(match.start()), []).append(" ".join(match[0].split()))
    for where, typed in by_line.items():
        yield Finding(
            "typed-number",
            "note",
            where,
            f"{', '.join(f'“{t}”' for t in typed)} {'is' if len(typed) == 1 else 'are'} typed by hand, not computed.",
            "Name a claim in double braces instead (the claim ledger lists them), quote the declared fact "
            "that states it, or accept it with a reason in [[accepted]].",
        )


def _unsupported(prose: Prose) -> Iterator[Finding]:
    """A share or a count of users that is declared without a source cannot be checked by anybody."""
    for match in _SUPPORT.finditer(prose.text):
        yield Finding(
            "unsupported-number",
            "note",
            prose.where(*match.span()),
            f"“{' '.join(match[0].split())}” in `{prose.key}` is stated, and no source is named for it.",
            "Name in `sources` where it is from, or leave it to a claim that is measured.",
        )


def _plain(text: str) -> str:
    return " ".join(text.split()).lower()
