"""Files that match the others only when shifted by a whole step between zones: found three ways, never applied.

By request ids that two files share, which is exact. Else by counts a minute (`fitting`): lines or errors of a log
against another log or a metric; where that rests on a burst alone, only whole hours of a file whose zone was declared
are believed. And by declared times against the events of the same kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from postmortem_nb.evidence.account import AS_WRITTEN, Report
from postmortem_nb.evidence.blaming import odd_ones
from postmortem_nb.evidence.fitting import FARTHEST, STEP, Fit, fits_of, records_of
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.skew import NEAR_STEP, zone_steps
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Facts

DECLARED = {"changed": "change", "signalled": "alert", "paged": "page", "acknowledged": "acknowledgement"}
NEAR = pd.Timedelta(seconds=90)  # by which a time that people wrote to the minute may miss that of a tool
FEWEST = 2  # declared times that must agree on a shift
WORDS = {"errors": "errors a minute", "lines": "lines or requests a minute"}


@dataclass(frozen=True)
class Shift:
    """Two files that match when one is shifted: minutes to add to the first, and what shows it."""

    one: str
    other: str
    minutes: int
    why: str
    is_burst: bool = False

    def of(self, file: str) -> int:
        """Return the minutes to add to the times of one of the two."""
        return self.minutes if file == self.one else -self.minutes


def zone_shifts(
    facts: Facts,
    read: Sequence[tuple[How, Report]],
    pairs: pd.DataFrame,
    logs: pd.DataFrame,
    metrics: pd.DataFrame,
    events: pd.DataFrame,
) -> Iterator[Finding]:
    """Yield a finding for each file that matches the others only when shifted.

    Parameters
    ----------
    facts : Facts
        What people declared.
    read : sequence of (How, Report)
        How each file was read.
    pairs : DataFrame
        Sources that share ids, as `estimate_skew` gives them.
    logs, metrics, events : DataFrame
        The evidence.
    """
    hows = {how.name: (how, report) for how, report in read}
    by_id, agree_by_id = _by_ids(pairs)
    known = {frozenset((shift.one, shift.other)) for shift in by_id} | {frozenset(pair) for pair in agree_by_id}
    by_count, agree_by_count = _by_counts(logs, metrics, known)
    shifts = [*by_id, *by_count]
    disagreeing = [(shift.one, shift.other) for shift in shifts]
    blamed = set()
    for odd, beside in odd_ones(
        disagreeing, [*agree_by_id, *agree_by_count], lambda file: (_is_declared(hows, file), file)
    ):
        found = [s for s in shifts if odd in (s.one, s.other) and (s.one in beside or s.other in beside)]
        best = min(found, key=lambda shift: shift.is_burst)
        if best.is_burst and not (_is_declared(hows, odd) and best.minutes % 60 == 0):
            continue
        blamed.add(odd)
        other = best.other if best.one == odd else best.one
        text = f"It matches {other} if shifted by {best.of(odd):+d} min: {best.why}."
        yield Finding("zone-shift", "warning", odd, text, _fix(hows[odd], best.of(odd)))
    for file, (how, _) in hows.items():
        if file not in blamed and (finding := _by_declared(facts, how, hows[file], events)) is not None:
            yield finding


def _is_declared(hows: Mapping[str, tuple[How, Report]], file: str) -> bool:
    return hows[file][1].zone not in ("", AS_WRITTEN)


def _fix(read: tuple[How, Report], minutes: int) -> str:
    how, report = read
    total = how.offset.total_seconds() / 60 + minutes
    zone = f"its zone, declared as {report.zone}" if report.zone not in ("", AS_WRITTEN) else "the zone that it writes"
    return f'Check {zone}. If it is wrong, correct `zone`, or declare `clock_offset = "{total:g}min"`.'


def _by_ids(pairs: pd.DataFrame) -> tuple[list[Shift], list[tuple[str, str]]]:
    """Return shifts between files that share ids, and pairs of files that need none."""
    shifts: dict[tuple[str, str], Shift] = {}
    agreeing = []
    for row in pairs.sort_values("ids", ascending=False, kind="stable").to_dict("records"):
        files = (row["one_file"], row["other_file"])
        minutes = zone_steps(row["offset"])
        if minutes is None or row["spread"] > NEAR_STEP:
            agreeing.append(files)
        elif files[0] != files[1]:
            seconds = row["offset"] - 60 * minutes
            why = (
                f"{row['ids']:,} request ids are in both, and the median of their differences is then {seconds:+.1f} s"
            )
            shifts.setdefault(files, Shift(*files, int(minutes), why))
    return [shift for files, shift in shifts.items() if files not in agreeing], agreeing


def _by_counts(
    logs: pd.DataFrame, metrics: pd.DataFrame, known: set[frozenset[str]]
) -> tuple[list[Shift], list[tuple[str, str]]]:
    """Return shifts between a log and another log or a metric by their counts a minute, and pairs that need none."""
    records = records_of(logs, metrics)
    by_file = {file: [r for r in records if r.file == file] for file in sorted({r.file for r in records})}
    of_logs = set(logs["file"].unique())
    shifts, agreeing = [], []
    for one, other in combinations(by_file, 2):
        if not {one, other} & of_logs or frozenset((one, other)) in known:
            continue
        fits = list(fits_of(by_file[one], by_file[other]))
        if any(fit.shift == 0 for fit in fits):
            agreeing.append((one, other))
        elif fits:
            best = max(fits, key=lambda fit: (fit.is_texture, fit.score))
            shifts.append(Shift(one, other, best.shift, _scores(best), not best.is_texture))
    return shifts, agreeing


def _scores(fit: Fit) -> str:
    as_it_is = "they have no time in common" if fit.unshifted != fit.unshifted else f"it is {fit.unshifted:.2f}"
    return f"the correlation of their {WORDS[fit.kind]} is then {fit.score:.2f}; as they are, {as_it_is}"


# --- declared times ---------------------------------------------------------------------------------------------------


def _by_declared(facts: Facts, how: How, read: tuple[How, Report], events: pd.DataFrame) -> Finding | None:
    """Return a finding where declared times match the events of a file only when those are shifted."""
    rows = events[events["evidence"].str.startswith(f"{how.name}:") & events["time"].notna()]
    if rows.empty:
        return None
    seconds = rows["time"].dt.tz_localize(None).astype("int64") / 1e9
    near = [(label, seconds[mask] - at.value / 1e9) for label, at, mask in _declared_in(facts, rows)]
    steps = range(-FARTHEST, FARTHEST + 1, STEP)
    fitting = {
        step: [label for label, away in near if (abs(away - step * 60) <= NEAR.total_seconds()).any()] for step in steps
    }
    if fitting[0]:
        return None
    best, second = sorted(fitting, key=lambda step: -len(fitting[step]))[:2]
    labels = fitting[best]
    if len(labels) < FEWEST or len(fitting[second]) == len(labels):
        return None
    text = (
        f"{len(labels)} declared times ({', '.join(labels)}) match its events if these are shifted by {-best:+d} min, "
        "and none does as they are."
    )
    fix = f"{_fix(read, -best)} Or correct the declared times."
    return Finding("zone-shift", "warning", how.name, text, fix)


def _declared_in(facts: Facts, rows: pd.DataFrame) -> Iterator[tuple[str, pd.Timestamp, pd.Series]]:
    """Yield declared times, each minute once, with the events that may be the same: of their kind, or of their text."""
    seen = set()
    text = rows["text"].str.strip().str.casefold()
    declared = [(name, when, rows["kind"] == DECLARED[name]) for name, when in facts.milestones if name in DECLARED]
    declared += [
        (
            f"“{row.text[:60]}”",
            row.at,
            (text == row.text.casefold()) | ((row.kind == "change") & (rows["kind"] == "change")),
        )
        for row in facts.timeline
    ]
    for label, when, mask in declared:
        if when.at is not None and when.at.floor("min") not in seen and mask.any():
            seen.add(when.at.floor("min"))
            yield label, when.at, mask
