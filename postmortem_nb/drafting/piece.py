"""What a draft is put together from: sentences with a rank, claims as they are written, and gaps that say so."""

from __future__ import annotations

from dataclasses import dataclass

from postmortem_nb.analysis import Analysis
from postmortem_nb.analysis.claims import Claim
from postmortem_nb.analysis.wordings import worded
from postmortem_nb.wording import literal, sentence

GAP = "To be written"


@dataclass(frozen=True)
class Piece:
    """One or a few sentences of a draft.

    Parameters
    ----------
    text : str
        Markdown with claims as ``{{ id }}``.
    rank : {1, 2, 3}
        1 stays, 3 is the first to go where a draft gets too long.
    begins : bool
        Whether it begins a paragraph.
    """

    text: str
    rank: int = 1
    begins: bool = False


def gap(what: str) -> Piece:
    """Return the notice of what only people can write."""
    return Piece(f"*{GAP}: {what}.*", begins=True)


def put(name: str) -> str:
    """Return a claim, or a form of it, as the narrative names it."""
    return f"{{{{ {name} }}}}"


def short(name: str) -> str:
    """Return the short form of a claim: prose leaves the bounds to the ledger."""
    return put(f"{name}.short")


def clock(analysis: Analysis, name: str) -> str:
    """Return the clock time of an instant; with its day where that is not the day on which the impact began."""
    claims = analysis.claims
    days = {worded(claims[n], "date").text for n in (name, "onset")}
    is_whole = None not in (claims[name].lo, claims[name].hi)  # "before 10:15" cannot follow "at"
    return put(f"{name}.time") if len(days) == 1 and is_whole else short(name)


def told(text: str) -> str:
    """Return what people declared as whole sentences that Markdown leaves alone."""
    return literal(sentence(text))


def is_known(claim: Claim) -> bool:
    """Return whether anything is known of a claim: its value, or one of its bounds."""
    return any(v is not None for v in (claim.value, claim.lo, claim.hi))


def is_time(analysis: Analysis, name: str) -> bool:
    """Return whether a duration is known and does not end before it begins, so that "after" can be said of it."""
    claim = analysis.claims[name]
    most = claim.value if claim.hi is None else claim.hi
    return is_known(claim) and not (isinstance(most, int | float) and most < 0)
