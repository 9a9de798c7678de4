"""The comparison: every difference with its size, and for each number the reasons that the results can give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from postmortem_nb.analysis.claims import format_quantity
from postmortem_nb.differences.reasons import Reasons
from postmortem_nb.differences.sides import Side
from postmortem_nb.times import format_duration

KINDS = ("number", "fact", "setting", "file", "finding", "program")
SAME = 1e-9  # relative; results carry floats


@dataclass(frozen=True)
class Change:
    """One difference between two results.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    name : str
        Claim, place in ``incident.toml``, setting, file or rule of a finding.
    old, new : str
        As each side prints it; empty where a side does not have it.
    by : str
        How far the number moved, where both sides know it.
    why : tuple of str
        What of the two results explains it.
    """

    kind: str
    name: str
    old: str
    new: str
    by: str = ""
    why: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {**asdict(self), "why": list(self.why)}


def compare(old: Side, new: Side) -> tuple[Change, ...]:
    """Return every difference, numbers first; empty if the two say the same."""
    return (
        *_numbers(old.result, new.result, Reasons.between(old, new)),
        *_facts(old, new),
        *_pairs("setting", old.result.get("settings", {}), new.result.get("settings", {})),
        *_files(old.result, new.result),
        *_findings(old.result, new.result),
        *_pairs("program", *({"generator": side.result.get("generator", "")} for side in (old, new))),
    )


def _by_id(result: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {claim["id"]: claim for claim in result["claims"]}


def _numbers(old: Mapping[str, Any], new: Mapping[str, Any], reasons: Reasons) -> Iterator[Change]:
    before, after = _by_id(old), _by_id(new)
    for name in dict.fromkeys([*before, *after]):
        a, b = before.get(name), after.get(name)
        if a is not None and b is not None and _equal(a, b):
            continue
        was, is_now = ("" if claim is None else claim["text"] for claim in (a, b))
        yield Change("number", name, was, is_now, _moved(a, b), reasons.of(a, b))


def _equal(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    values = all(_same(a[key], b[key]) for key in ("value", "lo", "hi"))
    return values and a["unit"] == b["unit"] and a["basis"] == b["basis"]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= SAME * max(abs(a), abs(b))
    return bool(a == b)


def _moved(a: Mapping[str, Any] | None, b: Mapping[str, Any] | None) -> str:
    """Return how far a number moved: ``+5 min 20 s``, ``−1,200 requests``; empty where a side does not know it."""
    if a is None or b is None or a["unit"] != b["unit"] or a["value"] == b["value"]:
        return ""
    x, y, unit = a["value"], b["value"], a["unit"]
    if unit == "instant":
        return _signed(_instant(y) - _instant(x)) if _instant(x) is not None and _instant(y) is not None else ""
    if not isinstance(x, int | float) or not isinstance(y, int | float):
        return ""
    if unit == "s" and abs(y - x) >= 1:
        return _signed(pd.Timedelta(seconds=y - x))
    sign = "+" if y > x else "−"
    if unit.startswith("share"):
        return f"{sign}{abs(y - x) * 100:.3g} percentage points"
    return f"{sign}{format_quantity(abs(y - x), unit)}"


def _instant(value: object) -> Any:
    return pd.Timestamp(value) if isinstance(value, str) and "/" not in value else None


def _signed(d: pd.Timedelta) -> str:
    return f"{'+' if d > pd.Timedelta(0) else '−'}{format_duration(abs(d))}" if d else ""


def _pairs(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*old, *new]):
        a, b = (str(side.get(name, "")) for side in (old, new))
        if a != b:
            yield Change(kind, name, a, b)


def _facts(old: Side, new: Side) -> Iterator[Change]:
    """Yield what was declared differently; where a side is a written result, of that alone which it carries."""
    if old.is_whole and new.is_whole:
        yield from _pairs("fact", old.facts, new.facts)
        return
    carried = [side.facts for side in (old, new) if not side.is_whole]
    names = {name for facts in carried for name in facts}
    yield from _pairs("fact", *({k: v for k, v in side.facts.items() if k in names} for side in (old, new)))


def _files(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    hashes = ({f["file"]: f"sha256 {f['sha256'][:16]}" for f in side.get("files", [])} for side in (old, new))
    yield from _pairs("file", *hashes)


def _findings(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    before, after = ({(f["id"], f["where"], f["text"]) for f in side.get("findings", [])} for side in (old, new))
    for name, where, text in sorted(before - after):
        yield Change("finding", name, f"{where}: {text}", "")
    for name, where, text in sorted(after - before):
        yield Change("finding", name, "", f"{where}: {text}")
