"""Alerting rules of an incident folder: rule files of Prometheus (YAML) in ``rules/``, or where an action names one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from postmortem_nb.errors import IncidentError, ReadError, SourceError
from postmortem_nb.evidence.declared import read_text
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Action, AlertRule, RecordingRule

Rule = AlertRule | RecordingRule
FOLDER = "rules"
LARGEST = 4_000_000  # bytes of a rule file


def read_rules(path: str | Path) -> tuple[AlertRule, ...]:
    """Read the alerting rules of one rule file of Prometheus.

    Parameters
    ----------
    path : str or path
        YAML with ``groups``, or Kubernetes' ``PrometheusRule`` with them under ``spec``.

    Raises
    ------
    SourceError
        If there is no such file.
    ReadError
        If it is no rule file; names file, line or rule, and what is wrong.
    """
    path = Path(path)
    if not path.is_file():
        raise SourceError(f"There is no rule file {path.as_posix()}.")
    return tuple(r for r in _rules_in(path, path.name) if isinstance(r, AlertRule))


def load_rules(folder: Path, actions: Iterable[Action]) -> tuple[list[Rule], list[str], list[Finding]]:
    """Return the rules of an incident, the names of the files that were read, and what could not be read.

    Raises
    ------
    ReadError
        If a file is a link that leaves the folder.
    """
    named = {a.rule for a in actions if a.rule}
    held = {p.relative_to(folder).as_posix() for p in (folder / FOLDER).rglob("*") if p.suffix in (".yml", ".yaml")}
    rules: list[Rule] = []
    read, findings = [], []
    for name in sorted(named | held):
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ReadError(f"{name}: it lies outside of the incident folder. Copy the file into it.")
        if not path.is_file():
            text, fix = "an action names this rule file, and there is none.", "Add it, or correct the action's `rule`."
            findings.append(Finding("unknown-rule", "error", name, text, fix))
            continue
        try:
            rules += _rules_in(path, name)
            read.append(name)
        except (ReadError, IncidentError) as error:
            text = str(error).removeprefix(f"{name}: ")
            fix = "`promtool check rules` says more."
            findings.append(Finding("unreadable-rules", "error", name, text, fix))
    return rules, read, findings


def _rules_in(path: Path, name: str) -> tuple[Rule, ...]:
    if path.stat().st_size > LARGEST:
        raise ReadError(f"{name}: it is larger than {LARGEST // 1_000_000} MB. Keep the rules in question only.")
    try:
        # every scalar stays the text that it is written as, and no object is made of a tag
        document = yaml.load(read_text(path), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        place = f"{name}:{line + 1}" if line is not None else name
        reason = getattr(error, "problem", None) or "it is nested too deeply"
        raise ReadError(f"{place}: it is not YAML ({reason}).") from error
    return tuple(_rules(document, name))


def _rules(document: Any, name: str) -> Iterator[Rule]:
    spec = document.get("spec", document) if isinstance(document, dict) else None
    groups = spec.get("groups") if isinstance(spec, dict) else None
    if not isinstance(groups, list):
        raise ReadError(f"{name}: it has no list `groups`, as a rule file of Prometheus does.")
    for number, group in enumerate(groups, 1):
        rules = group.get("rules") or [] if isinstance(group, dict) else None
        if not isinstance(rules, list):
            raise ReadError(f"{name}: group {number} has no list `rules`.")
        interval = {"interval": group["interval"]} if group.get("interval") else {}
        for place, rule in enumerate(rules, 1):
            if not isinstance(rule, dict) or not {"alert", "record"} & rule.keys():
                raise ReadError(f"{name}: group {number}, rule {place} is no map with `alert` or `record`.")
            model: type[Rule] = AlertRule if "alert" in rule else RecordingRule
            held = {k: v for k, v in rule.items() if v != ""}  # `labels:` with nothing behind it
            try:
                yield model.model_validate({**interval, **held, "file": name})
            except ValidationError as error:
                first = error.errors()[0]
                what = ".".join(str(part) for part in first["loc"])
                reason = first["msg"].removeprefix("Value error, ")
                which = rule.get("alert") or rule.get("record")
                raise ReadError(f"{name}: group {number}, rule {place} ({which}): {what}: {reason}.") from error
