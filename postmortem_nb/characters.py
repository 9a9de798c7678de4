"""Characters that cannot be seen, or that reorder or control their neighbours, spelled out. Standard library only."""

from __future__ import annotations

import re

# Everything that hides, turns or controls text; line feed and tab are shown as what they are.
_ODD = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2028\u2029\u3164\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff]"
)


def visible(text: object) -> str:
    r"""Return text with control, bidirectional and zero-width characters spelled out.

    >>> visible("a\x1b[31mb\u202ec")
    'a␛[31mb⟨U+202E⟩c'
    """
    return _ODD.sub(lambda match: spell(match[0]), str(text))


def spell(char: str) -> str:
    """Return a character that cannot be seen as one that can: its picture, or its code point."""
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode's own pictures of control characters
    return "␡" if code == 0x7F else "�" if 0xD800 <= code < 0xE000 else f"⟨U+{code:04X}⟩"


def writable(text: str) -> str:
    """Return a text without halves of surrogate pairs, as JSON can escape them, which nothing can write down again."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
