"""What the proposed alerting rules would have done, under the measures that propose them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from postmortem_nb.analysis.alertclaims import claim_names, rule_of
from postmortem_nb.analysis.replays import COLUMNS, Replay
from postmortem_nb.incident import AlertRule
from postmortem_nb.sections.blocks import paragraph
from postmortem_nb.tables import Safe, bullets, escape, frame_table, measured, more, table

if TYPE_CHECKING:
    from postmortem_nb.sections import Postmortem

MOST = 50  # firings that are listed
ABOUT = (
    "The proposed alerting rules, replayed over the record. The gain is the time from the first firing to the measured "
    "detection; notification takes its own time on top. The bounds cover every phase at which a rule may be evaluated. "
)


def replayed(post: Postmortem) -> Iterator[Safe]:
    """Yield the table of the replays, what to bear in mind, and the rules as written; nothing without rules."""
    replays, claims = post.analysis.replays, post.analysis.claims
    if not replays:
        return
    texts = {id(r): a.text for a in post.incident.facts.actions if (r := rule_of(a, replays)) is not None}
    rows = [
        (
            _named(name, r, texts.get(id(r), "")),
            measured(claims[f"{name}.gain"].text),
            _firing(r, claims[f"{name}.fires_at"].text),
            measured(claims[f"{name}.time_to_detect"].text),
            _quiet(r, claims[f"{name}.baseline"].text),
        )
        for name, r in zip(claim_names(replays), replays, strict=True)
    ]
    evaluators = dict.fromkeys(r.evaluated_by for r in replays if r.evaluated_by)
    yield paragraph(ABOUT + (f"Evaluated by: {', '.join(evaluators)}." if evaluators else ""))
    columns = ("Rule", "Gain", "Fires at", "Time to detect with it", "Without impact")
    yield table(columns, rows, "Alert replay", numeric=("Gain", "Time to detect with it"))
    notes = [f"{r.rule.alert}: {note}" for r in replays for note in r.notes]
    if notes:
        yield bullets(notes)
    lives = [r.firings.assign(rule=r.rule.alert)[["rule", *COLUMNS]] for r in replays if len(r.firings)]
    if lives:
        every = pd.concat(lives, ignore_index=True)
        shown = f" (the first {MOST} of {len(every):,})" if len(every) > MOST else ""
        yield more("Every firing", frame_table(every.head(MOST), f"Alerts of the replayed rules, in UTC{shown}"))
    yield more("The rules", bullets(_written(r.rule) for r in replays))


def _named(name: str, replay: Replay, action: str) -> Safe:
    text = f"<br><small>{escape(action)}</small>" if action else ""
    return Safe(f'<a href="#claim-{name}.fired">{escape(replay.rule.alert)}</a>{text}')


def _firing(replay: Replay, text: str) -> Safe | str:
    if replay.fired != "unsure":
        return measured(text)
    return Safe(f"{measured(text)}<br><small>or not at all: it depends on the phase of its evaluation</small>")


def _quiet(replay: Replay, text: str) -> Safe:
    """Return the firings in the baseline, and small beneath them how many a day that is."""
    rate = replay.per_day
    below = f"<br><small>{rate[0]:.2g} a day (90 %: {rate[1]:.2g}–{rate[2]:.2g})</small>" if rate else ""
    return Safe(f"{escape(text)}{below}")


def _written(rule: AlertRule) -> Safe:
    keep = f"\nkeep_firing_for: {rule.keep_firing_for}" if rule.keep_firing_for != "0s" else ""
    text = f"expr: {rule.expr.strip()}\nfor: {rule.hold}{keep}\nevery: {rule.interval}"
    return Safe(f"{escape(rule.alert)} ({escape(rule.file)})<pre>{escape(text)}</pre>")
