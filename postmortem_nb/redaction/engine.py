"""The engine: columns of texts, rule by rule, on Rust's regular expressions, whose time grows with the text alone.

A rule marks what it finds with two characters that occur nowhere in the column; what its check refuses is unmarked, the
rest becomes a token. A single text is a column of one, so that the two cannot differ.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import polars as pl

from postmortem_nb.redaction.checks import CHECKS
from postmortem_nb.redaction.fields import values_at
from postmortem_nb.redaction.rules import Rule, rules_of
from postmortem_nb.redaction.shapes import SCREENS
from postmortem_nb.redaction.tokens import TOKEN, Key, Tokens

MARKS = [chr(c) for c in range(0xFDD0, 0xFDF0)]  # noncharacters: Unicode keeps them out of texts
NEXT_FIELD = re.compile(r"[,;&](?=\s|$|[\w .%-]{1,30}[=:])|%26(?=\w+%3[Dd])|[,;&]$")
PARTING = re.compile(r"[,;&)\]}]|%26")
CLOSING = {")": "(", "]": "[", "}": "{"}
ROUNDS = 8  # a token may uncover another secret beside it; each round finds at least one more


class Redactor:
    """Replaces what the rules of a profile find by keyed tokens, and counts it.

    Parameters
    ----------
    profile : {"none", "internal", "shared", "public"}
        See `postmortem_nb.redaction.rules.PROFILES`.
    key : bytes, or function without arguments that returns it
        Of the tokens; asked for when the first one is made.
    own : sequence of Rule
        Rules of a team, tried before those of the package.
    """

    def __init__(self, profile: str, key: Key, own: Sequence[Rule] = ()) -> None:
        self.profile = profile
        self.rules = rules_of(profile, own)
        self.tokens = Tokens(key)
        self.counts: Counter[str] = Counter()

    def text(self, text: str) -> str:
        """Return a text with its secrets replaced."""
        return str(self.column(pl.Series([text], dtype=pl.String))[0])

    def column(self, texts: pl.Series) -> pl.Series:
        """Return a column of texts with their secrets replaced; missing ones stay missing, the rest byte for byte."""
        if not self.rules or not len(texts):
            return texts
        rows, before, whole = None, texts, texts.clone()
        for _ in range(ROUNDS):
            after = self._once(before)
            is_other = (after != before).fill_null(False)
            if not is_other.any():
                break
            rows = is_other.arg_true() if rows is None else rows.filter(is_other)
            before = after.filter(is_other)
            whole = whole.scatter(rows, before)
        return whole

    def replace(self, kind: str, value: str) -> str:
        """Return the token of a value that is known to be secret, such as a name of a host; a token stays as it is."""
        if TOKEN.fullmatch(value):
            return value
        self.counts[f"field-{kind}"] += 1
        return self.tokens.token(kind, value)

    def _once(self, texts: pl.Series) -> pl.Series:
        """Apply every rule once."""
        texts = texts.clone()  # scatter writes into the column that it is called on
        texts = self._keyed([rule for rule in self.rules if rule.keywords], texts)
        return self._searched([rule for rule in self.rules if not rule.keywords], texts)

    def _keyed(self, rules: Sequence[Rule], texts: pl.Series) -> pl.Series:
        """Apply rules with keywords, in order, to the texts that hold one: of all of them, of each half, and so on."""
        words = sorted({word for rule in rules for word in rule.keywords})
        if not words:
            return texts
        rows = texts.str.contains_any(words, ascii_case_insensitive=True).fill_null(False).arg_true()
        if not len(rows):
            return texts
        pool, half = texts.gather(rows), len(rules) // 2
        found = self._keyed(rules[half:], self._keyed(rules[:half], pool)) if half else self._applied(rules, pool)
        return texts.scatter(rows, found)

    def _searched(self, rules: Sequence[Rule], texts: pl.Series) -> pl.Series:
        """Apply rules without keywords, in order: those that rarely match are looked for in one search."""
        for is_rare, some in groupby(rules, lambda rule: not rule.fields and rule.check not in SCREENS):
            group = list(some)
            if not is_rare or len(group) == 1:
                texts = self._applied(group, texts)
                continue
            either = "|".join(f"(?:{rule.pattern})" for rule in group)
            try:
                rows = texts.str.contains(either).fill_null(False).arg_true()
            except pl.exceptions.ComputeError:  # each is small enough for a search, all of them together are not
                texts = self._applied(group, texts)
                continue
            if len(rows):
                texts = texts.scatter(rows, self._applied(group, texts.gather(rows)))
        return texts

    def _applied(self, rules: Sequence[Rule], texts: pl.Series) -> pl.Series:
        for rule in rules:
            found = self._found(rule, texts)
            if found is not None:
                texts = texts.scatter(*found)
        return texts

    def _found(self, rule: Rule, pool: pl.Series) -> tuple[pl.Series, pl.Series] | None:
        """Return which texts of a pool a rule finds something in, and what becomes of them."""
        if rule.fields:
            found = [self._by_field(rule, text) for text in pool]
            where = pl.Series([i for i, text in enumerate(found) if text is not None], dtype=pl.UInt32)
            return (where, pl.Series([t for t in found if t is not None], dtype=pl.String)) if len(where) else None
        is_match = pool.str.contains(rule.pattern).fill_null(False)
        if rule.check in SCREENS and is_match.any():
            is_match = _screened(rule, pool, is_match)
        if not is_match.any():
            return None
        where, texts = is_match.arg_true(), pool.filter(is_match)
        opening, closing = _free_marks(texts)
        marked = texts.str.replace_all(rule.pattern, f"${{1}}{opening}${{2}}{closing}${{3}}")
        return where, pl.Series([self._settled(rule, text, opening, closing) for text in marked], dtype=pl.String)

    def _settled(self, rule: Rule, marked: str, opening: str, closing: str) -> str:
        """Return a marked text with tokens for what the check of its rule confirms, and without marks."""
        head, *rest = marked.split(opening)
        done = head
        plain = head  # the text as it was, up to here
        check = CHECKS[rule.check] if rule.check else None
        has_token = "<" in marked and TOKEN.search(marked.replace(opening, "").replace(closing, "")) is not None
        for part in rest:
            secret, _, after = part.partition(closing)
            secret, left = _trimmed(secret) if rule.generic else (secret, "")
            is_secret = bool(secret) and not (has_token and _in_token(plain, secret, left + after))
            if is_secret and (check is None or check(secret, plain)):
                self.counts[rule.id] += 1
                done += self.tokens.token(rule.kind, secret) + left + after
            else:
                done += secret + left + after
            plain += secret + left + after
        return done

    def _by_field(self, rule: Rule, text: str | None) -> str | None:
        """Return a line of JSON with the values of a rule's fields replaced; None if it has none of them."""
        new = text
        for literal, value in values_at(text or "", rule.fields):
            if new is not None and not TOKEN.fullmatch(value):
                self.counts[rule.id] += 1
                new = new.replace(literal, f'"{self.tokens.token(rule.kind, value)}"')
        return None if new == text else new


