"""Action items: what is weak about them, and the forms in which other tools take them."""

from __future__ import annotations

from postmortem_nb.actions.exporting import FORMATS, export
from postmortem_nb.actions.weakness import action_findings

__all__ = ["FORMATS", "action_findings", "export"]
