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
from postmortem_nb.forms.targets import TARGETS, Sheet
from postmortem_nb.forms.templates import fill
from postmortem_nb.review import STATUSES, require

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
    """

    about: str
    material: Callable[[Analysis, str], dict[str, Any]]
    has_figure: bool = True
    check: Callable[[Analysis, str], None] | None = None


FORMS: Mapping[str, Form] = {
    "report": Form("everything, for those who work on it", report.material),
    "blog": Form("a post of 400 to 600 words with one figure", blog.material),
    "summary": Form("one screen for those who decide", summary.material, has_figure=False),
    "customer": Form(
        "what happened, what we did, what we do next; no internal names",
        customer.material,
        has_figure=False,
        check=customer.check,
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
    """
    for what, name, known in (("form", form, FORMS), ("target", target, TARGETS), ("status", status, STATUSES)):
        if name not in known and (name or what != "status"):
            raise SettingError(f"there is no {what} {name!r}. {near(name, known)}")
    status = status or analysis.incident.facts.status
    require(analysis, status)
    profile = FORMS[form]
    data = profile.material(analysis, status)
    chart = chart_signal(analysis) if profile.has_figure else None
    data["figure"] = _figure(chart, f"{analysis.incident.id}.{form}.svg")
    text = fill(f"{form}.md.j2", data, analysis.incident.folder)
    if profile.check is not None:
        profile.check(analysis, text)
    return TARGETS[target].files(Sheet(form, data, text, chart))


def _figure(chart: Chart | None, name: str) -> dict[str, str] | None:
    return None if chart is None else {"file": name, "alt": chart.alt, "caption": chart.caption}
