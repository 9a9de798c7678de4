"""The same evidence in two files, such as ``access.log`` beside a packed copy of it, would count twice: found here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from postmortem_nb.findings import Finding

FEWEST = 100  # lines that two files have in common before a part of one is called a copy
SHARE = 0.5  # of the lines of one file, in the time that both are about

# What makes two rows the same. Not the file and the line; not what is told from the name of the file.
SAME: dict[str, tuple[str, ...]] = {
    "logs": (
        *("time", "level", "service", "host", "message"),
        *("status", "seconds", "method", "path", "client", "user", "trace"),
    ),
    "metrics": ("time", "service", "metric", "value", "labels"),
    "events": ("time", "end", "kind", "actor", "text", "service"),
}


@dataclass(frozen=True)
class Rows:
    """The rows of one file: a number for each, equal where rows are the same, and when it was."""

    name: str
    codes: np.ndarray
    times: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, name: str, kind: str, frame: pd.DataFrame) -> Rows:
        """Number the rows of a frame."""
        columns = [column for column in SAME[kind] if column in frame]
        codes = pd.util.hash_pandas_object(frame[columns], index=False).to_numpy()
        return cls(name, codes, frame["time"].dt.tz_localize(None).to_numpy())


def set_apart(
    kind: str, read: Sequence[tuple[str, pd.DataFrame]]
) -> tuple[list[tuple[str, pd.DataFrame]], list[Finding]]:
    """Leave out the files whose rows another file before them has already.

    Parameters
    ----------
    kind : str
        ``logs``, ``metrics`` or ``events``.
    read : sequence of (str, DataFrame)
        Names of files, and what they hold, in the order in which they count.

    Returns
    -------
    kept : list of (str, DataFrame)
        The files that count.
    findings : list of Finding
        A warning for each file that does not, and for each log whose lines stand in another one to a good part.
    """
    kept: list[tuple[str, pd.DataFrame]] = []
    rows: list[Rows] = []
    known: dict[bytes, str] = {}
    findings: list[Finding] = []
    for name, frame in read:
        own = Rows.of(name, kind, frame)
        first = known.setdefault(hashlib.sha256(own.codes.tobytes()).digest(), name) if len(frame) else name
        if first == name:
            kept.append((name, frame))
            rows.append(own)
        else:
            findings.append(_copy(name, first, len(frame)))
    if kind == "logs":
        findings += _parts(rows)
    return kept, findings


def _copy(name: str, first: str, rows: int) -> Finding:
    return Finding(
        "duplicate-file",
        "warning",
        name,
        f"It holds the same as {first}: all {rows:,} rows are equal. They were read, and are not counted again.",
        "Remove one of the two. If they are two sources that wrote the same, give each its `service` in an "
        "[[evidence]] entry.",
    )


def _parts(files: Sequence[Rows]) -> Iterator[Finding]:
    """Say which logs have more than half of their lines in common with another, in the time that both are about."""
    several = _in_several(files)
    for i, one in enumerate(several):
        for other in several[i + 1 :]:
            start, end = max(one.times.min(), other.times.min()), min(one.times.max(), other.times.max())
            sides = [(f.codes[(f.times >= start) & (f.times <= end)], f.name) for f in (one, other)]
            (few, name), (many, beside) = sorted(sides, key=lambda side: len(side[0]))
            same = _common(few, many)
            if same >= FEWEST and same > SHARE * len(few):
                yield Finding(
                    "duplicate-lines",
                    "warning",
                    name,
                    f"{same:,} of its {len(few):,} lines from {pd.Timestamp(start):%Y-%m-%d %H:%M:%S} to "
                    f"{pd.Timestamp(end):%Y-%m-%d %H:%M:%S} UTC stand in {beside} too. They are counted twice.",
                    'Remove one of the two, or set kind = "ignore" for it in an [[evidence]] entry. If they are two '
                    "sources, give each its `service` there.",
                )


def _in_several(files: Sequence[Rows]) -> list[Rows]:
    """Return the files with enough rows that stand in another one: most files have none, and need no comparing."""
    distinct = [np.unique(file.codes) for file in files]
    if len(distinct) < 2:
        return []
    codes, files_of = np.unique(np.concatenate(distinct), return_counts=True)
    shared = codes[files_of > 1]
    return [file for file in files if np.isin(file.codes, shared).sum() >= FEWEST] if len(shared) else []


def _common(one: np.ndarray, other: np.ndarray) -> int:
    """Count the rows that stand in both; one that stands twice in both counts twice."""
    mine, times = np.unique(one, return_counts=True)
    its, its_times = np.unique(other, return_counts=True)
    _, at, its_at = np.intersect1d(mine, its, assume_unique=True, return_indices=True)
    return int(np.minimum(times[at], its_times[its_at]).sum())
