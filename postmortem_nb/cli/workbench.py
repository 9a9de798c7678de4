"""``lab``, ``doctor`` and ``schema``: what one works with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import click

from postmortem_nb.cli.display import print_result
from postmortem_nb.cli.options import verbose_option

PACKAGES = (
    "postmortem-nb",
    "jupyterlab",
    "pandas",
    "matplotlib",
    "nbconvert",
    "papermill",
    "ipykernel",
    "pydantic",
    "nh3",
)


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("extra", nargs=-1, type=click.UNPROCESSED)
def lab(extra: tuple[str, ...]) -> int:
    """Open JupyterLab on notebooks/postmortem.ipynb.

    Its root is the folder that holds notebooks/ and data/, whatever folder this is called from. Everything
    else is passed on to JupyterLab, such as --no-browser or --port=8890.
    """
    from postmortem_nb.runner import NOTEBOOK, find_notebook

    root = find_notebook(Path.cwd()).parents[1]
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{NOTEBOOK.as_posix()}",
        *extra,
    ]
    os.chdir(root)
    if os.name == "posix":  # become it, so that it gets Ctrl-C and SIGTERM itself
        os.execv(sys.executable, command)
    return subprocess.run(command, check=False).returncode


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@verbose_option
def doctor(as_json: bool) -> int:
    """Say what works and what is missing.

    Looks for the packages, starts a kernel, and asks nbconvert for the exporter. Exits with 1 if something that every
    run needs does not work.
    """
    rows = [_python(), *map(_package, PACKAGES), _kernel(), _exporter(), _browser(), _font()]
    if as_json:
        print_result(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        _table(rows)
    return int(any(row["state"] == "missing" for row in rows))


Row = dict[str, str]


def _row(part: str, state: str, text: str) -> Row:
    """Return one line; state is ok, missing (a run needs it) or optional (absent, and only some things need
    it).
    """
    return {"part": part, "state": state, "text": text}


def _python() -> Row:
    version = ".".join(map(str, sys.version_info[:3]))
    return _row("Python", "ok" if sys.version_info >= (3, 11) else "missing", f"{version} ({sys.platform})")


def _package(name: str) -> Row:
    try:
        return _row(name, "ok", metadata.version(name))
    except metadata.PackageNotFoundError:
        return _row(name, "missing", "not installed; run `make setup`, or pip install -r requirements.lock")


def _kernel() -> Row:
    """Start a kernel as a run does, and let it import the package."""
    import tempfile
    import time

    import nbformat

    from postmortem_nb.errors import PostmortemError
    from postmortem_nb.runner.execution import execute
    from postmortem_nb.runner.publishing import short_folder

    started = time.monotonic()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import postmortem_nb")])
    try:
        with tempfile.TemporaryDirectory() as name, short_folder() as sockets:
            folder = Path(name)
            nbformat.write(notebook, folder / "doctor.ipynb")
            execute(folder / "doctor.ipynb", folder, {}, cwd=folder, sockets=sockets, timeout="1min")
    except (PostmortemError, OSError) as error:
        return _row("kernel", "missing", str(error))
    return _row("kernel", "ok", f"started and imported the package in {time.monotonic() - started:.1f} s")


def _exporter() -> Row:
    from nbconvert.exporters import get_exporter

    try:
        return _row("nbconvert --to postmortem", "ok", get_exporter("postmortem").__name__)
    except Exception as error:  # whatever keeps nbconvert from loading it is the answer
        return _row("nbconvert --to postmortem", "missing", f"{error}; install this package with pip")


def _browser() -> Row:
    from postmortem_nb.report import paper
    from postmortem_nb.report.pdf import browser_path

    found = browser_path()
    if found is None:
        instead = "WeasyPrint prints PDFs instead" if paper.is_there() else "PDFs need it, or WeasyPrint"
        return _row("Chromium", "optional", f"not found; {instead}; tests in a browser need it")
    return _row("Chromium", "ok", found)


def _font() -> Row:
    """Find the font that charts are drawn with; matplotlib brings one of its own."""
    from matplotlib import font_manager

    path = Path(font_manager.findfont(font_manager.FontProperties(family=["sans-serif"])))
    return _row("font", "ok", f"{font_manager.get_font(str(path)).family_name} ({path.name})")


def _table(rows: list[Row]) -> None:
    width = max(len(row["part"]) for row in rows)
    for row in rows:
        print_result(f"{row['part']:<{width}}  {row['state']:<8}  {row['text']}")


@click.command()
@verbose_option
def schema() -> None:
    """Print the JSON schema of reports/<id>.json."""
    from postmortem_nb.analysis import result_schema

    print_result(json.dumps(result_schema(), indent=2, ensure_ascii=False))
