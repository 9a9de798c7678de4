"""Frames of Grafana: a time field and fields of numbers, wide or long, of ``/api/ds/query`` or of a panel."""

from __future__ import annotations

from collections.abc import Iterator

from postmortem_nb.evidence.documents import Record
from postmortem_nb.evidence.metrics.samples import Samples
from postmortem_nb.evidence.metrics.shapes import Points, Series, as_dict, dicts, note, refuse, shown

NAMELESS = ("", "Value", "value")  # of a field that is called so, the name of its frame says more
NUMBERS = ("number", "boolean")


def grafana(record: Record, samples: Samples) -> Iterator[Series]:
    """Answer of ``/api/ds/query``: frames by the letter of their query."""
    errors, frames = [], 0
    for letter, result in as_dict(record.get("results")).items():
        if said := as_dict(result).get("error"):
            errors.append(f"{letter}: {said if isinstance(said, str) else shown(said)}")
        for frame in dicts(as_dict(result).get("frames")):
            frames += 1
            yield from _frame(frame, str(letter))
    if errors and not frames:
        raise refuse(samples.tally.file, "; ".join(errors))
    for said in errors:
        note(samples, f"A query of it failed: {said[:200]}")


def grafana_frame(record: Record, samples: Samples) -> Iterator[Series]:
    """One frame, as the inspector of a panel shows them in a list."""
    yield from _frame(record, "value")


def _frame(frame: Record, letter: str) -> Iterator[Series]:
    schema, columns = as_dict(frame.get("schema")), as_dict(frame.get("data")).get("values")
    fields = dicts(schema.get("fields"))
    if not isinstance(columns, list) or len(columns) != len(fields):
        return
    held = [(f, c) for f, c in zip(fields, columns, strict=True) if isinstance(c, list)]
    time = next((c for f, c in held if f.get("type") == "time"), None)
    if time is None:
        return
    texts = {str(f.get("name")): c for f, c in held if f.get("type") == "string"}
    for field, column in held:
        if field.get("type") not in NUMBERS:
            continue
        labels = as_dict(field.get("labels"))
        name = labels.get("__name__") or as_dict(field.get("config")).get("displayNameFromDS")
        if not name:
            name = str(field.get("name") or "")
            name = str(schema.get("name") or schema.get("refId") or letter) if name in NAMELESS else name
        for own, points in _by_labels(time, column, texts):
            yield Series(str(name), labels | own, points)


def _by_labels(
    time: list[object], column: list[object], texts: dict[str, list[object]]
) -> Iterator[tuple[Record, Points]]:
    """Part a long frame into its series: rows that agree in their texts."""
    if not texts:
        yield {}, list(zip(time, column, strict=False))
        return
    series: dict[tuple[str | None, ...], list[tuple[object, object]]] = {}
    for row, point in enumerate(zip(time, column, strict=False)):
        key = tuple(str(c[row]) if row < len(c) and c[row] is not None else None for c in texts.values())
        series.setdefault(key, []).append(point)
    for texts_of_it, points in series.items():
        yield dict(zip(texts, texts_of_it, strict=True)), points
