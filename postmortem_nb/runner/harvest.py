"""Taking the result out of a kernel: the JSON is of the very analysis that the notebook showed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CODE = "__import__({module!r}, fromlist=['']).harvest(globals(), {path!r})"


def request(path: Path) -> str:
    """Return the code that a kernel runs to write its result to a file."""
    return CODE.format(module=__name__, path=str(path))


def harvest(namespace: Mapping[str, Any], path: str) -> None:
    """Write the result of the one postmortem, or comparison of many, that a notebook made.

    Nothing is written where it made none, or several.

    Parameters
    ----------
    namespace : dict
        The names of the notebook.
    path : str
        JSON file to write.
    """
    from postmortem_nb.runner.publishing import as_json
    from postmortem_nb.sections import Postmortem

    trends = sys.modules.get("postmortem_nb.trends")  # a notebook that compares nothing has not imported it
    kinds = (Postmortem,) if trends is None else (Postmortem, trends.Trends)
    made = {id(value): value for value in namespace.values() if isinstance(value, kinds)}
    if len(made) == 1:
        (one,) = made.values()
        result = one.analysis.to_dict() if isinstance(one, Postmortem) else one.to_dict()
        Path(path).write_text(as_json(result), encoding="utf-8")
