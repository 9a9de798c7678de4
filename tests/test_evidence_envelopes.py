"""Log exports that are JSON documents: each with a sample of known truth, torn ones, cut ones and hostile ones."""

import copy
import gzip
import json
import socket
from pathlib import Path

import pandas as pd
import pytest
from envelope_samples import DOCUMENTS, FIRST, MORE, MS, NS, SECOND, VARIANTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem_nb import load
from postmortem_nb.errors import PostmortemError, ReadError
from postmortem_nb.evidence import Unreadable, digest_logs, read_logs
from postmortem_nb.evidence.envelopes import ENVELOPES, reading
from postmortem_nb.evidence.envelopes.texts import documents_in, mended

TIMES = [pd.Timestamp(FIRST), pd.Timestamp(SECOND)]
ACCESS = '203.0.113.7 - - [15/Jan/2024:10:32:11 +0000] "GET /cart HTTP/1.1" 502 12 "-" "curl/8.5" 0.250'


def write(tmp_path, content, name="export.json"):
    path = tmp_path / name
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return path


def report_of(frame):
    report = frame.attrs["report"]
    assert report.read + report.continued + report.blank + report.skipped + report.rejected == report.lines
    return report


def check(frame, name):
    report = report_of(frame)
    assert (report.format, report.lines, report.rejected) == (name, 2, 0), report
    assert frame["time"].tolist() == TIMES
    assert frame["line"].tolist() == [1, 2]
    assert frame["level"].iloc[0] == "ERROR"
    assert frame["level"].iloc[1:].fillna("INFO").tolist() == ["INFO"]
    assert "cart" in frame["message"].iloc[0]


def cloudwatch_of(lines):
    return {"events": [{"timestamp": MS[0] + n, "message": line} for n, line in enumerate(lines)]}


# --- every export -----------------------------------------------------------------------------------------------------


def test_every_export_has_a_sample():
    assert set(DOCUMENTS) == set(ENVELOPES) == set(MORE)


@pytest.mark.parametrize("form", ["compact", "pretty", "gz", "utf-16"])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_export_is_known_by_its_keys_and_read(tmp_path, name, form):
    text = json.dumps(DOCUMENTS[name], indent=None if form == "compact" else 2)
    data = gzip.compress(text.encode()) if form == "gz" else text.encode("utf-16" if form == "utf-16" else "utf-8")
    frame = read_logs(write(tmp_path, data))
    check(frame, name)
    row = frame.iloc[0]
    assert {key: row[key] for key in MORE[name]} == MORE[name]
    assert report_of(frame).zone == "as written"
    assert report_of(frame).notes == ()


@pytest.mark.parametrize("variant", VARIANTS)
def test_other_tools_write_the_same_otherwise(tmp_path, variant):
    name, text = VARIANTS[variant]
    check(read_logs(write(tmp_path, text)), name)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_digest_has_the_same_numbers(tmp_path, name):
    path = write(tmp_path, json.dumps(DOCUMENTS[name], indent=2))
    frame = read_logs(path)
    digest = digest_logs(path, window=TIMES)
    assert digest.counts["count"].sum() == digest.patterns["count"].sum() == len(frame)
    assert digest.reports == (report_of(frame),)
    assert digest.rows["message"].tolist() == frame["message"].tolist()[:1]
    counted = dict(zip(digest.counts["level"], digest.counts["count"], strict=True))
    assert counted == frame["level"].fillna("").value_counts().to_dict()


def test_a_digest_of_a_table_has_the_same_numbers(tmp_path):
    path = write(tmp_path, f"time,level,message\n{FIRST},error,no cart\n{SECOND},,ok\n", "log.csv")
    digest = digest_logs(path)
    assert digest.counts["count"].sum() == 2
    assert digest.reports == (report_of(read_logs(path)),)


def test_only_the_rows_of_a_range_are_kept(tmp_path):
    frame = read_logs(write(tmp_path, DOCUMENTS["loki"]), window=(SECOND, "2024-01-15T11:00Z"))
    report = report_of(frame)
    assert (frame["time"].tolist(), report.lines, report.skipped) == (TIMES[1:], 2, 1)
    frame = read_logs(write(tmp_path, DOCUMENTS["loki"]), window=("2024-01-16T00:00Z", "2024-01-17T00:00Z"))
    assert (len(frame), report_of(frame).skipped) == (0, 2)


