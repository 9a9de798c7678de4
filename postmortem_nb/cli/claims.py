"""``claims``: what the narrative can draw on, and what each value was computed from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from postmortem_nb.cli.display import print_result
from postmortem_nb.cli.options import SettingsCommand, given_settings, verbose_option

if TYPE_CHECKING:
    from postmortem_nb.analysis import Analysis
    from postmortem_nb.analysis.claims import Claim

INDENT = "    "


@click.command(cls=SettingsCommand)
@click.argument("name")
@click.argument("ids", nargs=-1, metavar="[CLAIM]...")
@click.option("--json", "as_json", is_flag=True, help="Print the claims as they stand in the result.")
@verbose_option
def claims(name: str, ids: tuple[str, ...], as_json: bool, **settings: Any) -> None:
    """List what the narrative can name, with values.

    Each stands in narrative.md between double braces.
    With CLAIMs, shows how each is defined, its short forms, what it was computed from, and the rows of evidence behind
    it.
    Reads and analyses the incident, and writes nothing.
    """
    from postmortem_nb.analysis import analyze
    from postmortem_nb.analysis.wordings import named
    from postmortem_nb.evidence import load

    analysis = analyze(load(name), **given_settings(settings))
    chosen = [named(id_, analysis.claims) for id_ in ids] or list(analysis.claims.values())
    if as_json:
        wanted = {c.id for c in chosen}
        rows = [row for row in analysis.to_dict()["claims"] if row["id"] in wanted]
        print_result(json.dumps(rows, indent=2, ensure_ascii=False))
    elif ids:
        print_result("\n\n".join("\n".join(_traced(c, analysis)) for c in chosen))
    else:
        print_result("\n".join([*_listed(chosen), *_forms(chosen, analysis.zone)]))


def _listed(chosen: list[Claim]) -> Iterator[str]:
    """Yield a line a claim: id, value, basis; in place of a basis why there is no value."""
    width = max(len(c.id) for c in chosen)
    value = max(len(c.text) for c in chosen)
    for c in chosen:
        yield f"{c.id:<{width}}  {c.text:<{value}}  {c.basis or c.note}".rstrip()


def _forms(chosen: list[Claim], zone: str) -> Iterator[str]:
    """Yield the short forms of the first claim of each kind."""
    from postmortem_nb.analysis.wordings import all_worded, wordings

    yield ""
    yield "Short forms for prose, for example (`postmortem-nb claims NAME CLAIM` shows those of one):"
    firsts: dict[object, Claim] = {}
    for claim in chosen:
        if any(v is not None for v in (claim.value, claim.lo, claim.hi)):
            firsts.setdefault(tuple(wordings(claim).items()), claim)
    for claim in firsts.values():
        for name, text in all_worded(claim, zone):
            yield f"{INDENT}{name}  {text}"


def _traced(claim: Claim, analysis: Analysis, depth: int = 0) -> Iterator[str]:
    """Yield a claim with what it was computed from, claims among that in turn, down to the rows."""
    from postmortem_nb.analysis.wordings import all_worded

    before = INDENT * depth
    basis = f" ({claim.basis})" if claim.basis else ""
    yield f"{before}{claim.id} = {claim.text}{basis}"
    if not depth:
        yield from (f"{before}{INDENT}{name}: {text}" for name, text in all_worded(claim, analysis.zone))
    yield f"{before}{INDENT}{claim.definition}{f' – {claim.note}' if claim.note else ''}"
    for i in claim.inputs:
        if i.kind == "claim":
            yield from _traced(analysis.claims[i.name], analysis, depth + 1)
        else:
            yield f"{before}{INDENT}from {i}{f' sha256 {i.sha256[:12]}' if i.sha256 else ''}"
    excerpts = analysis.excerpts
    for row in excerpts[excerpts["claim"] == claim.id].to_dict("records"):
        note = f"  [{row['note']}]" if row["note"] else ""
        yield f"{before}{INDENT}  {row['place']}: {row['text']}{note}"
