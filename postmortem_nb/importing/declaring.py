"""What a postmortem declares: milestones, stated durations, timeline, factors, lessons, tasks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from postmortem_nb.analysis.agreement import stated_length, unit_of
from postmortem_nb.importing.blocks import texts_of
from postmortem_nb.importing.choosing import TOLD, Choice, apart
from postmortem_nb.importing.cues import DECLARED, IDENTIFIED
from postmortem_nb.importing.document import Document
from postmortem_nb.importing.draft import Reading
from postmortem_nb.importing.fields import LENGTHS, MILESTONES, Field, is_nothing
from postmortem_nb.importing.gathering import Gathered
from postmortem_nb.importing.headings import with_roles
from postmortem_nb.importing.kinds import kind_of_row
from postmortem_nb.importing.naming import IMPORTED
from postmortem_nb.importing.notations import read_written
from postmortem_nb.importing.people import People
from postmortem_nb.importing.prose import listed
from postmortem_nb.importing.rows import Row
from postmortem_nb.importing.settling import Settled, Settler
from postmortem_nb.importing.tasks import Task, loose_lines, reason_in, tasks_of
from postmortem_nb.wording import sentence

DROPPED = {"people": "people who took part are not named in reports"}
MISSING = {
    "started": "when the impact began",
    "detected": "when it was noticed",
    "recovered": "when service was back",
}
MINUTE = pd.Timedelta(minutes=1)
UNITS = {MINUTE: "min", 60 * MINUTE: "h", 1440 * MINUTE: "days"}
Lengths = dict[str, tuple[pd.Timedelta, pd.Timedelta, Field]]


def stated_lengths(fields: Iterable[Field], found: Gathered) -> Lengths:
    """Return the stated durations: how long, how exact, and where they stand."""
    names = {name for name, _ in LENGTHS}
    lengths: Lengths = {}
    for one in fields:
        if one.name not in names or is_nothing(one.value):
            continue
        read = stated_length(_with_unit(one))
        if read is None:
            found.weak("duration-unread", one.line, f"{one.key}: {one.value!r} is no duration that can be read.")
            found.without(one.line, f"{one.key}: {one.value}", "it is no duration that can be read")
        elif one.name not in lengths:
            lengths[one.name] = (*read, one)
    return lengths


def _with_unit(one: Field) -> str:
    """Return a value with the unit that its key names: ``TTD (minutes): 54``."""
    unit = re.search(r"\((min|minutes|hours?|h|m|seconds?|s)\)|\bin (minutes|hours)$", one.key)
    is_bare = re.fullmatch(r"[~\d.,\s]+", one.value) is not None
    return f"{one.value} {unit[1] or unit[2]}" if unit and is_bare else one.value


def declare_stated(lengths: Lengths, settled: Sequence[Settled], choice: Choice, found: Gathered) -> None:
    """Declare the stated durations, which the analysis holds against those of the milestones."""
    stated = {}
    for name, (length, exact, one) in lengths.items():
        stated[name] = f"{length / exact:g} {UNITS.get(exact, 's')}"
        found.comments[f"stated.{name}"] = f"line {one.line}: {one.value}"
        found.readings.append(Reading(one.line, f"{one.key}: {one.value}", f"stated.{name} = {stated[name]}"))
        end = {"time_to_detect": "detected", "time_to_recover": "recovered"}.get(name)
        if end is None or name in choice.agreeing:
            continue
        start, stop = choice.rows.get("started"), choice.rows.get(end)
        if start is not None and stop is not None:
            got = (stop.moment - start.moment) / MINUTE  # type: ignore[operator]
            if got * MINUTE == length:
                continue
            if abs(got * MINUTE - length) <= exact / 2:
                text = (
                    f"{one.key} is stated as {one.value}; it is {got:g} min, which is the same to the {unit_of(exact)}."
                )
                found.weak("stated-time-rounded", one.line, text, severity="note")
                continue
            said = f"from line {start.row.line} to line {stop.row.line} it is {got:g} min"
        elif (pair := apart(settled, name, length)) is not None:
            said = (
                f"lines {pair[0].row.line} and {pair[1].row.line} are that far apart, but the other stated duration "
                f"is counted from line {start.row.line if start else 0}"
            )
        else:
            said = "no two rows of the timeline have this distance"
        text = f"{one.key} is stated as {one.value}; {said}."
        found.weak("stated-time-differs", one.line, text, "Correct the times, or the stated duration.")
    if stated:
        found.facts["stated"] = stated


def declare_milestones(
    settled: Sequence[Settled], choice: Choice, fields: Iterable[Field], settler: Settler, found: Gathered
) -> None:
    """Declare milestones: those of fields as stated, else the rows that were chosen."""
    milestones: dict[str, str] = {}
    names = {name for name, _ in MILESTONES}
    for one in fields:
        if one.name not in names or is_nothing(one.value):
            continue
        read = read_written(one.value)
        if read is None or one.name in milestones:
            if not one.is_told:
                why = "a repeat" if read else "it is no time that can be read"
                found.without(one.line, f"{one.key}: {one.value}", why)
            continue
        (row,), odd = settler.settle([Row(one.value, one.key, one.line, read[0], zone=read[0].zone)])
        found.findings += odd
        if row.at != "unknown":
            milestones[one.name] = row.at
            found.used[one.line] = one.name
            found.comments[f"milestones.{one.name}"] = f"line {one.line}: {one.key}"
            found.readings.append(Reading(one.line, f"{one.key}: {one.value}", f"milestones.{one.name}"))
    for name, row in choice.rows.items():
        if name not in milestones:
            milestones[name] = row.at
            found.comments[f"milestones.{name}"] = f"line {row.row.line}: {choice.why[name]}"
            if choice.why[name] == TOLD:
                text = f"“{row.row.text[:80]}” is taken as {name}, because of its words."
                found.weak("told-from-words", row.row.line, text, "Check it in incident.toml.", "note")
    for name in ("started", "detected", "recovered"):
        if name not in milestones and settled:
            found.weak(f"no-{name}", settled[0].row.line, f"No row of the timeline says for sure {MISSING[name]}.")
    aware = choice.rows["detected"].moment if "detected" in choice.rows else None
    for name, words in (("identified", IDENTIFIED), ("declared", DECLARED)):
        row_ = next((s for s in settled if s.moment is not None and words.search(s.row.text)), None)
        if row_ is not None and name not in milestones and aware is not None and row_.moment >= aware:  # type: ignore[operator]
            milestones[name] = row_.at
            found.comments[f"milestones.{name}"] = f"line {row_.row.line}: {TOLD}"
    _earlier_signs(settled, choice, found)
    found.facts["milestones"] = milestones


def _earlier_signs(settled: Sequence[Settled], choice: Choice, found: Gathered) -> None:
    """Say which rows tell of an alert or report before the detection that the stated duration counts to."""
    detected, started = choice.rows.get("detected"), choice.rows.get("started")
    if detected is None or started is None or "time_to_detect" not in choice.agreeing:
        return
    for one in settled:
        if one.moment is None or not started.moment < one.moment < detected.moment:  # type: ignore[operator]
            continue
        if re.search(r"\balert(?:s|ed)?\b|\balarm|report(?:s|ed|ing)\b|notified", one.row.text, re.IGNORECASE):
            text = (
                f"“{one.row.text[:80]}” ({one.at}) may be an earlier sign than the detection that the stated time "
                f"counts to ({detected.at}, line {detected.row.line})."
            )
            found.weak(
                "earlier-sign", one.row.line, text, "If it was, declare it as `detected` or `signalled`.", "note"
            )


def declare_timeline(settled: Sequence[Settled], choice: Choice, people: People, found: Gathered) -> None:
    """Declare every row of the timeline, each with the line that it is from; who did it by role, never by name."""
    chosen = {id(row): name for name, row in choice.rows.items()}
    rows = []
    for one in settled:
        kind = kind_of_row(one.row.text, chosen.get(id(one), ""))
        entry: dict[str, Any] = {"at": one.at, "kind": kind, "text": one.row.text}
        if one.end:
            entry["end"] = one.end
        if role := people.role(one.row.actor):
            entry["actor"] = role
        elif one.row.actor:
            found.without(one.row.line, one.row.actor, "people are not named in reports; write the role as `actor`")
        entry["evidence"] = f"{IMPORTED}/{found.file}:{one.row.line}"
        rows.append(entry)
        found.readings.append(Reading(one.row.line, f"{one.row.time} {one.row.text}".strip(), f"{one.at}, {kind}"))
        found.used[one.row.line] = "timeline"
    if rows:
        found.facts["timeline"] = rows


def declare_lists(document: Document, found: Gathered) -> None:
    """Declare contributing factors, sorted lessons and open questions that are lists."""
    for role, key in (("factors", "factors"), ("questions", "questions"), ("sources", "sources")):
        points = list(listed(document, role))
        if points:
            found.facts[key] = [text for text, _ in points]
            found.readings += [Reading(line, text, key) for text, line in points]
    lessons = {role: list(listed(document, role)) for role in ("well", "badly", "lucky")}
    if any(lessons.values()):
        found.facts["lessons"] = {role: [text for text, _ in points] for role, points in lessons.items() if points}
        found.readings += [
            Reading(n, text, f"lessons.{role}") for role, points in lessons.items() for text, n in points
        ]
    for part, role in with_roles(document):
        if role in DROPPED:
            for block in part.blocks:
                for text in texts_of(block):
                    found.without(text.line, text.text, DROPPED[role])


def declare_tasks(document: Document, people: People, found: Gathered) -> None:
    """Declare the action items, and the decisions not to act that stand among them or below a heading of their own."""
    actions: list[dict[str, Any]] = []
    for part, role in with_roles(document):
        if role not in ("actions", "decisions"):
            continue
        for task in tasks_of(part.blocks):
            if task.is_against:
                _decide(task, found)
                continue
            if role == "decisions":
                continue  # what was decided to be done, or was done: it stays in the prose
            owner = people.role(task.owner)
            if task.owner and not owner:
                found.without(task.line, task.owner, "people are not named in reports; write the role as `owner`")
            entry: dict[str, Any] = {"text": task.text, "kind": task.kind}
            entry |= {"owner": owner} if owner else {}
            entry |= {key: value for key in ("priority", "link") if (value := getattr(task, key))}
            entry |= {"due": task.due} if task.due else {}
            entry |= {"status": task.status} if task.status != "open" or task.state else {}
            if task.state and task.status == "open":
                found.comments[f"actions.{len(actions)}.status"] = task.state
            found.comments[f"actions.{len(actions)}.kind"] = task.why
            actions.append(entry)
            found.readings.append(Reading(task.line, task.text, f"actions, {task.kind}, {task.status}"))
            if task.unread:
                found.weak("due-unread", task.line, f"{task.unread!r} is no date that can be read.")
        for text in loose_lines(part.blocks) if role == "actions" else ():
            found.without(text.line, text.text, "it stands among the action items and is no point of a list")
    if actions:
        found.facts["actions"] = actions


def _decide(task: Task, found: Gathered) -> None:
    """Declare a decision not to act; one without a reason says so."""
    text, why = reason_in(task.text)
    if not why:
        found.weak("decision-without-reason", task.line, f"“{task.text[:80]}” gives no reason.", "Write `why`.", "note")
    decisions = found.facts.setdefault("decisions", [])
    decisions.append({"text": text.rstrip(".") + ".", "why": sentence(why) if why else "The document gives no reason."})
    found.used[task.line] = "decisions"
    found.readings.append(Reading(task.line, task.text, "decisions"))
