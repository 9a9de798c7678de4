"""Why a number differs: its definition, the files, settings and declared facts behind it, or the times it rests on.

A result says of every claim what it was computed from. What changed of that is a reason; what did not cannot be one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from postmortem_nb.differences.sides import Side
from postmortem_nb.incident import FACTS

SHOWN_ONLY = ("zone", "sections")  # settings that change no number
REPLAYS = "rule."  # claims that the setting `replay` bears on
FROM_EVIDENCE = ("measured", "estimated")
UNTOLD = "the two results do not tell why"


@dataclass(frozen=True)
class Reasons:
    """What differs between two results that could move a number.

    Parameters
    ----------
    settings, files : dict
        Setting, or file, → what happened to it, in words.
    program : str
        In words, if the two were made by different versions of the program.
    declared : str
        In words, unless both rest on the same declared facts.
    elsewhere : str
        In words, all that is known to differ, for a number whose own inputs tell nothing; empty if nothing does.
    """

    settings: Mapping[str, str]
    files: Mapping[str, str]
    program: str
    declared: str
    elsewhere: str

    @classmethod
    def between(cls, old: Side, new: Side) -> Reasons:
        """Return what differs between two sides."""
        a, b = old.result, new.result
        before, after = a.get("settings", {}), b.get("settings", {})
        settings = {
            name: f"setting {name}: {before.get(name, 'none')} → {after.get(name, 'none')}"
            for name in dict.fromkeys([*before, *after])
            if before.get(name) != after.get(name) and name not in SHOWN_ONLY
        }
        hashes = [{f["file"]: f["sha256"] for f in side.get("files", [])} for side in (a, b)]
        files = {name: _file(name, *hashes) for name in dict.fromkeys([*hashes[0], *hashes[1]])}
        made = [side.get("generator", "") for side in (a, b)]
        program = f"made by {made[0]} and {made[1]}" if made[0] != made[1] else ""
        is_same = bool(old.facts_hash) and (old.facts_hash, old.version) == (new.facts_hash, new.version)
        declared = "" if is_same else f"declared differently in {FACTS}"
        changed = {name: text for name, text in files.items() if text}
        is_known = bool(old.facts_hash and new.facts_hash)
        rest = [*changed.values(), *settings.values(), *([f"{FACTS} changed"] if declared and is_known else [])]
        elsewhere = f"its own inputs are the same; elsewhere: {'; '.join(rest)}" if rest else ""
        return cls(settings, changed, program, declared, elsewhere)

    def of(self, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> tuple[str, ...]:
        """Return the reasons for one claim, the nearest first."""
        claims = [c for c in (old, new) if c is not None]
        found = tuple(dict.fromkeys([*self._near(old, new), *self._far(claims)]))
        return found or (self.program or self.elsewhere or UNTOLD,)

    def _near(self, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[str]:
        """Yield what the claim itself says: another definition, basis or time that it is counted from."""
        if old is None or new is None:
            return
        if _rule(old) != _rule(new):
            yield f"definition: “{_rule(old)}” → “{_rule(new)}”"
        if old["basis"] != new["basis"] and old["basis"] and new["basis"]:
            yield f"basis: {old['basis']} → {new['basis']}"
        before, after = _ends(old), _ends(new)
        for name in before:
            if name in after and before[name] != after[name]:
                yield f"{name}: {before[name]} → {after[name]}"

    def _far(self, claims: list[Mapping[str, Any]]) -> Iterator[str]:
        """Yield what changed beneath it: files, settings, declared facts."""
        bases = {part for c in claims for part in c["basis"].split(" + ")}
        is_measured = any(basis in bases for basis in FROM_EVIDENCE)
        rests_on = {name for c in claims for name in c["evidence"]}
        yield from (text for file, text in self.files.items() if file in rests_on)
        for setting, text in self.settings.items():
            about_rules = any(c["id"].startswith(REPLAYS) for c in claims)
            if about_rules if setting == "replay" else is_measured:
                yield text
        every = all("declared" in c["basis"] or not c["basis"] for c in claims)
        if every and self.declared and any(i["name"] == FACTS for c in claims for i in c["inputs"]):
            yield self.declared


def _file(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> str:
    if name not in old:
        return f"{name} is new"
    if name not in new:
        return f"{name} is gone"
    return f"{name} changed" if old[name] != new[name] else ""


def _rule(claim: Mapping[str, Any]) -> str:
    """Return a definition without the values that it may be followed by."""
    return str(claim["definition"]).partition(": ")[0]


def _ends(claim: Mapping[str, Any]) -> dict[str, str]:
    """Return the two times that a duration is the difference of, by name."""
    return {i["name"]: i["what"] for i in claim["inputs"] if i["kind"] == "claim"}
