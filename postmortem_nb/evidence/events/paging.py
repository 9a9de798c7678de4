"""PagerDuty and Opsgenie: who was paged, and who answered when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from postmortem_nb.evidence.events.shape import Fact, Row, Shape, Unit, dig, duration, items, row_of, said
from postmortem_nb.evidence.how import How

PAGERDUTY, OPSGENIE = "pagerduty", "opsgenie"

# What a log entry, or the event of a webhook, says → kind and words. A notification is the page.
ENTRIES = {
    "trigger": ("alert", "triggered"),
    "triggered": ("alert", "triggered"),
    "notify": ("page", "notified"),
    "acknowledge": ("acknowledgement", "acknowledged"),
    "acknowledgement": ("acknowledgement", "acknowledged"),
    "acknowledged": ("acknowledgement", "acknowledged"),
    "unacknowledge": ("observation", "acknowledgement ran out or was taken back"),
    "unacknowledged": ("observation", "acknowledgement ran out or was taken back"),
    "escalate": ("escalation", "escalated"),
    "escalated": ("escalation", "escalated"),
    "exhaust_escalation_path": ("escalation", "nobody left to escalate to"),
    "repeat_escalation_path": ("escalation", "escalation began again"),
    "assign": ("assignment", "assigned"),
    "reassigned": ("assignment", "reassigned"),
    "delegate": ("escalation", "delegated"),
    "delegated": ("escalation", "delegated"),
    "annotate": ("observation", "note"),
    "annotated": ("observation", "note"),
    "resolve": ("resolution", "resolved"),
    "resolved": ("resolution", "resolved"),
    "reopened": ("alert", "reopened"),
    "reopen": ("alert", "reopened"),
    "snooze": ("observation", "snoozed"),
    "status_update_published": ("communication", "status update"),
    "priority_updated": ("observation", "priority changed"),
    "responder.added": ("escalation", "responder added"),
    "responder.replied": ("observation", "responder replied"),
}
LOGS = {  # the words with which a line of an Opsgenie log begins or that it holds → kind
    "alert created": "alert",
    "alert acknowledged": "acknowledgement",
    "alert closed": "resolution",
    "escalat": "escalation",
    "notification sent": "page",
    "[sms]": "page",
    "[voice]": "page",
    "[mobile]": "page",
    "[email]": "page",
    "note added": "observation",
}


def _entry_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    for unit in units:
        record = unit.record
        word = said(record, "type").removesuffix("_reference").removesuffix("_log_entry")
        kind, words = ENTRIES.get(word, ("observation", word.replace("_", " ")))
        about = said(record, "incident.summary|incident.title|event_details.description|channel.summary")
        note = said(record, "note|channel.content|channel.subject|event_details.message")
        channel = said(record, "channel.notification.type|channel.type") if kind == "page" else ""
        text = f"{words} by {channel}" if channel and channel not in ("auto", "notify") else words
        yield row_of(
            unit,
            kind,
            dig(record, "created_at"),
            ": ".join(part for part in (text, about, note if note != about else "") if part),
            person=dig(record, "user") if kind == "page" else dig(record, "agent"),
            source=PAGERDUTY,
            service=said(record, "service.summary"),
            basis="system",
        )


def _incident_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    for unit in units:
        record = unit.record
        more = {"source": PAGERDUTY, "service": said(record, "service.summary"), "basis": "system"}
        title = said(record, "title|summary|description")
        end = dig(record, "resolved_at") or (
            dig(record, "last_status_change_at") if said(record, "status") == "resolved" else None
        )
        yield row_of(unit, "alert", dig(record, "created_at"), f"triggered: {title}", end=end, **more)
        for i, entry in items(record, "acknowledgements"):
            who = dig(entry, "acknowledger")
            at = f".acknowledgements[{i}]"
            yield row_of(unit, "acknowledgement", dig(entry, "at"), f"acknowledged: {title}", at=at, person=who, **more)
        if end is not None:
            who = dig(record, "last_status_change_by|resolve_by")
            yield row_of(unit, "resolution", end, f"resolved: {title}", person=who, **more)


def _webhook_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    for unit in units:
        record = unit.record
        word = said(record, "event_type").removeprefix("incident.")
        kind, words = ENTRIES.get(word, ("observation", word.replace("_", " ").replace(".", " ")))
        title = said(record, "data.title|data.incident.summary|data.summary")
        note = said(record, "data.content|data.message")
        text = ": ".join(part for part in (words, title, note) if part)
        yield row_of(
            unit,
            kind,
            dig(record, "occurred_at"),
            text,
            person=dig(record, "agent"),
            source=PAGERDUTY,
            service=said(record, "data.service.summary"),
            basis="system",
        )


def _opsgenie_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    """Yield alerts; the times in ``report`` are milliseconds since the alert was created."""
    for unit in units:
        record = unit.record
        title, begin = said(record, "message|alias"), dig(record, "createdAt")
        more: Row = {"source": OPSGENIE, "service": said(record, "entity") or None, "basis": "system"}
        yield row_of(unit, "alert", begin, title, **more)
        for key, who, kind, words in (
            ("ackTime", "acknowledgedBy", "acknowledgement", "acknowledged"),
            ("closeTime", "closedBy", "resolution", "closed"),
        ):
            after = duration(dig(record, f"report.{key}"), "ms")
            if after is not None:
                person = dig(record, f"report.{who}")
                at = f".report.{key}"
                yield row_of(unit, kind, begin, f"{words}: {title}", at=at, person=person, shift=after, **more)


def _log_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    for unit in units:
        text = said(unit.record, "log")
        kind = next((kind for words, kind in LOGS.items() if words in text.lower()), "observation")
        yield row_of(
            unit,
            kind,
            dig(unit.record, "createdAt"),
            text,
            person=dig(unit.record, "owner"),
            source=OPSGENIE,
            basis="system",
        )


def _is_entry(record: Row) -> bool:
    return "_log_entry" in str(record.get("type"))


SHAPES = (
    Shape("pagerduty-log", PAGERDUTY, ("type", "created_at"), rows=_entry_rows, test=_is_entry, full=(25, 100)),
    Shape("pagerduty-webhook", PAGERDUTY, ("event_type", "occurred_at", "data"), rows=_webhook_rows),
    Shape(
        "pagerduty-analytics",
        PAGERDUTY,
        ("seconds_to_first_ack", "seconds_to_resolve", "created_at"),
        (
            Fact("alert", "created_at", "triggered: {description|incident_number}", service="service_name"),
            Fact(
                "acknowledgement",
                "created_at",
                "acknowledged: {description|incident_number}",
                after="seconds_to_first_ack",
                service="service_name",
            ),
            Fact(
                "resolution",
                "created_at",
                "resolved: {description|incident_number}",
                after="seconds_to_resolve",
                service="service_name",
                basis="system",
            ),
        ),
        is_table=True,
    ),
    Shape(
        "pagerduty",
        PAGERDUTY,
        ("created_at", "incident_number|incident_key|urgency", "service", "status"),
        rows=_incident_rows,
        full=(25, 100),
    ),
    Shape("opsgenie", OPSGENIE, ("createdAt", "message", "tinyId|alias"), rows=_opsgenie_rows, full=(20, 100)),
    Shape("opsgenie-log", OPSGENIE, ("log", "createdAt"), rows=_log_rows, full=(100,)),
)
