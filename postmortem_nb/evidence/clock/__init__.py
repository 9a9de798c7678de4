"""Times as machines write them → UTC instants, many at once; each distinct text is read once.

Declared times, which may be uncertain, are `postmortem_nb.times.parse_instant`; zones and clock changes are
`postmortem_nb.times.localize`. Here the text of a stamp is taken apart (`shapes`), column-wise (`many`), and what it
leaves open is settled in the order of the file (`settling`). No zone, no year and no date is guessed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import polars as pl

from postmortem_nb.evidence.clock.many import read_stamps
from postmortem_nb.evidence.clock.settling import Clock
from postmortem_nb.evidence.clock.shapes import FORMS, Open, precision, stamp
from postmortem_nb.evidence.how import How

__all__ = ["FORMS", "Clock", "Open", "precision", "read_stamps", "read_times", "stamp"]


def read_times(texts: Sequence[str | None], lines: Sequence[int], form: str, how: How) -> tuple[pd.Series, str]:
    """Read the times of one file.

    Parameters
    ----------
    texts : sequence of str or None
        As written.
    lines : sequence of int
        Line of each, for messages.
    form : str
        A name in `FORMS`; ``any`` tells apart all that cannot be taken for each other, and epochs by their size.
    how : How
        Zone, year, date and clock change that were declared; its offset is added.

    Returns
    -------
    times : Series
        ``datetime64[ns, UTC]``; missing where a text is not a time, and where an epoch has another unit than most.
    zone : str
        The zone that naive times were read in, or ``as written``.

    Raises
    ------
    ReadError
        For times without a zone, year or date when none was declared, for a local time in a clock change, and for an
        abbreviation such as PST that the declared zone does not use then.
    """
    column = pl.Series("text", list(texts), dtype=pl.String)
    clock = Clock(how)
    instants = clock.settle(
        read_stamps(column, form), np.asarray(lines, dtype="int64"), lambda row: str(column[int(row)])
    )
    return pd.Series(instants, dtype="datetime64[ns]").dt.tz_localize("UTC"), clock.zone
