"""The account of reading one file: every line of it is read, continued, blank, skipped or rejected, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from postmortem_nb.errors import ReadError

SAMPLES = 5  # rejected lines that are kept to be shown
SAMPLE_LENGTH = 200  # characters of each
AS_WRITTEN = "as written"  # the zone of times that carry their own


class Unreadable(ReadError):
    """A whole file that cannot be read while others can: unknown format, unknown compression, no usable column."""


class Undated(ReadError):
    """Times without a year or without a date, and none was declared; other files of a folder may tell it.

    Parameters
    ----------
    message : str
        What is wrong, where, and what to do.
    missing : {"year", "date"}
        What the times do not carry.
    """

    def __init__(self, message: str, missing: str = "year") -> None:  # the default lets it travel between processes
        super().__init__(message)
        self.missing = missing


@dataclass(frozen=True)
class Report:
    """How the reading of one file went; ``read + continued + blank + skipped + rejected == lines``.

    Parameters
    ----------
    file : str
        As it was named.
    format : str
        Name of the format it was read as.
    lines : int
        Lines in the file; records, where the file is one JSON document.
    read : int
        Lines that gave at least one row.
    continued : int
        Lines that belong to the record before them: a stack trace, a quoted field with a line break.
    blank : int
        Lines of nothing but white space.
    skipped : int
        Lines that are known not to be evidence: headers, people joining a channel.
    rejected : int
        Lines that could not be read.
    samples : tuple of (int, str)
        The first rejected lines: number and beginning of the text.
    cells : int
        Cells of a column of numbers that are none, in lines that were read; they became missing.
    cell : (int, str) or None
        The first of them: its line, and the column with what stands there.
    odd : int
        Lines with bytes that are not UTF-8, or with NUL; those bytes became U+FFFD.
    clipped : int
        Lines longer than a line may be, cut.
    truncated : str
        Why the file ended early; empty if it did not.
    first, last : Timestamp or None
        First and last time, UTC.
    zone : str
        Zone in which naive times were read; ``as written`` where the times carry their own.
    unused : tuple of str
        Columns that were to be dropped and are not in the file.
    formats : tuple of str
        Every format that lines of the file were read as, the file's own first.
    notes : tuple of str
        What a reader should know about the file: a capped export, an assumption that it states itself.
    """

    file: str
    format: str
    lines: int
    read: int
    continued: int = 0
    blank: int = 0
    skipped: int = 0
    rejected: int = 0
    samples: tuple[tuple[int, str], ...] = ()
    cells: int = 0
    cell: tuple[int, str] | None = None
    odd: int = 0
    clipped: int = 0
    truncated: str = ""
    first: pd.Timestamp | None = None
    last: pd.Timestamp | None = None
    zone: str = ""
    unused: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.formats and self.format:
            object.__setattr__(self, "formats", (self.format,))

    def __str__(self) -> str:
        counts = f"{self.read:,} of {self.lines:,} lines read, {self.rejected:,} rejected"
        return f"{self.file}: {self.format or 'unknown format'}, {counts}"


def joined(file: str, reports: Sequence[Report]) -> Report:
    """Return one account of several files."""
    firsts = [r.first for r in reports if r.first is not None]
    lasts = [r.last for r in reports if r.last is not None]
    counts = ("lines", "read", "continued", "blank", "skipped", "rejected", "cells", "odd", "clipped")
    return Report(
        file=file,
        format=reports[0].format,
        **{name: sum(getattr(r, name) for r in reports) for name in counts},
        samples=tuple(sample for r in reports for sample in r.samples)[:SAMPLES],
        truncated="; ".join(f"{r.file}: {r.truncated}" for r in reports if r.truncated),
        first=min(firsts, default=None),
        last=max(lasts, default=None),
        zone=reports[0].zone,
        notes=tuple(dict.fromkeys(note for r in reports for note in r.notes)),
    )


@dataclass
class Tally:
    """Counts while a file is read; `report` freezes them."""

    file: str
    lines: int = 0
    continued: int = 0
    blank: int = 0
    skipped: int = 0
    rejected: int = 0
    odd: int = 0
    clipped: int = 0
    truncated: str = ""
    unused: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    samples: list[tuple[int, str]] = field(default_factory=list)
    cells: int = 0
    cell: tuple[int, str] | None = None

    def reject(self, line: int, text: str, lines: int = 1) -> None:
        """Count lines that could not be read and keep the earliest few as samples."""
        self.rejected += lines
        self.samples.append((line, text[:SAMPLE_LENGTH]))
        if len(self.samples) > 8 * SAMPLES:  # now and then, not at every line
            self.samples = sorted(self.samples)[:SAMPLES]

    def reject_cells(self, lines: Sequence[int], column: str, texts: Sequence[str]) -> None:
        """Count cells of one column that are no numbers and keep the earliest of all to be shown."""
        self.cells += len(lines)
        for line, text in zip(lines[:1], texts, strict=False):
            first = (line, f"{column} = {text}"[:SAMPLE_LENGTH])
            self.cell = min(self.cell or first, first)

    def report(self, format: str, times: pd.Series | None = None, zone: str = "") -> Report:
        """Return the account; what was not counted otherwise has been read."""
        other = self.continued + self.blank + self.skipped + self.rejected
        known = None if times is None else times.dropna()
        some = known is not None and len(known) > 0
        return Report(
            file=self.file,
            format=format,
            lines=self.lines,
            read=self.lines - other,
            continued=self.continued,
            blank=self.blank,
            skipped=self.skipped,
            rejected=self.rejected,
            samples=tuple(sorted(self.samples)[:SAMPLES]),
            cells=self.cells,
            cell=self.cell,
            odd=self.odd,
            clipped=self.clipped,
            truncated=self.truncated,
            first=known.min() if known is not None and some else None,
            last=known.max() if known is not None and some else None,
            zone=zone,
            unused=self.unused,
            formats=self.formats,
            notes=self.notes,
        )
