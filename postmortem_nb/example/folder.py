"""A whole incident folder whose truth is known: what the truth-first tests feed to the pipeline."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from postmortem_nb.errors import SettingError, near
from postmortem_nb.example.lines import access_lines, iso, nginx_error_lines, spread
from postmortem_nb.example.people import alertmanager
from postmortem_nb.example.series import metrics_csv, minute_metrics
from postmortem_nb.example.traffic import Impact, Kind, Traffic, draw_requests, impact_windows
from postmortem_nb.example.truth import Truth
from postmortem_nb.times import Interval

SIGNALS = {
    "errors": """
[[signals]]
name = "failed requests"
kind = "ratio"
source = "logs"
bad = { status = ">=500" }
total = { status = ">=100" }
objective = 0.999
unit = "share of requests"
""",
    "latency": """
[[signals]]
name = "latency p95"
kind = "gauge"
select = { metric = "latency_p95" }
direction = "high"
unit = "s"
smear = "1min"
""",
    "collapse": """
[[signals]]
name = "requests"
kind = "traffic"
source = "logs"
select = { status = ">=100" }
unit = "requests"
""",
}
SIGNALS["ramp"] = SIGNALS["latency"]

NARRATIVE = """\
## Summary
From {{ onset }} to {{ recovery }} the service was impaired ({{ window }}).
People noticed after {{ time_to_detect }}.

## Impact
{{ failed_requests }} of {{ total_requests }} requests failed.

## Root cause
None: the impact was drawn.

## Resolution
The service recovered {{ time_to_recover }} after the onset.
"""
DECLARABLE = (
    "changed",
    "started",
    "signalled",
    "paged",
    "detected",
    "acknowledged",
    "declared",
    "engaged",
    "identified",
    "mitigated",
    "recovered",
    "resolved",
    "published",
    "closed",
)
MINUTE = pd.Timedelta(minutes=1)


def draw_incident(
    folder: Path | str,
    *,
    onset: pd.Timestamp,
    recovery: pd.Timestamp | None,
    kind: Kind = "errors",
    size: float | None = None,
    more: tuple[Impact, ...] = (),
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    rate: float = 5.0,
    background: float = 0.001,
    gaps: tuple[Interval, ...] = (),
    seed: int = 0,
    **declared: pd.Timestamp | None,
) -> Truth:
    """Write a complete, valid incident folder and return its truth.

    Parameters
    ----------
    folder : path
        Made if it is missing; files of the same names are replaced.
    onset, recovery : Timestamp
        True ends of the (first) impact, UTC; ``recovery=None`` is still open when the record ends.
    kind, size
        What goes wrong and how badly; see `Impact`. By default 0.6 of the requests, or five times the duration.
    more : tuple of Impact
        Further impacts, for incidents with several windows.
    start, end : Timestamp, optional
        The record, on full minutes; by default from 90 min before the onset until 60 min after the recovery
        (after the onset while it is open).
    rate, background : float
        Requests a second; share of them that fails with nothing wrong.
    gaps : tuple of (Timestamp, Timestamp)
        Stretches that neither logs nor metrics cover.
    seed : int
        The same arguments write the same bytes.
    **declared : Timestamp
        Milestones to declare (``detected=``, ``acknowledged=``, ``resolved=`` …), UTC, written to the second.
        One that is left out or None is not declared. With ``detected`` there is an alert of that instant too.

    Returns
    -------
    Truth
    """
    impact = Impact(onset, recovery, kind, size or (0.6 if kind in ("errors", "collapse") else 5.0))
    impacts = (impact, *more)
    last = max(i.recovery or i.onset for i in impacts)
    traffic = Traffic(
        start=start or onset.floor("min") - 90 * MINUTE,
        end=end or last.ceil("min") + 60 * MINUTE,
        rate=rate,
        background=background,
        impacts=impacts,
        seed=seed,
    )
    requests = draw_requests(traffic)
    truth = Truth.of(requests, traffic)
    root = Path(folder)
    texts = {
        "incident.toml": _toml(root.name, kind, declared, is_open=truth.is_open),
        "narrative.md": NARRATIVE,
        **_evidence(traffic, requests, gaps),
    }
    if (detected := declared.get("detected")) is not None:
        alert = alertmanager("WebImpaired", detected, truth.recovery, summary="The web service is impaired.")
        texts["events/alerts.json"] = json.dumps(alert, indent=1) + "\n"
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return truth


def _evidence(traffic: Traffic, requests: pd.DataFrame, gaps: tuple[Interval, ...]) -> dict[str, str]:
    """Return file name → text of the telemetry."""
    return {
        "logs/access.log": _joined(access_lines(_outside(requests, gaps))),
        "logs/error.log": _joined(nginx_error_lines(_outside(_errors(traffic), gaps), zone="UTC")),
        "metrics/web.csv": metrics_csv(
            minute_metrics(requests, traffic.start, traffic.end, seed=traffic.seed, gaps=gaps)
        ),
    }


def _errors(traffic: Traffic) -> pd.DataFrame:
    """Draw error-log records: some noise always, one new pattern while something is wrong."""
    noise = [
        ("notice", "client {ip} closed keepalive connection"),
        ("warn", "an upstream response is buffered to a temporary file {n}"),
    ]
    wrong = [("error", "upstream timed out (110: Connection timed out) while reading response, request {n}")]
    rows = [spread(traffic.start, traffic.end, MINUTE, noise, seed=traffic.seed)]
    for onset, recovery in impact_windows(traffic.impacts, traffic.end):
        rows.append(spread(onset, min(recovery, traffic.end), MINUTE / 12, wrong, seed=traffic.seed))
    return pd.concat(rows).sort_values("time", kind="stable")


def _outside(frame: pd.DataFrame, gaps: tuple[Interval, ...]) -> pd.DataFrame:
    for start, end in gaps:
        frame = frame[(frame["time"] < start) | (frame["time"] >= end)]
    return frame


def _toml(name: str, kind: Kind, declared: dict[str, pd.Timestamp | None], *, is_open: bool) -> str:
    for key in declared:
        if key not in DECLARABLE:
            raise SettingError(f"draw_incident: {key!r} is no milestone. {near(key, DECLARABLE)}")
    milestones = [f'{key} = "{iso(at)}"' for key, at in declared.items() if at is not None]
    return "\n".join(
        [
            f'title = "Drawn incident {name}"',
            'severity = "SEV2"',
            'services = ["web"]',
            'synthetic = "All telemetry was drawn by postmortem_nb.example; nothing of it happened."',
            'cause = "Drawn."',
            *(["open = true"] if is_open else []),
            "",
            "[milestones]",
            *milestones,
            SIGNALS[kind],
            "[[evidence]]",
            'files = "logs/error.log"',
            'zone = "UTC"',
            "",
        ]
    )


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n" if lines else ""
