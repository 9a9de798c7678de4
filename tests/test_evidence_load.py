"""A folder → the Incident: rules, findings, limits of the folder, and originals that nobody touches."""

import gzip
import hashlib
import os
import stat
from pathlib import Path

import pandas as pd
import pytest

from postmortem_nb.errors import IncidentError, ReadError, SettingError
from postmortem_nb.evidence import formats, load
from postmortem_nb.frames import EVENTS, FILES, LOGS, METRICS

DATA = Path(__file__).parent / "data"
LOG = "2024-01-15T10:32:11Z INFO a\n2024-01-15T10:32:13Z ERROR c\n"
NAIVE = "2024-01-15 10:32:12 WARN b\n"


@pytest.fixture
def make(tmp_path):
    def write(rules="", **files):
        folder = tmp_path / "2024-01-15-x"
        folder.mkdir(exist_ok=True)
        (folder / "incident.toml").write_text(f'title = "x"\n{rules}')
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    return write


def rule(files, **more):
    lines = [f"{key} = {value}" for key, value in {"files": f'"{files}"', **more}.items()]
    return "[[evidence]]\n" + "\n".join(lines) + "\n"


def found(incident):
    return [(f.id, f.severity, f.where) for f in incident.findings]


def state(folder):
    """Names, bytes and times of change of everything in a folder."""
    paths = sorted(folder.rglob("*"))
    return [(p, p.stat().st_mtime_ns, hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "") for p in paths]


def test_the_folder_is_the_kind_of_evidence(make):
    folder = make(
        **{
            "logs/app.log": LOG,
            "metrics/web.csv": "time,cpu\n2024-01-15T10:32Z,5\n",
            "events/deploys.csv": "time,text\n2024-01-15T10:30Z,cart 2.1\n",
            "logs/README.md": "about",
            "logs/LICENSE": "free",
            "logs/.hidden": "x",
            "metrics/SOURCE.txt": "from",
            "notes.txt": "mine",
            "manifest.json": "{}",
        }
    )
    incident = load(folder)
    assert (incident.id, incident.folder) == ("2024-01-15-x", folder)
    assert incident.files[["file", "kind", "format", "rows"]].to_numpy().tolist() == [
        ["events/deploys.csv", "events", "csv", 1],
        ["logs/app.log", "logs", "app", 2],
        ["metrics/web.csv", "metrics", "csv-wide", 1],
    ]
    assert incident.findings == ()
    assert incident.logs["file"].unique().tolist() == ["logs/app.log"]
    for frame, contract in ((incident.logs, LOGS), (incident.metrics, METRICS), (incident.events, EVENTS)):
        assert list(frame.columns[: len(contract.columns)]) == list(contract.columns)
    assert list(incident.files.columns) == list(FILES.columns)
    assert incident.files["sha256"][1] == hashlib.sha256(LOG.encode()).hexdigest()


def test_files_are_merged_in_time_order(make):
    naive = rule("logs/b.log", zone='"Europe/Berlin"')
    incident = load(make(naive, **{"logs/b.log": NAIVE.replace("10:32", "11:32"), "logs/a.log": LOG}))
    assert incident.logs["message"].tolist() == ["a", "b", "c"]
    assert incident.files["zone"].tolist() == ["as written", "Europe/Berlin"]


def test_a_zone_is_never_guessed(make):
    with pytest.raises(ReadError, match=r"logs/b\.log:1: its times carry no zone .*`zone` in an"):
        load(make(**{"logs/b.log": NAIVE}))


def test_a_year_is_never_guessed(make):
    syslog = "Jan  5 10:32:11 web-1 app: m\n"
    zone = rule("logs/syslog", zone='"UTC"')
    with pytest.raises(ReadError, match=r"logs/syslog:1: its times carry no year"):
        load(make(zone, **{"logs/syslog": syslog}))
    incident = load(make(zone + "year = 2024\n", **{"logs/syslog": syslog}))
    assert incident.logs["time"].tolist() == [pd.Timestamp("2024-01-05T10:32:11Z")]


