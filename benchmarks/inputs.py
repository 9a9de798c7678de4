"""Logs for the benchmarks, drawn from a seed: the same bytes every time, as large as asked for.

A block of lines is drawn once and written again with later times, so that 10 GB take minutes and not hours.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

DAY = np.datetime64("2024-01-14T00:00:00.000")
DRAWN = 200_000  # lines that are drawn; later ones repeat their texts
KINDS = (
    "GET /api/item/{a} took {b} ms status=200",
    "cache miss for key user:{a} shard={c}",
    "order {h} accepted total={b}.{c} items={c}",
    "connection to db-{c} closed after {b} ms",
    "retrying request {h} attempt {c}",
    "user {a} logged in from 10.{c}.{c}.{b}",
    "payment {h} declined code={c}",
    "queue depth is {b}",
    "flushed segment to disk",
    "GC pause of {b}.{c} ms, heap {a} kB",
    "worker thread started and waits for work from the shared queue",
    "template checkout/summary.html rendered in {b} ms for locale en_GB",
)
SERVICES = ("cart", "checkout", "search", "pay", "catalog")
LEVELS = ("INFO", "DEBUG", "WARN", "ERROR")


def _words(seed: int, count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "level": rng.choice(4, count, p=[0.8, 0.1, 0.07, 0.03]),
        "service": rng.integers(0, len(SERVICES), count),
        "kind": rng.integers(0, len(KINDS), count),
        "a": rng.integers(1_000, 999_999, count),
        "b": rng.integers(1, 250, count),
        "c": rng.integers(1, 9, count),
        "h": rng.integers(0, 2**62, count),
    }


def _messages(words: dict[str, np.ndarray]) -> list[str]:
    rows = zip(words["kind"], words["a"], words["b"], words["c"], words["h"], strict=True)
    return [KINDS[k].format(a=a, b=b, c=c, h=f"{h:016x}") for k, a, b, c, h in rows]


def app_lines(seed: int) -> Callable[[np.ndarray], Iterator[str]]:
    """Application log: time, level, host, service and message."""
    words = _words(seed, DRAWN)
    bodies = [
        f"Z {LEVELS[level]} web-{host % 8} {SERVICES[service]}: {message}\n"
        for level, service, host, message in zip(
            words["level"], words["service"], words["a"], _messages(words), strict=True
        )
    ]
    return lambda times: (t + body for t, body in zip(times.astype(str), bodies, strict=False))


def nginx_lines(seed: int) -> Callable[[np.ndarray], Iterator[str]]:
    """Access log of nginx, combined, with the duration behind."""
    words = _words(seed, DRAWN)
    status = np.array([200, 200, 200, 304, 404, 500])[words["a"] % 6]
    rows = list(zip(words["a"].tolist(), words["b"].tolist(), words["c"].tolist(), status.tolist(), strict=True))
    heads = [f"10.{c}.{b % 16}.{b} - - [" for a, b, c, s in rows]
    tails = [
        f' +0000] "GET /api/item/{a % 977}?q={a} HTTP/1.1" {s} {a % 5000} "https://shop.example/a/{b}" '
        f'"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)" 0.{b:03d}\n'
        for a, b, c, s in rows
    ]

    def lines(times: np.ndarray) -> Iterator[str]:
        seconds, back = np.unique(times.astype("datetime64[s]"), return_inverse=True)
        shown = [f"{t.astype(object):%d/%b/%Y:%H:%M:%S}" for t in seconds]
        return (head + shown[at] + tail for head, at, tail in zip(heads, back, tails, strict=False))

    return lines


def json_lines(seed: int) -> Callable[[np.ndarray], Iterator[str]]:
    """JSON lines as many services write them."""
    words = _words(seed, DRAWN)
    bodies = [
        json.dumps(
            {
                "level": LEVELS[level].lower(),
                "service": SERVICES[service],
                "host": f"web-{a % 8}",
                "msg": message,
                "trace_id": f"{h:032x}",
                "caller": "server/handler.go:118",
                "nested": {"shard": int(a % 9), "retries": [1, 2]},
            }
        )[1:]
        for level, service, a, h, message in zip(
            words["level"], words["service"], words["a"], words["h"], _messages(words), strict=True
        )
    ]
    return lambda times: (f'{{"time": "{t}Z", {body}\n' for t, body in zip(times.astype(str), bodies, strict=False))


KINDS_OF_LOG = {"app": app_lines, "nginx": nginx_lines, "json": json_lines}


def make(folder: Path, kind: str, megabytes: int, seed: int = 1) -> Path:
    """Write a log of one kind that spans one day, unless it is there; returns its path."""
    if kind == "app.gz":
        plain = make(folder, "app", megabytes, seed)
        packed = plain.with_name(plain.name + ".gz")
        if not packed.exists():
            with plain.open("rb") as source, gzip.open(packed, "wb", compresslevel=5) as target:
                shutil.copyfileobj(source, target, 1 << 20)
        return packed
    path = folder / f"{kind}-{megabytes}.log"
    if path.exists():
        return path
    lines = KINDS_OF_LOG[kind](seed)
    size = sum(len(line) for line in lines(np.full(1_000, DAY))) / 1_000
    count = int(megabytes * 1e6 / size)
    part = path.with_suffix(".part")
    with part.open("w", encoding="ascii") as file:
        for first in range(0, count, DRAWN):
            numbers = np.arange(first, min(count, first + DRAWN))
            times = DAY + (numbers * (86_400_000 / count)).astype("int64").astype("timedelta64[ms]")
            file.writelines(lines(times))
    part.rename(path)
    return path
