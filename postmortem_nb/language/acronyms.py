"""Short forms that are not written out where a reader first meets them."""

from __future__ import annotations

import errno
import re
import signal
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from postmortem_nb.findings import Finding
from postmortem_nb.language.texts import Prose

FIX = 'Write it out at its first use: "load balancer (LB)"; or list it in [language] acronyms.'
_SHORT = re.compile(r"(?<![\w./&#@-])[A-Z][A-Z0-9&]{1,5}s?(?![\w/.@-]*\w)")
_LABEL = re.compile(r"(?:SEV|P|Q|T|S|C|V|R|H)\d+s?|[A-Z]\d*")
_BEFORE, _BEHIND = re.compile(r"\(\s*$"), re.compile(r"\s*\((?=[^()]{8})")
_SPELLED = re.compile(r"[A-Za-z]+")


@cache
def common() -> frozenset[str]:
    """Return the short forms that need no words: those of the list, errors and signals of the operating system."""
    raw = tomllib.loads((files("postmortem_nb.language") / "acronyms.toml").read_text(encoding="utf-8"))
    return frozenset([*raw["known"].split(), *errno.errorcode.values(), *signal.Signals.__members__])


def acronym_findings(proses: Sequence[Prose], known: Sequence[str]) -> Iterator[Finding]:
    """Yield each short form that is nowhere written out up to its first use, once.

    Parameters
    ----------
    proses : sequence of Prose
        In reading order.
    known : sequence of str
        What the incident itself declares as known, and the names of its services.
    """
    met = set(common()) | {word for name in known for word in (name, *_SPELLED.findall(name))}
    for prose in proses:
        if prose.kind == "said":
            continue
        for match in _SHORT.finditer(prose.text):
            short = match[0]
            if short in met or short.removesuffix("s") in met or _LABEL.fullmatch(short):
                continue
            met.add(short.removesuffix("s"))
            if not _is_spelled(prose.text, match):
                where = prose.where(*match.span())
                yield Finding("acronym", "note", where, f"“{short}” is not written out at its first use.", FIX)


def _is_spelled(text: str, match: re.Match[str]) -> bool:
    """Whether it stands in brackets behind words, or words in brackets behind it, that hold its letters."""
    if _BEFORE.search(text[max(0, match.start() - 3) : match.start()]):
        beside = text[max(0, match.start() - 120) : match.start()]
    elif behind := _BEHIND.match(text, match.end()):
        beside = text[behind.end() : behind.end() + 120]
    else:
        return False
    beside = beside.lower()
    return all(letter.lower() in beside for letter in match[0].removesuffix("s") if letter.isalpha())
