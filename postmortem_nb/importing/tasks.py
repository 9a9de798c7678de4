"""Action items of a postmortem: points of a list, or a table with owners and dates; and what kind of task each is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from postmortem_nb.importing.document import Block, Item, List, Paragraph, Table, Text
from postmortem_nb.importing.fields import is_nothing
from postmortem_nb.importing.notations import read_day

KINDS = (  # kind → words; the first that fits counts
    ("detect", r"monitor|alert|alarm|detect|probe|dashboard|\bmetrics?\b|observab|notice|synthetic|health ?check"),
    (
        "mitigate",
        r"roll ?back|failover|faster|circuit|isolat|segment|quickly|guard ?rail|limit|run ?book|degrad|restore|backup",
    ),
    (
        "process",
        r"document|process|train|teach|review|discuss|communicat|policy|guideline|on-?call|procedure|checklist|meeting|wiki|align|plan\b",
    ),
)
STATUS = (
    ("done", r"done|complete[d]?|closed|fixed|finished|resolved|implemented|merged|✅|☑|✔"),
    ("rejected", r"rejected|won.?t (?:do|fix)|declined|cancell?ed|dropped"),
)
COLUMNS = (
    ("text", r"action|task|item|what|description|title|todo|follow"),
    ("kind", r"type|kind|category|class"),
    ("owner", r"owner|assignee|assigned|who|responsible|team|dri"),
    ("due", r"due|deadline|date|by when|eta|target"),
    ("status", r"status|state|done|complete"),
    ("priority", r"prio|severity|urgency|importance"),
    ("link", r"link|bug|ticket|issue|jira|tracking|url|ref"),
)
_DONE = re.compile(r"\s*\((done|completed?|fixed|rejected|won.?t do)\)\s*$|^(?:✅|☑|✔|\[x\])\s*", re.IGNORECASE)
_OWNER = re.compile(
    r"\s*[\[(]?\b(?:owner|assignee|assigned to|responsible)\s*:\s*(?P<owner>[^\])|;,]+)[\])]?", re.IGNORECASE
)
_DUE = re.compile(r"\s*[\[(]?\b(?:due|deadline|by|eta)\s*:\s*(?P<due>[^\])|;,]+)[\])]?", re.IGNORECASE)


@dataclass(frozen=True)
class Task:
    """An action item as it stands, with what could be read of it; ``why`` says where its kind is from."""

    text: str
    line: int
    kind: str
    owner: str = ""
    due: dt.date | None = None
    status: str = "open"
    priority: str = ""
    link: str = ""
    why: str = "told from its words"
    unread: str = ""


def tasks_of(blocks: Iterable[Block]) -> Iterator[Task]:
    """Yield the action items of what stands below their heading."""
    for block in blocks:
        if isinstance(block, Table):
            yield from _of_table(block)
        elif isinstance(block, List):
            yield from _of_list(block)


def loose_lines(blocks: Iterable[Block]) -> Iterator[Text]:
    """Yield the sentences among action items that are none themselves."""
    for block in blocks:
        if isinstance(block, Paragraph):
            yield from block.lines


def kind_of(text: str) -> str:
    """Return what kind of task a text is about, as its words tell; ``prevent`` where none does.

    >>> kind_of("Alert on the age of certificates"), kind_of("Replace the server")
    ('detect', 'prevent')
    """
    return next((kind for kind, words in KINDS if re.search(words, text, re.IGNORECASE)), "prevent")


def _of_list(block: List) -> Iterator[Task]:
    whole: Item | None = None
    for item in [*block.items, None]:
        if item is not None and item.depth > 0 and whole is not None and item.checked is None:
            said = Text(f"{whole.text.text}; {item.text.text}", whole.text.line, whole.text.link or item.text.link)
            whole = Item(said, whole.depth, whole.checked)
            continue
        if whole is not None and not is_nothing(whole.text.text):
            yield _task(whole.text.text, whole.text.line, whole.text.link, is_ticked=bool(whole.checked))
        whole = item


def _task(said: str, line: int, link: str, *, is_ticked: bool) -> Task:
    owner, due = _OWNER.search(said), _DUE.search(said)
    day = _date(due["due"]) if due else None
    text = said if owner is None else said.replace(owner[0], "")
    text = text.replace(due[0], "") if due and day else text
    mark = _DONE.search(text)
    text = _DONE.sub("", text).strip(" ,;")
    return Task(
        text=text or said,
        line=line,
        kind=kind_of(text),
        owner=owner["owner"].strip() if owner else "",
        due=day,
        status=_status(mark[0]) if mark else "done" if is_ticked else "open",
        link=link,
    )


def _of_table(table: Table) -> Iterator[Task]:
    places: dict[str, int] = {}
    for name, words in COLUMNS:
        found = (i for i, h in enumerate(table.header) if re.search(words, h.text, re.IGNORECASE))
        place = next((i for i in found if i not in places.values()), None)
        if place is not None:
            places[name] = place
    places.setdefault("text", 0)
    for cells in table.rows:
        said = {name: cells[i].text for name, i in places.items() if i < len(cells) and not is_nothing(cells[i].text)}
        if not said.get("text"):
            continue
        kind = said.get("kind", "").lower()
        known = next((k for k in ("prevent", "detect", "mitigate", "process") if k in kind), "")
        due = _date(said.get("due", ""))
        link = next((cell.link for cell in cells if cell.link), said.get("link", ""))
        yield Task(
            text=said["text"],
            line=cells[0].line,
            kind=known or kind_of(said["text"]),
            owner=said.get("owner", ""),
            due=due,
            status=_status(said.get("status", said.get("link", ""))),
            priority=said.get("priority", ""),
            link=link,
            why="as stated" if known else "told from its words",
            unread=said["due"] if said.get("due") and due is None else "",
        )


def _status(text: str) -> str:
    return next((status for status, words in STATUS if re.search(rf"\b(?:{words})\b", text, re.IGNORECASE)), "open")


def _date(text: str) -> dt.date | None:
    found = read_day(text.strip())
    return found[0].first if found and found[0].first == found[0].last else None
