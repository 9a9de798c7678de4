"""Evidence: an incident folder → facts and frames. Reading never analyses, and never opens a file to write.

`load` reads a folder; `read_logs`, `read_metrics` and `read_events` read one file. A line that cannot be read is
counted and sampled, a file that cannot be read is a finding, and what would have to be guessed is an error.

To read more: a log format is a file in ``formats``; a system's events are a `Shape` in ``events``; each kind of
evidence is one function from path and `How` to its frame, in `loading.READERS`.
"""

from postmortem_nb.evidence.account import Report, Unreadable
from postmortem_nb.evidence.alertrules import read_rules
from postmortem_nb.evidence.digest import Digest, digest_logs
from postmortem_nb.evidence.events import read_events
from postmortem_nb.evidence.loading import load
from postmortem_nb.evidence.logs import read_logs
from postmortem_nb.evidence.metrics import read_metrics
from postmortem_nb.evidence.places import find_incident, list_incidents

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
