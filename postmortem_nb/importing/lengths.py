"""Durations that the prose of a document states of its incident: "search failed for 47 minutes"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from postmortem_nb.importing.document import Document, List, Paragraph, Text
from postmortem_nb.importing.fields import Field
from postmortem_nb.importing.headings import with_roles

ROLES = ("", "title", "summary", "impact")  # where a document says how long its incident was
_UNIT = r"(?:hours?|hrs?|h|minutes?|mins?|min|seconds?|secs?|days?)"
_LENGTH = rf"\d+(?:\.\d+)?[\s-]?{_UNIT}\b(?:(?:,|\sand|,\sand)?\s\d+\s?{_UNIT}\b){{0,2}}"
_ABOUT = r"(?P<about>(?:about|around|approximately|roughly|nearly|almost|some|over|more than)\s|~\s?)?"
_HARM = (
    r"\b(?:fail(?:s|ed|ing)?|refused?|down|unavailable|unreachable|stuck|broken|degraded|slow|impaired|offline|outage|disrupt\w*"
    r"|interrupt\w*|errors?|delayed|inaccessible|could not|unable to|no longer|not (?:available|reachable|working))\b"
)
_FOR = re.compile(rf"{_HARM}[^.;]{{0,80}}?\bfor\s(?:a total of\s)?{_ABOUT}(?P<length>{_LENGTH})", re.IGNORECASE)
_LASTED = re.compile(
    rf"\b(?:outage|incident|impact|disruption|degradation|downtime|it|this|problem)\s(?:\w+\s)?(?:lasted|took)\s(?:for\s)?{_ABOUT}(?P<length>{_LENGTH})"
    rf"|(?P<length2>{_LENGTH})(?:\s|-)?(?:long\s)?(?:outage|disruption|downtime)\b",
    re.IGNORECASE,
)


def lengths_told(document: Document) -> Iterator[Field]:
    """Yield what summary and impact say of how long it was, as a stated time to recover; rounded ones ("about") not."""
    for part, role in with_roles(document):
        if role not in ROLES:
            continue
        for block in part.blocks:
            for text in _passages(block):
                found = _LASTED.search(text.text) or _FOR.search(text.text)
                if found and not found.groupdict().get("about"):
                    length = found["length"] or found.groupdict().get("length2") or ""
                    length = length.replace("-", " ")
                    yield Field("time_to_recover", f"“{found[0]}”", length, text.line, is_told=True)


def _passages(block: object) -> Iterator[Text]:
    """Yield the texts of a block; the lines of a paragraph as one, each sentence being where the paragraph begins."""
    if isinstance(block, List):
        yield from (item.text for item in block.items)
    elif isinstance(block, Paragraph):
        yield Text(" ".join(line.text for line in block.lines), block.line)
