"""Action items of a postmortem: points of a list, or a table with owners and dates; and what kind of task each is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from postmortem_nb.importing.document import Block, Item, List, Paragraph, Table, Text
from postmortem_nb.importing.fields import is_nothing
from postmortem_nb.importing.tails import date_of, read_tail, status_of
from postmortem_nb.incident.following import KINDS as TYPES

KINDS = (  # kind → words; the first that fits counts
    ("detect", r"monitor|alert|alarm|detect|probe|dashboard|\bmetrics?\b|observab|notice|synthetic|health ?check"),
    (
        "mitigate",
        r"roll ?back|failover|faster|circuit|isolat|segment|quickly|guard ?rail|limit|run ?book|degrad|restore|backup",
    ),
    (
        "process",
        r"document|process|train|teach|review|discuss|communicat|policy|guideline|on-?call|procedure|checklist|meeting"
        r"|wiki|align|plan\b",
    ),
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
_NOT = re.compile(
    r"^(?:it was |we (?:have |had )?)?(?:agreed|decided|chose|opted) (?:not to|against)\b"
    r"|^(?:we (?:will|shall|do|are|would) not|we (?:won|don)[’']t|no plans? to|will not"
    r"|won[’']t (?:do|fix)|not doing)\b",
    re.IGNORECASE,
)
_WHY = re.compile(
    r"(?:,? because\b|, (?:since|as|for)\b|:|;|\s[–—-]{1,2}\s)\s*(?P<why>\S.*)$", re.IGNORECASE | re.DOTALL
)


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
    state: str = ""

    @property
    def is_against(self) -> bool:
        """Whether it says what will not be done: a decision, and no task."""
        return bool(_NOT.search(self.text))


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


def reason_in(said: str) -> tuple[str, str]:
    """Part a decision not to act from its reason; that is empty where none is given.

    >>> reason_in("We decided not to buy a second store, because it costs too much.")
    ('We decided not to buy a second store', 'it costs too much.')
    """
    lead = re.match(r"not doing\s*:\s*|won[’']t (?:do|fix)\s*:\s*", said, re.IGNORECASE)
    start = lead.end() if lead else 0
    found = _WHY.search(said, start)
    return (said[: found.start()].strip(), found["why"].strip()) if found else (said, "")


def _task(said: str, line: int, link: str, *, is_ticked: bool) -> Task:
    if _NOT.search(said):
        return Task(text=said, line=line, kind="process", link=link)
    tail = read_tail(said)
    known = tail.kind if tail.kind in TYPES else ""
    return Task(
        text=tail.text,
        line=line,
        kind=known or kind_of(tail.text),
        owner=tail.owner,
        due=tail.due,
        status=tail.status or ("done" if is_ticked else "open"),
        priority=tail.priority,
        link=link or tail.link,
        why="as stated" if known else "told from its words",
        unread=tail.unread,
        state=tail.state,
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
        known = next((k for k in TYPES if k in kind), "")
        due = date_of(said.get("due", ""))
        link = next((cell.link for cell in cells if cell.link), said.get("link", ""))
        yield Task(
            text=said["text"],
            line=cells[0].line,
            kind=known or kind_of(said["text"]),
            owner=said.get("owner", "").removeprefix("@"),
            due=due,
            status=status_of(said.get("status", said.get("link", ""))) or "open",
            state=said.get("status", ""),
            priority=said.get("priority", ""),
            link=link,
            why="as stated" if known else "told from its words",
            unread=said["due"] if said.get("due") and due is None else "",
        )
