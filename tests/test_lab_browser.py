"""The notebooks in a real JupyterLab, in a real headless Chromium: what an analyst sees after Run All.

Skipped, and says so, where Chromium or JupyterLab is missing; in CI (CI=true) that is a failure.
"""

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from hostile import hostile_incident

from postmortem_nb.report import PostmortemExporter

ROOT = Path(__file__).parents[1]
SAMPLE = "2024-01-14-web-outage"
CHROMIUM = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
CHROMIUM += ["--disable-component-update", "--disable-sync"]
SETTINGS = {
    # Cells that are scrolled out of view stay in the page, and no news pops up over them.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
MINUTE = 60_000  # playwright counts in milliseconds

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.slow]


def needs(found, what):
    """Skip loudly on a machine without a part; in CI every part must be there."""
    if not found:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{what} is not installed")
    return found


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder as a clone has it: notebooks beside data, so that finding the incident is part of the test."""
    root = tmp_path_factory.mktemp("workplace")
    shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copytree(ROOT / "data" / "incidents" / SAMPLE, root / "data" / "incidents" / SAMPLE)
    return root


@pytest.fixture(scope="module")
def lab(workplace, tmp_path_factory):
    """A JupyterLab server of its own: own settings, port and token; the address to open files under."""
    pytest.importorskip("jupyterlab") if os.environ.get("CI") != "true" else __import__("jupyterlab")
    home = tmp_path_factory.mktemp("jupyter")
    for name, values in SETTINGS.items():
        file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(8)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", "--allow-root"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    command += [f"--ServerApp.root_dir={workplace}"]
    log = home / "server.log"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            command,
            env=os.environ | {name: str(home / folder) for name, folder in folders.items()},
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=home,  # not the folder of the notebooks: the server may be started anywhere
        )
    try:
        _until_ready(f"http://127.0.0.1:{port}/api?token={token}", server, log)
        yield lambda path: f"http://127.0.0.1:{port}/{path}{'&' if '?' in path else '?'}token={token}"
    finally:
        for _ in range(2):  # the first asks, the second confirms
            server.send_signal(signal.SIGINT)
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _until_ready(url, server, log):
    for _ in range(240):
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    pytest.fail(f"JupyterLab did not answer:\n{log.read_text()}")


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api") if os.environ.get("CI") != "true" else None
    if sync_api is None:
        from playwright import sync_api
    program = needs(shutil.which("chromium") or shutil.which("google-chrome"), "Chromium")
    with sync_api.sync_playwright() as playwright:
        # The sandbox cannot start as root, as in most containers.
        started = playwright.chromium.launch(executable_path=program, chromium_sandbox=os.geteuid() != 0, args=CHROMIUM)
        yield started
        started.close()


def run_all(browser, lab, name, watch=lambda page: None):
    """Open a notebook, run all cells, save; return the page when every cell has run."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    watch(page)
    page.set_default_timeout(MINUTE)
    page.goto(lab(f"lab/tree/notebooks/{name}.ipynb?reset"))
    # Before the kernel is idle, Run All opens a dialog and nothing runs.
    page.get_by_text(re.compile(r"\| Idle")).first.wait_for(timeout=2 * MINUTE)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name=re.compile(r"^Run All Cells$")).click()
    page.wait_for_function(
        """() => {
            const cells = [...document.querySelectorAll('.jp-Notebook .jp-CodeCell')];
            const counts = cells.map(c => c.querySelector('.jp-InputPrompt').textContent);
            return cells.length && counts.every(t => /\\[\\d+\\]/.test(t));
        }""",
        timeout=5 * MINUTE,
    )
    page.get_by_text(re.compile(r"\| Idle")).first.wait_for(timeout=2 * MINUTE)
    return page


def saved(page, workplace, name):
    """Save as an analyst does and return the file, once it is complete on disk."""
    page.keyboard.press("Escape")
    page.keyboard.press("Control+s")
    path = workplace / "notebooks" / f"{name}.ipynb"
    for _ in range(60):
        try:
            notebook = nbformat.read(path, as_version=4)
        except ValueError:  # half written
            notebook = None
        if notebook and all(c.execution_count for c in notebook.cells if c.cell_type == "code"):
            return notebook
        time.sleep(0.5)
    pytest.fail(f"{path.name} was not saved with all cells run")


def troubles(notebook):
    """Return the cells that failed or wrote to stderr, with what they said."""
    return [
        (cell.id, output.get("evalue") or output.get("text"))
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "error" or (output.output_type == "stream" and output.name == "stderr")
    ]


def pictures(page, folder, name):
    """Keep what was seen: the first screen, and the whole notebook on one tall page."""
    page.evaluate("document.querySelectorAll('.jp-WindowedPanel-outer').forEach(e => e.scrollTop = 0)")
    page.screenshot(path=folder / f"{name}-first-screen.png")
    height = page.evaluate(
        "Math.max(...[...document.querySelectorAll('.jp-WindowedPanel-outer')].map(e => e.scrollHeight))"
    )
    page.set_viewport_size({"width": 1280, "height": min(16_000, int(height) + 200)})
    page.wait_for_timeout(1000)
    page.screenshot(path=folder / f"{name}-whole.png")
    page.set_viewport_size({"width": 1280, "height": 900})


