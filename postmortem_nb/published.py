"""Numbers that were published, kept beside the incidents in version control, and whether they still hold.

A record is one JSON file an incident, one line a number, so that a reviewer sees in a diff which number moved. It
carries the reason that somebody gave each time: a number that moved without one is drift.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from postmortem_nb.differences import Change, Side, compare, read_side
from postmortem_nb.differences.reasons import UNTOLD
from postmortem_nb.errors import ReadError, SettingError
from postmortem_nb.incident import FACTS

FOLDER = "published"  # beside the folder of the incidents
KEPT = ("id", "value", "lo", "hi", "unit", "text", "basis", "definition")
SAME = "evidence, settings and version are the same: the program computes it differently"
SHORTEST = 10  # characters of a reason


@dataclass(frozen=True)
class Verdict:
    """What became of the published numbers of one incident.

    Parameters
    ----------
    incident : str
    path : Path
        Its record.
    numbers : int
        How many are recorded; 0 where there is no record.
    moved : tuple of Change
        Those that are not what was published, each with its reasons.
    fresh : tuple of str
        Claims that are new since then. They were never published, so they are no drift.
    """

    incident: str
    path: Path
    numbers: int
    moved: tuple[Change, ...] = ()
    fresh: tuple[str, ...] = ()

    @property
    def is_ok(self) -> bool:
        """Whether there is a record and every number of it still holds."""
        return self.numbers > 0 and not self.moved


def record_of(folder: Path, records: Path | None = None) -> Path:
    """Return where the numbers of an incident are recorded: ``data/published/ID.json`` of ``data/incidents/ID``."""
    return (folder.parent.with_name(FOLDER) if records is None else records) / f"{folder.name}.json"


def verify(side: Side, path: Path) -> Verdict:
    """Hold a result against the record.

    Parameters
    ----------
    side : Side
        What the evidence gives now, see `postmortem_nb.differences.read_side`.
    path : Path
        The record; one that does not exist is a verdict too.

    Raises
    ------
    ReadError
        If the record cannot be read; names it.
    """
    name = side.result["incident"]
    old = read_record(path)
    if old is None:
        return Verdict(name, path, 0)
    numbers = [c for c in compare(old, side) if c.kind == "number"]
    known = {claim["id"] for claim in old.result["claims"]}
    moved = tuple(_explained(c) for c in numbers if c.name in known)
    return Verdict(name, path, len(known), moved, tuple(c.name for c in numbers if c.name not in known))


def _explained(change: Change) -> Change:
    """Return a change with its reasons; where nothing else differs, it is the program: a record tells all the rest."""
    return replace(change, why=tuple(SAME if reason == UNTOLD else reason for reason in change.why))


def read_record(path: Path) -> Side | None:
    """Return a record as one side of a comparison; None if there is none."""
    if not path.is_file():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        claims = [_claim(c, record["files"]) for c in record["claims"]]
        files = [{"file": name, "sha256": digest} for name, digest in record["files"].items() if name != FACTS]
        result = {"claims": claims, "files": files, "settings": record["settings"], "generator": record["generator"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReadError(f"{path}: it cannot be read as recorded numbers ({error}). Accept them anew.") from error
    return Side(path.name, result, {}, False)


def _claim(kept: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, Any]:
    """Return a claim as a result has it, as far as a comparison needs it."""
    inputs = [{"kind": "claim", "name": name, "what": what} for name, what in kept["claims"].items()]
    inputs += [{"kind": "file", "name": FACTS, "what": ""}] if FACTS in kept["files"] else []
    return {**kept, "inputs": inputs, "evidence": {name: files.get(name, "") for name in kept["files"]}}


def as_record(side: Side, reason: str, path: Path) -> str:
    """Return the record of the numbers as they are now, with the reason behind those that were given before.

    Raises
    ------
    SettingError
        If the reason says nothing.
    ReadError
        If there is an earlier record that cannot be read.
    """
    said = " ".join(reason.split())
    if len(said) < SHORTEST:
        raise SettingError(f"reason: {said!r} tells a reviewer nothing. Say why the numbers moved.")
    moved = [f"{c.name}: {c.old or 'none'} → {c.new or 'none'} ({'; '.join(c.why)})" for c in verify(side, path).moved]
    earlier = json.loads(path.read_text(encoding="utf-8"))["acknowledged"] if path.is_file() else []
    entry = {"reason": said, "generator": side.result["generator"], "moved": moved}
    return "".join(_lines(side, [*earlier, entry]))


def _lines(side: Side, acknowledged: list[Any]) -> Iterator[str]:
    """Yield JSON with a number a line."""
    result = side.result
    files = {f["file"]: f["sha256"] for f in result["files"]} | {FACTS: side.facts_hash}
    yield "{\n"
    yield f' "incident": {_json(result["incident"])},\n "generator": {_json(result["generator"])},\n'
    yield f' "acknowledged": [\n{_each(acknowledged)}\n ],\n'
    yield f' "settings": {_json(result["settings"])},\n'
    yield f' "files": {json.dumps(files, indent=2, ensure_ascii=False).replace(chr(10), chr(10) + " ")},\n'
    yield f' "claims": [\n{_each([_kept(c) for c in result["claims"]])}\n ]\n'
    yield "}\n"


def _kept(claim: Mapping[str, Any]) -> dict[str, Any]:
    rests_on = {i["name"]: i["what"] for i in claim["inputs"] if i["kind"] == "claim"}
    return {**{key: claim[key] for key in KEPT}, "claims": rests_on, "files": sorted(claim["evidence"])}


def _each(rows: list[Any]) -> str:
    return ",\n".join(f"  {_json(row)}" for row in rows)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def side_of(folder: Path, results: Path | None = None, **settings: Any) -> Side:
    """Return what the evidence of an incident gives: analysed now, or as a result that was written has it.

    Parameters
    ----------
    folder : Path
        The incident.
    results : Path, optional
        Folder of results to take instead of analysing.
    **settings
        Of the analysis.
    """
    return read_side(str(folder if results is None else results / f"{folder.name}.json"), **settings)
