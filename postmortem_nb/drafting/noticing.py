"""Detection: who noticed when, what followed, and what the declared start hides."""

from __future__ import annotations

from collections.abc import Iterator

from postmortem_nb.analysis import Analysis
from postmortem_nb.analysis.alertclaims import claim_names
from postmortem_nb.drafting.piece import Piece, clock, gap, is_known, is_time, short
from postmortem_nb.wording import literal


def detection(analysis: Analysis) -> Iterator[Piece]:
    """Yield how the incident was noticed, and how soon the first steps followed."""
    claims = analysis.claims
    if is_known(claims["detected"]):
        yield Piece(_noticed(analysis))
    else:
        yield Piece("When, and by whom, the incident was noticed is not recorded.")
    yield from _steps(analysis)
    yield from _start(analysis)
    yield from _proposed(analysis)
    if is_known(claims["detected"]):
        yield gap("what would have brought the notice sooner")
    else:
        yield gap("how people learned of it, and how they could have learned of it sooner")


def _noticed(analysis: Analysis) -> str:
    by = analysis.moments.detected_by
    who = f", by {by}" if by else ""
    if is_time(analysis, "time_to_detect"):
        return f"The incident was detected {short('time_to_detect')} after the impact began{who}."
    if is_known(analysis.claims["time_to_detect"]):
        return (
            f"By the record, the incident was detected at {clock(analysis, 'detected')}{who}, before the impact "
            f"began at {clock(analysis, 'onset')}. One of the two needs an explanation."
        )
    when = clock(analysis, "detected")
    return f"The incident was detected at {when}{who}. How long the impact had lasted by then is not known."


def _steps(analysis: Analysis) -> Iterator[Piece]:
    steps = (
        ("time_to_acknowledge", "A responder took it on {} after the first notice went out.", 1),
        ("time_to_declare", "An incident was declared {} after the detection.", 2),
        ("comms_lag", "The first public message went out {} after the impact began.", 2),
    )
    for name, text, rank in steps:
        if is_time(analysis, name) and analysis.claims[name].value is not None:
            yield Piece(text.format(short(name)), rank=rank)


def _start(analysis: Analysis) -> Iterator[Piece]:
    """Yield where the declared start differs from the measured one."""
    start = next((c for c in analysis.comparison if c.moment == "start" and not c.version), None)
    if start is not None and start.verdict == "contradicts":
        yield Piece(
            f"The start was declared as {clock(analysis, 'declared_started')}. The evidence puts it at "
            f"{clock(analysis, 'onset')}, and the times of this report are counted from there."
        )
    if any(f.id == "start-is-detection" for f in analysis.findings):
        yield Piece(
            "The declared start and the declared detection are one and the same time, as happens where the start is "
            "copied from the first alert.",
            rank=2,
        )


def _proposed(analysis: Analysis) -> Iterator[Piece]:
    """Yield what the first proposed alert would have gained."""
    names = claim_names(analysis.replays)
    for name, replay in list(zip(names, analysis.replays, strict=True))[:1]:
        gain = analysis.claims[f"{name}.gain"]
        if replay.fired == "yes" and isinstance(gain.lo, int | float) and gain.lo > 0:
            yield Piece(
                f"The proposed alert “{literal(replay.rule.alert)}”, replayed over the record, fires "
                f"{short(f'{name}.gain')} sooner.",
                rank=2,
            )