def cut_off(page):
    """Return the charts that are wider than the cell they stand in."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.jp-RenderedSVG')]
            .filter(box => box.firstElementChild.getBoundingClientRect().width > box.clientWidth + 1)
            .map(box => `${box.firstElementChild.getBoundingClientRect().width} px in ${box.clientWidth} px`)"""
    )


def test_the_report_notebook_runs_in_jupyterlab(browser, lab, workplace, tmp_path):
    page = run_all(browser, lab, "postmortem")
    notebook = saved(page, workplace, "postmortem")
    pictures(page, tmp_path, "postmortem")
    assert troubles(notebook) == []
    counts = [c.execution_count for c in notebook.cells if c.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1)), "top to bottom, each once"
    silent = [c.id for c in notebook.cells if c.cell_type == "code" and not c.outputs]
    assert silent == ["parameters", "set-up"]
    assert page.locator(".jp-OutputArea h1").count() == 1, "the title of the card"
    assert page.locator(".jp-OutputArea img, .jp-OutputArea svg").count() >= 3, "charts are drawn"
    assert page.locator(".jp-Dialog").count() == 0
    assert cut_off(page) == []
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^File$")).click()
    page.locator(".lm-Menu-itemLabel", has_text="Save and Export Notebook As").hover(timeout=10_000)
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Postmortem$", re.IGNORECASE)).wait_for(timeout=10_000)
    page.close()


def test_nothing_hostile_runs_in_jupyterlab(browser, lab, workplace):
    """The outputs of an own run are trusted by JupyterLab, so nothing may leave the kernel that could run."""
    folder = hostile_incident(workplace)
    notebook = nbformat.read(ROOT / "notebooks" / "postmortem.ipynb", as_version=4)
    parameters = next(cell for cell in notebook.cells if cell.id == "parameters")
    as_it_is = parameters.source.replace(SAMPLE, folder.name).replace('redact: str = "auto"', 'redact: str = "none"')
    assert as_it_is.count("none") > parameters.source.count("none"), "nothing hostile is taken out as a secret"
    parameters.source = as_it_is
    nbformat.write(notebook, workplace / "notebooks" / "hostile.ipynb")
    dialogs, requests = [], []

    def watch(page):
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: requests.append(request.url))

    page = run_all(browser, lab, "hostile", watch)
    assert troubles(saved(page, workplace, "hostile")) == []
    assert page.get_by_text("window.PWN=1").count() > 0, "it is there, as text"
    assert dialogs == []
    assert [url for url in requests if "evil.example" in url] == []
    assert page.evaluate("window.PWN === undefined")
    assert page.locator(".jp-OutputArea [data-commandlinker-command]").count() == 0
    assert page.locator(".jp-OutputArea [href^='javascript:']").count() == 0
    assert page.locator(".jp-OutputArea mjx-container").count() == 0, "a dollar sign is a dollar sign"
    assert page.locator(".jp-OutputArea h1").is_visible(), "no style hid the page"
    page.close()


def test_jupyterlab_exports_the_reader_page(browser, lab, workplace):
    """The exporter is in the menu of JupyterLab, and gives one page without code of what was just run."""
    page = browser.new_page()
    listed = page.request.get(lab("api/nbconvert")).json()
    assert listed["postmortem"]["output_mimetype"] == "text/html"
    answer = page.request.get(lab("nbconvert/postmortem/notebooks/postmortem.ipynb"), timeout=2 * MINUTE)
    html = answer.text()
    assert answer.ok, html
    assert html.count("<h1") == 1
    assert "pnb.investigate" not in html
    path = workplace / "notebooks" / "postmortem.ipynb"
    assert html == PostmortemExporter().from_filename(str(path))[0], "the same page as on the command line"
    page.close()


def test_sliders_move_windows_times_and_chart(browser, lab, workplace, tmp_path):
    page = run_all(browser, lab, "explore")
    assert troubles(saved(page, workplace, "explore")) == []
    sliders = page.locator(".jp-OutputArea .widget-slider")
    output = page.locator(".jp-OutputArea .widget-output").first
    output.get_by_text("Impact measured").wait_for()
    before = output.inner_text()
    assert "time to recover" in before.lower()
    drawn = output.locator("img, svg").first
    drawn.wait_for()

    # The threshold: up by the keyboard, until another level is in force.
    sliders.nth(0).locator(".noUi-handle").first.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    output.get_by_text(re.compile(r"analysis\.replace\(threshold=")).wait_for()
    assert output.inner_text() != before
    assert "Impact measured" in output.inner_text()

    # The window: its end, one step later; now it is drawn by hand and the times follow.
    sliders.nth(2).locator(".noUi-handle").last.focus()
    page.keyboard.press("ArrowRight")
    output.get_by_text("Impact by hand").wait_for()
    output.get_by_text("inferred").first.wait_for()  # the table follows the sentence
    page.wait_for_timeout(1000)
    pictures(page, tmp_path, "explore")

    page.get_by_role("button", name="Back to the evidence").click()
    output.get_by_text("Impact measured").wait_for()
    page.wait_for_function("text => document.querySelector('.widget-output').innerText == text", arg=before)
    page.close()
