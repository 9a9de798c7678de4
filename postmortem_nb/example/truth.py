"""The truth of drawn telemetry, kept apart from the incident folder so that the pipeline never sees it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from postmortem_nb import times
from postmortem_nb.example.traffic import Traffic, impact_windows


@dataclass(frozen=True)
class Truth:
    """What was drawn.

    Parameters
    ----------
    windows : tuple of (Timestamp, Timestamp)
        True impact windows, half-open, UTC. An impact that does not end within the record ends with it here.
    is_open : bool
        Whether the last window goes on when the record ends.
    requests, failed : int
        All requests of the record, and those that answered 500 or more.
    failed_inside : int
        Failed requests that ended inside the windows.
    start, end : Timestamp
        The record.
    """

    windows: tuple[times.Interval, ...]
    is_open: bool
    requests: int
    failed: int
    failed_inside: int
    start: pd.Timestamp
    end: pd.Timestamp

    @property
    def onset(self) -> pd.Timestamp:
        """Begin of the first window."""
        return self.windows[0][0]

    @property
    def recovery(self) -> pd.Timestamp | None:
        """End of the last window; None while it is open."""
        return None if self.is_open else self.windows[-1][1]

    @classmethod
    def of(cls, requests: pd.DataFrame, traffic: Traffic) -> Truth:
        """Count what drawn requests hold."""
        windows = impact_windows(traffic.impacts, traffic.end)
        ended = requests["time"]
        inside = pd.Series(False, index=requests.index)
        for onset, recovery in windows:
            inside |= (ended >= onset) & (ended < recovery)
        failed = requests["failed"]
        last = [i for i in traffic.impacts if i.recovery is None or i.recovery >= traffic.end]
        return cls(
            windows=tuple(windows),
            is_open=bool(last),
            requests=len(requests),
            failed=int(failed.sum()),
            failed_inside=int((failed & inside).sum()),
            start=traffic.start,
            end=traffic.end,
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain values for JSON; instants to the microsecond with ``Z``."""

        def exact(t: pd.Timestamp) -> str:
            return t.isoformat(timespec="microseconds").replace("+00:00", "Z")

        return {
            "onset": exact(self.onset),
            "recovery": None if self.recovery is None else exact(self.recovery),
            "windows": [[exact(a), exact(b)] for a, b in self.windows],
            "is_open": self.is_open,
            "requests": self.requests,
            "failed": self.failed,
            "failed_inside": self.failed_inside,
            "record": [exact(self.start), exact(self.end)],
        }
