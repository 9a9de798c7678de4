"""Incident tools: the times that people typed or the tool stamped into the record of an incident.

They are declared, whoever wrote them: several of these tools fill a missing time with that of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from postmortem_nb.evidence.events.shape import Fact, Row, Shape, Unit, dig, items, row_of, said
from postmortem_nb.evidence.how import How

# A word in the name of a time → the kind of event that it is, the first that fits.
_WORDS = {
    "impact": "impact",
    "detect": "detection",
    "acknowledge": "acknowledgement",
    "mitigat": "action",
    "stable": "action",
    "stabili": "action",
    "fix": "action",
    "resol": "resolution",
    "close": "closure",
    "cancel": "closure",
    "report": "declaration",
    "declare": "declaration",
    "open": "declaration",
    "creat": "declaration",
    "start": "impact",
    "triage": "observation",
    "identif": "observation",
    "investigat": "observation",
    "escalat": "escalation",
}


COPIES = ("detection", "impact", "acknowledgement")  # what a tool sets to the time of opening if nobody typed it
COPIED = "have the very time at which the incident was opened, which its tool may have filled in"


def kind_of_time(name: str) -> str:
    """Return the kind of event that a named time of an incident is.

    >>> kind_of_time("Detected at"), kind_of_time("Coffee")
    ('detection', 'observation')
    """
    return next((kind for word, kind in _WORDS.items() if word in name.lower()), "observation")


def _facts(times: str, title: str, before: str = "", person: str = "") -> tuple[Fact, ...]:
    """Return a fact for each named time of an incident."""
    return tuple(
        Fact(
            kind_of_time(name),
            f"{before}{name}",
            f"{name.removesuffix('_at').replace('_', ' ')}: {title}",
            basis="declared",
            person=person if name.startswith(("created", "declared", "reported")) else "",
        )
        for name in times.split()
    )


def noted(rows: Iterable[Row], units: list[Unit], opened: str) -> Iterator[Row]:
    """Yield rows; where a time is the very one at which the incident was opened, note that it may be no more than that.

    Parameters
    ----------
    rows : iterable of dict
    units : list of Unit
        The records that the rows are of.
    opened : str
        Paths of the time at which a record was opened.
    """
    times = {unit.place: {said(unit.record, path) for path in opened.split("|")} - {""} for unit in units}
    for row in rows:
        is_copy = row.get("kind") in COPIES and row["time"] in times[row["unit"]]
        yield row | {"note": COPIED} if is_copy else row


def _incident_io_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    """Yield the named times of an incident, those that are set; and when it was created, where none says so."""
    for unit in units:
        record = unit.record
        title = f"{said(record, 'reference')} {said(record, 'name')}".strip()
        more = {"source": "incident.io", "basis": "declared"}
        yield row_of(unit, "declaration", dig(record, "created_at"), f"created: {title}", **more)
        for i, entry in items(record, "incident_timestamp_values"):
            name, at = said(entry, "incident_timestamp.name"), f".incident_timestamp_values[{i}]"
            if (time := dig(entry, "value.value")) is not None:
                yield row_of(unit, kind_of_time(name), time, f"{name}: {title}", at=at, **more)


def _firehydrant_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    for unit in units:
        record = unit.record
        title = said(record, "name|summary")
        for i, entry in items(record, "milestones"):
            name = said(entry, "type|slug|name")
            yield row_of(
                unit,
                kind_of_time(name),
                dig(entry, "occurred_at"),
                f"{name.replace('_', ' ')}: {title}",
                at=f".milestones[{i}]",
                source="firehydrant",
                basis="declared",
            )
        if not items(record, "milestones"):
            begin = dig(record, "started_at|created_at")
            yield row_of(unit, "declaration", begin, f"opened: {title}", source="firehydrant", basis="declared")


def _is_firehydrant(record: Row) -> bool:
    return isinstance(record.get("milestones"), list)


_ROOTLY = "started_at detected_at acknowledged_at in_triage_at mitigated_at resolved_at closed_at cancelled_at"
_DISPATCH = "reported_at triage_at escalated_at stable_at closed_at"
_DATADOG = "created declared detected resolved"

SHAPES = (
    Shape(
        "incident-io",
        "incident.io",
        ("created_at", "incident_timestamp_values"),
        rows=_incident_io_rows,
        opened="created_at",
        full=(25, 250),
    ),
    Shape(
        "datadog-incident",
        "datadog",
        ("attributes.title", "attributes.created", "attributes.customer_impact_start|attributes.detected"),
        (
            *_facts(_DATADOG, "{attributes.title}", "attributes."),
            Fact(
                "impact",
                "attributes.customer_impact_start",
                "customer impact: {attributes.title} ({attributes.customer_impact_scope})",
                end="attributes.customer_impact_end",
                basis="declared",
            ),
        ),
        opened="attributes.created|attributes.declared",
        full=(10, 100),
    ),
    Shape(
        "rootly",
        "rootly",
        ("attributes.title", "attributes.started_at", "attributes.mitigated_at|attributes.acknowledged_at"),
        _facts(_ROOTLY, "{attributes.title}", "attributes."),
        opened="attributes.created_at",
        full=(20, 25, 50),
    ),
    Shape(
        "firehydrant",
        "firehydrant",
        ("milestones",),
        rows=_firehydrant_rows,
        test=_is_firehydrant,
        opened="created_at",
        full=(20,),
    ),
    Shape(
        "dispatch",
        "dispatch",
        ("reported_at", "stable_at|triage_at", "closed_at"),
        _facts(_DISPATCH, "{name} {title}", person="reporter"),
        zone="UTC",
        is_table=True,
        full=(5, 25, 50, 100),
    ),
    Shape(
        "jira",
        "jira",
        ("key|Key|Issue key", "fields.summary|Summary|summary", "fields.created|Created|created"),
        (
            Fact(
                "issue",
                "fields.created|Created|created",
                "created {key|Key|Issue key}: {fields.summary|Summary|summary} ({fields.status.name|Status|status})",
                person="fields.reporter|fields.creator|Reporter|reporter",
                basis="system",
            ),
            Fact(
                "issue",
                "fields.resolutiondate|Resolved|resolutiondate|resolved",
                "resolved {key|Key|Issue key}: {fields.summary|Summary|summary}",
                person="fields.assignee|Assignee|assignee",
                basis="system",
            ),
        ),
        is_table=True,
        full=(50, 100),
    ),
)
