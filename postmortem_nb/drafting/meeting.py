"""For the review meeting: five whys from what is declared and measured, and questions that a facilitator can ask.

Both are plain text. A question asks how something came about, never who did it.
"""

from __future__ import annotations

from collections.abc import Iterator

from postmortem_nb.analysis import Analysis
from postmortem_nb.analysis.moments import NAMES
from postmortem_nb.analysis.wordings import worded
from postmortem_nb.drafting.piece import is_known, is_time
from postmortem_nb.times import format_instant
from postmortem_nb.wording import clause, listed, sentence

MOST = 3  # factors that are asked about


def whys(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """Yield five questions with their answers; an answer that nobody has declared is empty."""
    facts = analysis.incident.facts
    yield "Why did it happen?", sentence(facts.cause)
    yield "Why just then?", sentence(facts.trigger)
    yield "Why could that do harm?", " ".join(sentence(factor) for factor in facts.factors)
    yield "Why was it not noticed sooner?", _noticed(analysis)
    yield "Why did it not end sooner?", _ended(analysis)


def _noticed(analysis: Analysis) -> str:
    if not is_time(analysis, "time_to_detect"):
        return ""
    by = analysis.moments.detected_by
    return f"It was detected {_said(analysis, 'time_to_detect')} after the impact began{f', by {by}' if by else ''}."


def _ended(analysis: Analysis) -> str:
    held = [f"“{clause(h.text)}”" for h in analysis.incident.facts.hypotheses if h.verdict == "refuted"]
    parts = [f"Responders followed {listed(held)} first."] if held else []
    if held and is_known(analysis.claims["time_lost"]):
        parts.append(f"That cost {_said(analysis, 'time_lost')}.")
    if is_time(analysis, "time_to_identify") and analysis.claims["time_to_identify"].value is not None:
        parts.append(f"The cause was identified {_said(analysis, 'time_to_identify')} after the detection.")
    return " ".join(parts)


def _said(analysis: Analysis, name: str) -> str:
    return worded(analysis.claims[name], "short").text


def facilitation(analysis: Analysis) -> Iterator[str]:
    """Yield questions for the meeting, from what was believed, what disagrees, and what luck did."""
    facts = analysis.incident.facts
    for h in facts.hypotheses:
        if h.verdict == "refuted":
            yield f"What made “{clause(h.text)}” look right at the time, and what would have refuted it sooner?"
        elif h.verdict == "open":
            yield f"What would settle whether “{clause(h.text)}” is right?"
    for row in analysis.comparison:
        if row.verdict == "contradicts" and not row.version:
            yield (
                f"“{NAMES[row.moment]}” was declared as {format_instant(row.declared)}; the evidence says "
                f"{format_instant(row.measured)}. What could people see at either time?"
            )
    if analysis.moments.detected_by == "a person":
        yield "A person noticed it before any signal did. What signal could have?"
    elif not is_known(analysis.claims["detected"]):
        yield "How did people learn of it, and how would they learn of the next one?"
    for factor in facts.factors[:MOST]:
        yield f"Where else does this hold: “{clause(factor)}”?"
    for luck in facts.lessons.lucky:
        yield f"How would it have gone without this luck: “{clause(luck)}”?"
    yield "What was hard to see, hard to find or hard to do, and what made it so?"
    yield "What went better than it could have, and how do we keep it so?"
