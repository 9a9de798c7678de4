"""A finished page on paper: a tagged PDF with title, language and outline, printed by the Chromium that is there, else
by WeasyPrint.

The browser reads one file, which forbids scripts by itself, without a network and with a profile of its own. What it
would write of the machine and the moment (its own name, the system's, the time) is left out, so the same page gives
the same bytes from the same browser.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from postmortem_nb.errors import PostmortemError
from postmortem_nb.report import paper

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
LIMIT = 120  # seconds; a long report takes two
ARGUMENTS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--user-agent=postmortem-nb",  # a PDF names what made it by this
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)
_DATES = re.compile(rb"/(?:CreationDate|ModDate) \(D:[^)]*\)")
_NAMES = re.compile(rb"(?<=\()node(\d{8})(?=\))")


def browser_path() -> str | None:
    """Return the path of a browser that can print; None if there is none."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def check() -> None:
    """Look for something that can print.

    Raises
    ------
    PostmortemError
        If there is neither a browser nor WeasyPrint.
    """
    if browser_path() is None and not paper.is_there():
        raise PostmortemError(
            f"A PDF is printed by Chromium, and none is on PATH (looked for {', '.join(BROWSERS)}), or by WeasyPrint, "
            "which is not installed. Install one of them (pip install 'postmortem-nb[pdf]'), or open the HTML in any "
            "browser and print it."
        )


def to_pdf(html: str) -> bytes:
    """Return a page as PDF: tagged, outlined, with the page's title and language.

    Parameters
    ----------
    html : str
        A finished page of ours, which asks for nothing.

    Returns
    -------
    bytes
        The same page gives the same bytes from the same version of what prints it.

    Raises
    ------
    PostmortemError
        If there is neither a browser nor WeasyPrint, or it does not print.
    """
    check()
    command = browser_path()
    if command is None:
        return paper.write(html)
    with tempfile.TemporaryDirectory(prefix="pnb-pdf-") as name:
        folder = Path(name)
        page, printed = folder / "page.html", folder / "page.pdf"
        page.write_text(html, encoding="utf-8")
        said = _print(command, page, printed, folder / "profile")
        if not printed.is_file():
            raise PostmortemError(f"{Path(command).name} printed no PDF: {said}")
        return _timeless(printed.read_bytes())


def _print(command: str, page: Path, printed: Path, profile: Path) -> str:
    """Let the browser print; return the last that it said."""
    own = [f"--user-data-dir={profile}", f"--print-to-pdf={printed}"]
    if getattr(os, "geteuid", lambda: 1)() == 0:  # Chromium's sandbox refuses to start as root
        own.append("--no-sandbox")
    try:
        done = subprocess.run(
            [command, *ARGUMENTS, *own, page.as_uri()],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it did not end within {LIMIT} s."
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"it ended with exit code {done.returncode} and said nothing."


def _timeless(pdf: bytes) -> bytes:
    """Take out what depends on the moment, byte for byte, so that no place in the file moves.

    These are the times of printing, and the names of table cells, which the browser counts from where it stands, with
    gaps at times. They are counted anew, in the same order: the list of names in the file is sorted.
    """
    pdf = _DATES.sub(lambda found: b" " * len(found[0]), pdf)
    place = {name: n for n, name in enumerate(sorted(set(_NAMES.findall(pdf))))}
    return _NAMES.sub(lambda found: b"node%08d" % place[found[1]], pdf)
