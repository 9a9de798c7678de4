"""Hosts and accounts that the evidence names in a field of their own, sought in all other texts as well.

A field says what a value is, and a message then often says the value alone: ``web-17 is slow``. Words that could be any
word (``web``, ``ada``) are not sought: a text would be spoiled wherever it uses them.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator

import pandas as pd

from postmortem_nb.redaction.checks import account
from postmortem_nb.redaction.rules import Rule

SHORTEST = 4
MOST = 2000  # values of a kind; a farm with more names has them in its messages by a rule
TELLING = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9.@_-])[A-Za-z0-9][\w.@-]*[A-Za-z0-9]", re.ASCII)


def known_rules(frames: Iterable[pd.DataFrame], services: Container[str]) -> tuple[Rule, ...]:
    """Return rules for the hosts and accounts of some frames.

    Parameters
    ----------
    frames : iterable of DataFrame
        Those with a column ``host`` or ``user`` count.
    services : container of str
        What is shown whatever it looks like, although a host may be called so.
    """
    values: dict[str, set[str]] = {"host": set(), "user": set()}
    for frame in frames:
        for kind, found in values.items():
            if kind in frame.columns:
                found.update(name for name in frame[kind].dropna().unique() for name in _forms(kind, str(name)))
    wanted = {kind: sorted(found, key=lambda name: (-len(name), name))[:MOST] for kind, found in values.items()}
    return tuple(
        Rule(
            id=f"known-{kind}",
            kind=kind,
            profile="public",
            keywords=tuple(name.lower() for name in names),
            secret=rf"\b(?:{'|'.join(map(re.escape, names))})\b",
        )
        for kind, found in wanted.items()
        if (names := [name for name in found if name not in services])
    )


def _forms(kind: str, name: str) -> Iterator[str]:
    """Yield a name, and a host's without its domain, where they are no common words."""
    for form in dict.fromkeys((name, name.partition(".")[0]) if kind == "host" else (name,)):
        is_named = kind == "host" or account(form)
        if len(form) >= SHORTEST and TELLING.fullmatch(form) and is_named:
            yield form
