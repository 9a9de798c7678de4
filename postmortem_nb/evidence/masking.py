"""Messages → patterns: every token that holds a digit is masked. One definition, for a column of messages at a time.

To count patterns, words are first cut off at their first digit, which leaves few distinct texts to mask. That is done
for many lines at once: one bit a byte, in long integers, where a carry of a sum runs through a word to its end.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

CACHED = 1 << 18  # bytes that are worked on at a time
MASK = "<*>"
LONGEST = 400  # characters of a message that its pattern is taken from
VARIABLE = r"\S*\d\S*"
ROW_OF_MASKS = rf"(?:{MASK.replace('*', '[*]')}[\s,;]*){{3,}}"
DIGIT = (ord("0"), 10)  # first and how many
WORD = (ord("!"), 95)  # ASCII without white space and without control characters, which are left as they are


def masked(messages: pl.Expr) -> pl.Expr:
    """Return messages with their variable tokens masked: the costly half of a pattern."""
    return _first_line(messages).str.replace_all(VARIABLE, MASK)


def named(texts: pl.Expr) -> pl.Expr:
    """Return masked messages as patterns; a row of three masks or more becomes one. Cheap where texts are distinct."""
    return texts.str.replace_all(ROW_OF_MASKS, f"{MASK} … ").str.strip_chars()


def count_patterns(messages: pl.Series) -> pl.DataFrame:
    """Count the patterns of messages: ``pattern`` and ``count``, in no order."""
    column = messages.alias("message").fill_null("").to_frame()
    if bool((messages.str.len_bytes() > LONGEST).any()) or bool(messages.str.contains("\n", literal=True).any()):
        column = column.select(_first_line(pl.col("message")))
    counted = shortened(column["message"]).alias("message").to_frame().group_by("message").agg(count=pl.len())
    whole = counted.select(pattern=named(masked(pl.col("message"))), count="count")
    return whole.group_by("pattern").agg(pl.col("count").sum())


def shortened(texts: pl.Series) -> pl.Series:
    """Return lines of text whose words end at their first digit, shown as 0; they are masked as the whole ones are.

    Nothing of a token is lost that its mask depends on: what it begins with, and that it has a digit.

    >>> shortened(pl.Series(["took 12.5 ms", "10.0.0.1 up", "id=a1b2 é7x"])).to_list()
    ['took 0 ms', '0 up', 'id=a0 é0']
    """
    if not len(texts):
        return texts
    data = texts.str.join("\n").cast(pl.Binary).item() + b"\n"
    return pl.read_lines(b"".join(_shortened(piece) for piece in _pieces(data))).to_series()


def _pieces(data: bytes) -> Iterator[np.ndarray]:
    """Cut lines into pieces that stay in the cache of a core."""
    at = 0
    while at < len(data):
        end = data.find(b"\n", at + CACHED) + 1 or len(data)
        yield np.frombuffer(data, dtype="uint8", count=end - at, offset=at)
        at = end


def _shortened(data: np.ndarray) -> bytes:
    gone = _behind_first(_bits(data, *DIGIT), _bits(data, *WORD))
    kept = data[~_flags(gone, len(data))]
    value = kept - np.uint8(DIGIT[0])
    kept -= value * (value < DIGIT[1])
    return kept.tobytes()


def _first_line(messages: pl.Expr) -> pl.Expr:
    return messages.str.extract(r"^([^\n]*)").str.head(LONGEST)


# --- one bit a byte, the first the lowest -----------------------------------------------------------------------------


def _bits(data: np.ndarray, first: int, count: int) -> int:
    """Return which bytes are of a range."""
    is_one = (data - np.uint8(first)) < count  # bytes below wrap around and are large
    return int.from_bytes(np.packbits(is_one, bitorder="little").tobytes(), "little")


def _flags(bits: int, size: int) -> np.ndarray:
    packed = np.frombuffer(bits.to_bytes(-(-size // 8), "little"), dtype="uint8")
    return np.unpackbits(packed, count=size, bitorder="little").view(bool)


def _behind_first(marks: int, words: int) -> int:
    """Return what of each word, a run of ones, stands behind the first mark in it.

    >>> f"{_behind_first(0b0010_0101_0000, 0b0111_0111_0110):012b}"
    '010001100000'
    """
    others = words & ~marks
    firsts = (others + (words & ~(words << 1))) & marks  # from its beginning, a carry runs to a word's first mark
    return words & ~(words + firsts) & ~firsts  # from there, to its end
