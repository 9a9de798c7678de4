"""A draft → the texts of a folder: ``incident.toml`` with comments, ``import.md`` and ``import.json``."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.items import AoT, Array, Item, Table

from postmortem_nb.findings import Finding, worst_first
from postmortem_nb.importing.draft import Draft, Reading

TABLES = ("milestones", "stated", "lessons")
LISTS = ("timeline", "actions", "decisions", "evidence")
ABOVE = {
    "milestones": "What people declared. Each is compared with the evidence; a wrong choice of row is corrected here.",
    "stated": "Durations as the document states them: held against those that the milestones give.",
    "timeline": "What happened. `evidence` is the line of the original.",
    "actions": "What will be different. `kind` is prevent, detect, mitigate or process.",
    "decisions": "What will not be done, and why.",
    "evidence": "How to read the files of evidence.",
}


def hash_of(original: bytes) -> str:
    """Return the hash of an original, as it is written into the folder."""
    return hashlib.sha256(original).hexdigest()


def facts_text(draft: Draft) -> str:
    """Return ``incident.toml``; comments say where each value is from."""
    doc = tomlkit.document()
    doc.add(tomlkit.comment(f"Imported; the original is {draft.file}. What was not understood is in import.md."))
    doc.add(tomlkit.comment("Correct here what is wrong: this file is not written again."))
    doc.add(tomlkit.nl())
    facts = dict(draft.facts)
    facts["sources"] = [*facts.get("sources", ()), f"{draft.file}, sha256 {hash_of(draft.original)}"]
    plain = [key for key in facts if key not in (*TABLES, *LISTS)]
    for key in plain:
        doc.add(key, _noted(_value(facts[key]), draft.comments.get(key)))
    for key in TABLES:
        if facts.get(key):
            doc.add(tomlkit.nl())
            if key in ABOVE:
                doc.add(tomlkit.comment(ABOVE[key]))
            doc.add(key, _table(facts[key], key, draft.comments))
    for key in LISTS:
        if facts.get(key):
            doc.add(tomlkit.nl())
            doc.add(tomlkit.comment(ABOVE[key]))
            doc.add(key, _tables(facts[key], key, draft.comments))
    return tomlkit.dumps(doc).rstrip("\n") + "\n"


def _table(values: Mapping[str, Any], path: str, comments: Mapping[str, str]) -> Table:
    table = tomlkit.table()
    for key, value in values.items():
        table.add(key, _noted(_value(value), comments.get(f"{path}.{key}")))
    return table


def _tables(rows: Sequence[Mapping[str, Any]], path: str, comments: Mapping[str, str]) -> AoT:
    tables = tomlkit.aot()
    for number, row in enumerate(rows):
        tables.append(_table(row, f"{path}.{number}", comments))
    return tables


def _value(value: Any) -> Item:
    if isinstance(value, list | tuple) and len(value) > 1:
        array: Array = tomlkit.array()
        array.extend(value)
        return array.multiline(True)
    if isinstance(value, dt.date):
        return tomlkit.date(value.isoformat())
    return tomlkit.item(value)


def _noted(item: Item, comment: str | None) -> Item:
    if comment and not isinstance(item, Array):
        item.comment(" ".join(comment.split()))
    return item


def report_text(draft: Draft) -> str:
    """Return ``import.md``: what was not understood, what was left out, and what became of each line."""
    parts = [
        f"# Import of {draft.source}",
        f"The original is `{draft.file}`, sha256 `{hash_of(draft.original)}`. Lines are those of the original.",
        "## To be checked",
        "\n".join(f"- {_place(f)}: {_plain(f'{f.text} {f.fix}')}" for f in worst_first(draft.findings)) or "Nothing.",
        "## Only in the original",
        _readings(draft.left_out) or "Nothing.",
        "## Taken over",
        _readings(draft.readings) or "Nothing.",
    ]
    return "\n\n".join(parts) + "\n"


def _readings(readings: Sequence[Reading]) -> str:
    return "\n".join(f"- line {r.line}: “{_plain(r.written)}”: {_plain(r.became)}" for r in readings)


def _plain(text: str) -> str:
    """Return a text on one line, in which Markdown sees no mark."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|{}" else c for c in " ".join(text.split()))


def _place(finding: Finding) -> str:
    return f"{finding.severity}, line {finding.where.rpartition(':')[2]}"


def report_json(draft: Draft) -> str:
    """Return ``import.json``: the same as data."""
    whole = {
        "source": draft.source,
        "original": draft.file,
        "sha256": hash_of(draft.original),
        "findings": [
            {"id": f.id, "severity": f.severity, "where": f.where, "text": f.text, "fix": f.fix}
            for f in worst_first(draft.findings)
        ],
        "left_out": [{"line": r.line, "written": r.written, "why": r.became} for r in draft.left_out],
        "taken_over": [{"line": r.line, "written": r.written, "became": r.became} for r in draft.readings],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
