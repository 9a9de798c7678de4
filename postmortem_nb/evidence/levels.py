"""One scale for how bad a log line says it is: TRACE, DEBUG, INFO, WARNING, ERROR, CRITICAL, or missing."""

from __future__ import annotations

import re
from collections.abc import Mapping

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

# Parts of patterns: upper case stands anywhere near the front, lower case only where nothing else can be meant.
UPPER = (
    r"TRACE|DEBUG\d?|INFO|INFORMATION|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|CRITICAL|CRIT|FATAL|ALERT|EMERG|"
    r"EMERGENCY|PANIC|DBG|INF|WRN|FINE|FINER|FINEST|CONFIG|VERBOSE|LOG"
)
ANY = rf"{UPPER}|(?i:trace|debug\d?|info|notice|warn|warning|error|critical|fatal)"

_IN_TEXT = re.compile(
    rf"(?:[\d:.,TZ/+-]{{4,40}}\s+|\[[^\]]{{0,100}}\]\s*){{0,4}}"
    rf"(?:(?P<plain>{UPPER})|\[\s*(?P<boxed>{ANY})\s*\])(?=[\s:|\[\](]|$)"
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


def of_priority(pri: str | None) -> str | None:
    """Return the level of a syslog priority, which is facility × 8 + severity."""
    return SEVERITIES[int(pri) % 8] if pri else None


def of_status(status: str | None) -> str | None:
    """Return a level for an HTTP status: 5xx failed, 4xx the client was refused, the rest went well."""
    if not status or not status.isdigit():
        return None
    return "ERROR" if status >= "500" else "WARNING" if status >= "400" else "INFO"


def in_text(text: str | None) -> str | None:
    """Return the level that stands at the front of a message, behind its own time and thread if it has them.

    >>> in_text("16:42:22.382 INFO  t.s.TravelServiceImpl#532 done"), in_text("no ERROR here")
    ('INFO', None)
    """
    found = _IN_TEXT.match(text) if text else None
    return normalise(found["plain"] or found["boxed"]) if found else None
