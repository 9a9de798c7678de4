"""Events of real systems: published status pages, and an Alertmanager that runs."""

import csv
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import pandas as pd
import pytest

from postmortem_nb.evidence import load, read_events

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).parents[2] / "shared" / "data"


def utc(text):
    return pd.Timestamp(text, tz="UTC")


# --- GitHub's status feed ---------------------------------------------------------------------------------------------


def test_incidents_of_a_status_feed():
    frame = read_events(DATA / "status_github" / "events" / "updates.jsonl")
    report = frame.attrs["report"]
    assert (report.format, report.lines, report.read, report.rejected) == ("status-history", 6, 6, 0)
    assert frame["kind"].value_counts().to_dict() == {"communication": 27, "maintenance": 3}
    critical = frame[frame["evidence"].str.contains(r"updates\.jsonl:6\.")]
    assert (critical["time"].min(), critical["time"].max()) == (utc("2023-06-29T17:52"), utc("2023-06-29T18:36"))


@pytest.mark.parametrize("name", ["status_github"])
def test_a_whole_status_feed_agrees_with_what_was_counted_of_it(name):
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"the shared data {name} are not on this machine")
    frame = read_events(folder / "updates.jsonl")
    report = frame.attrs["report"]
    assert (report.lines, report.read, report.rejected, len(frame)) == (399, 399, 0, 2165)
    with (folder / "truth_downtime_windows.csv").open(encoding="utf-8") as file:
        truth = {row["incident_id"]: row for row in csv.DictReader(file) if row["source"] == "updates"}
    ids = [json.loads(line)["id"] for line in (folder / "updates.jsonl").read_text(encoding="utf-8").splitlines()]
    line = frame["evidence"].str.extract(r":(\d+)\.updates")[0].astype(int)
    spans = frame.groupby(line)["time"].agg(["min", "max"])
    checked = 0
    for number, (first, last) in zip(spans.index, spans.to_numpy(), strict=True):
        row = truth.get(ids[number - 1])
        if row:
            assert (first, last) == (pd.Timestamp(row["downtime_start"]), pd.Timestamp(row["downtime_end"]))
            checked += 1
    assert checked > 300


# --- Jenkins' status pages --------------------------------------------------------------------------------------------


def page(name):
    return next((DATA / "status_jenkins" / "events").glob(f"*{name}.md"))


def test_a_page_that_ends_before_it_begins():
    frame = read_events(page("jenkins-io-outage"))
    impact = frame[frame["kind"] == "impact"].iloc[0]
    assert (impact["time"], impact["end"]) == (utc("2021-11-18T10:47"), utc("2021-11-05T15:30"))
    assert "Events that end before they begin and are kept as they are: 1;" in frame.attrs["report"].notes[0]
    said = frame[frame["kind"] == "communication"]
    assert said["time"].tolist() == [utc("2021-11-05T15:30"), utc("2021-11-18T10:47")]
    assert said["text"].iloc[0].endswith("The website jenkins.io and all its sub pages are back online.")


def test_planned_work_is_told_apart():
    frame = read_events(page("maintenance-window"), timezone="UTC")
    assert frame["kind"].unique().tolist() == ["maintenance"]


def test_pages_are_evidence_where_a_rule_says_so(tmp_path):
    shutil.copytree(DATA / "status_jenkins" / "events", tmp_path / "events")
    rule = '[[evidence]]\nfiles = "events/*.md"\nkind = "events"\nzone = "UTC"\n'
    (tmp_path / "incident.toml").write_text(f'title = "x"\n{rule}')
    incident = load(tmp_path)
    assert incident.files["format"].tolist() == ["cstate"] * 4
    assert (incident.events["kind"] == "impact").sum() == 3


def test_all_pages_agree_with_their_index():
    folder = SHARED / "status_jenkins"
    if not folder.is_dir():
        pytest.skip("the shared data status_jenkins are not on this machine")
    with (folder / "index.csv").open(encoding="utf-8") as file:
        index = list(csv.DictReader(file))
    assert len(index) == 98
    backwards = 0
    for row in index:
        frame = read_events(folder / "issues" / row["file"], timezone="UTC")
        report = frame.attrs["report"]
        assert (report.lines, report.read, report.rejected) == (1, 1, 0)
        whole = frame[frame["evidence"].str.fullmatch(r".*\.md:\d+")].iloc[0]
        minutes = (whole["end"] - whole["time"]).total_seconds() / 60
        assert not row["minutes"] or minutes == pytest.approx(float(row["minutes"]), abs=1)
        backwards += any("end before they begin" in note for note in report.notes)
    assert backwards == sum(row["negative"] == "yes" for row in index) == 3