def test_an_export_has_its_place_in_the_docs():
    text = (Path(__file__).parents[1] / "docs" / "formats.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` | " in text for name in ENVELOPES)


def test_an_empty_answer_is_read_and_holds_nothing(tmp_path):
    for document, name in (
        ({"hits": {"total": {"value": 0, "relation": "eq"}, "hits": []}}, "elasticsearch"),
        ({"status": "success", "data": {"resultType": "streams", "result": []}}, "loki"),
        ({"events": [], "searchedLogStreams": []}, "cloudwatch-logs"),
    ):
        frame = read_logs(write(tmp_path, document))
        assert (len(frame), report_of(frame).format, report_of(frame).lines) == (0, name, 0)


def test_a_log_of_json_lines_is_no_document(tmp_path):
    line = '{"time": "2024-01-15T10:32:11Z", "msg": "a", "level": "info"}\n'
    for text in (line, line * 3, '{"time": "2024-01-15T10:3\n' + line, line + '{"data": [{"time":'):
        assert report_of(read_logs(write(tmp_path, text))).format == "json"


@pytest.mark.parametrize("text", ["[2024-01-15 10:32:11] ERROR no disk\n", "[main] 2024-01-15 10:32:11 no disk\n"])
def test_text_in_brackets_is_no_document(tmp_path, text):
    frame = read_logs(write(tmp_path, text * 2), timezone="UTC")
    assert len(frame) == 2


def test_documents_one_behind_the_other_on_one_line_are_read(tmp_path):
    pages = [json.dumps(cloudwatch_of([f"ERROR {n}"])) for n in range(3)]  # as a delivery stream joins them
    frame = read_logs(write(tmp_path, "".join(pages)))
    assert frame["message"].tolist() == ["ERROR 0", "ERROR 1", "ERROR 2"]
    frame = read_logs(write(tmp_path, "".join(pages)[:-20]))
    assert (len(frame), report_of(frame).rejected) == (2, 1)


def test_a_record_with_something_behind_it_is_a_broken_line(tmp_path):
    line = '{"time": "2024-01-15T10:32:11Z", "msg": "a", "level": "info"}'
    assert report_of(read_logs(write(tmp_path, f"{line} {ACCESS[:20]}"))).lines == 1


def test_a_format_of_json_lines_may_be_named_for_a_list(tmp_path):
    path = write(tmp_path, VARIANTS["a list"][1])
    assert report_of(read_logs(path, format="json")).read == 2
    with pytest.raises(Unreadable, match="no known kind"):
        read_logs(path, format="docker")


# --- times and levels -------------------------------------------------------------------------------------------------


def test_times_of_insights_are_utc_whatever_zone_is_declared(tmp_path):
    path = write(tmp_path, DOCUMENTS["cloudwatch-insights"])
    assert read_logs(path, timezone="America/New_York")["time"].tolist() == TIMES


def test_other_naive_times_need_a_zone(tmp_path):
    hits = {"hits": {"hits": [{"_source": {"@timestamp": "2024-01-15 11:32:11.5", "message": "x"}}]}}
    path = write(tmp_path, hits)
    with pytest.raises(ReadError, match=r"export\.json:1"):
        read_logs(path)
    frame = read_logs(path, timezone="Europe/Berlin")
    assert frame["time"].tolist() == TIMES[:1]
    assert report_of(frame).zone == "Europe/Berlin"


def test_nanoseconds_keep_all_their_digits(tmp_path):
    document = copy.deepcopy(DOCUMENTS["loki"])
    document["data"]["result"][0]["values"][0][0] = "1705314731123456789"
    assert read_logs(write(tmp_path, document))["time"].iloc[0].nanosecond == 789


def test_rows_stay_in_the_order_of_the_document(tmp_path):
    values = [[NS[1], "later"], [NS[0], "earlier"]]
    frame = read_logs(write(tmp_path, {"data": {"result": [{"stream": {}, "values": values}]}}))
    assert frame["message"].tolist() == ["later", "earlier"]


