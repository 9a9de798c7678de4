"""What kind of row of a timeline a text is, as its words tell."""

from __future__ import annotations

import re

CHOSEN = {"started": "impact", "detected": "detection"}
KINDS = (  # kind → words; the first that fits counts
    (
        "communication",
        r"e-?mail(?:ed)?\b|mail sent|status ?page|announce|posted (?:on|to|in|message)|published message",
    ),
    ("communication", r"notified (?:teams|customers|users|all)|teams were notified|reached out"),
    ("escalation", r"escalat|paged|war ?room|called in|appointed|sev ?\d|joins? (?:the|into)"),
    ("decision", r"\bdecided\b|\bdecision\b|agreed"),
    ("action", r"\bfix(?:ed)?\b|revert|roll(?:ed|ing)? ?back|restart|re-?run|scal(?:ed|ing)|applied|deleted|removed"),
    ("action", r"downgrad|upgrad|drain|cordon|terminat|clear(?:ed)?\b|kill|disabl|raised to|re-?trigger|attempt"),
    ("action", r"work-?around|started working|began working|patched|replac"),
    ("change", r"deploy|rolled out|roll ?out|merged|released|configuration|pipeline|migrat|rollover|pushed"),
)


def kind_of_row(text: str, chosen: str = "") -> str:
    """Return the kind of a row.

    Parameters
    ----------
    text : str
    chosen : str
        The milestone that it was chosen for. Only the row that was chosen as the detection is of that kind: the
        analysis takes the earliest of them.

    >>> kind_of_row("Rolled back by hand"), kind_of_row("It rained")
    ('action', 'observation')
    """
    if chosen in CHOSEN:
        return CHOSEN[chosen]
    return next((kind for kind, words in KINDS if re.search(words, text, re.IGNORECASE)), "observation")
