"""The sections about time: how long everything took, and what happened when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem_nb.analysis.comparison import Comparison
from postmortem_nb.analysis.conventions import Convention
from postmortem_nb.analysis.moments import NAMES, Moment
from postmortem_nb.analysis.timings import Timing
from postmortem_nb.charts import chart_timeline, chart_timing
from postmortem_nb.sections.blocks import Section, paragraph, prose, subheading
from postmortem_nb.sections.paths import misleading_paths
from postmortem_nb.tables import Safe, clock, escape, measured, more, table
from postmortem_nb.times import UTC, format_instant, format_time, format_window, zone_label

if TYPE_CHECKING:
    from postmortem_nb.sections import Postmortem


def timings(post: Postmortem) -> Section:
    """Return every time with its definition and both ends, and declared against measured."""
    known = [t for t in post.analysis.timings if t.duration.is_known]
    missing = [t for t in post.analysis.timings if not t.duration.is_known]
    columns = ("Time", "Value", "From", "To", "Basis")
    days = {i.best.date() for t in known for m in (t.start, t.end) if m and (i := m.instant).best is not None}
    rows = [
        (
            _linked(t),
            measured(t.text),
            _end(t.start, date=len(days) > 1),
            _end(t.end, date=len(days) > 1),
            t.basis,
        )
        for t in known
    ]
    absent = table(
        ("Time", "Why it is missing", "Definition"),
        [(_linked(t, defined=False), t.note, t.definition) for t in missing],
        "Times that cannot be computed",
    )
    return Section.of(
        "Timings",
        chart_timing(post.analysis),
        table(columns, rows, "Times of this incident", numeric=("Value",)) if rows else None,
        more(f"{len(missing)} {'time' if len(missing) == 1 else 'times'} that cannot be computed, and why", absent)
        if missing
        else None,
        _each_window(post),
        _elsewhere(post),
        *_compared(post),
    )


def _each_window(post: Postmortem) -> Safe | None:
    """Return how each of several windows was noticed."""
    noticed = post.analysis.noticed
    if len(noticed) < 2:
        return None
    rows = [
        (
            clock(format_window(n.window.span, is_open=n.window.is_open)),
            measured(str(n.duration)) if n.duration.is_known else "not known",
            n.by.text if n.by else n.note or "nothing tells of it",
            clock(format_instant(n.by.instant, date=False)) if n.by else "",
        )
        for n in noticed
    ]
    columns = ("Window", "Time to detect", "First sign of it", "When")
    return table(columns, rows, "Detection of each window", numeric=("Time to detect",))


def _elsewhere(post: Postmortem) -> Safe | None:
    """Return the same events under the definitions of others, folded."""
    found = post.analysis.conventions
    if not any(c.duration.is_known for c in found):
        return None
    rows: list[list[object]] = [
        [
            _named(c.convention),
            measured(c.text),
            " or ".join(NAMES[name] for name in c.convention.start),
            " or ".join(NAMES[name] for name in c.convention.end),
            c.note,
        ]
        for c in found
    ]
    columns = ["Definition", "Value", "From", "To", "Note"]
    if not any(c.note for c in found):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    head = "The same events under the definitions of others: why tools disagree"
    return more(head, table(columns, rows, "Times by definition", numeric=("Value",)))


def _named(c: Convention) -> Safe:
    return Safe(f"{escape(c.authority)}: {escape(c.name)}<br><small>{escape(c.source)}</small>")


def _linked(t: Timing, *, defined: bool = True) -> Safe:
    """Return the name of a time, linked to its claim, with its definition beneath."""
    note = f" ({t.note})" if t.note else ""
    below = f"<br><small>{escape(t.definition + note)}</small>" if defined else ""
    return Safe(f'<a href="#claim-{t.id}">{escape(t.name)}</a>{below}')


def _end(moment: Moment | None, *, date: bool) -> str:
    """Return one end of a time; the date only where the incident has several."""
    if moment is None:
        return ""
    if not moment.instant.is_known:
        return f"{moment.label}: not recorded"
    return Safe(f"{escape(moment.label)}, {clock(format_instant(moment.instant, date=date))}")


def _compared(post: Postmortem) -> Iterator[object]:
    rows = post.analysis.comparison
    if not rows:
        return
    yield subheading("Declared against measured")
    yield paragraph(
        "What people wrote beside what the evidence shows. “Within resolution” means that the two differ by no more "
        "than one sample; “no evidence” that nothing in the folder speaks about it."
    )
    versions = list(dict.fromkeys(r.version for r in rows))
    columns = ("Milestone", "Declared", "Measured", "Difference", "Verdict")
    for version in versions:
        caption = f"Declared against measured: {version}" if version else "Declared against measured"
        cells = [_comparison(r) for r in rows if r.version == version]
        yield table(columns, cells, caption)


def _comparison(row: Comparison) -> tuple[object, ...]:
    kind = row.verdict.replace(" ", "-")
    verdict = Safe(f'<span class="pnb-verdict pnb-{kind}">{escape(row.verdict)}</span>')
    note = Safe(f"{verdict}<br>{escape(row.note)}") if row.note else verdict
    found = clock(format_instant(row.measured)) if row.measured.is_known else "no evidence"
    return row.label, clock(format_instant(row.declared)), found, _difference(row), note


def _difference(row: Comparison) -> str:
    text = row.difference_text
    return text if text in ("", "none") else f"declared {text}"


def timeline(post: Postmortem) -> Section:
    """Return what happened in order, and the misleading paths with what they cost."""
    analysis = post.analysis
    return Section.of(
        "Timeline",
        prose(post, "Detection"),
        _leads(post),
        _signs(post),
        chart_timeline(analysis),
        *misleading_paths(post),
        subheading("What happened when"),
        prose(post, "Timeline"),
        _events(analysis.timeline, analysis.zone) if len(analysis.timeline) else None,
        _chat_note(post),
    )


TELLING = ("customer", "support", "third_party", "probe")  # channels whose news is worth a sentence also if it was late


def _leads(post: Postmortem) -> Safe | None:
    """Say by how much each channel beat the first automatic signal, or, of outsiders, came after it."""
    claims = post.analysis.claims
    known = [(id_.removeprefix("lead_"), c) for id_, c in claims.items() if id_.startswith("lead_")]
    told = [c for channel, c in known if isinstance(c.lo, float) and (c.lo > 0 or channel in TELLING)]
    text = "; ".join(c.text for c in told)
    return paragraph(f"{text[0].upper()}{text[1:]}.") if told else None


def _signs(post: Postmortem) -> Safe | None:
    """Return every alert, page, acknowledgement and report, folded: who knew first."""
    signs = post.analysis.moments.signs
    if not signs:
        return None
    columns = ["When", "Sign", "Who", "What it said", "Basis", "Evidence", "Role"]
    rows = [
        [
            clock(format_instant(s.instant)),
            s.kind,
            s.who,
            s.text,
            s.instant.basis,
            s.instant.evidence,
            f"{s.role}: {s.why}" if s.why else s.role,
        ]
        for s in signs
    ]
    if all(s.role == "counted" for s in signs):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    return more("Who knew first", table(columns, rows, "Signs of the incident, in time order", most=100))


def _events(timeline: pd.DataFrame, zone: str) -> Safe:
    """Return the timeline as a table: UTC, then the incident's own zone, each with its date where it changes."""
    zones = [UTC] if zone == UTC else [UTC, zone]
    days: list[object] = [None] * len(zones)
    rows = []
    for row in timeline.to_dict("records"):
        at = row["time"]
        cells: list[object] = []
        for n, z in enumerate(zones):
            day = None if pd.isna(at) else at.tz_convert(z).date()
            cells.append(clock(_when(row, z, date=day != days[n])))
            days[n] = day
        until = (
            "" if pd.isna(row["end"]) else f" (until {format_time(row['end'], date=row['end'].date() != at.date())})"
        )
        basis = Safe(f"{escape(row['evidence'])} <small>{escape(row['basis'])}</small>")
        rows.append([*cells, f"{row['text']}{until}", row["actor"], row["kind"], basis])
    known = timeline["time"].dropna()
    labels = [zone_label(known.iloc[0] if len(known) else None, z) for z in zones]
    return table([*labels, "What happened", "Who", "Kind", "Evidence and basis"], rows, "Timeline", most=300)


def _when(row: dict[Any, Any], zone: str, *, date: bool) -> str:
    """Return the time of a row; of what was measured or stamped the point, of what was declared how it is known."""
    lo, at, hi = (None if pd.isna(row[c]) else row[c] for c in ("time_lo", "time", "time_hi"))
    if at is None:
        return "unknown"
    text = format_time(at, zone, date=date)
    if row["basis"] in ("measured", "system"):
        return text
    if lo is None or hi is None:
        return f"{'before' if lo is None else 'after'} {text}"
    if hi - lo <= pd.Timedelta(minutes=1):
        return text
    return f"{text} ({format_time(lo, zone, date=False)}–{format_time(hi, zone, date=False)})"


def _chat_note(post: Postmortem) -> Safe | None:
    """Say how much of the chat is in the list, and how the rest gets there."""
    held = int((post.incident.events["kind"] == "chat").sum())
    if not held:
        return None
    shown = int((post.analysis.timeline["kind"] == "chat").sum())
    said = (
        f"{shown:,} of {held:,} chat messages are part of this list"
        if shown
        else f"None of {held:,} chat messages is part of this list"
    )
    return paragraph(f"{said}: those that people marked, or named in [chat] of incident.toml.")
