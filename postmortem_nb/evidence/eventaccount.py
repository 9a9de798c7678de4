"""What became of each record of an events file: read, skipped or rejected, once, however many rows it gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from postmortem_nb.evidence.account import SAMPLE_LENGTH, Tally

BACKWARDS = "end before they begin and are kept as they are"


class Account:
    """What became of each record of a file, some of which give several rows."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.read_units: set[str] = set()
        self.skipped_units: set[str] = set()
        self.rejected: dict[str, list[tuple[int, str]]] = {}
        self.notes: dict[str, list[str]] = {}

    def skip(self, row: Mapping[str, Any]) -> None:
        """Count a record that is known to be no event."""
        self.skipped_units.add(_unit(row))

    def read(self, row: Mapping[str, Any], *, is_backwards: bool) -> None:
        """Count a record that gave a row."""
        self.read_units.add(_unit(row))
        for note in (BACKWARDS if is_backwards else "", row.get("note")):
            if note:
                self.notes.setdefault(note, []).append(row["place"].strip())

    def reject(self, row: Mapping[str, Any], why: str) -> None:
        """Keep a row that is none."""
        said = row.get("raw") or {k: row.get(k) for k in ("time", "end", "kind")}  # no text: it may hold names
        text = f"({why}) {', '.join(str(v) for v in said.values() if v is not None)}"
        self.rejected.setdefault(_unit(row), []).append((row["number"], text))

    def close(self, units: Iterable[tuple[str, int, Any]]) -> None:
        """Put the counts into the tally: a record counts once, as read if anything of it was."""
        for place, number, _ in units:
            if place not in self.read_units and place not in self.skipped_units:
                self.rejected.setdefault(place, [(number, "(nothing in it has a time)")])
        partly = [sample for unit, found in self.rejected.items() if unit in self.read_units for sample in found]
        for unit, found in self.rejected.items():
            if unit not in self.read_units:
                self.tally.reject(*found[0])
        self.tally.skipped += len(self.skipped_units - self.read_units - set(self.rejected))
        notes = [f"Events that {note}: {len(at):,}; the first is {at[0]}." for note, at in sorted(self.notes.items())]
        if partly:
            number, text = min(partly)
            said = f"Parts of records that could not be read: {len(partly):,}; the first is in {number}: {text}"
            notes.append(said[:SAMPLE_LENGTH])
        self.tally.notes += tuple(notes)


def _unit(row: Mapping[str, Any]) -> str:
    return str(row.get("unit") or row["place"])
