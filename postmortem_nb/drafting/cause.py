"""Root cause and resolution, as far as they are declared; the rest is left open."""

from __future__ import annotations

from collections.abc import Iterator

from postmortem_nb.analysis import Analysis
from postmortem_nb.drafting.piece import Piece, clock, gap, is_known, is_time, short, told
from postmortem_nb.wording import clause, literal

NAMES = {"mitigate": ("mitigation", "mitigated"), "recover": ("recovery", "recovered")}


def root_cause(analysis: Analysis) -> Iterator[Piece]:
    """Yield the cause, the trigger apart from it, and what contributed."""
    facts = analysis.incident.facts
    if facts.cause:
        yield Piece(told(facts.cause))
    else:
        yield Piece("The cause is not known yet.")
    if facts.trigger:
        yield Piece(f"What set it off: {literal(clause(facts.trigger))}.")
    least = analysis.claims["latent_time"].lo
    if isinstance(least, int | float) and least > 0:
        yield Piece(f"The triggering change was complete {short('latent_time')} before the impact began.", rank=2)
    if facts.factors:
        factors = " ".join(told(factor) for factor in facts.factors)
        yield Piece(f"What made it possible, likely, or slow to end: {factors}", rank=2, begins=True)
    yield gap("the mechanism, step by step, until the reader sees that it had to happen")


def resolution(analysis: Analysis) -> Iterator[Piece]:
    """Yield what ended it and when, and where declared and measured ends disagree."""
    yield Piece(_ended(analysis))
    last = _last_step(analysis)
    if last:
        yield Piece(f"The last step on record before that: {literal(clause(last))}.")
    yield from _declared(analysis)
    if is_time(analysis, "closing_lag") and analysis.claims["closing_lag"].value:
        yield Piece(f"It was declared resolved {short('closing_lag')} after service had recovered.", rank=2)
    yield gap("what was tried, in which order, and which step had which effect")


def _ended(analysis: Analysis) -> str:
    moments = analysis.moments
    if moments["recover"].is_pending or analysis.incident.facts.open:
        so_far = f" It had lasted {short('impact_time')} when the record ended." if analysis.windows else ""
        relief = ""
        if is_time(analysis, "time_to_mitigate") and not moments["mitigate"].is_pending:
            relief = f" It was no longer severe {short('time_to_mitigate')} after it began."
        return f"The incident is not over.{so_far}{relief}"
    if not is_time(analysis, "time_to_recover"):
        return "How long it took until service had recovered is not known."
    eased = moments.at("mitigate").best
    if is_time(analysis, "time_to_mitigate") and eased is not None and not _together(analysis):
        return (
            f"The impact was no longer severe {short('time_to_mitigate')} after it began, and service had recovered "
            f"after {short('time_to_recover')}."
        )
    return f"Service had recovered {short('time_to_recover')} after the impact began."


def _together(analysis: Analysis) -> bool:
    """Return whether mitigation and recovery cannot be told apart by their bounds: then one of them says all."""
    most, least = analysis.claims["time_to_mitigate"].hi, analysis.claims["time_to_recover"].lo
    return isinstance(most, int | float) and isinstance(least, int | float) and most >= least


def _last_step(analysis: Analysis) -> str:
    """Return the last action that was declared between the start and the recovery; empty if there is none."""
    start, end = (analysis.moments.at(m).best for m in ("start", "recover"))
    if start is None or end is None:
        return ""
    steps = [r for r in analysis.incident.facts.timeline if r.kind == "action" and r.at.best is not None]
    within = [r for r in steps if r.at.best is not None and start <= r.at.best <= end]
    return max(within, key=lambda r: r.at.best).text if within else ""  # type: ignore[arg-type, return-value]


def _declared(analysis: Analysis) -> Iterator[Piece]:
    for row in analysis.comparison:
        if row.version or row.verdict != "contradicts" or row.moment not in NAMES:
            continue
        noun, milestone = NAMES[row.moment]
        claim = {"mitigate": "mitigated", "recover": "recovery"}[row.moment]
        if is_known(analysis.claims[claim]):
            yield Piece(
                f"The {noun} was declared for {clock(analysis, f'declared_{milestone}')}; the evidence shows "
                f"{clock(analysis, claim)}.",
                rank=2,
            )
