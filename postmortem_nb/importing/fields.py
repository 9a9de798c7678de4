"""Short facts of a postmortem, ``key: value``: from front matter, "Stats", small tables and bold labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from postmortem_nb.importing.document import Block, Document, List, Paragraph, Table, Text
from postmortem_nb.importing.headings import with_roles

FIELD_ROLES = ("", "title", "stats", "summary", "impact", "detection", "resolution")
LONGEST = 40  # characters of a key

_PAIR = re.compile(r"^\W*(?P<key>[A-Za-z][\w /()'&-]{1,60}?)\s*(?::|\s[–—=]\s)\s*(?P<value>\S.*)$")
_EVENT = r"(?:incident |outage |impact )?"
_AT = r"(?: time| date| at)?"
LENGTHS = (  # a stated duration: which time of ours it is
    ("time_to_detect", r"m?ttd|(?:mean )?time (?:to|till) (?:detect\w*|discover\w*|notice)|detection time"),
    ("time_to_acknowledge", r"m?tta|time to (?:ack\w*|respond|response)|response time"),
    ("time_to_identify", r"m?tti|time to (?:identify|identification|diagnos\w+)"),
    ("time_to_mitigate", r"m?ttm|time to (?:mitigate|mitigation)|mitigation time"),
    ("time_to_recover", r"m?ttr|time to (?:recover(?:y)?|restore|restoration)|recovery time"),
    ("time_to_recover", rf"(?:total )?{_EVENT}(?:duration|downtime|length)|duration of (?:the )?{_EVENT}"),
    ("time_to_resolve", r"time to (?:resolve|resolution|fix)|resolution time"),
)
MILESTONES = (  # a stated instant: which milestone of ours it is
    ("started", rf"{_EVENT}(?:start(?:ed)?|began|begin|beginning){_AT}"),
    ("started", r"time (?:of )?(?:start|onset)|start of (?:incident|impact|outage)"),
    ("detected", rf"{_EVENT}detect(?:ed|ion){_AT}|time (?:of )?detect(?:ed|ion)|(?:discovered|reported)(?: at)?"),
    ("acknowledged", r"(?:ack|accept)\w*(?: at| time)?"),
    ("declared", r"(?:incident )?declared(?: at)?"),
    ("identified", r"(?:cause )?identified(?: at)?"),
    ("mitigated", r"mitigated(?: at)?|time mitigated|mitigation(?: time)?"),
    ("recovered", rf"(?:recovered|restored)(?: at)?|{_EVENT}end(?:ed)?{_AT}|time (?:of )?(?:recovery|end)"),
    ("resolved", r"(?:resolved|fixed)(?: at)?|resolution(?: time| date)?|time resolved"),
)
NUMBER = r"(?:incident|ticket|report|case|tracking)?\s?(?:id|number|no\.?|#|key|ticket)|ticket|jira|incident"
PERSON = (
    r"(?:\w+ )?authors?|(?:document |report |incident |action )?owners?(?: of .*)?"
    r"|(?:incident |major incident )?(?:commander|lead|manager|owner|coordinator|responders?|scribe)"
    r"|(?:written|prepared|reported|reviewed|led) by|reporter|facilitator"
    r"|reviewers?|participants?|attendees|on-?call(?: engineer)?|contacts?|posted by|created by|assignee"
)
FACTS = (
    ("severity", r"(?:incident )?severity(?: level)?|sev|priority"),
    ("services", r"(?:affected |impacted )?(?:services?|systems?|components?|products?)(?: affected| impacted)?"),
    ("services", r"affected|impacted|affects"),
    (
        "affected",
        r"(?:affected |impacted )?(?:users|customers|clients|tenants|who was affected)(?: affected| impacted)?",
    ),
    ("status", r"(?:document |report |incident |review |postmortem )?(?:status|state)"),
    ("people", PERSON),
    ("number", NUMBER),
    ("channel", r"(?:incident |slack |chat |teams )*(?:channel|room)"),
    ("date", r"date|incident date|date of (?:the )?incident|day"),
    ("zone", r"time ?zone|tz|zone"),
    ("summary", r"summary|tl;?dr"),
    ("impact", r"impact"),
    ("cause", r"root causes?(?: summary)?"),
    ("trigger", r"trigger"),
    ("title", r"title"),
)
KNOWN = tuple((name, re.compile(words, re.IGNORECASE)) for name, words in (*LENGTHS, *MILESTONES, *FACTS))
_USERS = re.compile(
    r"\d|\b(?:all|every|some|users?|customers?|clients?|tenants?|visitors?|nobody|everybody)\b", re.IGNORECASE
)
_NEXT = re.compile(r"\s*[|·;,]?\s+(?=(?P<key>[A-Z][A-Za-z]*(?: [A-Za-z]+){0,2}):\s)")  # a second fact on the same line
_ID = re.compile(r"\d|https?://")
_TALK = re.compile(r"(?:\w+ ){5}\w|\w{2}\. ")  # a sentence, and no list of names
NOTHING = re.compile(
    r"(?:\?+|n/?a|none|unknown|tbd|tba|-+|–|not (?:known|applicable|measured)|[<\[{].*[>\]}])\.?", re.IGNORECASE
)


@dataclass(frozen=True)
class Field:
    """One short fact.

    Parameters
    ----------
    name : str
        What it is here; empty if that is not known.
    key, value : str
        As written.
    line : int
    is_told : bool
        It stands in prose, which is kept.
    """

    name: str
    key: str
    value: str
    line: int
    is_told: bool = False


def fields_of(document: Document) -> Iterator[Field]:
    """Yield the short facts of a document, in its order.

    Those of a section of statistics are all yielded, known or not; elsewhere only those that are known, as any
    sentence may have a colon.
    """
    for key, text in document.front:
        yield _field(key, text)
    for part, role in with_roles(document):
        if part.has_text and part.blocks and isinstance(part.blocks[0], Paragraph):
            first = part.blocks[0]
            whole = Text(" ".join(line.text for line in first.lines), part.line)
            if (found := _field(part.heading, whole)).name:
                yield replace(found, is_told=True)
        if role not in FIELD_ROLES:
            continue
        for block in part.blocks:
            for key, text in _pairs(block):
                found = replace(_field(key, text), is_told=role != "stats")
                if found.name or role == "stats":
                    yield found


def _field(key: str, text: Text) -> Field:
    said = re.sub(r"\s*\([^)]*\)$", "", key).strip(" *_:")
    name = next((name for name, words in KNOWN if words.fullmatch(said)), "")
    if name == "services" and said.lower() in ("affected", "impacted", "affects") and _USERS.search(text.text):
        name = "affected"
    if (name == "number" and not _ID.search(text.text)) or (name == "people" and _TALK.search(text.text)):
        name = ""
    return Field(name, key.strip(), text.text.strip(" |·"), text.line)


def _pairs(block: Block) -> Iterator[tuple[str, Text]]:
    if isinstance(block, Table):
        is_fact = len(block.header) == 2 and bool(_field(block.header[0].text, block.header[1]).name)
        rows: Iterable[tuple[Text, ...]] = (block.header, *block.rows) if is_fact else block.rows
        for cells in rows:
            if len(cells) == 2 and cells[0].text and cells[1].text:
                yield cells[0].text, cells[1]
        return
    lines = [i.text for i in block.items] if isinstance(block, List) else list(block.lines)
    for text in lines:
        for said in _apart(text.text):
            pair = _PAIR.match(said)
            if pair and len(pair["key"]) <= LONGEST:
                yield pair["key"], Text(pair["value"], text.line, text.link)


def _apart(line: str) -> Iterator[str]:
    """Part a line that holds several short facts: ``Status: final Owner: storage team``."""
    start = 0
    for cut in _NEXT.finditer(line):
        if any(words.fullmatch(cut["key"]) for _, words in KNOWN) and ":" in line[start : cut.start()]:
            yield line[start : cut.start()]
            start = cut.end()
    yield line[start:]


def is_nothing(value: str) -> bool:
    """Whether a value says that nothing is known: ``?``, ``N/A``, a placeholder."""
    return bool(NOTHING.fullmatch(value.strip()))
