"""The known exports, and how a document is told to be one of them or a list of records of a log of JSON lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import polars as pl

from postmortem_nb.evidence.account import Unreadable
from postmortem_nb.evidence.envelopes import clouds, stores
from postmortem_nb.evidence.envelopes.envelope import Envelope, Fields, Pages, inside, items
from postmortem_nb.evidence.envelopes.texts import documents_in
from postmortem_nb.evidence.formats import Format, all_formats
from postmortem_nb.evidence.formats.choosing import LOOK_AT
from postmortem_nb.evidence.formats.keyed import Json
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.lines import LINE_CAP
from postmortem_nb.evidence.parsers import record_in

FIELDS = ("time", "message", "level", "service", "host", "trace", "status", "method", "path", "client", "seconds")
NESTED = 3  # how deep the list of records may lie in a document of no known kind
AZURE = dict(zip("01234", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), strict=True))

ENVELOPES: dict[str, Envelope] = {
    "loki": Envelope(
        (("data.result[].stream",), ("labels", "line", "timestamp"), ("fields", "line", "timestamp")),
        2,
        stores.loki,
        limits=(30, 100, 1000, 5000),  # of logcli, of the API, of Grafana, and the most that a server gives as it comes
    ),
    "elasticsearch": Envelope(
        (
            *(("hits.hits",), ("rawResponse.hits",), ("response.hits",), ("responses[].hits",)),
            *(("_index", "_source"), ("_index", "fields")),
        ),
        1,
        stores.elasticsearch,
        limits=(500, 10_000),  # of Discover, and of a search
    ),
    "cloudwatch-logs": Envelope(
        (("events[].timestamp", "events[].message"), ("logEvents[].timestamp",)),
        1,
        clouds.cloudwatch,
        limits=(10_000,),
    ),
    "cloudwatch-insights": Envelope(
        (("results[][].field",), ("@timestamp", "@message", "@ptr")), 1, clouds.insights, limits=(1000, 10_000)
    ),
    "datadog-logs": Envelope(
        (("data[].attributes.timestamp",), ("logs[].content.timestamp",)), 1, stores.datadog, {"ok": "INFO"}
    ),
    "otlp-logs": Envelope((("resourceLogs",),), 3, clouds.otlp),
    "cloudtrail": Envelope(
        (("Records[].eventTime",), ("Events[].CloudTrailEvent",), ("eventVersion", "eventName", "eventTime")),
        1,
        clouds.cloudtrail,
    ),
    "azure-logs": Envelope((("tables[].columns",), ("TimeGenerated",)), 2, clouds.azure, AZURE, limits=(30_000,)),
    "google-logs": Envelope((("entries[].insertId",), ("insertId", "timestamp")), 1, clouds.google),
    "splunk": Envelope(
        (("result._raw",), ("result._time",), ("results[]._raw",), ("results[]._time",), ("_raw", "_time")),
        1,
        stores.splunk,
        limits=(50_000,),
    ),
    "sentry": Envelope((("eventID", "dateCreated"),), 1, stores.sentry, limits=(100,)),
}

_BEGINS = re.compile(r'\s*(?:\{\s*(?:"|\}|$)|\[\s*(?:\{\s*(?:"|\}|$)|\[|\]|$))')  # not: a time or a thread in brackets
_GOES_ON = ("{", "[", ",")  # how the first line of a document ends that goes over several


@dataclass(frozen=True)
class Enveloped:
    """Records of a known export."""

    name: str
    envelope: Envelope

    @property
    def depth(self) -> int:
        """How many lists a record lies in."""
        return self.envelope.depth

    @property
    def limits(self) -> tuple[int, ...]:
        """Counts of records at which such exports usually end."""
        return self.envelope.limits

    @property
    def form(self) -> Format:
        """Return what the fields mean."""
        return Format(
            name=self.name,
            title="a record of an export",
            plan=lambda lines: lines,
            fields=FIELDS,
            time="any",
            zone="either",
            rank=0,
            level_from="message",
            levels=self.envelope.levels or all_formats()["json"].levels,
        )

    def records(self, document: object, pages: Pages) -> Iterator[Fields]:
        """Yield the fields of each record."""
        if isinstance(document, dict) and self.envelope.knows(document):
            yield from self.envelope.records(document, pages)

    def frame(self, records: Sequence[Fields]) -> pl.DataFrame:
        """Return the fields of records that have a time."""
        columns = {name: pl.Series([fields.get(name) for fields in records], dtype=pl.String) for name in FIELDS}
        frame = pl.DataFrame(columns).with_row_index("row").filter(pl.col("time").is_not_null())
        return frame.with_columns(pl.col("message").str.head(LINE_CAP))


@dataclass(frozen=True)
class Listed:
    """Records of a log of JSON lines, in a list or below some keys."""

    form: Format
    path: str = ""
    depth: int = 1
    limits: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """Name of the format of these lines."""
        return self.form.name

    def records(self, document: object, pages: Pages) -> Iterator[object]:
        """Yield the records of a document as they are."""
        yield from items(inside(document, self.path)) if self.path else [document]

    def frame(self, records: Sequence[object]) -> pl.DataFrame:
        """Return the fields of records that its format reads."""
        return self.form.plan(_as_lines(records))


Kind = Enveloped | Listed


def _as_lines(records: Iterable[object]) -> pl.DataFrame:
    """Write records as JSON lines: what reads these reads them."""
    texts = []
    for record in records:
        try:
            texts.append(json.dumps(record))
        except RecursionError:
            texts.append("")
    return pl.DataFrame({"text": texts}, schema={"text": pl.String}).with_row_index("row")


def envelope_of(record: object) -> str:
    """Return the name of the export that a document or record is of; empty if it is of none."""
    return next((name for name, envelope in ENVELOPES.items() if envelope.knows(record)), "")


def listed(records: Sequence[object], forms: Iterable[Format]) -> Listed | None:
    """Return where the records of a log of JSON lines lie: a document is one itself, or a list in it holds them."""
    known = [form for form in forms if isinstance(form.plan, Json)]
    if (form := _reader(records, known)) and not _only_wraps(records[0], form, known):
        return Listed(form)
    for path, held in _lists(records[0] if records else None):
        if form := _reader(held, known):
            return Listed(form, path)
    return None


def _reader(records: Sequence[object], known: Sequence[Format]) -> Format | None:
    """Return the format that reads most of the first records; of equals, the more specific one."""
    lines = _as_lines(record for record in records[:LOOK_AT] if isinstance(record, dict))
    scores = [(len(form.plan(lines)), -place, form) for place, form in enumerate(known)] if len(lines) else []
    best = max(scores, key=lambda score: score[:2], default=None)
    return best[2] if best and best[0] else None


def _only_wraps(record: object, form: Format, known: Sequence[Format]) -> bool:
    """Whether a record says no more than when it was made, and holds a list of others."""
    plan = form.plan
    if not isinstance(plan, Json) or not isinstance(record, dict):
        return False
    says = any(inside(record, name) is not None or name in record for name in plan.keys.get("message", ()))
    return not says and any(_reader(held, known) for _, held in _lists(record))


def _lists(value: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of objects in a document with where they lie, outer ones first."""
    if not isinstance(value, dict) or depth > NESTED:
        return
    for key, held in value.items():
        if isinstance(held, list) and any(isinstance(item, dict) for item in held[:LOOK_AT]) and "." not in key:
            yield f"{path}{key}", held
    for key, held in value.items():
        if "." not in key:
            yield from _lists(held, f"{path}{key}.", depth + 1)


