"""What stands behind a task: its owner, day, ticket, priority and state, in the ways in which people append them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

from postmortem_nb.importing.notations import read_day
from postmortem_nb.incident.following import KINDS

STATUS = (  # state of ours → words; the first that fits counts
    (
        "open",
        r"not (?:yet )?(?:started|done)|(?:in|under) (?:progress|review|way)|ongoing|started|wip|to ?do|open|planned",
    ),
    ("rejected", r"rejected|won.?t (?:do|fix)|declined|cancell?ed|dropped|abandoned|not doing"),
    ("done", r"done|complete[d]?|closed|fixed|finished|resolved|implemented|merged|shipped|✅|☑|✔"),
)
_DONE = re.compile(r"^(?:✅|☑|✔|\[x\])\s*", re.IGNORECASE)
_KEY = (
    r"owners?|assignees?|assigned to|responsible|dri|due(?: date| by)?|deadline|by|eta|target(?: date)?|priority|prio"
    r"|status|state|ticket|issue|bug|jira|tracking|type|kind|category"
)
_CUT = re.compile(rf"\s+(?:--|—|–|-|\||·)\s+|\s*;\s+|\s*[.,]?\s+(?=\*?(?:{_KEY})\s*:\s)", re.IGNORECASE)
_NAMED = re.compile(rf"^[\s,;]*(?P<key>{_KEY})\b\s*:?\s+(?P<value>\S.*)$", re.IGNORECASE)
_GROUP = re.compile(r"\s*[(\[](?P<inside>[^()\[\]]{1,200})[)\]]\s*[.,;]?\s*$")
_TICKET = re.compile(r"(?:[A-Z][A-Z0-9]{1,9}-\d+|#\d+|!\d+|https?://\S+)")
_FIRST_TICKET = re.compile(rf"^[\[(]?(?P<ticket>{_TICKET.pattern})[\])]?\s*:?\s+(?=\w)")
_LAST_DAY = re.compile(
    r"\s+(?:due|by|until|before)\s+(?P<day>(?:the )?\d[\w ,./-]{3,20}|[A-Z][a-z]{2,8} \d[\w ,]{0,10})\s*\.?$"
)
_LAST_TICKET = re.compile(rf"[\s(\[]+(?P<ticket>{_TICKET.pattern})[\])]*\s*\.?\s*$")
_PRIORITY = re.compile(
    r"p[0-5]|(?:highest|high|medium|low|lowest|critical|urgent|minor|major)(?: prio(?:rity)?)?", re.IGNORECASE
)
_HANDLE = re.compile(r"@[\w./-]+(?:(?:\s*[,/&]\s*|\s+and\s+)@[\w./-]+)*")
_OWNER = re.compile(r"[\w@&/.'’-]+(?: [\w&/.'’-]+){0,3}")
_LIKE_DAY = re.compile(r"\d{4}-\d|\d{1,2}[./]\d{1,2}|^(?:q[1-4]|next|end of|soon|asap|tbd)\b", re.IGNORECASE)
_KEYS = (
    ("owner", r"own|assign|respons|dri"),
    ("due", r"due|dead|by|eta|targ"),
    ("priority", r"prio"),
    ("status", r"stat"),
    ("link", r"tick|issue|bug|jira|track"),
    ("kind", r"type|kind|categ"),
)


@dataclass(frozen=True)
class Tail:
    """What was read behind a task; ``state`` is its state as it stands, ``unread`` a day that cannot be read."""

    text: str
    owner: str = ""
    due: dt.date | None = None
    status: str = ""
    state: str = ""
    priority: str = ""
    link: str = ""
    kind: str = ""
    unread: str = ""


def read_tail(said: str) -> Tail:
    """Take apart a task and what is appended to it.

    Parts are set apart by dashes, semicolons, brackets or keys (``owner: …``). What is none of owner, day, ticket,
    priority, state or kind stays with the text. A bare name is the owner only
    beside a part that is surely one of these.

    >>> read_tail("Alert on it -- @storage -- 2023-06-01 -- STO-112")
    Tail(text='Alert on it', owner='storage', due=datetime.date(2023, 6, 1), status='', state='', priority='', \
link='STO-112', kind='', unread='')
    """
    tail = Tail(_DONE.sub("", said).strip())
    if tail.text != said.strip():
        tail = replace(tail, status="done", state="done")
    before = None
    while before != tail.text:
        before = tail.text
        tail = _without_day(_without_ticket(_without_group(tail)))
    cuts = [*_CUT.finditer(tail.text)]
    if cuts:
        ends = [m.start() for m in cuts[1:]] + [len(tail.text)]
        parts = [(m.group(), tail.text[m.end() : end]) for m, end in zip(cuts, ends, strict=True)]
        tail = _with(replace(tail, text=tail.text[: cuts[0].start()]), parts)
    return replace(tail, text=tail.text.strip(" ,;") or said.strip())


def _without_ticket(tail: Tail) -> Tail:
    found = _LAST_TICKET.search(tail.text)
    if not tail.link and not found and (first := _FIRST_TICKET.match(tail.text)):
        return replace(tail, text=tail.text[first.end() :], link=first["ticket"])
    if not found or tail.link or not found.start():
        return tail
    return replace(tail, text=tail.text[: found.start()].rstrip(" (["), link=found["ticket"])


def _without_day(tail: Tail) -> Tail:
    found = _LAST_DAY.search(tail.text)
    day = date_of(found["day"].removeprefix("the ")) if found and tail.due is None else None
    return tail if found is None or day is None else replace(tail, text=tail.text[: found.start()], due=day)


def _without_group(tail: Tail) -> Tail:
    """Take a bracket at the end that holds nothing but what is appended."""
    found = _GROUP.search(tail.text)
    if not found or not found.start():
        return tail
    inside = re.sub(r"([A-Za-z]{3,9} \d{1,2}), (\d{4})", r"\1 \2", found["inside"])
    parts = [(", ", part) for part in re.split(r"\s*[,;|]\s+", inside)]
    inner = _with(replace(tail, text=""), parts)
    return tail if inner.text else replace(inner, text=tail.text[: found.start()])


def _with(tail: Tail, parts: list[tuple[str, str]]) -> Tail:
    """Add each part to what it is; one that is nothing known goes back to the text, with the mark before it."""
    read = [_part(part) for _, part in parts]
    is_sure = any(read)
    for (mark, part), found in zip(parts, read, strict=True):
        if not found and is_sure and not tail.owner and _OWNER.fullmatch(part.strip(" .")):
            found = {"owner": part.strip(" .")}
        fresh = {k: v for k, v in (found or {}).items() if not getattr(tail, k)}
        if not fresh:
            tail = replace(tail, text=f"{tail.text}{mark}{part}" if tail.text else part)
            continue
        tail = replace(tail, **fresh)  # type: ignore[arg-type]
    return tail


def _part(part: str) -> dict[str, object]:
    """Return what a part says: fields of `Tail`; empty if it is nothing known."""
    part = part.strip(" .,")
    named = _NAMED.match(part)
    if named:
        name = next(n for n, words in _KEYS if re.match(words, named["key"], re.IGNORECASE))
        value = named["value"].strip(" .,")
        if name == "due":
            return _due(value)
        if name == "status":
            return {"status": status_of(value) or "open", "state": value}
        return {name: _bare(value) if name == "owner" else value.lower() if name == "kind" else value}
    if _HANDLE.fullmatch(part):
        return {"owner": _bare(part)}
    if _TICKET.fullmatch(part):
        return {"link": part}
    if _PRIORITY.fullmatch(part):
        return {"priority": part}
    if part.lower() in KINDS:
        return {"kind": part.lower()}
    if (day := date_of(part)) is not None:
        return {"due": day}
    if status := status_of(part, whole=True):
        return {"status": status, "state": part}
    return _due(part) if _LIKE_DAY.match(part) and len(part) <= 20 else {}


def _due(value: str) -> dict[str, object]:
    day = date_of(value)
    return {"due": day} if day is not None else {"unread": value}


def _bare(owner: str) -> str:
    return re.sub(r"(?<!\w)@(?=\w)", "", owner)


def status_of(text: str, *, whole: bool = False) -> str:
    """Return the state that a text names; empty if it names none. ``whole``: it says nothing else."""
    for status, words in STATUS:
        found = re.search(rf"(?<!\w)(?:{words})(?!\w)", text, re.IGNORECASE)
        if found and (not whole or len(found[0]) == len(text)):
            return status
    return ""


def date_of(text: str) -> dt.date | None:
    """Return the one day that a text is; None if it is none, or may be several."""
    found = read_day(text.strip())
    if found is None:
        return None
    written = found[0]
    if written.slashed and max(written.slashed[:2]) > 12:  # only one of them can be the month
        one, two, year = written.slashed
        try:
            return dt.date(year, two, one) if one > 12 else dt.date(year, one, two)
        except ValueError:
            return None
    return written.first if written.first == written.last else None
