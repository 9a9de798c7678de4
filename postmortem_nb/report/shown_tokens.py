"""Tokens of redaction in Markdown: they are written like addresses, and are none. Imports nothing that exports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mistune import InlineParser, InlineState, Markdown


def keep_tokens(md: Markdown) -> None:
    """Let a parser show tokens of redaction as they are, which are written like addresses: ``<secret:3f2a9c>``."""
    from postmortem_nb.redaction.tokens import TOKEN  # late: polars, by its package

    md.inline.register("token", TOKEN.pattern, _token, before="auto_link")


def _token(inline: InlineParser, match: re.Match[str], state: InlineState) -> int:
    state.append_token({"type": "text", "raw": match[0]})
    return match.end()
