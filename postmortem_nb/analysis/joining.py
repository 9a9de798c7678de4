"""Rows of the timeline that tell of the same thing become one: what people declared, what tools recorded of it.

Two rows are the same if they are of kinds that belong together, lie no more than a minute apart, and either say much
the same or the declared one names the file that the other stands in. The recorded time counts; nothing that was said is
lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

Row = dict[str, Any]

NEAR = pd.Timedelta(minutes=1)
ALIKE = 0.6  # share of the shorter text's words that the other one has
SAME = 0.9  # from here on the two texts say the same, and one of them is enough
FAMILIES = (  # kinds of declared rows and the kinds of records that may tell of the same
    ({"detection", "alert"}, {"alert", "page", "detection"}),
    ({"change", "action"}, {"change", "action"}),
    ({"communication"}, {"communication"}),
    ({"escalation", "acknowledgement"}, {"page", "escalation", "acknowledgement"}),
    ({"observation", "decision", "action"}, {"chat"}),
)
COUNTERPARTS = {  # milestone → kinds of rows that are this very thing
    "changed": ("change",),
    "signalled": ("alert",),
    "paged": ("page",),
    "detected": ("detection",),
    "acknowledged": ("acknowledgement",),
    "declared": ("escalation",),
    "published": ("communication",),
    "identified": ("confirmed",),
    "resolved": ("decision",),
}
EDGES = ("started", "mitigated", "recovered")  # milestones that can be measured
_WORD = re.compile(r"[^\W_]{3,}")
_ENDING = re.compile(r"(?<=\w{4})(?:ing|ed|es|s)$")


def joined(declared: Sequence[Row], recorded: Sequence[Row]) -> list[Row]:
    """Return the rows of people and of tools, each thing once.

    Parameters
    ----------
    declared, recorded : sequences of dict
        Rows of an events frame. Records that repeat each other (one alert in two tools) are joined too.

    Returns
    -------
    list of dict
        Declared rows first, in their order. A joined row has the time, kind and evidence of the record, the text of
        both where they differ (that of people alone in ``said``), and both sources and bases.
    """
    records = _once(recorded)
    used: set[int] = set()
    rows: list[Row] = []
    for row in declared:
        found = next((n for n, r in enumerate(records) if n not in used and _is_same(row, r)), None)
        if found is None:
            rows.append(row)
        else:
            used.add(found)
            rows.append(_both(row, records[found]))
    return [*rows, *(r for n, r in enumerate(records) if n not in used)]


def with_measured(
    milestones: Iterable[tuple[str, str, Row]], measured: Sequence[tuple[str, Row]]
) -> tuple[list[tuple[str, str, Row]], list[Row]]:
    """Join declared milestones with the measured edges that are the same moment: their bounds overlap.

    Parameters
    ----------
    milestones : iterable of (str, str, dict)
        Name, label and row of each; the row's text is the time as people gave it.
    measured : sequence of (str, dict)
        The milestone that a measured edge is, one of `EDGES`, and its row.

    Returns
    -------
    list of (str, str, dict)
        The milestones that no edge is.
    list of dict
        The edges in their order, at their measured times; a joined one says what people declared.
    """
    edges = [row for _, row in measured]
    left = []
    for name, label, own in milestones:
        found = next((n for n, (edge, row) in enumerate(measured) if edge == name and _overlap(own, row)), None)
        if found is None:
            left.append((name, label, own))
            continue
        row = edges[found]
        both = {"source": " + ", "basis": " + ", "evidence": "; "}
        told = {key: _and(row[key], own[key], mark) for key, mark in both.items()}
        edges[found] = {**row, **told, "text": f"{row['text']} (declared: {own['text']})"}
    return left, edges


def with_milestones(rows: list[Row], milestones: Iterable[tuple[str, str, Row]]) -> list[Row]:
    """Return the rows with each milestone told by the row that is this very thing, else by a row of its own.

    Parameters
    ----------
    rows : list of dict
    milestones : iterable of (str, str, dict)
        Name, label and row of each. Those of one time that stand alone share a row.
    """
    told: dict[int, list[str]] = {}
    alone: dict[tuple[object, ...], tuple[Row, list[str]]] = {}
    for name, label, own in milestones:
        kinds = COUNTERPARTS.get(name, ())
        found = next((n for n, r in enumerate(rows) if r["kind"] in kinds and _near(own, r)), None)
        if found is not None:
            told.setdefault(found, []).append(label)
        else:
            key = (own["time_lo"], own["time"], own["time_hi"])
            alone.setdefault(key, (own, []))[1].append(label)
    for n, labels in told.items():
        text = str(rows[n]["text"])
        news = "; ".join(label for label in labels if alike(label, text) < SAME)
        end = "." if text.endswith(".") else ""
        rows[n] = {**rows[n], "text": f"{text.removesuffix('.')} ({news}){end}" if news else text}
    return [*({**own, "text": _sentence("; ".join(labels))} for own, labels in alone.values()), *rows]


def _once(records: Sequence[Row]) -> list[Row]:
    """Return the records in time order, without those that repeat an earlier one of another source."""
    kept: list[Row] = []
    for row in sorted(records, key=lambda r: pd.Timestamp.max.tz_localize("UTC") if pd.isna(r["time"]) else r["time"]):
        n = _repeated(kept, row)
        if n is None:
            kept.append(row)
        else:
            both = {"source": " + ", "evidence": "; "}
            kept[n] = kept[n] | {key: _and(kept[n][key], row[key], mark) for key, mark in both.items()}
    return kept


def _repeated(kept: list[Row], row: Row) -> int | None:
    """Return which of the rows just before this one tells the same in another tool."""
    for n in range(len(kept) - 1, -1, -1):
        other = kept[n]
        if not _near(other, row):
            return None
        differs = other["kind"] != row["kind"] or other["source"] == row["source"]
        if not differs and alike(other["text"], row["text"]) >= ALIKE:
            return n
    return None


def _is_same(declared: Row, record: Row) -> bool:
    fits = any(declared["kind"] in ours and record["kind"] in theirs for ours, theirs in FAMILIES)
    if not fits or not _near(declared, record):
        return False
    place = str(declared["evidence"])
    file = re.sub(r"(:\d+|#\d+| ts .*)$", "", str(record["evidence"]))
    return place in (file, record["evidence"]) or alike(declared["text"], record["text"]) >= ALIKE


def _both(declared: Row, record: Row) -> Row:
    text, said = str(declared["text"]), str(record["text"])
    text = text if alike(text, said) >= SAME else f"{text} [{said}]"
    actor = declared["actor"] or record["actor"]
    basis = _and(record["basis"], declared["basis"])
    end: object = record["end"] if pd.isna(declared["end"]) else declared["end"]
    source = _and(record["source"], declared["source"])
    told = {"text": text, "said": declared["text"], "source": source, "actor": actor, "basis": basis, "end": end}
    return {**record, **told}


def _near(a: Row, b: Row) -> bool:
    if any(pd.isna(row["time"]) for row in (a, b)):
        return False  # an unknown time is near to nothing
    return bool(abs(a["time"] - b["time"]) <= NEAR)


def _overlap(a: Row, b: Row) -> bool:
    """Return whether two rows can be of the same instant; one without both bounds is near to nothing."""
    if any(pd.isna(row[end]) for row in (a, b) for end in ("time_lo", "time_hi")):
        return False
    lo, hi = max(a["time_lo"], b["time_lo"]), min(a["time_hi"], b["time_hi"])
    return bool(lo < hi or (lo == hi and lo in (a["time"], b["time"])))  # 17:49 ends before 17:50


def alike(a: object, b: object) -> float:
    """Return the share of the words of the shorter text that the other one has; 0 where either has none.

    >>> alike("The rollback succeeded.", "rollback succeeds"), alike("restart", "deploy")
    (1.0, 0.0)
    """
    first, second = ({_ENDING.sub("", word) for word in _WORD.findall(str(t).casefold())} for t in (a, b))
    least = min(len(first), len(second))
    return len(first & second) / least if least else 0.0


def _and(a: object, b: object, mark: str = " + ") -> str:
    """Return two words as one, each once: ``system + declared``."""
    parts = [part for text in (a, b) for part in str(text).split(mark) if part]
    return mark.join(dict.fromkeys(parts))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
