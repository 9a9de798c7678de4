"""Files → incident folders: each by what it holds; one that cannot be imported stops no other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from postmortem_nb.errors import PostmortemError, ReadError, SettingError
from postmortem_nb.evidence.documents import is_json
from postmortem_nb.findings import Finding
from postmortem_nb.importing.draft import Draft
from postmortem_nb.importing.feeds import is_page
from postmortem_nb.importing.folder import write_folder
from postmortem_nb.importing.pages import draft_of, original_of
from postmortem_nb.importing.postmortem import read_postmortem
from postmortem_nb.importing.status import files_of, read_status_feed
from postmortem_nb.times import zone_named

MARKDOWN = (".md", ".markdown", ".mdown", ".txt")


@dataclass(frozen=True)
class Imported:
    """What became of one incident of a file.

    Parameters
    ----------
    source : str
        File, perhaps with the line or number of the record.
    folder : Path or None
        The new folder; None if there is none.
    findings : tuple of Finding
        What was not understood, or is odd.
    error : str
        Why there is no folder; empty where there is one, or where it is planned work.
    """

    source: str
    folder: Path | None
    findings: tuple[Finding, ...] = ()
    error: str = ""


def import_files(
    paths: Iterable[str | Path],
    home: str | Path,
    *,
    zone: str | None = None,
    date: dt.date | None = None,
    name: str | None = None,
) -> Iterator[Imported]:
    """Make incident folders of published postmortems (Markdown) and of the feeds of status pages, one after the other.

    Parameters
    ----------
    paths : paths
        Files, or folders whose files are read.
    home : path
        Where the folders go.
    zone : str, optional
        IANA zone of times that name none.
    date : date, optional
        Day of times in postmortems that name none.
    name : str, optional
        Of the new folder; only for a single incident.

    Yields
    ------
    Imported
        What became of each incident. Planned work of a status page has no folder: it is no incident.

    Raises
    ------
    SourceError
        If there is no such file.
    SettingError, IncidentError
        If ``name`` is given for several incidents, or ``zone`` is no zone.
    """
    if zone is not None:
        zone_named(zone)
    files = files_of(paths)
    if name is not None and len(files) > 1:
        raise SettingError("--name is for a single incident; several files were given.")
    for path in files:
        try:
            drafts = list(_drafts(path, zone, date))
        except PostmortemError as error:
            yield Imported(path.as_posix(), None, (), str(error))
            continue
        if name is not None and len(drafts) > 1:
            raise SettingError(f"--name is for a single incident; {path.as_posix()} holds {len(drafts)}.")
        for draft in drafts:
            if isinstance(draft, Imported):
                yield draft
                continue
            try:
                folder = write_folder(draft, Path(home), name=name)
            except PostmortemError as error:
                yield Imported(draft.source, None, draft.findings, str(error))
            else:
                yield Imported(draft.source, folder, draft.findings)


def _drafts(path: Path, zone: str | None, date: dt.date | None) -> Iterator[Draft | Imported]:
    if path.suffix.lower() in MARKDOWN and not is_page(path):
        yield read_postmortem(path, zone=zone, date=date)
        return
    if path.suffix.lower() not in MARKDOWN and not is_json(_first_line(path)):
        raise ReadError(
            f"{path.as_posix()}: it is neither Markdown ({', '.join(MARKDOWN)}) nor JSON of a status page. "
            "Name a published postmortem, or a feed."
        )
    frame = read_status_feed(path, timezone=zone)
    findings = frame.attrs["findings"]
    for row in frame.to_dict("records"):
        own = tuple(f for f in findings if _is_about(f, str(row["evidence"])))
        if row["is_maintenance"]:
            yield Imported(f"{row['evidence']} {row['title']}", None, own)
            continue
        original, ending = original_of(str(row["evidence"]), path)
        yield draft_of(row, original, ending, own, zone)  # type: ignore[arg-type]


def _is_about(finding: Finding, evidence: str) -> bool:
    rest = finding.where.removeprefix(evidence)
    return rest != finding.where and not rest[:1].isdigit()


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return next((line for line in file if line.strip()), "")
