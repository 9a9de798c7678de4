"""Which parts of an executed notebook a reader sees, and whether its run came to an end."""

from __future__ import annotations

import base64
import re
from typing import Any

from nbformat import NotebookNode

# papermill puts its own red banner into a failed notebook; ours says the same without cell numbers.
HIDDEN_TAGS = frozenset({"remove-cell", "injected-parameters", "papermill-error-cell-tag"})
# An output with one of these is live; its stand-in ("<IPython…Javascript object>") tells a reader nothing.
LIVE = ("application/javascript", "application/vnd.jupyter.widget-view+json")
SHOWN = ("text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain")
PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
WIDE = 600  # pixels

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_ADDRESS = re.compile(r"<[^<>]*\bat 0x[0-9a-fA-F]+>")
_FOLDERS = re.compile(r"(?<![\w.:/])(?:/|[A-Za-z]:\\)(?:[^\s/\\'\"()<>:]+[/\\])+")
_SVG_NOISE = re.compile(r"<\?xml[^>]*\?>|<!DOCTYPE[^>]*>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
_SVG_SIZE = re.compile(r'\b(width|height)="([\d.]+)(pt|px)?"')


def reading_copy(nb: NotebookNode) -> NotebookNode:
    """Return a copy that holds only what readers see: prose and outputs, no code, no run-time record.

    Times, ids, counts and paths of the run are left behind, so the same content gives the same page.
    """
    cells = []
    for number, cell in enumerate(nb.cells):
        tags = cell.metadata.get("tags", [])
        kept = NotebookNode(cell_type=cell.cell_type, id=f"part-{number}", metadata=NotebookNode(tags=tags))
        if HIDDEN_TAGS & set(tags):
            continue
        if cell.cell_type == "markdown":
            kept.update(source=cell.source, attachments=cell.get("attachments", {}))
        elif cell.cell_type == "code":
            kept.update(source="", execution_count=None, outputs=_outputs(cell.outputs))
        if kept.get("source") or kept.get("outputs"):
            cells.append(kept)
    return NotebookNode(cells=cells, metadata=NotebookNode(), nbformat=4, nbformat_minor=5)


def failure(nb: NotebookNode) -> dict[str, str] | None:
    """Return what stopped the run as ``name`` and ``message``, or None if it came to its end.

    A kernel that died or ran out of time leaves no error in the notebook, only cells that were never counted.
    Folders of the machine are left out of the message.
    """
    code = [c for c in nb.cells if c.cell_type == "code" and c.source.strip()]
    for cell in code:
        for output in cell.outputs:
            if output.output_type == "error":
                return {"name": plain(output.ename), "message": _FOLDERS.sub("…", plain(output.evalue))}
    missed = sum(c.execution_count is None for c in code)
    if missed:
        return {
            "name": "Not run",
            "message": f"{missed} of {len(code)} code cells did not come to their end.",
        }
    return None


def plain(text: str) -> str:
    r"""Return the text without terminal control sequences.

    >>> plain("\x1b[31mred\x1b[0m and \x1b]8;;https://evil.example\x1b\\a link\x1b]8;;\x1b\\")
    'red and a link'
    """
    return _ANSI.sub("", text)


def picture(output: NotebookNode) -> dict[str, Any]:
    """Return what the template writes for a picture output.

    Returns
    -------
    dict
        ``src`` (a data address), ``alt`` (from the output's metadata, else its caption, else its plain text),
        ``caption``, ``width`` and ``height`` in pixels or empty, ``plain`` (a drawing that does not follow the
        reader's theme and width by itself, as ours do), ``wide`` (a plain picture that must scroll on a phone).
    """
    kind = next(k for k in PICTURES if k in output.data)
    about = output.metadata.get(kind, {}) or output.metadata
    caption = str(about.get("caption") or "")
    alt = str(about.get("alt") or caption or output.data.get("text/plain") or "Chart without a description")
    if kind == "image/svg+xml":
        data, width, height = _svg(output.data[kind])
    else:
        data = "".join(output.data[kind].split())
        width, height = (str(about.get(side) or "") for side in ("width", "height"))
    src = f"data:{kind};base64,{data}"
    adapts = kind == "image/svg+xml" and "prefers-color-scheme" in output.data[kind]
    return {
        "src": src,
        "alt": alt,
        "caption": caption,
        "width": width,
        "height": height,
        "plain": not adapts,
        "wide": not adapts and width.isdecimal() and int(width) >= WIDE,
    }


def _svg(source: str) -> tuple[str, str, str]:
    """Encode a drawing; its comments and metadata (the time of drawing) are no part of the picture."""
    source = _SVG_NOISE.sub("", source).strip()
    root = re.match(r"<svg\b[^>]*>", source)
    sizes = _SVG_SIZE.findall(root[0]) if root else []
    pixels = {side: str(round(float(size) * (4 / 3 if unit == "pt" else 1))) for side, size, unit in sizes}
    encoded = base64.b64encode(source.encode("utf-8", "replace")).decode("ascii")
    return encoded, pixels.get("width", ""), pixels.get("height", "")


def _outputs(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Keep what is meant for readers: no stderr (it names the kernel's paths), no traceback, nothing live."""
    kept: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and output.name == "stdout":
            if kept and kept[-1].output_type == "stream":  # how a stream is cut into pieces is a matter of timing
                kept[-1].text += plain(output.text)
            else:
                kept.append(NotebookNode(output_type="stream", name="stdout", text=plain(output.text)))
        elif output.output_type in ("display_data", "execute_result"):
            kept += _display(output)
    return kept


def _display(output: NotebookNode) -> list[NotebookNode]:
    if any(kind in output.data for kind in LIVE):
        return []
    kind = next((k for k in SHOWN if k in output.data), None)
    text = plain(output.data.get("text/plain", ""))
    if kind is None or (kind == "text/plain" and _ADDRESS.fullmatch(text.strip())):
        return []
    data = {kind: output.data[kind], "text/plain": text}
    return [NotebookNode(output_type="display_data", data=NotebookNode(data), metadata=output.metadata)]
