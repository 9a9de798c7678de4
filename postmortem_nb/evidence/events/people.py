"""Names of people in the records of a tool → roles. Names never leave this module.

Whoever did something is "responder 1", "responder 2" … in the order of time; whoever is only spoken of is "someone".
A name is known by the key that it stands under, and is replaced wherever a text holds it, as is every e-mail address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

KEYS = frozenset(
    (
        *("acknowledger", "acknowledgedby", "closedby", "agent", "user", "users", "username", "useridentity", "login"),
        *("author", "committer", "creator", "assignee", "assignees", "assigner", "assigned_user", "owner", "actor"),
        *("triggering_actor", "sender", "reporter", "requester", "responder", "responders", "commander", "liaison"),
        *(
            "scribe",
            "lead",
            "displayname",
            "display_name",
            "full_name",
            "real_name",
            "email",
            "author_name",
            "committer_name",
        ),
        *("participants", "mentions", "deployer", "publisher"),
    )
)
BEHIND = ("_by", "_email", "_user", "_login", "by_user", "createdby", "updatedby", "resolvedby", "deployedby")
NAMES = (
    "summary",
    "name",
    "full_name",
    "real_name",
    "display_name",
    "displayName",
    "nickname",
    "login",
    "username",
    "userName",
)
ADDRESSES = ("email", "emailAddress", "principalId", "handle")
TOOLS = ("service", "integration", "bot", "policy", "schedule", "team", "app", "workflow", "system", "organization")
SHORTEST = 3  # a shorter name may be anything
SOMEONE = "someone"

_EMAIL = re.compile(r"(?<![\w.+-])(?!git@)[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_WORDS = ("system", "api", "user", "admin", "root", "bot", "null", "none", "unknown", SOMEONE, "deploy", "service")


class People:
    """Who is who in the records of one file."""

    def __init__(self, records: Iterable[Any] = ()) -> None:
        self._same: dict[str, str] = {}  # name → the name that stands for all of that person's
        self._roles: dict[str, str] = {}
        found = {names for record in records for names in _people_in(record)}
        for names in sorted(found, key=lambda names: (-len(names), names)):  # those that tie names together come first
            self._add(names)

    def give_roles(self, persons: Iterable[object]) -> None:
        """Number the people who did something, in the order in which they did."""
        for person in persons:
            names = names_of(person)
            if names:
                self._add(names)
                self._roles.setdefault(self._same[names[0]], f"responder {len(self._roles) + 1}")

    def role(self, person: object, default: str = "") -> str:
        """Return the role of who did something; a tool is ``bot``."""
        if person is None or person == "":
            return default
        names = names_of(person)
        if names:
            return self._roles.get(self._same.get(names[0], ""), SOMEONE)
        return "bot" if isinstance(person, str) or (isinstance(person, dict) and _is_tool(person)) else default

    def without_names(self, text: str) -> str:
        """Return a text with roles in the place of names."""
        text = _EMAIL.sub(lambda m: self._role_of(m[0]), text)
        words = [name for name in self._same if len(name) >= SHORTEST and name.lower() not in _WORDS and name in text]
        if not words:
            return text
        longest_first = sorted(words, key=lambda word: (-len(word), word))
        pattern = rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"
        return re.sub(pattern, lambda m: self._role_of(m[0]), text)

    def _role_of(self, name: str) -> str:
        return self._roles.get(self._same.get(name, ""), SOMEONE)

    def _add(self, names: tuple[str, ...]) -> None:
        whole = min((self._same[name] for name in names if name in self._same), default=names[0])
        for name in names:
            self._same.setdefault(name, whole)


def names_of(person: object) -> tuple[str, ...]:
    """Return the names that a person goes by; none for a tool."""
    if isinstance(person, str):
        name = person.strip()
        is_tool = name.endswith("[bot]") or name.lower() in ("system", "api", "bot")
        return (name,) if name and not is_tool else ()
    if not isinstance(person, dict) or _is_tool(person):
        return ()
    wrapped = person.get("user") or person.get("individual")  # incident.io and Dispatch wrap a person once more
    if isinstance(wrapped, dict):
        person = person | wrapped
    found = [person[key].strip() for key in (*NAMES, *ADDRESSES) if isinstance(person.get(key), str)]
    found = [name for name in found if name and not name.endswith("[bot]")]
    return tuple(dict.fromkeys(found))


def _is_tool(person: Mapping[str, Any]) -> bool:
    kind = str(person.get("type", "")).lower()
    return (
        person.get("isBot") is True
        or any(word in kind for word in TOOLS)
        or str(person.get("login", "")).endswith("[bot]")
    )


def _people_in(record: Any) -> Iterable[tuple[str, ...]]:
    """Yield the names under every key that holds a person, however deep."""
    held = [record]
    while held:
        value = held.pop()
        if isinstance(value, list):
            held += value
        elif isinstance(value, dict):
            for key, inner in value.items():
                if _is_person(key):
                    for one in inner if isinstance(inner, list) else [inner]:
                        if names := names_of(one):
                            yield names
                held.append(inner)


def _is_person(key: str) -> bool:
    low = key.lower()
    return low in KEYS or low.endswith(BEHIND)
