"""Clocks of sources that share ids: drawn requests whose true order is known, one clock set wrong."""

import numpy as np
import pandas as pd
import pytest

from postmortem_nb.evidence import load
from postmortem_nb.evidence.blaming import odd_ones
from postmortem_nb.evidence.skew import estimate_skew, skew_findings, zone_steps
from postmortem_nb.frames import LOGS, conform

START = pd.Timestamp("2024-01-15T10:00Z").value / 1e9


def rows(file, times, ids, seconds=None, **more):
    frame = pd.DataFrame({"time": pd.to_datetime(np.asarray(times) * 1e9, utc=True), "trace": ids, "file": file})
    frame = frame.assign(message="m", level="INFO", line=range(1, len(frame) + 1), **more)
    return frame if seconds is None else frame.assign(seconds=seconds)


def drawn(count=200, *, ahead=0.0, delay=0.0, seed=0, durations=True, order="end"):
    """A gateway that logs requests with their duration, and a backend that it calls; the backend's clock is ahead."""
    rng = np.random.default_rng(seed)
    begin = START + np.sort(rng.uniform(0, 3600, count))
    took = rng.lognormal(-2, 0.8, count)
    called = begin + took * rng.uniform(0.1, 0.3, count) + delay + ahead
    ids = [f"{n:032x}" for n in range(count)]
    written = begin + took if order == "end" else begin
    gate = rows("logs/gate.log", np.floor(written), ids, took if durations else None, service="gate")
    back = [rows("logs/back.log", called + part * took * 0.5, ids, service="back") for part in (0, 1)]
    return conform(pd.concat([gate, *back]).reset_index(drop=True), LOGS)


def findings(logs, **declared):
    return list(skew_findings(estimate_skew(logs), {f: pd.Timedelta(v) for f, v in declared.items()}))


@pytest.mark.parametrize("order", ["end", "begin"])
@pytest.mark.parametrize("ahead", [-61.2, 61.2, 5.0, -3600 * 5.5 - 400])
def test_a_wrong_clock_is_found_with_its_size(ahead, order):
    (pair,) = estimate_skew(drawn(ahead=ahead, order=order)).to_dict("records")
    assert (pair["one"], pair["other"], pair["ids"], pair["kind"]) == ("logs/back.log", "logs/gate.log", 200, "skew")
    assert pair["offset"] == pytest.approx(-ahead, abs=1)
    assert pair["lo"] <= pair["offset"] <= pair["hi"] and pair["hi"] - pair["lo"] < 0.5 and pair["spread"] < 1
    (finding,) = findings(drawn(ahead=ahead, order=order))
    assert (finding.id, finding.severity) == ("clock-skew", "warning")


def test_a_finding_says_what_to_declare():
    logs = drawn(ahead=-61.2)
    more = drawn(ahead=0, seed=1).query("file == 'logs/back.log'").assign(file="logs/third.log", service="third")
    gate = logs[logs["file"] == "logs/gate.log"]
    third = more.assign(time=gate["time"].repeat(2).to_numpy() + pd.Timedelta("20ms"))
    third["trace"] = gate["trace"].repeat(2).to_numpy()
    (finding,) = findings(pd.concat([logs, third]), **{"logs/back.log": "2s"})
    assert finding.where == "logs/back.log"
    assert finding.text.startswith("logs/back.log is 6") and "s behind logs/" in finding.text
    assert "from 200 shared ids" in finding.text
    assert any(f'`clock_offset = "{total}s"`' in finding.fix for total in (62.6, 62.7, 62.8, 62.9, 63.0, 63.1, 63.2))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("order", ["end", "begin"])
def test_a_caller_that_writes_before_or_after_its_callee_is_no_skew(seed, order):
    logs = drawn(seed=seed, order=order)
    assert estimate_skew(logs)["kind"].tolist() == ["offset"]
    assert findings(logs) == []


