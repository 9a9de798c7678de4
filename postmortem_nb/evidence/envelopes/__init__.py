"""Log exports that are JSON documents of many records: each is known by its keys and says where its records lie.

A record becomes a row of fields as a line of any other log does, and is read on by the same code: times, levels and
durations are told nowhere else. The number of a record in its document stands for its line.

To add an export, add a function that yields its records and a row to `kinds.ENVELOPES`. Records that are those of a log
of JSON lines need none: a list of them, printed in any way, is read by the format of these lines.
"""

from postmortem_nb.evidence.envelopes.kinds import ENVELOPES, is_export
from postmortem_nb.evidence.envelopes.reading import Export, read_export

__all__ = ["ENVELOPES", "Export", "is_export", "read_export"]
