"""The page of this package beside other pages that people export: size, requests, what runs, what axe finds, time.

One notebook as analysts write them (prose, two tables, a figure, and a log line that was printed as Markdown) goes
through this package's exporter and through those of nbconvert; the same rows go through two tools that profile tables,
where ``--peers`` names a Python that has them. The log line holds a script. Every way is a process of its own, imports
included; the least of the turns counts.

    python -m benchmarks.report --turns 3 [--peers /path/to/python]
"""

from __future__ import annotations

import argparse
import importlib.resources
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient
from playwright.sync_api import sync_playwright

BIN = Path(sys.executable).parent
HOSTILE = "login failed for <script>window.RAN=1</script><img src=x onerror=window.RAN=1>"
ROWS = f"""
import pandas as pd
rows = pd.DataFrame({{
    "time": pd.date_range("2024-01-14T17:00Z", periods=400, freq="min").tz_localize(None),
    "status": [200, 200, 503, 404] * 100,
    "seconds": [i % 37 / 10 for i in range(400)],
    "message": [{HOSTILE!r} if i % 50 == 0 else f"request {{i}} was served" for i in range(400)],
}})
"""
CELLS = (
    nbformat.v4.new_markdown_cell("# Checkout answered with errors\n\nWhat the log says of the first minutes."),
    nbformat.v4.new_code_cell(ROWS + "rows.head(20)"),
    nbformat.v4.new_markdown_cell("## What stood out"),
    nbformat.v4.new_code_cell(
        "from IPython.display import Markdown, display\ndisplay(Markdown('The first line: ' + rows['message'][0]))"
    ),
    nbformat.v4.new_code_cell("rows.groupby('status')['seconds'].describe()"),
    nbformat.v4.new_code_cell(
        "import matplotlib.pyplot as plt\nax = rows.set_index('time')['seconds'].plot(figsize=(9, 3.2))\nplt.show()"
    ),
)
PROFILE = ROWS + "from ydata_profiling import ProfileReport\nProfileReport(rows, progress_bar=False).to_file(out)"
DRIFT = (
    ROWS
    + "from evidently import Report\nfrom evidently.presets import DataSummaryPreset\n"
    + "Report([DataSummaryPreset()]).run(rows).save_html(out)"
)


class Row(NamedTuple):
    """What one way took and made."""

    way: str
    wall: float
    cpu: float
    page: Path


def notebook(folder: Path) -> Path:
    """Write the notebook, executed."""
    book = nbformat.v4.new_notebook(cells=list(CELLS))
    book.metadata.title = "Checkout answered with errors"
    NotebookClient(book, kernel_name="python3", timeout=120).execute()
    path = folder / "incident.ipynb"
    nbformat.write(book, path)
    return path


def ways(book: Path, peers: str | None) -> dict[str, tuple[list[str], Path]]:
    """Name of a way → its command, and the page that it makes."""
    convert = [str(BIN / "jupyter"), "nbconvert", str(book), "--output-dir", str(book.parent), "--output"]
    found = {
        "this package": [*convert, "ours", "--to", "postmortem"],
        "nbconvert, lab": [*convert, "lab", "--to", "html"],
        "nbconvert, classic": [*convert, "classic", "--to", "html", "--template", "classic"],
    }
    named = {way: (command, book.parent / f"{command[6]}.html") for way, command in found.items()}
    for way, code in {"ydata-profiling": PROFILE, "evidently": DRIFT}.items():
        if peers:
            page = book.parent / f"{way}.html"
            named[way] = ([peers, "-c", f"out = {str(page)!r}\n{code}"], page)
    return named


def measure(way: str, command: list[str], page: Path) -> Row:
    """Run one way to its end."""
    before, started = os.times(), time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    wall, after = time.monotonic() - started, os.times()
    if done.returncode or not page.exists():
        raise SystemExit(f"{way} failed: {done.stderr.strip()[-600:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Row(way, wall, cpu, page)


def looked_at(browser: object, page: Path) -> tuple[int, bool, int, str]:
    """Open a page without a network: requests that it tried, whether the log line ran, nodes and rules of axe."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    view, asked = context.new_page(), []
    view.on("request", lambda request: asked.append(request.url))
    view.on("dialog", lambda dialog: dialog.dismiss())
    view.goto(page.as_uri())
    view.wait_for_timeout(3000)
    ran = bool(view.evaluate("window.RAN === 1"))
    axe = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    view.evaluate(axe + ";0")
    found = view.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    context.close()
    outside = [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    rules = ", ".join(f"{v['id']} {len(v['nodes'])} ({v['impact']})" for v in found)
    return len(outside), ran, sum(len(v["nodes"]) for v in found), rules


def in_process(book: Path) -> str:
    """The seconds of exporting once more, after a first time that pays for the imports."""
    from postmortem_nb.report import PostmortemExporter

    exporter = PostmortemExporter()
    exporter.from_filename(str(book))
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        exporter.from_filename(str(book))
        best = min(best, time.process_time() - started)
    return f"{best:.2f} CPU s"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--peers", help="a Python with ydata-profiling and evidently (both need pandas 2)")
    parser.add_argument("--executed", type=Path, help="an executed notebook of an incident, to be exported in-process")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        book = notebook(Path(folder))
        best: dict[str, Row] = {}
        for _ in range(args.turns):
            for way, (command, page) in ways(book, args.peers).items():
                row = measure(way, command, page)
                if way not in best or row.cpu < best[way].cpu:
                    best[way] = row
        stock = best["nbconvert, lab"]
        print("| page | bytes | requests tried | the log line ran | axe: nodes | wall s | CPU s | CPU against stock |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        rules = {}
        with sync_playwright() as p:
            browser = p.chromium.launch(executable_path=chromium, chromium_sandbox=False, args=["--disable-gpu"])
            for way, row in best.items():
                requests, ran, nodes, rules[way] = looked_at(browser, row.page)
                print(
                    f"| {way} | {row.page.stat().st_size:,} | {requests} | {'yes' if ran else 'no'} | {nodes} | "
                    f"{row.wall:.1f} | {row.cpu:.1f} | {row.cpu / stock.cpu:.2f} |"
                )
            browser.close()
        print(*(f"\n{way}: {found}" for way, found in rules.items() if found), sep="")
        if args.executed:
            print(f"\n{args.executed.name} in-process, after import: {in_process(args.executed)}")


if __name__ == "__main__":
    main()
