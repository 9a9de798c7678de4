"""What the replays of alerting rules add to the ledger and to the findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pandas as pd

from postmortem_nb.analysis.claims import Claim, iso
from postmortem_nb.analysis.inputs import CLAIM, TOOL, Input, Trail
from postmortem_nb.analysis.replays import Replay
from postmortem_nb.errors import near
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Action, Incident
from postmortem_nb.times import Duration, format_duration, format_instant

FIRED = "whether the rule, replayed over the record, fires from 5 min before the impact to 5 min after it"
AT = "first firing of the rule that belongs to the incident; its bounds are those of an unknown phase of evaluation"
DETECT = "from the start of impact to the first firing of the rule"
GAIN = "measured detection minus first firing of the rule; negative: the rule would have been later"
QUIET = "firings a day in the record outside of the impact windows and 5 min around them; exact Poisson interval, 90 %"
NOISY = 1.0  # firings a day in the baseline that make a rule one that people learn to ignore


def claim_names(replays: Sequence[Replay]) -> list[str]:
    """Return how the ids of each rule's claims begin; of two rules of one name the later one's ends in ``_2``."""
    names: list[str] = []
    for replay in replays:
        name = f"rule.{re.sub(r'[^0-9A-Za-z_]', '_', replay.rule.alert)}"
        number = next(n for n in range(1, len(replays) + 1) if (name if n == 1 else f"{name}_{n}") not in names)
        names.append(name if number == 1 else f"{name}_{number}")
    return names


def replay_claims(replays: Sequence[Replay], trail: Trail) -> Iterator[Claim]:
    """Yield five claims a rule: fired, fires_at, time_to_detect, gain, baseline."""
    for name, replay in zip(claim_names(replays), replays, strict=True):
        yield from _claims(replay, name, trail)


def _claims(replay: Replay, name: str, trail: Trail) -> Iterator[Claim]:
    inputs: tuple[Input, ...] = (trail.file(replay.rule.file or "rule", what=replay.rule.alert), *trail.series())
    inputs += (Input(TOOL, replay.evaluated_by),) if replay.evaluated_by else ()
    basis, note = ("measured" if replay.fired != "unknown" else ""), " ".join(replay.notes)
    said = {"yes": 1.0, "no": 0.0}.get(replay.fired)
    bounds = (0.0, 1.0) if replay.fired == "unsure" else (said, said)
    word = "not known" if replay.fired == "unknown" else replay.fired
    yield Claim(f"{name}.fired", said, *bounds, "yes or no", word, basis, FIRED, inputs, note)
    first = replay.first
    at, lo, hi = (iso(t) for t in (first.at, first.lo, first.hi))
    text = format_instant(first) if first.is_known else "not known" if replay.fired == "unknown" else "never"
    yield Claim(f"{name}.fires_at", at, lo, hi, "instant", text, basis if first.is_known else "", AT, inputs, note)
    fires = Input(CLAIM, f"{name}.fires_at", what=text)
    for part, length, definition, claim, other in (
        ("time_to_detect", replay.time_to_detect, DETECT, "onset", replay.start),
        ("gain", replay.gain, GAIN, "detected", replay.detected),
    ):
        both = " + ".join(dict.fromkeys((basis, other.basis)))
        ends = (Input(CLAIM, claim, what=str(other)), fires)
        yield _length(f"{name}.{part}", length, definition, ends, both, _why(replay, length, note))
    rate = replay.per_day
    shown = f"{replay.quiet} in {format_duration(replay.quiet_time)}" if rate else "not known"
    value, low, high = rate or (None, None, None)
    note = note if rate else note or "the record holds no stretch without impact"
    basis = basis if rate else ""
    yield Claim(f"{name}.baseline", value, low, high, "firings a day", shown, basis, QUIET, inputs, note)


def _length(id_: str, d: Duration, definition: str, inputs: tuple[Input, ...], basis: str, note: str) -> Claim:
    value, lo, hi = (None if t is None else t.total_seconds() for t in (d.value, d.lo, d.hi))
    text = str(d) if d.is_known else "not known"
    return Claim(id_, value, lo, hi, "s", text, basis if d.is_known else "", definition, inputs, note)


def _why(replay: Replay, length: Duration, note: str) -> str:
    if length.is_known or replay.fired == "unknown":
        return note
    return "the rule does not fire" if replay.fired == "no" else "no start of impact or no detection is known"


def rule_of(action: Action, replays: Sequence[Replay]) -> Replay | None:
    """Return the replay of the rule that an action names; None if it names none, or one that is not there."""
    found = [r for r in replays if r.rule.file == action.rule and action.alert in ("", r.rule.alert)]
    return found[0] if action.rule and (action.alert or len(found) == 1) and found else None


def replay_findings(incident: Incident, replays: Sequence[Replay]) -> Iterator[Finding]:
    """Yield what is weak about the rules: not there, not replayable, silent, late, or noisy."""
    files = {r.file for r in incident.rules}
    for number, action in enumerate(incident.facts.actions, 1):
        if action.rule in files and rule_of(action, replays) is None:
            names = [r.rule.alert for r in replays if r.rule.file == action.rule]
            what = f"has no alert {action.alert!r}" if action.alert else f"holds {len(names)} alerts"
            fix = near(action.alert, names) if action.alert else f"Add `alert`: {', '.join(names)}."
            yield Finding("unknown-rule", "error", f"incident.toml: action {number}", f"{action.rule} {what}.", fix)
    named = [r for a in incident.facts.actions if (r := rule_of(a, replays)) is not None]
    for replay in replays:
        yield from _weak(replay, any(r is replay for r in named))


def _weak(replay: Replay, is_named: bool) -> Iterator[Finding]:
    where, severity = f"{replay.rule.file}: {replay.rule.alert}", "warning" if is_named else "note"
    if replay.fired == "unknown":
        text = f"the rule could not be replayed. {' '.join(replay.notes)}"
        yield Finding("rule-unknown", severity, where, text, "Add the series to metrics/, or correct the rule.")
        return
    if replay.fired == "no":
        text = "replayed over the record, the rule does not fire about this incident."
        yield Finding("rule-silent", severity, where, text, "Change its threshold, its window or `for`.")
    elif replay.gain.hi is not None and replay.gain.hi < pd.Timedelta(0):
        text = f"the rule fires at {replay.first}, later than the incident was detected ({replay.gain})."
        yield Finding("rule-late", severity, where, text, "Change its threshold, its window or `for`.")
    rate = replay.per_day
    if rate and replay.quiet > 1 and rate[1] >= NOISY:
        text = f"the rule fires {replay.quiet} times in {format_duration(replay.quiet_time)} without impact."
        yield Finding("rule-noisy", severity, where, text, "People learn to ignore such an alert; make it stricter.")
    for note in replay.notes:
        yield Finding("rule-note", "note", where, note)