def test_a_clock_change_is_chosen_by_a_rule(make):
    night = {"logs/b.log": "2024-10-27 02:30:00 INFO b\n"}
    zone = rule("logs/*.log", zone='"Europe/Berlin"')
    with pytest.raises(ReadError, match=r"logs/b\.log:1: .*00:30:00Z or .*01:30:00Z"):
        load(make(zone, **night))
    for side, hour in (("first", 0), ("second", 1)):
        incident = load(make(zone + f'clock_change = "{side}"\n', **night))
        assert incident.logs["time"][0].hour == hour


@pytest.mark.parametrize(
    ("local", "message"),
    [
        (
            "2024-10-27 02:30:00",
            r"2024-10-27 02:30:00 in Europe/Berlin .* may be .*T00:30:00Z or .*T01:30:00Z\.",
        ),
        ("2024-03-31 02:30:00", r"2024-03-31 02:30:00 in Europe/Berlin does not exist.*T00:30:00Z or .*T01:30:00Z\."),
    ],
)
def test_a_time_in_a_clock_change_is_an_error_with_its_line_and_both_candidates(make, local, message):
    before = [f"{local[:10]} 01:{minute:02d}:00 INFO a\n    at frame\n" for minute in range(40)]
    night = {"logs/b.log": "".join(before) + f"{local} INFO b\n{local} INFO c\n"}
    with pytest.raises(ReadError, match=rf"logs/b\.log:81: {message}"):
        load(make(rule("logs/*.log", zone='"Europe/Berlin"'), **night))


@pytest.mark.parametrize(("offset", "seconds"), [("90s", 41 + 60), ("-11s", 0), ("+1min", 71)])
def test_a_wrong_clock_is_corrected(make, offset, seconds):
    incident = load(make(rule("logs/*", clock_offset=f'"{offset}"'), **{"logs/a.log": LOG}))
    assert incident.logs["time"][0] == pd.Timestamp("2024-01-15T10:32:00Z") + pd.Timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (rule("logs/*", clock_offset='"soon"'), r"evidence\[1\]\.clock_offset: 'soon' is not a duration"),
        (rule("logs/*", year="24"), r"logs/a\.log: year 24 is not between"),
        (rule("../other/*"), r"evidence\[1\]\.files: '\.\./other/\*' leaves the incident folder"),
        (rule("/etc/passwd"), r"evidence\[1\]\.files: '/etc/passwd' leaves the incident folder"),
    ],
)
def test_a_rule_that_makes_no_sense(make, rules, message):
    with pytest.raises(IncidentError, match=message):
        load(make(rules, **{"logs/a.log": LOG}))


def test_a_format_that_no_one_knows(make):
    with pytest.raises(SettingError, match=r"logs/a\.log: there is no log format 'ap'\. Did you mean app\?"):
        load(make(rule("logs/*", format='"ap"'), **{"logs/a.log": LOG}))


def test_the_first_rule_that_matches_counts(make):
    rules = rule("logs/a.log", service='"first"') + rule("logs/*", service='"second"')
    incident = load(make(rules, **{"logs/a.log": LOG, "logs/b.log": LOG}))
    assert incident.logs.groupby("file")["service"].first().tolist() == ["first", "second"]


def test_a_rule_may_move_or_leave_out_a_file(make):
    rules = rule("raw/**/*.txt", kind='"logs"') + rule("logs/noise*", kind='"ignore"')
    incident = load(make(rules, **{"raw/deep/er.txt": LOG, "logs/noise.bin": b"\x00\x01"}))
    assert incident.files["file"].tolist() == ["raw/deep/er.txt"]
    assert found(incident) == []


def test_a_rule_without_a_file(make):
    incident = load(make(rule("logs/eror.log*"), **{"logs/error.log": LOG}))
    assert found(incident) == [("missing-file", "warning", "incident.toml: evidence[1]")]


def test_a_column_that_no_file_has(make):
    row = "\n2024-01-15T10:32Z,5"
    metrics = {"metrics/a.csv": f"time,cpu,x{row},1\n", "metrics/b.csv": f"time,cpu{row}1\n"}
    incident = load(make(rule("metrics/*", drop='["x", "xx"]'), **metrics))
    assert found(incident) == [("unused-column", "note", "incident.toml: evidence[1].drop")]
    assert incident.metrics["metric"].unique().tolist() == ["cpu"]


