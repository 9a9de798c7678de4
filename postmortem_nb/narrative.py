"""Prose and claims: reads ``narrative.md``, puts computed values where it names them, and refuses unknown names.

Numbers enter the prose only as ``{{ claim_id }}``. Nothing in the text is executed: a claim's name is all that may
stand between the braces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from postmortem_nb.analysis.claims import Claim
from postmortem_nb.errors import IncidentError, near

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
_NAME = re.compile(r"[a-z]\w*(?:\.\w+)*", re.ASCII)
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


def render(passage: Passage, claims: Mapping[str, Claim]) -> str:
    r"""Return a passage as Markdown with every claim in place, linked to its entry in the ledger.

    Raises
    ------
    IncidentError
        For an unknown claim or anything else between double braces; names file, line and near claims. Braces that are
        meant as such are written ``\{{``.
    """
    return fill(passage, claims, _linked)


def fill(passage: Passage, claims: Mapping[str, Claim], show: Callable[[Claim], str]) -> str:
    """Return a passage as Markdown with every claim in place, as ``show`` writes it; raises as `render` does."""

    def put(match: re.Match[str]) -> str:
        name = match.group(1).strip()
        line = passage.line + passage.text.count("\n", 0, match.start())
        if not _NAME.fullmatch(name) or name not in claims:
            hint = near(name, claims) if _NAME.fullmatch(name) else r"To show double braces as such, write \{{."
            raise IncidentError(f"{FILE}:{line}: there is no claim {name[:60]!r}. {hint}")
        return show(claims[name])

    return _CLAIM.sub(put, passage.text).replace(r"\{{", "{{").strip("\n")


def _linked(claim: Claim) -> str:
    title = _literal(f"{claim.definition} ({claim.basis or 'not known'})")
    return f'<a class="pnb-claim" href="#claim-{claim.id}" title="{title}">{_literal(claim.text)}</a>'


def _literal(text: str) -> str:
    """Return text as HTML within Markdown that shows it as it is: a claim's unit or wording is not ours."""
    return _ACTIVE.sub(lambda m: f"&#{ord(m.group())};", " ".join(text.split()))
