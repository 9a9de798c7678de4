"""What a section is made of: blocks that show themselves in JupyterLab and in the exported report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mistune

from postmortem_nb.narrative import render
from postmortem_nb.report.clean import clean
from postmortem_nb.report.shown_tokens import keep_tokens
from postmortem_nb.tables import Safe, escape, frame_table, more, whole_dates

if TYPE_CHECKING:
    from postmortem_nb.sections import Postmortem


_TO_HTML = mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "url", keep_tokens])


@dataclass(frozen=True)
class Markdown:
    """Prose in Markdown. It leaves the kernel as clean HTML: JupyterLab would run a script that stands in Markdown."""

    text: str

    def _repr_html_(self) -> str:
        return _shown(f'<div class="pnb-prose">{clean(str(_TO_HTML(self.text)))}</div>')

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Html:
    """Tables and lists that were built and escaped by `postmortem_nb.tables`."""

    text: str

    def _repr_html_(self) -> str:
        return _shown(self.text)

    def __repr__(self) -> str:
        return f"<html block of {len(self.text):,} characters>"


def _shown(markup: str) -> str:
    """Return markup in which JupyterLab leaves every dollar sign a dollar sign."""
    return f'<div class="mathjax_ignore">{markup}</div>'


@dataclass(frozen=True)
class Section:
    """One section of the report.

    Parameters
    ----------
    title : str
        As the notebook's heading has it.
    blocks : tuple
        `Markdown`, `Html` and `Chart` blocks in reading order; an object that is None was left out.
    """

    title: str
    blocks: tuple[Any, ...]

    @classmethod
    def of(cls, title: str, *blocks: Any) -> Section:
        """Return a section of the blocks that hold something; without any it says that it is not written yet."""
        kept = [part for b in blocks if b is not None and b != "" for part in _parts(b, title)]
        return cls(title, tuple(kept) or (todo(),))

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for block in self.blocks:
            display(block)

    def __repr__(self) -> str:
        return f"<Section {self.title}: {len(self.blocks)} blocks>"


def _parts(block: Any, title: str) -> Iterator[Any]:
    """Yield a block, and behind a chart the numbers that it was drawn from, folded."""
    yield Html(block) if isinstance(block, Safe) else block
    numbers = getattr(block, "table", None)
    if numbers is not None and len(numbers):
        yield Html(
            more("The numbers behind this figure", frame_table(numbers, f"Numbers behind the figure in “{title}”"))
        )


def todo(what: str = "This part") -> Html:
    """Return the notice of a part that nobody has written."""
    return Html(f'<p class="pnb-todo">{escape(what)} is not written yet.</p>')


def prose(post: Postmortem, heading: str) -> Markdown | None:
    """Return what the narrative says under a heading, with claims in place; None if it says nothing."""
    passage = post.passages.get(heading)
    return Markdown(render(passage, post.analysis.claims)) if passage else None


def subheading(text: str) -> Markdown:
    """Return a third-level heading."""
    return Markdown(f"### {text}")


def paragraph(text: str) -> Safe:
    """Return one plain sentence or two, escaped."""
    return Safe(f"<p>{whole_dates(text)}</p>")
