"""The grammar of sentences that are put together from parts."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Words that carry a capital only because they begin a sentence; a name or a file keeps what it has.
_PLAIN = frozenset(
    [
        "a",
        "all",
        "an",
        "and",
        "any",
        "as",
        "at",
        "because",
        "before",
        "both",
        "during",
        "each",
        "every",
        "everybody",
        "for",
        "from",
        "half",
        "how",
        "if",
        "in",
        "it",
        "its",
        "many",
        "most",
        "no",
        "nobody",
        "none",
        "not",
        "nothing",
        "of",
        "on",
        "one",
        "only",
        "our",
        "part",
        "people",
        "several",
        "since",
        "some",
        "somebody",
        "such",
        "that",
        "the",
        "their",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "under",
        "until",
        "users",
        "customers",
        "we",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "with",
        "without",
    ]
)
# Commands and programs that are written in lower case wherever they stand.
COMMANDS = frozenset(
    [
        "awk",
        "curl",
        "dig",
        "docker",
        "etcd",
        "git",
        "grep",
        "helm",
        "kubectl",
        "nginx",
        "npm",
        "pip",
        "psql",
        "redis",
        "ssh",
        "strace",
        "systemd",
        "tcpdump",
    ]
)
NUMBERS = (
    "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"
)  # fmt: skip
_ENDED = re.compile(r"[.!?…][)\"'”’*]*$")


def listed(items: Iterable[str], last: str = "and") -> str:
    """Join items as a sentence does.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    *first, end = list(items) or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    >>> counted(1, "error"), counted(2, "error"), counted(0, "entry", "entries")
    ('1 error', '2 errors', '0 entries')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def sentence(text: str) -> str:
    """Return text as a whole sentence: on one line, with a full stop, and with a capital if its first word is a word.

    >>> sentence("nobody  could log in"), sentence("app.php is missing."), sentence("strace attached"), sentence("")
    ('Nobody could log in.', 'app.php is missing.', 'strace attached.', '')
    """
    text = " ".join(text.split())
    if not text:
        return ""
    first = text.split(" ", 1)[0].rstrip(",;:")
    if first.isalpha() and first.islower() and first not in COMMANDS:
        text = text[0].upper() + text[1:]
    return text if _ENDED.search(text) else f"{text.rstrip(',;:')}."


def clause(text: str) -> str:
    """Return text as it stands within a sentence: no full stop, and no capital where only its place asked for one.

    >>> clause("The cache was cold."), clause("Puppet applied r418.")
    ('the cache was cold', 'Puppet applied r418')
    """
    text = " ".join(text.split()).rstrip(".")
    first = text.split(" ", 1)[0].rstrip(",;:")
    return text[:1].lower() + text[1:] if first.lower() in _PLAIN else text
