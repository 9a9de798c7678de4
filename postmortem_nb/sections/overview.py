"""The first screen: header card, issue summary, impact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from postmortem_nb.analysis.claims import Claim, format_quantity
from postmortem_nb.analysis.windows import hold_time
from postmortem_nb.charts import chart_signal
from postmortem_nb.review import NOTICES
from postmortem_nb.sections.amounts import quantities
from postmortem_nb.sections.blocks import Section, paragraph, prose
from postmortem_nb.tables import Safe, clock, definitions, escape, finding_items, more, table, whole_dates
from postmortem_nb.times import UTC, format_duration, format_time, format_window
from postmortem_nb.wording import counted

if TYPE_CHECKING:
    from postmortem_nb.sections import Postmortem

FIGURES = (
    ("Impact", "impact_time"),
    ("Time to detect", "time_to_detect"),
    ("Time to mitigate", "time_to_mitigate"),
    ("Time to recover", "time_to_recover"),
)
TOP = 3  # findings shown in full under the card


def card(post: Postmortem) -> Safe:
    """Return the header card: labels, title, lead, four times, worst findings."""
    facts, analysis = post.incident.facts, post.analysis
    notice = NOTICES.get(facts.status, "")
    status = f'<p class="pnb-status">{escape(notice)}</p>' if notice else ""
    labels = [facts.severity, "open" if facts.open else "", f"postmortem: {facts.status}", *facts.services]
    chips = " ".join(f'<span class="pnb-label">{escape(x)}</span>' for x in labels if x)
    window = _window_line(post)
    lead = f'<p class="pnb-lead">{escape(facts.summary)}</p>' if facts.summary else ""
    synthetic = (
        f'<p class="pnb-synthetic">Synthetic telemetry: {escape(facts.synthetic)}</p>' if facts.synthetic else ""
    )
    cells = "".join(_figure(name, analysis.claims[id_]) for name, id_ in FIGURES)
    serious = [f for f in analysis.findings if f.severity != "note"]
    first, rest = finding_items(serious[:TOP]), serious[TOP:]
    folded = more(f"{len(rest)} more findings", finding_items(rest)) if rest else ""
    findings = f'<div class="pnb-top-findings">{first}{folded}</div>' if serious else ""
    return Safe(
        f'<section class="pnb-card"><p class="pnb-labels">{chips}</p><h1>{escape(facts.title)}</h1>'
        f'<p class="pnb-window">{whole_dates(window)}</p>{lead}{status}{synthetic}'
        f'<dl class="pnb-figures">{cells}</dl>{_how_bad(post)}{findings}</section>'
    )


def _how_bad(post: Postmortem) -> str:
    """Return how far the signal was from normal, and which files say so; empty without a measured window."""
    signal, claims = post.analysis.signal, post.analysis.claims
    worst, usual = claims["peak_value"], claims["baseline_value"]
    if signal is None or not (worst.basis and usual.basis):
        return ""
    files = list(claims.evidence_of(worst.id))
    others = [counted(len(files) - 1, "other file")] if files[1:] else []
    places = " and ".join([*files[:1], *others])
    numbers = [f'<a class="pnb-claim" href="#claim-{c.id}">{escape(c.text)}</a>' for c in (worst, usual)]
    source = f", measured from {escape(places)}" if places else ""
    name = escape(signal.name[:1].upper() + signal.name[1:])
    return f"<p><strong>{name}</strong>: {numbers[0]} at the worst, usually {numbers[1]}{source}.</p>"


def _window_line(post: Postmortem) -> str:
    """Return when it was, in UTC and in the zone of the incident."""
    windows, zone = post.analysis.windows, post.analysis.zone
    if not windows:
        start, end = (post.analysis.moments.at(m).best for m in ("start", "recover"))
        if start is None or end is None or end <= start:
            return "No impact window is measured."
        return f"{format_window((start, end))}, declared; nothing was measured."
    span, is_open = (windows[0].span[0], windows[-1].span[1]), windows[-1].is_open
    many = f" in {len(windows)} windows" if len(windows) > 1 else ""
    local = f" · {format_window(span, zone, is_open=is_open)}" if zone != UTC else ""
    return f"{format_window(span, is_open=is_open)}{many}{local}"


def _figure(name: str, claim: Claim) -> str:
    """Return one cell of the strip: big value, interval, basis."""
    value, _, interval = claim.text.partition(" (")
    interval = interval.removesuffix(")")
    unit = "" if any(c.isalpha() for c in interval) else value.rpartition(" ")[2]  # "32–33" lacks it
    below = f"{interval} {unit}".strip() if interval else claim.note
    return (
        f'<div class="pnb-figure"><dt class="pnb-name"><a href="#claim-{claim.id}">{escape(name)}</a></dt>'
        f'<dd class="pnb-value">{escape(value)}</dd><dd class="pnb-interval">{escape(below)}</dd>'
        f'<dd class="pnb-basis">{escape(claim.told_basis)}</dd></div>'
    )


def summary(post: Postmortem) -> Section:
    """Return what happened, how long, to whom, and the cause in one line."""
    facts, claims, zone = post.incident.facts, post.analysis.claims, post.analysis.zone
    windows = post.analysis.windows
    spans = [
        format_window(w.span, is_open=w.is_open)
        + (f" · {format_window(w.span, zone, is_open=w.is_open)}" if zone != UTC else "")
        for w in windows
    ]
    declared = " to ".join(
        claims[f"declared_{m}"].text for m in ("started", "resolved") if facts.milestones.get(m).is_known
    )
    facts_list = definitions(
        [
            ("What", facts.summary or facts.title),
            ("When, measured", "; ".join(spans)),
            ("When, declared", declared),
            ("Duration of impact", _length(post)),
            ("Who was affected", facts.affected or "not recorded"),
            ("Cause", facts.cause or "not written yet"),
            ("Trigger", facts.trigger),
            ("Detected", _detection(post)),
        ]
    )
    return Section.of("Issue summary", prose(post, "Summary"), facts_list)


def _length(post: Postmortem) -> str:
    """Return how long it lasted, from the evidence or else from what was declared."""
    claims = post.analysis.claims
    if post.analysis.windows:
        return f"{claims['impact_time'].text}, measured"
    total = claims["time_to_recover"]
    return f"{total.text}, {total.basis}" if total.basis else "not known"


def _detection(post: Postmortem) -> str:
    detect, time = post.analysis.moments.at("detect"), post.analysis.timing("time_to_detect")
    if not detect.is_known:
        return "not recorded"
    by = post.analysis.moments.detected_by
    after = f", {time.text} after the impact began" if time.duration.is_known else ""
    return f"{detect}{f', by {by}' if by else ''}{after}"


def impact(post: Postmortem) -> Section:
    """Return how bad it was: the signal with its windows, the quantities with their formulas."""
    analysis = post.analysis
    return Section.of(
        "Impact",
        prose(post, "Impact"),
        paragraph(post.incident.facts.impact) if post.incident.facts.impact else None,
        chart_signal(analysis),
        _how_measured(post),
        *_sensitivity(post),
        *quantities(analysis),
    )


def _how_measured(post: Postmortem) -> Safe:
    signal, measurement, settings = post.analysis.signal, post.analysis.measurement, post.analysis.settings
    if signal is None or measurement is None:
        return paragraph(
            "There is no telemetry, so nothing about the impact could be measured. What stands here was declared."
        )
    b, claims = measurement.baseline, post.analysis.claims
    text = (
        f"The signal is “{signal.name}” ({signal.why}). Normal is {claims['baseline_value'].text}, taken from {b.how} "
        f"({b.samples:,} samples). A window opens at {claims['threshold'].text} ({b.rule}) and closes when the signal "
        f"has stayed near normal for {format_duration(hold_time(signal, settings))}."
    )
    if measurement.near_misses:
        misses = "; ".join(format_window(w.span) for w in measurement.near_misses)
        text += f" Too short to count: {misses}."
    if signal.signal.note:
        text += f" {signal.signal.note}"
    return paragraph(text)


def _sensitivity(post: Postmortem) -> Iterator[Safe]:
    """Yield how far the windows move with the two choices that move them most, and the grid behind that, folded."""
    grid = post.analysis.sensitivity
    found = grid[grid["windows"] > 0]
    if found.empty or not post.analysis.windows:
        return
    unit = post.analysis.signal.unit if post.analysis.signal else ""
    gaps = [format_duration(pd.Timedelta(g)) for g in dict.fromkeys(grid["merge_gap"])]
    edges = {"the onset": found["onset"], "the recovery": found["recovery"].dropna()}
    stays = [
        f"{name} {_spread(f'{format_time(times.min())} UTC', f'{format_time(times.max())} UTC')}"
        for name, times in edges.items()
        if len(times)
    ]
    if not post.analysis.windows[-1].is_open:
        lengths = found["impact_time"]
        stays.append(f"the impact time {_spread(format_duration(lengths.min()), format_duration(lengths.max()))}")
    counts = sorted(set(found["windows"]))
    many = " or ".join(str(n) for n in counts)
    lost = f" In {len(grid) - len(found)} of them no window is left." if len(found) < len(grid) else ""
    yield paragraph(
        f"Across {len(grid)} settings (the threshold half, one and two times as far from the baseline; gaps of up to "
        f"{', '.join(gaps)} joined) there {'is' if counts == [1] else 'are'} {many} "
        f"{'window' if counts == [1] else 'windows'}; {', '.join(stays)}.{lost}"
    )
    rows = [
        (
            format_quantity(r["threshold"], unit),
            format_duration(pd.Timedelta(r["merge_gap"])),
            r["windows"],
            clock(format_time(r["onset"])) if r["windows"] else "",
            clock(format_time(r["recovery"])) if not pd.isna(r["recovery"]) else "",
            format_duration(r["impact_time"]),
        )
        for r in grid.to_dict("records")
    ]
    columns = ("Threshold", "Gaps joined up to", "Windows", "Onset (UTC)", "Recovery (UTC)", "Impact time")
    yield more(
        "The grid of settings", table(columns, rows, "How the windows move with the settings", numeric=("Windows",))
    )


def _spread(first: str, last: str) -> str:
    """Return between which printed values something lies, or that it stays the same."""
    return f"stays {first}" if first == last else f"lies between {first} and {last}"
