"""One side of a comparison: a result that was written, an incident, or another published version of its milestones."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postmortem_nb.analysis import analyze
from postmortem_nb.errors import ReadError, SettingError, SourceError, near
from postmortem_nb.evidence import find_incident, load
from postmortem_nb.incident import FACTS, Incident
from postmortem_nb.times import Instant

# Facts that the result itself carries; of an incident all facts are compared.
IN_RESULT = ("title", "status", "severity", "services", "synthetic")
ELSEWHERE = ("milestones", "versions", "settings")  # they are claims and settings of the result


@dataclass(frozen=True)
class Side:
    """One of two results.

    Parameters
    ----------
    name : str
        As it was asked for.
    result : dict
        As `postmortem_nb.analysis.result_schema` describes it.
    facts : dict
        What people declared, by its place in ``incident.toml``; of a written result only what it carries.
    is_whole : bool
        Whether ``facts`` holds everything that was declared.
    version : str
        Which published version of the milestones it is; empty for the declared ones.
    """

    name: str
    result: dict[str, Any]
    facts: dict[str, str]
    is_whole: bool
    version: str = ""

    @property
    def facts_hash(self) -> str:
        """The hash of the declared facts that its claims rest on; empty if none does."""
        return next((c["evidence"][FACTS] for c in self.result["claims"] if FACTS in c["evidence"]), "")


def read_side(name: str, **settings: Any) -> Side:
    """Return a side by what was asked for.

    Parameters
    ----------
    name : str
        The path of a result (``reports/ID.json``), the name or folder of an incident, or either of the latter with
        ``@`` and the name of one of its ``[[versions]]``, whose milestones then take the place of the declared ones.
    **settings
        Of the analysis, where it is an incident.

    Raises
    ------
    PostmortemError
        If there is no such result, incident or version, or it cannot be read.
    """
    if name.endswith(".json"):
        return _of_result(name, Path(name))
    base, _, version = name.rpartition("@") if "@" in name and not Path(name).exists() else (name, "", "")
    incident = load(find_incident(base), redact=settings.get("redact", "auto"))
    if version:
        incident = _in_version(incident, version)
    result = analyze(incident, **settings).to_dict()
    facts = {k: v for k, v in _flat(_plain(incident.facts)) if k.split(".")[0].split("[")[0] not in ELSEWHERE}
    return Side(name, result, facts, True, version)


def _of_result(name: str, path: Path) -> Side:
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SourceError(f"There is no {name}. `postmortem-nb run` writes it.") from error
    except (OSError, ValueError) as error:
        raise ReadError(f"{name}: it cannot be read as a result ({error}).") from error
    if not isinstance(result, dict) or not isinstance(result.get("claims"), list):
        raise ReadError(f"{name}: it is no result of `postmortem-nb run`: it has no claims.")
    return Side(name, result, dict(_flat({key: result.get(key, "") for key in IN_RESULT})), False)


def _in_version(incident: Incident, name: str) -> Incident:
    """Return the incident as another published version tells it: what that one does not state is not declared."""
    versions = {v.name: v for v in incident.facts.versions}
    if name not in versions:
        raise SettingError(f"{incident.id} has no version {name!r}. {near(name, versions)}")
    facts = incident.facts.model_copy(update={"milestones": versions[name].milestones})
    return dataclasses.replace(incident, facts=facts)


def _plain(value: Any) -> Any:
    """Return declared facts as dictionaries, lists and texts; instants as they are printed."""
    if isinstance(value, Instant):
        return str(value)
    if hasattr(value, "model_fields_set"):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def _flat(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield place and text of every single value: ``actions[2].owner``."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(part, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for n, part in enumerate(value, 1):
            yield from _flat(part, f"{place}[{n}]")
    elif value not in (None, ""):
        yield place, str(value)
