"""Misspelt words of the prose, by the program typos: it knows misspellings, so a technical word is no false alarm."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from postmortem_nb.findings import Finding
from postmortem_nb.language.texts import Prose

PROGRAM = "typos"
LIMIT = 20  # seconds; it needs a few hundredths of one
FIX = "Correct it; list a name or term that is right in [language] words of incident.toml."
_WORD = re.compile(r"(?<![\w./@:#-])[A-Za-z]?[a-z]{3,40}(?![\w/@#-]|[.:]\w)")


def spelling_findings(proses: Sequence[Prose], known: Sequence[str]) -> Iterator[Finding]:
    """Yield each misspelt word once, where it first stands. Short forms, code and addresses are not looked at."""
    first: dict[str, tuple[Prose, int, int]] = {}
    for prose in proses:
        for match in _WORD.finditer(prose.text):
            first.setdefault(match[0], (prose, *match.span()))
    spared = {word.lower() for word in known}
    wrong = misspelt(tuple(sorted(word for word in first if word.lower() not in spared)))
    if wrong is None:
        text = "the spelling was not checked: the program typos is not installed or does not run."
        yield Finding("spelling-unchecked", "note", "narrative.md", text, "pip install typos.")
        return
    for word, instead in wrong:
        prose, start, end = first[word]
        text = f"“{word}” is a misspelling of {' or '.join(f'“{w}”' for w in instead[:3])}."
        yield Finding("spelling", "note", prose.where(start, end), text, FIX)


@lru_cache(maxsize=64)
def misspelt(words: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    """Return the misspelt ones of some words with their corrections; None if the program cannot be run."""
    beside = Path(sys.executable).parent
    program = shutil.which(PROGRAM, path=str(beside)) or shutil.which(PROGRAM)
    if not words:
        return ()
    if program is None:
        return None
    command = [program, "--isolated", "--locale", "en", "--format", "json", "-"]
    try:
        done = subprocess.run(
            command,
            input="\n".join(words),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode not in (0, 2):  # 2: there are misspellings
        return None
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = [r for r in rows if r.get("type") == "typo" and r["typo"] == words[r["line_num"] - 1]]
    return tuple((r["typo"], tuple(r["corrections"])) for r in found)
