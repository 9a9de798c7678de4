"""The claim ledger as readers see it: every value leads to its inputs, and those to the rows of evidence."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from postmortem_nb.analysis.claims import Claim
from postmortem_nb.analysis.inputs import CLAIM, FILE, SETTING, Input, described
from postmortem_nb.sections.blocks import paragraph, subheading
from postmortem_nb.tables import Safe, bullets, clock, coded, escape, more, table
from postmortem_nb.times import format_time

if TYPE_CHECKING:
    from postmortem_nb.sections import Postmortem

_BREAK = re.compile(r"(?<=[_.])|(?<=[a-z])(?=[A-Z])")


def ledger(post: Postmortem) -> Iterator[object]:
    """Yield the claims, what each signal counts, and the rows of evidence that the moments rest on."""
    analysis = post.analysis
    claims = list(analysis.claims.values())
    shown = set(analysis.excerpts["claim"])
    files = set(analysis.incident.files["file"])
    yield subheading("Claims")
    yield paragraph(
        "Every computed value, how it is defined and what it was computed from: other claims, lines of evidence, "
        "declared facts. The prose draws on these by name."
    )
    yield from _signals(post)
    known = [c for c in claims if c.basis]
    rows = [(_name(c), c.text, c.basis, _definition(c), _inputs(c, shown, files)) for c in known]
    yield table(
        ("Claim", "Value", "Basis", "Definition", "From"), rows, "Claim ledger", ids=[f"claim-{c.id}" for c in known]
    )
    absent = [c for c in claims if not c.basis]
    if absent:
        lines = [(_name(c), c.note or c.text, coded(c.definition)) for c in absent]
        head = f"{len(absent)} claims that are not known, and why"
        names = [f"claim-{c.id}" for c in absent]
        yield more(head, table(("Claim", "Why", "Definition"), lines, "Claims that are not known", ids=names))
    yield from _excerpts(post)


def file_id(name: str) -> str:
    """Return the id of a file's row in the table of evidence files."""
    return f"evidence-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def _name(claim: Claim) -> Safe:
    """Return a claim's id with the places where it may break."""
    return Safe(f"<code>{_BREAK.sub(r'<wbr>', escape(claim.id))}</code>")


def _definition(claim: Claim) -> Safe:
    return coded(f"{claim.definition}{f' – {claim.note}' if claim.note else ''}")


def _inputs(claim: Claim, shown: set[str], files: set[str]) -> Safe:
    """Return what a claim was computed from, each as a link to where it can be seen."""
    parts = [_input(i, files) for i in claim.inputs]
    if claim.id in shown:
        parts.append(Safe(f'<a href="#evidence-{escape(claim.id)}">the rows</a>'))
    return Safe("; ".join(parts))


def _input(i: Input, files: set[str]) -> str:
    if i.kind == CLAIM:
        return f'<a href="#claim-{escape(i.name)}">{escape(i.name)}</a>'
    if i.kind == SETTING:
        return f"setting {escape(i.name)} = {escape(i.what)}"
    place = escape(i.place)
    if i.kind == FILE and i.name in files:
        place = f'<a href="#{file_id(i.name)}">{place}</a>'
    return f"{place} ({i.rows:,} rows)" if i.rows is not None else place


def _signals(post: Postmortem) -> Iterator[Safe]:
    signals = post.analysis.signals
    if signals:
        items = [f"“{s.name}”: {described(s.signal) or 'all rows'}, in {', '.join(s.files)}" for s in signals]
        yield more("Which rows the signals count", bullets(items))


def _excerpts(post: Postmortem) -> Iterator[object]:
    """Yield, for each moment, the rows that show it, folded."""
    excerpts, claims = post.analysis.excerpts, post.analysis.claims
    if excerpts.empty:
        return
    yield subheading("The evidence of each moment")
    yield paragraph("The rows before and after each measured edge, and the records of tools, as they were read.")
    for claim, rows in excerpts.groupby("claim", sort=False):
        cells = [
            (
                r["place"],
                clock(_moment(r["time"])),
                Safe(f'<code class="pnb-line">{escape(r["text"])}</code>'),
                r["note"],
            )
            for r in rows.to_dict("records")
        ]
        name = str(claim)
        shown = table(("Where", "Time (UTC)", "Row", "Counts as"), cells, f"Rows that show {name}: {claims[name].text}")
        inside = Safe(f'<div id="evidence-{escape(name)}">{shown}</div>')  # a link to what is folded unfolds it
        yield more(f"{name}, {claims[name].text}", inside)


def _moment(at: pd.Timestamp) -> str:
    return "" if pd.isna(at) else format_time(at)
