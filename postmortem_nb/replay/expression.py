"""What a rule's expression is made of: the parts of PromQL that the built-in evaluator reads.

A node knows where it begins in the text, so that an error can name the place. Parentheses leave no node.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from postmortem_nb.errors import IncidentError


class UnreadableExpression(IncidentError):
    """The built-in evaluator cannot read an expression; names the place in it."""

    def __init__(self, text: str, at: int, why: str) -> None:
        line = text.count("\n", 0, at) + 1
        column = at - (text.rfind("\n", 0, at) + 1) + 1
        place = f"line {line}, character {column}" if "\n" in text.strip() else f"character {column}"
        here = " ".join(text[at : at + 20].split()) or "the end"
        super().__init__(
            f"expr, {place} ({here!r}): {why} The built-in evaluator reads the common shapes only (docs/replay.md); "
            "promtool says whether the expression is right, and Prometheus evaluates it where it is installed."
        )


@dataclass(frozen=True)
class Number:
    """A number: the same scalar at every step."""

    value: float
    at: int = 0


@dataclass(frozen=True)
class Matcher:
    """A condition on one label; a series without the label has it empty."""

    label: str
    sign: Literal["=", "!=", "=~", "!~"]
    value: str

    def takes(self, values: list[str]) -> list[bool]:
        """Return which values of the label are meant; a regular expression must match the whole of them."""
        if self.sign in ("=", "!="):
            return [(v == self.value) == (self.sign == "=") for v in values]
        # a linear-time pattern, as Prometheus' own: no label can hang it
        found = pl.Series(values, dtype=pl.String).str.contains(f"^(?s:{self.value})$").to_list()
        return [f == (self.sign == "=~") for f in found]


@dataclass(frozen=True)
class Selector:
    """Series by name and labels; with ``range`` (ms) the samples of a stretch, without it the last sample."""

    matchers: tuple[Matcher, ...]
    range: int | None = None
    offset: int = 0
    at: int = 0

    @property
    def name(self) -> str:
        """The metric it selects; empty where that is no single one."""
        named = [m.value for m in self.matchers if m.label == "__name__" and m.sign == "="]
        return named[0] if len(named) == 1 else ""


@dataclass(frozen=True)
class Call:
    """A function of arguments."""

    function: str
    arguments: tuple[Node, ...]
    at: int = 0


@dataclass(frozen=True)
class Aggregate:
    """An aggregation over series: ``by`` the labels, or ``without`` them."""

    operation: str
    inner: Node
    labels: tuple[str, ...] = ()
    without: bool = False
    at: int = 0


@dataclass(frozen=True)
class Matching:
    """Which labels must be equal on both sides: those that ``on`` names, or all but the ignored ones."""

    on: bool = False
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Binary:
    """An operation on two sides."""

    sign: str
    left: Node
    right: Node
    matching: Matching = field(default_factory=Matching)
    is_bool: bool = False
    at: int = 0


@dataclass(frozen=True)
class Negative:
    """A minus before an expression."""

    inner: Node
    at: int = 0


Node = Number | Selector | Call | Aggregate | Binary | Negative


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything in it."""
    yield node
    inner: tuple[Node, ...] = ()
    if isinstance(node, Call):
        inner = node.arguments
    elif isinstance(node, Aggregate | Negative):
        inner = (node.inner,)
    elif isinstance(node, Binary):
        inner = (node.left, node.right)
    for part in inner:
        yield from walk(part)


def selectors(node: Node) -> list[Selector]:
    """Return every selector of an expression in the order of its text."""
    return [n for n in walk(node) if isinstance(n, Selector)]
