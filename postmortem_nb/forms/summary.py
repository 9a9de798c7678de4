"""The executive summary: one screen for those who decide."""

from __future__ import annotations

from collections import Counter
from typing import Any

from postmortem_nb.analysis import Analysis
from postmortem_nb.forms.material import common, figures, tasks
from postmortem_nb.wording import counted, listed, sentence

MOST = 4  # tasks shown
ORDER = {"prevent": 0, "detect": 1, "mitigate": 2, "process": 3}


def material(analysis: Analysis, status: str) -> dict[str, Any]:
    """Return what stands on the screen."""
    facts = analysis.incident.facts
    open_tasks = sorted((t for t in tasks(analysis) if t["status"] == "open"), key=lambda t: ORDER[t["kind"]])
    done = [t for t in tasks(analysis) if t["status"] == "done"]
    return {
        **common(analysis, status),
        "figures": figures(analysis),
        "affected": sentence(facts.affected),
        "cause": sentence(facts.cause),
        "trigger": sentence(facts.trigger),
        "tasks": open_tasks[:MOST],
        "more_tasks": counted(len(open_tasks) - MOST, "more task") if len(open_tasks) > MOST else "",
        "done": counted(len(done), "task") if done else "",
        "doubts": _doubts(analysis),
    }


def _doubts(analysis: Analysis) -> str:
    """Return how many findings weaken or contradict what is said; empty if there is none."""
    counts = Counter(f.severity for f in analysis.findings if f.severity != "note")
    return listed(counted(n, severity) for severity, n in counts.items()) if counts else ""