@pytest.mark.parametrize("seed", range(10))
def test_services_that_are_called_one_after_the_other_are_not_skewed(seed):
    rng = np.random.default_rng(seed)
    count = 100
    begin = START + np.sort(rng.uniform(0, 3600, count))
    ids = [f"{n:032x}" for n in range(count)]
    first, gap, second = (rng.lognormal(-2, 0.6, count) for _ in range(3))
    logs = pd.concat(
        [
            rows("logs/a.log", begin + first, ids, first, service="a"),
            rows("logs/b.log", begin + first + gap + second, ids, second, service="b"),
        ]
    )
    assert findings(conform(logs, LOGS)) == []


def test_work_that_waits_in_a_queue_for_different_times_is_not_skewed():
    rng = np.random.default_rng(4)
    logs = drawn()
    is_back = logs["file"] == "logs/back.log"
    logs.loc[is_back, "time"] += pd.to_timedelta(np.tile(rng.exponential(60, 200), 2), unit="s")
    assert estimate_skew(logs)["kind"].tolist() == ["offset"]
    assert findings(logs) == []


def test_without_durations_a_large_constant_offset_is_a_note():
    (finding,) = findings(drawn(ahead=61.2, durations=False))
    assert (finding.id, finding.severity) == ("clock-skew", "note")
    assert "No durations are logged" in finding.text
    assert findings(drawn(ahead=1.2, durations=False)) == []


def test_few_ids_and_ids_of_everybody_tell_nothing():
    assert estimate_skew(drawn(7, ahead=61)).empty
    assert len(estimate_skew(drawn(8, ahead=61))) == 1
    many = [drawn(20).assign(file=f"logs/{n}.log") for n in range(25)]
    assert estimate_skew(pd.concat(many)).empty
    assert estimate_skew(LOGS.empty()).empty
    assert list(estimate_skew(LOGS.empty()).columns) == list(estimate_skew(drawn()).columns)


def test_hosts_in_one_file_are_sources_of_their_own():
    logs = drawn(ahead=-61.2).assign(file="logs/all.log")
    (pair,) = estimate_skew(logs).to_dict("records")
    assert (pair["one"], pair["other"]) == ("logs/all.log (back)", "logs/all.log (gate)")


def test_a_whole_step_between_zones_is_told_apart():
    assert zone_steps(3600.4) == 60 and zone_steps(-18000 - 5) == -300 and zone_steps(20700) == 345
    assert [zone_steps(offset) for offset in (0.0, 30.0, 61.2, 1500, 15 * 3600.0)] == [None] * 5
    assert findings(drawn(ahead=3600)) == []


def test_who_is_odd():
    assert list(odd_ones([("a", "b")], [], str)) == [("b", ["a"])]
    assert list(odd_ones([("a", "b")], [("b", "c")], str)) == [("a", ["b"])]
    assert list(odd_ones([("a", "b"), ("c", "d")], [], str)) == [("d", ["c"]), ("b", ["a"])]


def test_load_says_it_and_a_declared_offset_settles_it(tmp_path):
    logs = drawn(ahead=-61.2)
    (tmp_path / "logs").mkdir()
    (tmp_path / "incident.toml").write_text('title = "x"\n')
    for file, part in logs.groupby("file"):
        lines = [
            f'{{"time": "{row.time:%Y-%m-%dT%H:%M:%S.%f}Z", "msg": "m", "trace_id": "{row.trace}"}}'
            if file == "logs/back.log"
            else f'203.0.113.7 - - [{row.time:%d/%b/%Y:%H:%M:%S} +0000] "GET / HTTP/1.1" 200 5 "-" "x" '
            f"{row.seconds:.3f} {row.trace}"
            for row in part.itertuples()
        ]
        (tmp_path / file).write_text("\n".join(lines) + "\n")
    (finding,) = load(tmp_path).findings
    assert (finding.id, finding.severity, finding.where) == ("clock-skew", "warning", "logs/gate.log")
    (tmp_path / "incident.toml").write_text(
        'title = "x"\n[[evidence]]\nfiles = "logs/back.log"\nclock_offset = "61.2s"\n'
    )
    assert [f.id for f in load(tmp_path).findings] == ["clock-offset"]
