"""Bytes → lines: compression, broken text and limits. Nothing in a file may stop the reading of the rest."""

import bz2
import gzip
import lzma
import os
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import PostmortemError, SourceError
from postmortem_nb.evidence import Unreadable, lines, packed, read_logs, sources
from postmortem_nb.evidence.account import Tally
from postmortem_nb.evidence.formats import all_formats
from postmortem_nb.evidence.packed import packing

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GOOD = b'203.0.113.7 - - [15/Jan/2024:10:32:%02d +0000] "GET /%d HTTP/1.1" 200 5\n'


def access(count, first=0):
    return b"".join(GOOD % (i % 60, i) for i in range(first, first + count))


def write(tmp_path, data, name="access.log"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def adds_up(report):
    total = report.read + report.continued + report.blank + report.skipped + report.rejected
    return total == report.lines


def all_lines(path):
    tally = Tally("x")
    return [line for block in lines.blocks(path, tally) for line in block], tally


@pytest.mark.parametrize("name", ["access.log", "access.log.gz", "access"])
def test_gzip_is_known_by_its_bytes_not_by_its_name(tmp_path, name):
    frame = read_logs(write(tmp_path, gzip.compress(access(3)), name))
    assert frame["path"].tolist() == ["/0", "/1", "/2"]


def test_several_gzip_members_are_one_file(tmp_path):
    data = gzip.compress(access(2)) + gzip.compress(access(2, 2)) + bytes(16)
    frame = read_logs(write(tmp_path, data))
    assert len(frame) == 4
    assert frame.attrs["report"].truncated == ""


def test_a_truncated_gzip_keeps_what_stands_before_the_tear(tmp_path):
    whole = b"".join(GOOD % (i % 60, int.from_bytes(os.urandom(4))) for i in range(5000))
    data = gzip.compress(whole)
    frame = read_logs(write(tmp_path, data[: len(data) // 2]))
    report = frame.attrs["report"]
    assert 1000 < len(frame) < 4000
    assert "end early" in report.truncated
    assert adds_up(report)


def test_broken_gzip_data_are_said(tmp_path):
    report = read_logs(write(tmp_path, gzip.compress(access(3)) + b"not gzip")).attrs["report"]
    assert report.read == 3
    assert "broken after" in report.truncated


def test_a_gzip_bomb_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "RATIO_FREE", 1 << 20)
    bomb = gzip.compress(access(3) + b"0" * (64 << 20))
    report = read_logs(write(tmp_path, bomb)).attrs["report"]
    assert report.read == 3
    assert "unpacks to more than" in report.truncated


def test_no_gzip_unpacks_beyond_the_cap(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "UNPACKED_CAP", 1 << 20)
    path = write(tmp_path, gzip.compress(os.urandom(3 << 20)))
    unpacked = sum(len(line) + 1 for line in all_lines(path)[0])
    assert unpacked <= 2 << 20


PACKERS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstandard": zstd.compress}


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_every_packing_is_known_by_its_bytes(tmp_path, pack):
    frame = read_logs(write(tmp_path, pack(access(2)) + pack(access(2, 2)), "access"))
    assert frame["path"].tolist() == ["/0", "/1", "/2", "/3"]
    assert frame.attrs["report"].truncated == ""


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_every_torn_packing_is_said(tmp_path, pack):
    data = pack(b"".join(GOOD % (i % 60, int.from_bytes(os.urandom(4))) for i in range(60_000)))
    frame = read_logs(write(tmp_path, data[: len(data) * 3 // 4]))
    report = frame.attrs["report"]
    assert "end early" in report.truncated
    assert len(frame) > 1000 or pack is bz2.compress
    assert adds_up(report)


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_every_bomb_is_stopped(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(packed, "RATIO_FREE", 1 << 20)
    report = read_logs(write(tmp_path, pack(access(3) + b"0" * (64 << 20)))).attrs["report"]
    assert report.read == 3
    assert "unpacks to more than" in report.truncated


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"PK\x03\x04....", "zip"), (b"PAR1....", "Parquet"), (bytes(257) + b"ustar", "a tar archive")],
)
def test_archives_and_tables_are_named(tmp_path, data, name):
    with pytest.raises(Unreadable, match=rf"access\.log: it is {name}, which is not read"):
        read_logs(write(tmp_path, data))


def test_a_packed_tar_is_named(tmp_path):
    with pytest.raises(Unreadable, match="it is a packed tar archive"):
        read_logs(write(tmp_path, gzip.compress(bytes(257) + b"ustar" + bytes(500))))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_encodings_that_the_bytes_show(tmp_path, encoding):
    frame = read_logs(write(tmp_path, "2024-01-15T10:32:11Z INFO café \u2603\n".encode(encoding)))
    assert frame["message"].tolist() == ["café \u2603"]


def test_an_encoding_that_was_declared(tmp_path):
    path = write(tmp_path, "2024-01-15T10:32:11Z INFO naïve\n".encode("cp1252"))
    assert read_logs(path, encoding="cp1252")["message"].tolist() == ["naïve"]
    with pytest.raises(Unreadable, match="there is no encoding 'cp12'"):
        read_logs(path, encoding="cp12")


def test_crlf_bom_and_a_missing_final_newline(tmp_path):
    data = b"\xef\xbb\xbf" + access(3).replace(b"\n", b"\r\n")[:-2]
    frame = read_logs(write(tmp_path, data))
    assert frame["line"].tolist() == [1, 2, 3]
    assert frame["client"].tolist() == ["203.0.113.7"] * 3
    assert frame.attrs["report"].lines == 3


def test_bytes_that_are_not_text_are_replaced_and_counted(tmp_path):
    data = b"2024-01-15T10:32:11Z INFO caf\xe9\n2024-01-15T10:32:12Z INFO caf\xc3\xa9\n"
    frame = read_logs(write(tmp_path, data))
    assert frame["message"].tolist() == ["caf\ufffd", "café"]
    assert frame.attrs["report"].odd == 1


def test_a_hole_of_nuls_before_a_line_is_no_part_of_it(tmp_path):
    data = bytes(4096) + b"2024-01-15T10:32:11Z INFO first\n2024-01-15T10:32:12Z INFO a\0b\n"
    frame = read_logs(write(tmp_path, data))
    assert frame["message"].tolist() == ["first", "a\ufffdb"]
    assert frame.attrs["report"].odd == 2


def test_colours_of_a_terminal_are_taken_out(tmp_path):
    frame = read_logs(write(tmp_path, b"2024-01-15T10:32:11Z \x1b[1;31mERROR\x1b[0m no \x1b[2Kdisk\n"))
    assert frame[["level", "message"]].to_numpy().tolist() == [["ERROR", "no disk"]]


def test_a_line_ends_at_a_line_feed_only(tmp_path):
    text = "2024-01-15T10:32:11Z INFO a\x0bb\x0cc\u2028d\x85e\n2024-01-15T10:32:12Z INFO f\n"
    frame = read_logs(write(tmp_path, text.encode()))
    assert frame["message"].tolist() == ["a\x0bb\x0cc\u2028d\x85e", "f"]


@pytest.mark.parametrize("size", [10 << 20, lines.LINE_CAP + 1, sources.PIECE * 5])
def test_a_very_long_line_is_cut_and_the_next_is_whole(tmp_path, size):
    data = b"2024-01-15T10:32:11Z INFO " + b"x" * size + b"\n2024-01-15T10:32:12Z WARN next\n"
    frame = read_logs(write(tmp_path, data))
    assert frame["line"].tolist() == [1, 2]
    assert frame["message"].str.len().iloc[0] < lines.LINE_CAP
    assert frame["message"].iloc[1] == "next"
    assert frame.attrs["report"].clipped == 1


@pytest.mark.parametrize("data", [b"", b"\n", b"\n \n\t\r\n", bytes(100), b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_empty_frame(tmp_path, data):
    frame = read_logs(write(tmp_path, data))
    assert len(frame) == 0
    assert str(frame["time"].dtype) == "datetime64[ns, UTC]"
    assert frame.attrs["report"].format == "empty"
    assert adds_up(frame.attrs["report"])


def test_many_blank_lines_before_the_first_record(tmp_path):
    frame = read_logs(write(tmp_path, b"\n" * 1000 + access(2)))
    assert frame["line"].tolist() == [1001, 1002]
    assert frame.attrs["report"].blank == 1000


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_lines_do_not_depend_on_where_a_chunk_ends(tmp_path, monkeypatch, chunk):
    path = write(tmp_path, "é\n\r\nab\r\nü".encode())
    monkeypatch.setattr(sources, "PIECE", chunk)
    monkeypatch.setattr(lines, "FIRST_BLOCK", chunk)
    monkeypatch.setattr(lines, "BLOCK", chunk)
    found, tally = all_lines(path)
    assert found == ["é", "", "ab", "ü"]
    assert (tally.lines, tally.odd) == (4, 0)


def test_a_missing_file_offers_near_names(tmp_path):
    write(tmp_path, b"", "error.log")
    with pytest.raises(SourceError, match=r"no file .*eror\.log\. Did you mean error\.log\?"):
        read_logs(tmp_path / "eror.log")
    with pytest.raises(SourceError, match="is a folder"):
        read_logs(tmp_path)


SAMPLES = [sample["line"].encode() for form in all_formats().values() for sample in form.match]
PIECES = st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(SAMPLES), st.sampled_from([b"\n", b"\r\n", b"\0"])))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=PIECES, joint=st.sampled_from([b"", b"\n"]), packed=st.booleans(), cut=st.integers(0, 40))
def test_any_bytes_give_a_frame_that_adds_up_or_a_plain_error(tmp_path, pieces, joint, packed, cut):
    data = joint.join(pieces)
    plain = data
    if packed:
        data = gzip.compress(data)
    path = write(tmp_path, data[: len(data) - cut] if packed else data)
    try:
        frame = read_logs(path, timezone="UTC", year=2024)
    except PostmortemError:
        return
    report = frame.attrs["report"]
    assert adds_up(report)
    assert report.read == len(frame)
    assert frame["line"].is_unique
    assert frame["line"].between(1, max(report.lines, 1)).all()
    if plain.lstrip()[:1] in (b"{", b"[") and b"\n" not in plain.strip():
        return  # a document, or several on one line, of which the records are counted
    if not packed and not packing(plain[:8]) and not any(plain.startswith(m) for m in lines.MARKS):
        assert report.lines == plain.count(b"\n") + (not plain.endswith(b"\n") and len(plain) > 0)
