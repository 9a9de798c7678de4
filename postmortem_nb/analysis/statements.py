"""Impact windows that people state in sentences, held against the messages, the measurement and who knew when."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from postmortem_nb.analysis.prose import Text, document, hull
from postmortem_nb.analysis.stated import FAR, Stated, Unread, gap_between, readings, slip_of, unread_finding
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.times import (
    UNKNOWN,
    Instant,
    Interval,
    Window,
    between,
    format_duration,
    format_instant,
    format_time,
    format_window,
)

ZERO = pd.Timedelta(0)
IMPACT = ("summary", "affected", "impact")  # facts of incident.toml in which the window is stated


def stated_findings(incident: Incident, windows: Windows, known: Instant = UNKNOWN) -> Iterator[Finding]:
    """Yield a finding for each stated window far from the messages about it, beside all measured impact, or unread.

    Parameters
    ----------
    incident : Incident
        Its public messages count, and what ``summary``, ``affected`` and ``impact`` of ``incident.toml`` say.
    windows : Windows
        Measured impact windows.
    known : Instant
        When the incident was first known of: the impact cannot have begun after that.
    """
    events = incident.events
    public = events[(events["kind"] == "communication") & events["time"].notna()]
    zone = incident.facts.zone
    texts = [Text(str(e), str(t)) for t, e in public[["text", "evidence"]].itertuples(index=False)]
    near = hull(incident, windows) if public.empty else (public["time"].min(), public["time"].max())
    facts = [t for t in document(incident) if t.where.endswith(IMPACT)]
    if near is None:
        return
    seen: dict[Interval, Stated] = {}
    for where, text in (*texts, *facts):
        for stated in readings(text, near, zone, where):
            if isinstance(stated, Unread):
                yield unread_finding(stated, where)
            elif stated.interval not in seen:
                seen[stated.interval] = stated
                yield from _judged(stated, near, windows, zone)
    first = min(seen.values(), key=lambda s: s.interval, default=None)
    if first is not None and gap_between(first.interval, near) <= FAR:
        yield from _known_before(first, known)


def _known_before(stated: Stated, known: Instant) -> Iterator[Finding]:
    """Nobody can know of an impact before it begins: then it began earlier than stated."""
    gap = between(known, stated.start)
    if gap.lo is not None and gap.lo > ZERO:
        begins = f"{format_time(stated.interval[0])} UTC"
        text = f"“{stated.text}” lets the impact begin at {begins}, {gap} after it was known ({format_instant(known)})."
        fix = "Check the zone of both; the impact began earlier, or what was known was something else."
        yield Finding("known-before-stated-start", "warning", stated.evidence or "messages", text, fix)


def _judged(stated: Stated, near: Interval, windows: Windows, zone: str) -> Iterator[Finding]:
    window, where = stated.interval, stated.evidence or "messages"
    said = f"The impact is stated as “{stated.text}”, which is {format_window(window)}"
    measured = [_widest(w) for w in windows]
    if (gap := gap_between(window, near)) > FAR:
        side = "before the first" if window[1] < near[0] else "after the last"
        why = slip_of(window, near, zone)
        text = f"{said}: {format_duration(gap)} {side} message about it{f'; it {why}' if why else ''}."
        fix = "Check the date and the zone of the message. It is shown as it stands and changes no number."
        yield Finding("stated-window-far", "warning", where, text, fix)
    elif measured and all(gap_between(window, span) > ZERO for span in measured):
        why = next((slip for span in measured if (slip := slip_of(window, span, zone))), "")
        text = f"{said}; no measured window overlaps it{f'; it {why}' if why else ''}."
        fix = "Check the date and the zone of the message, and whether the signal shows what users felt."
        yield Finding("stated-window-contradicts-measured", "warning", where, text, fix)


def _widest(window: Window) -> Interval:
    """Return a measured window as long as its edges allow; what is open ends where the window does."""
    start, end = window.span
    return window.onset.lo or start, window.recovery.hi or end
