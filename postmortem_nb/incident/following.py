"""What follows from an incident: tasks, decisions not to act; and what the people who wrote it say about its checks."""

from __future__ import annotations

import datetime as dt
from typing import Literal, get_args

from pydantic import model_validator

from postmortem_nb.incident.written import Fact, Text

Kind = Literal["prevent", "detect", "mitigate", "process"]
KINDS: tuple[str, ...] = get_args(Kind)  # of actions


class Action(Fact):
    """A corrective or preventative measure as a task.

    What proves it done is a sentence (``check``), a ``command`` (shown as text, never run), a ``target`` of a metric,
    or an alert that is replayed: ``rule`` is its rule file (in the incident's folder), ``alert`` its name there.
    """

    text: Text
    kind: Kind
    owner: str = ""
    due: dt.date | None = None
    status: Literal["open", "done", "rejected"] = "open"
    done: dt.date | None = None
    priority: str = ""
    link: str = ""
    check: str = ""
    command: str = ""
    target: str = ""
    rule: str = ""
    alert: str = ""

    @model_validator(mode="after")
    def _named(self) -> Action:
        if self.alert and not self.rule:
            raise ValueError(f"an action names the alert {self.alert!r} and no `rule`, the file that it stands in")
        if self.done is not None and self.status != "done":
            raise ValueError(
                f"an action has the date {self.done} of its end and the status {self.status!r}, not `done`"
            )
        return self

    @property
    def proof(self) -> str:
        """What proves it done, in words; empty if nothing does."""
        alert = f"The alert {self.alert or self.rule}, replayed." if self.rule else ""
        target = f"Target: {self.target}" if self.target else ""
        command = f"Command: {self.command}" if self.command else ""
        return " ".join(filter(None, (self.check, target, command, alert)))


class Decision(Fact):
    """Something that will not be done, and why: who decided (a role), and when to look at it again."""

    text: Text
    why: Text
    who: str = ""
    revisit: dt.date | None = None


class Accepted(Fact):
    """A finding that is known and stays: its id, perhaps its place (a file, or file:line) or words of it, and why."""

    id: Text
    place: str = ""
    about: str = ""
    reason: Text


class Language(Fact):
    """What the checks of the words are told: short forms and words that are right, names of persons to look for."""

    acronyms: list[Text] = []
    words: list[Text] = []
    names: list[Text] = []
