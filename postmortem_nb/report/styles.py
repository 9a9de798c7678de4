"""The style sheets: what the page looks like, and what its parts look like in JupyterLab too."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def component_css() -> str:
    """Return the style of the parts (`.pnb-…`) alone; their colours fall back to JupyterLab's theme."""
    return _short((FOLDER / "components.css").read_text(encoding="utf-8"))


@cache
def page_css() -> str:
    """Return the style of the whole page, the parts included."""
    return _short((FOLDER / "style.css").read_text(encoding="utf-8")) + component_css()


def _short(css: str) -> str:
    """Drop comments and blanks that mean nothing; our sheets hold no string in which they would matter."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r" ?([{};,]) ?|(:) ", r"\1\2", css).replace(";}", "}").strip()
