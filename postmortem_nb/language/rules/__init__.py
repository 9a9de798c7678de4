"""Rules of wording are data: one TOML file each beside this module, with sentences that it must and must not match.

``id``, ``severity``, ``why``, ``fix``
    As in a finding.
``phrases``, ``unless``, ``[sets]``
    What to look for, in the form that `postmortem_nb.language.phrases` reads; where a phrase of ``unless`` overlaps, it
    is not meant.
``within``
    ``all`` prose (if left out) or ``actions`` alone.
``match`` and ``pass``
    Sentences for the tests and for the documentation.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from postmortem_nb.findings import SEVERITIES
from postmortem_nb.language.phrases import Phrases
from postmortem_nb.language.words import Word

PLACES = ("all", "actions")


@dataclass(frozen=True)
class Rule:
    """One rule of wording, with what it says about what it finds."""

    id: str
    severity: str
    why: str
    fix: str
    within: str
    phrases: Phrases
    unless: Phrases
    match: tuple[str, ...]
    passes: tuple[str, ...]

    @classmethod
    def from_toml(cls, text: str) -> Rule:
        """Read a rule file.

        Raises
        ------
        ValueError
            For a severity, place or set that does not exist.
        """
        raw = tomllib.loads(text)
        sets = raw.get("sets", {})
        within = raw.get("within", "all")
        if raw["severity"] not in SEVERITIES or within not in PLACES:
            raise ValueError(f"rule {raw['id']}: severity is one of {SEVERITIES}, within one of {PLACES}")
        return cls(
            raw["id"],
            raw["severity"],
            raw["why"],
            raw["fix"],
            within,
            Phrases(raw["phrases"], sets),
            Phrases(raw.get("unless", []), sets),
            tuple(raw["match"]),
            tuple(raw["pass"]),
        )

    def find(self, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
        """Yield the first and behind the last word of each place that the rule is about."""
        found = list(self.phrases.find(words))
        spared = list(self.unless.find(words)) if found else []
        for start, end in found:
            if not any(first < end and start < last for first, last in spared):
                yield start, end


@cache
def all_rules() -> dict[str, Rule]:
    """Return every rule by id."""
    found = sorted((f for f in files(__name__).iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    rules = [Rule.from_toml(f.read_text(encoding="utf-8")) for f in found]
    return {rule.id: rule for rule in rules}
