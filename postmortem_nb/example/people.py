"""What tools and people left behind: alerts as Alertmanager sends them, a day of a chat export."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

import pandas as pd

from postmortem_nb.example.lines import iso

NEVER = "0001-01-01T00:00:00Z"  # how Alertmanager writes the end of an alert that is still firing


def alertmanager(
    name: str,
    fired: pd.Timestamp,
    ended: pd.Timestamp | None,
    *,
    summary: str,
    labels: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Return one Alertmanager notification (webhook version 4) with one alert.

    Parameters
    ----------
    name : str
        Alert name.
    fired, ended : Timestamp
        When it began to fire and when it stopped, UTC; ``ended=None`` is still firing.
    summary : str
        Its annotation for people.
    labels : dict, optional
        Further labels, such as ``severity`` and ``service``.
    """
    tags = {"alertname": name, **(labels or {})}
    status = "firing" if ended is None else "resolved"
    alert = {
        "status": status,
        "labels": tags,
        "annotations": {"summary": summary},
        "startsAt": iso(fired),
        "endsAt": NEVER if ended is None else iso(ended),
        "fingerprint": f"{zlib.crc32(f'{name} {iso(fired)}'.encode()):016x}",
    }
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{name}"}}',
        "status": status,
        "receiver": "on-call",
        "groupLabels": {"alertname": name},
        "commonLabels": tags,
        "commonAnnotations": {"summary": summary},
        "truncatedAlerts": 0,
        "alerts": [alert],
    }


def chat_day(messages: Iterable[tuple[pd.Timestamp, str, str]]) -> list[dict[str, str]]:
    """Return one channel and day of a Slack export from (instant, user id, text), in time order.

    The digits behind the point of ``ts`` tell messages of one second apart; they are no fraction of a second.
    """
    ordered = sorted(messages, key=lambda message: message[0])
    return [
        {"type": "message", "user": user, "text": text, "ts": f"{at.value // 10**9}.{100 + i:06d}"}
        for i, (at, user, text) in enumerate(ordered)
    ]