def test_rejected_lines_are_a_finding_with_a_sample(make):
    torn = '{"time": "2024-01-15T10:32:11Z", "msg": "a"}\n' * 3 + '{"time": "2024-01-1\n'
    incident = load(make(**{"logs/a.jsonl": torn}))
    assert found(incident) == [("rejected-lines", "warning", "logs/a.jsonl:4")]
    assert '1 of 4 lines could not be read as json, the first is “{"time": "2024-01-1' in incident.findings[0].text
    assert incident.files["rejected"].tolist() == [1]


def test_cells_that_are_no_numbers_and_ragged_rows_are_findings_with_their_line(make):
    rows = "time,cpu\n2024-01-15T10:32Z,5\n2024-01-15T10:33Z,abc\n2024-01-15T10:34Z,5,6\n"
    incident = load(make(**{"metrics/web.csv": rows}))
    assert found(incident) == [
        ("rejected-cells", "warning", "metrics/web.csv:3"),
        ("rejected-lines", "warning", "metrics/web.csv:4"),
    ]
    assert "Cells that are no numbers in columns of numbers: 1, the first is “cpu = abc”" in incident.findings[0].text
    assert "the first is “(3 instead of 2 cells) 2024-01-15T10:34Z,5,6”" in incident.findings[1].text
    assert incident.metrics["value"].fillna(-1).tolist() == [5, -1]


def test_more_rejected_than_read_is_an_error(make):
    noise = "2024-01-15T10:32:11Z INFO a\n" + "2024-01-15 torn\n" * 5
    assert found(load(make(**{"logs/a.log": noise}))) == [("rejected-lines", "error", "logs/a.log:2")]


def test_a_file_of_an_unknown_format_is_a_finding_and_the_rest_is_read(make):
    incident = load(make(**{"logs/poem.log": "To be\n", "logs/a.log": LOG, "logs/b.zip": b"PK\x03\x04...."}))
    assert found(incident) == [
        ("unreadable-file", "error", "logs/b.zip"),
        ("unreadable-file", "error", "logs/poem.log"),
    ]
    assert "It is zip" in incident.findings[0].text
    assert len(incident.logs) == 2
    assert incident.files["rows"].tolist() == [2, 0, 0]


