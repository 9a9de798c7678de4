"""A Slack export → events. Names of people never leave this module: a message is told by a role.

A day is one file ``YYYY-MM-DD.json``, mostly in the folder of its channel, beside ``users.json`` and ``channels.json``.
The role of a person is the title of the profile, else "responder 1", "responder 2" … in the order in which they first
wrote anything anywhere in the export.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Record = Mapping[str, Any]

DAY = re.compile(r"\d{4}-\d{2}-\d{2}\.json")
ABOUT = ("users.json", "channels.json", "dms.json", "groups.json", "mpims.json", "integration_logs.json")
LEFT_OUT = (
    "channel_join",
    "channel_leave",
    "group_join",
    "group_leave",
    "channel_topic",
    "channel_purpose",
    "channel_name",
    "channel_archive",
    "channel_unarchive",
    "bot_add",
    "bot_remove",
)

_USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_CHANNEL = re.compile(r"<#[A-Z0-9]+\|([^>]*)>")
_LINK = re.compile(r"<((?:https?|mailto):[^>|]+)(?:\|([^>]*))?>")
_SPECIAL = re.compile(r"<!(?:subteam\^[A-Z0-9]+\|)?@?([^>|^]+)(?:\|[^>]*)?>")


def is_chat(records: Sequence[Record]) -> bool:
    """Whether records are messages of a Slack export."""
    return any(record.get("type") == "message" and "ts" in record for record in records)


def export_of(path: Path) -> Path:
    """Return the folder of the export that a day's file belongs to: the one with ``users.json``, else its own."""
    return next(
        (folder for folder in (path.parent, path.parent.parent) if (folder / "users.json").is_file()), path.parent
    )


def days_of(folder: Path) -> list[Path]:
    """Return the files of an export, by channel and day."""
    return sorted(p for p in (*folder.glob("*.json"), *folder.glob("*/*.json")) if DAY.fullmatch(p.name))


class Cast(dict[str, str]):
    """Who wrote: Slack user id → role. Knows also the names that a text may hold, to replace them."""

    def __init__(self, roles: Mapping[str, str], names: Mapping[str, str]) -> None:
        super().__init__(roles)
        # Of names only full ones: a single word may be anything. Ids stand bare in texts that were pasted.
        self.words = {name: role for name, role in names.items() if " " in name} | dict(roles)
        longest_first = sorted(self.words, key=lambda word: (-len(word), word))
        self.pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b") if self.words else None

    def role(self, user: str) -> str:
        """Return the role of a user; one who never wrote is a person who was spoken of."""
        return self.get(user, "someone")

    def without_names(self, text: str) -> str:
        """Return a text with roles in the place of names."""
        return self.pattern.sub(lambda m: self.words[m[0]], text) if self.pattern else text


def cast_of(folder: Path) -> Cast:
    """Give everybody in an export a role."""
    return cast_from(_load(folder / "users.json"), [m for day in days_of(folder) for m in _load(day)])


def cast_from(listed: Sequence[Record], messages: Sequence[Record]) -> Cast:
    """Give everybody a role: those in the list of users, and those who wrote."""
    users = [user for user in listed if isinstance(user.get("id"), str)]
    titles = {user["id"]: title for user in users if (title := _profile(user, "title"))}
    written = sorted(
        (float(m["ts"]), str(m["user"]))
        for m in messages
        if m.get("user") and _is_number(m.get("ts")) and m.get("subtype") not in LEFT_OUT
    )
    roles: dict[str, str] = {}
    pseudonyms = 0
    for _, user in written:
        if user not in roles:
            pseudonyms += user not in titles
            roles[user] = titles.get(user) or f"responder {pseudonyms}"
    roles = titles | roles
    names = {name: roles.get(user["id"], "someone") for user in users for name in _names(user)}
    return Cast(roles, names)


def channel_of(path: Path) -> str:
    """Return the channel that a day's file is of, empty if it lies in no folder of one."""
    return path.parent.name if export_of(path) != path.parent else ""


def rows(places: Sequence[tuple[str, int, Record]], channel: str, cast: Cast) -> Iterator[dict[str, Any]]:
    """Yield the messages of one day; those that are known to be no evidence are marked ``skip``.

    A row has the number of reactions and pins in ``marks``, and in ``thread`` the message that it answers.
    """
    for place, number, message in places:
        text = _text(message, cast)
        if message.get("subtype") in LEFT_OUT or not text:
            yield {"unit": place, "place": place, "number": number, "skip": True}
            continue
        user = message.get("user")
        is_bot = message.get("bot_id") is not None or message.get("subtype") == "bot_message" or not user
        edited = " [edited]" if isinstance(message.get("edited"), dict) else ""
        yield {
            "unit": place,
            "place": f" ts {message.get('ts')}{_link(message)}",
            "number": number,
            "time": message.get("ts"),
            "kind": "chat",
            "text": f"{text}{edited}",
            "marks": _marks(message),
            "thread": _thread(message),
            "source": f"slack #{channel}" if channel else "slack",
            "actor": "bot" if is_bot else cast.role(str(user)),
            "basis": "system",
        }


def _text(message: Record, cast: Cast) -> str:
    """Return what a message says, without markup and without names."""
    text = message.get("text") if isinstance(message.get("text"), str) else ""
    attachments = message.get("attachments")
    if not text and isinstance(attachments, list):  # bots write only there
        said = [a.get(key) for a in attachments if isinstance(a, dict) for key in ("title", "text", "fallback")]
        text = " ".join(dict.fromkeys(part for part in said if isinstance(part, str) and part))
    text = _USER.sub(lambda m: f"@{cast.role(m[1])}", text or "")
    text = _CHANNEL.sub(r"#\1", text)
    text = _LINK.sub(lambda m: f"{m[2]} ({m[1]})" if m[2] and m[2] not in m[1] else m[1], text)
    text = html.unescape(_SPECIAL.sub(r"@\1", text))
    return cast.without_names(text).strip()


def _link(message: Record) -> str:
    """Return the address of a message, where the export says it; it cannot be told from the rest."""
    link = message.get("permalink")
    return f" {link}" if isinstance(link, str) and re.fullmatch(r"https://[\w.-]+/archives/[\w/?=&.-]+", link) else ""


def _marks(message: Record) -> int:
    """Count reactions and pins: what people pointed at."""
    reactions, pins = message.get("reactions"), message.get("pinned_to")
    given = [r for r in reactions if isinstance(r, dict)] if isinstance(reactions, list) else []
    counts = [r["count"] for r in given if isinstance(r.get("count"), int) and 0 < r["count"] < 10**6]
    return sum(counts) + (len(pins) if isinstance(pins, list) else 0) + (message.get("subtype") == "pinned_item")


def _thread(message: Record) -> str | None:
    """Return the id of the message that this one answers."""
    thread = message.get("thread_ts")
    return thread if isinstance(thread, str) and thread != message.get("ts") else None


def _names(user: Record) -> set[str]:
    """Return every name that a user goes by."""
    own = user.get("real_name")
    profile = [_profile(user, key) for key in ("real_name", "real_name_normalized", "display_name")]
    return {name for name in (own, *profile) if isinstance(name, str) and name}


def _profile(user: Record, key: str) -> str:
    profile = user.get("profile")
    value = profile.get(key) if isinstance(profile, dict) else None
    return value.strip() if isinstance(value, str) else ""


def _is_number(text: object) -> bool:
    try:
        return float(str(text)) > 0
    except ValueError:
        return False


def _load(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON list; none if there is no such file or it is torn, which reading it will say."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return []
    return [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []
