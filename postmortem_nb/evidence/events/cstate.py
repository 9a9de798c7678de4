"""cState, as the Jenkins project uses it: an incident is a Markdown file, facts in front, messages below.

The first and the last message have the times of the front matter; what stands between has none that could be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.events.shape import Record, Row, Unit, row_of
from postmortem_nb.evidence.events.statuspages import MAINTENANCE, SOURCE

NAME = "cstate"
FENCE = "---"

_PAIR = re.compile(r"([A-Za-z_]\w*):(?:\s+(.*))?")
_PLANNED = re.compile(r"maintenance|\bplanned\b", re.IGNORECASE)
_LIKELY = re.compile(r"upgrade|scheduled|\bmigrati(?:on|ng)\b|\bversion update\b", re.IGNORECASE)
_TROUBLE = re.compile(
    r"\b(?:not|outage|down|offline|slow|flaky|blocked|broken|expired|overload|unplanned|unexpected|unavailable"
    r"|unreachable|issues?|problems?|errors?|fail\w*|disrupt\w*|degrad\w*)\b",
    re.IGNORECASE,
)
_LABEL = re.compile(r"\s*\**\[((?:initial|final|edit|update)\b[^\]]{0,80})\]\**\s*:?", re.IGNORECASE)
_LONGEST = 1000  # characters of a message that a row shows


def is_cstate(line: str) -> bool:
    """Whether a file that begins with this line has front matter."""
    return line.strip() == FENCE


def read_page(lines: list[str], tally: Tally) -> list[Unit]:
    """Return the one record of a page: keys of its front matter, its text as ``messages``, its name as ``page``.

    Raises
    ------
    Unreadable
        If it has no front matter with a title and a date.
    """
    begin = next((i for i, line in enumerate(lines) if line.strip() == FENCE), 0)
    end = next((i for i, line in enumerate(lines) if i > begin and line.strip() == FENCE), None)
    record = {} if end is None else _front(lines[begin + 1 : end])
    missing = [key for key in ("title", "date") if not record.get(key)]
    if end is None or missing:
        said = "its front matter does not end" if end is None else f"its front matter has no {' and no '.join(missing)}"
        raise Unreadable(f"{tally.file}: {said}, as a page of cState has.")
    record["messages"] = _messages(lines[end + 1 :])
    record["page"] = PurePath(tally.file).stem
    tally.lines, tally.continued, tally.blank = 1, 0, 0
    at = next(i for i, line in enumerate(lines, 1) if line.startswith("date:"))
    return [Unit(f":{at}", at, record)]


def rows(units: list[Unit]) -> Iterator[Row]:
    """Yield the stretch of each record, and what was written of it."""
    for unit in units:
        record = unit.record
        title, severity = str(record["title"]), str(record.get("severity") or "")
        planned = is_planned(record)
        affected = ", ".join(record["affected"]) if isinstance(record.get("affected"), list) else ""
        begin, end = record["date"], record.get("resolvedWhen") or None
        about = ", ".join(part for part in (severity, affected) if part)
        text = f"{title} ({about})" if about else title
        more = {"source": SOURCE, "basis": "declared"}
        yield row_of(unit, MAINTENANCE if planned else "impact", begin, text, end=end, **more)
        times = {"initial": begin, "": begin if len(record["messages"]) == 1 else "unknown", "final": end or "unknown"}
        for i, (label, message) in enumerate(record["messages"]):
            time = times.get(label.lower().partition(" ")[0], "unknown")
            kind = MAINTENANCE if planned else "communication"
            yield row_of(unit, kind, time, f"{title}: {message[:_LONGEST]}", at=f" message {i + 1}", **more)


def is_planned(record: Record) -> bool:
    """Whether a page is of planned work: title or file name call it so; a notice is, unless it tells of trouble."""
    title = str(record["title"])
    if _PLANNED.search(f"{title} {record.get('page', '')}"):
        return True
    is_likely = record.get("severity") == "notice" or bool(_LIKELY.search(title))
    return is_likely and not _TROUBLE.search(title)


def _messages(lines: list[str]) -> list[tuple[str, str]]:
    """Split the text of a page into messages, each with its label; those that are empty are left out."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in lines:
        label = _LABEL.match(line)
        if label:
            found.append((label[1], [line[label.end() :]]))
        else:
            found[-1][1].append(line)
    messages = [(label, " ".join(" ".join(said).split())) for label, said in found]
    return [(label, text.strip(" -")) for label, text in messages if text.strip(" -")]


def _front(lines: list[str]) -> Record:
    """Read ``key: value`` and lists; the rest of YAML is not needed here, and not read."""
    record: Record = {}
    key = ""
    for line in lines:
        bare = line.strip()
        if bare.startswith("- ") and key and not isinstance(record[key], str):
            record[key] = [*(record.get(key) or []), _unquoted(bare[2:])]
        elif not line[:1].isspace() and not bare.startswith("#") and (found := _PAIR.fullmatch(line.rstrip())):
            key = found[1]
            record[key] = _unquoted(found[2]) if found[2] else None
    return record


def _unquoted(text: str) -> str:
    text = text.strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text
