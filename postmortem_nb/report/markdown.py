"""Markdown as the report shows it: no maths (a `$` is a dollar), no outside picture, tables that scroll."""

from __future__ import annotations

import html
import re

from nbconvert.filters.markdown_mistune import (
    IPythonRenderer,
    MarkdownWithMath,
    MathBlockParser,
    MathInlineParser,
)

from postmortem_nb.report.shown_tokens import keep_tokens

MATHS = ("multiline_math", "block_math_tex", "block_math_latex", "inline_math_tex", "inline_math_latex")


def to_html(source: str, attachments: dict[str, dict[str, str]] | None = None) -> str:
    """Return the HTML of a Markdown text. It is not clean: markup inside the text passes as it is.

    Parameters
    ----------
    source : str
        Markdown as JupyterLab reads it, but for maths.
    attachments : dict, optional
        Pictures that were pasted into the cell: name → type → base64.
    """
    parser = MarkdownWithMath(_Renderer(attachments), block=_Block(), inline=_Inline(hard_wrap=False))
    keep_tokens(parser)
    return parser.render(source)


class _Block(MathBlockParser):
    DEFAULT_RULES = tuple(r for r in MathBlockParser.DEFAULT_RULES if r not in MATHS)


class _Inline(MathInlineParser):
    DEFAULT_RULES = tuple(r for r in MathInlineParser.DEFAULT_RULES if r not in (*MATHS, "latex_environment"))


class _Renderer(IPythonRenderer):
    """nbconvert's renderer without anchors, highlighting and file access."""

    def __init__(self, attachments: dict[str, dict[str, str]] | None) -> None:
        super().__init__(escape=False, attachments=attachments or {}, exclude_anchor_links=True)

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre><code>{html.escape(code)}</code></pre>\n"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        kinds = self.attachments.get(url.removeprefix("attachment:"), {})
        for kind in ("image/svg+xml", "image/png", "image/jpeg", "image/webp"):
            if kind in kinds:
                url = f"data:{kind};base64,{''.join(kinds[kind].split())}"
                break
        words = html.unescape(re.sub(r"<[^>]*>", "", text))
        return f'<img src="{html.escape(url)}" alt="{html.escape(words)}">'

    def task_list_item(self, text: str, checked: bool = False) -> str:
        return f"<li>{'☑' if checked else '☐'} {text}</li>\n"

    def table(self, text: str) -> str:
        return (
            '<div class="pnb-table" role="group" tabindex="0" aria-label="Table">'
            f'<table class="pnb">\n{text}</table></div>\n'
        )

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        number = ' class="num"' if align == "right" else ""
        return f'<th scope="col"{number}>{text}</th>\n' if head else f"<td{number}>{text}</td>\n"
