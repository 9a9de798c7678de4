"""The formulas of the impact: one table that the analysis, the report and docs/timings.md share."""

from __future__ import annotations

from typing import NamedTuple

GROUPS = {
    "requests": "Requests",
    "budget": "Time and error budget",
    "users": "Users",
    "latency": "Latency",
    "money": "Money",
    "signal": "The signal itself",
}


class Formula(NamedTuple):
    """Definition of one quantity: its group, its formula in words, and what its absence means."""

    group: str
    name: str
    unit: str
    definition: str
    missing: str


NO_COUNTS = "needs a measured window of a signal that counts failed and all requests"
NO_TRAFFIC = "needs a measured window of a signal that counts requests"
NO_REFERENCE = "needs requests counted outside of the impact to compare with"
NO_TARGET = "needs an objective, and a signal that counts failed and all requests"
NO_SIGNAL = "needs a signal"
NO_WINDOW = "needs a measured window"
NO_USERS = "needs ids of users, or addresses, in the log lines that a ratio counts"
NO_SECONDS = "needs a measured window and log lines with the duration of requests"
QUANTITIES = {
    "failed_requests": Formula(
        "requests", "failed requests", "requests", "requests that count as failed, within the windows", NO_COUNTS
    ),
    "total_requests": Formula("requests", "requests", "requests", "all counted requests within the windows", NO_COUNTS),
    "excess_failures": Formula(
        "requests",
        "failures above baseline",
        "requests",
        "sum over samples of failed − baseline ratio × requests, where positive",
        NO_COUNTS,
    ),
    "error_ratio_mean": Formula(
        "requests", "mean failure ratio", "share", "failed over all requests within the windows", NO_COUNTS
    ),
    "error_ratio_peak": Formula(
        "requests", "worst failure ratio", "share", "worst single sample within the windows", NO_COUNTS
    ),
    "expected_requests": Formula(
        "requests",
        "expected requests",
        "requests",
        "the same stretch at other times, their median or a line through them, with the 90 % prediction interval",
        NO_REFERENCE,
    ),
    "lost_requests": Formula(
        "requests",
        "requests that never came",
        "requests",
        "sum over windows of expected − counted requests, where positive",
        NO_REFERENCE,
    ),
    "deferred_requests": Formula(
        "requests",
        "requests that came later",
        "requests",
        "counted − expected requests after the recovery, for as long as the impact lasted and at least 30 min, where "
        "beyond the interval of what was expected",
        NO_REFERENCE,
    ),
    "affected_demand": Formula(
        "requests",
        "demand affected",
        "share",
        "(failures above baseline + requests that never came) over expected requests",
        NO_REFERENCE,
    ),
    "unserved_requests": Formula(
        "requests",
        "demand not served",
        "requests",
        "failures above baseline + requests that never came − requests that came later, where positive",
        NO_REFERENCE,
    ),
    "outage_minutes": Formula(
        "budget",
        "full-outage equivalent",
        "minutes",
        "sum over samples of failure ratio × width: half of the requests failing for 60 min is 30",
        NO_COUNTS,
    ),
    "availability": Formula(
        "budget",
        "availability over the record",
        "share",
        "1 − failed over all requests of the whole record",
        "needs a signal that counts failed and all requests",
    ),
    "availability_slo": Formula(
        "budget",
        "availability over the period of the objective",
        "share",
        "1 − failed over all requests of the period",
        NO_TARGET,
    ),
    "availability_time": Formula(
        "budget", "time without impact", "share", "1 − impact time over the length of the record", NO_SIGNAL
    ),
    "availability_time_slo": Formula(
        "budget",
        "time without impact over the period of the objective",
        "share",
        "1 − impact time over the period",
        "needs a signal and an objective",
    ),
    "budget_requests": Formula(
        "budget",
        "error budget burned, requests",
        "share",
        "failures above baseline over (1 − objective) × requests of the period",
        NO_TARGET,
    ),
    "budget_minutes": Formula(
        "budget",
        "error budget burned, minutes",
        "share",
        "impact time over (1 − objective) × period",
        "needs a signal and an objective",
    ),
    "burn_rate_mean": Formula(
        "budget", "mean burn rate", "×", "mean failure ratio within the windows over 1 − objective", NO_TARGET
    ),
    "burn_rate_peak": Formula("budget", "worst burn rate", "×", "worst single sample over 1 − objective", NO_TARGET),
    "burn_rate_1h": Formula(
        "budget",
        "worst burn rate of 1 h",
        "×",
        "failed over all requests of the worst hour that touches the impact, over 1 − objective; 14.4 usually pages",
        NO_TARGET,
    ),
    "burn_rate_6h": Formula(
        "budget",
        "worst burn rate of 6 h",
        "×",
        "failed over all requests of the worst six hours that touch the impact, over 1 − objective; 6 usually pages",
        NO_TARGET,
    ),
    "burn_rate_3d": Formula(
        "budget",
        "worst burn rate of 3 d",
        "×",
        "failed over all requests of the worst three days that touch the impact, over 1 − objective; 1 usually opens a "
        "ticket",
        NO_TARGET,
    ),
    "users_active": Formula(
        "users",
        "active users",
        "users",
        "distinct ids with a request within the windows",
        NO_USERS,
    ),
    "users_affected": Formula(
        "users", "users affected", "users", "distinct ids with a failed request within the windows", NO_USERS
    ),
    "users_affected_share": Formula(
        "users", "share of active users affected", "share", "users affected over active users", NO_USERS
    ),
    "users_material": Formula(
        "users",
        "users materially affected",
        "users",
        "users whose requests within the windows all failed, or at least m of them",
        NO_USERS,
    ),
    "user_minutes": Formula(
        "users",
        "user-minutes lost",
        "user-minutes",
        "sum over users of the time from a failed request within a window to their next success in it",
        NO_USERS,
    ),
    "latency_p95": Formula(
        "latency", "95th percentile within the windows", "s", "of the durations of all answered requests", NO_SECONDS
    ),
    "latency_p95_usual": Formula(
        "latency", "95th percentile outside of them", "s", "of the durations of all answered requests", NO_SECONDS
    ),
    "latency_minutes": Formula(
        "latency",
        "slow minutes",
        "minutes",
        "minutes within the windows whose 95th percentile is above the limit",
        NO_SECONDS,
    ),
    "apdex": Formula(
        "latency",
        "Apdex",
        "",
        "(requests within the limit + half of those within four times it) over all requests; a failed one counts as "
        "slow",
        NO_SECONDS,
    ),
    "revenue_lost": Formula(
        "money",
        "revenue not made",
        "",
        "demand not served × declared value of a request",
        "needs a declared [value] per_request",
    ),
    "baseline_value": Formula(
        "signal", "baseline", "", "bad over total, or median, of what is taken as normal", NO_SIGNAL
    ),
    "threshold": Formula("signal", "threshold", "", "level at which a window opens", NO_SIGNAL),
    "peak_value": Formula("signal", "worst value", "", "worst single sample within the windows", NO_WINDOW),
    "unknown_share": Formula(
        "signal", "samples missing", "share", "share of the samples within the windows that are missing", NO_WINDOW
    ),
}
