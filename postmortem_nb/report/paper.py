"""A finished page on paper where there is no browser: by WeasyPrint, which the extra ``pdf`` brings.

It fetches nothing but what the page holds itself, and writes neither a time nor a name of the machine.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging

from postmortem_nb.errors import PostmortemError

NAME = "weasyprint"
# Folded parts that a browser leaves out on paper; WeasyPrint knows no folding, and prints all of them.
FOLDED = ".pnb-more:not(.pnb-card *, [open]) > :not(summary) { display: none }"


def is_there() -> bool:
    """Whether WeasyPrint is installed."""
    return importlib.util.find_spec(NAME) is not None


def write(html: str) -> bytes:
    """Return a page as PDF: tagged, outlined, with the page's title and language.

    Parameters
    ----------
    html : str
        A finished page of ours.

    Returns
    -------
    bytes
        The same page gives the same bytes from the same version.

    Raises
    ------
    PostmortemError
        If a library of the system is missing that it needs.
    """
    try:
        from weasyprint import CSS, HTML
        from weasyprint.urls import URLFetcher
    except OSError as error:
        raise PostmortemError(
            f"WeasyPrint cannot start ({str(error).splitlines()[0]}). It needs Pango: on Debian libpango-1.0-0, "
            "libpangoft2-1.0-0 and libharfbuzz-subset0."
        ) from error
    logging.getLogger(NAME).setLevel(logging.CRITICAL)  # it names every property of a browser that it does not know
    page = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",)))
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    printed: bytes = page.write_pdf(stylesheets=[CSS(string=FOLDED)], pdf_tags=True, pdf_identifier=identifier)
    return printed
