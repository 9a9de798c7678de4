"""Written times → declared instants: the day that a row leaves out, its zone, and what stays open.

A time is written as ``incident.toml`` has it, with its uncertainty; one that cannot be settled is ``unknown``, with a
finding that names its line. The rows stay in the order of the document.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from postmortem_nb.errors import IncidentError
from postmortem_nb.evidence.abbreviations import offset_at
from postmortem_nb.findings import Finding
from postmortem_nb.importing.notations import DAY, Written
from postmortem_nb.importing.rows import Row
from postmortem_nb.importing.zones import offset_of, zone_named_by
from postmortem_nb.times import UNKNOWN, Instant, parse_instant, zone_named

MINUTE = pd.Timedelta(minutes=1)
BACK = 6 * 3600  # seconds that a bare time may go back without being of the next day
Clock = tuple[int, int]


@dataclass(frozen=True)
class Settled:
    """A row of the timeline with its instant.

    Parameters
    ----------
    row : Row
    at : str
        As ``incident.toml`` has it; ``unknown`` where nothing is.
    instant : Instant
        What that means, in UTC.
    end : str
        Where it is a stretch: its end, as ``at``.
    until : Instant
        What that means.
    is_end : bool
        It stands for the end of a stretch.
    """

    row: Row
    at: str
    instant: Instant
    end: str = ""
    until: Instant = UNKNOWN
    is_end: bool = False

    @property
    def moment(self) -> pd.Timestamp | None:
        """When, where a minute is written, be it only about: what differences are taken of."""
        instant = self.instant
        if instant.at is None or instant.lo is None or instant.hi is None:
            return None
        return instant.at if self.at.startswith("~") or instant.hi - instant.lo <= MINUTE else None

    @property
    def closing(self) -> Settled | None:
        """The end of a stretch as a row of its own; None if it is none, or its end is not known to the minute."""
        ended = Settled(self.row, self.end, self.until, is_end=True)
        return ended if self.end and ended.moment is not None else None


@dataclass
class Settler:
    """Settles rows one after the other, as later ones lean on those before them.

    Parameters
    ----------
    file : str
        Named in findings.
    zone : str
        IANA zone of times that name none.
    day : date or None
        Day of the first rows that name none.
    is_fixed : bool
        The document says that this day holds for all rows that name none.
    """

    file: str
    zone: str
    day: dt.date | None = None
    is_fixed: bool = False

    def settle(self, rows: Iterable[Row]) -> tuple[list[Settled], list[Finding]]:
        """Return the rows with their instants, and what was odd about them."""
        rows = list(rows)
        month_first = _month_first(rows)
        settled: list[Settled] = []
        findings: list[Finding] = []
        carried, last, heading = self.day, None, None
        for row in rows:
            where = f"{self.file}:{row.line}"
            if row.written is None:
                settled.append(Settled(row, "unknown", UNKNOWN))
                findings.append(_unread(row, where))
                continue
            if row.day is not None and row.day != heading:
                heading, last = row.day, None
                carried = _days(row.day, carried, month_first)[0] or carried
            first, final = _days(row.written, carried, month_first)
            if row.written.has_day and first is None:
                settled.append(Settled(row, "unknown", UNKNOWN))
                findings.append(_undecided(row, where))
                continue
            if first is None:
                first = final = self.day if self.is_fixed else carried
                clock = row.written.clock
                if first and clock and last is not None and not self.is_fixed and clock[0] < last - BACK:
                    first = final = first + dt.timedelta(days=1)
                    findings.append(_next_day(row, first, where))
            if first is None:
                settled.append(Settled(row, "unknown", UNKNOWN))
                findings.append(_undated(row, where))
                continue
            if row.written.has_day or not self.is_fixed:
                carried = first if first == final else carried
            last = row.written.clock[0] if row.written.clock else last
            one, doubts = self._one(row, first, final or first, where)
            findings += doubts
            if settled and _is_before(one, settled):
                findings.append(_backwards(one, settled, where))
            settled.append(one)
        return settled, findings

    def _one(self, row: Row, first: dt.date, final: dt.date, where: str) -> tuple[Settled, list[Finding]]:
        """Write one time, check that it can be read, and tell what is odd about it."""
        written = row.written
        assert written is not None, "a row that was read"
        odd = [_odd(row, note, where) for note in (*written.notes, *(written.end.notes if written.end else ()))]
        suffix, findings = self._suffix(row, first, where)
        at = _notation(written, first, final, suffix)
        try:
            instant = parse_instant(at, zone=self.zone, where=where)
        except IncidentError as error:
            said = Finding("time-not-settled", "warning", where, f"{row.time!r}: {str(error).split(': ', 1)[-1]}")
            return Settled(row, "unknown", UNKNOWN), [*odd, *findings, said]
        end, until, ends = self._end(written, instant, first, suffix, where)
        return Settled(row, at, instant, end, until), [*odd, *findings, *ends]

    def _end(
        self, written: Written, begin: Instant, day: dt.date, suffix: str, where: str
    ) -> tuple[str, Instant, list[Finding]]:
        if written.end is None or written.end.clock is None:
            return "", UNKNOWN, []
        first, final = _days(written.end, day, None)
        first, final = first or day, final or day
        if first == day and not written.end.has_day and written.clock and written.end.clock[1] <= written.clock[0]:
            first = final = day + dt.timedelta(days=1)
        clock = written.end.clock
        if first == day and written.clock and clock[1] - clock[0] > 60:
            clock = (max(clock[0], written.clock[0]), clock[1])  # it did not end before it began
        end = _notation(replace(written.end, clock=clock), first, final, suffix)
        try:
            until = parse_instant(end, zone=self.zone, where=where)
        except IncidentError as error:
            return (
                "",
                UNKNOWN,
                [Finding("time-not-settled", "warning", where, f"its end: {str(error).split(': ', 1)[-1]}")],
            )
        if until.hi is not None and begin.lo is not None and until.hi < begin.lo:
            said = f"{written.text!r} ends before it begins; its end is left out."
            return "", UNKNOWN, [Finding("ends-before-it-begins", "warning", where, said)]
        return end, until, []

    def _suffix(self, row: Row, day: dt.date, where: str) -> tuple[str, list[Finding]]:
        """Return what marks the zone of a row that is of another zone than the rest; empty if it is of that."""
        word = row.zone
        if not word:
            return "", []
        offset = offset_of(word)
        if offset is None:
            local = dt.datetime.combine(day, dt.time(12)) if row.written is None else _local(day, row.written.clock)
            name, _ = zone_named_by(word)
            offset = offset_at(local, word, self.zone)
            if offset is None and name:
                offset = local.replace(tzinfo=zone_named(name)).utcoffset()
            if name == self.zone:
                return "", []
        if offset is None:
            why = zone_named_by(word)[1] or f"{word} cannot be told"
            said = f"{row.time!r}: {why}; it is read in {self.zone}."
            return "", [Finding("zone-unsettled", "warning", where, said, "Name the zone with --zone.")]
        minutes = int(offset.total_seconds() // 60)
        sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
        return ("Z" if not minutes else f"{sign}{hours:02d}:{rest:02d}"), []


def _local(day: dt.date, clock: Clock | None) -> dt.datetime:
    return dt.datetime.combine(day, dt.time()) + dt.timedelta(seconds=clock[0] if clock else DAY // 2)


def _notation(written: Written, first: dt.date, final: dt.date, suffix: str) -> str:
    """Write a time as ``incident.toml`` has it."""
    if written.clock is None or first != final:
        return f"{first} 00:00{suffix}/{final + dt.timedelta(days=1)} 00:00{suffix}"
    lo, hi = written.clock
    if hi - lo > 60:
        return f"{_stamp(first, lo)}{suffix}/{_stamp(first, hi)}{suffix}"
    return f"{written.side}{_stamp(first, lo, is_fine=hi - lo == 1)}{suffix}"


def _stamp(day: dt.date, seconds: int, *, is_fine: bool = False) -> str:
    at = dt.datetime.combine(day, dt.time()) + dt.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%d %H:%M:%S" if is_fine else "%Y-%m-%d %H:%M")


def _month_first(rows: Sequence[Row]) -> bool | None:
    """Whether dates such as 1/14/2024 put the month first; None if none of them tells."""
    pairs = [w.slashed for row in rows for w in (row.written, row.day) if w is not None and w.slashed]
    if any(one > 12 for one, _, _ in pairs):
        return False
    return True if any(two > 12 for _, two, _ in pairs) else None


def _days(written: Written, near: dt.date | None, month_first: bool | None) -> tuple[dt.date | None, dt.date | None]:
    """Return the first and last day that a time may be of; None for one that is not there, or not clear."""
    if written.first is not None:
        return written.first, written.last
    try:
        if written.slashed and (month_first is not None or written.slashed[0] == written.slashed[1]):
            one, two, year = written.slashed
            day = dt.date(year, one, two) if month_first else dt.date(year, two, one)
            return day, day
        if written.month_day and near is not None:
            month, number = written.month_day
            years = (near.year - 1, near.year, near.year + 1)
            day = min((dt.date(y, month, number) for y in years), key=lambda d: abs(d - near))
            return day, day
    except ValueError:
        return None, None
    return None, None


def _is_before(one: Settled, settled: Sequence[Settled]) -> bool:
    last = next((s.moment for s in reversed(settled) if s.moment is not None), None)
    return one.moment is not None and last is not None and one.moment < last


def _backwards(one: Settled, settled: Sequence[Settled], where: str) -> Finding:
    before = next(s for s in reversed(settled) if s.moment is not None)
    said = f"{one.row.time!r} stands behind {before.row.time!r} (line {before.row.line}) and is earlier."
    return Finding("out-of-order", "note", where, said, "Check both times. The report puts them in order.")


def _odd(row: Row, note: str, where: str) -> Finding:
    if "placeholder" in note or "open" in note:
        return Finding("odd-time", "warning", where, f"{row.time!r}: {note}.", "It is kept with what it leaves open.")
    return Finding("odd-time", "note", where, f"{row.time!r}: {note}.")


def _unread(row: Row, where: str) -> Finding:
    said = f"{row.time!r} is no time that can be read" if row.time else f"“{row.text[:80]}” has no time"
    return Finding("time-unread", "warning", where, f"{said}; the row is kept as “unknown”.", "Write its time.")


def _undecided(row: Row, where: str) -> Finding:
    said = f"{row.time!r}: which day is meant cannot be told; the row is kept as “unknown”."
    return Finding("day-unclear", "warning", where, said, "Write the date as 2024-01-31.")


def _undated(row: Row, where: str) -> Finding:
    said = f"{row.time!r} has no day, and no row, heading or field before it names one; it is kept as “unknown”."
    return Finding("no-day", "warning", where, said, "Name the day with --date.")


def _next_day(row: Row, day: dt.date, where: str) -> Finding:
    said = f"{row.time!r} is hours before the row above it: it is taken to be of the next day, {day}."
    return Finding("next-day", "note", where, said)
