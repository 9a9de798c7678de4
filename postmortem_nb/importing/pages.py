"""An incident of a status page → the draft of a folder: its messages as evidence, its times as they were published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from postmortem_nb.findings import Finding
from postmortem_nb.importing.draft import Draft, Reading
from postmortem_nb.importing.naming import name_of
from postmortem_nb.narrative import HEADINGS
from postmortem_nb.times import UTC

AS_STATED = "the begin of the impact that a message states"


def draft_of(
    row: Mapping[str, Any], original: bytes, ending: str, findings: tuple[Finding, ...], zone: str | None
) -> Draft:
    """Return the draft of one incident.

    Parameters
    ----------
    row : mapping
        A row of the frame of `read_status_feed`.
    original : bytes
        The record or page itself.
    ending : {".jsonl", ".md"}
        What it is.
    findings : tuple of Finding
        Those about this record.
    zone : str or None
        IANA zone of times that carry none.
    """
    milestones, comments, readings = _milestones(row)
    begin = row["begin"]
    facts: dict[str, Any] = {"title": str(row["title"]), "status": "draft", "zone": zone or UTC}
    if isinstance(row["severity"], str):
        facts["severity"] = row["severity"]
    if row["services"]:
        facts["services"] = list(row["services"])
    if row["is_open"]:
        facts["open"] = True
    if not pd.isna(begin):
        facts["date"] = begin.tz_convert(zone or UTC).date()
    if row["url"]:
        facts["sources"] = [str(row["url"])]
    facts["milestones"] = milestones
    file = f"events/status{ending}"
    if ending == ".md":
        rule: dict[str, Any] = {"files": file, "kind": "events"}
        facts["evidence"] = [rule | ({"zone": zone} if zone else {})]
    prose = "<!-- Imported from a status page: its messages are the evidence in events/. -->\n"
    return Draft(
        name=name_of(facts.get("date"), str(row["title"]), str(row["id"]), _short(str(row["id"]))),
        source=str(row["evidence"]),
        file=file,
        original=original,
        facts=facts,
        comments=comments,
        narrative=prose + "".join(f"\n## {heading}\n" for heading in HEADINGS),
        findings=findings,
        readings=tuple(readings),
    )


def _milestones(row: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str], list[Reading]]:
    """Return what the page says: of a stated impact its begin and end, else when it was opened and said to be over.

    The first message is no start of impact: where nothing states that, `started` is left out.
    """
    milestones: dict[str, str] = {}
    comments: dict[str, str] = {}
    if row["basis"] == "stated":
        windows = row["windows"]
        milestones |= {"started": _stamp(windows[0][0]), "recovered": _stamp(windows[-1][1])}
        many = f"; {len(windows)} windows, {row['minutes']:g} min in all" if len(windows) > 1 else ""
        comments |= {"milestones.started": AS_STATED, "milestones.recovered": f"as a message states{many}"}
    for name, key, why in (("declared", "begin", "when it was opened"), ("resolved", "end", "when it was over")):
        if not pd.isna(row[key]):
            milestones[name] = _stamp(row[key])
            comments[f"milestones.{name}"] = f"{why}, as the page says"
    place = str(row["evidence"]).rpartition(":")[2].rpartition("#")[2].partition(" ")[0]
    line = int(place) if place.isdigit() else 1
    return milestones, comments, [Reading(line, f"{k} {v}", f"milestones.{k}") for k, v in milestones.items()]


def _stamp(t: pd.Timestamp) -> str:
    return t.strftime("%Y-%m-%dT%H:%M:%SZ" if t.second else "%Y-%m-%dT%H:%MZ")


def _short(name: str) -> str:
    """Return what tells an id apart; of one that begins with the day, nothing: the folder's name has that."""
    return "" if name[:4].isdigit() and name[4:5] == "-" else name


def original_of(evidence: str, path: Path) -> tuple[bytes, str]:
    """Return the record that a row is from, as it stands, and the ending of a file that holds it alone."""
    if path.suffix.lower() == ".md":
        return path.read_bytes(), ".md"
    place = evidence.removeprefix(path.as_posix())
    text = path.read_text(encoding="utf-8-sig")
    if place.startswith(":"):
        number = int(place[1:].partition("#")[0])
        return (text.split("\n")[number - 1].strip() + "\n").encode(), ".jsonl"
    document = json.loads(text)
    number = int(place.removeprefix("#").partition(" ")[0])
    listed = document if isinstance(document, list) else next(v for v in document.values() if isinstance(v, list))
    return (json.dumps(listed[number - 1], ensure_ascii=False) + "\n").encode(), ".jsonl"
