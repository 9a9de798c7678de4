"""The prose of a postmortem under the headings of ``narrative.md``; no brace in it is a claim."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from postmortem_nb.importing.document import Document, List, Paragraph, Part, Table, Text
from postmortem_nb.importing.headings import with_roles
from postmortem_nb.narrative import HEADINGS

HOMES = {  # what a part is about → the heading of ours that its prose goes below
    "summary": "Summary",
    "title": "Summary",
    "": "Summary",
    "impact": "Impact",
    "detection": "Detection",
    "cause": "Root cause",
    "resolution": "Resolution",
    "factors": "Contributing factors",
    "lessons": "Lessons",
    "well": "Lessons",
    "badly": "Lessons",
    "lucky": "Lessons",
    "decisions": "Lessons",
    "questions": "Open questions",
    "sources": "Summary",
}
LONGEST_TITLE = 90  # characters
ELSEWHERE = ("timeline", "stats", "actions", "people")  # what becomes facts, or is left out
LISTED = ("factors", "well", "badly", "lucky", "questions", "sources")  # whose lists become facts
LABELLED = ("well", "badly", "lucky")  # "**Went well:** …": the text behind a label is a point of its own
_HEADING = re.compile(r"^(#{1,6})\s")
_BOLD = re.compile(r"^\s*(?:\*\*|__).+?(?:\*\*|__)\s*:?\s*")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LABEL = re.compile(r"\[([^\]]+)\]")


def narrative_of(document: Document, skipped: Mapping[int, str]) -> str:
    """Return ``narrative.md``: every heading of ours, and below it what the document says of it.

    Parameters
    ----------
    document : Document
    skipped : mapping
        Lines that have become facts → which.
    """
    passages: dict[str, list[str]] = {}
    home = "Summary"
    for part, role in with_roles(document):
        if role in ELSEWHERE:
            continue
        own = HOMES.get(role, home) if role or part.level <= 1 else home
        home = own
        said = _said(document, part, role, skipped)
        if not said:
            continue
        is_new = own.lower() not in part.heading.lower() and role not in ("title", "summary", "")
        heading = f"### {part.heading}\n\n" if part.heading and (is_new or not role) and not part.has_text else ""
        passages.setdefault(own, []).append(heading + said)
    out = ["<!-- Imported; the original is kept in the folder. Numbers typed here can be replaced by claims. -->\n"]
    for heading in HEADINGS:
        text = "\n\n".join(passages.get(heading, []))
        links = [ref for ref in document.references if ref.partition("]:")[0].lstrip("[") in _LABEL.findall(text)]
        out.append("\n\n".join(filter(None, [f"## {heading}", text, "\n".join(links)])) + "\n")
    return "\n".join(out)


def _said(document: Document, part: Part, role: str, skipped: Mapping[int, str]) -> str:
    """Return the lines of a part that have become nothing else, as Markdown that is safe below our headings."""
    gone = set(skipped)
    for block in part.blocks:
        if (role in LISTED and isinstance(block, List)) or (role in LABELLED and part.has_text):
            gone |= set(range(block.line, _behind(document, part, block.line)))
        if isinstance(block, Table) and block.rows and all(row[0].line in gone for row in block.rows if row):
            gone |= {block.line, block.line + 1}  # nothing is left but its header
    first = part.line + (1 if part.level and not part.has_text else 0)
    lines = []
    for number in range(first, min(part.stop, len(document.lines) + 1)):
        line = document.lines[number - 1]
        if number in gone or number <= _front_end(document) or line.strip() in document.references:
            continue
        if number == part.line + 1 and re.fullmatch(r"\s*(?:=+|-+)\s*", line):
            continue  # the line below a heading that is underlined
        if number == part.line and part.has_text and _is_ours(part.heading, role):
            line = _BOLD.sub("", line, count=1)
        lines.append(_HEADING.sub(r"\1# ", line) if _HEADING.match(line) else line)
    text = _COMMENT.sub("", "\n".join(lines)).strip("\n")
    return re.sub(r"(?<!\\)\{\{", r"\\{{", text) if text.strip() else ""


def _is_ours(label: str, role: str) -> bool:
    """Whether a label says no more than the heading of ours that its text goes below."""
    home, said = HOMES.get(role, "").lower(), label.lower()
    return bool(home) and (home in said or said in home)


def _behind(document: Document, part: Part, line: int) -> int:
    """Return the line at which the next block of a part begins."""
    return min((b.line for b in part.blocks if b.line > line), default=part.stop)


def _front_end(document: Document) -> int:
    return max((text.line + 1 for _, text in document.front), default=0)


def listed(document: Document, role: str) -> Iterator[tuple[str, int]]:
    """Yield the points of all lists of one role with their lines; points within points belong to those."""
    for part, own in with_roles(document):
        if own != role:
            continue
        for block in part.blocks:
            if isinstance(block, List):
                whole, line = "", 0
                for item in block.items:
                    if item.depth > 0 and whole:
                        whole = f"{whole}; {item.text.text}"
                        continue
                    if whole:
                        yield whole, line
                    whole, line = item.text.text, item.text.line
                if whole:
                    yield whole, line
            elif isinstance(block, Paragraph) and part.has_text and own in LABELLED:
                yield " ".join(text.text for text in block.lines), block.line


def first_line(document: Document) -> Text | None:
    """Return a short line by itself at the begin of a document without a title; None if there is none."""
    part = document.parts[0]
    block = part.blocks[0] if part.blocks else None
    if not isinstance(block, Paragraph) or len(block.lines) != 1:
        return None
    (line,) = block.lines
    return line if len(line.text) <= LONGEST_TITLE and not line.text.endswith((".", "!", "?", ":")) else None


def first_sentences(document: Document, used: Mapping[int, str]) -> str:
    """Return the first paragraph of the summary, else of the document, but for lines that became facts."""
    for wanted in ("summary", "title", ""):
        for part, role in with_roles(document):
            if role != wanted:
                continue
            for block in part.blocks:
                if isinstance(block, Paragraph):
                    said = " ".join(line.text for line in block.lines if line.line not in used)
                    if said:
                        return said
    return ""
