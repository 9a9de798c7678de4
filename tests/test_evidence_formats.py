"""Every log format reads its own sample lines, and no other reads them better."""

import importlib.util
import json
import re
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import SettingError
from postmortem_nb.evidence import Unreadable, events, formats, metrics, read_logs
from postmortem_nb.evidence.clock import FORMS
from postmortem_nb.evidence.formats import all_formats, named
from postmortem_nb.evidence.formats.choosing import choose
from postmortem_nb.evidence.levels import LEVELS, in_texts, normalise

MATCHES = [(f, sample) for f in all_formats().values() for sample in f.match]
REJECTS = [(f, sample) for f in all_formats().values() for sample in f.reject]
YEAR = 2024


def sample_id(value):
    return value.name if isinstance(value, formats.Format) else None


def read_one(tmp_path, line, **options):
    path = tmp_path / "sample.log"
    path.write_text(line + "\n", encoding="utf-8")
    return read_logs(path, timezone="UTC", year=YEAR, date=f"{YEAR}-01-15", **options)


@pytest.mark.parametrize(("form", "sample"), MATCHES, ids=sample_id)
def test_a_sample_is_read_with_the_values_it_states(tmp_path, form, sample):
    frame = read_one(tmp_path, sample["line"], format=None if form.detect else form.name)
    assert frame.attrs["report"].format == form.name
    (row,) = frame.to_dict("records")
    for field, expected in sample.items():
        if field == "line":
            continue
        if field == "time":
            text = f"{YEAR}-{expected}" if re.match(r"\d\d-\d\d", expected) else expected
            text = f"{YEAR}-01-15T{text}" if re.match(r"\d\d:", text) else text
            time = pd.Timestamp(text)
            assert row["time"] == (time if time.tzinfo else time.tz_localize("UTC"))
        else:
            shown = pytest.approx(expected) if field == "seconds" else expected
            assert row[field] == shown, field


@pytest.mark.parametrize(("form", "sample"), REJECTS, ids=sample_id)
def test_a_line_that_a_format_must_not_read(form, sample):
    assert form.reads([sample["line"]]) == [False]


@pytest.mark.parametrize("form", all_formats().values(), ids=lambda f: f.name)
def test_a_format_is_complete(form):
    assert form.title and form.match and form.reject
    assert form.time in FORMS
    assert form.zone in ("written", "declared", "either")
    assert {"time", "message"} <= set(form.fields) or {"time", "request", "status"} <= set(form.fields)
    assert set(form.levels.values()) <= set(LEVELS)


@pytest.mark.parametrize("form", [f for f in all_formats().values() if f.zone == "declared"], ids=lambda f: f.name)
def test_a_format_without_zone_needs_one(tmp_path, form):
    path = tmp_path / "sample.log"
    local = next(m["line"] for m in form.match if not str(m.get("time", "Z")).endswith("Z"))
    path.write_text(local + "\n")
    with pytest.raises(Exception, match=r"sample\.log:\d: its times carry no zone .*Declare one"):
        read_logs(path, year=YEAR, date=f"{YEAR}-01-15")


def test_the_format_that_reads_most_lines_wins():
    lines = [
        '{"time": "2024-01-15T10:32:11Z", "msg": "a"}',
        "ts=2024-01-15T10:32:11Z msg=b",
        "ts=2024-01-15T10:32:12Z msg=c",
    ]
    assert choose(lines, "mixed.log").name == "logfmt"
    assert choose(lines[:1], "mixed.log").name == "json"


def test_of_equals_the_more_specific_wins():
    line = '{"log":"up\\n","stream":"stdout","time":"2024-01-15T08:42:22Z"}'
    assert named("json").reads([line]) == [True]
    assert choose([line], "app.log").name == "docker"


def test_a_true_tie_is_an_error_that_names_both(monkeypatch):
    twin = named("logfmt")
    pair = {"one": twin, "two": formats.Format(**{**vars(twin), "name": "two"})}
    monkeypatch.setattr(formats, "all_formats", lambda: pair)
    with pytest.raises(Unreadable, match=r"x\.log: logfmt and two read it equally well.*\n  ts=2024"):
        choose(["ts=2024-01-15T10:32:11Z msg=b"], "x.log")


