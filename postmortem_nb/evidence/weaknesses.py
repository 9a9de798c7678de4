"""What the account of reading a file says to the reader of a report: one finding for each weakness."""

from __future__ import annotations

from collections.abc import Iterator

from postmortem_nb.evidence.account import Report
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.lines import LINE_CAP
from postmortem_nb.findings import Finding


def report_findings(report: Report, how: How) -> Iterator[Finding]:
    """Say what was weak about reading one file, and what should be known about it."""
    file = report.file
    if report.rejected:
        line, text = report.samples[0]
        share = report.rejected / max(report.lines, 1)
        yield Finding(
            "rejected-lines",
            "error" if share > 0.5 else "warning",
            f"{file}:{line}",
            f"{report.rejected:,} of {report.lines:,} lines could not be read as {report.format}, "
            f"the first is “{text}”.",
            "Look at these lines; where they are of another format, name it in an [[evidence]] entry.",
        )
    if report.cell:
        line, text = report.cell
        yield Finding(
            "rejected-cells",
            "warning",
            f"{file}:{line}",
            f"Cells that are no numbers in columns of numbers: {report.cells:,}, the first is “{text}”. They count as "
            "missing.",
            "Correct or empty them. Where a column is no metric, name it in `drop` of an [[evidence]] entry.",
        )
    if report.truncated:
        yield Finding(
            "torn-file",
            "warning",
            file,
            f"The file is not whole: {report.truncated}. What stands before that was read.",
            "Fetch it again if you can.",
        )
    if report.odd:
        yield Finding(
            "odd-bytes",
            "note",
            file,
            f"{report.odd:,} lines hold bytes that are not UTF-8 text; they are shown as \ufffd.",
            "Convert the file to UTF-8 if those characters matter.",
        )
    if report.clipped:
        said = f"{report.clipped:,} lines are longer than {LINE_CAP:,} characters and were cut there."
        yield Finding("long-lines", "note", file, said)
    if report.first is None and how.window is not None:
        fix = "Correct `from` and `to` of its [[evidence]] entry, or its zone."
        yield Finding("empty-range", "warning", file, "It holds no row in the declared range.", fix)
    elif not report.read:
        yield Finding("empty-file", "warning", file, "It holds no row.", "Fetch it again, or remove it.")
    if how.offset:
        seconds = how.offset.total_seconds()
        said = f"Its clock was corrected as declared: {seconds:+g} s on every time."
        yield Finding("clock-offset", "note", file, said)
    for note in report.notes:
        yield Finding("about-file", "note", file, note)
