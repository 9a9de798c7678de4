"""AWS: the history of CloudWatch alarms, CloudTrail and Health."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from postmortem_nb.evidence.events.feeds import iso_time
from postmortem_nb.evidence.events.shape import Row, Shape, Unit, dig, row_of, said
from postmortem_nb.evidence.how import How


def _alarm_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    """Yield the history of alarms; the states stand in a string that is JSON."""
    for unit in units:
        record = unit.record
        data = _inner(record.get("HistoryData"))
        old, new = said(data, "oldState.stateValue"), said(data, "newState.stateValue")
        reason = said(data, "newState.stateReason")
        what = said(record, "HistoryItemType") or ("StateUpdate" if new else "")
        kind = "observation"
        if what == "StateUpdate":
            kind = {"ALARM": "alert", "OK": "resolution"}.get(new, "observation")
        elif what == "Action":
            kind = "page" if ":sns:" in f"{record.get('HistoryData')} {record.get('HistorySummary')}" else "action"
        elif what == "ConfigurationUpdate":
            kind = "change"
        state = f"{old} → {new}" if new else said(record, "HistorySummary")
        name = said(record, "AlarmName")
        yield row_of(
            unit,
            kind,
            dig(record, "Timestamp"),
            ": ".join(part for part in (name, state, reason) if part),
            source="cloudwatch",
            basis="system",
        )


def _trail_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    """Yield API calls; one that only read changed nothing."""
    for unit in units:
        record = unit.record
        inner = _inner(record.get("CloudTrailEvent")) or record
        name, service = said(record, "eventName|EventName"), said(record, "eventSource|EventSource")
        is_read = str(record.get("readOnly", record.get("ReadOnly"))).lower() == "true"
        error = said(inner, "errorCode")
        yield row_of(
            unit,
            "observation" if is_read or error else "change",
            dig(record, "eventTime|EventTime"),
            " ".join(part for part in (name, service, said(inner, "awsRegion"), f"({error})" if error else "") if part),
            person=_caller(inner) or dig(record, "Username"),
            source="cloudtrail",
            service=service.removesuffix(".amazonaws.com"),
            basis="system",
        )


def _caller(record: Row) -> object:
    """Return who called: the session name of a role may be a person's."""
    identity = record.get("userIdentity")
    if not isinstance(identity, dict) or said(identity, "type") in ("AWSService", "AWSAccount"):
        return {"type": "service"} if isinstance(identity, dict) else None
    return said(identity, "userName") or said(identity, "arn").rpartition("/")[2] or said(identity, "principalId")


def _health_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    for unit in units:
        record = unit.record
        detail = record["detail"] if isinstance(record.get("detail"), dict) else record
        category = said(detail, "eventTypeCategory").lower()
        words = dig(detail, "eventDescription.0.latestDescription|eventDescription.latestDescription")
        name = said(detail, "eventTypeCode")
        where = said(detail, "region|eventRegion") or said(record, "region")
        yield row_of(
            unit,
            "maintenance" if category == "scheduledchange" else "observation",
            iso_time(dig(detail, "startTime") or dig(record, "time")),
            ": ".join(part for part in (f"{name} {where}".strip(), str(words or "")) if part),
            end=iso_time(dig(detail, "endTime")),
            source="aws health",
            service=said(detail, "service"),
            basis="system",
        )


def _inner(value: object) -> Any:
    """Return the object that a string holds as JSON; an empty one if it holds none."""
    if not isinstance(value, str):
        return {}
    try:
        found = json.loads(value, parse_float=str)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


SHAPES = (
    Shape(
        "cloudwatch-alarms",
        "cloudwatch",
        ("AlarmName", "Timestamp", "HistoryItemType|HistorySummary|HistoryData"),
        rows=_alarm_rows,
        full=(50, 100),
        has_people=False,
    ),
    Shape("cloudtrail", "cloudtrail", ("eventTime|EventTime", "eventName|EventName"), rows=_trail_rows, full=(50,)),
    Shape(
        "aws-health",
        "aws health",
        ("eventTypeCode|detail.eventTypeCode", "startTime|detail.startTime"),
        rows=_health_rows,
        full=(10, 100),
        has_people=False,
    ),
)
