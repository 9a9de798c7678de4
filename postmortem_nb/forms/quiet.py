"""Prose that people wrote, as Markdown that runs nothing and asks for nothing wherever it is shown.

The page of the report is cleaned when it is made. Markdown is not: what shows it later may pass markup as it is. So
HTML in prose is shown as text, as are tokens of redaction, which look like it; characters that cannot be seen are
spelled out, a picture from elsewhere becomes a link to it, and a link that leads to a script leads nowhere.
"""

from __future__ import annotations

import html
import re

from postmortem_nb.characters import visible
from postmortem_nb.wording import literal

SCHEMES = ("http", "https", "mailto")
_FENCE = r"(?P<fence>^[ ]{0,3}(?P<ticks>`{3,})[^`\n]*\n(?:.*?\n)?[ ]{0,3}(?P=ticks)`*[ \t]*$)"
_OPEN = r"(?P<open>^[ ]{0,3}(?:`{3,}|~{3,}))"  # a block of code that nobody closes would turn what follows inside out
_CODE = r"(?P<code>(?P<tick>`+)(?!`)(?P<inside>[^\n]*?)(?<!`)(?P=tick)(?!`))"
_LONE = r"(?P<lone>`+)"
_ADDRESS = r"(?P<address><(?:https?://|mailto:)[^\s<>]*>)"
_TAG = r"(?P<tag><(?=[A-Za-z/!?]))"
_PICTURE = r"(?P<picture>!(?=\[[^\]]*\](?:\(\s*<?\s*(?:[A-Za-z][\w+.-]*:|//|\\\\)|\[|$|[^(\[])))"
_LINK = r"(?P<link>\]\(\s*<?|^[ ]{0,3}\[[^\]]+\]:\s*<?)(?P<target>[^\s)>]*)"
_PART = re.compile("|".join((_FENCE, _OPEN, _CODE, _LONE, _ADDRESS, _TAG, _PICTURE, _LINK)), re.DOTALL | re.MULTILINE)
_SCHEME = re.compile(r"([A-Za-z][\w+.-]*):")


def quiet(text: str) -> str:
    """Return Markdown in which nothing is live but links to pages and mailboxes.

    >>> quiet("a <b onclick=x()>b</b>, ![p](https://x.example/p.png), [c](javascript:d), `kept`")
    'a &lt;b onclick=x()>b&lt;/b>, [p](https://x.example/p.png), [c](#), `kept`'
    """
    return _PART.sub(_quiet, visible(text))


def _quiet(part: re.Match[str]) -> str:
    if part["fence"] or part["address"]:
        return part[0]
    if part["code"]:  # a renderer may see its marks otherwise, so that a tag in it would be one
        return literal(part["inside"]) if "<" in part["inside"] else part[0]
    if marks := part["open"] or part["lone"]:
        return re.sub("[`~]", lambda mark: f"\\{mark[0]}", marks)
    if part["tag"]:
        return "&lt;"
    if part["picture"]:
        return ""
    target = part["target"]
    plain = re.sub(r"[\x00-\x20]|⟨U\+\w+⟩|[␀-␟]", "", html.unescape(html.unescape(target)))
    scheme = _SCHEME.match(plain)
    is_known = scheme is None or scheme[1].lower() in SCHEMES
    return part["link"] + (target.replace("<", "%3C") if is_known else "#")
