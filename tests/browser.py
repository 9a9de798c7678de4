"""A real headless Chromium for tests: what a page asks for, says and shows."""

import importlib.resources
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A sandbox cannot be made by root or in most containers; the rest keeps Chromium itself from calling home.
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium_path() -> str:
    """Return the path of a Chromium; without one the test is skipped, or fails where CI=true."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        missing(f"no Chromium on PATH (looked for {', '.join(NAMES)})")
    return str(found)


def missing(what: str) -> None:
    """Skip the test by name; where CI=true a missing part is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}, and CI must have it")
    pytest.skip(what)


@dataclass
class Visit:
    """An open page and everything that it did."""

    page: object
    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    @property
    def outside(self) -> list[str]:
        """Requests for anything but the file itself and what is written inside it."""
        return [url for url in self.requests if not url.startswith(("file:", "data:"))]


@contextmanager
def launched() -> Iterator[object]:
    """Yield a running browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium_path(), chromium_sandbox=False, args=list(ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def visited(browser: object, file: Path, *, width: int = 1440, dark: bool = False) -> Iterator[Visit]:
    """Open a file, scripts allowed and network refused, and record what it does until the block ends."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        offline=True,
        bypass_csp=False,
    )
    visit = Visit(context.new_page())
    visit.page.on("request", lambda request: visit.requests.append(request.url))
    visit.page.on("console", lambda message: visit.console.append(f"{message.type}: {message.text}"))
    visit.page.on("pageerror", lambda error: visit.console.append(f"pageerror: {error}"))
    visit.page.on("dialog", lambda dialog: (visit.dialogs.append(dialog.message), dialog.dismiss()))
    visit.page.goto(file.as_uri())
    visit.page.wait_for_load_state("networkidle")
    yield visit
    context.close()


def violations(visit: Visit) -> list[tuple[str, str, str]]:
    """Return what axe-core finds on an open page, every fold opened: rule, impact, first place."""
    axe = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    visit.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    visit.page.evaluate(axe + ";0")
    found = visit.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [(v["id"], v["impact"], v["nodes"][0]["html"][:200]) for v in found]
