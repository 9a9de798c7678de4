"""One ordered list of what happened: declared rows, milestones, hypotheses, tools' events and measured edges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd

from postmortem_nb.analysis.inputs import Trail
from postmortem_nb.analysis.joining import joined, with_measured, with_milestones
from postmortem_nb.analysis.moments import NAMES, Moments
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.findings import Finding
from postmortem_nb.frames import EVENTS, conform
from postmortem_nb.incident import FACTS, MILESTONES, Hypothesis, Incident
from postmortem_nb.incident.conversation import Chat
from postmortem_nb.times import Instant, format_instant

TIMES = ("time", "time_lo", "time_hi", "end")
HELD = ("hypothesis", "refuted", "confirmed")  # kinds of rows that tell of an explanation


def build_timeline(
    incident: Incident, moments: Moments, windows: Windows, series: SignalSeries | None = None
) -> pd.DataFrame:
    """Return everything that has a time, in order and once; rows of one time keep declared, system, measured order.

    Parameters
    ----------
    series : SignalSeries, optional
        What the windows were measured on; a measured row names the rows of it that lie around the edge.

    Returns
    -------
    DataFrame
        An events frame (all instants UTC), with the words of people alone in ``said`` (empty where only a tool tells).
        Of what several sources tell one row is made, whose basis and evidence name them all. Of a chat only the
        messages that people chose are in it (``[chat]`` in ``incident.toml``).
    """
    facts, source = incident.facts, FACTS
    rows = [_row(r.at, r.kind, r.text, source, r.actor, r.end, r.evidence) for r in facts.timeline]
    told = joined(rows, _recorded(incident))
    given = (
        (n, MILESTONES[n], _row(t, "milestone", format_instant(t, date=False), source))
        for n, t in facts.milestones
        if t.is_known
    )
    edges = [*_edges(windows), *_measured(moments)]
    if series is not None:
        trail = Trail(incident)
        edges = [(name, {**row, "evidence": _around(trail, series, row)}) for name, row in edges]
    milestones, measured = with_measured(given, edges)
    held = [row for h in facts.hypotheses for row in _hypothesis(h)]
    declared = with_milestones([*told, *held], milestones)
    declared.sort(key=lambda r: "declared" not in str(r["basis"]))  # stable: what people say first
    merged = [*declared, *measured]
    if not merged:
        return EVENTS.empty().assign(said=pd.Series(dtype="str"))
    frame = pd.DataFrame(merged)[[*EVENTS.columns, "said"]]
    instants = {c: pd.to_datetime(frame[c], utc=True).dt.as_unit("ns") for c in TIMES}
    frame = conform(frame.assign(**instants), EVENTS, "timeline")
    return frame.sort_values("time", kind="stable", ignore_index=True, na_position="last")


def _around(trail: Trail, series: SignalSeries, row: dict[str, Any]) -> str:
    """Return the files and lines of the signal around an edge; the signal's name where there are none."""
    lo, hi = (row["time"] if row[key] is None else row[key] for key in ("time_lo", "time_hi"))
    return "; ".join(i.place for i in trail.around(series, lo, hi, "")) or f"signal “{series.name}”"


def _recorded(incident: Incident) -> list[dict[str, Any]]:
    """Return the recorded events, of a chat those that belong into the timeline."""
    events = incident.events
    is_chat = events["kind"] == "chat"
    chosen = events[~is_chat | chosen_messages(events, incident.facts.chat)]
    roles = _roles(incident)
    chosen = chosen.assign(actor=chosen["actor"].map(lambda actor: roles.get(str(actor).casefold(), actor)))
    return [
        {str(k): v for k, v in row.items()} | {"said": ""} for row in chosen[list(EVENTS.columns)].to_dict("records")
    ]


def _roles(incident: Incident) -> dict[str, str]:
    """Return each role as people declared it, else as tools other than the chat spell it: chats have it as a title."""
    facts, events = incident.facts, incident.events
    tools = events.loc[events["kind"] != "chat", "actor"].dropna().astype(str)
    spelled = (*(r.actor for r in facts.timeline), *(h.actor for h in facts.hypotheses), *tools)
    roles: dict[str, str] = {}
    for role in spelled:
        roles.setdefault(role.casefold(), role)
    return roles


