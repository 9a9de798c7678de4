"""One ordered list of what happened: declared rows, milestones, hypotheses, tools' events and measured edges."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from postmortem_nb.analysis.moments import NAMES, Moments
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.frames import EVENTS, conform
from postmortem_nb.incident import MILESTONES, Hypothesis, Incident
from postmortem_nb.times import Instant

LEFT_OUT = ("chat",)  # a conversation is evidence; what of it belongs into the story, people say in `timeline`


def build_timeline(incident: Incident, moments: Moments, windows: Windows) -> pd.DataFrame:
    """Return everything that has a time, in order; rows at the same time keep declared, system, measured order.

    Returns
    -------
    DataFrame
        An events frame (all instants UTC). Chat is left out.
    """
    declared = [
        *_milestones(incident),
        *(_row(r.at, r.kind, r.text, "incident.toml", r.actor, r.end, r.evidence) for r in incident.facts.timeline),
        *(row for h in incident.facts.hypotheses for row in _hypothesis(h)),
    ]
    measured = [*_edges(windows), *_measured(moments)]
    events = incident.events[~incident.events["kind"].isin(LEFT_OUT)]
    columns = list(EVENTS.columns)
    frames = [pd.DataFrame(rows, columns=columns) for rows in (declared, measured) if rows]
    frames.insert(min(1, len(frames)), events[columns])
    rows = [frame.astype({c: "datetime64[ns, UTC]" for c in columns[:4]}) for frame in frames if len(frame)]
    if not rows:
        return EVENTS.empty()
    merged = conform(pd.concat(rows, ignore_index=True), EVENTS, "timeline")
    return merged.sort_values("time", kind="stable", ignore_index=True, na_position="last")


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
        "basis": at.basis,
        "evidence": evidence or at.evidence or (source if at.basis == "declared" else "signal"),
    }


def _milestones(incident: Incident) -> Iterator[dict[str, object]]:
    """Yield one row for all milestones that were declared for the same time."""
    together: dict[tuple[object, ...], list[str]] = {}
    instants: dict[tuple[object, ...], Instant] = {}
    for name, instant in incident.facts.milestones:
        if instant.is_known:
            key: tuple[object, ...] = (instant.lo, instant.at, instant.hi)
            together.setdefault(key, []).append(MILESTONES[name])
            instants[key] = instant
    for key, labels in together.items():
        text = "; ".join(labels)
        yield _row(instants[key], "milestone", text[:1].upper() + text[1:], "incident.toml")


def _hypothesis(h: Hypothesis) -> Iterator[dict[str, object]]:
    raised = f"Suspected: {h.text}" + (f" (raised by: {h.raised_by})" if h.raised_by else "")
    if h.start.is_known:
        yield _row(h.start, "hypothesis", raised, "incident.toml", h.actor, h.end)
    if h.end.is_known and h.verdict != "open":
        why = f" ({h.refuted_by})" if h.refuted_by else ""
        yield _row(h.end, h.verdict, f"{h.verdict.capitalize()}: {h.text}{why}", "incident.toml", h.actor)


def _edges(windows: Windows) -> Iterator[dict[str, object]]:
    many = len(windows) > 1
    for n, window in enumerate(windows, 1):
        which = f" (window {n} of {len(windows)})" if many else ""
        yield _row(window.onset, "impact", f"Impact begins{which}", "signal")
        if not window.is_open:
            yield _row(window.recovery, "recovery", f"Service recovers{which}", "signal")


def _measured(moments: Moments) -> Iterator[dict[str, object]]:
    mitigated = moments.at("mitigate")
    has_happened = mitigated.basis == "measured" and mitigated.at is not None
    if has_happened and mitigated.at != moments.at("recover").at:
        yield _row(mitigated, "impact", NAMES["mitigate"].capitalize(), "signal")
