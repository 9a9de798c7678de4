"""The ZIP of a Slack export is read where it lies; a ZIP that is made to do harm is refused."""

import io
import json
import stat
import zipfile

import pytest
from test_evidence_chat import FIRST, SECOND, USERS, message

from postmortem_nb.evidence import Unreadable, load, read_events
from postmortem_nb.evidence.events import archive

FILES = {
    "users.json": USERS,
    "channels.json": [{"id": "C01", "name": "incident"}],
    "incident/2024-01-14.json": FIRST,
    "incident/2024-01-15.json": SECOND,
}


def pack(tmp_path, files, name="export.zip"):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for member, content in files.items():
            zipped.writestr(member, content if isinstance(content, str | bytes) else json.dumps(content))
    return path


def test_a_zip_is_the_same_as_its_folder(tmp_path):
    folder = tmp_path / "folder"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    unpacked, packed = read_events(folder), read_events(pack(tmp_path, FILES))
    columns = [c for c in unpacked.columns if c != "evidence"]
    assert packed[columns].equals(unpacked[columns])
    assert packed["evidence"].iloc[0].endswith("export.zip/incident/2024-01-14.json ts 1705197960.000200")
    report = packed.attrs["report"]
    assert (report.format, report.lines, report.read, report.skipped) == ("slack", 8, 6, 2)
    assert len(packed.attrs["reports"]) == 2


@pytest.mark.parametrize("prefix", ["", "workspace export Jan 2024/"])
def test_names_of_people_and_channels(tmp_path, prefix):
    frame = read_events(pack(tmp_path, {prefix + name: content for name, content in FILES.items()}))
    text = frame.drop(columns="evidence").to_csv()
    assert frame["source"].unique().tolist() == ["slack #incident"]
    assert [word for word in ("Given", "Second", "Third", "Fourth", "Person", "login", "U0") if word in text] == []


def test_a_zip_in_an_incident_folder(tmp_path):
    pack(tmp_path, FILES, "events/export.zip")
    (tmp_path / "incident.toml").write_text('title = "x"')
    incident = load(tmp_path)
    assert incident.files[["file", "format", "rows"]].to_numpy().tolist() == [["events/export.zip", "slack", 6]]
    assert incident.events["actor"].tolist()[-2:] == ["responder 2", "responder 1"]
    assert incident.findings == ()
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["events", "export.zip", "incident.toml"]


def test_marks_threads_edits_and_links(tmp_path):
    day = [
        message("1705197960.000200", text="root", reactions=[{"name": "eyes", "users": ["U0A", "U0B"], "count": 2}])
        | {"pinned_to": ["C01"], "thread_ts": "1705197960.000200"}
        | {"permalink": "https://x.slack.com/archives/C01/p1705197960000200"},
        message("1705197970.000200", text="reply", thread_ts="1705197960.000200", edited={"user": "U0A", "ts": "1"}),
        message("1705197980.000200", text="plain", permalink="javascript:x"),
    ]
    frame = read_events(pack(tmp_path, {"incident/2024-01-14.json": day}))
    assert frame["marks"].tolist() == [3, 0, 0]
    assert frame["thread"].fillna("").tolist() == ["", "1705197960.000200", ""]
    assert frame["text"].tolist() == ["root", "reply [edited]", "plain"]
    assert frame["evidence"].iloc[0].endswith("ts 1705197960.000200 https://x.slack.com/archives/C01/p1705197960000200")
    assert frame["evidence"].iloc[2].endswith("ts 1705197980.000200")


def test_a_torn_day_and_other_files_are_counted(tmp_path):
    files = FILES | {"incident/2024-01-16.json": "{torn", "incident/2024-01-17.json": json.dumps(SECOND)[:-30]}
    report = read_events(pack(tmp_path, files | {"canvas.html": "x"})).attrs["report"]
    assert report.rejected == 2
    assert [text for _, text in report.samples] == ["(incident/2024-01-16.json is not JSON)", "(a torn message)"]
    assert report.notes == ("1 other files in it are no days of a channel and were left out.",)
    assert report.read + report.skipped + report.rejected + report.blank == report.lines


# --- harm -------------------------------------------------------------------------------------------------------------

DAY = "incident/2024-01-14.json"


@pytest.mark.parametrize("name", ["/etc/2024-01-14.json", "../2024-01-14.json", "a/../../x.json", "C:/x.json", "a\\b"])
def test_names_that_leave_the_archive(tmp_path, name):
    with pytest.raises(Unreadable, match="has a name that leaves the archive"):
        read_events(pack(tmp_path, {DAY: FIRST, name: "[]"}))


def test_a_link_in_an_archive(tmp_path):
    path = pack(tmp_path, {DAY: FIRST})
    with zipfile.ZipFile(path, "a") as zipped:
        link = zipfile.ZipInfo("users.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        zipped.writestr(link, "/etc/hostname")
    with pytest.raises(Unreadable, match=r"'users\.json' in it is a link"):
        read_events(path)


def test_a_name_that_stands_twice(tmp_path):
    path = pack(tmp_path, {DAY: FIRST})
    with zipfile.ZipFile(path, "a") as zipped, pytest.warns(UserWarning, match="Duplicate"):
        zipped.writestr(DAY, "[]")
    with pytest.raises(Unreadable, match="stands in it twice"):
        read_events(path)


def test_an_encrypted_archive(tmp_path):
    data = bytearray(pack(tmp_path, {DAY: FIRST}).read_bytes())
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + at] |= 1
    (tmp_path / "locked.zip").write_bytes(data)
    with pytest.raises(Unreadable, match="is encrypted"):
        read_events(tmp_path / "locked.zip")


def test_a_bomb_is_stopped_while_it_unpacks(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "RATIO_FREE", 1 << 20)
    path = pack(tmp_path, {DAY: b"[" + b" " * (8 << 20) + b"]"})
    with pytest.raises(Unreadable, match=r"unpacks to more than [\d,]+ bytes"):
        read_events(path)


def test_too_many_files_and_bytes(tmp_path, monkeypatch):
    path = pack(tmp_path, FILES)
    monkeypatch.setattr(archive, "UNPACKED", 100)
    with pytest.raises(Unreadable, match="unpacks to more than"):
        read_events(path)
    monkeypatch.setattr(archive, "MEMBERS", 3)
    with pytest.raises(Unreadable, match="holds 4 files, more than 3"):
        read_events(path)


def test_a_size_that_the_archive_claims_is_not_believed(tmp_path):
    data = bytearray(pack(tmp_path, {DAY: FIRST}).read_bytes())
    at = data.index(b"PK\x01\x02") + 24  # its unpacked size in the directory
    data[at : at + 4] = (5).to_bytes(4, "little")
    (tmp_path / "lies.zip").write_bytes(data)
    with pytest.raises(Unreadable, match="cannot be unpacked"):
        read_events(tmp_path / "lies.zip")


@pytest.mark.parametrize("cut", [30, 100, -10])
def test_broken_zips(tmp_path, cut):
    path = pack(tmp_path, FILES)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(Unreadable, match="ZIP data are broken"):
        read_events(path)


def test_a_zip_of_something_else(tmp_path):
    inner = io.BytesIO()
    zipfile.ZipFile(inner, "w").close()
    with pytest.raises(Unreadable, match=r"a ZIP that holds a\.csv, nested\.zip, and no channel/"):
        read_events(pack(tmp_path, {"a.csv": "time,text\n", "nested.zip": inner.getvalue()}))
