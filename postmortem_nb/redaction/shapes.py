"""What benign identifiers and values look like, so that what does not look like one stands out.

Texts drawn by chance change between capitals, small letters and digits about six times in ten characters; names that
people make, also those with digits and capitals in them, at most two or three times.
"""

from __future__ import annotations

import functools
import re

import polars as pl

SHORTEST = 24  # characters of a bare text that can be told from a name; identifiers of 22 are common
LONG = 40  # characters of a part in letters of one case: identifiers of 32 are common
PART = 20  # characters of a part of one
FEWEST = 7  # stretches of one class in a text that is drawn by chance: CHANGES of PART
SIGNS = re.compile(r"[^A-Za-z0-9]")
LETTERS = re.compile(r"[A-Z]?[a-z]{4,}|[a-z]+(?:[A-Z][a-z]{2,})+|[A-Z]{5,}")
DRAWN = 0.24  # the same of letters of one case and digits
CHANGES = 0.33  # share of neighbouring characters of different classes from which on a text counts as drawn by chance
HEX = re.compile(r"(?:0x)?[0-9a-f]+|(?:0x)?[0-9A-F]+")
RUNS = re.compile("[A-Z]+|[a-z]+|[0-9]+|[^A-Za-z0-9]+")
DIGIT = re.compile("[0-9]")
UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HIDDEN = re.compile(
    r"[*•x.·#-]{3,}|[*•]+|\[.*\]|<.*>|\{.*\}?|\$.*|%[\w(].*|\(.*|@\w+|(?i:x+|redacted|masked|filtered|hidden)"
)
SAID_OF_VALUES = {
    *(
        "null",
        "none",
        "nil",
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "ok",
        "empty",
        "unset",
        "undefined",
        "n/a",
        "set",
    ),
    *("required", "missing", "invalid", "valid", "expired", "incorrect", "wrong", "changed", "accepted", "rejected"),
    *("failed", "failure", "success", "successful", "denied", "granted", "enabled", "disabled", "unknown", "default"),
    *("string", "str", "int", "bool", "optional", "reset", "updated", "rotated", "refreshed", "revoked", "issued"),
    *("error", "not", "is", "was", "for", "from", "the", "a", "an", "and", "or", "of", "to", "in", "with", "by", "has"),
    *("bearer", "basic", "digest", "negotiate", "password", "passwd", "publickey", "key", "token", "secret", "auth"),
    *("anonymous", "authentication", "authenticated", "login", "user", "username", "root", "opened", "closed"),
    *("keyboard-interactive", "interactive", "prompt", "mismatch", "length", "policy", "hash", "check", "file"),
}
NUMBER = re.compile(r"[-+]?\d[\d.,:]*(?:[a-zA-Zµ%]{0,3})")
STAMP = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].*)?")
LOCATION = re.compile(r"(?:[a-z][a-z0-9+.-]*:/)?/?[\w.~-]*(?:/[\w.~%-]+)+/?")
NAMED = re.compile(r"[A-Za-z]+(?:[_-]\d+)+|[A-Za-z]+@\d+")
ADDRESS = re.compile(r"0x[0-9a-fA-F]{1,16}")
DOTTED = re.compile(r"[A-Za-z_]\w*(?:[.:$]+[A-Za-z_]\w*)+")
VERSION = re.compile(r"v?\d+(?:\.\d+)+(?:[-+.]\w+)*")
WORDS = re.compile(r"(?:[A-Z]?[a-z]+|[A-Z]+)(?:[-_. :/](?:[A-Z]?[a-z]+|[A-Z]+|\d{1,4}))*")


CALL = re.compile(r"[A-Za-z_][\w.]*\(.*")  # of a function, in source code
CAMEL = re.compile(r"(?:[A-Z][a-z]{2,}|[a-z]{3,}|[A-Z]{2,}(?=[A-Z][a-z]|$))+")  # a name of several words: AioSession


def is_placeholder(text: str) -> bool:
    """Whether a value is a word about values, a variable, or hidden already."""
    return text.lower().strip(".,;!") in SAID_OF_VALUES or HIDDEN.fullmatch(text) is not None


def is_plain_word(text: str) -> bool:
    """Whether it is a word or a name of several, in letters alone."""
    return re.fullmatch(r"(?:[A-Z]?[a-z]+|[A-Z]+)(?:[-_'][a-z]+)*[.,;:!?]?", text) is not None


def is_secret_value(text: str) -> bool:
    """Whether the value of a field whose name says secret can be one, by length and shape.

    Words, numbers with their unit, times, versions and paths are not; hexadecimal digits and UUIDs are.
    """
    if len(text) < 8 or is_placeholder(text):
        return False
    benign = (NUMBER, STAMP, VERSION, WORDS, NAMED, ADDRESS, CALL, CAMEL)
    if any(shape.fullmatch(text) for shape in benign):
        return len(text) >= 16 and text.isdigit()
    if (LOCATION.fullmatch(text) or DOTTED.fullmatch(text)) and not is_random(text):
        return False
    return any(c.isdigit() for c in text) or _changes(text) >= CHANGES


@functools.lru_cache(maxsize=1 << 16)
def is_random(text: str) -> bool:
    """Whether a bare text of letters, digits and a few signs looks drawn by chance.

    Hexadecimal texts and UUIDs never do: commits, traces and containers are named so. What signs part is looked at part
    by part: one long part drawn by chance is enough, or (base64) all of them together where none is a word.
    """
    bare = text.strip("=")
    if len(bare) < SHORTEST or HEX.fullmatch(bare) or UUID.fullmatch(bare):
        return False
    parts = [part for part in SIGNS.split(bare) if part and not HEX.fullmatch(part)]
    if any(len(part) >= PART and _is_mixed(part) for part in parts):
        return True
    if any(len(part) >= LONG and is_drawn(part) for part in parts):
        return True
    if any(LETTERS.fullmatch(part) for part in parts):
        return False
    together = "".join(parts)
    return len(together) >= SHORTEST and len(together) / len(parts) >= 5 and _is_mixed(together)


def _is_mixed(text: str) -> bool:
    """Whether capitals, small letters and digits all occur and change as often as they do by chance."""
    is_all = text != text.lower() and text != text.upper() and DIGIT.search(text) is not None
    return is_all and _changes(text) >= CHANGES


def is_drawn(text: str) -> bool:
    """Whether letters of one case and digits look drawn by chance: digits are many, and stand everywhere."""
    digits = sum(c.isdigit() for c in text)
    is_both = digits >= 4 and len(text) - digits >= 4
    return is_both and HEX.fullmatch(text) is None and len(RUNS.findall(text)) >= FEWEST and _changes(text) >= DRAWN


def _changes(text: str) -> float:
    """Return the share of neighbours that are of different classes: capital, small, digit, other."""
    return (len(RUNS.findall(text)) - 1) / max(len(text) - 1, 1)


def may_be_random(texts: pl.Expr) -> pl.Expr:
    """Return which texts `is_random` can be true of: column-wise, and cheap, as most are not."""
    is_all = texts.str.contains("[A-Z]") & texts.str.contains("[a-z]") & texts.str.contains("[0-9]")
    is_long = texts.str.contains(f"[0-9a-z]{{{LONG}}}|[0-9A-Z]{{{LONG}}}") & texts.str.contains("[g-zG-Z]")
    return (is_all | is_long) & (texts.str.count_matches("[A-Z]+|[a-z]+|[0-9]+") >= FEWEST)


SCREENS = {"random": may_be_random}
