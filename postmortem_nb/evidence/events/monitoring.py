"""What monitoring itself recorded: Grafana annotations, Datadog events, and probes that say up or down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from postmortem_nb.evidence.eventframe import KINDS
from postmortem_nb.evidence.events.shape import Row, Shape, Unit, dig, duration, items, row_of, said
from postmortem_nb.evidence.how import How

DELIVERED = ("github", "gitlab", "jenkins", "deploy", "deployment", "ansible", "chef", "puppet", "circleci")


def _annotation_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    """Yield annotations; ``timeEnd`` is no end where it is 0 or the time itself."""
    for unit in units:
        record = unit.record
        state, tags = said(record, "newState").lower(), dig(record, "tags")
        words = [str(tag) for tag in tags] if isinstance(tags, list) else []
        kind = _state_kind(state) if state else _tag_kind(words)
        begin, end = said(record, "time"), said(record, "timeEnd")
        head = f"{said(record, 'alertName')} {said(record, 'prevState')} → {state}".strip() if state else ""
        body = said(record, "text|title") or " ".join(words)
        yield row_of(
            unit,
            kind,
            begin or None,
            ": ".join(part for part in (head, body) if part),
            end=end if end not in ("", "0", begin) else None,
            person=dig(record, "login|userName|email"),
            source="grafana",
            basis="system" if state or kind == "change" else "declared",
        )


def _state_kind(state: str) -> str:
    return "alert" if state.startswith("alerting") else "resolution" if state in ("ok", "normal") else "observation"


def _tag_kind(tags: list[str]) -> str:
    """Return the kind that tags tell, such as ``deploy`` or ``event:deployment``."""
    kinds = {KINDS.get(part.strip().lower()) for tag in tags for part in tag.split(":")}
    return "change" if "change" in kinds else "observation"


def _datadog_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    for unit in units:
        record = unit.record
        tags = dig(record, "tags")
        words = [str(tag) for tag in tags] if isinstance(tags, list) else []
        level, source = said(record, "alert_type").lower(), said(record, "source|source_type_name").lower()
        kind = _tag_kind(words)
        if kind != "change" and source not in DELIVERED:
            is_alert = source in ("alert", "monitor", "monitor alert") or bool(dig(record, "monitor_id"))
            kind = "alert" if is_alert and level in ("error", "warning") else kind
            kind = "resolution" if is_alert and level == "success" else kind
        elif source in DELIVERED:
            kind = "change"
        service = next((w.partition(":")[2] for w in words if w.startswith("service:")), None)
        title, text = said(record, "title"), said(record, "text").replace("%%%", "").strip()
        yield row_of(
            unit,
            kind,
            dig(record, "date_happened"),
            ": ".join(part for part in (title, text if text != title else "") if part),
            source="datadog",
            service=service,
            basis="system",
        )


def _probe(unit: Unit, is_up: bool, time: object, name: str, why: str, source: str, **more: Any) -> Row:
    text = ": ".join(part for part in (name, "up" if is_up else "down", why) if part)
    kind = "observation" if is_up else "alert"
    return row_of(unit, kind, time, text, source=source, service=name or None, basis="system", **more)


def _robot_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    """Yield what UptimeRobot logged: 1 is down for so many seconds, 2 is up, and 99 and 98 are paused and started."""
    for unit in units:
        record = unit.record
        name = said(record, "friendly_name")
        for i, entry in items(record, "logs"):
            word, at = said(entry, "type"), f".logs[{i}]"
            begin, why = dig(entry, "datetime"), said(entry, "reason.detail|reason.code")
            if word in ("1", "2"):
                length = duration(dig(entry, "duration"), "s") if word == "1" else None
                more = {"lasts": length} if length is not None else {}
                yield _probe(unit, word == "2", begin, name, why, "uptimerobot", at=at, **more)
            else:
                what = {"98": "started", "99": "paused"}.get(word, word)
                text = f"{name}: monitor {what}"
                yield row_of(unit, "observation", begin, text, at=at, source="uptimerobot", basis="system")


def _kuma_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    """Yield heartbeats at which something changed; the others are known to say nothing new."""
    heard: list[tuple[str, str, Unit]] = []
    for unit in units:
        beat = unit.record.get("heartbeat")
        record = unit.record | beat if isinstance(beat, dict) else unit.record
        name = said(record, "monitor.name|monitorName|monitorID|monitor_id")
        heard.append((name, said(record, "time"), Unit(unit.place, unit.number, record)))
    last: dict[str, str] = {}
    for name, time, unit in sorted(heard, key=lambda beat: beat[:2]):
        state = said(unit.record, "status") or str(dig(unit.record, "status")).lower()
        is_new = state != last.get(name, "1") or (name not in last and "important" in unit.record)
        last[name] = state
        if not is_new:
            yield {"unit": unit.place, "place": unit.place, "number": unit.number, "skip": True}
        elif state in ("0", "false", "1", "true"):
            is_up = state in ("1", "true")
            yield _probe(unit, is_up, time or None, name, said(unit.record, "msg"), "uptime kuma")
        else:
            word = {"2": "pending", "3": "maintenance"}.get(state, state)
            kind = "maintenance" if state == "3" else "observation"
            text = f"{name}: {word}"
            yield row_of(unit, kind, time or None, text, source="uptime kuma", service=name, basis="system")


def _pingdom_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    """Yield the stretches of an outage list."""
    for unit in units:
        record = unit.record
        state, end = said(record, "status").lower(), dig(record, "timeto")
        name = said(record, "checkname|name|hostname")
        if state in ("up", "down"):
            yield _probe(unit, state == "up", dig(record, "timefrom"), name, "", "pingdom", end=end)
        else:
            text = f"{name}: {state}".strip(": ")
            yield row_of(unit, "observation", dig(record, "timefrom"), text, end=end, source="pingdom", basis="system")


def _is_robot(record: Row) -> bool:
    return isinstance(record.get("logs"), list)


def _is_beat(record: Row) -> bool:
    inner = record.get("heartbeat")
    beat = inner if isinstance(inner, dict) else record
    return has_all(beat, "status", "time", "msg") and ("ping" in beat or "monitorID" in beat or "monitor_id" in beat)


def has_all(record: Row, *keys: str) -> bool:
    """Whether an object has all these keys."""
    return all(key in record for key in keys)


SHAPES = (
    Shape(
        "grafana",
        "grafana",
        ("time", "text", "tags|newState|alertId", "dashboardUID|dashboardId|panelId|alertId|timeEnd"),
        rows=_annotation_rows,
        full=(100,),
    ),
    Shape("datadog-event", "datadog", ("date_happened", "title"), rows=_datadog_rows, full=(1000,)),
    Shape("uptimerobot", "uptimerobot", ("friendly_name", "logs"), rows=_robot_rows, test=_is_robot, full=(50,)),
    Shape(
        "uptime-kuma",
        "uptime kuma",
        ("status|heartbeat.status",),
        rows=_kuma_rows,
        test=_is_beat,
        zone="UTC",
        has_people=False,
    ),
    Shape("pingdom", "pingdom", ("status", "timefrom", "timeto"), rows=_pingdom_rows, has_people=False),
)