def test_a_torn_gzip_is_a_finding(make):
    whole = gzip.compress(
        b"".join(b"2024-01-15T10:32:11Z INFO %s\n" % os.urandom(8).hex().encode() for _ in range(999))
    )
    incident = load(make(**{"logs/a.log.gz": whole[: len(whole) // 2]}))
    assert ("torn-file", "warning", "logs/a.log.gz") in found(incident)
    assert len(incident.logs) > 100


def test_odd_bytes_long_lines_and_empty_files_are_findings(make):
    odd = b"2024-01-15T10:32:11Z INFO caf\xe9\n2024-01-15T10:32:11Z INFO " + b"x" * 1_100_000 + b"\n"
    incident = load(make(**{"logs/a.log": odd, "logs/b.log": ""}))
    assert found(incident) == [
        ("empty-file", "warning", "logs/b.log"),
        ("long-lines", "note", "logs/a.log"),
        ("odd-bytes", "note", "logs/a.log"),
    ]


def test_a_file_that_cannot_be_opened_is_a_finding(make, monkeypatch):
    folder = make(**{"logs/a.log": LOG, "logs/b.log": LOG})
    path_open = Path.open

    def refuse(self, *args, **kwargs):
        if self.name == "b.log":
            raise PermissionError(13, "Permission denied")
        return path_open(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    incident = load(folder)
    assert found(incident) == [("unreadable-file", "error", "logs/b.log")]
    assert "Permission denied" in incident.findings[0].text
    assert len(incident.logs) == 2


def test_no_evidence_at_all(make):
    incident = load(make())
    assert found(incident) == [("no-telemetry", "note", "2024-01-15-x")]
    for frame, contract in ((incident.logs, LOGS), (incident.files, FILES)):
        pd.testing.assert_frame_equal(frame, contract.empty())


# --- the same evidence twice ------------------------------------------------------------------------------------------


def log_lines(numbers, level="INFO"):
    return "".join(f"2024-01-15T10:{n // 60:02d}:{n % 60:02d}Z {level} m{n}\n" for n in numbers)


def test_a_packed_copy_of_a_log_is_not_counted_again(make):
    copy = gzip.compress(LOG.replace("\n", "\r\n").encode())
    incident = load(make(**{"logs/access.log": LOG, "logs/access.log.1.gz": copy}))
    assert found(incident) == [("duplicate-file", "warning", "logs/access.log.1.gz")]
    assert "the same as logs/access.log: all 2 rows" in incident.findings[0].text
    assert incident.logs["file"].tolist() == ["logs/access.log"] * 2
    assert incident.files["rows"].tolist() == [2, 2]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("metrics", "time,cpu\n2024-01-15T10:32Z,5\n2024-01-15T10:33Z,\n"),
        ("events", "time,kind,text\n2024-01-15T10:30Z,change,cart 2.1\n"),
    ],
)
def test_a_copy_of_other_evidence_is_not_counted_again(make, kind, content):
    incident = load(make(**{f"{kind}/{name}.csv": content for name in "abc"}))
    assert found(incident) == [("duplicate-file", "warning", f"{kind}/{name}.csv") for name in "bc"]
    assert len(getattr(incident, kind)) == content.count("\n") - 1


def test_metrics_that_are_named_after_their_files_are_two(make):
    idle = "time,value\n2024-01-15T10:32Z,0\n"
    incident = load(make(**{"metrics/errors.csv": idle, "metrics/queue.csv": idle}))
    assert found(incident) == []
    assert incident.metrics["metric"].tolist() == ["errors", "queue"]


def test_two_services_that_write_the_same_are_two(make):
    rules = rule("logs/a.log", service='"one"') + rule("logs/b.log", service='"two"')
    incident = load(make(rules, **{name: log_lines(range(150)) for name in ("logs/a.log", "logs/b.log")}))
    assert found(incident) == []
    assert len(incident.logs) == 300


def test_logs_that_overlap_are_said_and_counted(make):
    incident = load(make(**{"logs/a.log": log_lines(range(1000)), "logs/b.log": log_lines(range(850, 2000))}))
    assert found(incident) == [("duplicate-lines", "warning", "logs/a.log")]
    assert "150 of its 150 lines from 2024-01-15 10:14:10 to 2024-01-15 10:16:39 UTC" in incident.findings[0].text
    assert "stand in logs/b.log too" in incident.findings[0].text
    assert len(incident.logs) == 1000 + 1150


@pytest.mark.parametrize(
    "other",
    [
        log_lines(range(901, 1900)),  # fewer than a hundred
        log_lines(range(0, 400)) + log_lines(range(400, 1000), "WARN"),  # less than half
        log_lines(range(1000), "WARN"),
    ],
)
def test_logs_that_have_little_in_common_are_no_copies(make, other):
    assert found(load(make(**{"logs/a.log": log_lines(range(1000)), "logs/b.log": other}))) == []


# --- the limits of the folder -----------------------------------------------------------------------------------------


def test_a_link_that_leaves_the_folder(make, tmp_path):
    (tmp_path / "secret").write_text(LOG)
    folder = make(**{"logs/a.log": LOG})
    (folder / "logs" / "b.log").symlink_to(tmp_path / "secret")
    with pytest.raises(ReadError, match=r"logs/b\.log: it is a link to a file outside of the incident folder"):
        load(folder)


def test_a_linked_folder_that_leaves_the_folder(make, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "b.log").write_text(LOG)
    folder = make(**{"logs/a.log": LOG})
    (folder / "logs" / "more").symlink_to(tmp_path / "outside")
    with pytest.raises(ReadError, match="logs/more: it is a link to a file outside"):
        load(folder)


@pytest.mark.parametrize("name", ["incident.toml", "narrative.md"])
def test_what_people_wrote_is_in_the_folder_too(make, tmp_path, name):
    (tmp_path / "other").write_text('title = "y"')
    folder = make()
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(tmp_path / "other")
    with pytest.raises(ReadError, match=rf"{name}: it is a link to a file outside"):
        load(folder)


def test_a_link_within_the_folder_is_a_file(make):
    folder = make(**{"logs/a.log": LOG})
    (folder / "logs" / "b.log").symlink_to("a.log")
    assert load(folder).files["rows"].tolist() == [2, 2]


def test_a_pipe_is_not_read(make):
    folder = make(**{"logs/a.log": LOG})
    os.mkfifo(folder / "logs" / "pipe.log")
    assert load(folder).files["file"].tolist() == ["logs/a.log"]


# --- real files -------------------------------------------------------------------------------------------------------


def test_real_files_of_fault_injection_runs():
    incident = load(DATA / "nezha")
    assert incident.findings == ()
    assert incident.files["rows"].tolist() == [28, 114, 30, 56]
    assert incident.logs["level"].value_counts().to_dict() == {"INFO": 23, "ERROR": 3, "WARNING": 2}
    assert incident.logs["service"].str.startswith("ts-").all()
    assert incident.logs["trace"].str.len().eq(32).all()
    assert incident.logs["time"].min() == pd.Timestamp("2023-01-29T08:42:10.940867621Z")
    front = incident.metrics[incident.metrics["service"] == "Frontend"]
    assert front.loc[front["metric"] == "LatencyP99(s)", "value"].iloc[0] == 2.365
    assert "adservice" in set(incident.metrics["service"])
    assert not incident.metrics["metric"].str.lower().str.contains("time").any()


def test_originals_are_never_touched(make):
    folder = make(**{"logs/a.log": LOG, "logs/b.jsonl": "{torn\n", "events/x.csv": "time,text\nsoon,x\n"})
    for path in folder.rglob("*"):
        path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    before = state(folder), state(DATA / "nezha")
    load(folder)
    load(DATA / "nezha")
    assert (state(folder), state(DATA / "nezha")) == before


def test_no_file_is_opened_to_write(make, monkeypatch):
    folder = make(**{"logs/a.log": LOG, "metrics/a.csv": "time,cpu\n2024-01-15T10:32Z,5\n"})
    modes = []
    path_open = Path.open

    def spy(self, mode="r", *args, **kwargs):
        modes.append(mode)
        return path_open(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", spy)
    load(folder)
    assert modes and set(modes) <= {"r", "rb"}


def test_reading_twice_gives_the_same(make):
    first, second = (load(DATA / "nezha") for _ in range(2))
    for name in ("logs", "metrics", "events", "files"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))


def test_columns_of_one_kind_of_log_keep_their_types_beside_another(make):
    access = '203.0.113.7 - - [15/Jan/2024:10:32:12 +0000] "GET / HTTP/1.1" 502 5 "-" "curl/8.5" 0.250\n'
    logs = load(make(**{"logs/a.log": LOG, "logs/access.log": access})).logs
    assert logs["status"].tolist() == [pd.NA, 502, pd.NA]
    assert str(logs["status"].dtype) == "Int64"
    assert str(logs["seconds"].dtype) == "float64"
    assert logs["path"].fillna("").tolist() == ["", "/", ""]


# --- what neighbours tell ---------------------------------------------------------------------------------------------

UTC_LOGS = rule("logs/*", zone='"UTC"')


def syslog(*times):
    return "".join(f"{pd.Timestamp(time):%b %e %H:%M:%S} web-1 app: m\n" for time in times)


def app(*times):
    return "".join(f"{time}Z INFO a\n" for time in times)


def times_of(incident, file):
    return [str(t)[:19] for t in incident.logs.loc[incident.logs["file"] == file, "time"]]


def test_a_year_that_lines_do_not_carry_is_that_of_the_other_evidence(make):
    logs = {
        "logs/access.log": app("2024-01-14T02:00:00", "2024-01-14T04:00:00"),
        "logs/syslog": syslog("2024-01-14 03:00:00"),
    }
    incident = load(make(UTC_LOGS, **logs))
    assert times_of(incident, "logs/syslog") == ["2024-01-14 03:00:00"]
    (finding,) = incident.findings
    assert (finding.id, finding.severity, finding.where) == ("assumed-year", "note", "logs/syslog")
    assert finding.text == (
        "Its lines carry no year; 2024 was taken because logs/access.log covers 2024-01-14 02:00 to "
        "2024-01-14 04:00 UTC."
    )
    assert "`year = 2024`" in finding.fix
    assert incident.files["first"].tolist() == [pd.Timestamp(f"2024-01-14T0{hour}:00Z") for hour in (2, 3)]


def test_a_declared_year_is_not_asked_again(make):
    logs = {"logs/access.log": app("2024-01-14T02:00:00"), "logs/syslog": syslog("2024-01-14 03:00:00")}
    incident = load(make(UTC_LOGS + "year = 2021\n", **logs))
    assert times_of(incident, "logs/syslog") == ["2021-01-14 03:00:00"]
    assert incident.findings == ()


@pytest.mark.parametrize(
    ("other", "own", "first"),
    [
        ("2024-01-01T01:00:00", ["2023-12-31 23:00", "2024-01-01 01:00"], "2023-12-31 23:00:00"),
        ("2023-12-31T23:30:00", ["2023-12-31 23:00", "2024-01-01 01:00"], "2023-12-31 23:00:00"),
        ("2024-01-01T01:00:00", ["2023-12-31 23:00"], "2023-12-31 23:00:00"),
        ("2023-12-31T23:00:00", ["2024-01-01 01:00"], "2024-01-01 01:00:00"),
        ("2024-03-01T00:00:00", ["2024-02-29 23:00"], "2024-02-29 23:00:00"),
    ],
)
def test_across_new_year(make, other, own, first):
    incident = load(make(UTC_LOGS, **{"logs/a.log": app(other), "logs/syslog": syslog(*own)}))
    assert times_of(incident, "logs/syslog")[0] == first
    assert len(times_of(incident, "logs/syslog")) == len(own)


def test_metrics_and_events_tell_a_year_too(make):
    folder = make(UTC_LOGS, **{"logs/syslog": syslog("2024-01-14 03:00:00")})
    (folder / "metrics").mkdir()
    (folder / "metrics/a.csv").write_text("time,cpu\n2024-01-14T02:00Z,1\n")
    assert times_of(load(folder), "logs/syslog") == ["2024-01-14 03:00:00"]


@pytest.mark.parametrize(
    ("declared", "why"),
    [
        ("date = 2024-01-14\n", "incident.toml declares the date 2024-01-14"),
        ('[milestones]\nstarted = "2024-01-14T02:00Z"\n', "declares milestones from 2024-01-14 02:00 UTC on"),
    ],
)
def test_what_people_declared_tells_a_year(make, declared, why):
    incident = load(make(declared + UTC_LOGS, **{"logs/syslog": syslog("2024-01-14 03:00:00")}))
    assert times_of(incident, "logs/syslog") == ["2024-01-14 03:00:00"]
    assert why in incident.findings[0].text


@pytest.mark.parametrize(
    "others",
    [
        {"logs/a.log": app("2024-07-14T02:00:00")},  # half a year away
        {"logs/a.log": app("2022-07-14T02:00:00", "2025-01-01T02:00:00")},  # several years fit
        {"logs/other": syslog("2024-01-14 03:00:00")},  # knows no more
    ],
)
def test_where_nothing_tells_the_year_it_is_an_error(make, others):
    with pytest.raises(ReadError, match=r"logs/\w+:1: its times carry no year"):
        load(make(UTC_LOGS, **{"logs/syslog": syslog("2024-01-14 03:00:00"), **others}))


def test_a_night_that_only_another_year_repeats_is_no_error(make):
    zone = rule("logs/syslog", zone='"America/Chicago"')
    logs = {  # 3 November 2024, 01:30 is twice; in 2023 it is once
        "logs/a.log": app("2024-10-30T02:00:00", "2024-10-31T02:00:00"),
        "logs/syslog": syslog("2023-11-03 01:30:00"),
    }
    with pytest.raises(ReadError, match=r"logs/syslog:1: 2024-11-03 01:30:00 in America/Chicago falls into a clock"):
        load(make(zone, **logs))
    logs["logs/a.log"] = app("2023-11-01T00:00:00", "2024-02-01T00:00:00")
    assert times_of(load(make(zone, **logs)), "logs/syslog") == ["2023-11-03 06:30:00"]


CLOCK = """
title = "A time of day"
pattern = '^(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})\\ (?P<message>.*)$'
time = "clock"
zone = "declared"
rank = 50
"""


def test_a_date_that_lines_do_not_carry_is_that_of_the_other_evidence(make):
    clock = rule("logs/clock.log", zone='"America/Chicago"')
    logs = {"formats/clock.toml": CLOCK, "logs/clock.log": "23:30:00 m1\n00:10:00 m2\n"}
    other = {"logs/a.log": app("2024-01-15T05:00:00", "2024-01-15T06:05:00")}
    incident = load(make(clock, **logs, **other))
    assert times_of(incident, "logs/clock.log") == ["2024-01-15 05:30:00", "2024-01-15 06:10:00"]
    assert found(incident) == [("assumed-date", "note", "logs/clock.log")]
    assert "2024-01-14 was taken because logs/a.log covers" in incident.findings[0].text
    declared = load(make(clock + "date = 2024-01-13\n", **logs, **other))
    assert times_of(declared, "logs/clock.log")[0] == "2024-01-14 05:30:00"
    (declared.folder / "logs/a.log").write_text(app("2024-01-13T00:00:00", "2024-01-17T00:00:00"))
    (declared.folder / "incident.toml").write_text(f'title = "x"\n{clock}')
    with pytest.raises(ReadError, match=r"clock\.log:1: its times carry no date"):
        load(declared.folder)


# --- what a rule can say ----------------------------------------------------------------------------------------------


def test_a_rule_may_name_the_encoding(make):
    text = "2024-01-15T10:32:11Z INFO café\n".encode("cp1252")
    table = "time,text\n2024-01-15T10:32:11Z,café\n".encode("cp1252")
    incident = load(make(rule("*/*", encoding='"cp1252"'), **{"logs/a.log": text, "events/a.csv": table}))
    assert incident.logs["message"].tolist() == ["café"]
    assert incident.events["text"].tolist() == ["café"]
    assert incident.findings == ()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"encoding": '"latin-99"'}, r"incident\.toml:4: evidence\[1\]\.encoding: there is no encoding 'latin-99'"),
        ({"date": '"soon"'}, r"incident\.toml:4: evidence\[1\]\.date: 'soon'"),
        ({"from": '"10:15"'}, r"evidence\[1\]\.from: '10:15' has no day"),
        ({"to": '"~2024-01-15T10:15Z"'}, r"evidence\[1\]\.to: '~2024.*' is no single instant"),
        ({"from": '"2024-01-15T11:00Z"', "to": '"2024-01-15T10:00Z"'}, r"`to` \(2024-01-15T10:00:00Z\) is not after"),
    ],
)
def test_a_value_of_a_rule_that_makes_no_sense(make, more, message):
    with pytest.raises(IncidentError, match=message):
        load(make(rule("logs/*", **more), **{"logs/a.log": LOG}))