def _screened(rule: Rule, pool: pl.Series, is_match: pl.Series) -> pl.Series:
    """Return which of the texts that match hold something that the check of the rule may agree to."""
    rows = is_match.arg_true()
    found = pl.DataFrame({"row": rows, "text": pool.gather(rows).str.extract_all(rule.pattern)}).explode("text")
    kept = found.filter(SCREENS[rule.check](pl.col("text")))["row"].unique()
    return pl.repeat(False, len(pool), eager=True).scatter(kept, True)


def _free_marks(texts: pl.Series) -> tuple[str, str]:
    """Return two characters that occur in none of the texts."""
    if not texts.str.contains_any(MARKS[:2]).any():
        return MARKS[0], MARKS[1]
    held = set("".join(texts.drop_nulls()))
    free = (chr(c) for c in (*range(0xFDD0, 0xFDF0), *range(0xF0000, 0x110000)) if chr(c) not in held)
    return next(free), next(free)


def _trimmed(secret: str) -> tuple[str, str]:
    """Part a value from what follows it in the same text: the next field, and brackets that were opened before."""
    if PARTING.search(secret) is None:
        return secret, ""
    value = NEXT_FIELD.split(secret, maxsplit=1)[0]
    while value and value[-1] in CLOSING and value.count(CLOSING[value[-1]]) < value.count(value[-1]):
        value = value[:-1]
    return value, secret[len(value) :]


def _in_token(before: str, secret: str, after: str) -> bool:
    """Whether what was found is a token already, or cuts into one; a text that holds whole ones can still be secret."""
    start, end = len(before), len(before) + len(secret)
    inner = 0
    for token in TOKEN.finditer(before + secret + after):
        if token.start() < end and token.end() > start:
            if token.start() < start or token.end() > end:
                return True
            inner += 1
    return inner > 0 and not any(c.isalnum() for c in TOKEN.sub("", secret))
