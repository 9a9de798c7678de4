"""What a report was made from, as hashes: the same inputs give the same report, so that it need not be made again."""

from __future__ import annotations

import functools
import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import postmortem_nb

KEY = "made_from"  # in the metadata of the executed notebook, below the name of this package
ROOT = "postmortem_nb"
LIBRARIES = ("ipykernel", "matplotlib", "nbconvert", "nbformat", "numpy", "pandas", "papermill", "polars", "pyarrow")
CHUNK = 1 << 20


def made_from(folder: Path, notebook: Path, values: Mapping[str, Any]) -> dict[str, str]:
    """Return a hash of each kind of input: ``evidence``, ``notebook``, ``settings`` and ``software``.

    Parameters
    ----------
    folder : Path
        The incident: every file in it counts.
    notebook : Path
        What is executed.
    values : dict
        Parameters of the notebook.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "evidence": _digest(folder, files),
        "notebook": _digest(notebook.parent, [notebook]),
        "settings": hashlib.sha256(json.dumps(dict(values), sort_keys=True).encode()).hexdigest(),
        "software": _software(),
    }


def recorded(notebook: Path) -> dict[str, str] | None:
    """Return what an executed notebook says that it was made from; None if it does not say."""
    try:
        about = json.loads(notebook.read_text(encoding="utf-8"))["metadata"][ROOT][KEY]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return about if isinstance(about, dict) else None


@functools.cache
def _software() -> str:
    """Hash this package's files and the versions of what it stands on; once in a process."""
    package = Path(postmortem_nb.__file__).parent
    files = sorted(p for p in package.rglob("*") if p.is_file() and p.suffix != ".pyc")
    versions = [f"{name} {metadata.version(name)}" for name in LIBRARIES]
    return hashlib.sha256(
        "\n".join([_digest(package, files), platform.python_version(), *versions]).encode()
    ).hexdigest()


def _digest(root: Path, files: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            content = hashlib.sha256()
            while block := file.read(CHUNK):
                content.update(block)
        whole.update(f"{path.relative_to(root).as_posix()}\0{content.hexdigest()}\n".encode())
    return whole.hexdigest()