def test_a_record_without_a_time_is_rejected_with_its_number(tmp_path):
    document = copy.deepcopy(DOCUMENTS["elasticsearch"])
    document["hits"]["hits"].insert(1, {"_source": {"message": "when?"}})
    document["hits"]["hits"].insert(2, {"_source": {"message": "then", "@timestamp": "yesterday"}})
    report = report_of(frame := read_logs(write(tmp_path, document)))
    assert (report.lines, report.read, report.rejected) == (4, 2, 2)
    assert [line for line, _ in report.samples] == [2, 3]
    assert "when?" in report.samples[0][1] and "yesterday" in report.samples[1][1]
    assert frame["line"].tolist() == [1, 4]


@pytest.mark.parametrize(
    ("line", "truth"),
    [
        (ACCESS, {"level": "ERROR", "status": 502, "path": "/cart", "method": "GET", "seconds": 0.25}),
        ('{"level": "error", "msg": "no cart", "traceId": "4bf9"}', {"level": "ERROR", "trace": "4bf9"}),
        ('{"ts": 1705314731.5, "level": 50, "msg": "no cart", "service": "pay"}', {"level": "ERROR", "service": "pay"}),
        ('level=error msg="no cart" user=7', {"level": "ERROR"}),
        ("2024-01-15 10:32:11,123 [main] WARN  shop.Cart - slow", {"level": "WARNING"}),
        ("[12:00:01] ERROR no cart\n  at shop.Cart", {"level": "ERROR"}),
        ("plain words", {"level": None}),
    ],
)
def test_what_the_envelope_leaves_open_is_told_by_the_line_inside(tmp_path, line, truth):
    row = read_logs(write(tmp_path, cloudwatch_of([line, "plain words"]))).iloc[0]
    assert row["message"] == line
    assert row["time"] == TIMES[0]
    assert {key: None if pd.isna(row[key]) else row[key] for key in truth} == truth


def test_what_the_envelope_states_counts_more_than_the_line_inside(tmp_path):
    hit = {"@timestamp": FIRST, "message": ACCESS, "log.level": "warn", "url": {"path": "/own"}}
    row = read_logs(write(tmp_path, {"hits": {"hits": [{"_source": hit}]}})).iloc[0]
    assert (row["level"], row["path"], row["status"]) == ("WARNING", "/own", 502)


