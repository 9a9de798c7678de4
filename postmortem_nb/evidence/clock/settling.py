"""What stamps leave open → UTC instants: years, dates, zones and units of epochs, in the order of the file.

A `Clock` goes with one file and remembers what its later lines depend on. Nothing is guessed: what was not declared is
an error that names file and line.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import polars as pl

from postmortem_nb.errors import ReadError
from postmortem_nb.evidence import abbreviations
from postmortem_nb.evidence.account import AS_WRITTEN, Undated
from postmortem_nb.evidence.clock.shapes import DAY, EPOCH, Open
from postmortem_nb.evidence.how import How
from postmortem_nb.frames import TIME
from postmortem_nb.times import candidates, localize, zone_named

NONE = np.iinfo("int64").min  # numpy's own mark of a missing instant
HALF_DAY = DAY // 2


class Clock:
    """Turns the stamps of one file into instants, batch after batch.

    Parameters
    ----------
    how : How
        Zone, year, date and clock change that were declared; its offset is added.
    unit : int, optional
        The `Open` of the epochs that count, where that is known already.

    Attributes
    ----------
    zone : str
        The zone that naive times were read in so far, or ``as written``.
    unit : int or None
        The `Open` of the epochs that count; others are no times.
    notes : tuple of str
        What was assumed.
    """

    def __init__(self, how: How, unit: int | None = None) -> None:
        self.how = how
        self.zone = AS_WRITTEN
        self.unit = unit
        self.notes: tuple[str, ...] = ()
        self._year = how.year
        self._month: int | None = None
        self._date = how.date
        self._clock: int | None = None

    def settle(self, stamps: pl.DataFrame, lines: np.ndarray, text: Callable[[int], str]) -> np.ndarray:
        """Return instants.

        Parameters
        ----------
        stamps : DataFrame
            As `read_stamps` gives them.
        lines : array of int
            Line of each, for messages.
        text : callable
            Row → the time as written, for messages.

        Returns
        -------
        array of datetime64[ns]
            UTC, missing where a text is no time, and where an epoch has another unit than those before it.

        Raises
        ------
        ReadError
            For times without a zone, year or date when none was declared, for a local time in a clock change, and for
            an abbreviation such as PST that nothing settles.
        """
        leaves = stamps["open"].to_numpy()
        zones = stamps["zone"].fill_null("").to_numpy() if "zone" in stamps.columns else None
        out = stamps["ns"].fill_null(0).to_numpy().copy()
        out[leaves == Open.NO_TIME] = NONE
        kinds = set(np.flatnonzero(np.bincount(leaves)).tolist())
        if max(kinds, default=0) >= Open.S:
            self._check_units(out, leaves)
        local = leaves == Open.ZONE
        if Open.YEAR in kinds:
            self._add_years(out, np.flatnonzero(leaves == Open.YEAR), lines, text)
            local |= leaves == Open.YEAR
        if Open.DATE in kinds:
            self._add_dates(out, np.flatnonzero(leaves == Open.DATE), lines, text)
            local |= leaves == Open.DATE
        local &= out != NONE
        if zones is not None:
            short = local & (zones != "")
            self._add_abbreviated(out, np.flatnonzero(short), zones, lines)
            local &= ~short
        if local.any():
            self._add_zone(out, np.flatnonzero(local), lines)
        read = out != NONE
        out[read] += self.how.offset.value
        return out.view("datetime64[ns]")

    def _check_units(self, out: np.ndarray, leaves: np.ndarray) -> None:
        """Keep the epochs of one unit: the one that most of the first batch with any has."""
        epochs = leaves >= Open.S
        if self.unit is None:
            self.unit = int(np.bincount(leaves[epochs]).argmax())
        out[epochs & (leaves != self.unit)] = NONE

    def _add_years(self, out: np.ndarray, rows: np.ndarray, lines: np.ndarray, text: Callable[[int], str]) -> None:
        """Put times into years: that of the first record, then rolling over New Year.

        A step back of two months or more is a new year; a step from January to December is a late line of the old one.
        """
        if self._year is None:
            raise Undated(
                f"{self.how.name}:{lines[rows[0]]}: its times carry no year ({text(rows[0])}). Give the year of the "
                "first record: `year` in an [[evidence]] entry of incident.toml, or year= when calling the reader.",
                "year",
            )
        days, clocks = np.divmod(out[rows], DAY)
        dates = days.astype("datetime64[D]")
        months = dates.astype("datetime64[M]").astype("int64") % 12
        in_month = (dates - dates.astype("datetime64[M]")).astype("int64")
        step = np.diff(months, prepend=months[0] if self._month is None else self._month)
        years = self._year + np.cumsum(np.where(step <= -2, 1, np.where(step == 11, -1, 0)))
        self._year, self._month = int(years[-1]), int(months[-1])
        firsts = ((years - 1970) * 12 + months).astype("datetime64[M]")
        moved = firsts.astype("datetime64[D]") + in_month
        exists = moved.astype("datetime64[M]") == firsts  # 29 February in a common year does not
        out[rows] = np.where(exists, moved.astype("int64") * DAY + clocks, NONE)

    def _add_dates(self, out: np.ndarray, rows: np.ndarray, lines: np.ndarray, text: Callable[[int], str]) -> None:
        """Put times of day into days: that of the first record, then rolling over midnight."""
        if self._date is None and self.how.changed is not None:
            self._date = self.how.changed
            self.notes += (
                f"Its times carry no date; {self._date} was taken, when the file was last changed. Declare the date of "
                "its first record if it was copied since.",
            )
        if self._date is None:
            raise Undated(
                f"{self.how.name}:{lines[rows[0]]}: its times carry no date ({text(rows[0])}). Give the date of the "
                "first record: `date` in an [[evidence]] entry of incident.toml, or date= when calling the reader.",
                "date",
            )
        clocks = out[rows]
        step = np.diff(clocks, prepend=clocks[0] if self._clock is None else self._clock)
        first = self._date.toordinal() - EPOCH
        days = first + np.cumsum(np.where(step < -HALF_DAY, 1, np.where(step > HALF_DAY, -1, 0)))
        self._date, self._clock = dt.date.fromordinal(int(days[-1]) + EPOCH), int(clocks[-1])
        out[rows] = days * DAY + clocks

    def _add_abbreviated(self, out: np.ndarray, rows: np.ndarray, zones: np.ndarray, lines: np.ndarray) -> None:
        if not len(rows):
            return
        clocks = out[rows].view("datetime64[ns]")
        ahead = abbreviations.offsets(clocks, zones[rows].tolist(), lines[rows].tolist(), self.how)
        out[rows] = (clocks - ahead).astype("datetime64[ns]").view("int64")
        self.zone = self.how.zone or self.zone

    def _add_zone(self, out: np.ndarray, rows: np.ndarray, lines: np.ndarray) -> None:
        naive = pd.Series(out[rows].view("datetime64[ns]"))
        out[rows] = _localized(naive, lines[rows], self.how).dt.tz_localize(None).to_numpy().view("int64")
        self.zone = self.how.zone or self.zone


def _localized(naive: pd.Series, lines: Sequence[int] | np.ndarray, how: How) -> pd.Series:
    """Turn naive times into UTC; an error names the line of the time it is about."""
    if how.zone == "UTC":
        return naive.dt.tz_localize("UTC").astype(TIME)
    if how.zone is None:
        localize(naive.iloc[[0]], None, f"{how.name}:{lines[0]}")
    if how.change == "ask":
        tz = zone_named(how.zone or "", how.name)
        try:
            return localize(naive, how.zone, how.name)
        except ReadError:
            worst = next(i for i in range(len(naive)) if len(set(candidates(naive.iloc[i], tz))) > 1)
            localize(naive.iloc[[worst]], how.zone, f"{how.name}:{lines[worst]}")  # the same error, with its line
            raise
    return localize(naive, how.zone, f"{how.name}:{lines[0]}", side=how.change)
