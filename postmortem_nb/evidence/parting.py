"""A block of lines → its records: each line is a record, continues one, is blank, known to be no evidence, or rejected.

This is the work that is done side by side; it depends on nothing but the block and the `Recipe` of its file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.deriving import derive
from postmortem_nb.evidence.formats import Format
from postmortem_nb.evidence.formats.choosing import LOOK_AT, others
from postmortem_nb.evidence.formats.directives import Directives
from postmortem_nb.evidence.lines import LINE_CAP, Block, Lines, clean

KEPT = 50  # rejected lines of a block that are kept to be shown
# What a record of another format may begin with: a time or an object, not white space.
MAY_BEGIN = r"^(?:\S.{0,80}?[0-9]:[0-9]{2}|\{|\S{0,12}[0-9]{9,}|#)"
NOT_BLANK = r"\S"


@dataclass(frozen=True)
class Recipe:
    """How the blocks of one file are taken apart: its format, and those that the incident brings."""

    form: Format
    more: tuple[Format, ...] = ()


@dataclass
class Part:
    """The records of one block, in order, and what its other lines are.

    ``frame`` has ``line``, ``form`` (place in ``forms``) and the columns of `derive`. ``lead`` are lines before the
    first record, which may continue the last one of the block before. ``aside`` is what else was made of the records.
    """

    frame: pl.DataFrame
    forms: list[Format]
    lines: Lines
    lead: pl.DataFrame
    blank: int = 0
    skipped: int = 0
    continued: int = 0
    rejected: int = 0
    samples: list[tuple[int, str]] = field(default_factory=list)
    aside: pl.DataFrame | None = None

    def add_to(self, tally: Tally) -> None:
        """Count these lines in the account of their file."""
        self.lines.add_to(tally)
        tally.blank += self.blank
        tally.skipped += self.skipped
        tally.continued += self.continued
        for number, text in self.samples:
            tally.reject(number, text)
        tally.rejected += self.rejected - len(self.samples)


def take_apart(block: Block, recipe: Recipe, header: str | None = None) -> Part:
    """Take a block apart; ``header`` is the header line in force before it, of a format that has such lines."""
    lines = clean(block)
    frame = lines.text.to_frame().with_row_index("row")
    forms = [recipe.form]
    found = _found(frame, recipe.form, header)
    if len(found) == len(frame):
        part = _part(found, forms, lines, frame.clear())
    else:
        rest = _rest(frame, found)
        blank = ~rest["text"].str.contains(NOT_BLANK)
        rest, blanks = rest.filter(~blank), int(blank.sum())
        rest, skipped = _without_skipped(rest, recipe.form)
        found, rest, forms = _with_others(found, rest, forms, recipe)
        part = _part(found, forms, lines, rest)
        part.blank, part.skipped = blanks, skipped
    part.frame = part.frame.with_columns(line=pl.col("row").cast(pl.Int64) + lines.first).drop("row")
    part.lead = part.lead.with_columns(line=pl.col("row").cast(pl.Int64) + lines.first).drop("row")
    part.samples = [(row + lines.first, text) for row, text in part.samples]
    return part


def _found(lines: pl.DataFrame, form: Format, header: str | None) -> pl.DataFrame:
    plan = form.plan
    fields = plan(lines, header) if isinstance(plan, Directives) else plan(lines)
    return derive(fields, form)


def _rest(lines: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Return the lines that were not read."""
    return lines.join(found.select("row"), on="row", how="anti", maintain_order="left")


def _without_skipped(rest: pl.DataFrame, form: Format) -> tuple[pl.DataFrame, int]:
    if form.skip is None:
        return rest, 0
    known = rest["text"].str.contains(form.skip)
    return rest.filter(~known), int(known.sum())


def _with_others(
    found: pl.DataFrame, rest: pl.DataFrame, forms: list[Format], recipe: Recipe
) -> tuple[pl.DataFrame, pl.DataFrame, list[Format]]:
    """Read lines that are of another format than their file: a mid-file change, or two programs in one file."""
    found = found.with_columns(form=pl.lit(0, pl.UInt8))
    strange = rest.filter(rest["text"].str.contains(MAY_BEGIN))
    torn = strange.clear()
    if recipe.form.start is not None:  # what begins as the file's own records is a torn one, unless more specific
        begins = strange["text"].str.contains(recipe.form.start)
        strange, torn = strange.filter(~begins), strange.filter(begins)
    for lines, rank in ((strange, 0), (torn, recipe.form.rank)):
        while len(lines):
            new = [form for form in others(lines.head(LOOK_AT), forms, recipe.more) if form.rank >= rank]
            if not new:
                break
            for form in new:
                more = derive(form.plan(lines), form)
                if len(more):
                    found = pl.concat(
                        [found, more.with_columns(form=pl.lit(len(forms), pl.UInt8))], how="diagonal_relaxed"
                    )
                    lines = _rest(lines, more)
                forms = [*forms, form]
    found = found.sort("row")
    return found, _rest(rest, found), forms


def _part(found: pl.DataFrame, forms: list[Format], lines: Lines, rest: pl.DataFrame) -> Part:
    """Give the lines that were not read to the records before them, where these may go on."""
    if "form" not in found.columns:
        found = found.with_columns(form=pl.lit(0, pl.UInt8))
    part = Part(found, forms, lines, rest)
    if not len(rest):
        return part
    owners = found.select("row", owner="row", own_form="form")
    owned = rest.sort("row").join_asof(owners.sort("row"), on="row", strategy="backward")
    part.lead = owned.filter(pl.col("owner").is_null()).select("row", "text")
    owned = owned.filter(pl.col("owner").is_not_null())
    goes_on = continuing(owned["text"], owned["own_form"], forms)
    more, bad = owned.filter(goes_on), owned.filter(~goes_on)
    part.continued, part.rejected = len(more), len(bad)
    part.samples = list(bad.head(KEPT).select("row", "text").iter_rows())
    if len(more):
        texts = more.group_by("owner", maintain_order=True).agg(more=pl.col("text").str.join("\n"))
        joined = found.join(texts, left_on="row", right_on="owner", how="left", maintain_order="left")
        part.frame = joined.with_columns(message=_longer(pl.col("message"), pl.col("more"))).drop("more")
    return part


def continuing(texts: pl.Series, owners: pl.Series, forms: Sequence[Format]) -> pl.Series:
    """Return for each line whether it continues a record of its owner's format."""
    out = pl.Series([False] * len(texts), dtype=pl.Boolean)
    for number, form in enumerate(forms):
        if form.start is not None:
            out = out | ((owners == number) & ~texts.str.contains(form.start))
    return out


def _longer(message: pl.Expr, more: pl.Expr) -> pl.Expr:
    whole = pl.concat_str(message, pl.lit("\n"), more).str.head(LINE_CAP)
    return pl.when(more.is_not_null()).then(whole).otherwise(message)


def lengthened(frame: pl.DataFrame, texts: pl.Series) -> pl.DataFrame:
    """Return a frame whose last record goes on with these lines."""
    more = "\n".join(texts.to_list())[: LINE_CAP + 1]
    message = f"{frame['message'][-1]}\n{more}"[:LINE_CAP]
    is_last = pl.int_range(pl.len()) == len(frame) - 1
    return frame.with_columns(message=pl.when(is_last).then(pl.lit(message)).otherwise("message"))