def test_a_body_that_is_an_object_is_kept_as_json(tmp_path):
    document = copy.deepcopy(DOCUMENTS["otlp-logs"])
    body = {"kvlistValue": {"values": [{"key": "order", "value": {"intValue": "7"}}]}}
    document["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["body"] = body
    assert json.loads(read_logs(write(tmp_path, document))["message"].iloc[0]) == {"order": "7"}


# --- what an export does not hold -------------------------------------------------------------------------------------


def changed(name, **values):
    return {**copy.deepcopy(DOCUMENTS[name]), **values}


def hits_of(total):
    return {"hits": {**DOCUMENTS["elasticsearch"]["hits"], "total": total}}


@pytest.mark.parametrize(
    ("document", "note"),
    [
        (
            {"hits": {**DOCUMENTS["elasticsearch"]["hits"], "total": {"value": 10000, "relation": "gte"}}},
            "2 of 10,000 or more",
        ),
        ({"hits": {**DOCUMENTS["elasticsearch"]["hits"], "total": 31}}, "2 of 31 records"),
        (changed("elasticsearch", timed_out=True), "timed out"),
        (changed("cloudwatch-logs", nextToken="abc"), "one page of several (nextToken)"),
        (changed("cloudwatch-insights", statistics={"recordsMatched": 120000.0}), "2 of 120,000 records"),
        (changed("cloudwatch-insights", status="Running"), "had not ended (Running)"),
        (changed("datadog-logs", meta={"page": {"after": "x"}}), "one page of several (meta.page.after)"),
        (changed("splunk", preview=True), "had not ended (preview)"),
        ({"entries": DOCUMENTS["google-logs"], "nextPageToken": "x"}, "one page of several (nextPageToken)"),
        (
            changed("azure-logs", error={"code": "PartialError", "message": "too large"}),
            "a part of the rows: too large",
        ),
        (
            {"data": {"result": [{"stream": {}, "values": [[NS[0], str(n)] for n in range(100)]}]}},
            "exactly 100 records",
        ),
    ],
)
def test_what_was_cut_is_noted(tmp_path, document, note):
    notes = report_of(read_logs(write(tmp_path, document))).notes
    assert len(notes) == 1 and note in notes[0], notes


def test_all_pages_in_one_file_are_whole(tmp_path):
    hits = DOCUMENTS["elasticsearch"]["hits"]
    pages = [{"hits": {"total": 2, "hits": [hit]}} for hit in hits["hits"]]
    events = DOCUMENTS["cloudwatch-logs"]["events"]
    paged = [{"events": events[:1], "nextToken": "a"}, {"events": events[1:]}]
    for documents in (pages, paged):
        for text in ("\n".join(map(json.dumps, documents)), json.dumps(documents, indent=1)):
            frame = read_logs(write(tmp_path, text))
            assert (len(frame), report_of(frame).notes) == (2, ())


def test_a_note_is_a_finding(tmp_path):
    (tmp_path / "logs").mkdir()
    write(tmp_path / "logs", changed("datadog-logs", meta={"page": {"after": "x"}}))
    (tmp_path / "incident.toml").write_text('title = "Cart"\nseverity = "SEV-2"\nstatus = "draft"\n')
    said = [f for f in load(tmp_path).findings if f.where == "logs/export.json"]
    assert any("one page of several" in f.text for f in said)


# --- torn and foreign documents ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_torn_document_is_read_up_to_its_last_whole_record(tmp_path, name, indent):
    document = copy.deepcopy(DOCUMENTS[name])
    text = json.dumps(document, indent=indent)
    second = json.dumps(DOCUMENTS[name], indent=indent).rindex("ok" if name != "cloudtrail" else "PutObject")
    frame = read_logs(write(tmp_path, text[: second + 1]))
    report = report_of(frame)
    assert (len(frame), report.rejected, report.lines) == (1, 1, 2)
    assert frame["time"].tolist() == TIMES[:1]
    assert "ends in the middle" in report.truncated
    assert report.notes == ()


def test_a_document_that_is_torn_before_its_first_record_says_where(tmp_path):
    with pytest.raises(Unreadable, match=r"it is not JSON \(.*line 1 column"):
        read_logs(write(tmp_path, '{"hits": {"total": 3, "hits": [{"_source": {"@times'))


def test_a_torn_line_among_lines_of_an_export_is_rejected(tmp_path):
    name, text = VARIANTS["a sink of Google"]
    one, two = text.split("\n")
    frame = read_logs(write(tmp_path, f"{one}\n\n{one[:50]}\n{two}\n"))
    report = report_of(frame)
    assert (report.format, report.read, report.blank, report.rejected, report.truncated) == (name, 2, 1, 1, "")
    assert frame["line"].tolist() == [1, 4]


def test_what_stands_beside_the_documents_is_counted_once(tmp_path):
    line = VARIANTS["Splunk's lines"][1].split("\n")[0]
    report = report_of(read_logs(write(tmp_path, f"{line}\nno json\n\n{line}\n")))
    assert (report.lines, report.read, report.rejected, report.blank) == (4, 2, 1, 1)


def test_a_torn_gzip_of_a_document_is_read_up_to_its_last_whole_record(tmp_path):
    document = cloudwatch_of([f"line {n} {n * n % 9973}" for n in range(5000)])
    data = gzip.compress(json.dumps(document).encode())
    report = report_of(frame := read_logs(write(tmp_path, data[: len(data) // 2])))
    assert 1000 < len(frame) < 4999
    assert "gzip" in report.truncated


def test_a_document_of_no_known_kind_shows_its_keys(tmp_path):
    with pytest.raises(Unreadable, match=r"export\.json: .* of no known kind; its keys are shop\. Known"):
        read_logs(write(tmp_path, json.dumps({"shop": {"a": 1}}, indent=1)))


def test_another_document_behind_an_export_is_rejected(tmp_path):
    text = json.dumps(DOCUMENTS["loki"], indent=1)
    for behind in ('{"shop": 1}', "7", "Done."):
        report = report_of(read_logs(write(tmp_path, f"{text}\n{behind}\n")))
        assert (report.format, report.read, report.rejected, report.truncated) == ("loki", 2, 1, "")


def test_a_document_that_cannot_be_held_says_how_to_export_it(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "DOCUMENT_CAP", 1 << 20)
    with pytest.raises(Unreadable, match=r"more than 1 MiB\. Export it in parts, or as JSON lines"):
        read_logs(write(tmp_path, json.dumps(cloudwatch_of(["x" * 2000] * 1000), indent=1)))


def test_a_document_on_one_line_longer_than_a_line_of_a_log(tmp_path):
    frame = read_logs(write(tmp_path, json.dumps(cloudwatch_of(["INFO " + "x" * 2000] * 3000))))
    report = report_of(frame)
    assert (len(frame), report.lines, report.clipped, report.odd) == (3000, 3000, 0, 0)


def test_odd_bytes_are_counted(tmp_path):
    data = json.dumps(cloudwatch_of(["caf@"]), indent=1).encode().replace(b"@", b"\xe9")
    frame = read_logs(write(tmp_path, data))
    assert frame["message"].tolist() == ["caf\ufffd"]
    assert report_of(frame).odd == 1


@pytest.mark.parametrize(
    "text",
    [
        '{"data":' + "[" * 200_000,
        '{"hits":{"hits":[{"_source":' * 50_000,
        '{"events":[{"timestamp":' + "9" * 5000 + ',"message":"x"}]}',
        '{"events":[{"timestamp":NaN,"message":Infinity}]}',
        '{"events":[{"timestamp":1705314731500,"timestamp":1705314731500,"message":"\\ud800"}]}',
        '{"events":[{"timestamp":true,"message":null},7,null,"x",[]]}',
        '[{"insertId":[],"timestamp":{}},[[[]]],{"insertId":0,"timestamp":0}]',
        '{"resourceLogs":[7,{"resource":7,"scopeLogs":[7,{"logRecords":[7,{"body":{"kvlistValue":7}}]}]}]}',
        '{"tables":[{"columns":[7,{}],"rows":[7,[1,2,3]]}]}',
        '{"results":[[7,{"field":7}],7]}',
        '{"data":{"result":[{"stream":7,"values":[7,[],[1],["1705314731500000000",{"a":1}]]},7]}}',
        '["',
        "[]",
        "{}",
        '{"a" 1}',
    ],
    ids=lambda text: text[:30],
)
def test_hostile_documents_end_in_a_plain_error_or_an_account(tmp_path, text):
    for name in ("export.json", "export.json.gz"):
        try:
            frame = read_logs(write(tmp_path, gzip.compress(text.encode()) if name.endswith("gz") else text, name))
        except PostmortemError:
            continue
        report_of(frame)


def test_a_torn_document_is_closed_at_the_depth_of_its_records():
    assert mended('{"a": [{"t": [1, [2], 3]}, {"t": [4, [5', 1) == ({"a": [{"t": [1, [2], 3]}]}, ', {"t": [4, [5')
    assert mended('{"a": [{"v": [[1], [2], ["x', 2)[0] == {"a": [{"v": [[1], [2]]}]}
    assert mended('[{"a": "]}"}, {"a": "}]', 1) == ([{"a": "]}"}], ', {"a": "}]')
    assert mended('{"a": ]', 1) is None
    assert mended('{"a": [', 1) is None
    assert documents_in('{"a": 1}\n[2] x').found == [{"a": 1}, [2]]


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**25), 10**25), st.floats(), st.text(max_size=6), st.sampled_from(NS)
)
KEYS = sorted(
    {key for text in map(json.dumps, DOCUMENTS.values()) for key in text.split('"') if key.isidentifier()}
    | {"@timestamp", "@message", "time", "msg"}
)
JSONS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=12,
)


def places(value, at=()):
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in inner:
        yield from places(held, (*at, key))


def replaced(value, at, new):
    if not at:
        return new
    out = copy.copy(value)
    out[at[0]] = replaced(value[at[0]], at[1:], new)
    return out


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(list(DOCUMENTS)), indent=st.sampled_from([None, 1]))
def test_any_json_gives_a_frame_that_adds_up_or_a_plain_error(tmp_path, data, name, indent):
    document = DOCUMENTS[name]
    for _ in range(data.draw(st.integers(0, 3))):
        document = replaced(document, data.draw(st.sampled_from(list(places(document)))), data.draw(JSONS))
    text = json.dumps(document, indent=indent)
    text = text[: len(text) - data.draw(st.integers(0, len(text)))] if data.draw(st.booleans()) else text
    try:
        frame = read_logs(write(tmp_path, text), timezone="UTC")
    except PostmortemError:
        return
    assert report_of(frame).read <= report_of(frame).lines
    assert digest_logs(tmp_path / "export.json", timezone="UTC").counts["count"].sum() == len(frame)