@pytest.mark.parametrize(
    ("ends", "kept"),
    [
        ({"from": '"2024-01-15 11:32:12"', "to": '"2024-01-15T10:32:14Z"'}, ["c"]),
        ({"to": '"2024-01-15 11:32:13"'}, ["a"]),
        ({"from": '"2024-01-15 11:32:11"'}, ["a", "c"]),
        ({"to": "2024-01-15T10:32:13Z"}, ["a"]),  # TOML's own instants
    ],
)
def test_a_rule_may_ask_for_a_range_in_its_zone(make, ends, kept):
    incident = load(make(rule("logs/*", zone='"Europe/Berlin"', **ends), **{"logs/a.log": LOG}))
    assert incident.logs["message"].tolist() == kept
    assert incident.files["rows"].tolist() == [len(kept)]
    notes = [f.text for f in incident.findings if f.id == "about-file"]
    assert len(notes) == (len(kept) < 2) and all("1 of its records lie outside" in note for note in notes)


def test_a_range_of_metrics_and_events_and_one_that_holds_nothing(make):
    rules = rule("logs/*", **{"from": '"2025-01-15T10:00Z"'}) + rule("*/*", to='"2024-01-15T10:33Z"')
    files = {
        "logs/a.log": LOG,
        "metrics/a.csv": "time,cpu\n2024-01-15T10:32Z,5\n2024-01-15T10:33Z,6\n",
        "events/a.csv": "time,text\n2024-01-15T10:30Z,a\n2024-01-15T10:40Z,b\n",
    }
    incident = load(make(rules, **files))
    assert incident.metrics["value"].tolist() == [5]
    assert incident.events["text"].tolist() == ["a"]
    assert ("empty-range", "warning", "logs/a.log") in found(incident)
    assert incident.files["rows"].tolist() == [1, 0, 1]
    assert incident.files["last"][2] == pd.Timestamp("2024-01-15T10:32Z")


