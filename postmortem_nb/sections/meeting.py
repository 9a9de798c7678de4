"""The optional parts for a review meeting, where the setting `sections` asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from postmortem_nb.analysis.settings import FACILITATION, WHYS
from postmortem_nb.drafting.meeting import facilitation, whys
from postmortem_nb.sections.blocks import subheading
from postmortem_nb.tables import bullets, definitions

if TYPE_CHECKING:
    from postmortem_nb.sections import Postmortem


def five_whys(post: Postmortem) -> Iterator[object]:
    """Yield the five whys with their answers, as far as they are known."""
    if WHYS in post.analysis.settings.optional_sections:
        yield subheading("Five whys")
        yield definitions([(question, answer or "To be written.") for question, answer in whys(post.analysis)])


def facilitator_questions(post: Postmortem) -> Iterator[object]:
    """Yield questions for the meeting."""
    if FACILITATION in post.analysis.settings.optional_sections:
        yield subheading("Questions for the review meeting")
        yield bullets(facilitation(post.analysis))
