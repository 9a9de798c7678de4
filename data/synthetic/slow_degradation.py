"""2024-03-05-slow-degradation: a cache that never forgets fills the memory; searches slow down for hours."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from postmortem_nb.example import (
    Impact,
    Page,
    Traffic,
    Truth,
    draw_gauge,
    draw_requests,
    logfmt_lines,
    metrics_csv,
    minute_metrics,
    spread,
)
from synthetic.writing import Clock, Drawn, events_csv, joined

at = Clock("2024-03-05", "Europe/Berlin")
SEED = 20240305
START, END = at("10:30:00"), at("15:40:00")
DEPLOYED, ONSET, RECOVERY = at("11:50:00"), at("11:56:00"), at("14:24:30")
PAGES = (Page("/search", 8, 16_000), Page("/suggest", 12, 1_300, 0.4), Page("/facets", 3, 4_800, 1.2))


def draw() -> Drawn:
    """Draw the sample."""
    impacts = (Impact(ONSET, RECOVERY, "ramp", 9.0),)
    traffic = Traffic(START, END, rate=4, background=0.0003, seconds=0.14, impacts=impacts, pages=PAGES, seed=SEED)
    requests = draw_requests(traffic)
    return Drawn(
        truth=Truth.of(requests, traffic),
        how=(
            "Durations are multiplied by a factor that grows evenly from 1 at the onset to 9 at the restart, so the "
            "onset is where the ramp begins; a threshold can only find the later instant at which it leaves the noise."
        ),
        notes={"changed": "2024-03-05T10:50:00Z"},
        files={
            "metrics/search.csv": metrics_csv(_metrics(requests)),
            "logs/search.log": joined(logfmt_lines(_records())),
            "events/changes.csv": events_csv(
                [
                    (DEPLOYED, "deploy", "release pipeline", "release pipeline", "search 2.8.1 deployed to all hosts"),
                    (at("13:05:00"), "deploy", "release pipeline", "release pipeline", "shop front 5.14.0 deployed"),
                    (
                        at("14:24:00"),
                        "restart",
                        "orchestrator",
                        "on-call engineer",
                        "search restarted, host after host",
                    ),
                ]
            ),
        },
    )


def _metrics(requests: pd.DataFrame) -> pd.DataFrame:
    minutes = minute_metrics(requests, START, END, service="search", seed=SEED)
    period = {"start": START, "end": END, "service": "search", "seed": SEED}
    memory = [(DEPLOYED, 2.1e9), (RECOVERY, 7.9e9), (RECOVERY, 2.1e9)]
    pauses = [(ONSET, 0.01), (RECOVERY, 0.46), (RECOVERY, 0.01)]
    return pd.concat(
        [
            minutes[minutes["metric"].isin(["request_rate", "error_ratio", "latency_p50", "latency_p95", "cpu"])],
            draw_gauge(metric="memory_bytes", points=memory, noise=0.012, **period),
            draw_gauge(metric="gc_share", points=pauses, noise=0.08, **period),
        ]
    ).sort_values("time", kind="stable")


def _records() -> pd.DataFrame:
    """Return what the service wrote: index refreshes always, long collections more and more often."""
    minute = pd.Timedelta(minutes=1)
    calm = [("info", "index refreshed in {n} ms"), ("info", "synonyms reloaded, {n} entries")]
    slow = [("warn", "garbage collection paused all threads for {n} ms")]
    rows = [spread(START, END, minute / 3, calm, service="search", seed=SEED)]
    edges = pd.date_range(ONSET, RECOVERY, periods=7)
    for i, (a, b) in enumerate(pairwise(edges)):
        rows.append(spread(a, b, minute / (1 + 2 * i), slow, service="search", seed=SEED + i))
    rows.append(
        pd.DataFrame(
            {
                "time": [DEPLOYED, RECOVERY],
                "level": "info",
                "service": "search",
                "message": ["search 2.8.1 started", "search 2.8.1 started"],
            }
        )
    )
    frame = pd.concat(rows).sort_values("time", kind="stable")
    return frame.rename(columns={"message": "msg"})
