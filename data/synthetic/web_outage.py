"""2024-01-14-web-outage: a settings file asks PHP for ``class-wp-locale.phpp``; every page answers 500."""

from __future__ import annotations

import pandas as pd

from postmortem_nb.example import (
    Impact,
    Page,
    Traffic,
    Truth,
    access_lines,
    alertmanager,
    apache_error_lines,
    chat_day,
    draw_gauge,
    draw_requests,
    metrics_csv,
    minute_metrics,
    nginx_error_lines,
    spread,
    tear,
)
from postmortem_nb.example.lines import json_lines
from synthetic.writing import Clock, Drawn, as_json, events_csv, joined

ZONE = "America/Chicago"
at = Clock("2024-01-14", ZONE)
SEED = 20240114
START, END = at("10:00:00"), at("12:30:00")
ONSET, RECOVERY = at("11:17:40"), at("11:50:10")
RESTART = at("11:30:02"), at("11:30:11")  # Apache is down: refused connections instead of failing pages

IMPACTS = (
    Impact(ONSET, RESTART[0], "errors", 0.97),
    Impact(*RESTART, "errors", 0.99, status=502),
    Impact(RESTART[1], RECOVERY, "errors", 0.97),
    Impact(at("11:20:00"), RECOVERY, "collapse", 0.3),  # people leave
)
PAGES = (
    Page("/", 14, 18_400),
    Page("/shop/", 9, 26_100, 1.3),
    Page("/product/desk-lamp/", 8, 15_900),
    Page("/product/oak-shelf/", 6, 15_300),
    Page("/?s=lamp", 4, 19_800, 1.8),
    Page("/cart/", 4, 9_700, 1.2),
    Page("/checkout/", 2, 12_400, 1.5, "POST"),
    Page("/wp-json/wc/store/cart", 5, 1_900, 0.7),
    Page("/wp-login.php", 1, 6_100, 0.9),
)
FATAL = (
    "PHP Fatal error:  Uncaught Error: Failed opening required "
    "'/var/www/html/wp-includes/class-wp-locale.phpp' (include_path='.:/usr/share/php') "
    "in /var/www/html/wp-settings.php:137"
)
USERS = {
    "U01": "On-call engineer",
    "U02": "Incident commander",
    "U03": "Support agent",
    "U04": "Platform engineer",
    "B01": "Alert bot",
}


def draw() -> Drawn:
    """Draw the sample."""
    traffic = Traffic(START, END, rate=6, background=0.0006, seconds=0.16, impacts=IMPACTS, pages=PAGES, seed=SEED)
    requests = draw_requests(traffic)
    access = access_lines(requests, zone=ZONE, pages=PAGES, site="shop.example.com")
    return Drawn(
        truth=Truth.of(requests, traffic),
        how=(
            "Poisson arrivals at 6 requests/s; 97 % of them fail from the onset (the configuration agent's run) to the "
            "recovery (its next forced run), 99 % as 502 for 9 s while Apache restarts; 30 % fewer arrivals from "
            "11:20. Local time is America/Chicago."
        ),
        notes={"torn_lines": 3, "alert_rule": "error_ratio over 0.05 for 5 min"},
        files={
            "logs/access.log.gz": joined(access),
            "logs/nginx-error.log": joined(_nginx_errors()),
            "logs/apache-error.log": joined(apache_error_lines(_apache_errors(), zone=ZONE)),
            "metrics/web.csv": metrics_csv(_metrics(requests)),
            "events/alerts.json": as_json(_alert()),
            "events/changes.csv": events_csv(_changes()),
            "events/pages.jsonl": joined(json_lines(_pages())),
            **_chat(),
        },
    )


def _nginx_errors() -> list[str]:
    """Return background noise, the refused connections of the restart, a scanner's visit, and three torn lines."""
    host = 'client: {ip}, server: shop.example.com, request: "GET / HTTP/1.1"'
    noise = [
        ("info", "client {ip} closed keepalive connection"),
        ("warn", f"an upstream response is buffered to a temporary file /var/cache/nginx/{{n}}, {host}"),
        ("crit", "SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share), client: {ip}"),
    ]
    refused = [
        ("error", f"connect() failed (111: Connection refused) while connecting to upstream, {host}"),
    ]
    scanner = [
        (
            "error",
            'open() "/var/www/html/<script>alert(1)</script>" failed (2: No such file or directory), client: {ip}',
        ),
    ]
    second = pd.Timedelta(seconds=1)
    rows = [
        spread(START, END, 12 * second, noise, service="nginx", seed=SEED),
        spread(*RESTART, second / 4, refused, service="nginx", seed=SEED),
        spread(at("10:41:00"), at("10:41:30"), 6 * second, scanner, service="nginx", seed=SEED),
    ]
    lines = nginx_error_lines(pd.concat(rows).sort_values("time", kind="stable"), zone=ZONE)
    return tear(lines, at=(211, 402, 566), keep=slice(0, 24))


