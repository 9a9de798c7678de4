"""2024-05-21-two-dips: a cache is emptied, all clients ask the database at once; resolved, and it happens again."""

from __future__ import annotations

import pandas as pd

from postmortem_nb.example import (
    Impact,
    Traffic,
    Truth,
    access_lines,
    alertmanager,
    application_lines,
    draw_gauge,
    draw_requests,
    metrics_csv,
    minute_metrics,
    spread,
)
from synthetic.writing import Clock, Drawn, as_json, events_csv, joined

at = Clock("2024-05-21")
SEED = 20240521
START, END = at("08:00:00"), at("11:00:00")
FIRST = at("09:12:20"), at("09:31:40")
SECOND = at("09:56:30"), at("10:09:10")


def draw() -> Drawn:
    """Draw the sample."""
    impacts = tuple(
        impact
        for (onset, recovery), share, factor in ((FIRST, 0.34, 6.0), (SECOND, 0.48, 7.0))
        for impact in (
            Impact(onset, recovery, "errors", share, status=503),
            Impact(onset, recovery, "latency", factor),
        )
    )
    traffic = Traffic(START, END, rate=2.6, background=0.0008, impacts=impacts, seed=SEED)
    requests = draw_requests(traffic)
    return Drawn(
        truth=Truth.of(requests, traffic),
        how="Two impacts of one cause: 34 % and 48 % of requests answer 503, the others take 6 and 7 times as long.",
        files={
            "logs/access.log.gz": joined(access_lines(requests)),
            "logs/shop.log": joined(application_lines(_records())),
            "metrics/shop.csv": metrics_csv(_metrics(requests)),
            "events/alerts.json": as_json(_alerts()),
            "events/changes.csv": events_csv(
                [
                    (at("09:12:00"), "config", "cache", "platform engineer", "cache emptied after the schema change"),
                    (at("09:29:30"), "config", "database", "on-call engineer", "connection limit raised"),
                    (
                        at("09:56:00"),
                        "config",
                        "cache",
                        "platform engineer",
                        "cache emptied once more to drop old entries",
                    ),
                    (at("10:07:40"), "flag", "shop", "on-call engineer", "one refill per key switched on"),
                ]
            ),
        },
    )


def _records() -> pd.DataFrame:
    second = pd.Timedelta(seconds=1)
    calm = [("INFO", "cart {n} saved"), ("INFO", "price list refreshed, {n} prices")]
    wrong = [
        ("ERROR", "no database connection free within 2000 ms, request {n}"),
        ("WARN", "cache miss for key product:{n}, asking the database"),
    ]
    return pd.concat(
        [
            spread(START, END, 15 * second, calm, service="shop", seed=SEED),
            spread(*FIRST, 3 * second, wrong, service="shop", seed=SEED),
            spread(*SECOND, 2 * second, wrong, service="shop", seed=SEED + 1),
        ]
    ).sort_values("time", kind="stable")


def _metrics(requests: pd.DataFrame) -> pd.DataFrame:
    period = {"start": START, "end": END, "seed": SEED}
    hits = [(START, 0.94)]
    connections = [(START, 22.0)]
    for onset, recovery in (FIRST, SECOND):
        hits += [(onset, 0.94), (onset, 0.05), (recovery, 0.9), (recovery, 0.94)]
        connections += [(onset, 22.0), (onset, 100.0), (recovery, 98.0), (recovery, 22.0)]
    return pd.concat(
        [
            minute_metrics(requests, START, END, service="shop", seed=SEED),
            draw_gauge(metric="hit_share", service="cache", points=hits, noise=0.006, **period),
            draw_gauge(metric="connections", service="database", points=connections, noise=0.03, **period),
        ]
    ).sort_values("time", kind="stable")


def _alerts() -> list[dict[str, object]]:
    labels = {"severity": "page", "service": "shop"}
    summary = "More than 5 % of shop requests fail (3 min)."
    spans = ((at("09:16:00"), at("09:34:00")), (at("10:00:00"), at("10:12:00")))
    return [alertmanager("ShopErrors", a, b, summary=summary, labels=labels) for a, b in spans]