def _forms(how: How) -> list[Format]:
    """Return the format that was named, or all that are asked."""
    known = (*how.formats, *all_formats().values())
    return [form for form in known if (form.detect if how.format is None else form.name == how.format)]


def kind_of(records: Sequence[object], how: How) -> Kind:
    """Return of which kind the documents of a file are.

    Raises
    ------
    Unreadable
        If of none; shows the keys that they have and the kinds that are known.
    """
    if how.format in ENVELOPES:
        return Enveloped(how.format, ENVELOPES[how.format])
    name = next(filter(None, map(envelope_of, records[:LOOK_AT])), "")
    if name and how.format is None:
        return Enveloped(name, ENVELOPES[name])
    if found := listed(records, _forms(how)):
        return found
    first = next((record for record in records if isinstance(record, dict)), {})
    keys = ", ".join(str(key)[:40] for key in chain(list(first)[:8], ["…"] if len(first) > 8 else []))
    raise Unreadable(
        f"{how.name}: it is a JSON document of no known kind"
        f"{f'; its keys are {keys}' if keys else ', without any object'}. Known are {', '.join(ENVELOPES)}, and lists "
        "of records with a time under a usual name. Export it as JSON lines, one record a line."
    )


def is_export(beginning: Sequence[str], how: How) -> bool:
    """Whether a file that begins with these lines, without blank ones, holds documents and is no log of JSON lines."""
    if how.format in ENVELOPES:
        return True
    if not beginning or not _BEGINS.match(beginning[0]):
        return False
    first = beginning[0].rstrip()
    record = record_in(first)
    if how.format is not None:  # a log of JSON lines may be printed over several lines
        is_keyed = any(isinstance(form.plan, Json) for form in _forms(how))
        return is_keyed and record is None and _goes_on(first, beginning)
    if record is None:
        return _goes_on(first, beginning)
    if envelope_of(record):
        return True
    found = listed([record], _forms(how))
    return found is not None and bool(found.path)


def _goes_on(first: str, beginning: Sequence[str]) -> bool:
    """Whether the first line begins a document that it does not end, or holds several, or a list."""
    if first.endswith(_GOES_ON) or len(first) >= LINE_CAP:
        return True
    if first.lstrip().startswith("[") and first.endswith("]"):
        return True
    if len(beginning) > 1:
        return False
    read = documents_in(first)  # a record with something behind it is a broken line of a log
    return not read.rest or not read.found or bool(envelope_of(read.found[0]))
