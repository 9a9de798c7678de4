"""A log file → frames of records, block after block: blocks are taken apart side by side and settled in order.

Memory holds a few blocks, however long the file. `logs` puts the frames together, `digest` counts and forgets them.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain

import polars as pl

from postmortem_nb.evidence import formats
from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.clock import Clock
from postmortem_nb.evidence.formats.choosing import LOOK_AT, choose
from postmortem_nb.evidence.formats.directives import Directives
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.lines import Block, clean, raw_blocks
from postmortem_nb.evidence.parting import KEPT, Part, Recipe, continuing, lengthened, take_apart
from postmortem_nb.evidence.seeking import Span
from postmortem_nb.evidence.sources import Place

WORKERS = max(1, min(4, os.cpu_count() or 1))
HEAD_BLOCKS = 40  # blocks of nothing but white space that may stand before the first line


Aside = Callable[[pl.DataFrame], pl.DataFrame]


def _worked(block: Block, recipe: Recipe, header: str | None, aside: Aside | None) -> Part:
    part = take_apart(block, recipe, header)
    if aside is not None:
        part.aside = aside(part.frame)
    return part


class Scan:
    """Reads one log file; iterate it for its frames.

    Parameters
    ----------
    place : path or address
        The file.
    how : How
        What was declared about it.
    span : Span, optional
        The stretch to read; the whole file otherwise.
    form : Format, optional
        Its format, where that is known already.
    workers : int
        How many blocks are taken apart at a time.
    aside : callable, optional
        What else to do with the records of each block, side by side; it may not look at their times.

    Attributes
    ----------
    tally : Tally
        The account of every line, complete when the frames have been taken.
    form : Format or None
        Its format; None if it holds no line.
    zone : str
        In which naive times were read.
    """

    def __init__(
        self,
        place: Place,
        how: How,
        span: Span | None = None,
        form: formats.Format | None = None,
        workers: int = WORKERS,
        aside: Aside | None = None,
    ) -> None:
        span = span or Span()
        self.how = how
        self.tally = Tally(how.name)
        self.clock = Clock(how, span.unit)
        self._workers = workers
        self._aside = aside
        self._blocks = raw_blocks(
            place, self.tally, encoding=how.encoding, start=span.start, stop=span.stop, first=span.first
        )
        self._taken: list[Block] = []
        self.beginning = self._beginning()
        self.form = form
        if self.form is None and self.beginning and how.format:
            self.form = formats.named(how.format, how.name, how.formats)

    @property
    def zone(self) -> str:
        """In which zone naive times were read so far."""
        return self.clock.zone

    def choose(self) -> formats.Format:
        """Find the format from the first lines.

        Raises
        ------
        Unreadable
            If none reads them, or two read them equally well.
        """
        if self.form is None:
            self.form = choose(self.beginning, self.how.name, self.how.formats)
        return self.form

    def _beginning(self) -> list[str]:
        """Take blocks until they hold enough lines to look at."""
        found: list[str] = []
        for block in self._blocks:
            self._taken.append(block)
            found += [line for line in clean(block).text.head(100 * LOOK_AT).to_list() if line and not line.isspace()]
            if len(found) >= LOOK_AT or (found and len(self._taken) >= HEAD_BLOCKS):
                break
        return found[:LOOK_AT]

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Yield the records, a frame for each block.

        Frames have ``line``, ``time`` (UTC), ``form`` and the columns of `deriving.derive`; `deriving.completed`
        makes the others of them.
        """
        return (frame for frame, _ in self.with_aside())

    def with_aside(self) -> Iterator[tuple[pl.DataFrame, pl.DataFrame | None]]:
        """Yield the records of each block, and what was done with them aside."""
        if not self.beginning:
            for block in chain(self._taken, self._blocks):
                lines = clean(block)
                lines.add_to(self.tally)
                self.tally.blank += len(lines.text)
            return
        recipe = Recipe(self.choose(), tuple(self.how.formats))
        held: pl.DataFrame | None = None
        made: pl.DataFrame | None = None
        forms: list[formats.Format] = []
        for part in self._parts(recipe):
            part.add_to(self.tally)
            held = self._lead(part, held, forms)
            settled = self._settled(part)
            forms = part.forms
            self.tally.formats = tuple(dict.fromkeys((*self.tally.formats, *(f.name for f in self._used(part)))))
            if len(settled):
                if held is not None:
                    yield held, made
                held, made = settled, part.aside
                if self._aside is not None and len(settled) < len(part.frame):
                    made = self._aside(settled)  # some records had no time after all
        self.tally.notes += self.clock.notes
        if held is not None:
            yield held, made

    @staticmethod
    def _used(part: Part) -> list[formats.Format]:
        return [part.forms[number] for number in sorted(part.frame["form"].unique().to_list())]

    def _parts(self, recipe: Recipe) -> Iterator[Part]:
        """Take blocks apart side by side; their parts come in order, and only a few blocks wait."""
        stream = chain(self._taken, self._blocks)
        plan = recipe.form.plan
        header: str | None = None
        waiting: deque[Future[Part]] = deque()
        with ThreadPoolExecutor(self._workers) as pool:
            try:
                for block in stream:
                    waiting.append(pool.submit(_worked, block, recipe, header, self._aside))
                    if isinstance(plan, Directives):
                        header = plan.last_header(block.data) or header
                    if len(waiting) > 2 * self._workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _lead(self, part: Part, held: pl.DataFrame | None, forms: list[formats.Format]) -> pl.DataFrame | None:
        """Give the lines before the first record of a block to the last record before them, where it may go on."""
        if not len(part.lead):
            return held
        texts = part.lead["text"]
        if held is None:
            goes_on = pl.Series([False] * len(texts), dtype=pl.Boolean)
        else:
            goes_on = continuing(texts, pl.Series([held["form"][-1]] * len(texts), dtype=pl.UInt8), forms)
        self.tally.continued += int(goes_on.sum())
        self._reject(part.lead.filter(~goes_on))
        if held is not None and goes_on.any():
            held = lengthened(held, texts.filter(goes_on))
        return held

    def _settled(self, part: Part) -> pl.DataFrame:
        """Turn the stamps of a block into instants; lines whose time is none are rejected."""
        frame = part.frame
        stamps = frame["stamp"]
        instants = self.clock.settle(frame, frame["line"].to_numpy(), lambda row: str(stamps[int(row)]))
        frame = frame.with_columns(time=pl.Series(instants, dtype=pl.Datetime("ns")))
        lost = frame["time"].is_null()
        if lost.any():
            text = pl.concat_str(
                pl.lit("(its time cannot be read) "), pl.col("stamp").fill_null(""), pl.lit(" "), "message"
            )
            self._reject(frame.filter(lost).select("line", text=text))
            frame = frame.filter(~lost)
        return frame.drop("stamp", "ns", "open", "zone", strict=False)

    def _reject(self, lines: pl.DataFrame) -> None:
        for number, text in lines.head(KEPT).select("line", "text").iter_rows():
            self.tally.reject(number, text)
        self.tally.rejected += max(0, len(lines) - KEPT)
