"""The nbconvert exporter "postmortem": an executed notebook becomes one HTML file, safe, offline, always the same.

The page is put together in this order, and each step sees only what the one before let through: `content` picks
what readers see, the template writes it, `clean` cleans all of it, `outline` orders it, the template wraps it.
Nothing that came from the notebook is added after the cleaning, but for text that the template escapes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters.html import HTMLExporter
from nbconvert.filters import DataTypeFilter, Highlight2HTML
from nbformat import NotebookNode
from traitlets import default
from traitlets.config import Config

import postmortem_nb
from postmortem_nb.report import content, markdown
from postmortem_nb.report.clean import clean, visible
from postmortem_nb.report.outline import Page, arrange
from postmortem_nb.report.styles import page_css

TEMPLATES = Path(__file__).parent / "templates"


class PostmortemExporter(HTMLExporter):
    """Export the reader's page: no code, no script, no request, light and dark, made for paper too.

    A team's own look is a template of its own: a subclass that names it, or ``--template-file``; see
    ``docs/report.md``.
    """

    export_from_notebook = "Postmortem report (HTML)"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "postmortem"

    @default("extra_template_basedirs")
    def _extra_template_basedirs_default(self) -> list[str]:
        # Not the current folder, which nbconvert would search: a report must not depend on where it is made.
        return [str(TEMPLATES)]

    @default("template_paths")
    def _template_paths(self, prune: bool = True, root_dirs: list[str] | None = None) -> list[str]:
        # A file named by --template-file counts before ours of the same name, and finds ours by its folder.
        return [*self.extra_template_paths, *super()._template_paths(prune, root_dirs), str(TEMPLATES)]

    @property
    def default_config(self) -> Config:
        """What nbconvert starts from: no code, no prompts, no raw cells."""
        hidden = ("exclude_input", "exclude_input_prompt", "exclude_output_prompt", "exclude_raw")
        config = Config(
            {
                "Exporter": {"optimistic_validation": True},  # not behind each of a dozen steps
                "TemplateExporter": dict.fromkeys(hidden, True),
                "NbConvertBase": {"display_data_priority": list(content.SHOWN)},
                "HighlightMagicsPreprocessor": {"enabled": False},
            }
        )
        base = super().default_config.copy()
        base.merge(config)
        return base

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Render Markdown with the pictures that were pasted into the cell; the result is not clean yet."""
        return markdown.to_html(source, context.get("cell", {}).get("attachments"))

    def default_filters(self) -> Any:
        """Yield nbconvert's filters and ours."""
        yield from super().default_filters()
        yield "highlight_code", Highlight2HTML
        yield "filter_data_type", DataTypeFilter
        yield "clean", clean
        yield "visible", visible
        yield "picture", content.picture

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Return the page and nbconvert's resources.

        Parameters
        ----------
        nb : NotebookNode
            An executed notebook. It is not changed.
        resources : dict, optional
            ``resources["metadata"]["name"]`` names the page if the notebook has no title.
        """
        resources = self._init_resources(resources)
        resources["failure"] = content.failure(nb)
        resources["arrange"] = _arranged
        resources["css"] = page_css()
        resources["generator"] = f"postmortem-nb {postmortem_nb.__version__}"
        # The parent would parse the finished page once more, with another parser than the one that cleaned
        # it, and give pictures without words a sentence that says nothing; so the parent's parent is called.
        return super(HTMLExporter, self).from_notebook_node(content.reading_copy(nb), resources, **kw)


def _arranged(body: str) -> Page:
    return arrange(clean(body))
