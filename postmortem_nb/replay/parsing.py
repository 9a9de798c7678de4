"""Text → expression, by the grammar and the precedence of Prometheus.

https://prometheus.io/docs/prometheus/latest/querying/operators/#binary-operator-precedence
"""

from __future__ import annotations

import math
from typing import NoReturn

import pandas as pd
import polars as pl

from postmortem_nb.errors import SettingError
from postmortem_nb.replay.expression import (
    Aggregate,
    Binary,
    Call,
    Matcher,
    Matching,
    Negative,
    Node,
    Number,
    Selector,
    UnreadableExpression,
)
from postmortem_nb.replay.grammar import AGGREGATIONS, BINDING, CALLS, COMPARISONS, SETS, kind_of
from postmortem_nb.replay.tokens import Token, tokens_of, unquoted
from postmortem_nb.times import parse_prometheus_duration

_KINDS = {"R": "samples of a stretch, such as x[5m]", "V": "series (an instant vector)", "S": "a single number"}
_KEYWORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", *SETS}
DEEPEST = 100  # parentheses within each other


def parse_expression(text: str) -> Node:
    """Return the expression that a text stands for.

    Raises
    ------
    UnreadableExpression
        If it is no PromQL, or holds something that the built-in evaluator does not read; names the place.
    """
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.next, self.depth = text, tokens_of(text), 0, 0

    def whole(self) -> Node:
        node = self.binary(0)
        if self.token.kind != "end":
            self.fail("The expression should end here.")
        if kind_of(node) == "R":
            self.fail("A stretch of samples is no value: put it into a function, such as rate().", node.at)
        return node

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    def fail(self, why: str, at: int | None = None) -> NoReturn:
        raise UnreadableExpression(self.text, self.token.at if at is None else at, why)

    def take(self) -> Token:
        self.next += 1
        return self.tokens[self.next - 1]

    def took(self, *texts: str) -> bool:
        is_here = self.token.kind in ("sign", "name") and self.token.text.lower() in texts
        self.next += is_here
        return is_here

    def need(self, sign: str) -> None:
        if not self.took(sign):
            self.fail(f"Here should stand {sign}.")

    def binary(self, weakest: int) -> Node:
        left = self.unary()
        while True:
            sign, at = self.token.text.lower(), self.token.at
            binding = BINDING.get(sign, 0) if self.token.kind in ("sign", "name") else 0
            if not binding or binding <= weakest:
                return left
            self.take()
            is_bool = self.took("bool")
            if is_bool and sign not in COMPARISONS:
                self.fail(f"`bool` belongs to a comparison, not to {sign}.", at)
            matching = self.matching()
            right = self.binary(binding - 1 if sign == "^" else binding)
            left = self.joined(Binary(sign, left, right, matching or Matching(), is_bool, at), matching is not None)

    def joined(self, node: Binary, is_matched: bool) -> Node:
        sides = [kind_of(node.left), kind_of(node.right)]
        if "R" in sides:
            self.fail("A stretch of samples is no value: put it into a function, such as rate().", node.at)
        if node.sign in SETS and "S" in sides:
            self.fail(f"`{node.sign}` joins series, not numbers.", node.at)
        if node.sign in COMPARISONS and sides == ["S", "S"] and not node.is_bool:
            self.fail("A comparison of two numbers needs `bool`.", node.at)
        if is_matched and "S" in sides:
            self.fail("`on` and `ignoring` belong between two vectors.", node.at)
        return node

    def matching(self) -> Matching | None:
        found = None
        for word in ("on", "ignoring"):
            if self.took(word):
                found = Matching(word == "on", self.names())
                break
        if self.token.text.lower() in ("group_left", "group_right"):
            self.fail("Matching of many to one is not read.")
        return found

    def unary(self) -> Node:
        at = self.token.at
        if self.token.kind == "sign" and self.token.text in "+-":
            sign = self.take().text
            node = self.nested(lambda: self.binary(BINDING["*"]))  # a power binds more strongly than the sign
            if kind_of(node) == "R":
                self.fail("A sign belongs before a value.", at)
            return node if sign == "+" else Negative(node, at)
        return self.primary()

    def nested(self, read):  # type: ignore[no-untyped-def]
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail("This is nested too deeply.")
        node = read()
        self.depth -= 1
        return node

    def primary(self) -> Node:
        token = self.token
        if token.kind == "number":
            self.take()
            return Number(float(int(token.text, 16)) if token.text[:2] == "0x" else float(token.text), token.at)
        if self.took("("):
            node = self.nested(lambda: self.binary(0))
            self.need(")")
            return self.refused(node)
        if token.kind == "sign" and token.text == "{":
            return self.selector("", token.at)
        if token.kind != "name":
            self.fail("Here should stand a value.")
        word, after = token.text.lower(), self.tokens[self.next + 1].text
        if word in ("inf", "nan") and after != "{":
            self.take()
            return Number(math.inf if word == "inf" else math.nan, token.at)
        if word in AGGREGATIONS and (after == "(" or after.lower() in ("by", "without")):
            self.take()
            return self.refused(self.aggregate(word, token.at))
        if after == "(" or after.lower() in ("by", "without"):
            self.take()
            return self.refused(self.call(token))
        if word in _KEYWORDS:
            self.fail(f"`{word}` has no place here.")
        self.take()
        return self.selector(token.text, token.at)

    def refused(self, node: Node) -> Node:
        """Refuse what only selectors may have in the shapes that are read."""
        if (self.token.kind == "sign" and self.token.text in ("[", "@")) or self.token.text == "offset":
            self.fail("Subqueries, and `@` or `offset` of more than a selector, are not read.")
        return node

    def aggregate(self, operation: str, at: int) -> Node:
        grouping = self.grouping()
        self.need("(")
        inner = self.nested(lambda: self.binary(0))
        if self.token.text == ",":
            self.fail(f"{operation}() takes one argument.")
        self.need(")")
        if kind_of(inner) != "V":
            self.fail(f"{operation}() takes {_KINDS['V']}.", inner.at)
        labels, without = grouping or self.grouping() or ((), False)
        return Aggregate(operation, inner, labels, without, at)

    def grouping(self) -> tuple[tuple[str, ...], bool] | None:
        for word in ("by", "without"):
            if self.took(word):
                return self.names(), word == "without"
        return None

    def names(self) -> tuple[str, ...]:
        self.need("(")
        found = []
        while not self.took(")"):
            if self.token.kind != "name" or ":" in self.token.text:
                self.fail("Here should stand the name of a label.")
            found.append(self.take().text)
            if self.token.text != ")":
                self.need(",")
        return tuple(found)

    def call(self, token: Token) -> Node:
        if token.text not in CALLS:
            self.fail(f"`{token.text}` is not among the functions that are read.", token.at)
        wanted, found = CALLS[token.text], []
        self.need("(")
        while not self.took(")"):
            found.append(self.nested(lambda: self.binary(0)))
            if self.token.text != ")":
                self.need(",")
        least = sum(k.isupper() for k in wanted)
        if not least <= len(found) <= len(wanted):
            many = f"{least}" if least == len(wanted) else f"{least} or {len(wanted)}"
            self.fail(f"{token.text}() takes {many} of what stands in its parentheses, not {len(found)}.", token.at)
        for kind, node in zip(wanted.upper(), found, strict=False):
            if kind_of(node) != kind:
                self.fail(f"{token.text}() takes {_KINDS[kind]} here.", node.at)
        return Call(token.text, tuple(found), token.at)

    def selector(self, name: str, at: int) -> Node:
        matchers = [Matcher("__name__", "=", name)] if name else []
        if self.took("{"):
            while not self.took("}"):
                matchers.append(self.matcher())
                if self.token.text != "}":
                    self.need(",")
        if name and any(m.label == "__name__" for m in matchers[1:]):
            self.fail("The name of the metric is given twice.", at)
        if all(m.takes([""])[0] for m in matchers):
            self.fail("A selector needs a matcher that does not match the empty string.", at)
        length = self.bracket() if self.token.text == "[" else None
        offset = 0
        if self.took("offset"):
            sign = -1 if self.took("-") else 1
            offset = sign * self.duration()
        if self.token.text in ("@", "["):
            self.fail("`@` and subqueries are not read.")
        return Selector(tuple(matchers), length, offset, at)

    def matcher(self) -> Matcher:
        if self.token.kind != "name" or ":" in self.token.text:
            self.fail("Here should stand the name of a label.")
        label, sign = self.take().text, self.token
        if not self.took("=", "!=", "=~", "!~"):
            self.fail("Here should stand =, !=, =~ or !~.")
        if self.token.kind != "string":
            self.fail("Here should stand a text in quotes.")
        token = self.take()
        found = Matcher(label, sign.text, unquoted(token, self.text))  # type: ignore[arg-type]
        if sign.text in ("=~", "!~"):
            try:
                found.takes([""])
            except pl.exceptions.ComputeError:
                self.fail("This regular expression cannot be read.", token.at)
        return found

    def bracket(self) -> int:
        self.need("[")
        length = self.duration()
        if length == 0:
            self.fail("A stretch needs a length.")
        self.need("]")
        return length

    def duration(self) -> int:
        if self.token.kind != "duration":
            self.fail('Here should stand a duration, such as "5m".')
        try:
            length = parse_prometheus_duration(self.token.text)
        except SettingError:
            self.fail("This is no duration: its units stand in falling order, each once.")
        self.take()
        return int(length / pd.Timedelta(milliseconds=1))
