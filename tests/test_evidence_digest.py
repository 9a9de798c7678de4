"""Digests: the same numbers however the work is cut and wherever it is done."""

import gzip
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem_nb.analysis.patterns import mine_patterns
from postmortem_nb.errors import PostmortemError
from postmortem_nb.evidence import lines, read_logs
from postmortem_nb.evidence.digest import digest, digest_logs, parts, plan, spreading
from postmortem_nb.evidence.how import How

START = pd.Timestamp("2024-01-14T02:00:00Z")
LEVELS = ("INFO", "WARN", "ERROR", "DEBUG")
WINDOW = ("2024-01-14T02:03:00Z", "2024-01-14T02:05:00Z")
MULTILINE = "\n\tat com.example.Cart.add(Cart.java:53)\n\tat com.example.Cart.run(Cart.java:9)"


def record(number: int) -> str:
    time = (START + pd.Timedelta(seconds=0.7 * number)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    more = MULTILINE if number % 50 == 7 else ""
    return f"{time}Z {LEVELS[number % 7 % 4]} request {number} of shard {number % 3} done{more}"


def write(tmp_path, count=900, name="app.log", first=0):
    path = tmp_path / name
    text = "".join(record(number) + "\n" for number in range(first, first + count))
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def oracle(paths, window=WINDOW):
    """The same numbers from whole frames, by pandas and the analysis' own patterns."""
    frame = pd.concat([read_logs(path) for path in paths], ignore_index=True)
    keys = [frame["time"].dt.floor("min"), frame["level"].fillna("")]
    counts = frame.groupby(keys).size()
    patterns = mine_patterns(frame["message"])["pattern"].value_counts()
    a, b = (pd.Timestamp(t) for t in window)
    return counts, patterns, frame[(frame["time"] >= a) & (frame["time"] < b)].reset_index(drop=True)


def agrees(found, paths):
    counts, patterns, rows = oracle(paths)
    got = found.counts.set_index(["minute", "level"])["count"]
    assert got.to_dict() == counts.to_dict()
    assert dict(zip(found.patterns["pattern"], found.patterns["count"], strict=True)) == patterns.to_dict()
    pd.testing.assert_frame_equal(found.rows, rows, check_dtype=False)
    for path, report in zip(paths, found.reports, strict=True):
        one = read_logs(path).attrs["report"]
        assert (report.lines, report.read, report.continued) == (one.lines, one.read, one.continued)
        assert (report.first, report.last, report.formats) == (one.first, one.last, one.formats)


def cut(paths, part, executor=None, jobs=1):
    files = [(path, How(path.as_posix())) for path in paths]
    window = tuple(pd.Timestamp(t) for t in WINDOW)
    return digest(files, window=window, executor=executor, jobs=jobs, part=part)


class Here(Executor):
    """Works at once, in this thread: what an executor must do, and no more."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def test_a_digest_says_what_the_frame_says(tmp_path):
    paths = [write(tmp_path), write(tmp_path, 300, "b.log.gz", first=500)]
    agrees(digest_logs(paths, window=WINDOW), paths)


@pytest.mark.parametrize("part", [900, 2_000, 10_000, 1 << 30])
def test_where_a_file_is_cut_changes_nothing(tmp_path, part):
    paths = [write(tmp_path), write(tmp_path, 200, "b.log", first=300)]
    agrees(cut(paths, part, Here()), paths)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 400), st.integers(300, 20_000), st.integers(100, 5_000))
def test_neither_parts_nor_blocks_change_a_digest(tmp_path, count, part, block):
    path = write(tmp_path, count)
    whole = digest_logs(path, window=WINDOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "FIRST_BLOCK", block)
        patch.setattr(lines, "BLOCK", block)
        other = cut([path], part, Here())
    pd.testing.assert_frame_equal(whole.counts, other.counts)
    pd.testing.assert_frame_equal(whole.patterns, other.patterns)
    pd.testing.assert_frame_equal(whole.rows, other.rows)
    assert whole.reports == other.reports


def test_putting_parts_together_is_associative(tmp_path):
    path = write(tmp_path)
    tasks = plan(path, How(path.as_posix()), None, 4_000, 1)
    assert len(tasks) > 4
    a, b, c = (parts.digest_task(task) for task in tasks[:3])
    left, right = a.then(b).then(c), a.then(b.then(c))
    assert left.reports == right.reports
    assert left.counts.sort("minute", "level").equals(right.counts.sort("minute", "level"))
    assert left.patterns.sort("pattern").equals(right.patterns.sort("pattern"))


def test_a_file_whose_lines_need_those_before_them_is_not_cut(tmp_path):
    path = tmp_path / "syslog"
    path.write_text("".join(f"Jan  5 10:{n // 60:02d}:{n % 60:02d} web-1 app[1]: line {n}\n" for n in range(900)))
    how = How("syslog", zone="UTC", year=2024)
    assert len(plan(path, how, None, 2_000, 1)) == 1
    packed = write(tmp_path, name="b.log.gz")
    assert len(plan(packed, How("b.log.gz"), None, 500, 1)) == 1


def test_very_many_patterns_are_kept_within_bounds(tmp_path, monkeypatch):
    path = tmp_path / "app.log"
    words = ["alpha", "beta", "gamma", "delta"]
    texts = [f"{a} {b} {c}" for a in words for b in words for c in words]
    often = ["often seen"] * 40
    path.write_text("".join(f"2024-01-14T02:00:00Z INFO {text}\n" for text in (*texts, *often)))
    monkeypatch.setattr(parts, "MOST_PATTERNS", 10)
    found = digest_logs(path)
    assert len(found.patterns) <= 2 * 10 + 1
    assert found.patterns["count"].sum() == len(texts) + len(often)
    assert found.patterns.iloc[0].tolist()[1] == 40 or parts.BEYOND in found.patterns["pattern"].tolist()


def test_a_pool_of_processes_gives_the_same(tmp_path):
    paths = [write(tmp_path), write(tmp_path, 300, "b.log", first=500)]
    agrees(cut(paths, 8_000, jobs=2), paths)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        agrees(cut(paths, 8_000, pool), paths)
    with ThreadPoolExecutor(2) as pool:
        agrees(cut(paths, 8_000, pool), paths)


def test_an_error_of_a_task_is_the_error_of_the_digest(tmp_path):
    path = tmp_path / "naive.log"
    path.write_text("2024-01-14 02:00:00 INFO a\n" * 400)
    with pytest.raises(PostmortemError, match=r"naive\.log:1: its times carry no zone"):
        cut([path], 2_000, jobs=2)


WORK = parts.digest_task


def die_once(task):
    """Digest, but end the process at the first call of all, as the kernel does when memory runs out."""
    flag = os.environ["DIE_ONCE"]
    try:
        os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return WORK(task)
    os.kill(os.getpid(), signal.SIGKILL)
    return None


def test_a_killed_process_of_the_pool_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("DIE_ONCE", str(tmp_path / "died"))
    path = write(tmp_path)
    tasks = plan(path, How(path.as_posix()), None, 8_000, 1)
    monkeypatch.setattr(spreading, "digest_task", die_once)
    done = list(spreading.in_processes(tasks, 2))
    assert (tmp_path / "died").exists()
    assert sum(part.reports[0].read for part in done) == 900


def test_a_pool_that_keeps_dying_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(spreading, "TRIES", 1)
    monkeypatch.setenv("DIE_ONCE", str(tmp_path / "died"))
    path = write(tmp_path)
    tasks = plan(path, How(path.as_posix()), None, 8_000, 1)
    monkeypatch.setattr(spreading, "digest_task", die_once)
    with pytest.raises(BrokenProcessPool):
        list(spreading.in_processes(tasks, 2))


# --- Dask: a real scheduler and real workers --------------------------------------------------------------------------


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers on loopback; yields its address and the processes of the workers."""
    pytest.importorskip("distributed", reason="needs the extra [cluster]")
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    base = [sys.executable, "-m", "distributed.cli"]
    quiet = {"cwd": tmp_path, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = [*base[:2], "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port)]
    worker = [*base[:2], "distributed.cli.dask_worker", address, "--nthreads", "1", "--host", "127.0.0.1"]
    started = [subprocess.Popen([*scheduler, "--no-dashboard"], **quiet)]
    started += [subprocess.Popen([*worker, "--no-dashboard", "--no-nanny"], **quiet) for _ in range(2)]
    try:
        yield address, started[1:]
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_and_survives_a_killed_worker(tmp_path, cluster):
    from distributed import Client

    address, workers = cluster
    paths = [write(tmp_path, 2_000), write(tmp_path, 300, "b.log", first=500)]
    with Client(address, timeout="30s") as client:
        client.wait_for_workers(2, timeout=60)
        agrees(cut(paths, 6_000, client.get_executor(pure=False)), paths)
        killer = threading.Thread(target=lambda: (time.sleep(0.2), workers[0].kill()))
        killer.start()
        agrees(cut(paths, 2_000, client.get_executor(pure=False)), paths)
        killer.join()
        deadline = time.monotonic() + 30
        while len(client.scheduler_info()["workers"]) > 1 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(client.scheduler_info()["workers"]) == 1
        agrees(cut(paths, 6_000, client.get_executor(pure=False)), paths)


# --- S3: a real server on loopback ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bucket():
    """An S3 server with a bucket; fsspec is pointed at it by the environment, which it reads once."""
    moto = pytest.importorskip("moto.server", reason="needs moto")
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("s3fs", reason="needs the extra [s3]")
    port = free_port()
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    endpoint = f"http://127.0.0.1:{port}"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint,
        }.items():
            patch.setenv(name, value)
        client = boto3.client("s3", endpoint_url=endpoint)
        client.create_bucket(Bucket="evidence")
        yield client
    server.stop()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["app.log", "app.log.gz"])
def test_logs_in_a_bucket_are_read_where_they_lie(tmp_path, bucket, name):
    path = write(tmp_path, 400, name)
    bucket.upload_file(str(path), "evidence", f"web/{name}")
    address = f"s3://evidence/web/{name}"
    remote, local = read_logs(address), read_logs(path)
    assert remote["file"].unique().tolist() == [address]
    pd.testing.assert_frame_equal(remote.drop(columns="file"), local.drop(columns="file"))
    found = digest([(address, How(address))], part=4_000, executor=Here())
    assert found.counts.equals(digest_logs(path).counts)
    assert found.reports[0].lines == local.attrs["report"].lines


@pytest.mark.slow
def test_nothing_at_an_address_is_said(bucket):
    with pytest.raises(PostmortemError, match=r"s3://evidence/none\.log: there is nothing to read"):
        read_logs("s3://evidence/none.log")


def test_an_address_without_its_package_says_what_to_install(monkeypatch):
    import fsspec

    def missing(*args, **kwargs):
        raise ImportError("No module named 's3fs'")

    monkeypatch.setattr(fsspec, "open", missing)
    with pytest.raises(PostmortemError, match=r"reading s3:// needs another package .*postmortem-nb\[s3\]"):
        read_logs("s3://evidence/app.log")
