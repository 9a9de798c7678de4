"""The same story in other forms: the report, a blog post, a summary of one screen, a version for customers.

A form is a Jinja template that writes Markdown from plain data, and a function that says which data it may see. A
target turns that Markdown into a file. Both are tables: a further form or target is a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from postmortem_nb.analysis import Analysis
from postmortem_nb.charts import Chart, chart_signal
from postmortem_nb.errors import SettingError, near
from postmortem_nb.forms import blog, customer, report, summary
from postmortem_nb.forms.markup import place_of
from postmortem_nb.forms.targets import TARGETS, Sheet
from postmortem_nb.forms.templates import Prose, fill
from postmortem_nb.forms.whole import whole
from postmortem_nb.redaction import PROFILES, refuse_leaks
from postmortem_nb.report import markdown
from postmortem_nb.review import STATUSES, require
from postmortem_nb.wording import literal

__all__ = ["FORMS", "TARGETS", "Form", "compose"]


@dataclass(frozen=True)
class Form:
    """One form of the story.

    Parameters
    ----------
    about : str
        What it is for.
    material : callable
        Returns the data that its template sees, of an analysis and the status that it is exported with.
    has_figure : bool
        Whether the measured signal stands in it.
    check : callable, optional
        Looks at the finished text and raises an error if it may not leave the house.
    profile : str
        The profile of redaction that its files must pass, where the incident was loaded with a weaker one.
    """

    about: str
    material: Callable[[Analysis, str], dict[str, Any]]
    has_figure: bool = True
    check: Callable[[Analysis, str], None] | None = None
    profile: str = "none"


FORMS: Mapping[str, Form] = {
    "report": Form("everything, for those who work on it", report.material),
    "blog": Form("a post of 400 to 600 words with one figure", blog.material),
    "summary": Form("one screen for those who decide", summary.material, has_figure=False),
    "customer": Form(
        "what happened, what we did, what we do next; no internal names",
        customer.material,
        has_figure=False,
        check=customer.check,
        profile="public",
    ),
}


def compose(analysis: Analysis, form: str, target: str, status: str = "") -> dict[str, str]:
    """Return the files of one form: their endings, and their text. The same analysis gives the same bytes.

    Parameters
    ----------
    analysis : Analysis
    form : str
        One of `FORMS`.
    target : str
        One of `TARGETS`.
    status : str
        The status that it is exported with; the declared one, unless given. Below "reviewed" the text says so.

    Returns
    -------
    dict
        Ending, such as ``.blog.md``, → text; what others refer to comes first.

    Raises
    ------
    SettingError
        For an unknown form, target or status.
    IncidentError
        If the postmortem lacks something that the status requires, a template is wrong, or a text for customers would
        name something internal.
    LeakError
        If a finished file holds what the profile of redaction replaces.
    """
    for what, name, known in (("form", form, FORMS), ("target", target, TARGETS), ("status", status, STATUSES)):
        if name not in known and (name or what != "status"):
            raise SettingError(f"there is no {what} {name!r}. {near(name, known)}")
    status = status or analysis.incident.facts.status
    require(analysis, status)
    profile = FORMS[form]
    data = profile.material(analysis, status)
    charts = _figures(analysis, form, TARGETS[target].flavour, data)
    text = fill(f"{form}.md.j2", data, analysis.incident.folder)
    if profile.check is not None:
        profile.check(analysis, text)
    files = TARGETS[target].files(Sheet(form, data, text, charts))
    _pass_gate(files, max(profile.profile, analysis.incident.redaction.profile, key=PROFILES.index), analysis)
    return files


def _pass_gate(files: Mapping[str, str], profile: str, analysis: Analysis) -> None:
    """Refuse files in which the rules of redaction still find something, read as their readers would."""
    shown = {
        f"{analysis.incident.id}{name}.html" if name.endswith(".md") else f"{analysis.incident.id}{name}": (
            markdown.to_html(text) if name.endswith(".md") else text
        )
        for name, text in files.items()
    }
    refuse_leaks(shown, profile, analysis.incident.folder)


def _figures(analysis: Analysis, form: str, flavour: str, data: dict[str, Any]) -> dict[str, Chart]:
    """Return the drawings of a form by file, and add what its template sees of them to its data."""
    if form == "report":
        made = whole(analysis, flavour)
        for figure in data["figures"]:
            where = place_of(f"#claim-{figure['claim']}", flavour)
            figure["linked"] = Prose(f"[{literal(figure['value'])}]({where})")
        data |= {"sections": {name: Prose(text) for name, text in made.sections.items()}, "top": Prose(made.top)}
        return made.charts
    chart, name = chart_signal(analysis) if FORMS[form].has_figure else None, f"{analysis.incident.id}.{form}.svg"
    data["figure"] = None if chart is None else {"file": name, "alt": chart.alt, "caption": chart.caption}
    return {} if chart is None else {name: chart}
