"""The units of a batch on what has the interface of `concurrent.futures`, and on a real Dask cluster."""

import shutil
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from test_batch import NAMES, files, processes_in, statuses, wait_until
from test_evidence_digest import cluster  # noqa: F401 - a fixture

from postmortem_nb import batch as batch_module
from postmortem_nb.batch import cluster as cluster_module
from postmortem_nb.batch import run_all
from postmortem_nb.runner import Outcome, run

NOTEBOOKS = Path(__file__).parent / "data" / "notebooks"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository with incidents that have facts but no telemetry, as working folder."""
    root = tmp_path / "project"
    for name in NAMES:
        folder = root / "data" / "incidents" / name
        folder.mkdir(parents=True)
        (folder / "incident.toml").write_text(f'title = "{name}"\nservices = ["shop"]\n')
    (root / "notebooks").mkdir()
    shutil.copy(NOTEBOOKS / "slow.ipynb", root / "notebooks" / "postmortem.ipynb")
    monkeypatch.chdir(root)
    return root


class Lost:
    """An executor that loses some units, and never ends others."""

    def submit(self, work, name, options):
        future = Future()
        if name.endswith(NAMES[0]):
            future.set_exception(RuntimeError("KilledWorker"))
        elif name.endswith(NAMES[1]):
            future.cancel()
            future.set_running_or_notify_cancel()
        return future


def test_units_that_a_cluster_loses_have_died_and_nobody_waits_for_ever(project, monkeypatch):
    monkeypatch.setattr(cluster_module, "REST_SECONDS", 0.5)
    done = run_all(NAMES, executor=Lost(), timeout="1s")
    assert {o.incident: (o.status, o.message) for o in done.outcomes} == {
        NAMES[0]: ("died", "The cluster gave it up: RuntimeError: KilledWorker"),
        NAMES[1]: ("died", "The cluster lost it."),
        NAMES[2]: ("died", "No worker of the cluster ended a unit in 2 s."),
    }


def test_units_are_named_so_that_a_worker_elsewhere_finds_them(project, monkeypatch):
    given = []

    def attempt(name, **options):
        given.append((name, str(options["notebook"]), str(options["output"])))
        return Outcome(Path(name).name, "ok")

    monkeypatch.setattr(batch_module, "attempt", attempt)
    with ThreadPoolExecutor(2) as executor:
        done = run_all([NAMES[0], "2024-09-09-gone"], executor=executor)
    assert statuses(done) == {NAMES[0]: "ok", "2024-09-09-gone": "ok"}
    assert max(given, key=lambda unit: len(unit[0])) == (
        f"{project}/data/incidents/{NAMES[0]}",
        f"{project}/notebooks/postmortem.ipynb",
        f"{project}/reports",
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_dask_cluster_makes_the_same_reports_and_survives_a_killed_worker(project, cluster, tmp_path):  # noqa: F811
    """One of two workers is killed while it runs a notebook; another takes its incident over."""
    from distributed import Client

    address, workers = cluster
    with Client(address, timeout="60s") as client:
        client.wait_for_workers(2, timeout=120)
        names = [str(project / "data" / "incidents" / name) for name in NAMES]
        with ThreadPoolExecutor(1) as aside:
            made = aside.submit(run_all, names, executor=client.get_executor(pure=False), output=tmp_path / "out")
            wait_until(lambda: len(list(tmp_path.glob("out/.part-*/run.ipynb"))) == 2)
            workers[0].kill()
            done = made.result(timeout=300)
    assert [outcome.status for outcome in done.outcomes] == ["ok"] * 3
    expected = [f"{name}.{ending}" for name in NAMES for ending in ("html", "ipynb", "json")]
    assert files(tmp_path / "out") == [*expected, "batch.json", "index.html", "junit.xml"]
    alone = run(NAMES[0], output=tmp_path / "alone")
    for kind in ("html", "json"):
        assert (tmp_path / "out" / f"{NAMES[0]}.{kind}").read_bytes() == getattr(alone, kind).read_bytes()
    wait_until(lambda: not processes_in(project / "notebooks"))
