"""Alertmanager → events: its webhook (version 4) and the answer of ``/api/v2/alerts``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]
Places = Sequence[tuple[str, int, Record]]  # place, number and record


def is_webhook(record: Record) -> bool:
    """Whether a record is a webhook payload."""
    return isinstance(record.get("alerts"), list) and ("groupKey" in record or "receiver" in record)


def is_api(record: Record) -> bool:
    """Whether a record is an alert as the API lists it."""
    return "startsAt" in record and isinstance(record.get("labels"), dict)


def webhook_rows(places: Places) -> Iterator[dict[str, Any]]:
    """Yield the alerts of all payloads; one that was sent again stands once, with the end that any of them states."""
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for place, number, alert in places:
        row = _row(place.partition(".alerts[")[0], number, alert, is_over=alert.get("status") == "resolved")
        row["unit"] = place
        key = (str(alert.get("fingerprint") or sorted(_texts(alert.get("labels")).items())), str(row["time"]))
        first = seen.setdefault(key, row)
        first["end"] = first["end"] or row["end"]
        if first is not row:
            yield {"unit": place, "place": place, "number": number, "skip": True}
    yield from seen.values()


def api_rows(places: Places) -> Iterator[dict[str, Any]]:
    """Yield alerts; the ``endsAt`` of one that fires is when it would expire, which is no end."""
    for place, number, alert in places:
        status = alert.get("status")
        state = status.get("state") if isinstance(status, dict) else None
        yield _row(place, number, alert, is_over=state is None)


def _row(place: str, number: int, alert: Record, *, is_over: bool) -> dict[str, Any]:
    labels, annotations = _texts(alert.get("labels")), _texts(alert.get("annotations"))
    name = labels.get("alertname", "")
    said = next((annotations[k] for k in ("summary", "description", "message", "title") if annotations.get(k)), "")
    end = str(alert.get("endsAt") or "")
    return {
        "place": place,
        "number": number,
        "time": alert.get("startsAt"),
        "end": end if is_over and not end.startswith("0001-") else None,
        "kind": "alert",
        "text": ": ".join(part for part in (name, said) if part) or "alert without a name",
        "source": "alertmanager",
        "basis": "system",
        "service": next((labels[k] for k in ("service", "app", "job") if labels.get(k)), None),
    }


def _texts(value: object) -> dict[str, str]:
    """Return a map of texts, empty if it is none."""
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}
