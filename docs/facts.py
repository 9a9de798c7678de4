"""Write the part of docs/facts.md that is made from the models of incident.toml: python docs/facts.py."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from postmortem_nb.incident.facts import MILESTONES, Facts
from postmortem_nb.times import Instant

PAGE = Path(__file__).resolve().parent / "facts.md"
BEGIN = "<!-- made from the models of postmortem_nb/incident by docs/facts.py: do not edit here -->"
END = "<!-- end of what is made -->"
MEANING = {  # table.key → what it is for; a test holds that it names every key and no other
    "title": "what happened, on one line",
    "headline": "title of the blog post",
    "status": "how far the document is ([what each requires](forms.md#the-review))",
    "severity": "as your scale names it",
    "open": "the incident is not over",
    "services": "affected services",
    "team": "whose incident it is; statistics over many group by it",
    "zone": "IANA zone of times that name none, here and in evidence without a rule",
    "date": "day of times that name none",
    "synthetic": "what of the telemetry was drawn; shown everywhere",
    "sources": "where the facts are from",
    "summary": "one or two sentences for the first screen",
    "affected": "who was affected",
    "impact": "what users could not do",
    "cause": "the cause in one sentence",
    "trigger": "what set it off",
    "change_failed": "a deployment was the trigger (change failure)",
    "relapse_gap": "an impact that comes back after this long counts as a relapse",
    "versions.name": "which account it is",
    "versions.source": "where it was published",
    "versions.milestones": "its milestones, as above",
    "stated": 'durations as a document states them (`time_to_detect = "54 min"`); held against the computed ones',
    "signals.name": "how it is called in the report",
    "signals.kind": "bad over total, a metric with a bad direction, a count that may collapse, or 1 up and 0 down",
    "signals.source": "where its rows are",
    "signals.select": "which rows at all",
    "signals.bad": "which rows count as failed",
    "signals.total": "which rows are counted",
    "signals.direction": "which way is bad",
    "signals.unit": "of its values",
    "signals.objective": "share of good requests (ratio), else the level that must hold",
    "signals.threshold": "where impact begins, instead of the computed one",
    "signals.smear": "over which time a sample is an average: widens the edges",
    "signals.note": "shown beside it",
    "slo.objective": "share of good requests or time",
    "slo.window": "the period of the objective",
    "users.column": "the column of logs that holds the id of a user",
    "users.pattern": "a regular expression with one group around the id",
    "users.material": "from how many failed requests on a user counts as materially affected",
    "latency.limit": "from which duration on a request is slow",
    "value.per_request": "what a served request is worth",
    "value.low": "at least",
    "value.high": "at most",
    "value.currency": "of these amounts",
    "value.signal": "of which signal's requests",
    "timeline.at": "when",
    "timeline.end": "until when, of a stretch",
    "timeline.kind": "what it was",
    "timeline.text": "what happened",
    "timeline.actor": "who, as a role",
    "timeline.evidence": "file or place that shows it",
    "chat.include": "messages of the timeline: words with `*` and `?`, a place as in the example, or a permalink",
    "chat.exclude": "messages that stay out, written the same way",
    "chat.marks": "how many reactions and pins make a message one of the timeline; 0: only those of `include`",
    "ignored.text": "which recorded events, with `*` and `?`",
    "ignored.kind": "only those of a kind",
    "ignored.role": "what they were",
    "ignored.why": "the reason",
    "hypotheses.text": "what was believed",
    "hypotheses.from": "since when",
    "hypotheses.to": "until when; `open` ones may leave it out",
    "hypotheses.verdict": "what became of it; refuted is a misleading path",
    "hypotheses.raised_by": "what suggested it",
    "hypotheses.refuted_by": "what settled it",
    "hypotheses.actor": "who held it, as a role",
    "hypotheses.people": "how many followed it: person-minutes need it",
    "factors": "what contributed",
    "lessons.well": "what went well",
    "lessons.badly": "what went badly",
    "lessons.lucky": "where you were lucky",
    "actions.text": "the task",
    "actions.kind": "what it is for",
    "actions.owner": "a role or team",
    "actions.due": "by when",
    "actions.status": "how far it is",
    "actions.done": "when it was done",
    "actions.priority": "as your tracker names it",
    "actions.link": "its ticket",
    "actions.check": "what proves it done, in words",
    "actions.command": "a command that proves it done; shown, never run",
    "actions.target": "a target of a metric that proves it done",
    "actions.rule": "rule file of a proposed alert ([replayed](replay.md))",
    "actions.alert": "its name in that file",
    "decisions.text": "what will not be done",
    "decisions.why": "the reason",
    "decisions.who": "who decided, as a role",
    "decisions.revisit": "when to look at it again",
    "questions": "what is still open",
    "review.reviewers": "roles that have read it",
    "review.date": "when",
    "public.title": "title for customers",
    "public.happened": "what happened, for customers",
    "public.done": "what you did, for customers",
    "public.planned": "what you do next, for customers",
    "public.services": "internal name → public name",
    "accepted.id": "of the finding",
    "accepted.place": "file, or file:line",
    "accepted.about": "words of the finding",
    "accepted.reason": "why it stays",
    "language.acronyms": "short forms that need no spelling out",
    "language.words": "words that are spelled right",
    "language.names": "names of persons to look for",
    "evidence.files": "which, with `*` and `?`",
    "evidence.kind": "what is in them; `ignore` leaves them out",
    "evidence.format": "log format, instead of the one that is recognised",
    "evidence.zone": "IANA zone of naive times",
    "evidence.year": "year of the first record, where lines have none",
    "evidence.date": "day of the first record, where lines have none",
    "evidence.encoding": "of the text",
    "evidence.from": "first instant that is read",
    "evidence.to": "instant up to which is read",
    "evidence.at": "instant of samples that carry no time",
    "evidence.clock_offset": "what is added to its times",
    "evidence.clock_change": "which of two equal hours is meant when clocks go back",
    "evidence.service": "service of rows that name none",
    "evidence.columns": "column of ours → column of the file",
    "evidence.drop": "metrics that are left out",
    "evidence.note": "shown beside the file",
    "settings": "[settings of the analysis](../README.md), such as `threshold` or `redact`",
}
MEANING |= {f"milestones.{name}": label for name, label in MILESTONES.items()}


def keys() -> Iterator[tuple[str, str, FieldInfo, type[BaseModel] | None]]:
    """Yield table, key, field and the model of a table, of every key of incident.toml, in order."""
    for name, field in Facts.model_fields.items():
        model = model_of(field.annotation)
        if model is None:
            yield "", name, field, None
            continue
        for key, inner in model.model_fields.items():
            yield name, inner.alias or key, inner, model


def model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model that an annotation is, or holds a list of; None if it is none."""
    for one in (annotation, *typing.get_args(annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def words(annotation: Any) -> str:
    """Return a type in words."""
    if typing.get_origin(annotation) is typing.Annotated:
        return words(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) is typing.Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(annotation))
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(words(a) for a in typing.get_args(annotation) if a is not type(None)))
    if typing.get_origin(annotation) in (list, tuple):
        return f"list of {words(typing.get_args(annotation)[0])}"
    if typing.get_origin(annotation) is dict:
        return "table"
    names = {"str": "text", "bool": "true or false", "int": "whole number", "float": "number", "date": "date"}
    name = getattr(annotation, "__name__", str(annotation))
    return names.get(name, {"Instant": "time", "Timestamp": "time", "datetime": "time"}.get(name, "table"))


