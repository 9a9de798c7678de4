"""Every section of the report as Markdown, from the same blocks that the page shows, so that neither tells less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from postmortem_nb.analysis import Analysis
from postmortem_nb.charts import Chart
from postmortem_nb.forms.markup import linked, to_markdown
from postmortem_nb.forms.material import tasks
from postmortem_nb.forms.quiet import quiet
from postmortem_nb.sections import Postmortem, Section
from postmortem_nb.sections.blocks import Html, Markdown
from postmortem_nb.tables import finding_items
from postmortem_nb.wording import counted, literal, sentence

SECTIONS = (  # in reading order; each is a property of `Postmortem`
    "summary",
    "impact",
    "timings",
    "timeline",
    "metrics",
    "logs",
    "cause",
    "factors",
    "lessons",
    "actions",
    "questions",
    "data_quality",
    "provenance",
)
TOP = 3  # findings shown in full above everything
TASKS = 'aria-label="Action items"'


@dataclass
class Whole:
    """The sections by name, each with its heading, the findings above them, and the drawings by file."""

    sections: dict[str, str] = field(default_factory=dict)
    top: str = ""
    charts: dict[str, Chart] = field(default_factory=dict)


def whole(analysis: Analysis, flavour: str) -> Whole:
    """Return all that the page tells, as Markdown of a flavour.

    Parameters
    ----------
    analysis : Analysis
    flavour : str
        One of `postmortem_nb.forms.markup.FLAVOURS`.
    """
    post, made = Postmortem(analysis), Whole()
    made.top = _top(analysis, flavour)
    for name in SECTIONS:
        section: Section = getattr(post, name)
        blocks = [text for block in section.blocks for text in _shown(block, made, analysis, flavour) if text]
        made.sections[name] = "\n\n".join([f"## {literal(section.title)}", *blocks])
    return made


def _top(analysis: Analysis, flavour: str) -> str:
    serious = [f for f in analysis.findings if f.severity != "note"]
    first = to_markdown(finding_items(serious[:TOP]), flavour) if serious else ""
    more = counted(len(serious) - TOP, "more finding") if len(serious) > TOP else ""
    return "\n\n".join(filter(None, (first, f"[{more}](#data-quality)." if more else "")))


def _shown(block: object, made: Whole, analysis: Analysis, flavour: str) -> Iterator[str]:
    if isinstance(block, Chart):
        file = f"{analysis.incident.id}.report-{len(made.charts) + 1}.svg"
        made.charts[file] = block
        yield f"![{literal(block.alt)}]({file})"
        yield f"*{literal(block.caption)}*" if block.caption else ""
    elif isinstance(block, Markdown):
        yield quiet(linked(block.text, flavour))
    elif isinstance(block, Html) and TASKS in block.text and flavour == "github":
        yield "\n".join(_boxes(analysis))
    elif isinstance(block, Html):
        yield to_markdown(block.text, flavour)


def _boxes(analysis: Analysis) -> Iterator[str]:
    """Yield the tasks as boxes that can be ticked."""
    for task in tasks(analysis):
        against = "decided against" if task["status"] == "rejected" else ""
        link = task["link"] if not task["link"].startswith("http") else ""
        about = (task["kind"], task["priority"], task["owner"] or "no owner", task["due"] or "no date", against, link)
        text = f"- [{'x' if task['status'] == 'done' else ' '}] {literal(task['text'])}"
        text += f" ({'; '.join(literal(part) for part in about if part)})"
        if task["link"] and not link:
            text += f" [ticket](<{task['link'].replace('>', '%3E').replace('<', '%3C')}>)"
        yield text + (f" Done when: {literal(sentence(task['check']))}" if task["check"] else "")
