"""Chats beside Slack: DiscordChatExporter, a Mattermost bulk export, and messages of Teams as Graph lists them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from postmortem_nb.evidence.events.feeds import plain_text
from postmortem_nb.evidence.events.shape import Fact, Record, Row, Shape, Unit, dig, row_of, said
from postmortem_nb.evidence.how import How

POSTS = ("post", "direct_post")
ABOUT = ("version", "team", "channel", "user", "role", "emoji", "direct_channel", "scheme", "bot")


def _mattermost_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    """Yield posts; what else a bulk export describes is no event."""
    for unit in units:
        kind = said(unit.record, "type")
        post = unit.record.get(kind)
        if kind in ABOUT or not isinstance(post, dict):
            yield {"unit": unit.place, "place": unit.place, "number": unit.number, "skip": True}
            continue
        channel = said(post, "channel")
        source = f"mattermost #{channel}" if channel else "mattermost"
        time, text = dig(post, "create_at"), said(post, "message")
        yield row_of(unit, "chat", time, text, person=dig(post, "user"), source=source, basis="system")


def _is_mattermost(record: Record) -> bool:
    kind = record["type"]
    return kind in (*POSTS, *ABOUT) and kind in record and ("id" not in record)


def _teams_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    for unit in units:
        record = unit.record
        text = plain_text(said(record, "body.content"))
        who = dig(record, "from.user") or ({"type": "bot"} if dig(record, "from.application") else None)
        if said(record, "messageType") not in ("message", "") or not text:
            yield {"unit": unit.place, "place": unit.place, "number": unit.number, "skip": True}
            continue
        yield row_of(unit, "chat", dig(record, "createdDateTime"), text, person=who, source="teams", basis="system")


SHAPES = (
    Shape(
        "discord",
        "discord",
        ("timestamp", "content", "author.id"),
        (Fact("chat", "timestamp", "{content}", person="author", basis="system"),),
    ),
    Shape("mattermost", "mattermost", ("type",), rows=_mattermost_rows, test=_is_mattermost),
    Shape("teams", "teams", ("createdDateTime", "body.content", "messageType"), rows=_teams_rows, full=(20, 50)),
)
