"""The misleading paths: what was believed, why, until what refuted it, and what it cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from postmortem_nb.analysis.paths import Path
from postmortem_nb.analysis.wordings import worded
from postmortem_nb.sections.blocks import paragraph, prose, subheading
from postmortem_nb.tables import Safe, clock, escape, measured, table
from postmortem_nb.times import format_instant

if TYPE_CHECKING:
    from postmortem_nb.sections import Postmortem


def misleading_paths(post: Postmortem) -> Iterator[object]:
    """Yield what the wrong explanations cost in one paragraph, and every explanation as a row."""
    paths, written = post.analysis.paths, prose(post, "Misleading paths")
    if not paths and written is None:
        return
    yield subheading("Misleading paths")
    yield written
    if not paths:
        return
    wrong = sum(p.is_misleading for p in paths)
    if wrong:
        yield paragraph(_cost(post, wrong, len(paths)))
    columns = ["Explanation", "Who", "From", "To", "Length", "Person-minutes", "Raised by", "Settled by", "Verdict"]
    rows = [_row(n, p) for n, p in enumerate(paths, 1)]
    if not any(p.hypothesis.actor for p in paths):
        columns, rows = columns[:1] + columns[2:], [row[:1] + row[2:] for row in rows]
    yield table(columns, rows, "Explanations that responders held", numeric=("Length", "Person-minutes"))


def _cost(post: Postmortem, wrong: int, held: int) -> str:
    """Say how many explanations were wrong, and their cost in time, in share of the diagnosis and in people."""
    claims = post.analysis.claims
    share, people = claims["time_lost_share"], claims["person_minutes_lost"]
    if claims["time_lost"].value is None and not claims["time_lost"].basis:
        cost = "What they cost is not known" if wrong > 1 else "What it cost is not known"
        return f"{_which(wrong, held)}. {cost}: their times are not declared."
    lost, share_lost, people_lost = (worded(c, "short").text for c in (claims["time_lost"], share, people))
    of = f", or {share_lost} of the time from the start of diagnosis to the cause" if share.basis else ""
    together = f", and {people_lost}" if people.basis else ""
    return f"{_which(wrong, held)}. {'It' if wrong == 1 else 'They'} cost {lost}{of}{together}."


def _which(wrong: int, held: int) -> str:
    if held == 1:
        return "The only explanation was wrong"
    if wrong == held:
        return f"All {held} explanations were wrong" if held > 2 else "Both explanations were wrong"
    return f"{wrong} of {held} explanations {'was' if wrong == 1 else 'were'} wrong"


def _row(number: int, path: Path) -> list[object]:
    h = path.hypothesis
    length = Safe(f'<a href="#claim-path.{number}.length">{escape(str(path.length))}</a>')
    start, end = (clock(format_instant(t, date=False)) for t in (h.start, h.end))
    until = end if h.end.is_known or h.verdict != "open" else "still open"
    return [h.text, h.actor, start, until, length, measured(path.cost), h.raised_by, h.refuted_by, h.verdict]
