"""2013-04-30-api-outage: public facts, invented telemetry: no measurement of that evening was ever published."""

from __future__ import annotations

import pandas as pd

from postmortem_nb.example import (
    Impact,
    Page,
    Traffic,
    Truth,
    draw_gauge,
    draw_requests,
    json_lines,
    metrics_csv,
    minute_metrics,
    spread,
)
from synthetic.writing import Clock, Drawn, events_csv, joined

at = Clock("2013-04-30", "America/Los_Angeles")
SEED = 20130430
START, END = at("17:00:00"), at("21:00:00")
ONSET, RECOVERY = at("18:26:10"), at("19:58:00")

# All but a few requests fail until the servers restart with the good configuration, group after group, from 19:19.
STEPS = (
    ("18:26:10", "18:34:00", 0.90),
    ("18:34:00", "19:19:00", 0.995),
    ("19:19:00", "19:28:00", 0.85),
    ("19:28:00", "19:37:00", 0.65),
    ("19:37:00", "19:47:00", 0.45),
    ("19:47:00", "19:58:00", 0.25),
)
IMPACTS = tuple(Impact(at(a), at(b), "errors", size, status=500) for a, b, size in STEPS)
PAGES = (Page("/v1/list", 6), Page("/v1/get", 9), Page("/v1/update", 3, method="POST"))


def draw() -> Drawn:
    """Draw the sample."""
    traffic = Traffic(START, END, rate=30, background=0.0004, seconds=0.09, impacts=IMPACTS, pages=PAGES, seed=SEED)
    requests = draw_requests(traffic)
    return Drawn(
        truth=Truth.of(requests, traffic),
        how=(
            "Only the published clock times are facts. The series are invented to fit them: 30 requests/s, 90 % and "
            "then 99.5 % of them fail until 19:19 local time, fewer in four steps while servers restart, none "
            "after 19:58. The onset is put at 18:26:10 within the published minute."
        ),
        notes={"declared": {"final": ["18:19", "18:26", "19:58"], "preliminary": ["18:26", "18:26", "20:00"]}},
        files={
            "metrics/api.csv": metrics_csv(_api(requests), wide=True),
            "metrics/auth.csv": metrics_csv(_auth(), wide=True),
            "logs/api-server.jsonl": joined(json_lines(_records())),
            "events/changes.csv": events_csv(
                [
                    (at("18:19:00"), "config", "release system", "", "configuration push begins"),
                    (at("18:54:00"), "rollback", "release system", "", "rollback attempted; it fails"),
                    (at("19:15:00"), "rollback", "release system", "", "rollback succeeds"),
                ]
            ),
        },
    )


def _api(requests: pd.DataFrame) -> pd.DataFrame:
    """Return requests, errors and latency of the API servers, one sample a minute."""
    metrics = minute_metrics(requests, START, END, service="api", seed=SEED)
    return metrics[metrics["metric"].isin(["requests", "errors", "latency_p50", "latency_p95"])]


def _auth() -> pd.DataFrame:
    """Return blocked threads (they pile up and never come free) and successful look-ups of the auth servers."""
    period = {"start": START, "end": END, "service": "auth-client", "seed": SEED}
    blocked = [(ONSET, 2.0), (at("18:34:00"), 390.0), (at("19:19:00"), 400.0), (RECOVERY, 2.0)]
    good = [(ONSET, 0.9996), (ONSET, 0.02), (at("19:19:00"), 0.01), (RECOVERY, 0.75), (RECOVERY, 0.9996)]
    return pd.concat(
        [
            draw_gauge(metric="blocked_threads", points=blocked, noise=0.02, **period),
            draw_gauge(metric="auth_success_share", points=good, noise=0.0002, **period),
        ]
    )


def _records() -> pd.DataFrame:
    second = pd.Timedelta(seconds=1)
    calm = [
        ("INFO", "request batch served, {n} requests"),
        ("INFO", "configuration unchanged, generation {n}"),
        ("WARNING", "slow request: {n} ms"),
    ]
    wrong = [
        ("ERROR", "cannot reach auth server: address is not valid (attempt {n})"),
        ("ERROR", "worker blocked in auth library, no thread left for request {n}"),
    ]
    pushed = [("INFO", "configuration push received, generation {n}")]
    restart = [("INFO", "server restarted with configuration generation {n}")]
    return pd.concat(
        [
            spread(START, END, 20 * second, calm, service="api-server", seed=SEED),
            spread(at("18:19:04"), ONSET, 40 * second, pushed, service="api-server", seed=SEED),
            spread(ONSET, at("19:28:00"), 3 * second, wrong, service="api-server", seed=SEED),
            spread(at("19:28:00"), RECOVERY, 9 * second, wrong, service="api-server", seed=SEED + 1),
            spread(at("19:19:00"), RECOVERY, 20 * second, restart, service="api-server", seed=SEED),
        ]
    ).sort_values("time", kind="stable")