def default(field: FieldInfo) -> str:
    """Return what holds where a key is left out."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if (
        isinstance(value, Instant)
        or value in (None, "", False)
        or (isinstance(value, list | tuple | dict) and not value)
        or isinstance(value, BaseModel)
    ):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def made() -> str:
    """Return every table with its keys."""
    parts: dict[str, list[str]] = {}
    heads: dict[str, str] = {"": "## Above all tables"}
    lists = {n for n, f in Facts.model_fields.items() if typing.get_origin(f.annotation) is list}
    for table, key, field, model in keys():
        if table and table not in heads:
            mark = f"[[{table}]]" if table in lists else f"[{table}]"
            about = (
                re.sub(
                    r"``",
                    "`",
                    " ".join((model.__doc__ or "").replace("; see `MILESTONES` for their meaning", "").split()),
                )
                if model
                else ""
            )
            heads[table] = f"## `{mark}`\n\n{about}".rstrip()
        name = f"{table}.{key}".lstrip(".")
        kind = words(field.annotation)
        parts.setdefault(table, []).append(f"| `{key}` | {kind} | {default(field)} | {MEANING[name]} |")
    return "\n\n".join(
        f"{head}\n\n| key | holds | unless given | for |\n| --- | --- | --- | --- |\n" + "\n".join(parts[table])
        for table, head in heads.items()
    )


def page(text: str) -> str:
    """Return the page with what is made put in its place."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{made()}\n\n{END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
