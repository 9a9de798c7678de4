"""The timeline as prose, and the misleading paths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from postmortem_nb.analysis import Analysis
from postmortem_nb.drafting.piece import Piece, gap, is_known, is_time, short, told
from postmortem_nb.incident import Hypothesis
from postmortem_nb.wording import clause, listed, literal

# Moment, how the stretch that ends with it is called, and the time that tells how late it was.
TURNS = (
    ("start", "Before the impact began", ""),
    ("detect", "Until it was detected", ", {} after the impact began"),
    ("identify", "Until the cause was identified", ", {} after the detection"),
    ("mitigate", "Until the impact was no longer severe", ", {} after it began"),
    ("recover", "Until service had recovered", ", {} after the impact began"),
)
TIMES = {
    "detect": "time_to_detect",
    "identify": "time_to_identify",
    "mitigate": "time_to_mitigate",
    "recover": "time_to_recover",
}
MOST = 9  # rows that a draft tells; the table of the report lists all
FIRST = ("change", "action", "detection", "alert", "escalation", "decision", "impact")  # told before other kinds
TOLD = (*FIRST, "communication", "observation", "page", "acknowledgement", "deploy")


@dataclass(frozen=True)
class Stretch:
    """What happened between two turns of the incident."""

    moment: str
    heading: str
    texts: tuple[str, ...]


def timeline(analysis: Analysis) -> Iterator[Piece]:
    """Yield what happened in order, a paragraph for each stretch between two turns of the incident."""
    rows = _rows(analysis)
    if rows.empty:
        yield Piece("No step of the response is recorded with its time.")
        yield gap("what was done when, and by which role")
        return
    for n, stretch in enumerate(_stretches(analysis, _most_telling(rows))):
        late = _late(analysis, stretch)
        yield Piece(f"**{stretch.heading}{late}:** {' '.join(stretch.texts)}", begins=n > 0)
    if len(rows) > MOST:
        yield Piece("The table of the report lists every row with its evidence.", rank=3, begins=True)


def _rows(analysis: Analysis) -> pd.DataFrame:
    """Return the rows to tell: those that people chose; without them what tools recorded."""
    found = analysis.timeline
    found = found[found["kind"].isin(TOLD) & found["time"].notna() & ~found["source"].str.startswith("signal")]
    declared = found[found["said"] != ""]
    return found if declared.empty else declared.assign(text=declared["said"])


def _most_telling(rows: pd.DataFrame) -> pd.DataFrame:
    """Return at most `MOST` rows in order of time; changes and actions go before what was only seen or said."""
    rank = rows["kind"].map(lambda kind: kind not in FIRST).sort_values(kind="stable")
    return rows.loc[rank.index[:MOST]].sort_index()


def _stretches(analysis: Analysis, rows: pd.DataFrame) -> Iterator[Stretch]:
    turns = [(analysis.moments.at(m).best, m, heading) for m, heading, _ in TURNS if not analysis.moments[m].is_pending]
    known = [(at, m, heading) for at, m, heading in turns if at is not None]
    known.sort(key=lambda t: (t[1] != "start", t[0]))
    left = list(zip(rows["time"], rows["text"], strict=True))
    for at, moment, heading in known:
        is_in = [t < at if moment == "start" else t <= at for t, _ in left].count(True)  # rows are in order of time
        if is_in:
            yield Stretch(moment, heading, tuple(told(text) for _, text in left[:is_in]))
        left = left[is_in:]
    if left:
        yield Stretch("", "After that" if known else "In order of time", tuple(told(text) for _, text in left))


def _late(analysis: Analysis, stretch: Stretch) -> str:
    text = next((late for moment, _, late in TURNS if moment == stretch.moment), "")
    name = TIMES.get(stretch.moment, "")
    return text.format(short(name)) if name and is_time(analysis, name) else ""


def paths(analysis: Analysis) -> Iterator[Piece]:
    """Yield the explanations that were held: why they looked right, what settled them, what they cost."""
    held = analysis.incident.facts.hypotheses
    wrong = [h for h in held if h.verdict == "refuted"]
    for n, hypothesis in enumerate(wrong):
        yield Piece(_path(hypothesis, is_first=n == 0))
    if wrong and is_known(analysis.claims["time_lost"]):
        whole = is_known(analysis.claims["time_lost_share"])
        share = f", or {short('time_lost_share')} of the time from the start of diagnosis to the cause" if whole else ""
        yield Piece(f"{'It' if len(wrong) == 1 else 'Together they'} cost {short('time_lost')}{share}.")
    right = [f"“{literal(clause(h.text))}”" for h in held if h.verdict == "confirmed"]
    if right:
        yield Piece(f"What held in the end: {listed(right)}.", rank=2)
    unsettled = [_unsettled(analysis, n, h) for n, h in enumerate(held, 1) if h.verdict == "open"]
    if unsettled:
        yield Piece(f"Not settled yet: {listed(unsettled)}.")
    if not wrong:
        yield Piece("No explanation is recorded that turned out to be wrong.")
        yield gap("what was suspected on the way, why it looked right, and what refuted it")


def _unsettled(analysis: Analysis, number: int, h: Hypothesis) -> str:
    name = f"path.{number}.length"
    length = f" (held for {short(name)})" if is_known(analysis.claims[name]) else ""
    return f"“{literal(clause(h.text))}”{length}"


def _path(h: Hypothesis, *, is_first: bool) -> str:
    raised = f" What spoke for it: {literal(clause(h.raised_by))}." if h.raised_by else ""
    refuted = f" What refuted it: {literal(clause(h.refuted_by))}." if h.refuted_by else ""
    return f"{'One' if is_first else 'Another'} explanation was wrong: “{literal(clause(h.text))}”.{raised}{refuted}"