def chosen_messages(events: pd.DataFrame, chat: Chat) -> pd.Series:
    """Return which events are chat messages that people named in ``[chat]``, or pointed at in the chat itself."""
    is_chat = events["kind"] == "chat"
    messages = events[is_chat]
    marked = pd.to_numeric(messages["marks"], errors="coerce").fillna(0) if "marks" in messages else 0
    pointed = (marked >= chat.marks) & (chat.marks > 0)
    named, dropped = (_named(messages, words) for words in (chat.include, chat.exclude))
    return ((pointed | named) & ~dropped).reindex(events.index, fill_value=False).astype(bool)


def _named(messages: pd.DataFrame, words: Iterable[str]) -> pd.Series:
    """Return which messages one of these places or words belongs to."""
    found = pd.Series(False, index=messages.index)
    for word in words:
        pattern = word.casefold().replace("[", "[[]")
        is_at = messages["evidence"].map(lambda place, word=word: word in str(place).split() or word == place)
        says = messages["text"].map(lambda text, pattern=pattern: fnmatchcase(str(text).casefold(), f"*{pattern}*"))
        found |= is_at.astype(bool) | says.astype(bool)
    return found


def timeline_findings(incident: Incident, timeline: pd.DataFrame) -> Iterator[Finding]:
    """Yield that declared rows have no evidence, and that ``[chat]`` names a message that is not there."""
    bare = timeline[(timeline["basis"] == "declared") & (timeline["evidence"] == "incident.toml")]
    bare = bare[~bare["kind"].isin(("milestone", *HELD))]
    if len(bare):
        count = len(incident.facts.timeline)
        first = "; ".join(f"“{text}”" for text in bare["text"].head(3))
        more = " …" if len(bare) > 3 else ""
        which = f"{len(bare)} of {count} declared rows have" if len(bare) > 1 else f"1 of {count} declared rows has"
        text = f"{which} no evidence: {first}{more}"
        fix = "Name a file or a place in `evidence`, or add what was recorded to events/."
        yield Finding("no-evidence", "note", "incident.toml: timeline", text, fix)
    messages = incident.events[incident.events["kind"] == "chat"]
    for word in (*incident.facts.chat.include, *incident.facts.chat.exclude):
        if not _named(messages, [word]).any():
            text = f"no message of the chat is at {word!r}, or says so."
            yield Finding("chat-not-found", "warning", "incident.toml: chat", text, "Correct it, or leave it out.")


def _row(
    at: Instant,
    kind: str,
    text: str,
    source: str,
    actor: str = "",
    end: Instant | None = None,
    evidence: str = "",
) -> dict[str, object]:
    return {
        "time": at.best,
        "time_lo": at.lo,
        "time_hi": at.hi,
        "end": end.best if end else None,
        "kind": kind,
        "source": source,
        "actor": actor,
        "text": text,
        "said": text if source == FACTS else "",
        "basis": at.basis,
        "evidence": evidence or at.evidence or (source if at.basis == "declared" else "signal"),
    }


def _hypothesis(h: Hypothesis) -> Iterator[dict[str, object]]:
    raised = f"Suspected: {h.text}" + (f" (raised by: {h.raised_by})" if h.raised_by else "")
    if h.start.is_known:
        yield _row(h.start, "hypothesis", raised, "incident.toml", h.actor, h.end)
    if h.end.is_known and h.verdict != "open":
        why = f" ({h.refuted_by})" if h.refuted_by else ""
        yield _row(h.end, h.verdict, f"{h.verdict.capitalize()}: {h.text}{why}", "incident.toml", h.actor)


def _edges(windows: Windows) -> Iterator[tuple[str, dict[str, object]]]:
    many = len(windows) > 1
    for n, window in enumerate(windows, 1):
        which = f" (window {n} of {len(windows)})" if many else ""
        yield "started", _row(window.onset, "impact", f"Impact begins{which}", "signal")
        if not window.is_open:
            yield "recovered", _row(window.recovery, "recovery", f"Service recovers{which}", "signal")


def _measured(moments: Moments) -> Iterator[tuple[str, dict[str, object]]]:
    mitigated = moments.at("mitigate")
    has_happened = mitigated.basis == "measured" and mitigated.at is not None
    if has_happened and mitigated.at != moments.at("recover").at:
        yield "mitigated", _row(mitigated, "impact", NAMES["mitigate"].capitalize(), "signal")