SHOP = """
title = "Lines of a shop"
pattern = '^@(?P<time>[^|]+)\\|(?P<level>[A-Z])\\|(?P<message>.*)$'
time = "iso"
zone = "written"
rank = 50
[levels]
X = "ERROR"
"""


def test_an_incident_brings_a_log_format(make):
    files = {"formats/shop.toml": SHOP, "logs/shop.log": "@2024-01-15T10:32:11Z|X|broken\n"}
    incident = load(make(rule("**/*", service='"shop"'), **files))
    assert incident.files[["file", "format"]].to_numpy().tolist() == [["logs/shop.log", "shop"]]
    assert incident.logs[["level", "message"]].to_numpy().tolist() == [["ERROR", "broken"]]
    assert incident.findings == ()
    named = load(make(rule("logs/*", format='"shop"'), **files))
    assert named.logs["message"].tolist() == ["broken"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", r"formats/shop\.toml: Invalid value"),
        (SHOP.replace("rank = 50", ""), r"formats/shop\.toml: the key 'rank' is missing"),
        (SHOP.replace("(?P<level>", "(?P<level>("), r"formats/shop\.toml: "),
        (b"title = '\xff'", r"shop\.toml:1: it is not UTF-8"),
    ],
)
def test_a_format_that_makes_no_sense_is_an_error_that_names_its_file(make, text, message):
    with pytest.raises(IncidentError, match=message):
        load(make(**{"formats/shop.toml": text, "logs/a.log": LOG}))


