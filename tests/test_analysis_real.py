"""Windows in real records whose truth is known: uptime checks, and faults that were injected at known minutes."""

from pathlib import Path

import pandas as pd
import pytest

import postmortem_nb as pnb
from postmortem_nb.frames import METRICS, conform
from postmortem_nb.incident import Facts, Incident

DATA = Path(__file__).parent / "data"
MINUTE = pd.Timedelta(minutes=1)


def up_or_down(**facts):
    """The checks of one service as a probe: 1 is up."""
    checks = pd.read_csv(DATA / "uptime_honch" / "checks.csv", parse_dates=["committed_at"])
    rows = pd.DataFrame(
        {
            "time": checks["committed_at"],
            "service": checks["service"],
            "metric": "up",
            "value": (checks["state"] == "up").astype(float),
            "file": "metrics/checks.csv",
        }
    )
    signal = {"name": "up", "kind": "probe", "select": {"metric": "up"}}
    return Incident(
        "u", "u", Facts.from_dict({"title": "u", "signals": [signal], **facts}), metrics=conform(rows, METRICS)
    )


def test_an_outage_in_a_record_that_is_only_written_at_changes():
    """Upptime says: opened at 22:37:01, closed at 23:46:29, 69 minutes down that day."""
    milestones = {"started": "2026-06-16T22:37:01Z", "recovered": "2026-06-16T23:46:29Z"}
    analysis = pnb.analyze(up_or_down(milestones=milestones))
    (window,) = analysis.windows
    assert window.span == (pd.Timestamp("2026-06-16T22:37:00Z"), pd.Timestamp("2026-06-16T23:46:28Z"))
    assert analysis.claims["impact_time"].value // 60 == 69
    assert window.onset.lo is None  # the record begins with it
    assert {c.moment: c.verdict for c in analysis.comparison} == {
        "start": "within resolution",
        "recover": "within resolution",
    }
    assert [f.id for f in analysis.findings if f.id in ("no-window", "record-begins-late")] == ["record-begins-late"]


FAULTS = pd.read_csv(DATA / "nezha_faults" / "faults.csv", parse_dates=["inject_time_utc"])
CPU = FAULTS[FAULTS["fault_type"].str.startswith("cpu")]


def cpu_of(pod):
    rows = pd.read_csv(DATA / "nezha_faults" / "metric" / f"{pod}_metric.csv")
    times = pd.to_datetime(rows["Time"].str[:19], utc=True)
    return pd.Series(rows["CpuUsageRate(%)"].to_numpy(float), index=times)


@pytest.mark.parametrize(("pod", "inject"), list(CPU[["pod", "inject_time_utc"]].itertuples(index=False)))
def test_a_fault_of_three_minutes_is_found_at_its_minute(pod, inject):
    inject = inject.tz_localize("UTC")
    found = pnb.find_windows(cpu_of(pod))
    own = found[(found["onset"] - inject).abs() <= 2 * MINUTE]
    assert len(own) == 1
    assert own.index[0] < len(CPU[CPU["pod"] == pod])  # ranked before all that was not injected
    assert own["onset_lo"].iloc[0] <= inject + 2 * MINUTE
    assert own["recovery"].iloc[0] >= inject + 2 * MINUTE


def test_faults_of_code_and_network_do_not_move_the_processor():
    for pod, inject in FAULTS.drop(CPU.index)[["pod", "inject_time_utc"]].itertuples(index=False):
        found = pnb.find_windows(cpu_of(pod)).head(len(CPU[CPU["pod"] == pod]))
        assert not ((found["onset"] - inject.tz_localize("UTC")).abs() <= 2 * MINUTE).any()
