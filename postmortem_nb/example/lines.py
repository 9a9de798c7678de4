"""Log lines in the formats that are read most: access and error logs, JSON lines, logfmt, plain ones.

Each takes UTC instants and writes them as that format does; a format that names no zone writes local time of
``zone``.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from postmortem_nb.example.traffic import SHOP, Page, stream
from postmortem_nb.times import zone_named

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari/604.1",
    "Mozilla/5.0 (compatible; ExampleBot/2.1; +http://bot.example.net/)",
)
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # set aside for documentation

Stamp = Callable[[dt.datetime], tuple[str, str]]


def iso(at: pd.Timestamp, *, seconds: bool = True) -> str:
    """Print an instant as ISO 8601 with ``Z``."""
    return at.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ" if seconds else "%Y-%m-%dT%H:%MZ")


def access_lines(
    requests: pd.DataFrame, *, zone: str = "UTC", pages: Sequence[Page] = SHOP, site: str = "www.example.com"
) -> list[str]:
    """Write requests as nginx ``combined`` lines followed by ``$request_time``, in order of their end."""
    ip = [f"{NETWORKS[i % 3]}.{1 + i * 7 % 254}" for i in range(max(requests["client"], default=0) + 1)]
    asked = [f"{page.method} {page.path} HTTP/1.1" for page in pages]
    referer = [f"https://{site}/" if page.path.startswith("/p") else "-" for page in pages]
    stamps = _stamps(requests["time"], zone, _access_stamp)
    rows = zip(
        requests["client"].tolist(),
        requests["page"].tolist(),
        requests["status"].tolist(),
        requests["bytes"].tolist(),
        requests["seconds"].tolist(),
        stamps,
        strict=True,
    )
    return [
        f'{ip[client]} - - [{stamp}] "{asked[page]}" {status} {size} "{referer[page]}" '
        f'"{AGENTS[client % len(AGENTS)]}" {seconds:.3f}'
        for client, page, status, size, seconds, stamp in rows
    ]


def nginx_error_lines(events: pd.DataFrame, *, zone: str) -> list[str]:
    """Write ``time``, ``level``, ``message`` rows as nginx error lines: local time of ``zone``, not named."""
    stamps = _stamps(events["time"], zone, _nginx_stamp)
    rows = zip(stamps, events["level"], events["message"], strict=True)
    return [
        f"{stamp} [{level}] {812 + i % 2}#0: *{40211 + 3 * i} {message}"
        for i, (stamp, level, message) in enumerate(rows)
    ]


def apache_error_lines(events: pd.DataFrame, *, zone: str) -> list[str]:
    """Write ``time``, ``level`` (``module:level``), ``message`` rows as Apache error lines, local time."""
    stamps = _stamps(events["time"], zone, _apache_stamp, decimals=6)
    rows = zip(stamps, events["level"], events["message"], strict=True)
    return [f"[{stamp}] [{level}] [pid {1920 + i % 6}] {message}" for i, (stamp, level, message) in enumerate(rows)]


def syslog_lines(events: pd.DataFrame, *, zone: str, host: str) -> list[str]:
    """Write ``time``, ``service``, ``message`` rows as RFC 3164 syslog: local time, neither year nor zone."""
    stamps = _stamps(events["time"], zone, _syslog_stamp)
    rows = zip(stamps, events["service"], events["message"], strict=True)
    return [f"{stamp} {host} {service}[{640 + i % 3}]: {message}" for i, (stamp, service, message) in enumerate(rows)]


def application_lines(events: pd.DataFrame, *, zone: str = "UTC") -> list[str]:
    """Write ``time``, ``level``, ``service``, ``message`` rows as plain application lines.

    They look like ``2024-01-14 02:05:00,123 LEVEL [service] message``. Times are local to ``zone`` and do not
    name it, as most logging libraries write them.
    """
    stamps = _stamps(events["time"], zone, _plain_stamp, decimals=3)
    rows = zip(stamps, events["level"], events["service"], events["message"], strict=True)
    return [f"{stamp} {level:<5} [{service}] {message}" for stamp, level, service, message in rows]


def json_lines(events: pd.DataFrame) -> list[str]:
    """Write rows as one JSON object a line: ``time`` in UTC, then the other columns that have values."""
    stamps = _stamps(events["time"], "UTC", _iso_stamp, decimals=3)
    rows = events.drop(columns="time").to_dict("records")
    return [
        json.dumps({"time": stamp} | {str(k): v for k, v in row.items() if not _missing(v)}, ensure_ascii=False)
        for stamp, row in zip(stamps, rows, strict=True)
    ]


def logfmt_lines(events: pd.DataFrame) -> list[str]:
    """Write rows as logfmt: ``ts`` in UTC, then the other columns, quoted where they hold spaces."""
    stamps = _stamps(events["time"], "UTC", _iso_stamp, decimals=3)
    rows = events.drop(columns="time").to_dict("records")
    return [
        " ".join([f"ts={stamp}", *(f"{k}={_bare(v)}" for k, v in row.items() if not _missing(v))])
        for stamp, row in zip(stamps, rows, strict=True)
    ]


def spread(
    start: pd.Timestamp,
    end: pd.Timestamp,
    every: pd.Timedelta,
    messages: Sequence[tuple[str, str]],
    *,
    service: str = "web",
    seed: int = 0,
) -> pd.DataFrame:
    """Draw log records at random instants, on average one ``every`` so long.

    Parameters
    ----------
    start, end : Timestamp
        Period ``[start, end)``, UTC.
    every : Timedelta
        Mean distance.
    messages : sequence of (level, message)
        Drawn evenly. In a message ``{n}`` becomes a number of up to five digits, ``{ip}`` a client's address.
    service, seed
        Name of the service; the same seed draws the same records.

    Returns
    -------
    DataFrame
        ``time``, ``level``, ``service``, ``message``, in time order.
    """
    rng = stream(seed, f"{service} {messages[0][1]}")
    count = int(rng.poisson((end - start) / every))
    at = np.sort(rng.integers(start.value, end.value, count) // 1_000_000 * 1_000_000)
    picked, number = rng.integers(0, len(messages), count).tolist(), rng.integers(1, 100_000, count).tolist()
    texts = [
        messages[p][1].replace("{n}", str(n)).replace("{ip}", f"{NETWORKS[n % 3]}.{1 + n % 254}")
        for p, n in zip(picked, number, strict=True)
    ]
    return pd.DataFrame(
        {
            "time": pd.to_datetime(at, unit="ns", utc=True).as_unit("ns"),
            "level": [messages[p][0] for p in picked],
            "service": service,
            "message": texts,
        }
    )


def tear(lines: Sequence[str], at: Iterable[int], keep: slice) -> list[str]:
    """Return the lines with some cut to a part of themselves, as a full disk or a rotation leaves them."""
    torn = set(at)
    return [line[keep] if i in torn else line for i, line in enumerate(lines)]


def _stamps(times: pd.Series, zone: str, stamp: Stamp, *, decimals: int = 0) -> list[str]:
    """Print instants: the part before the seconds once a minute, since that is what costs."""
    tz = zone_named(zone)
    nanoseconds = times.astype("int64").to_numpy()
    minutes, index = np.unique(nanoseconds // 60_000_000_000, return_inverse=True)
    printed = [stamp(dt.datetime.fromtimestamp(int(m) * 60, dt.UTC).astimezone(tz)) for m in minutes]
    seconds = (nanoseconds // 10 ** (9 - decimals) % (60 * 10**decimals)).tolist()
    mark = "," if stamp is _plain_stamp else "."
    scale = 10**decimals

    def second(value: int) -> str:
        whole, part = divmod(value, scale)
        return f"{whole:02d}{mark}{part:0{decimals}d}" if decimals else f"{whole:02d}"

    return [f"{printed[i][0]}{second(s)}{printed[i][1]}" for i, s in zip(index.tolist(), seconds, strict=True)]


def _access_stamp(t: dt.datetime) -> tuple[str, str]:
    return f"{t.day:02d}/{MONTHS[t.month - 1]}/{t.year}:{t:%H:%M}:", f" {t:%z}"


def _nginx_stamp(t: dt.datetime) -> tuple[str, str]:
    return f"{t:%Y/%m/%d %H:%M}:", ""


def _apache_stamp(t: dt.datetime) -> tuple[str, str]:
    return f"{DAYS[t.weekday()]} {MONTHS[t.month - 1]} {t.day:02d} {t:%H:%M}:", f" {t.year}"


def _syslog_stamp(t: dt.datetime) -> tuple[str, str]:
    return f"{MONTHS[t.month - 1]} {t.day:2d} {t:%H:%M}:", ""


def _plain_stamp(t: dt.datetime) -> tuple[str, str]:
    return f"{t:%Y-%m-%d %H:%M}:", ""


def _iso_stamp(t: dt.datetime) -> tuple[str, str]:
    return f"{t:%Y-%m-%dT%H:%M}:", "Z"


def _bare(value: Any) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or set(text) & set(' "=') else text


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)
