"""Targets: what files a finished form becomes. The one table that another kind of file is added to."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import postmortem_nb
from postmortem_nb.charts import Chart
from postmortem_nb.forms.templates import page
from postmortem_nb.report import markdown
from postmortem_nb.report.clean import clean
from postmortem_nb.report.styles import page_css
from postmortem_nb.tables import DATE

# Text between two tags of a page (not of a figure), and what in it must not break: a date, an offset, a number's unit.
_TEXT = re.compile(r"<svg\b.*?</svg>|(?<=>)[^<>]+(?=<)", re.DOTALL)
_WHOLE = re.compile(rf"{DATE.pattern}|\b\d+ (?:s|min|h|d)\b")


@dataclass(frozen=True)
class Sheet:
    """A finished form, before it becomes a file.

    Parameters
    ----------
    form : str
        Its name.
    data : dict
        What its template saw: plain, JSON-ready values.
    text : str
        Its Markdown.
    charts : mapping
        The figures by the file that the Markdown names them by.
    """

    form: str
    data: dict[str, Any]
    text: str
    charts: Mapping[str, Chart]


@dataclass(frozen=True)
class Target:
    """A kind of file: what it is for, how a sheet becomes files (ending → text), and its flavour of Markdown."""

    about: str
    files: Callable[[Sheet], dict[str, str]]
    flavour: str = "github"


def as_markdown(sheet: Sheet) -> dict[str, str]:
    """Return Markdown as GitHub reads it, with the figure beside it."""
    figures = {name[name.index(f".{sheet.form}") :]: chart.svg for name, chart in sheet.charts.items()}
    return {**figures, f".{sheet.form}.md": sheet.text}


def as_wiki(sheet: Sheet) -> dict[str, str]:
    """Return Markdown without any HTML, as wikis read it, with the figures beside it."""
    files = as_markdown(sheet)
    return {name.replace(".md", ".wiki.md"): text for name, text in files.items()}


def as_html(sheet: Sheet) -> dict[str, str]:
    """Return one page with the look of the report: offline, without script, light, dark and print."""
    pictures = {
        name: {"image/svg+xml": base64.b64encode(chart.svg.encode()).decode()} for name, chart in sheet.charts.items()
    }
    body = _TEXT.sub(_unbroken, clean(markdown.to_html(sheet.text, pictures)))
    html = page(
        form=sheet.form,
        title=sheet.data["title"],
        lead=sheet.data["lead"],
        body=body,
        css=page_css(),
        generator=f"postmortem-nb {postmortem_nb.__version__}",
    )
    return {f".{sheet.form}.html": html}


def _unbroken(found: re.Match[str]) -> str:
    """Return a text in which dates and units stay on one line, a figure as it is."""
    return found[0] if found[0].startswith("<") else _WHOLE.sub(r'<span class="pnb-whole">\g<0></span>', found[0])


def as_json(sheet: Sheet) -> dict[str, str]:
    """Return what the template saw, as data."""
    data = {name: value for name, value in sheet.data.items() if name != "figure"}
    return {f".{sheet.form}.json": json.dumps(data, sort_keys=True, indent=2, ensure_ascii=False) + "\n"}


TARGETS: Mapping[str, Target] = {
    "html": Target("one page, offline", as_html),
    "markdown": Target("Markdown for GitHub, with the figures beside it", as_markdown),
    "wiki": Target("Markdown without HTML, for wikis", as_wiki, flavour="wiki"),
    "json": Target("the words and values as data", as_json),
}
