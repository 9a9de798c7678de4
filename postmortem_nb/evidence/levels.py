"""One scale for how bad a log line says it is: TRACE, DEBUG, INFO, WARNING, ERROR, CRITICAL, or missing."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

LEVELS = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_WORDS = {
    "TRACE": "trace verbose finest finer all trc",
    "DEBUG": "debug dbg fine",
    "INFO": "info information informational inf notice note log config default stats",
    "WARNING": "warning warn wrn",
    "ERROR": "error err eror severe",
    "CRITICAL": "critical crit fatal ftl alert emergency emerg panic dpanic",
}
WORDS = {word: level for level, words in _WORDS.items() for word in words.split()}

# syslog severity, RFC 5424 section 6.2.1
SEVERITIES = ("CRITICAL", "CRITICAL", "CRITICAL", "ERROR", "WARNING", "INFO", "INFO", "DEBUG")

# Parts of patterns: upper case stands anywhere near the front, lower case only where nothing else can be meant. Written
# so that one character decides what comes next, which the engine matches several times faster than a plain list.
UPPER = (
    "(?:TRACE|D(?:EBUG[0-9]?|BG)|INF(?:O(?:RMATION)?)?|NOTICE|W(?:ARN(?:ING)?|RN)|E(?:RR(?:OR)?|MERG(?:ENCY)?)|SEVERE|"
    "C(?:RIT(?:ICAL)?|ONFIG)|F(?:ATAL|INE(?:R|ST)?)|ALERT|PANIC|VERBOSE|LOG)"
)
ANY = rf"(?:{UPPER}|(?i:trace|debug[0-9]?|info|notice|warn(?:ing)?|error|critical|fatal))"

# Behind its own time and thread, if a message has them.
IN_TEXT = (
    r"^(?:[\d:.,TZ/+-]{4,40}\s+|\[[^\]]{0,100}\]\s*){0,4}"
    rf"(?:(?P<plain>{UPPER})|\[\s*(?P<boxed>{ANY})\s*\])(?:[\s:|\[\](]|$)"
)


def normalise(text: str | None, own: Mapping[str, str] | None = None) -> str | None:
    """Return the level that a word or number stands for, None where it is not known.

    >>> normalise("warn"), normalise(" Debug2 "), normalise("30", {"30": "INFO"}), normalise("purple")
    ('WARNING', 'DEBUG', 'INFO', None)
    """
    if text is None:
        return None
    word = text.strip(" []()<>:").lower()
    if own and word in own:
        return own[word]
    return WORDS.get(word) or WORDS.get(word.rstrip("0123456789"))


def of_priority(pri: pl.Expr) -> pl.Expr:
    """Return the level of a syslog priority, which is facility × 8 + severity."""
    severity = pri.cast(pl.Int64, strict=False) % 8
    return severity.replace_strict(list(range(8)), list(SEVERITIES), default=None, return_dtype=pl.String)


def of_status(status: pl.Expr) -> pl.Expr:
    """Return a level for an HTTP status: 4xx and 5xx are what RFC 9110 calls errors, of the client or the server."""
    number = status.cast(pl.Int64, strict=False)
    return pl.when(number >= 400).then(pl.lit("ERROR")).when(number >= 0).then(pl.lit("INFO"))


def in_texts(texts: pl.Series) -> pl.Series:
    """Return the level that stands at the front of each message, behind its own time and thread if it has them.

    >>> in_texts(pl.Series(["16:42:22.382 INFO  t.s.TravelServiceImpl#532 done", "no ERROR here"])).to_list()
    ['INFO', None]
    """
    found = texts.str.extract_groups(IN_TEXT).struct
    words = pl.select(pl.coalesce(found.field("plain"), found.field("boxed")).alias("level")).to_series()
    known = {word: normalise(word) for word in words.unique().to_list() if word is not None}
    return words.replace_strict(
        list(known) or [""], list(known.values()) or [None], default=None, return_dtype=pl.String
    )
