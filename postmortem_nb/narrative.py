"""Prose and claims: reads ``narrative.md``, puts computed values where it names them, and refuses unknown names.

Numbers enter the prose only as ``{{ claim_id }}``, or in a short form as ``{{ claim_id.short }}``. Nothing in the text
is executed: a claim's name is all that may stand between the braces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from postmortem_nb.analysis.claims import Claim, Claims
from postmortem_nb.analysis.wordings import named
from postmortem_nb.errors import IncidentError, SourceError

FILE = "narrative.md"
HEADINGS = (
    "Summary",
    "Impact",
    "Detection",
    "Timeline",
    "Misleading paths",
    "Root cause",
    "Resolution",
    "Contributing factors",
    "Lessons",
    "Open questions",
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CLAIM = re.compile(r"(?<!\\)\{\{(.*?)\}\}", re.DOTALL)
_BEGIN = re.compile(r"(?:\A|\n\s{0,9}\n|[.!?]\s{1,9})\s{0,9}\Z")  # where a sentence begins
_FENCE = re.compile(r" {0,3}(```|~~~)")
_ACTIVE = re.compile(r"[\\`*_{}\[\]()#+!|~$^<>&\"']")  # what Markdown or HTML would act upon


@dataclass(frozen=True)
class Passage:
    """The prose under one ``##`` heading and the line on which it begins."""

    heading: str
    text: str
    line: int

    @property
    def words(self) -> int:
        """Number of words; a claim counts as one."""
        return len(_CLAIM.sub("claim", self.text).split())


def read_narrative(text: str) -> dict[str, Passage]:
    """Split a narrative at its ``##`` headings.

    Comments are blanked (so that line numbers stay right), empty passages left out; text before the first heading is
    the passage ``""``. In a fenced block of code, ``##`` is no heading.

    Raises
    ------
    IncidentError
        If a heading stands twice.
    """
    text = _COMMENT.sub(lambda m: "\n" * m.group().count("\n"), text)
    passages: dict[str, Passage] = {}
    heading, fence, first = "", "", 1
    lines: list[str] = []
    for number, line in enumerate([*text.split("\n"), None], 1):
        if line is not None and (mark := _FENCE.match(line)):
            fence = "" if mark[1] == fence else fence or mark[1]
        if line is not None and (fence or not (line.startswith("## ") or line.strip() == "##")):
            lines.append(line)
            continue
        if any(part.strip() for part in lines):
            if heading in passages:
                raise IncidentError(f"{FILE}:{first - 1}: the heading {heading!r} stands twice. Join the two passages.")
            passages[heading] = Passage(heading, "\n".join(lines), first)
        heading, first, lines = (line or "")[2:].strip(), number + 1, []
    return passages


def render(passage: Passage, claims: Claims) -> str:
    r"""Return a passage as Markdown with every claim in place, linked to its entry in the ledger.

    Raises
    ------
    IncidentError
        For unknown claims or anything else between double braces; names file, line and near claims of each. Braces that
        are meant as such are written ``\{{``.
    """
    return fill(passage, claims, _linked)


def fill(passage: Passage, claims: Claims, show: Callable[[Claim], str]) -> str:
    """Return a passage as Markdown with every claim in place, as ``show`` writes it; raises as `render` does."""
    refuse([passage], claims)

    def put(match: re.Match[str]) -> str:
        claim = named(match[1], claims)
        if _BEGIN.search(passage.text, max(0, match.start() - 24), match.start()):  # "At least 2,948 of …"
            claim = replace(claim, text=claim.text[:1].upper() + claim.text[1:])
        return show(claim)

    text = _CLAIM.sub(put, passage.text)
    return text.replace(r"\{{", "{{").strip("\n")


def refuse(passages: Iterable[Passage], claims: Claims) -> None:
    """Raise an `IncidentError` that names everything between double braces that is no claim, if there is anything."""
    wrong = [f"{where}: {text}" for where, text in unresolved(passages, claims)]
    if wrong:
        raise IncidentError("\n".join(wrong))


def unresolved(passages: Iterable[Passage], claims: Claims) -> Iterator[tuple[str, str]]:
    """Yield place and message of everything between double braces that is no claim, each once for a line."""
    seen = set()
    for passage in passages:
        for match in _CLAIM.finditer(passage.text):
            try:
                named(match[1], claims)
            except SourceError as error:
                where = f"{FILE}:{passage.line + passage.text.count(chr(10), 0, match.start())}"
                if (where, match[1]) not in seen:
                    seen.add((where, match[1]))
                    yield where, str(error)


def _linked(claim: Claim) -> str:
    title = _literal(f"{claim.definition} ({claim.basis or 'not known'})")
    return f'<a class="pnb-claim" href="#claim-{claim.id}" title="{title}">{_literal(claim.text)}</a>'


def _literal(text: str) -> str:
    """Return text as HTML within Markdown that shows it as it is: a claim's unit or wording is not ours."""
    return _ACTIVE.sub(lambda m: f"&#{ord(m.group())};", " ".join(text.split()))
