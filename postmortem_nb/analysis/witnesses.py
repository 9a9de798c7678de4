"""What the evidence alone says of each milestone: measured edges, tools' stamps, and what people said at the time.

Nothing that ``incident.toml`` declares counts here. A message says that something had happened by then, so most of what
is told by people is an upper bound; its lower bound is the first recorded sign, before which nobody could have acted.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from postmortem_nb.analysis.detection import KINDS, TOLERANCE, earliest, first, instant_of
from postmortem_nb.analysis.moments import Moments, first_public
from postmortem_nb.incident import Incident
from postmortem_nb.times import UNKNOWN, Instant

SAME_CHANGE = pd.Timedelta(hours=1)  # a recorded change this near to the declared one is taken for the same
EVIDENCE = {
    "change": "the recorded change nearest to it, within an hour",
    "start": "the measured onset; without one, at the latest the first recorded alert, page or report",
    "signal": "the first recorded alert",
    "page": "the first recorded notification",
    "aware": "at the latest the first recorded report, acknowledgement, or message of a person about trouble",
    "ack": "the first recorded acknowledgement, else a message that says so",
    "declare": "the record of an incident tool, else the first message that declares it; at the latest the first "
    "public message",
    "engage": "between the first recorded sign and the first recorded action or message of a responder",
    "identify": "between the first recorded sign and the first update, or last message, that the cause is known",
    "mitigate": "measured; without that the nearest change since the start, within an hour, else what an incident tool "
    "or a status page says of it",
    "recover": "measured; without that the end of the last recorded alert, which comes up to 5 min late",
    "resolve": "the last recorded resolution or public message that it is resolved, else the last message that says so",
    "public": "the first recorded public message",
    "close": "the last recorded closure of the incident, or publication of the postmortem",
}
_TROUBLE = r"error|fail|down\b|outage|broken|empty page|slow|timeout|timing out|unavailable|alert|incident|5\d\d\b"
_SAID = {
    "aware": rf"\b(?:{_TROUBLE}|looking|acknowledged|ack\b)",
    "ack": r"\b(?:acknowledged|ack'?(?:ed|ing)?|i'?m on it|on it|looking(?: into it)?)\b",
    "declare": r"\b(?:declar(?:e|ed|ing)\b.{0,30}\b(?:incident|sev|p\d)|(?:open|start)(?:ed|ing)? an incident"
    r"|this is (?:now )?an? (?:incident|sev))",
    "identify": r"\b(?:found it|found the (?:cause|problem|culprit|issue)|root cause|the cause (?:is|was)"
    r"|cause (?:is )?identified|identified the)\b",
    "resolve": r"\b(?:resolved|all clear|closing (?:the|this) incident|incident (?:is )?(?:over|closed))\b",
}
_NOT = re.compile(r"\b(?:not|isn'?t|wasn'?t|no longer|yet|unless|until|if|when|once)\b[^.]*$", re.IGNORECASE)
_STATUS = {
    "identify": r"(?:^|: )identified\b",
    "mitigate": r"(?:^|: )(?:monitoring|mitigated|fix(?:ed| implemented)?)\b",
    "resolve": r"(?:^|: )resolved\b",
    "close": r"(?:^|: )postmortem\b",
}
_NAMED = {"identify": "identif", "mitigate": "mitigat|stable|stabili|fix"}  # times that incident tools have names for


def evidence_for(moment: str, declared: Instant, incident: Incident, moments: Moments) -> Instant:
    """Return what the evidence alone says of a moment, by the rules of `EVIDENCE`; unknown where it is silent.

    Parameters
    ----------
    moment : str
        Name in the event model, such as ``start``.
    declared : Instant
        The declared time, where several events may be meant: the nearest change is taken.
    """
    return _WITNESSES[moment](declared, incident, moments)


def _stamp(*kinds: str) -> Callable[[Instant, Incident, Moments], Instant]:
    return lambda declared, incident, moments: first(moments.signs, *kinds, declared=False)


def _signs(moments: Moments) -> Instant:
    return first(moments.signs, *KINDS, declared=False)


def _start(declared: Instant, incident: Incident, moments: Moments) -> Instant:
    found = moments.at("start")
    return found if found.basis == "measured" else _by(_signs(moments))


def _by(instant: Instant, since: Instant = UNKNOWN) -> Instant:
    """Return an instant as an upper bound, not before another one."""
    lo = since.lo if since.lo is not None and instant.hi is not None and since.lo <= instant.hi else None
    return Instant(lo=lo, hi=instant.hi, basis=instant.basis, evidence=instant.evidence)


def _aware(declared: Instant, incident: Incident, moments: Moments) -> Instant:
    by = first(moments.signs, "detection", "acknowledgement", declared=False)
    return _by(earliest([by, *_told(incident, moments, "aware")[:1]]))


def _ack(declared: Instant, incident: Incident, moments: Moments) -> Instant:
    stamped = first(moments.signs, "acknowledgement", declared=False)
    return stamped if stamped.is_known else _by(earliest(_told(incident, moments, "ack")), _signs(moments))


def _public(declared: Instant, incident: Incident, moments: Moments) -> Instant:
    return first_public(incident, moments.at("start"))


def _change(declared: Instant, incident: Incident, moments: Moments) -> Instant:
    return _nearest(_recorded(incident, "change"), declared)


def _declare(declared: Instant, incident: Incident, moments: Moments) -> Instant:
    record = earliest(_since_start(_recorded(incident, "declaration"), moments))
    if record.is_known:
        return record
    told = _told(incident, moments, "declare")
    return told[0] if told else _by(first_public(incident, moments.at("start")), _signs(moments))


def _engage(declared: Instant, incident: Incident, moments: Moments) -> Instant:
    actions = _since_start(_recorded(incident, "action"), moments)
    events = incident.events
    people = {a.casefold() for a in events.loc[events["kind"].isin(["acknowledgement", "page"]), "actor"].dropna() if a}
    messages = [i for who, _, i in _chat(incident, moments) if not people or who.casefold() in people]
    return _by(earliest([*actions, *messages[:1]]), _signs(moments))


def _identify(declared: Instant, incident: Incident, moments: Moments) -> Instant:
    record = earliest(_since_start(_named(incident, "identify"), moments))
    told = _told(incident, moments, "identify")
    return record if record.is_known else _by(told[-1], _signs(moments)) if told else UNKNOWN


def _mitigate(declared: Instant, incident: Incident, moments: Moments) -> Instant:
    found = moments.at("mitigate")
    if found.basis == "measured":
        return found
    named = _since_start(_named(incident, "mitigate"), moments)
    change = _nearest(_since_start(_recorded(incident, "change"), moments), declared)
    return change if change.is_known else earliest(named)


def _recover(declared: Instant, incident: Incident, moments: Moments) -> Instant:
    found = moments.at("recover")
    if found.basis == "measured":
        return found
    alerts = incident.events[(incident.events["kind"] == "alert") & incident.events["end"].notna()]
    counted = {s.instant.evidence for s in moments.signs if s.kind == "alert" and s.role == "counted"}
    alerts = alerts[alerts["evidence"].isin(counted)]
    if alerts.empty:
        return UNKNOWN
    last = alerts.sort_values("end", kind="stable").iloc[-1]
    end = last["end"]
    return Instant(end - TOLERANCE, end, end, "system", evidence=str(last["evidence"]))


def _resolve(declared: Instant, incident: Incident, moments: Moments) -> Instant:
    record = [*_recorded(incident, "resolution"), *_updates(incident, "resolve")]
    told = _since_start(record, moments) or _told(incident, moments, "resolve")
    return _last(told)


def _close(declared: Instant, incident: Incident, moments: Moments) -> Instant:
    return _last(_since_start([*_recorded(incident, "closure"), *_updates(incident, "close")], moments))


_WITNESSES: dict[str, Callable[[Instant, Incident, Moments], Instant]] = {
    "change": _change,
    "start": _start,
    "signal": _stamp("alert"),
    "page": _stamp("page"),
    "aware": _aware,
    "ack": _ack,
    "declare": _declare,
    "engage": _engage,
    "identify": _identify,
    "mitigate": _mitigate,
    "recover": _recover,
    "resolve": _resolve,
    "public": _public,
    "close": _close,
}


def _recorded(incident: Incident, kind: str, pattern: str = "") -> list[Instant]:
    """Return when the recorded events of a kind were, in time order; only those whose text matches."""
    events = incident.events
    chosen = events[(events["kind"] == kind) & events["time"].notna()]
    if pattern:
        chosen = chosen[chosen["text"].astype(str).str.contains(pattern, case=False, regex=True)]
    return [instant_of(row) for row in chosen.sort_values("time", kind="stable").to_dict("records")]


def _updates(incident: Incident, moment: str) -> list[Instant]:
    return _recorded(incident, "communication", _STATUS[moment])


def _named(incident: Incident, moment: str) -> list[Instant]:
    kinds = {"identify": "observation", "mitigate": "action"}
    return [*_recorded(incident, kinds[moment], rf"^(?:{_NAMED[moment]})"), *_updates(incident, moment)]


def _since_start(instants: list[Instant], moments: Moments) -> list[Instant]:
    start = moments.at("start").lo
    return [i for i in instants if start is None or i.hi is None or i.hi >= start - TOLERANCE]


def _nearest(instants: list[Instant], declared: Instant) -> Instant:
    if declared.best is None:
        return UNKNOWN
    at = declared.best
    away = [(abs(i.best - at), n) for n, i in enumerate(instants) if i.best is not None]
    gap, n = min(away, default=(pd.Timedelta.max, 0))
    return instants[n] if gap <= SAME_CHANGE else UNKNOWN


def _last(instants: list[Instant]) -> Instant:
    known = [i for i in instants if i.best is not None]
    return max(known, key=lambda i: i.best or pd.Timestamp.min.tz_localize("UTC"), default=UNKNOWN)


def _chat(incident: Incident, moments: Moments) -> list[tuple[str, str, Instant]]:
    """Return who wrote what and when in chat since the start, without what bots wrote."""
    chat = incident.events[(incident.events["kind"] == "chat") & incident.events["time"].notna()]
    start, end = moments.at("start").lo, moments.at("recover").hi
    if start is not None:
        chat = chat[chat["time"] >= start - TOLERANCE]
    if end is not None:
        chat = chat[chat["time"] <= end + pd.Timedelta(days=1)]
    rows = chat.sort_values("time", kind="stable").to_dict("records")
    people = [(str(row["actor"] or ""), str(row["text"]), instant_of(row)) for row in rows]
    return [(who, text, instant) for who, text, instant in people if not re.search(r"\bbot\b", who, re.IGNORECASE)]


def _told(incident: Incident, moments: Moments, moment: str) -> list[Instant]:
    """Return when people said in chat that something had happened; "not resolved yet" does not say so."""
    pattern = re.compile(_SAID[moment], re.IGNORECASE)
    found = ((pattern.search(text), text, instant) for _, text, instant in _chat(incident, moments))
    return [i for match, text, i in found if match and not _NOT.search(text[: match.start()])]