# --- Alertmanager -----------------------------------------------------------------------------------------------------


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what Alertmanager sends."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(body.decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def receiver():
    """A server that webhooks are sent to, with what it has received."""
    with http.server.HTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.received = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory, receiver):
    """The address of an Alertmanager that runs."""
    binary = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if binary is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("prometheus-alertmanager is not installed")
    folder = tmp_path_factory.mktemp("alertmanager")
    (folder / "am.yml").write_text(
        "route: {receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\n"
        f"receivers: [{{name: hook, webhook_configs: [{{url: 'http://127.0.0.1:{receiver.server_port}/'}}]}}]\n"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    options = [f"--config.file={folder / 'am.yml'}", f"--storage.path={folder}", f"--web.listen-address={address}"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([binary, *options, "--cluster.listen-address="], stdout=log, stderr=log)
        try:
            wait_for(f"http://{address}/-/ready", server)
            yield f"http://{address}/api/v2/alerts"
        finally:
            server.terminate()
            server.wait(10)


def wait_for(url, server):
    for _ in range(100):
        assert server.poll() is None, "Alertmanager ended at once"
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail("Alertmanager was not ready within 10 s")


def post(address, alerts):
    posted = urllib.request.Request(
        address, json.dumps(alerts).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    urllib.request.urlopen(posted, timeout=5).close()


@pytest.mark.slow
def test_what_an_alertmanager_sends(alertmanager, receiver, tmp_path):
    now = pd.Timestamp.now(tz="UTC").floor("s")
    begin, end = now - pd.Timedelta(minutes=9), now - pd.Timedelta(minutes=1)
    alert = {"labels": {"alertname": "Sent", "service": "cart"}, "annotations": {}, "startsAt": begin.isoformat()}
    post(alertmanager, [alert])
    sent = payloads(receiver, "firing")
    post(alertmanager, [alert | {"endsAt": end.isoformat()}])
    sent += payloads(receiver, "resolved")
    path = tmp_path / "webhooks.jsonl"
    path.write_text("\n".join(sent[:1]))
    first = read_events(path)
    assert first.attrs["report"].format == "alertmanager-webhook"
    assert (first["time"].tolist(), first["end"].isna().all()) == ([begin], True)
    path.write_text("\n".join(sent))
    both = read_events(path)
    assert both[["time", "end", "text", "service"]].to_numpy().tolist() == [[begin, end, "Sent", "cart"]]
    assert both.attrs["report"].skipped == len(sent) - 1


def payloads(receiver, status):
    """The payloads about the alert of this test that have come so far, once one has this status."""
    for _ in range(150):
        found = [body for body in receiver.received if "Sent" in body and json.loads(body)["status"] == status]
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"Alertmanager sent nothing {status} within 15 s")


@pytest.mark.slow
def test_the_alerts_of_an_alertmanager_that_runs(alertmanager, tmp_path):
    now = pd.Timestamp.now(tz="UTC").floor("s")
    began = {"HighErrors": now - pd.Timedelta(minutes=20), "SlowAnswers": now - pd.Timedelta(minutes=5)}
    alerts = [
        {
            "labels": {"alertname": name, "service": "web"},
            "annotations": {"summary": f"{name} on web"},
            "startsAt": begin.isoformat(),
        }
        for name, begin in began.items()
    ]
    post(alertmanager, alerts)
    path = tmp_path / "alerts.json"
    for _ in range(50):
        with urllib.request.urlopen(alertmanager, timeout=5) as answer:
            path.write_bytes(answer.read())
        own = [alert for alert in json.loads(path.read_text()) if alert["labels"]["alertname"] in began]
        path.write_text(json.dumps(own))
        if len(own) == 2:
            break
        time.sleep(0.1)
    assert all(pd.Timestamp(alert["endsAt"]) > now for alert in json.loads(path.read_text()))  # when they expire
    frame = read_events(path)
    assert frame.attrs["report"].format == "alertmanager-api"
    assert frame["text"].tolist() == ["HighErrors: HighErrors on web", "SlowAnswers: SlowAnswers on web"]
    assert frame["time"].tolist() == list(began.values())
    assert frame["end"].isna().all()
    assert frame["service"].tolist() == ["web", "web"]