# --- tables of exports ------------------------------------------------------------------------------------------------


def test_a_table_of_kibana_keeps_cells_of_several_lines_whole(tmp_path):
    text = (
        '"@timestamp","log.level","message","service.name"\n'
        '"Jun 29, 2020 @ 14:00:00.000","error","no cart\n  at shop.Cart\n  at shop.Main","web"\n'
        '"Jun 29, 2020 @ 14:00:00.250","-","ok, said ""cart""","web"\n'
    )
    path = write(tmp_path, text, "discover.csv")
    with pytest.raises(ReadError, match="zone"):
        read_logs(path)
    frame = read_logs(path, timezone="Europe/Berlin")
    assert frame["time"].tolist() == [pd.Timestamp("2020-06-29T12:00Z"), pd.Timestamp("2020-06-29T12:00:00.25Z")]
    assert frame["message"].tolist() == ["no cart\n  at shop.Cart\n  at shop.Main", 'ok, said "cart"']
    assert frame["level"].iloc[0] == "ERROR"
    assert frame["service"].tolist() == ["web", "web"]
    assert frame["line"].tolist() == [2, 5]
    assert (report_of(frame).lines, report_of(frame).continued) == (5, 2)


@pytest.mark.parametrize(
    ("header", "time"),
    [
        ("_time,host,_raw", "2024-01-15T10:32:11.500+0000"),
        ("@timestamp,@logStream,@message", "2024-01-15 10:32:11.500"),
    ],
)
def test_tables_of_other_stores(tmp_path, header, time):
    frame = read_logs(write(tmp_path, f'"{time}",web-1,"ERROR no\ncart"\n'.join((f"{header}\n", ""))), timezone="UTC")
    assert frame["time"].tolist() == TIMES[:1]
    assert frame[["level", "host", "message"]].values.tolist() == [["ERROR", "web-1", "ERROR no\ncart"]]


