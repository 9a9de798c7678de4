"""Which files of an incident folder are evidence, of what kind, and how each is to be read."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pandas as pd

from postmortem_nb.errors import IncidentError, ReadError, SettingError
from postmortem_nb.evidence import chat
from postmortem_nb.evidence.declared import read_text
from postmortem_nb.evidence.formats import Format, format_of
from postmortem_nb.evidence.how import EVER, How, Window
from postmortem_nb.findings import Finding
from postmortem_nb.incident import EvidenceRule
from postmortem_nb.times import parse_duration

KINDS = ("logs", "metrics", "events")  # also the names of the folders
FORMATS = "formats"  # the folder of log formats that an incident brings
ABOUT = re.compile(r"(?:LICEN[CS]E|SOURCE|README|NOTICE)\b.*|.*\.(?:md|part)", re.IGNORECASE)


@dataclass(frozen=True)
class Item:
    """One evidence file: where it is, what it is, and how to read it."""

    path: Path
    kind: str
    how: How
    rule: int | None = None


def plan(folder: Path, rules: Sequence[EvidenceRule]) -> tuple[list[Item], list[Finding]]:
    """Return the evidence files of a folder in the order of their names, and what is odd about the rules.

    Raises
    ------
    ReadError
        If a file is a link that leaves the folder.
    IncidentError
        If a rule makes no sense.
    """
    brought = formats_of(folder)
    matches = [_matches(folder, rule, number) for number, rule in enumerate(rules, 1)]
    findings = [
        Finding(
            id="missing-file",
            severity="warning",
            where=f"incident.toml: evidence[{number}]",
            text=f"No file matches {rule.files!r}.",
            fix="Add the file, or correct the rule.",
        )
        for number, (rule, found) in enumerate(zip(rules, matches, strict=True), 1)
        if not found
    ]
    items = []
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if path.parent == folder / FORMATS and path.suffix == ".toml":
            continue
        number = next((n for n, found in enumerate(matches) if name in found), None)
        rule = None if number is None else rules[number]
        kind = _kind(name, rule)
        if kind is None and path.name not in chat.ABOUT:  # those of a chat export are read with its days
            continue
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ReadError(f"{name}: it is a link to a file outside of the incident folder. Copy the file into it.")
        if kind is not None and path.is_file():  # not a pipe or a socket
            items.append(Item(path, kind, replace(_how(name, rule, number), formats=brought), number))
    return items, findings


def formats_of(folder: Path) -> tuple[Format, ...]:
    """Return the log formats that an incident brings: the TOML files of its folder ``formats/``.

    Raises
    ------
    IncidentError
        If one makes no sense; names the file.
    """
    found = []
    for path in sorted((folder / FORMATS).glob("*.toml")):
        name = path.relative_to(folder).as_posix()
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ReadError(f"{name}: it is a link to a file outside of the incident folder. Copy the file into it.")
        try:
            found.append(format_of(read_text(path), path.stem))
        except ReadError as error:
            raise IncidentError(f"{name}: {str(error).removeprefix(f'log format {path.stem}: ')}") from error
    return tuple(found)


def _files(folder: Path) -> list[Path]:
    """Return everything in a folder that may be a file, in the order of names; linked folders are not entered."""
    found: list[Path] = []
    for root, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        folders[:] = [name for name in folders if not name.startswith(".") and name not in links]
        found += [Path(root) / name for name in (*files, *links) if not name.startswith(".")]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _matches(folder: Path, rule: EvidenceRule, number: int) -> set[str]:
    """Return the names of the files that a rule is about."""
    pattern = PurePosixPath(rule.files)
    if pattern.is_absolute() or ".." in pattern.parts:
        raise IncidentError(
            f"incident.toml: evidence[{number}].files: {rule.files!r} leaves the incident folder. "
            'Name files in it, such as "logs/error.log*".'
        )
    try:
        return {path.relative_to(folder).as_posix() for path in folder.glob(rule.files)}
    except (ValueError, NotImplementedError) as error:
        raise IncidentError(
            f"incident.toml: evidence[{number}].files: {rule.files!r} is no pattern of file names ({error})."
        ) from error


def _kind(name: str, rule: EvidenceRule | None) -> str | None:
    """Return what a file holds: as its rule says, else its folder; None if it is no evidence."""
    if rule is not None and rule.kind is not None:
        return None if rule.kind == "ignore" else rule.kind
    first, *rest = PurePosixPath(name).parts
    if not rest or first not in KINDS or ABOUT.fullmatch(rest[-1]):
        return None
    if first == "events" and rest[-1] in chat.ABOUT:
        return None
    return first


def _how(name: str, rule: EvidenceRule | None, number: int | None) -> How:
    if rule is None or number is None:
        return How(name)
    where = f"incident.toml: evidence[{number + 1}]"
    try:
        return How(
            name=name,
            zone=rule.zone,
            year=rule.year,
            date=rule.date,
            encoding=rule.encoding,
            format=rule.format,
            change=rule.clock_change,
            offset=_offset(rule.clock_offset, f"{where}.clock_offset"),
            columns=rule.columns,
            drop=tuple(rule.drop),
            service=rule.service,
            window=_window(rule),
            at=rule.at,
        )
    except SettingError as error:
        raise IncidentError(str(error)) from error


def _window(rule: EvidenceRule) -> Window | None:
    if rule.start is None and rule.stop is None:
        return None
    return rule.start or EVER[0], rule.stop or EVER[1]


def _offset(text: str, where: str) -> pd.Timedelta:
    """Read the correction of a clock, which may be negative: ``"-90s"``."""
    sign = -1 if text.strip().startswith("-") else 1
    return sign * parse_duration(text.strip().lstrip("+-").strip(), where)
