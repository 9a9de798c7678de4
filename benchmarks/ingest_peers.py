"""The same question asked of other engines, each as a process: python -m benchmarks.ingest_peers NAME KIND PATH.

Question: parse every line into typed columns; count by minute and level; count patterns (tokens with a digit masked)
and give the 20 most frequent; give the rows of ten minutes as a pandas frame. Each prints one JSON line of checks.
"""

from __future__ import annotations

import collections
import datetime as dt
import gzip
import json
import re
import sys
from pathlib import Path

START, END = "2024-01-14T12:00:00", "2024-01-14T12:10:00"
MASK = re.compile(r"\S*\d\S*")
APP = re.compile(r"^(\S+)Z ([A-Z]+) (\S+) ([^\s:]+): (.*)$")
NGINX = re.compile(r'^(\S+) \S+ \S+ \[([^\]]+)\] "([^"]*)" (\d{3}) (\d+|-) "[^"]*" "[^"]*" ?(.*)$')


def said(lines: int, cells: int, top: int, rows: int) -> None:
    print(json.dumps({"lines": int(lines), "cells": int(cells), "top": int(top), "rows": int(rows)}))


def ours(kind: str, path: str) -> None:
    from postmortem_nb import digest_logs

    found = digest_logs(path, window=(START + "Z", END + "Z"), timezone="UTC")
    report = found.reports[0]
    said(report.read, len(found.counts), found.patterns["count"].iloc[0], len(found.rows))


def python_loop(kind: str, path: str, parse_time: str = "fromisoformat") -> None:
    import pandas as pd

    minutes: collections.Counter[tuple[dt.datetime, str]] = collections.Counter()
    patterns: collections.Counter[str] = collections.Counter()
    start, end = dt.datetime.fromisoformat(START), dt.datetime.fromisoformat(END)
    rows, lines = [], 0
    if kind == "nginx":
        read = lambda text: dt.datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z").replace(tzinfo=None)  # noqa: E731
    elif parse_time == "strptime":
        read = lambda text: dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f")  # noqa: E731
    else:
        read = dt.datetime.fromisoformat
    opened = gzip.open(path, "rt") if path.endswith(".gz") else Path(path).open(encoding="utf-8")  # noqa: SIM115
    with opened as file:
        for line in file:
            if kind == "json":
                record = json.loads(line)
                time, level, message = read(record["time"][:-1]), record["level"], record["msg"]
                row = (time, level, record["host"], record["service"], message)
            elif kind == "nginx":
                found = NGINX.match(line)
                if found is None:
                    continue
                client, stamp, request, status, _, tail = found.groups()
                time, level, message = read(stamp), "ERROR" if status >= "400" else "INFO", f"{request} {status}"
                row = (time, level, client, int(status), message, tail)
            else:
                found = APP.match(line)
                if found is None:
                    continue
                stamp, level, host, service, message = found.groups()
                time = read(stamp)
                row = (time, level, host, service, message)
            lines += 1
            minutes[time.replace(second=0, microsecond=0), level] += 1
            patterns[MASK.sub("<*>", message)] += 1
            if start <= time < end:
                rows.append(row)
    frame = pd.DataFrame(rows)
    said(lines, len(minutes), patterns.most_common(20)[0][1], len(frame))


