"""2024-06-18-still-open: a payment provider fails, part of the traffic is moved, the record ends before it does."""

from __future__ import annotations

import pandas as pd

from postmortem_nb.example import (
    Impact,
    Page,
    Traffic,
    Truth,
    alertmanager,
    draw_requests,
    json_lines,
    metrics_csv,
    minute_metrics,
    spread,
)
from synthetic.writing import Clock, Drawn, as_json, joined

at = Clock("2024-06-18", "America/New_York")
SEED = 20240618
START, END = at("15:00:00"), at("18:20:00")
ONSET, MITIGATED = at("16:41:15"), at("17:27:00")
PAGES = (Page("/pay", 5, 900, 3.0, "POST"), Page("/pay/status", 4, 300), Page("/refund", 0.4, 700, 3.0, "POST"))


def draw() -> Drawn:
    """Draw the sample."""
    impacts = (
        Impact(ONSET, MITIGATED, "errors", 0.56, status=502),
        Impact(MITIGATED, None, "errors", 0.17, status=502),
    )
    traffic = Traffic(START, END, rate=1.5, background=0.002, impacts=impacts, pages=PAGES, seed=SEED)
    requests = draw_requests(traffic)
    records = pd.concat([_requests(requests), _records()]).sort_values("time", kind="stable")
    return Drawn(
        truth=Truth.of(requests, traffic),
        how="56 % of requests fail from the onset, 17 % after traffic was moved at 17:27 local time; no end is drawn.",
        notes={"mitigated": "2024-06-18T21:27:00Z"},
        files={
            "logs/payments.jsonl.gz": joined(json_lines(records)),
            "metrics/payments.csv": metrics_csv(minute_metrics(requests, START, END, service="payments", seed=SEED)),
            "events/alerts.json": as_json(
                alertmanager(
                    "PaymentErrors",
                    at("16:46:00"),
                    None,
                    summary="More than 5 % of payments fail (4 min).",
                    labels={"severity": "page", "service": "payments"},
                )
            ),
        },
    )


def _requests(requests: pd.DataFrame) -> pd.DataFrame:
    """Return one record a request, as a service that logs JSON writes it."""
    names = [f"{page.method} {page.path}" for page in PAGES]
    return pd.DataFrame(
        {
            "time": requests["time"],
            "level": requests["failed"].map({True: "error", False: "info"}),
            "service": "payments",
            "msg": [names[page] for page in requests["page"]],
            "status": requests["status"],
            "request_time": requests["seconds"],
        }
    )


def _records() -> pd.DataFrame:
    second = pd.Timedelta(seconds=1)
    calm = [("info", "settlement batch {n} accepted")]
    wrong = [("error", "provider A: TLS handshake timed out after 5000 ms, attempt {n}")]
    rows = [
        spread(START, END, 90 * second, calm, service="payments", seed=SEED),
        spread(ONSET, MITIGATED, 4 * second, wrong, service="payments", seed=SEED),
        spread(MITIGATED, END, 12 * second, wrong, service="payments", seed=SEED + 1),
    ]
    return pd.concat(rows).rename(columns={"message": "msg"})
