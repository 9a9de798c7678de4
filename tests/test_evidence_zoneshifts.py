"""Files whose zone is wrong match the others when shifted by whole steps; everything else does not."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_evidence_skew import drawn

from postmortem_nb.evidence import load
from postmortem_nb.evidence.fitting import FARTHEST, STEP, Record, correlations, fit_of
from postmortem_nb.example import Impact, draw_incident

INCIDENTS = sorted((Path(__file__).parents[1] / "data" / "incidents").iterdir())
ONSET = pd.Timestamp("2024-01-14T16:12:20Z")
RECOVERY = pd.Timestamp("2024-01-14T16:48:10Z")
MINUTE = pd.Timedelta(minutes=1)


def shifted(folder, name, minutes):
    """Write other times into a file: its clock was in another zone, and said nothing of it."""
    path = folder / name
    forms = {
        "logs/access.log": (r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d", "%d/%b/%Y:%H:%M:%S"),
        "logs/error.log": (r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", "%Y/%m/%d %H:%M:%S"),
        "metrics/web.csv": (r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "%Y-%m-%dT%H:%M:%S"),
    }
    pattern, form = forms[name]
    known = {}

    def moved(found):
        text = found[0]
        if text not in known:
            known[text] = (pd.to_datetime(text, format=form) + minutes * MINUTE).strftime(form)
        return known[text]

    path.write_text(re.sub(pattern, moved, path.read_text(), flags=re.MULTILINE))


def zone_findings(folder):
    return [f for f in load(folder).findings if f.id == "zone-shift"]


@pytest.fixture(scope="module")
def incident(tmp_path_factory):
    """Texts of a drawn incident, to be written anew for each test."""
    folder = tmp_path_factory.mktemp("drawn")
    draw_incident(folder, onset=ONSET, recovery=RECOVERY, seed=7)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def folder(incident, tmp_path):
    for name, text in incident.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text)
    return tmp_path


# --- counts a minute --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [60, -300, 840])
@pytest.mark.parametrize("name", ["logs/access.log", "logs/error.log", "metrics/web.csv"])
def test_a_file_of_another_zone_is_found(folder, name, minutes):
    shifted(folder, name, minutes)
    (finding,) = zone_findings(folder)
    assert (finding.severity, finding.where) == ("warning", name)
    assert f"if shifted by {-minutes:+d} min: the correlation of their " in finding.text
    assert re.search(
        r"is then (?:0\.9\d|1\.00); as they are, (?:it is -?0\.\d\d|they have no time in common)\.", finding.text
    )
    assert f'`clock_offset = "{-minutes}min"`' in finding.fix


def test_what_is_found_is_not_applied_and_settled_by_what_is_declared(folder):
    shifted(folder, "logs/error.log", 60)
    assert load(folder).files.set_index("file").loc["logs/error.log", "first"] > ONSET - 40 * MINUTE
    facts = folder / "incident.toml"
    facts.write_text(facts.read_text() + 'clock_offset = "-60min"\n')
    assert zone_findings(folder) == []
    facts.write_text(facts.read_text().replace("-60min", "-120min"))
    (finding,) = zone_findings(folder)
    assert 'clock_offset = "-60min"' in finding.fix


@pytest.mark.parametrize("minutes", [0, 7, 40, -97])
def test_what_is_no_whole_step_is_not_a_zone(folder, minutes):
    shifted(folder, "logs/error.log", minutes)
    assert zone_findings(folder) == []


@pytest.mark.parametrize("seed", range(6))
def test_unshifted_incidents_of_all_kinds_have_no_such_finding(tmp_path, seed):
    kind = ("errors", "latency", "collapse", "ramp", "errors", "errors")[seed]
    more = (Impact(RECOVERY + 24.2 * MINUTE, RECOVERY + 60 * MINUTE, "errors", 0.5),) if seed > 3 else ()
    draw_incident(
        tmp_path, onset=ONSET, recovery=RECOVERY, kind=kind, more=more, seed=seed, detected=ONSET + 5 * MINUTE
    )
    assert zone_findings(tmp_path) == []


@pytest.mark.parametrize("path", INCIDENTS, ids=lambda path: path.name)
def test_the_samples_have_no_such_finding(path):
    assert [f for f in load(path).findings if f.id in ("zone-shift", "clock-skew")] == []


def record(values, start=0):
    return Record("a", "errors", start, np.asarray(values, dtype="float64"))


def test_correlations_are_those_of_each_shift():
    rng = np.random.default_rng(2)
    a, b = rng.poisson(5, 300).astype(float), rng.poisson(5, 400).astype(float)
    a[rng.integers(0, 300, 20)] = np.nan
    scores = correlations(record(a, 1000), record(b, 990))
    shifts = np.arange(-FARTHEST - STEP, FARTHEST + STEP + 1)
    for shift in (-200, -40, -10, 0, 15, 120, 210, 300, 500):
        both = pd.concat(
            [pd.Series(a, np.arange(300) + 1000 + shift), pd.Series(b, np.arange(400) + 990)], axis=1
        ).dropna()
        score = scores[list(shifts).index(shift)]
        if len(both) < 140:
            assert np.isnan(score)
        else:
            assert score == pytest.approx(both.corr().iloc[0, 1], abs=1e-9)


def test_bursts_that_look_alike_by_chance_are_rarely_told_and_never_as_a_texture():
    rng = np.random.default_rng(5)

    def burst(length):
        values = rng.poisson(1, 240).astype(float)
        begin = rng.integers(20, 200)
        values[begin : begin + length] += rng.poisson(30, len(values[begin : begin + length]))
        return record(values)

    fits = [fit_of(burst(length), burst(length)) for length in rng.integers(5, 60, 300)]
    told = [fit for fit in fits if fit is not None and fit.shift]
    assert not any(fit.is_texture for fit in told)
    assert sum(fit.shift % 60 == 0 for fit in told) <= 9
    assert all(fit is None or not fit.shift for fit in (fit_of(burst(3), burst(3)) for _ in range(100)))


def test_a_burst_alone_does_not_blame_a_file_that_writes_its_zone(folder):
    error = folder / "logs/error.log"
    lines = [line.replace("/", "-", 2).replace(" ", "T", 1) for line in error.read_text().splitlines()]
    written = [re.sub(r"^(\S+) \[(\w+)\]", lambda m: f"{m[1]}Z {m[2].upper()}", line) for line in lines]
    for name in ("logs/access.log", "metrics/web.csv"):
        shifted(folder, name, 60)
    error.write_text("\n".join(written) + "\n")
    files = load(folder).files.set_index("file")
    assert files.loc["logs/error.log", "zone"] == "as written" and files["rejected"].sum() == 0
    assert zone_findings(folder) == []


# --- ids --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [60, -300, 330])
@pytest.mark.parametrize("durations", [True, False])
def test_shared_ids_tell_a_zone_exactly(tmp_path, minutes, durations):
    logs = drawn(ahead=60 * minutes, durations=durations)
    (tmp_path / "logs").mkdir()
    (tmp_path / "incident.toml").write_text('title = "x"\n[[evidence]]\nfiles = "logs/back.log"\nzone = "UTC"\n')
    for file, part in logs.groupby("file"):
        zone = "" if file == "logs/back.log" else "Z"
        more = [
            f', "seconds": {s}' if s == s and durations else ""
            for s in part.get("seconds", pd.Series(np.nan, part.index))
        ]
        lines = [
            f'{{"time": "{row.time:%Y-%m-%dT%H:%M:%S.%f}{zone}", "msg": "m", "trace_id": "{row.trace}"{extra}}}'
            for row, extra in zip(part.itertuples(), more, strict=True)
        ]
        (tmp_path / file).write_text("\n".join(lines) + "\n")
    (finding,) = [f for f in load(tmp_path).findings if f.id in ("zone-shift", "clock-skew")]
    assert (finding.id, finding.where) == ("zone-shift", "logs/back.log")
    assert f"It matches logs/gate.log if shifted by {-minutes:+d} min: 200 request ids are in both" in finding.text
    assert "its zone, declared as UTC" in finding.fix


# --- declared times ---------------------------------------------------------------------------------------------------

FACTS = """title = "x"
[milestones]
changed = "2024-01-14T16:00Z"
paged = "2024-01-14T16:14Z"
acknowledged = "2024-01-14T16:17Z"
"""


def events(minutes):
    rows = (
        ("16:00:20", "deploy", "shop 2.1"),
        ("16:14:05", "page", "on-call notified"),
        ("16:16:50", "ack", "acknowledged"),
        ("17:40:00", "deploy", "shop 2.2"),
    )
    lines = [
        f"{pd.Timestamp(f'2024-01-14T{time}Z') + minutes * MINUTE:%Y-%m-%dT%H:%M:%SZ},{kind},{text}"
        for time, kind, text in rows
    ]
    return "\n".join(["time,kind,text", *lines]) + "\n"


def with_events(folder, text, facts=FACTS):
    (folder / "events").mkdir(exist_ok=True)
    (folder / "incident.toml").write_text(facts)
    (folder / "events/tools.csv").write_text(text)
    return zone_findings(folder)


@pytest.mark.parametrize("minutes", [60, -300, 345])
def test_declared_times_tell_the_zone_of_events(tmp_path, minutes):
    (finding,) = with_events(tmp_path, events(minutes))
    assert (finding.severity, finding.where) == ("warning", "events/tools.csv")
    assert "3 declared times (changed, paged, acknowledged) match" in finding.text
    assert f"shifted by {-minutes:+d} min, and none does as they are" in finding.text


@pytest.mark.parametrize("minutes", [0, 10, 67])
def test_declared_times_that_fit_or_fit_nowhere(tmp_path, minutes):
    assert with_events(tmp_path, events(minutes)) == []


def test_one_declared_time_or_one_that_fits_is_not_enough(tmp_path):
    one = FACTS.replace('paged = "2024-01-14T16:14Z"\n', "").replace("changed", "closed")
    assert with_events(tmp_path, events(60), one) == []
    fits = FACTS.replace("16:17Z", "17:17Z")
    assert with_events(tmp_path, events(60), fits) == []


def test_rows_of_the_timeline_are_told_by_their_text(tmp_path):
    rows = "".join(
        f'[[timeline]]\nat = "2024-01-14T{time}Z"\nkind = "action"\ntext = "{text}"\n'
        for time, text in (("16:14", "On-call notified"), ("16:17", "acknowledged"))
    )
    (finding,) = with_events(tmp_path, events(60), f'title = "x"\n{rows}')
    assert "2 declared times (“On-call notified”, “acknowledged”)" in finding.text
