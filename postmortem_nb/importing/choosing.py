"""Which rows of a timeline are start, detection and recovery: by stated durations where they fit, else by words."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from postmortem_nb.importing.cues import ALERTED, AWARE, DETECTION, MENDED, PEOPLE, RECOVERY, START, Words, score
from postmortem_nb.importing.settling import Settled

TOLD = "told from its words"
SURE = 3  # from which score on the words of a row alone say what it is
HOSTILE = -2  # below it, a row is not what a fitting duration would make of it


@dataclass(frozen=True)
class Choice:
    """The rows that were chosen, and why.

    Parameters
    ----------
    rows : dict
        ``started``, ``signalled``, ``detected``, ``recovered`` → the row; one that no row tells is absent.
    why : dict
        The same → why, in words.
    agreeing : frozenset of str
        Stated durations that are distances of chosen rows.
    """

    rows: Mapping[str, Settled]
    why: Mapping[str, str]
    agreeing: frozenset[str]


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
    """Choose by words what no duration has chosen: what is noticed has begun, and what ends was noticed."""
    chosen = dict(found)
    told = {"time_to_detect": "detection", "time_to_recover": "recovery"}
    fits = " and ".join(told[name] for name in wanted)
    why = {name: f"the stated time to {fits} is its distance" for name in chosen}
    if chosen:
        why["started"] = f"the stated time to {fits} is counted from it"
    else:
        chosen = _told(rows)
    begin = chosen["started"].moment if "started" in chosen else None
    if "detected" not in chosen:
        later = [r for r in rows if begin is None or r.moment >= begin]  # type: ignore[operator]
        chosen |= _noticed(later, chosen.get("started"))
    aware = chosen["detected"].moment if "detected" in chosen else begin
    behind = [r for r in rows if aware is None or r.moment > aware]  # type: ignore[operator]
    if "recovered" not in chosen and (row := _mended(behind)) is not None:
        chosen["recovered"] = row
    return Choice(chosen, {name: why.get(name, TOLD) for name in chosen}, frozenset(wanted))


def _told(rows: Sequence[Settled]) -> dict[str, Settled]:
    """Return the start that words tell: the clearest row before anybody noticed, else the last change before that."""
    noticed = _noticed(rows, None)
    first = min((r.moment for r in noticed.values() if r.moment is not None), default=None)
    before = [r for r in rows[:-1] if first is None or (r.moment is not None and r.moment <= first)]
    before = [r for r in before if r not in noticed.values()]
    start = _best(before, START, latest=False)
    if start is None and first is not None:
        changes = [r for r in before if score(r.row.text, START) > 0 and not r.is_end]
        start = changes[-1] if changes else None
    if start is None and first is not None and "signalled" not in noticed:
        # What was told first may have been of something else: an alert long before the impact.
        start = _best([r for r in rows[:-1] if r not in noticed.values()], START, latest=False)
        return {"started": start} if start is not None and score(start.row.text, START) > SURE else {}
    return {"started": start} if start is not None else {}


def _noticed(rows: Sequence[Settled], start: Settled | None) -> dict[str, Settled]:
    """Return the row in which people first knew, and the alert before it, where that is a row of its own."""
    first = _first_sure(rows, DETECTION, not_this=start)
    if first is None:
        return {}
    if not ALERTED.search(first.row.text) or PEOPLE.search(first.row.text) or AWARE.search(first.row.text):
        return {"detected": first}
    for row in rows[rows.index(first) + 1 :]:
        if score(row.row.text, RECOVERY) >= SURE:
            break
        if AWARE.search(row.row.text):
            return {"signalled": first, "detected": row}
        if PEOPLE.search(row.row.text) and score(row.row.text, DETECTION) >= SURE:
            break
    return {"detected": first}


def _mended(rows: Sequence[Settled]) -> Settled | None:
    """Return the row in which service was back, else the last one that mended something for now."""
    best = _best(rows, RECOVERY, latest=True)
    mending = [r for r in rows if score(r.row.text, RECOVERY) > 0 and re.search(MENDED, r.row.text, re.IGNORECASE)]
    return best if best is not None or not mending else mending[-1]


def _best(rows: Sequence[Settled], words: Words, *, latest: bool) -> Settled | None:
    """Return the row whose words fit best; of equal ones the latest or the earliest. None if none fits for sure."""
    ranked = [(score(r.row.text, words), n if latest else -n, r) for n, r in enumerate(rows)]
    sure = [entry for entry in ranked if entry[0] >= SURE and not (entry[2].is_end and words is START)]
    return max(sure, key=lambda entry: entry[:2])[2] if sure else None


def _first_sure(rows: Sequence[Settled], words: Words, *, not_this: Settled | None) -> Settled | None:
    """Return the first row whose words fit for sure: an incident is detected when it is first noticed."""
    return next((r for r in rows if r is not not_this and score(r.row.text, words) >= SURE), None)
