"""How much redaction finds of forms that another tool knows: secrets drawn from its patterns, with no name beside them.

    pip download --no-deps credsweeper rstr      # then unpack the first; neither is part of this project
    python -m benchmarks.redaction_forms --rules credsweeper/rules/config.yaml --drawer RSTR_FOLDER

Each pattern is drawn forty times, into lines that say nothing of what stands there. So a secret is known by its form
alone; patterns that are about a name and a value, or of which fewer than ten texts can be drawn, are left out.
"""

from __future__ import annotations

import argparse
import importlib
import random
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from benchmarks.redaction import KEY, LINES, SEED, is_found
from postmortem_nb.redaction.engine import Redactor

CONTEXTS = (
    "2024-01-14T02:05:11Z ERROR upstream refused {secret}",
    "request failed with {secret} (401)",
    '{"level":"error","msg":"rejected","detail":"{secret}"}',
    "using {secret}",
    "export X={secret}",
)
FEWEST, LONGEST, TRIES, SECONDS = 10, 8, 400, 0.5
AROUND = re.compile(r"\(\?<?[=!][^()]*(?:\([^()]*\)[^()]*)*\)")  # looking around, which cannot be drawn


def drawn(rule: dict[str, Any], draw: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Yield lines and the secret in each: what the pattern calls ``value``."""
    pattern = rule["values"][0]
    bare, known, made = AROUND.sub("", pattern), re.compile(pattern), 0
    for number in range(TRIES):
        if made == LINES:
            return
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            text = draw(bare)
        except (TimeoutError, ValueError, IndexError, KeyError):
            continue
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        line = CONTEXTS[number % len(CONTEXTS)].replace("{secret}", " ".join(text.split()))
        found = known.search(line) if line.isascii() and line.isprintable() else None
        secret = (found.groupdict().get("value") or found[0]) if found else ""
        if len(secret) >= LONGEST:
            made += 1
            yield line, secret


def main() -> None:
    """Print recall by pattern and in all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=Path, required=True, help="the rules of the other tool (YAML)")
    parser.add_argument("--drawer", type=Path, required=True, help="folder with the package rstr")
    parser.add_argument("--profile", default="internal")
    given = parser.parse_args()
    sys.path.insert(0, str(given.drawer))
    draw = importlib.import_module("rstr").Rstr(random.Random(SEED)).xeger
    signal.signal(signal.SIGALRM, _late)
    redactor, all_found, all_lines, count = Redactor(given.profile, KEY), 0, 0, 0
    for rule in yaml.safe_load(given.rules.read_text(encoding="utf-8")):
        lines = list(drawn(rule, draw)) if rule["type"] in ("pattern", "multi") else []
        if len(lines) < FEWEST:
            continue
        new = redactor.column(pl.Series([line for line, _ in lines]))
        found = sum(is_found(secret, text) for (_, secret), text in zip(lines, new, strict=True))
        print(f"{rule['name']:40} {found:3} of {len(lines)}")
        all_found, all_lines, count = all_found + found, all_lines + len(lines), count + 1
    print(f"{count} patterns: {all_found:,} of {all_lines:,}: {all_found / all_lines:.1%}")


def _late(number: int, frame: object) -> None:
    raise TimeoutError


if __name__ == "__main__":
    main()
