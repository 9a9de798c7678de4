"""Detection of each window: a relapse has its own start, and may go unnoticed while the first one was noticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from postmortem_nb.analysis.claims import Claim
from postmortem_nb.analysis.detection import COUNTED, TOLERANCE, Sign, earliest
from postmortem_nb.analysis.inputs import CLAIM, Input, Trail
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.times import UNKNOWN, Duration, Window, between, format_window

ONGOING = "an alert was still firing from before"


@dataclass(frozen=True)
class Noticed:
    """How one window was noticed.

    Parameters
    ----------
    window : Window
    by : Sign or None
        The first sign of it; None if there is none, or an earlier alert had not ended.
    duration : Duration
        Time to detect this window; unknown without a sign of its own.
    note : str
        Why there is none.
    """

    window: Window
    by: Sign | None
    duration: Duration
    note: str = ""

    @property
    def is_unnoticed(self) -> bool:
        """Whether nothing tells of this window."""
        return self.by is None and not self.note


def noticed(incident: Incident, windows: Windows, signs: tuple[Sign, ...]) -> tuple[Noticed, ...]:
    """Return how each window was noticed, in time order; nothing where no sign of the incident is known at all.

    A sign belongs to the last window that had begun, allowing for an alert that comes up to 5 min early; one after a
    window and before the next is late news of the former. Pages do not count: another sign sent them.
    """
    counted = [s for s in signs if s.role == COUNTED and s.kind != "page" and s.instant.best is not None]
    if not counted:
        return ()
    rows = []
    for n, window in enumerate(windows):
        since, until = _reach(windows, n)
        own = [s for s in counted if since <= _best(s) < until]
        first = min(own, key=_best, default=None)
        if first is not None:
            rows.append(Noticed(window, first, between(window.onset, earliest([s.instant for s in own]))))
        else:
            rows.append(Noticed(window, None, Duration(), ONGOING if _is_firing(incident, counted, window) else ""))
    return tuple(rows)


def _best(sign: Sign) -> pd.Timestamp:
    best = sign.instant.best
    assert best is not None, "signs without any time are left out"
    return best


def _reach(windows: Windows, n: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the stretch whose signs are about a window: up to the next one, and never before the one before ended."""
    starts = [w.span[0] - TOLERANCE for w in windows]
    begin = starts[n] if n == 0 else max(starts[n], windows[n - 1].span[1])
    if n == 0:
        begin = pd.Timestamp.min.tz_localize("UTC")  # what came earlier, and was not a precursor, is about the first
    last = n + 1 == len(windows)
    return begin, pd.Timestamp.max.tz_localize("UTC") if last else max(starts[n + 1], windows[n].span[1])


def _is_firing(incident: Incident, counted: list[Sign], window: Window) -> bool:
    """Whether an alert about the incident began before a window and had not ended when it began."""
    known = {s.instant.evidence for s in counted if s.kind == "alert"}
    alerts = incident.events[(incident.events["kind"] == "alert") & incident.events["evidence"].isin(known)]
    start = window.span[0]
    return bool(((alerts["time"] < start) & (alerts["end"] > start)).any())


def relapse_claims(rows: tuple[Noticed, ...], trail: Trail) -> Iterator[Claim]:
    """Yield the time to detect each window after the first, and how many of them nothing tells of."""
    definition = "windows after the first that no alert, report or acknowledgement tells of"
    if not rows:
        note = "needs a measured window and a sign of the incident"
        yield Claim("unnoticed_relapses", None, None, None, "windows", "not known", "", definition, (), note)
        return
    count, source = sum(r.is_unnoticed for r in rows[1:]), (Input(CLAIM, "window"),)
    yield Claim(
        "unnoticed_relapses",
        count,
        count,
        count,
        "windows",
        f"{count}",
        "measured",
        definition,
        (Input(CLAIM, "window"),),
    )
    for n, row in enumerate(rows[1:], 2):
        d, by = row.duration, row.by.instant if row.by else UNKNOWN
        value, lo, hi = (None if x is None else x.total_seconds() for x in (d.value, d.lo, d.hi))
        text = str(d) if d.is_known else "not known"
        words = f"from the onset of window {n} to the first sign of it"
        basis = f"measured + {by.basis}" if by.is_known else ""
        inputs = (*source, trail.recorded(by)) if by.is_known else ()
        note = row.note or ("" if d.is_known else "nothing tells of it")
        yield Claim(f"window_{n}_time_to_detect", value, lo, hi, "s", text, basis, words, inputs, note)


def relapse_findings(rows: tuple[Noticed, ...]) -> Iterator[Finding]:
    """Yield a warning for each window after the first that nothing tells of."""
    for n, row in enumerate(rows[1:], 2):
        if row.is_unnoticed:
            span = format_window(row.window.span, is_open=row.window.is_open)
            text = f"window {n} ({span}) is a relapse that no alert, report or acknowledgement tells of."
            fix = "Add what told of it, or say that it went unnoticed and which alert would have caught it."
            yield Finding("unnoticed-relapse", "warning", "detection", text, fix)
