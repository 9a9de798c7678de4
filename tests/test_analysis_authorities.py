"""The same events under the definitions of others, and the slips that a declared time may hold."""

import pandas as pd
import pytest

from postmortem_nb.analysis.authorities import side_by_side
from postmortem_nb.analysis.comparison import shift_note
from postmortem_nb.analysis.conventions import CONVENTIONS
from postmortem_nb.analysis.moments import NAMES, Moment, Moments
from postmortem_nb.times import UNKNOWN, Instant

T0 = pd.Timestamp("2024-03-05T10:00Z")
MINUTES = {
    "change": -30,
    "start": 0,
    "signal": 4,
    "page": 5,
    "aware": 7,
    "detect": 4,
    "ack": 9,
    "engage": 10,
    "declare": 12,
    "identify": 40,
    "mitigate": 50,
    "recover": 60,
    "resolve": 90,
}


def moments(**changes):
    minutes = MINUTES | changes
    known = {n: Instant.exact(T0 + pd.Timedelta(minutes=m)) for n, m in minutes.items() if m is not None}
    return Moments({name: Moment(name, known.get(name, UNKNOWN)) for name in NAMES})


def minutes_of(found):
    return {
        (c.convention.authority, c.convention.name): c.duration.value / pd.Timedelta("1min")
        for c in found
        if c.duration.is_known
    }


def test_one_incident_has_many_times():
    assert minutes_of(side_by_side(moments(), change_failed=True)) == {
        ("DORA", "failed deployment recovery time"): 90,
        ("ITIL", "mean time to restore service, of one incident"): 60,
        ("ITIL", "incident detection"): 4,
        ("ITIL", "incident diagnosis"): 36,
        ("Atlassian", "mean time to acknowledge, of one incident"): 5,
        ("Atlassian", "mean time to respond, of one incident"): 56,
        ("Atlassian", "mean time to recovery, of one incident"): 60,
        ("Atlassian", "mean time to resolve, of one incident"): 90,
        ("Datadog", "time to detect"): 4,
        ("Datadog", "time to repair"): 56,
        ("Datadog", "time to resolve"): 78,
        ("FireHydrant", "time to detection"): 4,
        ("FireHydrant", "time to identification"): 40,
        ("FireHydrant", "time to mitigation"): 50,
        ("FireHydrant", "time to resolution"): 90,
        ("PagerDuty", "time to first acknowledgement"): 5,
        ("PagerDuty", "time to engage"): 6,
        ("PagerDuty", "time to resolve"): 86,
        ("Dispatch", "response time"): 38,
        ("Morgue", "undetected time"): 4,
        ("Morgue", "resolve time"): 56,
        ("Morgue", "impact time"): 60,
        ("GitLab", "time to detection"): 4,
        ("GitLab", "time to mitigation"): 50,
        ("NIST", "time from the beginning to discovery"): 4,
    }


def test_morgue_takes_the_start_where_it_was_detected_after_its_end():
    late = side_by_side(moments(detect=75), change_failed=False)
    (resolve,) = [c for c in late if (c.convention.authority, c.convention.name) == ("Morgue", "resolve time")]
    assert resolve.duration.value == pd.Timedelta("60min")
    assert resolve.note == "incident detected is after service recovered: it counts from impact began"
    nothing = side_by_side(moments(detect=75, start=None), change_failed=False)
    (resolve,) = [c for c in nothing if (c.convention.authority, c.convention.name) == ("Morgue", "resolve time")]
    assert not resolve.duration.is_known


def test_what_a_tool_puts_in_place_of_a_missing_time_is_said():
    found = {
        (c.convention.authority, c.convention.name): c
        for c in side_by_side(moments(signal=None, ack=None, start=None), change_failed=False)
    }
    datadog = found["Datadog", "time to repair"]
    assert datadog.duration.value == pd.Timedelta("48min")
    assert datadog.note == "with “incident declared” for what is not recorded"
    assert found["PagerDuty", "time to first acknowledgement"].text == "none"
    assert "leaves incidents without an acknowledgement out" in found["PagerDuty", "time to first acknowledgement"].note
    assert found["ITIL", "incident detection"].note.startswith("not recorded: impact began")
    assert found["DORA", "failed deployment recovery time"].note == "no failed deployment is declared"


def test_bounds_are_kept_and_an_open_incident_lasts_at_least_so_long():
    open_ = moments(recover=None)
    open_["recover"] = Moment("recover", Instant(lo=T0 + pd.Timedelta("60min"), basis="measured"), "still open", True)
    found = {c.convention.name: c for c in side_by_side(open_, change_failed=False)}
    restore = found["mean time to restore service, of one incident"]
    assert restore.duration.lo == pd.Timedelta("60min")
    assert restore.duration.hi is None
    assert "still open" in restore.note


def test_every_convention_names_moments_of_ours():
    for convention in CONVENTIONS:
        assert set(convention.start) | set(convention.end) <= set(NAMES)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("2024-03-05T09:00Z", "shifted by +60 min"),
        ("2024-03-05T22:00Z", "12 hours earlier"),
        ("2024-03-06T10:00Z", "a day earlier"),
        ("2024-02-05T10:00Z", "a month later"),
        ("2023-03-05T10:00Z", "a year later"),
        ("2025-03-05T10:00Z", "a year earlier"),
        ("2024-03-05T18:00Z", "shifted by -480 min"),
        ("2024-03-05T13:20Z", ""),
    ],
)
def test_the_commonest_slips_of_a_declared_time(declared, said):
    measured = Instant.exact(T0)
    note = shift_note(Instant.exact(pd.Timestamp(declared)), measured, pd.Timedelta("1min"), "Asia/Shanghai")
    assert said in note
    assert bool(note) == bool(said)
