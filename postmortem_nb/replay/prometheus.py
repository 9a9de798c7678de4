"""Expressions evaluated by Prometheus itself, where it is installed.

``promtool`` makes a database of the series, and a server of its own on the loopback interface answers range queries on
it. Both work in a folder that is gone afterwards; nothing else is written.
"""

from __future__ import annotations

import functools
import json
import math
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from postmortem_nb.errors import IncidentError, PostmortemError
from postmortem_nb.replay.evaluation import Grid
from postmortem_nb.replay.series import Series, labels_of
from postmortem_nb.replay.vectors import Vector, empty

MOST = 10_000  # points a query; Prometheus answers 11,000 at most
START = 30.0  # seconds until the server must be ready
ANSWER = 60.0  # seconds until a query must be answered


class PrometheusFailed(PostmortemError):
    """Prometheus is installed, but did not come up or answer."""


@functools.cache
def installed_version() -> str:
    """Return the version of the installed Prometheus, such as ``2.42.0``; empty if it or promtool is missing."""
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        return ""
    try:
        done = subprocess.run(["prometheus", "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"version v?(\d+\.\d+\.\d+)", done.stdout + done.stderr)
    return found[1] if found else ""


class Server:
    """A running Prometheus that holds some series; from `serving`."""

    def __init__(self, address: str) -> None:
        self.address = address
        # never through a proxy: it is our own machine
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(self, path: str, seconds: float, fields: dict[str, Any] | None = None) -> bytes:
        """Return the answer to a request; an error of the server is raised with its text."""
        data = urllib.parse.urlencode(fields).encode() if fields else None
        try:
            with self.opener.open(f"{self.address}{path}", data=data, timeout=seconds) as reply:
                return bytes(reply.read())
        except urllib.error.HTTPError as error:
            return bytes(error.read())

    def evaluate(self, text: str, grid: Grid) -> Vector:
        """Return what an expression gives at every step of a grid.

        Raises
        ------
        IncidentError
            If Prometheus refuses it, with its reason.
        PrometheusFailed
            If it does not answer.
        """
        rows: dict[tuple[tuple[str, str], ...], tuple[np.ndarray, np.ndarray]] = {}
        for first in range(0, grid.count, MOST):
            last = min(first + MOST, grid.count) - 1
            ends = {"start": (grid.start + grid.step * first) / 1000, "end": (grid.start + grid.step * last) / 1000}
            fields = {"query": text, "step": grid.step / 1000, "timeout": f"{ANSWER:.0f}s", **ends}
            for labels, times, values in self._matrix(fields):
                value, known = rows.setdefault(labels, (np.zeros(grid.count), np.zeros(grid.count, bool)))
                at = (np.round(times * 1000).astype(np.int64) - grid.start) // grid.step
                value[at], known[at] = values, True
        if not rows:
            return empty(grid.count)
        return Vector(list(rows), np.stack([v for v, _ in rows.values()]), np.stack([k for _, k in rows.values()]))

    def _matrix(self, fields: dict[str, Any]) -> Iterator[tuple[tuple[tuple[str, str], ...], np.ndarray, np.ndarray]]:
        try:
            answer = json.loads(self.ask("/api/v1/query_range", ANSWER + 5, fields))
        except (OSError, ValueError) as error:
            raise PrometheusFailed(f"Prometheus did not answer ({error}).") from error
        if answer.get("status") != "success":
            raise IncidentError(f"expr: Prometheus refuses it: {answer.get('error', 'no reason given')}.")
        for series in answer["data"]["result"]:
            times = np.array([t for t, _ in series["values"]], float)
            values = np.array([float(v) for _, v in series["values"]], float)
            yield labels_of(series["metric"].items()), times, values


@contextmanager
def serving(series: Sequence[Series]) -> Iterator[Server]:
    """Start a Prometheus that holds these series, and stop it again.

    Raises
    ------
    PrometheusFailed
        If it is not installed or does not come up.
    """
    if not installed_version():
        raise PrometheusFailed("prometheus and promtool are not installed.")
    with tempfile.TemporaryDirectory(prefix="postmortem-nb-") as name:
        folder = Path(name)
        (folder / "p.yml").write_text("global: {}\n", encoding="utf-8")
        (folder / "data").mkdir()
        if any(len(s.times) for s in series):
            _fill(folder, series)
        with _running(folder) as server:
            yield server


def _fill(folder: Path, series: Sequence[Series]) -> None:
    """Make the database; blocks are as long as the record, since promtool reads the whole text once a block."""
    (folder / "series.txt").write_text(openmetrics(series), encoding="utf-8")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=1000000h"]
    try:
        done = subprocess.run(
            [*command, str(folder / "series.txt"), str(folder / "data")],
            capture_output=True,
            text=True,
            timeout=ANSWER,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PrometheusFailed(f"promtool did not take the series ({error}).") from error
    if done.returncode:
        raise PrometheusFailed(f"promtool did not take the series: {done.stderr.strip()[-300:]}")


def openmetrics(series: Sequence[Series]) -> str:
    """Return series as OpenMetrics text; the samples of a metric stand together."""
    lines = []
    for one in sorted(series, key=lambda s: s.name):
        pairs = ",".join(f'{k}="{_escaped(v)}"' for k, v in one.labels if k != "__name__")
        head = f"{one.name}{{{pairs}}}" if pairs else one.name
        lines += [
            f"{head} {_number(value)} {at // 1000}.{at % 1000:03d}"
            for at, value in zip(one.times.tolist(), one.values.tolist(), strict=True)
        ]
    return "\n".join([*lines, "# EOF\n"])


def _number(value: float) -> str:
    return repr(value) if math.isfinite(value) else "NaN" if math.isnan(value) else f"{value:+f}".title()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@contextmanager
def _running(folder: Path) -> Iterator[Server]:
    """Run the server on a free port, under a path that nobody else can know."""
    path = secrets.token_hex(8)
    for _ in range(3):  # another program may take the port between our look and the start
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        flags = [
            f"--config.file={folder / 'p.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address=127.0.0.1:{port}",
            f"--web.route-prefix=/{path}",
            "--log.level=error",
        ]
        try:
            process = subprocess.Popen(["prometheus", *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except OSError as error:
            raise PrometheusFailed(f"prometheus did not start ({error}).") from error
        try:
            server = Server(f"http://127.0.0.1:{port}/{path}")
            if _is_ready(process, server):
                yield server
                return
        finally:
            process.kill()
            process.wait()
    raise PrometheusFailed(f"prometheus was not ready within {START:.0f} s.")


def _is_ready(process: subprocess.Popen[bytes], server: Server) -> bool:
    """Wait until the server is ready; it is not if it ended or takes too long."""
    deadline = time.monotonic() + START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if b"Ready" in server.ask("/-/ready", 5):
                return True
        except OSError:
            time.sleep(0.02)
    return False
