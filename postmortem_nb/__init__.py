"""Incident postmortems whose numbers are measured, carry their uncertainty and can be traced to the evidence.

Names are loaded when they are first used, so that importing the package is quick and has no effects.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from postmortem_nb.analysis import Analysis, Settings, analyze, find_windows, mine_patterns, replay_alert
    from postmortem_nb.errors import PostmortemError
    from postmortem_nb.evidence import (
        digest_logs,
        list_incidents,
        load,
        read_events,
        read_logs,
        read_metrics,
        read_rules,
    )
    from postmortem_nb.explorer import explore
    from postmortem_nb.importing import read_status_feed
    from postmortem_nb.incident import Incident
    from postmortem_nb.redaction import redact
    from postmortem_nb.runner import run
    from postmortem_nb.sections import Postmortem, investigate
    from postmortem_nb.trends import Trends, read_trends

_HOMES = {
    "Analysis": "analysis",
    "Settings": "analysis",
    "analyze": "analysis",
    "find_windows": "analysis",
    "mine_patterns": "analysis",
    "replay_alert": "analysis",
    "PostmortemError": "errors",
    "digest_logs": "evidence",
    "list_incidents": "evidence",
    "load": "evidence",
    "read_events": "evidence",
    "read_logs": "evidence",
    "read_metrics": "evidence",
    "read_rules": "evidence",
    "redact": "redaction",
    "read_status_feed": "importing",
    "explore": "explorer",
    "Incident": "incident",
    "run": "runner",
    "Postmortem": "sections",
    "investigate": "sections",
    "Trends": "trends",
    "read_trends": "trends",
}

__all__ = [
    "Analysis",
    "Incident",
    "Postmortem",
    "PostmortemError",
    "Settings",
    "Trends",
    "analyze",
    "digest_logs",
    "explore",
    "find_windows",
    "investigate",
    "list_incidents",
    "load",
    "mine_patterns",
    "read_events",
    "read_logs",
    "read_metrics",
    "read_rules",
    "read_status_feed",
    "read_trends",
    "redact",
    "replay_alert",
    "run",
]


def __getattr__(name: str) -> Any:
    """Import a public name from the module that owns it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
