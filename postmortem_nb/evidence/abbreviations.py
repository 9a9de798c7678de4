"""Abbreviations of zones behind a written time (``08:00:00 PST``): UTC, GMT, CET or PDT say all, others need a zone.

PST, IST or CST mean different zones to different people. A declared zone settles which, and the abbreviation then
settles what the zone alone leaves open: which of two instants is meant in the hour that a clock change repeats.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from functools import cache

import numpy as np

from postmortem_nb.errors import ReadError
from postmortem_nb.evidence.how import How
from postmortem_nb.times import zone_named

# Abbreviation → zones that use it. Only those that a zone of the calendar uses: no other could ever be settled, and
# words such as GET, HTTP or WARN, which stand behind the time just as well, are none.
_ZONES = {
    "America/New_York": "EST EDT",
    "America/Chicago": "CST CDT",
    "America/Denver": "MST MDT",
    "America/Los_Angeles": "PST PDT",
    "America/Anchorage": "AKST AKDT",
    "America/Adak": "HDT",
    "America/Halifax": "AST ADT",
    "America/St_Johns": "NST NDT",
    "Pacific/Honolulu": "HST",
    "Pacific/Pago_Pago": "SST",
    "Pacific/Auckland": "NZST NZDT",
    "Europe/London": "BST",
    "Europe/Lisbon": "WET WEST",
    "Europe/Berlin": "CET CEST",
    "Europe/Helsinki": "EET EEST",
    "Europe/Moscow": "MSK",
    "Africa/Lagos": "WAT",
    "Africa/Nairobi": "EAT",
    "Africa/Maputo": "CAT",
    "Africa/Johannesburg": "SAST",
    "Asia/Kolkata": "IST",
    "Asia/Jerusalem": "IDT",
    "Asia/Karachi": "PKT",
    "Asia/Hong_Kong": "HKT",
    "Asia/Tokyo": "JST",
    "Asia/Seoul": "KST",
    "Asia/Jakarta": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
    "Australia/Sydney": "AEST AEDT",
    "Australia/Adelaide": "ACST ACDT",
    "Australia/Perth": "AWST",
}
EXAMPLES = {short: zone for zone, shorts in _ZONES.items() for short in shorts.split()}
PATTERN = "|".join(sorted(EXAMPLES))
# Used for several zones that differ: only a declared zone can tell which. The others mean one offset everywhere.
DOUBTFUL = frozenset(["PST", "CST", "CDT", "EST", "MST", "IST", "BST", "AST", "ADT", "SST"])


def offsets(naive: np.ndarray, shorts: Sequence[str], lines: Sequence[int], how: How) -> np.ndarray:
    """Return what the declared zone is ahead of UTC when its clocks show these times under these abbreviations.

    Parameters
    ----------
    naive : array of datetime64[ns]
        Local times; what no calendar has is missing, and so is its offset.
    shorts : sequence of str
        The abbreviation behind each.
    lines : sequence of int
        Line of each, for messages.
    how : How
        The zone that was declared for the file.

    Returns
    -------
    array of timedelta64[s]

    Raises
    ------
    ReadError
        For the first line whose abbreviation no declared zone settles: none was, or it does not use it then.
    """
    out = np.full(len(naive), np.timedelta64("NaT", "s"))
    tz = None if how.zone is None else zone_named(how.zone, how.name)
    known: dict[tuple[dt.datetime, str], dt.timedelta | None] = {}
    for i in sorted(np.flatnonzero(~np.isnat(naive)).tolist(), key=lambda place: lines[place]):
        minute: dt.datetime = naive[i].astype("datetime64[m]").item()
        short = shorts[i]
        if (minute, short) not in known:
            known[minute, short] = None if tz is None else _offset(minute, short, tz)
            if known[minute, short] is None and not (tz is not None and _uses(tz, short, minute.year)):
                known[minute, short] = _certain(short)
        offset = known[minute, short]
        if offset is None:
            raise ReadError(f"{how.name}:{lines[i]}: {_why(minute, short, how.zone, tz)}")
        out[i] = np.timedelta64(offset)
    return out


def offset_at(local: dt.datetime, short: str, zone: str) -> dt.timedelta | None:
    """Return what a local time with an abbreviation is ahead of UTC; None if neither itself nor the zone settles it."""
    if short not in EXAMPLES:
        return None
    settled = _offset(local, short, zone_named(zone, "zone"))
    return _certain(short) if settled is None else settled


def _offset(local: dt.datetime, short: str, tz: zoneinfo.ZoneInfo) -> dt.timedelta | None:
    """Return the offset under which a zone shows a local time with an abbreviation, None if it does not."""
    both = (local.replace(tzinfo=tz, fold=fold) for fold in (0, 1))
    return next((t.utcoffset() for t in both if t.tzname() == short), None)


@cache
def _certain(short: str) -> dt.timedelta | None:
    """Return the one offset that an abbreviation stands for, None if it stands for several."""
    if short in DOUBTFUL:
        return None
    days = (dt.datetime(2024, month, 15, tzinfo=zoneinfo.ZoneInfo(EXAMPLES[short])) for month in (1, 7))
    return next((day.utcoffset() for day in days if day.tzname() == short), None)


def _uses(tz: zoneinfo.ZoneInfo, short: str, year: int) -> bool:
    """Whether a zone shows an abbreviation at any time of a year."""
    return any(dt.datetime(year, month, 15, tzinfo=tz).tzname() == short for month in (1, 7))


def _why(local: dt.datetime, short: str, zone: str | None, tz: zoneinfo.ZoneInfo | None) -> str:
    """Say why an abbreviation is not settled, and what would settle it."""
    if tz is None:
        return (
            f"{short} is not a zone that can be told for sure. Declare the zone it stands for, such as "
            f'zone = "{EXAMPLES[short]}", in an [[evidence]] entry of incident.toml, or timezone= when calling the '
            "reader."
        )
    uses = " or ".join(dict.fromkeys(local.replace(tzinfo=tz, fold=fold).tzname() or "" for fold in (0, 1)))
    return (
        f"its time says {short}, and its declared zone {zone} says {uses} at {local:%Y-%m-%d %H:%M}. Declare the zone "
        f'that {short} stands for, such as zone = "{EXAMPLES[short]}", in its [[evidence]] entry.'
    )