def _apache_errors() -> pd.DataFrame:
    """Return what Apache wrote: a daily reload, the restart of 11:30, and PHP's errors once its log was on."""
    rows = [
        (
            at("10:00:07"),
            "mpm_prefork:notice",
            "AH00163: Apache/2.4.57 (Debian) configured -- resuming normal operations",
        ),
        (RESTART[0], "mpm_prefork:notice", "AH00169: caught SIGTERM, shutting down"),
        (RESTART[1], "mpm_prefork:notice", "AH00163: Apache/2.4.57 (Debian) configured -- resuming normal operations"),
        (at("11:46:02"), "mpm_prefork:notice", "AH00171: Graceful restart requested, doing restart"),
    ]
    told = pd.DataFrame(rows, columns=["time", "level", "message"])
    second = pd.Timedelta(seconds=1)
    quiet = [("authz_core:error", "AH01630: client denied by server configuration: /var/www/html/.env, client {ip}")]
    fatal = [("php:error", FATAL)]
    return pd.concat(
        [
            told,
            spread(START, END, 240 * second, quiet, service="apache", seed=SEED),
            spread(at("11:46:04"), RECOVERY, second, fatal, service="apache", seed=SEED),
        ]
    ).sort_values("time", kind="stable")


def _metrics(requests: pd.DataFrame) -> pd.DataFrame:
    period = {"start": START, "end": END, "seed": SEED}

    def gauge(metric: str, service: str, normal: float, during: float, noise: float) -> pd.DataFrame:
        steps = [(ONSET, normal), (ONSET, during), (RECOVERY, during), (RECOVERY, normal)]
        return draw_gauge(metric=metric, service=service, points=steps, noise=noise, **period)

    return pd.concat(
        [
            minute_metrics(requests, START, END, service="web", seed=SEED),
            gauge("queries_per_second", "mysql", 212.0, 6.0, 0.05),
            gauge("busy_workers", "apache", 9.0, 3.0, 0.12),
            draw_gauge(
                metric="disk_used_share", service="web", points=[(START, 0.61), (END, 0.62)], noise=0.001, **period
            ),
        ]
    ).sort_values("time", kind="stable")


def _alert() -> dict[str, object]:
    """Return the alert: more than 5 % failed requests for 5 min, so it fires 5 min after the first bad sample."""
    return alertmanager(
        "FailedRequests",
        at("11:23:00"),
        at("11:51:00"),
        summary="More than 5 % of requests to shop.example.com fail (5 min).",
        labels={"severity": "page", "service": "web"},
    )


def _changes() -> list[tuple[pd.Timestamp, str, str, str, str]]:
    return [
        (at("10:12:30"), "deploy", "release pipeline", "release pipeline", "mail templates r1180 deployed"),
        (
            at("11:15:00"),
            "config",
            "Puppet",
            "platform engineer",
            "site settings r418 pushed; agents apply it on their next run",
        ),
        (at("11:49:05"), "config", "Puppet", "on-call engineer", "site settings r419 pushed: .phpp corrected to .php"),
    ]


def _pages() -> pd.DataFrame:
    rows = [
        (at("11:24:00"), "page", "pager", "on-call engineer", "FailedRequests: on-call engineer notified by phone"),
        (at("11:25:00"), "acknowledgement", "pager", "on-call engineer", "FailedRequests: acknowledged"),
    ]
    return pd.DataFrame(rows, columns=["time", "kind", "source", "actor", "text"])


def _chat() -> dict[str, str]:
    """Return a Slack export: users are roles, one channel, one day."""
    said = [
        ("11:23:20", "B01", "[FIRING] FailedRequests: more than 5 % of requests to shop.example.com fail"),
        ("11:24:30", "U03", "Three customers have written since about 11:20 that the shop shows an empty page."),
        ("11:25:05", "U01", "Acknowledged, looking."),
        ("11:26:10", "U01", "curl from outside confirms it: 500 on every page, empty body."),
        ("11:26:40", "U02", "Declaring SEV1. I take command, <@U01> investigates."),
        ("11:28:15", "U01", "Apache's error log shows nothing new. I think Apache is stuck and will restart it."),
        ("11:30:15", "U01", "Apache restarted."),
        ("11:32:10", "U01", "Still 500 after the restart. It was not that."),
        ("11:34:00", "U02", "Status page: we are investigating errors on all shop pages."),
        ("11:35:10", "U01", "Attaching strace to the Apache parent process."),
        ("11:41:05", "U01", "The parent only waits for its children. Wrong process."),
        ("11:44:05", "U01", "Attached to a child and sent it a request."),
        ("11:45:10", "U01", "Three calls fail with ENOENT, the last one opens wp-includes/class-wp-locale.phpp"),
        ("11:46:05", "U04", "PHP's error log was off; I have switched it on."),
        (
            "11:47:05",
            "U01",
            "Found it: wp-settings.php asks for class-wp-locale.phpp, one p too many. It came with r418.",
        ),
        ("11:49:10", "U01", "r419 pushed through Puppet, agent run forced."),
        ("11:51:00", "U02", "Pages answer 200 again and checkout works. Resolved."),
    ]
    users = [
        {"id": key, "name": role.lower().replace(" ", "-"), "is_bot": key[0] == "B", "tz": ZONE,
         "profile": {"real_name": role, "title": role}}
        for key, role in USERS.items()
    ]  # fmt: skip
    channel = {"id": "C01", "name": "incident-web", "created": at("11:26:40").value // 10**9}
    return {
        "events/slack/users.json": as_json(users),
        "events/slack/channels.json": as_json([channel]),
        "events/slack/incident-web/2024-01-14.json": as_json(
            chat_day((at(clock), user, text) for clock, user, text in said)
        ),
    }
