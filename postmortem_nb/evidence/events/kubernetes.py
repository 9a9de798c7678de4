"""Kubernetes events: core/v1 and events.k8s.io, which collapse what repeats into a count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from postmortem_nb.evidence.events.shape import Row, Shape, Unit, dig, row_of, said
from postmortem_nb.evidence.how import How

FIRST = "firstTimestamp|deprecatedFirstTimestamp|eventTime|metadata.creationTimestamp"
LAST = "series.lastObservedTime|lastTimestamp|deprecatedLastTimestamp"
CHANGES = ("ScalingReplicaSet", "DeploymentRollback", "SuccessfulRescale", "RegisteredNode", "NodeNotSchedulable")


def _rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    for unit in units:
        record = unit.record
        about = dig(record, "involvedObject|regarding")
        reason, message = said(record, "reason"), said(record, "message|note")
        name = "/".join(part for key in ("kind", "namespace", "name") if (part := said(about, key)))
        times = said(record, "series.count|count|deprecatedCount")
        text = ": ".join(part for part in (name, reason, message) if part)
        first, last = dig(record, FIRST), dig(record, LAST)
        yield row_of(
            unit,
            "change" if reason in CHANGES else "observation",
            first if first is not None else last,
            f"{text} ({times} times)" if times not in ("", "0", "1") else text,
            end=last if last != first and times not in ("0", "1") else None,
            actor=said(record, "source.component|reportingComponent|reportingController|deprecatedSource.component"),
            source="kubernetes",
            service=said(about, "name"),
            basis="system",
        )


def _is_event(record: Row) -> bool:
    return isinstance(dig(record, "involvedObject|regarding"), dict)


SHAPES = (
    Shape(
        "kubernetes",
        "kubernetes",
        ("reason", "involvedObject|regarding", f"{FIRST}|{LAST}"),
        rows=_rows,
        test=_is_event,
        full=(500,),
        has_people=False,
    ),
)
