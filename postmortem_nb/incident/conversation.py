"""Which messages of a chat belong into the timeline; the others stay evidence."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from postmortem_nb.incident.written import Fact, Text


class Chat(Fact):
    """Messages that enter the timeline: those that people named here, and those that they pointed at in the chat.

    ``include`` and ``exclude`` hold places (``events/slack/web/2024-01-14.json#12``, a time stamp or a permalink, as
    the evidence column has them) or words of a message, with ``*`` and ``?`` for any text. ``marks`` is how many
    reactions and pins make a message one of the timeline; 0 lets in only those that are included.
    """

    include: tuple[Text, ...] = ()
    exclude: tuple[Text, ...] = ()
    marks: Annotated[int, Field(ge=0)] = 1