def pandas_extract(kind: str, path: str) -> None:
    import pandas as pd

    if kind == "json":
        chunks = pd.read_json(path, lines=True, chunksize=500_000)
        parts = [chunk[["time", "level", "service", "host", "msg"]] for chunk in chunks]
        frame = pd.concat(parts).rename(columns={"msg": "message"})
        frame["time"] = pd.to_datetime(frame["time"], utc=True).dt.tz_localize(None)
    else:
        text = pd.read_csv(path, sep="\x01", header=None, names=["line"], dtype=str, quoting=3, engine="c")["line"]
        frame = text.str.extract(NGINX if kind == "nginx" else APP)
        if kind == "nginx":
            frame.columns = ["client", "time", "request", "status", "bytes", "tail"]
            frame["time"] = pd.to_datetime(frame["time"], format="%d/%b/%Y:%H:%M:%S %z", utc=True).dt.tz_localize(None)
            frame["level"] = frame["status"].ge("400").map({True: "ERROR", False: "INFO"})
            frame["message"] = frame["request"] + " " + frame["status"]
        else:
            frame.columns = ["time", "level", "host", "service", "message"]
            frame["time"] = pd.to_datetime(frame["time"], format="ISO8601")
    counts = frame.groupby([frame["time"].dt.floor("min"), "level"]).size()
    patterns = frame["message"].str.replace(MASK, "<*>", regex=True).value_counts()
    rows = frame[(frame["time"] >= START) & (frame["time"] < END)]
    said(len(frame), len(counts), patterns.iloc[0], len(rows))


def polars_hand(kind: str, path: str) -> None:
    """What one would write by hand for exactly these lines; it checks nothing and would lose any other line."""
    import polars as pl

    text = pl.col("line")
    if kind == "nginx":
        lazy = pl.scan_csv(
            path, separator=" ", quote_char='"', has_header=False, infer_schema=False, truncate_ragged_lines=True
        )
        first, *_ = lazy.collect_schema().names()
        number = int(first.rsplit("_", 1)[1])
        column = lambda i: pl.col(f"column_{number + i}")  # noqa: E731
        stamp = pl.concat_str(column(3), column(4)).str.to_datetime("[%d/%b/%Y:%H:%M:%S%z]", time_unit="ms")
        status = column(6).cast(pl.Int16)
        lazy = lazy.select(
            time=stamp.dt.replace_time_zone(None),
            level=pl.when(status >= 400).then(pl.lit("ERROR")).otherwise(pl.lit("INFO")),
            client=column(0),
            status=status,
            message=pl.concat_str(column(5), pl.lit(" "), column(6)),
            seconds=column(10).cast(pl.Float64),
        )
    elif kind == "json":
        schema = dict.fromkeys(("time", "level", "service", "host", "msg", "trace_id"), pl.String)
        lazy = pl.scan_ndjson(path, schema=schema).rename({"msg": "message"})
        lazy = lazy.with_columns(pl.col("time").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ms"))
    else:
        lazy = (
            pl.scan_lines(path)
            if not path.endswith(".gz")
            else pl.read_lines(gzip.decompress(Path(path).read_bytes())).lazy()
        )
        lazy = lazy.select(pl.all().name.map(lambda _: "line")).select(text.str.splitn(" ", 5).alias("p"))
        part = lambda i: pl.col("p").struct.field(f"field_{i}")  # noqa: E731
        lazy = lazy.select(
            time=part(0).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ms"),
            level=part(1),
            host=part(2),
            service=part(3).str.strip_suffix(":"),
            message=part(4),
        )
    start, end = dt.datetime.fromisoformat(START), dt.datetime.fromisoformat(END)
    counts = lazy.group_by(pl.col("time").dt.truncate("1m"), "level").len()
    patterns = lazy.group_by(pl.col("message").str.replace_all(r"\S*\d\S*", "<*>")).len().sort("len", descending=True)
    rows = lazy.filter(pl.col("time").is_between(start, end, closed="left"))
    counted, top, found = pl.collect_all([counts, patterns.head(20), rows], engine="streaming")
    frame = found.to_pandas()
    said(counted["len"].sum(), len(counted), top["len"][0], len(frame))


PEERS = {
    "postmortem-nb": ours,
    "polars by hand": polars_hand,
    "pandas str.extract": pandas_extract,
    "python loop, fromisoformat": python_loop,
    "python loop, strptime": lambda kind, path: python_loop(kind, path, "strptime"),
}

if __name__ == "__main__":
    PEERS[sys.argv[1]](sys.argv[2], sys.argv[3])
