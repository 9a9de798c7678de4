"""Evidence: an incident folder → facts and frames. Reading never analyses, and never opens a file to write.

`load` reads a folder; `read_logs`, `read_metrics` and `read_events` read one file. A line that cannot be read is
counted and sampled, a file that cannot be read is a finding, and what would have to be guessed is an error.

To read more: a log format is a file in ``formats``; a system's events are a `Shape` in ``events``; each kind of
evidence is one function from path and `How` to its frame, in `loading.READERS`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postmortem_nb.evidence.account import Report, Unreadable
    from postmortem_nb.evidence.alertrules import read_rules
    from postmortem_nb.evidence.digest import Digest, digest_logs
    from postmortem_nb.evidence.events import read_events
    from postmortem_nb.evidence.loading import load
    from postmortem_nb.evidence.logs import read_logs
    from postmortem_nb.evidence.metrics import read_metrics
    from postmortem_nb.evidence.places import find_incident, list_incidents

_HOMES = {
    "Digest": "digest",
    "Report": "account",
    "Unreadable": "account",
    "digest_logs": "digest",
    "find_incident": "places",
    "list_incidents": "places",
    "load": "loading",
    "read_events": "events",
    "read_logs": "logs",
    "read_metrics": "metrics",
    "read_rules": "alertrules",
}

__all__ = [
    "Digest",
    "Report",
    "Unreadable",
    "digest_logs",
    "find_incident",
    "list_incidents",
    "load",
    "read_events",
    "read_logs",
    "read_metrics",
    "read_rules",
]


def __getattr__(name: str) -> Any:
    """Import a public name from the module that owns it: who reads logs alone need not wait for all other readers."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
