"""A whole Slack export, as a folder or as the ZIP that Slack gives, which is read where it lies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from postmortem_nb.errors import SettingError
from postmortem_nb.evidence import chat
from postmortem_nb.evidence.account import Tally, Unreadable, joined
from postmortem_nb.evidence.documents import records_of
from postmortem_nb.evidence.eventframe import finish
from postmortem_nb.evidence.events.archive import Archive, opened
from postmortem_nb.evidence.how import How

FORMAT = "slack"


def is_export(folder: Path) -> bool:
    """Whether a folder holds days of a Slack export."""
    return bool(chat.days_of(folder))


def joined_frames(how: How, frames: Sequence[pd.DataFrame], notes: tuple[str, ...] = ()) -> pd.DataFrame:
    """Put the days of an export together, in time order."""
    if not frames:
        raise SettingError(f"{how.name}: there is no YYYY-MM-DD.json in it or its folders, as a Slack export has.")
    reports = tuple(frame.attrs["report"] for frame in frames)
    for frame in frames:
        frame.attrs = {}
    whole = pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)
    whole = whole.sort_values("time", kind="stable", ignore_index=True)
    report = joined(how.name, reports)
    whole.attrs = {"report": replace(report, notes=(*report.notes, *notes)), "reports": reports}
    return whole


def read_zip(path: Path, how: How) -> pd.DataFrame:
    """Read the ZIP of a Slack export.

    Raises
    ------
    Unreadable
        If it holds no day of a channel, or is broken or made to do harm.
    """
    with opened(path, how.name) as archive:
        days = [name for name in archive.names if chat.DAY.fullmatch(PurePosixPath(name).name)]
        if not days:
            some = ", ".join(archive.names[:3]) or "nothing"
            raise Unreadable(
                f"{how.name}: it is a ZIP that holds {some}, and no channel/YYYY-MM-DD.json as a Slack export has. "
                "Unpack it if it is something else."
            )
        about = [name for name in archive.names if PurePosixPath(name).name in chat.ABOUT]
        users = next((name for name in about if PurePosixPath(name).name == "users.json"), None)
        root = PurePosixPath(users).parent if users else PurePosixPath(".")
        texts = {day: archive.read(day).decode("utf-8-sig", "replace") for day in days}
        cast = chat.cast_from(
            _objects(_text(archive, users)), [message for day in days for message in _objects(texts[day])]
        )
        frames = [_day(day, texts[day], root, replace(how, name=f"{how.name}/{day}", cast=cast)) for day in days]
        others = len(archive.names) - len(days) - len(about)
    notes = (f"{others:,} other files in it are no days of a channel and were left out.",) if others else ()
    return joined_frames(how, frames, notes)


def _day(day: str, text: str, root: PurePosixPath, how: How) -> pd.DataFrame:
    """Read one day; one that cannot be read counts as one rejected record."""
    tally = Tally(how.name)
    try:
        lines = text.split("\n")
        tally.lines = len(lines)
        tally.odd = sum("\ufffd" in line for line in lines)
        places = records_of(lines, tally)
    except Unreadable:
        tally = Tally(how.name, lines=1)
        tally.reject(1, f"({day} is not JSON)")
        places = []
    hide_torn(tally)
    folder = PurePosixPath(day).parent
    channel = folder.name if folder != root else ""
    assert isinstance(how.cast, chat.Cast), "the caller has looked at everybody"
    return finish(chat.rows(places, channel, how.cast), FORMAT, how, tally)


def hide_torn(tally: Tally) -> None:
    """Take the text out of samples: torn text cannot be freed of names."""
    tally.samples = [(number, text if text.startswith("(") else "(a torn message)") for number, text in tally.samples]


def _text(archive: Archive, name: str | None) -> str:
    return archive.read(name).decode("utf-8-sig", "replace") if name else "[]"


def _objects(text: str) -> list[dict[str, Any]]:
    """Return the objects of a JSON list; none if it is torn, which reading it will say."""
    try:
        found = json.loads(text, parse_float=str)
    except (ValueError, RecursionError):
        return []
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
