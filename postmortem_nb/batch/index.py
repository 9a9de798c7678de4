"""``index.html``: every incident of a batch on one page, in the look of the report; no script, no request."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from postmortem_nb.report.styles import page_css
from postmortem_nb.tables import Safe, escape, measured, table
from postmortem_nb.times import Duration, format_bounds, format_window
from postmortem_nb.wording import counted

if TYPE_CHECKING:
    from postmortem_nb.batch import Batch
    from postmortem_nb.runner import Outcome

COLUMNS = (
    "Incident",
    "Status",
    "Severity",
    "Impact window",
    "To detect",
    "To recover",
    "Signal and windows",
    "Findings",
)
TIMES = ("time_to_detect", "time_to_recover")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = """
main { max-width: 84rem; padding: 2rem 1.25rem 3rem; }
@media (min-width: 1100px) { table.pnb td small, table.pnb td:nth-child(n + 5) { white-space: nowrap; } }
.strip { width: 9rem; height: 1rem; display: block; }
.strip .record { fill: var(--pnb-tint); stroke: var(--pnb-line); }
.strip .impact { fill: var(--pnb-warn); }
.strip .open { fill: var(--pnb-care); }
.spark { width: 9rem; height: 1.75rem; display: block; }
.spark .impact { fill: var(--pnb-warn); opacity: 0.25; }
.spark .open { fill: var(--pnb-care); opacity: 0.25; }
.spark path { fill: none; stroke: currentColor; stroke-width: 1.2; stroke-linejoin: round; }
.bad { color: var(--pnb-warn); font-weight: 600; }
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Incidents</title>
<style>{css}</style>
</head>
<body>
<main>
<h1>Incidents</h1>
<p>{summary}</p>
{table}
</main>
</body>
</html>
"""


def as_page(batch: Batch, output: Path, *, is_finished: bool) -> str:
    """Return the page of a batch, with links relative to the output folder.

    Parameters
    ----------
    batch : Batch
        What was done so far.
    output : Path
        Where the page is written.
    is_finished : bool
        False while more incidents are to come.
    """
    rows = [_row(outcome, _result(outcome), output) for outcome in batch.outcomes]  # one result in memory at a time
    rows += [(name, _bad("not run"), *[""] * 6) for name in batch.not_run]
    caption = (
        "What became of each incident. Times are measured where there is telemetry; a range says how sure they are."
    )
    body = table(COLUMNS, rows, caption) if rows else Safe("<p>There is no incident.</p>")
    css = page_css() + STYLE
    return PAGE.format(policy=POLICY, css=css, summary=escape(_summary(batch, is_finished)), table=body)


def _summary(batch: Batch, is_finished: bool) -> str:
    told = ", ".join(f"{number} {status}" for status, number in batch.counts.items())
    left = f"; {len(batch.not_run)} not run" if batch.not_run else ""
    every = counted(len(batch.outcomes) + len(batch.not_run), "incident")
    return f"{every}: {told or 'none run'}{left}{'.' if is_finished else '; the batch is running or was killed.'}"


def _result(outcome: Outcome) -> dict[str, Any] | None:
    if outcome.json is None:
        return None
    result: dict[str, Any] = json.loads(outcome.json.read_text(encoding="utf-8"))
    return result


def _row(outcome: Outcome, result: Mapping[str, Any] | None, output: Path) -> tuple[object, ...]:
    if result is None:
        failed = _linked(outcome.incident, outcome.notebook, output)
        return (failed, _bad(outcome.status), "", Safe(f"<small>{escape(outcome.message)}</small>"), "", "", "", "")
    name = _linked(outcome.incident, outcome.html, output)
    return (
        Safe(f"{name}<br><small>{escape(result['title'])}</small>{_others(outcome, output)}"),
        result["status"],
        result["severity"],
        Safe("<br>".join(_windows(result)) or "none measured"),
        *(_time(result, wanted) for wanted in TIMES),
        _spark(result) or _strip(result),
        _findings(outcome.findings),
    )


def _linked(text: str, path: Path | None, output: Path, label: str = "") -> Safe:
    if path is None:
        return escape(text)  # type: ignore[return-value]
    named = f' aria-label="{escape(label)}"' if label else ""
    return Safe(f'<a href="{quote(path.relative_to(output).as_posix())}"{named}>{escape(text)}</a>')


def _others(outcome: Outcome, output: Path) -> str:
    """Link what lies beside the report."""
    beside = {"notebook": outcome.notebook, "JSON": outcome.json}
    links = [_linked(kind, path, output, f"{kind} of {outcome.incident}") for kind, path in beside.items() if path]
    return f"<br><small>{' · '.join(links)}</small>" if links else ""


def _bad(text: str) -> Safe:
    return Safe(f'<span class="bad">{escape(text)}</span>')


def _spans(result: Mapping[str, Any]) -> Iterator[tuple[pd.Timestamp, pd.Timestamp, bool]]:
    """Yield onset, end and whether it is still open, of each window; an open one reaches to where it was last seen."""
    for window in result["windows"]:
        ends = [window["onset"]["at"], window["recovery"]["lo" if window["is_open"] else "at"]]
        if None not in ends:
            yield pd.Timestamp(ends[0]), pd.Timestamp(ends[1]), window["is_open"]


def _windows(result: Mapping[str, Any]) -> Iterator[str]:
    for onset, recovery, is_open in _spans(result):
        yield escape(format_window((onset, recovery), is_open=is_open))


def _time(result: Mapping[str, Any], wanted: str) -> Safe:
    for timing in result["timings"]:
        lo, value, hi = (timing[part] for part in ("seconds_lo", "seconds", "seconds_hi"))
        if timing["id"] == wanted and (lo, value, hi) != (None, None, None):
            bounds = [None if t is None else pd.Timedelta(seconds=t) for t in (lo, value, hi)]
            return measured(format_bounds(Duration(*bounds)))
    return Safe("–")


def _spark(result: Mapping[str, Any]) -> Safe:
    """Draw the measured signal, worst value of each stretch, with the windows behind it; empty without a signal."""
    curve = result.get("curve")
    known = [value for value in curve["values"] if value is not None] if curve else []
    if not curve or len(known) < 2:
        return Safe("")
    start, end, n = pd.Timestamp(curve["start"]), pd.Timestamp(curve["end"]), len(curve["values"])
    low, high = min(known), max(known)
    parts, pen = [], "M"
    for i, value in enumerate(curve["values"]):
        if value is None:
            pen = "M"
            continue
        y = 26 - 24 * (value - low) / ((high - low) or 1)
        parts.append(f"{pen}{144 * (i + 0.5) / n:.1f} {y:.1f}")
        pen = "L"
    spans = [((a - start) / (end - start), (b - start) / (end - start), is_open) for a, b, is_open in _spans(result)]
    bars = "".join(_bar(a, b, is_open, height=28) for a, b, is_open in spans)
    label = escape(f"{result['signal']}: {low:g} to {high:g}; {counted(len(spans), 'impact window')}")
    path = f'<path d="{"".join(parts)}"/>'
    return Safe(f'<svg class="spark" viewBox="0 0 144 28" role="img" aria-label="{label}">{bars}{path}</svg>')


def _strip(result: Mapping[str, Any]) -> Safe:
    """Draw the windows on the stretch that the evidence covers."""
    spans = list(_spans(result))
    times = [pd.Timestamp(t) for file in result["files"] for t in (file["first"], file["last"]) if t]
    times += [t for onset, recovery, _ in spans for t in (onset, recovery)]
    if not spans or max(times) == min(times):
        return Safe("")
    start, length = min(times), max(times) - min(times)
    bars = "".join(_bar((a - start) / length, (b - start) / length, is_open) for a, b, is_open in spans)
    share = sum((b - a) / length for a, b, _ in spans)
    label = f"{counted(len(spans), 'impact window')}, {share:.0%} of the record"
    record = '<rect class="record" x="0.5" y="4.5" width="143" height="7"/>'
    return Safe(f'<svg class="strip" viewBox="0 0 144 16" role="img" aria-label="{label}">{record}{bars}</svg>')


def _bar(start: float, end: float, is_open: bool, height: int = 16) -> str:
    width = max(144 * (end - start), 1.5)
    kind = "open" if is_open else "impact"
    return f'<rect class="{kind}" x="{144 * start:.1f}" y="2" width="{width:.1f}" height="{height - 4}"/>'


def _findings(counts: Mapping[str, int]) -> Safe:
    texts: Iterable[str] = (f"{n} {severity}{'s' if n > 1 else ''}" for severity, n in counts.items() if n)
    return Safe("<br>".join(texts) or "none")
