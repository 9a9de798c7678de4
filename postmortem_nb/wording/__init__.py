"""English and Markdown in small: lists, plurals, whole sentences, and text that Markdown leaves alone."""

from postmortem_nb.wording.english import NUMBERS, clause, counted, listed, sentence
from postmortem_nb.wording.literal import literal

__all__ = ["NUMBERS", "clause", "counted", "listed", "literal", "sentence"]
