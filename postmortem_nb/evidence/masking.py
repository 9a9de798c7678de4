"""Messages → patterns: every token that holds a digit is masked. One definition, for a column of messages at a time."""

from __future__ import annotations

import polars as pl

MASK = "<*>"
LONGEST = 400  # characters of a message that its pattern is taken from
VARIABLE = r"\S*\d\S*"
ROW_OF_MASKS = rf"(?:{MASK.replace('*', '[*]')}[\s,;]*){{3,}}"


def masked(messages: pl.Expr) -> pl.Expr:
    """Return messages with their variable tokens masked: the costly half of a pattern."""
    first = messages.str.extract(r"^([^\n]*)").str.head(LONGEST)
    return first.str.replace_all(VARIABLE, MASK)


def named(texts: pl.Expr) -> pl.Expr:
    """Return masked messages as patterns; a row of three masks or more becomes one. Cheap where texts are distinct."""
    return texts.str.replace_all(ROW_OF_MASKS, f"{MASK} … ").str.strip_chars()


def count_patterns(messages: pl.Series) -> pl.DataFrame:
    """Count the patterns of messages: ``pattern`` and ``count``, in no order."""
    column = messages.alias("message").to_frame()
    texts = pl.col("message")
    is_plain = not bool((messages.str.contains("\n", literal=True) | (messages.str.len_bytes() > LONGEST)).any())
    cheap = texts.str.replace_all(VARIABLE, MASK) if is_plain else masked(texts)
    counted = column.select(pattern=cheap).group_by("pattern").agg(count=pl.len())
    whole = counted.select(pattern=named(pl.col("pattern")), count="count")
    return whole.group_by("pattern").agg(pl.col("count").sum())