# --- a real server ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_answers_of_a_cloudwatch_server(tmp_path, monkeypatch):
    moto = pytest.importorskip("moto.server", reason="needs moto")
    boto3 = pytest.importorskip("boto3", reason="needs boto3")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        now = int(pd.Timestamp.now("UTC").timestamp()) * 1000 - 60_000  # CloudWatch takes no old events
        client = boto3.client(
            "logs",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="eu-central-1",
            **{"aws_access_key_id": "test", "aws_secret_access_key": "test"},
        )
        client.create_log_group(logGroupName="/shop/web")
        client.create_log_stream(logGroupName="/shop/web", logStreamName="web-1")
        said = [f"{'ERROR' if n % 10 == 0 else 'INFO'} request {n}" for n in range(250)]
        events = [{"timestamp": now + n, "message": text} for n, text in enumerate(said)]
        client.put_log_events(logGroupName="/shop/web", logStreamName="web-1", logEvents=events)
        filtered = client.filter_log_events(logGroupName="/shop/web", limit=200)
        got = client.get_log_events(logGroupName="/shop/web", logStreamName="web-1", startFromHead=True)
        second = now // 1000
        query = client.start_query(
            logGroupName="/shop/web",
            startTime=second - 60,
            endTime=second + 60,
            queryString="fields @timestamp, @message | sort @timestamp asc",
        )
        asked = client.get_query_results(queryId=query["queryId"])
    finally:
        server.stop()
    truth = [pd.Timestamp(now + n, unit="ms", tz="UTC") for n in range(250)]
    for name, answer in (("cloudwatch-logs", filtered), ("cloudwatch-logs", got), ("cloudwatch-insights", asked)):
        frame = read_logs(write(tmp_path, json.dumps(answer, default=str, indent=2)))
        report = report_of(frame)
        assert (report.format, report.rejected) == (name, 0)
        assert len(frame) >= 200
        assert frame["time"].tolist() == truth[: len(frame)]
        assert frame["message"].tolist() == said[: len(frame)]
        assert (frame["level"] == "ERROR").sum() == len(frame) // 10
        if "nextToken" in answer:
            assert "one page of several" in report.notes[0]
