"""An incident folder → the `Incident`: every file is read once, hashed, accounted for, and never written to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from postmortem_nb.errors import ReadError
from postmortem_nb.evidence import chat, events, logs, metrics
from postmortem_nb.evidence.account import Report, Undated, Unreadable
from postmortem_nb.evidence.alertrules import load_rules
from postmortem_nb.evidence.clocks import clock_findings
from postmortem_nb.evidence.declared import read_facts, read_origin, read_text
from postmortem_nb.evidence.duplicates import set_apart
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.neighbours import covers_of, declared_in, read_beside
from postmortem_nb.evidence.places import find_incident
from postmortem_nb.evidence.ranges import only
from postmortem_nb.evidence.rules import Item, plan
from postmortem_nb.evidence.weaknesses import report_findings
from postmortem_nb.findings import Finding, worst_first
from postmortem_nb.frames import EVENTS, FILES, LOGS, METRICS, Contract, conform
from postmortem_nb.incident import FACTS, AlertRule, EvidenceRule, Facts, Incident, RecordingRule
from postmortem_nb.redaction import redact_incident

NARRATIVE = "narrative.md"
AUTO, DEFAULT = "auto", "internal"  # which profile of redaction
IMPORTED = "imported"  # the folder of originals that an incident was imported from
READERS: dict[str, tuple[Contract, Callable[[Path, How], pd.DataFrame]]] = {
    "logs": (LOGS, logs.read),
    "metrics": (METRICS, metrics.read),
    "events": (EVENTS, events.read),
}


def load(name_or_path: str | Path, *, redact: str = AUTO) -> Incident:
    """Read an incident folder.

    Parameters
    ----------
    name_or_path : str or path
        A name, looked up in ``data/incidents`` of the current folder or one above it; or the path of the folder.
    redact : {"auto", "none", "internal", "shared", "public"}
        What is replaced by keyed tokens before anybody sees it: credentials (``internal``), personal data too
        (``shared``), addresses, hosts and names of accounts too (``public``). ``auto`` takes the incident's setting,
        else ``internal``.

    Returns
    -------
    Incident
        Declared facts and evidence. What only weakens an answer is in ``findings``: lines that could not be read, a
        file that is torn or of an unknown format or holds the same as another, a rule without a file. Rows of a second
        file that holds the same stand in ``files`` as read, and in no frame.

    Raises
    ------
    SourceError
        If there is no such incident; says where it looked and offers near names.
    IncidentError
        If ``incident.toml`` makes no sense; names file and line.
    ReadError
        If evidence would have to be guessed: times without a zone or a year, a time in a clock change, a file outside
        of the folder.
    SettingError
        If there is no such profile.
    """
    folder = find_incident(name_or_path)
    for name in (FACTS, NARRATIVE):
        _inside(folder, name)
    facts = read_facts(folder / FACTS)
    narrative = read_text(folder / NARRATIVE) if (folder / NARRATIVE).is_file() else ""
    items, findings = plan(folder, facts.evidence)
    read, trouble = _read_all(items, folder, facts)
    findings += trouble
    frames: dict[str, list[tuple[str, pd.DataFrame]]] = {kind: [] for kind in READERS}
    rows, reports = [], []
    for item, frame in zip(items, read, strict=True):
        report: Report | None = None
        if frame is not None:
            report = frame.attrs["report"]
            frames[item.kind].append((item.how.name, frame))
            findings += report_findings(report, item.how)
        reports.append((item, report))
        rows.append(_file(item, report, 0 if frame is None else len(frame)))
    findings += _unused(reports, facts.evidence)
    whole, doubled = _counted_once(frames)
    findings += doubled
    findings += clock_findings(facts, [(item.how, report) for item, report in reports if report is not None], **whole)
    rules, ruled, broken = load_rules(folder, facts.actions)
    findings += broken
    rows += [_original(path, folder) for path in sorted((folder / IMPORTED).glob("*")) if path.is_file()]
    rows += [_rule_file(folder / name, name, sum(r.file == name for r in rules)) for name in ruled]
    if not any(len(frame) for frame in whole.values()):
        said = "There is no evidence: every time and number is only declared."
        findings.append(Finding("no-telemetry", "note", folder.name, said))
    incident = Incident(
        id=folder.resolve().name,
        folder=folder,
        facts=facts,
        narrative=narrative,
        logs=whole["logs"],
        metrics=whole["metrics"],
        events=whole["events"],
        files=conform(pd.DataFrame(rows), FILES) if rows else FILES.empty(),
        findings=worst_first(findings),
        rules=tuple(r for r in rules if isinstance(r, AlertRule)),
        recordings=tuple(r for r in rules if isinstance(r, RecordingRule)),
        origin=read_origin(folder / FACTS),
    )
    declared = str(facts.settings.get("redact", AUTO))
    profile = next((name for name in (redact, declared) if name != AUTO), DEFAULT)
    return redact_incident(incident, profile)


def _inside(folder: Path, name: str) -> None:
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise ReadError(f"{name}: it is a link to a file outside of the incident folder. Copy the file into it.")


def _read_all(items: list[Item], folder: Path, facts: Facts) -> tuple[list[pd.DataFrame | None], list[Finding]]:
    """Read every file: those whose times are whole first, as they tell the years and dates that others do not carry."""
    frames: dict[int, pd.DataFrame | None] = {}
    undated: dict[int, Undated] = {}
    findings: list[Finding] = []
    casts: dict[Path, chat.Cast] = {}
    for number, item in enumerate(items):
        how = _with_cast(item, folder, casts)
        try:
            frames[number], trouble = _read(item, how)
            findings += trouble
        except Undated as error:
            undated[number] = error
    neighbours = covers_of(frame.attrs["report"] for frame in frames.values() if frame is not None)
    for number, why in undated.items():
        item = items[number]
        frames[number], assumed = read_beside(
            _with_cast(item, folder, casts),
            why,
            lambda how, item=item: _reader(item)(item.path, how),  # type: ignore[misc]
            neighbours,
            declared_in(facts),
        )
        findings.append(assumed)
    return [frames[number] for number in range(len(items))], findings


def _with_cast(item: Item, folder: Path, casts: dict[Path, chat.Cast]) -> How:
    """Return how to read a file; a day of a chat export is told who is who in all of it."""
    if item.kind != "events" or not chat.DAY.fullmatch(item.path.name):
        return item.how
    export = chat.export_of(item.path)
    if not export.is_relative_to(folder):
        export = item.path.parent
    if export not in casts:
        casts[export] = chat.cast_of(export)
    return replace(item.how, cast=casts[export])


def _read(item: Item, how: How) -> tuple[pd.DataFrame | None, list[Finding]]:
    """Read one file; one that cannot be read at all is a finding."""
    try:
        return _reader(item)(item.path, how), []
    except Unreadable as error:
        text = str(error).removeprefix(f"{how.name}: ")
    except OSError as error:
        text = f"It cannot be opened ({error.strerror})."
    fix = 'Say how to read it in an [[evidence]] entry of incident.toml, convert it, or set kind = "ignore".'
    return None, [Finding("unreadable-file", "error", how.name, f"{text[:1].upper()}{text[1:]}", fix)]


def _reader(item: Item) -> Callable[[Path, How], pd.DataFrame]:
    """Return the reader of a kind of evidence; that of logs looks to the declared range by itself."""
    read = READERS[item.kind][1]
    return read if item.kind == "logs" else lambda path, how: only(read(path, how), how)


def _unused(reports: list[tuple[Item, Report | None]], rules: list[EvidenceRule]) -> Iterator[Finding]:
    """Say which columns a rule drops that no file of it has."""
    for number, rule in enumerate(rules):
        read = [report for item, report in reports if item.rule == number and report is not None]
        for column in rule.drop if read else []:
            if all(column in report.unused for report in read):
                yield Finding(
                    "unused-column",
                    "note",
                    f"incident.toml: evidence[{number + 1}].drop",
                    f"No file that matches {rule.files!r} has a column {column!r}.",
                    "Correct its name, or leave it out.",
                )


def _file(item: Item, report: Report | None, rows: int) -> dict[str, object]:
    """Return the row of one file in the table of evidence."""
    return {
        "file": item.how.name,
        "kind": item.kind,
        "format": report.format if report else "",
        "bytes": item.path.stat().st_size,
        "sha256": _hash(item.path),
        "rows": rows,
        "rejected": report.rejected if report else 0,
        "first": report.first if report else None,
        "last": report.last if report else None,
        "zone": report.zone if report else "",
    }


def _original(path: Path, folder: Path) -> dict[str, object]:
    """Return the row of a document that declared facts were imported from: they name its lines."""
    name = path.relative_to(folder).as_posix()
    _inside(folder, name)
    row = {"file": name, "kind": "source", "format": "", "bytes": path.stat().st_size, "sha256": _hash(path)}
    return {**row, "rows": 0, "rejected": 0, "first": None, "last": None, "zone": ""}


def _rule_file(path: Path, name: str, alerts: int) -> dict[str, object]:
    """Return the row of a file of alerting rules: no evidence, but reported numbers rest on it."""
    size = path.stat().st_size
    row = {"file": name, "kind": "rules", "format": "prometheus rules", "bytes": size, "sha256": _hash(path)}
    return {**row, "rows": alerts, "rejected": 0, "first": None, "last": None, "zone": ""}


def _hash(path: Path) -> str:
    """Return the hash of a file as it lies there; empty if it cannot be opened, which a finding says."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _counted_once(
    frames: dict[str, list[tuple[str, pd.DataFrame]]],
) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """Put the frames of each kind together, without files that hold the same as another."""
    whole, findings = {}, []
    for kind, (contract, _) in READERS.items():
        kept, doubled = set_apart(kind, frames[kind])
        findings += doubled
        whole[kind] = _joined([frame for _, frame in kept], contract)
    return whole, findings


def _joined(frames: list[pd.DataFrame], contract: Contract) -> pd.DataFrame:
    """Put the frames of all files together, in time order; equal times stay in the order of files and lines."""
    held = [frame for frame in frames if len(frame)]
    if not held:
        return contract.empty()
    for frame in held:
        frame.attrs = {}
    return pd.concat(held, ignore_index=True).sort_values("time", kind="stable", ignore_index=True)
