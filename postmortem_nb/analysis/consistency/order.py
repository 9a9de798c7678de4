"""The order of declared times: what cannot be, what would be odd, and what was copied from something else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pandas as pd

from postmortem_nb.analysis.comparison import slips
from postmortem_nb.analysis.definitions import ORDER, UNUSUAL
from postmortem_nb.analysis.detection import TOLERANCE
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident
from postmortem_nb.times import UNKNOWN, Duration, Instant, between, format_instant, format_window

ZERO = pd.Timedelta(0)
TIMELINE = "incident.toml: timeline"
NEAR = pd.Timedelta(minutes=30)  # a row this soon after the resolution needs no slip to explain it
WORK = ("detection", "action", "escalation", "impact")  # rows that say that an incident is not over
ENDS = ("mitigated", "recovered", "resolved")
# Milestones that one event may well be: one of each phase at the same time is a coincidence, three are a default.
PHASES = {
    "started": "start",
    "signalled": "detection",
    "paged": "detection",
    "detected": "detection",
    "acknowledged": "answer",
    "engaged": "answer",
    "declared": "declaration",
    "identified": "cause",
    "mitigated": "end",
    "recovered": "end",
    "resolved": "end",
}


def order_findings(incident: Incident, windows: Windows) -> Iterator[Finding]:
    """Yield what is impossible or odd about the order of what was declared."""
    for check in (_milestones, _ended_before, _copied_start, _same_time, _no_length, _twice, _after_end):
        yield from check(incident)
    yield from _impact_rows(incident, windows)


def _milestones(incident: Incident) -> Iterator[Finding]:
    versions = [("", incident.facts.milestones)] + [
        (f" of the {v.name}", v.milestones) for v in incident.facts.versions
    ]
    for whose, milestones in versions:
        where = f"incident.toml: milestones{whose}"
        for pairs, id_, severity, fix in (
            (ORDER, "order", "error", "Correct one of them; check zone and day."),
            (UNUSUAL, "order-unusual", "warning", "Check both, with zone and day; if it was so, say so in the text."),
        ):
            for first, second in pairs:
                if _is_before(milestones.get(second), milestones.get(first)):
                    early, late = (format_instant(milestones.get(m)) for m in (second, first))
                    yield Finding(id_, severity, where, f"{second} ({early}) is before {first} ({late}).", fix)


def _is_before(instant: Instant, other: Instant) -> bool:
    """Whether one instant is surely before another; unknown ones are not."""
    gap = between(other, instant)
    return gap.hi is not None and gap.hi < ZERO


def _ended_before(incident: Incident) -> Iterator[Finding]:
    """Explanations and timeline rows cannot end before they begin."""
    for n, h in enumerate(incident.facts.hypotheses, 1):
        if _is_before(h.end, h.start):
            text = f"“{h.text}” ends ({h.end}) before it begins ({h.start})."
            yield Finding("order", "error", f"incident.toml: hypothesis {n}", text, "Correct `from` or `to`.")
    for row in incident.facts.timeline:
        if _is_before(row.end or UNKNOWN, row.at):
            text = f"“{row.text}” ends ({row.end}) before it begins ({row.at})."
            yield Finding("order", "error", TIMELINE, text, "Correct `at` or `end`.")


def _copied_start(incident: Incident) -> Iterator[Finding]:
    """A start copied from the first alert makes every time to detect zero: most published postmortems do it."""
    started, detected = (incident.facts.milestones.get(m) for m in ("started", "detected"))
    if started.at is not None and _bounds(started) == _bounds(detected):
        yield Finding(
            "start-is-detection",
            "note",
            "incident.toml: milestones",
            f"started and detected are declared as the same time ({format_instant(started)}).",
            "Check whether the start was measured, or copied from the detection; if it is not known, say so.",
        )


def _bounds(instant: Instant) -> tuple[pd.Timestamp | None, ...]:
    return instant.lo, instant.at, instant.hi


def _same_time(incident: Incident) -> Iterator[Finding]:
    """Tools fill milestones that nobody set with the time of opening: then several phases share one time."""
    together: dict[tuple[pd.Timestamp | None, ...], list[str]] = {}
    for name, instant in incident.facts.milestones:
        if name in PHASES and instant.at is not None:
            together.setdefault(_bounds(instant), []).append(name)
    for names in together.values():
        if len({PHASES[name] for name in names}) > 2:
            at = format_instant(incident.facts.milestones.get(names[0]))
            text = f"{', '.join(names[:-1])} and {names[-1]} are all declared as {at}."
            fix = "A tool may have filled in what nobody recorded: leave out what is not known."
            yield Finding("same-time", "warning", "incident.toml: milestones", text, fix)


def _no_length(incident: Incident) -> Iterator[Finding]:
    milestones = incident.facts.milestones
    started = milestones.get("started")
    same = [m for m in ENDS if started.at is not None and _bounds(milestones.get(m)) == _bounds(started)]
    if same:
        text = f"started and {' and '.join(same)} are declared as the same time ({started}): an impact without length."
        yield Finding("no-length", "warning", "incident.toml: milestones", text, "Correct one, or leave it out.")


def _twice(incident: Incident) -> Iterator[Finding]:
    """The same row at the same time is a copy, and would be told twice."""
    rows = Counter((_bounds(row.at), row.text.casefold()) for row in incident.facts.timeline)
    for row in incident.facts.timeline:
        if (count := rows.pop((_bounds(row.at), row.text.casefold()), 1)) > 1:
            text = f"“{row.text}” is listed {count} times at {row.at}."
            yield Finding("duplicate-row", "note", TIMELINE, text, "Keep one of the rows.")


def _after_end(incident: Incident) -> Iterator[Finding]:
    """What people did about an incident after it was resolved says that it was not, or that a time is wrong."""
    resolved = incident.facts.milestones.get("resolved")
    rows = [(r.at, r.text) for r in incident.facts.timeline if r.kind in WORK]
    late = [(at, text) for at, text in rows if _is_before(resolved, at)]
    late += [(h.start, h.text) for h in incident.facts.hypotheses if _is_before(resolved, h.start)]
    if late:
        shown = "; ".join(f"“{text}” at {at}" for at, text in late[:3])
        more = f" and {len(late) - 3} more" if len(late) > 3 else ""
        text = f"declared resolved at {resolved}, but later there is {shown}{more}{_hint(late[0][0], incident)}."
        fix = "Correct the time, or put the final resolution into `resolved`."
        yield Finding("after-end", "warning", TIMELINE, text, fix)


def _hint(at: Instant, incident: Incident) -> str:
    """Say which common slip would put a time between the declared start and the resolution."""
    started, resolved = (incident.facts.milestones.get(m) for m in ("started", "resolved"))
    if started.lo is None or resolved.hi is None or at.best is None or at.best - resolved.hi < NEAR:
        return ""
    for name, shift in slips(at.best, incident.facts.zone):
        if started.lo <= at.best + shift <= resolved.hi:
            return f"; it {name}"
    return ""


def _impact_rows(incident: Incident, windows: Windows) -> Iterator[Finding]:
    """Impact that people tell of before its declared start, or outside of all that was measured."""
    started = incident.facts.milestones.get("started")
    fix = "Correct the time of one of them, or say why the impact was seen elsewhere."
    for row in incident.facts.timeline:
        if row.kind != "impact":
            continue
        if _is_before(row.at, started):
            text = f"“{row.text}” ({row.at}) is before the declared start of impact ({started})."
            yield Finding("impact-before-start", "warning", TIMELINE, text, fix)
        if windows and not _touches(row.at, row.end, windows):
            shown = format_window((windows[0].span[0], windows[-1].span[1]), is_open=windows[-1].is_open)
            text = f"“{row.text}” ({row.at}) is outside the measured impact ({shown})."
            yield Finding("impact-not-measured", "warning", TIMELINE, text, fix)


def _touches(at: Instant, end: Instant | None, windows: Windows) -> bool:
    """Whether a row may lie within the measured impact, or as near to it as a sign of it may be."""
    before: Duration = between(at if end is None else end, windows[0].onset)
    after: Duration = between(windows[-1].recovery, at)
    return not any(gap.lo is not None and gap.lo > TOLERANCE for gap in (before, after))
