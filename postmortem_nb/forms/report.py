"""The full report as data: for its Markdown, and for templates of a team that want everything."""

from __future__ import annotations

from typing import Any

import pandas as pd

from postmortem_nb.analysis import Analysis
from postmortem_nb.analysis.claims import Claim
from postmortem_nb.analysis.settings import FACILITATION, WHYS
from postmortem_nb.drafting.meeting import facilitation, whys
from postmortem_nb.forms.material import common, figures, passages, tasks
from postmortem_nb.narrative import HEADINGS
from postmortem_nb.times import format_instant, format_time

PLACED = {*HEADINGS, "Corrective and preventative measures"}  # headings that have a place of their own


def material(analysis: Analysis, status: str) -> dict[str, Any]:
    """Return everything that the report says, as it is printed; only prose that people wrote."""
    chosen = analysis.settings.optional_sections
    facts, prose = analysis.incident.facts, passages(analysis, _full, drafted=False)
    return {
        **common(analysis, status),
        "figures": figures(analysis, _full),
        "affected": facts.affected,
        "cause": facts.cause,
        "trigger": facts.trigger,
        "prose": prose,
        "further": [heading for heading in prose if heading not in PLACED],
        "times": [
            {"name": t.name, "value": t.text, "basis": t.basis, "definition": t.definition}
            for t in analysis.timings
            if t.duration.is_known
        ],
        "amounts": [
            {"name": c.id.replace("_", " "), "value": c.text, "basis": c.basis, "definition": c.definition}
            for c in (analysis.claims[q.id] for q in analysis.impact)
            if c.value is not None
        ],
        "comparison": [
            {
                "milestone": c.label,
                "version": c.version,
                "declared": format_instant(c.declared),
                "measured": format_instant(c.measured) if c.measured.is_known else "no evidence",
                "verdict": c.verdict,
            }
            for c in analysis.comparison
        ],
        "timeline": [_row(row) for row in analysis.timeline.to_dict("records")],
        "paths": [
            {
                "text": h.text,
                "length": str(path.length),
                "raised_by": h.raised_by,
                "refuted_by": h.refuted_by,
                "verdict": h.verdict,
            }
            for path in analysis.paths
            for h in (path.hypothesis,)
        ],
        "factors": list(facts.factors),
        "lessons": facts.lessons.model_dump(),
        "tasks": tasks(analysis),
        "questions": list(facts.questions),
        "whys": [{"question": q, "answer": a} for q, a in whys(analysis)] if WHYS in chosen else [],
        "facilitation": list(facilitation(analysis)) if FACILITATION in chosen else [],
        "findings": [
            {"severity": f.severity, "where": f.where, "text": f.text, "fix": f.fix} for f in analysis.findings
        ],
        "files": [
            {"file": r["file"], "rows": f"{r['rows']:,}", "sha256": r["sha256"]}
            for r in analysis.incident.files.to_dict("records")
        ],
        "claims": {c.id: c.text for c in analysis.claims.values()},
        "sources": list(facts.sources),
        "reviewers": list(facts.review.reviewers),
        "review_date": str(facts.review.date or ""),
    }


def _full(claim: Claim) -> str:
    return claim.text


def _row(row: dict[Any, Any]) -> dict[str, str]:
    at = row["time"]
    return {
        "time": "unknown" if pd.isna(at) else f"{format_time(at)} UTC",
        "text": row["text"],
        "actor": row["actor"] if isinstance(row["actor"], str) else "",
        "basis": row["basis"],
        "evidence": row["evidence"] if isinstance(row["evidence"], str) else "",
    }
