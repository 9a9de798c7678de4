"""Summary and impact: what happened, to whom, how long, how bad."""

from __future__ import annotations

from collections.abc import Iterator

from postmortem_nb.analysis import Analysis
from postmortem_nb.drafting.piece import Piece, clock, gap, is_known, put, short, told
from postmortem_nb.wording import clause, literal


def summary(analysis: Analysis) -> Iterator[Piece]:
    """Yield the few sentences after which a busy reader can stop."""
    facts = analysis.incident.facts
    if facts.synthetic:
        yield Piece("*The telemetry of this report is synthetic.*")
    yield Piece(told(facts.summary or facts.title), begins=bool(facts.synthetic))
    yield Piece(_when(analysis))
    if facts.affected:
        yield Piece(f"Who was affected: {literal(clause(facts.affected))}.")
    if facts.cause:
        yield Piece(f"The cause, in one line: {literal(clause(facts.cause))}.")
    else:
        yield Piece("What caused it is not known yet.")
    if not facts.summary:
        yield gap("what broke, for whom, why, and what was done, in three or four sentences")


def _when(analysis: Analysis) -> str:
    """Return from when to when it was, and how sure that is."""
    windows = analysis.windows
    if not windows:
        return _declared(analysis)
    if windows[-1].is_open:
        return (
            f"The impact began on {put('onset.date')} at {put('onset.time')} and was still going on when the "
            f"record ended. By then it had lasted {short('impact_time')}."
        )
    if len(windows) > 1:
        return (
            f"By measurement, the impact came in {put('windows.word')} windows on {put('window.date')}, "
            f"{put('window.time')}; together they lasted {short('impact_time')}."
        )
    return f"By measurement, the impact lasted {short('impact_time')} on {put('window.date')}: {put('window.time')}."


def _declared(analysis: Analysis) -> str:
    """Return what people say about when it was, where nothing was measured."""
    claims = analysis.claims
    start, end, length = (is_known(claims[name]) for name in ("onset", "recovery", "time_to_recover"))
    if start and end:
        after = f", {short('time_to_recover')} later" if length else ""
        return (
            f"Nothing was measured. People put the start of the impact at {short('onset')} and the recovery at "
            f"{clock(analysis, 'recovery')}{after}."
        )
    if start:
        return (
            f"Nothing was measured. People put the start of the impact at {short('onset')}; when it ended is not known."
        )
    if end:
        return f"When the impact began is not known. People put the recovery at {short('recovery')}."
    return "When the impact began and when it ended is not known."


def impact(analysis: Analysis) -> Iterator[Piece]:
    """Yield what people could not do, and the size of it by the numbers that the signal has."""
    facts, claims = analysis.incident.facts, analysis.claims
    if facts.impact:
        yield Piece(told(facts.impact))
    sizes = list(_sizes(analysis))
    yield from sizes
    if not sizes:
        yield Piece("How large the impact was is not known: there is no measurement of it.")
    if is_known(claims["unknown_share"]) and claims["unknown_share"].value:
        yield Piece(
            f"For {short('unknown_share')} of that time there are no samples. It counts as unknown, not as healthy.",
            rank=2,
        )
    yield from _method(analysis)
    if not facts.impact:
        yield gap("what people could not do, in their own words")


def _sizes(analysis: Analysis) -> Iterator[Piece]:
    claims, signal = analysis.claims, analysis.signal
    if is_known(claims["failed_requests"]) and is_known(claims["total_requests"]):
        yield Piece(f"Of {short('total_requests')} requests within the impact, {short('failed_requests')} failed.")
        if is_known(claims["error_ratio_mean"]) and is_known(claims["error_ratio_peak"]):
            yield Piece(
                f"That is {short('error_ratio_mean')} on average, and {short('error_ratio_peak')} at the worst."
            )
    elif signal is not None and is_known(claims["peak_value"]):
        usual = f", against {short('baseline_value')} in normal times" if is_known(claims["baseline_value"]) else ""
        yield Piece(f"At the worst the signal “{literal(signal.name)}” stood at {short('peak_value')}{usual}.")
    for name, text, rank in _MORE:
        if _counts(analysis, name):
            yield Piece(text.format(short(name)), rank=rank)


def _method(analysis: Analysis) -> Iterator[Piece]:
    """Yield how it was measured, and how far that depends on the settings."""
    claims, signal = analysis.claims, analysis.signal
    if signal is None or not analysis.windows or not is_known(claims["threshold"]):
        return
    yield Piece(
        f"It was measured on the signal “{literal(signal.name)}”, which counts as bad from {short('threshold')} on; "
        f"normal is {short('baseline_value')}.",
        rank=3,
        begins=True,
    )
    if is_known(claims["onset_range"]) and is_known(claims["recovery_range"]):
        yield Piece(
            f"With other thresholds and gaps the onset comes out at {put('onset_range.time')} and the recovery at "
            f"{put('recovery_range.time')}.",
            rank=3,
        )


# What else the size of an impact may be told by, and how soon it may be left out.
_MORE = (
    ("lost_requests", "Some requests never came, by estimate: {}.", 2),
    ("users_affected", "By what the log tells apart, {} met a failure.", 2),
    ("budget_requests", "It used up {} of the error budget of its period.", 3),
    ("revenue_lost", "The revenue that was not made comes to {}, by estimate.", 2),
)


def _counts(analysis: Analysis, name: str) -> bool:
    """Return whether a quantity is known and is surely more than nothing."""
    claim = analysis.claims[name]
    least = claim.value if claim.lo is None else claim.lo
    return is_known(claim) and isinstance(least, int | float) and least > 0
