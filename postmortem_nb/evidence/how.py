"""How one file is to be read: what a file does not say itself and a person must."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from postmortem_nb.errors import SettingError, SourceError, near
from postmortem_nb.evidence.sources import Place, is_remote

if TYPE_CHECKING:
    from postmortem_nb.evidence.formats import Format

Window = tuple[pd.Timestamp, pd.Timestamp]  # half-open, with a zone
EVER: Window = (pd.Timestamp("1970-01-01T00:00Z"), pd.Timestamp("2201-01-01T00:00Z"))  # open ends of a range


@dataclass(frozen=True)
class How:
    """How to read one file.

    Parameters
    ----------
    name : str
        What the file is called in frames and messages.
    zone : str or None
        IANA zone of times that carry none.
    year : int or None
        Year of the first record, where lines have none.
    date : date or None
        Date of the first record, where lines have only a time of day.
    changed : date or None
        When the file was last changed: stands for the date, with a note, where none was declared.
    encoding : str or None
        Encoding of the text; UTF-8, or UTF-16 where the bytes show it, otherwise.
    format : str or None
        Name of the format; None finds it.
    change : {"ask", "first", "second"}
        Which instant a local time means in the hour that a clock change repeats.
    offset : Timedelta
        Added to every time: the correction of a clock that was wrong.
    columns : mapping
        What a column is → its name in the file, such as ``{"time": "Timestamp"}``.
    drop : tuple of str
        Columns to leave out.
    service : str or None
        Service of every row.
    cast : mapping or None
        Slack user id → role, where it is known already.
    formats : tuple of Format
        Log formats that the incident brings.
    window : (Timestamp, Timestamp) or None
        Half-open range of the times that are wanted; rows outside are left out.
    at : Timestamp or None
        Instant of samples that carry no time: a snapshot, the summary of a load test.
    """

    name: str
    zone: str | None = None
    year: int | None = None
    date: dt.date | None = None
    changed: dt.date | None = None
    encoding: str | None = None
    format: str | None = None
    change: str = "ask"
    offset: pd.Timedelta = field(default_factory=lambda: pd.Timedelta(0))
    columns: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    service: str | None = None
    cast: Mapping[str, str] | None = None
    formats: tuple[Format, ...] = ()
    window: Window | None = None
    at: pd.Timestamp | None = None

    def __post_init__(self) -> None:
        if self.year is not None and not 1970 <= self.year <= 2200:
            raise SettingError(
                f"{self.name}: year {self.year} is not between 1970 and 2200. Give the year of the first record."
            )
        if self.window is not None and not self.window[0] < self.window[1]:
            raise SettingError(f"{self.name}: the range ends before it begins. Give its start first.")
        if self.change not in ("ask", "first", "second"):
            raise SettingError(f'{self.name}: clock_change {self.change!r} is none of "ask", "first" and "second".')


def located(place: Place) -> Place:
    """Return an address as it is, and the path of a file that exists.

    Raises
    ------
    SourceError
        If there is no such file; names where it looked and near names.
    """
    return place if is_remote(place) else existing(place)


def existing(path: str | Path, *, folder: bool = False) -> Path:
    """Return the path of a file (or folder) that exists.

    Raises
    ------
    SourceError
        If there is none; names where it looked and near names.
    """
    path = Path(path)
    if path.is_file() or (folder and path.is_dir()):
        return path
    if path.is_dir():
        raise SourceError(f"{path.as_posix()} is a folder. Name one file in it, or load the whole incident.")
    siblings = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
    raise SourceError(f"There is no file {path.as_posix()}. {near(path.name, siblings)}")
