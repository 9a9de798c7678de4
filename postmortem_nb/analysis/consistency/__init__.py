"""Checks on what was declared: impossible orders, dates, lengths and offsets; what is missing, copied or typed."""

from __future__ import annotations

from postmortem_nb.analysis.consistency.dates import date_findings
from postmortem_nb.analysis.consistency.document import document_findings
from postmortem_nb.analysis.consistency.lengths import length_findings
from postmortem_nb.analysis.consistency.offsets import offset_findings
from postmortem_nb.analysis.consistency.order import order_findings
from postmortem_nb.analysis.windows import Windows
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Incident

NO_WINDOWS = Windows()


def consistency_findings(incident: Incident, windows: Windows = NO_WINDOWS) -> tuple[Finding, ...]:
    """Return what is impossible, missing or weak in what people declared and wrote.

    Parameters
    ----------
    incident : Incident
    windows : Windows
        Measured impact windows of the incident, against which dates and lengths are held too.
    """
    return (
        *order_findings(incident, windows),
        *date_findings(incident, windows),
        *offset_findings(incident),
        *length_findings(incident, windows),
        *document_findings(incident),
    )
