"""Text that stands in Markdown as it is, and is still readable where the Markdown is read as text."""

from __future__ import annotations

import re

from postmortem_nb.characters import visible

_ACTIVE = re.compile(r"[\\`*_\[\]|~]")
_TAGS = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}  # entities, for a backslash would not stop a comment
_BRACES = re.compile(r"\{\{+")
_START = re.compile(
    r"^(?:([#+=-])(?=[#+=-]*(?:\s|$))|(\d+)([.)])(?=\s|$))"
)  # a heading, a list or a rule, where the text begins a line


def literal(text: object) -> str:
    r"""Return text as Markdown that shows it as it is, on one line; nothing in it is a claim, a tag or a mark.

    >>> literal("a*b {{ x }} <b>"), literal("- 5 %\n# not a heading"), literal("2. of May")
    ('a\\*b \\{{ x }} &lt;b&gt;', '\\- 5 % # not a heading', '2\\. of May')
    """
    line = " ".join(visible(text).split())
    line = _ACTIVE.sub(lambda m: f"\\{m.group()}", line)
    line = re.sub("[&<>]", lambda m: _TAGS[m.group()], line)
    line = _BRACES.sub(lambda m: "\\{" * (len(m.group()) - 2) + r"\{{", line)
    return _START.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", line)
