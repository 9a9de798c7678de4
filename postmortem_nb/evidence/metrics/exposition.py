"""The text that exporters show: Prometheus and OpenMetrics, ``name{label="…"} value [time]``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.metrics.samples import Samples

LINE = re.compile(
    r"([a-zA-Z_:][a-zA-Z0-9_:.]*)(?:\{((?:[^\"}]|\"(?:[^\"\\]|\\.)*\")*)\})?\s+(\S+)(?:\s+(-?[\d.eE+]+))?(?:\s+#.*)?\s*"
)
LABEL = re.compile(r"\s*,?\s*([a-zA-Z_][\w.]*)\s*=\s*\"((?:[^\"\\]|\\.)*)\"")
ESCAPED = {"n": "\n", '"': '"', "\\": "\\"}
WORDS = ("# HELP ", "# TYPE ", "# UNIT ", "# EOF")


def is_exposition(lines: Sequence[str]) -> bool:
    """Whether these first lines are text that an exporter shows."""
    shown = [line for line in lines if line.strip()][:20]
    if any(line.startswith(WORDS) for line in shown):
        return True
    return bool(shown) and all(LINE.fullmatch(line) and "{" in line for line in shown)


def read_exposition(lines: Sequence[str], tally: Tally) -> Samples:
    """Read samples; comments count as skipped.

    Raises
    ------
    Unreadable
        If no sample carries a time: what an exporter shows at one moment does not say when that was.
    """
    samples = Samples(tally)
    in_seconds = any(line.strip() == "# EOF" for line in lines[-5:])  # OpenMetrics; else milliseconds
    timeless = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            tally.blank += 1
        elif line.startswith("#"):
            tally.skipped += 1
        elif not (found := LINE.fullmatch(line)):
            tally.reject(number, line)
        elif found[4] is None:
            timeless += 1
            tally.reject(number, f"(it carries no time) {line}")
        else:
            time = found[4] if in_seconds else str(int(float(found[4])))
            samples.add(found[1], _labels(found[2] or ""), [(time, found[3])], number)
    if timeless and not samples.times:
        raise Unreadable(
            f"{tally.file}: its samples carry no time, so nothing says when they were taken. Export them with times, "
            "such as from /federate or as an answer of query_range."
        )
    return samples


def _labels(text: str) -> dict[str, str]:
    return {name: re.sub(r"\\(.)", lambda m: ESCAPED.get(m[1], m[1]), value) for name, value in LABEL.findall(text)}