def test_an_installed_package_brings_a_log_format(make, monkeypatch):
    class Entry:
        name = "shop"

        def load(self):
            return SHOP

    real = formats.metadata.entry_points
    monkeypatch.setattr(
        formats.metadata,
        "entry_points",
        lambda **group: [Entry()] if group == {"group": "postmortem_nb.log_formats"} else real(**group),
    )
    for cached in (formats.entries, formats.all_formats):
        cached.cache_clear()
    try:
        incident = load(make(**{"logs/shop.log": "@2024-01-15T10:32:11Z|X|broken\n"}))
    finally:
        for cached in (formats.entries, formats.all_formats):
            cached.cache_clear()
    assert incident.files["format"].tolist() == ["shop"]


def test_the_clocks_of_all_kinds_of_evidence_are_corrected_and_it_is_said(make):
    files = {
        "logs/a.log": LOG,
        "logs/b.csv": "time,message\n2024-01-15T10:32:11Z,b\n",
        "metrics/a.csv": "time,cpu\n2024-01-15T10:32:11Z,5\n",
        "events/a.csv": "time,end,text\n2024-01-15T10:32:11Z,2024-01-15T10:33:11Z,a\n~2024-01-15T10:32Z,,b\n",
    }
    incident = load(make(rule("*/*", clock_offset='"-11s"'), **files))
    corrected = pd.Timestamp("2024-01-15T10:32:00Z")
    assert incident.logs["time"].tolist() == [corrected, corrected, corrected + pd.Timedelta("2s")]
    assert incident.metrics["time"].tolist() == [corrected]
    assert incident.events["time"].tolist() == [corrected - pd.Timedelta("11s"), corrected]
    assert incident.events["end"].dropna().tolist() == [corrected + pd.Timedelta("1min")]
    assert incident.files["first"].min() == corrected - pd.Timedelta("11s")
    assert found(incident) == [("clock-offset", "note", name) for name in sorted(files)]
    assert "-11 s on every time" in incident.findings[0].text