def test_an_unknown_format_is_an_error_with_its_first_lines(tmp_path):
    path = tmp_path / "poem.log"
    path.write_text("\nShall I compare thee\nto a summer's day?\n")
    with pytest.raises(Unreadable, match=r"poem\.log: no known log format .*It begins:\n  Shall I compare thee"):
        read_logs(path)


def test_a_format_that_does_not_exist_offers_near_ones():
    with pytest.raises(SettingError, match=r"no log format 'nginx-eror'\. Did you mean nginx-error\?"):
        named("nginx-eror")


def test_a_named_format_is_not_looked_for(tmp_path):
    frame = read_one(tmp_path, "2024/01/15 10:32:11 [error] 1#1: no", format="app")
    assert frame.attrs["report"].format == "app"
    assert frame["level"].tolist() == ["ERROR"]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("warn", "WARNING"),
        ("E", None),
        (" [Notice] ", "INFO"),
        ("emerg", "CRITICAL"),
        ("DEBUG3", "DEBUG"),
        (None, None),
    ],
)
def test_levels_are_on_one_scale(text, level):
    assert normalise(text) == level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("16:42:22.382 ERROR f.s.Food#1 x", "ERROR"),
        ("[main] WARN retry", "WARNING"),
        ("2024-01-15 10:32:11,123 [error] x", "ERROR"),
        ("I saw an ERROR there", None),
        ("information desk", None),
        ("", None),
    ],
)
def test_a_level_at_the_front_of_a_message(text, level):
    assert in_texts(pl.Series([text])).to_list() == [level]


def test_no_pattern_takes_forever_on_hostile_lines():
    hostile = ["[" * 50_000, '"' * 50_000, "a " * 50_000, "1.2.3.4 - " * 20_000, "<34>1 - - - - [" + 'a="\\' * 20_000]
    for form in all_formats().values():
        assert form.reads(hostile) == [False] * len(hostile), form.name
    assert named("app").reads(["2024-01-15 10:32:11 " + "[a] " * 50_000]) == [True]


def test_every_format_is_in_the_docs():
    text = (Path(__file__).parents[1] / "docs" / "formats.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", text, re.MULTILINE)) >= {
        *all_formats(),
        *metrics.FORMATS,
        *events.FORMATS,
    }


def test_the_page_of_formats_is_made_from_them():
    folder = Path(__file__).parents[1] / "docs"
    spec = importlib.util.spec_from_file_location("made_formats", folder / "formats.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    text = (folder / "formats.md").read_text(encoding="utf-8")
    assert made.page(text) == text, "run: python docs/formats.py"


CELLS = st.sampled_from(
    ["x", "[w-1] up", "[1]", '{"a"}', "", "é", "7", 7, 1.5, True, None, [1, 2], ["a"], {"a": 1}, [], {}]
)
KEYS = st.sampled_from(["level", "msg", "log", "host", "service", "error", "status", "log.level", "trace_id", "zz"])
RECORDS = st.dictionaries(KEYS, CELLS, max_size=4).map(lambda record: {"time": "2024-01-15T10:32:11Z"} | record)


@given(
    st.lists(RECORDS.map(json.dumps) | st.sampled_from(['{"time": 1', "{}", '{"time":"a"}{"time":"b"}']), max_size=9)
)
@settings(derandomize=True, deadline=None, max_examples=150)
def test_json_lines_are_read_together_as_each_is_by_itself(lines):
    plan = named("json").plan
    whole = plan(pl.DataFrame({"text": lines}, schema={"text": pl.String}).with_row_index("row"))
    found = {row.pop("row"): {k: v for k, v in row.items() if v is not None} for row in whole.to_dicts()}
    for number, line in enumerate(lines):
        alone = plan._one_by_one(pl.DataFrame({"row": [0], "text": [line]})).drop("row").to_dicts()
        known = {k: v for k, v in alone[0].items() if v is not None} if alone else {}
        assert found.get(number, {}) == (known if "time" in known else {})
