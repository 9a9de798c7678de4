"""The column contracts and their one checker."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import ReadError
from postmortem_nb.frames import EVENTS, FILES, LOGS, METRICS, TIME, conform

CONTRACTS = [LOGS, METRICS, EVENTS, FILES]
DTYPES = {"time": TIME, "text": "str", "number": "float64", "count": "int64"}


def logs(**columns):
    rows = {
        "time": pd.to_datetime(["2024-01-14T02:05Z", "2024-01-14T02:06Z"], utc=True),
        "message": ["timeout", "refused"],
        "file": ["logs/error.log"] * 2,
        "line": [1, 2],
    }
    return pd.DataFrame(rows | columns)


def dtypes(frame, contract):
    return {column: str(frame[column].dtype) for column in contract.columns}


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.name)
def test_an_empty_frame_keeps_its_contract(contract):
    empty = contract.empty()
    expected = {column: DTYPES[kind] for column, kind in contract.columns.items()}
    assert dtypes(empty, contract) == expected
    assert dtypes(conform(empty, contract), contract) == expected
    assert len(empty) == 0
    assert set(contract.required) <= set(contract.columns)


def test_missing_optional_columns_are_filled_and_others_follow_behind():
    frame = logs(status=[500, 502], service=["web", None])[["status", "line", "file", "message", "time", "service"]]
    frame.attrs["report"] = {"read": 2}
    got = conform(frame, LOGS)
    assert list(got.columns) == [*LOGS.columns, "status"]
    assert got["level"].isna().all() and got["host"].isna().all()
    assert got["service"].tolist()[0] == "web" and pd.isna(got["service"][1])
    assert dtypes(got, LOGS) == {column: DTYPES[kind] for column, kind in LOGS.columns.items()}
    assert got.attrs == {"report": {"read": 2}}


def test_the_given_frame_does_not_change():
    frame = logs(line=["1", "2"])
    frame.index = [7, 3]
    before = frame.copy(deep=True)
    got = conform(frame, LOGS)
    got.loc[0, "message"] = "changed"
    got.attrs["report"] = {}
    pd.testing.assert_frame_equal(frame, before)
    assert frame.attrs == {}
    assert got.index.tolist() == [0, 1]
    assert got["line"].tolist() == [1, 2]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_any_resolution_and_zone_become_utc_nanoseconds(unit):
    local = pd.to_datetime(["2024-01-14T02:05Z"] * 2, utc=True).as_unit(unit).tz_convert("Asia/Kolkata")
    got = conform(logs(time=local), LOGS)["time"]
    assert str(got.dtype) == TIME
    assert got[0] == pd.Timestamp("2024-01-14T02:05Z")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"time": pd.to_datetime(["2024-01-14 02:05"] * 2)},
            r"logs/error\.log: column 'time' should hold time but is datetime64\[.*\] \(not zone-aware\)",
        ),
        ({"time": ["02:05", "02:06"]}, r"logs/error\.log: column 'time' should hold time but is .* \(not zone-aware\)"),
        (
            {"time": [pd.Timestamp("2024-01-14T02:05Z"), pd.NaT]},
            r"logs/error\.log: column 'time' is empty in row 1; every row needs one",
        ),
        ({"message": [None, "refused"]}, r"logs/error\.log: column 'message' is empty in row 0"),
        ({"line": [1, None]}, r"logs/error\.log: column 'line' should hold count but is float64"),
        ({"line": ["1", "two"]}, r"logs/error\.log: column 'line' should hold count but is .* \(.*two"),
    ],
)
def test_a_wrong_column_is_named_with_its_file(columns, message):
    with pytest.raises(ReadError, match=message):
        conform(logs(**columns), LOGS, "logs/error.log")


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.name)
def test_every_required_column_is_required(contract):
    for column in contract.required:
        with pytest.raises(ReadError, match=f"{contract.name}: the {contract.name} frame lacks the column '{column}'"):
            conform(contract.empty().drop(columns=column), contract)


def test_a_metric_may_lack_a_value_and_an_event_a_time():
    samples = pd.DataFrame(
        {
            "time": pd.to_datetime(["2024-01-14T02:05Z"], utc=True),
            "metric": ["cpu"],
            "value": [None],
            "file": ["m.csv"],
        }
    )
    assert conform(samples, METRICS)["value"].isna().all()
    event = pd.DataFrame({"kind": ["alert"], "text": ["down"], "basis": ["system"], "evidence": ["a.json:1"]})
    got = conform(event, EVENTS)
    assert str(got["time"].dtype) == TIME and got["time"].isna().all()


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.floats(allow_infinity=False), st.text(max_size=5)), max_size=6))
def test_conforming_twice_is_conforming_once(rows):
    start = pd.Timestamp("2024-01-14T00:00Z")
    frame = pd.DataFrame(
        {
            "time": pd.to_datetime([start + pd.Timedelta(seconds=s) for s, _, _ in rows], utc=True),
            "metric": [name for _, _, name in rows],
            "value": [value for _, value, _ in rows],
            "file": ["m.csv"] * len(rows),
        }
    )
    once = conform(frame, METRICS)
    pd.testing.assert_frame_equal(conform(once, METRICS), once)
    assert once["metric"].tolist() == [name for _, _, name in rows]
