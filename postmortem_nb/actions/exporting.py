"""Action items in the forms that other tools take: CSV, a checklist, and the issues of three trackers as JSON.

The JSON is what the documented interface of each tracker takes to make an issue: of GitHub and GitLab a list with the
parameters of one request each (``POST /repos/{owner}/{repo}/issues``, ``POST /projects/{id}/issues``), of Jira the one
request that makes several (``POST /rest/api/2/issue/bulk``). Owners are roles, so nobody is assigned.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

from postmortem_nb.characters import visible
from postmortem_nb.errors import SettingError, near
from postmortem_nb.incident import Action, Facts, Incident
from postmortem_nb.wording import literal

COLUMNS = ("incident", "number", "text", "kind", "owner", "due", "priority", "status", "link", "check")
TITLE = 255  # characters that every tracker takes as a title
BULK = 50  # issues that Jira makes in one request
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def export(incident: Incident, form: str, *, project: str = "") -> str:
    """Return the action items of an incident in one of `FORMATS`.

    Parameters
    ----------
    incident : Incident
    form : str
        ``csv`` and ``markdown`` hold all items, and markdown the decisions too; trackers get those that are open.
    project : str
        Key of the project, for Jira.

    Raises
    ------
    SettingError
        For an unknown form, or without a project where one is needed.
    """
    if form not in FORMATS:
        raise SettingError(f"there is no form {form!r}. {near(form, FORMATS)}")
    if form == "jira" and not project:
        raise SettingError("Jira needs the key of a project. Add --project KEY.")
    return FORMATS[form](incident, project)


def harmless(cell: object) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe stands before what would begin one.

    >>> harmless("=1+1"), harmless("a=1")
    ("'=1+1", 'a=1')
    """
    text = visible(cell)
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text


def _csv(incident: Incident, project: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for number, a in enumerate(incident.facts.actions, 1):
        row = (incident.id, number, a.text, a.kind, a.owner, a.due or "", a.priority, a.status, a.link, a.proof)
        writer.writerow([harmless(cell) for cell in row])
    return out.getvalue()


def _markdown(incident: Incident, project: str) -> str:
    facts = incident.facts
    lines = [f"# Action items: {literal(facts.title)}", ""]
    for a in facts.actions:
        done = "x" if a.status == "done" else " "
        text = f"~~{literal(a.text)}~~ (rejected)" if a.status == "rejected" else literal(a.text)
        about = [a.kind, a.owner or "no owner", f"due {a.due}" if a.due else "no date", a.priority, a.link]
        lines.append(f"- [{done}] {text}  ")
        lines.append(f"  {' · '.join(literal(x) for x in about if x)}{'  ' if a.proof else ''}")
        lines += [f"  Done when: {literal(a.proof)}"] if a.proof else []
    if not facts.actions:
        lines.append("There are none.")
    if facts.decisions:
        lines += ["", "## Decided not to do", ""]
        for d in facts.decisions:
            after = [f"decided by {d.who}" if d.who else "", f"look again on {d.revisit}" if d.revisit else ""]
            told = "; ".join(literal(x) for x in after if x)
            lines.append(f"- {literal(d.text)}: {literal(d.why)}{f' ({told})' if told else ''}")
    return "\n".join(lines) + "\n"


def _github(incident: Incident, project: str) -> str:
    return _json(
        [
            {"title": _title(a), "body": _body(incident, a), "labels": _labels(a)} for a in _open(incident.facts)
        ]
    )  # fmt: skip


def _gitlab(incident: Incident, project: str) -> str:
    return _json(
        [
            {
                "title": _title(a),
                "description": _body(incident, a),
                "labels": ",".join(_labels(a)),
                **({"due_date": a.due.isoformat()} if a.due else {}),
            }
            for a in _open(incident.facts)
        ]
    )


def _jira(incident: Incident, project: str) -> str:
    issues = [
        {
            "fields": {
                "project": {"key": project},
                "issuetype": {"name": "Task"},
                "summary": _title(a),
                "description": _body(incident, a),
                "labels": _labels(a),
                **({"duedate": a.due.isoformat()} if a.due else {}),
            }
        }
        for a in _open(incident.facts)
    ]
    if len(issues) > BULK:
        raise SettingError(f"{len(issues)} action items are open, and Jira takes {BULK} in one request. Close some.")
    return _json({"issueUpdates": issues})


def _open(facts: Facts) -> Sequence[Action]:
    return [a for a in facts.actions if a.status == "open"]


def _title(action: Action) -> str:
    text = " ".join(visible(action.text).split())
    return text if len(text) <= TITLE else f"{text[: TITLE - 1]}…"


def _labels(action: Action) -> list[str]:
    """Labels hold no space and no comma, so that every tracker takes them."""
    priority = "".join(c if c.isalnum() else "-" for c in action.priority)
    return ["postmortem", action.kind, *([f"priority-{priority}"] if priority else [])]


def _body(incident: Incident, action: Action) -> str:
    rows = [
        ("Incident", f"{incident.id}: {incident.facts.title}"),
        ("Task", action.text if len(action.text) > TITLE else ""),
        ("Kind", action.kind),
        ("Owner", action.owner),
        ("Due", str(action.due or "")),
        ("Priority", action.priority),
        ("Done when", action.proof),
        ("Link", action.link),
    ]
    return "\n\n".join(f"{name}: {literal(visible(value))}" for name, value in rows if value)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


FORMATS: dict[str, Callable[[Incident, str], str]] = {
    "csv": _csv,
    "markdown": _markdown,
    "github": _github,
    "gitlab": _gitlab,
    "jira": _jira,
}
