"""ISO times of one layout, a whole column at once: the first text shows where its digits stand, the others follow.

A layout is the text with its digits blotted out, and the zone behind it as it is. A column mostly has one; two around a
clock change. A text that does not fit, or whose digits no calendar or clock has, is left to be read by itself.
"""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from postmortem_nb.evidence.clock.shapes import DAY, SECOND, Open, stamp

LAYOUTS = 4  # of one column
WIDTH = 19  # of what is before the fraction: 2024-01-15T10:32:11
ZERO = ord("0")

_ISO = re.compile(r"\d{4}([-/.])\d\d\1\d\d[T ]\d\d:\d\d:\d\d(?:[.,](\d{1,9}))?(?![\d.,:]).*", re.ASCII)


def by_layout(texts: pl.Series) -> pl.DataFrame:
    """Read times; ``ns`` is null where they are not of a common layout."""
    ns = np.zeros(len(texts), dtype="int64")
    leaves = np.full(len(texts), int(Open.NO_TIME), dtype="uint8")
    left = np.arange(len(texts))
    for _ in range(LAYOUTS):
        column = texts if len(left) == len(texts) else texts.gather(left)
        first = column.drop_nulls().head(1)
        if not len(first):
            break
        fits = _fill(column, first[0], left, ns, leaves)
        if fits is None or fits.all():
            break
        left = left[~fits]
    is_read = leaves != Open.NO_TIME
    out = pl.DataFrame({"ns": ns, "open": leaves, "read": is_read})
    return out.select(pl.when("read").then("ns").alias("ns"), "open")


def _fill(column: pl.Series, example: str, rows: np.ndarray, ns: np.ndarray, leaves: np.ndarray) -> np.ndarray | None:
    """Read the texts that have the layout of an example; returns which had, None if the example itself has none."""
    found = _ISO.fullmatch(example)
    read = stamp(example, "iso")
    if not found or read is None or read.zone or not example.isascii():
        return None
    size = len(example)
    fits = (column.str.len_bytes() == size).fill_null(False).to_numpy()
    picked = column if fits.all() else column.filter(pl.Series(fits))
    cells = _matrix(picked, size)
    digits = found.end(2) - found.start(2) if found[2] else 0
    numbers = [*range(4), 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, *range(WIDTH + 1, WIDTH + 1 + digits)]
    signs = [place for place in range(size) if place not in numbers]
    pattern = np.frombuffer(example.encode(), dtype="uint8")
    good = np.ones(len(picked), dtype=bool)
    for place in signs:
        good &= cells[place] == pattern[place]
    values = cells[numbers] - ZERO  # of one byte: what is no digit becomes more than 9
    good &= (values <= 9).all(axis=0)
    pairs = [values[i] * np.uint8(10) + values[i + 1] for i in range(0, 14, 2)]
    year = pairs[0].astype("int32") * 100 + pairs[1]
    month, day, hour, minute, second = pairs[2:]
    good &= (year >= 1970) & (year <= 2200) & (month >= 1) & (month <= 12)
    good &= (hour < 24) & (minute < 60) & (second <= 60)
    months = (year - 1970) * 12 + month - 1
    first, last = int(months.min(initial=0)), int(months.max(initial=0))
    begins = np.arange(first, last + 2).astype("datetime64[M]").astype("datetime64[D]").astype("int64")
    days = begins[months - first] + day - 1
    good &= (day >= 1) & (days < begins[months - first + 1])
    local = days * DAY + ((hour.astype("int64") * 60 + minute) * 60 + second) * SECOND
    if digits:
        fraction = values[14].astype("int32")
        for place in range(1, digits):
            fraction = fraction * 10 + values[14 + place]
        local += fraction.astype("int64") * 10 ** (9 - digits)
    ahead = _local(found[0]) - read.ns if read.open is Open.NOTHING else 0
    at = rows[fits][good] if len(picked) < len(rows) else rows[good]
    ns[at] = local[good] - ahead
    leaves[at] = int(read.open)
    fits[fits] = good
    return fits


def _matrix(texts: pl.Series, size: int) -> np.ndarray:
    """Return the bytes of texts of one length, a row for each place."""
    if not len(texts):
        return np.empty((size, 0), dtype="uint8")
    array = texts.rechunk().to_arrow()
    start = int(np.frombuffer(array.buffers()[1], dtype="int64")[array.offset])
    flat = np.frombuffer(array.buffers()[2], dtype="uint8")[start : start + size * len(texts)]
    return np.ascontiguousarray(flat.reshape(len(texts), size).T)


def _local(text: str) -> int:
    """Return what a time shows on its clock, without its zone."""
    head, fraction = text[:WIDTH], re.match(r"[.,](\d{1,9})", text[WIDTH:])
    read = stamp(head, "iso")
    assert read is not None, "its first 19 characters are a time"
    return read.ns + (int(f"{fraction[1]:0<9}") if fraction else 0)
