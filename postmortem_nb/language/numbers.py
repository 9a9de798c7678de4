"""Numbers that people typed: in the narrative, where each should be a claim, and in facts that nothing supports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.language.quotations import Quotations
from postmortem_nb.language.texts import Prose
from postmortem_nb.language.typed import ANY, NUMBER, SCALE, typed_numbers

_SUPPORT = re.compile(
    rf"(?:[$€£]|\b(?:EUR|USD|GBP|CHF)\b)\s?{NUMBER}(?:\s?(?i:{SCALE})\b)?|(?<![\w.,:-]){NUMBER}(?:\s?(?i:{SCALE})\b)?\s?"
    r"(?:%|(?:percent|per\s+cent|users?|customers?|visitors?|clients?|accounts?|orders?|payments?|euros?|dollars?)\b)"
)
STATED = ("title", "summary", "affected", "impact", "cause")


def number_findings(incident: Incident, proses: Sequence[Prose]) -> Iterator[Finding]:
    """Yield typed numbers of the narrative that are not quoted from a declared fact, and facts without support."""
    quotations = Quotations(incident, ANY)
    for prose in proses:
        if prose.file == "narrative.md":
            yield from _typed(prose, quotations)
        elif prose.key in STATED and not incident.facts.sources:
            yield from _unsupported(prose)


def _typed(prose: Prose, quotations: Quotations) -> Iterator[Finding]:
    """A time, a length or a count in the prose is not computed, cannot be traced and goes stale."""
    left = list(typed_numbers(prose.text))
    for start, end in quotations.spans(prose) if left else ():
        left = [span for span in left if not start <= span[0] < end]
        if not left:
            return
    by_line: dict[str, list[str]] = {}
    for start, end in left:
        by_line.setdefault(prose.where(start), []).append(" ".join(prose.text[start:end].split()))
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
