"""2024-09-10-missing-telemetry: the disk that filled up was also the one that logs and metrics were written to."""

from __future__ import annotations

import pandas as pd

from postmortem_nb.example import (
    Impact,
    Traffic,
    Truth,
    access_lines,
    draw_gauge,
    draw_requests,
    metrics_csv,
    minute_metrics,
    spread,
    syslog_lines,
)
from synthetic.writing import Clock, Drawn, events_csv, joined

ZONE = "Asia/Singapore"
at = Clock("2024-09-10", ZONE)
SEED = 20240910
START, END = at("09:45:00"), at("13:00:00")
ONSET, RECOVERY = at("11:14:30"), at("11:52:10")
GAP = at("11:21:00"), at("11:43:00")


def draw() -> Drawn:
    """Draw the sample."""
    impacts = (Impact(ONSET, RECOVERY, "errors", 0.72, status=500),)
    traffic = Traffic(START, END, rate=1.8, background=0.001, impacts=impacts, seed=SEED)
    requests = draw_requests(traffic)
    time = requests["time"]
    seen = requests[(time < GAP[0]) | (time >= GAP[1])]
    return Drawn(
        truth=Truth.of(requests, traffic),
        how=(
            "72 % of requests fail from onset to recovery. Log lines and samples from 11:21 to 11:43 local time are "
            "left out, so the counts of this file (which know them) are larger than any that can be measured."
        ),
        notes={
            "gap": ["2024-09-10T03:21:00Z", "2024-09-10T03:43:00Z"],
            "failed_recorded": int(seen["failed"].sum()),
            "requests_recorded": len(seen),
        },
        files={
            "logs/access.log.gz": joined(access_lines(seen, zone=ZONE)),
            "logs/syslog": joined(_syslog()),
            "metrics/orders.csv": metrics_csv(_metrics(requests)),
            "events/changes.csv": events_csv(
                [
                    (at("10:55:00"), "change", "scheduler", "", "nightly export started late, writes to /var"),
                    (at("11:42:30"), "command", "shell history", "on-call engineer", "half-written export removed"),
                    (at("11:51:40"), "restart", "systemd", "on-call engineer", "database restarted"),
                ]
            ),
        },
    )


def _syslog() -> list[str]:
    minute = pd.Timedelta(minutes=1)
    calm = [("info", "checkpoint complete: wrote {n} buffers")]
    full = [
        ("error", 'ERROR:  could not extend file "base/16401/{n}": No space left on device'),
        ("error", "FATAL:  could not write lock file: No space left on device"),
    ]
    rows = pd.concat(
        [
            spread(START, END, 2 * minute, calm, service="postgres", seed=SEED),
            spread(ONSET, RECOVERY, minute / 10, full, service="postgres", seed=SEED),
            spread(
                START,
                END,
                10 * minute,
                [("info", "(root) CMD (run-parts /etc/cron.hourly)")],
                service="CRON",
                seed=SEED,
            ),
        ]
    ).sort_values("time", kind="stable")
    return syslog_lines(rows[(rows["time"] < GAP[0]) | (rows["time"] >= GAP[1])], zone=ZONE, host="db-01")


def _metrics(requests: pd.DataFrame) -> pd.DataFrame:
    period = {"start": START, "end": END, "seed": SEED, "gaps": [GAP]}
    disk = [(at("10:55:00"), 0.71), (ONSET, 1.0), (at("11:42:30"), 1.0), (at("11:42:30"), 0.64)]
    return pd.concat(
        [
            minute_metrics(requests, START, END, service="orders", seed=SEED, gaps=[GAP]),
            draw_gauge(metric="disk_used_share", service="db-01", points=disk, noise=0.0005, **period),
        ]
    ).sort_values("time", kind="stable")
