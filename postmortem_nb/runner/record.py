"""The executed notebook as a document: corrected where papermill's record is wrong, cleaned, written, exported."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from postmortem_nb.report import PostmortemExporter
from postmortem_nb.runner import inputs
from postmortem_nb.runner.outcome import NotebookStopped

RECORD = "run.ipynb"  # what papermill keeps up to date during a run
RESULT = "result.json"  # what the kernel writes at the end of one


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that a run executes: nbclient skips a code cell without code."""
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def stopped_cell(notebook: NotebookNode) -> NotebookNode | None:
    """Return the cell in which a run was cut off, and mark it and those after it as what they are.

    papermill notes all of them as completed when a cell runs too long or the kernel dies.
    """
    started = [c for c in code_cells(notebook) if c.metadata.get("papermill", {}).get("start_time")]
    if not started:
        return None
    stopped = started[-1]
    for cell in notebook.cells[notebook.cells.index(stopped) :]:
        cell.metadata.setdefault("papermill", {})["status"] = "pending"
    stopped.metadata.papermill.update(status="failed", exception=True)
    notebook.metadata.setdefault("papermill", {})["exception"] = True
    return stopped


def read_record(part: Path) -> NotebookNode | None:
    """Return what papermill wrote before a run was cut off; None if that is not a whole notebook."""
    try:
        return nbformat.read(part / RECORD, as_version=4)
    except (OSError, ValueError):
        return None


def clean(notebook: NotebookNode, name: str, source: str, made_from: Mapping[str, str] | None = None) -> NotebookNode:
    """Return an executed notebook without paths of this machine in what papermill says about it.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place.
    name, source : str
        File names of the result and of the notebook it was made from.
    made_from : dict, optional
        Hashes of its inputs, to be kept in it.
    """
    if made_from is not None:
        notebook.metadata[inputs.ROOT] = {inputs.KEY: dict(made_from)}
    notebook.metadata.setdefault("papermill", {}).update(output_path=name, input_path=source)
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = "injected-parameters"  # papermill draws a new one each time
    return notebook


def as_text(notebook: NotebookNode) -> str:
    """Return a notebook in nbformat's normal form."""
    return nbformat.writes(notebook) + "\n"


@cache
def exporter() -> PostmortemExporter:
    """Return the exporter of this process, which compiles its templates once."""
    return PostmortemExporter()


def as_html(notebook: NotebookNode, incident: str) -> str:
    """Export an executed notebook in this process: nbconvert's command would import everything anew.

    Raises
    ------
    NotebookStopped
        If it cannot be exported.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body, _ = exporter().from_notebook_node(notebook, {"metadata": {"name": incident}})
    except Exception as error:
        message = f"The notebook ran but could not be exported ({type(error).__name__}: {error})."
        raise NotebookStopped("failed", message, traceback.format_exc()) from error
    return str(body)
