"""The words of an expression: names, numbers, durations, strings and signs, each with its place."""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

import pandas as pd

from postmortem_nb.errors import SettingError
from postmortem_nb.replay.expression import UnreadableExpression
from postmortem_nb.times import parse_prometheus_duration

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<duration>(?:\d+(?:ms|[smhdwy]))+(?![\w.]))
    |(?P<number>0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<name>[A-Za-z_:][\w:]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
    |(?P<sign>=~|!~|==|!=|<=|>=|[-+*/%^<>=(){}\[\],@])""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))")
_SHORT = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


_LISTS = ("by", "without", "on", "ignoring", "group_left", "group_right")
_OTHER = {*_LISTS, "and", "or", "unless", "atan2", "bool", "offset", "inf", "nan"}


_CALLING = ("(", "by", "without")  # what stands behind the name of a function or an aggregation


class Token(NamedTuple):
    """One word: its kind (a group of the pattern, or ``end``), its text, and where it begins."""

    kind: str
    text: str
    at: int


def tokens_of(text: str) -> list[Token]:
    """Return the words of an expression, and an ``end`` behind them."""
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise UnreadableExpression(text, at, "This is no word of PromQL.")
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(Token(kind, match[0], at))
        at = match.end()
    return [*found, Token("end", "", len(text))]


def metrics_in(text: str) -> list[str]:
    """Return the metrics that an expression names, also one that is not read: names that stand for no other thing.

    >>> metrics_in('histogram_quantile(0.9, sum by (le) (rate(x_bucket{a="b"}[5m:1m]))) > on (c) y')
    ['x_bucket', 'y']
    """
    try:
        tokens = tokens_of(text)
    except UnreadableExpression:
        return []
    found, closing = set(), ""
    for token, after in itertools.pairwise(tokens):
        if closing:  # labels, or the inside of a subquery
            closing = "" if token.text == closing else closing
        elif token.text in ("{", "["):
            closing = "}" if token.text == "{" else "]"
        elif token.text.lower() in _LISTS and after.text == "(":
            closing = ")"
        elif token.kind == "name" and token.text.lower() not in _OTHER and after.text.lower() not in _CALLING:
            found.add(token.text)
    return sorted(found)


def longest_range(text: str) -> int:
    """Return the longest stretch or shift of an expression in milliseconds; 0 if there is none."""
    try:
        lengths = [parse_prometheus_duration(t.text) for t in tokens_of(text) if t.kind == "duration"]
    except (UnreadableExpression, SettingError):
        return 0
    return max((int(length / pd.Timedelta(milliseconds=1)) for length in lengths), default=0)


def unquoted(token: Token, text: str) -> str:
    """Return what a string stands for; in backquotes a backslash is itself."""
    inner = token.text[1:-1]
    if token.text[0] == "`":
        return inner

    def one(match: re.Match[str]) -> str:
        short, byte, four, eight, octal, other = match.groups()
        if other is not None:
            raise UnreadableExpression(text, token.at, f"\\{other} is no escape.")
        if short is not None:
            return _SHORT.get(short, short)
        code = int(octal, 8) if octal else int(byte or four or eight, 16)
        if ((byte or octal) and code > 0x7F) or code > 0x10FFFF:
            raise UnreadableExpression(text, token.at, f"{match[0]} is no character.")
        return chr(code)

    return _ESCAPE.sub(one, inner)
