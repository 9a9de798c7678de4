"""The sections by which a reader checks us: findings, evidence files, settings, the claim ledger."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import TYPE_CHECKING

from postmortem_nb.sections.blocks import Markdown, Section, paragraph, subheading
from postmortem_nb.sections.ledger import file_id, ledger
from postmortem_nb.tables import Safe, bullets, clock, escape, finding_items, more, table
from postmortem_nb.times import format_time

if TYPE_CHECKING:
    from postmortem_nb.sections import Postmortem

STACK = ("pandas", "numpy", "matplotlib", "papermill", "nbconvert", "pydantic", "nh3")


def data_quality(post: Postmortem) -> Section:
    """Return every finding, worst first; those that are accepted stand apart, with the reason."""
    findings, accepted = post.analysis.findings, post.analysis.accepted
    apart = (
        more(
            f"{len(accepted)} accepted",
            finding_items((a.finding for a in accepted), accepted=[a.reason for a in accepted]),
        )
        if accepted
        else None
    )
    if not findings:
        return Section.of("Data quality", paragraph("Nothing weak or contradictory was found."), apart)
    counts = {s: sum(f.severity == s for f in findings) for s in ("error", "warning", "note")}
    said = ", ".join(f"{n} {s}{'s' if n != 1 else ''}" for s, n in counts.items() if n)
    return Section.of("Data quality", paragraph(f"{said}."), finding_items(findings, linked=True), apart)


def provenance(post: Postmortem) -> Section:
    """Return where everything comes from: files with hashes, settings, versions, and every claim."""
    facts = post.incident.facts
    return Section.of(
        "Provenance",
        paragraph(f"Synthetic: {facts.synthetic}") if facts.synthetic else None,
        bullets(_sources(facts.sources)) if facts.sources else None,
        _files(post),
        *_redaction(post),
        *_settings(post),
        *ledger(post),
        *_leftovers(post),
    )


def _sources(sources: list[str]) -> list[object]:
    return [
        Safe(f'<a href="{escape(s)}">{escape(s)}</a>') if s.startswith(("https://", "http://")) else s for s in sources
    ]


def _files(post: Postmortem) -> Safe:
    files = post.incident.files
    if files.empty:
        return paragraph("There are no evidence files.")
    rows = [
        (
            r["file"],
            r["kind"],
            r["format"],
            f"{r['rows']:,}",
            f"{r['rejected']:,}",
            clock(format_time(r["first"])),
            clock(format_time(r["last"])),
            f"{r['bytes']:,}",
            Safe(f"<code>{escape(str(r['sha256'])[:16])}</code>"),
        )
        for r in files.to_dict("records")
    ]
    columns = ("File", "Kind", "Format", "Rows", "Rejected", "First (UTC)", "Last (UTC)", "Bytes", "SHA-256, first 16")
    ids = [file_id(name) for name in files["file"]]
    return table(columns, rows, "Evidence files", numeric=("Rows", "Rejected", "Bytes"), ids=ids)


def _redaction(post: Postmortem) -> list[object]:
    """Return what was replaced, by rule, and that this is no promise."""
    redaction = post.incident.redaction
    if redaction.profile == "none":
        return [paragraph("Nothing was redacted.")]
    said = (
        f"Redacted with the profile “{redaction.profile}” before anything was computed or drawn. "
        "Rules find most secrets, not all."
    )
    if not redaction.counts:
        return [paragraph(f"{said} They found none here.")]
    rows = [(rule, f"{count:,}") for rule, count in redaction.counts]
    counts = table(("Rule", "Replaced"), rows, "What was replaced by tokens, in distinct texts", numeric=("Replaced",))
    return [paragraph(f"{said} A token such as <ip:3f2a9c> stands for the same text throughout."), counts]


def _settings(post: Postmortem) -> list[object]:
    rows = [
        (name, str(getattr(post.analysis.settings, name)), field.description or "")
        for name, field in type(post.analysis.settings).model_fields.items()
    ]
    rows.insert(0, ("incident", post.incident.id, "name of the incident folder"))
    versions = [(name, importlib.metadata.version(name)) for name in STACK]
    versions.insert(0, ("Python", platform.python_version()))
    versions.insert(0, ("postmortem-nb", importlib.metadata.version("postmortem-nb")))
    return [
        subheading("Settings"),
        table(("Parameter", "Value", "Meaning"), rows, "Parameters in force"),
        more("Versions of the software", table(("Software", "Version"), versions, "Versions")),
    ]


def _leftovers(post: Postmortem) -> list[object]:
    """Passages of the narrative that belong to no section are shown, never dropped."""
    return [
        block
        for passage in post.unplaced()
        for block in (subheading(passage[0]) if passage[0] else None, Markdown(passage[1]))
        if block is not None
    ]
