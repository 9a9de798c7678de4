"""Who has reviewed the document, and what is told to readers outside."""

from __future__ import annotations

import datetime as dt

from pydantic import Field, field_validator

from postmortem_nb.incident.written import Fact, Text


class Review(Fact):
    """Which roles reviewed the document, and when."""

    reviewers: list[Text] = Field(default_factory=list)
    date: dt.date | None = None


class Public(Fact):
    """What the customer version says in its own words, and how services are called outside.

    A part that is left out is taken from the other facts, without the sentences that name something internal.
    """

    title: str = ""
    happened: list[Text] = Field(default_factory=list)
    done: list[Text] = Field(default_factory=list)
    planned: list[Text] = Field(default_factory=list)
    services: dict[str, str] = Field(default_factory=dict)

    @field_validator("services")
    @classmethod
    def _named(cls, services: dict[str, str]) -> dict[str, str]:
        for internal, name in services.items():
            if not name.strip():
                raise ValueError(f"services: {internal!r} has no public name. Write one, or leave the service out")
        return services
