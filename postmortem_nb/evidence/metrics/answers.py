"""JSON that metrics systems answer → samples: each system is known by its keys and says where its series lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.documents import Record
from postmortem_nb.evidence.metrics.clouds import (
    azure,
    cloudwatch_data,
    cloudwatch_statistics,
    datadog,
    datadog_timeseries,
    google,
)
from postmortem_nb.evidence.metrics.grafana import grafana, grafana_frame
from postmortem_nb.evidence.metrics.otlp import otlp
from postmortem_nb.evidence.metrics.prometheus import prometheus, victoriametrics
from postmortem_nb.evidence.metrics.samples import Samples
from postmortem_nb.evidence.metrics.shapes import (
    Reader,
    Series,
    as_dict,
    dicts,
    error_in,
    note,
    points_in,
    refuse,
    shown,
)

MANY = 8  # keys that a message names


def influx(record: Record, samples: Samples) -> Iterator[Series]:
    """InfluxDB ``/query``: rows with a column ``time``."""
    results = dicts(record.get("results"))
    errors = [str(result["error"]) for result in results if result.get("error")]
    if errors and not any(dicts(result.get("series")) for result in results):
        raise refuse(samples.tally.file, "; ".join(errors))
    for said in errors:
        note(samples, f"A statement of it failed: {said[:200]}")
    for result in results:
        for series in dicts(result.get("series")):
            if result.get("partial") or series.get("partial"):
                note(samples, "InfluxDB answered only a part: a limit of rows was reached.")
            columns, rows = series.get("columns"), series.get("values")
            if not isinstance(columns, list) or "time" not in columns or not isinstance(rows, list):
                continue
            at = columns.index("time")
            good = [row for row in rows if isinstance(row, list) and len(row) == len(columns)]
            texts = [n for n in range(len(columns)) if n != at and any(_is_word(row[n]) for row in good)]
            for number, column in enumerate(columns):
                if number == at or number in texts:
                    continue
                by_text: dict[tuple[str, ...], list[tuple[object, object]]] = {}
                for row in good:
                    by_text.setdefault(tuple(str(row[n]) for n in texts), []).append((row[at], row[number]))
                for key, points in by_text.items():
                    own = dict(zip([str(columns[n]) for n in texts], key, strict=True))
                    yield Series(f"{series.get('name', 'value')}.{column}", as_dict(series.get("tags")) | own, points)


def _is_word(value: object) -> bool:
    """Whether a value is text and no number; numbers with a point are text too, to keep all their digits."""
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False


def graphite(record: Record, samples: Samples) -> Iterator[Series]:
    """Graphite ``/render?format=json``: value before time, null is a gap."""
    yield Series(
        str(record.get("target")), as_dict(record.get("tags")), points_in(record.get("datapoints"), swapped=True)
    )


def opentsdb(record: Record, samples: Samples) -> Iterator[Series]:
    """OpenTSDB ``/api/query``: an object of epoch → value, or a list of pairs with ``arrays``."""
    given = record.get("dps")
    points = points_in(given) if isinstance(given, list) else list(as_dict(given).items())
    yield Series(str(record.get("metric")), as_dict(record.get("tags")), points)


def k6(record: Record, samples: Samples) -> Iterator[Series]:
    """k6 ``--out json``: a sample a line, and lines that declare metrics."""
    data = as_dict(record.get("data"))
    if record.get("type") == "Point":
        yield Series(str(record.get("metric")), as_dict(data.get("tags")), [(data.get("time"), data.get("value"))])


class Answer(NamedTuple):
    """The answer of one system: keys that a record of it has (``a/b``: b inside of a), and its reader."""

    keys: tuple[str, ...]
    read: Reader


ANSWERS = {
    "prometheus": Answer(("data/resultType", "status"), prometheus),
    "prometheus-error": Answer(("status", "errorType"), prometheus),
    "victoriametrics": Answer(("metric", "values", "timestamps"), victoriametrics),
    "cloudwatch": Answer(("MetricDataResults",), cloudwatch_data),
    "cloudwatch-statistics": Answer(("Datapoints",), cloudwatch_statistics),
    "datadog": Answer(("series", "status"), datadog),
    "datadog-timeseries": Answer(("data/attributes/times",), datadog_timeseries),
    "azure-monitor": Answer(("value/*/timeseries",), azure),
    "google-monitoring": Answer(("timeSeries",), google),
    "grafana": Answer(("results/*/frames",), grafana),
    "grafana-error": Answer(("results/*/error", "results/*/status"), grafana),
    "grafana-frames": Answer(("schema/fields", "data/values"), grafana_frame),
    "influx": Answer(("results/*/statement_id",), influx),
    "influx-old": Answer(("results/*/series",), influx),
    "graphite": Answer(("target", "datapoints"), graphite),
    "opentsdb": Answer(("metric", "dps"), opentsdb),
    "otlp": Answer(("resourceMetrics",), otlp),
    "k6": Answer(("type", "metric", "data"), k6),
}
# Shapes that are variants of another: what they are called in reports.
SAME = {
    "prometheus-error": "prometheus",
    "grafana-error": "grafana",
    "grafana-frames": "grafana",
    "influx-old": "influx",
}


def answer_of(record: Record) -> str:
    """Return the shape of the answer that a record is; empty if it is none."""
    return next((name for name, answer in ANSWERS.items() if all(_has(record, key) for key in answer.keys)), "")


def read_answers(
    records: Sequence[tuple[str, int, Record]], tally: Tally, wanted: str | None
) -> tuple[str, Samples] | None:
    """Read the records of a file that are answers; None if none of them is.

    Parameters
    ----------
    records : sequence of (str, int, dict)
        From `read_records`.
    tally : Tally
        A record that is of another kind is rejected; one that holds no sample is skipped.
    wanted : str, optional
        The system that was named; others are no answers then.

    Raises
    ------
    Unreadable
        If records are of several systems, or the file holds nothing but an error.
    """
    found = [(number, record, answer_of(record)) for _, number, record in records]
    if wanted is not None:
        found = [(number, record, name if SAME.get(name, name) == wanted else "") for number, record, name in found]
    systems = {SAME.get(name, name) for _, _, name in found if name}
    if len(systems) > 1:
        raise Unreadable(
            f"{tally.file}: its records are of {' and '.join(sorted(systems))}. Give each a file of its own."
        )
    if not systems:
        if len(records) == 1 and (said := error_in(records[0][2])) is not None:
            raise refuse(tally.file, said)
        return None
    samples = Samples(tally)
    for number, record, name in found:
        if not name:
            tally.reject(number, shown(record))
            continue
        before = len(samples.times)
        for series in ANSWERS[name].read(record, samples):
            samples.add(series.metric, series.labels, series.points, number, series.type)
        tally.skipped += len(samples.times) == before
    return systems.pop(), samples


def unknown(records: Sequence[tuple[str, int, Record]], file: str) -> Unreadable:
    """Return the error for JSON of no known shape: what was seen, and what is known."""
    keys = list(dict.fromkeys(str(key)[:60] for _, _, record in records[:50] for key in record))
    seen = f"its keys are {', '.join(keys[:MANY])}{' …' if len(keys) > MANY else ''}" if keys else "it has no keys"
    known = ", ".join(dict.fromkeys(SAME.get(name, name) for name in ANSWERS))
    return Unreadable(
        f"{file}: it is JSON of no known shape; {seen}. Known: {known}, and records with a time, whose name may be "
        'declared: `columns = {time = "…"}` in its [[evidence]] entry.'
    )


def _has(record: object, path: str) -> bool:
    key, _, rest = path.partition("/")
    if key == "*":
        inner = list(record.values()) if isinstance(record, dict) else record if isinstance(record, list) else []
        return any(_has(value, rest) for value in inner[:20])
    if not isinstance(record, dict):
        return False
    return key in record and (not rest or _has(record[key], rest))
