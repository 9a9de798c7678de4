"""What stands in one cell or one JSON value → a number in its base unit, and whether it can be read at all.

A value is a number, says that there is none, is a number with a unit behind it as dashboards write them (``350 ms``,
``1.5 GiB``, ``45 %``), or is the state of a probe (``up``, ``FAIL``). Anything else is not guessed.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

# How files write that there is no value; the last one is what databases dump.
MISSING = ("", "nan", "null", "none", "n/a", "na", "-", "undefined", "no data", "nil", "\\n")
UP = frozenset(
    (
        *("up", "ok", "pass", "passed", "passing", "success", "successful", "succeeded", "healthy", "online"),
        *("available", "alive", "true", "yes"),
    )
)
DOWN = frozenset(
    (
        *("down", "fail", "failed", "failing", "failure", "error", "critical", "unhealthy", "offline", "unavailable"),
        *("dead", "unreachable", "timeout", "false", "no", "ko", "outage"),
    )
)
UNSURE = frozenset(["unknown", "paused", "pending", "maintenance"])  # they say neither: the value is missing

# A unit → what one of it is in its base unit. What is not listed is a base unit itself: 5 req/s stay 5 req/s.
UNITS: dict[str, tuple[float, str]] = {
    **{name: (factor, "s") for name, factor in {"ns": 1e-9, "µs": 1e-6, "μs": 1e-6, "us": 1e-6, "ms": 1e-3}.items()},
    **{name: (1.0, "s") for name in ("s", "sec", "secs", "second", "seconds")},
    **{name: (60.0, "s") for name in ("min", "mins", "minute", "minutes")},
    **{name: (3600.0, "s") for name in ("h", "hour", "hours")},
    **{name: (86400.0, "s") for name in ("d", "day", "days")},
    **{name: (604800.0, "s") for name in ("week", "weeks")},
    **{f"{p}iB": (2.0 ** (10 * n), "B") for n, p in enumerate("KMGTPE", 1)},
    **{f"{p}B": (10.0 ** (3 * n), "B") for n, p in enumerate("kMGTPE", 1)},
    **{f"{p}b": (10.0 ** (3 * n), "b") for n, p in enumerate("kMGTPE", 1)},
    **{"B": (1.0, "B"), "bytes": (1.0, "B"), "KB": (1e3, "B"), "b": (1.0, "b"), "bits": (1.0, "b")},
    **{"K": (1e3, ""), "k": (1e3, ""), "Mil": (1e6, ""), "Bil": (1e9, ""), "Tri": (1e12, "")},
}
_WITH_UNIT = re.compile(
    r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)\s?(%|[A-Za-zµμ]{1,12}(?:/[A-Za-z]{1,6})?)?"
)
_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+(?:\s?[%A-Za-zµμ/]{1,12})?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?!\d)")


@dataclass(frozen=True)
class Numbers:
    """The cells of a column as numbers.

    Parameters
    ----------
    values : ndarray
        In base units; NaN where a cell says that there is none, or cannot be read.
    readable : ndarray of bool
        Whether a cell is a number or says that there is none.
    units : list of str, optional
        The base unit of each; None where no cell has a unit.
    """

    values: np.ndarray
    readable: np.ndarray
    units: list[str] | None = None

    @property
    def is_numeric(self) -> bool:
        """Whether the column holds numbers: at least half of what it states, or it states nothing at all."""
        numbers = int((~np.isnan(self.values)).sum())
        stated = numbers + int((~self.readable).sum())
        return stated == 0 or numbers >= 0.5 * stated


def numbers_of(cells: Sequence[str], *, decimal_comma: bool = False) -> Numbers:
    """Read the cells of a column.

    Parameters
    ----------
    cells : sequence of str
    decimal_comma : bool
        Whether ``1,5`` is one and a half, as in files whose cells are parted by semicolons.
    """
    texts = [cell.strip() for cell in cells]
    if decimal_comma and any(_COMMA.fullmatch(text) for text in texts):
        texts = [_with_point(text) for text in texts]
    values = np.array(pd.to_numeric(np.array(texts, dtype=object), errors="coerce"), dtype="float64")
    readable = ~np.isnan(values)
    units: list[str] | None = None
    for row in np.flatnonzero(~readable).tolist():
        text = texts[row]
        if text.lower() in MISSING:
            readable[row] = True
        elif found := _WITH_UNIT.fullmatch(text):
            factor, base = unit_of(found[2] or "")
            values[row], readable[row] = float(found[1].replace(",", "")) * factor, True
            units = units if units is not None or not base else [""] * len(texts)
            if units is not None:
                units[row] = base
    return Numbers(values, readable, units)


def in_one_unit(numbers: Numbers) -> Numbers:
    """Return a column with the base unit of most of its cells; those of another one cannot be read beside them."""
    if numbers.units is None:
        return numbers
    stated = [u for u, value in zip(numbers.units, numbers.values, strict=True) if u and not math.isnan(value)]
    usual = Counter(stated).most_common(1)[0][0]
    other = np.array([unit not in ("", usual) for unit in numbers.units], dtype=bool)
    return Numbers(np.where(other, np.nan, numbers.values), numbers.readable & ~other, [usual] * len(numbers.units))


def unit_of(text: str) -> tuple[float, str]:
    """Return what one of a unit is in its base unit.

    >>> unit_of("ms"), unit_of("MB/s"), unit_of("req/s")
    ((0.001, 's'), (1000000.0, 'B/s'), (1.0, 'req/s'))
    """
    if text in UNITS:
        return UNITS[text]
    front, slash, per = text.partition("/")
    if slash and UNITS.get(front, (0.0, "s"))[1] in ("B", "b"):
        factor, base = UNITS[front]
        return factor, f"{base}/{per}"
    return 1.0, text


def states_of(cells: Sequence[str]) -> Numbers | None:
    """Read a column of states, up 1 and down 0; None if another word or no such word stands in it."""
    words = [cell.strip().lower() for cell in cells]
    known = {word for word in words if word not in MISSING}
    if not known or not known <= UP | DOWN | UNSURE or not known & (UP | DOWN):
        return None
    values = np.array([1.0 if word in UP else 0.0 if word in DOWN else np.nan for word in words])
    return Numbers(values, np.ones(len(words), dtype=bool))


def number_of(value: object) -> tuple[float, bool]:
    """Return the number that a JSON value is, and whether it is one or says that there is none.

    Infinity is neither: it cannot be drawn or summed, and is counted.
    """
    if value is None:
        return math.nan, True
    if isinstance(value, bool):
        return float(value), True
    if isinstance(value, int | float | str):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return math.nan, str(value).strip().lower() in MISSING
        return (number, True) if math.isfinite(number) else (math.nan, not math.isinf(number))
    return math.nan, False


def _with_point(text: str) -> str:
    """Write a number of a column with decimal commas with a point; its points part thousands.

    >>> _with_point("1.234,5"), _with_point("1.234"), _with_point("0.5")
    ('1234.5', '1234', '0.5')
    """
    if _COMMA.fullmatch(text):
        return text.replace(".", "").replace(",", ".", 1)
    found = _GROUPED.match(text)
    return found[0].replace(".", "") + text[found.end() :] if found else text
