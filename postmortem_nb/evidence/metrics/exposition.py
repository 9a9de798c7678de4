"""The text that exporters show: Prometheus and OpenMetrics, ``name{label="…"} value [time]``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from postmortem_nb.characters import writable
from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.metrics.samples import COUNTER, GAUGE, Samples

LINE = re.compile(
    r"([a-zA-Z_:][a-zA-Z0-9_:.]*)?[ \t]*(?:\{((?:[^\"}]|\"(?:[^\"\\]|\\.)*\")*)\})?[ \t]*(?<=[\s}])(\S+)"
    r"(?:[ \t]+(-?[\d.]+(?:[eE]\+?\d+)?))?(?:[ \t]+#.*)?"
)
# A name begins a word, so that a long word, or a long blank, is passed over once.
LABEL = re.compile(r"((?<![\w.:])[a-zA-Z_][\w.:]*|\"(?:[^\"\\]|\\.)*\")\s*=\s*\"((?:[^\"\\]|\\.)*)\"")
QUOTED = re.compile(r"\s*\"((?:[^\"\\]|\\.)*)\"\s*(?:,|$)")  # a name that is no word stands first in the braces
TYPE = re.compile(r"# TYPE[ \t]+(\"(?:[^\"\\]|\\.)*\"|\S+)[ \t]+(\S+)")
ESCAPED = {"n": "\n", '"': '"', "\\": "\\"}
WORDS = ("# HELP ", "# TYPE ", "# UNIT ", "# EOF")
PARTS = {
    "counter": ("", "_total"),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("_count", "_sum"),
}  # how the samples of a counting family are called
NUMBER = re.compile(r"[+-]?(?:\d|\.\d|nan|inf)", re.IGNORECASE)


def is_exposition(lines: Sequence[str]) -> bool:
    """Whether these first lines are text that an exporter shows."""
    shown = [line for line in lines if line.strip()][:20]
    if any(line.startswith(WORDS) for line in shown):
        return True
    return bool(shown) and all(_parse(line) and "{" in line for line in shown)


def read_exposition(lines: Sequence[str], tally: Tally, how: How) -> Samples:
    """Read samples; comments count as skipped.

    Raises
    ------
    Unreadable
        If no sample carries a time and none was declared: what an exporter shows at one moment does not say when.
    """
    samples = Samples(tally)
    types: dict[str, str] = {}
    in_seconds = any(line.strip() == "# EOF" for line in lines[-5:])  # OpenMetrics; else milliseconds
    declared = None if how.at is None else how.at.isoformat()
    timeless = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            tally.blank += 1
        elif line.lstrip().startswith("#"):
            tally.skipped += 1
            if found := TYPE.match(line.strip()):
                types[found[1].strip('"')] = found[2]
        elif (parsed := _parse(line)) is None:
            tally.reject(number, line)
        else:
            name, labels, value, time = parsed
            if time is None and declared is None:
                timeless += 1
                tally.reject(number, f"(it carries no time) {line}")
                continue
            when = declared if time is None else time if in_seconds else time.partition(".")[0]
            samples.add(name, dict(labels), [(when, value)], number, type_of(name, types))
    if timeless and not samples.times:
        raise Unreadable(
            f"{tally.file}: its samples carry no time, so nothing says when they were taken. Declare it: at = "
            '"2024-01-14T02:05:00Z" in its [[evidence]] entry, or at= when calling the reader; or export them with '
            "times, from /federate or as an answer of query_range."
        )
    return samples


def type_of(name: str, types: dict[str, str]) -> str:
    """Return what the samples of a name are, by the ``# TYPE`` of their family; empty if none says it."""
    for family, suffixes in PARTS.items():
        if any(types.get(name.removesuffix(s)) == family and name.endswith(s) for s in suffixes):
            return COUNTER
    return GAUGE if types.get(name) in ("gauge", "gaugehistogram", "summary", "info", "stateset") else ""


def _parse(line: str) -> tuple[str, tuple[tuple[str, str], ...], str, str | None] | None:
    """Take a sample apart: name, labels, value, time; None if it is none."""
    found = LINE.fullmatch(line.strip())
    if not found or not NUMBER.match(found[3]):
        return None
    named, labels = _labels(found[2] or "")
    name = found[1] or named
    return (name, labels, found[3], found[4]) if name else None


@lru_cache(maxsize=4096)
def _labels(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Read what stands in the braces: a quoted name, if it begins with one, and labels."""
    named = ""
    if (found := QUOTED.match(text)) is not None:
        named, text = _plain(found[1]), text[found.end() :]
    return named, tuple((_plain(name.strip('"')), _plain(value)) for name, value in LABEL.findall(text))


def _plain(text: str) -> str:
    return writable(re.sub(r"\\(.)", lambda m: ESCAPED.get(m[1], m[0]), text) if "\\" in text else text)
