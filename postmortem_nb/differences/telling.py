"""Differences as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from postmortem_nb.differences.changes import KINDS, Change
from postmortem_nb.differences.sides import Side
from postmortem_nb.wording import counted, literal

HEADINGS = {
    "number": "Numbers",
    "fact": "Declared facts",
    "setting": "Settings",
    "file": "Evidence files",
    "finding": "Findings",
    "program": "Program",
}


def as_markdown(old: Side, new: Side, changes: Iterable[Change]) -> str:
    """Return the differences as Markdown: a heading for what was compared, a table for each kind."""
    return "\n".join(_lines(old, new, list(changes))) + "\n"


def _lines(old: Side, new: Side, changes: list[Change]) -> Iterator[str]:
    yield f"# {literal(old.name)} → {literal(new.name)}"
    yield ""
    yield f"{counted(len(changes), 'difference')}." if changes else "No differences."
    for kind in KINDS:
        found = [c for c in changes if c.kind == kind]
        if not found:
            continue
        yield from ("", f"## {HEADINGS[kind]}", "")
        if kind == "number":
            yield from ("| Claim | Old | New | By | Why |", "| --- | --- | --- | ---: | --- |")
        else:
            yield from ("| What | Old | New |", "| --- | --- | --- |")
        for change in found:
            cells = [change.name, change.old or "–", change.new or "–"]
            cells += [change.by, "; ".join(change.why)] if kind == "number" else []
            yield f"| {' | '.join(literal(cell) for cell in cells)} |"
