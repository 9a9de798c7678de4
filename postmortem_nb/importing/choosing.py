"""Which rows of a timeline are start, detection and recovery: by stated durations where they fit, else by words."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from postmortem_nb.importing.settling import Settled

SURE = 3  # from which score on the words of a row alone say what it is
HOSTILE = -2  # below it, a row is not what a fitting duration would make of it

Words = tuple[tuple[int, re.Pattern[str]], ...]


def _words(*rules: tuple[int, str]) -> Words:
    return tuple((score, re.compile(words, re.IGNORECASE)) for score, words in rules)


START = _words(
    (6, r"(?:outage|impact|problem|incident) (?:begins|starts|began|started)"),
    (4, r"unexpected|accident|unintention|ungraceful|by mistake"),
    (3, r"return\w* [45]\d\d|went down|\b(?:is|are|was|were) down|crash|expire[sd]?\b|br(?:eak|oke)|unavailable"),
    (3, r"unreachable|\bfail(?:s|ed|ing|ure)?\b|not working|errors?\b|disrupt|causing|outage|notready|killed|no nodes"),
    (3, r"time-?outs?\b|greater than"),
    (2, r"deploy|applied|rolled out|merged|upgrade|replaced|released|pipeline|rollover|configured|changed"),
    (-4, r"report|alert|detect|notif|notice|discover|investigat|resolv|restor|\bfix|roll(?:ed|ing)? ?back|verif"),
    (-4, r"workshop|\bdecided|\bavoid|did not take effect"),
)
DETECTION = _words(
    (5, r"^(?:detection|discovery|detected)\b|\bdetected (?:as|by|on|and|via)"),
    (5, r"(?:issue|outage|incident|problem) (?:was )?detected"),
    (4, r"\balert(?:s|ed)?\b|\balarm|\bpage[dr]?\b|\breport(?:s|ed|ing)?\b|notif(?:ied|y)|aware|notic(?:ed|es)"),
    (4, r"informed|discover|complain|customer|users?\b|automat\w+ warning"),
    (2, r"investigat|look(?:ing|ed) into|\basks?\b|sees no|identified|verif|warning"),
    (-4, r"resolved|restored|\bfix(?:ed)?\b|reporting back|works again"),
)
RECOVERY = _words(
    (6, r"outage (?:ends|ended|over)|impact (?:ends|ended)|\(resolved\)|^recovery\b|back to normal|all systems"),
    (6, r"services? (?:was |were |is |are )?restored|fully (?:recovered|operational|restored)"),
    (4, r"\bresolved\b|restored|recovered|operational|work(?:s|ing) (?:as|again)|back (?:online|up|operation)|solved"),
    (4, r"mitigated|\bhealthy|running with|reattached|fix works|resumed|incident closed"),
    (2, r"\bfix(?:ed)?\b|appl(?:ied|y)|deployed|downgraded|reverted|rolled back|deleted|raised to|completed"),
    (2, r"generated|removed|removal|disabled"),
    (-4, r"investigat|identif|attempt|\bbegan\b|start(?:ed|ing)\b|\bfail|alert|report(?:ed|s)\b|\bnot\b|\bstill\b"),
    (-4, r"await|delayed|tried|email|mail sent|plan|working on"),
)
IDENTIFIED = re.compile(
    r"(?:root )?cause (?:was |is )?(?:identified|discovered|found|determined)|issue (?:successfully |was )?identified"
    r"|found the (?:root )?(?:cause|reason)",
    re.IGNORECASE,
)
DECLARED = re.compile(
    r"incident (?:#?[\w-]+ )?(?:is |was )?(?:declared|opened|created|raised)|declared (?:an |the )?incident",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Choice:
    """The rows that were chosen, and why.

    Parameters
    ----------
    rows : dict
        ``started``, ``detected``, ``recovered`` → the row; one that no row tells is absent.
    why : dict
        The same → why, in words.
    agreeing : frozenset of str
        Stated durations that are distances of chosen rows.
    """

    rows: Mapping[str, Settled]
    why: Mapping[str, str]
    agreeing: frozenset[str]


def score(text: str, words: Words) -> int:
    """Return how much the words of a row speak for what it is.

    >>> score("Service restored", RECOVERY) > score("Investigation started", RECOVERY)
    True
    """
    return sum(points for points, pattern in words if pattern.search(text))


def choose(rows: Sequence[Settled], stated: Mapping[str, pd.Timedelta]) -> Choice:
    """Choose start, detection and recovery.

    Parameters
    ----------
    rows : sequence of Settled
    stated : mapping
        ``time_to_detect`` and ``time_to_recover`` as the document states them. Rows whose distances are exactly these
        are chosen, of several such the one whose words fit best; without any, words alone choose.
    """
    timed = _timed(rows)
    wanted = {k: v for k, v in stated.items() if k in ("time_to_detect", "time_to_recover")}
    for kept in _subsets(wanted):
        if found := _fitting(timed, kept):
            return _completed(timed, found, kept)
    return _completed(timed, {}, {})


def _timed(rows: Sequence[Settled]) -> list[Settled]:
    """Return the rows whose minute is known, in the order of time; the ends of stretches stand as rows of their own."""
    whole = [*rows, *(end for row in rows if (end := row.closing) is not None)]
    known = [(r.moment, r.row.line, r.is_end, r) for r in whole if r.moment is not None]
    return [r for *_, r in sorted(known, key=lambda entry: entry[:3])]


def apart(rows: Sequence[Settled], name: str, length: pd.Timedelta) -> tuple[Settled, Settled] | None:
    """Return two rows that are a stated duration apart, where they do not share the start that was chosen."""
    found = _fitting(_timed(rows), {name: length})
    end = "detected" if name == "time_to_detect" else "recovered"
    return (found["started"], found[end]) if found else None


def _subsets(wanted: Mapping[str, pd.Timedelta]) -> list[dict[str, pd.Timedelta]]:
    """Return what to try: all stated durations, then each alone."""
    names = sorted(wanted, reverse=True)
    return [
        {name: wanted[name] for name in kept}
        for size in range(len(names), 0, -1)
        for kept in itertools.combinations(names, size)
    ]


def _fitting(rows: Sequence[Settled], wanted: Mapping[str, pd.Timedelta]) -> dict[str, Settled]:
    """Return the rows whose distances are the wanted ones and whose words fit best; empty if there are none."""
    best: tuple[float, dict[str, Settled]] | None = None
    ends = {role: _by_moment(rows, words) for role, words in (("detected", DETECTION), ("recovered", RECOVERY))}
    for n, start in enumerate(rows):
        if start.is_end or start.moment is None:
            continue
        options: list[list[tuple[str, Settled, int]]] = []
        for name, length in wanted.items():
            role = "detected" if name == "time_to_detect" else "recovered"
            options.append([(role, *match) for match in ends[role].get(start.moment + length, ())])
        for chosen in itertools.product(*options):
            total = sum(points for _, _, points in chosen) + score(start.row.text, START) - n / 100
            if best is None or total > best[0]:
                best = total, {"started": start, **{role: row for role, row, _ in chosen}}
    return best[1] if best else {}


def _by_moment(rows: Sequence[Settled], words: Words) -> dict[pd.Timestamp, list[tuple[Settled, int]]]:
    """Return the rows of each moment with their scores, without those whose words speak against them."""
    found: dict[pd.Timestamp, list[tuple[Settled, int]]] = {}
    for row in rows:
        points = score(row.row.text, words)
        if row.moment is not None and points >= HOSTILE:
            found.setdefault(row.moment, []).append((row, points))
    return found


def _completed(rows: Sequence[Settled], found: Mapping[str, Settled], wanted: Mapping[str, pd.Timedelta]) -> Choice:
    """Choose by words what no duration has chosen; in the order of time."""
    chosen = dict(found)
    told = {"time_to_detect": "detection", "time_to_recover": "recovery"}
    fits = " and ".join(told[name] for name in wanted)
    why = {name: f"the stated time to {fits} is its distance" for name in chosen}
    if chosen:
        why["started"] = f"the stated time to {fits} is counted from it"
    if "started" not in chosen and (start := _best(rows[:-1], START, latest=False)) is not None:
        chosen["started"], why["started"] = start, "told from its words"
    begin = chosen["started"].moment if "started" in chosen else None
    later = [r for r in rows if begin is None or r.moment >= begin]  # type: ignore[operator]
    if "detected" not in chosen and (row := _first_sure(later, DETECTION, not_this=chosen.get("started"))) is not None:
        chosen["detected"], why["detected"] = row, "told from its words"
    aware = chosen["detected"].moment if "detected" in chosen else begin
    behind = [r for r in rows if aware is None or r.moment > aware]  # type: ignore[operator]
    if "recovered" not in chosen and (row := _best(behind, RECOVERY, latest=True)) is not None:
        chosen["recovered"], why["recovered"] = row, "told from its words"
    return Choice(chosen, why, frozenset(wanted))


def _best(rows: Sequence[Settled], words: Words, *, latest: bool) -> Settled | None:
    """Return the row whose words fit best; of equal ones the latest or the earliest. None if none fits for sure."""
    ranked = [(score(r.row.text, words), n if latest else -n, r) for n, r in enumerate(rows)]
    sure = [entry for entry in ranked if entry[0] >= SURE and not (entry[2].is_end and words is START)]
    return max(sure, key=lambda entry: entry[:2])[2] if sure else None


def _first_sure(rows: Sequence[Settled], words: Words, *, not_this: Settled | None) -> Settled | None:
    """Return the first row whose words fit for sure: an incident is detected when it is first noticed."""
    return next((r for r in rows if r is not not_this and score(r.row.text, words) >= SURE), None)
